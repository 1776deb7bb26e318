/* SPDX-License-Identifier: MIT */

/* pyst config set. */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "config.h"
#include "show.h"

static const char help[] =
    "Usage: pyst config set [OPTION...] FILE SECTION NAME VALUE\n"
    "\n"
    "  Gives a setting a value, or adds it. Only its line changes. The file is replaced at once,\n"
    "  unless somebody else changed it meanwhile. Included files are not changed. Exit code 1 "
    "says\n"
    "  that there is no such section, or that Asterisk could not read the value back.\n"
    "\n"
    "  -a, --add                add a setting, even if there is one of that name\n"
    "  -c, --create             add the section if there is none\n"
    "  -d, --directory FOLDER   where included files are, unless in that of FILE\n";

struct change {
    struct pyst_text section;
    struct pyst_text name;
    struct pyst_text value;
    const char *directory;
    bool add;
    bool create;
};

static int refuse(const char *path, const char *reason)
{
    fprintf(stderr, "pyst: %s: %s\n", path, reason);
    return EXIT_REFUSED;
}

/* The last item of that name in the first section of that name and in what is added to it. */
static struct pyst_config_line *find_item(const struct pyst_config_document *document,
                                          const struct change *change,
                                          struct pyst_config_line **sectionp)
{
    struct pyst_config_line *section = NULL, *found = NULL;

    *sectionp = NULL;
    while ((section = pyst_config_document_find_section(document, change->section, section))) {
        struct pyst_config_line *line = section;

        if (!*sectionp)
            *sectionp = section;
        else if (!pyst_text_equal(pyst_config_line_value(section), pyst_text("+")))
            continue;
        while ((line = pyst_config_line_find_item(line, change->name)))
            found = line;
    }
    return found;
}

/* An exit code; 0 when the document was changed. */
static int apply(struct pyst_config_document *document, const char *path,
                 const struct change *change)
{
    struct pyst_config_line *section, *line = find_item(document, change, &section);
    int r = 0;

    if (!section && !change->create)
        return refuse(path, "there is no such section in the file itself; --create adds it");
    if (line && !change->add) {
        if (pyst_config_line_is_append(line))
            return refuse(path, "the value is put together by +=; change its lines by hand");
        r = pyst_config_line_set_value(document, line, change->value);
    } else {
        if (!section)
            r = pyst_config_document_add_section(document, NULL, change->section, pyst_text_none(),
                                                 &section);
        if (r == 0)
            r = pyst_config_document_add_item(document, pyst_config_section_end(section),
                                              change->name, change->value,
                                              PYST_CONFIG_STYLE_NEIGHBOUR, NULL);
    }
    if (r == PYST_ERR_NO_MEMORY)
        return out_of_memory();
    return r < 0 ? refuse(path, pyst_strerror(r)) : EXIT_DONE;
}

/* Another line, perhaps in another file, may have the last word. */
static void tell_if_void(struct pyst_config_document *document, const struct change *change)
{
    const struct pyst_config_load_options options = {.directory = change->directory};
    const struct pyst_config_section *section;
    const struct pyst_config_item *item;
    struct pyst_config *config;

    if (pyst_config_resolve(&config, document, &options) < 0)
        return;
    section = pyst_config_find(config, change->section, NULL);
    item = section ? pyst_config_section_get(section, change->name) : NULL;
    if (item && !pyst_text_equal(item->value, change->value)) {
        fputs("pyst: warning: what counts is another value, of ", stderr);
        show_config_place(stderr, item->document, item->line);
        fputc('\n', stderr);
    } else if (!item) {
        fputs("pyst: warning: Asterisk does not see the setting: is the section a template?\n",
              stderr);
    }
    pyst_config_free(config);
}

static int set(const char *path, const struct change *change)
{
    struct pyst_config_document *document;
    struct pyst_config_stamp stamp;
    int code, r = pyst_config_document_load(&document, path, &stamp);

    if (r < 0)
        return config_failure(path, r);
    code = apply(document, path, change);
    if (code == EXIT_DONE) {
        r = pyst_config_document_save(document, path, &stamp);
        if (r < 0)
            code = config_failure(path, r);
        else
            tell_if_void(document, change);
    }
    pyst_config_document_unref(document);
    return code;
}

int command_config_set(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"add", no_argument, NULL, 'a'},
        {"create", no_argument, NULL, 'c'},
        {"directory", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct change change = {0};
    int option;

    while ((option = getopt_long(argc, argv, "+acd:h", long_options, NULL)) != -1) {
        switch (option) {
        case 'a':
            change.add = true;
            break;
        case 'c':
            change.create = true;
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
