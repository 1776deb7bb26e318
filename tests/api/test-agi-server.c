/* SPDX-License-Identifier: MIT */

/* The server for AGI calls over loopback: routes, both kinds of handlers, stopping. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cmocka.h>

#include <pyst/agi/commands.h>
#include <pyst/error.h>

#include "agi-client.h"

#define CALLS 300 /* at once */

/* ---- handlers ------------------------------------------------------------------------------- */

static void submit_line(struct pyst_agi_call *call, const char *line)
{
    struct pyst_agi_command *command = pyst_agi_call_command(call);

    pyst_agi_command_set_line(command, pyst_text(line));
    if (pyst_agi_call_submit(call) < 0)
        pyst_agi_call_finish(call);
}

/* Says the name of the route it serves, its user, and then what it was answered. */
static void say_started(struct pyst_agi_call *call, void *user)
{
    struct pyst_agi_command *command = pyst_agi_call_command(call);

    pyst_agi_command_begin(command, "NOOP");
    pyst_agi_command_add(command, pyst_text(user));
    pyst_agi_call_submit(call);
}

static void say_replied(struct pyst_agi_call *call, int error, const struct pyst_agi_reply *reply,
                        void *user)
{
    struct pyst_agi_command *command = pyst_agi_call_command(call);

    (void)user;
    if (!reply || pyst_text_equal(reply->value, pyst_text("bye"))) {
        pyst_agi_call_finish(call);
        return;
    }
    pyst_agi_command_begin(command, "NOOP");
    pyst_agi_command_add(command, reply->value);
    pyst_agi_command_add_number(command, error);
    pyst_agi_call_submit(call);
}

static const struct pyst_agi_call_handler say = {.started = say_started, .replied = say_replied};

/* The same in a worker. */
static int say_blocking(struct pyst_agi *agi, void *user)
{
    const struct pyst_agi_reply *reply;
    struct pyst_agi_command *command = pyst_agi_command(agi);
    int error;

    pyst_agi_command_begin(command, "NOOP");
    pyst_agi_command_add(command, pyst_text(user));
    for (;;) {
        error = pyst_agi_execute(agi, &reply);
        if (!reply || pyst_text_equal(reply->value, pyst_text("bye")))
            return 0;
        pyst_agi_command_begin(command, "NOOP");
        pyst_agi_command_add(command, reply->value);
        pyst_agi_command_add_number(command, error);
    }
}

static void add_say(const struct served *served, const char *pattern, bool evented)
{
    /* The pattern's own text is told. */
    const int r = evented ? pyst_agi_server_route_evented(served->server, pattern, &say,
                                                          (void *)(uintptr_t)pattern)
                          : pyst_agi_server_route(served->server, pattern, say_blocking,
                                                  (void *)(uintptr_t)pattern);

    assert_int_equal(r, 0);
}

/* What one call saw, and where it waits. */
struct seen {
    sem_t arrived, go;
    int started, replied, hung_up, ended;
    int reply_error, end_error, result;
};

static void seen_init(struct seen *seen)
{
    memset(seen, 0, sizeof(*seen));
    sem_init(&seen->arrived, 0, 0);
    sem_init(&seen->go, 0, 0);
}

static void await(sem_t *semaphore)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    assert_int_equal(sem_timedwait(semaphore, &until), 0);
}

static void seen_started(struct pyst_agi_call *call, void *user)
{
    struct seen *seen = user;

    seen->started++;
    submit_line(call, "WAIT FOR DIGIT 1000");
    sem_post(&seen->arrived);
}

static void seen_replied(struct pyst_agi_call *call, int error, const struct pyst_agi_reply *reply,
                         void *user)
{
    struct seen *seen = user;

    seen->replied++;
    seen->reply_error = error;
    if (!reply)
        seen->result = pyst_agi_call_submit(call);
    else if (error == 0)
        pyst_agi_call_finish(call);
    else
        submit_line(call, "VERBOSE after");
}

