/* SPDX-License-Identifier: MIT */

/*
 * Allocations: how many there are, and each failing in turn and none other. The call says
 * PYST_ERR_NO_MEMORY and changes nothing, or goes on as its header says; nothing leaks.
 */

#include "session-host.h"

#include "allocation.h"

char *__wrap_strndup(const char *string, size_t max); /* NOLINT(bugprone-reserved-identifier) */

char *__wrap_strndup(const char *string, size_t max)
{
    size_t size = strnlen(string, max);
    char *copy = __wrap_malloc(size + 1);

    if (copy) {
        memcpy(copy, string, size);
        copy[size] = '\0';
    }
    return copy;
}

/* --- how many ------------------------------------------------------------------------------ */

/* About 80 MB, as a socket would give it. */
static void message_costs_one_allocation_and_a_stream_no_memory(void **state)
{
    static char stream[65536];
    enum { EVENT_SIZE = 512, PIECE = 4000, ROUNDS = 1280 };
    struct pyst_ami_message *message;
    struct pyst_ami_parser *parser;
    unsigned long messages = 0, before = 0;
    long alive_before = 0;

    for (size_t at = 0; at < sizeof(stream); at += EVENT_SIZE) {
        char *event = stream + at;
        int n = snprintf(event, EVENT_SIZE, "Event: Newexten\r\nChannel: PJSIP/%05zu\r\n", at);

        while (n < EVENT_SIZE - 40)
            n += snprintf(event + n, EVENT_SIZE - (size_t)n, "Header: 0123456789\r\n");
        memset(event + n, 'x', EVENT_SIZE - (size_t)n);
        memcpy(event + n, "Last: ", 6);
        memcpy(event + EVENT_SIZE - 4, "\r\n\r\n", 4);
    }
    assert_int_equal(pyst_ami_parser_new(&parser, NULL, false), 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t at = 0; at < sizeof(stream); at += PIECE) {
            size_t size = sizeof(stream) - at < PIECE ? sizeof(stream) - at : PIECE;
            void *room;
            size_t room_size;

            assert_int_equal(pyst_ami_parser_reserve(parser, size, &room, &room_size), 0);
            memcpy(room, stream + at, size);
            pyst_ami_parser_commit(parser, size);
            while (pyst_ami_parser_next(parser, &message) == 1) {
                messages++;
                pyst_ami_message_unref(message);
            }
        }
        /* The first round made the buffer and the table of lines. */
        if (round == 0) {
            before = allocations - messages;
            alive_before = alive;
        }
        assert_int_equal(allocations - messages, before);
        assert_int_equal(alive, alive_before);
        assert_int_equal(pyst_ami_parser_pending(parser), 0);
    }
    assert_int_equal(messages, (unsigned long)ROUNDS * sizeof(stream) / EVENT_SIZE);
    pyst_ami_parser_free(parser);
    assert_int_equal(alive, 0);
}

/* --- each failing -------------------------------------------------------------------------- */

static const char stream[] =
    GREETING "Response: Follows\r\nActionID: 1\r\none\ntwo--END COMMAND--\r\n"
             "Event: A\r\nActionID: 2\r\nno colon\r\n\r\n"
             "Event: Too many\r\n1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n8:\r\n\r\n"
             "Event: B\r\n\r\n";

static void parse_stream(void)
{
    static const struct pyst_ami_limits limits = {.header_count = 8};
    struct pyst_ami_parser *parser = NULL;
    char seen[sizeof(stream)];
    size_t n_seen = 0, n_lines = 0, lost = 0;

    while (no_memory(pyst_ami_parser_new(&parser, &limits, true)))
        assert_null(parser);
    for (size_t at = 0; at < sizeof(stream) - 1; at += 7) {
        size_t size = sizeof(stream) - 1 - at < 7 ? sizeof(stream) - 1 - at : 7;
        int r;

        while (no_memory(r = pyst_ami_parser_feed(parser, stream + at, size)))
            ;
        assert_int_equal(r, 0);
        for (;;) {
            struct pyst_ami_message *message = NULL;

            r = pyst_ami_parser_next(parser, &message);
            if (no_memory(r)) {
                assert_null(message);
                continue;
            }
            if (r == 0)
                break;
            if (r == PYST_ERR_LIMIT_HEADERS) {
                lost++;
                continue;
            }
            assert_int_equal(r, 1);
            const struct pyst_text raw = pyst_ami_message_raw(message);

            assert_true(n_seen + raw.size <= sizeof(seen));
            memcpy(seen + n_seen, raw.data, raw.size);
            n_seen += raw.size;
            n_lines += pyst_ami_message_n_headers(message);
            pyst_ami_message_unref(message);
        }
    }
    assert_int_equal(lost, 1);
    assert_int_equal(n_lines, 1 + 4 + 3 + 1);
    assert_int_equal(pyst_ami_parser_seal(parser), 0);
    /* All but the message over the limit. */
    const char *over = strstr(stream, "Event: Too many"), *behind = strstr(stream, "Event: B");
    const size_t before = (size_t)(over - stream);

    assert_int_equal(n_seen, before + strlen(behind));
    assert_memory_equal(seen, stream, before);
    assert_memory_equal(seen + before, behind, strlen(behind));
    pyst_ami_parser_free(parser);
}

