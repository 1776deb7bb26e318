/* SPDX-License-Identifier: MIT */
#ifndef PYST_SERVER_AGI_H
#define PYST_SERVER_AGI_H

/*
 * The inside of a server for AGI calls.
 *
 * Each loop is a thread with a libuv loop. All loops watch all listeners: who is free accepts, and
 * a loop that is held up by a handler simply does not. A call belongs to the loop that accepted
 * it. Its socket is watched with uv_poll_t, not a libuv stream: so it can be handed to a worker as
 * it is, TLS can stand on it, and writing raises no SIGPIPE.
 *
 * A worker borrows a call: the loop stops watching and keeps its hands off, but for shutdown() of
 * the socket, which ends what the worker waits for. The worker gives the call back, and the loop
 * closes it. So a descriptor is closed by one thread only, and never under another's hands.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include <pyst/agi/server.h>

#include "program/internal.h"
#include "server/list.h"
#include "tls/tls.h"

#define NEVER UINT64_MAX

/* ---- agi-access.c: who may connect ---------------------------------------------------------- */

struct access_entry {
    int family;
    unsigned prefix; /* bits */
    unsigned char address[16];
};

/* "192.0.2.0/24", "2001:db8::1". Mapped IPv4 becomes IPv4. PYST_ERR_INVALID. */
int access_parse(struct access_entry *entry, const char *text);
bool access_allows(const struct access_entry *entries, size_t n,
                   const struct sockaddr_storage *peer);

/* ---- agi-route.c ---------------------------------------------------------------------------- */

struct route {
    struct route *next;       /* the longest pattern first */
    struct pyst_text pattern; /* without "*" */
    bool is_prefix;
    struct pyst_agi_call_handler evented;
    pyst_agi_handler blocking; /* NULL: evented */
    void *user;
    void (*free_user)(void *user); /* NULL: it is the host's */
};

/* Never NULL: a call that fits none goes to one that says so, counted by the caller. */
const struct route *route_find(const struct pyst_agi_server *server, struct pyst_text path);
bool route_is_missing(const struct route *route);
/* Takes `user` over when it succeeds. */
int route_add_owned(struct pyst_agi_server *server, const char *pattern,
                    const struct pyst_agi_call_handler *handler, void *user,
                    void (*free_user)(void *user));
/* From `started` of another route: the call is answered as one that fits no route, or as one whose
   program could not be started. Its own route hears no more of it. */
void route_call_is_missing(struct pyst_agi_call *call);
void route_call_has_failed(struct pyst_agi_call *call);
void routes_free(struct pyst_agi_server *server);

/* ---- agi-listener.c ------------------------------------------------------------------------- */

struct listener {
    struct listener *next;
    int fd;
    char *path; /* of a unix socket; NULL: an IP socket */
    dev_t device;
    ino_t inode;
    struct tls_context *tls;
    atomic_uint watchers; /* loops; the last one closes */
};

/* One loop's eye on a listener. */
struct watch {
    uv_poll_t poll;
    struct loop *loop;
    struct listener *listener;
    struct watch *next;
};

int watches_start(struct loop *loop);
void watches_close(struct loop *loop);
void listeners_free(struct pyst_agi_server *server);

/* ---- agi-loop.c ----------------------------------------------------------------------------- */

struct counters {
    _Atomic uint64_t accepted, refused_address, refused_calls, refused_waiting, no_route,
        environment_limit, environment_timed_out, idle_timed_out, broken, tls_failed, accept_failed,
        commands;
};

static inline void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

struct loop {
    struct pyst_agi_server *server;
    uv_loop_t uv;
    uv_async_t wake;    /* calls came back, or a stop */
    uv_timer_t sweep;   /* the next deadline of a call */
    uv_timer_t resume;  /* accepting, after an error that would repeat */
    uv_timer_t drained; /* the time for the calls' own ends is over */
    pthread_t thread;
    struct watch *watches;
    bool stopping;
    bool looked; /* at all sockets, since the deadline that is swept for */

    /* Each call is in one of these. The first two are in the order of time. */
    struct link starting; /* the environment is not complete */
    struct link evented;
    struct link handed; /* to the workers */
    size_t n_calls;     /* not freed yet */
    struct manager *managers;
    size_t n_managers; /* that run */

    struct link processes; /* programs that run, agi-programs.h */

    struct pyst_agi_command *command;
    struct counters counters;

    pthread_mutex_t mutex; /* of what follows, and of sending `wake` */
    struct link returned;  /* by workers */
    struct link posts;     /* pyst_agi_server_post() */
    bool ended;            /* takes no more of them */
    struct link outgoing;  /* of manager's calls: what workers wrote, as all of their streams is
                              under the mutex */

    char buffer[65536]; /* what is received is taken at once */
};

int loop_init(struct loop *loop, struct pyst_agi_server *server);
void loop_deinit(struct loop *loop);
/* Until stopped and empty. */
void loop_run(struct loop *loop);
/* Sees that the deadlines are looked at `ms` from now or before. */
void loop_sweep_in(struct loop *loop, uint64_t ms);
/* A call is gone. */
void loop_check_end(struct loop *loop);

