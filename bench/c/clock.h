/* SPDX-License-Identifier: MIT */
#ifndef PYST_BENCH_CLOCK_H
#define PYST_BENCH_CLOCK_H

/* Seconds on the two clocks that measurements are made with. */

#include <time.h>

static inline double bench_seconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline double bench_wall(void)
{
    return bench_seconds(CLOCK_MONOTONIC);
}

/* Of this process, all its threads, in user and kernel. */
static inline double bench_cpu(void)
{
    return bench_seconds(CLOCK_PROCESS_CPUTIME_ID);
}

#endif
