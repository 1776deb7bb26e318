/* SPDX-License-Identifier: MIT */

/*
 * A FastAGI server with libpyst-server. Usage:
 *
 *     agi-server evented LOOPS
 *     agi-server blocking LOOPS WORKERS
 *
 * It prints the port it listens on and ends when its standard input does.
 */

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pyst/agi/commands.h>
#include <pyst/agi/server.h>
#include <pyst/error.h>

#define COMMANDS 20

static const char value[] = "opening hours, all days";

/* ---- evented: how many commands were sent hangs on the call --------------------------------- */

static void send_next(struct pyst_agi_call *call)
{
    struct pyst_agi_command *command = pyst_agi_call_command(call);
    uintptr_t sent = (uintptr_t)pyst_agi_call_data(call);
    char name[] = "BENCH_1";
    char message[] = "step 1 of 5";

    if (sent == COMMANDS) {
        pyst_agi_call_finish(call);
        return;
    }
    name[6] = message[5] = (char)('1' + sent / 4);
    switch (sent % 4) {
    case 0:
        pyst_agi_build_noop(command);
        break;
    case 1:
        pyst_agi_build_verbose(command, pyst_text(message), 3);
        break;
    case 2:
        pyst_agi_build_set_variable(command, pyst_text(name), pyst_text(value));
        break;
    default:
        pyst_agi_build_get_variable(command, pyst_text(name));
        break;
    }
    pyst_agi_call_set_data(call, (void *)(sent + 1)); /* NOLINT(performance-no-int-to-ptr) */
    if (pyst_agi_call_submit(call) < 0) {
        pyst_agi_call_finish(call);
    }
}

static void started(struct pyst_agi_call *call, void *user)
{
    (void)user;
    send_next(call);
}

static void replied(struct pyst_agi_call *call, int error, const struct pyst_agi_reply *reply,
                    void *user)
{
    struct pyst_text got;

    (void)user;
    if (error < 0 ||
        ((uintptr_t)pyst_agi_call_data(call) % 4 == 0 &&
         (pyst_agi_reply_value(reply, &got) != 1 || !pyst_text_equal(got, pyst_text(value))))) {
        pyst_agi_call_finish(call);
        return;
    }
    send_next(call);
}

/* ---- blocking ------------------------------------------------------------------------------- */

static int handle(struct pyst_agi *agi, void *user)
{
    (void)user;
    for (char i = '1'; i <= '5'; i++) {
        struct pyst_text got;
        char name[] = "BENCH_1";
        char message[] = "step 1 of 5";

        name[6] = message[5] = i;
        if (pyst_agi_noop(agi) < 0 || pyst_agi_verbose(agi, message, 3) < 0 ||
            pyst_agi_set_variable(agi, name, value) < 0 ||
            pyst_agi_get_variable(agi, name, &got) != 1 ||
            !pyst_text_equal(got, pyst_text(value))) {
            return 1;
        }
    }
    return 0;
}

/* --------------------------------------------------------------------------------------------- */

static void *stop_at_end_of_input(void *server)
{
    char data[64];

    while (read(STDIN_FILENO, data, sizeof(data)) > 0) {
    }
    pyst_agi_server_stop(server, 0);
    return NULL;
}

static void must(int r, const char *what)
{
    if (r < 0) {
        fprintf(stderr, "agi-server: %s: %s\n", what, pyst_strerror(r));
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static const struct pyst_agi_call_handler handler = {.started = started, .replied = replied};
    struct pyst_agi_server_options options = {.waiting = 20000};
    struct pyst_agi_server *server;
    pthread_t watcher;
    int port;

    if (argc < 3 || (strcmp(argv[1], "evented") != 0 && argc < 4)) {
        fprintf(stderr, "usage: agi-server evented LOOPS | blocking LOOPS WORKERS\n");
        return 2;
    }
    options.loops = (unsigned)strtoul(argv[2], NULL, 10);
    if (argc > 3) {
        options.workers = (unsigned)strtoul(argv[3], NULL, 10);
    }
    must(pyst_agi_server_new(&server, &options), "new");
    if (strcmp(argv[1], "evented") == 0) {
        must(pyst_agi_server_route_evented(server, "bench", &handler, NULL), "route");
    } else {
        must(pyst_agi_server_route(server, "bench", handle, NULL), "route");
    }
    must(pyst_agi_server_listen(server, "agi://127.0.0.1:0", NULL, &port), "listen");
    printf("%d\n", port);
    fflush(stdout);
    if (pthread_create(&watcher, NULL, stop_at_end_of_input, server) != 0) {
        must(PYST_ERR_SYSTEM, "thread");
    }
    must(pyst_agi_server_run(server), "run");
    pthread_join(watcher, NULL);
    pyst_agi_server_free(server);
    return 0;
}
