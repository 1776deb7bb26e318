/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "dialplan/check.h"

/* Any order will do. */
static int compare_names(struct pyst_text a, struct pyst_text b)
{
    if (a.size != b.size)
        return a.size < b.size ? -1 : 1;
    return a.size ? memcmp(a.data, b.data, a.size) : 0;
}

static int compare_labels(const void *a, const void *b)
{
    const struct label *left = a, *right = b;
    const int r = compare_names(left->name, right->name);

    if (r != 0)
        return r;
    return left->context < right->context ? -1 : left->context > right->context;
}

/* Counts the labels, and keeps them if there is room. */
static void take_labels(struct check *check)
{
    check->n_labels = 0;
    for (size_t i = 0; i < check->dialplan->n_contexts; i++) {
        const struct pyst_dialplan_context *context = &check->dialplan->contexts[i]->public;

        for (size_t j = 0; j < context->n_extensions; j++) {
            const struct pyst_dialplan_extension *extension = context->extensions[j];

            for (size_t k = 0; k < extension->n_priorities; k++)
                if (extension->priorities[k].label.data) {
                    if (check->labels)
                        check->labels[check->n_labels] =
                            (struct label){extension->priorities[k].label, i};
                    check->n_labels++;
                }
        }
    }
}

int dialplan_collect_labels(struct check *check)
{
    size_t n = 0;

    take_labels(check);
    check->labels = calloc(check->n_labels + 1, sizeof(*check->labels));
    if (!check->labels)
        return PYST_ERR_NO_MEMORY;
    take_labels(check);
    qsort(check->labels, check->n_labels, sizeof(*check->labels), compare_labels);
    for (size_t i = 0; i < check->n_labels; i++)
        if (n == 0 || compare_labels(&check->labels[n - 1], &check->labels[i]) != 0)
            check->labels[n++] = check->labels[i];
    check->n_labels = n;
    return 0;
}

/* The first of the labels of that name, or what would follow it. */
static size_t find_label(const struct check *check, struct pyst_text name)
{
    size_t low = 0, high = check->n_labels;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (compare_names(check->labels[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Marks a context and those that it includes as visited; true: a switch is among them, or more
   contexts than Asterisk searches. */
static bool visit_includes(struct check *check, size_t first)
{
    size_t found[CANDIDATES_MAX] = {first}, n = 1;

    check->search++;
    check->visited[first] = check->search;
    for (size_t i = 0; i < n; i++) {
        const struct pyst_dialplan_context *each = &check->dialplan->contexts[found[i]]->public;

        if (each->n_switches > 0)
            return true;
        for (size_t j = 0; j < each->n_includes; j++) {
            const struct pyst_dialplan_context *included =
                pyst_dialplan_find_context(check->dialplan, each->includes[j].context);

            if (!included || check->visited[included->index] == check->search)
                continue;
            if (n == CANDIDATES_MAX)
                return true;
            check->visited[included->index] = check->search;
            found[n++] = included->index;
        }
    }
    return false;
}

static bool has_any_switch(const struct pyst_dialplan *dialplan)
{
    for (size_t i = 0; i < dialplan->n_contexts; i++)
        if (dialplan->contexts[i]->public.n_switches > 0)
            return true;
    return false;
}

bool dialplan_label_exists(struct check *check, const struct pyst_dialplan_context *context,
                           struct pyst_text label)
{
    size_t i = find_label(check, label);
    const bool is_there = i < check->n_labels && compare_names(check->labels[i].name, label) == 0;

    if (!context)
        return is_there || has_any_switch(check->dialplan);
    if (visit_includes(check, context->index))
        return true;
    for (; i < check->n_labels && compare_names(check->labels[i].name, label) == 0; i++)
        if (check->visited[check->labels[i].context] == check->search)
            return true;
    return false;
}
