/* SPDX-License-Identifier: MIT */

/* How a session's actions and connections end: deadlines, keepalive, logoff, loss, restart. */

#include "session-host.h"

/* --- deadlines ----------------------------------------------------------------------------- */

static void action_times_out_and_its_late_answer_is_dropped(void **state)
{
    struct pyst_ami_session_options options = {.action_timeout_us = 10 * SECOND};
    struct pyst_ami_submission sooner = {.timeout_us = 2 * SECOND};
    struct host host;
    uint64_t slow, quick;

    begin_ready(&host, &options);
    slow = submit(&host, "Ping");
    quick = submit_with(&host, "Ping", NULL, NULL, &sooner);
    send_all(&host);
    assert_int_equal(pyst_ami_session_deadline(host.session), 3 * SECOND);
    tick(&host, 2 * SECOND - 1);
    expect_nothing(&host);
    tick(&host, 1);
    expect_done(&host, quick, PYST_ERR_TIMED_OUT);
    assert_null(host.notice.message);
    assert_int_equal(pyst_ami_session_in_flight(host.session), 1);
    assert_int_equal(pyst_ami_session_deadline(host.session), 11 * SECOND);
    say(&host, "Response: Success\r\nActionID: pyst-2\r\n\r\n"
               "Response: Success\r\nActionID: pyst-1\r\n\r\n");
    expect_done(&host, slow, 0);
    expect_nothing(&host);
    assert_int_equal(pyst_ami_session_deadline(host.session), UINT64_MAX);
    end(&host);
}

/* A late list is dropped to its end, and a late answer without ActionID takes no other's place. */
static void late_lists_and_nameless_answers_are_dropped(void **state)
{
    struct pyst_ami_submission how = {.timeout_us = SECOND};
    struct host host;
    uint64_t list, ping;

    begin_ready(&host, NULL);
    list = submit_with(&host, "SomeList", NULL, NULL, &how);
    send_all(&host);
    tick(&host, SECOND);
    expect_done(&host, list, PYST_ERR_TIMED_OUT);
    say(&host, "Response: Success\r\nActionID: pyst-1\r\nEventList: start\r\n\r\n"
               "Event: Item\r\nActionID: pyst-1\r\n\r\n"
               "Event: End\r\nActionID: pyst-1\r\nEventList: Complete\r\n\r\n");
    expect_nothing(&host);

    list = submit_with(&host, "Ping", NULL, NULL, &how);
    ping = submit(&host, "Ping");
    send_all(&host);
    tick(&host, SECOND);
    expect_done(&host, list, PYST_ERR_TIMED_OUT);
    say(&host, "Response: Late\r\n\r\nResponse: Right\r\n\r\n");
    expect_done(&host, ping, 0);
    assert_text(pyst_ami_message_name(host.notice.message), "Right");
    expect_nothing(&host);
    end(&host);
}

static void list_times_out_with_the_items_so_far(void **state)
{
    struct pyst_ami_submission how = {.timeout_us = SECOND};
    struct host host;
    uint64_t number;

    begin_ready(&host, NULL);
    number = submit_with(&host, "SomeList", NULL, NULL, &how);
    send_all(&host);
    say(&host, "Response: Success\r\nActionID: pyst-1\r\nEventList: start\r\n\r\n"
               "Event: Item\r\nActionID: pyst-1\r\n\r\n");
    expect_nothing(&host);
    tick(&host, SECOND);
    expect_done(&host, number, PYST_ERR_TIMED_OUT);
    assert_non_null(host.notice.message);
    assert_int_equal(host.notice.n_items, 1);
    say(&host, "Event: Item\r\nActionID: pyst-1\r\n\r\n"
               "Event: End\r\nActionID: pyst-1\r\nEventList: Complete\r\n\r\n"
               "Event: Item\r\nActionID: pyst-1\r\n\r\n");
    expect_event(&host, "Item");
    expect_nothing(&host);
    end(&host);
}

/* With actions of random deadlines ending in random order, the next deadline is always the least.
 */
