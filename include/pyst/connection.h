/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONNECTION_H
#define PYST_CONNECTION_H

/**
 * A manager connection: a session (pyst/ami/session.h) with a socket under it, TLS if wanted, and
 * reconnect if wanted. It is in a library of its own, libpyst-connection.
 *
 * A small program needs four calls:
 *
 *     struct pyst_ami_connection_options options = {.host = "pbx.example"};
 *     options.session.username = pyst_text("admin");
 *     options.session.secret = pyst_text("secret");
 *     pyst_ami_connection_new(&connection, &options);
 *     pyst_ami_connection_open(connection, UINT64_MAX);
 *     pyst_ami_connection_run(connection, action, NULL, &answer);
 *     pyst_ami_connection_wait(connection, UINT64_MAX, &notice);
 *
 * A program with an event loop of its own starts the connection, watches one descriptor, and when
 * it is readable calls pyst_ami_connection_process() and then pyst_ami_connection_next() until it
 * gives 0. Nothing blocks and nothing is called back. pyst/adapters/ does this for libuv, GLib and
 * sd-event.
 *
 * What happens comes as one stream of notices, the session's own:
 *
 *     GREETED, READY           connected and logged in, for the first time or again
 *     EVENT, DONE and others   as the session documents them
 *     CLOSED                   the connection ended, or could not be made: error says why,
 *                              pyst_ami_connection_error_text() in words, and
 *                              pyst_ami_connection_retry() when the next attempt is
 *
 * At a loss every action in flight ends with its DONE before CLOSED comes. From CLOSED to the next
 * READY is the gap: events of that time are lost, as Asterisk keeps none. After a reconnect the
 * session logs in and sets the event mask and filters again; no action is repeated.
 *
 * A connection belongs to one thread at a time. The library has no global state, never raises
 * SIGPIPE and never blocks but in the functions that say so. Names are resolved in a thread of its
 * own, in which all signals are blocked.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pyst/ami/session.h>
#include <pyst/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_ami_connection;

/** What to do when the host takes notices slower than they come. */
enum pyst_ami_queue_policy {
    /*
     * Read no further until the host has caught up; nothing is lost here. Asterisk itself cuts a
     * client off that reads nothing for long (some megabytes, then manager.conf's writetimeout).
     */
    PYST_AMI_QUEUE_PAUSE,
    /* Drop the oldest EVENT notices, and count them. No other notice is ever dropped. */
    PYST_AMI_QUEUE_DROP_OLDEST
};

#define PYST_AMI_PORT     5038 /* of Asterisk's manager.conf */
#define PYST_AMI_PORT_TLS 5039

/** TLS. Files are in PEM form. NULL and false in all but `enabled` is the safe choice. */
struct pyst_ami_tls_options {
    bool enabled;
    const char *ca_file;          /* certificates to trust instead of the system's; or NULL */
    const char *ca_path;          /* a folder of them, as openssl rehash makes it; or NULL */
    const char *server_name;      /* name or address to ask for and to verify; NULL: the host */
    const char *certificate_file; /* of the client, with the chain; or NULL */
    const char *key_file;         /* its key; NULL: in certificate_file */
    bool skip_verification;       /* take any certificate: anyone can then read and change all */
};

/** When to connect again. All zero: never. */
struct pyst_ami_reconnect_options {
    bool enabled;
    uint64_t min_us;    /* the first wait; 0: 500 ms */
    uint64_t max_us;    /* it doubles up to this; 0: 30 s. A random part of each wait, at most
                           half, is left out, so that many clients do not come at once */
    unsigned attempts;  /* in a row, then give up; 0: for ever */
    bool after_refusal; /* also when the login was refused; else that is final */
};

/** Settings; all is copied. All zero connects to localhost, without TLS, login or reconnect. */
struct pyst_ami_connection_options {
    /* A login_timeout_us of 0 is 30 s here. */
    struct pyst_ami_session_options session;

    const char *host; /* name or address, IPv4 or IPv6 without brackets; NULL: "localhost" */
    uint16_t port;    /* 0: PYST_AMI_PORT, with TLS PYST_AMI_PORT_TLS */
    /* From the start of an attempt to the end of the TLS handshake, shared by the addresses of the
       name, which are tried in turn; 0: 10 s. */
    uint64_t connect_timeout_us;

    struct pyst_ami_tls_options tls;
    struct pyst_ami_reconnect_options reconnect;

    size_t queue_size; /* bytes of messages received and not taken; 0: 16 MiB */
    enum pyst_ami_queue_policy queue_policy;
};

