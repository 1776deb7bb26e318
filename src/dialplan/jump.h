/* SPDX-License-Identifier: MIT */
#ifndef PYST_DIALPLAN_JUMP_H
#define PYST_DIALPLAN_JUMP_H

/* Where an application leads to, as far as its arguments say. */

#include <pyst/dialplan.h>

enum jump_kind {
    JUMP_GOTO,  /* and what goes on elsewhere in another way: Dial's options, Originate */
    JUMP_GOSUB, /* comes back */
    JUMP_MACRO,
    JUMP_AGI, /* to a program */
    JUMP_DIAL /* to a device */
};

struct jump {
    enum jump_kind kind;
    struct pyst_text target; /* as written: an address, a program, a device */
    /* Of an address; absent: the current one. A macro's context is what stands behind "macro-". */
    struct pyst_text context;
    struct pyst_text extension;
    struct pyst_text priority; /* a number, label, +n or -n */
    bool is_empty;             /* no target where there should be one */
};

/* Calls `take` for each, in order, until it gives something else than 0, and gives that. */
int dialplan_each_jump(const struct pyst_dialplan_priority *priority,
                       int (*take)(void *user, const struct jump *jump), void *user);

/* Whether a call never goes on with the next priority. */
bool dialplan_leads_away(const struct pyst_dialplan_priority *priority);

#endif
