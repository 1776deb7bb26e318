/* SPDX-License-Identifier: MIT */
#ifndef PYST_DIALPLAN_OVERLAP_H
#define PYST_DIALPLAN_OVERLAP_H

/* The extensions of a context as a tree, to find quickly those that fit some of a name's numbers.
 */

#include <pyst/dialplan.h>

#define OVERLAP_ANY 0 /* whatever priorities they have */

struct overlap_tree;

/* Errors: PYST_ERR_NO_MEMORY. */
int overlap_tree_new(struct overlap_tree **treep, const struct pyst_dialplan_context *context);

/* Returns NULL; NULL is allowed. */
struct overlap_tree *overlap_tree_free(struct overlap_tree *tree);

/*
 * Calls `take`, in no certain order, for each extension that has a number in common with `name`,
 * until it gives something else than 0, and gives that. With `priority` other than OVERLAP_ANY,
 * some that do not have that priority are left out.
 */
int overlap_tree_search(const struct overlap_tree *tree, struct pyst_text name, int priority,
                        int (*take)(void *user, const struct pyst_dialplan_extension *extension),
                        void *user);

#endif
