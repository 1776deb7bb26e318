/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "dialplan/internal.h"

#define RESULT_SIZE 8190 /* as long as a line; Asterisk cuts there, too */
#define NESTED_MAX  50   /* ${...} in the name of another; what is deeper stays as written */

/* ---- what stands in a text ------------------------------------------------------------------ */

static bool begins_reference(struct pyst_text text, size_t at)
{
    return at + 1 < text.size && text.data[at] == '$' &&
           (text.data[at + 1] == '{' || text.data[at + 1] == '[');
}

/* Of its own kind, braces and brackets nest; the other kind is not counted, as in Asterisk. */
size_t dialplan_reference_end(struct pyst_text text, size_t at)
{
    const char open = text.data[at + 1], close = open == '{' ? '}' : ']';
    size_t depth = 1;

    for (size_t i = at + 2; i < text.size; i++) {
        if (text.data[i] == open)
            depth++;
        else if (text.data[i] == close && --depth == 0)
            return i + 1;
    }
    return 0;
}

bool dialplan_is_variable(struct pyst_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (begins_reference(text, i))
            return true;
    return false;
}

/* Where a variable's name ends, and whether it is a function's. */
static size_t name_end(struct pyst_text inside, bool *is_functionp)
{
    size_t depth = 0; /* in references inside the name */

    for (size_t i = 0; i < inside.size; i++) {
        const char c = inside.data[i];

        if (begins_reference(inside, i)) {
            depth++;
            i++;
        } else if (depth > 0) {
            depth -= c == '}' || c == ']';
        } else if (c == '(' || c == ':') {
            *is_functionp = c == '(';
            return i;
        }
    }
    *is_functionp = false;
    return inside.size;
}

bool pyst_dialplan_next_reference(struct pyst_text text, size_t *positionp,
                                  struct pyst_dialplan_reference *reference)
{
    for (size_t i = *positionp; i < text.size; i++) {
        struct pyst_text inside;
        size_t end, at;
        bool is_function;

        if (!begins_reference(text, i))
            continue;
        end = dialplan_reference_end(text, i);
        if (end == 0)
            continue;
        *positionp = i + 2;
        inside = pyst_text_of(text.data + i + 2, end - i - 3);
        *reference = (struct pyst_dialplan_reference){
            .kind = PYST_DIALPLAN_EXPRESSION,
            .whole = pyst_text_of(text.data + i, end - i),
            .inside = inside,
        };
        if (text.data[i + 1] == '[')
            return true;
        at = name_end(inside, &is_function);
        reference->kind = is_function ? PYST_DIALPLAN_FUNCTION : PYST_DIALPLAN_VARIABLE;
        reference->name = pyst_text_of(inside.data, at);
        reference->inside = pyst_text_none();
        if (is_function) {
            const char *close = memrchr(inside.data + at, ')', inside.size - at);

            at++;
            reference->inside = pyst_text_of(
                inside.data + at, close ? (size_t)(close - inside.data) - at : inside.size - at);
        } else if (at < inside.size) {
            reference->inside = pyst_text_of(inside.data + at + 1, inside.size - at - 1);
        }
        return true;
    }
    *positionp = text.size;
    return false;
}

/* ---- putting values in ---------------------------------------------------------------------- */