static void next_deadline_is_the_least(void **state)
{
    enum { N = 200 };
    uint64_t numbers[N], deadlines[N];
    uint32_t random = 1;
    struct host host;

    for (int round = 0; round < 20; round++) {
        begin_ready(&host, NULL);
        for (size_t i = 0; i < N; i++) {
            struct pyst_ami_submission how = {.timeout_us = 0};

            random = random * 1664525u + 1013904223u;
            how.timeout_us = 1 + (random >> 12);
            deadlines[i] = host.now + how.timeout_us;
            numbers[i] = submit_with(&host, "Ping", NULL, NULL, &how);
        }
        for (size_t left = N; left > 0; left--) {
            uint64_t least = UINT64_MAX;
            size_t victim = 0;

            for (size_t i = 0; i < left; i++) {
                if (deadlines[i] < least) {
                    least = deadlines[i];
                    victim = i;
                }
            }
            assert_int_equal(pyst_ami_session_deadline(host.session), least);
            /* First any of them, then the next one that is due. */
            random = random * 1664525u + 1013904223u;
            if (left > N / 2)
                victim = (random >> 12) % left;
            assert_int_equal(pyst_ami_session_cancel(host.session, numbers[victim]), 1);
            numbers[victim] = numbers[left - 1];
            deadlines[victim] = deadlines[left - 1];
        }
        assert_int_equal(pyst_ami_session_deadline(host.session), UINT64_MAX);
        end(&host);
    }
}

/* --- cancelling ---------------------------------------------------------------------------- */

static void cancelled_action_ends_at_once(void **state)
{
    struct host host;
    uint64_t number;

    begin_ready(&host, NULL);
    number = submit(&host, "Ping");
    send_all(&host);
    assert_int_equal(pyst_ami_session_cancel(host.session, number), 1);
    assert_int_equal(pyst_ami_session_cancel(host.session, number), 0);
    assert_int_equal(pyst_ami_session_cancel(host.session, number + 1), 0);
    assert_int_equal(pyst_ami_session_cancel(host.session, 0), 0);
    expect_done(&host, number, PYST_ERR_CANCELLED);
    say(&host, "Response: Success\r\nActionID: pyst-1\r\n\r\n");
    expect_nothing(&host);
    end(&host);
}

static void cancelled_before_ready_is_never_sent(void **state)
{
    struct host host;
    uint64_t number;

    begin(&host, NULL);
    number = submit(&host, "Ping");
    submit(&host, "Status");
    assert_int_equal(pyst_ami_session_cancel(host.session, number), 1);
    expect_done(&host, number, PYST_ERR_CANCELLED);
    say(&host, GREETING);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    expect_sent(&host, "Action: Status\r\nActionID: pyst-2\r\n\r\n");
    end(&host);
}

/* Lists that were asked not to be collected are events like any other, late ones as well. */
static void late_ignored_list_is_events(void **state)
{
    struct pyst_ami_submission how = {.list = PYST_AMI_LIST_IGNORE};
    struct host host;
    uint64_t number;

    begin_ready(&host, NULL);
    number = submit_with(&host, "SomeList", NULL, NULL, &how);
    send_all(&host);
    assert_int_equal(pyst_ami_session_cancel(host.session, number), 1);
    expect_done(&host, number, PYST_ERR_CANCELLED);
    say(&host, "Response: Success\r\nActionID: pyst-1\r\nEventList: start\r\n\r\n"
               "Event: Item\r\nActionID: pyst-1\r\n\r\n");
    expect_event(&host, "Item");
    end(&host);
}

/* The time of submitting is the one that is said then, not that of the last tick. */
static void deadline_counts_from_submitting(void **state)
{
    struct pyst_ami_submission how = {.timeout_us = SECOND};
    struct host host;

    begin_ready(&host, NULL);
    host.now = 100 * SECOND;
    submit_with(&host, "Ping", NULL, NULL, &how);
    assert_int_equal(pyst_ami_session_deadline(host.session), 101 * SECOND);
    end(&host);
}

