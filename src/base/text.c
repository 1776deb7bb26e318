/* SPDX-License-Identifier: MIT */
#include <pyst/text.h>

#include "base/fold.h"

bool pyst_text_equal_nocase(struct pyst_text a, struct pyst_text b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (a.data[i] != b.data[i] && fold(a.data[i]) != fold(b.data[i]))
            return false;
    return true;
}

bool pyst_text_is_true(struct pyst_text text)
{
    static const char *const words[] = {"yes", "true", "y", "t", "1", "on"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (pyst_text_equal_nocase(text, pyst_text(words[i])))
            return true;
    return false;
}
