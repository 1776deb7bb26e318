/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>

#include <pyst/ami/parser.h>
#include <pyst/error.h>

#include "ami/layout.h"
#include "ami/parser-internal.h"
#include "ami/scan.h"
#include "base/fold.h"

#define BUFFER_SIZE_MIN  ((size_t)64 << 10)
#define BUFFER_SIZE_KEPT ((size_t)1 << 20) /* an empty buffer above this is given back */
#define READ_SIZE_MIN    ((size_t)32 << 10)
#define READ_SIZE_MAX    ((size_t)256 << 10)
#define GREETING_SIZE    1024

static const char end_marker[] = "--END COMMAND--";
#define END_MARKER_SIZE (sizeof(end_marker) - 1)

/* What the bytes at `begin` belong to. */
enum state {
    STATE_GREETING,
    STATE_MESSAGE,
    STATE_FOLLOWS_HEADERS, /* a message that began with "Response: Follows" */
    STATE_FOLLOWS_OUTPUT,
    STATE_SKIP,         /* a message over a limit: to its empty line */
    STATE_SKIP_FOLLOWS, /* the same: to its end marker */
    STATE_NOT_A_MANAGER
};

struct pyst_ami_parser {
    struct pyst_ami_limits limits;
    enum state state;

    /* data[begin..end) is what was received and not given out; SCAN_PADDING NULs follow it. */
    char *data;
    size_t size; /* without the padding */
    size_t begin;
    size_t end;
    size_t read_size; /* of the next read that leaves it to the parser */

    size_t line;  /* where the current line begins */
    size_t scan;  /* data[line..scan) holds no line feed */
    size_t colon; /* the first colon of data[line..scan), or NO_COLON */

    /* The lines of the message so far; kept and reused from message to message. */
    struct line *lines;
    size_t n_lines;
    size_t lines_size;
    uint32_t event, response, action, action_id; /* the first line of that name, or LINE_NONE */
    uint32_t data_at;                            /* the first line that is no header begins here */

    char lost_id[LOST_ACTION_ID_SIZE];
    size_t lost_id_size;
    bool lost_response;
};

#define NO_COLON SIZE_MAX

static void begin_message(struct pyst_ami_parser *parser)
{
    parser->n_lines = 0;
    parser->event = parser->response = parser->action = parser->action_id = LINE_NONE;
    parser->data_at = LINE_NONE;
}

static void begin_line(struct pyst_ami_parser *parser, size_t at)
{
    parser->line = parser->scan = at;
    parser->colon = NO_COLON;
}

static size_t limit(size_t value, size_t standard, size_t maximum)
{
    if (value == 0)
        value = standard;
    return value < maximum ? value : maximum;
}

int pyst_ami_parser_new(struct pyst_ami_parser **parserp, const struct pyst_ami_limits *limits,
                        bool greeting)
{
    static const struct pyst_ami_limits defaults;
    struct pyst_ami_parser *parser = calloc(1, sizeof(*parser));

    if (!parser)
        return PYST_ERR_NO_MEMORY;
    if (!limits)
        limits = &defaults;
    parser->limits.message_size =
        limit(limits->message_size, PYST_AMI_MESSAGE_SIZE_DEFAULT, PYST_AMI_MESSAGE_SIZE_MAX);
    parser->limits.header_count =
        limit(limits->header_count, PYST_AMI_HEADER_COUNT_DEFAULT, LINE_NONE - 1);
    parser->limits.line_size =
        limit(limits->line_size, PYST_AMI_LINE_SIZE_DEFAULT, PYST_AMI_MESSAGE_SIZE_MAX);
    parser->read_size = READ_SIZE_MIN;
    pyst_ami_parser_reset(parser, greeting);
    *parserp = parser;
    return 0;
}

struct pyst_ami_parser *pyst_ami_parser_free(struct pyst_ami_parser *parser)
{
    if (parser) {
        free(parser->data);
        free(parser->lines);
        free(parser);
    }
    return NULL;
}

void pyst_ami_parser_reset(struct pyst_ami_parser *parser, bool greeting)
{
    parser->state = greeting ? STATE_GREETING : STATE_MESSAGE;
    parser->begin = parser->end = 0;
    parser->lost_id_size = 0;
    begin_line(parser, 0);
    begin_message(parser);
}

/* Moves what is unread to the front of the buffer. */
static void compact(struct pyst_ami_parser *parser)
{
    if (parser->begin == 0)
        return;
    memmove(parser->data, parser->data + parser->begin, parser->end - parser->begin);
    parser->line -= parser->begin;
    parser->scan -= parser->begin;
    if (parser->colon != NO_COLON)
        parser->colon -= parser->begin;
    parser->end -= parser->begin;
    parser->begin = 0;
}

