/* SPDX-License-Identifier: MIT */

/* A session from its greeting on: login, which answer belongs to which action, event lists. */

#include "session-host.h"

static const struct pyst_ami_session_options plain = {
    .username = {"admin", 5},
    .secret = {"secret", 6},
    .authentication = PYST_AMI_AUTHENTICATION_PLAIN,
};

#define LOGIN_SENT "Action: Login\r\nUsername: admin\r\nSecret: secret\r\nActionID: pyst-1\r\n\r\n"
#define LOGIN_ACCEPTED                                                                             \
    "Response: Success\r\nActionID: pyst-1\r\nMessage: Authentication accepted\r\n\r\n"

/* --- login --------------------------------------------------------------------------------- */

static void greeting_alone_makes_it_ready(void **state)
{
    struct host host;

    begin(&host, NULL);
    assert_int_equal(pyst_ami_session_state(host.session), PYST_AMI_STATE_GREETING);
    expect_nothing(&host);
    say(&host, GREETING);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    assert_text(pyst_ami_message_name(host.notice.message), "Asterisk Call Manager/11.0.0");
    expect(&host, PYST_AMI_NOTICE_READY);
    assert_int_equal(pyst_ami_message_kind(host.notice.message), PYST_AMI_GREETING);
    expect_nothing(&host);
    assert_int_equal(pyst_ami_session_output(host.session).size, 0);
    assert_int_equal(pyst_ami_session_deadline(host.session), UINT64_MAX);
    end(&host);
}

static void plain_login(void **state)
{
    struct host host;

    begin(&host, &plain);
    assert_int_equal(pyst_ami_session_output(host.session).size, 0);
    say(&host, GREETING);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    assert_int_equal(pyst_ami_session_state(host.session), PYST_AMI_STATE_LOGIN);
    expect_sent(&host, LOGIN_SENT);
    say(&host, LOGIN_ACCEPTED "Event: FullyBooted\r\n\r\n");
    expect(&host, PYST_AMI_NOTICE_READY);
    assert_text(pyst_ami_message_get(host.notice.message, pyst_text("Message")),
                "Authentication accepted");
    assert_int_equal(pyst_ami_session_state(host.session), PYST_AMI_STATE_READY);
    expect_event(&host, "FullyBooted");
    expect_nothing(&host);
    assert_int_equal(pyst_ami_session_in_flight(host.session), 0);
    end(&host);
}

/* The key is the MD5 of the challenge and the secret, as md5sum makes it. */
static void md5_login_does_not_send_the_secret(void **state)
{
    struct pyst_ami_session_options options = plain;
    struct host host;

    options.authentication = PYST_AMI_AUTHENTICATION_MD5;
    options.events = pyst_text("call,system");
    begin(&host, &options);
    say(&host, GREETING);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    expect_sent(&host, "Action: Challenge\r\nAuthType: MD5\r\nActionID: pyst-1\r\n\r\n");
    say(&host, "Response: Success\r\nActionID: pyst-1\r\nChallenge: 123456789\r\n\r\n");
    expect_nothing(&host);
    expect_sent(&host, "Action: Login\r\nAuthType: MD5\r\nUsername: admin\r\n"
                       "Key: 7ccde16e862dfe7681297713e9e9cadb\r\nEvents: call,system\r\n"
                       "ActionID: pyst-2\r\n\r\n");
    say(&host, "Response: Success\r\nActionID: pyst-2\r\n\r\n");
    expect(&host, PYST_AMI_NOTICE_READY);
    end(&host);
}

static void challenge_without_a_challenge_is_refused(void **state)
{
    struct pyst_ami_session_options options = plain;
    struct host host;

    options.authentication = PYST_AMI_AUTHENTICATION_MD5;
    begin(&host, &options);
    say(&host, GREETING "Response: Success\r\nActionID: pyst-1\r\n\r\n");
    expect(&host, PYST_AMI_NOTICE_GREETED);
    expect_closed(&host, PYST_ERR_REFUSED);
    end(&host);
}

