/* SPDX-License-Identifier: MIT */

/* AsyncAGI calls of an AGI server: the manager at the other end is a peer in a thread. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <semaphore.h>
#include <stdatomic.h>

#include <cmocka.h>

#include <pyst/agi/commands.h>
#include <pyst/connection.h>
#include <pyst/error.h>

#include "agi-client.h"
#include "connection-peer.h"

#define MANY  300 /* calls at once */
#define NEXT  100 /* from the calls of one connection to those of the next */
#define STEPS 5   /* commands that a call is answered before "bye" */

/* ---- the manager ---------------------------------------------------------------------------- */

/* What the peer is to do, and what it saw. */
struct pbx {
    int n_calls;       /* that it begins with */
    int steps;         /* then "bye"; a negative number: no answer but to the first -steps - 1 */
    bool mute;         /* answers no actions, and gives each second call the path "poked" */
    bool hangs_up;     /* instead of the answer that is withheld */
    bool closes;       /* the connection, the first time, when each call has sent a command */
    atomic_int begun;  /* calls that sent their first command */
    atomic_int broken; /* ended by ASYNCAGI BREAK */
    atomic_int wrong;  /* commands other than expected */
    int step[MANY];
};

static const char *value_of(const char *action, const char *name, char *value, size_t size)
{
    const char *at = strstr(action, name);

    *value = '\0';
    if (at) {
        at += strlen(name);
        snprintf(value, size, "%.*s", (int)strcspn(at, "\r"), at);
    }
    return value;
}

static void say_event(int fd, int call, const char *format, ...)
{
    char event[1024];
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vsnprintf(event, sizeof(event), format, arguments);
    va_end(arguments);
    snprintf(event + n, sizeof(event) - (size_t)n,
             "Privilege: agi,all\r\nChannel: Local/%d\r\nUniqueid: 1.%d\r\n\r\n", call, call);
    peer_say(fd, event);
}

static void begin_call(const struct pbx *pbx, int fd, int call)
{
    const char *odd = pbx->mute ? "poked" : "evented";

    say_event(fd, call,
              "Event: AsyncAGIStart\r\nEnv: agi_request%%3A%%20async%%0Aagi_channel%%3A%%20Local/"
              "%d%%0Aagi_arg_1%%3A%%20%s%%0A%%0A\r\n",
              call, call % 2 ? odd : "blocking");
}

/* The answer to a command of a call: its value tells the call and the step. */
static void answer(struct pbx *pbx, int fd, int call, const char *id)
{
    const int step = pbx->step[call]++;

    if (step == 0)
        atomic_fetch_add(&pbx->begun, 1);
    if (pbx->steps < 0 && step >= -pbx->steps - 1) {
        if (pbx->hangs_up) {
            say_event(fd, call, "Event: AsyncAGIEnd\r\n");
            say_event(fd, call, "Event: Hangup\r\n");
        }
        return;
    }
    if (step == pbx->steps)
        say_event(fd, call,
                  "Event: AsyncAGIExec\r\nCommandId: %s\r\nResult: "
                  "200%%20result%%3D0%%20(bye)%%0A\r\n",
                  id);
    else
        say_event(fd, call,
                  "Event: AsyncAGIExec\r\nCommandId: %s\r\nResult: "
                  "200%%20result%%3D1%%20(call%%20%d%%20step%%20%d)%%0A\r\n",
                  id, call, step);
}

static void check(struct pbx *pbx, int call, const char *command)
{
    char expected[128];

    if (pbx->step[call] == 0)
        snprintf(expected, sizeof(expected), "NOOP \"%s\"", call % 2 ? "evented" : "blocking");
    else
        snprintf(expected, sizeof(expected), "NOOP \"call %d step %d\"", call, pbx->step[call] - 1);
    if (strcmp(command, expected) != 0) {
        printf("# %s instead of %s\n", command, expected);
        atomic_fetch_add(&pbx->wrong, 1);
    }
}

