/* SPDX-License-Identifier: MIT */

/* pyst config show. */

#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "config.h"
#include "show.h"

static const char help[] =
    "Usage: pyst config show [OPTION...] FILE [SECTION...]\n"
    "\n"
    "  Prints what Asterisk makes of a configuration file, templates, additions and included "
    "files\n"
    "  being resolved: all sections, or those named. Exit code 1 says that there is none. \"-\" "
    "is\n"
    "  standard input.\n"
    "\n"
    "  -w, --where              print the file and line that each came from\n"
    "  -t, --templates          print templates, too, that are not named\n"
    "  -d, --directory FOLDER   where included files are, unless in that of FILE\n"
    "  -x, --execute            run what #exec names\n"
    "  -j, --json               print one JSON object a line, each a section\n";

struct options {
    struct pyst_config_load_options load;
    bool where;
    bool templates;
    bool json;
};

/* A file gets the bytes; a terminal would obey some of them. */
static void put(struct pyst_text text)
{
    if (isatty(STDOUT_FILENO))
        show_text(stdout, text);
    else
        fwrite(text.data, 1, text.size, stdout);
}

static void show_escaped(struct pyst_text text)
{
    while (text.size > 0) {
        const char *at = memchr(text.data, ';', text.size);
        size_t size = at ? (size_t)(at - text.data) : text.size;

        put(pyst_text_of(text.data, size));
        if (at) {
            fputs("\\;", stdout);
            size++;
        }
        text = pyst_text_of(text.data + size, text.size - size);
    }
}

static void end_line(const struct options *options, const struct pyst_config_document *document,
                     const struct pyst_config_line *line)
{
    if (options->where) {
        fputs("  ; ", stdout);
        show_config_place(stdout, document, line);
    }
    putchar('\n');
}

static void show_section(const struct pyst_config_section *section, const struct options *options)
{
    putchar('[');
    show_escaped(section->name);
    fputs(section->is_template ? "](!)" : "]", stdout);
    end_line(options, section->document, section->line);
    for (size_t i = 0; i < section->n_items; i++) {
        const struct pyst_config_item *item = &section->items[i];

        /* It would make another line of it. */
        if (item->name.size > 0 && strchr("[#\\", item->name.data[0]))
            putchar('\\');
        show_escaped(item->name);
        fputs(item->is_object ? " => " : " = ", stdout);
        show_escaped(item->value);
        end_line(options, item->document, item->line);
    }
    putchar('\n');
}

static void show_section_json(const struct pyst_config_section *section)
{
    json_t *object = json_object(), *templates = json_array(), *items = json_array();

    json_object_set_new(object, "section", json_text(section->name));
    json_object_set_new(object, "template", json_boolean(section->is_template));
    for (size_t i = 0; i < section->n_templates; i++)
        json_array_append_new(templates, json_text(section->templates[i]->name));
    json_object_set_new(object, "inherits", templates);
    set_config_place(object, section->document, section->line);
    for (size_t i = 0; i < section->n_items; i++)
        json_array_append_new(items, json_config_item(&section->items[i]));
    json_object_set_new(object, "items", items);
    show_json(object);
}

static bool is_named(const struct pyst_config_section *section, int n_names, char **names)
{
    for (int i = 0; i < n_names; i++)
        if (pyst_text_equal_nocase(section->name, pyst_text(names[i])))
            return true;
    return n_names == 0;
}

static int show(const char *path, const struct options *options, int n_names, char **names)
{
    struct pyst_config *config;
    bool found = n_names == 0;
    int r = load_config(&config, path, &options->load);

    if (r != 0)
        return r;
    for (size_t i = 0; i < pyst_config_section_count(config); i++) {
        const struct pyst_config_section *section = pyst_config_section(config, i);

        if (!is_named(section, n_names, names) ||
            (section->is_template && !options->templates && n_names == 0))
            continue;
        found = true;
        if (options->json)
            show_section_json(section);
        else
            show_section(section, options);
    }
    pyst_config_free(config);
    if (!found)
        fprintf(stderr, "pyst: %s: there is no such section\n", path);
    return found ? EXIT_DONE : EXIT_REFUSED;
}

int command_config_show(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"where", no_argument, NULL, 'w'},
        {"templates", no_argument, NULL, 't'},
        {"directory", required_argument, NULL, 'd'},
        {"execute", no_argument, NULL, 'x'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {0};
    int option;

    while ((option = getopt_long(argc, argv, "wtd:xjh", long_options, NULL)) != -1) {
        switch (option) {
        case 'w':
            options.where = true;
            break;
        case 't':
            options.templates = true;
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
            return usage_error("pyst config show --help tells the options");
        }
    }
    if (optind == argc)
        return usage_error("pyst config show wants a file");
    return show(argv[optind], &options, argc - optind - 1, argv + optind + 1);
}
