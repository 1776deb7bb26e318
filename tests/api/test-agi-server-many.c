/* SPDX-License-Identifier: MIT */

/* An AGI server with thousands of calls at once. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/resource.h>

#include <cmocka.h>

#include <pyst/agi/commands.h>

#include "agi-client.h"

#define CALLS 2000 /* ten thousand are in bench/ */
#define BUSY  100  /* that go on while the others are idle */
#define STEPS 5

static void say(struct pyst_agi_call *call, struct pyst_text text)
{
    struct pyst_agi_command *command = pyst_agi_call_command(call);

    pyst_agi_command_begin(command, "NOOP");
    pyst_agi_command_add(command, text);
    if (pyst_agi_call_submit(call) < 0)
        pyst_agi_call_finish(call);
}

static void on_started(struct pyst_agi_call *call, void *user)
{
    (void)user;
    say(call, pyst_agi_environment_path(pyst_agi_call_environment(call)));
}

static void on_replied(struct pyst_agi_call *call, int error, const struct pyst_agi_reply *reply,
                       void *user)
{
    (void)user;
    if (error < 0 || pyst_text_equal(reply->value, pyst_text("bye")))
        pyst_agi_call_finish(call);
    else
        say(call, reply->value);
}

static void step(int fd, int call, int n)
{
    char text[64];

    snprintf(text, sizeof(text), "200 result=1 (call %d step %d)\n", call, n);
    client_say(fd, text);
    snprintf(text, sizeof(text), "NOOP \"call %d step %d\"", call, n);
    client_expect(fd, text);
}

static void thousands_of_calls_are_held_while_some_go_on(void **state)
{
    static const struct pyst_agi_call_handler handler = {.started = on_started,
                                                         .replied = on_replied};
    const struct pyst_agi_server_options options = {.loops = 2};
    const rlim_t wanted = 2 * CALLS + 100;
    static int fds[CALLS];
    struct rlimit before, now;
    struct served served;
    char text[64];

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    now = before;
    if (now.rlim_cur < wanted)
        now.rlim_cur = wanted;
    if (setrlimit(RLIMIT_NOFILE, &now) < 0)
        skip(); /* so many descriptors are not to be had */
    served = served_new(&options);
    assert_int_equal(pyst_agi_server_route_evented(served.server, "*", &handler, NULL), 0);
    served_run(&served);
    for (int i = 0; i < CALLS; i++) {
        snprintf(text, sizeof(text), "%d", i);
        fds[i] = client_call(served.port, text);
    }
    for (int i = 0; i < CALLS; i++) {
        snprintf(text, sizeof(text), "NOOP \"%d\"", i);
        client_expect(fds[i], text);
    }
    AWAIT(&served, calls, CALLS);
    for (int n = 0; n < STEPS; n++)
        for (int i = 0; i < BUSY; i++)
            step(fds[i * (CALLS / BUSY)], i, n);
    /* Those that waited all the time are still who they were. */
    for (int i = 0; i < CALLS; i++)
        step(fds[i], i, STEPS);
    for (int i = 0; i < CALLS; i++)
        client_say(fds[i], "200 result=0 (bye)\n");
    for (int i = 0; i < CALLS; i++)
        client_expect_end(fds[i]);
    AWAIT(&served, calls, 0);
    AWAIT(&served, accepted, CALLS);
    AWAIT(&served, commands, 2 * CALLS + BUSY * STEPS);
    assert_int_equal(served_counters(&served).broken, 0);
    served_end(&served);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thousands_of_calls_are_held_while_some_go_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