static void serve(struct peer *peer, int fd, unsigned index)
{
    struct pbx *pbx = peer_user(peer);
    char action[8192], value[256], id[64];

    if (!peer_login(fd, NULL, 0))
        return;
    for (int i = 0; i < pbx->n_calls; i++)
        begin_call(pbx, fd, i + (int)index * NEXT);
    while (peer_hear(fd, action, sizeof(action)) > 0) {
        int call;

        if (!pbx->mute)
            peer_answer(fd, action, "Response: Success\r\n");
        if (!strstr(action, "Action: AGI\r\n"))
            continue;
        call = atoi(value_of(action, "Channel: 1.", value, sizeof(value)));
        if (call < 0 || call >= MANY)
            continue;
        value_of(action, "CommandID: ", id, sizeof(id));
        value_of(action, "Command: ", value, sizeof(value));
        if (strcmp(value, "ASYNCAGI BREAK") == 0) {
            atomic_fetch_add(&pbx->broken, 1);
            say_event(fd, call,
                      "Event: AsyncAGIExec\r\nCommandId: %s\r\nResult: 200%%20result%%3D0%%0A\r\n",
                      id);
            say_event(fd, call, "Event: AsyncAGIEnd\r\n");
            continue;
        }
        check(pbx, call, value);
        answer(pbx, fd, call, id);
        if (pbx->closes && index == 0 && atomic_load(&pbx->begun) == pbx->n_calls)
            return;
    }
}

/* ---- the program ---------------------------------------------------------------------------- */

struct seen {
    atomic_int ended, hung_up, error;
    atomic_int ready, closed;
};

static void noop(struct pyst_agi_call *call, struct pyst_text text)
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
    noop(call, pyst_text("evented"));
}

static void on_replied(struct pyst_agi_call *call, int error, const struct pyst_agi_reply *reply,
                       void *user)
{
    (void)user;
    if (error < 0 || pyst_text_equal(reply->value, pyst_text("bye")))
        pyst_agi_call_finish(call);
    else
        noop(call, reply->value);
}

static void on_ended(struct pyst_agi_call *call, int error, void *user)
{
    struct seen *seen = user;

    (void)call;
    atomic_store(&seen->error, error);
    atomic_fetch_add(&seen->ended, 1);
}

static const struct pyst_agi_call_handler handler = {
    .started = on_started,
    .replied = on_replied,
    .ended = on_ended,
};

static int blocking(struct pyst_agi *agi, void *user)
{
    struct pyst_agi_command *command = pyst_agi_command(agi);
    const struct pyst_agi_reply *reply;
    struct seen *seen = user;
    int r;

    pyst_agi_command_begin(command, "NOOP");
    pyst_agi_command_add(command, pyst_text("blocking"));
    while ((r = pyst_agi_execute(agi, &reply)) == 0 &&
           !pyst_text_equal(reply->value, pyst_text("bye"))) {
        pyst_agi_command_begin(command, "NOOP");
        pyst_agi_command_add(command, reply->value);
    }
    if (r == PYST_ERR_HANGUP)
        atomic_fetch_add(&seen->hung_up, 1);
    atomic_fetch_add(&seen->ended, 1);
    return 0;
}

static void on_manager(struct pyst_ami_connection *connection, const struct pyst_ami_notice *notice,
                       void *user)
{
    struct seen *seen = user;

    (void)connection;
    atomic_fetch_add(notice->type == PYST_AMI_NOTICE_READY ? &seen->ready : &seen->closed, 1);
}

struct program {
    struct served served;
    struct seen seen;
    struct pbx pbx;
    struct peer *peer;
};

static void begin(struct program *program, const struct pyst_agi_server_options *options,
                  unsigned connections)
{
    struct pyst_ami_connection_options manager;

    memset(&program->seen, 0, sizeof(program->seen));
    program->served = served_new(options);
    assert_int_equal(
        pyst_agi_server_route_evented(program->served.server, "evented", &handler, &program->seen),
        0);
    assert_int_equal(
        pyst_agi_server_route(program->served.server, "blocking", blocking, &program->seen), 0);
    program->peer = peer_new("127.0.0.1", connections, serve, &program->pbx);
    manager = options_for(peer_port(program->peer));
    manager.reconnect.enabled = connections > 1;
    manager.reconnect.min_us = 10000;
    assert_int_equal(
        pyst_agi_server_manager(program->served.server, &manager, on_manager, &program->seen), 0);
    served_run(&program->served);
}

