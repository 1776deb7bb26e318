/* SPDX-License-Identifier: MIT */

/* From a configuration to a dialplan (pbx/pbx_config.c, pbx_load_config). */

#include <limits.h>
#include <stdlib.h>

#include "base/pieces.h"
#include "config/line.h"
#include "dialplan/internal.h"
#include "dialplan/load.h"
#include "dialplan/pattern.h"

#define EXTENSION_SIZE 255 /* bytes of a name that Asterisk keeps, the caller ID among them */
#define NO_PRIORITY    (-2)

static bool has_text(struct pyst_text text, const char *part)
{
    return text.size > 0 && memmem(text.data, text.size, part, strlen(part));
}

/* ---- names ---------------------------------------------------------------------------------- */

/* The extension of `exten =>`: up to a comma that is in no set and not escaped (pbx_strsep). */
static struct pyst_text take_extension(struct pyst_text *rest)
{
    struct pyst_text taken = *rest;
    unsigned depth = 0;

    for (size_t i = 0; i < rest->size; i++) {
        const char c = rest->data[i];

        if (c == '[') {
            depth++;
        } else if (c == ']') {
            depth -= depth > 0;
        } else if (c == '\\') {
            i++;
        } else if (c == ',' && depth == 0) {
            taken.size = i;
            *rest = pyst_text_of(rest->data + i + 1, rest->size - i - 1);
            return taken;
        }
    }
    *rest = pyst_text_none();
    return taken;
}

/* Leaves out characters that Asterisk does, outside of sets; a copy only when there are some. */
static int leave_out(struct pyst_dialplan *dialplan, struct pyst_text *textp,
                     bool (*is_left_out)(struct pyst_text text, size_t i))
{
    struct pyst_text text = *textp;
    char *kept = NULL;
    size_t size = 0;

    for (size_t i = 0; i < text.size; i++) {
        if (!is_left_out(text, i)) {
            if (kept)
                kept[size] = text.data[i];
            size++;
        } else if (!kept) {
            kept = dialplan_keep(dialplan, text.size);
            if (!kept)
                return PYST_ERR_NO_MEMORY;
            memcpy(kept, text.data, size);
        }
    }
    if (kept)
        *textp = pyst_text_of(kept, size);
    return 0;
}

/* Whether byte `i` stands in a set. A bracket that closes nothing does no harm. */
static bool is_in_set(struct pyst_text text, size_t i)
{
    while (i-- > 0) {
        if (text.data[i] == ']')
            return false;
        if (text.data[i] == '[')
            return true;
    }
    return false;
}

/* main/pbx.c, ext_strncpy */
static bool is_blank_of_name(struct pyst_text text, size_t i)
{
    return text.data[i] == ' ' && (text.data[0] != '_' || !is_in_set(text, i));
}

/* main/callerid.c, ast_shrink_phone_number */
static bool is_filler_of_caller(struct pyst_text text, size_t i)
{
    switch (text.data[i]) {
    case '-':
        return !is_in_set(text, i);
    case '.':
        return i + 1 < text.size;
    case '(':
    case ' ':
    case ')':
        return true;
    default:
        return false;
    }
}

/* Splits "extension/caller ID"; blanks stay in the name. */
static int read_name(struct entry *entry, struct pyst_dialplan_extension *extension)
{
    struct pyst_text rest = entry->loader->extension;

    extension->name = text_cut(&rest, '/');
    extension->caller_id = rest;
    return rest.data
               ? leave_out(entry->loader->dialplan, &extension->caller_id, is_filler_of_caller)
               : 0;
}

static bool is_dash(struct pyst_text text, size_t i)
{
    return text.data[i] == '-';
}

/*
 * Asterisk keeps a name without its dashes, which makes a pattern of "-_X". Of a hint it keeps them
 * (main/pbx.c, ast_add_extension2_lockopt).
 */