static void seen_hung_up(struct pyst_agi_call *call, void *user)
{
    struct seen *seen = user;

    seen->hung_up += pyst_agi_call_is_hung_up(call) ? 1 : 100;
}

static void seen_ended(struct pyst_agi_call *call, int error, void *user)
{
    struct seen *seen = user;

    /* The environment is still there, and nothing can be sent. */
    if (pyst_agi_environment_count(pyst_agi_call_environment(call)) == 0 ||
        pyst_agi_call_submit(call) >= 0)
        seen->ended += 100;
    pyst_agi_call_finish(call);
    seen->ended++;
    seen->end_error = error;
    sem_post(&seen->arrived);
}

static const struct pyst_agi_call_handler watcher = {
    seen_started,
    seen_replied,
    seen_hung_up,
    seen_ended,
};

/* A worker that does nothing until it is told to, and one command then. */
static int stall(struct pyst_agi *agi, void *user)
{
    struct seen *seen = user;

    sem_post(&seen->arrived);
    while (sem_wait(&seen->go) < 0)
        continue;
    seen->result = pyst_agi_execute_line(agi, "NOOP", NULL);
    seen->hung_up = pyst_agi_is_hung_up(agi);
    sem_post(&seen->arrived);
    return 0;
}

static void stall_started(struct pyst_agi_call *call, void *user)
{
    struct seen *seen = user;

    sem_post(&seen->arrived);
    while (sem_wait(&seen->go) < 0)
        continue;
    pyst_agi_call_finish(call);
}

static const struct pyst_agi_call_handler stalling = {.started = stall_started};

/* ---- routes --------------------------------------------------------------------------------- */

static void talk(int fd, const char *name)
{
    char line[128];

    snprintf(line, sizeof(line), "NOOP \"%s\"", name);
    client_expect(fd, line);
    client_say(fd, "200 result=0 (one \"two\")\n");
    client_expect(fd, "NOOP \"one \\\"two\\\"\" 0");
    client_say(fd, "100 result=0 Trying...\n200 result=5 (x)\n");
    client_expect(fd, "NOOP \"x\" 0");
    client_say(fd, "200 result=0 (bye)\n");
    client_expect_end(fd);
}

static void serves_a_call_in_the_loop(void **state)
{
    struct served served = served_new(NULL);
    struct pyst_agi_server_counters counters;

    (void)state;
    add_say(&served, "ivr/sales", true);
    served_run(&served);
    talk(client_call(served.port, "ivr/sales?lang=en"), "ivr/sales");
    AWAIT(&served, calls, 0);
    counters = served_counters(&served);
    assert_int_equal(counters.accepted, 1);
    assert_int_equal(counters.commands, 3);
    assert_int_equal(counters.broken, 0);
    served_end(&served);
}

static void serves_a_call_in_a_worker(void **state)
{
    struct served served = served_new(NULL);

    (void)state;
    add_say(&served, "ivr/sales", false);
    served_run(&served);
    for (int i = 0; i < 3; i++)
        talk(client_call(served.port, "ivr/sales"), "ivr/sales");
    AWAIT(&served, calls, 0);
    AWAIT(&served, commands, 9);
    AWAIT(&served, working, 0);
    served_end(&served);
}

static void takes_the_longest_pattern_that_fits(void **state)
{
    static const struct {
        const char *path, *pattern;
    } cases[] = {
        {"ivr", "ivr"},
        {"ivr/", "ivr/*"},
        {"ivr/a", "ivr/*"},
        {"ivr/sales", "ivr/sales"},
        {"ivr/sales/eu", "ivr/sales/*"},
        {"ivr/sale", "ivr/*"},
        {"ivrs", "*"},
        {"", ""},
        {"?a=b", ""},
        {"with%20blank", "with blank"},
        {"other", "*"},
    };
    struct served served = served_new(NULL);

    (void)state;
    add_say(&served, "*", true);
    add_say(&served, "ivr/*", true);
    add_say(&served, "ivr", true);
    add_say(&served, "", true);
    add_say(&served, "ivr/sales/*", true);
    add_say(&served, "/ivr/sales", true);
    add_say(&served, "with blank", false);
    served_run(&served);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        talk(client_call(served.port, cases[i].path),
             strcmp(cases[i].pattern, "ivr/sales") == 0 ? "/ivr/sales" : cases[i].pattern);
    served_end(&served);
}

