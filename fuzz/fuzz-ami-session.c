/* SPDX-License-Identifier: MIT */

/*
 * A session that anything may happen to, in any order: each submitted action ends exactly once,
 * nothing comes after it, and after the end of the connection nothing comes at all.
 *
 * An input is settings (a byte of flags and one of limits), then steps: a byte whose lower four
 * bits say what happens, and what that takes.
 */

#include <stdbool.h>
#include <string.h>

#include <pyst/ami/session.h>
#include <pyst/error.h>

#include "target.h"

#define ACTIONS_MAX 512

enum step {
    STEP_BYTES,   /* a size and so many bytes of the input come */
    STEP_MESSAGE, /* one of the messages below comes, for an action */
    STEP_MESSAGE_AGAIN,
    STEP_GREETING,
    STEP_LOGIN_ANSWER,
    STEP_SUBMIT,
    STEP_SUBMIT_AGAIN,
    STEP_CANCEL,
    STEP_TICK,
    STEP_SENT,
    STEP_TAKE,
    STEP_TAKE_ALL,
    STEP_DISCONNECTED,
    STEP_RESTART,
    STEP_RECEIVED, /* as STEP_BYTES, by reserve and commit */
    STEP_PIECE     /* from now on, what comes is cut into pieces of that size */
};

struct host {
    struct pyst_ami_session *session;
    uint64_t now;
    size_t piece; /* 0: whole */
    size_t n_actions;
    size_t n_ended;
    bool ended[ACTIONS_MAX];
    uint64_t numbers[ACTIONS_MAX];
    bool closed;
};

static size_t index_of(const struct host *host, uint64_t number)
{
    for (size_t i = 0; i < host->n_actions; i++)
        if (host->numbers[i] == number)
            return i;
    CHECK(!"an action that was never submitted");
    return 0;
}

static void check_message(const struct pyst_ami_message *message)
{
    CHECK(message && pyst_ami_message_raw(message).size > 0);
}

static void check_notice(struct host *host, const struct pyst_ami_notice *notice)
{
    size_t index;

    CHECK(!host->closed || notice->type == PYST_AMI_NOTICE_DONE);
    switch (notice->type) {
    case PYST_AMI_NOTICE_RESPONSE:
    case PYST_AMI_NOTICE_ITEM:
    case PYST_AMI_NOTICE_DONE:
        index = index_of(host, notice->action);
        CHECK(notice->user == &host->numbers[index]);
        CHECK(!host->ended[index]);
        break;
    default:
        break;
    }
    switch (notice->type) {
    case PYST_AMI_NOTICE_DONE:
        host->ended[index] = true;
        host->n_ended++;
        CHECK(notice->error <= 0);
        if (notice->message)
            check_message(notice->message);
        for (size_t i = 0; i < notice->n_items; i++)
            check_message(notice->items[i]);
        break;
    case PYST_AMI_NOTICE_LOST:
        CHECK(notice->error < 0);
        break;
    case PYST_AMI_NOTICE_CLOSED:
        CHECK(notice->error <= 0);
        CHECK(pyst_ami_session_state(host->session) == PYST_AMI_STATE_CLOSED);
        host->closed = true;
        break;
    case PYST_AMI_NOTICE_READY:
        CHECK(pyst_ami_session_state(host->session) == PYST_AMI_STATE_READY ||
              pyst_ami_session_state(host->session) == PYST_AMI_STATE_CLOSING);
        check_message(notice->message);
        break;
    default:
        check_message(notice->message);
        break;
    }
}

static bool take(struct host *host)
{
    struct pyst_ami_notice notice;
    int r = pyst_ami_session_next(host->session, &notice);

    CHECK(r == 0 || r == 1);
    if (r == 1)
        check_notice(host, &notice);
    return r == 1;
}

static void take_all(struct host *host)
{
    while (take(host))
        ;
    /* What is not ended is in flight. */
    CHECK(pyst_ami_session_in_flight(host->session) == host->n_actions - host->n_ended);
}

static void feed(struct host *host, const void *data, size_t size)
{
    const char *bytes = data;

    while (size > 0) {
        size_t piece = host->piece > 0 && host->piece < size ? host->piece : size;

        CHECK(pyst_ami_session_feed(host->session, bytes, piece, host->now) == 0);
        if (host->piece > 0)
            take(host);
        bytes += piece;
        size -= piece;
    }
}

static void receive(struct host *host, const void *data, size_t size)
{
    void *room;
    size_t room_size;

    CHECK(pyst_ami_session_reserve(host->session, size, &room, &room_size) == 0);
    CHECK(room_size >= size);
    if (size > 0)
        memcpy(room, data, size);
    pyst_ami_session_commit(host->session, size, host->now);
}

static void step_bytes(struct host *host, struct input *input,
                       void (*give)(struct host *, const void *, size_t))
{
    size_t size = take_byte(input);

    if (size > input->size)
        size = input->size;
    give(host, input->data, size);
    input->data += size;
    input->size -= size;
}

