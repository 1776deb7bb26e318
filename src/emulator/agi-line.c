/* SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "emulator/agi-line.h"

static void end_word(const char *at, struct pyst_text *word)
{
    word->size = (size_t)(at - word->data);
}

size_t agi_line_split(struct pyst_text line, char *bytes, struct pyst_text *words)
{
    bool is_quoted = false, is_escaped = false, in_word = false;
    size_t n_words = 0;

    for (size_t i = 0; i < line.size; i++) {
        char c = line.data[i];

        if ((c == ' ' || c == '\t') && !is_quoted && !is_escaped) {
            if (in_word)
                end_word(bytes, &words[n_words - 1]);
            in_word = false;
            continue;
        }
        if (c == '\\' && !is_escaped) {
            is_escaped = true; /* begins no word by itself */
            continue;
        }
        if (!in_word && n_words == AGI_LINE_WORDS_MAX)
            break;
        if (c == '"' && !is_escaped) {
            is_quoted = !is_quoted;
            if (!in_word && is_quoted) {
                words[n_words++] = pyst_text_of(bytes, 0);
                in_word = true;
            }
            continue;
        }
        if (!in_word)
            words[n_words++] = pyst_text_of(bytes, 0);
        in_word = true;
        is_escaped = false;
        *bytes++ = c;
    }
    if (in_word)
        end_word(bytes, &words[n_words - 1]);
    return n_words;
}