static void refuses_bad_routes(void **state)
{
    const struct pyst_agi_call_handler none = {.replied = say_replied};
    struct served served = served_new(NULL);

    (void)state;
    add_say(&served, "a", true);
    assert_int_equal(pyst_agi_server_route(served.server, "a", say_blocking, NULL),
                     PYST_ERR_INVALID);
    assert_int_equal(pyst_agi_server_route(served.server, "a*", say_blocking, NULL),
                     PYST_ERR_INVALID);
    assert_int_equal(pyst_agi_server_route(served.server, "*a", say_blocking, NULL),
                     PYST_ERR_INVALID);
    assert_int_equal(pyst_agi_server_route(served.server, "a/*/b", say_blocking, NULL),
                     PYST_ERR_INVALID);
    assert_int_equal(pyst_agi_server_route(served.server, "a/**", say_blocking, NULL),
                     PYST_ERR_INVALID);
    assert_int_equal(pyst_agi_server_route(served.server, "b", NULL, NULL), PYST_ERR_INVALID);
    assert_int_equal(pyst_agi_server_route_evented(served.server, "b", &none, NULL),
                     PYST_ERR_INVALID);
    served_run(&served);
    talk(client_call(served.port, "a"), "a");
    assert_int_equal(pyst_agi_server_route(served.server, "b", say_blocking, NULL), PYST_ERR_STATE);
    assert_int_equal(pyst_agi_server_listen(served.server, "agi://127.0.0.1:0", NULL, NULL),
                     PYST_ERR_STATE);
    assert_int_equal(pyst_agi_server_run(served.server), PYST_ERR_STATE);
    served_end(&served);
}

static void says_that_no_route_fits(void **state)
{
    struct served served = served_new(NULL);
    int fd;

    (void)state;
    add_say(&served, "ivr", true);
    served_run(&served);
    fd = client_call(served.port, "no%0a\"such\"?x=y");
    client_expect(fd, "VERBOSE \"No such path on the AGI server: \\\"no?\\\"such\\\"\\\"\" 1");
    client_say(fd, "200 result=1\n");
    client_expect(fd, "SET VARIABLE \"AGI_SERVER_STATUS\" \"NOTFOUND\"");
    client_say(fd, "200 result=1\n");
    client_expect_end(fd);

    /* Nor does a hangup keep it from saying so. */
    fd = client_call(served.port, "gone");
    client_expect(fd, "VERBOSE \"No such path on the AGI server: \\\"gone\\\"\" 1");
    client_say(fd, "HANGUP\n200 result=1\n");
    client_expect(fd, "SET VARIABLE \"AGI_SERVER_STATUS\" \"NOTFOUND\"");
    client_say(fd, "511 Command Not Permitted on a dead channel or intercept routine\n");
    client_expect_end(fd);
    AWAIT(&served, no_route, 2);
    served_end(&served);
}

/* ---- what an evented handler is told -------------------------------------------------------- */

