/* SPDX-License-Identifier: MIT */

/* Where a session refuses, gives up or forgets: limits of messages, lists, output and memory. */

#include "session-host.h"

static void answer_over_a_limit_ends_its_action(void **state)
{
    struct pyst_ami_session_options options = {.limits = {.message_size = 100}};
    char text[256];
    struct host host;
    uint64_t numbers[2];

    begin_ready(&host, &options);
    numbers[0] = submit(&host, "Command");
    numbers[1] = submit(&host, "Ping");
    send_all(&host);
    snprintf(text, sizeof(text), "Response: Success\r\nActionID: pyst-1\r\nOutput: %0100d\r\n\r\n",
             0);
    say(&host, text);
    say(&host, "Response: Success\r\nActionID: pyst-2\r\n\r\n");
    expect_done(&host, numbers[0], PYST_ERR_LIMIT_MESSAGE);
    assert_null(host.notice.message);
    expect_done(&host, numbers[1], 0);
    snprintf(text, sizeof(text), "Event: Big\r\nX: %0100d\r\n\r\nEvent: Small\r\n\r\n", 0);
    say(&host, text);
    expect(&host, PYST_AMI_NOTICE_LOST);
    assert_int_equal(host.notice.error, PYST_ERR_LIMIT_MESSAGE);
    expect_event(&host, "Small");
    expect_nothing(&host);
    end(&host);
}

static void limits_of_submitting(void **state)
{
    struct pyst_ami_session_options options = {.output_size = 100, .actions_in_flight = 2};
    struct host host;
    char much[1001];
    uint64_t number = 0;

    memset(much, 'x', sizeof(much) - 1);
    much[sizeof(much) - 1] = '\0';
    begin_ready(&host, &options);
    assert_int_equal(try_submit(&host, "A", "B", much, NULL, &number), PYST_ERR_LIMIT_OUTPUT);
    assert_int_equal(number, 0);
    assert_int_equal(pyst_ami_session_in_flight(host.session), 0);
    assert_int_equal(pyst_ami_session_output(host.session).size, 0);
    submit(&host, "Ping");
    submit(&host, "Ping");
    assert_int_equal(try_submit(&host, "Ping", NULL, NULL, NULL, &number),
                     PYST_ERR_LIMIT_IN_FLIGHT);
    assert_int_equal(number, 0);
    end(&host);
}

static void action_without_room_for_an_action_id(void **state)
{
    struct pyst_ami_action *action;
    struct host host;

    begin_ready(&host, NULL);
    assert_int_equal(pyst_ami_action_new(&action, pyst_text("Ping")), 0);
    for (int i = 1; i < PYST_AMI_ACTION_HEADERS; i++)
        assert_int_equal(pyst_ami_action_add(action, pyst_text("A"), pyst_text("")), 0);
    assert_int_equal(pyst_ami_session_submit(host.session, action, NULL, host.now, NULL),
                     PYST_ERR_TOO_MANY_HEADERS);
    pyst_ami_action_free(action);
    assert_int_equal(pyst_ami_session_in_flight(host.session), 0);
    end(&host);
}

/* An event is no answer, whoever waits for one. */
static void event_over_a_limit_ends_no_action(void **state)
{
    struct pyst_ami_session_options options = {.limits = {.line_size = 30}};
    struct host host;
    uint64_t number;

    begin_ready(&host, &options);
    number = submit(&host, "Ping");
    send_all(&host);
    say(&host, "Event: OriginateResponse\r\nResponse: Failure\r\n"
               "Channel: 0123456789012345678901234567890\r\n\r\n"
               "Response: Success\r\n\r\n");
    expect(&host, PYST_AMI_NOTICE_LOST);
    assert_int_equal(host.notice.error, PYST_ERR_LIMIT_LINE);
    expect_done(&host, number, 0);
    expect_nothing(&host);
    end(&host);
}

