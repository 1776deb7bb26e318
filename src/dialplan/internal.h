/* SPDX-License-Identifier: MIT */
#ifndef PYST_DIALPLAN_INTERNAL_H
#define PYST_DIALPLAN_INTERNAL_H

#include <stdint.h>

#include <pyst/dialplan.h>

#include "base/array.h"

/* Of one extension, all that Asterisk takes for the same, callers apart. */
struct extension {
    struct pyst_dialplan_extension public; /* first: each is the other's pointer */
    struct pyst_dialplan_priority *priorities;
    size_t room_for_priorities;
    struct extension *next_in_bucket;
    uint64_t hash;
    /* What checks found. */
    bool *is_entered; /* by a jump; for each priority */
    bool is_entered_anywhere;
};

struct context {
    struct pyst_dialplan_context public; /* first */
    struct extension **extensions;
    struct pyst_dialplan_include *includes;
    struct pyst_dialplan_switch *switches;
    struct pyst_dialplan_ignorepat *ignorepats;
    size_t room_for_extensions;
    size_t room_for_includes;
    size_t room_for_switches;
    size_t room_for_ignorepats;
    size_t n_names; /* of its extensions, those that are no patterns; they come first */
    /* The first context whose name differs in case only: one hides the others in a search. */
    size_t hidden_by;
    /* What checks found. */
    size_t *included_in;
    size_t n_included_in;
    size_t room_for_included_in;
    bool is_used;
    bool is_entered_anywhere;
};

/* Text that stands in no document. */
struct piece {
    struct piece *next;
    char data[];
};

/* A hash table of indices, by name. */
struct names {
    uint32_t *slots; /* index + 1; 0: free */
    size_t n_slots;  /* a power of two */
    size_t n;
};

struct pyst_dialplan {
    const struct pyst_config *config;
    struct context **contexts;
    size_t n_contexts;
    size_t room_for_contexts;
    struct names by_name;
    struct names by_folded_name;

    struct extension **buckets; /* a power of two */
    size_t n_buckets;
    size_t n_extensions;

    struct pyst_dialplan_global *globals;
    size_t n_globals;
    size_t room_for_globals;
    struct names by_global;

    struct pyst_dialplan_problem *problems;
    size_t n_problems;
    size_t room_for_problems;

    struct pyst_text *known; /* applications and functions that are not Asterisk's own */
    size_t n_known;
    size_t room_for_known;

    struct piece *pieces;
    bool has_override_switch;
};

/* ---- model.c: what a dialplan holds --------------------------------------------------------- */

/* Memory that lives as long as the dialplan. NULL: no memory. */
char *dialplan_keep(struct pyst_dialplan *dialplan, size_t size);

/* Finds or makes. NULL: no memory. */
struct context *dialplan_make_context(struct pyst_dialplan *dialplan, struct pyst_text name,
                                      struct pyst_dialplan_place place);
struct extension *dialplan_make_extension(struct pyst_dialplan *dialplan, struct context *context,
                                          const struct pyst_dialplan_extension *extension);

int dialplan_set_global(struct pyst_dialplan *dialplan, const struct pyst_dialplan_global *global);

/* Where a part of a value is written, or, when the value is not as written, where that begins. */
size_t dialplan_column(struct pyst_dialplan_place place, const char *part);

/* `what` that is in no document is to be kept by the caller. */
int dialplan_tell(struct pyst_dialplan *dialplan, enum pyst_dialplan_problem_kind kind,
                  struct pyst_dialplan_place place, struct pyst_text what);

/* The same; `suggestion` is static: what is likely meant. NULL: none. */
int dialplan_tell_near(struct pyst_dialplan *dialplan, enum pyst_dialplan_problem_kind kind,
                       struct pyst_dialplan_place place, struct pyst_text what,
                       const char *suggestion);

/* ---- substitute.c: variables ---------------------------------------------------------------- */

/*
 * Puts the values of global variables in, as Asterisk does while it loads; *resultp is `text`
 * itself when there are none.
 */
int dialplan_substitute(struct pyst_dialplan *dialplan, struct pyst_text text,
                        struct pyst_text *resultp);

/* Whether a text depends on variables, functions or expressions. */
bool dialplan_is_variable(struct pyst_text text);

/* The end of the ${ or $[ at `at`, behind its brace; 0: it has none. */
size_t dialplan_reference_end(struct pyst_text text, size_t at);

/* ---- match.c: searches ---------------------------------------------------------------------- */

/* Which Asterisk tries first, callers considered. */
int dialplan_compare_extensions(const struct pyst_dialplan_extension *a,
                                const struct pyst_dialplan_extension *b);

/* Whether an extension holds for a caller, absent: any (main/pbx.c, matchcid). */
bool dialplan_caller_fits(struct pyst_text wanted, struct pyst_text caller_id);

/*
 * Calls `take` for what fits, in order, until it gives something else than 0, and gives that. In
 * what it is told, extension and switch are never both NULL.
 */
int dialplan_search(const struct pyst_dialplan *dialplan, const struct pyst_dialplan_query *query,
                    int (*take)(void *user, const struct pyst_dialplan_match *match), void *user);

/* Of one extension; NULL: none. `label` absent: by number. */
const struct pyst_dialplan_priority *
dialplan_extension_find(const struct pyst_dialplan_extension *extension, int number,
                        struct pyst_text label);

/* ---- timing.c: times as `9:00-17:00,mon-fri,*,*` -------------------------------------------- */

/* The zone that times are in; absent: the server's. */
struct pyst_text dialplan_times_zone(struct pyst_text times);

/* Whether a local time is among them. */
bool dialplan_times_hold(struct pyst_text times, const struct tm *local);

/* Tells of each part that Asterisk leaves out. */
int dialplan_tell_bad_times(struct pyst_dialplan *dialplan, struct pyst_dialplan_place place,
                            struct pyst_text times);

#endif
