/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <pyst/adapters/libuv.h>
#include <pyst/async-agi.h>
#include <pyst/connection.h>
#include <pyst/error.h>

#include "server/agi.h"

#define PREFIX_SIZE 64   /* of CommandIDs */
#define LINGER_MS   2000 /* for Asterisk to hear of the end of the last calls, when stopping */

/* One manager connection, in one loop. */
struct manager {
    struct manager *next; /* of the loop */
    struct loop *loop;
    struct pyst_ami_connection *connection;
    struct pyst_async_agi *async;
    struct pyst_ami_libuv adapter;
    uv_timer_t linger;
    unsigned n_handles; /* not closed yet */
    size_t n_calls;
    bool pumping;
    bool ready;
    bool ending;
    pyst_agi_manager_callback told;
    void *user;
};

/* ---- the end -------------------------------------------------------------------------------- */

static void on_closed(struct manager *manager)
{
    struct loop *loop = manager->loop;

    if (--manager->n_handles > 0)
        return;
    pyst_ami_connection_free(manager->connection);
    pyst_async_agi_free(manager->async);
    free(manager);
    loop->n_managers--;
    loop_check_end(loop);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_closed(handle->data);
}

static void on_detached(uv_handle_t *handle)
{
    on_closed(link_object(handle->data, struct manager, adapter));
}

static void set_ready(struct manager *manager, bool ready)
{
    if (manager->ready == ready)
        return;
    manager->ready = ready;
    if (ready)
        atomic_fetch_add(&manager->loop->server->n_managers, 1);
    else
        atomic_fetch_sub(&manager->loop->server->n_managers, 1);
}

static void end(struct manager *manager)
{
    struct manager **at = &manager->loop->managers;

    if (manager->ending)
        return;
    manager->ending = true;
    set_ready(manager, false);
    while (*at != manager)
        at = &(*at)->next;
    *at = manager->next;
    pyst_ami_libuv_detach(&manager->adapter, on_detached);
    uv_close((uv_handle_t *)&manager->linger, on_timer_closed);
}

static void on_linger(uv_timer_t *timer)
{
    end(timer->data);
}