static int resize(struct pyst_ami_parser *parser, size_t size)
{
    char *data = realloc(parser->data, size + SCAN_PADDING);

    if (!data)
        return PYST_ERR_NO_MEMORY;
    parser->data = data;
    parser->size = size;
    return 0;
}

int pyst_ami_parser_reserve(struct pyst_ami_parser *parser, size_t minimum, void **datap,
                            size_t *sizep)
{
    size_t unread = parser->end - parser->begin;

    if (minimum == 0)
        minimum = parser->read_size;
    if (minimum > SIZE_MAX / 4)
        return PYST_ERR_NO_MEMORY;
    if (unread == 0) {
        compact(parser);
        if (parser->size > BUFFER_SIZE_KEPT && minimum <= READ_SIZE_MAX) {
            int r = resize(parser, 2 * READ_SIZE_MAX);

            if (r < 0)
                return r;
        }
    }
    if (parser->size - parser->end < minimum) {
        compact(parser);
        if (parser->size - parser->end < minimum) {
            size_t size = parser->size < BUFFER_SIZE_MIN ? BUFFER_SIZE_MIN : parser->size;
            int r;

            while (size - parser->end < minimum)
                size *= 2;
            r = resize(parser, size);
            if (r < 0)
                return r;
        }
    }
    *datap = parser->data + parser->end;
    *sizep = parser->size - parser->end;
    return 0;
}

void pyst_ami_parser_commit(struct pyst_ami_parser *parser, size_t size)
{
    /* A read that filled what it asked for will want more the next time. */
    if (size >= parser->read_size && parser->read_size < READ_SIZE_MAX)
        parser->read_size *= 2;
    parser->end += size;
}

int pyst_ami_parser_feed(struct pyst_ami_parser *parser, const void *data, size_t size)
{
    void *room;
    size_t room_size;
    int r;

    if (size == 0)
        return 0;
    r = pyst_ami_parser_reserve(parser, size, &room, &room_size);
    if (r < 0)
        return r;
    memcpy(room, data, size);
    pyst_ami_parser_commit(parser, size);
    return 0;
}

size_t pyst_ami_parser_pending(const struct pyst_ami_parser *parser)
{
    return parser->end - parser->begin;
}

struct pyst_text parser_lost_action_id(const struct pyst_ami_parser *parser)
{
    if (parser->lost_id_size == 0)
        return pyst_text_none();
    return pyst_text_of(parser->lost_id, parser->lost_id_size);
}

bool parser_lost_response(const struct pyst_ami_parser *parser)
{
    return parser->lost_response;
}

static struct pyst_text line_value(const struct pyst_ami_parser *parser, uint32_t index)
{
    const struct line *line = &parser->lines[index];

    return pyst_text_of(parser->data + parser->begin + line->value, line->value_size);
}

/* Notes the headers that say what the message is. The first of each name counts. */
static void note_name(struct pyst_ami_parser *parser, const char *name, size_t size, uint32_t index)
{
    uint32_t *which;
    const char *expected;

    switch (size) {
    case 5:
        which = &parser->event;
        expected = "Event";
        break;
    case 6:
        which = &parser->action;
        expected = "Action";
        break;
    case 8:
        if (fold(name[0]) == 'r') {
            which = &parser->response;
            expected = "Response";
        } else {
            which = &parser->action_id;
            expected = "ActionID";
        }
        break;
    default:
        return;
    }
    if (*which != LINE_NONE || fold(name[0]) != fold(expected[0]) ||
        !pyst_text_equal_nocase(pyst_text_of(name, size), pyst_text_of(expected, size)))
        return;
    *which = index;
}

static int grow_lines(struct pyst_ami_parser *parser)
{
    size_t size = parser->lines_size ? 2 * parser->lines_size : 64;
    struct line *lines = realloc(parser->lines, size * sizeof(*lines));

    if (!lines)
        return PYST_ERR_NO_MEMORY;
    parser->lines = lines;
    parser->lines_size = size;
    return 0;
}

/*
 * "ChanVariable(SIP/[::1]-1): a=b": a channel's name may have colons, so this header's name ends
 * at the "):" after its parenthesis. `colon` is the first colon of data[from..end).
 */
static size_t end_of_name(const char *bytes, size_t from, size_t colon, size_t end)
{
    static const char stem[] = "ChanVariable(";
    const size_t stem_size = sizeof(stem) - 1;
    const char *close;

    if (colon - from < stem_size || bytes[from + stem_size - 1] != '(' ||
        memcmp(bytes + from, stem, stem_size) != 0)
        return colon;
    close = memmem(bytes + from, end - from, "):", 2);
    return close ? (size_t)(close + 1 - bytes) : colon;
}

