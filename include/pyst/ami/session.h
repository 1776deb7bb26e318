/* SPDX-License-Identifier: MIT */
#ifndef PYST_AMI_SESSION_H
#define PYST_AMI_SESSION_H

/**
 * A manager session: the protocol above messages, and no I/O at all.
 *
 * The host moves bytes and tells the time; the session does the rest: greeting, login, which
 * response belongs to which action, event lists, deadlines, keepalive, logoff.
 *
 *     bytes received  -> pyst_ami_session_feed(), or reserve + commit without a copy
 *     stream ended    -> pyst_ami_session_disconnected()
 *     bytes to send   <- pyst_ami_session_output(), then pyst_ami_session_sent()
 *     when to call    <- pyst_ami_session_deadline(), then pyst_ami_session_tick()
 *     what happened   <- pyst_ami_session_next(), one notice at a time, until it gives 0
 *
 * Nothing is called back, so nothing can be re-entered: between two notices the host may submit,
 * cancel, disconnect or restart as it likes. Received bytes are only parsed when a notice is
 * asked for; a host that stops asking and stops reading holds the peer back.
 *
 * Each submitted action ends exactly once, with one PYST_AMI_NOTICE_DONE whose `error` says how.
 *
 * Times are microseconds of any steady clock that starts above 0. A session belongs to one thread
 * at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pyst/ami/action.h>
#include <pyst/ami/message.h>
#include <pyst/ami/parser.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_ami_session;

enum pyst_ami_authentication {
    PYST_AMI_AUTHENTICATION_MD5,  /* the secret is not sent: Challenge, then an MD5 of both */
    PYST_AMI_AUTHENTICATION_PLAIN /* the secret is sent as it is */
};

/**
 * Settings; texts are copied. All zero is a good beginning: no login, no keepalive, no deadline.
 */
struct pyst_ami_session_options {
    struct pyst_ami_limits limits; /* of one message */
    size_t output_size;            /* unsent bytes; 0: 64 MiB */
    size_t actions_in_flight;      /* submitted and not ended; 0: 1048576 */
    size_t list_items;             /* events collected for one list; 0: 1048576 */

    /* Absent: the session logs in nowhere and is ready once greeted; the host may submit Login. */
    struct pyst_text username;
    struct pyst_text secret;
    enum pyst_ami_authentication authentication;

    /* The Events header of the login, such as "on", "off" or "call,system"; absent: none. */
    struct pyst_text events;
    /* Server-side filters, added before the session is ready; several as Asterisk combines them. */
    const struct pyst_text *filters;
    size_t n_filters;

    /* Begins generated ActionIDs, "PREFIX-1" and so on; absent: "pyst". At most 64 bytes. */
    struct pyst_text action_id_prefix;

    uint64_t login_timeout_us;     /* from the start to ready; 0: none */
    uint64_t action_timeout_us;    /* for actions that name none; 0: none */
    uint64_t keepalive_us;         /* ping after so long without a byte received; 0: never */
    uint64_t keepalive_timeout_us; /* dead when nothing came so long after a ping; 0: 10 s */
};

/** How an action's event list reaches the host. */
enum pyst_ami_list {
    PYST_AMI_LIST_COLLECT, /* DONE comes at the list's end, with all its events */
    PYST_AMI_LIST_STREAM,  /* RESPONSE, then ITEM by ITEM, the final event too, then DONE */
    PYST_AMI_LIST_IGNORE   /* DONE at the response; the list's events are events like any other */
};

/** How to submit. All zero: collect lists, the session's deadline, end the list as Asterisk says.
 */
struct pyst_ami_submission {
    enum pyst_ami_list list;
    uint64_t timeout_us; /* from now to the end; 0: the session's action_timeout_us */
    void *user;          /* given back in the action's notices */
    /*
     * The event that ends this action's list although Asterisk does not announce a list: for
     * older servers whose lists lack EventList, and for events that report how an accepted action
     * went, such as OriginateResponse after an Originate with Async. Absent: the lists that are
     * known to lack EventList end by their event; everything else by its response.
     */
    struct pyst_text final_event;
};

