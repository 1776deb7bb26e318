/* SPDX-License-Identifier: MIT */

/* What an AGI server does with too many, too much, too late, and with peers that are no Asterisk.
 */

#include <errno.h>
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
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#include <pyst/agi/commands.h>
#include <pyst/error.h>

#include "agi-client.h"

#define GARBAGE  200   /* connections */
#define REPLIES  20000 /* of a peer that does not read: more than any socket holds */
#define LONG_ONE 8000  /* bytes of a command */

/* ---- handlers ------------------------------------------------------------------------------- */

/* As many NOOPs as are answered; the calls that ended, and how the last one did. */
struct seen {
    atomic_int ended, error;
};

static void noop(struct pyst_agi_call *call)
{
    pyst_agi_command_begin(pyst_agi_call_command(call), "NOOP");
    if (pyst_agi_call_submit(call) < 0)
        pyst_agi_call_finish(call);
}

static void noop_started(struct pyst_agi_call *call, void *user)
{
    (void)user;
    noop(call);
}

static void noop_replied(struct pyst_agi_call *call, int error, const struct pyst_agi_reply *reply,
                         void *user)
{
    (void)user;
    if (error < 0 || pyst_text_equal(reply->value, pyst_text("bye")))
        pyst_agi_call_finish(call);
    else
        noop(call);
}

static void noop_ended(struct pyst_agi_call *call, int error, void *user)
{
    struct seen *seen = user;

    (void)call;
    seen->error = error;
    atomic_fetch_add(&seen->ended, 1);
}

static const struct pyst_agi_call_handler noops = {
    .started = noop_started,
    .replied = noop_replied,
    .ended = noop_ended,
};

static int noop_blocking(struct pyst_agi *agi, void *user)
{
    struct seen *seen = user;
    const struct pyst_agi_reply *reply;
    int r;

    do {
        r = pyst_agi_execute_line(agi, "NOOP", &reply);
    } while (r == 0 && !pyst_text_equal(reply->value, pyst_text("bye")));
    seen->error = r;
    atomic_fetch_add(&seen->ended, 1);
    return 0;
}

static struct served serve(const struct pyst_agi_server_options *options, struct seen *seen)
{
    struct served served = served_new(options);

    memset(seen, 0, sizeof(*seen));
    assert_int_equal(pyst_agi_server_route_evented(served.server, "evented", &noops, seen), 0);
    assert_int_equal(pyst_agi_server_route(served.server, "blocking", noop_blocking, seen), 0);
    served_run(&served);
    return served;
}

static void bye(int fd)
{
    client_say(fd, "200 result=0 (bye)\n");
    client_expect_end(fd);
}

static void await_ended(struct seen *seen, int n)
{
    for (int turn = 0; atomic_load(&seen->ended) < n; turn++)
        client_wait(turn);
}

/* ---- too many ------------------------------------------------------------------------------- */

static void refuses_calls_above_the_limit(void **state)
{
    const struct pyst_agi_server_options options = {.calls = 2, .loops = 2};
    struct seen seen;
    struct served served = serve(&options, &seen);
    int first, second;

    (void)state;
    first = client_call(served.port, "evented");
    client_expect(first, "NOOP");
    second = client_call(served.port, "blocking");
    client_expect(second, "NOOP");
    for (int i = 0; i < 5; i++)
        client_expect_end(client_connect(served.port));
    AWAIT(&served, refused_calls, 5);
    bye(second);
    AWAIT(&served, calls, 1);
    second = client_call(served.port, "evented");
    client_expect(second, "NOOP");
    bye(first);
    bye(second);
    AWAIT(&served, accepted, 3);
    served_end(&served);
}