static void parser_without_memory(void **state)
{
    assert_true(with_each_failing(parse_stream) > 1);
}

static void parse_alone(void)
{
    struct pyst_ami_message *message = NULL;

    while (no_memory(pyst_ami_message_parse(&message, "Event: A\r\nB: c", 14)))
        assert_null(message);
    assert_text(pyst_ami_message_get(message, pyst_text("B")), "c");
    pyst_ami_message_unref(message);
}

static void message_without_memory(void **state)
{
    assert_true(with_each_failing(parse_alone) > 1);
}

static void build_action(void)
{
    struct pyst_ami_action *action = NULL;
    char value[900];

    memset(value, 'x', sizeof(value));
    while (no_memory(pyst_ami_action_new(&action, pyst_text("Originate"))))
        assert_null(action);
    for (size_t i = 1; i < 20; i++) {
        const struct pyst_text text = pyst_text_of(value, sizeof(value));
        int r;

        for (;;) {
            size_t size = pyst_ami_action_bytes(action).size;

            r = i % 2 ? pyst_ami_action_add(action, pyst_text("N"), text)
                      : pyst_ami_action_add_variable(action, pyst_text("N"), text);
            if (!no_memory(r))
                break;
            assert_int_equal(pyst_ami_action_n_headers(action), i);
            assert_int_equal(pyst_ami_action_bytes(action).size, size);
        }
        assert_int_equal(r, 0);
        assert_int_equal(pyst_ami_action_n_headers(action), i + 1);
    }
    assert_text(pyst_ami_action_name(action), "Originate");
    pyst_ami_action_free(action);
}

static void action_without_memory(void **state)
{
    assert_true(with_each_failing(build_action) > 1);
}

/* --- sessions ------------------------------------------------------------------------------ */

enum { ACTIONS_MAX = 16 };

struct talk {
    struct host host;
    uint64_t numbers[ACTIONS_MAX];
    unsigned done[ACTIONS_MAX];
    size_t n;
    bool closed;
    int error; /* why it closed */
};

static void submit_anyway(struct talk *talk, const char *name, const char *header,
                          const char *value, const struct pyst_ami_submission *how)
{
    uint64_t *number = &talk->numbers[talk->n];
    struct pyst_ami_action *action;
    int r;

    while (no_memory(pyst_ami_action_new(&action, pyst_text(name))))
        ;
    if (header)
        while (no_memory(pyst_ami_action_add(action, pyst_text(header), pyst_text(value))))
            ;
    for (;;) {
        size_t in_flight = pyst_ami_session_in_flight(talk->host.session);
        size_t size = pyst_ami_session_output(talk->host.session).size;

        r = pyst_ami_session_submit(talk->host.session, action, how, talk->host.now, number);
        if (!no_memory(r))
            break;
        assert_int_equal(*number, 0);
        assert_int_equal(pyst_ami_session_in_flight(talk->host.session), in_flight);
        assert_int_equal(pyst_ami_session_output(talk->host.session).size, size);
    }
    assert_int_equal(r, 0);
    talk->n++;
    pyst_ami_action_free(action);
}

static void hear(struct talk *talk, const char *text)
{
    while (no_memory(pyst_ami_session_feed(talk->host.session, text, strlen(text), talk->host.now)))
        ;
}

/* Answers one action as a server would, in a buffer of its own. */
static void answer(struct talk *talk, const struct pyst_ami_message *action)
{
    struct pyst_text id = pyst_ami_message_action_id(action);
    struct pyst_text name = pyst_ami_message_name(action);
    char text[4096];
    int n;

#define ANSWER(format) snprintf(text, sizeof(text), format, (int)id.size, id.data)
    if (pyst_text_equal(name, pyst_text("Challenge"))) {
        ANSWER("Response: Success\r\nActionID: %.*s\r\nChallenge: 1\r\n\r\n");
    } else if (pyst_text_equal(name, pyst_text("SomeList")) ||
               pyst_text_equal(name, pyst_text("Status"))) {
        ANSWER("Response: Success\r\nActionID: %.*s\r\nEventList: start\r\n\r\n");
        for (int i = 0; i < 20; i++) {
            n = (int)strlen(text);
            snprintf(text + n, sizeof(text) - (size_t)n, "Event: Item\r\nActionID: %.*s\r\n\r\n",
                     (int)id.size, id.data);
        }
        n = (int)strlen(text);
        snprintf(text + n, sizeof(text) - (size_t)n,
                 "Event: End\r\nActionID: %.*s\r\nEventList: Complete\r\n\r\n", (int)id.size,
                 id.data);
    } else if (pyst_text_equal(name, pyst_text("Never"))) {
        return;
    } else {
        ANSWER("Response: Success\r\nActionID: %.*s\r\n\r\n");
    }
#undef ANSWER
    hear(talk, text);
}