static void refused_with(const char *message, int error)
{
    char answer[256];
    struct host host;
    uint64_t held;

    begin(&host, &plain);
    held = submit(&host, "Ping");
    say(&host, GREETING);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    send_all(&host);
    snprintf(answer, sizeof(answer), "Response: Error\r\nActionID: pyst-2\r\nMessage: %s\r\n\r\n",
             message);
    say(&host, answer);
    expect_done(&host, held, PYST_ERR_NOT_SENT);
    assert_int_equal(pyst_ami_session_state(host.session), PYST_AMI_STATE_CLOSING);
    assert_int_equal(try_submit(&host, "Ping", NULL, NULL, NULL, NULL), PYST_ERR_STATE);
    expect_closed(&host, error);
    assert_text(pyst_ami_message_get(host.notice.message, pyst_text("Message")), message);
    assert_int_equal(pyst_ami_session_output(host.session).size, 0);
    expect_nothing(&host);
    end(&host);
}

static void refused_logins_say_why(void **state)
{
    refused_with("Authentication failed", PYST_ERR_AUTHENTICATION);
    refused_with("Permission denied", PYST_ERR_PERMISSION);
    refused_with("Login Already In Use", PYST_ERR_REFUSED);
}

static void filters_come_before_ready(void **state)
{
    const struct pyst_text filters[] = {pyst_text("Event: Newchannel"),
                                        pyst_text("!Event: VarSet")};
    struct pyst_ami_session_options options = plain;
    struct host host;
    uint64_t held;

    options.filters = filters;
    options.n_filters = 2;
    begin(&host, &options);
    say(&host, GREETING LOGIN_ACCEPTED);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    expect_nothing(&host);
    assert_int_equal(pyst_ami_session_state(host.session), PYST_AMI_STATE_LOGIN);
    held = submit(&host, "Ping");
    expect_sent(&host,
                LOGIN_SENT "Action: Filter\r\nOperation: Add\r\nFilter: Event: Newchannel\r\n"
                           "ActionID: pyst-2\r\n\r\n"
                           "Action: Filter\r\nOperation: Add\r\nFilter: !Event: VarSet\r\n"
                           "ActionID: pyst-3\r\n\r\n");
    say(&host, "Response: Success\r\nActionID: pyst-2\r\n\r\n");
    expect_nothing(&host);
    assert_int_equal(pyst_ami_session_output(host.session).size, 0);
    say(&host, "Response: Success\r\nActionID: pyst-3\r\n\r\n");
    expect(&host, PYST_AMI_NOTICE_READY);
    assert_text(pyst_ami_message_action_id(host.notice.message), "pyst-1");
    expect_sent(&host, "Action: Ping\r\nActionID: pyst-4\r\n\r\n");
    say(&host, "Response: Success\r\nActionID: pyst-4\r\n\r\n");
    expect_done(&host, held, 0);
    end(&host);
}

static void refused_filter_ends_the_session(void **state)
{
    const struct pyst_text filter = pyst_text("[");
    struct pyst_ami_session_options options = plain;
    struct host host;

    options.filters = &filter;
    options.n_filters = 1;
    begin(&host, &options);
    say(&host, GREETING LOGIN_ACCEPTED);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    expect_nothing(&host);
    say(&host, "Response: Error\r\nActionID: pyst-2\r\nMessage: Filter format is bad\r\n\r\n");
    expect_closed(&host, PYST_ERR_REFUSED);
    assert_text(pyst_ami_message_get(host.notice.message, pyst_text("Message")),
                "Filter format is bad");
    end(&host);
}

/* At each point before it is ready, and not after. */
static void login_times_out(void **state)
{
    static const char *const points[] = {"", GREETING};
    struct pyst_ami_session_options options = plain;
    struct host host;

    options.login_timeout_us = 5 * SECOND;
    for (size_t i = 0; i < 2; i++) {
        begin(&host, &options);
        say(&host, points[i]);
        while (pyst_ami_session_next(host.session, &host.notice) == 1)
            assert_int_equal(host.notice.type, PYST_AMI_NOTICE_GREETED);
        assert_int_equal(pyst_ami_session_deadline(host.session), 6 * SECOND);
        tick(&host, 5 * SECOND - 1);
        expect_nothing(&host);
        tick(&host, 1);
        expect_closed(&host, PYST_ERR_TIMED_OUT);
        assert_int_equal(pyst_ami_session_deadline(host.session), UINT64_MAX);
        end(&host);
    }
    begin(&host, &options);
    say(&host, GREETING LOGIN_ACCEPTED);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    expect(&host, PYST_AMI_NOTICE_READY);
    tick(&host, 60 * SECOND);
    expect_nothing(&host);
    assert_int_equal(pyst_ami_session_deadline(host.session), UINT64_MAX);
    end(&host);
}