/* In two parts, between which the ActionID stands. */
static const char *const messages[][2] = {
    {"Response: Success\r\nActionID: ", "\r\n\r\n"},
    {"Response: Success\r\nActionID: ", "\r\nEventList: start\r\n\r\n"},
    {"Event: Item\r\nActionID: ", "\r\n\r\n"},
    {"Event: StatusComplete\r\nActionID: ", "\r\nEventList: Complete\r\n\r\n"},
    {"Event: ListComplete\r\nActionID: ", "\r\nEventList: cancelled\r\n\r\n"},
    {"Response: Error\r\nActionID: ", "\r\nMessage: Permission denied\r\n\r\n"},
    {"Response: Follows\r\nActionID: ", "\r\nline\n\nline\n--END COMMAND--\r\n\r\n"},
    {"Event: OriginateResponse\r\nResponse: Failure\r\nActionID: ", "\r\n\r\n"},
    {"Response: Success\r\nIgnored: ", "\r\n\r\n"},
    {"Event: Other\r\nIgnored: ", "\r\n\r\n"},
    {"Event: Shutdown\r\nIgnored: ", "\r\n\r\n"},
    {"Response: Goodbye\r\nActionID: ", "\r\n\r\n"},
    {"Event: DBGetResponse\r\nActionID: ", "\r\n\r\n"},
    {"Response: Success\r\nActionID: ",
     "\r\nLong: 0123456789012345678901234567890123456789\r\n\r\n"},
    {"Neither: nor\r\nIgnored: ", "\r\n\r\n"},
    {"Response: Success\r\nActionID: ", "\r\nChallenge: 12345\r\n\r\n"},
};

static void step_message(struct host *host, struct input *input)
{
    uint8_t which = take_byte(input), action = take_byte(input);
    const char *const *parts = messages[which % (sizeof(messages) / sizeof(messages[0]))];
    char message[512];
    int n;

    /* Numbers rise from 1, the session's own actions among them; some have an ActionID of ours. */
    if (which & 0x80)
        n = snprintf(message, sizeof(message), "%smine-%u%s", parts[0], action % 4u, parts[1]);
    else
        n = snprintf(message, sizeof(message), "%spyst-%u%s", parts[0], (unsigned)action, parts[1]);
    feed(host, message, (size_t)n);
}

/* The answer to the action that was given out last, whichever it is. */
static void step_login_answer(struct host *host, struct input *input)
{
    static const char *const answers[] = {
        "Response: Success\r\nChallenge: 1234567\r\n\r\n",
        "Response: Success\r\nMessage: Authentication accepted\r\n\r\n",
        "Response: Error\r\nMessage: Authentication failed\r\n\r\n",
        "Response: Error\r\nMessage: Login Already In Use\r\n\r\n",
    };
    const char *answer = answers[take_byte(input) % 4];

    feed(host, answer, strlen(answer));
}

static void step_submit(struct host *host, struct input *input)
{
    static const char *const names[] = {"Ping",  "Status", "Originate", "Logoff",
                                        "DBGet", "Login",  "Command",   "QueueStatus"};
    uint8_t kind = take_byte(input), how_much = take_byte(input);
    struct pyst_ami_submission how = {.list = (enum pyst_ami_list)(kind >> 3 & 3) % 3};
    struct pyst_ami_action *action;
    uint64_t *number = &host->numbers[host->n_actions];
    int r;

    if (host->n_actions == ACTIONS_MAX)
        return;
    CHECK(pyst_ami_action_new(&action, pyst_text(names[kind % 8])) == 0);
    if (kind & 0x20)
        CHECK(pyst_ami_action_add(action, pyst_text("Async"), pyst_text("true")) == 0);
    if (kind & 0x40)
        how.final_event = pyst_text("OriginateResponse");
    if (kind & 0x80) {
        char id[8];

        snprintf(id, sizeof(id), "mine-%u", how_much % 4u);
        CHECK(pyst_ami_action_add(action, pyst_text("ActionID"), pyst_text(id)) == 0);
    }
    how.timeout_us = how_much >> 2;
    how.user = number;
    *number = 0;
    r = pyst_ami_session_submit(host->session, action, &how, host->now, number);
    if (r == 0) {
        CHECK(*number > 0);
        host->n_actions++;
    } else {
        CHECK(r == PYST_ERR_STATE || r == PYST_ERR_LIMIT_OUTPUT || r == PYST_ERR_LIMIT_IN_FLIGHT);
        CHECK(*number == 0);
    }
    pyst_ami_action_free(action);
}

static void step_cancel(struct host *host, struct input *input)
{
    size_t index = take_byte(input);

    if (index >= host->n_actions) {
        CHECK(pyst_ami_session_cancel(host->session, UINT64_MAX - index) == 0);
        return;
    }
    /* What has ended cannot be cancelled, and nothing can be twice. */
    if (pyst_ami_session_cancel(host->session, host->numbers[index]))
        CHECK(!host->ended[index]);
    CHECK(pyst_ami_session_cancel(host->session, host->numbers[index]) == 0);
}

