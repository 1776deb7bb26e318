/* SPDX-License-Identifier: MIT */
#ifndef PYST_ADAPTERS_GLIB_H
#define PYST_ADAPTERS_GLIB_H

/**
 * A connection (pyst/connection.h) as a GSource. Header only: link with GLib yourself.
 *
 *     GSource *source = pyst_ami_glib_source_new(connection, on_notice, user, NULL);
 *     g_source_attach(source, NULL);
 *     pyst_ami_connection_start(connection);
 *     g_main_loop_run(loop);
 *
 * The callback gets each notice, in the thread of the main context; what the notice shows lives
 * until the callback returns. It may submit, cancel, close, start, and destroy the source.
 */

#include <glib.h>

#include <pyst/connection.h>

G_BEGIN_DECLS

typedef void (*pyst_ami_glib_callback)(struct pyst_ami_connection *connection,
                                       const struct pyst_ami_notice *notice, gpointer user);

struct pyst_ami_glib_source {
    GSource base;
    struct pyst_ami_connection *connection;
};

static inline gboolean pyst_ami_glib_dispatch(GSource *source, GSourceFunc callback, gpointer user)
{
    struct pyst_ami_connection *connection = ((struct pyst_ami_glib_source *)source)->connection;
    struct pyst_ami_notice notice;

    /* Without memory the descriptor stays readable, and it is tried again. */
    (void)pyst_ami_connection_process(connection);
    while (!g_source_is_destroyed(source) && pyst_ami_connection_next(connection, &notice) > 0)
        ((pyst_ami_glib_callback)(void (*)(void))callback)(connection, &notice, user);
    return G_SOURCE_CONTINUE;
}

/**
 * The caller attaches the source to a context, and later destroys it (g_source_destroy(), before
 * the connection is freed) and drops the reference (g_source_unref()). `destroyed` (may be NULL)
 * is called with `user` when nothing uses it any more.
 */
static inline GSource *pyst_ami_glib_source_new(struct pyst_ami_connection *connection,
                                                pyst_ami_glib_callback callback, gpointer user,
                                                GDestroyNotify destroyed)
{
    /* GLib only reads them, though it says otherwise. */
    static GSourceFuncs functions = {NULL, NULL, pyst_ami_glib_dispatch, NULL, NULL, NULL};
    GSource *source = g_source_new(&functions, sizeof(struct pyst_ami_glib_source));

    ((struct pyst_ami_glib_source *)source)->connection = connection;
    g_source_add_unix_fd(source, pyst_ami_connection_get_fd(connection), G_IO_IN);
    g_source_set_callback(source, (GSourceFunc)(void (*)(void))callback, user, destroyed);
    return source;
}

G_END_DECLS

#endif