/* Or the answers behind it, which have no ActionID either, would go to the wrong actions. */
static void nameless_answer_over_a_limit_ends_the_oldest(void **state)
{
    struct pyst_ami_session_options options = {.limits = {.line_size = 30}};
    struct host host;
    uint64_t first, second;

    begin_ready(&host, &options);
    first = submit(&host, "Command");
    second = submit(&host, "Ping");
    send_all(&host);
    say(&host, "Response: Success\r\nOutput: 01234567890123456789012345678901234567890\r\n\r\n"
               "Response: Success\r\nPing: Pong\r\n\r\n");
    expect_done(&host, first, PYST_ERR_LIMIT_LINE);
    expect_done(&host, second, 0);
    assert_text(pyst_ami_message_get(host.notice.message, pyst_text("Ping")), "Pong");
    expect_nothing(&host);
    end(&host);
}

static void item_over_a_limit_ends_its_list(void **state)
{
    static const enum pyst_ami_list lists[] = {PYST_AMI_LIST_COLLECT, PYST_AMI_LIST_STREAM};
    struct pyst_ami_session_options options = {.limits = {.line_size = 30}};

    for (size_t i = 0; i < 2; i++) {
        struct pyst_ami_submission how = {.list = lists[i]};
        struct host host;
        uint64_t number;

        begin_ready(&host, &options);
        number = submit_with(&host, "SomeList", NULL, NULL, &how);
        send_all(&host);
        say(&host, "Response: Success\r\nActionID: pyst-1\r\nEventList: start\r\n\r\n"
                   "Event: Item\r\nActionID: pyst-1\r\n\r\n"
                   "Event: Item\r\nActionID: pyst-1\r\nX: 0123456789012345678901234567890\r\n\r\n"
                   "Event: Item\r\nActionID: pyst-1\r\n\r\n"
                   "Event: Item\r\nActionID: pyst-1\r\nX: 0123456789012345678901234567890\r\n\r\n"
                   "Event: End\r\nActionID: pyst-1\r\nEventList: Complete\r\n\r\n"
                   "Event: Other\r\n\r\n");
        if (lists[i] == PYST_AMI_LIST_STREAM) {
            expect(&host, PYST_AMI_NOTICE_RESPONSE);
            expect(&host, PYST_AMI_NOTICE_ITEM);
        }
        expect_done(&host, number, PYST_ERR_LIMIT_LINE);
        assert_int_equal(host.notice.n_items, lists[i] == PYST_AMI_LIST_COLLECT ? 1 : 0);
        /* What is left of the list is dropped, and its second loss with it. */
        expect_event(&host, "Other");
        expect_nothing(&host);
        end(&host);
    }
}

static void login_answer_over_a_limit_ends_the_session(void **state)
{
    struct pyst_ami_session_options options = {
        .username = {"admin", 5}, .secret = {"s", 1}, .limits = {.line_size = 30}};
    struct host host;

    begin(&host, &options);
    say(&host, GREETING);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    say(&host, "Response: Success\r\nActionID: pyst-1\r\n"
               "Challenge: 0123456789012345678901234567890\r\n\r\n");
    expect_closed(&host, PYST_ERR_LIMIT_LINE);
    end(&host);
}

/* What waits for the session to be ready counts as unsent, and once. */
static void held_actions_count_as_output(void **state)
{
    /* "Action: Ping", "ActionID: pyst-1" and the empty line are 34 bytes. */
    struct pyst_ami_session_options options = {.output_size = 70};
    struct host host;
    uint64_t first;

    begin(&host, &options);
    first = submit(&host, "Ping");
    submit(&host, "Ping");
    assert_int_equal(try_submit(&host, "Ping", NULL, NULL, NULL, NULL), PYST_ERR_LIMIT_OUTPUT);
    assert_int_equal(pyst_ami_session_cancel(host.session, first), 1);
    expect_done(&host, first, PYST_ERR_CANCELLED);
    submit(&host, "Ping");
    assert_int_equal(try_submit(&host, "Ping", NULL, NULL, NULL, NULL), PYST_ERR_LIMIT_OUTPUT);
    say(&host, GREETING);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    assert_int_equal(pyst_ami_session_output(host.session).size, 68);
    assert_int_equal(try_submit(&host, "Ping", NULL, NULL, NULL, NULL), PYST_ERR_LIMIT_OUTPUT);
    send_all(&host);
    submit(&host, "Ping");
    submit(&host, "Ping");
    assert_int_equal(try_submit(&host, "Ping", NULL, NULL, NULL, NULL), PYST_ERR_LIMIT_OUTPUT);
    end(&host);
}

