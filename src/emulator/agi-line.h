/* SPDX-License-Identifier: MIT */
#ifndef PYST_EMULATOR_AGI_LINE_H
#define PYST_EMULATOR_AGI_LINE_H

/* A command's line taken apart by the rules of Asterisk's res/res_agi.c, parse_args. */

#include <stddef.h>

#include <pyst/text.h>

#define AGI_LINE_WORDS_MAX 127 /* what is behind them is left out */

/*
 * Gives the number of words. Their bytes are written to `bytes`, which has room for line.size, and
 * `words`, of AGI_LINE_WORDS_MAX, are views of it.
 */
size_t agi_line_split(struct pyst_text line, char *bytes, struct pyst_text *words);

#endif
