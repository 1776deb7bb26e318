/* SPDX-License-Identifier: MIT */
#ifndef PYST_TESTS_AGI_ASTERISK_H
#define PYST_TESTS_AGI_ASTERISK_H

/*
 * Asterisk's end of an AGI dialogue, in the test's own thread: a stream that says what the test
 * wrote down, each reply after its command, in pieces of any size.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pyst/agi/commands.h>
#include <pyst/error.h>

#define ENVIRONMENT                                                                                \
    "agi_request: test\nagi_channel: Local/1\nagi_language: en\nagi_enhanced: 0.0\n\n"

struct asterisk {
    char said[16384]; /* and not read yet, from `taken` on */
    size_t n_said;
    size_t taken;
    size_t piece; /* bytes of one read or write at most; 0: all */
    bool end;     /* the stream ends when all is read; else that fails the test */

    struct {
        const char *command;
        const char *reply;
    } exchanges[32];
    size_t n_exchanges;
    size_t at;
    char line[16384];
    size_t n_line;
    int write_error; /* errno of the next writes; 0: they work */

    /* The question whether the caller is gone, which may come after a reply of -1. */
    const char *status; /* NULL: the channel is up */
    unsigned n_asked;
};

static inline void assert_text(struct pyst_text text, const char *expected)
{
    if (!text.data)
        fail_msg("an absent text instead of \"%s\"", expected);
    if (!pyst_text_equal(text, pyst_text(expected)))
        fail_msg("\"%.*s\" instead of \"%s\"", (int)text.size, text.data, expected);
}

static inline void say(struct asterisk *asterisk, const char *text)
{
    size_t size = strlen(text);

    if (asterisk->n_said + size > sizeof(asterisk->said))
        fail_msg("that is more than fits in here");
    memcpy(asterisk->said + asterisk->n_said, text, size);
    asterisk->n_said += size;
}

/* Waits for `command`, without its LF, and says `reply`, which has its own. */
static inline void expect(struct asterisk *asterisk, const char *command, const char *reply)
{
    if (asterisk->at == asterisk->n_exchanges)
        asterisk->at = asterisk->n_exchanges = 0;
    assert_true(asterisk->n_exchanges < 32);
    asterisk->exchanges[asterisk->n_exchanges].command = command;
    asterisk->exchanges[asterisk->n_exchanges++].reply = reply;
}

static inline ptrdiff_t asterisk_read(void *user, void *data, size_t size)
{
    struct asterisk *asterisk = user;
    size_t n = asterisk->n_said - asterisk->taken;

    if (n == 0 && !asterisk->end)
        fail_msg("it waits for what does not come");
    if (n > size)
        n = size;
    if (asterisk->piece > 0 && n > asterisk->piece)
        n = asterisk->piece;
    memcpy(data, asterisk->said + asterisk->taken, n);
    asterisk->taken += n;
    if (asterisk->taken == asterisk->n_said)
        asterisk->taken = asterisk->n_said = 0;
    return (ptrdiff_t)n;
}

static inline void take_line(struct asterisk *asterisk)
{
    asterisk->line[asterisk->n_line] = '\0';
    asterisk->n_line = 0;
    if (asterisk->at == asterisk->n_exchanges && strcmp(asterisk->line, "CHANNEL STATUS") == 0) {
        asterisk->n_asked++;
        say(asterisk, asterisk->status ? asterisk->status : "200 result=6\n");
        return;
    }
    if (asterisk->at == asterisk->n_exchanges)
        fail_msg("nobody expected \"%s\"", asterisk->line);
    assert_string_equal(asterisk->line, asterisk->exchanges[asterisk->at].command);
    say(asterisk, asterisk->exchanges[asterisk->at++].reply);
}

static inline ptrdiff_t asterisk_write(void *user, const void *data, size_t size)
{
    struct asterisk *asterisk = user;
    const char *bytes = data;

    if (asterisk->write_error) {
        errno = asterisk->write_error;
        return -1;
    }
    if (asterisk->piece > 0 && size > asterisk->piece)
        size = asterisk->piece;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n') {
            take_line(asterisk);
            continue;
        }
        assert_true(asterisk->n_line + 1 < sizeof(asterisk->line));
        asterisk->line[asterisk->n_line++] = bytes[i];
    }
    return (ptrdiff_t)size;
}

/* Opens a dialogue over it that begins with `environment`; the result of pyst_agi_open(). */
static inline int asterisk_open(struct asterisk *asterisk, const char *environment,
                                struct pyst_agi_options *options, struct pyst_agi **agip)
{
    struct pyst_agi_options none = {0};
    struct pyst_agi_stream stream = {asterisk_read, asterisk_write, asterisk};

    if (!options)
        options = &none;
    options->stream = &stream;
    say(asterisk, environment);
    return pyst_agi_open(agip, options);
}

#endif
