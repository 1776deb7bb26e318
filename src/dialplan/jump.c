/* SPDX-License-Identifier: MIT */
#include "dialplan/jump.h"
#include "config/line.h"
#include "dialplan/arguments.h"
#include "dialplan/internal.h"

#define NESTED_MAX 8 /* ExecIf in ExecIf */

struct taker {
    int (*take)(void *user, const struct jump *jump);
    void *user;
    unsigned depth;
};

static bool is_absent(struct pyst_text text)
{
    return text.size == 0;
}

static bool is_named(struct pyst_text name, const char *wanted)
{
    return pyst_text_equal_nocase(name, pyst_text(wanted));
}

/* ---- addresses ------------------------------------------------------------------------------ */

/* [[context,]extension,]priority, parted by `separator`. */
static int take_address(struct taker *taker, enum jump_kind kind, struct pyst_text address,
                        char separator)
{
    struct jump jump = {.kind = kind, .target = address};
    struct pyst_text parts[3], rest = address;
    size_t n = 0;

    while (rest.data && n < 3)
        parts[n++] = dialplan_take_argument(&rest, separator, false, NULL);
    if (is_absent(address)) {
        jump.is_empty = true;
        return taker->take(taker->user, &jump);
    }
    jump.priority = parts[n - 1];
    if (n > 1)
        jump.extension = parts[n - 2];
    if (n > 2)
        jump.context = parts[0];
    return taker->take(taker->user, &jump);
}

/* The same with arguments behind it, in parentheses. */
static int take_subroutine(struct taker *taker, struct pyst_text text, char separator)
{
    return take_address(taker, JUMP_GOSUB, dialplan_take_argument(&text, '(', false, NULL),
                        separator);
}

static int take_branch(struct taker *taker, enum jump_kind kind, struct pyst_text branch)
{
    if (is_absent(branch))
        return 0;
    return kind == JUMP_GOSUB ? take_subroutine(taker, branch, ',')
                              : take_address(taker, kind, branch, ',');
}

/* condition?one:other */
static int take_branches(struct taker *taker, enum jump_kind kind, struct pyst_text text)
{
    const bool nested = kind == JUMP_GOSUB;
    struct pyst_text one;
    bool found;
    int r;

    dialplan_take_argument(&text, '?', nested, &found);
    one = dialplan_take_argument(&text, ':', nested, NULL);
    if (!found || (is_absent(one) && is_absent(text))) {
        struct jump jump = {.kind = kind, .is_empty = true};

        return taker->take(taker->user, &jump);
    }
    r = take_branch(taker, kind, one);
    return r ? r : take_branch(taker, kind, text);
}

static int take_target(struct taker *taker, enum jump_kind kind, struct pyst_text target)
{
    struct jump jump = {.kind = kind, .target = target, .context = target};

    jump.is_empty = is_absent(target);
    return taker->take(taker->user, &jump);
}

/* ---- Dial ----------------------------------------------------------------------------------- */

/* What stands in the parentheses behind an option letter; absent: the letter is not there. */
static bool find_option(struct pyst_text options, char letter, struct pyst_text *valuep)
{
    for (size_t i = 0; i < options.size; i++) {
        const char each = options.data[i];
        struct pyst_text rest = pyst_text_of(options.data + i + 1, options.size - i - 1);
        struct pyst_text value = pyst_text_none();

        if (rest.size > 0 && rest.data[0] == '(') {
            rest.data++;
            rest.size--;
            value = dialplan_take_argument(&rest, ')', false, NULL);
            i += value.size + 2;
        }
        if (each == letter) {
            *valuep = value;
            return true;
        }
    }
    return false;
}

