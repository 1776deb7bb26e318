/* SPDX-License-Identifier: MIT */

/* Losing the connection, and coming back. */

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

static struct pyst_ami_connection_options reconnecting(uint16_t port)
{
    struct pyst_ami_connection_options options = options_for(port);

    options.reconnect.enabled = true;
    options.reconnect.min_us = 1000;
    options.reconnect.max_us = 8000;
    return options;
}

/* --- what is said again, and what is not --------------------------------------------------- */

struct heard {
    char login[2][4096];
    char filter[2][4096];
    char action[2][4096];
};

/* The first time it leaves without an answer to the action, the second time it answers. */
static void leave_once(struct peer *peer, int fd, unsigned index)
{
    struct heard *heard = peer_user(peer);

    peer_login(fd, heard->login[index], sizeof(heard->login[index]));
    peer_hear(fd, heard->filter[index], sizeof(heard->filter[index]));
    peer_answer(fd, heard->filter[index], "Response: Success\r\n");
    peer_hear(fd, heard->action[index], sizeof(heard->action[index]));
    if (index == 0)
        return;
    peer_answer(fd, heard->action[index], "Response: Success\r\n");
    peer_drain(fd);
}

static void test_login_again_but_no_action_again(void **state)
{
    static struct heard heard;
    const struct pyst_text filter = pyst_text("!Event: VarSet");
    struct peer *peer = peer_new("127.0.0.1", 2, leave_once, &heard);
    struct pyst_ami_connection_options options = reconnecting(peer_port(peer));
    struct pyst_ami_connection *connection;
    struct pyst_ami_notice notice;
    unsigned attempt = 0;
    uint64_t number;

    options.session.events = pyst_text("call,user");
    options.session.filters = &filter;
    options.session.n_filters = 1;
    connection = connection_to(&options);
    pyst_ami_connection_start(connection);
    take_until(connection, PYST_AMI_NOTICE_READY, &notice);
    number = submit_named(connection, "First");

    /* The loss: the action's end, then the connection's. */
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_DONE);
    assert_int_equal(notice.action, number);
    assert_int_equal(notice.error, PYST_ERR_UNKNOWN_OUTCOME);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
    assert_int_equal(notice.error, PYST_ERR_CLOSED);
    assert_int_equal(pyst_ami_connection_retry(connection, &attempt, NULL), 1);
    assert_int_equal(attempt, 1);
    assert_int_equal(pyst_ami_connection_state(connection), PYST_AMI_CONNECTION_WAITING);

    /* Submitted in the gap: it waits for the return. */
    number = submit_named(connection, "Second");
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_GREETED);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_READY);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_DONE);
    assert_int_equal(notice.action, number);
    assert_int_equal(notice.error, 0);
    pyst_ami_connection_free(connection);
    peer_join(peer);

    for (int i = 0; i < 2; i++) {
        assert_non_null(strstr(heard.login[i], "Action: Login\r\n"));
        assert_non_null(strstr(heard.login[i], "Events: call,user\r\n"));
        assert_non_null(strstr(heard.filter[i], "Filter: !Event: VarSet\r\n"));
    }
    assert_non_null(strstr(heard.action[0], "Action: First\r\n"));
    assert_non_null(strstr(heard.action[1], "Action: Second\r\n"));
}

/* --- completions --------------------------------------------------------------------------- */

#define N_ROUNDS  6
#define N_ACTIONS 500

/* Answers some actions, some of them half, then leaves, now politely and now not. */
static void answer_some(struct peer *peer, int fd, unsigned index)
{
    char action[4096];

    peer_login(fd, NULL, 0);
    for (unsigned i = 0; i < 70 * index; i++) {
        if (peer_hear(fd, action, sizeof(action)) == 0)
            return;
        if (i % 7 != 3 || index + 1 == N_ROUNDS)
            peer_answer(fd, action, "Response: Success\r\n");
    }
    if (index + 1 == N_ROUNDS) {
        while (peer_hear(fd, action, sizeof(action)) > 0)
            peer_answer(fd, action, "Response: Success\r\n");
        return;
    }
    peer_say(fd, "Response: Success\r\nActionID: py");
    if (index % 2)
        peer_will_reset(fd);
}

