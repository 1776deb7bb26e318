/* SPDX-License-Identifier: MIT */
#include <regex.h>
#include <stdlib.h>

#include "base/pieces.h"
#include "config/config-internal.h"
#include "config/line.h"

#define EXPRESSION_SIZE 1024
#define REPEATED_MAX    1000
#define COMPILING       1000 /* steps that it counts as */

static char *copy(struct pyst_text text)
{
    char *string = malloc(text.size + 1);

    if (!string)
        return NULL;
    if (text.size > 0)
        memcpy(string, text.data, text.size);
    string[text.size] = '\0';
    return string;
}

/*
 * Whether regcomp() could take all memory there is: every repetition of a repetition multiplies
 * what it makes. (No parenthesis can be in a filter: it would end the section's options.)
 */
static bool is_too_large(struct pyst_text expression)
{
    size_t number = 0;
    bool repeated = false;

    for (size_t i = 0; i < expression.size; i++) {
        char c = expression.data[i];
        bool repeats = strchr("+*?{", c) != NULL;

        if (repeats && repeated)
            return true;
        repeated = repeats || c == '}' || (repeated && ((c >= '0' && c <= '9') || c == ','));
        number = c >= '0' && c <= '9' ? number * 10 + (size_t)(c - '0') : 0;
        if (repeated && number > REPEATED_MAX)
            return true;
    }
    return expression.size > EXPRESSION_SIZE;
}

/* Errors: PYST_ERR_INVALID, the expression cannot be used; PYST_ERR_NO_MEMORY. */
static int compile(regex_t *regex, struct pyst_text expression)
{
    char *source;
    int r;

    if (is_too_large(expression))
        return PYST_ERR_INVALID;
    source = copy(expression);
    if (!source)
        return PYST_ERR_NO_MEMORY;
    r = regcomp(regex, source, REG_EXTENDED | REG_NOSUB);
    free(source);
    if (r == 0)
        return 0;
    return r == REG_ESPACE ? PYST_ERR_NO_MEMORY : PYST_ERR_INVALID;
}

/* 1 or 0, or PYST_ERR_NO_MEMORY. */
static int fits_text(const regex_t *regex, struct pyst_text text)
{
    char *string = copy(text);
    int r;

    if (!string)
        return PYST_ERR_NO_MEMORY;
    r = regexec(regex, string, 0, NULL, 0) == 0;
    free(string);
    return r;
}

static int find_item(struct pyst_config *config, const struct pyst_config_section *section,
                     const regex_t *name, const regex_t *value)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < section->n_items; i++) {
        r = config_spend_steps(config, section->items[i].name.size + section->items[i].value.size);
        if (r == 0)
            r = fits_text(name, section->items[i].name);
        if (r == 1)
            r = fits_text(value, section->items[i].value);
    }
    return r;
}

static int has_item(struct pyst_config *config, const struct pyst_config_section *section,
                    struct pyst_text name, struct pyst_text value)
{
    regex_t name_regex, value_regex;
    int r = config_spend_steps(config, COMPILING);

    if (r == 0)
        r = compile(&name_regex, name);
    if (r < 0)
        return r;
    r = compile(&value_regex, value);
    if (r == 0) {
        r = find_item(config, section, &name_regex, &value_regex);
        regfree(&value_regex);
    }
    regfree(&name_regex);
    return r;
}

/* 1 or 0, or an error. */
static int fits(struct pyst_config *config, const struct section *section, struct pyst_text filter,
                char separator)
{
    const struct pyst_config_section *public = &section->public;
    bool templates = false;

    if (filter.size == 0)
        return !public->is_template;
    while (filter.data) {
        struct pyst_text value = config_strip(text_cut(&filter, separator));
        const struct pyst_text name = config_strip(text_cut(&value, '='));
        int r;

        /* An expression without an equal sign fits nothing. */
        if (!value.data)
            return 0;
        value = config_strip(value);
        if (pyst_text_equal(name, pyst_text("TEMPLATES"))) {
            if (!pyst_text_equal_nocase(value, pyst_text("include")) &&
                !(pyst_text_equal_nocase(value, pyst_text("restrict")) && public->is_template))
                return 0;
            templates = true;
            continue;
        }
        r = has_item(config, public, name, value);
        if (r <= 0)
            return r;
    }
    return templates || !public->is_template;
}

int config_match(struct pyst_config *config, struct pyst_text name, struct pyst_text filter,
                 char separator, struct section **foundp)
{
    struct section *section = name.size > 0 ? config_bucket(config, name) : NULL;
    int r = 0;

    *foundp = NULL;
    for (size_t i = 0; name.size == 0 && r == 0 && i < config->n_sections; i++) {
        section = config->sections[i];
        r = config_spend_steps(config, 1);
        if (r == 0)
            r = fits(config, section, filter, separator);
    }
    for (; name.size > 0 && section; section = section->next_in_bucket) {
        r = config_spend_steps(config, 1);
        if (r == 0 && pyst_text_equal_nocase(section->public.name, name))
            r = fits(config, section, filter, separator);
        if (r != 0)
            break;
    }
    if (r == 1)
        *foundp = section;
    return r;
}
