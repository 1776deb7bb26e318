/* SPDX-License-Identifier: MIT */
#ifndef PYST_CALL_FILE_KEYS_H
#define PYST_CALL_FILE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include <pyst/text.h>

/* What Asterisk does without "RetryTime:" (pbx/pbx_spool.c, new_outgoing). */
#define RETRY_TIME_DEFAULT 300

/* What Asterisk trims off the ends of a line (strings.h, ast_trim_blanks and ast_skip_blanks). */
static inline bool is_trimmed(char c)
{
    return (unsigned char)c <= ' ';
}

/* Whether a "#" behind this character begins a comment (pbx/pbx_spool.c, parse_line). */
static inline bool opens_comment(char c)
{
    return c == ' ' || c == '\t';
}

/* The number that `text` begins with, 0 when it begins with none; too large a one is INT64_MAX. */
int64_t leading_number(struct pyst_text text, size_t *n_digitsp);

#endif
