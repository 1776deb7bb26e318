/* SPDX-License-Identifier: MIT */
#ifndef PYST_TEXT_H
#define PYST_TEXT_H

/**
 * Text: a view of bytes that somebody else owns.
 *
 * Everything libpyst hands out of a message is such a view. It is not terminated by a NUL, may
 * contain any byte, and lives as long as the object it was taken from. An absent text has
 * data == NULL; an empty one has size == 0 and data != NULL.
 *
 * Upper and lower case are told apart by ASCII's rules only, whatever the locale.
 */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <pyst/visibility.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_text {
    const char *data;
    size_t size; /* bytes */
};

/** The absent text. */
static inline struct pyst_text pyst_text_none(void)
{
    struct pyst_text text = {NULL, 0};
    return text;
}

/** A view of a C string, without its NUL; the absent text for NULL. */
static inline struct pyst_text pyst_text(const char *string)
{
    struct pyst_text text = {string, string ? strlen(string) : 0};
    return text;
}

/** A view of `size` bytes at `data`. */
static inline struct pyst_text pyst_text_of(const void *data, size_t size)
{
    struct pyst_text text = {(const char *)data, size};
    return text;
}

/** Whether both have the same bytes. The absent text equals the empty one. */
static inline bool pyst_text_equal(struct pyst_text a, struct pyst_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/** Whether both have the same bytes but for the case of ASCII letters. */
PYST_PUBLIC bool pyst_text_equal_nocase(struct pyst_text a, struct pyst_text b);

/**
 * Whether the text says yes in the way Asterisk reads it: "yes", "true", "y", "t", "1" or "on",
 * in any case (main/utils.c, ast_true).
 */
PYST_PUBLIC bool pyst_text_is_true(struct pyst_text text);

#ifdef __cplusplus
}
#endif

#endif