static void test_no_lost_or_doubled_completion(void **state)
{
    enum { MAX = N_ROUNDS * N_ACTIONS };
    static unsigned char done[MAX + 100];
    static uint64_t submitted[MAX];
    struct peer *peer = peer_new("127.0.0.1", N_ROUNDS, answer_some, NULL);
    struct pyst_ami_connection_options options = reconnecting(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);
    struct pyst_ami_notice notice;
    unsigned rounds = 0;
    unsigned n_done = 0;
    unsigned n = 0;

    memset(done, 0, sizeof(done));
    pyst_ami_connection_start(connection);
    while (rounds < N_ROUNDS || n_done < n) {
        take(connection, &notice);
        if (notice.type == PYST_AMI_NOTICE_DONE) {
            assert_true(notice.action < sizeof(done));
            assert_int_equal(done[notice.action]++, 0);
            assert_true(notice.error == 0 || notice.error == PYST_ERR_UNKNOWN_OUTCOME ||
                        notice.error == PYST_ERR_NOT_SENT);
            if (rounds == N_ROUNDS)
                assert_true(notice.error == 0 || n_done < n - N_ACTIONS);
            n_done++;
        }
        if (notice.type == PYST_AMI_NOTICE_CLOSED)
            assert_int_equal(n_done, n);
        if (notice.type == PYST_AMI_NOTICE_READY) {
            rounds++;
            for (int i = 0; i < N_ACTIONS; i++)
                submitted[n++] = submit_named(connection, "Ping");
        }
    }
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(done[submitted[i]], 1);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

/* --- when, and for how long ---------------------------------------------------------------- */

static void test_backoff_doubles_to_its_cap(void **state)
{
    static const uint64_t waits[] = {1000, 2000, 4000, 8000, 8000, 8000};
    int fd;
    struct pyst_ami_connection_options options = reconnecting(refusing_port(&fd));
    struct pyst_ami_connection *connection = connection_to(&options);
    struct pyst_ami_notice notice;
    uint64_t before = pyst_ami_connection_now();

    pyst_ami_connection_start(connection);
    for (unsigned i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        uint64_t after;
        uint64_t at;
        unsigned attempt;

        take(connection, &notice);
        after = pyst_ami_connection_now();
        assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
        assert_int_equal(notice.error, PYST_ERR_CONNECT);
        assert_int_equal(pyst_ami_connection_retry(connection, &attempt, &at), 1);
        assert_int_equal(attempt, i + 1);
        assert_true(at >= before + waits[i] / 2);
        assert_true(at <= after + waits[i]);
        assert_true(pyst_ami_connection_get_timeout(connection) == at);
        before = at; /* the next attempt is not before that */
    }
    pyst_ami_connection_free(connection);
    close(fd);
}

static void test_waits_are_not_all_the_same(void **state)
{
    int fd;
    struct pyst_ami_connection_options options = reconnecting(refusing_port(&fd));
    struct pyst_ami_notice notice;
    uint64_t shortest = UINT64_MAX;
    uint64_t longest = 0;

    /* The least and the most of 20 random waits lie within a tenth of each other about once in
       10^18 times. */
    options.reconnect.min_us = options.reconnect.max_us = 100 * SECOND;
    for (int i = 0; i < 20; i++) {
        struct pyst_ami_connection *connection = connection_to(&options);
        uint64_t at;

        pyst_ami_connection_start(connection);
        take_until(connection, PYST_AMI_NOTICE_CLOSED, &notice);
        assert_int_equal(pyst_ami_connection_retry(connection, NULL, &at), 1);
        at -= pyst_ami_connection_now();
        shortest = at < shortest ? at : shortest;
        longest = at > longest ? at : longest;
        pyst_ami_connection_free(connection);
    }
    assert_true(longest - shortest > 5 * SECOND);
    close(fd);
}

static void test_gives_up_after_so_many_attempts(void **state)
{
    int fd;
    struct pyst_ami_connection_options options = reconnecting(refusing_port(&fd));
    struct pyst_ami_connection *connection;
    struct pyst_ami_notice notice;

    options.reconnect.attempts = 3;
    connection = connection_to(&options);
    pyst_ami_connection_start(connection);
    for (int i = 0; i < 4; i++) {
        take(connection, &notice);
        assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
        assert_int_equal(pyst_ami_connection_retry(connection, NULL, NULL), i < 3);
    }
    assert_int_equal(pyst_ami_connection_state(connection), PYST_AMI_CONNECTION_IDLE);
    /* Started again, it has them all again. */
    assert_int_equal(pyst_ami_connection_open(connection, UINT64_MAX), PYST_ERR_CONNECT);
    pyst_ami_connection_free(connection);
    close(fd);
}

static void test_start_ends_the_wait(void **state)
{
    int fd;
    struct pyst_ami_connection_options options = reconnecting(refusing_port(&fd));
    struct pyst_ami_connection *connection;
    struct pyst_ami_notice notice;
    unsigned attempt;

    options.reconnect.min_us = options.reconnect.max_us = 3600 * SECOND;
    connection = connection_to(&options);
    pyst_ami_connection_start(connection);
    take(connection, &notice);
    assert_int_equal(pyst_ami_connection_retry(connection, &attempt, NULL), 1);
    assert_int_equal(attempt, 1);
    assert_int_equal(pyst_ami_connection_start(connection), 0);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
    assert_int_equal(pyst_ami_connection_retry(connection, &attempt, NULL), 1);
    assert_int_equal(attempt, 2);
    pyst_ami_connection_free(connection);
    close(fd);
}

static void test_close_ends_the_wait(void **state)
{
    int fd;
    struct pyst_ami_connection_options options = reconnecting(refusing_port(&fd));
    struct pyst_ami_connection *connection = connection_to(&options);
    struct pyst_ami_notice notice;
    uint64_t number;

    pyst_ami_connection_start(connection);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
    number = submit_named(connection, "Ping");
    pyst_ami_connection_close(connection);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_DONE);
    assert_int_equal(notice.action, number);
    assert_int_equal(notice.error, PYST_ERR_NOT_SENT);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
    assert_int_equal(notice.error, PYST_ERR_CANCELLED);
    assert_int_equal(pyst_ami_connection_retry(connection, NULL, NULL), 0);
    pyst_ami_connection_free(connection);
    close(fd);
}