static void another_service_is_no_manager(void **state)
{
    struct host host;

    begin(&host, &plain);
    say(&host, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    expect_closed(&host, PYST_ERR_GREETING);
    expect_nothing(&host);
    assert_int_equal(pyst_ami_session_output(host.session).size, 0);
    end(&host);
}

static void settings_that_cannot_be_sent_are_refused(void **state)
{
    const struct pyst_text filter = pyst_text("a\r\nAction: Logoff");
    struct pyst_ami_session *session = NULL;
    struct pyst_ami_session_options options = plain;
    struct pyst_text *const texts[] = {&options.username, &options.secret, &options.events,
                                       &options.action_id_prefix};
    char much[1025];

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        options = plain;
        *texts[i] = pyst_text("a\nb");
        assert_int_equal(pyst_ami_session_new(&session, &options, 1), PYST_ERR_BAD_VALUE);
    }
    options = plain;
    options.filters = &filter;
    options.n_filters = 1;
    assert_int_equal(pyst_ami_session_new(&session, &options, 1), PYST_ERR_BAD_VALUE);
    memset(much, 'x', sizeof(much));
    options = plain;
    options.username = pyst_text_of(much, sizeof(much));
    assert_int_equal(pyst_ami_session_new(&session, &options, 1), PYST_ERR_LINE_TOO_LONG);
    assert_null(session);
}

/* --- which answer belongs to which action -------------------------------------------------- */

static void answers_come_in_any_order(void **state)
{
    struct host host;
    int users[3];
    uint64_t numbers[3];

    begin_ready(&host, NULL);
    for (int i = 0; i < 3; i++) {
        struct pyst_ami_submission how = {.user = &users[i]};

        numbers[i] = submit_with(&host, "Ping", NULL, NULL, &how);
    }
    send_all(&host);
    say(&host, "Response: Success\r\nActionID: pyst-3\r\n\r\n"
               "Event: Between\r\n\r\n"
               "Response: Error\r\nActionID: pyst-1\r\nMessage: Permission denied\r\n\r\n"
               "Response: Success\r\nActionID: pyst-2\r\n\r\n");
    expect_done(&host, numbers[2], 0);
    assert_ptr_equal(host.notice.user, &users[2]);
    expect_event(&host, "Between");
    expect_done(&host, numbers[0], PYST_ERR_PERMISSION);
    assert_ptr_equal(host.notice.user, &users[0]);
    assert_non_null(host.notice.message);
    expect_done(&host, numbers[1], 0);
    expect_nothing(&host);
    end(&host);
}

static void ten_thousand_in_flight(void **state)
{
    enum { N = 10000 };
    struct host host;
    static uint64_t numbers[N];
    static bool done[N];
    char text[64];

    memset(done, 0, sizeof(done));
    begin_ready(&host, NULL);
    for (size_t i = 0; i < N; i++) {
        struct pyst_ami_submission how = {.user = &done[i], .timeout_us = SECOND + i * 7919 % N};

        numbers[i] = submit_with(&host, "Ping", NULL, NULL, &how);
    }
    assert_int_equal(pyst_ami_session_in_flight(host.session), N);
    send_all(&host);
    /* 7919 is prime, so each comes once. */
    for (size_t i = 0; i < N; i++) {
        snprintf(text, sizeof(text), "Response: Success\r\nActionID: pyst-%zu\r\n\r\n",
                 i * 7919 % N + 1);
        say(&host, text);
    }
    for (size_t i = 0; i < N; i++) {
        bool *user;

        expect_done(&host, numbers[i * 7919 % N], 0);
        user = host.notice.user;
        assert_ptr_equal(user, &done[i * 7919 % N]);
        assert_false(*user);
        *user = true;
    }
    expect_nothing(&host);
    assert_int_equal(pyst_ami_session_in_flight(host.session), 0);
    assert_int_equal(pyst_ami_session_deadline(host.session), UINT64_MAX);
    end(&host);
}

