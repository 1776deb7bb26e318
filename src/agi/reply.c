/* SPDX-License-Identifier: MIT */
#include <pyst/agi/reply.h>

#include "agi/reply-internal.h"
#include "base/fold.h"

static struct pyst_text from(struct pyst_text text, size_t begin)
{
    return pyst_text_of(text.data + begin, text.size - begin);
}

static bool begins(struct pyst_text text, const char *with)
{
    size_t size = strlen(with);

    return text.size >= size && memcmp(text.data, with, size) == 0;
}

/* Whether `line` begins with the words of `name`, in any case and with any blanks between. */
static bool is_command(struct pyst_text line, const char *name)
{
    size_t i = 0;

    while (i < line.size && (line.data[i] == ' ' || line.data[i] == '\t'))
        i++;
    for (; *name; name++) {
        if (i == line.size)
            return false;
        if (*name == ' ') {
            if (line.data[i] != ' ' && line.data[i] != '\t')
                return false;
            while (i < line.size && (line.data[i] == ' ' || line.data[i] == '\t'))
                i++;
        } else if (fold(line.data[i++]) != fold(*name)) {
            return false;
        }
    }
    return i == line.size || strchr(" \t\n", line.data[i]);
}

bool pyst_agi_answers_value(struct pyst_text line)
{
    return is_command(line, "GET VARIABLE") || is_command(line, "GET FULL VARIABLE") ||
           is_command(line, "DATABASE GET") || is_command(line, "RECEIVE TEXT");
}

bool pyst_agi_read_number(struct pyst_text text, int64_t *numberp)
{
    bool negative = text.size > 0 && text.data[0] == '-';
    int64_t number = 0;

    if (text.size == (size_t)negative)
        return false;
    for (size_t i = negative; i < text.size; i++) {
        int digit = text.data[i] - '0';

        if (digit < 0 || digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, digit, &number))
            return false;
    }
    *numberp = negative ? -number : number;
    return true;
}

/*
 * How much of `text`, behind the opening parenthesis, is the value: up to the parenthesis that
 * ends the reply or stands before its other fields.
 */
static size_t value_size(struct pyst_text text, bool value_only)
{
    bool closed = text.size > 0 && text.data[text.size - 1] == ')';

    if (!value_only)
        for (size_t i = 0; i < text.size; i++)
            if (text.data[i] == ')' && begins(from(text, i + 1), " endpos="))
                return i;
    if (closed)
        return text.size - 1;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == ')' && begins(from(text, i + 1), " "))
            return i;
    return text.size;
}

/* What stands behind the result and the value. */
static struct pyst_text fields(const struct pyst_agi_reply *reply)
{
    struct pyst_text before = reply->value.data ? reply->value : reply->result;
    const char *end = before.data ? before.data + before.size : reply->text.data + 3;

    return pyst_text_of(end, reply->text.size - (size_t)(end - reply->text.data));
}

struct pyst_text pyst_agi_reply_field(const struct pyst_agi_reply *reply, const char *name)
{
    struct pyst_text text = fields(reply);
    size_t size = strlen(name);

    for (size_t i = 0; i + 1 + size < text.size; i++) {
        struct pyst_text value = from(text, i + 1);
        size_t end = 0;
        bool quoted;

        if (text.data[i] != ' ' || !begins(value, name) || value.data[size] != '=')
            continue;
        value = from(value, size + 1);
        quoted = begins(value, "\"");
        if (quoted)
            value = from(value, 1);
        while (end < value.size && value.data[end] != (quoted ? '"' : ' '))
            end++;
        return pyst_text_of(value.data, end);
    }
    return pyst_text_none();
}

