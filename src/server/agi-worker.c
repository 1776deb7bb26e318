/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pyst/error.h>

#include "base/buffer.h"
#include "server/agi.h"

#define HANGUP "HANGUP\n"

/* A call in the hands of the workers: in their queue, with one of them, or on its way back. */
struct loan {
    struct link link;
    struct pyst_agi_call *call;
    bool taken;              /* by a worker; under the workers' mutex */
    _Atomic uint64_t active; /* when bytes came or went, as server_now() */
    /* Of a manager's call, under the loop's mutex. */
    struct link outgoing; /* in the loop's list while there is output */
    struct buffer input, output;
    pthread_cond_t arrived;
    bool ended; /* no more input, and nothing more can be sent */

    size_t traced; /* bytes of the command that is written, not written yet */
    size_t said_size;
    size_t said_at;
    char said[]; /* what the peer said already, to be read again by the handler's session */
};

/* ---- the stream of a blocking handler ------------------------------------------------------- */

static void touch(struct loan *loan)
{
    if (loan->call->loop->server->idle_timeout_ms != NEVER)
        atomic_store_explicit(&loan->active, server_now(), memory_order_relaxed);
}

/* What a stream gives for a result of TLS that is not STREAM_DONE. The socket blocks. */
static ssize_t no_bytes(enum stream_result result)
{
    if (result == STREAM_END || result == STREAM_CUT)
        return 0;
    errno = result == STREAM_AGAIN ? EINTR : ECONNRESET;
    return -1;
}

static ssize_t receive_async(struct loan *loan, void *data, size_t size)
{
    struct loop *loop = loan->call->loop;
    struct pyst_text input;

    pthread_mutex_lock(&loop->mutex);
    while ((input = buffer_text(&loan->input)).size == 0 && !loan->ended)
        pthread_cond_wait(&loan->arrived, &loop->mutex);
    if (size > input.size)
        size = input.size;
    memcpy(data, input.data, size);
    buffer_consume(&loan->input, size);
    pthread_mutex_unlock(&loop->mutex);
    return (ssize_t)size;
}

static ssize_t receive(struct loan *loan, void *data, size_t size)
{
    const struct pyst_agi_call *call = loan->call;
    enum stream_result result;
    struct fault fault;
    size_t n;

    if (call->manager)
        return receive_async(loan, data, size);
    if (!call->tls)
        return recv(call->fd, data, size, 0);
    result = tls_receive(call->tls, data, size, &n, &fault);
    return result == STREAM_DONE ? (ssize_t)n : no_bytes(result);
}

static ssize_t loan_read(void *user, void *data, size_t size)
{
    struct loan *loan = user;
    ssize_t n;

    if (loan->said_at < loan->said_size) {
        const size_t left = loan->said_size - loan->said_at;
        const size_t taken = size < left ? size : left;

        memcpy(data, loan->said + loan->said_at, taken);
        loan->said_at += taken;
        return (ssize_t)taken;
    }
    n = receive(loan, data, size);
    if (n > 0) {
        touch(loan);
        if (loan->call->trace)
            trace_received(loan->call->trace, pyst_text_of(data, (size_t)n));
    }
    return n;
}

static ssize_t transmit_async(struct loan *loan, const void *data, size_t size)
{
    struct loop *loop = loan->call->loop;
    int error = EPIPE;

    pthread_mutex_lock(&loop->mutex);
    if (!loan->ended) {
        error = buffer_append(&loan->output, pyst_text_of(data, size)) < 0 ? ENOMEM : 0;
        if (error == 0 && list_is_empty(&loan->outgoing)) {
            list_append(&loop->outgoing, &loan->outgoing);
            uv_async_send(&loop->wake);
        }
    }
    pthread_mutex_unlock(&loop->mutex);
    errno = error;
    return error == 0 ? (ssize_t)size : -1;
}

static ssize_t transmit(struct loan *loan, const void *data, size_t size)
{
    const struct pyst_agi_call *call = loan->call;
    enum stream_result result;
    struct fault fault;
    size_t n;

    if (call->manager)
        return transmit_async(loan, data, size);
    if (!call->tls)
        return send(call->fd, data, size, MSG_NOSIGNAL);
    result = tls_send(call->tls, data, size, &n, &fault);
    return result == STREAM_DONE ? (ssize_t)n : no_bytes(result);
}

static ssize_t loan_write(void *user, const void *data, size_t size)
{
    struct loan *loan = user;
    ssize_t n;

    if (loan->call->trace && loan->traced == 0) {
        trace_sent(loan->call->trace, pyst_text_of(data, size));
        loan->traced = size;
    }
    n = transmit(loan, data, size);
    if (n > 0) {
        touch(loan);
        loan->traced -= loan->traced < (size_t)n ? loan->traced : (size_t)n;
        /* A command is a line, and one at a time. */
        if (((const char *)data)[n - 1] == '\n')
            count(&loan->call->loop->counters.commands);
    }
    return n;
}

