/* SPDX-License-Identifier: MIT */
#include "dialplan/check.h"

struct overlap_walk {
    struct check *check;
    struct pyst_text name;
    int priority;
    int (*take)(void *user, const struct pyst_dialplan_match *match);
    void *user;
    struct pyst_dialplan_match match;
    size_t n_visited;
};

static int take_extension(void *user, const struct pyst_dialplan_extension *extension)
{
    struct overlap_walk *walk = user;

    walk->match.extension = extension;
    return walk->take(walk->user, &walk->match);
}

/* The same contexts as match.c searches, each with what it includes. */
static int walk_context(struct overlap_walk *walk, const struct pyst_dialplan_context *context)
{
    struct check *check = walk->check;
    const size_t hidden_by = check->dialplan->contexts[context->index]->hidden_by;
    struct overlap_tree **treep = &check->trees[context->index];
    int r = 0;

    if (check->visited[hidden_by] == check->search || walk->n_visited == CANDIDATES_MAX)
        return 0;
    if (!*treep)
        r = overlap_tree_new(treep, context);
    if (r < 0)
        return r;
    walk->match = (struct pyst_dialplan_match){.context = context};
    r = overlap_tree_search(*treep, walk->name, walk->priority, take_extension, walk);
    walk->match.extension = NULL;
    for (size_t i = 0; r == 0 && i < context->n_switches; i++) {
        walk->match.asked = &context->switches[i];
        r = walk->take(walk->user, &walk->match);
    }
    check->visited[hidden_by] = check->search;
    walk->n_visited++;
    for (size_t i = 0; r == 0 && i < context->n_includes; i++) {
        const struct pyst_dialplan_context *included =
            pyst_dialplan_find_context(check->dialplan, context->includes[i].context);

        if (included)
            r = walk_context(walk, included);
    }
    return r;
}

int dialplan_each_overlap(struct check *check, const struct pyst_dialplan_context *context,
                          struct pyst_text name, int priority,
                          int (*take)(void *user, const struct pyst_dialplan_match *match),
                          void *user)
{
    struct overlap_walk walk = {
        .check = check,
        .name = name,
        .priority = priority,
        .take = take,
        .user = user,
    };

    check->search++;
    return walk_context(&walk, context);
}