static void refuse(struct peer *peer, int fd, unsigned index)
{
    char action[4096];

    peer_say(fd, "Asterisk Call Manager/11.0.0\r\n");
    peer_hear(fd, action, sizeof(action));
    peer_answer(fd, action, "Response: Error\r\nMessage: Authentication failed\r\n");
    peer_drain(fd);
}

static void test_refused_login_is_final(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 1, refuse, NULL);
    struct pyst_ami_connection_options options = reconnecting(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);

    assert_int_equal(pyst_ami_connection_open(connection, UINT64_MAX), PYST_ERR_AUTHENTICATION);
    assert_int_equal(pyst_ami_connection_state(connection), PYST_AMI_CONNECTION_IDLE);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_refused_login_is_tried_again_if_told_so(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 3, refuse, NULL);
    struct pyst_ami_connection_options options = reconnecting(peer_port(peer));
    struct pyst_ami_connection *connection;
    struct pyst_ami_notice notice;

    options.reconnect.after_refusal = true;
    connection = connection_to(&options);
    pyst_ami_connection_start(connection);
    for (int i = 0; i < 3; i++) {
        take_until(connection, PYST_AMI_NOTICE_CLOSED, &notice);
        assert_int_equal(notice.error, PYST_ERR_AUTHENTICATION);
    }
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void login_and_hear_one(struct peer *peer, int fd, unsigned index)
{
    char action[4096];

    peer_login(fd, NULL, 0);
    peer_hear(fd, action, sizeof(action));
}

