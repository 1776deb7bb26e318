/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <pyst/error.h>

#include "emulator/pairs.h"

void pairs_deinit(struct pairs *pairs)
{
    while (pairs->first) {
        struct pair *next = pairs->first->next;

        free(pairs->first);
        pairs->first = next;
    }
}

static char *copy(char *to, struct pyst_text text)
{
    if (text.size > 0)
        memcpy(to, text.data, text.size);
    return to + text.size;
}

int pairs_set(struct pairs *pairs, struct pyst_text name, struct pyst_text value)
{
    struct pair *pair = malloc(sizeof(*pair) + name.size + value.size);
    struct pair **at = &pairs->first;
    char *behind;

    if (!pair)
        return PYST_ERR_NO_MEMORY;
    behind = copy((char *)(pair + 1), name);
    pair->name = pyst_text_of(pair + 1, name.size);
    pair->value = pyst_text_of(behind, value.size);
    copy(behind, value);
    while (*at && !pyst_text_equal((*at)->name, name))
        at = &(*at)->next;
    pair->next = *at ? (*at)->next : NULL;
    free(*at);
    *at = pair;
    return 0;
}

struct pyst_text pairs_get(const struct pairs *pairs, struct pyst_text name)
{
    for (const struct pair *pair = pairs->first; pair; pair = pair->next)
        if (pyst_text_equal(pair->name, name))
            return pair->value;
    return pyst_text_none();
}

static void remove_at(struct pair **at)
{
    struct pair *pair = *at;

    *at = pair->next;
    free(pair);
}

bool pairs_remove(struct pairs *pairs, struct pyst_text name)
{
    for (struct pair **at = &pairs->first; *at; at = &(*at)->next) {
        if (pyst_text_equal((*at)->name, name)) {
            remove_at(at);
            return true;
        }
    }
    return false;
}

static bool is_below(struct pyst_text name, struct pyst_text path)
{
    return name.size >= path.size && memcmp(name.data, path.data, path.size) == 0 &&
           (name.size == path.size || name.data[path.size] == '/');
}

bool pairs_remove_below(struct pairs *pairs, struct pyst_text path)
{
    bool found = false;

    for (struct pair **at = &pairs->first; *at;) {
        if (is_below((*at)->name, path)) {
            remove_at(at);
            found = true;
        } else {
            at = &(*at)->next;
        }
    }
    return found;
}