static void refuses_calls_that_no_worker_has_time_for(void **state)
{
    const struct pyst_agi_server_options options = {.workers = 2, .waiting = 3};
    struct seen seen;
    struct served served = serve(&options, &seen);
    int working[2], waiting[3];

    (void)state;
    for (int i = 0; i < 2; i++) {
        working[i] = client_call(served.port, "blocking");
        client_expect(working[i], "NOOP");
    }
    for (int i = 0; i < 3; i++) {
        waiting[i] = client_call(served.port, "blocking");
        AWAIT(&served, waiting, i + 1u);
    }
    for (int i = 0; i < 5; i++)
        client_expect_end(client_call(served.port, "blocking"));
    AWAIT(&served, refused_waiting, 5);
    AWAIT(&served, working, 2);
    bye(working[0]);
    for (int i = 0; i < 3; i++) {
        client_expect(waiting[i], "NOOP");
        bye(waiting[i]);
    }
    bye(working[1]);
    AWAIT(&served, calls, 0);
    served_end(&served);
}

/* Accepting fails, does not fail for good, and asks again without haste. */
static void goes_on_when_there_are_descriptors_again(void **state)
{
    struct seen seen;
    struct served served = serve(NULL, &seen);
    const int fd = client_connect(served.port);
    struct rlimit before, now;
    int waiting, last;
    uint64_t failed;

    (void)state;
    client_environment(fd, "evented");
    client_expect(fd, "NOOP");
    waiting = socket(AF_INET, SOCK_STREAM, 0);
    last = dup(0);
    close(waiting);
    close(last);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    now = before;
    now.rlim_cur = (rlim_t)waiting + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    waiting = client_call(served.port, "evented");
    for (int turn = 0; served_counters(&served).accept_failed < 2; turn++)
        client_wait(turn);
    failed = served_counters(&served).accept_failed;
    client_say(fd, "200 result=0\n");
    client_expect(fd, "NOOP");
    for (int turn = 0; turn < 100; turn++)
        client_wait(turn);
    assert_true(served_counters(&served).accept_failed < failed + 1000);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    client_expect(waiting, "NOOP");
    bye(waiting);
    bye(fd);
    served_end(&served);
}

/* ---- too much ------------------------------------------------------------------------------- */

static void refuses_an_environment_above_the_limits(void **state)
{
    const struct pyst_agi_server_options options = {
        .limits = {.environment_size = 1000, .environment_count = 20},
    };
    struct seen seen;
    struct served served = serve(&options, &seen);
    char text[1100];
    int fd;

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    fd = client_connect(served.port);
    client_say(fd, text);
    client_expect_end(fd);
    AWAIT(&served, environment_limit, 1);

    fd = client_connect(served.port);
    for (int i = 0; i < 21; i++)
        client_say(fd, "a: b\n");
    client_expect_end(fd);
    AWAIT(&served, environment_limit, 2);
    assert_int_equal(served_counters(&served).broken, 0);

    fd = client_call(served.port, "evented");
    client_expect(fd, "NOOP");
    bye(fd);
    served_end(&served);
}

/* Long commands, and a peer that answers each without reading it. */
static void long_started(struct pyst_agi_call *call, void *user)
{
    struct pyst_agi_command *command = pyst_agi_call_command(call);
    char text[LONG_ONE];

    (void)user;
    memset(text, 'x', sizeof(text));
    pyst_agi_command_begin(command, "VERBOSE");
    pyst_agi_command_add(command, pyst_text_of(text, sizeof(text)));
    pyst_agi_call_submit(call);
}

static void long_replied(struct pyst_agi_call *call, int error, const struct pyst_agi_reply *reply,
                         void *user)
{
    (void)error;
    if (!reply || pyst_text_equal(reply->value, pyst_text("bye")))
        pyst_agi_call_finish(call);
    else
        long_started(call, user);
}

