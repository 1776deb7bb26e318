/* SPDX-License-Identifier: MIT */

/* pyst config check. */

#include <fnmatch.h>
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "config.h"
#include "show.h"

static const char help[] =
    "Usage: pyst config check [OPTION...] FILE...\n"
    "\n"
    "  Prints what is wrong with configuration files and those that they include, as\n"
    "  FILE:LINE:COLUMN: SEVERITY: REASON. An error is what Asterisk refuses, a warning what it\n"
    "  warns of, a note what is hardly meant. Exit code 1 says that there are errors.\n"
    "  A file named extensions*.conf is checked as a dialplan, too. \"-\" is standard input.\n"
    "\n"
    "      --dialplan           check every FILE as a dialplan, whatever its name\n"
    "  -k, --known NAME         there is an application or function of that name, which is not\n"
    "                           Asterisk's own; \"*\" stands for any characters; may be repeated\n"
    "  -i, --ignore KIND        do not tell problems of that kind; may be repeated; --json shows\n"
    "                           what kind each is\n"
    "  -d, --directory FOLDER   where included files are, unless in that of FILE\n"
    "  -x, --execute            run what #exec names\n"
    "  -j, --json               print one JSON object a line\n";

#define NAMES_MAX 256 /* of --known, and of --ignore */

/* What an option that may be repeated was given. */
struct names {
    const char *texts[NAMES_MAX];
    size_t n;
};

struct options {
    struct pyst_config_load_options load;
    struct names known;
    struct names ignored;
    bool dialplan;
    bool json;
};

/* A problem of whichever kind. */
struct found {
    const struct pyst_config_document *document;
    size_t line;
    size_t column;
    enum pyst_config_severity severity;
    const char *kind;
    const char *reason;
    struct pyst_text what;
    struct pyst_text suggestion; /* absent: none */
};

static const char *const severities[] = {
    [PYST_CONFIG_ERROR] = "error",
    [PYST_CONFIG_WARNING] = "warning",
    [PYST_CONFIG_NOTE] = "note",
};

static bool is_ignored(const char *kind, const struct options *options)
{
    for (size_t i = 0; i < options->ignored.n; i++)
        if (strcmp(options->ignored.texts[i], kind) == 0)
            return true;
    return false;
}

static void print_found(const struct found *found, bool json)
{
    const struct pyst_text file = pyst_config_document_name(found->document);
    json_t *object;

    if (!json) {
        show_text(stdout, file);
        printf(":%zu:%zu: %s: %s", found->line, found->column, severities[found->severity],
               found->reason);
        if (found->what.size > 0) {
            fputs(": ", stdout);
            show_text(stdout, found->what);
        }
        if (found->suggestion.data) {
            fputs(" (did you mean ", stdout);
            show_text(stdout, found->suggestion);
            fputs("?)", stdout);
        }
        putchar('\n');
        return;
    }
    object = json_object();
    json_object_set_new(object, "file", json_text(file));
    json_object_set_new(object, "line", json_integer((json_int_t)found->line));
    json_object_set_new(object, "column", json_integer((json_int_t)found->column));
    json_object_set_new(object, "severity", json_string(severities[found->severity]));
    json_object_set_new(object, "kind", json_string(found->kind));
    json_object_set_new(object, "reason", json_string(found->reason));
    json_object_set_new(object, "what", found->what.data ? json_text(found->what) : json_null());
    if (found->suggestion.data)
        json_object_set_new(object, "suggestion", json_text(found->suggestion));
    show_json(object);
}

/* Whether it is an error that counts. */
static bool show_found(const struct found *found, const struct options *options)
{
    if (is_ignored(found->kind, options))
        return false;
    print_found(found, options->json);
    return found->severity == PYST_CONFIG_ERROR;
}

/* Whether there is an error among them. */
static bool show_problems(const struct pyst_config *config, const struct options *options)
{
    bool has_error = false;

    for (size_t i = 0; i < pyst_config_problem_count(config); i++) {
        const struct pyst_config_found in = pyst_config_problem(config, i);
        const struct found found = {in.document,
                                    in.problem.line,
                                    in.problem.column,
                                    pyst_config_problem_severity(in.problem.kind),
                                    pyst_config_problem_name(in.problem.kind),
                                    pyst_config_problem_text(in.problem.kind),
                                    in.problem.what,
                                    pyst_text_none()};

        has_error |= show_found(&found, options);
    }
    return has_error;
}

