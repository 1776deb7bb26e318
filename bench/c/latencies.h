/* SPDX-License-Identifier: MIT */
#ifndef PYST_BENCH_LATENCIES_H
#define PYST_BENCH_LATENCIES_H

/* A histogram of latencies in nanoseconds, exact to a thirty-second. */

#include <stdint.h>

#define SUBDIVISIONS 32u /* of a power of two */
#define BUCKETS      (64u * SUBDIVISIONS)

struct latencies {
    uint64_t buckets[BUCKETS];
    uint64_t max;
};

/* Which bucket a latency is in: its highest bit and the five below. */
static inline unsigned bucket_of(uint64_t value)
{
    unsigned high;

    if (value < SUBDIVISIONS) {
        return (unsigned)value;
    }
    high = 63u - (unsigned)__builtin_clzll(value);
    return (high - 4u) * SUBDIVISIONS + (unsigned)(value >> (high - 5u)) - SUBDIVISIONS;
}

/* The least value in a bucket. */
static inline uint64_t value_of(unsigned bucket)
{
    unsigned high = bucket / SUBDIVISIONS;

    if (high == 0) {
        return bucket;
    }
    return (uint64_t)(bucket % SUBDIVISIONS + SUBDIVISIONS) << (high - 1u);
}

static inline void latencies_note(struct latencies *latencies, uint64_t taken)
{
    latencies->buckets[bucket_of(taken)]++;
    if (taken > latencies->max) {
        latencies->max = taken;
    }
}

/* In seconds; 0 when there is none. */
static inline double latencies_percentile(const struct latencies *latencies, double part)
{
    uint64_t total = 0;
    uint64_t seen = 0;

    for (unsigned i = 0; i < BUCKETS; i++) {
        total += latencies->buckets[i];
    }
    for (unsigned i = 0; i < BUCKETS; i++) {
        seen += latencies->buckets[i];
        if ((double)seen >= part * (double)total && seen > 0) {
            return (double)value_of(i) / 1e9;
        }
    }
    return 0;
}

#endif
