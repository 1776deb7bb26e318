/* SPDX-License-Identifier: MIT */
#ifndef PYST_EMULATOR_AMI_H
#define PYST_EMULATOR_AMI_H

/**
 * The server's end of one manager connection: bytes in, bytes out, no socket and no clock.
 *
 *     bytes received  -> pyst_emulator_ami_feed()
 *     after that, and when the deadline has come
 *                     -> pyst_emulator_ami_process()
 *     bytes to send   <- pyst_emulator_ami_output(), then pyst_emulator_ami_sent()
 *     when to call    <- pyst_emulator_ami_deadline()
 *     the end         <- pyst_emulator_ami_closing(): close once the output is empty
 *
 * What it says comes from a script (pyst/emulator/script.h), which any number of connections
 * share, or from the host: arbitrary bytes at any time, and answers to actions that the script
 * leaves to it.
 *
 * Times are microseconds of any steady clock. An emulator belongs to one thread at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pyst/ami/message.h>
#include <pyst/ami/parser.h>
#include <pyst/emulator/script.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_emulator_ami;

/** Settings; all zero is a good beginning. */
struct pyst_emulator_ami_options {
    struct pyst_ami_limits limits; /* of one action; a field of 0: message_size 1 MiB, header_count
                                      128, line_size 1021 as Asterisk's main/manager.c */
    size_t output_size; /* unsent bytes; past it the client is cut, as Asterisk does; 0: 64 MiB */
    uint64_t epoch_us;  /* the time since 1970 at the `now` of _new(), for the placeholders */
    uint64_t seed;      /* of the challenges: the same seed gives the same ones */
    uint64_t first_unique; /* the first of the numbers $(.unique1) and on; 0: 1 */
    bool host_answers;     /* actions that no answer fits are given to the host, instead of being
                              answered by .unknown */
};

/** Errors: PYST_ERR_NO_MEMORY. The greeting is in the output at once. */
PYST_PUBLIC int pyst_emulator_ami_new(struct pyst_emulator_ami **emulatorp,
                                      struct pyst_emulator_script *script,
                                      const struct pyst_emulator_ami_options *options,
                                      uint64_t now);

/** Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_emulator_ami *pyst_emulator_ami_free(struct pyst_emulator_ami *emulator);

/**
 * Takes a copy of received bytes; they are looked at by pyst_emulator_ami_process(). Dropped once
 * closing. Errors: PYST_ERR_NO_MEMORY, and then nothing was taken.
 */
PYST_PUBLIC int pyst_emulator_ami_feed(struct pyst_emulator_ami *emulator, const void *data,
                                       size_t size);

/**
 * Answers what was received and plays what is due at `now`. Returns
 * - 0: done, until bytes come or the deadline.
 * - 1: *actionp is an action for the host to answer, by pyst_emulator_ami_send(), _play() or not at
 *   all; the caller owns it. Call again. Only with host_answers.
 * - PYST_ERR_NO_MEMORY: nothing is lost or sent twice; call again.
 */
PYST_PUBLIC int pyst_emulator_ami_process(struct pyst_emulator_ami *emulator, uint64_t now,
                                          struct pyst_ami_message **actionp);

/** When pyst_emulator_ami_process() wants to be called; UINT64_MAX: not until bytes come. */
PYST_PUBLIC uint64_t pyst_emulator_ami_deadline(const struct pyst_emulator_ami *emulator);

/** The bytes to send next; size 0 when there are none. Valid until the next call. */
PYST_PUBLIC struct pyst_text pyst_emulator_ami_output(const struct pyst_emulator_ami *emulator);
PYST_PUBLIC void pyst_emulator_ami_sent(struct pyst_emulator_ami *emulator, size_t size);

/** Received bytes that wait for an action before them. A host pauses reading by this. */
PYST_PUBLIC size_t pyst_emulator_ami_pending(const struct pyst_emulator_ami *emulator);

/**
 * Appends bytes to the output as they are: events, answers, or anything that tests a client.
 * Errors: PYST_ERR_NO_MEMORY; PYST_ERR_STATE when closing; PYST_ERR_LIMIT_OUTPUT, the client is
 * then cut.
 */
PYST_PUBLIC int pyst_emulator_ami_send(struct pyst_emulator_ami *emulator, struct pyst_text bytes);

/**
 * Begins the script's answer `name`: to `action`, which the host was given and still owns, or,
 * NULL, to nobody, for events that come of themselves. Returns 1, or 0 when the script has none.
 * Errors: PYST_ERR_NO_MEMORY, PYST_ERR_STATE when closing.
 */
PYST_PUBLIC int pyst_emulator_ami_play(struct pyst_emulator_ami *emulator, struct pyst_text name,
                                       struct pyst_ami_message *action, uint64_t now);

/** Closes once the output is sent; nothing is played or answered any more. */
PYST_PUBLIC void pyst_emulator_ami_close(struct pyst_emulator_ami *emulator);

/**
 * Whether the connection is to be closed when the output is empty. A client that was cut for not
 * reading has no output any more.
 */
PYST_PUBLIC bool pyst_emulator_ami_closing(const struct pyst_emulator_ami *emulator);

#ifdef __cplusplus
}
#endif

#endif