/* ---- agi-call.c ----------------------------------------------------------------------------- */

enum call_state {
    CALL_STARTING,
    CALL_EVENTED,
    CALL_HANDED, /* waits for a worker, or is with one */
    CALL_ENDED   /* its handle is closing */
};

/* On a socket, or of a manager connection. */
struct pyst_agi_call {
    union {
        uv_handle_t any;
        uv_poll_t poll;   /* of fd */
        uv_timer_t timer; /* never started: it is there to be closed when there is no socket */
    } handle;
    struct loop *loop;
    struct link link; /* in a list of the loop */
    uint64_t active;  /* uv_now() when bytes came or went; of STARTING, when it was accepted */
    uint64_t number;  /* from 1 */
    struct pyst_agi_session *session;
    const struct route *route;
    void *data;
    struct tls *tls;
    struct trace *trace;               /* NULL: none */
    struct loan *loan;                 /* of HANDED */
    int fd;                            /* -1: none */
    struct manager *manager;           /* NULL: none */
    struct pyst_async_agi_call *async; /* of the manager's; NULL: it is over there */
    enum call_state state;
    int events;    /* watched for */
    bool securing; /* the TLS handshake goes on */
    bool inside;   /* one of its functions, or about to be */
    bool finished; /* nothing but the unsent output is left */
};

/* Takes a connected socket over. */
void call_accept(struct loop *loop, int fd, struct tls_context *tls);
/* One of a manager connection; NULL without memory. It is counted among the calls before. */
struct pyst_agi_call *call_begin(struct loop *loop, struct manager *manager,
                                 struct pyst_async_agi_call *async);
/* Bytes that were received, and the end of them. */
void call_take(struct pyst_agi_call *call, struct pyst_text bytes);
void call_take_end(struct pyst_agi_call *call, int error);
/* Ends it as if the stream had ended with that error, which its functions are told. */
void call_cut(struct pyst_agi_call *call, int error);
/* Closes it; `ended` is called. */
void call_end(struct pyst_agi_call *call, int error);

/* ---- agi-worker.c: blocking handlers -------------------------------------------------------- */

struct workers {
    pthread_mutex_t mutex;
    pthread_cond_t arrived;
    struct link queue;           /* loans */
    size_t n_waiting, n_working; /* calls */
    unsigned n_threads;
    pthread_t *threads;
    bool ending;
};

int workers_init(struct pyst_agi_server *server);
void workers_deinit(struct pyst_agi_server *server);
/* Ends the threads; all calls are back. */
void workers_join(struct pyst_agi_server *server);
void workers_count(const struct pyst_agi_server *server, size_t *waitingp, size_t *workingp);

/* Gives a call whose environment is complete to a worker. Errors: it stays the loop's. */
int worker_lend(struct pyst_agi_call *call);
/* When the worker, or the call itself, was last seen; in uv_now() of its loop. */
uint64_t worker_active(const struct pyst_agi_call *call);
/* Whether no worker had it yet: the call is the loop's again, and is to be ended. */
bool worker_withdraw(struct pyst_agi_call *call);
/* Ends what the worker of a call waits for, now and from now on. */
void worker_cut(struct pyst_agi_call *call);
/* Of a call that is back. */
struct pyst_agi_call *worker_take_back(struct link *returned);
/* Of a manager's call: bytes for the handler; the absent text: the end of them. */
void worker_deliver(struct pyst_agi_call *call, struct pyst_text bytes);
/* Sends what the handlers of manager's calls wrote. */
void worker_send_outgoing(struct loop *loop);
void loan_free(struct pyst_agi_call *call);

/* ---- agi-manager.c: AsyncAGI ---------------------------------------------------------------- */

int managers_start(struct loop *loop);
void managers_stop(struct loop *loop);
void managers_free(struct loop *loop);
/* Errors: PYST_ERR_HANGUP when the dialogue is over, and those of pyst_async_agi_send(). */
int manager_send(struct pyst_agi_call *call, struct pyst_text bytes);
/* To follow manager_send(). The call may have ended then. */
void manager_pump(struct pyst_agi_call *call);
/* The call is over here. */
void manager_finish(struct pyst_agi_call *call);

/* ---- agi-server.c --------------------------------------------------------------------------- */

struct pyst_agi_server {
    struct pyst_agi_server_options options; /* no 0 for a default; `allow` is not kept */
    uint64_t environment_timeout_ms, idle_timeout_ms;
    struct access_entry *access;
    struct route *routes;
    struct listener *listeners;
    struct loop *loops;
    struct workers workers;
    _Atomic size_t n_calls;
    _Atomic size_t n_managers; /* ready */
    unsigned n_made;           /* managers */
    _Atomic uint64_t numbers;
    _Atomic uint64_t stop_at; /* ms of the steady clock; NEVER with `stopped`: wait for all */
    atomic_bool stopped;
    atomic_bool running;
    struct fault fault; /* of the last _listen() */
};

/* Milliseconds of the steady clock. */
uint64_t server_now(void);
/* Whether one more call may be; it is counted then, and is to be taken off when it ends. */
bool server_admit(struct loop *loop);

#endif
