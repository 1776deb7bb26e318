/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <pyst/agi/session.h>

#include "agi/environment-internal.h"
#include "agi/reply-internal.h"
#include "base/buffer.h"

enum state {
    STATE_ENVIRONMENT,
    STATE_IDLE,  /* a command may be submitted */
    STATE_REPLY, /* waiting for the reply, or in its first line */
    STATE_USAGE, /* in the lines between 520- and 520 */
    STATE_VALUE, /* in a value that holds line ends */
    STATE_CLOSED /* nothing is read any more */
};

struct pyst_agi_session {
    struct pyst_agi_limits limits;
    struct buffer input;
    struct buffer output;
    struct pyst_agi_environment *environment;
    struct pyst_agi_reply reply;

    /* Offsets into the input. */
    size_t taken; /* of a reply that was given out, consumed by the next call */
    size_t line;  /* begin of the line that is looked at; before it stands what belongs to it */
    size_t seen;  /* no LF between line and here */

    size_t lines;   /* of the environment */
    size_t strayed; /* bytes dropped since the last command */
    enum state state;
    int error;        /* what CLOSED says */
    bool ended;       /* the stream ended, at the end of the input */
    bool busy;        /* a command is in flight */
    bool value_only;  /* the command in flight is one that reads a value */
    bool skip;        /* the line that has begun belongs to nothing */
    bool hung_up;     /* known */
    bool hangup_told; /* by a notice */
    bool closed_told;
};

#define ENVIRONMENT_SIZE  ((size_t)64 << 10)
#define ENVIRONMENT_COUNT 512
#define REPLY_SIZE        ((size_t)1 << 20)

#define END_OF_USAGE pyst_text("520 End of proper usage.")

int pyst_agi_session_new(struct pyst_agi_session **sessionp, const struct pyst_agi_limits *limits)
{
    struct pyst_agi_session *session = calloc(1, sizeof(*session));

    if (!session)
        return PYST_ERR_NO_MEMORY;
    if (limits)
        session->limits = *limits;
    if (session->limits.environment_size == 0)
        session->limits.environment_size = ENVIRONMENT_SIZE;
    if (session->limits.environment_count == 0)
        session->limits.environment_count = ENVIRONMENT_COUNT;
    if (session->limits.reply_size == 0)
        session->limits.reply_size = REPLY_SIZE;
    *sessionp = session;
    return 0;
}

struct pyst_agi_session *pyst_agi_session_free(struct pyst_agi_session *session)
{
    if (session) {
        buffer_deinit(&session->input);
        buffer_deinit(&session->output);
        pyst_agi_environment_unref(session->environment);
        free(session);
    }
    return NULL;
}

static void close_session(struct pyst_agi_session *session, int error)
{
    session->state = STATE_CLOSED;
    session->error = error;
    session->hung_up = true;
    session->taken = session->line = session->seen = 0;
    buffer_deinit(&session->input);
    buffer_deinit(&session->output);
}

static bool reads_reply(const struct pyst_agi_session *session)
{
    return session->state == STATE_REPLY || session->state == STATE_USAGE ||
           session->state == STATE_VALUE;
}

/* Takes `size` bytes from the front of the input. */
static void consume(struct pyst_agi_session *session, size_t size)
{
    buffer_consume(&session->input, size);
    session->line = session->seen = 0;
}

static void consume_taken(struct pyst_agi_session *session)
{
    if (session->taken > 0)
        consume(session, session->taken);
    session->taken = 0;
}

int pyst_agi_session_feed(struct pyst_agi_session *session, const void *data, size_t size)
{
    if (session->state == STATE_CLOSED || session->ended)
        return 0;
    return buffer_append(&session->input, pyst_text_of(data, size));
}

void pyst_agi_session_disconnected(struct pyst_agi_session *session, int error)
{
    if (session->ended || session->state == STATE_CLOSED)
        return;
    session->ended = true;
    session->error = error;
}

void pyst_agi_session_hung_up(struct pyst_agi_session *session)
{
    session->hung_up = true;
}

/*
 * The next line of the input without its line end: from session->line on, *nextp behind it.
 * Returns false when its end has not come.
 */
static bool next_line(struct pyst_agi_session *session, struct pyst_text *linep, size_t *nextp)
{
    struct pyst_text input = buffer_text(&session->input);
    const char *end = input.size > session->seen
                          ? memchr(input.data + session->seen, '\n', input.size - session->seen)
                          : NULL;

    if (!end) {
        session->seen = input.size;
        return false;
    }
    *nextp = (size_t)(end + 1 - input.data);
    *linep = pyst_text_of(input.data + session->line, *nextp - 1 - session->line);
    if (linep->size > 0 && linep->data[linep->size - 1] == '\r')
        linep->size--;
    return true;
}

