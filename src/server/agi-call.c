/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pyst/error.h>

#include "server/agi.h"

static void on_poll(uv_poll_t *poll, int status, int events);

/* ---- tracing -------------------------------------------------------------------------------- */

static int trace_new(struct pyst_agi_call *call)
{
    const struct pyst_agi_server_options *options = &call->loop->server->options;

    if (options->trace == PYST_AGI_TRACE_OFF)
        return 0;
    call->trace = calloc(1, sizeof(*call->trace));
    if (!call->trace)
        return PYST_ERR_NO_MEMORY;
    call->trace->kind = options->trace;
    call->trace->fd = options->trace_descriptor;
    call->trace->call = call->number;
    return 0;
}

static void trace_free(struct pyst_agi_call *call)
{
    if (call->trace)
        trace_deinit(call->trace);
    free(call->trace);
}

/* ---- the end -------------------------------------------------------------------------------- */

static void on_close(uv_handle_t *handle)
{
    struct pyst_agi_call *call = handle->data;
    struct loop *loop = call->loop;

    free(call);
    loop->n_calls--;
    loop_check_end(loop);
}

void call_end(struct pyst_agi_call *call, int error)
{
    struct pyst_agi_server *server = call->loop->server;

    if (call->state == CALL_ENDED)
        return;
    call->state = CALL_ENDED;
    call->finished = true;
    list_remove(&call->link);
    if (call->route && call->route->evented.ended)
        call->route->evented.ended(call, error, call->route->user);
    call->session = pyst_agi_session_free(call->session);
    loan_free(call);
    call->tls = tls_free(call->tls);
    trace_free(call);
    if (call->manager)
        manager_finish(call);
    uv_close(&call->handle.any, on_close);
    if (call->fd >= 0)
        close(call->fd);
    atomic_fetch_sub(&server->n_calls, 1);
}

/* ---- sending -------------------------------------------------------------------------------- */

static void watch(struct pyst_agi_call *call, int events)
{
    if (call->events == events || call->fd < 0)
        return;
    call->events = events;
    uv_poll_start(&call->handle.poll, events, on_poll);
}

/* The peer is gone, but what it said before that is still to be read. */
static void drop_output(struct pyst_agi_call *call)
{
    pyst_agi_session_sent(call->session, pyst_agi_session_output(call->session).size);
}

static void touch(struct pyst_agi_call *call)
{
    call->active = uv_now(&call->loop->uv);
    if (call->state != CALL_EVENTED || call->loop->server->idle_timeout_ms == NEVER)
        return;
    list_remove(&call->link);
    list_append(&call->loop->evented, &call->link);
}

/* As send(). */
static ssize_t send_some(struct pyst_agi_call *call, struct pyst_text output)
{
    struct fault fault;
    size_t n;

    if (call->manager) {
        errno = EPIPE;
        return manager_send(call, output) < 0 ? -1 : (ssize_t)output.size;
    }
    if (!call->tls)
        return send(call->fd, output.data, output.size, MSG_NOSIGNAL);
    switch (tls_send(call->tls, output.data, output.size, &n, &fault)) {
    case STREAM_DONE:
        return (ssize_t)n;
    case STREAM_AGAIN:
        errno = EAGAIN;
        return -1;
    default:
        errno = EPIPE;
        return -1;
    }
}

/* Sends what there is; a finished call ends when all is sent. */
static void flush(struct pyst_agi_call *call)
{
    struct pyst_text output;

    while ((output = pyst_agi_session_output(call->session)).size) {
        const ssize_t n = send_some(call, output);

        if (n >= 0) {
            pyst_agi_session_sent(call->session, (size_t)n);
            touch(call);
        } else if (errno == EAGAIN) {
            /* Nothing is read meanwhile: a peer that answers what it did not read would cost ever
               more memory. */
            watch(call, call->tls && !tls_wants_write(call->tls) ? UV_READABLE : UV_WRITABLE);
            return;
        } else if (errno != EINTR)
            drop_output(call);
    }
    if (call->finished)
        call_end(call, 0);
    else if (call->manager)
        manager_pump(call);
    else
        watch(call, UV_READABLE);
}

/* ---- what the peer said --------------------------------------------------------------------- */

static void begin(struct pyst_agi_call *call, struct pyst_agi_environment *environment)
{
    struct loop *loop = call->loop;

    call->route = route_find(loop->server, pyst_agi_environment_path(environment));
    if (call->route->blocking)
        return;
    if (route_is_missing(call->route))
        count(&loop->counters.no_route);
    call->state = CALL_EVENTED;
    list_remove(&call->link);
    list_append(&loop->evented, &call->link);
    loop_sweep_in(loop, loop->server->idle_timeout_ms);
    call->route->evented.started(call, call->route->user);
}

