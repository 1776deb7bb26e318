/* SPDX-License-Identifier: MIT */

/* The calls that wait. */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include <cmocka.h>

#include <pyst/connection.h>

#include "connection-peer.h"

/* Accepts the login and then does what the name of each action says. */
static void serve(struct peer *peer, int fd, unsigned index)
{
    char action[4096];

    peer_login(fd, NULL, 0);
    while (peer_hear(fd, action, sizeof(action)) > 0) {
        if (strncmp(action, "Action: Nothing\r\n", 17) == 0)
            continue;
        if (strncmp(action, "Action: Leave\r\n", 15) == 0)
            return;
        if (strncmp(action, "Action: Logoff\r\n", 16) == 0) {
            peer_answer(fd, action, "Response: Goodbye\r\nMessage: Thanks.\r\n");
            return;
        }
        if (strncmp(action, "Action: Refuse\r\n", 16) == 0) {
            peer_answer(fd, action, "Response: Error\r\nMessage: Not today\r\n");
        } else if (strncmp(action, "Action: Flood\r\n", 15) == 0) {
            for (int i = 0; i < 1000; i++)
                peer_say(fd, "Event: Flood\r\nData: 0123456789012345678901234567890\r\n\r\n");
            peer_answer(fd, action, "Response: Success\r\n");
        } else if (strncmp(action, "Action: List\r\n", 14) == 0) {
            peer_say(fd, "Event: Before\r\n\r\n");
            peer_answer(fd, action, "Response: Success\r\nEventList: start\r\n");
            peer_answer(fd, action, "Event: Item\r\n");
            peer_say(fd, "Event: Between\r\n\r\n");
            peer_answer(fd, action, "Event: Item\r\n");
            peer_answer(fd, action, "Event: ListComplete\r\nEventList: Complete\r\n");
        } else {
            peer_answer(fd, action, "Response: Success\r\n");
        }
    }
}

static struct peer *peer;

static struct pyst_ami_connection *open_connection(unsigned n, const char *host, size_t queue_size,
                                                   enum pyst_ami_queue_policy policy)
{
    struct pyst_ami_connection_options options;
    struct pyst_ami_connection *connection;

    peer = peer_new("127.0.0.1", n, serve, NULL);
    options = options_for(peer_port(peer));
    options.host = host;
    options.queue_size = queue_size;
    options.queue_policy = policy;
    connection = connection_to(&options);
    assert_int_equal(pyst_ami_connection_open(connection, UINT64_MAX), 0);
    return connection;
}

static struct pyst_ami_connection *open_plain(void)
{
    return open_connection(1, "127.0.0.1", 0, PYST_AMI_QUEUE_PAUSE);
}

static void leave(struct pyst_ami_connection *connection)
{
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static int run(struct pyst_ami_connection *connection, const char *name,
               struct pyst_ami_answer **answerp)
{
    struct pyst_ami_action *action = action_named(name);
    const int r = pyst_ami_connection_run(connection, action, NULL, answerp);

    pyst_ami_action_free(action);
    return r;
}

static void assert_event(struct pyst_ami_connection *connection, const char *name)
{
    struct pyst_ami_notice notice;

    assert_int_equal(pyst_ami_connection_wait(connection, UINT64_MAX, &notice), 1);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_EVENT);
    assert_true(pyst_text_equal(pyst_ami_message_name(notice.message), pyst_text(name)));
}

static void test_open_is_done_once(void **state)
{
    struct pyst_ami_connection *connection = open_plain();
    struct pyst_ami_notice notice;

    assert_int_equal(pyst_ami_connection_open(connection, 0), 0);
    /* Its notices are used up. */
    assert_int_equal(pyst_ami_connection_wait(connection, 0, &notice), 0);
    leave(connection);
}

static void test_open_after_start(void **state)
{
    struct pyst_ami_connection_options options;
    struct pyst_ami_connection *connection;

    peer = peer_new("127.0.0.1", 1, serve, NULL);
    options = options_for(peer_port(peer));
    connection = connection_to(&options);
    assert_int_equal(pyst_ami_connection_start(connection), 0);
    assert_int_equal(pyst_ami_connection_open(connection, UINT64_MAX), 0);
    leave(connection);
}