/* What comes from the next line on belongs to what was before it. */
static void go_on(struct pyst_agi_session *session, size_t next)
{
    session->line = session->seen = next;
}

static bool is_hangup(struct pyst_text line)
{
    return pyst_text_equal(line, pyst_text("HANGUP"));
}

/* Three digits, and then a blank, a hyphen or nothing. */
static bool is_reply(struct pyst_text line)
{
    if (line.size < 3 || (line.size > 3 && line.data[3] != ' ' && line.data[3] != '-'))
        return false;
    for (int i = 0; i < 3; i++)
        if (line.data[i] < '0' || line.data[i] > '9')
            return false;
    return true;
}

static bool begins(struct pyst_text text, struct pyst_text with)
{
    return text.size >= with.size && memcmp(text.data, with.data, with.size) == 0;
}

static bool ends(struct pyst_text text, struct pyst_text with)
{
    return text.size >= with.size &&
           memcmp(text.data + text.size - with.size, with.data, with.size) == 0;
}

/* Whether the first line of a reply opens a value: "200 result=1 (". */
static bool opens_value(struct pyst_text line)
{
    const char *at;

    if (!begins(line, pyst_text("200 result=")))
        return false;
    at = memchr(line.data + 11, ' ', line.size - 11);
    return at && at + 1 < line.data + line.size && at[1] == '(';
}

/* 1: *noticep is the environment; 0: it is not complete, or the session closed. */
static int read_environment(struct pyst_agi_session *session, struct pyst_agi_notice *noticep)
{
    struct pyst_text line;
    size_t next;
    int r;

    while (next_line(session, &line, &next)) {
        if (line.size > 0) {
            go_on(session, next);
            if (next > session->limits.environment_size ||
                ++session->lines > session->limits.environment_count) {
                close_session(session, PYST_ERR_LIMIT_ENVIRONMENT);
                return 0;
            }
            continue;
        }
        r = pyst_agi_environment_new(
            &session->environment, pyst_text_of(buffer_text(&session->input).data, session->line));
        if (r < 0)
            return r;
        consume(session, next);
        if (buffer_text(&session->input).size == 0)
            buffer_deinit(&session->input); /* it was for the environment: an idle call is small */
        session->state = STATE_IDLE;
        noticep->type = PYST_AGI_NOTICE_ENVIRONMENT;
        noticep->environment = session->environment;
        return 1;
    }
    if (session->seen > session->limits.environment_size)
        close_session(session, PYST_ERR_LIMIT_ENVIRONMENT);
    return 0;
}

/* Drops lines that answer nothing, but for HANGUP. A line that has begun is kept to its end. */
static void read_idle(struct pyst_agi_session *session)
{
    struct pyst_text line;
    size_t next;

    while (next_line(session, &line, &next)) {
        if (!session->skip && is_hangup(line))
            session->hung_up = true;
        session->skip = false;
        consume(session, next);
    }
    if (session->seen > sizeof("HANGUP\r")) {
        session->skip = true;
        consume(session, session->seen);
    }
}

static int give_hangup(struct pyst_agi_session *session, struct pyst_agi_notice *noticep)
{
    session->hangup_told = true;
    noticep->type = PYST_AGI_NOTICE_HANGUP;
    return 1;
}

static int give_reply(struct pyst_agi_session *session, size_t size, size_t next,
                      struct pyst_agi_notice *noticep)
{
    pyst_agi_reply_read(&session->reply, pyst_text_of(buffer_text(&session->input).data, size),
                        session->value_only);
    session->taken = next;
    session->busy = false;
    session->state = STATE_IDLE;
    noticep->type = PYST_AGI_NOTICE_REPLY;
    noticep->reply = &session->reply;
    noticep->error = pyst_agi_reply_error(&session->reply);
    if (noticep->error == PYST_ERR_HANGUP)
        session->hung_up = true;
    if (noticep->error == PYST_ERR_COMMAND_FAILED && session->reply.code == 200 && session->hung_up)
        noticep->error = PYST_ERR_HANGUP;
    return 1;
}

/* Looks at one line where a reply is due. 1: it made a notice; 0: it goes on. */
static int read_reply_line(struct pyst_agi_session *session, struct pyst_text line, size_t next,
                           struct pyst_agi_notice *noticep)
{
    size_t size = session->line + line.size;
    bool hangup;

    switch (session->state) {
    case STATE_USAGE:
        if (begins(line, pyst_text("520 ")) || ends(line, END_OF_USAGE))
            return give_reply(session, size, next, noticep);
        go_on(session, next);
        return 0;
    case STATE_VALUE:
        if (ends(line, pyst_text(")")))
            return give_reply(session, size, next, noticep);
        go_on(session, next);
        return 0;
    default:
        break;
    }