/* The server reads what was sent; its own allocations do not fail. */
static bool serve(struct talk *talk)
{
    struct pyst_text output = pyst_ami_session_output(talk->host.session);
    unsigned saved = failing;
    const char *at = output.data, *end = output.data + output.size;
    struct pyst_ami_message *actions[ACTIONS_MAX];
    size_t n = 0;

    failing = 0;
    while (at < end) {
        const char *stop = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);

        assert_non_null(stop);
        assert_true(n < ACTIONS_MAX);
        assert_int_equal(pyst_ami_message_parse(&actions[n++], at, (size_t)(stop + 4 - at)), 0);
        at = stop + 4;
    }
    send_all(&talk->host);
    for (size_t i = 0; i < n; i++) {
        failing = saved;
        answer(talk, actions[i]);
        saved = failing;
        failing = 0;
        pyst_ami_message_unref(actions[i]);
    }
    failing = saved;
    return n > 0;
}

static void take_all(struct talk *talk)
{
    struct pyst_ami_notice *notice = &talk->host.notice;
    int r;

    while ((r = pyst_ami_session_next(talk->host.session, notice)) != 0) {
        if (no_memory(r))
            continue;
        assert_int_equal(r, 1);
        if (notice->type == PYST_AMI_NOTICE_DONE) {
            for (size_t i = 0; i < talk->n; i++)
                talk->done[i] += talk->numbers[i] == notice->action;
            if (notice->error == PYST_ERR_NO_MEMORY)
                assert_int_equal(failed, 1);
        } else if (notice->type == PYST_AMI_NOTICE_CLOSED) {
            talk->closed = true;
            talk->error = notice->error;
        }
    }
}

static void converse(struct talk *talk)
{
    do
        take_all(talk);
    while (serve(talk));
}

static void run_session(void)
{
    const struct pyst_text filters[] = {pyst_text("Event: A"), pyst_text("!Event: B")};
    const struct pyst_ami_session_options options = {
        .username = {"admin", 5},
        .secret = {"secret", 6},
        .events = {"on", 2},
        .filters = filters,
        .n_filters = 2,
        .keepalive_us = 100 * SECOND,
        .action_timeout_us = 1000 * SECOND,
    };
    struct pyst_ami_submission streamed = {.list = PYST_AMI_LIST_STREAM};
    struct pyst_ami_submission reported = {.final_event = {"End", 3}};
    struct talk talk;

    memset(&talk, 0, sizeof(talk));
    talk.host.now = SECOND;
    while (no_memory(pyst_ami_session_new(&talk.host.session, &options, talk.host.now)))
        assert_null(talk.host.session);
    for (int connection = 0; connection < 2; connection++) {
        submit_anyway(&talk, "Ping", NULL, NULL, NULL);
        submit_anyway(&talk, "Status", "ActionID", "mine", &reported);
        hear(&talk, GREETING);
        converse(&talk);
        if (talk.closed) {
            /* A login that lacked memory cannot go on. */
            assert_int_equal(talk.error, PYST_ERR_NO_MEMORY);
            assert_int_equal(failed, 1);
        } else {
            assert_int_equal(pyst_ami_session_state(talk.host.session), PYST_AMI_STATE_READY);
            submit_anyway(&talk, "SomeList", NULL, NULL, NULL);
            submit_anyway(&talk, "SomeList", NULL, NULL, &streamed);
            submit_anyway(&talk, "Never", NULL, NULL, NULL);
            submit_anyway(&talk, "Never", NULL, NULL, NULL);
            assert_int_equal(pyst_ami_session_cancel(talk.host.session, talk.numbers[talk.n - 1]),
                             1);
            converse(&talk);
            /* A ping that lacks memory goes out at the next tick. */
            tick(&talk.host, 100 * SECOND);
            tick(&talk.host, 0);
            assert_true(pyst_ami_session_output(talk.host.session).size > 0);
            converse(&talk);
            assert_false(talk.closed);
            pyst_ami_session_disconnected(talk.host.session, 0);
            take_all(&talk);
            assert_true(talk.closed);
        }
        for (size_t i = 0; i < talk.n; i++)
            assert_int_equal(talk.done[i], 1);
        assert_int_equal(pyst_ami_session_in_flight(talk.host.session), 0);
        assert_int_equal(pyst_ami_session_restart(talk.host.session, talk.host.now), 0);
        talk.closed = false;
    }
    pyst_ami_session_free(talk.host.session);
}

static void session_without_memory(void **state)
{
    assert_true(with_each_failing(run_session) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_costs_one_allocation_and_a_stream_no_memory),
        cmocka_unit_test(parser_without_memory),
        cmocka_unit_test(message_without_memory),
        cmocka_unit_test(action_without_memory),
        cmocka_unit_test(session_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
