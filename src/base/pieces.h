/* SPDX-License-Identifier: MIT */
#ifndef PYST_BASE_PIECES_H
#define PYST_BASE_PIECES_H

#include <pyst/text.h>

/*
 * What stands before the first `separator`; *restp is left with what stands behind it, absent when
 * there is none.
 */
static inline struct pyst_text text_cut(struct pyst_text *restp, char separator)
{
    const struct pyst_text text = *restp;
    const char *at = text.size > 0 ? memchr(text.data, separator, text.size) : NULL;

    *restp = at ? pyst_text_of(at + 1, text.size - (size_t)(at + 1 - text.data)) : pyst_text_none();
    return at ? pyst_text_of(text.data, (size_t)(at - text.data)) : text;
}

/* Without the bytes of `around` that it begins and ends with. */
static inline struct pyst_text text_trim(struct pyst_text text, const char *around)
{
    const struct pyst_text bytes = pyst_text(around);

    while (text.size > 0 && memchr(bytes.data, text.data[0], bytes.size)) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && memchr(bytes.data, text.data[text.size - 1], bytes.size))
        text.size--;
    return text;
}

#endif