enum pyst_ami_notice_type {
    PYST_AMI_NOTICE_GREETED,  /* message: the greeting */
    PYST_AMI_NOTICE_READY,    /* logged in, filters set; message: the response to the login, or the
                                 greeting when there was no login */
    PYST_AMI_NOTICE_EVENT,    /* message: an event that belongs to no action's list */
    PYST_AMI_NOTICE_RESPONSE, /* message: the response that begins a streamed list */
    PYST_AMI_NOTICE_ITEM,     /* message: an event of a streamed list */
    PYST_AMI_NOTICE_DONE,     /* an action ended: error, message (its response, or NULL), items */
    PYST_AMI_NOTICE_STRAY,    /* message: a response or other message that answers nothing known */
    PYST_AMI_NOTICE_LOST,     /* error: PYST_ERR_LIMIT_*; a message was skipped, others go on */
    PYST_AMI_NOTICE_CLOSED    /* error: why, 0 after a logoff. Nothing follows until a restart */
};

/**
 * One thing that happened. Everything in it belongs to the session and lives until the next call
 * of pyst_ami_session_next(), _restart() or _free(); take a reference to keep a message.
 *
 * `error` of DONE is 0, or what the response says (pyst_ami_message_error), or
 * - PYST_ERR_TIMED_OUT: no answer in time. Asterisk may have run it; a late answer is dropped.
 * - PYST_ERR_NOT_SENT: it never left: the login failed or the connection was lost before.
 * - PYST_ERR_UNKNOWN_OUTCOME: it was sent, at least in part, and the connection was lost.
 * - PYST_ERR_CANCELLED_LIST, PYST_ERR_LIMIT_LIST, PYST_ERR_LIMIT_*, or PYST_ERR_NO_MEMORY to keep
 *   an event of its list: items holds what there is.
 * - PYST_ERR_CANCELLED: pyst_ami_session_cancel() was called.
 *
 * `error` of CLOSED is 0, PYST_ERR_AUTHENTICATION, PYST_ERR_PERMISSION, PYST_ERR_REFUSED (a
 * filter), PYST_ERR_GREETING, PYST_ERR_TIMED_OUT (login), PYST_ERR_KEEPALIVE, PYST_ERR_SHUTDOWN,
 * PYST_ERR_TRUNCATED, PYST_ERR_CLOSED, PYST_ERR_NO_MEMORY, PYST_ERR_LIMIT_* (an answer of the
 * login), or what _disconnected() was told.
 */
struct pyst_ami_notice {
    enum pyst_ami_notice_type type;
    int error;
    uint64_t action; /* RESPONSE, ITEM, DONE: the number that submit gave */
    void *user;      /* the same: of the submission */
    struct pyst_ami_message *message;
    struct pyst_ami_message *const *items; /* DONE: collected events, the final one included */
    size_t n_items;
};

enum pyst_ami_state {
    PYST_AMI_STATE_GREETING, /* waiting for the greeting */
    PYST_AMI_STATE_LOGIN,    /* greeted, logging in or setting filters */
    PYST_AMI_STATE_READY,
    PYST_AMI_STATE_CLOSING, /* Logoff was submitted, or the login failed */
    PYST_AMI_STATE_CLOSED
};

/** Errors: PYST_ERR_NO_MEMORY; PYST_ERR_BAD_VALUE, _LINE_TOO_LONG for texts that cannot be sent. */
PYST_PUBLIC int pyst_ami_session_new(struct pyst_ami_session **sessionp,
                                     const struct pyst_ami_session_options *options, uint64_t now);

/** Returns NULL; NULL is allowed. Actions in flight end without a notice. */
PYST_PUBLIC struct pyst_ami_session *pyst_ami_session_free(struct pyst_ami_session *session);

/**
 * Begins anew on a new connection: after CLOSED was taken. Actions submitted since are kept and
 * sent once ready; everything before has ended. Errors: PYST_ERR_STATE before CLOSED was taken.
 */
