/* SPDX-License-Identifier: MIT */
#ifndef PYST_ASYNC_AGI_H
#define PYST_ASYNC_AGI_H

/**
 * AsyncAGI: AGI dialogues over a manager session, and no I/O.
 *
 * A channel that runs AGI(agi:async) waits for commands that come as manager actions. This object
 * turns that into what any other AGI is, two streams of bytes:
 *
 *     the manager session's notices     -> pyst_async_agi_take(), all of them
 *     what to do                        <- pyst_async_agi_next(), until it gives 0:
 *         STARTED   a new call
 *         RECEIVED  bytes for the program, as Asterisk would have written them to it: the
 *                   environment, replies, and the line HANGUP
 *         ACTION    an action to submit to the manager session
 *         ENDED     the call's AGI is over: the end of the stream
 *     bytes from the program            -> pyst_async_agi_send()
 *     the program is done               -> pyst_async_agi_finish()
 *
 * so that a pyst_agi_session can stand on it, or a pyst_agi (pyst/agi/program.h).
 *
 * The manager's user must read events of the class `agi` and may send actions of the class `agi`
 * (manager.conf: read, write). With the class `call` as well a hangup is told as soon as it is
 * asked for; without it, by the end of the stream.
 *
 * What is the same as in any AGI, and what is not (res/res_agi.c, launch_asyncagi; measured with
 * Asterisk 16 and 22, which do not differ):
 *
 * - Asterisk hands out at most 1024 bytes of an environment or a reply, and at most 2047 of them
 *   percent-encoded. What is over 1024 bytes comes with the reply to the next command, so a NOOP is
 *   sent to get it, and the program sees the whole. What is over 2047 encoded is lost: then the
 *   environment lacks the lines that were cut, and the reply is `503 Reply lost ...`
 *   (PYST_ERR_COMMAND_FAILED): a value is never given cut.
 * - A command has at most PYST_ASYNC_AGI_COMMAND_SIZE bytes; one that is longer is answered
 *   `520 Command too long ...` (PYST_ERR_COMMAND_USAGE) without asking Asterisk.
 * - Lines that are written at once are sent one after the other, each when the one before was
 *   answered.
 * - Some commands that fail, such as STREAM FILE of a file that is not there, end the dialogue,
 *   though nobody hung up: their reply comes, and the stream ends. No command works on a channel
 *   that was hung up.
 * - When the channel is taken out of the dialogue by somebody else, Asterisk says so (Redirect) or
 *   not (the action Bridge). The latter is seen by the channel's entering a bridge (class `call`)
 *   while no EXEC or GOSUB goes on; else the call ends when the channel does.
 * - Commands are told apart by CommandID; other clients' do not disturb. But each client of a
 *   server hears of all calls: see pyst_async_agi_leave() when several serve it.
 *
 * The events are AsyncAGIStart, AsyncAGIExec and AsyncAGIEnd, or AsyncAGI with SubEvent of Asterisk
 * 11 and before. A call that was started before the manager session was there is not known of and
 * is left alone. When the manager session is lost, every call ends; when it is ready again,
 * ASYNCAGI BREAK is sent to their channels, so that no caller waits for a program that is gone.
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

/** Bytes of a command line with its LF: what is left of an AMI line besides "Command: ". */
#define PYST_ASYNC_AGI_COMMAND_SIZE (PYST_AMI_ACTION_LINE_SIZE - 10)

struct pyst_async_agi;
struct pyst_async_agi_call;

/** Settings. A field of 0, or the absent text, is its default. */
struct pyst_async_agi_options {
    size_t calls;       /* at one time; those above are ended by ASYNCAGI BREAK; 0: 65536 */
    size_t output_size; /* bytes of a program that wait for Asterisk, a call; 0: 8192 */
    /*
     * Begins CommandIDs, "PREFIX-1" and so on; absent: "pyst". At most 64 bytes. Clients of one
     * server that serve the same channels need different ones.
     */
    struct pyst_text command_id_prefix;
};

enum pyst_async_agi_notice_type {
    PYST_ASYNC_AGI_STARTED,  /* its environment follows, complete */
    PYST_ASYNC_AGI_RECEIVED, /* data: whole lines */
    PYST_ASYNC_AGI_ACTION,   /* action, submission; call is NULL where it is for no call any more */
    PYST_ASYNC_AGI_ENDED     /* error: 0, or why no command reaches the channel any more: that of
                                the manager session's CLOSED, PYST_ERR_PERMISSION and others. The
                                last of a call, which lives until the next call of _next() */
};

