/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include <pyst/agi/catalogue.h>

#include "base/fold.h"

struct pyst_agi_parameter {
    uint16_t name;   /* in strings */
    uint16_t values; /* the first of n_values in values */
    uint8_t n_values;
    uint8_t versions;
    uint8_t required;
    uint8_t is_joined;
};

struct pyst_agi_entry {
    uint16_t name;       /* in strings */
    uint16_t parameters; /* the first of n_parameters in parameters */
    uint8_t n_parameters;
    uint8_t versions;
    uint8_t on_dead_channel;
    uint8_t ignores_more;
};

#include "command-table.h"

#define N_ROWS(table) (sizeof(table) / sizeof((table)[0]))

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * Below, at or above 0 as `name` stands before, at or behind `string`, which has one blank between
 * its words where `name` may have more, and around them.
 */
static int compare_words(struct pyst_text name, const char *string)
{
    const char *at = name.data;
    const char *end = name.data + name.size;

    while (end > at && is_blank(end[-1]))
        end--;
    while (at < end && is_blank(*at))
        at++;
    for (; at < end && *string != '\0'; at++, string++) {
        char c = *at;

        if (is_blank(c)) {
            c = ' ';
            while (is_blank(at[1])) /* the last byte is none */
                at++;
        }
        if (fold(c) != fold(*string))
            return fold(c) - fold(*string);
    }
    if (at == end)
        return *string == '\0' ? 0 : -1;
    return 1;
}

const struct pyst_agi_entry *pyst_agi_catalogue_command(struct pyst_text name)
{
    size_t low = 0;
    size_t high = name.data ? N_ROWS(commands) : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_words(name, strings + commands[middle].name);

        if (order == 0)
            return &commands[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

size_t pyst_agi_catalogue_count(void)
{
    return N_ROWS(commands);
}

const struct pyst_agi_entry *pyst_agi_catalogue_command_at(size_t index)
{
    return index < N_ROWS(commands) ? &commands[index] : NULL;
}

const char *pyst_agi_entry_name(const struct pyst_agi_entry *entry)
{
    return strings + entry->name;
}

unsigned pyst_agi_entry_versions(const struct pyst_agi_entry *entry)
{
    return entry->versions;
}

bool pyst_agi_entry_on_dead_channel(const struct pyst_agi_entry *entry)
{
    return entry->on_dead_channel;
}

bool pyst_agi_entry_ignores_more(const struct pyst_agi_entry *entry)
{
    return entry->ignores_more;
}

const struct pyst_agi_parameter *pyst_agi_entry_parameter(const struct pyst_agi_entry *entry,
                                                          size_t index)
{
    return index < entry->n_parameters ? &parameters[entry->parameters + index] : NULL;
}

const char *pyst_agi_parameter_name(const struct pyst_agi_parameter *parameter)
{
    return strings + parameter->name;
}

unsigned pyst_agi_parameter_versions(const struct pyst_agi_parameter *parameter)
{
    return parameter->versions;
}

unsigned pyst_agi_parameter_required(const struct pyst_agi_parameter *parameter)
{
    return parameter->required;
}

bool pyst_agi_parameter_is_joined(const struct pyst_agi_parameter *parameter)
{
    return parameter->is_joined;
}

const char *pyst_agi_parameter_value(const struct pyst_agi_parameter *parameter, size_t index)
{
    return index < parameter->n_values ? strings + values[parameter->values + index] : NULL;
}
