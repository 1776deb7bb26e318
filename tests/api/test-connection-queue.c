/* SPDX-License-Identifier: MIT */

/* A host that takes notices slower than they come. */

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pyst/connection.h>

#include "connection-peer.h"

#define N_EVENTS   20000
#define QUEUE_SIZE ((size_t)100000)

/* Sends numbered events, then the answer to an action that it has already got, then the last. */
static void flood(struct peer *peer, int fd, unsigned index)
{
    char action[4096];
    char event[512];

    peer_login(fd, NULL, 0);
    peer_hear(fd, action, sizeof(action));
    for (int i = 0; i < N_EVENTS; i++) {
        snprintf(event, sizeof(event), "Event: Numbered\r\nNumber: %d\r\nFiller: %0200d\r\n\r\n", i,
                 0);
        if (!peer_say(fd, event))
            return;
        if (i == N_EVENTS / 2)
            peer_answer(fd, action, "Response: Success\r\n");
    }
    peer_say(fd, "Event: Last\r\n\r\n");
    peer_drain(fd);
}

static struct peer *peer;

static struct pyst_ami_connection *connect_to_flood(enum pyst_ami_queue_policy policy)
{
    struct pyst_ami_connection_options options;
    struct pyst_ami_connection *connection;
    struct pyst_ami_notice notice;

    peer = peer_new("127.0.0.1", 1, flood, NULL);
    options = options_for(peer_port(peer));
    options.queue_size = QUEUE_SIZE;
    options.queue_policy = policy;
    options.session.keepalive_us = 20000;
    options.session.keepalive_timeout_us = PATIENCE;
    connection = connection_to(&options);
    pyst_ami_connection_start(connection);
    take_until(connection, PYST_AMI_NOTICE_READY, &notice);
    submit_named(connection, "Begin");
    return connection;
}

static int number_of(const struct pyst_ami_notice *notice)
{
    const struct pyst_text text = pyst_ami_message_get(notice->message, pyst_text("Number"));
    char digits[16] = "";

    assert_in_range(text.size, 1, sizeof(digits) - 1);
    memcpy(digits, text.data, text.size);
    return atoi(digits);
}

static bool is_last(const struct pyst_ami_notice *notice)
{
    return pyst_text_equal(pyst_ami_message_name(notice->message), pyst_text("Last"));
}

/* Whether the descriptor is readable, without waiting for it. */
static bool has_work(const struct pyst_ami_connection *connection)
{
    struct pollfd poll_fd = {.fd = pyst_ami_connection_get_fd(connection), .events = POLLIN};

    return poll(&poll_fd, 1, 0) > 0;
}