/* When stopping: ends after its last call, when Asterisk knows. */
static void try_end(struct manager *manager)
{
    if (!manager->loop->stopping || manager->n_calls > 0 || manager->pumping)
        return;
    if (!manager->ready || pyst_async_agi_count(manager->async) == 0)
        end(manager);
    else if (!uv_is_active((uv_handle_t *)&manager->linger))
        uv_timer_start(&manager->linger, on_linger, LINGER_MS, 0);
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void start_call(struct manager *manager, struct pyst_async_agi_call *async)
{
    struct loop *loop = manager->loop;
    struct pyst_agi_call *call = NULL;

    if (!loop->stopping && server_admit(loop))
        call = call_begin(loop, manager, async);
    pyst_async_agi_call_set_data(async, call);
    if (call)
        manager->n_calls++;
    else
        pyst_async_agi_finish(manager->async, async);
}

static void end_call(struct pyst_async_agi_call *async, int error)
{
    struct pyst_agi_call *call = pyst_async_agi_call_data(async);

    if (!call)
        return;
    call->async = NULL;
    call->manager->n_calls--;
    if (call->state == CALL_HANDED)
        worker_deliver(call, pyst_text_none());
    else
        call_take_end(call, error);
}

static void receive(struct pyst_async_agi_call *async, struct pyst_text data)
{
    struct pyst_agi_call *call = pyst_async_agi_call_data(async);

    if (!call)
        return;
    if (call->state == CALL_HANDED)
        worker_deliver(call, data);
    else
        call_take(call, data);
}

static void submit(struct manager *manager, const struct pyst_async_agi_notice *notice)
{
    const struct pyst_ami_submission how = {.user = notice->submission};
    const int r = pyst_ami_connection_submit(manager->connection, notice->action, &how, NULL);

    if (r < 0)
        pyst_async_agi_not_submitted(manager->async, notice->submission, r);
}

/* Does what AsyncAGI says is to be done. What is done may bring more of it. */
static void pump(struct manager *manager)
{
    struct pyst_async_agi_notice notice;
    int r;

    if (manager->pumping)
        return;
    manager->pumping = true;
    while ((r = pyst_async_agi_next(manager->async, &notice)) == 1) {
        switch (notice.type) {
        case PYST_ASYNC_AGI_STARTED:
            start_call(manager, notice.call);
            break;
        case PYST_ASYNC_AGI_RECEIVED:
            receive(notice.call, notice.data);
            break;
        case PYST_ASYNC_AGI_ACTION:
            submit(manager, &notice);
            break;
        case PYST_ASYNC_AGI_ENDED:
            end_call(notice.call, notice.error);
            break;
        }
    }
    manager->pumping = false;
    /* Without memory no call can be served rightly: they end with the connection. */
    if (r < 0)
        pyst_ami_connection_close(manager->connection);
    try_end(manager);
}

int manager_send(struct pyst_agi_call *call, struct pyst_text bytes)
{
    if (!call->async)
        return PYST_ERR_HANGUP;
    return pyst_async_agi_send(call->manager->async, call->async, bytes);
}

void manager_pump(struct pyst_agi_call *call)
{
    if (call->async)
        pump(call->manager);
}

void manager_finish(struct pyst_agi_call *call)
{
    struct manager *manager = call->manager;

    if (!call->async)
        return;
    pyst_async_agi_call_set_data(call->async, NULL);
    pyst_async_agi_finish(manager->async, call->async);
    call->async = NULL;
    manager->n_calls--;
    pump(manager);
}

/* ---- the connection ------------------------------------------------------------------------- */

static void on_notice(struct pyst_ami_connection *connection, const struct pyst_ami_notice *notice,
                      void *user)
{
    struct manager *manager = user;

    if (notice->type == PYST_AMI_NOTICE_READY || notice->type == PYST_AMI_NOTICE_CLOSED)
        set_ready(manager, notice->type == PYST_AMI_NOTICE_READY);
    if (pyst_async_agi_take(manager->async, notice) < 0)
        pyst_ami_connection_close(connection);
    if (manager->told &&
        (notice->type == PYST_AMI_NOTICE_READY || notice->type == PYST_AMI_NOTICE_LOST ||
         notice->type == PYST_AMI_NOTICE_CLOSED))
        manager->told(connection, notice, manager->user);
    pump(manager);
}

int managers_start(struct loop *loop)
{
    for (struct manager *manager = loop->managers; manager; manager = manager->next) {
        const int r = pyst_ami_libuv_attach(&manager->adapter, &loop->uv, manager->connection,
                                            on_notice, manager);

        if (r < 0) {
            errno = -r;
            return PYST_ERR_SYSTEM;
        }
        uv_timer_init(&loop->uv, &manager->linger);
        manager->linger.data = manager;
        manager->n_handles = 2;
        loop->n_managers++;
        pyst_ami_connection_start(manager->connection);
    }
    return 0;
}

void managers_stop(struct loop *loop)
{
    struct manager *next;

    for (struct manager *manager = loop->managers; manager; manager = next) {
        next = manager->next;
        if (manager->n_handles > 0)
            try_end(manager);
    }
}

void managers_free(struct loop *loop)
{
    struct manager *next;

    for (struct manager *manager = loop->managers; manager; manager = next) {
        next = manager->next;
        if (manager->n_handles > 0) {
            end(manager);
            continue;
        }
        pyst_ami_connection_free(manager->connection);
        pyst_async_agi_free(manager->async);
        free(manager);
    }
    loop->managers = NULL;
}

int pyst_agi_server_manager(struct pyst_agi_server *server,
                            const struct pyst_ami_connection_options *options,
                            pyst_agi_manager_callback told, void *user)
{
    /* The server's limit is of all calls, and counts what it refuses. */
    struct pyst_async_agi_options async = {.calls = SIZE_MAX};
    struct pyst_ami_connection_options settings = *options;
    struct manager *manager;
    char prefix[PREFIX_SIZE];
    int r;

    if (atomic_load(&server->running))
        return PYST_ERR_STATE;
    /* An answer to a process that was here before must not be taken for one to this. */
    snprintf(prefix, sizeof(prefix), "pyst-%lx-%llx", (unsigned long)getpid(),
             (unsigned long long)uv_hrtime());
    async.command_id_prefix = pyst_text(prefix);
    if (!settings.session.events.data)
        settings.session.events = pyst_text("agi,call");
    manager = calloc(1, sizeof(*manager));
    if (!manager)
        return PYST_ERR_NO_MEMORY;
    r = pyst_async_agi_new(&manager->async, &async);
    if (r == 0)
        r = pyst_ami_connection_new(&manager->connection, &settings);
    if (r < 0) {
        pyst_async_agi_free(manager->async);
        free(manager);
        return r;
    }
    manager->told = told;
    manager->user = user;
    manager->loop = &server->loops[server->n_made++ % server->options.loops];
    manager->next = manager->loop->managers;
    manager->loop->managers = manager;
    return 0;
}