static void tells_of_a_hangup_once(void **state)
{
    struct served served = served_new(NULL);
    struct seen seen;
    int fd;

    (void)state;
    seen_init(&seen);
    pyst_agi_server_route_evented(served.server, "*", &watcher, &seen);
    served_run(&served);
    fd = client_call(served.port, "x");
    client_expect(fd, "WAIT FOR DIGIT 1000");
    client_say(fd, "HANGUP\nHANGUP\n200 result=-1\n");
    client_expect(fd, "VERBOSE after");
    client_say(fd, "200 result=1\n");
    client_expect_end(fd);
    await(&seen.arrived);
    await(&seen.arrived);
    assert_int_equal(seen.started, 1);
    assert_int_equal(seen.replied, 2);
    assert_int_equal(seen.hung_up, 1);
    assert_int_equal(seen.ended, 1);
    assert_int_equal(seen.end_error, 0);
    served_end(&served);
}

static void tells_nothing_more_of_a_call_that_was_finished(void **state)
{
    struct served served = served_new(NULL);
    struct seen seen;
    int fd;

    (void)state;
    seen_init(&seen);
    pyst_agi_server_route_evented(served.server, "*", &watcher, &seen);
    served_run(&served);
    fd = client_call(served.port, "x");
    client_expect(fd, "WAIT FOR DIGIT 1000");
    client_say(fd, "200 result=0\nHANGUP\n");
    client_expect_end(fd);
    await(&seen.arrived);
    await(&seen.arrived);
    assert_int_equal(seen.replied, 1);
    assert_int_equal(seen.hung_up, 0);
    assert_int_equal(seen.ended, 1);
    served_end(&served);
}

static void tells_of_the_end_of_the_stream(void **state)
{
    struct served served = served_new(NULL);
    struct seen seen;
    int fd;

    (void)state;
    seen_init(&seen);
    pyst_agi_server_route_evented(served.server, "*", &watcher, &seen);
    served_run(&served);
    fd = client_call(served.port, "x");
    client_expect(fd, "WAIT FOR DIGIT 1000");
    close(fd);
    await(&seen.arrived);
    await(&seen.arrived);
    assert_int_equal(seen.replied, 1);
    assert_int_equal(seen.reply_error, PYST_ERR_HANGUP);
    assert_true(seen.result < 0);
    assert_int_equal(seen.hung_up, 1);
    assert_int_equal(seen.ended, 1);
    assert_int_equal(seen.end_error, 0);
    served_end(&served);
}

static int report_hangup(struct pyst_agi *agi, void *user)
{
    struct seen *seen = user;

    seen->hung_up = pyst_agi_is_hung_up(agi);
    /* A command that does without a caller. */
    seen->result = pyst_agi_verbose(agi, "gone", 1);
    sem_post(&seen->arrived);
    return 0;
}

static void a_worker_hears_of_a_hangup_before_it(void **state)
{
    struct served served = served_new(NULL);
    struct seen seen;
    int fd;

    (void)state;
    seen_init(&seen);
    pyst_agi_server_route(served.server, "*", report_hangup, &seen);
    served_run(&served);
    fd = client_connect(served.port);
    client_say(fd, "agi_network_script: x\n\nHANGUP\n");
    client_expect(fd, "VERBOSE \"gone\" 1");
    client_say(fd, "200 result=1\n");
    client_expect_end(fd);
    await(&seen.arrived);
    assert_true(seen.hung_up);
    assert_int_equal(seen.result, 0);
    served_end(&served);
}

/* A peer that closes without reading all is no error of the system's. */
static void a_reset_is_the_end_of_the_stream(void **state)
{
    const struct linger at_once = {.l_onoff = 1};
    struct served served = served_new(NULL);
    struct seen seen;
    int fd;

    (void)state;
    seen_init(&seen);
    pyst_agi_server_route_evented(served.server, "*", &watcher, &seen);
    served_run(&served);
    fd = client_call(served.port, "x");
    client_expect(fd, "WAIT FOR DIGIT 1000");
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    close(fd);
    await(&seen.arrived);
    await(&seen.arrived);
    assert_int_equal(seen.reply_error, PYST_ERR_HANGUP);
    assert_int_equal(seen.hung_up, 1);
    assert_int_equal(seen.end_error, 0);
    served_end(&served);
}