static void test_run_brings_the_response(void **state)
{
    struct pyst_ami_connection *connection = open_plain();
    struct pyst_ami_answer *answer = NULL;

    assert_int_equal(run(connection, "Ping", &answer), 0);
    assert_non_null(answer);
    assert_int_equal(pyst_ami_message_kind(answer->response), PYST_AMI_RESPONSE);
    assert_int_equal(answer->n_items, 0);
    pyst_ami_answer_free(answer);
    assert_int_equal(run(connection, "Ping", NULL), 0);
    leave(connection);
}

static void test_answer_outlives_the_connection(void **state)
{
    struct pyst_ami_connection *connection = open_plain();
    struct pyst_ami_answer *answer = NULL;

    assert_int_equal(run(connection, "List", &answer), 0);
    leave(connection);
    assert_int_equal(answer->n_items, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(pyst_text_equal(pyst_ami_message_name(answer->items[i]),
                                    pyst_text(i < 2 ? "Item" : "ListComplete")));
    pyst_ami_answer_free(answer);
}

static void test_events_during_run_are_kept_in_order(void **state)
{
    struct pyst_ami_connection *connection = open_plain();
    struct pyst_ami_answer *answer = NULL;
    const uint64_t number = submit_named(connection, "Ping");
    struct pyst_ami_notice notice;

    assert_int_equal(run(connection, "List", &answer), 0);
    pyst_ami_answer_free(answer);
    assert_int_equal(run(connection, "Ping", NULL), 0);
    assert_int_equal(pyst_ami_connection_wait(connection, UINT64_MAX, &notice), 1);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_DONE);
    assert_int_equal(notice.action, number);
    assert_event(connection, "Before");
    assert_event(connection, "Between");
    assert_int_equal(pyst_ami_connection_wait(connection, 0, &notice), 0);
    leave(connection);
}

static void test_run_tells_the_refusal(void **state)
{
    struct pyst_ami_connection *connection = open_plain();
    struct pyst_ami_answer *answer = NULL;

    assert_int_equal(run(connection, "Refuse", &answer), PYST_ERR_REFUSED);
    assert_non_null(answer);
    assert_string_equal(pyst_ami_connection_error_text(connection), "Not today");
    pyst_ami_answer_free(answer);
    leave(connection);
}

static void test_run_has_a_deadline(void **state)
{
    const struct pyst_ami_submission how = {.timeout_us = 50000};
    struct pyst_ami_connection *connection = open_plain();
    struct pyst_ami_action *action = action_named("Nothing");
    struct pyst_ami_answer *answer = (void *)&how;

    assert_int_equal(pyst_ami_connection_run(connection, action, &how, &answer),
                     PYST_ERR_TIMED_OUT);
    assert_null(answer);
    pyst_ami_action_free(action);
    /* And the connection goes on. */
    assert_int_equal(run(connection, "Ping", NULL), 0);
    leave(connection);
}

static void test_run_when_the_server_leaves(void **state)
{
    struct pyst_ami_connection *connection = open_plain();
    struct pyst_ami_notice notice;

    assert_int_equal(run(connection, "Leave", NULL), PYST_ERR_UNKNOWN_OUTCOME);
    assert_int_equal(pyst_ami_connection_wait(connection, UINT64_MAX, &notice), 1);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
    assert_int_equal(notice.error, PYST_ERR_CLOSED);
    assert_int_equal(pyst_ami_connection_wait(connection, UINT64_MAX, &notice), PYST_ERR_STATE);
    assert_int_equal(run(connection, "Ping", NULL), PYST_ERR_STATE);
    leave(connection);
}

static void test_run_after_the_server_left_unseen(void **state)
{
    struct pyst_ami_connection *connection = open_plain();
    int r;

    submit_named(connection, "Leave");
    process_once(connection);
    peer_join(peer);
    /* It can be written to the socket, or not; but it can not be answered. */
    r = run(connection, "Ping", NULL);
    assert_true(r == PYST_ERR_UNKNOWN_OUTCOME || r == PYST_ERR_NOT_SENT);
    pyst_ami_connection_free(connection);
}