/* --- keepalive ----------------------------------------------------------------------------- */

static const struct pyst_ami_session_options watchful = {
    .keepalive_us = 30 * SECOND,
    .keepalive_timeout_us = 5 * SECOND,
};

static void silent_peer_is_pinged_and_its_answer_hidden(void **state)
{
    struct host host;

    begin_ready(&host, &watchful);
    assert_int_equal(pyst_ami_session_deadline(host.session), 31 * SECOND);
    tick(&host, 30 * SECOND - 1);
    assert_int_equal(pyst_ami_session_output(host.session).size, 0);
    tick(&host, 1);
    expect_sent(&host, "Action: Ping\r\nActionID: pyst-1\r\n\r\n");
    assert_int_equal(pyst_ami_session_deadline(host.session), 36 * SECOND);
    assert_int_equal(pyst_ami_session_in_flight(host.session), 0);
    tick(&host, SECOND);
    say(&host, "Response: Success\r\nActionID: pyst-1\r\nPing: Pong\r\n\r\n");
    expect_nothing(&host);
    assert_int_equal(pyst_ami_session_deadline(host.session), host.now + 30 * SECOND);
    end(&host);
}

static void dead_peer_is_given_up(void **state)
{
    struct host host;
    uint64_t number;

    begin_ready(&host, &watchful);
    number = submit(&host, "Ping");
    send_all(&host);
    tick(&host, 30 * SECOND);
    send_all(&host);
    tick(&host, 5 * SECOND - 1);
    expect_nothing(&host);
    tick(&host, 1);
    expect_done(&host, number, PYST_ERR_UNKNOWN_OUTCOME);
    expect_closed(&host, PYST_ERR_KEEPALIVE);
    expect_nothing(&host);
    end(&host);
}

/* Whatever comes, a byte is enough: the peer lives. */
static void any_byte_shows_life(void **state)
{
    struct host host;

    begin_ready(&host, &watchful);
    tick(&host, 30 * SECOND);
    send_all(&host);
    tick(&host, 4 * SECOND);
    say(&host, "E");
    assert_int_equal(pyst_ami_session_deadline(host.session), host.now + 30 * SECOND);
    tick(&host, 29 * SECOND);
    expect_nothing(&host);
    assert_int_equal(pyst_ami_session_output(host.session).size, 0);
    end(&host);
}

/* The same without a copy. */
static void received_byte_shows_life(void **state)
{
    struct host host;
    size_t size;
    void *room;

    begin_ready(&host, &watchful);
    host.now += 20 * SECOND;
    assert_int_equal(pyst_ami_session_reserve(host.session, 0, &room, &size), 0);
    assert_true(size >= 4096); /* as much as a read is worth */
    memcpy(room, "Event: A\r\n\r\n", 12);
    pyst_ami_session_commit(host.session, 12, host.now);
    assert_int_equal(pyst_ami_session_pending(host.session), 12);
    assert_int_equal(pyst_ami_session_deadline(host.session), host.now + 30 * SECOND);
    expect_event(&host, "A");
    assert_int_equal(pyst_ami_session_pending(host.session), 0);
    /* A read that brought nothing shows nothing. */
    pyst_ami_session_commit(host.session, 0, host.now + 5 * SECOND);
    assert_int_equal(pyst_ami_session_deadline(host.session), host.now + 30 * SECOND);
    end(&host);
}

/* Neither a ping that is out nor an announced end is of the next connection. */
static void restart_forgets_ping_and_shutdown(void **state)
{
    struct host host;

    begin_ready(&host, &watchful);
    tick(&host, 30 * SECOND);
    send_all(&host);
    pyst_ami_session_disconnected(host.session, 0);
    expect_closed(&host, PYST_ERR_CLOSED);
    assert_int_equal(pyst_ami_session_restart(host.session, host.now), 0);
    say(&host, GREETING);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    expect(&host, PYST_AMI_NOTICE_READY);
    assert_int_equal(pyst_ami_session_deadline(host.session), host.now + 30 * SECOND);
    say(&host, "Event: Shutdown\r\n\r\n");
    expect_event(&host, "Shutdown");
    pyst_ami_session_disconnected(host.session, 0);
    expect_closed(&host, PYST_ERR_SHUTDOWN);
    assert_int_equal(pyst_ami_session_restart(host.session, host.now), 0);
    pyst_ami_session_disconnected(host.session, 0);
    expect_closed(&host, PYST_ERR_CLOSED);
    end(&host);
}

