/* SPDX-License-Identifier: MIT */
#ifndef PYST_ADAPTERS_LIBUV_H
#define PYST_ADAPTERS_LIBUV_H

/**
 * A connection (pyst/connection.h) in a libuv loop. Header only: link with libuv yourself.
 *
 *     struct pyst_ami_libuv adapter;
 *     pyst_ami_libuv_attach(&adapter, loop, connection, on_notice, user);
 *     pyst_ami_connection_start(connection);
 *     uv_run(loop, UV_RUN_DEFAULT);
 *
 * The callback gets each notice, in the loop's thread; what the notice shows lives until the
 * callback returns. It may submit, cancel, close, start, and detach.
 */

#include <uv.h>

#include <pyst/connection.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*pyst_ami_libuv_callback)(struct pyst_ami_connection *connection,
                                        const struct pyst_ami_notice *notice, void *user);

/** Belongs to the caller, who keeps it in place until the callback of detaching. */
struct pyst_ami_libuv {
    uv_poll_t poll;
    struct pyst_ami_connection *connection; /* NULL: detached */
    pyst_ami_libuv_callback callback;
    void *user;
};

static inline void pyst_ami_libuv_on_poll(uv_poll_t *poll, int status, int events)
{
    struct pyst_ami_libuv *adapter = (struct pyst_ami_libuv *)poll->data;
    struct pyst_ami_notice notice;

    (void)status;
    (void)events;
    /* Without memory the descriptor stays readable, and it is tried again. */
    (void)pyst_ami_connection_process(adapter->connection);
    while (adapter->connection && pyst_ami_connection_next(adapter->connection, &notice) > 0)
        adapter->callback(adapter->connection, &notice, adapter->user);
}

/** Returns 0 or one of libuv's errors (UV_E...). The connection must outlive the attachment. */
static inline int pyst_ami_libuv_attach(struct pyst_ami_libuv *adapter, uv_loop_t *loop,
                                        struct pyst_ami_connection *connection,
                                        pyst_ami_libuv_callback callback, void *user)
{
    int r = uv_poll_init(loop, &adapter->poll, pyst_ami_connection_get_fd(connection));

    if (r < 0)
        return r;
    adapter->poll.data = adapter;
    adapter->connection = connection;
    adapter->callback = callback;
    adapter->user = user;
    return uv_poll_start(&adapter->poll, UV_READABLE, pyst_ami_libuv_on_poll);
}

/**
 * No callback after this. The connection may be freed at once; the adapter when `detached` (may be
 * NULL) is called, with its uv_poll_t, whose `data` is the adapter.
 */
static inline void pyst_ami_libuv_detach(struct pyst_ami_libuv *adapter, uv_close_cb detached)
{
    if (!adapter->connection)
        return;
    adapter->connection = NULL;
    uv_poll_stop(&adapter->poll);
    uv_close((uv_handle_t *)&adapter->poll, detached);
}

#ifdef __cplusplus
}
#endif

#endif