static int uncover_pattern(struct pyst_dialplan *dialplan, struct pyst_text *namep, int priority)
{
    size_t i = 0;

    while (i < namep->size && namep->data[i] == '-')
        i++;
    if (i == 0 || i == namep->size || namep->data[i] != '_' || priority == PYST_DIALPLAN_HINT)
        return 0;
    return leave_out(dialplan, namep, is_dash);
}

static int check_name(struct entry *entry, struct pyst_text name)
{
    size_t at = 0;

    if (pyst_text_equal(name, pyst_text("_.")) || pyst_text_equal(name, pyst_text("_!")))
        return tell(entry, PYST_DIALPLAN_CATCH_ALL, name);
    if (dialplan_is_variable(name))
        return 0;
    if (dialplan_is_bad_pattern(name, &at))
        return tell(entry, PYST_DIALPLAN_BAD_PATTERN, name);
    if (dialplan_has_tail(name, &at))
        return tell(entry, PYST_DIALPLAN_PATTERN_TAIL, name);
    if (dialplan_looks_like_pattern(name))
        return tell(entry, PYST_DIALPLAN_NO_UNDERSCORE, name);
    return 0;
}

/* ---- priorities ----------------------------------------------------------------------------- */

/* The number that a text begins with, as scanf's %d; false: none. */
static bool read_int(struct pyst_text text, int *numberp)
{
    long long number = 0;
    bool negative = false;
    size_t i = 0, digits;

    while (i < text.size && (unsigned char)text.data[i] < 33)
        i++;
    if (i < text.size && (text.data[i] == '-' || text.data[i] == '+'))
        negative = text.data[i++] == '-';
    for (digits = i; i < text.size && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        if (number < INT_MAX)
            number = 10 * number + (text.data[i] - '0');
    if (number > INT_MAX)
        number = INT_MAX;
    *numberp = (int)(negative ? -number : number);
    return i > digits;
}

/* A label for a priority: what a call to this extension would find (ast_findlabel_extension2). */
static const struct pyst_dialplan_priority *
find_labelled(struct entry *entry, const struct pyst_dialplan_extension *extension,
              struct pyst_text label)
{
    const struct context *context = entry->loader->context;
    const struct pyst_text caller =
        extension->caller_id.data ? extension->caller_id : pyst_text_of("", 0);
    const struct pyst_dialplan_priority *best = NULL;

    for (size_t i = 0; i < context->public.n_extensions; i++) {
        const struct pyst_dialplan_extension *each = &context->extensions[i]->public;
        const struct pyst_dialplan_priority *found;

        if (!pyst_dialplan_fits(each->name, extension->name) ||
            !dialplan_caller_fits(each->caller_id, caller))
            continue;
        found = dialplan_extension_find(each, 0, label);
        if (found && (!best || dialplan_compare_extensions(each, best->extension) < 0))
            best = found;
    }
    return best;
}

/* Reads "n(label)+1" and its like. 1: `priority` has number and label; 0: the line is left out. */
static int read_priority(struct entry *entry, struct pyst_text text,
                         const struct pyst_dialplan_extension *extension,
                         struct pyst_dialplan_priority *priority)
{
    struct loader *loader = entry->loader;
    const struct pyst_text whole = text;
    struct pyst_text rest, added;
    long long sum;
    int number, plus = 0, r;

    rest = text;
    text = text_cut(&rest, '(');
    if (rest.data) {
        const struct pyst_text label = text_cut(&rest, ')');

        if (!rest.data) {
            r = tell(entry, PYST_DIALPLAN_LABEL_NOT_CLOSED, whole);
            return r;
        }
        if (label.size > 0)
            priority->label = label;
    }
    added = text;
    text = text_cut(&added, '+');
    if (added.data)
        read_int(added, &plus);

    if (pyst_text_equal(text, pyst_text("hint"))) {
        number = PYST_DIALPLAN_HINT;
    } else if (pyst_text_equal(text, pyst_text("n")) || pyst_text_equal(text, pyst_text("next")) ||
               pyst_text_equal(text, pyst_text("s")) || pyst_text_equal(text, pyst_text("same"))) {
        if (loader->priority == NO_PRIORITY)
            return tell(entry, PYST_DIALPLAN_NEXT_WITHOUT_PRIORITY, whole);
        if (loader->priority == INT_MAX)
            return tell(entry, PYST_DIALPLAN_BAD_PRIORITY, whole);
        number = loader->priority + (text.data[0] == 'n');
        if (number == 0)
            return tell(entry, PYST_DIALPLAN_NEXT_AFTER_HINT, whole);
    } else if (!read_int(text, &number)) {
        const struct pyst_dialplan_priority *found =
            text.size ? find_labelled(entry, extension, text) : NULL;

        if (!found || found->number < 1)
            return tell(entry, PYST_DIALPLAN_BAD_PRIORITY, whole);
        number = found->number;
    } else if (number < 1) {
        return tell(entry, PYST_DIALPLAN_BAD_PRIORITY, whole);
    }
    sum = (long long)number + plus;
    if (sum > INT_MAX || (number > 0 && sum < 1))
        return tell(entry, PYST_DIALPLAN_BAD_PRIORITY, whole);
    priority->number = (int)sum;
    return 1;
}

/* Reads "Application(arguments)". */
static int read_application(struct entry *entry, struct pyst_text text,
                            struct pyst_dialplan_priority *priority)
{
    struct pyst_text rest;
    const char *end;
    int r = 0;

    if (!text.data)
        text = pyst_text_of("", 0);
    rest = text;
    priority->application = text_cut(&rest, '(');
    if (rest.data &&
        (has_text(priority->application, "${") || has_text(priority->application, "$["))) {
        /* A hint, or nothing that could run. */
        priority->application = text;
        rest = pyst_text_none();
    }
    priority->arguments = rest;
    end = rest.data ? memrchr(rest.data, ')', rest.size) : NULL;
    if (end) {
        const struct pyst_text behind =
            config_strip(pyst_text_of(end + 1, (size_t)(rest.data + rest.size - end) - 1));

        priority->arguments.size = (size_t)(end - rest.data);
        if (behind.size > 0)
            r = tell(entry, PYST_DIALPLAN_TEXT_BEHIND_APPLICATION, behind);
    } else if (rest.data) {
        r = tell(entry, PYST_DIALPLAN_NO_CLOSING_PARENTHESIS, config_strip(text));
    }
    while (priority->application.size > 0 && (unsigned char)priority->application.data[0] < 33) {
        priority->application.data++;
        priority->application.size--;
    }
    return r;
}

/* Puts it among those of its extension (main/pbx.c, add_priority). */
static int add_priority(struct entry *entry, struct extension *extension,
                        const struct pyst_dialplan_extension *written,
                        struct pyst_dialplan_priority *priority)
{
    size_t n = extension->public.n_priorities, at = n;
    int r;

    while (at > 0 && extension->priorities[at - 1].number >= priority->number)
        at--;
    if (at < n && extension->priorities[at].number == priority->number)
        return tell(entry, PYST_DIALPLAN_DUPLICATE_PRIORITY, extension->public.name);
    if (priority->label.data) {
        for (size_t i = 0; i < n; i++) {
            if (pyst_text_equal(extension->priorities[i].label, priority->label)) {
                r = tell(entry, PYST_DIALPLAN_DUPLICATE_LABEL, priority->label);
                if (r < 0)
                    return r;
                priority->label = pyst_text_none();
                break;
            }
        }
    }
    r = array_grow((void **)&extension->priorities, &extension->room_for_priorities, n,
                   sizeof(*priority));
    if (r < 0)
        return r;
    for (size_t i = n; i > at; i--)
        extension->priorities[i] = extension->priorities[i - 1];
    extension->priorities[at] = *priority;
    extension->priorities[at].extension = &extension->public;
    if (at == 0) {
        /* What is written of the lowest priority is what the extension is known by. */
        extension->public.name = written->name;
        extension->public.caller_id = written->caller_id;
        extension->public.place = written->place;
    }
    extension->public.priorities = extension->priorities;
    extension->public.n_priorities++;
    return 0;
}

/* What stands behind the extension's name. */
static int load_priority(struct entry *entry, struct pyst_text rest)
{
    struct loader *loader = entry->loader;
    struct pyst_dialplan_extension wanted = {
        .context = &loader->context->public,
        .place = entry->place,
    };
    struct pyst_dialplan_priority priority = {.place = entry->place};
    struct extension *extension;
    int r = read_name(entry, &wanted);

    if (r == 0)
        r = read_priority(entry, config_strip(text_cut(&rest, ',')), &wanted, &priority);
    if (r <= 0)
        return r;
    r = read_application(entry, rest, &priority);
    if (r == 0)
        r = leave_out(loader->dialplan, &wanted.name, is_blank_of_name);
    if (r == 0)
        r = uncover_pattern(loader->dialplan, &wanted.name, priority.number);
    if (r < 0)
        return r;
    loader->priority = priority.number;
    if (wanted.name.size == 0)
        return tell(entry, PYST_DIALPLAN_EMPTY_EXTENSION, pyst_text_none());
    extension = dialplan_make_extension(loader->dialplan, loader->context, &wanted);
    if (!extension)
        return PYST_ERR_NO_MEMORY;
    if (extension->public.n_priorities == 0)
        r = check_name(entry, wanted.name);
    return r < 0 ? r : add_priority(entry, extension, &wanted, &priority);
}

static int load_same(struct entry *entry)
{
    if (entry->loader->extension.size == 0)
        return tell(entry, PYST_DIALPLAN_SAME_WITHOUT_EXTEN, pyst_text_none());
    return load_priority(entry, entry->item->value);
}

static int load_extension(struct entry *entry)
{
    struct pyst_text rest = entry->item->value, name = take_extension(&rest);
    int r = dialplan_substitute(entry->loader->dialplan, name, &name);

    if (r < 0)
        return r;
    if (name.size > EXTENSION_SIZE)
        name.size = EXTENSION_SIZE;
    entry->loader->extension = name;
    return load_priority(entry, rest);
}

static int load_item(struct entry *entry)
{
    const struct pyst_text name = entry->item->name;
    const struct pyst_text start = pyst_text_of(name.data, name.size < 4 ? name.size : 4);

    if (pyst_text_equal_nocase(start, pyst_text("same")))
        return load_same(entry);
    if (pyst_text_equal_nocase(name, pyst_text("exten")))
        return load_extension(entry);
    if (pyst_text_equal_nocase(name, pyst_text("include")))
        return dialplan_load_include(entry);
    if (pyst_text_equal_nocase(name, pyst_text("ignorepat")))
        return dialplan_load_ignorepat(entry);
    if (pyst_text_equal_nocase(name, pyst_text("switch")))
        return dialplan_load_switch(entry, true, false);
    if (pyst_text_equal_nocase(name, pyst_text("lswitch")))
        return dialplan_load_switch(entry, false, false);
    if (pyst_text_equal_nocase(name, pyst_text("eswitch")))
        return dialplan_load_switch(entry, false, true);
    if (pyst_text_equal_nocase(name, pyst_text("autohints"))) {
        entry->loader->context->public.autohints = pyst_text_is_true(entry->item->value);
        return 0;
    }
    return tell(entry, PYST_DIALPLAN_UNKNOWN_SETTING, name);
}

/* ---- sections ------------------------------------------------------------------------------- */

static struct pyst_dialplan_place place_of(const struct pyst_config_item *item)
{
    return (struct pyst_dialplan_place){item->document, item->line};
}

static int load_globals(struct pyst_dialplan *dialplan, const struct pyst_config_section *section)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < section->n_items; i++) {
        const struct pyst_config_item *item = &section->items[i];
        struct pyst_dialplan_global global = {.name = item->name, .place = place_of(item)};

        /* An underscore or two, for variables that a call hands on, are no part of the name. */
        for (int n = 0; n < 2 && global.name.size > 0 && global.name.data[0] == '_'; n++) {
            global.name.data++;
            global.name.size--;
        }
        if (global.name.size == 0 || global.name.data[global.name.size - 1] == ')')
            continue; /* a function is set */
        r = dialplan_substitute(dialplan, item->value, &global.value);
        if (r == 0)
            r = dialplan_set_global(dialplan, &global);
    }
    return r;
}

