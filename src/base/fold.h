/* SPDX-License-Identifier: MIT */
#ifndef PYST_BASE_FOLD_H
#define PYST_BASE_FOLD_H

/* An ASCII letter in lower case, any other byte as it is; no locale. */
static inline unsigned char fold(char c)
{
    unsigned char byte = (unsigned char)c;

    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : byte;
}

#endif