/**
 * A connection that is not started yet. Errors: PYST_ERR_NO_MEMORY; PYST_ERR_SYSTEM (no more
 * descriptors: a connection uses two and one for its socket); those of pyst_ami_session_new().
 */
PYST_PUBLIC int pyst_ami_connection_new(struct pyst_ami_connection **connectionp,
                                        const struct pyst_ami_connection_options *options);

/** Closes at once, without Logoff. Returns NULL; NULL is allowed. Never waits. */
PYST_PUBLIC struct pyst_ami_connection *
pyst_ami_connection_free(struct pyst_ami_connection *connection);

/**
 * Begins to connect; READY or CLOSED tells how it went. Again after a CLOSED that no retry
 * follows; during the wait for a retry, it ends the wait. Errors: PYST_ERR_STATE when connecting
 * or connected.
 */
PYST_PUBLIC int pyst_ami_connection_start(struct pyst_ami_connection *connection);

/**
 * Ends at once, without Logoff and without a retry. DONE of every action in flight, then CLOSED
 * with PYST_ERR_CANCELLED, are there to be taken. To leave politely, submit or run the action
 * Logoff instead. Nothing happens when the connection is not started.
 */
PYST_PUBLIC void pyst_ami_connection_close(struct pyst_ami_connection *connection);

/**
 * As pyst_ami_session_submit(); `how` NULL is all zero. May be called in any state: before the
 * connection is ready, the action waits for it, and it ends with PYST_ERR_NOT_SENT when an attempt
 * to connect fails.
 */
PYST_PUBLIC int pyst_ami_connection_submit(struct pyst_ami_connection *connection,
                                           const struct pyst_ami_action *action,
                                           const struct pyst_ami_submission *how,
                                           uint64_t *actionp);

/** As pyst_ami_session_cancel(). */
PYST_PUBLIC int pyst_ami_connection_cancel(struct pyst_ami_connection *connection, uint64_t action);

/*
 * For an event loop.
 */

/**
 * The descriptor to watch. It stays the same for the life of the connection, whatever sockets come
 * and go, and it is readable whenever pyst_ami_connection_process() has something to do, timeouts
 * included. It belongs to the connection: watch it, do nothing else with it.
 */
PYST_PUBLIC int pyst_ami_connection_get_fd(const struct pyst_ami_connection *connection);

/** What to watch it for, in the bits of poll(): always POLLIN. */
PYST_PUBLIC int pyst_ami_connection_get_events(const struct pyst_ami_connection *connection);

/**
 * When pyst_ami_connection_process() wants to be called at the latest: absolute microseconds of
 * CLOCK_MONOTONIC, 0 for now, UINT64_MAX for never (as sd_bus_get_timeout). A host that watches
 * the descriptor need not ask.
 */
PYST_PUBLIC uint64_t pyst_ami_connection_get_timeout(const struct pyst_ami_connection *connection);

/**
 * Does what can be done without waiting: connects, receives (some 256 KiB at most), sends, keeps
 * the time. Then take the notices. Returns 1 when something was done, 0 when there was nothing to
 * do; errors: PYST_ERR_NO_MEMORY, PYST_ERR_SYSTEM, after which it may be called again.
 */
PYST_PUBLIC int pyst_ami_connection_process(struct pyst_ami_connection *connection);

/**
 * The next notice: 1 and *noticep filled in, or 0 when there is none. What it points to lives
 * until the next call of _next(), _wait(), _run(), _open() or _free(). Errors: PYST_ERR_NO_MEMORY,
 * after which the call may be made again.
 */
PYST_PUBLIC int pyst_ami_connection_next(struct pyst_ami_connection *connection,
                                         struct pyst_ami_notice *noticep);

/*
 * For small programs: these wait. `until` is a time of pyst_ami_connection_now(); UINT64_MAX
 * waits as long as it takes. A signal that is handled ends the wait with PYST_ERR_SYSTEM and errno
 * EINTR (which a program that wants to be interrupted asks for by sigaction without SA_RESTART).
 */

/** The steady clock, CLOCK_MONOTONIC, in microseconds. */
PYST_PUBLIC uint64_t pyst_ami_connection_now(void);

/**
 * Starts unless started, and waits until logged in: 0, also when it is already. With reconnect
 * enabled it waits through all attempts. The notices GREETED, READY and CLOSED of this time are
 * used up; others are kept.
 *
 * Errors: what CLOSED said, when no retry follows; PYST_ERR_TIMED_OUT at `until`, and the attempt
 * goes on; PYST_ERR_LIMIT_QUEUE; PYST_ERR_NO_MEMORY; PYST_ERR_SYSTEM.
 */