static void waits_for_a_peer_that_does_not_read(void **state)
{
    const struct pyst_agi_call_handler handler = {.started = long_started, .replied = long_replied};
    const struct pyst_agi_server_options options = {.command_size = PYST_AGI_COMMAND_SIZE_MAX};
    struct served served = served_new(&options);
    uint64_t commands = 1, heard = 0;
    const int small = 65536;
    static char text[65536];
    size_t size = 0;
    int fd;

    (void)state;
    pyst_agi_server_route_evented(served.server, "*", &handler, NULL);
    served_run(&served);
    fd = client_connect(served.port);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    client_environment(fd, "x");
    AWAIT(&served, commands, 1);
    /* Until there is none for a while: then it waits. */
    for (int replies = 0;; replies++) {
        assert_true(replies < REPLIES);
        client_say(fd, "200 result=1\n");
        for (int turn = 0; served_counters(&served).commands == commands && turn < 500; turn++)
            client_wait(turn);
        if (served_counters(&served).commands == commands)
            break;
        commands++;
    }
    /* It goes on where it was, with the replies that it has not read yet. */
    while (heard < commands) {
        const ssize_t n = TEMP_FAILURE_RETRY(recv(fd, text, sizeof(text), 0));

        assert_true(n > 0);
        for (ssize_t i = 0; i < n; i++)
            heard += text[i] == '\n';
        size += (size_t)n;
    }
    /* Every byte of each, and perhaps a part of one that was only slow to come. */
    assert_int_equal(size / (sizeof("VERBOSE \"\"\n") - 1 + LONG_ONE), heard);
    close(fd);
    AWAIT(&served, calls, 0);
    served_end(&served);
}

/* ---- too late ------------------------------------------------------------------------------- */

static void ends_a_call_without_an_environment_in_time(void **state)
{
    const struct pyst_agi_server_options options = {.environment_timeout_us = 30000};
    struct seen seen;
    struct served served = serve(&options, &seen);
    int silent = client_connect(served.port), slow = client_connect(served.port);

    (void)state;
    client_say(slow, "agi_network: yes\n");
    client_expect_end(silent);
    client_expect_end(slow);
    AWAIT(&served, environment_timed_out, 2);
    assert_int_equal(served_counters(&served).broken, 0);
    assert_int_equal(atomic_load(&seen.ended), 0);
    served_end(&served);
}

static void ends_an_idle_call(void **state)
{
    const struct pyst_agi_server_options options = {.idle_timeout_us = 2000000};
    struct seen seen;
    struct served served = serve(&options, &seen);
    int fd = client_call(served.port, "evented");

    (void)state;
    client_expect(fd, "NOOP");
    client_expect_end(fd);
    await_ended(&seen, 1);
    assert_int_equal(seen.error, PYST_ERR_TIMED_OUT);
    AWAIT(&served, idle_timed_out, 1);

    fd = client_call(served.port, "blocking");
    client_expect(fd, "NOOP");
    client_expect_end(fd);
    await_ended(&seen, 2);
    assert_int_equal(seen.error, PYST_ERR_HANGUP);
    AWAIT(&served, idle_timed_out, 2);
    served_end(&served);
}

/* One that is older goes on, and is no shelter for it. */
static void ends_the_call_that_is_idle(void **state)
{
    const struct pyst_agi_server_options options = {.idle_timeout_us = 4000000};
    struct seen seen;
    struct served served = serve(&options, &seen);
    const int busy = client_call(served.port, "evented");
    const int idle = client_call(served.port, "evented");
    char byte;

    (void)state;
    client_expect(busy, "NOOP");
    client_expect(idle, "NOOP");
    for (int turn = 0; recv(idle, &byte, 1, MSG_DONTWAIT) != 0; turn++) {
        if (served_counters(&served).calls < 2)
            continue;
        client_say(busy, "200 result=0\n");
        client_expect(busy, "NOOP");
        client_wait(turn);
    }
    AWAIT(&served, calls, 1);
    close(idle);
    close(busy);
    served_end(&served);
}

struct stall {
    sem_t arrived, go;
    int result;
};

static int stall(struct pyst_agi *agi, void *user)
{
    struct stall *stall = user;

    sem_post(&stall->arrived);
    while (sem_wait(&stall->go) < 0)
        continue;
    stall->result = pyst_agi_execute_line(agi, "NOOP", NULL);
    return 0;
}

