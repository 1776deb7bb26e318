/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>

#include <pyst/error.h>

/* Received by one call, so that a fast peer does not keep the host from its other work. */
#define RECEIVE_SIZE ((size_t)256 << 10)

static void forget_socket(void *user)
{
    struct pyst_ami_connection *c = user;

    watch_set(&c->watch, -1, 0);
}

void machine_end(struct pyst_ami_connection *c, int error)
{
    forget_socket(c);
    dial_deinit(&c->dial);
    stream_deinit(&c->stream);
    if (c->state != PYST_AMI_CONNECTION_OPEN)
        pyst_ami_session_restart(c->session, pyst_ami_connection_now());
    pyst_ami_session_disconnected(c->session, error);
    c->state = PYST_AMI_CONNECTION_ENDED;
    c->paused = false;
}

/* An error of this side that has no words of its own yet. */
static void end_system(struct pyst_ami_connection *c, int error)
{
    if (error == PYST_ERR_SYSTEM)
        fault_set(&c->fault, error, "%s", strerror(errno));
    else if (error == PYST_ERR_NO_MEMORY)
        fault_set(&c->fault, error, "%s", pyst_strerror(error));
    machine_end(c, error);
}

/*
 * Retrying.
 */

static uint64_t retry_delay(const struct pyst_ami_connection *c)
{
    const uint64_t max = c->options.reconnect.max_us;
    uint64_t delay = c->options.reconnect.min_us;
    uint64_t random = 0;

    for (unsigned i = 1; i < c->attempts && delay < max; i++)
        delay *= 2;
    if (delay > max)
        delay = max;
    /* Without random bytes, early after boot, the wait is as good a one as any. */
    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
        return delay;
    return delay - random % (delay / 2 + 1);
}

static bool shall_retry(const struct pyst_ami_connection *c, int error)
{
    const struct pyst_ami_reconnect_options *options = &c->options.reconnect;

    if (!options->enabled || c->final || error == 0)
        return false;
    if (error == PYST_ERR_AUTHENTICATION || error == PYST_ERR_PERMISSION ||
        error == PYST_ERR_REFUSED)
        return options->after_refusal;
    return true;
}

void machine_closed(struct pyst_ami_connection *c, int error)
{
    const uint64_t now = pyst_ami_connection_now();

    /* The session itself may have closed, with the stream still open. */
    forget_socket(c);
    stream_deinit(&c->stream);
    c->paused = false;
    if (c->ready_since > 0 && now - c->ready_since >= c->options.reconnect.max_us)
        c->attempts = 0;
    c->ready_since = 0;
    c->state = PYST_AMI_CONNECTION_IDLE;
    if (shall_retry(c, error) &&
        (c->options.reconnect.attempts == 0 || c->attempts < c->options.reconnect.attempts)) {
        c->attempts++;
        c->retry_at = now + retry_delay(c);
        c->state = PYST_AMI_CONNECTION_WAITING;
    }
}

/*
 * Connecting.
 */

static void begin_dialing(struct pyst_ami_connection *c, struct addrinfo *list)
{
    dial_init(&c->dial, list, c->attempt_end);
    c->state = PYST_AMI_CONNECTION_CONNECTING;
}

void machine_begin(struct pyst_ami_connection *c, uint64_t now)
{
    struct addrinfo *list;
    int r;

    c->fault.error = 0;
    c->attempt_end = now + c->options.connect_timeout_us;
    r = resolver_numeric(c->options.host, c->options.port, &list);
    if (r == 0) {
        begin_dialing(c, list);
        return;
    }
    if (r == EAI_MEMORY) {
        end_system(c, PYST_ERR_NO_MEMORY);
        return;
    }
    c->state = PYST_AMI_CONNECTION_RESOLVING;
    if (c->resolution)
        return;
    r = resolution_new(&c->resolution, c->options.host, c->options.port);
    if (r < 0)
        end_system(c, r);
}