static int load_context(struct pyst_dialplan *dialplan, const struct pyst_config_section *section)
{
    struct loader loader = {.dialplan = dialplan, .priority = NO_PRIORITY};
    int r = 0;

    loader.context = dialplan_make_context(
        dialplan, section->name, (struct pyst_dialplan_place){section->document, section->line});
    if (!loader.context)
        return PYST_ERR_NO_MEMORY;
    for (size_t i = 0; r == 0 && i < section->n_items; i++) {
        struct entry entry = {&loader, &section->items[i], place_of(&section->items[i])};

        r = load_item(&entry);
    }
    return r;
}

static bool is_named(const struct pyst_config_section *section, const char *name)
{
    return pyst_text_equal_nocase(section->name, pyst_text(name));
}

/* Calls `load` for each section of the wanted sort. */
static int load_sections(struct pyst_dialplan *dialplan, const struct pyst_config *config,
                         bool globals)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < pyst_config_section_count(config); i++) {
        const struct pyst_config_section *section = pyst_config_section(config, i);

        if (section->is_template)
            continue;
        if (globals && is_named(section, "globals"))
            r = load_globals(dialplan, section);
        else if (!globals && !is_named(section, "globals") && !is_named(section, "general"))
            r = load_context(dialplan, section);
    }
    return r;
}

