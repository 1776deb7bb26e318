/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <pyst/agi/results.h>

#include "agi/reply-internal.h"

/* What all results begin with: no error, and a number. */
static int read_result(const struct pyst_agi_reply *reply, int64_t *numberp)
{
    int r = pyst_agi_reply_error(reply);

    if (r < 0)
        return r;
    if (!reply->is_number)
        return PYST_ERR_BAD_REPLY;
    *numberp = reply->number;
    return 0;
}

int pyst_agi_reply_done(const struct pyst_agi_reply *reply)
{
    int64_t number;
    int r = read_result(reply, &number);

    if (r < 0)
        return r;
    return number == 0 ? PYST_ERR_COMMAND_FAILED : 0;
}

int pyst_agi_reply_playback(const struct pyst_agi_reply *reply, struct pyst_agi_playback *playbackp)
{
    struct pyst_agi_playback playback = {0, reply->end_position};
    int r = pyst_agi_reply_digit(reply, &playback.digit);

    if (r >= 0)
        *playbackp = playback;
    return r;
}

int pyst_agi_reply_character(const struct pyst_agi_reply *reply, int *characterp)
{
    int64_t number;
    int r = read_result(reply, &number);

    if (r < 0)
        return r;
    if (number < 0 || number > INT32_MAX)
        return PYST_ERR_BAD_REPLY;
    if (number == 0)
        return 0;
    *characterp = (int)number;
    return 1;
}

int pyst_agi_reply_exec(const struct pyst_agi_reply *reply, int64_t *resultp)
{
    int64_t number;
    int r = read_result(reply, &number);

    if (r < 0)
        return r;
    if (number == -2)
        return PYST_ERR_NO_APPLICATION;
    *resultp = number;
    return 0;
}

int pyst_agi_reply_gosub(const struct pyst_agi_reply *reply)
{
    static const char abnormal[] = "(abnormal exit)";
    size_t size = sizeof(abnormal) - 1;
    int64_t number;
    int r = read_result(reply, &number);

    if (r < 0)
        return r;
    return reply->text.size >= size &&
           memcmp(reply->text.data + reply->text.size - size, abnormal, size) == 0;
}

int pyst_agi_reply_channel_state(const struct pyst_agi_reply *reply)
{
    int64_t number;
    int r = read_result(reply, &number);

    if (r < 0)
        return r;
    /* States beyond those known today are handed on. */
    return number >= 0 && number <= INT16_MAX ? (int)number : PYST_ERR_BAD_REPLY;
}

int pyst_agi_reply_speech(const struct pyst_agi_reply *reply, struct pyst_agi_speech *speechp)
{
    struct pyst_agi_speech speech = {PYST_AGI_SPEECH_TIMEOUT, 0, reply->end_position, 0};
    int64_t number;
    int r = read_result(reply, &number);

    if (r < 0)
        return r;
    if (number == 0)
        return PYST_ERR_COMMAND_FAILED;
    if (pyst_text_equal(reply->value, pyst_text("hangup")))
        return PYST_ERR_HANGUP;
    if (pyst_text_equal(reply->value, pyst_text("speech"))) {
        speech.end = PYST_AGI_SPEECH_SPEECH;
        if (pyst_agi_read_number(pyst_agi_reply_field(reply, "results"), &number) && number > 0)
            speech.n_results = (size_t)number;
    } else if (pyst_text_equal(reply->value, pyst_text("digit"))) {
        struct pyst_text digit = pyst_agi_reply_field(reply, "digit");

        speech.end = PYST_AGI_SPEECH_DIGIT;
        if (digit.size == 1)
            speech.digit = digit.data[0];
    } else if (!pyst_text_equal(reply->value, pyst_text("timeout"))) {
        return PYST_ERR_BAD_REPLY;
    }
    *speechp = speech;
    return speech.end != PYST_AGI_SPEECH_TIMEOUT;
}

/* The field that is called `name` and numbered `i`. */
static struct pyst_text numbered(const struct pyst_agi_reply *reply, const char *name, size_t i)
{
    char buffer[32];

    snprintf(buffer, sizeof(buffer), "%s%zu", name, i);
    return pyst_agi_reply_field(reply, buffer);
}

int pyst_agi_reply_speech_result(const struct pyst_agi_reply *reply, size_t i,
                                 struct pyst_agi_speech_result *resultp)
{
    struct pyst_agi_speech_result result = {0};
    int64_t number;
    int r = read_result(reply, &number);

    if (r < 0)
        return r;
    if (!pyst_agi_read_number(numbered(reply, "score", i), &result.score))
        return 0;
    result.text = numbered(reply, "text", i);
    result.grammar = numbered(reply, "grammar", i);
    *resultp = result;
    return 1;
}