/* Those that a running Asterisk knows and nobody else (main/pbx_variables.c). */
static bool is_of_the_server(struct pyst_text name)
{
    static const char *const names[] = {
        "EPOCH",     "SYSTEMNAME", "ASTCACHEDIR", "ASTETCDIR",    "ASTMODDIR",
        "ASTDBDIR",  "ASTKEYDIR",  "ASTDATADIR",  "ASTAGIDIR",    "ASTSPOOLDIR",
        "ASTRUNDIR", "ASTLOGDIR",  "ASTSBINDIR",  "ASTVARLIBDIR", "ENTITYID",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (pyst_text_equal(name, pyst_text(names[i])))
            return true;
    return false;
}

/* Reads a number as scanf does; false: there is none. */
static bool read_number(struct pyst_text text, size_t *atp, long *numberp)
{
    bool negative = false;
    long number = 0;
    size_t at = *atp, digits;

    while (at < text.size && (text.data[at] == ' ' || text.data[at] == '\t'))
        at++;
    if (at < text.size && (text.data[at] == '-' || text.data[at] == '+'))
        negative = text.data[at++] == '-';
    digits = at;
    for (; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++)
        if (number < INT_MAX)
            number = 10 * number + (text.data[at] - '0');
    if (at == digits)
        return false;
    *atp = at;
    *numberp = negative ? -number : number;
    return true;
}

/* ${NAME:offset:length} of a value, as main/pbx_variables.c, ast_str_substring. */
static struct pyst_text substring(struct pyst_text value, struct pyst_text range)
{
    const long size = (long)value.size;
    long offset = 0, length = LONG_MAX;
    size_t at = 0;

    if (read_number(range, &at, &offset) && at < range.size && range.data[at] == ':') {
        at++;
        read_number(range, &at, &length);
    }
    if (offset == 0 && length >= size)
        return value;
    if (offset < 0)
        offset = size + offset < 0 ? 0 : size + offset;
    if (offset >= size)
        return pyst_text_of("", 0);
    if (length < 0)
        length = size - offset + length < 0 ? 0 : size - offset + length;
    if (length > size - offset)
        length = size - offset;
    return pyst_text_of(value.data + offset, (size_t)length);
}

static int append(struct buffer *out, struct pyst_text text)
{
    const size_t room = RESULT_SIZE - out->end;

    if (text.size > room)
        text.size = room;
    return buffer_append(out, text);
}

static int substitute(const struct pyst_dialplan *dialplan, struct pyst_text text, unsigned depth,
                      struct buffer *out);

/* One ${...}, without its braces. */
static int substitute_variable(const struct pyst_dialplan *dialplan, struct pyst_text whole,
                               struct pyst_text inside, unsigned depth, struct buffer *out)
{
    const struct pyst_dialplan_global *global;
    struct buffer made = {0};
    struct pyst_text range = pyst_text_none();
    bool is_function;
    size_t end;
    int r = 0;

    if (depth < NESTED_MAX && dialplan_is_variable(inside)) {
        r = substitute(dialplan, inside, depth + 1, &made);
        inside = buffer_text(&made);
    }
    end = name_end(inside, &is_function);
    if (r == 0 && is_function && end == 6 && !memcmp(inside.data, "GLOBAL", 6) &&
        inside.data[inside.size - 1] == ')') {
        inside = pyst_text_of(inside.data + 7, inside.size - 8);
        end = inside.size;
        is_function = false;
    }
    if (end < inside.size)
        range = pyst_text_of(inside.data + end + 1, inside.size - end - 1);
    inside.size = end;
    if (r == 0 && (is_function || is_of_the_server(inside) || dialplan_is_variable(inside))) {
        r = append(out, whole);
    } else if (r == 0) {
        global = pyst_dialplan_find_global(dialplan, inside);
        if (global)
            r = append(out, substring(global->value, range));
    }
    buffer_deinit(&made);
    return r;
}

static int substitute(const struct pyst_dialplan *dialplan, struct pyst_text text, unsigned depth,
                      struct buffer *out)
{
    size_t done = 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i < text.size; i++) {
        struct pyst_text whole;
        bool is_closed;
        size_t end;

        if (!begins_reference(text, i))
            continue;
        r = append(out, pyst_text_of(text.data + done, i - done));
        end = dialplan_reference_end(text, i);
        is_closed = end != 0;
        done = is_closed ? end : text.size;
        whole = pyst_text_of(text.data + i, done - i);
        if (r == 0 && text.data[i + 1] == '{')
            r = substitute_variable(dialplan, whole,
                                    pyst_text_of(whole.data + 2, whole.size - 2 - is_closed), depth,
                                    out);
        else if (r == 0)
            r = append(out, whole);
        i = done - 1;
    }
    if (r == 0)
        r = append(out, pyst_text_of(text.data + done, text.size - done));
    return r;
}

int dialplan_substitute(struct pyst_dialplan *dialplan, struct pyst_text text,
                        struct pyst_text *resultp)
{
    struct buffer out = {0};
    char *kept;
    int r;

    if (!dialplan_is_variable(text)) {
        *resultp = text;
        return 0;
    }
    r = substitute(dialplan, text, 0, &out);
    kept = r == 0 ? dialplan_keep(dialplan, out.end) : NULL;
    if (kept) {
        if (out.end > 0)
            memcpy(kept, out.data, out.end);
        *resultp = pyst_text_of(kept, out.end);
    }
    buffer_deinit(&out);
    return kept ? 0 : PYST_ERR_NO_MEMORY;
}
