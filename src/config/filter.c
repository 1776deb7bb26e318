/* SPDX-License-Identifier: MIT */
#include <regex.h>
#include <stdlib.h>

#include "config/config-internal.h"
#include "config/line.h"

/* What stands before the first `c`, without blanks at its ends; *restp behind it, absent: none. */
static struct pyst_text cut(struct pyst_text text, char c, struct pyst_text *restp)
{
    const char *at = text.size > 0 ? memchr(text.data, c, text.size) : NULL;

    *restp = pyst_text_none();
    if (!at)
        return config_strip(text);
    *restp = pyst_text_of(at + 1, text.size - (size_t)(at + 1 - text.data));
    return config_strip(pyst_text_of(text.data, (size_t)(at - text.data)));
}

/* 1: it fits, 0: it does not, -1: it is no regular expression. `text` NULL only tells of that. */
static int fits_expression(struct pyst_text expression, const struct pyst_text *text)
{
    char *source = strndup(expression.size > 0 ? expression.data : "", expression.size);
    char *subject = text ? strndup(text->size > 0 ? text->data : "", text->size) : NULL;
    regex_t regex;
    int r = -1;

    if (source && regcomp(&regex, source, REG_EXTENDED | REG_NOSUB) == 0) {
        r = subject && regexec(&regex, subject, 0, NULL, 0) == 0;
        regfree(&regex);
    }
    free(source);
    free(subject);
    return r;
}

static bool has_item(const struct pyst_config_section *section, struct pyst_text name,
                     struct pyst_text value)
{
    for (size_t i = 0; i < section->n_items; i++)
        if (fits_expression(name, &section->items[i].name) == 1 &&
            fits_expression(value, &section->items[i].value) == 1)
            return true;
    return false;
}

static bool fits(const struct section *section, struct pyst_text filter, char separator,
                 bool *is_badp)
{
    const struct pyst_config_section *public = &section->public;
    bool templates = false;

    if (filter.size == 0)
        return !public->is_template;
    while (filter.data) {
        struct pyst_text expression = cut(filter, separator, &filter), value;
        struct pyst_text name = cut(expression, '=', &value);

        /* An expression without an equal sign fits nothing. */
        if (!value.data)
            return false;
        value = config_strip(value);
        if (pyst_text_equal(name, pyst_text("TEMPLATES"))) {
            if (pyst_text_equal_nocase(value, pyst_text("include")))
                templates = true;
            else if (pyst_text_equal_nocase(value, pyst_text("restrict")) && public->is_template)
                templates = true;
            else
                return false;
            continue;
        }
        if (fits_expression(name, NULL) < 0 || fits_expression(value, NULL) < 0) {
            *is_badp = true;
            return false;
        }
        if (!has_item(public, name, value))
            return false;
    }
    return templates || !public->is_template;
}

struct section *config_match(const struct pyst_config *config, struct pyst_text name,
                             struct pyst_text filter, char separator, bool *is_badp)
{
    if (name.size == 0) {
        for (size_t i = 0; i < config->n_sections; i++)
            if (fits(config->sections[i], filter, separator, is_badp))
                return config->sections[i];
        return NULL;
    }
    for (struct section *section = config_bucket(config, name); section;
         section = section->next_in_bucket)
        if (pyst_text_equal_nocase(section->public.name, name) &&
            fits(section, filter, separator, is_badp))
            return section;
    return NULL;
}
