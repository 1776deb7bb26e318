/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include <pyst/error.h>

#include "server/agi-programs.h"
#include "server/agi.h"

/* ---- deadlines ------------------------------------------------------------------------------ */

/* Ends the calls of a list whose time is up; the time until the next one's, or NEVER. */
static uint64_t sweep_list(struct loop *loop, struct link *list, uint64_t limit,
                           _Atomic uint64_t *counter)
{
    const uint64_t now = uv_now(&loop->uv);

    while (limit != NEVER && !list_is_empty(list)) {
        struct pyst_agi_call *call = link_object(list->next, struct pyst_agi_call, link);

        if (now - call->active < limit)
            return limit - (now - call->active);
        count(counter);
        call_cut(call, PYST_ERR_TIMED_OUT);
    }
    return NEVER;
}

static void cut_handed(struct pyst_agi_call *call, int error)
{
    call->finished = true;
    if (worker_withdraw(call))
        call_end(call, error);
    else
        worker_cut(call);
}

/* The same for those that workers have: these are not in the order of time. */
static uint64_t sweep_handed(struct loop *loop)
{
    const uint64_t now = uv_now(&loop->uv), limit = loop->server->idle_timeout_ms;
    uint64_t wait = NEVER;
    struct link *next;

    if (limit == NEVER)
        return NEVER;
    for (struct link *link = loop->handed.next; link != &loop->handed; link = next) {
        struct pyst_agi_call *call = link_object(link, struct pyst_agi_call, link);
        const uint64_t active = worker_active(call);
        const uint64_t idle = now > active ? now - active : 0;

        next = link->next;
        if (call->finished)
            continue;
        if (idle < limit) {
            wait = wait < limit - idle ? wait : limit - idle;
            continue;
        }
        count(&loop->counters.idle_timed_out);
        cut_handed(call, PYST_ERR_TIMED_OUT);
    }
    return wait;
}

static void sweep(struct loop *loop)
{
    const uint64_t starting =
        sweep_list(loop, &loop->starting, loop->server->environment_timeout_ms,
                   &loop->counters.environment_timed_out);
    const uint64_t evented = sweep_list(loop, &loop->evented, loop->server->idle_timeout_ms,
                                        &loop->counters.idle_timed_out);
    const uint64_t handed = sweep_handed(loop);

    loop_sweep_in(loop, starting);
    loop_sweep_in(loop, evented);
    loop_sweep_in(loop, handed);
}

/*
 * After a handler has stalled, calls look idle that only were not read. So the sockets are looked
 * at first: libuv runs timers before them.
 */
static void on_sweep(uv_timer_t *timer)
{
    struct loop *loop = timer->data;

    loop->looked = !loop->looked;
    if (loop->looked)
        uv_timer_start(&loop->sweep, on_sweep, 1, 0);
    else
        sweep(loop);
}

void loop_sweep_in(struct loop *loop, uint64_t ms)
{
    if (ms == NEVER ||
        (uv_is_active((uv_handle_t *)&loop->sweep) && uv_timer_get_due_in(&loop->sweep) <= ms))
        return;
    uv_timer_start(&loop->sweep, on_sweep, ms, 0);
}

/* ---- stopping ------------------------------------------------------------------------------- */

static void cut_all(struct loop *loop)
{
    struct link *lists[] = {&loop->starting, &loop->evented};
    struct link *next;

    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
        while (!list_is_empty(lists[i]))
            call_cut(link_object(lists[i]->next, struct pyst_agi_call, link), PYST_ERR_CANCELLED);
    for (struct link *link = loop->handed.next; link != &loop->handed; link = next) {
        next = link->next;
        cut_handed(link_object(link, struct pyst_agi_call, link), PYST_ERR_CANCELLED);
    }
}

static void on_drained(uv_timer_t *timer)
{
    cut_all(timer->data);
}

static void stop(struct loop *loop)
{
    const uint64_t at = atomic_load(&loop->server->stop_at), now = server_now();

    if (!loop->stopping) {
        loop->stopping = true;
        watches_close(loop);
        uv_timer_stop(&loop->resume);
    }
    managers_stop(loop);
    uv_update_time(&loop->uv);
    if (at <= now)
        cut_all(loop);
    else if (at != NEVER)
        uv_timer_start(&loop->drained, on_drained, at - now, 0);
    loop_check_end(loop);
}

void loop_check_end(struct loop *loop)
{
    if (loop->stopping && loop->n_calls == 0 && loop->n_managers == 0)
        uv_stop(&loop->uv);
}

