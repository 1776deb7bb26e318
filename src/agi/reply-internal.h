/* SPDX-License-Identifier: MIT */
#ifndef PYST_AGI_REPLY_INTERNAL_H
#define PYST_AGI_REPLY_INTERNAL_H

#include <pyst/agi/reply.h>

/*
 * Reads a whole reply, without its last line end, which begins with three digits. `value_only`
 * says that it answers a command whose reply ends with its value (see pyst_agi_answers_value).
 */
void pyst_agi_reply_read(struct pyst_agi_reply *reply, struct pyst_text text, bool value_only);

/* A number that is the whole text; false when it is none, or takes more than 64 bits. */
bool pyst_agi_read_number(struct pyst_text text, int64_t *numberp);

/* Whether the line is a command whose value may hold line ends: GET VARIABLE and its like. */
bool pyst_agi_answers_value(struct pyst_text line);

#endif
