/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "dialplan/internal.h"
#include "dialplan/pattern.h"

#define CONTEXTS_MAX 512 /* that Asterisk searches for one number (AST_PBX_MAX_STACK) */

struct search {
    const struct pyst_dialplan *dialplan;
    const struct pyst_dialplan_query *query;
    int (*take)(void *user, const struct pyst_dialplan_match *match);
    void *user;
    size_t visited[CONTEXTS_MAX];
    size_t n_visited;
};

int dialplan_compare_extensions(const struct pyst_dialplan_extension *a,
                                const struct pyst_dialplan_extension *b)
{
    const int r = pyst_dialplan_compare(a->name, b->name);

    if (r != 0)
        return r;
    if (a->caller_id.data && b->caller_id.data)
        return pyst_dialplan_compare(a->caller_id, b->caller_id);
    return a->caller_id.data ? -1 : b->caller_id.data ? 1 : 0;
}

bool dialplan_caller_fits(struct pyst_text wanted, struct pyst_text caller_id)
{
    if (!wanted.data || !caller_id.data)
        return true;
    if (caller_id.size == 0)
        return wanted.size == 0;
    return pyst_dialplan_fits(wanted, caller_id);
}

/* The first of the extensions without a pattern that may be the number's; they are in order. */
static size_t first_name(const struct context *context, struct pyst_text number)
{
    size_t low = 0, high = context->n_names;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (dialplan_compare_names(context->extensions[middle]->public.name, number) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int search_extensions(struct search *search, const struct context *context,
                             struct pyst_dialplan_match match)
{
    size_t i = first_name(context, search->query->number);
    int r = 0;

    while (r == 0 && i < context->public.n_extensions) {
        match.extension = &context->extensions[i]->public;
        if (!pyst_dialplan_fits(match.extension->name, search->query->number)) {
            i = i < context->n_names ? context->n_names : i + 1;
            continue;
        }
        if (dialplan_caller_fits(match.extension->caller_id, search->query->caller_id))
            r = search->take(search->user, &match);
        i++;
    }
    return r;
}

static bool is_searched(const struct search *search, const struct pyst_dialplan_include *include)
{
    const struct pyst_dialplan_query *query = search->query;
    struct tm local = {0};

    if (include->times.size == 0 || !query->local_time)
        return true;
    query->local_time(query->user, dialplan_times_zone(include->times), &local);
    return dialplan_times_hold(include->times, &local);
}

static int search_context(struct search *search, struct pyst_text name,
                          struct pyst_dialplan_match match)
{
    const struct pyst_dialplan_context *found = pyst_dialplan_find_context(search->dialplan, name);
    const bool is_timed = match.is_timed;
    const struct context *context;
    int r;

    if (!found || search->n_visited == CONTEXTS_MAX)
        return 0;
    context = search->dialplan->contexts[found->index];
    for (size_t i = 0; i < search->n_visited; i++)
        if (search->visited[i] == context->hidden_by)
            return 0;
    match.context = found;
    r = search_extensions(search, context, match);
    for (size_t i = 0; r == 0 && i < found->n_switches; i++) {
        match.asked = &found->switches[i];
        r = search->take(search->user, &match);
    }
    match.asked = NULL;
    search->visited[search->n_visited++] = context->hidden_by;
    for (size_t i = 0; r == 0 && i < found->n_includes; i++) {
        match.include = &found->includes[i];
        if (!is_searched(search, match.include))
            continue;
        match.is_timed = is_timed || match.include->times.size > 0;
        r = search_context(search, match.include->context, match);
    }
    return r;
}

int dialplan_search(const struct pyst_dialplan *dialplan, const struct pyst_dialplan_query *query,
                    int (*take)(void *user, const struct pyst_dialplan_match *match), void *user)
{
    struct search search;

    search.dialplan = dialplan;
    search.query = query;
    search.take = take;
    search.user = user;
    search.n_visited = 0;
    return search_context(&search, query->context, (struct pyst_dialplan_match){0});
}

/* ---- all of them ---------------------------------------------------------------------------- */

struct matches {
    struct pyst_dialplan_match *array;
    size_t n;
    size_t room;
};

static int keep_match(void *user, const struct pyst_dialplan_match *match)
{
    struct matches *matches = user;
    const int r =
        array_grow((void **)&matches->array, &matches->room, matches->n, sizeof(*matches->array));

    if (r == 0)
        matches->array[matches->n++] = *match;
    return r;
}

int pyst_dialplan_match(const struct pyst_dialplan *dialplan,
                        const struct pyst_dialplan_query *query,
                        struct pyst_dialplan_match **matchesp, size_t *n_matchesp)
{
    struct matches matches = {0};
    const int r = dialplan_search(dialplan, query, keep_match, &matches);

    if (r < 0) {
        free(matches.array);
        return r;
    }
    *matchesp = matches.array;
    *n_matchesp = matches.n;
    return 0;
}

struct pyst_dialplan_match *pyst_dialplan_matches_free(struct pyst_dialplan_match *matches)
{
    free(matches);
    return NULL;
}

/* ---- the one that is executed --------------------------------------------------------------- */

const struct pyst_dialplan_priority *
dialplan_extension_find(const struct pyst_dialplan_extension *extension, int number,
                        struct pyst_text label)
{
    size_t low = 0, high = extension->n_priorities;

    if (label.data) {
        for (size_t i = 0; i < extension->n_priorities; i++)
            if (extension->priorities[i].label.data &&
                pyst_text_equal(extension->priorities[i].label, label))
                return &extension->priorities[i];
        return NULL;
    }
    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (extension->priorities[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < extension->n_priorities && extension->priorities[low].number == number
               ? &extension->priorities[low]
               : NULL;
}

struct wanted {
    int number;
    struct pyst_text label;
    const struct pyst_dialplan_priority *found;
    bool switched;
};

static int find_priority(void *user, const struct pyst_dialplan_match *match)
{
    struct wanted *wanted = user;

    if (!match->extension) {
        wanted->switched = true;
        return 0;
    }
    wanted->found = dialplan_extension_find(match->extension, wanted->number, wanted->label);
    return wanted->found != NULL;
}

const struct pyst_dialplan_priority *pyst_dialplan_find(const struct pyst_dialplan *dialplan,
                                                        const struct pyst_dialplan_query *query,
                                                        int number, struct pyst_text label,
                                                        bool *switchedp)
{
    struct wanted wanted = {number, label, NULL, dialplan->has_override_switch};

    dialplan_search(dialplan, query, find_priority, &wanted);
    if (wanted.found && label.data && wanted.found->number < 1) {
        wanted.found = NULL; /* a hint */
    } else if (wanted.found && label.data) {
        /* A label stands for its number, which an extension that is preferred may have. */
        wanted.number = wanted.found->number;
        wanted.label = pyst_text_none();
        dialplan_search(dialplan, query, find_priority, &wanted);
    }
    if (switchedp)
        *switchedp = wanted.switched;
    return wanted.found;
}
