/* SPDX-License-Identifier: MIT */
#include "dialplan/arguments.h"
#include "dialplan/internal.h"

struct pyst_text dialplan_take_argument(struct pyst_text *rest, char separator, bool nested,
                                        bool *foundp)
{
    struct pyst_text taken = *rest;
    size_t parentheses = 0, brackets = 0;
    bool quoted = false;

    for (size_t i = 0; i < rest->size; i++) {
        const char c = rest->data[i];

        if (c == '$' && i + 1 < rest->size &&
            (rest->data[i + 1] == '{' || rest->data[i + 1] == '[')) {
            const size_t end = dialplan_reference_end(*rest, i);

            if (end == 0)
                break;
            i = end - 1;
        } else if (c == separator && !parentheses && !brackets && !quoted) {
            taken.size = i;
            *rest = pyst_text_of(rest->data + i + 1, rest->size - i - 1);
            if (foundp)
                *foundp = true;
            return taken;
        } else if (nested) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = !quoted;
            else if (c == '(')
                parentheses++;
            else if (c == ')')
                parentheses -= parentheses > 0;
            else if (c == '[')
                brackets++;
            else if (c == ']')
                brackets -= brackets > 0;
        }
    }
    *rest = pyst_text_none();
    if (foundp)
        *foundp = false;
    return taken;
}

struct pyst_text dialplan_argument(struct pyst_text arguments, size_t i)
{
    struct pyst_text taken = pyst_text_none();

    for (size_t n = 0; n <= i; n++) {
        if (!arguments.data)
            return pyst_text_none();
        taken = dialplan_take_argument(&arguments, ',', true, NULL);
    }
    return taken;
}
