/* SPDX-License-Identifier: MIT */

/* What is known of applications by their names: whether there are such, and what they take. */

#include "config/line.h"
#include "dialplan/arguments.h"
#include "dialplan/catalogue.h"
#include "dialplan/check.h"

#define NESTED_MAX 8 /* ExecIf in ExecIf */

/* An application with its arguments: a priority's, or one that is an argument itself. */
struct call {
    struct check *check;
    const struct pyst_dialplan_priority *priority;
    struct pyst_text name;
    struct pyst_text arguments; /* empty without parentheses */
    unsigned depth;
};

static int tell(const struct call *call, enum pyst_dialplan_problem_kind kind,
                struct pyst_text what)
{
    return dialplan_tell(call->check->dialplan, kind, call->priority->place, what);
}

static struct pyst_text or_empty(struct pyst_text text)
{
    return text.data ? text : pyst_text_of("", 0);
}

static bool is_named(const struct call *call, const char *name)
{
    return pyst_text_equal_nocase(call->name, pyst_text(name));
}

static bool is_blank(struct pyst_text text)
{
    return config_strip(text).size == 0;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Whether a name is as `wanted` says, in which "*" stands for any characters. */
static bool fits_known(struct pyst_text wanted, struct pyst_text name)
{
    size_t i = 0, j = 0, star = SIZE_MAX, from = 0;

    while (j < name.size) {
        if (i < wanted.size && wanted.data[i] == '*') {
            star = i++;
            from = j;
        } else if (i < wanted.size && wanted.data[i] == name.data[j]) {
            i++;
            j++;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            j = ++from;
        } else {
            return false;
        }
    }
    while (i < wanted.size && wanted.data[i] == '*')
        i++;
    return i == wanted.size;
}

bool dialplan_is_known(const struct pyst_dialplan *dialplan, struct pyst_text name)
{
    for (size_t i = 0; i < dialplan->n_known; i++)
        if (fits_known(dialplan->known[i], name))
            return true;
    return false;
}

int pyst_dialplan_know(struct pyst_dialplan *dialplan, struct pyst_text name)
{
    char *kept = dialplan_keep(dialplan, name.size);

    if (!kept || array_grow((void **)&dialplan->known, &dialplan->room_for_known, dialplan->n_known,
                            sizeof(*dialplan->known)) < 0)
        return PYST_ERR_NO_MEMORY;
    if (name.size > 0)
        memcpy(kept, name.data, name.size);
    dialplan->known[dialplan->n_known++] = pyst_text_of(kept, name.size);
    return 0;
}

/* ---- arguments ------------------------------------------------------------------------------ */

static size_t count_arguments(struct pyst_text rest)
{
    size_t n = 0;

    if (rest.size == 0)
        return 0;
    for (; rest.data; n++)
        dialplan_take_argument(&rest, ',', true, NULL);
    return n;
}

/* What stands behind the first `n`. */
static struct pyst_text arguments_behind(struct pyst_text rest, size_t n)
{
    while (n-- > 0)
        dialplan_take_argument(&rest, ',', true, NULL);
    return rest;
}

/* Steps over ${...} and $[...]; false: nothing is behind them. */
static bool skip_references(struct pyst_text text, size_t *atp)
{
    while (*atp + 1 < text.size && text.data[*atp] == '$' &&
           (text.data[*atp + 1] == '{' || text.data[*atp + 1] == '[')) {
        const size_t end = dialplan_reference_end(text, *atp);

        *atp = end ? end : text.size;
    }
    return *atp < text.size;
}

static bool has_byte(struct pyst_text text, char wanted)
{
    for (size_t i = 0; skip_references(text, &i); i++)
        if (text.data[i] == wanted)
            return true;
    return false;
}

/* Where a byte stands outside of references and quotes, or SIZE_MAX. */
static size_t find_byte(struct pyst_text text, char wanted)
{
    bool quoted = false;

    for (size_t i = 0; skip_references(text, &i); i++) {
        if (text.data[i] == '\\')
            i++;
        else if (text.data[i] == '"')
            quoted = !quoted;
        else if (text.data[i] == wanted && !quoted)
            return i;
    }
    return SIZE_MAX;
}

/* Arguments as they were parted until Asterisk 1.6, App(one|two). */
static bool has_old_delimiter(const struct call *call)
{
    const struct pyst_text text = call->arguments;
    const size_t at = find_byte(text, '|');

    /* With "=", it is a list of something else; with blanks, a text. */
    return at != SIZE_MAX && at > 0 && at + 1 < text.size && text.data[at - 1] != ' ' &&
           text.data[at + 1] != ' ' && !memchr(text.data, '=', text.size) &&
           !is_named(call, "Verbose");
}

/* A quote or bracket without its end, and commas behind it, which part nothing then. */
static int check_open_quote(const struct call *call)
{
    const struct pyst_text text = call->arguments;
    size_t brackets = 0, opened = 0;
    bool quoted = false;

    for (size_t i = 0; skip_references(text, &i); i++) {
        const char c = text.data[i];

        if (c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
            if (quoted && brackets == 0)
                opened = i;
        } else if (c == '[' && !quoted) {
            if (brackets++ == 0)
                opened = i;
        } else if (c == ']' && !quoted) {
            brackets -= brackets > 0;
        }
    }
    if ((quoted || brackets > 0) && memchr(text.data + opened, ',', text.size - opened))
        return tell(call, PYST_DIALPLAN_OPEN_QUOTE,
                    pyst_text_of(text.data + opened, text.size - opened));
    return 0;
}

/* The end of what stands in parentheses behind an option's letter (main/app.c, parse_options). */
static size_t option_end(struct pyst_text options, size_t at)
{
    size_t depth = 0;

    if (at >= options.size || options.data[at] != '(')
        return at;
    for (; at < options.size; at++) {
        if (options.data[at] == '(')
            depth++;
        else if (options.data[at] == ')' && --depth == 0)
            return at + 1;
    }
    return at;
}

static int check_options(const struct call *call, const char *letters, struct pyst_text options)
{
    bool seen[128] = {false};
    int r = 0;

    if (!options.data || dialplan_is_variable(options) ||
        (options.size &&
         (memchr(options.data, '"', options.size) || memchr(options.data, '\\', options.size))))
        return 0;
    for (size_t i = 0; r == 0 && i < options.size; i = option_end(options, i + 1)) {
        const char letter = options.data[i];
        const struct pyst_text rest = pyst_text_of(options.data + i, options.size - i);

        if (letter <= 0 || !strchr(letters, letter))
            return tell(call, PYST_DIALPLAN_UNKNOWN_OPTION, rest);
        if (seen[(unsigned char)letter])
            r = tell(call, PYST_DIALPLAN_DUPLICATE_OPTION, rest);
        seen[(unsigned char)letter] = true;
    }
    return r;
}

static int check_arguments(const struct call *call, const struct dialplan_application *application)
{
    const size_t n = count_arguments(call->arguments);
    const char *letters = dialplan_application_letters(application);
    int r = 0;

    if (n == 1 && application->most > 1 && has_old_delimiter(call))
        return tell(call, PYST_DIALPLAN_OLD_DELIMITER, call->arguments);
    /* A variable may have commas in it. */
    if (!dialplan_is_variable(call->arguments) && application->least > 0 &&
        (n < application->least || (n == 1 && is_blank(call->arguments))))
        return tell(call, PYST_DIALPLAN_TOO_FEW_ARGUMENTS, call->name);
    if (!application->is_open && n > application->most)
        r = tell(call, PYST_DIALPLAN_TOO_MANY_ARGUMENTS,
                 arguments_behind(call->arguments, application->most));
    if (r == 0 && !application->is_open && application->most > 1 && n > 0)
        r = check_open_quote(call);
    if (r == 0 && *letters)
        r = check_options(call, letters,
                          dialplan_argument(call->arguments, application->options - 1u));
    return r;
}

/* ---- assignments ---------------------------------------------------------------------------- */

/* FUNCTION(...)=; main/pbx_functions.c, ast_func_write. */
static int check_set_function(const struct call *call, struct pyst_text name)
{
    const char *open = memchr(name.data, '(', name.size);

    if (!open)
        return 0;
    return dialplan_check_function(call->check, call->priority,
                                   pyst_text_of(name.data, (size_t)(open - name.data)));
}

/* NAME=value; main/pbx_variables.c, pbx_builtin_setvar. */
static int check_assignment(const struct call *call, struct pyst_text text, bool tells_blanks)
{
    struct pyst_text name = text;
    size_t at = 0;

    while (skip_references(text, &at) && text.data[at] != '=')
        at++;
    if (at >= text.size)
        return dialplan_is_variable(text) ? 0 : tell(call, PYST_DIALPLAN_NO_ASSIGNMENT, text);
    name.size = at;
    if (!dialplan_is_variable(name) && is_blank(name))
        return tell(call, PYST_DIALPLAN_EMPTY_NAME, text);
    if (name.size > 0 && name.data[name.size - 1] == ')')
        return check_set_function(call, name);
    if (!tells_blanks)
        return 0;
    if (has_byte(name, ' '))
        return tell(call, PYST_DIALPLAN_BLANK_IN_NAME, name);
    return has_byte(name, '(') ? tell(call, PYST_DIALPLAN_FUNCTION_NOT_CLOSED, name) : 0;
}

static int check_assignments(const struct call *call)
{
    struct pyst_text rest = call->arguments;
    int r = 0;

    while (r == 0 && rest.data)
        r = check_assignment(call, dialplan_take_argument(&rest, ',', true, NULL), false);
    return r;
}

/* ---- conditions ----------------------------------------------------------------------------- */

/*
 * Nothing is computed outside of $[...]: a condition holds when it begins with another number than
 * 0, or with none (main/pbx.c, pbx_checkcondition).
 */
static int check_condition(const struct call *call, struct pyst_text text)
{
    const struct pyst_text condition = config_strip(text);

    if (condition.size == 0)
        return tell(call, PYST_DIALPLAN_EMPTY_CONDITION, call->name);
    /* While(1) is how a loop without an end is written. */
    if (is_named(call, "While") && pyst_text_equal(condition, pyst_text("1")))
        return 0;
    if (!dialplan_is_variable(condition))
        return tell(call, PYST_DIALPLAN_CONSTANT_CONDITION, condition);
    for (size_t i = 0; skip_references(condition, &i); i++) {
        const char c = condition.data[i];
        const bool is_number = (c >= '0' && c <= '9') || c == '+' || c == '-';

        if ((i == 0 && !is_number) || (c && strchr("=<>!&|", c)))
            return tell(call, PYST_DIALPLAN_CONDITION_NOT_COMPUTED, condition);
    }
    return 0;
}

/* ---- applications in applications ----------------------------------------------------------- */

static int check_call(const struct call *call);

static int check_name_only(const struct call *call, struct pyst_text name)
{
    struct call inner = *call;

    inner.name = name;
    inner.arguments = pyst_text_of("${}", 3); /* not known */
    return check_call(&inner);
}

/* Application(arguments), as an argument. */
static int check_nested(const struct call *call, struct pyst_text text)
{
    struct call inner = *call;
    struct pyst_text rest = text;
    const char *end;

    inner.name = dialplan_take_argument(&rest, '(', false, NULL);
    end = rest.size ? memrchr(rest.data, ')', rest.size) : NULL;
    if (end)
        rest.size = (size_t)(end - rest.data);
    inner.arguments = or_empty(rest);
    if (inner.depth++ == NESTED_MAX || dialplan_is_variable(inner.name))
        return 0;
    if (is_blank(inner.name))
        return tell(call, PYST_DIALPLAN_EMPTY_BRANCH, call->name);
    if (config_strip(inner.name).size != inner.name.size)
        return tell(call, PYST_DIALPLAN_BLANK_AROUND_APPLICATION, inner.name);
    return check_call(&inner);
}

/* condition?application:application; apps/app_exec.c, execif_exec. */
static int check_execif(const struct call *call)
{
    struct pyst_text rest = call->arguments, before = rest, condition, one;
    bool has_comma, has_branches;
    int r;

    condition = dialplan_take_argument(&rest, '?', false, &has_branches);
    before.size = condition.size;
    dialplan_take_argument(&before, ',', false, &has_comma);
    if (has_comma || !has_branches)
        return has_comma || !dialplan_is_variable(call->arguments)
                   ? tell(call, PYST_DIALPLAN_OLD_CONDITION, call->arguments)
                   : 0;
    rest = call->arguments;
    condition = dialplan_take_argument(&rest, '?', true, NULL);
    if (!rest.data)
        return 0;
    r = check_condition(call, condition);
    one = dialplan_take_argument(&rest, ':', true, NULL);
    if (r == 0)
        r = check_nested(call, one);
    return r == 0 && rest.size > 0 ? check_nested(call, rest) : r;
}

static int check_execiftime(const struct call *call)
{
    struct pyst_text rest = call->arguments;

    dialplan_take_argument(&rest, '?', false, NULL);
    return rest.data ? check_nested(call, rest) : 0;
}

static int check_branches(const struct call *call)
{
    struct pyst_text rest = call->arguments, condition;
    bool found;

    condition = dialplan_take_argument(&rest, '?', !is_named(call, "GotoIf"), &found);
    return found ? check_condition(call, condition) : 0;
}

static int check_originate(const struct call *call)
{
    const struct pyst_text name = dialplan_argument(call->arguments, 2);

    if (name.size == 0 ||
        !pyst_text_equal_nocase(dialplan_argument(call->arguments, 1), pyst_text("app")))
        return 0;
    return check_name_only(call, name);
}

/* Those whose arguments are more than a row of them. */
static int check_form(const struct call *call)
{
    static const struct {
        const char *name;
        int (*check)(const struct call *call);
    } forms[] = {
        {"ExecIf", check_execif},    {"ExecIfTime", check_execiftime},
        {"GotoIf", check_branches},  {"GosubIf", check_branches},
        {"MacroIf", check_branches}, {"Originate", check_originate},
        {"MSet", check_assignments},
    };

    if (is_named(call, "Set"))
        return check_assignment(call, call->arguments, true);
    if (is_named(call, "While") || is_named(call, "If") || is_named(call, "ElseIf"))
        return check_condition(call, call->arguments);
    if ((is_named(call, "Exec") || is_named(call, "TryExec")) && call->arguments.size > 0)
        return check_nested(call, call->arguments);
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (is_named(call, forms[i].name))
            return forms[i].check(call);
    return 0;
}

static int check_call(const struct call *call)
{
    const struct dialplan_application *application = dialplan_find_application(call->name);
    int r;

    if (dialplan_is_variable(call->name))
        return 0;
    if (!application) {
        if (dialplan_is_known(call->check->dialplan, call->name))
            return 0;
        return dialplan_tell_near(call->check->dialplan, PYST_DIALPLAN_UNKNOWN_APPLICATION,
                                  call->priority->place, call->name,
                                  dialplan_nearest_application(call->name));
    }
    r = check_form(call);
    return r == 0 ? check_arguments(call, application) : r;
}

int dialplan_check_application(struct check *check, const struct pyst_dialplan_priority *priority)
{
    const struct call call = {
        .check = check,
        .priority = priority,
        .name =
            priority->arguments.data ? priority->application : config_strip(priority->application),
        .arguments = or_empty(priority->arguments),
    };

    return check_call(&call);
}
