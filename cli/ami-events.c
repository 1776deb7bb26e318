/* SPDX-License-Identifier: MIT */

/* pyst ami events. */

#include <fnmatch.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ami-connection.h"
#include "ami.h"
#include "cli.h"
#include "show.h"

#define FILTERS_MAX 64

static const char help[] =
    "Usage: pyst ami events [OPTION...]\n"
    "\n"
    "Prints events as they come, until Ctrl-C.\n"
    "\n"
    "  -f, --filter NAME           only events of that name; may stand several times\n"
    "  -f, --filter HEADER=VALUE   only events with such a header; all of these must be met;\n"
    "                              NAME and VALUE may have *, ? and [...] as a shell's\n"
    "      --server-filter TEXT    have Asterisk itself filter (its action Filter); several as\n"
    "                              Asterisk combines them\n"
    "  -m, --mask CLASSES          which classes of events Asterisk sends (on)\n"
    "  -n, --count N               leave after N events\n"
    "      --for SECONDS           leave after so long\n"
    "\n"
    "The exit code is 0 after Ctrl-C too: that is how one leaves.\n";

enum { OPTION_SERVER = 256, OPTION_FOR };

static const struct option options[] = {
    {"filter", required_argument, NULL, 'f'},
    {"server-filter", required_argument, NULL, OPTION_SERVER},
    {"mask", required_argument, NULL, 'm'},
    {"count", required_argument, NULL, 'n'},
    {"for", required_argument, NULL, OPTION_FOR},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct wish {
    const char *mask;
    unsigned long count; /* 0: no end */
    double seconds;      /* 0: no end */
    const char *names[FILTERS_MAX];
    size_t n_names;
    const char *headers[FILTERS_MAX]; /* HEADER=VALUE */
    size_t n_headers;
    struct pyst_text server[FILTERS_MAX];
    size_t n_server;
};

static bool matches_pattern(const char *pattern, struct pyst_text text)
{
    char *string = strndup(text.size ? text.data : "", text.size);
    bool matches = string && fnmatch(pattern, string, FNM_CASEFOLD) == 0;

    free(string);
    return matches;
}

static bool has_header(const struct pyst_ami_message *event, const char *wanted)
{
    const char *equals = strchr(wanted, '=');
    struct pyst_text name = pyst_text_of(wanted, (size_t)(equals - wanted));

    for (size_t i = pyst_ami_message_find(event, name, 0); i != PYST_AMI_NONE;
         i = pyst_ami_message_find(event, name, i + 1))
        if (matches_pattern(equals + 1, pyst_ami_message_header(event, i).value))
            return true;
    return false;
}

static bool is_wanted(const struct wish *wish, const struct pyst_ami_message *event)
{
    bool named = wish->n_names == 0;

    for (size_t i = 0; i < wish->n_names && !named; i++)
        named = matches_pattern(wish->names[i], pyst_ami_message_name(event));
    for (size_t i = 0; i < wish->n_headers && named; i++)
        named = has_header(event, wish->headers[i]);
    return named;
}

/* Prints events until there were enough. Gives the exit code. */
static int watch(const struct settings *settings, struct pyst_ami_connection *connection,
                 const struct wish *wish)
{
    uint64_t until = wish->seconds > 0 ? pyst_ami_connection_now() + (uint64_t)(wish->seconds * 1e6)
                                       : UINT64_MAX;
    struct pyst_ami_notice notice;
    unsigned long seen = 0;

    int r;

    while ((r = ami_wait(connection, until, &notice)) > 0) {
        if (notice.type == PYST_AMI_NOTICE_CLOSED)
            return ami_failed(connection, notice.error ? notice.error : PYST_ERR_CLOSED);
        if (notice.type != PYST_AMI_NOTICE_EVENT || !is_wanted(wish, notice.message))
            continue;
        show_message(notice.message, settings->json);
        if (++seen == wish->count)
            return EXIT_DONE;
    }
    return r == 0 || ami_was_left() ? EXIT_DONE : ami_failed(connection, r);
}

static int add_filter(struct wish *wish, const char *filter)
{
    if (strchr(filter, '=')) {
        if (wish->n_headers == FILTERS_MAX)
            return usage_error("events: more than %d filters", FILTERS_MAX);
        wish->headers[wish->n_headers++] = filter;
        return 0;
    }
    if (wish->n_names == FILTERS_MAX)
        return usage_error("events: more than %d filters", FILTERS_MAX);
    wish->names[wish->n_names++] = filter;
    return 0;
}

/* 0, an exit code, or -1 when the help was asked for and printed. */
static int read_wish(struct wish *wish, int argc, char **argv)
{
    int option, r = 0;

    optind = 0; /* a second getopt_long() in one program begins anew */
    while (r == 0 && (option = getopt_long(argc, argv, "+f:m:n:h", options, NULL)) != -1) {
        switch (option) {
        case 'f':
            r = add_filter(wish, optarg);
            break;
        case 'm':
            wish->mask = optarg;
            break;
        case 'n':
            r = settings_number("count", optarg, ULONG_MAX, &wish->count);
            break;
        case OPTION_FOR:
            r = settings_seconds("for", optarg, &wish->seconds);
            break;
        case OPTION_SERVER:
            if (wish->n_server == FILTERS_MAX)
                r = usage_error("events: more than %d filters", FILTERS_MAX);
            else
                wish->server[wish->n_server++] = pyst_text(optarg);
            break;
        case 'h':
            fputs(help, stdout);
            return -1;
        default:
            r = usage_error("pyst ami events --help tells the options");
            break;
        }
    }
    if (r == 0 && optind < argc)
        r = usage_error("events: %s is no option", argv[optind]);
    return r;
}

int command_ami_events(struct settings *settings, int argc, char **argv)
{
    struct wish wish = {.mask = "on"};
    struct pyst_ami_connection *connection;
    int r = read_wish(&wish, argc, argv);

    if (r < 0)
        return EXIT_DONE;
    if (r == 0)
        r = ami_open(settings, wish.mask, wish.server, wish.n_server, &connection);
    if (r == 0) {
        r = watch(settings, connection, &wish);
        ami_close(connection);
    }
    return r;
}
