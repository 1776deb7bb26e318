/* SPDX-License-Identifier: MIT */

/* A connection and what may become of it, against a peer that does as told. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <pyst/connection.h>

#include "connection-peer.h"

/* --- peers --------------------------------------------------------------------------------- */

/* Says its text and waits for the client to leave. */
static void say(struct peer *peer, int fd, unsigned index)
{
    peer_say(fd, peer_user(peer));
    peer_drain(fd);
}

/* Accepts the login and answers everything with Success, until Logoff. */
static void answer(struct peer *peer, int fd, unsigned index)
{
    char action[4096];

    peer_login(fd, NULL, 0);
    while (peer_hear(fd, action, sizeof(action)) > 0) {
        if (strncmp(action, "Action: Logoff\r\n", 16) == 0) {
            peer_answer(fd, action, "Response: Goodbye\r\nMessage: Thanks for all the fish.\r\n");
            break;
        }
        if (strncmp(action, "Action: Nothing\r\n", 17) == 0)
            continue;
        if (strncmp(action, "Action: Refuse\r\n", 16) == 0) {
            peer_answer(fd, action, "Response: Error\r\nMessage: Not today\r\n");
            continue;
        }
        if (strncmp(action, "Action: List\r\n", 14) == 0) {
            peer_answer(fd, action, "Response: Success\r\nEventList: start\r\n");
            peer_say(fd, "Event: Between\r\n\r\n");
            peer_answer(fd, action, "Event: Item\r\n");
            peer_answer(fd, action, "Event: Item\r\n");
            peer_answer(fd, action, "Event: ListComplete\r\nEventList: Complete\r\n");
            continue;
        }
        peer_answer(fd, action, "Response: Success\r\n");
    }
}

/* --- the good case ------------------------------------------------------------------------- */

