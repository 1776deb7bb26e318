/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONFIG_CONFIG_INTERNAL_H
#define PYST_CONFIG_CONFIG_INTERNAL_H

#include <pyst/config/config.h>

#include "base/array.h"

/* A section, and what is needed to go on building it. */
struct section {
    struct pyst_config_section public; /* first: each is the other's pointer */
    struct section *next_in_bucket;    /* in the order of the file */
    size_t room_for_items;
    size_t room_for_templates;
};

struct bucket {
    struct section *first;
    struct section *last;
};

/* A text that stands in no document. */
struct made_text {
    struct made_text *next;
    size_t size;
    size_t room;
    char data[];
};

struct pyst_config {
    struct pyst_config_limits limits;
    struct section **sections;
    size_t n_sections;
    size_t room_for_sections;
    size_t n_items; /* of all sections */
    size_t n_bytes; /* of the limit */
    size_t n_steps; /* of the limit */

    struct bucket *buckets; /* by name; a power of two */
    size_t n_buckets;

    struct pyst_config_document **documents;
    size_t n_documents;
    struct pyst_config_found *problems;
    size_t n_problems;
    struct made_text *texts;
    bool is_invalid;
};

/* ---- table.c: sections and items ------------------------------------------------------------ */

/* A section in no list yet; its name is cut as Asterisk's. NULL: no memory. */
struct section *config_section_new(struct pyst_text name);
struct section *config_section_free(struct section *section);

/* Puts it behind the others, which own it then. Errors: PYST_ERR_NO_MEMORY, _LIMIT_CONFIG. */
int config_add_section(struct pyst_config *config, struct section *section);

/* The first section of that bucket; others follow by next_in_bucket, of other names as well. */
struct section *config_bucket(const struct pyst_config *config, struct pyst_text name);

int config_add_item(struct pyst_config *config, struct section *section,
                    const struct pyst_config_item *item);
int config_add_template(struct section *section, const struct section *template);

/* Count something against its limit. PYST_ERR_LIMIT_CONFIG. */
int config_spend_bytes(struct pyst_config *config, size_t n);
int config_spend_steps(struct pyst_config *config, size_t n);

/* Keeps both texts, one after another. The first one stays as it is. */
int config_make_text(struct pyst_config *config, struct pyst_text first, struct pyst_text second,
                     struct pyst_text *madep);

/* ---- filter.c: which section is meant ------------------------------------------------------- */

/*
 * The first section of that name for which every expression of `filter`, parted by `separator`,
 * holds; an empty name fits all. A filter without TEMPLATES=include fits no template. 1 and
 * *foundp, or 0 and NULL. Errors: PYST_ERR_INVALID, an expression is no regular expression;
 * PYST_ERR_NO_MEMORY.
 */
int config_match(struct pyst_config *config, struct pyst_text name, struct pyst_text filter,
                 char separator, struct section **foundp);

#endif
