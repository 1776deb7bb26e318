/* SPDX-License-Identifier: MIT */
#ifndef PYST_BENCH_PROCESS_H
#define PYST_BENCH_PROCESS_H

/* What another process uses. */

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

/* Its resident memory in KiB; 0 when `pid` is. */
static inline long process_memory(pid_t pid)
{
    char path[64];
    char line[256];
    long size = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    file = pid ? fopen(path, "r") : NULL;
    while (file && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "VmRSS: %ld", &size) == 1) {
            break;
        }
    }
    if (file) {
        fclose(file);
    }
    return size;
}

/* Its processor time in seconds: exactly of itself, in ticks of its children. 0 when `pid` is. */
static inline double process_cpu(pid_t pid)
{
    char path[64];
    char line[1024] = "";
    unsigned long user = 0;
    unsigned long kernel = 0;
    double own = 0;
    clockid_t clock;
    FILE *file;

    if (!pid) {
        return 0;
    }
    if (clock_getcpuclockid(pid, &clock) == 0) {
        own = bench_seconds(clock);
    }
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (file) {
        const char *behind = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;

        /* Of what follows the name, cutime and cstime are the 14th and the 15th. */
        if (behind) {
            sscanf(behind + 1, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user,
                   &kernel);
        }
        fclose(file);
    }
    return own + (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

#endif