/* Neither does a stalled handler keep its call, nor does one that waits for its worker. */
static void ends_an_idle_call_of_a_stalled_worker(void **state)
{
    const struct pyst_agi_server_options options = {.idle_timeout_us = 2000000, .workers = 1};
    struct served served = served_new(&options);
    struct stall stalled = {.result = 1};
    int working, waiting;

    (void)state;
    sem_init(&stalled.arrived, 0, 0);
    sem_init(&stalled.go, 0, 0);
    pyst_agi_server_route(served.server, "*", stall, &stalled);
    served_run(&served);
    working = client_call(served.port, "x");
    while (sem_wait(&stalled.arrived) < 0)
        continue;
    waiting = client_call(served.port, "x");
    client_expect_end(waiting);
    client_expect_end(working);
    AWAIT(&served, idle_timed_out, 2);
    AWAIT(&served, calls, 1);
    /* It is so once. */
    for (int turn = 0; turn < 100; turn++)
        client_wait(turn);
    assert_int_equal(served_counters(&served).idle_timed_out, 2);
    sem_post(&stalled.go);
    AWAIT(&served, calls, 0);
    assert_int_equal(stalled.result, PYST_ERR_HANGUP);
    served_end(&served);
}

static void stall_started(struct pyst_agi_call *call, void *user)
{
    struct stall *stalled = user;

    sem_post(&stalled->arrived);
    while (sem_wait(&stalled->go) < 0)
        continue;
    pyst_agi_call_finish(call);
}

/* Whether all were there, with that limit, when the handler stalled. */
static bool keeps_what_came_while_a_handler_stalled(uint64_t limit_us)
{
    const struct pyst_agi_call_handler handler = {.started = stall_started};
    const struct pyst_agi_server_options options = {.idle_timeout_us = limit_us,
                                                    .environment_timeout_us = limit_us};
    struct served served = served_new(&options);
    struct stall stalled = {0};
    struct seen seen = {0};
    int evented, starting, stalling;
    bool in_time;

    sem_init(&stalled.arrived, 0, 0);
    sem_init(&stalled.go, 0, 0);
    pyst_agi_server_route_evented(served.server, "stall", &handler, &stalled);
    pyst_agi_server_route_evented(served.server, "evented", &noops, &seen);
    served_run(&served);
    evented = client_call(served.port, "evented");
    client_expect(evented, "NOOP");
    starting = client_connect(served.port);
    stalling = client_call(served.port, "stall");
    for (int turn = 0; sem_trywait(&stalled.arrived) < 0 && served_counters(&served).calls; turn++)
        client_wait(turn);
    /* The loop stands still now: what was not cut before is there when it goes on. */
    in_time = served_counters(&served).calls == 3;
    if (in_time) {
        client_say(evented, "200 result=0\n");
        client_environment(starting, "evented");
        usleep((useconds_t)(2 * limit_us));
    }
    sem_post(&stalled.go);
    client_expect_end(stalling);
    if (in_time) {
        client_expect(evented, "NOOP");
        client_expect(starting, "NOOP");
    }
    close(evented);
    close(starting);
    served_end(&served);
    return in_time;
}

/* What came while a handler stalled was in time. */
static void keeps_calls_that_were_not_idle_while_a_handler_stalled(void **state)
{
    uint64_t limit_us = 500000;

    (void)state;
    while (!keeps_what_came_while_a_handler_stalled(limit_us)) {
        assert_true(limit_us < 60000000);
        limit_us *= 2;
    }
}

/* ---- peers that are no Asterisk ------------------------------------------------------------- */

static const char dialogue[] =
    "agi_network: yes\nagi_network_script: %s\nagi_channel: Local/1\n\n"
    "200 result=0\n520-Usage\nmore\n520 End of proper usage.\nHANGUP\n200 result=0 (bye)\n";