/* Adds data[from..end) as a line: a header when `colon` is within, else data. */
static int add_line(struct pyst_ami_parser *parser, size_t from, size_t colon, size_t end)
{
    const char *bytes = parser->data;
    struct line *line;
    size_t name_end, value;

    if (parser->n_lines == parser->lines_size) {
        int r = grow_lines(parser);

        if (r < 0)
            return r;
    }
    line = &parser->lines[parser->n_lines];
    line->name = (uint32_t)(from - parser->begin);
    if (colon >= end) {
        if (parser->data_at == LINE_NONE)
            parser->data_at = line->name;
        line->name_size = LINE_NAMELESS;
        line->value = line->name;
        line->value_size = (uint32_t)(end - from);
        parser->n_lines++;
        return 0;
    }
    colon = end_of_name(bytes, from, colon, end);
    name_end = colon;
    while (name_end > from && (bytes[name_end - 1] == ' ' || bytes[name_end - 1] == '\t'))
        name_end--;
    value = colon + 1;
    if (value < end && bytes[value] == ' ')
        value++;
    line->name_size = (uint32_t)(name_end - from);
    line->value = (uint32_t)(value - parser->begin);
    line->value_size = (uint32_t)(end - value);
    note_name(parser, bytes + from, name_end - from, (uint32_t)parser->n_lines);
    parser->n_lines++;
    return 0;
}

/* Makes the message of data[begin..end), whose lines are known, and goes on behind it. */
static int finish_message(struct pyst_ami_parser *parser, enum pyst_ami_kind kind,
                          uint32_t named_by, size_t data_end, size_t end,
                          struct pyst_ami_message **messagep)
{
    size_t size = end - parser->begin;
    size_t lines_size = parser->n_lines * sizeof(struct line);
    struct pyst_ami_message *message = malloc(sizeof(*message) + lines_size + size);

    if (!message)
        return PYST_ERR_NO_MEMORY;
    atomic_init(&message->references, 1);
    message->kind = (uint8_t)kind;
    message->n_lines = (uint32_t)parser->n_lines;
    message->size = (uint32_t)size;
    message->named_by = named_by;
    message->action_id = parser->action_id;
    message->data = parser->data_at;
    message->data_size =
        message->data == LINE_NONE ? 0 : (uint32_t)(data_end - parser->begin - message->data);
    memcpy(message->lines, parser->lines, lines_size);
    memcpy((char *)message->lines + lines_size, parser->data + parser->begin, size);
    parser->begin = end;
    parser->state = STATE_MESSAGE;
    begin_line(parser, end);
    begin_message(parser);
    *messagep = message;
    return 1;
}

static int finish_headers(struct pyst_ami_parser *parser, size_t data_end, size_t end,
                          struct pyst_ami_message **messagep)
{
    if (parser->event != LINE_NONE)
        return finish_message(parser, PYST_AMI_EVENT, parser->event, data_end, end, messagep);
    if (parser->response != LINE_NONE)
        return finish_message(parser, PYST_AMI_RESPONSE, parser->response, data_end, end, messagep);
    if (parser->action != LINE_NONE)
        return finish_message(parser, PYST_AMI_ACTION, parser->action, data_end, end, messagep);
    return finish_message(parser, PYST_AMI_OTHER, LINE_NONE, data_end, end, messagep);
}

/*
 * Which limit the current line passes, given that it is known up to `known` (its line feed, or the
 * end of what was received). Where it passes two, the one it passed first counts, so that the
 * answer does not depend on how the bytes were cut.
 */
static int check_limits(const struct pyst_ami_parser *parser, size_t known, bool ended)
{
    size_t last = ended ? known : known - 1;
    size_t line_proof = parser->line + parser->limits.line_size;
    size_t message_proof = parser->begin + parser->limits.message_size;
    bool line_passed;

    /* A CR right behind line_size bytes may belong to the line's end. */
    if (last >= line_proof && parser->data[line_proof] == '\r')
        line_proof++;
    line_passed = ended ? last > line_proof : last >= line_proof;
    if (last >= message_proof && (!line_passed || message_proof < line_proof))
        return PYST_ERR_LIMIT_MESSAGE;
    return line_passed ? PYST_ERR_LIMIT_LINE : 0;
}

