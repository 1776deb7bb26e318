/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>

#include "dialplan/check.h"

/* The address of a jump, as far as it is known, and what was found there. */
struct lookup {
    struct check *check;
    const struct pyst_dialplan_priority *from;
    const struct jump *jump;
    struct pyst_text extension;
    bool is_current; /* the extension is the current one, whatever number was dialled */
    int number;
    struct pyst_text label;
    bool is_any; /* any priority may be meant */
    bool found_extension;
    bool found_priority;
    bool switched;
};

static struct extension *private_of(const struct pyst_dialplan_extension *extension)
{
    return (struct extension *)extension; /* its first member */
}

/* A context that Asterisk's modules make themselves. */
static bool is_made_by_module(struct pyst_text context)
{
    return pyst_text_equal(context, pyst_text("parkedcalls"));
}

static int tell(struct lookup *lookup, enum pyst_dialplan_problem_kind kind)
{
    return dialplan_tell(lookup->check->dialplan, kind, lookup->from->place,
                         lookup->jump->target.data ? lookup->jump->target
                                                   : lookup->from->application);
}

/* ---- marks ---------------------------------------------------------------------------------- */

static void enter(struct lookup *lookup, const struct pyst_dialplan_extension *extension)
{
    struct extension *entered = private_of(extension);
    const struct pyst_dialplan_priority *priority;

    lookup->found_extension = true;
    if (lookup->is_any) {
        entered->is_entered_anywhere = true;
        lookup->found_priority = true;
        return;
    }
    priority = dialplan_extension_find(extension, lookup->number, lookup->label);
    if (priority) {
        entered->is_entered[priority - extension->priorities] = true;
        lookup->found_priority = true;
    }
}

static int take_match(void *user, const struct pyst_dialplan_match *match)
{
    struct lookup *lookup = user;

    if (match->asked)
        lookup->switched = true;
    else
        enter(lookup, match->extension);
    /* Nobody who calls comes further than an extension for all callers that has the priority. */
    return !lookup->is_any && !lookup->is_current && lookup->found_priority && match->extension &&
           !match->extension->caller_id.data;
}

/* Some extension of a context may be meant, and any of its priorities. */
static int enter_context(struct lookup *lookup, const struct pyst_dialplan_context *context)
{
    struct context *entered = lookup->check->dialplan->contexts[context->index];

    if (entered->is_entered_anywhere)
        return 0;
    entered->is_entered_anywhere = true;
    lookup->is_any = true;
    return dialplan_each_overlap(lookup->check, context, pyst_text("_!"), OVERLAP_ANY, take_match,
                                 lookup);
}

/* ---- addresses ------------------------------------------------------------------------------ */

static bool read_number(struct pyst_text text, long *numberp)
{
    char digits[24];
    char *end;

    if (text.size == 0 || text.size >= sizeof(digits))
        return false;
    memcpy(digits, text.data, text.size);
    digits[text.size] = '\0';
    *numberp = strtol(digits, &end, 10);
    while (*end == ' ')
        end++;
    return *end == '\0' && *numberp <= INT_MAX && *numberp >= -INT_MAX;
}

/* What is known of the priority. */
static void read_priority(struct lookup *lookup)
{
    const struct pyst_text priority = lookup->jump->priority;
    long number;

    if (dialplan_is_variable(priority)) {
        lookup->is_any = true;
    } else if (!read_number(priority, &number)) {
        lookup->label = priority.data ? priority : pyst_text_of("", 0);
    } else if (priority.data[0] == '+' || priority.data[0] == '-') {
        number += lookup->from->number;
        lookup->number = number > INT_MAX ? INT_MAX : (int)number;
    } else {
        lookup->number = (int)number;
    }
}

static bool begins_at_one(const struct lookup *lookup)
{
    return !lookup->is_any && !lookup->label.data && lookup->number == 1;
}

static int search(struct lookup *lookup, const struct pyst_dialplan_context *context)
{
    const struct pyst_dialplan_query query = {
        .context = context->name,
        .number = lookup->extension,
    };

    lookup->switched |= lookup->check->dialplan->has_override_switch;
    if (lookup->is_current)
        return dialplan_each_overlap(lookup->check, context, lookup->extension, OVERLAP_ANY,
                                     take_match, lookup);
    dialplan_search(lookup->check->dialplan, &query, take_match, lookup);
    return 0;
}

