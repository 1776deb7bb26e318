/* SPDX-License-Identifier: MIT */
#ifndef PYST_AGI_SERVER_H
#define PYST_AGI_SERVER_H

/**
 * A server for AGI calls, in libpyst-server: FastAGI from any number of listeners, AsyncAGI from
 * any number of manager connections, one set of routes.
 *
 *     pyst_agi_server_new(&server, &options);
 *     pyst_agi_server_route(server, "ivr", ivr, NULL);
 *     pyst_agi_server_listen(server, "agi://0.0.0.0:4573", NULL, NULL);
 *     pyst_agi_server_run(server);
 *
 * Handlers come in two kinds:
 *
 * - Evented: small functions that the loop calls when something happens to a call. They must not
 *   wait; what they wait for elsewhere comes back by pyst_agi_server_post(). An idle call costs
 *   some 2.5 KiB, with TLS some 16, so this is the kind for ten thousand calls.
 * - Blocking: one function per call, written as a program (pyst/agi/program.h), run by one of
 *   `workers` threads. It may take as long as it likes; calls for which no worker is free wait for
 *   one, up to the limit `waiting`.
 *
 * `loops` threads serve the calls; a call stays with its loop, and all its functions are called
 * there. An evented handler that stalls holds up the calls of its loop and no others: a loop that
 * is busy takes no new calls, while another is there. A worker that stalls holds up nobody.
 *
 * A peer that is gone without a word is found by TCP's keepalive within two minutes. The server
 * never raises SIGPIPE for a call, and its threads run no signal handlers of the host; but the
 * thread of run() is the host's. A call takes a descriptor: RLIMIT_NOFILE bounds them, too. Without
 * memory a call ends, or is refused; but libuv ends the program when its own tables cannot grow.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pyst/agi/program.h>
#include <pyst/agi/session.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_agi_server;
struct pyst_agi_call;
struct pyst_ami_connection;
struct pyst_ami_connection_options;
struct pyst_ami_notice;

#define PYST_AGI_PORT 4573

/** Settings. A field of 0 is its default. */
struct pyst_agi_server_options {
    unsigned loops;      /* threads that move bytes and call evented handlers; 0: 1 */
    unsigned workers;    /* threads for blocking handlers; 0: 64, made when first needed */
    size_t worker_stack; /* bytes of a worker's stack; 0: 256 KiB */

    size_t calls;                  /* at one time; those above are refused; 0: 65536 */
    size_t waiting;                /* calls that wait for a worker; 0: 1024 */
    struct pyst_agi_limits limits; /* of one call; environment_size bounds what a stranger costs */
    size_t command_size;           /* see PYST_AGI_COMMAND_SIZE */
    uint64_t environment_timeout_us; /* from the connection to the environment's end; 0: 10 s */
    uint64_t idle_timeout_us;        /* with nothing sent or received; 0: never */

    /* Who may connect over IP: "192.0.2.0/24", "2001:db8::/32", "192.0.2.7". NULL: anybody. */
    const char *const *allow;
    size_t n_allow;

    enum pyst_agi_trace trace; /* of every call, to trace_descriptor */
    int trace_descriptor;      /* 0: 2, standard error */
};

/** Counters since the server was made, but for the first four, which are of now. */
struct pyst_agi_server_counters {
    size_t calls;    /* that go on */
    size_t waiting;  /* of them, for a worker */
    size_t working;  /* of them, in a worker */
    size_t managers; /* connections that are logged in */
    uint64_t accepted;
    uint64_t refused_address;   /* not in `allow` */
    uint64_t refused_calls;     /* the limit `calls` */
    uint64_t refused_waiting;   /* the limit `waiting` */
    uint64_t no_route;          /* no route fits the path */
    uint64_t environment_limit; /* limits.environment_size or _count */
    uint64_t environment_timed_out;
    uint64_t idle_timed_out;
    uint64_t broken;     /* ended before the environment's blank line; of evented calls, also those
                            that were ended by bytes that are no reply */
    uint64_t tls_failed; /* handshakes */
    uint64_t accept_failed; /* no descriptors or memory: it is tried again 0.1 s later */
    uint64_t commands;
};

