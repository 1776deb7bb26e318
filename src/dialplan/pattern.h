/* SPDX-License-Identifier: MIT */
#ifndef PYST_DIALPLAN_PATTERN_H
#define PYST_DIALPLAN_PATTERN_H

/* Extensions and patterns by themselves. */

#include <stdbool.h>
#include <stdint.h>

#include <pyst/text.h>

/* Equal for extensions that pyst_dialplan_compare() takes for the same. */
uint64_t dialplan_hash_extension(struct pyst_text name);

/* The order of names that are no patterns, whatever they begin with. */
int dialplan_compare_names(struct pyst_text a, struct pyst_text b);

/* Whether some number fits both. */
bool dialplan_overlap(struct pyst_text a, struct pyst_text b);

/* Whether a set is not closed, and where; `at` is its bracket. */
bool dialplan_is_bad_pattern(struct pyst_text name, size_t *at);

/* Whether something stands behind "." or "!" of a pattern, which is never looked at. */
bool dialplan_has_tail(struct pyst_text name, size_t *at);

/* Whether a name that is no pattern looks as if it was meant for one. */
bool dialplan_looks_like_pattern(struct pyst_text name);

#endif
