/* SPDX-License-Identifier: MIT */

/*
 * async-agi-driver PORT: serves the AsyncAGI calls of a manager, until standard input ends.
 *
 * A call of the path "blocking" runs in a thread of its own, any other as functions of the loop.
 * Each sets variables to its own unique ID and reads them back. Lines on standard output: "ready"
 * when the manager is logged in, then "right ID" or "wrong ID WHY" for each call.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pyst/agi/commands.h>
#include <pyst/agi/program.h>
#include <pyst/agi/server.h>
#include <pyst/connection.h>

#define VARIABLES 5
#define WORKERS   200

static void tell(struct pyst_text id, int error)
{
    if (error == 0)
        printf("right %.*s\n", (int)id.size, id.data);
    else
        printf("wrong %.*s %s\n", (int)id.size, id.data, pyst_error_name(error));
    fflush(stdout);
}

static void value_of(char *out, size_t size, struct pyst_text id, int i)
{
    snprintf(out, size, "%.*s (\"%d\")", (int)id.size, id.data, i);
}

static int blocking(struct pyst_agi *agi, void *user)
{
    struct pyst_text id = pyst_agi_get(agi, "uniqueid");
    int r = 0;

    for (int i = 0; i < 2 * VARIABLES && r >= 0; i++) {
        char name[8], value[128];
        struct pyst_text got;

        snprintf(name, sizeof(name), "V%d", i % VARIABLES);
        value_of(value, sizeof(value), id, i % VARIABLES);
        if (i < VARIABLES) {
            r = pyst_agi_set_variable(agi, name, value);
        } else {
            r = pyst_agi_get_variable(agi, name, &got);
            if (r == 1 && !pyst_text_equal(got, pyst_text(value)))
                r = PYST_ERR_BAD_REPLY;
        }
    }
    tell(id, r < 0 ? r : 0);
    return 0;
}

/* The same as steps; the number of the step is the call's data. */
static void take_step(struct pyst_agi_call *call, intptr_t step)
{
    struct pyst_text id = pyst_agi_environment_get(pyst_agi_call_environment(call), "uniqueid");
    struct pyst_agi_command *command = pyst_agi_call_command(call);
    char name[8], value[128];
    int r;

    if (step == 2 * VARIABLES) {
        tell(id, 0);
        pyst_agi_call_finish(call);
        return;
    }
    snprintf(name, sizeof(name), "V%d", (int)step % VARIABLES);
    value_of(value, sizeof(value), id, (int)step % VARIABLES);
    pyst_agi_command_begin(command, step < VARIABLES ? "SET VARIABLE" : "GET VARIABLE");
    pyst_agi_command_add(command, pyst_text(name));
    if (step < VARIABLES)
        pyst_agi_command_add(command, pyst_text(value));
    pyst_agi_call_set_data(call, (void *)(step + 1));
    r = pyst_agi_call_submit(call);
    if (r < 0) {
        tell(id, r);
        pyst_agi_call_finish(call);
    }
}

static void started(struct pyst_agi_call *call, void *user)
{
    take_step(call, 0);
}

static void replied(struct pyst_agi_call *call, int error, const struct pyst_agi_reply *reply,
                    void *user)
{
    struct pyst_text id = pyst_agi_environment_get(pyst_agi_call_environment(call), "uniqueid");
    intptr_t step = (intptr_t)pyst_agi_call_data(call);
    char value[128];

    value_of(value, sizeof(value), id, (int)(step - 1) % VARIABLES);
    if (error == 0 && step > VARIABLES && !pyst_text_equal(reply->value, pyst_text(value)))
        error = PYST_ERR_BAD_REPLY;
    if (error < 0) {
        tell(id, error);
        pyst_agi_call_finish(call);
    } else {
        take_step(call, step);
    }
}

static void manager_told(struct pyst_ami_connection *connection,
                         const struct pyst_ami_notice *notice, void *user)
{
    if (notice->type != PYST_AMI_NOTICE_READY)
        return;
    puts("ready");
    fflush(stdout);
}

static void *wait_for_input(void *server)
{
    char byte;

    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    pyst_agi_server_stop(server, UINT64_C(10000000));
    return NULL;
}

int main(int argc, char **argv)
{
    static const struct pyst_agi_call_handler evented = {.started = started, .replied = replied};
    struct pyst_agi_server_options options = {.workers = WORKERS};
    struct pyst_ami_connection_options manager = {
        .session = {.username = pyst_text("admin"), .secret = pyst_text("secret")},
        .host = "127.0.0.1",
    };
    struct pyst_agi_server *server;
    pthread_t thread;

    if (argc != 2)
        return 2;
    manager.port = (uint16_t)atoi(argv[1]);
    if (pyst_agi_server_new(&server, &options) < 0 ||
        pyst_agi_server_route(server, "blocking", blocking, NULL) < 0 ||
        pyst_agi_server_route_evented(server, "*", &evented, NULL) < 0 ||
        pyst_agi_server_manager(server, &manager, manager_told, NULL) < 0 ||
        pthread_create(&thread, NULL, wait_for_input, server) != 0)
        return 1;
    if (pyst_agi_server_run(server) < 0)
        return 1;
    pthread_join(thread, NULL);
    pyst_agi_server_free(server);
    return 0;
}
