/* SPDX-License-Identifier: MIT */
#ifndef PYST_ADAPTERS_SD_EVENT_H
#define PYST_ADAPTERS_SD_EVENT_H

/**
 * A connection (pyst/connection.h) in an sd_event loop. Header only: link with libsystemd
 * yourself.
 *
 *     struct pyst_ami_sd_event adapter;
 *     pyst_ami_sd_event_attach(&adapter, event, connection, on_notice, user);
 *     pyst_ami_connection_start(connection);
 *     sd_event_loop(event);
 *
 * The callback gets each notice, in the loop's thread; what the notice shows lives until the
 * callback returns. It may submit, cancel, close, start, and detach.
 */

#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include <pyst/connection.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*pyst_ami_sd_event_callback)(struct pyst_ami_connection *connection,
                                           const struct pyst_ami_notice *notice, void *user);

/** Belongs to the caller, who keeps it in place until it is detached. */
struct pyst_ami_sd_event {
    sd_event_source *source; /* NULL: detached */
    struct pyst_ami_connection *connection;
    pyst_ami_sd_event_callback callback;
    void *user;
};

static inline int pyst_ami_sd_event_on_io(sd_event_source *source, int fd, uint32_t events,
                                          void *user)
{
    struct pyst_ami_sd_event *adapter = (struct pyst_ami_sd_event *)user;
    struct pyst_ami_notice notice;

    (void)source;
    (void)fd;
    (void)events;
    /* Without memory the descriptor stays readable, and it is tried again. */
    (void)pyst_ami_connection_process(adapter->connection);
    while (adapter->source && pyst_ami_connection_next(adapter->connection, &notice) > 0)
        adapter->callback(adapter->connection, &notice, adapter->user);
    return 0;
}

/** Returns 0, or -errno of sd_event_add_io(). The connection must outlive the attachment. */
static inline int pyst_ami_sd_event_attach(struct pyst_ami_sd_event *adapter, sd_event *event,
                                           struct pyst_ami_connection *connection,
                                           pyst_ami_sd_event_callback callback, void *user)
{
    int r;

    adapter->source = NULL;
    adapter->connection = connection;
    adapter->callback = callback;
    adapter->user = user;
    r = sd_event_add_io(event, &adapter->source, pyst_ami_connection_get_fd(connection), EPOLLIN,
                        pyst_ami_sd_event_on_io, adapter);
    return r < 0 ? r : 0;
}

/** No callback after this. The connection may be freed at once, and so may the adapter, but for
 *  its own callback, which returns first. */
static inline void pyst_ami_sd_event_detach(struct pyst_ami_sd_event *adapter)
{
    adapter->source = sd_event_source_disable_unref(adapter->source);
}

#ifdef __cplusplus
}
#endif

#endif