/* Subroutines may be named context^extension^priority, all but the last left out. */
static int take_dial_options(struct taker *taker, struct pyst_text options)
{
    static const struct {
        char letter;
        enum jump_kind kind;
    } letters[] = {{'G', JUMP_GOTO},  {'F', JUMP_GOTO},  {'U', JUMP_GOSUB},
                   {'b', JUMP_GOSUB}, {'B', JUMP_GOSUB}, {'M', JUMP_MACRO}};
    int r = 0;

    if (dialplan_is_variable(options))
        return 0;
    for (size_t i = 0; r == 0 && i < sizeof(letters) / sizeof(letters[0]); i++) {
        struct pyst_text value;

        if (!find_option(options, letters[i].letter, &value) || is_absent(value))
            continue;
        if (letters[i].kind == JUMP_MACRO) {
            r = take_target(taker, JUMP_MACRO, dialplan_take_argument(&value, '^', false, NULL));
        } else if (letters[i].letter == 'U') {
            /* A context, whose extension s is run. */
            struct jump jump = {.kind = JUMP_GOSUB, .target = value};

            jump.context = dialplan_take_argument(&value, '^', false, NULL);
            jump.target = jump.context;
            jump.extension = pyst_text("s");
            jump.priority = pyst_text("1");
            r = taker->take(taker->user, &jump);
        } else if (letters[i].kind == JUMP_GOSUB) {
            r = take_subroutine(taker, value, '^');
        } else {
            r = take_address(taker, JUMP_GOTO, value, '^');
        }
    }
    return r;
}

static int take_devices(struct taker *taker, struct pyst_text devices)
{
    int r = 0;

    while (r == 0 && devices.data) {
        const struct pyst_text device = dialplan_take_argument(&devices, '&', false, NULL);
        struct jump jump = {.kind = JUMP_DIAL, .target = device};

        if (is_absent(device))
            continue;
        if (device.size > 6 &&
            pyst_text_equal_nocase(pyst_text_of(device.data, 6), pyst_text("Local/"))) {
            struct pyst_text rest = pyst_text_of(device.data + 6, device.size - 6);

            jump.extension = dialplan_take_argument(&rest, '@', false, NULL);
            jump.context =
                rest.data ? dialplan_take_argument(&rest, '/', false, NULL) : pyst_text("default");
            jump.priority = pyst_text("1");
        }
        r = taker->take(taker->user, &jump);
    }
    return r;
}

/* ---- applications --------------------------------------------------------------------------- */

static int take_application(struct taker *taker, struct pyst_text name, struct pyst_text arguments);

/* Application(arguments), as an argument. */
static int take_nested(struct taker *taker, struct pyst_text text)
{
    struct pyst_text rest = text,
                     name = config_strip(dialplan_take_argument(&rest, '(', false, NULL));
    const char *end = rest.size ? memrchr(rest.data, ')', rest.size) : NULL;
    int r;

    if (taker->depth == NESTED_MAX)
        return 0;
    if (end)
        rest.size = (size_t)(end - rest.data);
    taker->depth++;
    r = take_application(taker, name, rest);
    taker->depth--;
    return r;
}

static int take_execif(struct taker *taker, struct pyst_text arguments)
{
    struct pyst_text one;
    bool found;
    int r;

    dialplan_take_argument(&arguments, '?', true, &found);
    if (!found)
        return 0;
    one = dialplan_take_argument(&arguments, ':', true, NULL);
    r = take_nested(taker, one);
    return r == 0 && arguments.data ? take_nested(taker, arguments) : r;
}

/* Set(CHANNEL(hangup_handler_push)=address) */
static int take_set(struct taker *taker, struct pyst_text arguments)
{
    const struct pyst_text name = dialplan_take_argument(&arguments, '=', false, NULL);

    if (is_named(name, "CHANNEL(hangup_handler_push)") ||
        is_named(name, "CHANNEL(hangup_handler_wipe)"))
        return is_absent(arguments) ? 0 : take_subroutine(taker, arguments, ',');
    return 0;
}

/* From the argument `first` on, an address in three arguments. */
static int take_spread(struct taker *taker, struct pyst_text arguments, size_t context,
                       size_t extension, size_t priority)
{
    struct jump jump = {
        .kind = JUMP_GOTO,
        .context = dialplan_argument(arguments, context),
        .extension = dialplan_argument(arguments, extension),
        .priority = dialplan_argument(arguments, priority),
    };

    if (is_absent(jump.priority))
        jump.priority = pyst_text("1");
    jump.target = jump.context;
    return is_absent(jump.context) || is_absent(jump.extension) ? 0
                                                                : taker->take(taker->user, &jump);
}

enum form {
    FORM_GOTO,
    FORM_BRANCHES,
    FORM_GOSUB,
    FORM_GOSUB_BRANCHES,
    FORM_MACRO,
    FORM_MACRO_BRANCHES,
    FORM_EXECIF,
    FORM_EXECIFTIME,
    FORM_EXEC,
    FORM_AGI,
    FORM_DIAL,
    FORM_SET,
    FORM_REDIRECT,
    FORM_ORIGINATE
};

