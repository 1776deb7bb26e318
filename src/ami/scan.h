/* SPDX-License-Identifier: MIT */
#ifndef PYST_AMI_SCAN_H
#define PYST_AMI_SCAN_H

/*
 * The one loop that looks at every received byte: from `from`, find the line feed that ends the
 * line and, unless it is known, the first colon of the line. Both are looked for in one pass,
 * sixteen bytes at a time, because lines are short (about forty bytes) and a call of memchr() for
 * each of the two would cost more than the search.
 *
 * SCAN_PADDING readable bytes that are neither line feed nor colon must follow `end`.
 */

#include <stddef.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define SCAN_PADDING 16

/* Returns the line feed, or NULL when there is none before `end`; sets *colonp if it was NULL. */
static inline const char *scan_line(const char *from, const char *end, const char **colonp)
{
#if defined(__SSE2__)
    const __m128i line_feeds = _mm_set1_epi8('\n');
    const __m128i colons = _mm_set1_epi8(':');
    const char *at = from;

    if (!*colonp) {
        for (; at < end; at += 16) {
            __m128i block = _mm_loadu_si128((const __m128i *)(const void *)at);
            unsigned feed = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, line_feeds));
            unsigned colon = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, colons));

            if (feed | colon) {
                if (feed) {
                    /* only colons before the line feed belong to this line */
                    colon &= (feed & -feed) - 1;
                    if (colon)
                        *colonp = at + __builtin_ctz(colon);
                    return at + __builtin_ctz(feed);
                }
                *colonp = at + __builtin_ctz(colon);
                at += 16;
                break;
            }
        }
    }
    for (; at < end; at += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)(const void *)at);
        unsigned feed = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, line_feeds));

        if (feed)
            return at + __builtin_ctz(feed);
    }
    return NULL;
#else
    const char *feed = memchr(from, '\n', (size_t)(end - from));

    if (!*colonp)
        *colonp = memchr(from, ':', (size_t)((feed ? feed : end) - from));
    return feed;
#endif
}

#endif
