/* SPDX-License-Identifier: MIT */
#ifndef PYST_BASE_HASH_H
#define PYST_BASE_HASH_H

#include <stdint.h>

#include <pyst/text.h>

#include "base/fold.h"

/* FNV-1a, for tables whose size is a power of two: the upper half is folded into the lower. */
static inline uint64_t hash_begin(void)
{
    return UINT64_C(14695981039346656037);
}

static inline uint64_t hash_add(uint64_t sum, unsigned char byte)
{
    return (sum ^ byte) * UINT64_C(1099511628211);
}

static inline uint64_t hash_end(uint64_t sum)
{
    return sum ^ sum >> 32;
}

static inline uint64_t hash_text(struct pyst_text text)
{
    uint64_t sum = hash_begin();

    for (size_t i = 0; i < text.size; i++)
        sum = hash_add(sum, (unsigned char)text.data[i]);
    return hash_end(sum);
}

/* The same for texts that differ in the case of ASCII letters only. */
static inline uint64_t hash_text_nocase(struct pyst_text text)
{
    uint64_t sum = hash_begin();

    for (size_t i = 0; i < text.size; i++)
        sum = hash_add(sum, fold(text.data[i]));
    return hash_end(sum);
}

#endif