/* 1: there is an error; 0; PYST_ERR_*. */
static int check_dialplan(const struct pyst_config *config, const struct options *options)
{
    struct pyst_dialplan *dialplan;
    bool has_error = false;
    int r = pyst_dialplan_new(&dialplan, config);

    if (r < 0)
        return r;
    for (size_t i = 0; r == 0 && i < options->known.n; i++)
        r = pyst_dialplan_know(dialplan, pyst_text(options->known.texts[i]));
    if (r == 0)
        r = pyst_dialplan_check(dialplan);
    for (size_t i = 0; r == 0 && i < pyst_dialplan_problem_count(dialplan); i++) {
        const struct pyst_dialplan_problem in = pyst_dialplan_problem(dialplan, i);
        const struct found found = {in.document,
                                    in.line,
                                    in.column,
                                    pyst_dialplan_problem_severity(in.kind),
                                    pyst_dialplan_problem_name(in.kind),
                                    pyst_dialplan_problem_text(in.kind),
                                    in.what,
                                    in.suggestion};

        has_error |= show_found(&found, options);
    }
    pyst_dialplan_free(dialplan);
    return r < 0 ? r : has_error;
}

static bool is_dialplan(const char *path)
{
    const char *slash = strrchr(path, '/');

    return fnmatch("extensions*.conf", slash ? slash + 1 : path, 0) == 0;
}

static int check(const char *path, const struct options *options)
{
    struct pyst_config *config;
    bool has_error;
    int r = read_config(&config, path, &options->load);

    if (r != 0)
        return r;
    has_error = show_problems(config, options);
    if (options->dialplan || is_dialplan(path)) {
        r = check_dialplan(config, options);
        has_error |= r == 1;
    }
    pyst_config_free(config);
    if (r < 0)
        return out_of_memory();
    return has_error ? EXIT_REFUSED : EXIT_DONE;
}

static bool add_name(struct names *names, const char *text)
{
    if (names->n == NAMES_MAX)
        return false;
    names->texts[names->n++] = text;
    return true;
}

static bool is_kind(const char *name)
{
    for (int kind = 0; kind < PYST_DIALPLAN_PROBLEM_KINDS; kind++)
        if (strcmp(name, pyst_dialplan_problem_name((enum pyst_dialplan_problem_kind)kind)) == 0)
            return true;
    for (int kind = 0; kind < PYST_CONFIG_PROBLEM_KINDS; kind++)
        if (strcmp(name, pyst_config_problem_name((enum pyst_config_problem_kind)kind)) == 0)
            return true;
    return false;
}

int command_config_check(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"dialplan", no_argument, NULL, 'D'},    {"directory", required_argument, NULL, 'd'},
        {"known", required_argument, NULL, 'k'}, {"ignore", required_argument, NULL, 'i'},
        {"execute", no_argument, NULL, 'x'},     {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0},
    };
    struct options options = {0};
    int option, code = EXIT_DONE;

    while ((option = getopt_long(argc, argv, "d:k:i:xjh", long_options, NULL)) != -1) {
        switch (option) {
        case 'D':
            options.dialplan = true;
            break;
        case 'd':
            options.load.directory = optarg;
            break;
        case 'k':
            if (!add_name(&options.known, optarg))
                return usage_error("--known was given too often");
            break;
        case 'i':
            if (!is_kind(optarg))
                return usage_error("--ignore wants a kind of problem, as --json shows it");
            if (!add_name(&options.ignored, optarg))
                return usage_error("--ignore was given too often");
            break;
        case 'x':
            options.load.execute = true;
            break;
        case 'j':
            options.json = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_DONE;
        default:
            return usage_error("pyst config check --help tells the options");
        }
    }
    if (optind == argc)
        return usage_error("pyst config check wants a file");
    for (int i = optind; i < argc; i++) {
        int r = check(argv[i], &options);

        if (r > code)
            code = r;
    }
    return code;
}
