/* SPDX-License-Identifier: MIT */
#ifndef PYST_AGI_SESSION_H
#define PYST_AGI_SESSION_H

/**
 * The program's side of one AGI dialogue, and no I/O at all.
 *
 *     bytes received  -> pyst_agi_session_feed()
 *     stream ended    -> pyst_agi_session_disconnected()
 *     SIGHUP          -> pyst_agi_session_hung_up()
 *     a command       -> pyst_agi_session_submit(), one at a time
 *     bytes to send   <- pyst_agi_session_output(), then pyst_agi_session_sent()
 *     what happened   <- pyst_agi_session_next(), one notice at a time, until it gives 0
 *
 * The bytes are the same whoever carries them: the standard input and output of a program that
 * Asterisk started, a FastAGI socket, or the manager interface (AsyncAGI, pyst/async-agi.h).
 *
 * A hangup is one condition, however it shows: the line HANGUP (before, after or between
 * replies, once or twice), a reply 511, a recording ended by "(hangup)", SIGHUP, or the end of the
 * stream. It is told by one notice HANGUP. From then on a reply of -1 counts as PYST_ERR_HANGUP,
 * and the session goes on: Asterisk still takes the commands that need no caller (GET VARIABLE,
 * DATABASE PUT, VERBOSE and others; the catalogue knows which), until it closes the stream.
 *
 * A session has no clock and belongs to one thread at a time.
 */

#include <stdbool.h>
#include <stddef.h>

#include <pyst/agi/command.h>
#include <pyst/agi/environment.h>
#include <pyst/agi/reply.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_agi_session;

/** What a peer may send. A field of 0 is its default. */
struct pyst_agi_limits {
    size_t environment_size;  /* bytes of the whole environment; 0: 64 KiB */
    size_t environment_count; /* lines of it; 0: 512 */
    size_t reply_size;        /* bytes of one reply; 0: 1 MiB */
};

enum pyst_agi_notice_type {
    PYST_AGI_NOTICE_ENVIRONMENT, /* environment: it is complete; commands may be submitted */
    PYST_AGI_NOTICE_REPLY,       /* the command ended: error, reply */
    PYST_AGI_NOTICE_HANGUP,      /* the caller is gone; comes once */
    PYST_AGI_NOTICE_CLOSED       /* the end: error. Nothing follows */
};

/**
 * One thing that happened. What it points to lives until the next call of
 * pyst_agi_session_feed(), _next(), _submit() or _free(); take a reference to keep the
 * environment.
 *
 * `error` of REPLY is that of pyst_agi_reply_error(), but PYST_ERR_HANGUP instead of
 * PYST_ERR_COMMAND_FAILED once the hangup is known. Every command that was submitted ends with
 * one REPLY; when the stream ended before it came, reply is NULL and error is PYST_ERR_HANGUP or
 * the error of the CLOSED that follows.
 *
 * `error` of CLOSED is 0 for the end of the stream after the environment, PYST_ERR_NO_ENVIRONMENT
 * for one before its blank line, PYST_ERR_LIMIT_ENVIRONMENT, PYST_ERR_LIMIT_REPLY,
 * PYST_ERR_BAD_REPLY (more than reply_size bytes that are no reply where one
 * was due), PYST_ERR_NO_MEMORY, or
 * what _disconnected() was told. Behind an environment HANGUP always comes before it.
 */
struct pyst_agi_notice {
    enum pyst_agi_notice_type type;
    int error;
    struct pyst_agi_environment *environment;
    const struct pyst_agi_reply *reply;
};

/** `limits` NULL is all zero. Errors: PYST_ERR_NO_MEMORY. */
PYST_PUBLIC int pyst_agi_session_new(struct pyst_agi_session **sessionp,
                                     const struct pyst_agi_limits *limits);

/** Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_agi_session *pyst_agi_session_free(struct pyst_agi_session *session);

/**
 * Takes a copy of received bytes; they are looked at by pyst_agi_session_next(). After CLOSED they
 * are dropped. Errors: PYST_ERR_NO_MEMORY, and then nothing was taken.
 */
PYST_PUBLIC int pyst_agi_session_feed(struct pyst_agi_session *session, const void *data,
                                      size_t size);

/** Says that the stream ended: 0 for an orderly end, EPIPE and ECONNRESET, else a PYST_ERR_*. */
PYST_PUBLIC void pyst_agi_session_disconnected(struct pyst_agi_session *session, int error);

/** Says that the caller is gone: what SIGHUP means to a program. */
PYST_PUBLIC void pyst_agi_session_hung_up(struct pyst_agi_session *session);

/**
 * Submits a command; its bytes are copied to the output. Lines that came behind the last reply and
 * are no HANGUP are dropped now: they are the tail of a value that looked complete.
 *
 * Errors, and then no REPLY comes: the command's own (pyst_agi_command_error); PYST_ERR_STATE
 * before the environment, while another command is in flight (Asterisk takes one at a time), and
 * after the stream's end when nobody reads any more, where it is PYST_ERR_HANGUP;
 * PYST_ERR_NO_MEMORY.
 */
PYST_PUBLIC int pyst_agi_session_submit(struct pyst_agi_session *session,
                                        const struct pyst_agi_command *command);

/** The bytes to send next; size 0 when there are none. Valid until the next call that submits. */
PYST_PUBLIC struct pyst_text pyst_agi_session_output(const struct pyst_agi_session *session);
PYST_PUBLIC void pyst_agi_session_sent(struct pyst_agi_session *session, size_t size);

/**
 * The next notice: 1 and *noticep filled in, or 0 when there is none until more bytes come.
 * Errors: PYST_ERR_NO_MEMORY, after which the call may be made again.
 */
PYST_PUBLIC int pyst_agi_session_next(struct pyst_agi_session *session,
                                      struct pyst_agi_notice *noticep);

/** The environment; NULL before it is complete. It belongs to the session. */
PYST_PUBLIC struct pyst_agi_environment *
pyst_agi_session_environment(const struct pyst_agi_session *session);

/** Whether a command is in flight. */
PYST_PUBLIC bool pyst_agi_session_busy(const struct pyst_agi_session *session);

/** Whether the caller is known to be gone. */
PYST_PUBLIC bool pyst_agi_session_is_hung_up(const struct pyst_agi_session *session);

/** Whether CLOSED was given, or will be without further bytes. */
PYST_PUBLIC bool pyst_agi_session_is_closed(const struct pyst_agi_session *session);

#ifdef __cplusplus
}
#endif

#endif
