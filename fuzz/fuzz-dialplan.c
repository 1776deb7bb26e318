/* SPDX-License-Identifier: MIT */

/*
 * Dialplans: any extensions.conf makes one, in which the order is one, a search finds what fits and
 * nothing else, problems have places, and the picture is the same each time. The first line is the
 * number that is looked for.
 */

#include <stdlib.h>
#include <string.h>

#include <pyst/dialplan.h>
#include <pyst/error.h>

#include "target.h"

static void check_text(struct pyst_text text)
{
    size_t position = 0, last = 0;
    struct pyst_dialplan_reference reference;

    while (pyst_dialplan_next_reference(text, &position, &reference)) {
        CHECK(position > last);
        last = position;
        CHECK(reference.whole.data >= text.data &&
              reference.whole.data + reference.whole.size <= text.data + text.size);
        CHECK(reference.name.size + reference.inside.size + 3 <= reference.whole.size);
    }
}

static void check_extension(const struct pyst_dialplan_extension *extension)
{
    CHECK(extension->name.size > 0 && extension->n_priorities > 0);
    CHECK(pyst_dialplan_compare(extension->name, extension->name) == 0);
    for (size_t i = 0; i < extension->n_priorities; i++) {
        const struct pyst_dialplan_priority *each = &extension->priorities[i];

        CHECK(each->extension == extension);
        CHECK(i == 0 || each[-1].number < each->number);
        check_text(each->application);
        check_text(each->arguments);
    }
}

/* A Monday morning, in all zones. */
static void tell_local_time(void *user, struct pyst_text zone, struct tm *local)
{
    *local = (struct tm){.tm_hour = 9, .tm_min = 30, .tm_mday = 2, .tm_mon = 2, .tm_wday = 1};
}

static void check_matches(const struct pyst_dialplan *dialplan,
                          const struct pyst_dialplan_query *query)
{
    const struct pyst_dialplan_priority *found =
        pyst_dialplan_find(dialplan, query, 1, pyst_text_none(), NULL);
    struct pyst_dialplan_match *matches;
    bool is_there = false;
    size_t n;

    CHECK(pyst_dialplan_match(dialplan, query, &matches, &n) == 0);
    for (size_t i = 0; i < n; i++) {
        const struct pyst_dialplan_extension *extension = matches[i].extension;

        CHECK(!extension != !matches[i].asked);
        if (!extension)
            continue;
        CHECK(pyst_dialplan_fits(extension->name, query->number));
        is_there |= found && found->extension == extension;
        if (i > 0 && matches[i - 1].extension && matches[i - 1].context == matches[i].context)
            CHECK(pyst_dialplan_compare(matches[i - 1].extension->name, extension->name) <= 0);
    }
    CHECK(is_there == (found != NULL));
    pyst_dialplan_matches_free(matches);
}

/* Each extension of the context that fits is found: nothing is skipped. */
static void check_context(const struct pyst_dialplan *dialplan,
                          const struct pyst_dialplan_context *context, struct pyst_text number)
{
    const struct pyst_dialplan_query query = {.context = context->name, .number = number};
    struct pyst_dialplan_query timed = query;
    struct pyst_dialplan_match *matches;
    size_t fitting = 0, own = 0, n, n_timed;

    CHECK(pyst_dialplan_find_context(dialplan, context->name) == context);
    for (size_t i = 0; i < context->n_extensions; i++) {
        check_extension(context->extensions[i]);
        CHECK(context->extensions[i]->context == context);
        fitting += pyst_dialplan_fits(context->extensions[i]->name, number);
    }
    CHECK(pyst_dialplan_match(dialplan, &query, &matches, &n) == 0);
    for (size_t i = 0; i < n; i++)
        own += matches[i].extension && matches[i].context == context;
    CHECK(own == fitting);
    pyst_dialplan_matches_free(matches);
    timed.local_time = tell_local_time;
    CHECK(pyst_dialplan_match(dialplan, &timed, &matches, &n_timed) == 0);
    CHECK(n_timed <= n);
    pyst_dialplan_matches_free(matches);
    check_matches(dialplan, &query);
}

static void check_problems(const struct pyst_dialplan *dialplan)
{
    for (size_t i = 0; i < pyst_dialplan_problem_count(dialplan); i++) {
        const struct pyst_dialplan_problem problem = pyst_dialplan_problem(dialplan, i);

        CHECK(problem.document && problem.line > 0 && problem.column > 0);
        CHECK(pyst_dialplan_problem_text(problem.kind)[0]);
    }
}

static void check_graph(const struct pyst_dialplan *dialplan)
{
    char *text, *again;
    size_t size, size_again;

    CHECK(pyst_dialplan_graph(dialplan, &text, &size) == 0);
    CHECK(text[size] == '\0' && strlen(text) == size);
    CHECK(pyst_dialplan_graph(dialplan, &again, &size_again) == 0);
    CHECK(size == size_again && memcmp(text, again, size) == 0);
    free(text);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pyst_text all = pyst_text_of(data, size);
    const char *end = size ? memchr(all.data, '\n', size) : NULL;
    const size_t first = end ? (size_t)(end - all.data) : 0;
    const struct pyst_text number = pyst_text_of(data, first);
    struct pyst_config_document *document;
    struct pyst_dialplan *dialplan;
    struct pyst_config *config;
    int r;

    if (!end)
        return 0;
    CHECK(pyst_config_document_new(&document, pyst_text("extensions.conf"),
                                   pyst_text_of(end + 1, size - first - 1)) == 0);
    r = pyst_config_new(&config, document, NULL,
                        &(struct pyst_config_limits){.sections = 2000, .items = 5000});
    if (r == 0) {
        CHECK(pyst_dialplan_new(&dialplan, config) == 0);
        for (size_t i = 0; i < pyst_dialplan_context_count(dialplan); i++)
            check_context(dialplan, pyst_dialplan_context(dialplan, i), number);
        CHECK(pyst_dialplan_know(dialplan, number) == 0);
        CHECK(pyst_dialplan_check(dialplan) == 0);
        check_problems(dialplan);
        check_graph(dialplan);
        pyst_dialplan_free(dialplan);
        pyst_config_free(config);
    }
    pyst_config_document_unref(document);
    return 0;
}
