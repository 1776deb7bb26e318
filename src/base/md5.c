/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "base/md5.h"

/* RFC 1321. */

struct md5 {
    uint32_t state[4];
    uint64_t size; /* bytes so far */
    unsigned char block[64];
};

/* floor(2^32 * |sin(i + 1)|) */
static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

static const unsigned char rotations[4][4] = {
    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t rotate(uint32_t x, unsigned n)
{
    return (x << n) | (x >> (32 - n));
}

static void transform(struct md5 *md5)
{
    uint32_t words[16];
    uint32_t a = md5->state[0], b = md5->state[1], c = md5->state[2], d = md5->state[3];

    for (unsigned i = 0; i < 16; i++)
        words[i] = (uint32_t)md5->block[4 * i] | (uint32_t)md5->block[4 * i + 1] << 8 |
                   (uint32_t)md5->block[4 * i + 2] << 16 | (uint32_t)md5->block[4 * i + 3] << 24;
    for (unsigned i = 0; i < 64; i++) {
        uint32_t f, next;
        unsigned g;

        switch (i / 16) {
        case 0:
            f = (b & c) | (~b & d);
            g = i;
            break;
        case 1:
            f = (d & b) | (~d & c);
            g = (5 * i + 1) % 16;
            break;
        case 2:
            f = b ^ c ^ d;
            g = (3 * i + 5) % 16;
            break;
        default:
            f = c ^ (b | ~d);
            g = (7 * i) % 16;
            break;
        }
        next = b + rotate(a + f + sines[i] + words[g], rotations[i / 16][i % 4]);
        a = d;
        d = c;
        c = b;
        b = next;
    }
    md5->state[0] += a;
    md5->state[1] += b;
    md5->state[2] += c;
    md5->state[3] += d;
}

static void update(struct md5 *md5, const void *data, size_t size)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < size; i++) {
        md5->block[md5->size++ % 64] = bytes[i];
        if (md5->size % 64 == 0)
            transform(md5);
    }
}

void pyst_md5_hex(const struct pyst_text *parts, size_t n_parts, char out[33])
{
    static const char digits[] = "0123456789abcdef";
    static const unsigned char first = 0x80, zero = 0;
    struct md5 md5 = {{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}, 0, {0}};
    unsigned char length[8];
    uint64_t bits;

    for (size_t i = 0; i < n_parts; i++)
        update(&md5, parts[i].data, parts[i].size);
    bits = md5.size * 8;
    for (unsigned i = 0; i < 8; i++)
        length[i] = (unsigned char)(bits >> (8 * i));
    update(&md5, &first, 1);
    while (md5.size % 64 != 56)
        update(&md5, &zero, 1);
    update(&md5, length, 8);
    for (unsigned i = 0; i < 16; i++) {
        unsigned char byte = (unsigned char)(md5.state[i / 4] >> (8 * (i % 4)));

        out[2 * i] = digits[byte >> 4];
        out[2 * i + 1] = digits[byte & 15];
    }
    out[32] = '\0';
}