static void answers_without_action_id_come_in_order(void **state)
{
    struct host host;
    uint64_t first, second, third;

    begin_ready(&host, NULL);
    first = submit(&host, "Ping");
    second = submit(&host, "Command");
    third = submit(&host, "Ping");
    send_all(&host);
    say(&host, "Response: Pong\r\n\r\nResponse: Follows\r\nout\n--END COMMAND--\r\n\r\nPing: "
               "Pong\r\n\r\n");
    expect_done(&host, first, 0);
    expect_done(&host, second, 0);
    assert_text(pyst_ami_message_data(host.notice.message), "out\n--END COMMAND--\r\n");
    expect_done(&host, third, 0);
    say(&host, "Response: Success\r\n\r\n");
    expect(&host, PYST_AMI_NOTICE_STRAY);
    expect_nothing(&host);
    end(&host);
}

/* A few old answers are not even responses; who sends ActionIDs is not that old. */
static void nameless_message_is_an_answer_of_old_servers_only(void **state)
{
    struct host host;
    uint64_t first, second;

    begin_ready(&host, NULL);
    first = submit(&host, "Events");
    second = submit(&host, "Ping");
    send_all(&host);
    say(&host, "Events: Off\r\n\r\n");
    expect_done(&host, first, 0);
    say(&host, "Response: Success\r\nActionID: pyst-2\r\n\r\n");
    expect_done(&host, second, 0);
    submit(&host, "Events");
    send_all(&host);
    say(&host, "Events: Off\r\n\r\n");
    expect(&host, PYST_AMI_NOTICE_STRAY);
    assert_int_equal(pyst_ami_session_in_flight(host.session), 1);
    expect_nothing(&host);

    /* Another connection, another server. */
    pyst_ami_session_disconnected(host.session, 0);
    expect(&host, PYST_AMI_NOTICE_DONE);
    expect_closed(&host, PYST_ERR_CLOSED);
    assert_int_equal(pyst_ami_session_restart(host.session, host.now), 0);
    say(&host, GREETING);
    expect(&host, PYST_AMI_NOTICE_GREETED);
    expect(&host, PYST_AMI_NOTICE_READY);
    first = submit(&host, "Events");
    say(&host, "Events: Off\r\n\r\n");
    expect_done(&host, first, 0);
    end(&host);
}

static void own_action_ids_are_kept(void **state)
{
    struct host host;
    uint64_t first, second;

    begin_ready(&host, NULL);
    first = submit_with(&host, "Ping", "ActionID", "mine", NULL);
    second = submit_with(&host, "Ping", "actionid", "mine", NULL);
    expect_sent(&host, "Action: Ping\r\nActionID: mine\r\n\r\n"
                       "Action: Ping\r\nactionid: mine\r\n\r\n");
    say(&host, "Response: Success\r\nActionID: mine\r\n\r\n"
               "Response: Success\r\nActionID: mine\r\n\r\n"
               "Response: Success\r\nActionID: mine\r\n\r\n");
    expect_done(&host, first, 0);
    expect_done(&host, second, 0);
    expect(&host, PYST_AMI_NOTICE_STRAY);
    end(&host);
}

/* An event belongs to the one whose list has begun, an answer to the one that has none yet. */
static void list_and_answer_of_one_action_id(void **state)
{
    struct host host;
    uint64_t list, ping;

    begin_ready(&host, NULL);
    list = submit_with(&host, "SomeList", "ActionID", "mine", NULL);
    ping = submit_with(&host, "Ping", "ActionID", "mine", NULL);
    send_all(&host);
    say(&host, "Response: Success\r\nActionID: mine\r\nEventList: start\r\n\r\n"
               "Event: Item\r\nActionID: mine\r\n\r\n"
               "Response: Success\r\nActionID: mine\r\nPing: Pong\r\n\r\n"
               "Event: End\r\nActionID: mine\r\nEventList: Complete\r\n\r\n");
    expect_done(&host, ping, 0);
    assert_text(pyst_ami_message_get(host.notice.message, pyst_text("Ping")), "Pong");
    expect_done(&host, list, 0);
    assert_int_equal(host.notice.n_items, 2);
    expect_nothing(&host);
    end(&host);
}

static void prefix_begins_generated_action_ids(void **state)
{
    struct pyst_ami_session_options options = {.action_id_prefix = {"x", 1}};
    struct host host;

    begin_ready(&host, &options);
    submit(&host, "Ping");
    expect_sent(&host, "Action: Ping\r\nActionID: x-1\r\n\r\n");
    end(&host);
}