static void ends_a_call_that_hangs_up_unless_told_otherwise(void **state)
{
    struct served served = served_new(NULL);
    int fd;

    (void)state;
    add_say(&served, "*", true);
    served_run(&served);
    fd = client_call(served.port, "x");
    client_expect(fd, "NOOP \"*\"");
    client_say(fd, "HANGUP\n");
    client_expect_end(fd);
    served_end(&served);
}

static void ends_a_call_whose_reply_is_none(void **state)
{
    const struct pyst_agi_server_options options = {.limits.reply_size = 1000};
    struct served served = served_new(&options);
    struct seen seen;
    char line[1002];
    int fd;

    (void)state;
    seen_init(&seen);
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    pyst_agi_server_route_evented(served.server, "*", &watcher, &seen);
    served_run(&served);
    fd = client_call(served.port, "x");
    client_expect(fd, "WAIT FOR DIGIT 1000");
    client_say(fd, line);
    client_expect_end(fd);
    await(&seen.arrived);
    await(&seen.arrived);
    assert_int_equal(seen.end_error, PYST_ERR_LIMIT_REPLY);
    AWAIT(&served, broken, 1);
    served_end(&served);
}

/* Two calls of one loop: the second makes the first go on. */
static void second_started(struct pyst_agi_call *call, void *user)
{
    struct pyst_agi_call *first = *(struct pyst_agi_call **)user;

    submit_line(first, "NOOP first");
    submit_line(call, "NOOP second");
}

static void first_started(struct pyst_agi_call *call, void *user)
{
    *(struct pyst_agi_call **)user = call;
}

static void finish_first(struct pyst_agi_call *call, int error, const struct pyst_agi_reply *reply,
                         void *user)
{
    (void)error;
    (void)reply;
    pyst_agi_call_finish(*(struct pyst_agi_call **)user);
    pyst_agi_call_finish(call);
}

static void a_call_can_be_moved_by_another_of_its_loop(void **state)
{
    const struct pyst_agi_call_handler first = {.started = first_started};
    const struct pyst_agi_call_handler second = {.started = second_started,
                                                 .replied = finish_first};
    struct served served = served_new(NULL);
    struct pyst_agi_call *call = NULL;
    int one, two;

    (void)state;
    pyst_agi_server_route_evented(served.server, "first", &first, &call);
    pyst_agi_server_route_evented(served.server, "second", &second, &call);
    served_run(&served);
    one = client_call(served.port, "first");
    AWAIT(&served, calls, 1);
    two = client_call(served.port, "second");
    client_expect(one, "NOOP first");
    client_expect(two, "NOOP second");
    client_say(two, "200 result=0\n");
    client_expect_end(two);
    client_expect_end(one);
    served_end(&served);
}

/* ---- functions from other threads ----------------------------------------------------------- */

/* A call that waits for another thread. */
struct question {
    struct pyst_agi_server *server;
    struct pyst_agi_call *call; /* NULL: it has ended */
    sem_t asked;
    unsigned loop;
    int answers;
};

static void question_started(struct pyst_agi_call *call, void *user)
{
    struct question *question = user;

    question->call = call;
    question->loop = pyst_agi_call_loop(call);
    sem_post(&question->asked);
}

static void question_ended(struct pyst_agi_call *call, int error, void *user)
{
    struct question *question = user;

    (void)call;
    (void)error;
    question->call = NULL;
}

static void answer(void *user)
{
    struct question *question = user;

    question->answers++;
    if (question->call)
        submit_line(question->call, "NOOP answer");
}

