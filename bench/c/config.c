/* SPDX-License-Identifier: MIT */

/*
 * Configuration files, from memory. Usage: config FILE ROUNDS
 *
 * In each round the file's bytes are made a document and dropped, again and again; then documents
 * are made configurations. The first is timed apart, the second together with the first. One line
 * of JSON a round.
 */

#include <stdio.h>
#include <stdlib.h>

#include <pyst/config/config.h>
#include <pyst/error.h>

#include "clock.h"
#include "traffic.h"

#define TURN_BYTES ((size_t)64 << 20) /* a turn is about so much */

static void check(int r)
{
    if (r < 0) {
        fprintf(stderr, "config: %s\n", pyst_strerror(r));
        exit(1);
    }
}

static void read_document(const struct traffic *traffic, int resolve)
{
    struct pyst_config_document *document;
    struct pyst_config *config;

    check(pyst_config_document_new(&document, pyst_text("bench.conf"),
                                   pyst_text_of(traffic->data, traffic->size)));
    if (resolve) {
        check(pyst_config_new(&config, document, NULL, NULL));
        if (!pyst_config_is_valid(config)) {
            fprintf(stderr, "config: the file has errors\n");
            exit(1);
        }
        pyst_config_free(config);
    }
    pyst_config_document_unref(document);
}

int main(int argc, char **argv)
{
    struct traffic traffic;
    unsigned rounds, repeat;

    if (argc != 3) {
        fprintf(stderr, "usage: config FILE ROUNDS\n");
        return 2;
    }
    traffic_load(&traffic, argv[1]);
    rounds = (unsigned)strtoul(argv[2], NULL, 10);
    repeat = (unsigned)(TURN_BYTES / traffic.size) + 1;
    for (unsigned round = 0; round < rounds; round++) {
        double t0 = bench_cpu();
        double t1;
        double t2;

        for (unsigned i = 0; i < repeat; i++)
            read_document(&traffic, 0);
        t1 = bench_cpu();
        for (unsigned i = 0; i < repeat; i++)
            read_document(&traffic, 1);
        t2 = bench_cpu();
        printf("{\"bytes\": %zu, \"document\": %.6f, \"resolved\": %.6f}\n", traffic.size * repeat,
               t1 - t0, t2 - t1);
    }
    free(traffic.data);
    return 0;
}