/* --- event lists --------------------------------------------------------------------------- */

#define LIST_BEGIN "Response: Success\r\nActionID: pyst-1\r\nEventList: start\r\n\r\n"
#define LIST_ITEM  "Event: Item\r\nActionID: pyst-1\r\n\r\n"
#define LIST_END   "Event: ListComplete\r\nActionID: pyst-1\r\nEventList: Complete\r\n\r\n"

static void lists_are_collected(void **state)
{
    struct host host;
    uint64_t number;

    begin_ready(&host, NULL);
    number = submit(&host, "SomeList");
    send_all(&host);
    say(&host, LIST_BEGIN);
    for (int i = 0; i < 20; i++)
        say(&host, LIST_ITEM "Event: Other\r\n\r\n");
    for (int i = 0; i < 20; i++)
        expect_event(&host, "Other");
    expect_nothing(&host);
    say(&host, LIST_END);
    expect_done(&host, number, 0);
    assert_text(pyst_ami_message_get(host.notice.message, pyst_text("EventList")), "start");
    assert_int_equal(host.notice.n_items, 21);
    for (int i = 0; i < 20; i++)
        assert_text(pyst_ami_message_name(host.notice.items[i]), "Item");
    assert_text(pyst_ami_message_name(host.notice.items[20]), "ListComplete");
    expect_nothing(&host);
    end(&host);
}

static void lists_are_streamed(void **state)
{
    struct pyst_ami_submission how = {.list = PYST_AMI_LIST_STREAM, .user = &how};
    struct host host;
    uint64_t number;

    begin_ready(&host, NULL);
    number = submit_with(&host, "SomeList", NULL, NULL, &how);
    send_all(&host);
    say(&host, LIST_BEGIN LIST_ITEM LIST_END);
    expect(&host, PYST_AMI_NOTICE_RESPONSE);
    assert_int_equal(host.notice.action, number);
    assert_ptr_equal(host.notice.user, &how);
    expect(&host, PYST_AMI_NOTICE_ITEM);
    assert_text(pyst_ami_message_name(host.notice.message), "Item");
    assert_int_equal(host.notice.action, number);
    assert_ptr_equal(host.notice.user, &how);
    expect(&host, PYST_AMI_NOTICE_ITEM);
    assert_text(pyst_ami_message_name(host.notice.message), "ListComplete");
    expect_done(&host, number, 0);
    assert_int_equal(host.notice.n_items, 0);
    expect_nothing(&host);
    end(&host);
}

static void ignored_lists_are_events(void **state)
{
    struct pyst_ami_submission how = {.list = PYST_AMI_LIST_IGNORE};
    struct host host;
    uint64_t number;

    begin_ready(&host, NULL);
    number = submit_with(&host, "SomeList", NULL, NULL, &how);
    send_all(&host);
    say(&host, LIST_BEGIN LIST_ITEM LIST_END);
    expect_done(&host, number, 0);
    expect_event(&host, "Item");
    expect_event(&host, "ListComplete");
    expect_nothing(&host);
    end(&host);
}

static void cancelled_list_keeps_its_items(void **state)
{
    struct host host;
    uint64_t number;

    begin_ready(&host, NULL);
    number = submit(&host, "SomeList");
    send_all(&host);
    say(&host, LIST_BEGIN LIST_ITEM
        "Event: ListComplete\r\nActionID: pyst-1\r\nEventList: Cancelled\r\n\r\n");
    expect_done(&host, number, PYST_ERR_CANCELLED_LIST);
    assert_int_equal(host.notice.n_items, 2);
    end(&host);
}

/* What comes behind the limit is dropped, and nothing of it is taken for events. */
static void list_over_its_limit(void **state)
{
    struct pyst_ami_session_options options = {.list_items = 2};
    struct host host;
    uint64_t number;

    begin_ready(&host, &options);
    number = submit(&host, "SomeList");
    send_all(&host);
    say(&host, LIST_BEGIN LIST_ITEM LIST_ITEM);
    expect_nothing(&host);
    say(&host, LIST_ITEM LIST_ITEM LIST_END "Event: Behind\r\n\r\n");
    expect_done(&host, number, PYST_ERR_LIMIT_LIST);
    assert_int_equal(host.notice.n_items, 2);
    expect_event(&host, "Behind");
    expect_nothing(&host);
    end(&host);
}