static void another_thread_answers_a_call(void **state)
{
    const struct pyst_agi_call_handler handler = {.started = question_started,
                                                  .ended = question_ended};
    const struct pyst_agi_server_options options = {.loops = 2};
    struct served served = served_new(&options);
    struct question question = {.server = served.server};
    int fd;

    (void)state;
    sem_init(&question.asked, 0, 0);
    assert_int_equal(pyst_agi_server_route_evented(served.server, "*", &handler, &question), 0);
    served_run(&served);
    fd = client_call(served.port, "x");
    await(&question.asked);
    assert_int_equal(pyst_agi_server_post(served.server, question.loop, answer, &question), 0);
    client_expect(fd, "NOOP answer");
    client_say(fd, "200 result=0\n");
    client_expect_end(fd);
    /* When the call has ended, the function finds that out; all are called before run() returns. */
    AWAIT(&served, calls, 0);
    assert_int_equal(pyst_agi_server_post(served.server, question.loop, answer, &question), 0);
    assert_int_equal(pyst_agi_server_post(served.server, 2, answer, &question), PYST_ERR_INVALID);
    assert_int_equal(pyst_agi_server_post(served.server, 0, NULL, NULL), PYST_ERR_INVALID);
    pyst_agi_server_stop(served.server, 0);
    pthread_join(served.thread, NULL);
    assert_int_equal(question.answers, 2);
    assert_int_equal(pyst_agi_server_post(served.server, 0, answer, &question), PYST_ERR_STATE);
    pyst_agi_server_free(served.server);

    /* Of a server that does not run, none is called. */
    served = served_new(NULL);
    assert_int_equal(pyst_agi_server_post(served.server, 0, answer, &question), 0);
    pyst_agi_server_free(served.server);
    assert_int_equal(question.answers, 2);
}

/* ---- stalls --------------------------------------------------------------------------------- */

static void a_worker_that_stalls_holds_up_nobody(void **state)
{
    struct served served = served_new(NULL);
    struct seen seen;
    int fd;

    (void)state;
    seen_init(&seen);
    pyst_agi_server_route(served.server, "stall", stall, &seen);
    add_say(&served, "evented", true);
    add_say(&served, "blocking", false);
    served_run(&served);
    fd = client_call(served.port, "stall");
    await(&seen.arrived);
    AWAIT(&served, working, 1);
    for (int i = 0; i < 10; i++) {
        talk(client_call(served.port, "evented"), "evented");
        talk(client_call(served.port, "blocking"), "blocking");
    }
    sem_post(&seen.go);
    client_expect(fd, "NOOP");
    client_say(fd, "200 result=0\n");
    client_expect_end(fd);
    await(&seen.arrived);
    assert_int_equal(seen.result, 0);
    served_end(&served);
}

/* Its own loop takes no new calls meanwhile; the other does. */
static void a_loop_that_stalls_takes_no_calls(void **state)
{
    const struct pyst_agi_server_options options = {.loops = 2};
    struct served served = served_new(&options);
    struct seen seen;
    int fd;

    (void)state;
    seen_init(&seen);
    pyst_agi_server_route_evented(served.server, "stall", &stalling, &seen);
    add_say(&served, "evented", true);
    add_say(&served, "blocking", false);
    served_run(&served);
    fd = client_call(served.port, "stall");
    await(&seen.arrived);
    for (int i = 0; i < 10; i++) {
        talk(client_call(served.port, "evented"), "evented");
        talk(client_call(served.port, "blocking"), "blocking");
    }
    sem_post(&seen.go);
    client_expect_end(fd);
    served_end(&served);
}

/* ---- many ----------------------------------------------------------------------------------- */

