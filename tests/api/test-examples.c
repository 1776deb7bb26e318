/* SPDX-License-Identifier: MIT */

/*
 * test-examples PROGRAM...: the examples, each run against a peer, loss of the connection
 * included. With those of the loops this tests the adapters.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "connection-peer.h"

/* Runs a program, with its output in `output`; the exit status. */
static int run(const char *program, const char *arguments, const struct peer *peer, char *output,
               size_t size)
{
    char command[1024];
    FILE *pipe;
    size_t n;
    int status;

    snprintf(command, sizeof(command),
             "ASTERISK=127.0.0.1:%u ASTERISK_USER=admin ASTERISK_SECRET=secret timeout 60 '%s' %s "
             "2>&1",
             peer_port(peer), program, arguments);
    pipe = popen(command, "r"); /* NOLINT(cert-env33-c) */
    assert_non_null(pipe);
    n = fread(output, 1, size - 1, pipe);
    output[n] = '\0';
    status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Two events and the loss of the connection, then a third and silence. */
static void lose_once(struct peer *peer, int fd, unsigned index)
{
    peer_login(fd, NULL, 0);
    if (index == 0) {
        peer_say(fd, "Event: One\r\nChannel: Local/1\r\n\r\nEvent: Two\r\n\r\n");
        return;
    }
    peer_say(fd, "Event: Three\r\n\r\n");
    peer_drain(fd);
}

static void refuse(struct peer *peer, int fd, unsigned index)
{
    char action[4096];

    peer_say(fd, "Asterisk Call Manager/11.0.0\r\n");
    peer_hear(fd, action, sizeof(action));
    peer_answer(fd, action, "Response: Error\r\nMessage: Authentication failed\r\n");
    peer_drain(fd);
}

static void serve_call(struct peer *peer, int fd, unsigned index)
{
    char action[4096];

    peer_login(fd, NULL, 0);
    while (peer_hear(fd, action, sizeof(action)) > 0) {
        peer_answer(fd, action, "Response: Success\r\n");
        if (strncmp(action, "Action: Originate\r\n", 19) != 0)
            continue;
        assert_non_null(strstr(action, "Channel: Local/7@test\r\n"));
        peer_say(fd, "Event: Newchannel\r\nChannel: Local/7@test-1;1\r\n"
                     "ChannelStateDesc: Down\r\n\r\n");
        peer_answer(fd, action, "Event: OriginateResponse\r\nResponse: Success\r\n");
        peer_say(fd, "Event: Hangup\r\nChannel: Local/7@test-1;1\r\n"
                     "Cause-txt: Normal Clearing\r\n\r\n");
    }
}

static void test_events(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 2, lose_once, NULL);
    char output[4096];
    const char *one;
    const char *gap;

    assert_int_equal(run(*state, "3", peer, output, sizeof(output)), 0);
    peer_join(peer);
    one = strstr(output, "One ");
    assert_non_null(one);
    assert_non_null(strstr(one, "Local/1"));
    gap = strstr(one, "-- the peer closed the connection");
    assert_non_null(gap);
    gap = strstr(gap, "-- trying again");
    assert_non_null(gap);
    assert_non_null(strstr(gap, "Three "));
}

static void test_events_refused(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 1, refuse, NULL);
    char output[4096];

    assert_int_equal(run(*state, "3", peer, output, sizeof(output)), 1);
    assert_non_null(strstr(output, "Authentication failed"));
    peer_join(peer);
}

static void test_originate(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 1, serve_call, NULL);
    char output[4096];

    assert_int_equal(run(*state, "Local/7@test", peer, output, sizeof(output)), 0);
    assert_non_null(strstr(output, "Local/7@test-1;1 is there (Down)"));
    assert_non_null(strstr(output, "Local/7@test-1;1 hung up: Normal Clearing"));
    assert_non_null(strstr(output, "Everybody has hung up."));
    peer_join(peer);
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[16];
    size_t n = 0;

    for (int i = 1; i < argc && n + 2 <= sizeof(tests) / sizeof(tests[0]); i++) {
        const char *name = strrchr(argv[i], '/');

        name = name ? name + 1 : argv[i];
        if (strcmp(name, "originate") == 0) {
            tests[n++] = (struct CMUnitTest){"originate", test_originate, NULL, NULL, argv[i]};
            continue;
        }
        if (strncmp(name, "events", 6) != 0)
            continue;
        tests[n++] = (struct CMUnitTest){name, test_events, NULL, NULL, argv[i]};
        tests[n++] = (struct CMUnitTest){name, test_events_refused, NULL, NULL, argv[i]};
    }
    return _cmocka_run_group_tests("examples", tests, n, NULL, NULL);
}
