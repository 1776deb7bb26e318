/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "dialplan/check.h"

/*
 * Bytes of arguments that are looked into: to look into references inside one another takes the
 * square of their size. Asterisk gives an application 8191 (EXT_DATA_SIZE).
 */
#define ARGUMENTS_MAX 16384

/* ---- contexts ------------------------------------------------------------------------------- */

void dialplan_find_candidates(struct check *check, const struct pyst_dialplan_context *context)
{
    check->round++;
    check->candidates[0] = context->index;
    check->n_candidates = 1;
    check->is_cut = false;
    check->stamps[context->index] = check->round;
    for (size_t i = 0; i < check->n_candidates; i++) {
        const struct context *each = check->dialplan->contexts[check->candidates[i]];

        for (size_t j = 0; j < each->n_included_in; j++) {
            const size_t other = each->included_in[j];

            if (check->stamps[other] == check->round)
                continue;
            if (check->n_candidates == CANDIDATES_MAX) {
                check->is_cut = true;
                return;
            }
            check->stamps[other] = check->round;
            check->candidates[check->n_candidates++] = other;
        }
    }
}

/* Who includes whom; and includes of nothing. */
static int link_includes(struct pyst_dialplan *dialplan)
{
    int r = 0;

    for (size_t i = 0; i < dialplan->n_contexts; i++) {
        const struct pyst_dialplan_context *context = &dialplan->contexts[i]->public;

        for (size_t j = 0; r == 0 && j < context->n_includes; j++) {
            const struct pyst_dialplan_include *include = &context->includes[j];
            const struct pyst_dialplan_context *found =
                pyst_dialplan_find_context(dialplan, include->context);
            struct context *included;

            if (!found) {
                if (!dialplan_is_variable(include->context) &&
                    !pyst_text_equal(include->context, pyst_text("parkedcalls")))
                    r = dialplan_tell(dialplan, PYST_DIALPLAN_MISSING_INCLUDE, include->place,
                                      include->context);
                continue;
            }
            included = dialplan->contexts[found->index];
            included->is_used |= found != context;
            r = array_grow((void **)&included->included_in, &included->room_for_included_in,
                           included->n_included_in, sizeof(size_t));
            if (r == 0)
                included->included_in[included->n_included_in++] = i;
        }
    }
    return r;
}

/* A walk along the includes, deep first. */
struct walk {
    size_t *path;
    size_t *next; /* of each context: the include to look at next */
    char *state;  /* of each: 0 not seen, 1 on the path, 2 done */
};

static int walk_from(struct pyst_dialplan *dialplan, struct walk *walk, size_t start)
{
    size_t depth = 1;
    int r = 0;

    walk->path[0] = start;
    walk->state[start] = 1;
    while (r == 0 && depth > 0) {
        const size_t at = walk->path[depth - 1];
        const struct pyst_dialplan_context *context = &dialplan->contexts[at]->public;
        const struct pyst_dialplan_include *include;
        const struct pyst_dialplan_context *found;

        if (walk->next[at] == context->n_includes) {
            walk->state[at] = 2;
            depth--;
            continue;
        }
        include = &context->includes[walk->next[at]++];
        found = pyst_dialplan_find_context(dialplan, include->context);
        if (!found)
            continue;
        if (walk->state[found->index] == 1) {
            r = dialplan_tell(dialplan, PYST_DIALPLAN_INCLUDE_LOOP, include->place,
                              include->context);
        } else if (walk->state[found->index] == 0) {
            walk->state[found->index] = 1;
            walk->path[depth++] = found->index;
        }
    }
    return r;
}

static int find_loops(struct pyst_dialplan *dialplan)
{
    struct walk walk = {
        .path = calloc(dialplan->n_contexts, sizeof(size_t)),
        .next = calloc(dialplan->n_contexts, sizeof(size_t)),
        .state = calloc(dialplan->n_contexts, 1),
    };
    int r = walk.path && walk.next && walk.state ? 0 : PYST_ERR_NO_MEMORY;

    for (size_t i = 0; r == 0 && i < dialplan->n_contexts; i++)
        if (walk.state[i] == 0)
            r = walk_from(dialplan, &walk, i);
    free(walk.path);
    free(walk.next);
    free(walk.state);
    return r;
}

static int tell_unused(struct pyst_dialplan *dialplan)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < dialplan->n_contexts; i++)
        if (!dialplan->contexts[i]->is_used)
            r = dialplan_tell(dialplan, PYST_DIALPLAN_UNUSED_CONTEXT,
                              dialplan->contexts[i]->public.place,
                              dialplan->contexts[i]->public.name);
    return r;
}