/* Each call gets what was said to it. All are open at once and go on a step at a time. */
static void every_call_gets_its_own_replies(void **state)
{
    const struct pyst_agi_server_options options = {.loops = 3, .workers = CALLS};
    struct served served = served_new(&options);
    static int fds[CALLS];
    char line[128];

    (void)state;
    add_say(&served, "evented", true);
    add_say(&served, "blocking", false);
    served_run(&served);
    for (int i = 0; i < CALLS; i++)
        fds[i] = client_call(served.port, i % 3 ? "evented" : "blocking");
    for (int i = 0; i < CALLS; i++)
        client_expect(fds[i], i % 3 ? "NOOP \"evented\"" : "NOOP \"blocking\"");
    for (int step = 0; step < 5; step++) {
        for (int i = 0; i < CALLS; i++) {
            snprintf(line, sizeof(line), "200 result=%d (call %d step %d)\n", i, i, step);
            client_say(fds[i], line);
        }
        for (int i = CALLS; i-- > 0;) {
            snprintf(line, sizeof(line), "NOOP \"call %d step %d\" 0", i, step);
            client_expect(fds[i], line);
        }
    }
    AWAIT(&served, calls, CALLS);
    for (int i = 0; i < CALLS; i++)
        client_say(fds[i], "200 result=0 (bye)\n");
    for (int i = 0; i < CALLS; i++)
        client_expect_end(fds[i]);
    AWAIT(&served, calls, 0);
    AWAIT(&served, commands, CALLS * 6);
    served_end(&served);
}

/* ---- stopping ------------------------------------------------------------------------------- */

static void stops_before_it_runs(void **state)
{
    struct served served = served_new(NULL);

    (void)state;
    pyst_agi_server_stop(served.server, UINT64_MAX);
    served_run(&served);
    served_end(&served);
    served = served_new(NULL);
    assert_null(pyst_agi_server_free(served.server));
    assert_null(pyst_agi_server_free(NULL));
}

static void join(struct served *served)
{
    void *failed;

    assert_int_equal(pthread_join(served->thread, &failed), 0);
    assert_null(failed);
    assert_int_equal(served_counters(served).calls, 0);
    pyst_agi_server_free(served->server);
}

/* Waits until nobody listens any more. */
static void await_refusal(int port)
{
    int fd;

    for (int turn = 0; (fd = client_connect(port)) >= 0; turn++) {
        close(fd);
        client_wait(turn);
    }
}

static void lets_calls_end_when_it_stops(void **state)
{
    const struct pyst_agi_server_options options = {.loops = 2, .workers = 1};
    struct served served = served_new(&options);
    struct seen seen;
    int evented, working, waiting;

    (void)state;
    seen_init(&seen);
    add_say(&served, "evented", true);
    add_say(&served, "blocking", false);
    served_run(&served);
    evented = client_call(served.port, "evented");
    client_expect(evented, "NOOP \"evented\"");
    working = client_call(served.port, "blocking");
    client_expect(working, "NOOP \"blocking\"");
    waiting = client_call(served.port, "blocking");
    AWAIT(&served, waiting, 1);
    pyst_agi_server_stop(served.server, UINT64_MAX);
    await_refusal(served.port);
    client_say(evented, "200 result=0 (bye)\n");
    client_expect_end(evented);
    client_say(working, "200 result=0 (bye)\n");
    client_expect_end(working);
    talk(waiting, "blocking");
    join(&served);
}

static void cuts_calls_when_their_time_is_over(void **state)
{
    const struct pyst_agi_server_options options = {.loops = 2, .workers = 1};
    struct served served = served_new(&options);
    struct seen seen;
    int starting, evented, working, waiting;

    (void)state;
    seen_init(&seen);
    pyst_agi_server_route_evented(served.server, "evented", &watcher, &seen);
    add_say(&served, "blocking", false);
    served_run(&served);
    starting = client_connect(served.port);
    evented = client_call(served.port, "evented");
    client_expect(evented, "WAIT FOR DIGIT 1000");
    working = client_call(served.port, "blocking");
    client_expect(working, "NOOP \"blocking\"");
    waiting = client_call(served.port, "blocking");
    AWAIT(&served, calls, 4);
    AWAIT(&served, waiting, 1);
    pyst_agi_server_stop(served.server, 20000);
    pyst_agi_server_stop(served.server, UINT64_MAX); /* no more time than before */
    client_expect_end(starting);
    client_expect_end(evented);
    client_expect_end(working);
    client_expect_end(waiting);
    join(&served);
    assert_int_equal(seen.ended, 1);
    assert_int_equal(seen.end_error, PYST_ERR_CANCELLED);
    assert_int_equal(seen.reply_error, PYST_ERR_CANCELLED);
}