static void test_descriptor_tells_all(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 1, answer, NULL);
    struct pyst_ami_connection_options options = options_for(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);
    const int fd = pyst_ami_connection_get_fd(connection);
    struct pyst_ami_notice notice;
    uint64_t number;

    assert_int_equal(pyst_ami_connection_state(connection), PYST_AMI_CONNECTION_IDLE);
    assert_int_equal(pyst_ami_connection_start(connection), 0);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_GREETED);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_READY);
    assert_int_equal(pyst_ami_connection_state(connection), PYST_AMI_CONNECTION_OPEN);

    for (int i = 0; i < 3; i++) {
        assert_int_equal(pyst_ami_connection_next(connection, &notice), 0);
        number = submit_named(connection, "Ping");
        take(connection, &notice);
        assert_int_equal(notice.type, PYST_AMI_NOTICE_DONE);
        assert_int_equal(notice.error, 0);
        assert_int_equal(notice.action, number);
    }
    submit_named(connection, "Logoff");
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_DONE);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
    assert_int_equal(notice.error, 0);
    assert_int_equal(pyst_ami_connection_state(connection), PYST_AMI_CONNECTION_IDLE);
    assert_int_equal(pyst_ami_connection_get_fd(connection), fd);
    assert_true(pyst_ami_connection_get_timeout(connection) == UINT64_MAX);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_submitted_before_start(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 1, answer, NULL);
    struct pyst_ami_connection_options options = options_for(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);
    struct pyst_ami_notice notice;
    uint64_t number = submit_named(connection, "Ping");

    assert_int_equal(pyst_ami_connection_start(connection), 0);
    take_until(connection, PYST_AMI_NOTICE_DONE, &notice);
    assert_int_equal(notice.action, number);
    assert_int_equal(notice.error, 0);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_cancelled_outside_of_the_round(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 1, answer, NULL);
    struct pyst_ami_connection_options options = options_for(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);
    struct pyst_ami_notice notice;
    uint64_t number;

    pyst_ami_connection_start(connection);
    take_until(connection, PYST_AMI_NOTICE_READY, &notice);
    number = submit_named(connection, "Nothing");
    assert_int_equal(pyst_ami_connection_next(connection, &notice), 0);
    process_once(connection);
    assert_int_equal(pyst_ami_connection_cancel(connection, number), 1);
    process_once(connection); /* the descriptor became readable by that alone */
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_DONE);
    assert_int_equal(notice.error, PYST_ERR_CANCELLED);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_deadline_of_an_action_through_the_descriptor(void **state)
{
    const struct pyst_ami_submission how = {.timeout_us = 50000};
    struct peer *peer = peer_new("127.0.0.1", 1, answer, NULL);
    struct pyst_ami_connection_options options = options_for(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);
    struct pyst_ami_action *action = action_named("Nothing");
    struct pyst_ami_notice notice;

    pyst_ami_connection_start(connection);
    take_until(connection, PYST_AMI_NOTICE_READY, &notice);
    assert_int_equal(pyst_ami_connection_submit(connection, action, &how, NULL), 0);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_DONE);
    assert_int_equal(notice.error, PYST_ERR_TIMED_OUT);
    pyst_ami_action_free(action);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_many_in_flight(void **state)
{
    enum { N = 2000 };
    static unsigned char done[N];
    struct peer *peer = peer_new("127.0.0.1", 1, answer, NULL);
    struct pyst_ami_connection_options options = options_for(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);
    struct pyst_ami_notice notice;
    uint64_t first = 0;

    memset(done, 0, sizeof(done));
    pyst_ami_connection_start(connection);
    take_until(connection, PYST_AMI_NOTICE_READY, &notice);
    for (unsigned i = 0; i < N; i++) {
        uint64_t number = submit_named(connection, "Ping");

        if (i == 0)
            first = number;
        assert_int_equal(number, first + i);
    }
    for (unsigned i = 0; i < N; i++) {
        take(connection, &notice);
        assert_int_equal(notice.type, PYST_AMI_NOTICE_DONE);
        assert_int_equal(notice.error, 0);
        assert_true(notice.action >= first && notice.action < first + N);
        assert_int_equal(done[notice.action - first]++, 0);
    }
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

/* --- bad input ----------------------------------------------------------------------------- */

static void closes_with(const char *words, int error)
{
    struct peer *peer = peer_new("127.0.0.1", 1, say, (void *)words);
    struct pyst_ami_connection_options options = options_for(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);
    struct pyst_ami_notice notice;
    const uint64_t number = submit_named(connection, "Ping");

    pyst_ami_connection_start(connection);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_DONE);
    assert_int_equal(notice.action, number);
    assert_int_equal(notice.error, PYST_ERR_NOT_SENT);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
    assert_int_equal(notice.error, error);
    assert_true(strlen(pyst_ami_connection_error_text(connection)) > 0);
    assert_int_equal(pyst_ami_connection_retry(connection, NULL, NULL), 0);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_garbage_instead_of_a_greeting(void **state)
{
    closes_with("\x16\x03\x01garbage\xff\xfe\r\n\r\nmore\r\n", PYST_ERR_GREETING);
}

static void test_http_on_the_port(void **state)
{
    closes_with("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", PYST_ERR_GREETING);
}

static void test_server_that_never_answers(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 1, say, (void *)"");
    struct pyst_ami_connection_options options = options_for(peer_port(peer));
    struct pyst_ami_connection *connection;
    struct pyst_ami_notice notice;

    options.session.login_timeout_us = 100000;
    connection = connection_to(&options);
    pyst_ami_connection_start(connection);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
    assert_int_equal(notice.error, PYST_ERR_TIMED_OUT);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_open_says_what_is_late(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 1, say, (void *)"");
    struct pyst_ami_connection_options options = options_for(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);

    /* It may be late already when it is connected. */
    for (uint64_t time = SECOND / 10;; time *= 2) {
        assert_true(time < PATIENCE);
        assert_int_equal(pyst_ami_connection_open(connection, pyst_ami_connection_now() + time),
                         PYST_ERR_TIMED_OUT);
        if (strstr(pyst_ami_connection_error_text(connection), "greeted"))
            break;
    }
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void login_then_silence(struct peer *peer, int fd, unsigned index)
{
    peer_login(fd, NULL, 0);
    peer_drain(fd);
}

static void test_no_answer_to_a_ping(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 1, login_then_silence, NULL);
    struct pyst_ami_connection_options options = options_for(peer_port(peer));
    struct pyst_ami_connection *connection;
    struct pyst_ami_notice notice;

    options.session.keepalive_us = 30000;
    options.session.keepalive_timeout_us = 50000;
    connection = connection_to(&options);
    pyst_ami_connection_start(connection);
    take_until(connection, PYST_AMI_NOTICE_CLOSED, &notice);
    assert_int_equal(notice.error, PYST_ERR_KEEPALIVE);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

/*
 * A whole conversation, in which the peer leaves after each number of bytes that it says: however
 * it ends, the action ends once and the connection after it.
 */

#define ID "ActionID: test\r\n"

static const char greeting[] = "Asterisk Call Manager/11.0.0\r\n";
static const char accepted[] = "Response: Success\r\nActionID: pyst-2\r\n\r\n";
static const char pong[] = "Event: Before\r\n\r\nResponse: Success\r\n" ID "Ping: Pong\r\n\r\n";

struct cut {
    size_t size; /* what is still to be said */
    bool reset;
};

static bool say_some(int fd, struct cut *cut, const char *bytes)
{
    const size_t size = strlen(bytes);
    const size_t n = size < cut->size ? size : cut->size;

    peer_send(fd, bytes, n);
    cut->size -= n;
    return cut->size > 0;
}

static void leave_early(struct peer *peer, int fd, unsigned index)
{
    struct cut *cut = peer_user(peer);
    char action[4096];
    char response[4096];

    if (!say_some(fd, cut, greeting) || peer_hear(fd, action, sizeof(action)) == 0)
        goto leave;
    snprintf(response, sizeof(response), "Response: Success\r\n%.*s\r\n\r\n",
             (int)strcspn(strstr(action, "ActionID: "), "\r\n"), strstr(action, "ActionID: "));
    if (!say_some(fd, cut, response) || peer_hear(fd, action, sizeof(action)) == 0)
        goto leave;
    say_some(fd, cut, pong);
leave:
    if (cut->reset)
        peer_will_reset(fd);
}

static void test_server_leaving_at_each_point(void **state)
{
    const size_t login_end = strlen(greeting) + strlen(accepted);
    const size_t end = login_end + strlen(pong);

    for (size_t i = 0; i <= 2 * end + 1; i++) {
        struct cut cut = {.size = i / 2, .reset = i % 2};
        struct peer *peer = peer_new("127.0.0.1", 1, leave_early, &cut);
        struct pyst_ami_connection_options options = options_for(peer_port(peer));
        struct pyst_ami_connection *connection = connection_to(&options);
        struct pyst_ami_action *action = action_named("Ping");
        struct pyst_ami_notice notice;
        int done = 0;
        int ready = 0;

        pyst_ami_action_add(action, pyst_text("ActionID"), pyst_text("test"));
        assert_int_equal(pyst_ami_connection_submit(connection, action, NULL, NULL), 0);
        pyst_ami_connection_start(connection);
        do {
            take(connection, &notice);
            ready += notice.type == PYST_AMI_NOTICE_READY;
            if (notice.type == PYST_AMI_NOTICE_DONE) {
                done++;
                /* A reset may overtake what was said. */
                if (i / 2 == end && !cut.reset)
                    assert_int_equal(notice.error, 0);
                else if (i / 2 < end && i / 2 > login_end && !cut.reset)
                    assert_int_equal(notice.error, PYST_ERR_UNKNOWN_OUTCOME);
                else if (i / 2 < strlen(greeting))
                    assert_int_equal(notice.error, PYST_ERR_NOT_SENT);
            }
        } while (notice.type != PYST_AMI_NOTICE_CLOSED);
        assert_int_equal(done, 1);
        assert_true(ready <= 1);
        /* A reset may come before this side has seen that it was connected. */
        if (notice.error != PYST_ERR_CLOSED && notice.error != PYST_ERR_TRUNCATED &&
            notice.error != PYST_ERR_GREETING &&
            (notice.error != PYST_ERR_CONNECT || !cut.reset || i / 2 > strlen(greeting)))
            fail_msg("after %zu bytes: %s", i / 2, pyst_ami_connection_error_text(connection));
        assert_int_equal(pyst_ami_connection_state(connection), PYST_AMI_CONNECTION_IDLE);
        assert_int_equal(pyst_ami_connection_next(connection, &notice), 0);
        pyst_ami_action_free(action);
        pyst_ami_connection_free(connection);
        peer_join(peer);
    }
}

static void one_too_large(struct peer *peer, int fd, unsigned index)
{
    peer_login(fd, NULL, 0);
    peer_say(fd, "Event: Large\r\n");
    for (int i = 0; i < 4000; i++)
        peer_say(fd, "Header: a line that is repeated beyond what is allowed\r\n");
    peer_say(fd, "\r\nEvent: Small\r\n\r\n");
    peer_drain(fd);
}

static void test_message_over_the_limit_and_the_next(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 1, one_too_large, NULL);
    struct pyst_ami_connection_options options = options_for(peer_port(peer));
    struct pyst_ami_connection *connection;
    struct pyst_ami_notice notice;

    options.session.limits.message_size = 10000;
    connection = connection_to(&options);
    pyst_ami_connection_start(connection);
    take_until(connection, PYST_AMI_NOTICE_READY, &notice);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_LOST);
    assert_int_equal(notice.error, PYST_ERR_LIMIT_MESSAGE);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_EVENT);
    assert_true(pyst_text_equal(pyst_ami_message_name(notice.message), pyst_text("Small")));
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_wrong_secret(void **state)
{
    struct peer *peer =
        peer_new("127.0.0.1", 1, say,
                 (void *)"Asterisk Call Manager/11.0.0\r\n"
                         "Response: Error\r\nMessage: Authentication failed\r\n\r\n");
    struct pyst_ami_connection_options options = options_for(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);

    assert_int_equal(pyst_ami_connection_open(connection, UINT64_MAX), PYST_ERR_AUTHENTICATION);
    assert_non_null(strstr(pyst_ami_connection_error_text(connection), "Authentication failed"));
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

/* --- addresses ----------------------------------------------------------------------------- */

static void test_connection_refused(void **state)
{
    int fd;
    struct pyst_ami_connection_options options = options_for(refusing_port(&fd));
    struct pyst_ami_connection *connection = connection_to(&options);

    assert_int_equal(pyst_ami_connection_open(connection, UINT64_MAX), PYST_ERR_CONNECT);
    assert_non_null(strstr(pyst_ami_connection_error_text(connection), "refused"));
    pyst_ami_connection_free(connection);
    close(fd);
}

static void opens(const char *address, const char *host)
{
    struct peer *peer = peer_new(address, 1, answer, NULL);
    struct pyst_ami_connection_options options;
    struct pyst_ami_connection *connection;

    if (!peer)
        skip();
    options = options_for(peer_port(peer));
    options.host = host;
    connection = connection_to(&options);
    assert_int_equal(pyst_ami_connection_open(connection, UINT64_MAX), 0);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_ipv6(void **state)
{
    opens("::1", "::1");
}

static void test_name(void **state)
{
    opens("127.0.0.1", "localhost");
}

static void test_name_that_cannot_be(void **state)
{
    static const char name[] = "a-label-of-a-name-may-have-sixty-three-bytes-and-this-one-has-more"
                               ".example";
    struct pyst_ami_connection_options options = options_for(1);
    struct pyst_ami_connection *connection;

    options.host = name;
    connection = connection_to(&options);
    assert_int_equal(pyst_ami_connection_open(connection, UINT64_MAX), PYST_ERR_RESOLVE);
    assert_non_null(strstr(pyst_ami_connection_error_text(connection), name));
    pyst_ami_connection_free(connection);
}

static void test_freed_while_resolving(void **state)
{
    struct pyst_ami_connection_options options = options_for(1);

    options.host = "localhost";
    for (int i = 0; i < 50; i++) {
        struct pyst_ami_connection *connection = connection_to(&options);

        assert_int_equal(pyst_ami_connection_start(connection), 0);
        assert_int_equal(pyst_ami_connection_state(connection), PYST_AMI_CONNECTION_RESOLVING);
        pyst_ami_connection_free(connection);
    }
}

static void test_free_of_nothing(void **state)
{
    assert_null(pyst_ami_connection_free(NULL));
    assert_null(pyst_ami_answer_free(NULL));
}

/* --- starting and closing ------------------------------------------------------------------ */

static void test_start_twice(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 1, answer, NULL);
    struct pyst_ami_connection_options options = options_for(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);
    struct pyst_ami_notice notice;

    assert_int_equal(pyst_ami_connection_start(connection), 0);
    assert_int_equal(pyst_ami_connection_start(connection), PYST_ERR_STATE);
    take_until(connection, PYST_AMI_NOTICE_READY, &notice);
    assert_int_equal(pyst_ami_connection_start(connection), PYST_ERR_STATE);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_close_and_connect_again(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 3, answer, NULL);
    struct pyst_ami_connection_options options = options_for(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);
    struct pyst_ami_notice notice;

    pyst_ami_connection_close(connection); /* nothing to close: nothing comes of it */
    assert_int_equal(pyst_ami_connection_next(connection, &notice), 0);
    for (int i = 0; i < 3; i++) {
        uint64_t number;

        assert_int_equal(pyst_ami_connection_start(connection), 0);
        take_until(connection, PYST_AMI_NOTICE_READY, &notice);
        number = submit_named(connection, "Nothing");
        process_once(connection);
        pyst_ami_connection_close(connection);
        pyst_ami_connection_close(connection);
        process_once(connection);
        take(connection, &notice);
        assert_int_equal(notice.type, PYST_AMI_NOTICE_DONE);
        assert_int_equal(notice.action, number);
        assert_int_equal(notice.error, PYST_ERR_UNKNOWN_OUTCOME);
        take(connection, &notice);
        assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
        assert_int_equal(notice.error, PYST_ERR_CANCELLED);
        assert_int_equal(pyst_ami_connection_state(connection), PYST_AMI_CONNECTION_IDLE);
    }
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void hear_one_and_reset(struct peer *peer, int fd, unsigned index)
{
    char action[4096];

    peer_login(fd, NULL, 0);
    peer_hear(fd, action, sizeof(action));
    peer_will_reset(fd);
}

static void test_no_sigpipe(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 1, hear_one_and_reset, NULL);
    struct pyst_ami_connection_options options = options_for(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);
    struct pyst_ami_notice notice;
    int done = 0;

    pyst_ami_connection_start(connection);
    take_until(connection, PYST_AMI_NOTICE_READY, &notice);
    submit_named(connection, "Ping");
    process_once(connection);
    peer_join(peer); /* it has gone, and the client has not looked */
    for (int i = 1; i < 20; i++)
        submit_named(connection, "Ping");
    do {
        take(connection, &notice);
        done += notice.type == PYST_AMI_NOTICE_DONE;
    } while (notice.type != PYST_AMI_NOTICE_CLOSED);
    assert_int_equal(done, 20);
    pyst_ami_connection_free(connection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptor_tells_all),
        cmocka_unit_test(test_submitted_before_start),
        cmocka_unit_test(test_cancelled_outside_of_the_round),
        cmocka_unit_test(test_deadline_of_an_action_through_the_descriptor),
        cmocka_unit_test(test_many_in_flight),
        cmocka_unit_test(test_garbage_instead_of_a_greeting),
        cmocka_unit_test(test_http_on_the_port),
        cmocka_unit_test(test_server_that_never_answers),
        cmocka_unit_test(test_open_says_what_is_late),
        cmocka_unit_test(test_no_answer_to_a_ping),
        cmocka_unit_test(test_server_leaving_at_each_point),
        cmocka_unit_test(test_message_over_the_limit_and_the_next),
        cmocka_unit_test(test_wrong_secret),
        cmocka_unit_test(test_connection_refused),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_name),
        cmocka_unit_test(test_name_that_cannot_be),
        cmocka_unit_test(test_freed_while_resolving),
        cmocka_unit_test(test_free_of_nothing),
        cmocka_unit_test(test_start_twice),
        cmocka_unit_test(test_close_and_connect_again),
        cmocka_unit_test(test_no_sigpipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