static int compare_extensions(const void *a, const void *b)
{
    return dialplan_compare_extensions(*(struct pyst_dialplan_extension *const *)a,
                                       *(struct pyst_dialplan_extension *const *)b);
}

static void sort_context(struct context *context)
{
    struct pyst_dialplan_context *public = &context->public;

    if (public->n_extensions > 0)
        qsort(context->extensions, public->n_extensions, sizeof(struct extension *),
              compare_extensions);
    while (context->n_names < public->n_extensions &&
           context->extensions[context->n_names]->public.name.data[0] != '_')
        context->n_names++;
    public->extensions = (const struct pyst_dialplan_extension *const *)(void *)context->extensions;
}

static void find_override_switch(struct pyst_dialplan *dialplan, const struct pyst_config *config)
{
    const struct pyst_config_section *general =
        pyst_config_find(config, pyst_text("general"), NULL);
    const struct pyst_config_item *item =
        general ? pyst_config_section_get(general, pyst_text("overrideswitch")) : NULL;

    dialplan->has_override_switch = item && item->value.size > 0;
}

int pyst_dialplan_new(struct pyst_dialplan **dialplanp, const struct pyst_config *config)
{
    struct pyst_dialplan *dialplan = calloc(1, sizeof(*dialplan));
    int r;

    if (!dialplan)
        return PYST_ERR_NO_MEMORY;
    dialplan->config = config;
    find_override_switch(dialplan, config);
    r = load_sections(dialplan, config, true);
    if (r == 0)
        r = load_sections(dialplan, config, false);
    if (r < 0) {
        pyst_dialplan_free(dialplan);
        return r;
    }
    for (size_t i = 0; i < dialplan->n_contexts; i++)
        sort_context(dialplan->contexts[i]);
    *dialplanp = dialplan;
    return 0;
}