static void end(struct program *program)
{
    served_end(&program->served);
    peer_join(program->peer);
    assert_int_equal(atomic_load(&program->pbx.wrong), 0);
}

static void await_count(atomic_int *counter, int value)
{
    for (int turn = 0; atomic_load(counter) < value; turn++)
        client_wait(turn);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void serves_hundreds_of_calls_of_one_connection(void **state)
{
    const struct pyst_agi_server_options options = {.loops = 2, .workers = MANY / 2};
    struct program program = {.pbx = {.n_calls = MANY, .steps = STEPS}};
    int fd;

    (void)state;
    begin(&program, &options, 1);
    await_count(&program.seen.ended, MANY);
    AWAIT(&program.served, calls, 0);
    await_count(&program.pbx.broken, MANY);
    AWAIT(&program.served, commands, MANY * (STEPS + 1));
    AWAIT(&program.served, managers, 1);
    /* The same routes serve FastAGI. */
    fd = client_call(program.served.port, "evented");
    client_expect(fd, "NOOP \"evented\"");
    client_say(fd, "200 result=0 (bye)\n");
    client_expect_end(fd);
    end(&program);
}

static void tells_of_hangups(void **state)
{
    struct program program = {.pbx = {.n_calls = 10, .steps = -3, .hangs_up = true}};

    (void)state;
    begin(&program, NULL, 1);
    await_count(&program.seen.ended, 10);
    AWAIT(&program.served, calls, 0);
    assert_int_equal(atomic_load(&program.seen.hung_up), 5);
    assert_int_equal(atomic_load(&program.seen.error), 0);
    end(&program);
    assert_int_equal(atomic_load(&program.pbx.broken), 0);
}

/* All calls end with their connection, and the next one's are served. */
static void outlives_the_loss_of_the_connection(void **state)
{
    struct program program = {.pbx = {.n_calls = 10, .steps = -1, .closes = true}};

    (void)state;
    begin(&program, NULL, 2);
    await_count(&program.seen.ended, 10);
    assert_int_equal(atomic_load(&program.seen.hung_up), 5);
    assert_true(atomic_load(&program.seen.error) < 0);
    await_count(&program.pbx.begun, 20);
    assert_int_equal(atomic_load(&program.seen.ready), 2);
    assert_int_equal(atomic_load(&program.seen.closed), 1);
    end(&program);
    assert_int_equal(atomic_load(&program.seen.ended), 20);
    /* Those of the lost connection are told on the next, those of the next at the stop. */
    assert_int_equal(atomic_load(&program.pbx.broken), 20);
}

/* Asterisk hears of the end of each call before the connection goes. */
static void breaks_calls_off_when_it_stops(void **state)
{
    const struct pyst_agi_server_options options = {.loops = 2, .workers = 3};
    struct program program = {.pbx = {.n_calls = 12, .steps = -1}};

    (void)state;
    begin(&program, &options, 1);
    await_count(&program.pbx.begun, 9);
    AWAIT(&program.served, waiting, 3);
    end(&program);
    assert_int_equal(atomic_load(&program.pbx.broken), 12);
    assert_int_equal(atomic_load(&program.seen.ended), 9);
    assert_int_equal(atomic_load(&program.seen.error), PYST_ERR_CANCELLED);
}

static void breaks_off_calls_above_the_limits(void **state)
{
    const struct pyst_agi_server_options options = {.calls = 4, .workers = 1, .waiting = 1};
    struct program program = {.pbx = {.n_calls = 6, .steps = -1}};

    (void)state;
    begin(&program, &options, 1);
    AWAIT(&program.served, refused_calls, 2);
    await_count(&program.pbx.broken, 2);
    AWAIT(&program.served, calls, 4);
    end(&program);
    assert_int_equal(atomic_load(&program.pbx.broken), 6);
}

static void breaks_off_calls_that_are_idle(void **state)
{
    const struct pyst_agi_server_options options = {.idle_timeout_us = 100000};
    struct program program = {.pbx = {.n_calls = 4, .steps = -2}};

    (void)state;
    begin(&program, &options, 1);
    await_count(&program.pbx.broken, 4);
    AWAIT(&program.served, calls, 0);
    AWAIT(&program.served, idle_timed_out, 4);
    assert_int_equal(atomic_load(&program.seen.error), PYST_ERR_TIMED_OUT);
    end(&program);
}

/* ---- a call that is moved by another, and whose command cannot be submitted -------------------
 */

static struct pyst_agi_call *poked;
static sem_t is_started;

static void poked_started(struct pyst_agi_call *call, void *user)
{
    (void)user;
    poked = call;
    sem_post(&is_started);
}

static void poke(struct pyst_agi_call *call, void *user)
{
    (void)user;
    noop(poked, pyst_text("poked"));
    noop(call, pyst_text("poking"));
}

static void ends_a_call_whose_command_cannot_be_submitted(void **state)
{
    const struct pyst_agi_call_handler poked_handler = {.started = poked_started,
                                                        .ended = on_ended};
    const struct pyst_agi_call_handler poking_handler = {.started = poke};
    struct program program = {.pbx = {.n_calls = 2, .steps = -1, .mute = true}};
    struct pyst_ami_connection_options manager;
    int fd;

    (void)state;
    sem_init(&is_started, 0, 0);
    program.served = served_new(NULL);
    pyst_agi_server_route(program.served.server, "blocking", blocking, &program.seen);
    pyst_agi_server_route_evented(program.served.server, "poked", &poked_handler, &program.seen);
    pyst_agi_server_route_evented(program.served.server, "poke", &poking_handler, NULL);
    program.peer = peer_new("127.0.0.1", 1, serve, &program.pbx);
    manager = options_for(peer_port(program.peer));
    manager.session.actions_in_flight = 1;
    assert_int_equal(pyst_agi_server_manager(program.served.server, &manager, NULL, NULL), 0);
    served_run(&program.served);
    await_count(&program.pbx.begun, 1);
    while (sem_wait(&is_started) < 0)
        continue;
    fd = client_call(program.served.port, "poke");
    client_expect(fd, "NOOP \"poking\"");
    assert_int_equal(atomic_load(&program.seen.ended), 1);
    assert_int_equal(atomic_load(&program.seen.error), PYST_ERR_LIMIT_IN_FLIGHT);
    close(fd);
    end(&program);
}

static void does_without_a_manager_that_is_not_there(void **state)
{
    struct served served = served_new(NULL);
    struct seen seen = {0};
    int unused;
    struct pyst_ami_connection_options manager = options_for(refusing_port(&unused));

    (void)state;
    assert_int_equal(pyst_agi_server_manager(served.server, &manager, on_manager, &seen), 0);
    manager.session.username = pyst_text("a\nb");
    assert_true(pyst_agi_server_manager(served.server, &manager, NULL, NULL) < 0);
    served_run(&served);
    await_count(&seen.closed, 1);
    AWAIT(&served, managers, 0);
    assert_int_equal(pyst_agi_server_manager(served.server, &manager, NULL, NULL), PYST_ERR_STATE);
    served_end(&served);
    close(unused);

    /* One that never ran. */
    manager = options_for(1);
    served = served_new(NULL);
    assert_int_equal(pyst_agi_server_manager(served.server, &manager, NULL, NULL), 0);
    pyst_agi_server_free(served.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_hundreds_of_calls_of_one_connection),
        cmocka_unit_test(tells_of_hangups),
        cmocka_unit_test(outlives_the_loss_of_the_connection),
        cmocka_unit_test(breaks_calls_off_when_it_stops),
        cmocka_unit_test(breaks_off_calls_above_the_limits),
        cmocka_unit_test(breaks_off_calls_that_are_idle),
        cmocka_unit_test(ends_a_call_whose_command_cannot_be_submitted),
        cmocka_unit_test(does_without_a_manager_that_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