PYST_PUBLIC int pyst_ami_session_restart(struct pyst_ami_session *session, uint64_t now);

PYST_PUBLIC enum pyst_ami_state pyst_ami_session_state(const struct pyst_ami_session *session);

/* Bytes in: as of the parser (pyst/ami/parser.h). After CLOSED they are dropped. */
PYST_PUBLIC int pyst_ami_session_feed(struct pyst_ami_session *session, const void *data,
                                      size_t size, uint64_t now);
PYST_PUBLIC int pyst_ami_session_reserve(struct pyst_ami_session *session, size_t minimum,
                                         void **datap, size_t *sizep);
PYST_PUBLIC void pyst_ami_session_commit(struct pyst_ami_session *session, size_t size,
                                         uint64_t now);

/**
 * Says that the connection ended: PYST_OK for an orderly end of the stream, else a PYST_ERR_*.
 * Notices of what was received before still come, then DONE of every action in flight, then
 * CLOSED.
 */
PYST_PUBLIC void pyst_ami_session_disconnected(struct pyst_ami_session *session, int error);

/** The bytes to send next; size 0 when there are none. Valid until the next call that submits. */
PYST_PUBLIC struct pyst_text pyst_ami_session_output(const struct pyst_ami_session *session);
PYST_PUBLIC void pyst_ami_session_sent(struct pyst_ami_session *session, size_t size);

/** When pyst_ami_session_tick() wants to be called, on the host's clock; UINT64_MAX: never. */
PYST_PUBLIC uint64_t pyst_ami_session_deadline(const struct pyst_ami_session *session);
PYST_PUBLIC void pyst_ami_session_tick(struct pyst_ami_session *session, uint64_t now);

/**
 * The next notice: 1 and *noticep filled in, or 0 when there is none until more bytes or time come.
 * Errors: PYST_ERR_NO_MEMORY, after which the call may be made again.
 */
PYST_PUBLIC int pyst_ami_session_next(struct pyst_ami_session *session,
                                      struct pyst_ami_notice *noticep);

/**
 * Submits an action; `how` NULL is all zero. It is sent at once, or when the session is ready; on
 * a closed session, when it is ready after a restart, so a host that will not restart must not
 * submit any more. The action is copied.
 *
 * An ActionID of the caller's is sent as it is, else the session adds one. *actionp (may be NULL)
 * gets the number that names the action in notices, never 0.
 *
 * Errors, and then nothing was sent and no notice comes: PYST_ERR_NO_MEMORY, PYST_ERR_STATE
 * (closing), PYST_ERR_LIMIT_OUTPUT, PYST_ERR_LIMIT_IN_FLIGHT, PYST_ERR_LINE_TOO_LONG or
 * PYST_ERR_TOO_MANY_HEADERS (with the ActionID), PYST_ERR_INVALID (final_event too long).
 *
 * A session is served serially by Asterisk: while an action that takes its time is served (an
 * Originate without Async), everything behind it waits, and keepalive pings are held back.
 */
PYST_PUBLIC int pyst_ami_session_submit(struct pyst_ami_session *session,
                                        const struct pyst_ami_action *action,
                                        const struct pyst_ami_submission *how, uint64_t now,
                                        uint64_t *actionp);

/**
 * Ends an action early: its DONE with PYST_ERR_CANCELLED comes next, what Asterisk still answers
 * is dropped. Asterisk is not told. Returns 1, or 0 when there is no such action any more.
 */
PYST_PUBLIC int pyst_ami_session_cancel(struct pyst_ami_session *session, uint64_t action);

/** Actions submitted and not ended. */
PYST_PUBLIC size_t pyst_ami_session_in_flight(const struct pyst_ami_session *session);

/** Bytes received and not yet given out. A host pauses reading by this. */
PYST_PUBLIC size_t pyst_ami_session_pending(const struct pyst_ami_session *session);

#ifdef __cplusplus
}
#endif

#endif
