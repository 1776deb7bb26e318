/* SPDX-License-Identifier: MIT */
#include "emulator/words.h"

#include <string.h>

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

struct pyst_text words_trim(struct pyst_text text)
{
    while (text.size && blank(text.data[0]))
        text = pyst_text_of(text.data + 1, text.size - 1);
    while (text.size && blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

bool words_begin(struct pyst_text text, const char *with)
{
    size_t size = strlen(with);

    return text.size >= size && memcmp(text.data, with, size) == 0;
}

const char *words_skip_placeholder(const char *at, const char *end)
{
    const char *close = memchr(at, ')', (size_t)(end - at));

    return close ? close + 1 : at + 1;
}

bool words_next(struct pyst_text *restp, struct pyst_text *wordp)
{
    struct pyst_text rest = words_trim(*restp);
    const char *at = rest.data, *end = rest.data + rest.size;
    bool quoted = false;

    *wordp = pyst_text("");
    if (rest.size == 0)
        return false;
    while (at < end && (quoted || !blank(*at))) {
        if (end - at >= 2 && memcmp(at, "$(", 2) == 0) {
            at = words_skip_placeholder(at, end);
            continue;
        }
        if (*at == '"')
            quoted = !quoted;
        at++;
    }
    *wordp = pyst_text_of(rest.data, (size_t)(at - rest.data));
    *restp = pyst_text_of(at, (size_t)(end - at));
    return true;
}

struct pyst_text words_unquote(struct pyst_text text)
{
    if (text.size >= 2 && text.data[0] == '"' && text.data[text.size - 1] == '"')
        return pyst_text_of(text.data + 1, text.size - 2);
    return text;
}

bool words_split(struct pyst_text text, char c, struct pyst_text *beforep,
                 struct pyst_text *behindp)
{
    unsigned depth = 0;

    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '(')
            depth++;
        else if (text.data[i] == ')' && depth)
            depth--;
        else if (text.data[i] == c && !depth) {
            *beforep = pyst_text_of(text.data, i);
            *behindp = pyst_text_of(text.data + i + 1, text.size - i - 1);
            return true;
        }
    }
    return false;
}
