/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/hash.h"
#include "config/config-internal.h"

#define BUCKETS_MIN 64

/* ---- sections ------------------------------------------------------------------------------- */

static void put_in_bucket(struct bucket *buckets, size_t n_buckets, struct section *section)
{
    struct bucket *bucket = &buckets[hash_text_nocase(section->public.name) & (n_buckets - 1)];

    section->next_in_bucket = NULL;
    *(bucket->last ? &bucket->last->next_in_bucket : &bucket->first) = section;
    bucket->last = section;
}

static int grow_buckets(struct pyst_config *config)
{
    size_t n = config->n_buckets ? 2 * config->n_buckets : BUCKETS_MIN;
    struct bucket *buckets;

    if (config->n_sections < config->n_buckets)
        return 0;
    buckets = calloc(n, sizeof(*buckets));
    if (!buckets)
        return PYST_ERR_NO_MEMORY;
    for (size_t i = 0; i < config->n_sections; i++)
        put_in_bucket(buckets, n, config->sections[i]);
    free(config->buckets);
    config->buckets = buckets;
    config->n_buckets = n;
    return 0;
}

struct section *config_section_new(struct pyst_text name)
{
    struct section *section = calloc(1, sizeof(*section));

    if (!section)
        return NULL;
    if (name.size > PYST_CONFIG_SECTION_NAME_SIZE)
        name.size = PYST_CONFIG_SECTION_NAME_SIZE;
    section->public.name = name;
    return section;
}

struct section *config_section_free(struct section *section)
{
    if (section) {
        free(section->public.items);
        free(section->public.templates);
        free(section);
    }
    return NULL;
}

int config_add_section(struct pyst_config *config, struct section *section)
{
    int r;

    if (config->n_sections >= config->limits.sections)
        return PYST_ERR_LIMIT_CONFIG;
    r = grow_buckets(config);
    if (r == 0)
        r = array_grow((void **)&config->sections, &config->room_for_sections, config->n_sections,
                       sizeof(struct section *));
    if (r < 0)
        return r;
    section->public.index = config->n_sections;
    config->sections[config->n_sections++] = section;
    put_in_bucket(config->buckets, config->n_buckets, section);
    return 0;
}

struct section *config_bucket(const struct pyst_config *config, struct pyst_text name)
{
    return config->n_buckets
               ? config->buckets[hash_text_nocase(name) & (config->n_buckets - 1)].first
               : NULL;
}

/* ---- what is in them ------------------------------------------------------------------------ */

int config_add_item(struct pyst_config *config, struct section *section,
                    const struct pyst_config_item *item)
{
    int r;

    if (config->n_items >= config->limits.items)
        return PYST_ERR_LIMIT_CONFIG;
    r = array_grow((void **)&section->public.items, &section->room_for_items,
                   section->public.n_items, sizeof(*item));
    if (r < 0)
        return r;
    section->public.items[section->public.n_items++] = *item;
    config->n_items++;
    return 0;
}

int config_add_template(struct section *section, const struct section *template)
{
    int r = array_grow((void **)&section->public.templates, &section->room_for_templates,
                       section->public.n_templates, sizeof(*section->public.templates));

    if (r == 0)
        section->public.templates[section->public.n_templates++] = &template->public;
    return r;
}

int config_spend_bytes(struct pyst_config *config, size_t n)
{
    if (n > config->limits.bytes - config->n_bytes)
        return PYST_ERR_LIMIT_CONFIG;
    config->n_bytes += n;
    return 0;
}

int config_spend_steps(struct pyst_config *config, size_t n)
{
    if (n > config->limits.steps - config->n_steps)
        return PYST_ERR_LIMIT_CONFIG;
    config->n_steps += n;
    return 0;
}

/* Whether a text is the end of the one that was made last, which can grow where it is then. */
static bool is_last_made(const struct pyst_config *config, struct pyst_text text)
{
    const struct made_text *last = config->texts;

    return last && text.size > 0 && text.data + text.size == last->data + last->size;
}

int config_make_text(struct pyst_config *config, struct pyst_text first, struct pyst_text second,
                     struct pyst_text *madep)
{
    const bool grows = is_last_made(config, first);
    const size_t size = first.size + second.size, room = grows ? 2 * size : size;
    struct made_text *made = config->texts;
    int r;

    if (grows && made->room - made->size >= second.size) {
        if (second.size > 0)
            memcpy(made->data + made->size, second.data, second.size);
        made->size += second.size;
        *madep = pyst_text_of(first.data, size);
        return 0;
    }
    r = config_spend_bytes(config, sizeof(*made) + room + 1);
    if (r < 0)
        return r;
    made = malloc(sizeof(*made) + room + 1);
    if (!made)
        return PYST_ERR_NO_MEMORY;
    if (first.size > 0)
        memcpy(made->data, first.data, first.size);
    if (second.size > 0)
        memcpy(made->data + first.size, second.data, second.size);
    made->next = config->texts;
    made->size = size;
    made->room = room;
    config->texts = made;
    *madep = pyst_text_of(made->data, size);
    return 0;
}