static bool resolve(struct pyst_ami_connection *c, uint64_t now)
{
    struct addrinfo *list;
    int eai;
    int error;

    if (resolution_result(c->resolution, &list, &eai, &error)) {
        forget_socket(c);
        c->resolution = resolution_unref(c->resolution);
        if (eai == 0) {
            begin_dialing(c, list);
            return true;
        }
        fault_set(&c->fault, PYST_ERR_RESOLVE, "%s cannot be resolved: %s", c->options.host,
                  eai == EAI_SYSTEM ? strerror(error) : gai_strerror(eai));
    } else if (now >= c->attempt_end) {
        fault_set(&c->fault, PYST_ERR_RESOLVE, "%s cannot be resolved: no answer in time",
                  c->options.host);
    } else {
        return false;
    }
    machine_end(c, PYST_ERR_RESOLVE);
    return true;
}

static void open_session(struct pyst_ami_connection *c, uint64_t now)
{
    c->state = PYST_AMI_CONNECTION_OPEN;
    c->drained = true;
    pyst_ami_session_restart(c->session, now);
}

static bool connect_tcp(struct pyst_ami_connection *c, uint64_t now)
{
    int r = dial_step(&c->dial, now, forget_socket, c, &c->fault);

    if (r == 0)
        return false;
    if (r < 0) {
        machine_end(c, r);
        return true;
    }
    forget_socket(c);
    r = stream_init(&c->stream, c->dial.fd, &c->options.tls, c->options.host, &c->fault);
    c->dial.fd = -1;
    dial_deinit(&c->dial);
    if (r < 0)
        end_system(c, r);
    else if (c->stream.tls)
        c->state = PYST_AMI_CONNECTION_SECURING;
    else
        open_session(c, now);
    return true;
}

static bool secure(struct pyst_ami_connection *c, uint64_t now)
{
    switch (tls_handshake(c->stream.tls, &c->fault)) {
    case STREAM_DONE:
        open_session(c, now);
        return true;
    case STREAM_AGAIN:
        if (now < c->attempt_end)
            return false;
        fault_set(&c->fault, PYST_ERR_TLS, "TLS handshake: no answer in time");
        break;
    default:
        break;
    }
    machine_end(c, c->fault.error);
    return true;
}

/*
 * Open.
 */

static bool send_output(struct pyst_ami_connection *c)
{
    bool did = false;

    for (;;) {
        const struct pyst_text output = pyst_ami_session_output(c->session);
        size_t n;

        if (output.size == 0 ||
            stream_send(&c->stream, output.data, output.size, &n, &c->fault) != STREAM_DONE)
            return did;
        pyst_ami_session_sent(c->session, n);
        did = true;
    }
}

/* The stream has ended in one of the ways that there are. */
static void end_of_stream(struct pyst_ami_connection *c, enum stream_result result)
{
    if (result == STREAM_FAILED) {
        machine_end(c, c->fault.error);
        return;
    }
    /*
     * Asterisk does not always say TLS's goodbye. After its own (the answer to Logoff, or
     * Shutdown) nothing can be missing; before, somebody may have cut the stream.
     */
    if (result == STREAM_CUT && pyst_ami_session_state(c->session) != PYST_AMI_STATE_CLOSING) {
        machine_end(c, PYST_ERR_TLS);
        return;
    }
    machine_end(c, PYST_OK);
}

/* Returns 1 when something came or it ended, 0 when not, or an error. */
static int receive_input(struct pyst_ami_connection *c, uint64_t now)
{
    size_t total = 0;

    while (total < RECEIVE_SIZE || (c->stream.tls && tls_pending(c->stream.tls))) {
        enum stream_result result;
        void *data;
        size_t size;
        size_t n;
        int r;

        if (connection_full(c)) {
            c->paused = true;
            break;
        }
        r = pyst_ami_session_reserve(c->session, 0, &data, &size);
        if (r < 0)
            return r;
        result = stream_receive(&c->stream, data, size, &n, &c->fault);
        if (result == STREAM_AGAIN)
            break;
        if (result != STREAM_DONE) {
            end_of_stream(c, result);
            return 1;
        }
        pyst_ami_session_commit(c->session, n, now);
        c->drained = false;
        total += n;
        /* A socket that gave less than it could is empty; with TLS, a record is the limit. */
        if (n < size && !c->stream.tls)
            break;
    }
    return total > 0;
}