static const struct {
    const char *name;
    enum form form;
} forms[] = {
    {"Goto", FORM_GOTO},
    {"GotoIf", FORM_BRANCHES},
    {"GotoIfTime", FORM_BRANCHES},
    {"Gosub", FORM_GOSUB},
    {"GosubIf", FORM_GOSUB_BRANCHES},
    {"Macro", FORM_MACRO},
    {"MacroExclusive", FORM_MACRO},
    {"MacroIf", FORM_MACRO_BRANCHES},
    {"ExecIf", FORM_EXECIF},
    {"ExecIfTime", FORM_EXECIFTIME},
    {"Exec", FORM_EXEC},
    {"TryExec", FORM_EXEC},
    {"AGI", FORM_AGI},
    {"EAGI", FORM_AGI},
    {"DeadAGI", FORM_AGI},
    {"Dial", FORM_DIAL},
    {"Set", FORM_SET},
    {"ChannelRedirect", FORM_REDIRECT},
    {"Originate", FORM_ORIGINATE},
};

static int take_macro_branches(struct taker *taker, struct pyst_text arguments)
{
    struct pyst_text one;
    bool found;
    int r = 0;

    dialplan_take_argument(&arguments, '?', true, &found);
    if (!found)
        return 0;
    one = dialplan_take_argument(&arguments, ':', true, NULL);
    if (!is_absent(one))
        r = take_target(taker, JUMP_MACRO, dialplan_argument(one, 0));
    if (r == 0 && !is_absent(arguments))
        r = take_target(taker, JUMP_MACRO, dialplan_argument(arguments, 0));
    return r;
}

static int take_form(struct taker *taker, enum form form, struct pyst_text arguments)
{
    int r;

    switch (form) {
    case FORM_GOTO:
        return take_address(taker, JUMP_GOTO, arguments, ',');
    case FORM_BRANCHES:
        return take_branches(taker, JUMP_GOTO, arguments);
    case FORM_GOSUB:
        return take_subroutine(taker, arguments, ',');
    case FORM_GOSUB_BRANCHES:
        return take_branches(taker, JUMP_GOSUB, arguments);
    case FORM_MACRO:
        return take_target(taker, JUMP_MACRO, dialplan_argument(arguments, 0));
    case FORM_MACRO_BRANCHES:
        return take_macro_branches(taker, arguments);
    case FORM_EXECIF:
        return take_execif(taker, arguments);
    case FORM_EXECIFTIME:
        dialplan_take_argument(&arguments, '?', false, NULL);
        return take_nested(taker, arguments);
    case FORM_EXEC:
        return take_nested(taker, arguments);
    case FORM_AGI:
        return take_target(taker, JUMP_AGI, dialplan_argument(arguments, 0));
    case FORM_DIAL:
        r = take_devices(taker, dialplan_argument(arguments, 0));
        return r ? r : take_dial_options(taker, dialplan_argument(arguments, 2));
    case FORM_SET:
        return take_set(taker, arguments);
    case FORM_REDIRECT:
        return take_spread(taker, arguments, 1, 2, 3);
    case FORM_ORIGINATE:
        return is_named(dialplan_argument(arguments, 1), "exten")
                   ? take_spread(taker, arguments, 2, 3, 4)
                   : 0;
    }
    return 0;
}

static int take_application(struct taker *taker, struct pyst_text name, struct pyst_text arguments)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (is_named(name, forms[i].name))
            return take_form(taker, forms[i].form, arguments);
    return 0;
}

int dialplan_each_jump(const struct pyst_dialplan_priority *priority,
                       int (*take)(void *user, const struct jump *jump), void *user)
{
    struct taker taker = {take, user, 0};

    if (priority->number == PYST_DIALPLAN_HINT)
        return 0;
    return take_application(&taker, priority->application, priority->arguments);
}

bool dialplan_leads_away(const struct pyst_dialplan_priority *priority)
{
    static const char *const names[] = {"Goto", "Hangup",     "Return",
                                        "Busy", "Congestion", "MacroExit"};
    struct pyst_text arguments = priority->arguments;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (is_named(priority->application, names[i]))
            return true;
    if (is_named(priority->application, "GotoIf") ||
        is_named(priority->application, "GotoIfTime")) {
        dialplan_take_argument(&arguments, '?', false, NULL);
        return !is_absent(dialplan_take_argument(&arguments, ':', false, NULL)) &&
               !is_absent(arguments);
    }
    return false;
}