static int judge(struct lookup *lookup)
{
    if (lookup->found_priority || lookup->switched)
        return 0;
    if (!lookup->found_extension)
        return tell(lookup, PYST_DIALPLAN_MISSING_EXTENSION);
    return tell(lookup,
                lookup->label.data ? PYST_DIALPLAN_MISSING_LABEL : PYST_DIALPLAN_MISSING_PRIORITY);
}

/* Of an extension that depends on variables: some one must have the label. */
static int judge_label(struct lookup *lookup, const struct pyst_dialplan_context *context)
{
    struct check *check = lookup->check;

    if (!lookup->label.data || lookup->label.size == 0 || check->dialplan->has_override_switch ||
        dialplan_label_exists(check, context, lookup->label))
        return 0;
    return tell(lookup, PYST_DIALPLAN_MISSING_LABEL);
}

/* In a context that is named. */
static int judge_in(struct lookup *lookup, struct pyst_text name)
{
    struct check *check = lookup->check;
    const struct pyst_dialplan_context *context;
    int r;

    if (dialplan_is_variable(name)) {
        if (!begins_at_one(lookup))
            check->all_entered = true;
        return judge_label(lookup, NULL);
    }
    context = pyst_dialplan_find_context(check->dialplan, name);
    if (!context)
        return is_made_by_module(name)
                   ? 0
                   : tell(lookup, lookup->jump->kind == JUMP_MACRO ? PYST_DIALPLAN_MISSING_MACRO
                                                                   : PYST_DIALPLAN_MISSING_CONTEXT);
    check->dialplan->contexts[context->index]->is_used |=
        context != lookup->from->extension->context;
    if (dialplan_is_variable(lookup->extension)) {
        r = judge_label(lookup, context);
        return r < 0 || begins_at_one(lookup) ? r : enter_context(lookup, context);
    }
    r = search(lookup, context);
    return r < 0 ? r : judge(lookup);
}

/* In the context that the call is in: that of the priority, or one that includes it. */
static int judge_here(struct lookup *lookup)
{
    struct check *check = lookup->check;
    int r = 0;

    dialplan_find_candidates(check, lookup->from->extension->context);
    if (dialplan_is_variable(lookup->extension)) {
        for (size_t i = 0; r == 0 && !begins_at_one(lookup) && i < check->n_candidates; i++)
            r = enter_context(lookup, &check->dialplan->contexts[check->candidates[i]]->public);
        return r < 0 ? r : judge_label(lookup, NULL);
    }
    if (lookup->is_current)
        enter(lookup, lookup->from->extension);
    lookup->switched |= check->is_cut;
    for (size_t i = 0;
         r == 0 && !lookup->found_priority && i < (check->is_cut ? 1 : check->n_candidates); i++)
        r = search(lookup, &check->dialplan->contexts[check->candidates[i]]->public);
    return r < 0 ? r : judge(lookup);
}

static int judge_macro(struct lookup *lookup)
{
    const struct pyst_text name = lookup->jump->context;
    struct pyst_text context;
    char text[256] = "macro-";

    if (dialplan_is_variable(name) || name.size > sizeof(text) - 7)
        return 0;
    memcpy(text + 6, name.data, name.size);
    context = pyst_text_of(text, name.size + 6);
    lookup->extension = pyst_text("s");
    lookup->number = 1;
    return judge_in(lookup, context);
}

static int take_jump(void *user, const struct jump *jump)
{
    struct lookup lookup = *(const struct lookup *)user;

    lookup.jump = jump;
    if (jump->is_empty)
        return tell(&lookup, PYST_DIALPLAN_NO_TARGET);
    if (jump->kind == JUMP_AGI || (jump->kind == JUMP_DIAL && !jump->priority.data))
        return 0;
    if (jump->kind == JUMP_MACRO)
        return judge_macro(&lookup);
    read_priority(&lookup);
    lookup.extension = jump->extension;
    if (!jump->extension.data || pyst_text_equal(jump->extension, pyst_text("${EXTEN}"))) {
        lookup.extension = lookup.from->extension->name;
        lookup.is_current = true;
    }
    return jump->context.data ? judge_in(&lookup, jump->context) : judge_here(&lookup);
}

int dialplan_check_jumps(struct check *check, const struct pyst_dialplan_priority *priority)
{
    struct lookup lookup = {.check = check, .from = priority};

    return dialplan_each_jump(priority, take_jump, &lookup);
}
