/* SPDX-License-Identifier: MIT */

/*
 * events-sd-event [COUNT]: the same as events, in systemd's event loop, as a service has one.
 */

#include "asterisk.h"

#include <pyst/adapters/sd-event.h>

struct program {
    sd_event *event;
    long left;
};

static void on_notice(struct pyst_ami_connection *connection, const struct pyst_ami_notice *notice,
                      void *user)
{
    struct program *program = user;

    if (notice->type == PYST_AMI_NOTICE_EVENT) {
        print_event(notice->message);
        if (--program->left == 0)
            sd_event_exit(program->event, 0);
        return;
    }
    print_connection(connection, notice);
    if (notice->type == PYST_AMI_NOTICE_CLOSED &&
        !pyst_ami_connection_retry(connection, NULL, NULL))
        sd_event_exit(program->event, notice->error < 0);
}

int main(int argc, char **argv)
{
    char host[256];
    struct pyst_ami_connection_options options = settings(host);
    struct pyst_ami_connection *connection = NULL;
    struct pyst_ami_sd_event adapter;
    struct program program = {.left = argc > 1 ? atol(argv[1]) : 0};
    int r;

    options.session.events = pyst_text("on");
    options.session.keepalive_us = 15000000;
    options.reconnect.enabled = true;

    r = pyst_ami_connection_new(&connection, &options);
    if (r < 0) {
        fprintf(stderr, "%s\n", pyst_strerror(r));
        return 1;
    }
    sd_event_new(&program.event);
    pyst_ami_sd_event_attach(&adapter, program.event, connection, on_notice, &program);
    pyst_ami_connection_start(connection);
    r = sd_event_loop(program.event);

    pyst_ami_sd_event_detach(&adapter);
    sd_event_unref(program.event);
    pyst_ami_connection_free(connection);
    return r != 0;
}
