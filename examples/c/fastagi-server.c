/* SPDX-License-Identifier: MIT */

/*
 * fastagi-server [ADDRESS...]: calls over the network, at agi://127.0.0.1:4573 unless told:
 *
 *     exten => 100,1,AGI(agi://127.0.0.1/ivr)
 *     exten => 200,1,AGI(agi://127.0.0.1/hold?sound=queue-thankyou)
 *
 * /ivr is the IVR of ivr.c, in a thread of its own while it lasts; /hold is served by the loop, and
 * ten thousand may wait there. The first Ctrl-C lets the calls end, for a minute; the second ends
 * them.
 *
 * With ASTERISK set (asterisk.h), it also serves the channels there that run AGI(agi:async,ivr) or
 * AGI(agi:async,hold).
 */

#include <signal.h>

#include <pyst/agi/commands.h>
#include <pyst/agi/server.h>

#include "asterisk.h"
#include "ivr.h"

#define MINUTE 60000000u

/* ---- hold: a sound, half a minute of waiting for a digit, and again ---------------------------
 */

static void submit(struct pyst_agi_call *call)
{
    if (pyst_agi_call_submit(call) < 0)
        pyst_agi_call_finish(call);
}

static void hold_started(struct pyst_agi_call *call, void *user)
{
    pyst_agi_build_answer(pyst_agi_call_command(call));
    submit(call);
}

/* What hangs on the call is not NULL while a digit is waited for. */
static void hold_replied(struct pyst_agi_call *call, int error, const struct pyst_agi_reply *reply,
                         void *user)
{
    struct pyst_agi_environment *environment = pyst_agi_call_environment(call);
    struct pyst_agi_command *command = pyst_agi_call_command(call);
    struct pyst_text sound = pyst_agi_environment_parameter(environment, "sound");
    char digit;

    if (error < 0 || (pyst_agi_call_data(call) && pyst_agi_reply_digit(reply, &digit) == 1)) {
        pyst_agi_call_finish(call);
    } else if (pyst_agi_call_data(call)) {
        pyst_agi_call_set_data(call, NULL);
        pyst_agi_build_stream_file(command, sound.size ? sound : pyst_text("vm-goodbye"),
                                   pyst_text_none(), 0);
        submit(call);
    } else {
        pyst_agi_call_set_data(call, call);
        pyst_agi_build_wait_for_digit(command, 30000);
        submit(call);
    }
}

/* ---- the server -------------------------------------------------------------------------------
 */

static struct pyst_agi_server *server;

static void on_interrupt(int number)
{
    static volatile sig_atomic_t again;

    pyst_agi_server_stop(server, again ? 0 : MINUTE);
    again = 1;
}

static void on_manager(struct pyst_ami_connection *connection, const struct pyst_ami_notice *notice,
                       void *user)
{
    print_connection(connection, notice);
}

static int listen_on(const char *address)
{
    int port;
    int r = pyst_agi_server_listen(server, address, NULL, &port);

    if (r < 0)
        fprintf(stderr, "%s\n", pyst_agi_server_error_text(server));
    else
        printf("%s %d\n", address, port);
    fflush(stdout);
    return r;
}

int main(int argc, char **argv)
{
    struct pyst_agi_call_handler hold = {.started = hold_started, .replied = hold_replied};
    struct pyst_agi_server_options options = {.loops = 2, .workers = 200};
    struct pyst_agi_server_counters counters;
    int r = pyst_agi_server_new(&server, &options);

    if (r == 0)
        r = pyst_agi_server_route(server, "ivr", ivr, NULL);
    if (r == 0)
        r = pyst_agi_server_route_evented(server, "hold", &hold, NULL);
    if (r == 0 && argc < 2)
        r = listen_on("agi://127.0.0.1");
    for (int i = 1; r == 0 && i < argc; i++)
        r = listen_on(argv[i]);
    if (r == 0 && getenv("ASTERISK")) {
        char host[256];
        struct pyst_ami_connection_options manager = settings(host);

        manager.reconnect.enabled = true;
        r = pyst_agi_server_manager(server, &manager, on_manager, NULL);
    }
    if (r == 0) {
        signal(SIGINT, on_interrupt);
        r = pyst_agi_server_run(server);
        pyst_agi_server_counters(server, &counters);
        printf("%llu calls, %llu commands\n", (unsigned long long)counters.accepted,
               (unsigned long long)counters.commands);
    }
    if (r < 0)
        fprintf(stderr, "fastagi-server: %s\n", pyst_strerror(r));
    pyst_agi_server_free(server);
    return r < 0;
}
