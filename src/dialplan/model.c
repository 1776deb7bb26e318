/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/hash.h"
#include "dialplan/internal.h"
#include "dialplan/pattern.h"

#define SLOTS_MIN 64

char *dialplan_keep(struct pyst_dialplan *dialplan, size_t size)
{
    struct piece *piece = malloc(sizeof(*piece) + size + 1);

    if (!piece)
        return NULL;
    piece->next = dialplan->pieces;
    dialplan->pieces = piece;
    return piece->data;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* The name of entry `i` of one of the tables. */
static struct pyst_text name_at(const struct pyst_dialplan *dialplan, const struct names *names,
                                size_t i)
{
    return names == &dialplan->by_global ? dialplan->globals[i].name
                                         : dialplan->contexts[i]->public.name;
}

/* The slot of a name, or the free one where it would be. */
static uint32_t *find_slot(const struct pyst_dialplan *dialplan, const struct names *names,
                           struct pyst_text name)
{
    const bool folded = names == &dialplan->by_folded_name;
    size_t i = (folded ? hash_text_nocase(name) : hash_text(name)) & (names->n_slots - 1);

    for (; names->slots[i]; i = (i + 1) & (names->n_slots - 1)) {
        const struct pyst_text other = name_at(dialplan, names, names->slots[i] - 1);

        if (folded ? pyst_text_equal_nocase(name, other) : pyst_text_equal(name, other))
            break;
    }
    return &names->slots[i];
}

/* Makes room for one more. */
static int grow_names(const struct pyst_dialplan *dialplan, struct names *names)
{
    struct names grown = {NULL, names->n_slots ? 2 * names->n_slots : SLOTS_MIN, names->n};

    if (names->n_slots > 2 * names->n)
        return 0;
    grown.slots = calloc(grown.n_slots, sizeof(*grown.slots));
    if (!grown.slots)
        return PYST_ERR_NO_MEMORY;
    /* find_slot() tells the tables apart by address. */
    {
        uint32_t *old = names->slots;
        const size_t n_old = names->n_slots;

        *names = grown;
        for (size_t i = 0; i < n_old; i++)
            if (old[i])
                *find_slot(dialplan, names, name_at(dialplan, names, old[i] - 1)) = old[i];
        free(old);
    }
    return 0;
}

/* The index of a name, or -1. */
static ptrdiff_t find_name(const struct pyst_dialplan *dialplan, const struct names *names,
                           struct pyst_text name)
{
    return names->n_slots ? (ptrdiff_t)*find_slot(dialplan, names, name) - 1 : -1;
}

/* ---- contexts ------------------------------------------------------------------------------- */

struct context *dialplan_make_context(struct pyst_dialplan *dialplan, struct pyst_text name,
                                      struct pyst_dialplan_place place)
{
    const ptrdiff_t found = find_name(dialplan, &dialplan->by_name, name);
    struct context *context;
    uint32_t *slot;

    if (found >= 0)
        return dialplan->contexts[found];
    if (grow_names(dialplan, &dialplan->by_name) < 0 ||
        grow_names(dialplan, &dialplan->by_folded_name) < 0 ||
        array_grow((void **)&dialplan->contexts, &dialplan->room_for_contexts, dialplan->n_contexts,
                   sizeof(struct context *)) < 0)
        return NULL;
    context = calloc(1, sizeof(*context));
    if (!context)
        return NULL;
    context->public.name = name;
    context->public.place = place;
    context->public.index = dialplan->n_contexts;
    dialplan->contexts[dialplan->n_contexts++] = context;
    *find_slot(dialplan, &dialplan->by_name, name) = (uint32_t)dialplan->n_contexts;
    dialplan->by_name.n++;
    slot = find_slot(dialplan, &dialplan->by_folded_name, name);
    if (!*slot) {
        *slot = (uint32_t)dialplan->n_contexts;
        dialplan->by_folded_name.n++;
    }
    context->hidden_by = *slot - 1;
    return context;
}

static struct context *free_context(struct context *context)
{
    for (size_t i = 0; i < context->public.n_extensions; i++) {
        free(context->extensions[i]->priorities);
        free(context->extensions[i]->is_entered);
        free(context->extensions[i]);
    }
    free(context->extensions);
    free(context->includes);
    free(context->switches);
    free(context->ignorepats);
    free(context->included_in);
    free(context);
    return NULL;
}

/* ---- extensions ----------------------------------------------------------------------------- */

static int grow_buckets(struct pyst_dialplan *dialplan)
{
    const size_t n = dialplan->n_buckets ? 2 * dialplan->n_buckets : SLOTS_MIN;
    struct extension **buckets;

    if (dialplan->n_extensions < dialplan->n_buckets)
        return 0;
    buckets = calloc(n, sizeof(struct extension *));
    if (!buckets)
        return PYST_ERR_NO_MEMORY;
    for (size_t i = 0; i < dialplan->n_buckets; i++) {
        struct extension *next;

        for (struct extension *each = dialplan->buckets[i]; each; each = next) {
            struct extension **bucket = &buckets[each->hash & (n - 1)];

            next = each->next_in_bucket;
            each->next_in_bucket = *bucket;
            *bucket = each;
        }
    }
    free(dialplan->buckets);
    dialplan->buckets = buckets;
    dialplan->n_buckets = n;
    return 0;
}

static bool is_same(const struct pyst_dialplan_extension *a,
                    const struct pyst_dialplan_extension *b)
{
    if (a->context != b->context || !a->caller_id.data != !b->caller_id.data)
        return false;
    return pyst_dialplan_compare(a->name, b->name) == 0 &&
           (!a->caller_id.data || pyst_dialplan_compare(a->caller_id, b->caller_id) == 0);
}

struct extension *dialplan_make_extension(struct pyst_dialplan *dialplan, struct context *context,
                                          const struct pyst_dialplan_extension *extension)
{
    uint64_t hash = dialplan_hash_extension(extension->name);
    struct extension *made;

    hash += context->public.index * UINT64_C(0x9e3779b97f4a7c15);
    if (extension->caller_id.data)
        hash += 3 * dialplan_hash_extension(extension->caller_id) + 1;
    hash ^= hash >> 29;
    if (dialplan->n_buckets)
        for (made = dialplan->buckets[hash & (dialplan->n_buckets - 1)]; made;
             made = made->next_in_bucket)
            if (made->hash == hash && is_same(&made->public, extension))
                return made;
    if (grow_buckets(dialplan) < 0 ||
        array_grow((void **)&context->extensions, &context->room_for_extensions,
                   context->public.n_extensions, sizeof(struct extension *)) < 0)
        return NULL;
    made = calloc(1, sizeof(*made));
    if (!made)
        return NULL;
    made->public = *extension;
    made->hash = hash;
    made->next_in_bucket = dialplan->buckets[hash & (dialplan->n_buckets - 1)];
    dialplan->buckets[hash & (dialplan->n_buckets - 1)] = made;
    dialplan->n_extensions++;
    context->extensions[context->public.n_extensions++] = made;
    return made;
}

/* ---- globals -------------------------------------------------------------------------------- */

int dialplan_set_global(struct pyst_dialplan *dialplan, const struct pyst_dialplan_global *global)
{
    const ptrdiff_t found = find_name(dialplan, &dialplan->by_global, global->name);

    if (found >= 0) {
        dialplan->globals[found] = *global;
        return dialplan_tell(dialplan, PYST_DIALPLAN_DUPLICATE_GLOBAL, global->place, global->name);
    }
    if (grow_names(dialplan, &dialplan->by_global) < 0 ||
        array_grow((void **)&dialplan->globals, &dialplan->room_for_globals, dialplan->n_globals,
                   sizeof(*global)) < 0)
        return PYST_ERR_NO_MEMORY;
    dialplan->globals[dialplan->n_globals++] = *global;
    *find_slot(dialplan, &dialplan->by_global, global->name) = (uint32_t)dialplan->n_globals;
    dialplan->by_global.n++;
    return 0;
}

/* ---- problems ------------------------------------------------------------------------------- */

size_t dialplan_column(struct pyst_dialplan_place place, const char *part)
{
    const struct pyst_text text = pyst_config_line_text(place.line);
    const struct pyst_text value = pyst_config_line_value(place.line);
    const char *sign;
    size_t at;

    if (part && part >= text.data && part <= text.data + text.size)
        return (size_t)(part - text.data) + 1;
    if (value.data && value.data >= text.data && value.data <= text.data + text.size)
        return (size_t)(value.data - text.data) + 1;
    sign = text.size ? memchr(text.data, '=', text.size) : NULL;
    if (!sign)
        return 1;
    at = (size_t)(sign - text.data) + 1;
    while (at < text.size &&
           (text.data[at] == '>' || text.data[at] == ' ' || text.data[at] == '\t'))
        at++;
    return at + 1;
}

int dialplan_tell(struct pyst_dialplan *dialplan, enum pyst_dialplan_problem_kind kind,
                  struct pyst_dialplan_place place, struct pyst_text what)
{
    if (array_grow((void **)&dialplan->problems, &dialplan->room_for_problems, dialplan->n_problems,
                   sizeof(*dialplan->problems)) < 0)
        return PYST_ERR_NO_MEMORY;
    dialplan->problems[dialplan->n_problems++] = (struct pyst_dialplan_problem){
        .kind = kind,
        .document = place.document,
        .line = pyst_config_line_number(place.line),
        .column = pyst_config_line_kind(place.line) == PYST_CONFIG_SECTION
                      ? 1
                      : dialplan_column(place, what.data),
        .what = what,
    };
    return 0;
}

int dialplan_tell_near(struct pyst_dialplan *dialplan, enum pyst_dialplan_problem_kind kind,
                       struct pyst_dialplan_place place, struct pyst_text what,
                       const char *suggestion)
{
    const int r = dialplan_tell(dialplan, kind, place, what);

    if (r == 0 && suggestion)
        dialplan->problems[dialplan->n_problems - 1].suggestion = pyst_text(suggestion);
    return r;
}

/* ---- what is public ------------------------------------------------------------------------- */

struct pyst_dialplan *pyst_dialplan_free(struct pyst_dialplan *dialplan)
{
    if (!dialplan)
        return NULL;
    for (size_t i = 0; i < dialplan->n_contexts; i++)
        free_context(dialplan->contexts[i]);
    free(dialplan->contexts);
    free(dialplan->by_name.slots);
    free(dialplan->by_folded_name.slots);
    free(dialplan->by_global.slots);
    free(dialplan->buckets);
    free(dialplan->globals);
    free(dialplan->problems);
    free(dialplan->known);
    for (struct piece *next, *piece = dialplan->pieces; piece; piece = next) {
        next = piece->next;
        free(piece);
    }
    free(dialplan);
    return NULL;
}

size_t pyst_dialplan_context_count(const struct pyst_dialplan *dialplan)
{
    return dialplan->n_contexts;
}

const struct pyst_dialplan_context *pyst_dialplan_context(const struct pyst_dialplan *dialplan,
                                                          size_t i)
{
    return i < dialplan->n_contexts ? &dialplan->contexts[i]->public : NULL;
}

const struct pyst_dialplan_context *pyst_dialplan_find_context(const struct pyst_dialplan *dialplan,
                                                               struct pyst_text name)
{
    const ptrdiff_t i = find_name(dialplan, &dialplan->by_name, name);

    return i < 0 ? NULL : &dialplan->contexts[i]->public;
}

size_t pyst_dialplan_global_count(const struct pyst_dialplan *dialplan)
{
    return dialplan->n_globals;
}

const struct pyst_dialplan_global *pyst_dialplan_global(const struct pyst_dialplan *dialplan,
                                                        size_t i)
{
    return i < dialplan->n_globals ? &dialplan->globals[i] : NULL;
}

const struct pyst_dialplan_global *pyst_dialplan_find_global(const struct pyst_dialplan *dialplan,
                                                             struct pyst_text name)
{
    const ptrdiff_t i = find_name(dialplan, &dialplan->by_global, name);

    return i < 0 ? NULL : &dialplan->globals[i];
}

size_t pyst_dialplan_problem_count(const struct pyst_dialplan *dialplan)
{
    return dialplan->n_problems;
}

struct pyst_dialplan_problem pyst_dialplan_problem(const struct pyst_dialplan *dialplan, size_t i)
{
    return dialplan->problems[i];
}
