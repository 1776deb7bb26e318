/* SPDX-License-Identifier: MIT */
#ifndef PYST_ASYNC_AGI_PERCENT_H
#define PYST_ASYNC_AGI_PERCENT_H

#include <stddef.h>

#include <pyst/text.h>

/*
 * Undoes what main/utils.c, ast_uri_encode, did with ast_uri_http: every byte but letters, digits
 * and -_.!~*'() as %XX. A "+" is a plus, and what is no %XX stays as it is. Writes at most
 * text.size bytes to `out` and returns how many.
 */
size_t percent_decode(struct pyst_text text, char *out);

#endif
