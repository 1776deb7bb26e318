/* SPDX-License-Identifier: MIT */

/* Variables and functions where their values are put in (main/pbx_variables.c). */

#include "config/line.h"
#include "dialplan/catalogue.h"
#include "dialplan/check.h"

struct referred {
    struct check *check;
    const struct pyst_dialplan_priority *priority;
    struct pyst_text whole;  /* with its braces */
    struct pyst_text inside; /* up to the colon of a range */
    struct pyst_text range;  /* what follows that; absent: there is none */
    const char *open;        /* a function's first parenthesis; NULL: it is a variable */
    const char *close;       /* the last closing one behind it; or NULL */
};

static int tell(const struct referred *referred, enum pyst_dialplan_problem_kind kind,
                struct pyst_text what)
{
    return dialplan_tell(referred->check->dialplan, kind, referred->priority->place, what);
}

/* Finds the parts, those inside of other references left out; false: one of these has no end. */
static bool take_apart(struct referred *referred)
{
    const struct pyst_text text = pyst_text_of(referred->whole.data + 2, referred->whole.size - 3);
    long depth = 0;

    referred->inside = text;
    for (size_t i = 0; i < text.size; i++) {
        const char c = text.data[i];

        if (c == '$' && i + 1 < text.size && (text.data[i + 1] == '{' || text.data[i + 1] == '[')) {
            const size_t end = dialplan_reference_end(text, i);

            if (end == 0)
                return false;
            i = end - 1;
        } else if (c == '(') {
            depth++;
            if (!referred->open)
                referred->open = text.data + i;
        } else if (c == ')') {
            depth--;
            if (referred->open)
                referred->close = text.data + i;
        } else if (c == ':' && depth == 0) {
            referred->inside.size = i;
            referred->range = pyst_text_of(text.data + i + 1, text.size - i - 1);
            return true;
        }
    }
    return true;
}

/* Functions that func_odbc.conf defines have this before their name, if it says nothing else. */
static bool is_of_odbc(struct pyst_text name)
{
    return name.size > 5 && memcmp(name.data, "ODBC_", 5) == 0;
}

int dialplan_check_function(struct check *check, const struct pyst_dialplan_priority *priority,
                            struct pyst_text name)
{
    if (dialplan_is_variable(name) || dialplan_is_function(name) || is_of_odbc(name) ||
        dialplan_is_known(check->dialplan, name))
        return 0;
    return dialplan_tell_near(check->dialplan, PYST_DIALPLAN_UNKNOWN_FUNCTION, priority->place,
                              name, dialplan_nearest_function(name));
}

static int check_function(const struct referred *referred)
{
    const struct pyst_text text = referred->inside;
    const char *end = text.data + text.size;
    int r = dialplan_check_function(referred->check, referred->priority,
                                    pyst_text_of(text.data, (size_t)(referred->open - text.data)));

    if (r == 0 && !referred->close)
        return tell(referred, PYST_DIALPLAN_FUNCTION_NOT_CLOSED, referred->whole);
    if (r == 0) {
        const struct pyst_text behind =
            pyst_text_of(referred->close + 1, (size_t)(end - referred->close) - 1);

        if (config_strip(behind).size > 0 && !dialplan_is_variable(behind))
            r = tell(referred, PYST_DIALPLAN_TEXT_BEHIND_FUNCTION, behind);
    }
    return r;
}

static int check_name(const struct referred *referred)
{
    const struct pyst_text name = referred->inside;

    if (dialplan_is_variable(name))
        return 0;
    if (name.size == 0)
        return tell(referred, PYST_DIALPLAN_ODD_NAME, referred->whole);
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] && strchr(" =<>!&|+*/?\"'\\,;{", name.data[i]))
            return tell(referred, PYST_DIALPLAN_ODD_NAME, referred->whole);
    return 0;
}

/* Reads a number as scanf does, and steps behind it; false: there is none. */
static bool read_number(struct pyst_text text, size_t *atp, long *numberp)
{
    bool negative = false, found = false;

    *numberp = 0;
    while (*atp < text.size && (text.data[*atp] == ' ' || text.data[*atp] == '\t'))
        ++*atp;
    if (*atp < text.size && (text.data[*atp] == '-' || text.data[*atp] == '+'))
        negative = text.data[(*atp)++] == '-';
    for (; *atp < text.size && text.data[*atp] >= '0' && text.data[*atp] <= '9'; ++*atp) {
        found = true;
        if (*numberp < 100000000)
            *numberp = 10 * *numberp + (text.data[*atp] - '0');
    }
    if (negative)
        *numberp = -*numberp;
    return found;
}

/* offset, or offset:length */
static int check_range(const struct referred *referred)
{
    const struct pyst_text range = referred->range;
    long offset, length = 0;
    bool has_length = false;
    size_t at = 0;

    if (dialplan_is_variable(range))
        return 0;
    if (!read_number(range, &at, &offset))
        return tell(referred, PYST_DIALPLAN_BAD_SUBSTRING, referred->whole);
    if (at < range.size && range.data[at] == ':') {
        at++;
        has_length = read_number(range, &at, &length);
    }
    if (config_strip(pyst_text_of(range.data + at, range.size - at)).size > 0)
        return tell(referred, PYST_DIALPLAN_BAD_SUBSTRING, referred->whole);
    if (has_length && (length == 0 || (offset < 0 && length <= offset)))
        return tell(referred, PYST_DIALPLAN_EMPTY_SUBSTRING, referred->whole);
    return 0;
}

int dialplan_check_references(struct check *check, const struct pyst_dialplan_priority *priority)
{
    struct pyst_dialplan_reference reference;
    size_t position = 0;
    int r = 0;

    while (r == 0 && pyst_dialplan_next_reference(priority->arguments, &position, &reference)) {
        struct referred referred = {check, priority, reference.whole, {0}, {0}, NULL, NULL};

        if (reference.kind == PYST_DIALPLAN_EXPRESSION || !take_apart(&referred))
            continue;
        r = referred.open ? check_function(&referred) : check_name(&referred);
        if (r == 0 && referred.range.data)
            r = check_range(&referred);
    }
    return r;
}
