/* SPDX-License-Identifier: MIT */
#ifndef PYST_BASE_LINE_BREAK_H
#define PYST_BASE_LINE_BREAK_H

#include <stdbool.h>

#include <pyst/text.h>

/* Whether a text would end the line that it is put into: by CR, LF, or the NUL that ends a string.
 */
static inline bool has_line_break(struct pyst_text text)
{
    return text.size > 0 && (memchr(text.data, '\n', text.size) ||
                             memchr(text.data, '\r', text.size) || memchr(text.data, 0, text.size));
}

#endif