static void refused_list_ends_at_its_response(void **state)
{
    struct host host;
    uint64_t number;

    begin_ready(&host, NULL);
    number = submit(&host, "Status");
    send_all(&host);
    say(&host, "Response: Error\r\nActionID: pyst-1\r\nMessage: No such channel\r\n\r\n");
    expect_done(&host, number, PYST_ERR_REFUSED);
    end(&host);
}

static void old_lists_end_by_their_event(void **state)
{
    struct host host;
    uint64_t number;

    begin_ready(&host, NULL);
    number = submit(&host, "Status");
    send_all(&host);
    say(&host, "Response: Success\r\nActionID: pyst-1\r\nMessage: Will follow\r\n\r\n"
               "Event: Status\r\nActionID: pyst-1\r\n\r\n"
               "Event: StatusComplete\r\nActionID: pyst-1\r\n\r\n");
    expect_done(&host, number, 0);
    assert_int_equal(host.notice.n_items, 2);
    end(&host);
}

/* Today the event that once ended the list is one within it. */
static void announced_list_is_not_cut_short(void **state)
{
    struct host host;
    uint64_t number;

    begin_ready(&host, NULL);
    number = submit(&host, "DBGet");
    send_all(&host);
    say(&host, LIST_BEGIN "Event: DBGetResponse\r\nActionID: pyst-1\r\nVal: 1\r\n\r\n");
    expect_nothing(&host);
    say(&host, "Event: DBGetComplete\r\nActionID: pyst-1\r\nEventList: Complete\r\n\r\n");
    expect_done(&host, number, 0);
    assert_int_equal(host.notice.n_items, 2);
    expect_nothing(&host);
    end(&host);
}

static void final_event_reports_how_it_went(void **state)
{
    struct pyst_ami_submission how = {.final_event = pyst_text("OriginateResponse")};
    struct host host;
    uint64_t number;

    begin_ready(&host, NULL);
    number = submit_with(&host, "Originate", "Async", "true", &how);
    send_all(&host);
    say(&host, "Response: Success\r\nActionID: pyst-1\r\nMessage: Queued\r\n\r\n");
    expect_nothing(&host);
    say(&host, "Event: OriginateResponse\r\nActionID: pyst-1\r\nResponse: Failure\r\n\r\n");
    expect_done(&host, number, 0);
    assert_int_equal(host.notice.n_items, 1);
    assert_text(pyst_ami_message_get(host.notice.items[0], pyst_text("Response")), "Failure");
    end(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greeting_alone_makes_it_ready),
        cmocka_unit_test(plain_login),
        cmocka_unit_test(md5_login_does_not_send_the_secret),
        cmocka_unit_test(challenge_without_a_challenge_is_refused),
        cmocka_unit_test(refused_logins_say_why),
        cmocka_unit_test(filters_come_before_ready),
        cmocka_unit_test(refused_filter_ends_the_session),
        cmocka_unit_test(login_times_out),
        cmocka_unit_test(another_service_is_no_manager),
        cmocka_unit_test(settings_that_cannot_be_sent_are_refused),
        cmocka_unit_test(answers_come_in_any_order),
        cmocka_unit_test(ten_thousand_in_flight),
        cmocka_unit_test(answers_without_action_id_come_in_order),
        cmocka_unit_test(nameless_message_is_an_answer_of_old_servers_only),
        cmocka_unit_test(own_action_ids_are_kept),
        cmocka_unit_test(list_and_answer_of_one_action_id),
        cmocka_unit_test(prefix_begins_generated_action_ids),
        cmocka_unit_test(lists_are_collected),
        cmocka_unit_test(lists_are_streamed),
        cmocka_unit_test(ignored_lists_are_events),
        cmocka_unit_test(cancelled_list_keeps_its_items),
        cmocka_unit_test(list_over_its_limit),
        cmocka_unit_test(refused_list_ends_at_its_response),
        cmocka_unit_test(old_lists_end_by_their_event),
        cmocka_unit_test(announced_list_is_not_cut_short),
        cmocka_unit_test(final_event_reports_how_it_went),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