static void take_back_returned(struct loop *loop)
{
    struct link returned;

    list_init(&returned);
    pthread_mutex_lock(&loop->mutex);
    if (!list_is_empty(&loop->returned)) {
        returned = loop->returned;
        returned.next->previous = returned.previous->next = &returned;
        list_init(&loop->returned);
    }
    pthread_mutex_unlock(&loop->mutex);
    while (!list_is_empty(&returned))
        call_end(worker_take_back(&returned), 0);
}

/* ---- functions from other threads ----------------------------------------------------------- */

struct post {
    struct link link;
    void (*function)(void *user);
    void *user;
};

int pyst_agi_server_post(struct pyst_agi_server *server, unsigned loop,
                         void (*function)(void *user), void *user)
{
    struct loop *to;
    struct post *post;
    bool ended;

    if (loop >= server->options.loops || !function)
        return PYST_ERR_INVALID;
    to = &server->loops[loop];
    post = malloc(sizeof(*post));
    if (!post)
        return PYST_ERR_NO_MEMORY;
    post->function = function;
    post->user = user;
    pthread_mutex_lock(&to->mutex);
    ended = to->ended;
    if (!ended) {
        list_append(&to->posts, &post->link);
        uv_async_send(&to->wake);
    }
    pthread_mutex_unlock(&to->mutex);
    if (ended)
        free(post);
    return ended ? PYST_ERR_STATE : 0;
}

static struct post *take_post(struct loop *loop)
{
    struct post *post = NULL;

    pthread_mutex_lock(&loop->mutex);
    if (!list_is_empty(&loop->posts)) {
        post = link_object(loop->posts.next, struct post, link);
        list_remove(&post->link);
    }
    pthread_mutex_unlock(&loop->mutex);
    return post;
}

static void call_posts(struct loop *loop)
{
    struct post *post;

    while ((post = take_post(loop))) {
        post->function(post->user);
        free(post);
    }
}

static void on_wake(uv_async_t *async)
{
    struct loop *loop = async->data;

    call_posts(loop);
    worker_send_outgoing(loop);
    take_back_returned(loop);
    if (atomic_load(&loop->server->stopped))
        stop(loop);
}

/* ---- life ----------------------------------------------------------------------------------- */

int loop_init(struct loop *loop, struct pyst_agi_server *server)
{
    int r;

    loop->server = server;
    list_init(&loop->starting);
    list_init(&loop->evented);
    list_init(&loop->handed);
    list_init(&loop->returned);
    list_init(&loop->outgoing);
    list_init(&loop->posts);
    list_init(&loop->processes);
    r = pyst_agi_command_new(&loop->command, server->options.command_size);
    if (r < 0)
        return r;
    r = uv_loop_init(&loop->uv);
    if (r == 0) {
        r = uv_async_init(&loop->uv, &loop->wake, on_wake);
        if (r < 0)
            uv_loop_close(&loop->uv);
    }
    if (r < 0) {
        pyst_agi_command_free(loop->command);
        errno = -r;
        return r == UV_ENOMEM ? PYST_ERR_NO_MEMORY : PYST_ERR_SYSTEM;
    }
    pthread_mutex_init(&loop->mutex, NULL);
    uv_timer_init(&loop->uv, &loop->sweep);
    uv_timer_init(&loop->uv, &loop->resume);
    uv_timer_init(&loop->uv, &loop->drained);
    loop->wake.data = loop->sweep.data = loop->resume.data = loop->drained.data = loop;
    return 0;
}

void loop_deinit(struct loop *loop)
{
    struct post *post;

    watches_close(loop);
    managers_free(loop);
    processes_end(loop);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->sweep, NULL);
    uv_close((uv_handle_t *)&loop->resume, NULL);
    uv_close((uv_handle_t *)&loop->drained, NULL);
    /* Every handle is closing, so this ends. */
    while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0)
        continue;
    uv_loop_close(&loop->uv);
    while ((post = take_post(loop)))
        free(post);
    pyst_agi_command_free(loop->command);
    pthread_mutex_destroy(&loop->mutex);
}

void loop_run(struct loop *loop)
{
    /* A stop that came before is found at once. */
    uv_async_send(&loop->wake);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    pthread_mutex_lock(&loop->mutex);
    loop->ended = true;
    pthread_mutex_unlock(&loop->mutex);
    call_posts(loop);
}
