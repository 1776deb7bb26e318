/* SPDX-License-Identifier: MIT */

/* pyst config match. */

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "config.h"
#include "show.h"

static const char help[] =
    "Usage: pyst config match [OPTION...] FILE CONTEXT NUMBER...\n"
    "\n"
    "  Prints the extensions that a number finds when it is dialled in a context of a dialplan,\n"
    "  FILE being an extensions.conf, with the one that Asterisk prefers first. Exit code 1 says\n"
    "  that there is none.\n"
    "\n"
    "  -c, --caller-id NUMBER   who calls, empty for a caller without a number; otherwise\n"
    "                           extensions are printed whatever caller they are for\n"
    "  -p, --priority WHICH     only the priority that Asterisk would execute: a number or label\n"
    "  -t, --at WHEN            the time of the call, for includes with times: now, or\n"
    "                           'YYYY-MM-DD HH:MM' in the local time zone; otherwise they are\n"
    "                           taken to hold\n"
    "  -d, --directory FOLDER   where included files are, unless in that of FILE\n"
    "  -j, --json               print one JSON object a line\n";

struct options {
    const char *caller_id;
    const char *priority;
    const char *directory;
    const char *at;
    bool json;
};

/* ---- time ----------------------------------------------------------------------------------- */

static bool read_time(const char *text, time_t *timep)
{
    struct tm wanted = {0}, local;
    const char *end;

    if (!strcmp(text, "now")) {
        *timep = time(NULL);
        return true;
    }
    end = strptime(text, "%Y-%m-%d %H:%M", &wanted);
    if (!end || *end)
        return false;
    wanted.tm_isdst = -1;
    local = wanted;
    *timep = mktime(&local);
    /* 30 February would be 2 March, and an hour that the clocks leave out another. */
    return local.tm_mday == wanted.tm_mday && local.tm_hour == wanted.tm_hour;
}

/* A zone that is not known is UTC, to Asterisk as to libc. */
static void tell_local_time(void *user, struct pyst_text zone, struct tm *local)
{
    const char *own = getenv("TZ");
    char *saved = own ? strdup(own) : NULL,
         *wanted = strndup(zone.data ? zone.data : "", zone.size);

    if (zone.data && wanted)
        setenv("TZ", wanted, 1);
    tzset();
    localtime_r(user, local);
    if (saved)
        setenv("TZ", saved, 1);
    else
        unsetenv("TZ");
    free(wanted);
    free(saved);
}

static void set_text(json_t *object, const char *key, struct pyst_text text)
{
    json_object_set_new(object, key, text.data ? json_text(text) : json_null());
}

static void set_place(json_t *object, struct pyst_dialplan_place place)
{
    set_text(object, "file", pyst_config_document_name(place.document));
    json_object_set_new(object, "line",
                        json_integer((json_int_t)pyst_config_line_number(place.line)));
}

static void show_place(struct pyst_dialplan_place place)
{
    show_text(stdout, pyst_config_document_name(place.document));
    printf(":%zu", pyst_config_line_number(place.line));
}

/* ---- priorities ----------------------------------------------------------------------------- */

static json_t *json_priority(const struct pyst_dialplan_priority *priority)
{
    json_t *object = json_object();

    if (priority->number == PYST_DIALPLAN_HINT)
        json_object_set_new(object, "priority", json_string("hint"));
    else
        json_object_set_new(object, "priority", json_integer(priority->number));
    set_text(object, "label", priority->label);
    set_text(object, "application", priority->application);
    set_text(object, "arguments", priority->arguments);
    set_place(object, priority->place);
    return object;
}

static void show_priority(const struct pyst_dialplan_priority *priority)
{
    if (priority->number == PYST_DIALPLAN_HINT)
        printf("    hint");
    else
        printf("    %d", priority->number);
    if (priority->label.data) {
        putchar('(');
        show_text(stdout, priority->label);
        putchar(')');
    }
    fputs(", ", stdout);
    show_text(stdout, priority->application);
    if (priority->arguments.data) {
        putchar('(');
        show_text(stdout, priority->arguments);
        putchar(')');
    }
    fputs("  ", stdout);
    show_place(priority->place);
    putchar('\n');
}

/* ---- matches -------------------------------------------------------------------------------- */

static void show_extension(const struct pyst_dialplan_extension *extension)
{
    show_text(stdout, extension->name);
    if (extension->caller_id.data) {
        putchar('/');
        show_text(stdout, extension->caller_id);
    }
    fputs(" in ", stdout);
    show_text(stdout, extension->context->name);
}

static void show_timed(bool is_timed)
{
    if (is_timed)
        fputs(", at times", stdout);
}

static void show_match(const struct pyst_dialplan_match *match)
{
    if (match->asked) {
        fputs("switch ", stdout);
        show_text(stdout, match->asked->name);
        putchar('/');
        show_text(stdout, match->asked->data);
        fputs(" of ", stdout);
        show_text(stdout, match->context->name);
    } else {
        show_extension(match->extension);
    }
    show_timed(match->is_timed);
    fputs("  ", stdout);
    show_place(match->asked ? match->asked->place : match->extension->place);
    putchar('\n');
    for (size_t i = 0; match->extension && i < match->extension->n_priorities; i++)
        show_priority(&match->extension->priorities[i]);
}

