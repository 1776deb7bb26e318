/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
    const char *reason = error != PYST_ERR_SYSTEM ? pyst_strerror(error)
                         : errno == EINVAL        ? "no regular file"
                                                  : strerror(errno);

    fprintf(stderr, "pyst: %s: %s\n", path, reason);
    return error == PYST_ERR_SYSTEM ? EXIT_USAGE : EXIT_FAILED;
}

/* What is no file but can be read all the same: "-", a pipe. */
static bool is_stream(const char *path)
{
    struct stat status;

    return !strcmp(path, "-") ||
           (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode));
}

/* To the end of it; to be freed. NULL and errno. */
static char *read_to_end(FILE *in, size_t *sizep)
{
    size_t size = 0, room = 65536;
    char *bytes = malloc(room);

    while (bytes && !ferror(in) && !feof(in)) {
        size += fread(bytes + size, 1, room - size, in);
        if (size == room) {
            char *larger = room < UINT32_MAX / 2 ? realloc(bytes, 2 * room) : NULL;

            if (!larger) {
                free(bytes);
                errno = EFBIG;
                return NULL;
            }
            bytes = larger;
            room *= 2;
        }
    }
    if (bytes && ferror(in)) {
        free(bytes);
        return NULL;
    }
    *sizep = size;
    return bytes;
}

static int load_stream(struct pyst_config_document **documentp, const char *path)
{
    FILE *in = strcmp(path, "-") ? fopen(path, "re") : stdin;
    size_t size = 0;
    char *bytes = in ? read_to_end(in, &size) : NULL;
    int r = bytes ? pyst_config_document_new(documentp, pyst_text(path), pyst_text_of(bytes, size))
                  : PYST_ERR_SYSTEM;

    free(bytes);
    if (in && in != stdin)
        fclose(in);
    return r;
}

int read_config(struct pyst_config **configp, const char *path,
                const struct pyst_config_load_options *options)
{
    struct pyst_config_document *document;
    int r;

    if (!is_stream(path)) {
        r = pyst_config_load(configp, path, options);
    } else {
        r = load_stream(&document, path);
        if (r == 0) {
            r = pyst_config_resolve(configp, document, options);
            pyst_config_document_unref(document);
        }
    }
    return r < 0 ? config_failure(path, r) : 0;
}

static void warn(const struct pyst_config_found *found, const char *what)
{
    fputs("pyst: warning: ", stderr);
    show_text(stderr, pyst_config_document_name(found->document));
    fprintf(stderr, ":%zu: %s: %s", found->problem.line, what,
            pyst_config_problem_text(found->problem.kind));
    if (found->problem.what.size > 0) {
        fputs(": ", stderr);
        show_text(stderr, found->problem.what);
    }
    fputc('\n', stderr);
}

int load_config(struct pyst_config **configp, const char *path,
                const struct pyst_config_load_options *options)
{
    const int r = read_config(configp, path, options);
    bool has_error = false, has_exec = false;

    for (size_t i = 0; r == 0 && i < pyst_config_problem_count(*configp); i++) {
        const struct pyst_config_found found = pyst_config_problem(*configp, i);
        const bool is_error =
            pyst_config_problem_severity(found.problem.kind) == PYST_CONFIG_ERROR &&
            found.document == pyst_config_document(*configp, 0);

        if (is_error && !has_error)
            warn(&found, "Asterisk refuses the file");
        if (found.problem.kind == PYST_CONFIG_EXEC_OFF && !has_exec)
            warn(&found, "something is missing");
        has_error |= is_error;
        has_exec |= found.problem.kind == PYST_CONFIG_EXEC_OFF;
    }
    return r;
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

bool config_filter_parse(struct config_filter *filter, const char *text)
{
    const char *equals = strchr(text, '=');

    if (!equals || equals == text)
        return false;
    filter->name = pyst_text_of(text, (size_t)(equals - text));
    filter->value = pyst_text(equals + 1);
    return true;
}

bool config_filter_fits(const struct config_filter *filter,
                        const struct pyst_config_section *section)
{
    for (size_t i = 0; filter->name.data && i < section->n_items; i++)
        if (pyst_text_equal_nocase(section->items[i].name, filter->name) &&
            pyst_text_equal(section->items[i].value, filter->value))
            return true;
    return !filter->name.data;
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
