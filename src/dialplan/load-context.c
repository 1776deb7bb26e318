/* SPDX-License-Identifier: MIT */

/* What stands in a context besides extensions. */

#include "base/pieces.h"
#include "dialplan/internal.h"
#include "dialplan/load.h"

static struct pyst_text whole_include(const struct pyst_dialplan_include *include)
{
    return include->times.data ? pyst_text_of(include->context.data,
                                              include->context.size + 1 + include->times.size)
                               : include->context;
}

int dialplan_load_include(struct entry *entry)
{
    struct context *context = entry->loader->context;
    struct pyst_dialplan_include include = {.place = entry->place};
    struct pyst_text value;
    int r = dialplan_substitute(entry->loader->dialplan, entry->item->value, &value);

    if (r < 0)
        return r;
    for (size_t i = 0; i < context->public.n_includes; i++)
        if (pyst_text_equal_nocase(whole_include(&context->includes[i]), value))
            return tell(entry, PYST_DIALPLAN_DUPLICATE_INCLUDE, value);
    include.times = value;
    include.context =
        text_cut(&include.times, value.size && memchr(value.data, '|', value.size) ? '|' : ',');
    if (!dialplan_is_variable(include.times))
        r = dialplan_tell_bad_times(entry->loader->dialplan, entry->place, include.times);
    if (r == 0)
        r = array_grow((void **)&context->includes, &context->room_for_includes,
                       context->public.n_includes, sizeof(include));
    if (r < 0)
        return r;
    context->includes[context->public.n_includes++] = include;
    context->public.includes = context->includes;
    return 0;
}

int dialplan_load_switch(struct entry *entry, bool is_substituted, bool is_evaluated)
{
    struct context *context = entry->loader->context;
    struct pyst_dialplan_switch made = {.is_evaluated = is_evaluated, .place = entry->place};
    int r = 0;

    made.data = entry->item->value;
    if (is_substituted)
        r = dialplan_substitute(entry->loader->dialplan, made.data, &made.data);
    if (r < 0)
        return r;
    made.name = text_cut(&made.data, '/');
    for (size_t i = 0; i < context->public.n_switches; i++)
        if (pyst_text_equal_nocase(context->switches[i].name, made.name) &&
            pyst_text_equal_nocase(context->switches[i].data, made.data))
            return tell(entry, PYST_DIALPLAN_DUPLICATE_SWITCH, entry->item->value);
    r = array_grow((void **)&context->switches, &context->room_for_switches,
                   context->public.n_switches, sizeof(made));
    if (r < 0)
        return r;
    context->switches[context->public.n_switches++] = made;
    context->public.switches = context->switches;
    return 0;
}

int dialplan_load_ignorepat(struct entry *entry)
{
    struct context *context = entry->loader->context;
    struct pyst_dialplan_ignorepat made = {.place = entry->place};
    int r = dialplan_substitute(entry->loader->dialplan, entry->item->value, &made.pattern);

    for (size_t i = 0; r == 0 && i < context->public.n_ignorepats; i++)
        if (pyst_text_equal_nocase(context->ignorepats[i].pattern, made.pattern))
            return tell(entry, PYST_DIALPLAN_DUPLICATE_IGNOREPAT, made.pattern);
    if (r == 0)
        r = array_grow((void **)&context->ignorepats, &context->room_for_ignorepats,
                       context->public.n_ignorepats, sizeof(made));
    if (r < 0)
        return r;
    context->ignorepats[context->public.n_ignorepats++] = made;
    context->public.ignorepats = context->ignorepats;
    return 0;
}