static void step_tick(struct host *host, struct input *input)
{
    uint64_t deadline = pyst_ami_session_deadline(host->session);
    uint8_t time = take_byte(input);

    if (time < 0x80)
        host->now += time;
    else if (deadline != UINT64_MAX && deadline > host->now)
        host->now = deadline;
    /* What is taken may make another tick due at once, but no third, or a host would turn in a
       circle. */
    for (int i = 0; i < 2; i++) {
        pyst_ami_session_tick(host->session, host->now);
        take_all(host);
    }
    CHECK(pyst_ami_session_deadline(host->session) > host->now);
}

static void step_sent(struct host *host, struct input *input)
{
    size_t size = pyst_ami_session_output(host->session).size;
    uint8_t part = take_byte(input);

    pyst_ami_session_sent(host->session, part < 0x80 && part < size ? part : size);
}

static void step_restart(struct host *host)
{
    int r = pyst_ami_session_restart(host->session, host->now);

    CHECK(r == (host->closed ? 0 : PYST_ERR_STATE));
    host->closed = false;
}

static void step(struct host *host, struct input *input)
{
    static const int errors[] = {PYST_OK, PYST_ERR_CLOSED, PYST_ERR_TLS, PYST_ERR_SYSTEM};
    const enum step kind = (enum step)(take_byte(input) & 15);

    switch (kind) {
    case STEP_BYTES:
        step_bytes(host, input, feed);
        break;
    case STEP_RECEIVED:
        step_bytes(host, input, receive);
        break;
    case STEP_MESSAGE:
    case STEP_MESSAGE_AGAIN:
        step_message(host, input);
        break;
    case STEP_GREETING:
        feed(host, "Asterisk Call Manager/11.0.0\r\n", 30);
        break;
    case STEP_LOGIN_ANSWER:
        step_login_answer(host, input);
        break;
    case STEP_SUBMIT:
    case STEP_SUBMIT_AGAIN:
        step_submit(host, input);
        break;
    case STEP_CANCEL:
        step_cancel(host, input);
        break;
    case STEP_TICK:
        step_tick(host, input);
        break;
    case STEP_SENT:
        step_sent(host, input);
        break;
    case STEP_TAKE:
        take(host);
        break;
    case STEP_TAKE_ALL:
        take_all(host);
        break;
    case STEP_DISCONNECTED:
        pyst_ami_session_disconnected(host->session, errors[take_byte(input) % 4]);
        break;
    case STEP_RESTART:
        step_restart(host);
        break;
    case STEP_PIECE:
        host->piece = take_byte(input);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct pyst_text filters[] = {{"Event: Newchannel", 17}, {"!Event: Hangup", 14}};
    struct pyst_ami_session_options options;
    struct input input = {data, size};
    struct host host;
    uint8_t flags = take_byte(&input), limits = take_byte(&input);

    memset(&host, 0, sizeof(host));
    memset(&options, 0, sizeof(options));
    if (flags & 1) {
        options.username = pyst_text("admin");
        options.secret = pyst_text("secret");
        options.authentication =
            flags & 2 ? PYST_AMI_AUTHENTICATION_PLAIN : PYST_AMI_AUTHENTICATION_MD5;
        options.events = flags & 4 ? pyst_text("off") : pyst_text_none();
        options.filters = filters;
        options.n_filters = flags >> 3 & 1 ? 2 : 0;
        options.login_timeout_us = flags & 0x10 ? 100 : 0;
    }
    options.action_timeout_us = flags & 0x20 ? 30 : 0;
    options.keepalive_us = flags & 0x40 ? 50 : 0;
    options.keepalive_timeout_us = flags & 0x80 ? 20 : 0;
    options.output_size = limits & 1 ? 200 : 0;
    options.actions_in_flight = limits & 2 ? 3 : 0;
    options.list_items = limits & 4 ? 2 : 0;
    options.limits.message_size = limits & 8 ? 80 : 0;
    options.limits.header_count = limits & 16 ? 3 : 0;
    options.limits.line_size = limits & 32 ? 40 : 0;
    host.now = 1;
    CHECK(pyst_ami_session_new(&host.session, &options, host.now) == 0);

    while (input.size > 0)
        step(&host, &input);
    if (limits & 0x80) {
        /* Left as it is: what is in flight goes without a notice, and nothing leaks. */
        pyst_ami_session_free(host.session);
        return 0;
    }
    /* Twice, for what was submitted after the end. */
    for (int i = 0; i < 2; i++) {
        pyst_ami_session_disconnected(host.session, 0);
        take_all(&host);
        CHECK(host.closed);
        CHECK(!take(&host));
        step_restart(&host);
    }
    CHECK(host.n_ended == host.n_actions);
    CHECK(pyst_ami_session_in_flight(host.session) == 0);
    pyst_ami_session_free(host.session);
    return 0;
}
