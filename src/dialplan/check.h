/* SPDX-License-Identifier: MIT */
#ifndef PYST_DIALPLAN_CHECK_H
#define PYST_DIALPLAN_CHECK_H

#include "dialplan/internal.h"
#include "dialplan/jump.h"
#include "dialplan/overlap.h"

#define CANDIDATES_MAX 512 /* as many contexts as Asterisk searches */

/* Where a label is. */
struct label {
    struct pyst_text name;
    size_t context;
};

/* One check of a whole dialplan. */
struct check {
    struct pyst_dialplan *dialplan;
    /* The contexts that a call in some context may really be in: those that include it. */
    size_t candidates[CANDIDATES_MAX];
    size_t n_candidates;
    bool is_cut;    /* there are more; nothing is judged then */
    size_t *stamps; /* of each context: the round in which it became one */
    size_t round;
    struct overlap_tree **trees; /* of each context; NULL: not made yet */
    size_t *visited;             /* of each context: the search in which it was met */
    size_t search;
    struct label *labels; /* of all extensions, in order; NULL: not collected yet */
    size_t n_labels;
    /* A jump that depends on variables may lead to any priority. */
    bool all_entered;
};

/* Fills the candidates: the context itself first. */
void dialplan_find_candidates(struct check *check, const struct pyst_dialplan_context *context);

/* ---- check-application.c -------------------------------------------------------------------- */

/* Judges an application and its arguments by what is known of its name. */
int dialplan_check_application(struct check *check, const struct pyst_dialplan_priority *priority);

/* Whether it was said that there is such an application or function. */
bool dialplan_is_known(const struct pyst_dialplan *dialplan, struct pyst_text name);

/* ---- check-reference.c ---------------------------------------------------------------------- */

/* Judges the variables and functions in the arguments. */
int dialplan_check_references(struct check *check, const struct pyst_dialplan_priority *priority);

/* Judges a function's name. */
int dialplan_check_function(struct check *check, const struct pyst_dialplan_priority *priority,
                            struct pyst_text name);

/* ---- check-overlap.c ------------------------------------------------------------------------ */

/*
 * Calls `take`, until it gives something else than 0, for all in a context, and in those that it
 * includes, that has a number in common with an extension's name, and for their switches.
 * `priority`: as overlap_tree_search(). Errors: PYST_ERR_NO_MEMORY.
 */
int dialplan_each_overlap(struct check *check, const struct pyst_dialplan_context *context,
                          struct pyst_text name, int priority,
                          int (*take)(void *user, const struct pyst_dialplan_match *match),
                          void *user);

/* ---- check-label.c -------------------------------------------------------------------------- */

/*
 * Whether an extension of a context, or of those that it includes, has a label, or a switch might;
 * `context` NULL: of any.
 */
bool dialplan_label_exists(struct check *check, const struct pyst_dialplan_context *context,
                           struct pyst_text label);

/* Once, before that. Errors: PYST_ERR_NO_MEMORY. */
int dialplan_collect_labels(struct check *check);

/* ---- check-jump.c --------------------------------------------------------------------------- */

/* Judges where a priority leads to, and marks what it leads to. */
int dialplan_check_jumps(struct check *check, const struct pyst_dialplan_priority *priority);

/* ---- check-reach.c -------------------------------------------------------------------------- */

/* Judges whether a call comes to each priority, when all jumps are marked. */
int dialplan_check_reach(struct check *check, const struct extension *extension);

#endif