/* The number of the attempt after a connection that was ready for some time was lost. */
static unsigned attempt_after(uint64_t ready_us, uint64_t max_us)
{
    struct peer *peer = peer_new("127.0.0.1", 2, login_and_hear_one, NULL);
    struct pyst_ami_connection_options options = reconnecting(peer_port(peer));
    struct pyst_ami_connection *connection;
    struct pyst_ami_notice notice;
    unsigned attempt = 0;

    options.reconnect.max_us = max_us;
    connection = connection_to(&options);
    pyst_ami_connection_start(connection);
    for (int i = 0; i < 2; i++) {
        take_until(connection, PYST_AMI_NOTICE_READY, &notice);
        usleep((useconds_t)ready_us);
        submit_named(connection, "Leave");
        take_until(connection, PYST_AMI_NOTICE_DONE, &notice);
        take(connection, &notice);
        assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
        assert_int_equal(pyst_ami_connection_retry(connection, &attempt, NULL), 1);
    }
    pyst_ami_connection_free(connection);
    peer_join(peer);
    return attempt;
}

static void test_kept_connection_begins_the_count_anew(void **state)
{
    assert_int_equal(attempt_after(20000, 20000), 1);
}

static void test_connection_that_is_soon_lost_does_not(void **state)
{
    assert_int_equal(attempt_after(0, 3600 * SECOND), 2);
}

static void logoff(struct peer *peer, int fd, unsigned index)
{
    char action[4096];

    peer_login(fd, NULL, 0);
    peer_hear(fd, action, sizeof(action));
    peer_answer(fd, action, "Response: Goodbye\r\nMessage: Thanks.\r\n");
}

static void test_no_return_after_logoff(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 1, logoff, NULL);
    struct pyst_ami_connection_options options = reconnecting(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);
    struct pyst_ami_notice notice;

    pyst_ami_connection_start(connection);
    take_until(connection, PYST_AMI_NOTICE_READY, &notice);
    submit_named(connection, "Logoff");
    take_until(connection, PYST_AMI_NOTICE_CLOSED, &notice);
    assert_int_equal(notice.error, 0);
    assert_int_equal(pyst_ami_connection_retry(connection, NULL, NULL), 0);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_open_waits_through_attempts(void **state)
{
    static struct heard heard;
    struct peer *peer = peer_new("127.0.0.1", 3, login_and_hear_one, &heard);
    struct pyst_ami_connection_options options = reconnecting(peer_port(peer));
    struct pyst_ami_connection *connection = connection_to(&options);

    for (int i = 0; i < 3; i++) {
        struct pyst_ami_action *action = action_named("Leave");
        struct pyst_ami_notice notice;

        assert_int_equal(pyst_ami_connection_open(connection, UINT64_MAX), 0);
        assert_int_equal(pyst_ami_connection_run(connection, action, NULL, NULL),
                         PYST_ERR_UNKNOWN_OUTCOME);
        assert_int_equal(pyst_ami_connection_wait(connection, UINT64_MAX, &notice), 1);
        assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
        pyst_ami_action_free(action);
    }
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login_again_but_no_action_again),
        cmocka_unit_test(test_no_lost_or_doubled_completion),
        cmocka_unit_test(test_backoff_doubles_to_its_cap),
        cmocka_unit_test(test_waits_are_not_all_the_same),
        cmocka_unit_test(test_gives_up_after_so_many_attempts),
        cmocka_unit_test(test_start_ends_the_wait),
        cmocka_unit_test(test_close_ends_the_wait),
        cmocka_unit_test(test_refused_login_is_final),
        cmocka_unit_test(test_refused_login_is_tried_again_if_told_so),
        cmocka_unit_test(test_kept_connection_begins_the_count_anew),
        cmocka_unit_test(test_connection_that_is_soon_lost_does_not),
        cmocka_unit_test(test_no_return_after_logoff),
        cmocka_unit_test(test_open_waits_through_attempts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
