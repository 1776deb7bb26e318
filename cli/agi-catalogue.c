/* SPDX-License-Identifier: MIT */

/* pyst agi catalogue. */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/agi/catalogue.h>

#include "agi.h"
#include "cli.h"
#include "show.h"

static const char help[] =
    "Usage: pyst agi catalogue [OPTION...] [NAME]\n"
    "\n"
    "  NAME is a command such as GET VARIABLE, or its first words: SAY is all that speak.\n"
    "  Without it, the names of all commands are printed.\n"
    "\n"
    "  -j, --json   print one JSON object a line\n";

static void show_entry_json(const struct pyst_agi_entry *entry)
{
    const struct pyst_agi_parameter *parameter;
    json_t *object = json_object(), *parameters = json_array();

    json_object_set_new(object, "command", json_string(pyst_agi_entry_name(entry)));
    json_object_set_new(object, "versions", json_versions(pyst_agi_entry_versions(entry)));
    json_object_set_new(object, "on_dead_channel",
                        json_boolean(pyst_agi_entry_on_dead_channel(entry)));
    for (size_t i = 0; (parameter = pyst_agi_entry_parameter(entry, i)); i++) {
        json_t *item = json_object(), *values = json_array();
        const char *value;

        json_object_set_new(item, "name", json_string(pyst_agi_parameter_name(parameter)));
        json_object_set_new(item, "versions",
                            json_versions(pyst_agi_parameter_versions(parameter)));
        json_object_set_new(item, "required", json_boolean(pyst_agi_parameter_required(parameter)));
        json_object_set_new(item, "joined", json_boolean(pyst_agi_parameter_is_joined(parameter)));
        for (size_t j = 0; (value = pyst_agi_parameter_value(parameter, j)); j++)
            json_array_append_new(values, json_string(value));
        json_object_set_new(item, "values", values);
        json_array_append_new(parameters, item);
    }
    json_object_set_new(object, "parameters", parameters);
    show_json(object);
}

static void show_entry_text(const struct pyst_agi_entry *entry)
{
    const struct pyst_agi_parameter *parameter;

    printf("%s  (Asterisk %s)\n", pyst_agi_entry_name(entry),
           versions_text(pyst_agi_entry_versions(entry)));
    if (pyst_agi_entry_on_dead_channel(entry))
        printf("    also on a channel that is hung up\n");
    for (size_t i = 0; (parameter = pyst_agi_entry_parameter(entry, i)); i++) {
        unsigned bits = pyst_agi_parameter_versions(parameter);
        const char *value;

        printf("    %-24s%s%s", pyst_agi_parameter_name(parameter),
               pyst_agi_parameter_required(parameter) ? " required" : "",
               pyst_agi_parameter_is_joined(parameter) ? " several, with commas" : "");
        if (bits != pyst_agi_entry_versions(entry))
            printf(" (Asterisk %s)", versions_text(bits));
        for (size_t j = 0; (value = pyst_agi_parameter_value(parameter, j)); j++)
            printf("%s%s", j ? " | " : "  ", value);
        putchar('\n');
    }
    putchar('\n');
}

static void show_entry(const struct pyst_agi_entry *entry, bool json)
{
    if (json)
        show_entry_json(entry);
    else
        show_entry_text(entry);
}

static void show_all(bool json)
{
    const struct pyst_agi_entry *entry;

    for (size_t i = 0; (entry = pyst_agi_catalogue_command_at(i)); i++) {
        if (json)
            show_entry_json(entry);
        else
            printf("%s\n", pyst_agi_entry_name(entry));
    }
}

/* Whether the command's name begins with these words. */
static bool begins_with(const struct pyst_agi_entry *entry, const char *words)
{
    struct pyst_text name = pyst_text(pyst_agi_entry_name(entry));
    size_t size = strlen(words);

    return size < name.size && name.data[size] == ' ' &&
           pyst_text_equal_nocase(pyst_text_of(name.data, size), pyst_text(words));
}

static int show_named(const char *name, bool json)
{
    const struct pyst_agi_entry *entry = pyst_agi_catalogue_command(pyst_text(name));
    bool found = false;

    if (entry) {
        show_entry(entry, json);
        return EXIT_DONE;
    }
    for (size_t i = 0; (entry = pyst_agi_catalogue_command_at(i)); i++) {
        if (begins_with(entry, name)) {
            show_entry(entry, json);
            found = true;
        }
    }
    return found ? EXIT_DONE : usage_error("%s is no AGI command that Asterisk documents", name);
}

int command_agi_catalogue(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    bool json = false;
    char *name;
    int option, r;

    while ((option = getopt_long(argc, argv, "+jh", options, NULL)) != -1) {
        switch (option) {
        case 'j':
            json = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_DONE;
        default:
            return usage_error("pyst agi catalogue --help tells the options");
        }
    }
    if (optind == argc) {
        show_all(json);
        return EXIT_DONE;
    }
    name = join_words(argc - optind, argv + optind);
    if (!name)
        return out_of_memory();
    r = show_named(name, json);
    free(name);
    return r;
}