static void synchronous_originate_suspends_keepalive(void **state)
{
    struct host host;
    uint64_t number;

    begin_ready(&host, &watchful);
    number = submit(&host, "Originate");
    send_all(&host);
    assert_int_equal(pyst_ami_session_deadline(host.session), UINT64_MAX);
    tick(&host, 3600 * SECOND);
    assert_int_equal(pyst_ami_session_output(host.session).size, 0);
    expect_nothing(&host);
    say(&host, "Response: Success\r\nActionID: pyst-1\r\n\r\n");
    expect_done(&host, number, 0);
    expect_nothing(&host);
    tick(&host, 30 * SECOND);
    expect_sent(&host, "Action: Ping\r\nActionID: pyst-2\r\n\r\n");
    say(&host, "Response: Success\r\nActionID: pyst-2\r\n\r\n");
    expect_nothing(&host);

    submit_with(&host, "Originate", "Async", "true", NULL);
    send_all(&host);
    tick(&host, 30 * SECOND);
    expect_sent(&host, "Action: Ping\r\nActionID: pyst-4\r\n\r\n");
    end(&host);
}

/* --- the end ------------------------------------------------------------------------------- */

static void logoff_ends_in_order(void **state)
{
    struct host host;
    uint64_t before, logoff;

    begin_ready(&host, NULL);
    before = submit(&host, "Ping");
    logoff = submit(&host, "Logoff");
    assert_int_equal(pyst_ami_session_state(host.session), PYST_AMI_STATE_CLOSING);
    assert_int_equal(try_submit(&host, "Ping", NULL, NULL, NULL, NULL), PYST_ERR_STATE);
    send_all(&host);
    say(&host, "Response: Success\r\nActionID: pyst-1\r\n\r\n"
               "Response: Goodbye\r\nActionID: pyst-2\r\nMessage: Thanks\r\n\r\n");
    expect_done(&host, before, 0);
    expect_done(&host, logoff, 0);
    assert_text(pyst_ami_message_name(host.notice.message), "Goodbye");
    expect_closed(&host, 0);
    expect_nothing(&host);
    pyst_ami_session_disconnected(host.session, PYST_ERR_CLOSED);
    expect_nothing(&host);
    end(&host);
}

/* It was sent: that nobody waits for its answer any more does not undo it. */
static void cancelled_logoff_still_logs_off(void **state)
{
    struct host host;
    uint64_t number;

    begin_ready(&host, NULL);
    number = submit(&host, "Logoff");
    send_all(&host);
    assert_int_equal(pyst_ami_session_cancel(host.session, number), 1);
    expect_done(&host, number, PYST_ERR_CANCELLED);
    say(&host, "Response: Goodbye\r\nActionID: pyst-1\r\n\r\nEvent: After\r\n\r\n");
    expect_closed(&host, 0);
    end(&host);
}

static void close_after_logoff_is_no_error(void **state)
{
    struct host host;
    uint64_t number;

    begin_ready(&host, NULL);
    number = submit(&host, "Logoff");
    send_all(&host);
    pyst_ami_session_disconnected(host.session, 0);
    expect_done(&host, number, PYST_ERR_UNKNOWN_OUTCOME);
    expect_closed(&host, 0);
    end(&host);
}