/* Goes over to skipping the current message, of which data[begin..scan) is known. */
static int begin_skipping(struct pyst_ami_parser *parser, int error)
{
    parser->lost_id_size = 0;
    parser->lost_response = parser->response != LINE_NONE && parser->event == LINE_NONE;
    if (parser->action_id != LINE_NONE) {
        struct pyst_text id = line_value(parser, parser->action_id);

        if (id.size <= sizeof(parser->lost_id)) {
            memcpy(parser->lost_id, id.data, id.size);
            parser->lost_id_size = id.size;
        }
    }
    parser->state = parser->state == STATE_FOLLOWS_HEADERS || parser->state == STATE_FOLLOWS_OUTPUT
                        ? STATE_SKIP_FOLLOWS
                        : STATE_SKIP;
    parser->begin = parser->line;
    begin_message(parser);
    return error;
}

static bool ends_in_marker(const char *line, size_t size)
{
    return size >= END_MARKER_SIZE &&
           memcmp(line + size - END_MARKER_SIZE, end_marker, END_MARKER_SIZE) == 0;
}

/* Drops bytes of a message over a limit; true when its end has come. */
static bool skip(struct pyst_ami_parser *parser)
{
    while (parser->scan < parser->end || parser->line < parser->scan) {
        const char *feed = memchr(parser->data + parser->scan, '\n', parser->end - parser->scan);
        const char *line = parser->data + parser->line;
        size_t size;
        bool over;

        if (!feed) {
            /* Keep as much of the line as the end marker and a CR take; so it is not empty. */
            size_t kept = END_MARKER_SIZE + 1;

            parser->scan = parser->end;
            if (parser->end - parser->line > kept)
                parser->line = parser->end - kept;
            parser->begin = parser->line;
            return false;
        }
        size = (size_t)(feed - line);
        if (size > 0 && line[size - 1] == '\r')
            size--;
        over = parser->state == STATE_SKIP_FOLLOWS ? ends_in_marker(line, size) : size == 0;
        parser->begin = (size_t)(feed + 1 - parser->data);
        begin_line(parser, parser->begin);
        if (over) {
            parser->state = STATE_MESSAGE;
            return true;
        }
    }
    return false;
}

/* "NAME/VERSION", the version beginning with a digit and neither of them saying anything more. */
static bool is_greeting(const char *line, size_t size)
{
    const char *slash = memrchr(line, '/', size);
    const char *version, *end = line + size;

    if (!slash || slash == line || slash + 1 == end)
        return false;
    version = slash + 1;
    return *version >= '0' && *version <= '9' && !memchr(version, ' ', (size_t)(end - version)) &&
           !memchr(line, ':', size);
}

/* A byte of a binary protocol, such as a TLS alert, which need not end in a line feed. */
static bool has_control(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)bytes[i] < ' ' && bytes[i] != '\r')
            return true;
    return false;
}

static int refuse_stream(struct pyst_ami_parser *parser)
{
    parser->state = STATE_NOT_A_MANAGER;
    parser->begin = parser->end;
    begin_line(parser, parser->end);
    return PYST_ERR_GREETING;
}

static int next_greeting(struct pyst_ami_parser *parser, struct pyst_ami_message **messagep)
{
    for (;;) {
        const char *line = parser->data + parser->line, *news = parser->data + parser->scan;
        const char *feed = memchr(news, '\n', parser->end - parser->scan);
        size_t size = feed ? (size_t)(feed - line) : parser->end - parser->line;
        size_t after = parser->line + size + 1;

        if (size > GREETING_SIZE || has_control(news, (size_t)(line + size - news)))
            break;
        parser->scan = parser->line + size;
        if (!feed)
            return 0;
        if (size > 0 && line[size - 1] == '\r')
            size--;
        if (size > 0) {
            int r;

            if (!is_greeting(line, size))
                break;
            parser->n_lines = 0;
            r = add_line(parser, parser->line, NO_COLON, parser->line + size);
            if (r < 0)
                return r;
            parser->data_at = LINE_NONE;
            return finish_message(parser, PYST_AMI_GREETING, 0, after, after, messagep);
        }
        parser->begin = after;
        begin_line(parser, after);
    }
    return refuse_stream(parser);
}