static void tell(struct pyst_agi_call *call, const struct route *route,
                 const struct pyst_agi_notice *notice)
{
    const struct pyst_agi_call_handler *handler = &route->evented;

    if (notice->type == PYST_AGI_NOTICE_REPLY) {
        if (handler->replied)
            handler->replied(call, notice->error, notice->reply, route->user);
        else
            call->finished = true;
    } else if (notice->type == PYST_AGI_NOTICE_HANGUP) {
        if (handler->hung_up)
            handler->hung_up(call, route->user);
        else
            call->finished = true;
    }
}

static void count_closed(struct pyst_agi_call *call, int error)
{
    struct counters *counters = &call->loop->counters;

    if (error == PYST_ERR_LIMIT_ENVIRONMENT)
        count(&counters->environment_limit);
    else if (error == PYST_ERR_NO_ENVIRONMENT || error == PYST_ERR_BAD_REPLY ||
             error == PYST_ERR_LIMIT_REPLY)
        count(&counters->broken);
}

static void hand_over(struct pyst_agi_call *call)
{
    struct pyst_agi_notice notice;

    /* Perhaps the line HANGUP has come already. */
    while (pyst_agi_session_next(call->session, &notice) == 1)
        continue;
    if (call->fd >= 0)
        uv_poll_stop(&call->handle.poll);
    call->events = 0;
    if (worker_lend(call) < 0)
        call_end(call, 0);
}

static void process(struct pyst_agi_call *call)
{
    struct pyst_agi_notice notice;
    int r = 0;

    call->inside = true;
    while ((r = pyst_agi_session_next(call->session, &notice)) == 1) {
        if (notice.type == PYST_AGI_NOTICE_CLOSED) {
            count_closed(call, notice.error);
            call_end(call, notice.error);
            return;
        }
        if (notice.type == PYST_AGI_NOTICE_ENVIRONMENT)
            begin(call, notice.environment);
        else if (call->route && !call->finished)
            tell(call, call->route, &notice);
        if (call->route && call->route->blocking) {
            hand_over(call);
            return;
        }
    }
    call->inside = false;
    if (r < 0)
        call_end(call, r);
    else
        flush(call);
}

void call_cut(struct pyst_agi_call *call, int error)
{
    pyst_agi_session_disconnected(call->session, error);
    drop_output(call);
    process(call);
    call_end(call, error);
}

/* ---- receiving ------------------------------------------------------------------------------ */

void call_take_end(struct pyst_agi_call *call, int error)
{
    pyst_agi_session_disconnected(call->session, error);
    process(call);
}

void call_take(struct pyst_agi_call *call, struct pyst_text bytes)
{
    const int r = pyst_agi_session_feed(call->session, bytes.data, bytes.size);

    if (call->trace)
        trace_received(call->trace, bytes);
    if (r < 0) {
        call_end(call, r);
        return;
    }
    if (call->state == CALL_EVENTED)
        touch(call);
    process(call);
}

static void receive(struct pyst_agi_call *call)
{
    struct loop *loop = call->loop;
    const ssize_t n = recv(call->fd, loop->buffer, sizeof(loop->buffer), 0);

    if (n > 0)
        call_take(call, pyst_text_of(loop->buffer, (size_t)n));
    else if (n == 0 || errno == ECONNRESET || errno == EPIPE)
        call_take_end(call, 0);
    else if (errno != EAGAIN && errno != EINTR)
        call_take_end(call, PYST_ERR_SYSTEM);
    else
        watch(call, UV_READABLE);
}

/* All there is, for the socket does not tell of what is decrypted already. */
static void receive_secure(struct pyst_agi_call *call)
{
    struct fault fault;
    size_t n;

    while (call->state == CALL_STARTING || call->state == CALL_EVENTED) {
        switch (
            tls_receive(call->tls, call->loop->buffer, sizeof(call->loop->buffer), &n, &fault)) {
        case STREAM_DONE:
            call_take(call, pyst_text_of(call->loop->buffer, n));
            break;
        case STREAM_AGAIN:
            if (tls_wants_write(call->tls))
                watch(call, UV_READABLE | UV_WRITABLE);
            return;
        case STREAM_FAILED:
            call_take_end(call, fault.error == PYST_ERR_CLOSED ? 0 : fault.error);
            return;
        default:
            call_take_end(call, 0);
            return;
        }
    }
}

