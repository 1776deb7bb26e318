/* SPDX-License-Identifier: MIT */

/*
 * Random conversations of an honest server with a host that does as it likes, from a seed each:
 * answers come late, in any order and in any pieces; actions are cancelled and time out; the
 * connection is lost anywhere and made again. Each action ends exactly once, and with the answer
 * that was given to it, not to another.
 *
 * Unlike the fuzzer's server, this one never lies, so what each action gets can be foretold.
 */

#include "session-host.h"

enum { ACTIONS = 40, ITERATIONS = 4000 };

enum kind { PING, REFUSED, LIST, STREAMED, KINDS };

struct action {
    uint64_t number;
    enum kind kind;
    bool heard;    /* by the server, on this connection or an earlier one */
    bool answered; /* all of it is on its way */
    bool cancelled;
    unsigned done;
    unsigned items, items_sent;
    bool responded;
};

struct script {
    struct host host;
    uint32_t random;
    bool ids; /* or the server answers without them, in order */
    struct action actions[ACTIONS];
    size_t n;
    char wire[65536]; /* what the server said and the host has not read */
    size_t wire_size;
    char heard[65536]; /* what the server has read, up to an incomplete action */
    size_t heard_size;
    bool closed;
};

static unsigned long outcomes[100]; /* by error, without its sign */

static uint32_t next_random(struct script *script, uint32_t n)
{
    script->random = script->random * 1664525u + 1013904223u;
    return (script->random >> 12) % n;
}

static void put(struct script *script, const char *format, ...)
{
    va_list arguments;
    size_t room = sizeof(script->wire) - script->wire_size;
    int n;

    va_start(arguments, format);
    n = vsnprintf(script->wire + script->wire_size, room, format, arguments);
    va_end(arguments);
    assert_true(n >= 0 && (size_t)n < room);
    script->wire_size += (size_t)n;
}

static void begin_script(struct script *script, uint32_t seed)
{
    struct pyst_ami_session_options options = {.username = {"admin", 5}, .secret = {"s", 1}};

    memset(script, 0, sizeof(*script));
    script->random = seed * 2654435761u;
    script->ids = next_random(script, 4) > 0;
    if (next_random(script, 2))
        options.authentication = PYST_AMI_AUTHENTICATION_PLAIN;
    if (next_random(script, 3) == 0)
        options.action_timeout_us = 50 * SECOND;
    if (next_random(script, 3) == 0)
        options.keepalive_us = 20 * SECOND;
    if (next_random(script, 3) == 0)
        options.list_items = 3;
    begin(&script->host, &options);
    put(script, GREETING);
}

static struct action *find(struct script *script, uint64_t number)
{
    for (size_t i = 0; i < script->n; i++)
        if (script->actions[i].number == number)
            return &script->actions[i];
    fail_msg("a notice of an action that was never submitted");
    return NULL;
}

static void submit_one(struct script *script)
{
    static const char *const names[KINDS] = {"Ping", "Refused", "SomeList", "SomeList"};
    struct action *action = &script->actions[script->n];
    struct pyst_ami_submission how = {.user = action};

    if (script->n == ACTIONS)
        return;
    action->kind = (enum kind)next_random(script, KINDS);
    if (action->kind == STREAMED)
        how.list = PYST_AMI_LIST_STREAM;
    action->number = submit_with(&script->host, names[action->kind], NULL, NULL, &how);
    script->n++;
}

/* The server answers: `id` and `number` are what it read. */
static void answer(struct script *script, struct pyst_text name, struct pyst_text id,
                   uint64_t number)
{
    char id_line[128] = "";
    struct action *action = NULL;

    for (size_t i = 0; i < script->n; i++)
        if (script->actions[i].number == number)
            action = &script->actions[i];
    if (script->ids)
        snprintf(id_line, sizeof(id_line), "ActionID: %.*s\r\n", (int)id.size, id.data);
    if (!action) {
        /* The session's own. */
        put(script, "Response: Success\r\n%s", id_line);
        if (pyst_text_equal(name, pyst_text("Challenge")))
            put(script, "Challenge: 42\r\n");
        put(script, "\r\n");
        return;
    }
    assert_false(action->heard);
    action->heard = true;
    put(script, "Response: %s\r\n%sFor: %llu\r\n", action->kind == REFUSED ? "Error" : "Success",
        id_line, (unsigned long long)number);
    if (action->kind == LIST || action->kind == STREAMED) {
        unsigned n = next_random(script, 5);

        put(script, "EventList: start\r\n\r\n");
        for (unsigned i = 0; i <= n; i++) {
            /* Events of nobody's list come between. */
            if (next_random(script, 3) == 0)
                put(script, "Event: Other\r\n\r\n");
            put(script, "Event: Item\r\nActionID: %.*s\r\nFor: %llu\r\n%s\r\n", (int)id.size,
                id.data, (unsigned long long)number, i == n ? "EventList: Complete\r\n" : "");
        }
        action->items_sent = n + 1;
    } else {
        put(script, "\r\n");
    }
    action->answered = true;
}

