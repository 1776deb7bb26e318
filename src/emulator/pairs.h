/* SPDX-License-Identifier: MIT */
#ifndef PYST_EMULATOR_PAIRS_H
#define PYST_EMULATOR_PAIRS_H

/* Names with a value each, in the order they came. All zero is an empty list. */

#include <stdbool.h>

#include <pyst/text.h>

struct pair {
    struct pair *next;
    struct pyst_text name; /* both behind this struct */
    struct pyst_text value;
};

struct pairs {
    struct pair *first;
};

void pairs_deinit(struct pairs *pairs);

/* Sets or adds; a pair keeps its place. Both may be views of the list itself. PYST_ERR_NO_MEMORY.
 */
int pairs_set(struct pairs *pairs, struct pyst_text name, struct pyst_text value);

/* The value; absent when there is none. */
struct pyst_text pairs_get(const struct pairs *pairs, struct pyst_text name);

/* False when there is none. */
bool pairs_remove(struct pairs *pairs, struct pyst_text name);

/* Removes all whose names are `path` or go on behind it with a slash. False when there is none. */
bool pairs_remove_below(struct pairs *pairs, struct pyst_text path);

#endif