/* Goes on with the handshake. */
static void secure(struct pyst_agi_call *call)
{
    struct fault fault;

    switch (tls_handshake(call->tls, &fault)) {
    case STREAM_DONE:
        call->securing = false;
        watch(call, UV_READABLE);
        receive_secure(call);
        break;
    case STREAM_AGAIN:
        watch(call, tls_wants_write(call->tls) ? UV_WRITABLE : UV_READABLE);
        break;
    default:
        count(&call->loop->counters.tls_failed);
        call_end(call, 0);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct pyst_agi_call *call = poll->data;

    /* libuv stopped watching because the socket has an error; receiving tells which. */
    if (status < 0) {
        call->events = 0;
        events = UV_READABLE;
    }
    if (call->securing) {
        secure(call);
        return;
    }
    if (pyst_agi_session_output(call->session).size > 0)
        flush(call);
    if (call->state == CALL_ENDED || pyst_agi_session_output(call->session).size > 0)
        return;
    if (call->tls)
        receive_secure(call);
    else if (events & UV_READABLE)
        receive(call);
}

/* ---- the beginning -------------------------------------------------------------------------- */

/* Gives everything back that call_new() made; the call was never in a list. */
static struct pyst_agi_call *give_up(struct pyst_agi_call *call)
{
    struct pyst_agi_server *server = call->loop->server;

    pyst_agi_session_free(call->session);
    tls_free(call->tls);
    trace_free(call);
    free(call);
    atomic_fetch_sub(&server->n_calls, 1);
    return NULL;
}

static struct pyst_agi_call *call_new(struct loop *loop)
{
    struct pyst_agi_server *server = loop->server;
    struct pyst_agi_call *call = calloc(1, sizeof(*call));

    if (!call) {
        atomic_fetch_sub(&server->n_calls, 1);
        return NULL;
    }
    call->loop = loop;
    call->fd = -1;
    call->number = atomic_fetch_add(&server->numbers, 1) + 1;
    call->active = uv_now(&loop->uv);
    if (pyst_agi_session_new(&call->session, &server->options.limits) < 0 || trace_new(call) < 0)
        return give_up(call);
    return call;
}

/* Its handle is there: it is one of the loop's from now on. */
static void enter(struct pyst_agi_call *call)
{
    struct loop *loop = call->loop;

    call->handle.any.data = call;
    list_append(&loop->starting, &call->link);
    loop->n_calls++;
    loop_sweep_in(loop, loop->server->environment_timeout_ms);
}

void call_accept(struct loop *loop, int fd, struct tls_context *tls)
{
    struct pyst_agi_call *call = call_new(loop);

    if (!call) {
        close(fd);
        return;
    }
    if ((tls && tls_new_server(&call->tls, tls, fd) < 0) ||
        uv_poll_init(&loop->uv, &call->handle.poll, fd) < 0) {
        give_up(call);
        close(fd);
        return;
    }
    call->fd = fd;
    call->securing = tls != NULL;
    enter(call);
    watch(call, UV_READABLE);
}

struct pyst_agi_call *call_begin(struct loop *loop, struct manager *manager,
                                 struct pyst_async_agi_call *async)
{
    struct pyst_agi_call *call = call_new(loop);

    if (!call)
        return NULL;
    uv_timer_init(&loop->uv, &call->handle.timer);
    call->manager = manager;
    call->async = async;
    enter(call);
    return call;
}

/* ---- what evented functions may do ---------------------------------------------------------- */

struct pyst_agi_environment *pyst_agi_call_environment(const struct pyst_agi_call *call)
{
    return pyst_agi_session_environment(call->session);
}

struct pyst_agi_command *pyst_agi_call_command(struct pyst_agi_call *call)
{
    return call->loop->command;
}

int pyst_agi_call_submit(struct pyst_agi_call *call)
{
    int r;

    if (call->finished)
        return PYST_ERR_STATE;
    r = pyst_agi_session_submit(call->session, call->loop->command);
    if (r < 0)
        return r;
    count(&call->loop->counters.commands);
    if (call->trace)
        trace_sent(call->trace, pyst_agi_command_line(call->loop->command));
    if (!call->inside)
        flush(call);
    return 0;
}

void pyst_agi_call_finish(struct pyst_agi_call *call)
{
    if (call->finished)
        return;
    call->finished = true;
    if (!call->inside)
        flush(call);
}

bool pyst_agi_call_is_hung_up(const struct pyst_agi_call *call)
{
    return pyst_agi_session_is_hung_up(call->session);
}

unsigned pyst_agi_call_loop(const struct pyst_agi_call *call)
{
    return (unsigned)(call->loop - call->loop->server->loops);
}

void pyst_agi_call_set_data(struct pyst_agi_call *call, void *data)
{
    call->data = data;
}

void *pyst_agi_call_data(const struct pyst_agi_call *call)
{
    return call->data;
}