static void output_at_its_limit(void **state)
{
    struct pyst_ami_session_options options = {.output_size = 34};
    struct host host;

    begin_ready(&host, &options);
    submit(&host, "Ping");
    assert_int_equal(try_submit(&host, "Ping", NULL, NULL, NULL, NULL), PYST_ERR_LIMIT_OUTPUT);
    pyst_ami_session_sent(host.session, SIZE_MAX); /* more than there is */
    submit(&host, "Ping");
    end(&host);
    options.output_size = 33;
    begin_ready(&host, &options);
    assert_int_equal(try_submit(&host, "Ping", NULL, NULL, NULL, NULL), PYST_ERR_LIMIT_OUTPUT);
    end(&host);
}

/* Of the actions that ended without an answer the last 65536 are remembered. */
static void earliest_abandoned_is_forgotten(void **state)
{
    enum { REMEMBERED = 65536 };
    struct host host;

    begin_ready(&host, NULL);
    for (unsigned i = 0; i <= REMEMBERED; i++) {
        uint64_t number = submit(&host, "Ping");

        assert_int_equal(pyst_ami_session_cancel(host.session, number), 1);
        expect_done(&host, number, PYST_ERR_CANCELLED);
    }
    say(&host, "Response: Success\r\nActionID: pyst-1\r\n\r\n"
               "Response: Success\r\nActionID: pyst-2\r\n\r\n");
    expect(&host, PYST_AMI_NOTICE_STRAY);
    assert_text(pyst_ami_message_action_id(host.notice.message), "pyst-1");
    expect_nothing(&host);
    end(&host);
}

/* A time that no clock reaches is never, and nothing overflows. */
static void endless_times_are_never(void **state)
{
    struct pyst_ami_session_options options = {.login_timeout_us = UINT64_MAX,
                                               .action_timeout_us = UINT64_MAX - 1,
                                               .keepalive_us = UINT64_MAX,
                                               .keepalive_timeout_us = UINT64_MAX};
    struct host host;
    uint64_t number;

    begin(&host, &options);
    assert_int_equal(pyst_ami_session_deadline(host.session), UINT64_MAX);
    say(&host, GREETING);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    expect(&host, PYST_AMI_NOTICE_READY);
    number = submit(&host, "Ping");
    send_all(&host);
    assert_int_equal(pyst_ami_session_deadline(host.session), UINT64_MAX);
    tick(&host, UINT64_MAX - host.now - 1);
    expect_nothing(&host);
    assert_int_equal(pyst_ami_session_output(host.session).size, 0);
    say(&host, "Response: Success\r\nActionID: pyst-1\r\n\r\n");
    expect_done(&host, number, 0);
    end(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_over_a_limit_ends_its_action),
        cmocka_unit_test(event_over_a_limit_ends_no_action),
        cmocka_unit_test(nameless_answer_over_a_limit_ends_the_oldest),
        cmocka_unit_test(item_over_a_limit_ends_its_list),
        cmocka_unit_test(login_answer_over_a_limit_ends_the_session),
        cmocka_unit_test(limits_of_submitting),
        cmocka_unit_test(action_without_room_for_an_action_id),
        cmocka_unit_test(held_actions_count_as_output),
        cmocka_unit_test(output_at_its_limit),
        cmocka_unit_test(earliest_abandoned_is_forgotten),
        cmocka_unit_test(endless_times_are_never),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