static int serve(struct pyst_ami_connection *c, uint64_t now)
{
    const bool did = send_output(c);
    const int r = c->paused ? 0 : receive_input(c, now);

    return r < 0 ? r : did || r > 0;
}

/*
 * All together.
 */

/* While nothing is received the peer cannot be blamed for saying nothing. */
static uint64_t session_deadline(const struct pyst_ami_connection *c)
{
    return c->paused ? UINT64_MAX : pyst_ami_session_deadline(c->session);
}

/* One step. Returns 1 when the state changed or bytes moved, so that there may be more to do. */
static int step(struct pyst_ami_connection *c, uint64_t now)
{
    switch (c->state) {
    case PYST_AMI_CONNECTION_WAITING:
        if (now < c->retry_at)
            return 0;
        machine_begin(c, now);
        return 1;
    case PYST_AMI_CONNECTION_RESOLVING:
        return resolve(c, now);
    case PYST_AMI_CONNECTION_CONNECTING:
        return connect_tcp(c, now);
    case PYST_AMI_CONNECTION_SECURING:
        return secure(c, now);
    default:
        return 0;
    }
}

int machine_process(struct pyst_ami_connection *c)
{
    const uint64_t now = pyst_ami_connection_now();
    int did = 0;
    int r;

    c->kicked = false;
    while (step(c, now) > 0)
        did = 1;
    if (c->state == PYST_AMI_CONNECTION_OPEN) {
        r = serve(c, now);
        if (r < 0)
            return r;
        did |= r;
    }
    /* After receiving, so that what came late but is here does not count as late. */
    if (session_deadline(c) <= now) {
        pyst_ami_session_tick(c->session, now);
        did = 1;
    }
    r = machine_watch(c, now);
    return r < 0 ? r : did;
}

static uint64_t state_deadline(const struct pyst_ami_connection *c)
{
    switch (c->state) {
    case PYST_AMI_CONNECTION_WAITING:
        return c->retry_at;
    case PYST_AMI_CONNECTION_CONNECTING:
        return c->dial.fd < 0 ? 0 : c->dial.share_end;
    case PYST_AMI_CONNECTION_RESOLVING:
    case PYST_AMI_CONNECTION_SECURING:
        return c->attempt_end;
    default:
        return UINT64_MAX;
    }
}

uint64_t machine_deadline(const struct pyst_ami_connection *c)
{
    const uint64_t a = state_deadline(c);
    const uint64_t b = session_deadline(c);

    if (c->kicked)
        return 0;
    return a < b ? a : b;
}

void machine_kick(struct pyst_ami_connection *c)
{
    c->kicked = true;
    machine_watch(c, pyst_ami_connection_now());
}

int machine_watch(struct pyst_ami_connection *c, uint64_t now)
{
    uint32_t events = 0;
    int fd = -1;

    watch_arm(&c->watch, machine_deadline(c), now);
    switch (c->state) {
    case PYST_AMI_CONNECTION_RESOLVING:
        fd = resolution_fd(c->resolution);
        events = EPOLLIN;
        break;
    case PYST_AMI_CONNECTION_CONNECTING:
        fd = c->dial.fd;
        events = EPOLLOUT;
        break;
    case PYST_AMI_CONNECTION_SECURING:
        fd = c->stream.fd;
        events = tls_wants_write(c->stream.tls) ? EPOLLOUT : EPOLLIN;
        break;
    case PYST_AMI_CONNECTION_OPEN:
        fd = c->stream.fd;
        if (!c->paused)
            events |= EPOLLIN;
        if (!c->stream.write_failed && (pyst_ami_session_output(c->session).size > 0 ||
                                        (c->stream.tls && tls_wants_write(c->stream.tls))))
            events |= EPOLLOUT;
        break;
    default:
        break;
    }
    return watch_set(&c->watch, fd, events);
}