static void test_logoff_and_open_again(void **state)
{
    struct pyst_ami_connection *connection =
        open_connection(2, "127.0.0.1", 0, PYST_AMI_QUEUE_PAUSE);
    struct pyst_ami_notice notice;

    assert_int_equal(run(connection, "Logoff", NULL), 0);
    assert_int_equal(pyst_ami_connection_open(connection, UINT64_MAX), 0);
    assert_int_equal(run(connection, "Ping", NULL), 0);
    /* The end of the first one is still told. */
    assert_int_equal(pyst_ami_connection_wait(connection, UINT64_MAX, &notice), 1);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
    assert_int_equal(notice.error, 0);
    assert_int_equal(pyst_ami_connection_wait(connection, 0, &notice), 0);
    leave(connection);
}

static void test_wait_until_a_time(void **state)
{
    struct pyst_ami_connection *connection = open_plain();
    const uint64_t until = pyst_ami_connection_now() + 30000;
    struct pyst_ami_notice notice;

    assert_int_equal(pyst_ami_connection_wait(connection, until, &notice), 0);
    assert_true(pyst_ami_connection_now() >= until);
    leave(connection);
}

static void test_full_queue_ends_run_and_nothing_else(void **state)
{
    struct pyst_ami_connection *connection =
        open_connection(1, "127.0.0.1", 20000, PYST_AMI_QUEUE_PAUSE);
    struct pyst_ami_answer *answer = NULL;

    assert_int_equal(run(connection, "Flood", &answer), PYST_ERR_LIMIT_QUEUE);
    assert_null(answer);
    for (int i = 0; i < 1000; i++)
        assert_event(connection, "Flood");
    assert_int_equal(run(connection, "Ping", NULL), 0);
    assert_true(pyst_ami_connection_dropped(connection) == 0);
    leave(connection);
}

static void test_dropping_queue_lets_run_end(void **state)
{
    struct pyst_ami_connection *connection =
        open_connection(1, "127.0.0.1", 20000, PYST_AMI_QUEUE_DROP_OLDEST);
    struct pyst_ami_notice notice;
    uint64_t n = 0;

    assert_int_equal(run(connection, "Flood", NULL), 0);
    assert_true(pyst_ami_connection_queued(connection) <= 20000);
    while (pyst_ami_connection_wait(connection, 0, &notice) > 0)
        n++;
    assert_true(n > 0);
    assert_true(n + pyst_ami_connection_dropped(connection) == 1000);
    leave(connection);
}

static void on_alarm(int number)
{
}

static void test_signal_ends_a_wait(void **state)
{
    /* Again and again, for the first may come before the wait. */
    const struct itimerval often = {{.tv_usec = 20000}, {.tv_usec = 20000}};
    const struct itimerval never = {{0}, {0}};
    const struct sigaction action = {.sa_handler = on_alarm};
    struct pyst_ami_connection *connection = open_plain();
    struct pyst_ami_notice notice;
    int r;

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    errno = 0;
    r = pyst_ami_connection_wait(connection, UINT64_MAX, &notice);
    assert_int_equal(errno, EINTR);
    assert_int_equal(r, PYST_ERR_SYSTEM);
    errno = 0;
    r = run(connection, "Nothing", NULL);
    assert_int_equal(errno, EINTR);
    assert_int_equal(r, PYST_ERR_SYSTEM);
    setitimer(ITIMER_REAL, &never, NULL);

    /* The action was withdrawn: no DONE comes. */
    assert_int_equal(run(connection, "Ping", NULL), 0);
    assert_int_equal(pyst_ami_connection_wait(connection, 0, &notice), 0);
    leave(connection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_is_done_once),
        cmocka_unit_test(test_open_after_start),
        cmocka_unit_test(test_run_brings_the_response),
        cmocka_unit_test(test_answer_outlives_the_connection),
        cmocka_unit_test(test_events_during_run_are_kept_in_order),
        cmocka_unit_test(test_run_tells_the_refusal),
        cmocka_unit_test(test_run_has_a_deadline),
        cmocka_unit_test(test_run_when_the_server_leaves),
        cmocka_unit_test(test_run_after_the_server_left_unseen),
        cmocka_unit_test(test_logoff_and_open_again),
        cmocka_unit_test(test_wait_until_a_time),
        cmocka_unit_test(test_full_queue_ends_run_and_nothing_else),
        cmocka_unit_test(test_dropping_queue_lets_run_end),
        cmocka_unit_test(test_signal_ends_a_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