static void serve(struct loan *loan)
{
    struct pyst_agi_call *call = loan->call;
    const struct pyst_agi_server_options *options = &call->loop->server->options;
    const struct pyst_agi_stream stream = {loan_read, loan_write, loan};
    const struct pyst_agi_options settings = {
        .stream = &stream,
        .limits = options->limits,
        .command_size = options->command_size,
        .leave_signals = true,
    };
    struct pyst_agi *agi;

    if (pyst_agi_open(&agi, &settings) == 0) {
        call->route->blocking(agi, call->route->user);
        pyst_agi_close(agi);
    }
    /* Its goodbye may have to wait, which the loop must not. */
    call->tls = tls_free(call->tls);
}

/* ---- threads -------------------------------------------------------------------------------- */

/* The loop may end, with its handle, once it has all its calls: so it is woken under the mutex. */
static void give_back(struct loan *loan)
{
    struct loop *loop = loan->call->loop;

    pthread_mutex_lock(&loop->mutex);
    list_append(&loop->returned, &loan->link);
    uv_async_send(&loop->wake);
    pthread_mutex_unlock(&loop->mutex);
}

/* Nothing is begun any more that would only be cut. */
static bool is_over(const struct pyst_agi_server *server)
{
    return atomic_load(&server->stopped) && atomic_load(&server->stop_at) <= server_now();
}

static void *work(void *user)
{
    struct pyst_agi_server *server = user;
    struct workers *workers = &server->workers;

    pthread_mutex_lock(&workers->mutex);
    for (;;) {
        struct loan *loan;

        while (list_is_empty(&workers->queue) && !workers->ending)
            pthread_cond_wait(&workers->arrived, &workers->mutex);
        if (list_is_empty(&workers->queue))
            break;
        loan = link_object(workers->queue.next, struct loan, link);
        list_remove(&loan->link);
        loan->taken = true;
        workers->n_waiting--;
        workers->n_working++;
        pthread_mutex_unlock(&workers->mutex);
        if (!is_over(server))
            serve(loan);
        pthread_mutex_lock(&workers->mutex);
        workers->n_working--;
        give_back(loan);
    }
    pthread_mutex_unlock(&workers->mutex);
    return NULL;
}