/* The server reads some of what is sent and answers the actions that are whole. */
static void serve(struct script *script)
{
    struct pyst_text output = pyst_ami_session_output(script->host.session);
    size_t size = output.size > 0 ? 1 + next_random(script, (uint32_t)output.size) : 0;
    char *stop;

    if (next_random(script, 2))
        size = output.size;
    assert_true(script->heard_size + size <= sizeof(script->heard));
    if (size > 0)
        memcpy(script->heard + script->heard_size, output.data, size);
    script->heard_size += size;
    pyst_ami_session_sent(script->host.session, size);
    while ((stop = memmem(script->heard, script->heard_size, "\r\n\r\n", 4))) {
        size_t action_size = (size_t)(stop + 4 - script->heard);
        struct pyst_ami_message *action;
        struct pyst_text id;
        char number[32];

        assert_int_equal(pyst_ami_message_parse(&action, script->heard, action_size), 0);
        assert_int_equal(pyst_ami_message_kind(action), PYST_AMI_ACTION);
        id = pyst_ami_message_action_id(action);
        assert_true(id.size > 5 && id.size < sizeof(number) && memcmp(id.data, "pyst-", 5) == 0);
        snprintf(number, sizeof(number), "%.*s", (int)(id.size - 5), id.data + 5);
        answer(script, pyst_ami_message_name(action), id, strtoull(number, NULL, 10));
        pyst_ami_message_unref(action);
        script->heard_size -= action_size;
        memmove(script->heard, stop + 4, script->heard_size);
    }
}

/* Some of what the server said comes. */
static void receive(struct script *script)
{
    size_t size = script->wire_size;

    if (size == 0)
        return;
    if (next_random(script, 4) > 0)
        size = 1 + next_random(script, (uint32_t)size);
    say_bytes(&script->host, script->wire, size);
    script->wire_size -= size;
    memmove(script->wire, script->wire + size, script->wire_size);
}

/* What it is for, the message says itself. */
static void check_for(const struct pyst_ami_message *message, const struct action *action)
{
    char number[32];

    snprintf(number, sizeof(number), "%llu", (unsigned long long)action->number);
    assert_text(pyst_ami_message_get(message, pyst_text("For")), number);
}

static void check_done(struct script *script, const struct pyst_ami_notice *notice)
{
    struct action *action = find(script, notice->action);

    assert_ptr_equal(notice->user, action);
    assert_int_equal(action->done++, 0);
    assert_true(notice->error <= 0 && notice->error > -100);
    outcomes[-notice->error]++;
    if (notice->message)
        check_for(notice->message, action);
    for (size_t i = 0; i < notice->n_items; i++)
        check_for(notice->items[i], action);
    switch (notice->error) {
    case 0:
        assert_true(action->answered && action->kind != REFUSED);
        assert_non_null(notice->message);
        if (action->kind == LIST)
            assert_int_equal(notice->n_items, action->items_sent);
        if (action->kind == STREAMED)
            assert_int_equal(action->items, action->items_sent);
        break;
    case PYST_ERR_REFUSED:
        assert_true(action->answered && action->kind == REFUSED);
        break;
    case PYST_ERR_CANCELLED:
        assert_true(action->cancelled);
        break;
    case PYST_ERR_NOT_SENT:
        assert_false(action->heard);
        break;
    case PYST_ERR_LIMIT_LIST:
        assert_int_equal(action->kind, LIST);
        assert_int_equal(notice->n_items, 3);
        assert_true(action->items_sent > 3);
        break;
    default:
        assert_true(notice->error == PYST_ERR_UNKNOWN_OUTCOME ||
                    notice->error == PYST_ERR_TIMED_OUT);
        break;
    }
}