/**
 * All settings are copied; `options` NULL is all zero. Errors: PYST_ERR_NO_MEMORY; PYST_ERR_INVALID
 * (`allow`, or more threads than make sense); PYST_ERR_SYSTEM.
 */
PYST_PUBLIC int pyst_agi_server_new(struct pyst_agi_server **serverp,
                                    const struct pyst_agi_server_options *options);

/** Ends all calls at once and frees. Not while it runs. Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_agi_server *pyst_agi_server_free(struct pyst_agi_server *server);

/*
 * Routes. A pattern is a path, or a path whose last element is "*", which stands for all that is
 * left; "*" alone fits every path. The longest pattern that fits is taken. A call that none fits
 * is told so by VERBOSE, gets the channel variable AGI_SERVER_STATUS=NOTFOUND, and ends; any other
 * ends with AGI_SERVER_STATUS unset by us.
 */

/** Evented functions; each may be NULL but `started`. */
struct pyst_agi_call_handler {
    /* The environment is there. Submit the first command, or finish. */
    void (*started)(struct pyst_agi_call *call, void *user);
    /* A command ended; `reply` NULL: without a reply. Submit the next one, or finish. NULL: finish.
     */
    void (*replied)(struct pyst_agi_call *call, int error, const struct pyst_agi_reply *reply,
                    void *user);
    /* The caller is gone; a command in flight still ends with `replied`. NULL: finish. */
    void (*hung_up)(struct pyst_agi_call *call, void *user);
    /*
     * The last function called of a call that was started; free what hangs on
     * pyst_agi_call_data(). `error` is 0 when the handler or Asterisk ended it;
     * PYST_ERR_TIMED_OUT (idle), PYST_ERR_CANCELLED (a stop), or what CLOSED of the session said.
     */
    void (*ended)(struct pyst_agi_call *call, int error, void *user);
};

/** Written as a program's main(); the call ends when it returns, and the result is not looked at.
 */
typedef int (*pyst_agi_handler)(struct pyst_agi *agi, void *user);

/** Errors: PYST_ERR_NO_MEMORY, PYST_ERR_INVALID (pattern), PYST_ERR_STATE (while it runs). */
PYST_PUBLIC int pyst_agi_server_route_evented(struct pyst_agi_server *server, const char *pattern,
                                              const struct pyst_agi_call_handler *handler,
                                              void *user);
PYST_PUBLIC int pyst_agi_server_route(struct pyst_agi_server *server, const char *pattern,
                                      pyst_agi_handler handler, void *user);

/** TLS for a listener. Files are in PEM form. */
struct pyst_agi_server_tls {
    const char *certificate_file; /* with the chain */
    const char *key_file;         /* NULL: in certificate_file */
    const char *ca_file;          /* clients need a certificate of these; NULL: they need none */
};

/**
 * Listens at once. `address` is "agi://HOST:PORT", HOST a numeric IPv4 address, an IPv6 one in
 * brackets, or localhost, PORT 0 any that is free and absent 4573; or "unix:PATH". `tls` may be
 * NULL. *portp (may be NULL) gets the port, 0 of a unix socket. Errors: PYST_ERR_INVALID,
 * PYST_ERR_SYSTEM (errno), PYST_ERR_TLS, PYST_ERR_NO_MEMORY, PYST_ERR_STATE (while it runs).
 *
 * "[::]" takes IPv4, too. The file of a unix socket is made anew when nobody listens on it any
 * more, and removed at the end; who may write it may call, whatever `allow` says. A key that needs
 * a passphrase is an error.
 */
PYST_PUBLIC int pyst_agi_server_listen(struct pyst_agi_server *server, const char *address,
                                       const struct pyst_agi_server_tls *tls, int *portp);

/**
 * What the error of the last _listen() was, for a person: which file, what the system or OpenSSL
 * said. "" when there was none. Lives until the next _listen().
 */