/* ---- applications --------------------------------------------------------------------------- */

/* Whether ${ and $[ and parentheses have their ends; text in quotes may hold any. */
static int check_balance(struct pyst_dialplan *dialplan,
                         const struct pyst_dialplan_priority *priority)
{
    const struct pyst_text text = priority->arguments;
    size_t depth = 0, last = 0;
    bool quoted = false;

    if (!text.data)
        return 0;
    for (size_t i = 0; i < text.size; i++) {
        const char c = text.data[i];

        if (c == '$' && i + 1 < text.size && (text.data[i + 1] == '{' || text.data[i + 1] == '[') &&
            !dialplan_reference_end(text, i))
            return dialplan_tell(dialplan,
                                 text.data[i + 1] == '{' ? PYST_DIALPLAN_UNCLOSED_VARIABLE
                                                         : PYST_DIALPLAN_UNCLOSED_EXPRESSION,
                                 priority->place, pyst_text_of(text.data + i, text.size - i));
        if (c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (c == '(' && !quoted && depth++ == 0)
            last = i;
        else if (c == ')' && !quoted && depth-- == 0)
            return dialplan_tell(dialplan, PYST_DIALPLAN_UNBALANCED_PARENTHESES, priority->place,
                                 pyst_text_of(text.data + i, text.size - i));
    }
    if (depth > 0)
        return dialplan_tell(dialplan, PYST_DIALPLAN_UNBALANCED_PARENTHESES, priority->place,
                             pyst_text_of(text.data + last, text.size - last));
    return 0;
}

/* GotoIfTime(times?...) and ExecIfTime(times?...) */
static int check_times(struct pyst_dialplan *dialplan,
                       const struct pyst_dialplan_priority *priority)
{
    struct pyst_text times = priority->arguments;
    const char *end = times.data ? memchr(times.data, '?', times.size) : NULL;

    if (!end || (!pyst_text_equal_nocase(priority->application, pyst_text("GotoIfTime")) &&
                 !pyst_text_equal_nocase(priority->application, pyst_text("ExecIfTime"))))
        return 0;
    times.size = (size_t)(end - times.data);
    return dialplan_is_variable(times) ? 0
                                       : dialplan_tell_bad_times(dialplan, priority->place, times);
}

static int check_application(struct check *check, const struct pyst_dialplan_priority *priority)
{
    struct pyst_dialplan *dialplan = check->dialplan;
    const struct pyst_text name = priority->application;
    int r;

    if (name.size == 0)
        return dialplan_tell(dialplan, PYST_DIALPLAN_NO_APPLICATION, priority->place,
                             pyst_text_none());
    if (priority->number == PYST_DIALPLAN_HINT)
        return 0;
    if (memchr(name.data, ',', name.size) || memchr(name.data, '|', name.size))
        return dialplan_tell(dialplan, PYST_DIALPLAN_OLD_ARGUMENTS, priority->place, name);
    if (priority->arguments.data && (unsigned char)name.data[name.size - 1] < 33)
        return dialplan_tell(dialplan, PYST_DIALPLAN_BLANK_BEFORE_PARENTHESIS, priority->place,
                             name);
    if (priority->arguments.size > ARGUMENTS_MAX)
        return 0;
    r = check_balance(dialplan, priority);
    if (r == 0)
        r = check_times(dialplan, priority);
    if (r == 0)
        r = dialplan_check_application(check, priority);
    return r == 0 ? dialplan_check_references(check, priority) : r;
}

/* ---- order of problems ---------------------------------------------------------------------- */

struct ordered {
    struct pyst_dialplan_problem problem;
    size_t document;
    size_t i;
};

static int compare_numbers(size_t a, size_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_ordered(const void *a, const void *b)
{
    const struct ordered *left = a, *right = b;
    int r = compare_numbers(left->document, right->document);

    if (r == 0)
        r = compare_numbers(left->problem.line, right->problem.line);
    if (r == 0)
        r = compare_numbers(left->problem.column, right->problem.column);
    return r ? r : compare_numbers(left->i, right->i);
}

struct place_of_document {
    const struct pyst_config_document *document;
    size_t i;
};

static int compare_documents(const void *a, const void *b)
{
    const struct place_of_document *left = a, *right = b;

    return compare_numbers((size_t)(uintptr_t)left->document, (size_t)(uintptr_t)right->document);
}

/* What a template has is told once, though all that inherit from it have it. */
static bool is_told(const struct pyst_dialplan_problem *a, const struct pyst_dialplan_problem *b)
{
    return a->kind == b->kind && a->document == b->document && a->line == b->line &&
           a->column == b->column && pyst_text_equal(a->what, b->what);
}

static int sort_problems(struct pyst_dialplan *dialplan)
{
    const size_t n_documents = pyst_config_document_count(dialplan->config);
    struct place_of_document *documents = calloc(n_documents + 1, sizeof(*documents));
    struct ordered *ordered = calloc(dialplan->n_problems + 1, sizeof(*ordered));
    const size_t n = dialplan->n_problems;

    if (documents && ordered) {
        for (size_t i = 0; i < n_documents; i++)
            documents[i] = (struct place_of_document){pyst_config_document(dialplan->config, i), i};
        qsort(documents, n_documents, sizeof(*documents), compare_documents);
        for (size_t i = 0; i < n; i++) {
            const struct place_of_document key = {dialplan->problems[i].document, 0};
            const struct place_of_document *found =
                bsearch(&key, documents, n_documents, sizeof(key), compare_documents);

            ordered[i] = (struct ordered){dialplan->problems[i], found ? found->i : 0, i};
        }
        qsort(ordered, n, sizeof(*ordered), compare_ordered);
        dialplan->n_problems = 0;
        for (size_t i = 0; i < n; i++)
            if (i == 0 || !is_told(&ordered[i - 1].problem, &ordered[i].problem))
                dialplan->problems[dialplan->n_problems++] = ordered[i].problem;
    }
    free(documents);
    free(ordered);
    return documents && ordered ? 0 : PYST_ERR_NO_MEMORY;
}

/* ---- all ------------------------------------------------------------------------------------ */

/* Calls `visit` for each extension. */
static int each_extension(struct check *check,
                          int (*visit)(struct check *check, struct extension *extension))
{
    int r = 0;

    for (size_t i = 0; i < check->dialplan->n_contexts; i++) {
        const struct context *context = check->dialplan->contexts[i];

        for (size_t j = 0; r == 0 && j < context->public.n_extensions; j++)
            r = visit(check, context->extensions[j]);
    }
    return r;
}

static int prepare(struct pyst_dialplan *dialplan)
{
    for (size_t i = 0; i < dialplan->n_contexts; i++) {
        const struct context *context = dialplan->contexts[i];

        for (size_t j = 0; j < context->public.n_extensions; j++) {
            struct extension *extension = context->extensions[j];

            extension->is_entered = calloc(extension->public.n_priorities + 1, sizeof(bool));
            if (!extension->is_entered)
                return PYST_ERR_NO_MEMORY;
        }
    }
    return 0;
}

static int check_extension(struct check *check, struct extension *extension)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < extension->public.n_priorities; i++) {
        const struct pyst_dialplan_priority *priority = &extension->public.priorities[i];

        r = check_application(check, priority);
        if (r == 0)
            r = dialplan_check_jumps(check, priority);
    }
    return r;
}

