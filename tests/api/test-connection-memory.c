/* SPDX-License-Identifier: MIT */

/*
 * A conversation with each allocation of this side failing in turn, and none other: every call
 * says PYST_ERR_NO_MEMORY or goes on, what may be called again goes on where it was, and every
 * action and connection ends once.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cmocka.h>

#include <pyst/connection.h>

#include "connection-peer.h"

/* glibc's own, behind the names that this program takes over. */
void *__libc_malloc(size_t size);             /* NOLINT(bugprone-reserved-identifier) */
void *__libc_calloc(size_t n, size_t size);   /* NOLINT(bugprone-reserved-identifier) */
void *__libc_realloc(void *old, size_t size); /* NOLINT(bugprone-reserved-identifier) */
void __libc_free(void *memory);               /* NOLINT(bugprone-reserved-identifier) */
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *old, size_t size);
void free(void *memory);

/* The number of the allocation of this thread that fails; 0: none. */
static _Thread_local unsigned failing;

/* Allocations of this thread less those it has freed. */
static _Thread_local long alive;

static bool fails(void)
{
    return failing > 0 && --failing == 0;
}

static void *count(void *memory)
{
    alive += memory != NULL;
    return memory;
}

void *malloc(size_t size)
{
    return fails() ? NULL : count(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : count(__libc_calloc(n, size));
}

void *realloc(void *old, size_t size)
{
    if (fails())
        return NULL;
    return old ? __libc_realloc(old, size) : count(__libc_malloc(size));
}

void free(void *memory)
{
    alive -= memory != NULL;
    __libc_free(memory);
}

/* Two actions, with events before and after the answers, one of them with a list. */
static void serve(struct peer *peer, int fd, unsigned index)
{
    char action[4096];

    if (!peer_login(fd, NULL, 0))
        return;
    peer_say(fd, "Event: One\r\n\r\nEvent: Two\r\n\r\n");
    while (peer_hear(fd, action, sizeof(action)) > 0) {
        peer_answer(fd, action, "Response: Success\r\nEventList: start\r\n");
        peer_answer(fd, action, "Event: Item\r\n");
        peer_say(fd, "Event: Three\r\n\r\n");
        peer_answer(fd, action, "Event: ListComplete\r\nEventList: Complete\r\n");
    }
}

/* A client for the peer that waits for one in vain. */
static void visit(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
}

/* Opens, runs, and takes what there is. Whatever fails, `failing` is used up by it. */
static void waits(struct pyst_ami_connection *connection)
{
    struct pyst_ami_action *action = NULL;
    struct pyst_ami_answer *answer = NULL;
    struct pyst_ami_notice notice;
    unsigned events = 0;
    int r;

    do
        r = pyst_ami_connection_open(connection, UINT64_MAX);
    while (r == PYST_ERR_NO_MEMORY &&
           pyst_ami_connection_state(connection) == PYST_AMI_CONNECTION_OPEN);
    if (r < 0) {
        assert_int_equal(r, PYST_ERR_NO_MEMORY);
        return;
    }
    while (pyst_ami_action_new(&action, pyst_text("List")) < 0)
        ;
    r = pyst_ami_connection_run(connection, action, NULL, &answer);
    assert_true(r == 0 || r == PYST_ERR_NO_MEMORY);
    if (r == 0)
        assert_int_equal(answer->n_items, 2);
    answer = pyst_ami_answer_free(answer); /* even an error may have one */
    /* Whatever became of the first, the second is answered, and its event comes last. */
    do {
        pyst_ami_answer_free(answer);
        r = pyst_ami_connection_run(connection, action, NULL, &answer);
    } while (r == PYST_ERR_NO_MEMORY);
    assert_int_equal(r, 0);
    assert_int_equal(answer->n_items, 2);
    pyst_ami_answer_free(answer);
    pyst_ami_action_free(action);
    while ((r = pyst_ami_connection_wait(connection, 0, &notice)) != 0) {
        assert_true(r == 1 || r == PYST_ERR_NO_MEMORY);
        events += r == 1 && notice.type == PYST_AMI_NOTICE_EVENT;
    }
    assert_true(events >= 3);
}

/* The same through the event loop's calls, to the end of the connection. */
static void processes(struct pyst_ami_connection *connection)
{
    struct pyst_ami_action *action = NULL;
    struct pyst_ami_notice notice;
    unsigned submitted = 0;
    unsigned done = 0;
    unsigned closed = 0;
    int r;

    while (pyst_ami_action_new(&action, pyst_text("List")) < 0)
        ;
    for (int i = 0; i < 2; i++)
        submitted += pyst_ami_connection_submit(connection, action, NULL, NULL) == 0;
    while (pyst_ami_connection_submit(connection, action, NULL, NULL) < 0)
        ;
    submitted++;
    pyst_ami_action_free(action);
    assert_int_equal(pyst_ami_connection_start(connection), 0);
    while (done < submitted || closed == 0) {
        r = pyst_ami_connection_process(connection);
        assert_true(r >= 0 || r == PYST_ERR_NO_MEMORY);
        while ((r = pyst_ami_connection_next(connection, &notice)) != 0) {
            assert_true(r == 1 || r == PYST_ERR_NO_MEMORY);
            if (r < 0)
                continue;
            done += notice.type == PYST_AMI_NOTICE_DONE;
            closed += notice.type == PYST_AMI_NOTICE_CLOSED;
        }
        if (done == submitted)
            pyst_ami_connection_close(connection);
    }
    assert_int_equal(done, submitted);
    assert_int_equal(closed, 1);
}

static void with_each_failing(void (*converse)(struct pyst_ami_connection *connection),
                              enum pyst_ami_queue_policy policy)
{
    bool all = false;

    for (unsigned i = 1; !all; i++) {
        struct peer *peer = peer_new("127.0.0.1", 1, serve, NULL);
        struct pyst_ami_connection_options options = options_for(peer_port(peer));
        struct pyst_ami_connection *connection = NULL;
        const long before = alive;
        int r;

        options.queue_policy = policy;
        failing = i;
        r = pyst_ami_connection_new(&connection, &options);
        if (r == 0)
            converse(connection);
        else
            assert_int_equal(r, PYST_ERR_NO_MEMORY);
        all = failing > 0;
        failing = 0;
        pyst_ami_connection_free(connection);
        assert_int_equal(alive, before);
        visit(peer_port(peer));
        peer_join(peer);
        assert_true(i < 10000);
        if (all)
            assert_true(i > 20); /* it did fail, and that often */
    }
}

static void test_waiting(void **state)
{
    with_each_failing(waits, PYST_AMI_QUEUE_PAUSE);
}

static void test_waiting_and_dropping(void **state)
{
    with_each_failing(waits, PYST_AMI_QUEUE_DROP_OLDEST);
}

static void test_processing(void **state)
{
    with_each_failing(processes, PYST_AMI_QUEUE_PAUSE);
}

static void test_processing_and_dropping(void **state)
{
    with_each_failing(processes, PYST_AMI_QUEUE_DROP_OLDEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_waiting_and_dropping),
        cmocka_unit_test(test_processing),
        cmocka_unit_test(test_processing_and_dropping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
