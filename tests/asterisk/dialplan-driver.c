/* SPDX-License-Identifier: MIT */

/*
 * Answers questions about a dialplan, one a line on standard input, words parted by tabs:
 *
 *     dump                                      all contexts and extensions
 *     problems                                  what was met while it was made
 *     at SECONDS                                the time of the calls to come, since 1970
 *     match CONTEXT NUMBER                      what fits, in order
 *     find CONTEXT NUMBER PRIORITY CALLER       what would be executed; a label begins with "=",
 *                                               a caller without a number is empty
 *
 * Each answer ends with a line that is empty.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/config/file.h>
#include <pyst/dialplan.h>
#include <pyst/error.h>

static void put(struct pyst_text text)
{
    fwrite(text.data ? text.data : "", 1, text.size, stdout);
}

static void put_name(const struct pyst_dialplan_extension *extension)
{
    put(extension->name);
    if (extension->caller_id.data) {
        putchar('/');
        put(extension->caller_id);
    }
}

static void dump_extension(const struct pyst_dialplan_extension *extension)
{
    for (size_t i = 0; i < extension->n_priorities; i++) {
        const struct pyst_dialplan_priority *priority = &extension->priorities[i];

        printf("priority\t");
        put_name(extension);
        printf("\t%d\t", priority->number);
        put(priority->label);
        putchar('\t');
        put(priority->application);
        putchar('\t');
        put(priority->arguments);
        printf("\t%zu\n", pyst_config_line_number(priority->place.line));
    }
}

static void dump(const struct pyst_dialplan *dialplan)
{
    for (size_t i = 0; i < pyst_dialplan_context_count(dialplan); i++) {
        const struct pyst_dialplan_context *context = pyst_dialplan_context(dialplan, i);

        printf("context\t");
        put(context->name);
        putchar('\n');
        for (size_t j = 0; j < context->n_extensions; j++)
            dump_extension(context->extensions[j]);
        for (size_t j = 0; j < context->n_includes; j++) {
            printf("include\t");
            put(context->includes[j].context);
            if (context->includes[j].times.data) {
                putchar(',');
                put(context->includes[j].times);
            }
            putchar('\n');
        }
    }
}

static void problems(const struct pyst_dialplan *dialplan)
{
    for (size_t i = 0; i < pyst_dialplan_problem_count(dialplan); i++) {
        const struct pyst_dialplan_problem problem = pyst_dialplan_problem(dialplan, i);

        printf("%zu\t%s\t", problem.line, pyst_dialplan_problem_text(problem.kind));
        put(problem.what);
        putchar('\n');
    }
}

static void match(const struct pyst_dialplan *dialplan, const struct pyst_dialplan_query *query)
{
    struct pyst_dialplan_match *matches;
    size_t n;

    if (pyst_dialplan_match(dialplan, query, &matches, &n) < 0)
        exit(EXIT_FAILURE);
    for (size_t i = 0; i < n; i++) {
        if (!matches[i].extension)
            continue;
        put(matches[i].context->name);
        putchar('\t');
        put_name(matches[i].extension);
        putchar('\n');
    }
    pyst_dialplan_matches_free(matches);
}

static void find(const struct pyst_dialplan *dialplan, const struct pyst_dialplan_query *query,
                 const char *which)
{
    const struct pyst_dialplan_priority *found =
        which[0] == '=' ? pyst_dialplan_find(dialplan, query, 0, pyst_text(which + 1), NULL)
                        : pyst_dialplan_find(dialplan, query, atoi(which), pyst_text_none(), NULL);

    if (found) {
        put(found->arguments);
        putchar('\n');
    }
}

/* TZ stands for the server's own zone, and has none here. */
static void tell_local_time(void *user, struct pyst_text zone, struct tm *local)
{
    char *name = zone.data ? strndup(zone.data, zone.size) : NULL;

    if (name)
        setenv("TZ", name, 1);
    tzset();
    localtime_r(user, local);
    unsetenv("TZ");
    free(name);
}

static void answer(const struct pyst_dialplan *dialplan, char *line, time_t *at)
{
    const char *words[5] = {"", "", "", "", ""};
    struct pyst_dialplan_query query = {.local_time = *at ? tell_local_time : NULL, .user = at};

    for (size_t i = 0; i < 5 && line; i++)
        words[i] = strsep(&line, "\t");
    query.context = pyst_text(words[1]);
    query.number = pyst_text(words[2]);
    if (!strcmp(words[0], "dump")) {
        dump(dialplan);
    } else if (!strcmp(words[0], "problems")) {
        problems(dialplan);
    } else if (!strcmp(words[0], "at")) {
        *at = atoll(words[1]);
    } else if (!strcmp(words[0], "match")) {
        match(dialplan, &query);
    } else if (!strcmp(words[0], "find")) {
        query.caller_id = pyst_text(words[4]);
        find(dialplan, &query, words[3]);
    }
    putchar('\n');
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct pyst_dialplan *dialplan;
    struct pyst_config *config;
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    time_t at = 0;

    if (argc != 2 || pyst_config_load(&config, argv[1], NULL) < 0 ||
        pyst_dialplan_new(&dialplan, config) < 0) {
        fprintf(stderr, "usage: dialplan-driver extensions.conf\n");
        return EXIT_FAILURE;
    }
    unsetenv("TZ");
    while ((size = getline(&line, &room, stdin)) > 0) {
        line[size - (line[size - 1] == '\n')] = '\0';
        answer(dialplan, line, &at);
    }
    free(line);
    pyst_dialplan_free(dialplan);
    pyst_config_free(config);
    return EXIT_SUCCESS;
}