static void a_second_stop_hastens_the_first(void **state)
{
    struct served served = served_new(NULL);
    int fd;

    (void)state;
    add_say(&served, "*", true);
    served_run(&served);
    fd = client_call(served.port, "x");
    client_expect(fd, "NOOP \"*\"");
    pyst_agi_server_stop(served.server, UINT64_MAX);
    await_refusal(served.port);
    pyst_agi_server_stop(served.server, UINT64_MAX);
    pyst_agi_server_stop(served.server, 3600000000u);
    client_say(fd, "200 result=0 (on)\n");
    client_expect(fd, "NOOP \"on\" 0");
    pyst_agi_server_stop(served.server, 0);
    client_expect_end(fd);
    join(&served);
}

static void a_stop_waits_for_a_handler_that_stalls(void **state)
{
    struct served served = served_new(NULL);
    struct seen seen;
    int fd;

    (void)state;
    seen_init(&seen);
    pyst_agi_server_route(served.server, "*", stall, &seen);
    served_run(&served);
    fd = client_call(served.port, "x");
    await(&seen.arrived);
    pyst_agi_server_stop(served.server, 0);
    client_expect_end(fd);
    sem_post(&seen.go);
    await(&seen.arrived);
    assert_int_equal(seen.result, PYST_ERR_HANGUP);
    assert_true(seen.hung_up);
    join(&served);
}

static struct pyst_agi_server *signalled;

static void on_alarm(int number)
{
    (void)number;
    pyst_agi_server_stop(signalled, 0);
}

static void stops_from_a_signal_handler(void **state)
{
    const struct pyst_agi_server_options options = {.loops = 2};
    const struct itimerval soon = {.it_value.tv_usec = 50000};
    const struct sigaction action = {.sa_handler = on_alarm};
    struct sigaction before;

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct served served = served_new(&options);

        add_say(&served, "*", true);
        signalled = served.server;
        assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
        assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
        assert_int_equal(pyst_agi_server_run(served.server), 0);
        assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
        pyst_agi_server_free(served.server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_a_call_in_the_loop),
        cmocka_unit_test(serves_a_call_in_a_worker),
        cmocka_unit_test(takes_the_longest_pattern_that_fits),
        cmocka_unit_test(refuses_bad_routes),
        cmocka_unit_test(says_that_no_route_fits),
        cmocka_unit_test(tells_of_a_hangup_once),
        cmocka_unit_test(tells_nothing_more_of_a_call_that_was_finished),
        cmocka_unit_test(tells_of_the_end_of_the_stream),
        cmocka_unit_test(a_worker_hears_of_a_hangup_before_it),
        cmocka_unit_test(a_reset_is_the_end_of_the_stream),
        cmocka_unit_test(ends_a_call_that_hangs_up_unless_told_otherwise),
        cmocka_unit_test(ends_a_call_whose_reply_is_none),
        cmocka_unit_test(a_call_can_be_moved_by_another_of_its_loop),
        cmocka_unit_test(another_thread_answers_a_call),
        cmocka_unit_test(a_worker_that_stalls_holds_up_nobody),
        cmocka_unit_test(a_loop_that_stalls_takes_no_calls),
        cmocka_unit_test(every_call_gets_its_own_replies),
        cmocka_unit_test(stops_before_it_runs),
        cmocka_unit_test(lets_calls_end_when_it_stops),
        cmocka_unit_test(cuts_calls_when_their_time_is_over),
        cmocka_unit_test(a_second_stop_hastens_the_first),
        cmocka_unit_test(a_stop_waits_for_a_handler_that_stalls),
        cmocka_unit_test(stops_from_a_signal_handler),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