static void take(struct script *script)
{
    struct pyst_ami_notice *notice = &script->host.notice;
    struct action *action;

    while (pyst_ami_session_next(script->host.session, notice) == 1) {
        switch (notice->type) {
        case PYST_AMI_NOTICE_DONE:
            check_done(script, notice);
            break;
        case PYST_AMI_NOTICE_RESPONSE:
            action = find(script, notice->action);
            assert_true(action->kind == STREAMED && action->done == 0 && !action->responded);
            action->responded = true;
            check_for(notice->message, action);
            break;
        case PYST_AMI_NOTICE_ITEM:
            action = find(script, notice->action);
            assert_true(action->responded && action->done == 0);
            action->items++;
            check_for(notice->message, action);
            break;
        case PYST_AMI_NOTICE_EVENT:
            assert_text(pyst_ami_message_name(notice->message), "Other");
            break;
        case PYST_AMI_NOTICE_CLOSED:
            assert_false(script->closed);
            script->closed = true;
            break;
        case PYST_AMI_NOTICE_STRAY:
        case PYST_AMI_NOTICE_LOST:
            fail_msg("an honest server's message went to nobody");
            break;
        default:
            break;
        }
        /* Between two notices anything goes. */
        if (next_random(script, 8) == 0)
            submit_one(script);
    }
}

static void lose(struct script *script)
{
    static const int errors[] = {PYST_OK, PYST_ERR_CLOSED, PYST_ERR_SYSTEM};

    pyst_ami_session_disconnected(script->host.session, errors[next_random(script, 3)]);
    take(script);
    assert_true(script->closed);
    expect_nothing(&script->host);
}

static void connect_again(struct script *script)
{
    assert_int_equal(pyst_ami_session_restart(script->host.session, script->host.now), 0);
    script->closed = false;
    script->wire_size = script->heard_size = 0;
    put(script, GREETING);
}

static void step(struct script *script)
{
    struct action *action;

    switch (next_random(script, 12)) {
    case 0:
    case 1:
    case 2:
        submit_one(script);
        break;
    case 3:
    case 4:
        serve(script);
        break;
    case 5:
    case 6:
    case 7:
        receive(script);
        break;
    case 8:
        tick(&script->host, next_random(script, 10) * SECOND);
        break;
    case 9:
        if (script->n == 0)
            break;
        action = &script->actions[next_random(script, (uint32_t)script->n)];
        if (pyst_ami_session_cancel(script->host.session, action->number)) {
            assert_false(action->done || action->cancelled);
            action->cancelled = true;
        }
        break;
    case 10:
        if (next_random(script, 6) == 0 && !script->closed)
            lose(script);
        break;
    default:
        take(script);
        break;
    }
    if (script->closed && next_random(script, 2))
        connect_again(script);
}

static void run(uint32_t seed)
{
    static struct script script;

    begin_script(&script, seed);
    for (int i = 0; i < 150; i++)
        step(&script);
    /* All that can be answered is, and the rest ends with the connection. */
    if (script.closed)
        connect_again(&script);
    for (int i = 0; i < 10; i++) {
        serve(&script);
        receive(&script);
        take(&script);
    }
    if (!script.closed)
        lose(&script);
    while (pyst_ami_session_in_flight(script.host.session) > 0) {
        /* Submitted between the last notices. */
        connect_again(&script);
        lose(&script);
    }
    for (size_t i = 0; i < script.n; i++)
        if (script.actions[i].done != 1)
            fail_msg("seed %u: action %zu ended %u times", seed, i, script.actions[i].done);
    end(&script.host);
}

static void each_action_ends_exactly_once(void **state)
{
    for (uint32_t seed = 1; seed <= ITERATIONS; seed++)
        run(seed);
}

/* Or the scripts would show little. */
static void each_outcome_came_often(void **state)
{
    static const int errors[] = {0,
                                 PYST_ERR_REFUSED,
                                 PYST_ERR_CANCELLED,
                                 PYST_ERR_NOT_SENT,
                                 PYST_ERR_UNKNOWN_OUTCOME,
                                 PYST_ERR_TIMED_OUT,
                                 PYST_ERR_LIMIT_LIST};

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (outcomes[-errors[i]] < 100)
            fail_msg("%s came %lu times", pyst_error_name(errors[i]), outcomes[-errors[i]]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_action_ends_exactly_once),
        cmocka_unit_test(each_outcome_came_often),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
