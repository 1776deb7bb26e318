/* SPDX-License-Identifier: MIT */

/* pyst config set. */

#include <getopt.h>
#include <stdio.h>

#include "cli.h"
#include "config.h"
#include "show.h"

static const char help[] =
    "Usage: pyst config set [OPTION...] FILE SECTION NAME VALUE\n"
    "\n"
    "  Gives a setting a value, or adds it. Only its line changes. The file is replaced at once,\n"
    "  unless somebody else changed it meanwhile. Included files are not changed. Exit code 1 "
    "says\n"
    "  that there is no such section, or several and it is not clear which, or that Asterisk "
    "could\n"
    "  not read the value back.\n"
    "\n"
    "  -a, --add                add a setting, even if there is one of that name\n"
    "  -c, --create             add the section if there is none\n"
    "  -f, --filter NAME=VALUE  in the first section of that name that has this setting, as\n"
    "                           type=aor\n"
    "  -d, --directory FOLDER   where included files are, unless in that of FILE\n";

struct change {
    struct pyst_text section;
    struct pyst_text name;
    struct pyst_text value;
    struct config_filter filter;
    const char *directory;
    bool add;
    bool create;
};

static int refuse(const char *path, const char *reason)
{
    fprintf(stderr, "pyst: %s: %s\n", path, reason);
    return EXIT_REFUSED;
}

/* Where a change belongs. */
struct place {
    struct pyst_config_line *section; /* NULL: there is none */
    struct pyst_config_line *item;    /* the last one of that name; NULL: none */
    bool is_ambiguous;                /* another section has that name, too */
};

/* [name](+) and its like. */
static bool is_addition(const struct pyst_config_line *section)
{
    struct pyst_text options = pyst_config_line_value(section);

    for (size_t i = 0; i < options.size; i++)
        if (options.data[i] == '+' && (i == 0 || options.data[i - 1] == ','))
            return true;
    return false;
}

static void find_item(struct place *place, struct pyst_config_line *section, struct pyst_text name)
{
    struct pyst_config_line *line = section;

    while ((line = pyst_config_line_find_item(line, name)))
        place->item = line;
}

/* In the first section of that name, and in what is added to it. */
static void find_by_name(struct place *place, const struct pyst_config_document *document,
                         const struct change *change)
{
    struct pyst_config_line *section = NULL;

    while ((section = pyst_config_document_find_section(document, change->section, section))) {
        if (place->section && !is_addition(section)) {
            place->is_ambiguous = true;
        } else if (!place->section ||
                   pyst_text_equal(pyst_config_line_value(section), pyst_text("+"))) {
            find_item(place, section, change->name);
            place->section = place->section ? place->section : section;
        }
    }
}

/* The first section that fits, in whichever file; NULL: none. */
static const struct pyst_config_section *find_resolved(const struct pyst_config *config,
                                                       const struct change *change)
{
    for (size_t i = 0; i < pyst_config_section_count(config); i++) {
        const struct pyst_config_section *section = pyst_config_section(config, i);

        if (pyst_text_equal_nocase(section->name, change->section) &&
            config_filter_fits(&change->filter, section))
            return section;
    }
    return NULL;
}

/* An exit code; 0 when the place was found, which may be that there is no such section. */
static int find(struct place *place, struct pyst_config_document *document, const char *path,
                const struct change *change)
{
    const struct pyst_config_load_options options = {.directory = change->directory};
    const struct pyst_config_section *resolved;
    struct pyst_config *config;
    int r, code = EXIT_DONE;

    if (!change->filter.name.data)
        find_by_name(place, document, change);
    if (place->section)
        return EXIT_DONE;
    r = pyst_config_resolve(&config, document, &options);
    if (r < 0)
        return config_failure(path, r);
    resolved = find_resolved(config, change);
    if (resolved && resolved->document == document) {
        do {
            place->section =
                pyst_config_document_find_section(document, change->section, place->section);
        } while (place->section && place->section != resolved->line);
        if (place->section)
            find_item(place, place->section, change->name);
    } else if (resolved && !change->create) {
        fprintf(stderr, "pyst: %s: the section is in another file, at ", path);
        show_config_place(stderr, resolved->document, resolved->line);
        fputc('\n', stderr);
        code = EXIT_REFUSED;
    } else if (change->filter.name.data) {
        code = refuse(path, "no section of that name has that setting");
    }
    pyst_config_free(config);
    return code;
}