/* A byte at a time is the same as all at once. */
static void reads_a_byte_at_a_time(void **state)
{
    static const char *const paths[] = {"evented", "blocking"};
    struct seen seen;
    struct served served = serve(NULL, &seen);

    (void)state;
    for (int i = 0; i < 2; i++) {
        const int fd = client_connect(served.port);
        char text[512];

        snprintf(text, sizeof(text),
                 "agi_network: yes\r\nagi_network_script: %s\r\n\r\n200 result=1 (on)\n"
                 "200 result=0 (bye)\n",
                 paths[i]);
        for (const char *at = text; *at; at++) {
            const char byte[2] = {*at, '\0'};

            if (at > text && strcmp(at, "200 result=1 (on)\n200 result=0 (bye)\n") == 0)
                client_expect(fd, "NOOP");
            if (strcmp(at, "200 result=0 (bye)\n") == 0)
                client_expect(fd, "NOOP");
            client_say(fd, byte);
        }
        client_expect_end(fd);
    }
    served_end(&served);
}

static void reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1};

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    close(fd);
}

/* By the end of the stream, by that of one direction, and by a reset. */
static void outlives_a_disconnection_at_every_point(void **state)
{
    static const char *const paths[] = {"evented", "blocking", "nowhere"};
    const struct pyst_agi_server_options options = {.loops = 2};
    struct seen seen;
    struct served served = serve(&options, &seen);
    uint64_t broken = 0;

    (void)state;
    for (int i = 0; i < 9; i++) {
        char text[512];
        size_t size, environment;

        snprintf(text, sizeof(text), dialogue, paths[i / 3]);
        size = strlen(text);
        environment = (size_t)(strstr(text, "\n\n") + 2 - text);
        for (size_t n = 0; n <= size; n++) {
            const int fd = client_connect(served.port);

            assert_true(fd >= 0);
            assert_int_equal(TEMP_FAILURE_RETRY(send(fd, text, n, MSG_NOSIGNAL)), n);
            broken += n < environment;
            if (i % 3 == 0)
                close(fd);
            else if (i % 3 == 1)
                reset(fd);
            else {
                char line[4096];

                shutdown(fd, SHUT_WR);
                while (client_line(fd, line, sizeof(line)))
                    continue;
                close(fd);
            }
        }
    }
    AWAIT(&served, calls, 0);
    /* Of a reset connection that was not accepted yet nothing is heard. */
    assert_true(served_counters(&served).broken <= broken);
    assert_true(served_counters(&served).broken >= broken / 3);
    served_end(&served);
}

/* Anything but an environment, and anything but replies. */
static void outlives_garbage(void **state)
{
    static const char *const beginnings[] = {
        "",
        "agi_network: yes\nagi_network_script: evented\n\n",
        "agi_network: yes\nagi_network_script: blocking\n\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\n",
        "\n\n\n\n",
        "\x16\x03\x01\x02",
    };
    const struct pyst_agi_server_options options = {
        .limits = {.reply_size = 2000, .environment_size = 2000},
        .loops = 2,
    };
    struct seen seen;
    struct served served = serve(&options, &seen);
    unsigned random = 1;
    int fd;

    (void)state;
    for (int i = 0; i < GARBAGE; i++) {
        const char *beginning = beginnings[(size_t)i % (sizeof(beginnings) / sizeof(*beginnings))];
        char text[1024];

        fd = client_connect(served.port);
        assert_true(fd >= 0);
        send(fd, beginning, strlen(beginning), MSG_NOSIGNAL);
        for (int chunk = 0; chunk < 5; chunk++) {
            for (size_t n = 0; n < sizeof(text); n++) {
                random = random * 1103515245 + 12345;
                /* Half of it in the letters that matter. */
                text[n] = random & 0x10000 ? "\n0215 -=():HANGUP"[random >> 20 & 15]
                                           : (char)(random >> 20);
            }
            /* It may be cut while we speak. */
            if (send(fd, text, sizeof(text), MSG_NOSIGNAL) < 0)
                break;
        }
        if (i % 2)
            reset(fd);
        else
            close(fd);
    }
    AWAIT(&served, calls, 0);
    fd = client_call(served.port, "evented");
    client_expect(fd, "NOOP");
    bye(fd);
    served_end(&served);
}

