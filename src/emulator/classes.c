/* SPDX-License-Identifier: MIT */
#include "base/pieces.h"
#include "emulator/script.h"

/* The classes of events, as in the table perms of Asterisk's main/manager.c. */
static const char *const names[] = {
    "system", "call", "log",  "verbose",   "command",  "agent",     "user",
    "config", "dtmf", "cdr",  "reporting", "dialplan", "originate", "agi",
    "cc",     "aoc",  "test", "security",  "message",
};

static bool next_word(struct pyst_text *textp, struct pyst_text *wordp)
{
    if (textp->size == 0)
        return false;
    *wordp = text_trim(text_cut(textp, ','), " ");
    return true;
}

static uint32_t named(struct pyst_text text)
{
    struct pyst_text word;
    uint32_t classes = 0;

    while (next_word(&text, &word))
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (pyst_text_equal_nocase(word, pyst_text(names[i])))
                classes |= UINT32_C(1) << i;
    return classes;
}

/* "all" stands at the end of every Privilege and says nothing. */
uint32_t classes_of_privilege(struct pyst_text privilege)
{
    return named(privilege);
}

/* Follows main/manager.c, strings_to_mask. */
uint32_t classes_of_mask(struct pyst_text mask)
{
    static const char *const nothing[] = {"off", "no", "false", "f", "n", "0", "none"};
    struct pyst_text rest = mask, word;

    if (pyst_text_is_true(mask))
        return CLASSES_ALL;
    for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
        if (pyst_text_equal_nocase(mask, pyst_text(nothing[i])))
            return 0;
    while (next_word(&rest, &word))
        if (pyst_text_equal_nocase(word, pyst_text("all")))
            return CLASSES_ALL;
    return named(mask);
}