void pyst_agi_reply_read(struct pyst_agi_reply *reply, struct pyst_text text, bool value_only)
{
    static const char result[] = " result=";
    struct pyst_text rest = from(text, 3);
    size_t size = 0;

    memset(reply, 0, sizeof(*reply));
    reply->text = text;
    reply->end_position = -1;
    for (int i = 0; i < 3; i++)
        reply->code = reply->code * 10 + text.data[i] - '0';
    if (!begins(rest, result))
        return;
    rest = from(rest, sizeof(result) - 1);
    while (size < rest.size && rest.data[size] != ' ')
        size++;
    reply->result = pyst_text_of(rest.data, size);
    reply->is_number = pyst_agi_read_number(reply->result, &reply->number);
    rest = from(rest, size);
    if (begins(rest, " (")) {
        rest = from(rest, 2);
        reply->value = pyst_text_of(rest.data, value_size(rest, value_only));
        if (value_only)
            return;
    }
    if (!pyst_agi_read_number(pyst_agi_reply_field(reply, "endpos"), &reply->end_position))
        reply->end_position = -1;
}

int pyst_agi_reply_error(const struct pyst_agi_reply *reply)
{
    switch (reply->code) {
    case 200:
        if (!reply->is_number || reply->number != -1)
            return 0;
        /* RECEIVE CHAR says "hangup" when its time is up, too; only RECORD FILE means it. */
        return reply->end_position >= 0 && pyst_text_equal(reply->value, pyst_text("hangup"))
                   ? PYST_ERR_HANGUP
                   : PYST_ERR_COMMAND_FAILED;
    case 510:
        return PYST_ERR_UNKNOWN_COMMAND;
    case 511:
        return PYST_ERR_HANGUP;
    case 520:
        return PYST_ERR_COMMAND_USAGE;
    default:
        return PYST_ERR_COMMAND_FAILED;
    }
}

int pyst_agi_reply_digit(const struct pyst_agi_reply *reply, char *digitp)
{
    int r = pyst_agi_reply_error(reply);

    if (r < 0)
        return r;
    if (!reply->is_number || reply->number < 0 || reply->number > 255)
        return PYST_ERR_BAD_REPLY;
    if (reply->number == 0)
        return 0;
    *digitp = (char)reply->number;
    return 1;
}

int pyst_agi_reply_digits(const struct pyst_agi_reply *reply, struct pyst_text *digitsp)
{
    int r = pyst_agi_reply_error(reply);

    if (r < 0)
        return r;
    if (!reply->result.data)
        return PYST_ERR_BAD_REPLY;
    *digitsp = reply->result;
    return !pyst_text_equal(reply->value, pyst_text("timeout"));
}

int pyst_agi_reply_value(const struct pyst_agi_reply *reply, struct pyst_text *valuep)
{
    int r = pyst_agi_reply_error(reply);

    if (r < 0)
        return r;
    if (!reply->is_number)
        return PYST_ERR_BAD_REPLY;
    if (reply->number == 0)
        return 0;
    *valuep = reply->value.data ? reply->value : pyst_text("");
    return 1;
}

int pyst_agi_reply_recording(const struct pyst_agi_reply *reply,
                             struct pyst_agi_recording *recordingp)
{
    struct pyst_agi_recording recording = {PYST_AGI_RECORDING_FAILED, 0, reply->end_position};

    if (reply->code != 200)
        return pyst_agi_reply_error(reply);
    if (pyst_text_equal(reply->value, pyst_text("hangup"))) {
        recording.end = PYST_AGI_RECORDING_HANGUP;
    } else if (pyst_text_equal(reply->value, pyst_text("timeout"))) {
        recording.end = PYST_AGI_RECORDING_TIMEOUT;
    } else if (pyst_text_equal(reply->value, pyst_text("dtmf")) ||
               (pyst_text_equal(reply->value, pyst_text("randomerror")) && reply->number > 0)) {
        /* A digit that is pressed during the beep is called an error by Asterisk. */
        recording.end = PYST_AGI_RECORDING_DIGIT;
        if (reply->number > 0 && reply->number <= 255)
            recording.digit = (char)reply->number;
    } else if (reply->end_position < 0) {
        /* Nothing was recorded: the file could not be opened, or there was no caller. */
        return PYST_ERR_COMMAND_FAILED;
    }
    *recordingp = recording;
    return 0;
}
