/* SPDX-License-Identifier: MIT */

/*
 * events-glib [COUNT]: the same as events, in a GLib main loop, as any GTK program has one.
 */

#include "asterisk.h"

#include <pyst/adapters/glib.h>

struct program {
    GMainLoop *loop;
    long left;
    int error;
};

static void on_notice(struct pyst_ami_connection *connection, const struct pyst_ami_notice *notice,
                      gpointer user)
{
    struct program *program = user;

    if (notice->type == PYST_AMI_NOTICE_EVENT) {
        print_event(notice->message);
        if (--program->left == 0)
            g_main_loop_quit(program->loop);
        return;
    }
    print_connection(connection, notice);
    if (notice->type == PYST_AMI_NOTICE_CLOSED &&
        !pyst_ami_connection_retry(connection, NULL, NULL)) {
        program->error = notice->error;
        g_main_loop_quit(program->loop);
    }
}

int main(int argc, char **argv)
{
    char host[256];
    struct pyst_ami_connection_options options = settings(host);
    struct pyst_ami_connection *connection = NULL;
    struct program program = {.left = argc > 1 ? atol(argv[1]) : 0};
    GSource *source;
    int r;

    options.session.events = pyst_text("on");
    options.session.keepalive_us = 15000000;
    options.reconnect.enabled = true;

    r = pyst_ami_connection_new(&connection, &options);
    if (r < 0) {
        fprintf(stderr, "%s\n", pyst_strerror(r));
        return 1;
    }
    program.loop = g_main_loop_new(NULL, FALSE);
    source = pyst_ami_glib_source_new(connection, on_notice, &program, NULL);
    g_source_attach(source, NULL);
    pyst_ami_connection_start(connection);
    g_main_loop_run(program.loop);

    g_source_destroy(source);
    g_source_unref(source);
    g_main_loop_unref(program.loop);
    pyst_ami_connection_free(connection);
    return program.error < 0;
}
