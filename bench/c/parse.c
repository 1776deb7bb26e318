/* SPDX-License-Identifier: MIT */

/*
 * Parsing in C, from memory. Usage:
 *
 *     parse compare FILE ROUNDS     the parser and a memchr newline count, turn by turn
 *     parse stream FILE GIGABYTES   the memory in use while so much traffic passes
 *
 * FILE is whole messages without a greeting. One line of JSON a result.
 *
 * What is compared: the count visits every newline of the bytes where they lie. The parser gets
 * the same bytes as from a socket, that is copied into the room it gives, piece by piece; every
 * message is made, its fields indexed, looked at and dropped. The copy is inside the time.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/ami/message.h>
#include <pyst/ami/parser.h>
#include <pyst/error.h>

#include "clock.h"
#include "traffic.h"

#define TURN_BYTES ((size_t)64 << 20) /* a turn is about so much */

struct tally {
    uint64_t messages;
    uint64_t headers;
    uint64_t checksum; /* keeps the work from being optimised away */
};

/* Whether to look up two headers by name in every message as well. */
static int with_lookups;

static uint64_t count_newlines(const struct traffic *traffic)
{
    const char *end = traffic->data + traffic->size;
    const char *at = traffic->data;
    uint64_t n = 0;

    while ((at = memchr(at, '\n', (size_t)(end - at)))) {
        n++;
        at++;
    }
    return n;
}

static void look_at(const struct pyst_ami_message *message, struct tally *tally)
{
    size_t n = pyst_ami_message_n_headers(message);
    struct pyst_ami_header last = pyst_ami_message_header(message, n - 1);

    tally->messages++;
    tally->headers += n;
    tally->checksum += (uint64_t)pyst_ami_message_kind(message) + last.value.size;
    if (with_lookups) {
        tally->checksum += pyst_ami_message_get(message, pyst_text("Channel")).size;
        tally->checksum += pyst_ami_message_get(message, pyst_text("Uniqueid")).size;
    }
}

static void parse_all(struct pyst_ami_parser *parser, const struct traffic *traffic,
                      struct tally *tally)
{
    size_t taken = 0;

    while (taken < traffic->size) {
        struct pyst_ami_message *message;
        size_t size;
        void *room;
        int r = pyst_ami_parser_reserve(parser, 0, &room, &size);

        if (r == 0) {
            size = size < traffic->size - taken ? size : traffic->size - taken;
            memcpy(room, traffic->data + taken, size);
            pyst_ami_parser_commit(parser, size);
            taken += size;
            while ((r = pyst_ami_parser_next(parser, &message)) > 0) {
                look_at(message, tally);
                pyst_ami_message_unref(message);
            }
        }
        if (r < 0) {
            fprintf(stderr, "parse: %s\n", pyst_strerror(r));
            exit(1);
        }
    }
}

static struct pyst_ami_parser *new_parser(void)
{
    struct pyst_ami_parser *parser;
    int r = pyst_ami_parser_new(&parser, NULL, false);

    if (r < 0) {
        fprintf(stderr, "parse: %s\n", pyst_strerror(r));
        exit(1);
    }
    return parser;
}

static void compare(const struct traffic *traffic, unsigned rounds)
{
    struct pyst_ami_parser *parser = new_parser();
    unsigned repeat = (unsigned)(TURN_BYTES / traffic->size) + 1;
    volatile uint64_t newlines = 0;

    for (unsigned round = 0; round < rounds; round++) {
        struct tally tally = {0};
        double t0 = bench_cpu();
        double t1;
        double t2;
        double t3;

        for (unsigned i = 0; i < repeat; i++) {
            newlines = count_newlines(traffic);
        }
        t1 = bench_cpu();
        with_lookups = 0;
        for (unsigned i = 0; i < repeat; i++) {
            parse_all(parser, traffic, &tally);
        }
        t2 = bench_cpu();
        with_lookups = 1;
        for (unsigned i = 0; i < repeat; i++) {
            parse_all(parser, traffic, &tally);
        }
        t3 = bench_cpu();
        printf("{\"bytes\": %zu, \"messages\": %llu, \"headers\": %llu, \"newlines\": %llu, "
               "\"memchr\": %.6f, \"parse\": %.6f, \"lookups\": %.6f}\n",
               traffic->size * repeat, (unsigned long long)tally.messages / 2,
               (unsigned long long)tally.headers / 2, (unsigned long long)newlines * repeat,
               t1 - t0, t2 - t1, t3 - t2);
    }
    pyst_ami_parser_free(parser);
}

/* Memory of its own, without mapped files, in KiB. */
static long own_kb(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    long kb = 0;

    while (file && kb == 0 && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "Anonymous:", 10) == 0) {
            kb = strtol(line + 10, NULL, 10);
        }
    }
    if (file) {
        fclose(file);
    }
    return kb;
}

static void stream(const struct traffic *traffic, unsigned gigabytes)
{
    struct pyst_ami_parser *parser = new_parser();
    struct tally tally = {0};
    uint64_t bytes = 0;

    own_kb(); /* what looking takes itself */
    for (unsigned i = 1; i <= gigabytes; i++) {
        while (bytes < i * (uint64_t)1000000000) {
            parse_all(parser, traffic, &tally);
            bytes += traffic->size;
        }
        printf("{\"gigabytes\": %u, \"messages\": %llu, \"own_kb\": %ld}\n", i,
               (unsigned long long)tally.messages, own_kb());
    }
    pyst_ami_parser_free(parser);
}

int main(int argc, char **argv)
{
    struct traffic traffic;

    if (argc != 4) {
        fprintf(stderr, "usage: parse compare|stream FILE NUMBER\n");
        return 2;
    }
    traffic_load(&traffic, argv[2]);
    if (strcmp(argv[1], "compare") == 0) {
        compare(&traffic, (unsigned)strtoul(argv[3], NULL, 10));
    } else {
        stream(&traffic, (unsigned)strtoul(argv[3], NULL, 10));
    }
    free(traffic.data);
    return 0;
}
