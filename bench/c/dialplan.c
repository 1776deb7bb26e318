/* SPDX-License-Identifier: MIT */

/*
 * Dialplans, from files. Usage: dialplan FILE ROUNDS
 *
 * In each round the file is read, resolved, made a dialplan, and all of that dropped. One line of
 * JSON a round but the first.
 */

#include <stdio.h>
#include <stdlib.h>

#include <pyst/config/file.h>
#include <pyst/dialplan.h>
#include <pyst/error.h>

#include "clock.h"

static void check(int r)
{
    if (r < 0) {
        fprintf(stderr, "dialplan: %s\n", pyst_strerror(r));
        exit(1);
    }
}

/* Gives the bytes of the file. */
static size_t read_dialplan(const char *path)
{
    struct pyst_config *config;
    struct pyst_dialplan *dialplan;
    size_t size;

    check(pyst_config_load(&config, path, NULL));
    check(pyst_dialplan_new(&dialplan, config));
    if (!pyst_config_is_valid(config) || pyst_dialplan_problem_count(dialplan) > 0) {
        fprintf(stderr, "dialplan: the file has problems\n");
        exit(1);
    }
    size = pyst_config_document_size(pyst_config_document(config, 0));
    pyst_dialplan_free(dialplan);
    pyst_config_free(config);
    return size;
}

int main(int argc, char **argv)
{
    unsigned rounds;

    if (argc != 3) {
        fprintf(stderr, "usage: dialplan FILE ROUNDS\n");
        return 2;
    }
    read_dialplan(argv[1]);
    rounds = (unsigned)strtoul(argv[2], NULL, 10);
    for (unsigned round = 0; round < rounds; round++) {
        const double wall = bench_wall(), cpu = bench_cpu();
        const size_t size = read_dialplan(argv[1]);
        const double cpu_end = bench_cpu();

        printf("{\"count\": %zu, \"wall\": %.6f, \"cpu\": %.6f}\n", size, bench_wall() - wall,
               cpu_end - cpu);
    }
    return 0;
}