    if (!session->skip && is_reply(line) && !begins(line, pyst_text("100"))) {
        if (begins(line, pyst_text("520-")) && !ends(line, END_OF_USAGE))
            session->state = STATE_USAGE;
        else if (session->value_only && opens_value(line) && !ends(line, pyst_text(")")))
            session->state = STATE_VALUE;
        else
            return give_reply(session, size, next, noticep);
        go_on(session, next);
        return 0;
    }
    /* 100 says that the reply is still to come, and anything else answers nothing. */
    hangup = !session->skip && is_hangup(line);
    session->skip = false;
    session->strayed += next;
    consume(session, next);
    if (session->strayed > session->limits.reply_size)
        close_session(session, PYST_ERR_BAD_REPLY);
    if (!hangup)
        return 0;
    session->hung_up = true;
    return session->hangup_told ? 0 : give_hangup(session, noticep);
}

static int read_reply(struct pyst_agi_session *session, struct pyst_agi_notice *noticep)
{
    struct pyst_text line;
    size_t next;

    while (reads_reply(session) && next_line(session, &line, &next)) {
        if (next > session->limits.reply_size)
            close_session(session, PYST_ERR_LIMIT_REPLY);
        else if (read_reply_line(session, line, next, noticep) > 0)
            return 1;
    }
    if (reads_reply(session) && session->seen > session->limits.reply_size)
        close_session(session, PYST_ERR_LIMIT_REPLY);
    return 0;
}

/* The end of the stream, or an end of our own making. */
static int read_end(struct pyst_agi_session *session, struct pyst_agi_notice *noticep)
{
    if (session->ended && session->state == STATE_ENVIRONMENT && !session->error)
        close_session(session, PYST_ERR_NO_ENVIRONMENT);
    else if (session->ended && session->state != STATE_CLOSED)
        close_session(session, session->error);
    if (session->state != STATE_CLOSED)
        return 0;

    if (session->busy) {
        session->busy = false;
        noticep->type = PYST_AGI_NOTICE_REPLY;
        noticep->error = session->error ? session->error : PYST_ERR_HANGUP;
        return 1;
    }
    if (session->environment && !session->hangup_told)
        return give_hangup(session, noticep);
    if (session->closed_told)
        return 0;
    session->closed_told = true;
    noticep->type = PYST_AGI_NOTICE_CLOSED;
    noticep->error = session->error;
    return 1;
}

int pyst_agi_session_next(struct pyst_agi_session *session, struct pyst_agi_notice *noticep)
{
    int r = 0;

    memset(noticep, 0, sizeof(*noticep));
    consume_taken(session);
    if (session->state == STATE_IDLE)
        read_idle(session);
    if (session->hung_up && !session->hangup_told && session->environment &&
        session->state != STATE_CLOSED)
        return give_hangup(session, noticep);

    if (session->state == STATE_ENVIRONMENT)
        r = read_environment(session, noticep);
    else if (reads_reply(session))
        r = read_reply(session, noticep);
    return r != 0 ? r : read_end(session, noticep);
}

int pyst_agi_session_submit(struct pyst_agi_session *session,
                            const struct pyst_agi_command *command)
{
    struct pyst_text line = pyst_agi_command_line(command), begun;
    int r = pyst_agi_command_error(command);

    if (r < 0)
        return r;
    if (session->environment && (session->state == STATE_CLOSED || session->ended))
        return PYST_ERR_HANGUP;
    if (session->state != STATE_IDLE)
        return PYST_ERR_STATE;
    r = buffer_append(&session->output, line);
    if (r < 0)
        return r;

    /* What came behind the last reply belongs to that, but a line that has begun may be HANGUP. */
    consume_taken(session);
    read_idle(session);
    begun = buffer_text(&session->input);
    session->skip |= !begins(pyst_text("HANGUP\r"), begun);
    if (session->skip)
        consume(session, begun.size);
    session->strayed = 0;
    session->busy = true;
    session->value_only = pyst_agi_answers_value(line);
    session->state = STATE_REPLY;
    return 0;
}

struct pyst_text pyst_agi_session_output(const struct pyst_agi_session *session)
{
    return buffer_text(&session->output);
}

void pyst_agi_session_sent(struct pyst_agi_session *session, size_t size)
{
    buffer_consume(&session->output, size);
}

struct pyst_agi_environment *pyst_agi_session_environment(const struct pyst_agi_session *session)
{
    return session->environment;
}

bool pyst_agi_session_busy(const struct pyst_agi_session *session)
{
    return session->busy;
}

bool pyst_agi_session_is_hung_up(const struct pyst_agi_session *session)
{
    return session->hung_up;
}

bool pyst_agi_session_is_closed(const struct pyst_agi_session *session)
{
    return session->state == STATE_CLOSED || session->ended;
}