/* Whether a line of "Response: Follows" still is a header: raw output may have colons as well. */
static bool is_follows_header(const char *line, size_t colon, bool carriage_return)
{
    static const char *const names[] = {"Privilege", "ActionID", "Message"};
    struct pyst_text name = pyst_text_of(line, colon);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (pyst_text_equal_nocase(name, pyst_text(names[i])))
            return true;
    if (!carriage_return || colon == 0)
        return false;
    for (size_t i = 0; i < colon; i++) {
        unsigned char c = fold(line[i]);

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return true;
}

/* One line of a message that began with "Response: Follows". 1: a message; 0: go on. */
static int follows_line(struct pyst_ami_parser *parser, size_t end, size_t after,
                        struct pyst_ami_message **messagep)
{
    const char *line = parser->data + parser->line;
    size_t size = end - parser->line;
    bool carriage_return = after - end == 2;
    bool ended = ends_in_marker(line, size);
    int r;

    /* A marker that stands alone is no line. */
    if (parser->n_lines >= parser->limits.header_count && !(ended && size == END_MARKER_SIZE))
        return begin_skipping(parser, PYST_ERR_LIMIT_HEADERS);
    /* "Uptime: 5--END COMMAND--" is the end of output that is one line without a line feed. */
    if (parser->state == STATE_FOLLOWS_HEADERS && !ended && parser->colon < end &&
        is_follows_header(line, parser->colon - parser->line, carriage_return))
        return add_line(parser, parser->line, parser->colon, end);
    if (ended) {
        size_t marker = size - END_MARKER_SIZE;

        if (marker > 0) {
            r = add_line(parser, parser->line, NO_COLON, parser->line + marker);
            if (r < 0)
                return r;
        } else if (parser->data_at == LINE_NONE) {
            parser->data_at = (uint32_t)(parser->line - parser->begin);
        }
        r = finish_headers(parser, after, after, messagep);
        if (r < 0 && marker > 0)
            parser->n_lines--;
        return r;
    }
    r = add_line(parser, parser->line, NO_COLON, end);
    if (r == 0)
        parser->state = STATE_FOLLOWS_OUTPUT;
    return r;
}

static int next_message(struct pyst_ami_parser *parser, struct pyst_ami_message **messagep)
{
    const char *end = parser->data + parser->end;

    memset(parser->data + parser->end, 0, SCAN_PADDING);
    while (parser->scan < parser->end) {
        const char *colon = parser->colon == NO_COLON ? NULL : parser->data + parser->colon;
        const char *feed = scan_line(parser->data + parser->scan, end, &colon);
        size_t line_end, after;
        int r;

        parser->colon = colon ? (size_t)(colon - parser->data) : NO_COLON;
        if (!feed) {
            parser->scan = parser->end;
            r = check_limits(parser, parser->end, false);
            return r < 0 ? begin_skipping(parser, r) : 0;
        }
        line_end = (size_t)(feed - parser->data);
        after = line_end + 1;
        r = check_limits(parser, line_end, true);
        if (r < 0)
            return begin_skipping(parser, r);
        if (line_end > parser->line && feed[-1] == '\r')
            line_end--;

        if (parser->state != STATE_MESSAGE) {
            r = follows_line(parser, line_end, after, messagep);
            if (r != 0)
                return r;
        } else if (line_end == parser->line) {
            if (parser->n_lines > 0)
                return finish_headers(parser, parser->line, after, messagep);
            parser->begin = after;
        } else {
            if (parser->n_lines >= parser->limits.header_count)
                return begin_skipping(parser, PYST_ERR_LIMIT_HEADERS);
            r = add_line(parser, parser->line, parser->colon, line_end);
            if (r < 0)
                return r;
            if (parser->response == parser->n_lines - 1 && parser->event == LINE_NONE &&
                pyst_text_equal_nocase(line_value(parser, parser->response), pyst_text("Follows")))
                parser->state = STATE_FOLLOWS_HEADERS;
        }
        begin_line(parser, after);
    }
    return 0;
}

int pyst_ami_parser_next(struct pyst_ami_parser *parser, struct pyst_ami_message **messagep)
{
    if (parser->state == STATE_NOT_A_MANAGER)
        return refuse_stream(parser);
    if (parser->scan == parser->end)
        return 0;
    switch (parser->state) {
    case STATE_GREETING:
        return next_greeting(parser, messagep);
    case STATE_SKIP:
    case STATE_SKIP_FOLLOWS:
        if (!skip(parser))
            return 0;
        break;
    default:
        break;
    }
    return next_message(parser, messagep);
}

int pyst_ami_parser_seal(struct pyst_ami_parser *parser)
{
    switch (parser->state) {
    case STATE_NOT_A_MANAGER:
        return 0;
    case STATE_SKIP:
    case STATE_SKIP_FOLLOWS:
        return PYST_ERR_TRUNCATED;
    default:
        break;
    }
    if (parser->n_lines > 0)
        return PYST_ERR_TRUNCATED;
    for (size_t i = parser->begin; i < parser->end; i++)
        if (parser->data[i] != '\r' && parser->data[i] != '\n')
            return PYST_ERR_TRUNCATED;
    return 0;
}