static void shutdown_is_told_however_the_connection_ends(void **state)
{
    static const int ends[][2] = {
        {PYST_OK, PYST_ERR_SHUTDOWN},
        {PYST_ERR_CLOSED, PYST_ERR_SHUTDOWN},
        {PYST_ERR_TLS, PYST_ERR_SHUTDOWN},
        {PYST_ERR_SYSTEM, PYST_ERR_SYSTEM},
        {PYST_ERR_KEEPALIVE, PYST_ERR_KEEPALIVE},
    };

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct host host;
        uint64_t number;

        begin_ready(&host, NULL);
        number = submit(&host, "Ping");
        send_all(&host);
        say(&host, "Event: Shutdown\r\nShutdown: Cleanly\r\nRestart: False\r\n\r\n");
        pyst_ami_session_disconnected(host.session, ends[i][0]);
        expect_event(&host, "Shutdown");
        expect_done(&host, number, PYST_ERR_UNKNOWN_OUTCOME);
        expect_closed(&host, ends[i][1]);
        end(&host);
    }
}

static void loss_says_what_was_sent_and_what_not(void **state)
{
    struct host host;
    uint64_t sent, partly, not_sent;

    begin_ready(&host, NULL);
    sent = submit(&host, "Ping");
    send_all(&host);
    partly = submit(&host, "Ping");
    not_sent = submit(&host, "Ping");
    pyst_ami_session_sent(host.session, 1);
    say(&host, "Event: Last\r\n\r\n");
    pyst_ami_session_disconnected(host.session, PYST_ERR_SYSTEM);
    expect_event(&host, "Last");
    expect_done(&host, sent, PYST_ERR_UNKNOWN_OUTCOME);
    expect_done(&host, partly, PYST_ERR_UNKNOWN_OUTCOME);
    expect_done(&host, not_sent, PYST_ERR_NOT_SENT);
    expect_closed(&host, PYST_ERR_SYSTEM);
    expect_nothing(&host);
    end(&host);
}

static void loss_between_two_actions(void **state)
{
    struct host host;
    uint64_t sent, not_sent;

    begin_ready(&host, NULL);
    sent = submit(&host, "Ping");
    send_all(&host);
    not_sent = submit(&host, "Ping");
    pyst_ami_session_disconnected(host.session, 0);
    expect_done(&host, sent, PYST_ERR_UNKNOWN_OUTCOME);
    expect_done(&host, not_sent, PYST_ERR_NOT_SENT);
    expect_closed(&host, PYST_ERR_CLOSED);
    end(&host);
}

/* The bytes of a whole conversation: login, a list, an answer, an event. */
static const char conversation[] =
    GREETING "Response: Success\r\nActionID: pyst-1\r\nChallenge: 1\r\n\r\n"
             "Response: Success\r\nActionID: pyst-2\r\nMessage: Authentication accepted\r\n\r\n"
             "Event: FullyBooted\r\n\r\n"
             "Response: Success\r\nActionID: pyst-3\r\n\r\n"
             "Response: Success\r\nActionID: pyst-4\r\nEventList: start\r\n\r\n"
             "Event: Item\r\nActionID: pyst-4\r\n\r\n"
             "Event: End\r\nActionID: pyst-4\r\nEventList: Complete\r\n\r\n"
             "Response: Follows\r\nActionID: pyst-5\r\nline\n--END COMMAND--\r\n\r\n"
             "Event: Other\r\n\r\n";

