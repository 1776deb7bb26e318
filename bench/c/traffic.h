/* SPDX-License-Identifier: MIT */
#ifndef PYST_BENCH_TRAFFIC_H
#define PYST_BENCH_TRAFFIC_H

/* The bytes that are parsed: a whole file in memory. */

#include <stdio.h>
#include <stdlib.h>

struct traffic {
    char *data;
    size_t size;
};

/* Ends the program when the file cannot be read or is empty. */
static inline void traffic_load(struct traffic *traffic, const char *path)
{
    FILE *file = fopen(path, "rb");
    long size = -1;

    if (file && fseek(file, 0, SEEK_END) == 0) {
        size = ftell(file);
        rewind(file);
    }
    traffic->size = size > 0 ? (size_t)size : 0;
    traffic->data = size > 0 ? malloc(traffic->size) : NULL;
    if (!traffic->data || fread(traffic->data, 1, traffic->size, file) != traffic->size) {
        perror(path);
        exit(1);
    }
    fclose(file);
}

#endif
