/* SPDX-License-Identifier: MIT */
#ifndef PYST_DIALPLAN_LOAD_H
#define PYST_DIALPLAN_LOAD_H

/* From a configuration to a dialplan. */

#include "dialplan/internal.h"

/* One section. */
struct loader {
    struct pyst_dialplan *dialplan;
    struct context *context;
    struct pyst_text extension; /* that `same` goes on with; empty: none */
    int priority;               /* the last one, which n and s count from */
};

/* One item of it. */
struct entry {
    struct loader *loader;
    const struct pyst_config_item *item;
    struct pyst_dialplan_place place;
};

static inline int tell(struct entry *entry, enum pyst_dialplan_problem_kind kind,
                       struct pyst_text what)
{
    return dialplan_tell(entry->loader->dialplan, kind, entry->place, what);
}

int dialplan_load_include(struct entry *entry);
int dialplan_load_ignorepat(struct entry *entry);

/* switch: `is_substituted`, variables are put in now; eswitch: `is_evaluated`; lswitch: neither. */
int dialplan_load_switch(struct entry *entry, bool is_substituted, bool is_evaluated);

#endif