/* Lets the conversation, which comes byte by byte, end behind `size` of them. */
static void disconnect_after(size_t size)
{
    struct pyst_ami_session_options options = {.username = {"admin", 5}, .secret = {"secret", 6}};
    static const char *const names[] = {"Ping", "SomeList", "Command"};
    struct host host;
    uint64_t numbers[3];
    unsigned done[3] = {0, 0, 0};
    unsigned submitted = 0;
    bool closed = false;
    size_t fed = 0;

    begin(&host, &options);
    while (!closed) {
        int r;

        /* Submitted once ready, so that their numbers are those of the conversation. */
        if (submitted == 0 && pyst_ami_session_state(host.session) == PYST_AMI_STATE_READY)
            for (; submitted < 3; submitted++)
                numbers[submitted] = submit(&host, names[submitted]);
        r = pyst_ami_session_next(host.session, &host.notice);
        send_all(&host);
        if (r == 0) {
            if (fed == size)
                pyst_ami_session_disconnected(host.session, 0);
            else
                say_bytes(&host, conversation + fed++, 1);
            continue;
        }
        assert_int_equal(r, 1);
        if (host.notice.type == PYST_AMI_NOTICE_CLOSED) {
            closed = true;
            assert_true(host.notice.error == PYST_ERR_CLOSED ||
                        host.notice.error == PYST_ERR_TRUNCATED);
            /* An end behind an empty line is between two messages. */
            if (size >= 4 && memcmp(conversation + size - 4, "\r\n\r\n", 4) == 0)
                assert_int_equal(host.notice.error, PYST_ERR_CLOSED);
        } else if (host.notice.type == PYST_AMI_NOTICE_DONE) {
            for (unsigned i = 0; i < 3; i++) {
                if (numbers[i] != host.notice.action)
                    continue;
                done[i]++;
                assert_true(host.notice.error == 0 ||
                            host.notice.error == PYST_ERR_UNKNOWN_OUTCOME);
            }
        } else {
            assert_int_not_equal(host.notice.type, PYST_AMI_NOTICE_STRAY);
            assert_int_not_equal(host.notice.type, PYST_AMI_NOTICE_LOST);
        }
    }
    expect_nothing(&host);
    for (unsigned i = 0; i < submitted; i++)
        assert_int_equal(done[i], 1);
    if (size == sizeof(conversation) - 1)
        assert_int_equal(submitted, 3);
    assert_int_equal(pyst_ami_session_in_flight(host.session), 0);
    end(&host);
}

static void disconnect_after_every_byte(void **state)
{
    for (size_t size = 0; size < sizeof(conversation); size++)
        disconnect_after(size);
}

static void bytes_after_the_end_are_dropped(void **state)
{
    struct host host;

    begin_ready(&host, NULL);
    pyst_ami_session_disconnected(host.session, 0);
    say(&host, "Event: Late\r\n\r\n");
    expect_closed(&host, PYST_ERR_CLOSED);
    say(&host, "Event: Later\r\n\r\n");
    expect_nothing(&host);
    end(&host);
}

static void truncated_stream_is_told(void **state)
{
    struct host host;

    begin_ready(&host, NULL);
    say(&host, "Event: Cut\r\n");
    pyst_ami_session_disconnected(host.session, 0);
    expect_closed(&host, PYST_ERR_TRUNCATED);
    end(&host);
}

/* --- restart ------------------------------------------------------------------------------- */

static void restart_begins_anew_and_repeats_nothing(void **state)
{
    struct pyst_ami_session_options options = {.username = {"admin", 5},
                                               .secret = {"s", 1},
                                               .authentication = PYST_AMI_AUTHENTICATION_PLAIN};
    struct host host;
    uint64_t lost, kept;

    begin(&host, &options);
    assert_int_equal(pyst_ami_session_restart(host.session, host.now), PYST_ERR_STATE);
    say(&host, GREETING "Response: Success\r\nActionID: pyst-1\r\n\r\n");
    expect(&host, PYST_AMI_NOTICE_GREETED);
    send_all(&host);
    expect(&host, PYST_AMI_NOTICE_READY);
    lost = submit(&host, "Ping");
    send_all(&host);
    say(&host, "Event: Cu");
    pyst_ami_session_disconnected(host.session, PYST_ERR_CLOSED);
    expect_done(&host, lost, PYST_ERR_UNKNOWN_OUTCOME);
    assert_int_equal(pyst_ami_session_restart(host.session, host.now), PYST_ERR_STATE);
    expect_closed(&host, PYST_ERR_CLOSED);
    kept = submit(&host, "Status");
    expect_nothing(&host);
    assert_int_equal(pyst_ami_session_output(host.session).size, 0);

    assert_int_equal(pyst_ami_session_restart(host.session, host.now), 0);
    assert_int_equal(pyst_ami_session_state(host.session), PYST_AMI_STATE_GREETING);
    say(&host, GREETING);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    expect_sent(&host, "Action: Login\r\nUsername: admin\r\nSecret: s\r\nActionID: pyst-4\r\n\r\n");
    say(&host, "Response: Success\r\nActionID: pyst-4\r\n\r\n");
    expect(&host, PYST_AMI_NOTICE_READY);
    expect_sent(&host, "Action: Status\r\nActionID: pyst-3\r\n\r\n");
    say(&host, "Response: Error\r\nActionID: pyst-3\r\n\r\n");
    expect_done(&host, kept, PYST_ERR_REFUSED);
    end(&host);
}