/* An exit code; 0 when the document was changed, in *linep. */
static int apply(struct pyst_config_document *document, const char *path,
                 const struct change *change, struct pyst_config_line **linep)
{
    struct place place = {0};
    int r = find(&place, document, path, change);

    if (r != EXIT_DONE)
        return r;
    if (!place.section && !change->create)
        return refuse(path, "there is no such section; --create adds it");
    if (place.item && !change->add) {
        if (pyst_config_line_is_append(place.item))
            return refuse(path, "the value is put together by +=; change its lines by hand");
        *linep = place.item;
        r = pyst_config_line_set_value(document, place.item, change->value);
    } else {
        if (place.is_ambiguous && !change->add)
            return refuse(path, "several sections have that name; --filter NAME=VALUE tells which, "
                                "--add takes the first");
        if (!place.section)
            r = pyst_config_document_add_section(document, NULL, change->section, pyst_text_none(),
                                                 &place.section);
        if (r == 0)
            r = pyst_config_document_add_item(document, pyst_config_section_end(place.section),
                                              change->name, change->value,
                                              PYST_CONFIG_STYLE_NEIGHBOUR, linep);
    }
    if (r == PYST_ERR_NO_MEMORY)
        return out_of_memory();
    return r < 0 ? refuse(path, pyst_strerror(r)) : EXIT_DONE;
}

/* Whether any section has its value from the line. */
static bool counts(const struct pyst_config *config, const struct change *change,
                   const struct pyst_config_line *line)
{
    for (size_t i = 0; i < pyst_config_section_count(config); i++) {
        const struct pyst_config_item *item =
            pyst_config_section_get(pyst_config_section(config, i), change->name);

        if (item && item->line == line)
            return true;
    }
    return false;
}

/* Another line, perhaps in another file, may have the last word. */
static void tell_if_void(struct pyst_config_document *document, const struct change *change,
                         const struct pyst_config_line *line)
{
    const struct pyst_config_load_options options = {.directory = change->directory};
    const struct pyst_config_section *section;
    const struct pyst_config_item *item;
    struct pyst_config *config;

    if (pyst_config_resolve(&config, document, &options) < 0)
        return;
    section = find_resolved(config, change);
    item = section ? pyst_config_section_get(section, change->name) : NULL;
    if (item && !counts(config, change, line)) {
        fputs("pyst: warning: what counts is another value, of ", stderr);
        show_config_place(stderr, item->document, item->line);
        fputc('\n', stderr);
    }
    pyst_config_free(config);
}

static int set(const char *path, const struct change *change)
{
    struct pyst_config_document *document;
    struct pyst_config_line *line = NULL;
    struct pyst_config_stamp stamp;
    int code, r = pyst_config_document_load(&document, path, &stamp);

    if (r < 0)
        return config_failure(path, r);
    code = apply(document, path, change, &line);
    if (code == EXIT_DONE) {
        r = pyst_config_document_save(document, path, &stamp);
        if (r < 0)
            code = config_failure(path, r);
        else
            tell_if_void(document, change, line);
    }
    pyst_config_document_unref(document);
    return code;
}

int command_config_set(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"add", no_argument, NULL, 'a'},          {"create", no_argument, NULL, 'c'},
        {"filter", required_argument, NULL, 'f'}, {"directory", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    struct change change = {0};
    int option;

    while ((option = getopt_long(argc, argv, "+acf:d:h", long_options, NULL)) != -1) {
        switch (option) {
        case 'a':
            change.add = true;
            break;
        case 'c':
            change.create = true;
            break;
        case 'f':
            if (!config_filter_parse(&change.filter, optarg))
                return usage_error("a filter is NAME=VALUE");
            break;
        case 'd':
            change.directory = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_DONE;
        default:
            return usage_error("pyst config set --help tells the options");
        }
    }
    if (argc - optind != 4)
        return usage_error("pyst config set wants a file, a section, a name and a value");
    change.section = pyst_text(argv[optind + 1]);
    change.name = pyst_text(argv[optind + 2]);
    change.value = pyst_text(argv[optind + 3]);
    return set(argv[optind], &change);
}