PYST_PUBLIC const char *pyst_agi_server_error_text(const struct pyst_agi_server *server);

/**
 * Serves the AsyncAGI calls of a manager connection (pyst/connection.h, pyst/async-agi.h): every
 * channel that runs AGI(agi:async) is a call, whose path is its first argument, or empty. The
 * connection is begun by run(), and made again when it is lost if the options say so; its events
 * are "agi,call" unless they say otherwise. After a stop it is closed when Asterisk has heard of
 * the end of the last call. Errors: PYST_ERR_STATE (while it runs), and those of
 * pyst_ami_connection_new().
 *
 * `told`, which may be NULL, gets the notices READY, LOST and CLOSED of the connection, in the
 * thread of its loop; it may ask the connection things, such as pyst_ami_connection_error_text().
 */
typedef void (*pyst_agi_manager_callback)(struct pyst_ami_connection *connection,
                                          const struct pyst_ami_notice *notice, void *user);

PYST_PUBLIC int pyst_agi_server_manager(struct pyst_agi_server *server,
                                        const struct pyst_ami_connection_options *options,
                                        pyst_agi_manager_callback told, void *user);

/**
 * Serves until stopped, and until the last blocking handler has returned; the caller's thread is
 * one of the loops. Once in a server's life, then it is to be freed. Errors: PYST_ERR_STATE for the
 * second time; PYST_ERR_SYSTEM, PYST_ERR_NO_MEMORY to begin.
 */
PYST_PUBLIC int pyst_agi_server_run(struct pyst_agi_server *server);

/**
 * Stops: listeners close, calls that go on may end within `drain_us` microseconds, then they are
 * cut, and run() returns. 0 cuts at once; UINT64_MAX waits for all. Again with less time hastens
 * it. From any thread, and from a signal handler.
 */
PYST_PUBLIC void pyst_agi_server_stop(struct pyst_agi_server *server, uint64_t drain_us);

/** From any thread. */
PYST_PUBLIC void pyst_agi_server_counters(const struct pyst_agi_server *server,
                                          struct pyst_agi_server_counters *countersp);

/**
 * Has loop number `loop` call a function, soon and once: so another thread's answer reaches an
 * evented call, whose loop is pyst_agi_call_loop(). Whether the call is still there the function
 * finds out by what `ended` left behind, as both are called by the loop. From any thread. Errors:
 * PYST_ERR_STATE when the server has stopped; PYST_ERR_NO_MEMORY, PYST_ERR_INVALID.
 */
PYST_PUBLIC int pyst_agi_server_post(struct pyst_agi_server *server, unsigned loop,
                                     void (*function)(void *user), void *user);

/*
 * A call, in the functions of an evented handler or a posted one: that call, or another of the same
 * loop.
 */

PYST_PUBLIC struct pyst_agi_environment *
pyst_agi_call_environment(const struct pyst_agi_call *call);

/** The object to build commands in; shared by the calls of a loop, so build and submit at once. */
PYST_PUBLIC struct pyst_agi_command *pyst_agi_call_command(struct pyst_agi_call *call);

/** Submits what was built: see pyst_agi_session_submit(). */
PYST_PUBLIC int pyst_agi_call_submit(struct pyst_agi_call *call);

/**
 * Ends the call's AGI: the dialplan goes on behind it. Nothing but `ended` is called any more. A
 * command whose reply has not come may or may not be run.
 */
PYST_PUBLIC void pyst_agi_call_finish(struct pyst_agi_call *call);

/** The number of its loop, from 0. */
PYST_PUBLIC unsigned pyst_agi_call_loop(const struct pyst_agi_call *call);

PYST_PUBLIC bool pyst_agi_call_is_hung_up(const struct pyst_agi_call *call);

PYST_PUBLIC void pyst_agi_call_set_data(struct pyst_agi_call *call, void *data);
PYST_PUBLIC void *pyst_agi_call_data(const struct pyst_agi_call *call);

#ifdef __cplusplus
}
#endif

#endif