static void held_actions_time_out_and_fail(void **state)
{
    struct pyst_ami_submission how = {.timeout_us = SECOND};
    struct host host;
    uint64_t first, second;

    begin(&host, NULL);
    first = submit_with(&host, "Ping", NULL, NULL, &how);
    second = submit(&host, "Ping");
    assert_int_equal(pyst_ami_session_in_flight(host.session), 2);
    assert_int_equal(pyst_ami_session_deadline(host.session), 2 * SECOND);
    tick(&host, SECOND);
    expect_done(&host, first, PYST_ERR_TIMED_OUT);
    pyst_ami_session_disconnected(host.session, PYST_ERR_CONNECT);
    expect_done(&host, second, PYST_ERR_NOT_SENT);
    expect_closed(&host, PYST_ERR_CONNECT);
    end(&host);
}

static void held_logoff_closes_when_it_is_sent(void **state)
{
    struct host host;
    uint64_t number;

    begin(&host, NULL);
    number = submit(&host, "Logoff");
    assert_int_equal(pyst_ami_session_state(host.session), PYST_AMI_STATE_GREETING);
    say(&host, GREETING);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    expect_sent(&host, "Action: Logoff\r\nActionID: pyst-1\r\n\r\n");
    say(&host, "Response: Goodbye\r\nActionID: pyst-1\r\n\r\n");
    while (pyst_ami_session_next(host.session, &host.notice) == 1 &&
           host.notice.type == PYST_AMI_NOTICE_READY)
        ;
    assert_int_equal(host.notice.type, PYST_AMI_NOTICE_DONE);
    assert_int_equal(host.notice.action, number);
    expect_closed(&host, 0);
    end(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(action_times_out_and_its_late_answer_is_dropped),
        cmocka_unit_test(late_lists_and_nameless_answers_are_dropped),
        cmocka_unit_test(list_times_out_with_the_items_so_far),
        cmocka_unit_test(next_deadline_is_the_least),
        cmocka_unit_test(cancelled_action_ends_at_once),
        cmocka_unit_test(cancelled_before_ready_is_never_sent),
        cmocka_unit_test(late_ignored_list_is_events),
        cmocka_unit_test(deadline_counts_from_submitting),
        cmocka_unit_test(silent_peer_is_pinged_and_its_answer_hidden),
        cmocka_unit_test(dead_peer_is_given_up),
        cmocka_unit_test(any_byte_shows_life),
        cmocka_unit_test(received_byte_shows_life),
        cmocka_unit_test(restart_forgets_ping_and_shutdown),
        cmocka_unit_test(synchronous_originate_suspends_keepalive),
        cmocka_unit_test(logoff_ends_in_order),
        cmocka_unit_test(cancelled_logoff_still_logs_off),
        cmocka_unit_test(close_after_logoff_is_no_error),
        cmocka_unit_test(shutdown_is_told_however_the_connection_ends),
        cmocka_unit_test(loss_says_what_was_sent_and_what_not),
        cmocka_unit_test(loss_between_two_actions),
        cmocka_unit_test(disconnect_after_every_byte),
        cmocka_unit_test(bytes_after_the_end_are_dropped),
        cmocka_unit_test(truncated_stream_is_told),
        cmocka_unit_test(restart_begins_anew_and_repeats_nothing),
        cmocka_unit_test(held_actions_time_out_and_fail),
        cmocka_unit_test(held_logoff_closes_when_it_is_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
