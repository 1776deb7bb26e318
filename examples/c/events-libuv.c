/* SPDX-License-Identifier: MIT */

/*
 * events-libuv [COUNT]: the same as events, in a libuv loop, beside anything else that runs there:
 * here a handler of Ctrl-C, which leaves politely.
 */

#include "asterisk.h"

#include <signal.h>

#include <pyst/adapters/libuv.h>

struct program {
    struct pyst_ami_connection *connection;
    struct pyst_ami_libuv adapter;
    uv_signal_t interrupt;
    long left;
    int error;
};

static void leave(struct program *program)
{
    pyst_ami_libuv_detach(&program->adapter, NULL);
    if (!uv_is_closing((uv_handle_t *)&program->interrupt))
        uv_close((uv_handle_t *)&program->interrupt, NULL);
}

static void on_notice(struct pyst_ami_connection *connection, const struct pyst_ami_notice *notice,
                      void *user)
{
    struct program *program = user;

    if (notice->type != PYST_AMI_NOTICE_EVENT)
        print_connection(connection, notice);
    else
        print_event(notice->message);
    if (notice->type == PYST_AMI_NOTICE_EVENT && --program->left == 0)
        leave(program);
    if (notice->type == PYST_AMI_NOTICE_CLOSED &&
        !pyst_ami_connection_retry(connection, NULL, NULL)) {
        program->error = notice->error;
        leave(program);
    }
}

static void on_interrupt(uv_signal_t *interrupt, int number)
{
    struct program *program = interrupt->data;
    struct pyst_ami_action *logoff = NULL;

    /* Its answer ends the connection, and CLOSED the program; the second Ctrl-C does at once. */
    uv_signal_stop(interrupt);
    if (pyst_ami_action_new(&logoff, pyst_text("Logoff")) < 0 ||
        pyst_ami_connection_submit(program->connection, logoff, NULL, NULL) < 0)
        leave(program);
    pyst_ami_action_free(logoff);
}

int main(int argc, char **argv)
{
    char host[256];
    struct pyst_ami_connection_options options = settings(host);
    struct program program = {.left = argc > 1 ? atol(argv[1]) : 0};
    uv_loop_t loop;
    int r;

    options.session.events = pyst_text("on");
    options.session.keepalive_us = 15000000;
    options.reconnect.enabled = true;

    r = pyst_ami_connection_new(&program.connection, &options);
    if (r < 0) {
        fprintf(stderr, "%s\n", pyst_strerror(r));
        return 1;
    }
    uv_loop_init(&loop);
    uv_signal_init(&loop, &program.interrupt);
    program.interrupt.data = &program;
    uv_signal_start(&program.interrupt, on_interrupt, SIGINT);
    pyst_ami_libuv_attach(&program.adapter, &loop, program.connection, on_notice, &program);
    pyst_ami_connection_start(program.connection);
    uv_run(&loop, UV_RUN_DEFAULT);

    uv_loop_close(&loop);
    pyst_ami_connection_free(program.connection);
    return program.error < 0;
}