/** Lives until the next call of pyst_async_agi_next() or _take(). */
struct pyst_async_agi_notice {
    enum pyst_async_agi_notice_type type;
    struct pyst_async_agi_call *call;
    struct pyst_text data;
    struct pyst_ami_action *action; /* belongs to the object */
    void *submission;               /* to be `user` of the pyst_ami_submission */
    int error;
};

/** Errors: PYST_ERR_NO_MEMORY; PYST_ERR_INVALID for a prefix that is too long or cannot be sent. */
PYST_PUBLIC int pyst_async_agi_new(struct pyst_async_agi **asyncp,
                                   const struct pyst_async_agi_options *options);

/** Frees all calls, too. Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_async_agi *pyst_async_agi_free(struct pyst_async_agi *async);

/**
 * Takes a notice of the manager session: EVENT, DONE of its own submissions, READY, CLOSED; others
 * are nothing to it. Returns 1 when it was AsyncAGI's alone, 0 when it may be of interest to others
 * as well. Errors: PYST_ERR_NO_MEMORY, and then nothing was taken: it may be given again.
 */
PYST_PUBLIC int pyst_async_agi_take(struct pyst_async_agi *async,
                                    const struct pyst_ami_notice *notice);

/**
 * Says that the action of an ACTION could not be submitted: pyst_ami_session_submit() gave `error`.
 * The call ends with it. After PYST_ERR_STATE and PYST_ERR_NOT_SENT its channel is released as
 * after a loss.
 */
PYST_PUBLIC void pyst_async_agi_not_submitted(struct pyst_async_agi *async, void *submission,
                                              int error);

/**
 * What to do next: 1 and *noticep filled in, or 0 when there is nothing until a notice was taken or
 * bytes were sent. Errors: PYST_ERR_NO_MEMORY, after which the call may be made again.
 */
PYST_PUBLIC int pyst_async_agi_next(struct pyst_async_agi *async,
                                    struct pyst_async_agi_notice *noticep);

/**
 * Bytes the program wrote: command lines, each ended by LF, in pieces as they come. Errors:
 * PYST_ERR_NO_MEMORY, PYST_ERR_LIMIT_OUTPUT, PYST_ERR_STATE after _finish(), PYST_ERR_HANGUP when
 * the dialogue is over; nothing was taken then.
 */
PYST_PUBLIC int pyst_async_agi_send(struct pyst_async_agi *async, struct pyst_async_agi_call *call,
                                    struct pyst_text bytes);

/**
 * Ends the call's AGI: lines that wait are sent at once, and ASYNCAGI BREAK behind them: the
 * dialplan goes on when the command that runs is over. Nothing is RECEIVED any more; ENDED follows
 * when Asterisk says so. Nothing happens when it was called before or the dialogue is over.
 */
PYST_PUBLIC void pyst_async_agi_finish(struct pyst_async_agi *async,
                                       struct pyst_async_agi_call *call);

/** Leaves the call to another client. No notice of it comes, and `call` is gone. */
PYST_PUBLIC void pyst_async_agi_leave(struct pyst_async_agi *async,
                                      struct pyst_async_agi_call *call);

/** The number of calls, those without their ENDED. */
PYST_PUBLIC size_t pyst_async_agi_count(const struct pyst_async_agi *async);

/** How many calls there were that the limit `calls` kept from starting. */
PYST_PUBLIC uint64_t pyst_async_agi_refused(const struct pyst_async_agi *async);

/** The host's own pointer at a call; NULL at first. */
PYST_PUBLIC void pyst_async_agi_call_set_data(struct pyst_async_agi_call *call, void *data);
PYST_PUBLIC void *pyst_async_agi_call_data(const struct pyst_async_agi_call *call);

/** The channel's name, as of now: it may be renamed. Lives until the next call of _take(). */
PYST_PUBLIC struct pyst_text pyst_async_agi_call_channel(const struct pyst_async_agi_call *call);

/** The channel's Uniqueid. Lives as long as the call. */
PYST_PUBLIC struct pyst_text pyst_async_agi_call_unique_id(const struct pyst_async_agi_call *call);

#ifdef __cplusplus
}
#endif

#endif
