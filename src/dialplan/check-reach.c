/* SPDX-License-Identifier: MIT */
#include "dialplan/check.h"

struct way {
    const struct pyst_dialplan_extension *extension; /* another one is looked for */
    int number;
};

static int take_other(void *user, const struct pyst_dialplan_match *match)
{
    const struct way *way = user;

    return match->asked ||
           (match->extension != way->extension &&
            dialplan_extension_find(match->extension, way->number, pyst_text_none()));
}

/*
 * Whether a call may come from another extension that fits some of the same numbers, for Asterisk
 * looks for each priority anew; or from a switch. 1: it may; 0; PYST_ERR_NO_MEMORY.
 */
static int has_other_way(struct check *check, const struct pyst_dialplan_extension *extension,
                         int number)
{
    struct way way = {extension, number};

    dialplan_find_candidates(check, extension->context);
    if (check->is_cut)
        return 1;
    for (size_t i = 0; i < check->n_candidates; i++) {
        const int r =
            dialplan_each_overlap(check, &check->dialplan->contexts[check->candidates[i]]->public,
                                  extension->name, number, take_other, &way);

        if (r != 0)
            return r;
    }
    return 0;
}

int dialplan_check_reach(struct check *check, const struct extension *extension)
{
    const struct pyst_dialplan_extension *public = &extension->public;
    const struct pyst_dialplan_priority *last = NULL;
    int r = 0;

    if (extension->is_entered_anywhere || check->all_entered)
        return 0;
    for (size_t i = 0; r == 0 && i < public->n_priorities; i++) {
        const struct pyst_dialplan_priority *each = &public->priorities[i];
        const bool follows = last && last->number == each->number - 1;
        enum pyst_dialplan_problem_kind kind = PYST_DIALPLAN_UNREACHABLE;

        if (each->number < 1)
            continue;
        if (!last)
            kind = PYST_DIALPLAN_NO_FIRST_PRIORITY;
        else if (!follows)
            kind = PYST_DIALPLAN_PRIORITY_GAP;
        last = each;
        /* A label where nothing else leads to is an entrance, for whoever it may be. */
        if (kind != PYST_DIALPLAN_UNREACHABLE && each->label.data)
            continue;
        if (each->number == 1 || extension->is_entered[i] ||
            (follows && !dialplan_leads_away(&public->priorities[i - 1])))
            continue;
        r = has_other_way(check, public, each->number - 1);
        if (r < 0)
            return r;
        if (r == 0)
            r = dialplan_tell(check->dialplan, kind, each->place,
                              each->application.size ? each->application : public->name);
        else
            r = 0;
    }
    return r;
}