static int check_extension_reach(struct check *check, struct extension *extension)
{
    return dialplan_check_reach(check, extension);
}

int pyst_dialplan_check(struct pyst_dialplan *dialplan)
{
    struct check check = {
        .dialplan = dialplan,
        .stamps = calloc(dialplan->n_contexts + 1, sizeof(size_t)),
        .trees = calloc(dialplan->n_contexts + 1, sizeof(struct overlap_tree *)),
        .visited = calloc(dialplan->n_contexts + 1, sizeof(size_t)),
    };
    int r = PYST_ERR_NO_MEMORY;

    if (check.stamps && check.trees && check.visited)
        r = dialplan->n_contexts ? link_includes(dialplan) : 0;
    if (r == 0 && dialplan->n_contexts)
        r = find_loops(dialplan);
    if (r == 0)
        r = prepare(dialplan);
    if (r == 0)
        r = dialplan_collect_labels(&check);
    if (r == 0)
        r = each_extension(&check, check_extension);
    if (r == 0)
        r = each_extension(&check, check_extension_reach);
    if (r == 0)
        r = tell_unused(dialplan);
    if (r == 0)
        r = sort_problems(dialplan);
    for (size_t i = 0; check.trees && i < dialplan->n_contexts; i++)
        overlap_tree_free(check.trees[i]);
    free(check.trees);
    free(check.labels);
    free(check.visited);
    free(check.stamps);
    return r;
}
