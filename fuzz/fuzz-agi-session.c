/* SPDX-License-Identifier: MIT */

/*
 * A dialogue whole and cut: the same notices come in the same order, each command ends once, and
 * nothing follows the end.
 *
 * An input is a byte of flags (1: limits follow, as three numbers of two bytes), the size of the
 * pieces, and steps: a byte whose lower three bits say what happens, and what that takes.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <pyst/agi/session.h>

#include "target.h"

enum step {
    STEP_BYTES, /* a size and so many bytes of the input come */
    STEP_BYTES_AGAIN,
    STEP_LINE, /* one of the lines below comes */
    STEP_LINE_AGAIN,
    STEP_COMMAND, /* one of the commands below is submitted */
    STEP_COMMAND_AGAIN,
    STEP_HUNG_UP,
    STEP_DISCONNECTED
};

static const char *const lines[] = {
    "\n",
    "HANGUP\n",
    "agi_network_script: a?b=c&d\n",
    "agi_arg_1: x\n\n",
    "200 result=0\n",
    "200 result=-1\n",
    "200 result=1 (a)\n",
    "200 result=1 (a\nb) c\n",
    "200 result= (timeout)\n",
    "200 result=35 (dtmf) endpos=800\n",
    "100 result=0 Trying...\n",
    "510 Invalid or unknown command\n",
    "511 Command Not Permitted on a dead channel or intercept routine\n",
    "520-Invalid command syntax.  Proper usage follows:\n",
    "usage520 End of proper usage.\n",
    "200 result=1 (speech) endpos=0 results=1 score0=1 text0=\"a\" grammar0=b\n",
};

static const char *const commands[] = {"NOOP",     "GET VARIABLE x", "DATABASE GET a b", "ANSWER",
                                       "GET DATA", "RECEIVE TEXT",   "EXEC a",           "HANGUP"};

struct log {
    char *data;
    size_t size;
    size_t room;
};

static void put(struct log *log, const void *data, size_t size)
{
    if (log->room - log->size < size) {
        log->room = 2 * (log->room + size);
        log->data = realloc(log->data, log->room);
        CHECK(log->data);
    }
    if (size > 0)
        memcpy(log->data + log->size, data, size);
    log->size += size;
}

static void put_text(struct log *log, struct pyst_text text)
{
    put(log, &text.size, sizeof(text.size));
    put(log, text.data, text.size);
}

static void put_number(struct log *log, int64_t number)
{
    put(log, &number, sizeof(number));
}

struct host {
    struct pyst_agi_session *session;
    struct pyst_agi_command *command;
    struct log log;
    size_t piece;
    bool closed;
    bool hung_up;
};

static void put_reply(struct log *log, const struct pyst_agi_reply *reply)
{
    struct pyst_agi_recording recording;
    struct pyst_text text;
    char digit;

    CHECK(reply->text.size >= 3 && reply->code >= 0 && reply->code <= 999);
    put_text(log, reply->text);
    put_text(log, reply->result);
    put_text(log, reply->value);
    put_number(log, reply->end_position);
    if (reply->is_number)
        put_number(log, reply->number);
    put_text(log, pyst_agi_reply_field(reply, "text0"));
    if (pyst_agi_reply_digit(reply, &digit) == 1)
        put_number(log, digit);
    if (pyst_agi_reply_digits(reply, &text) >= 0)
        put_text(log, text);
    if (pyst_agi_reply_value(reply, &text) == 1)
        put_text(log, text);
    if (pyst_agi_reply_recording(reply, &recording) == 0)
        put_number(log, recording.end);
}

