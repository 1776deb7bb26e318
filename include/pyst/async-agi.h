/* SPDX-License-Identifier: MIT */
#ifndef PYST_ASYNC_AGI_H
#define PYST_ASYNC_AGI_H

/**
 * AsyncAGI: AGI dialogues over a manager session, and no I/O.
 *
 * A channel that runs AGI(agi:async) waits for commands that come as manager actions. This object
 * turns that into what any other AGI is, two streams of bytes:
 *
 *     the manager session's notices     -> pyst_async_agi_take()
 *     what to do                        <- pyst_async_agi_next(), until it gives 0:
 *         STARTED   a new call
 *         RECEIVED  bytes for the program, as Asterisk would have written them to it: the
 *                   environment, replies, and the line HANGUP
 *         ACTION    an action to submit to the manager session, as the user `async`
 *         ENDED     the call's AGI is over: the end of the stream
 *     bytes from the program            -> pyst_async_agi_send()
 *     the program is done               -> pyst_async_agi_finish()
 *
 * so that a pyst_agi_session can stand on it, or a pyst_agi (pyst/agi/program.h).
 *
 * Events used: AsyncAGIStart, AsyncAGIExec and AsyncAGIEnd, and AsyncAGI with SubEvent of Asterisk
 * 11 and before; Hangup. Env and Result are percent-encoded (res/res_agi.c, launch_asyncagi).
 * A call that was started before the manager session was there is not known of and is left alone.
 * When the manager session is lost, every call ends.
 *
 * It belongs to one thread at a time.
 */

#include <stddef.h>
#include <stdint.h>

#include <pyst/ami/action.h>
#include <pyst/ami/session.h>
#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_async_agi;
struct pyst_async_agi_call;

struct pyst_async_agi_options {
    size_t calls;       /* at one time; those above are ended by ASYNCAGI BREAK; 0: 65536 */
    size_t output_size; /* bytes of a program that wait for Asterisk, a call; 0: 8192 */
};

enum pyst_async_agi_notice_type {
    PYST_ASYNC_AGI_STARTED,
    PYST_ASYNC_AGI_RECEIVED, /* data */
    PYST_ASYNC_AGI_ACTION,   /* action */
    PYST_ASYNC_AGI_ENDED     /* error: 0, or why the manager session was lost. The last of a call */
};

/** Lives until the next call of pyst_async_agi_next(). */
struct pyst_async_agi_notice {
    enum pyst_async_agi_notice_type type;
    struct pyst_async_agi_call *call;
    struct pyst_text data;
    struct pyst_ami_action *action; /* belongs to `async`; submission.user must be `submission` */
    void *submission;               /* the user of the submission */
    int error;
};

PYST_PUBLIC int pyst_async_agi_new(struct pyst_async_agi **asyncp,
                                   const struct pyst_async_agi_options *options);

/** Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_async_agi *pyst_async_agi_free(struct pyst_async_agi *async);

/**
 * Takes a notice of the manager session: EVENT, DONE of its own submissions, CLOSED. Returns 1
 * when it was AsyncAGI's, 0 when it is somebody else's. Errors: PYST_ERR_NO_MEMORY.
 */
PYST_PUBLIC int pyst_async_agi_take(struct pyst_async_agi *async,
                                    const struct pyst_ami_notice *notice);

PYST_PUBLIC int pyst_async_agi_next(struct pyst_async_agi *async,
                                    struct pyst_async_agi_notice *noticep);

/** Bytes the program wrote: command lines. Errors: PYST_ERR_NO_MEMORY, PYST_ERR_LIMIT_OUTPUT. */
PYST_PUBLIC int pyst_async_agi_send(struct pyst_async_agi *async, struct pyst_async_agi_call *call,
                                    struct pyst_text bytes);

/** Ends the call's AGI (ASYNCAGI BREAK): the dialplan goes on. ENDED follows. */
PYST_PUBLIC void pyst_async_agi_finish(struct pyst_async_agi *async,
                                       struct pyst_async_agi_call *call);

/** The host's own pointer at a call. */
PYST_PUBLIC void pyst_async_agi_call_set_data(struct pyst_async_agi_call *call, void *data);
PYST_PUBLIC void *pyst_async_agi_call_data(const struct pyst_async_agi_call *call);

/** The channel's name. Lives as long as the call. */
PYST_PUBLIC struct pyst_text pyst_async_agi_call_channel(const struct pyst_async_agi_call *call);

#ifdef __cplusplus
}
#endif

#endif