/* ---- the trace ------------------------------------------------------------------------------ */

static void traces_each_call(void **state)
{
    static const char *const paths[] = {"evented", "blocking"};
    struct seen seen;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < 2; i++) {
        const struct pyst_agi_server_options options = {.trace = PYST_AGI_TRACE_TEXT,
                                                        .trace_descriptor = ends[1]};
        struct served served = serve(&options, &seen);
        char text[4096], expected[512];
        ssize_t n;
        int fd;

        fd = client_connect(served.port);
        snprintf(text, sizeof(text), "agi_network_script: %s\n\n", paths[i]);
        client_say(fd, text);
        client_expect(fd, "NOOP");
        bye(fd);
        served_end(&served);
        n = read(ends[0], text, sizeof(text));
        assert_true(n > 0);
        snprintf(expected, sizeof(expected),
                 "[1] ENV LINE: agi_network_script: %s\n[1] ENV LINE: \n[1]     COMMAND: NOOP\n"
                 "[1]     RESULT_LINE: 200 result=0 (bye)\n",
                 paths[i]);
        assert_int_equal(n, strlen(expected));
        assert_memory_equal(text, expected, n);
    }
    close(ends[0]);
    close(ends[1]);
}

/* Bytes that are not UTF-8 are the characters of their numbers. */
static void traces_each_call_as_json(void **state)
{
    static const char *const paths[] = {"evented", "blocking"};
    static const char *const lines[] = {
        "\"received\",\"line\":\"agi_network_script: %s\"}\n",
        "\"received\",\"line\":\"agi_callerid: \\u00e9\\\"\"}\n",
        "\"received\",\"line\":\"\"}\n",
        "\"sent\",\"line\":\"NOOP\"}\n",
        "\"received\",\"line\":\"200 result=0 (bye)\"}\n",
    };
    struct seen seen;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < 2; i++) {
        const struct pyst_agi_server_options options = {.trace = PYST_AGI_TRACE_JSON,
                                                        .trace_descriptor = ends[1]};
        struct served served = serve(&options, &seen);
        const int fd = client_connect(served.port);
        char text[4096], *at = text;
        ssize_t n;

        snprintf(text, sizeof(text), "agi_network_script: %s\nagi_callerid: \xe9\"\n\n", paths[i]);
        client_say(fd, text);
        client_expect(fd, "NOOP");
        bye(fd);
        served_end(&served);
        n = read(ends[0], text, sizeof(text) - 1);
        assert_true(n > 0);
        text[n] = '\0';
        for (size_t k = 0; k < sizeof(lines) / sizeof(*lines); k++) {
            char line[256];

            snprintf(line, sizeof(line), lines[k], paths[i]);
            assert_memory_equal(at, "{\"time\":\"", strlen("{\"time\":\""));
            at = strstr(at, "\"direction\":");
            assert_non_null(at);
            at += strlen("\"direction\":");
            assert_memory_equal(at, line, strlen(line));
            at += strlen(line);
        }
        assert_int_equal(*at, '\0');
    }
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_calls_above_the_limit),
        cmocka_unit_test(refuses_calls_that_no_worker_has_time_for),
        cmocka_unit_test(goes_on_when_there_are_descriptors_again),
        cmocka_unit_test(refuses_an_environment_above_the_limits),
        cmocka_unit_test(waits_for_a_peer_that_does_not_read),
        cmocka_unit_test(ends_a_call_without_an_environment_in_time),
        cmocka_unit_test(ends_an_idle_call),
        cmocka_unit_test(ends_the_call_that_is_idle),
        cmocka_unit_test(ends_an_idle_call_of_a_stalled_worker),
        cmocka_unit_test(keeps_calls_that_were_not_idle_while_a_handler_stalled),
        cmocka_unit_test(reads_a_byte_at_a_time),
        cmocka_unit_test(outlives_a_disconnection_at_every_point),
        cmocka_unit_test(outlives_garbage),
        cmocka_unit_test(traces_each_call),
        cmocka_unit_test(traces_each_call_as_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
