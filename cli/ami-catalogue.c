/* SPDX-License-Identifier: MIT */

/* pyst ami catalogue. */

#include <stdio.h>

#include <pyst/ami/catalogue.h>

#include "ami.h"
#include "cli.h"
#include "show.h"

static void show_entry_json(const struct pyst_ami_entry *entry, const char *kind)
{
    const struct pyst_ami_entry *final = pyst_ami_entry_list_final(entry), *listed;
    const struct pyst_ami_parameter *parameter;
    json_t *object = json_object(), *parameters = json_array(), *items = json_array();

    json_object_set_new(object, kind, json_string(pyst_ami_entry_name(entry)));
    json_object_set_new(object, "versions", json_versions(pyst_ami_entry_versions(entry)));
    if (pyst_ami_entry_privilege(entry))
        json_object_set_new(object, "privilege", json_string(pyst_ami_entry_privilege(entry)));
    for (size_t i = 0; (parameter = pyst_ami_entry_parameter(entry, i)); i++) {
        json_t *item = json_object(), *values = json_array();
        const char *value;

        json_object_set_new(item, "name", json_string(pyst_ami_parameter_name(parameter)));
        json_object_set_new(item, "versions",
                            json_versions(pyst_ami_parameter_versions(parameter)));
        json_object_set_new(item, "required", json_boolean(pyst_ami_parameter_required(parameter)));
        json_object_set_new(item, "repeats", json_boolean(pyst_ami_parameter_repeats(parameter)));
        for (size_t j = 0; (value = pyst_ami_parameter_value(parameter, j)); j++)
            json_array_append_new(values, json_string(value));
        json_object_set_new(item, "values", values);
        json_array_append_new(parameters, item);
    }
    json_object_set_new(object, "parameters", parameters);
    for (size_t i = 0; (listed = pyst_ami_entry_list_item(entry, i)); i++)
        json_array_append_new(items, json_string(pyst_ami_entry_name(listed)));
    if (final)
        json_array_append_new(items, json_string(pyst_ami_entry_name(final)));
    json_object_set_new(object, "lists", items);
    show_json(object);
}

static void show_entry_text(const struct pyst_ami_entry *entry, const char *kind)
{
    const struct pyst_ami_parameter *parameter;
    const struct pyst_ami_entry *item;

    printf("%s %s  (Asterisk %s)\n", kind, pyst_ami_entry_name(entry),
           versions_text(pyst_ami_entry_versions(entry)));
    if (pyst_ami_entry_privilege(entry))
        printf("    class %s\n", pyst_ami_entry_privilege(entry));
    for (size_t i = 0; (parameter = pyst_ami_entry_parameter(entry, i)); i++) {
        unsigned bits = pyst_ami_parameter_versions(parameter);
        const char *value;

        printf("    %-24s%s%s", pyst_ami_parameter_name(parameter),
               pyst_ami_parameter_required(parameter) ? " required" : "",
               pyst_ami_parameter_repeats(parameter) ? " repeats" : "");
        if (bits != pyst_ami_entry_versions(entry))
            printf(" (Asterisk %s)", versions_text(bits));
        for (size_t j = 0; (value = pyst_ami_parameter_value(parameter, j)); j++)
            printf("%s%s", j ? " | " : "  ", value);
        putchar('\n');
    }
    for (size_t i = 0; (item = pyst_ami_entry_list_item(entry, i)); i++)
        printf("    lists event %s\n", pyst_ami_entry_name(item));
    if (pyst_ami_entry_list_final(entry))
        printf("    ends with event %s\n", pyst_ami_entry_name(pyst_ami_entry_list_final(entry)));
    putchar('\n');
}

static void show_entry(const struct pyst_ami_entry *entry, const char *kind, bool json)
{
    if (json)
        show_entry_json(entry, kind);
    else
        show_entry_text(entry, kind);
}

static void show_all(bool json)
{
    const struct pyst_ami_entry *entry;

    for (size_t i = 0; (entry = pyst_ami_catalogue_action_at(i)); i++) {
        if (json)
            show_entry_json(entry, "action");
        else
            printf("action %s\n", pyst_ami_entry_name(entry));
    }
    for (size_t i = 0; (entry = pyst_ami_catalogue_event_at(i)); i++) {
        if (json)
            show_entry_json(entry, "event");
        else
            printf("event %s\n", pyst_ami_entry_name(entry));
    }
}

int command_ami_catalogue(struct settings *settings, int argc, char **argv)
{
    int r = EXIT_DONE;

    if (argc == 1)
        show_all(settings->json);
    for (int i = 1; i < argc; i++) {
        const struct pyst_ami_entry *action = pyst_ami_catalogue_action(pyst_text(argv[i]));
        const struct pyst_ami_entry *event = pyst_ami_catalogue_event(pyst_text(argv[i]));

        if (action)
            show_entry(action, "action", settings->json);
        if (event)
            show_entry(event, "event", settings->json);
        if (!action && !event)
            r = usage_error("%s is neither an action nor an event that Asterisk documents",
                            argv[i]);
    }
    return r;
}
