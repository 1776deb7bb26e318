/* SPDX-License-Identifier: MIT */
#ifndef PYST_AMI_PARSER_H
#define PYST_AMI_PARSER_H

/**
 * Bytes to messages.
 *
 * Feed what was received, in pieces of any size, and take messages until there are none:
 *
 *     pyst_ami_parser_feed(parser, bytes, size);
 *     while ((r = pyst_ami_parser_next(parser, &message)) != 0) {
 *         if (r < 0) { ... one message was lost: say so, and go on, or give up ... }
 *         ...
 *         pyst_ami_message_unref(message);
 *     }
 *
 * Every way of cutting the bytes gives the same messages. Each byte is looked at once however
 * small the pieces are. A message costs one allocation, its own; the parser keeps one receive
 * buffer, which grows to the largest message and no further than the limits.
 *
 * Understood besides "Name: value" lines ended by CR LF and an empty line: line ends without CR;
 * extra empty lines between messages; no blank after the colon; lines without a colon; the
 * greeting, one line without an empty one after it; and "Response: Follows", after which any bytes
 * may come, empty lines included, up to the end of a line that ends in "--END COMMAND--".
 *
 * A parser belongs to one thread at a time.
 */

#include <stdbool.h>
#include <stddef.h>

#include <pyst/ami/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Limits on one message. 0 in a field means its default. They bound what a peer can make the
 * parser hold: what it has received and not yet given away is at most message_size and the last
 * piece fed.
 */
struct pyst_ami_limits {
    size_t message_size; /* bytes of a message; default 64 MiB */
    size_t header_count; /* lines of a message; default 1048576 */
    size_t line_size;    /* bytes of a line without its end; default 1 MiB */
};

#define PYST_AMI_MESSAGE_SIZE_DEFAULT ((size_t)64 << 20)
#define PYST_AMI_HEADER_COUNT_DEFAULT ((size_t)1 << 20)
#define PYST_AMI_LINE_SIZE_DEFAULT    ((size_t)1 << 20)

struct pyst_ami_parser;

/**
 * `limits` NULL: all defaults. `greeting`: whether the stream begins with a greeting, as a
 * server's does; a client's does not. Errors: PYST_ERR_NO_MEMORY.
 */
PYST_PUBLIC int pyst_ami_parser_new(struct pyst_ami_parser **parserp,
                                    const struct pyst_ami_limits *limits, bool greeting);

/** Returns NULL; NULL is allowed. Messages already given live on. */
PYST_PUBLIC struct pyst_ami_parser *pyst_ami_parser_free(struct pyst_ami_parser *parser);

/** Forgets all received bytes and begins a new stream. The buffer is kept. */
PYST_PUBLIC void pyst_ami_parser_reset(struct pyst_ami_parser *parser, bool greeting);

/** Appends a copy of the bytes. Errors: PYST_ERR_NO_MEMORY, and then nothing was taken. */
PYST_PUBLIC int pyst_ami_parser_feed(struct pyst_ami_parser *parser, const void *data, size_t size);

/**
 * The same without the copy: gives room for at least `minimum` bytes (0: a good size for a read)
 * to be received into, until the next call on this parser; then say how many came.
 * Errors: PYST_ERR_NO_MEMORY.
 */
PYST_PUBLIC int pyst_ami_parser_reserve(struct pyst_ami_parser *parser, size_t minimum,
                                        void **datap, size_t *sizep);
PYST_PUBLIC void pyst_ami_parser_commit(struct pyst_ami_parser *parser, size_t size);

/** Bytes received and not yet given out as messages. */
PYST_PUBLIC size_t pyst_ami_parser_pending(const struct pyst_ami_parser *parser);

/**
 * The next message. Returns 1 with a message that the caller owns, 0 when the bytes so far end
 * inside a message or between two, or an error:
 *
 * - PYST_ERR_LIMIT_MESSAGE, _HEADERS, _LINE: that message is skipped to its end, however far that
 *   is, without keeping its bytes. Reported once a message, when it passes the limit; the next
 *   call goes on behind it, so nothing else is lost.
 * - PYST_ERR_GREETING: the stream does not begin as a manager's does (another service's port).
 *   Final: every further call repeats it.
 * - PYST_ERR_NO_MEMORY: nothing is lost; the call may be made again.
 */
PYST_PUBLIC int pyst_ami_parser_next(struct pyst_ami_parser *parser,
                                     struct pyst_ami_message **messagep);

/**
 * Says that no more bytes will come. 0 when the stream ended between two messages;
 * PYST_ERR_TRUNCATED when it ended inside one, whose bytes are lost. Take all messages first.
 */
PYST_PUBLIC int pyst_ami_parser_seal(struct pyst_ami_parser *parser);

#ifdef __cplusplus
}
#endif

#endif