static void show_match_json(const char *number, const struct pyst_dialplan_match *match)
{
    json_t *object = json_object(), *priorities = json_array();

    set_text(object, "number", pyst_text(number));
    set_text(object, "context", match->context->name);
    json_object_set_new(object, "timed", json_boolean(match->is_timed));
    if (match->asked) {
        set_text(object, "switch", match->asked->name);
        set_text(object, "data", match->asked->data);
        set_place(object, match->asked->place);
        json_decref(priorities);
        show_json(object);
        return;
    }
    set_text(object, "extension", match->extension->name);
    set_text(object, "caller_id", match->extension->caller_id);
    set_place(object, match->extension->place);
    for (size_t i = 0; i < match->extension->n_priorities; i++)
        json_array_append_new(priorities, json_priority(&match->extension->priorities[i]));
    json_object_set_new(object, "priorities", priorities);
    show_json(object);
}

/* 1: something fits, *timedp set if at times only; 0: nothing; or an error. */
static int show_matches(const struct pyst_dialplan *dialplan,
                        const struct pyst_dialplan_query *query, const char *number, bool json,
                        bool *timedp)
{
    struct pyst_dialplan_match *matches;
    size_t n;
    int r = pyst_dialplan_match(dialplan, query, &matches, &n);

    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++) {
        if (json)
            show_match_json(number, &matches[i]);
        else
            show_match(&matches[i]);
        *timedp |= matches[i].is_timed;
    }
    pyst_dialplan_matches_free(matches);
    return n > 0;
}

/* Whether an extension is found by way of an include with times; or an error. */
static int is_found_timed(const struct pyst_dialplan *dialplan,
                          const struct pyst_dialplan_query *query,
                          const struct pyst_dialplan_extension *extension)
{
    struct pyst_dialplan_match *matches;
    size_t n;
    int r = pyst_dialplan_match(dialplan, query, &matches, &n);

    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++)
        if (matches[i].extension == extension)
            r = matches[i].is_timed;
    pyst_dialplan_matches_free(matches);
    return r;
}

/* The same of one priority. */
static int show_found(const struct pyst_dialplan *dialplan, const struct pyst_dialplan_query *query,
                      const char *number, const struct options *options, bool *timedp)
{
    char *end;
    const long wanted = strtol(options->priority, &end, 10);
    const bool is_number = !*end && wanted > 0 && wanted <= INT_MAX;
    const struct pyst_dialplan_priority *found =
        pyst_dialplan_find(dialplan, query, is_number ? (int)wanted : 0,
                           is_number ? pyst_text_none() : pyst_text(options->priority), NULL);
    json_t *object;
    int timed;

    if (!found)
        return 0;
    timed = is_found_timed(dialplan, query, found->extension);
    if (timed < 0)
        return timed;
    *timedp |= timed;
    if (options->json) {
        object = json_priority(found);
        set_text(object, "number", pyst_text(number));
        set_text(object, "context", found->extension->context->name);
        json_object_set_new(object, "timed", json_boolean(timed));
        set_text(object, "extension", found->extension->name);
        set_text(object, "caller_id", found->extension->caller_id);
        show_json(object);
        return 1;
    }
    show_extension(found->extension);
    show_timed(timed);
    putchar('\n');
    show_priority(found);
    return 1;
}

static int match(const struct pyst_dialplan *dialplan, const struct options *options,
                 int n_arguments, char **arguments)
{
    struct pyst_dialplan_query query = {
        .context = pyst_text(arguments[0]),
        .caller_id = pyst_text(options->caller_id),
    };
    int code = EXIT_DONE, r;
    bool timed = false;
    time_t at;

    if (options->at) {
        if (!read_time(options->at, &at))
            return usage_error("%s is no time: now, or YYYY-MM-DD HH:MM", options->at);
        query.local_time = tell_local_time;
        query.user = &at;
    }
    if (!pyst_dialplan_find_context(dialplan, query.context))
        return usage_error("there is no context %s in this dialplan", arguments[0]);
    for (int i = 1; i < n_arguments; i++) {
        query.number = pyst_text(arguments[i]);
        if (options->priority)
            r = show_found(dialplan, &query, arguments[i], options, &timed);
        else
            r = show_matches(dialplan, &query, arguments[i], options->json, &timed);
        if (r < 0)
            return out_of_memory();
        if (r == 0) {
            fprintf(stderr, "pyst: nothing fits %s in %s\n", arguments[i], arguments[0]);
            code = EXIT_REFUSED;
        }
    }
    if (timed && !options->at)
        fputs("pyst: includes with times are taken to hold; --at WHEN judges them\n", stderr);
    return code;
}

int command_config_match(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"caller-id", required_argument, NULL, 'c'},
        {"priority", required_argument, NULL, 'p'},
        {"at", required_argument, NULL, 't'},
        {"directory", required_argument, NULL, 'd'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct loaded_dialplan loaded = {0};
    struct options options = {0};
    int option, r;

    while ((option = getopt_long(argc, argv, "c:p:t:d:jh", long_options, NULL)) != -1) {
        switch (option) {
        case 'c':
            options.caller_id = optarg;
            break;
        case 'p':
            options.priority = optarg;
            break;
        case 't':
            options.at = optarg;
            break;
        case 'd':
            options.directory = optarg;
            break;
        case 'j':
            options.json = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_DONE;
        default:
            return usage_error("pyst config match --help tells the options");
        }
    }
    if (argc - optind < 3)
        return usage_error("pyst config match wants a file, a context and a number");
    r = load_dialplan(&loaded, argv[optind], options.directory);
    if (r != 0)
        return r;
    r = match(loaded.dialplan, &options, argc - optind - 1, argv + optind + 1);
    loaded_dialplan_deinit(&loaded);
    return r;
}
