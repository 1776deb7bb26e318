/* SPDX-License-Identifier: MIT */
#ifndef PYST_DIALPLAN_PATTERN_H
#define PYST_DIALPLAN_PATTERN_H

/* Extensions and patterns by themselves. */

#include <stdbool.h>
#include <stdint.h>

#include <pyst/text.h>

/*
 * An extension is a row of positions. Their order is Asterisk's (main/pbx.c, ext_cmp_pattern_pos):
 * few characters before many, then by the lowest, and wildcards behind.
 */
#define DIALPLAN_ONE_OR_MORE  0x18000 /* . */
#define DIALPLAN_NONE_OR_MORE 0x28000 /* ! */
#define DIALPLAN_END          0x30000
#define DIALPLAN_NOT_CLOSED   0x40000 /* a set */

struct position {
    uint32_t rank;
    uint8_t characters[32]; /* a bit each, the highest first */
};

/* The position at *atp, from 0, of an extension, pattern or not. */
void dialplan_next_position(struct pyst_text name, size_t *atp, struct position *position);

/* Whether two positions have a character in common. */
bool dialplan_positions_meet(const struct position *a, const struct position *b);

/* Equal for extensions that pyst_dialplan_compare() takes for the same. */
uint64_t dialplan_hash_extension(struct pyst_text name);

/* The order of names that are no patterns, whatever they begin with. */
int dialplan_compare_names(struct pyst_text a, struct pyst_text b);

/* Whether a set is not closed, and where; `at` is its bracket. */
bool dialplan_is_bad_pattern(struct pyst_text name, size_t *at);

/* Whether something stands behind "." or "!" of a pattern, which is never looked at. */
bool dialplan_has_tail(struct pyst_text name, size_t *at);

/* Whether a name that is no pattern looks as if it was meant for one. */
bool dialplan_looks_like_pattern(struct pyst_text name);

#endif
