/* SPDX-License-Identifier: MIT */
#ifndef PYST_DIALPLAN_ARGUMENTS_H
#define PYST_DIALPLAN_ARGUMENTS_H

/* What stands in an application's parentheses (main/app.c, __ast_app_separate_args). */

#include <pyst/text.h>

/*
 * Takes what stands before the first `separator` that is in no ${...}, no $[...] and, with
 * `nested`, in no parentheses, brackets or quotes. *foundp (may be NULL) tells whether there was
 * one.
 */
struct pyst_text dialplan_take_argument(struct pyst_text *rest, char separator, bool nested,
                                        bool *foundp);

/* Argument `i`, from 0; absent: there is none. */
struct pyst_text dialplan_argument(struct pyst_text arguments, size_t i);

#endif