static int add_thread(struct pyst_agi_server *server)
{
    struct workers *workers = &server->workers;
    pthread_attr_t attributes;
    sigset_t all, before;
    int r;

    r = pthread_attr_init(&attributes);
    if (r != 0)
        return PYST_ERR_NO_MEMORY;
    pthread_attr_setstacksize(&attributes, server->options.worker_stack);
    /* The host's signal handlers belong to the host's threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r = pthread_create(&workers->threads[workers->n_threads], &attributes, work, server);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (r != 0)
        return PYST_ERR_SYSTEM;
    workers->n_threads++;
    return 0;
}

int workers_init(struct pyst_agi_server *server)
{
    struct workers *workers = &server->workers;

    workers->threads = calloc(server->options.workers, sizeof(*workers->threads));
    if (!workers->threads)
        return PYST_ERR_NO_MEMORY;
    pthread_mutex_init(&workers->mutex, NULL);
    pthread_cond_init(&workers->arrived, NULL);
    list_init(&workers->queue);
    return 0;
}

void workers_join(struct pyst_agi_server *server)
{
    struct workers *workers = &server->workers;

    pthread_mutex_lock(&workers->mutex);
    workers->ending = true;
    pthread_cond_broadcast(&workers->arrived);
    pthread_mutex_unlock(&workers->mutex);
    for (unsigned i = 0; i < workers->n_threads; i++)
        pthread_join(workers->threads[i], NULL);
    workers->n_threads = 0;
}

void workers_deinit(struct pyst_agi_server *server)
{
    pthread_cond_destroy(&server->workers.arrived);
    pthread_mutex_destroy(&server->workers.mutex);
    free(server->workers.threads);
}

void workers_count(const struct pyst_agi_server *server, size_t *waitingp, size_t *workingp)
{
    pthread_mutex_t *mutex = (pthread_mutex_t *)&server->workers.mutex;

    pthread_mutex_lock(mutex);
    *waitingp = server->workers.n_waiting;
    *workingp = server->workers.n_working;
    pthread_mutex_unlock(mutex);
}

/* ---- lending, by the loop ------------------------------------------------------------------- */

static struct loan *loan_new(struct pyst_agi_call *call)
{
    struct pyst_text text = pyst_agi_environment_text(pyst_agi_session_environment(call->session));
    struct loan *loan = malloc(sizeof(*loan) + text.size + 2 + sizeof(HANGUP));
    char *end;

    if (!loan)
        return NULL;
    memset(loan, 0, sizeof(*loan));
    list_init(&loan->link);
    list_init(&loan->outgoing);
    pthread_cond_init(&loan->arrived, NULL);
    loan->call = call;
    atomic_init(&loan->active, call->active);
    end = loan->said;
    if (text.size) {
        memcpy(end, text.data, text.size);
        end += text.size;
        if (end[-1] != '\n')
            *end++ = '\n';
    }
    *end++ = '\n';
    if (pyst_agi_session_is_hung_up(call->session)) {
        memcpy(end, HANGUP, sizeof(HANGUP) - 1);
        end += sizeof(HANGUP) - 1;
    }
    loan->said_size = (size_t)(end - loan->said);
    return loan;
}

/* Whether one more may wait: a thread has time for it, can be made, or will have some day. */
static int make_room(struct pyst_agi_server *server)
{
    struct workers *workers = &server->workers;
    const size_t n = workers->n_waiting + workers->n_working;

    if (n < workers->n_threads)
        return 0;
    if (workers->n_threads < server->options.workers &&
        (add_thread(server) == 0 || workers->n_threads == 0))
        return workers->n_threads == 0 ? PYST_ERR_SYSTEM : 0;
    return n - workers->n_threads < server->options.waiting ? 0 : PYST_ERR_STATE;
}

int worker_lend(struct pyst_agi_call *call)
{
    struct loop *loop = call->loop;
    struct workers *workers = &loop->server->workers;
    struct loan *loan = loan_new(call);
    int blocking = 0, r;

    if (!loan)
        return PYST_ERR_NO_MEMORY;
    pthread_mutex_lock(&workers->mutex);
    r = make_room(loop->server);
    if (r < 0) {
        pthread_mutex_unlock(&workers->mutex);
        call->loan = loan;
        loan_free(call);
        count(&loop->counters.refused_waiting);
        return r;
    }
    if (call->fd >= 0)
        ioctl(call->fd, FIONBIO, &blocking);
    call->loan = loan;
    call->state = CALL_HANDED;
    call->session = pyst_agi_session_free(call->session);
    list_remove(&call->link);
    list_append(&loop->handed, &call->link);
    list_append(&workers->queue, &loan->link);
    workers->n_waiting++;
    pthread_cond_signal(&workers->arrived);
    pthread_mutex_unlock(&workers->mutex);
    loop_sweep_in(loop, loop->server->idle_timeout_ms);
    return 0;
}

uint64_t worker_active(const struct pyst_agi_call *call)
{
    return atomic_load_explicit(&call->loan->active, memory_order_relaxed);
}

bool worker_withdraw(struct pyst_agi_call *call)
{
    struct workers *workers = &call->loop->server->workers;
    bool taken;

    pthread_mutex_lock(&workers->mutex);
    taken = call->loan->taken;
    if (!taken) {
        list_remove(&call->loan->link);
        workers->n_waiting--;
    }
    pthread_mutex_unlock(&workers->mutex);
    return !taken;
}

void worker_cut(struct pyst_agi_call *call)
{
    if (call->manager)
        worker_deliver(call, pyst_text_none());
    else
        shutdown(call->fd, SHUT_RDWR);
}

void worker_deliver(struct pyst_agi_call *call, struct pyst_text bytes)
{
    struct loan *loan = call->loan;
    struct loop *loop = call->loop;

    pthread_mutex_lock(&loop->mutex);
    if (!bytes.data || buffer_append(&loan->input, bytes) < 0)
        loan->ended = true;
    pthread_cond_signal(&loan->arrived);
    pthread_mutex_unlock(&loop->mutex);
}

void worker_send_outgoing(struct loop *loop)
{
    struct buffer output;
    struct loan *loan;

    for (;;) {
        pthread_mutex_lock(&loop->mutex);
        if (list_is_empty(&loop->outgoing))
            break;
        loan = link_object(loop->outgoing.next, struct loan, outgoing);
        list_remove(&loan->outgoing);
        output = loan->output;
        memset(&loan->output, 0, sizeof(loan->output));
        pthread_mutex_unlock(&loop->mutex);
        if (manager_send(loan->call, buffer_text(&output)) < 0)
            worker_deliver(loan->call, pyst_text_none());
        buffer_deinit(&output);
        manager_pump(loan->call);
    }
    pthread_mutex_unlock(&loop->mutex);
}

struct pyst_agi_call *worker_take_back(struct link *returned)
{
    struct loan *loan = link_object(returned->next, struct loan, link);

    list_remove(&loan->link);
    return loan->call;
}

void loan_free(struct pyst_agi_call *call)
{
    struct loan *loan = call->loan;

    if (!loan)
        return;
    call->loan = NULL;
    if (call->manager) {
        pthread_mutex_lock(&call->loop->mutex);
        list_remove(&loan->outgoing);
        pthread_mutex_unlock(&call->loop->mutex);
    }
    buffer_deinit(&loan->input);
    buffer_deinit(&loan->output);
    pthread_cond_destroy(&loan->arrived);
    free(loan);
}
