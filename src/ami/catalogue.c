/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include <pyst/ami/catalogue.h>
#include <pyst/error.h>

#include "base/fold.h"

struct pyst_ami_parameter {
    uint16_t name;   /* in strings */
    uint16_t values; /* the first of n_values in values */
    uint8_t n_values;
    uint8_t versions;
    uint8_t required;
    uint8_t repeats;
};

struct pyst_ami_entry {
    uint16_t name;       /* in strings */
    uint16_t privilege;  /* in strings; 0 for an action */
    uint16_t parameters; /* the first of n_parameters in parameters */
    uint16_t items;      /* the first of n_items in items, which has indices of events */
    uint16_t final;      /* one more than the index in events; 0 for none */
    uint8_t n_parameters;
    uint8_t n_items;
    uint8_t versions;
    uint8_t takes_any;
};

#include "catalogue-table.h"

#define N_ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* Below, at or above 0 as `name` stands before, at or behind `string`. */
static int compare_nocase(struct pyst_text name, const char *string)
{
    size_t i = 0;

    while (i < name.size && string[i] != '\0' && fold(name.data[i]) == fold(string[i]))
        i++;
    if (i == name.size)
        return string[i] == '\0' ? 0 : -1;
    return string[i] == '\0' ? 1 : fold(name.data[i]) - fold(string[i]);
}

static const struct pyst_ami_entry *find_entry(const struct pyst_ami_entry *table, size_t n_rows,
                                               struct pyst_text name)
{
    size_t low = 0;
    size_t high = n_rows;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_nocase(name, strings + table[middle].name);