static void test_pause_loses_nothing(void **state)
{
    struct pyst_ami_connection *connection = connect_to_flood(PYST_AMI_QUEUE_PAUSE);
    struct pyst_ami_notice notice;
    int expected = 0;
    int done = 0;

    /* Until it is full, and reads no further. */
    while (pyst_ami_connection_queued(connection) < QUEUE_SIZE)
        process_once(connection);
    for (int i = 0; i < 100; i++)
        pyst_ami_connection_process(connection);
    /* The last piece that was read may go past it, by no more than one read. */
    assert_in_range(pyst_ami_connection_queued(connection), QUEUE_SIZE, QUEUE_SIZE + (1 << 20));
    assert_false(has_work(connection));

    for (;;) {
        take(connection, &notice);
        if (notice.type == PYST_AMI_NOTICE_DONE) {
            assert_int_equal(expected, N_EVENTS / 2 + 1);
            done++;
            continue;
        }
        assert_int_equal(notice.type, PYST_AMI_NOTICE_EVENT);
        if (is_last(&notice))
            break;
        assert_int_equal(number_of(&notice), expected++);
    }
    assert_int_equal(expected, N_EVENTS);
    assert_int_equal(done, 1);
    assert_true(pyst_ami_connection_dropped(connection) == 0);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_drop_oldest_keeps_the_newest_and_every_answer(void **state)
{
    struct pyst_ami_connection *connection = connect_to_flood(PYST_AMI_QUEUE_DROP_OLDEST);
    struct pyst_ami_notice notice;
    uint64_t n = 0;
    int last = -1;
    int done = 0;

    /* The host sleeps until half of them are gone for good. */
    while (pyst_ami_connection_dropped(connection) < N_EVENTS / 2 + 100) {
        process_once(connection);
        assert_true(pyst_ami_connection_queued(connection) <= QUEUE_SIZE + (1 << 20));
    }
    for (;;) {
        take(connection, &notice);
        if (notice.type == PYST_AMI_NOTICE_DONE) {
            assert_int_equal(notice.error, 0);
            done++;
            continue;
        }
        assert_int_equal(notice.type, PYST_AMI_NOTICE_EVENT);
        if (is_last(&notice))
            break;
        assert_true(number_of(&notice) > last);
        last = number_of(&notice);
        n++;
    }
    assert_int_equal(last, N_EVENTS - 1);
    assert_int_equal(done, 1);
    assert_true(n + pyst_ami_connection_dropped(connection) == N_EVENTS);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void large(struct peer *server, int fd, unsigned index)
{
    peer_login(fd, NULL, 0);
    peer_say(fd, "Event: Large\r\n");
    for (int i = 0; i < 20000; i++)
        peer_say(fd, "Header: much longer, all together, than the queue is\r\n");
    peer_say(fd, "\r\nEvent: Last\r\n\r\n");
    peer_drain(fd);
}

static void large_message(enum pyst_ami_queue_policy policy)
{
    struct pyst_ami_connection_options options;
    struct pyst_ami_connection *connection;
    struct pyst_ami_notice notice;

    peer = peer_new("127.0.0.1", 1, large, NULL);
    options = options_for(peer_port(peer));
    options.queue_size = 1000;
    options.queue_policy = policy;
    connection = connection_to(&options);
    pyst_ami_connection_start(connection);
    take_until(connection, PYST_AMI_NOTICE_EVENT, &notice);
    if (policy == PYST_AMI_QUEUE_PAUSE) {
        assert_int_equal(pyst_ami_message_n_headers(notice.message), 20001);
        take_until(connection, PYST_AMI_NOTICE_EVENT, &notice);
    }
    assert_true(is_last(&notice));
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_message_larger_than_the_queue(void **state)
{
    large_message(PYST_AMI_QUEUE_PAUSE);
}

static void test_message_larger_than_the_queue_is_dropped_if_told_so(void **state)
{
    large_message(PYST_AMI_QUEUE_DROP_OLDEST);
}

/* As many events of one size as the test says. */
static void count_off(struct peer *server, int fd, unsigned index)
{
    const int *n = peer_user(server);
    char action[4096];
    char event[64];

    peer_login(fd, NULL, 0);
    peer_hear(fd, action, sizeof(action));
    for (int i = 0; i < *n; i++) {
        snprintf(event, sizeof(event), "Event: Numbered\r\nNumber: %06d\r\n\r\n", i);
        peer_say(fd, event);
    }
    peer_drain(fd);
}

static struct pyst_ami_connection *connect_to_count(int *n, size_t queue_size)
{
    struct pyst_ami_connection_options options;
    struct pyst_ami_connection *connection;
    struct pyst_ami_notice notice;

    peer = peer_new("127.0.0.1", 1, count_off, n);
    options = options_for(peer_port(peer));
    options.queue_size = queue_size;
    options.queue_policy = PYST_AMI_QUEUE_DROP_OLDEST;
    connection = connection_to(&options);
    pyst_ami_connection_start(connection);
    take_until(connection, PYST_AMI_NOTICE_READY, &notice);
    submit_named(connection, "Begin");
    return connection;
}

static void test_queue_that_is_exactly_full_goes_on_dropping(void **state)
{
    int n = 1;
    struct pyst_ami_connection *connection = connect_to_count(&n, 0);
    size_t size;

    while (pyst_ami_connection_queued(connection) == 0)
        process_once(connection);
    size = pyst_ami_connection_queued(connection);
    pyst_ami_connection_free(connection);
    peer_join(peer);

    n = 1000;
    connection = connect_to_count(&n, 10 * size);
    while (pyst_ami_connection_dropped(connection) < (uint64_t)n - 10)
        process_once(connection);
    assert_true(pyst_ami_connection_queued(connection) <= 10 * size);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_kept_notices_are_freed_with_the_connection(void **state)
{
    struct pyst_ami_connection *connection = connect_to_flood(PYST_AMI_QUEUE_DROP_OLDEST);

    while (pyst_ami_connection_dropped(connection) == 0)
        process_once(connection);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pause_loses_nothing),
        cmocka_unit_test(test_drop_oldest_keeps_the_newest_and_every_answer),
        cmocka_unit_test(test_message_larger_than_the_queue),
        cmocka_unit_test(test_message_larger_than_the_queue_is_dropped_if_told_so),
        cmocka_unit_test(test_queue_that_is_exactly_full_goes_on_dropping),
        cmocka_unit_test(test_kept_notices_are_freed_with_the_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