static void take_notices(struct host *host)
{
    struct pyst_agi_notice notice;
    bool busy = pyst_agi_session_busy(host->session);
    int r;

    while ((r = pyst_agi_session_next(host->session, &notice)) == 1) {
        CHECK(!host->closed);
        CHECK(notice.error <= 0);
        put_number(&host->log, notice.type);
        put_number(&host->log, notice.error);
        switch (notice.type) {
        case PYST_AGI_NOTICE_ENVIRONMENT:
            put_text(&host->log, pyst_agi_environment_text(notice.environment));
            put_text(&host->log, pyst_agi_environment_path(notice.environment));
            break;
        case PYST_AGI_NOTICE_REPLY:
            CHECK(busy);
            busy = false;
            CHECK(notice.reply || notice.error);
            if (notice.reply)
                put_reply(&host->log, notice.reply);
            break;
        case PYST_AGI_NOTICE_HANGUP:
            CHECK(!host->hung_up);
            host->hung_up = true;
            break;
        case PYST_AGI_NOTICE_CLOSED:
            CHECK(!busy);
            host->closed = true;
            break;
        }
    }
    CHECK(r == 0);
    CHECK(busy == pyst_agi_session_busy(host->session));
    CHECK(!host->hung_up || pyst_agi_session_is_hung_up(host->session));
    CHECK(!host->closed || pyst_agi_session_is_closed(host->session));
}

static void feed(struct host *host, const void *data, size_t size)
{
    const char *bytes = data;

    while (size > 0) {
        size_t piece = host->piece > 0 && host->piece < size ? host->piece : size;

        CHECK(pyst_agi_session_feed(host->session, bytes, piece) == 0);
        take_notices(host);
        bytes += piece;
        size -= piece;
    }
}

static void step_command(struct host *host, uint8_t which)
{
    bool busy = pyst_agi_session_busy(host->session);
    int r;

    pyst_agi_command_begin(host->command, commands[which % 8]);
    r = pyst_agi_session_submit(host->session, host->command);
    put_number(&host->log, r);
    if (r == 0) {
        CHECK(!busy && !host->closed);
        CHECK(pyst_text_equal(pyst_agi_session_output(host->session),
                              pyst_agi_command_line(host->command)));
        pyst_agi_session_sent(host->session, pyst_agi_session_output(host->session).size);
    }
    take_notices(host);
}

static void step(struct host *host, struct input *input)
{
    uint8_t byte = take_byte(input);
    size_t size;

    switch ((enum step)(byte & 7)) {
    case STEP_BYTES:
    case STEP_BYTES_AGAIN:
        size = take_byte(input);
        size = size < input->size ? size : input->size;
        feed(host, input->data, size);
        input->data += size;
        input->size -= size;
        break;
    case STEP_LINE:
    case STEP_LINE_AGAIN:
        feed(host, lines[byte >> 3 & 15], strlen(lines[byte >> 3 & 15]));
        break;
    case STEP_COMMAND:
    case STEP_COMMAND_AGAIN:
        step_command(host, byte >> 3);
        break;
    case STEP_HUNG_UP:
        pyst_agi_session_hung_up(host->session);
        take_notices(host);
        break;
    case STEP_DISCONNECTED:
        /* Seldom, or few dialogues would be long. */
        if (byte >> 3 == 0)
            pyst_agi_session_disconnected(host->session, 0);
        take_notices(host);
        break;
    }
}

static void run(struct host *host, struct input input, const struct pyst_agi_limits *limits)
{
    CHECK(pyst_agi_session_new(&host->session, limits) == 0);
    CHECK(pyst_agi_command_new(&host->command, 0) == 0);
    while (input.size > 0)
        step(host, &input);
    pyst_agi_session_disconnected(host->session, 0);
    take_notices(host);
    CHECK(host->closed);
    CHECK(host->hung_up || !pyst_agi_session_environment(host->session));
    pyst_agi_session_free(host->session);
    pyst_agi_command_free(host->command);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct pyst_agi_limits limits = {0, 0, 0};
    struct host whole = {0}, cut = {0};

    if (take_byte(&input) & 1) {
        limits.environment_size = take_number(&input);
        limits.environment_count = take_number(&input);
        limits.reply_size = take_number(&input);
    }
    cut.piece = 1 + take_byte(&input) % 32;
    run(&whole, input, &limits);
    run(&cut, input, &limits);
    CHECK(whole.log.size == cut.log.size);
    CHECK(whole.log.size == 0 || memcmp(whole.log.data, cut.log.data, whole.log.size) == 0);
    free(whole.log.data);
    free(cut.log.data);
    return 0;
}