        if (order == 0)
            return &table[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct pyst_ami_entry *pyst_ami_catalogue_action(struct pyst_text name)
{
    return find_entry(actions, N_ROWS(actions), name);
}

const struct pyst_ami_entry *pyst_ami_catalogue_event(struct pyst_text name)
{
    return find_entry(events, N_ROWS(events), name);
}

const struct pyst_ami_entry *pyst_ami_catalogue_action_at(size_t index)
{
    return index < N_ROWS(actions) ? &actions[index] : NULL;
}

const struct pyst_ami_entry *pyst_ami_catalogue_event_at(size_t index)
{
    return index < N_ROWS(events) ? &events[index] : NULL;
}

const char *pyst_ami_entry_name(const struct pyst_ami_entry *entry)
{
    return strings + entry->name;
}

unsigned pyst_ami_entry_versions(const struct pyst_ami_entry *entry)
{
    return entry->versions;
}

const char *pyst_ami_entry_privilege(const struct pyst_ami_entry *entry)
{
    return entry->privilege ? strings + entry->privilege : NULL;
}

bool pyst_ami_entry_takes_any(const struct pyst_ami_entry *entry)
{
    return entry->takes_any;
}

const struct pyst_ami_parameter *pyst_ami_entry_parameter(const struct pyst_ami_entry *entry,
                                                          size_t index)
{
    return index < entry->n_parameters ? &parameters[entry->parameters + index] : NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether `name` is the documented name, or is it but for the digits where that has a number. */
static bool names_parameter(struct pyst_text name, const char *documented)
{
    struct pyst_text pattern = pyst_text(documented);
    size_t start = 0;
    size_t end;
    size_t tail;

    if (pyst_text_equal_nocase(name, pattern))
        return true;

    while (start < pattern.size && pattern.data[start] != '0')
        start++;
    for (end = start; end < pattern.size && pattern.data[end] == '0'; end++)
        ;
    /* Only Cat-000000 and UnitType(0) are numbered; the 0 in AuthType0 would be part of a name. */
    if (start == end || start == 0 ||
        (pattern.data[start - 1] != '-' && pattern.data[start - 1] != '('))
        return false;
    tail = pattern.size - end;
    if (name.size <= start + tail)
        return false;
    for (size_t i = start; i < name.size - tail; i++)
        if (!is_digit(name.data[i]))
            return false;
    return pyst_text_equal_nocase(pyst_text_of(name.data, start),
                                  pyst_text_of(pattern.data, start)) &&
           pyst_text_equal_nocase(pyst_text_of(name.data + name.size - tail, tail),
                                  pyst_text_of(pattern.data + end, tail));
}

const struct pyst_ami_parameter *pyst_ami_entry_find(const struct pyst_ami_entry *entry,
                                                     struct pyst_text name)
{
    const struct pyst_ami_parameter *parameter;

    for (size_t i = 0; (parameter = pyst_ami_entry_parameter(entry, i)); i++)
        if (names_parameter(name, strings + parameter->name))
            return parameter;
    return NULL;
}

const struct pyst_ami_entry *pyst_ami_entry_list_item(const struct pyst_ami_entry *entry,
                                                      size_t index)
{
    return index < entry->n_items ? &events[items[entry->items + index]] : NULL;
}

const struct pyst_ami_entry *pyst_ami_entry_list_final(const struct pyst_ami_entry *entry)
{
    return entry->final ? &events[entry->final - 1] : NULL;
}

const char *pyst_ami_parameter_name(const struct pyst_ami_parameter *parameter)
{
    return strings + parameter->name;
}

unsigned pyst_ami_parameter_versions(const struct pyst_ami_parameter *parameter)
{
    return parameter->versions;
}

unsigned pyst_ami_parameter_required(const struct pyst_ami_parameter *parameter)
{
    return parameter->required;
}

bool pyst_ami_parameter_repeats(const struct pyst_ami_parameter *parameter)
{
    return parameter->repeats;
}

const char *pyst_ami_parameter_value(const struct pyst_ami_parameter *parameter, size_t index)
{
    return index < parameter->n_values ? strings + values[parameter->values + index] : NULL;
}

/* The first header of the action that these versions do not document; absent when there is none. */
static struct pyst_text find_unknown(const struct pyst_ami_action *action,
                                     const struct pyst_ami_entry *entry, unsigned versions)
{
    if (entry->takes_any)
        return pyst_text_none();
    for (size_t i = 1; i < pyst_ami_action_n_headers(action); i++) {
        const struct pyst_ami_parameter *parameter;
        struct pyst_text name;
        struct pyst_text value;

        pyst_ami_action_header(action, i, &name, &value);
        if (pyst_text_equal_nocase(name, pyst_text("ActionID")))
            continue;
        parameter = pyst_ami_entry_find(entry, name);
        if (!parameter || versions & ~(unsigned)parameter->versions)
            return name;
    }
    return pyst_text_none();
}

/* The first parameter that one of these versions requires and the action lacks, or absent. */
static struct pyst_text find_missing(const struct pyst_ami_action *action,
                                     const struct pyst_ami_entry *entry, unsigned versions)
{
    const struct pyst_ami_parameter *parameter;

    for (size_t i = 0; (parameter = pyst_ami_entry_parameter(entry, i)); i++) {
        struct pyst_text name = pyst_text(strings + parameter->name);

        if (parameter->required & versions && !pyst_ami_action_get(action, name).data)
            return name;
    }
    return pyst_text_none();
}

static int check_versions(const struct pyst_ami_action *action, unsigned versions,
                          struct pyst_text *whichp)
{
    struct pyst_text name = pyst_ami_action_name(action);
    const struct pyst_ami_entry *entry = pyst_ami_catalogue_action(name);
    struct pyst_text which = name;
    int r = PYST_ERR_NOT_IN_CATALOGUE;

    if (entry && !(versions & ~(unsigned)entry->versions)) {
        which = find_unknown(action, entry, versions);
        if (!which.data) {
            which = find_missing(action, entry, versions);
            r = which.data ? PYST_ERR_MISSING_PARAMETER : 0;
        }
    }
    if (r < 0 && whichp)
        *whichp = which;
    return r;
}

int pyst_ami_catalogue_check(const struct pyst_ami_action *action, unsigned versions,
                             struct pyst_text *whichp)
{
    unsigned version;

    if (versions)
        return check_versions(action, versions, whichp);

    /* The oldest that has it all will do; the complaint, if any, is that of the newest. */
    for (version = PYST_AMI_ASTERISK_16; version < PYST_AMI_ASTERISK_22; version <<= 1)
        if (check_versions(action, version, NULL) == 0)
            return 0;
    return check_versions(action, version, whichp);
}
