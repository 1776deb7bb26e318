/* SPDX-License-Identifier: MIT */

/*
 * How many allocations a message costs. Usage: allocations FILE. Prints one line of JSON.
 *
 * Linked with --wrap for the allocation functions, so that each call of the library passes here.
 * The first pass lets the parser's own buffer grow; what is counted is the second.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/ami/message.h>
#include <pyst/ami/parser.h>

#include "traffic.h"

/* The linker makes these of malloc and its like. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *data, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *data, size_t size);

static uint64_t allocations;

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    allocations++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *data, size_t size)
{
    allocations++;
    return __real_realloc(data, size);
}

static uint64_t parse_all(struct pyst_ami_parser *parser, const struct traffic *traffic)
{
    struct pyst_ami_message *message;
    uint64_t messages = 0;
    size_t taken = 0;

    while (taken < traffic->size) {
        size_t size;
        void *room;

        if (pyst_ami_parser_reserve(parser, 0, &room, &size) < 0) {
            exit(1);
        }
        size = size < traffic->size - taken ? size : traffic->size - taken;
        memcpy(room, traffic->data + taken, size);
        pyst_ami_parser_commit(parser, size);
        taken += size;
        while (pyst_ami_parser_next(parser, &message) > 0) {
            messages++;
            pyst_ami_message_unref(message);
        }
    }
    return messages;
}

int main(int argc, char **argv)
{
    struct pyst_ami_parser *parser;
    struct traffic traffic;
    uint64_t messages;

    if (argc != 2 || pyst_ami_parser_new(&parser, NULL, false) < 0) {
        fprintf(stderr, "usage: allocations FILE\n");
        return 2;
    }
    traffic_load(&traffic, argv[1]);
    parse_all(parser, &traffic);
    allocations = 0;
    messages = parse_all(parser, &traffic);
    printf("{\"messages\": %llu, \"allocations\": %llu}\n", (unsigned long long)messages,
           (unsigned long long)allocations);
    pyst_ami_parser_free(parser);
    free(traffic.data);
    return 0;
}
