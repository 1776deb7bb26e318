/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <pyst/error.h>

#include "cli.h"
#include "config.h"
#include "show.h"

static const char help[] =
    "Usage: pyst config COMMAND [OPTION...] FILE [ARGUMENT...]\n"
    "\n"
    "  check FILE...                  what is wrong with configuration files\n"
    "  diff FILE FILE                 where two files differ in meaning\n"
    "  fmt FILE...                    spacing as is usual, without a change of meaning\n"
    "  get FILE SECTION NAME          the value of a setting\n"
    "  graph FILE                     a dialplan as a picture\n"
    "  match FILE CONTEXT NUMBER...   what a dialled number finds in a dialplan\n"
    "  set FILE SECTION NAME VALUE    give a setting a value\n"
    "  show FILE [SECTION...]         what Asterisk makes of a file\n"
    "\n"
    "Each tells its options: pyst config COMMAND --help.\n";

static const struct command commands[] = {
    {"check", command_config_check},
    {"diff", command_config_diff},
    {"fmt", command_config_fmt},
    {"get", command_config_get},
    {"graph", command_config_graph},
    {"match", command_config_match},
    {"set", command_config_set},
    {"show", command_config_show},
    {NULL, NULL},
};

int config_failure(const char *path, int error)
{
    fprintf(stderr, "pyst: %s: %s\n", path,
            error == PYST_ERR_SYSTEM ? strerror(errno) : pyst_strerror(error));
    return error == PYST_ERR_SYSTEM ? EXIT_USAGE : EXIT_FAILED;
}

int load_config(struct pyst_config **configp, const char *path,
                const struct pyst_config_load_options *options)
{
    const int r = pyst_config_load(configp, path, options);

    return r < 0 ? config_failure(path, r) : 0;
}

int load_dialplan(struct loaded_dialplan *loaded, const char *path, const char *directory)
{
    const struct pyst_config_load_options options = {.directory = directory};
    int r = load_config(&loaded->config, path, &options);

    if (r != 0)
        return r;
    r = pyst_dialplan_new(&loaded->dialplan, loaded->config);
    if (r < 0) {
        loaded_dialplan_deinit(loaded);
        return config_failure(path, r);
    }
    return 0;
}

void loaded_dialplan_deinit(struct loaded_dialplan *loaded)
{
    loaded->dialplan = pyst_dialplan_free(loaded->dialplan);
    loaded->config = pyst_config_free(loaded->config);
}

void show_config_place(FILE *file, const struct pyst_config_document *document,
                       const struct pyst_config_line *line)
{
    show_text(file, pyst_config_document_name(document));
    fprintf(file, ":%zu", pyst_config_line_number(line));
}

void set_config_place(json_t *object, const struct pyst_config_document *document,
                      const struct pyst_config_line *line)
{
    json_object_set_new(object, "file", json_text(pyst_config_document_name(document)));
    json_object_set_new(object, "line", json_integer((json_int_t)pyst_config_line_number(line)));
}

json_t *json_config_item(const struct pyst_config_item *item)
{
    json_t *object = json_object();

    json_object_set_new(object, "name", json_text(item->name));
    json_object_set_new(object, "value", json_text(item->value));
    json_object_set_new(object, "object", json_boolean(item->is_object));
    json_object_set_new(object, "inherited", json_boolean(item->is_inherited));
    set_config_place(object, item->document, item->line);
    return object;
}

int command_config(int argc, char **argv)
{
    return run_subcommand(commands, help, "pyst config --help", argc, argv);
}