PYST_PUBLIC int pyst_ami_connection_open(struct pyst_ami_connection *connection, uint64_t until);

/** What an action brought. Fields may be added at the end. */
struct pyst_ami_answer {
    struct pyst_ami_message *response;     /* never NULL */
    struct pyst_ami_message *const *items; /* the events of a list, the final one included */
    size_t n_items;
};

/** Returns NULL; NULL is allowed. References taken of its messages stay. */
PYST_PUBLIC struct pyst_ami_answer *pyst_ami_answer_free(struct pyst_ami_answer *answer);

/**
 * Submits an action and waits for its end, which its own deadline bounds (how->timeout_us, or the
 * session's action_timeout_us), or the end of the connection. Other notices that come meanwhile
 * are kept for _next() and _wait().
 *
 * Returns what DONE says: 0, or an error of the answer, of the deadline or of the connection. The
 * caller owns *answerp (answerp may be NULL). It is always set: to NULL when nothing was answered.
 * pyst_ami_connection_error_text() has the words of a refusal.
 *
 * Further errors: those of submitting; PYST_ERR_STATE when not started; PYST_ERR_LIMIT_QUEUE when
 * with PYST_AMI_QUEUE_PAUSE the kept notices fill the queue before the answer, and PYST_ERR_SYSTEM
 * at a signal. After these two the action is cancelled, though Asterisk may still run it.
 */
PYST_PUBLIC int pyst_ami_connection_run(struct pyst_ami_connection *connection,
                                        const struct pyst_ami_action *action,
                                        const struct pyst_ami_submission *how,
                                        struct pyst_ami_answer **answerp);

/**
 * The next notice, waiting for it: 1, or 0 when there was none until `until`. `until` 0 does not
 * wait. Errors: PYST_ERR_STATE when none can come, the connection being closed for good;
 * PYST_ERR_NO_MEMORY; PYST_ERR_SYSTEM.
 */
PYST_PUBLIC int pyst_ami_connection_wait(struct pyst_ami_connection *connection, uint64_t until,
                                         struct pyst_ami_notice *noticep);

/*
 * Questions.
 */

enum pyst_ami_connection_state {
    PYST_AMI_CONNECTION_IDLE,       /* not started, or closed for good */
    PYST_AMI_CONNECTION_WAITING,    /* for the time of the next attempt */
    PYST_AMI_CONNECTION_RESOLVING,  /* the host name */
    PYST_AMI_CONNECTION_CONNECTING, /* TCP */
    PYST_AMI_CONNECTION_SECURING,   /* TLS handshake */
    PYST_AMI_CONNECTION_OPEN,       /* the session's state says more */
    PYST_AMI_CONNECTION_ENDED       /* over; its last notices wait to be taken */
};

PYST_PUBLIC enum pyst_ami_connection_state
pyst_ami_connection_state(const struct pyst_ami_connection *connection);

/** The session, to ask it things: its state, how many actions are in flight. */
PYST_PUBLIC const struct pyst_ami_session *
pyst_ami_connection_session(const struct pyst_ami_connection *connection);

/**
 * Whether an attempt is waited for, which is decided when CLOSED is taken: 1, and *attemptp is its
 * number, from 1, and *atp its time (CLOCK_MONOTONIC, microseconds); else 0. Either may be NULL.
 * The count and the wait begin anew once a connection was ready for max_us.
 */
PYST_PUBLIC int pyst_ami_connection_retry(const struct pyst_ami_connection *connection,
                                          unsigned *attemptp, uint64_t *atp);

/**
 * What the last error was, for a person: which address, what OpenSSL or the system said, what
 * Asterisk answered. "" when there was none. Lives until the next call on the connection.
 */
PYST_PUBLIC const char *
pyst_ami_connection_error_text(const struct pyst_ami_connection *connection);

/** Bytes received and not taken: the queue's depth, measured against queue_size. */
PYST_PUBLIC size_t pyst_ami_connection_queued(const struct pyst_ami_connection *connection);

/** Events dropped since the connection was made, by PYST_AMI_QUEUE_DROP_OLDEST. */
PYST_PUBLIC uint64_t pyst_ami_connection_dropped(const struct pyst_ami_connection *connection);

#ifdef __cplusplus
}
#endif

#endif
