/* SPDX-License-Identifier: MIT */

/* pyst config get. */

#include <getopt.h>
#include <unistd.h>

#include "cli.h"
#include "config.h"
#include "show.h"

static const char help[] =
    "Usage: pyst config get [OPTION...] FILE SECTION NAME\n"
    "\n"
    "  Prints the value of a setting as Asterisk understands it: of several, the last, which is "
    "the\n"
    "  one that counts, in the first section of that name. Exit code 1 says that there is none.\n"
    "  \"-\" is standard input.\n"
    "\n"
    "  -a, --all                print each value, in all sections of that name\n"
    "  -f, --filter NAME=VALUE  only in sections that have this setting, as type=aor\n"
    "  -d, --directory FOLDER   where included files are, unless in that of FILE\n"
    "  -x, --execute            run what #exec names\n"
    "  -j, --json               print one JSON object a line, with file and line\n";

struct options {
    struct pyst_config_load_options load;
    struct config_filter filter;
    bool all;
    bool json;
};

static void show_item(const struct pyst_config_item *item, bool json)
{
    if (json) {
        show_json(json_config_item(item));
        return;
    }
    /* A program gets the bytes; a terminal would obey some of them. */
    if (isatty(STDOUT_FILENO))
        show_text(stdout, item->value);
    else
        fwrite(item->value.data, 1, item->value.size, stdout);
    putchar('\n');
}

/* Whether there is one. */
static bool show_items(const struct pyst_config *config, const struct options *options,
                       struct pyst_text section_name, struct pyst_text name)
{
    const struct pyst_config_section *section = NULL;
    bool found = false;

    while ((section = pyst_config_find(config, section_name, section))) {
        if (!config_filter_fits(&options->filter, section))
            continue;
        if (!options->all) {
            const struct pyst_config_item *item = pyst_config_section_get(section, name);

            if (item)
                show_item(item, options->json);
            return item;
        }
        for (size_t i = 0; i < section->n_items; i++) {
            if (pyst_text_equal_nocase(section->items[i].name, name)) {
                show_item(&section->items[i], options->json);
                found = true;
            }
        }
    }
    return found;
}

int command_config_get(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"all", no_argument, NULL, 'a'},
        {"filter", required_argument, NULL, 'f'},
        {"directory", required_argument, NULL, 'd'},
        {"execute", no_argument, NULL, 'x'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {0};
    struct pyst_config *config;
    bool found;
    int option, r;

    while ((option = getopt_long(argc, argv, "af:d:xjh", long_options, NULL)) != -1) {
        switch (option) {
        case 'a':
            options.all = true;
            break;
        case 'f':
            if (!config_filter_parse(&options.filter, optarg))
                return usage_error("a filter is NAME=VALUE");
            break;
        case 'd':
            options.load.directory = optarg;
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
            return usage_error("pyst config get --help tells the options");
        }
    }
    if (argc - optind != 3)
        return usage_error("pyst config get wants a file, a section and a name");
    r = load_config(&config, argv[optind], &options.load);
    if (r != 0)
        return r;
    found = show_items(config, &options, pyst_text(argv[optind + 1]), pyst_text(argv[optind + 2]));
    pyst_config_free(config);
    return found ? EXIT_DONE : EXIT_REFUSED;
}
