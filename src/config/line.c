/* SPDX-License-Identifier: MIT */
#include "config/line.h"

/* A text with a place for each byte: the line itself, or what is left of it in the scratch space.
 */
struct clean {
    const char *data;
    size_t size;
    const uint16_t *at; /* NULL: byte i is byte i of the line */
    const char *line;
};

static uint16_t place(const struct clean *clean, size_t i)
{
    if (!clean->at)
        return (uint16_t)(clean->data - clean->line + (ptrdiff_t)i);
    return clean->at[i];
}

/* Where bytes `begin` to `end` are written; for no bytes, where the one before them ends. */
static struct config_range range(const struct clean *clean, size_t begin, size_t end)
{
    struct config_range range;

    if (begin < end) {
        range.begin = place(clean, begin);
        range.end = (uint16_t)(place(clean, end - 1) + 1);
    } else {
        range.begin = range.end = begin > 0 ? (uint16_t)(place(clean, begin - 1) + 1) : 0;
    }
    return range;
}

struct pyst_text config_strip(struct pyst_text text)
{
    while (text.size > 0 && config_is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && config_is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

struct pyst_text config_unquote(struct pyst_text argument)
{
    char end;

    if (argument.size == 0 || (argument.data[0] != '"' && argument.data[0] != '<'))
        return argument;
    end = argument.data[0] == '<' ? '>' : '"';
    if (argument.data[argument.size - 1] != end)
        return argument;
    return argument.size == 1 ? pyst_text_of(argument.data, 0)
                              : pyst_text_of(argument.data + 1, argument.size - 2);
}

/* ---- comments ------------------------------------------------------------------------------- */

static void keep(struct config_scratch *scratch, size_t *n, char c, size_t i)
{
    scratch->clean[*n] = c;
    scratch->at[(*n)++] = (uint16_t)i;
}

static char byte_at(struct pyst_text line, size_t i)
{
    static const char none = '\0';

    return *(i < line.size ? line.data + i : &none);
}

/*
 * Leaves out comments and the backslashes before semicolons. A semicolon is, in this order:
 * escaped, the begin of a block comment (";--", but not ";---"), its end ("--;"), or the begin of a
 * comment up to the line's end. None of them is made of bytes that an earlier one was made of.
 * *too_deepp is where the begin of a comment is that is nested too deep, and none; else SIZE_MAX.
 */
static size_t leave_comments_out(struct pyst_text line, int *depth, struct config_scratch *scratch,
                                 size_t *too_deepp)
{
    bool kept = *depth == 0;
    size_t n = 0, free_from = 0;

    for (size_t i = 0; i < line.size; i++) {
        char c = line.data[i];

        if (c != ';') {
            if (kept)
                keep(scratch, &n, c, i);
        } else if (i > free_from && line.data[i - 1] == '\\') {
            if (kept) {
                n--;
                keep(scratch, &n, c, i);
            }
            free_from = i + 1;
        } else if (byte_at(line, i + 1) == '-' && byte_at(line, i + 2) == '-' &&
                   byte_at(line, i + 3) != '-') {
            if (*depth == PYST_CONFIG_COMMENT_DEPTH) {
                if (*too_deepp == SIZE_MAX)
                    *too_deepp = i;
                continue;
            }
            ++*depth;
            kept = false;
            free_from = i + 3;
            i += 2;
        } else if (i >= free_from + 2 && line.data[i - 1] == '-' && line.data[i - 2] == '-') {
            --*depth;
            free_from = i + 1;
            if (*depth == 0)
                kept = true;
            else if (kept)
                keep(scratch, &n, c, i); /* nothing to end: the text stays, what follows does not */
        } else if (*depth == 0) {
            break;
        } else {
            if (kept)
                keep(scratch, &n, c, i);
            free_from = i + 1;
        }
    }
    return n;
}

/* ---- what is left --------------------------------------------------------------------------- */

static void set_problem(struct config_parts *parts, enum pyst_config_problem_kind problem,
                        uint16_t at)
{
    parts->kind = PYST_CONFIG_BROKEN;
    parts->has_problem = true;
    parts->problem = problem;
    parts->problem_at = at;
}

static void set_note(struct config_parts *parts, enum pyst_config_problem_kind note, uint16_t at)
{
    parts->has_note = true;
    parts->note = note;
    parts->note_at = at;
}

/* Bytes `begin` to `end` without blanks at both ends. */
static void strip_range(const struct clean *clean, size_t *begin, size_t *end)
{
    while (*begin < *end && config_is_blank(clean->data[*begin]))
        ++*begin;
    while (*begin < *end && config_is_blank(clean->data[*end - 1]))
        --*end;
}

static void set_name(struct config_parts *parts, const struct clean *clean, size_t begin,
                     size_t end)
{
    parts->name = range(clean, begin, end);
    parts->name_text = pyst_text_of(clean->data + begin, end - begin);
}

static void set_value(struct config_parts *parts, const struct clean *clean, size_t begin,
                      size_t end)
{
    parts->has_value = true;
    parts->value = range(clean, begin, end);
    parts->value_text = pyst_text_of(clean->data + begin, end - begin);
}

/* The index of `c` from `begin` on; SIZE_MAX. */
static size_t find(const struct clean *clean, char c, size_t begin)
{
    const char *at =
        begin < clean->size ? memchr(clean->data + begin, c, clean->size - begin) : NULL;

    return at ? (size_t)(at - clean->data) : SIZE_MAX;
}

/* [name] or [name](options). What stands behind means nothing. */
static void read_section(struct config_parts *parts, const struct clean *clean)
{
    size_t end = find(clean, ']', 0), behind, closing;

    if (end == SIZE_MAX) {
        set_problem(parts, PYST_CONFIG_NO_CLOSING_BRACKET, place(clean, 0));
        return;
    }
    parts->kind = PYST_CONFIG_SECTION;
    set_name(parts, clean, 1, end);
    behind = end + 1;
    if (behind < clean->size && clean->data[behind] == '(') {
        closing = find(clean, ')', behind);
        if (closing == SIZE_MAX) {
            set_problem(parts, PYST_CONFIG_NO_CLOSING_PARENTHESIS, place(clean, behind));
            return;
        }
        set_value(parts, clean, behind + 1, closing);
        behind = closing + 1;
    }
    if (end - 1 > PYST_CONFIG_SECTION_NAME_SIZE)
        set_note(parts, PYST_CONFIG_SECTION_NAME_CUT, place(clean, 1));
    else if (behind < clean->size)
        set_note(parts, PYST_CONFIG_TEXT_BEHIND_SECTION, place(clean, behind));
}

static bool is_word(struct pyst_text word, const char *name)
{
    return pyst_text_equal_nocase(word, pyst_text(name));
}

static void read_directive(struct config_parts *parts, const struct clean *clean)
{
    size_t end = 1, begin, argument_end = clean->size;
    struct pyst_text word, argument, unquoted;

    while (end < clean->size && (unsigned char)clean->data[end] > 32)
        end++;
    word = pyst_text_of(clean->data + 1, end - 1);
    if (!is_word(word, "include") && !is_word(word, "tryinclude") && !is_word(word, "exec")) {
        set_problem(parts, PYST_CONFIG_UNKNOWN_DIRECTIVE, place(clean, 0));
        return;
    }
    begin = end;
    strip_range(clean, &begin, &argument_end);
    if (begin == argument_end) {
        set_problem(parts, PYST_CONFIG_NO_ARGUMENT, place(clean, 0));
        return;
    }
    parts->kind = PYST_CONFIG_DIRECTIVE;
    set_name(parts, clean, 1, end);
    argument = pyst_text_of(clean->data + begin, argument_end - begin);
    unquoted = config_unquote(argument);
    begin = (size_t)(unquoted.data - clean->data);
    set_value(parts, clean, begin, begin + unquoted.size);
}

/* name = value, name => value, name += value. A backslash takes a first byte's meaning away. */
static void read_item(struct config_parts *parts, const struct clean *clean)
{
    const bool is_escaped = clean->data[0] == '\\';
    size_t begin = is_escaped, name_end, value, end = clean->size;
    size_t equals;

    parts->is_setting = true;
    /* Asterisk compares a char, which is signed where it mostly runs: no byte beyond ASCII. */
    if (is_escaped && (clean->size == 1 || (signed char)clean->data[1] < 33)) {
        set_problem(parts, PYST_CONFIG_BAD_ESCAPE, place(clean, 0));
        return;
    }
    equals = find(clean, '=', begin + is_escaped);
    if (equals == SIZE_MAX) {
        set_problem(parts, PYST_CONFIG_NO_EQUAL_SIGN, place(clean, 0));
        return;
    }
    name_end = equals;
    value = equals + 1;
    if (equals > begin + is_escaped && clean->data[equals - 1] == '+') {
        parts->is_append = true;
        name_end--;
    } else if (value < clean->size && clean->data[value] == '>') {
        parts->is_object = true;
        value++;
    }
    strip_range(clean, &begin, &name_end);
    if (begin == name_end) {
        set_problem(parts, PYST_CONFIG_NO_NAME, place(clean, 0));
        return;
    }
    parts->kind = PYST_CONFIG_ITEM;
    set_name(parts, clean, begin, name_end);
    if (!parts->is_append)
        strip_range(clean, &value, &end);
    set_value(parts, clean, value, end);
}

void config_line_read(struct config_parts *parts, struct pyst_text line, int *depth,
                      struct config_scratch *scratch)
{
    struct clean clean = {line.data, line.size, NULL, line.data};
    struct pyst_text stripped;

    memset(parts, 0, sizeof(*parts));
    parts->kind = PYST_CONFIG_BLANK;
    if (*depth != 0 || (line.size > 0 && memchr(line.data, ';', line.size))) {
        size_t first = 0, too_deep = SIZE_MAX;

        /* Most lines with a semicolon begin with it. */
        while (first < line.size && config_is_blank(line.data[first]))
            first++;
        if (*depth == 0 && byte_at(line, first) == ';' && byte_at(line, first + 1) != '-')
            return;
        clean.size = leave_comments_out(line, depth, scratch, &too_deep);
        if (too_deep != SIZE_MAX)
            set_note(parts, PYST_CONFIG_COMMENT_TOO_DEEP, (uint16_t)too_deep);
        clean.data = scratch->clean;
        clean.at = scratch->at;
        parts->is_decoded = true;
    }
    stripped = config_strip(pyst_text_of(clean.data, clean.size));
    if (stripped.size == 0)
        return;
    if (clean.at)
        clean.at += stripped.data - clean.data;
    clean.data = stripped.data;
    clean.size = stripped.size;

    if (clean.data[0] == '[')
        read_section(parts, &clean);
    else if (clean.data[0] == '#')
        read_directive(parts, &clean);
    else
        read_item(parts, &clean);
}
