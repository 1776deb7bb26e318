/* SPDX-License-Identifier: MIT */
#ifndef PYST_EMULATOR_WORDS_H
#define PYST_EMULATOR_WORDS_H

/* A chatscript's lines taken apart. All that is given back is a view of what was given. */

#include <stdbool.h>

#include <pyst/text.h>

/* Less the blanks and tabs at both ends. */
struct pyst_text words_trim(struct pyst_text text);

bool words_begin(struct pyst_text text, const char *with);

/*
 * Takes the next word from *restp. Blanks in quotes and in placeholders are part of a word. False
 * at the end, and then *wordp is empty.
 */
bool words_next(struct pyst_text *restp, struct pyst_text *wordp);

/* Less the quotes when they are around all of it. */
struct pyst_text words_unquote(struct pyst_text text);

/* Splits at the first `c` that is in no parentheses; false when there is none. */
bool words_split(struct pyst_text text, char c, struct pyst_text *beforep,
                 struct pyst_text *behindp);

/* Past the ")" of the "$(" at `at`, or past the "$" when it has none. */
const char *words_skip_placeholder(const char *at, const char *end);

#endif
