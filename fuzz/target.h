/* SPDX-License-Identifier: MIT */
#ifndef PYST_FUZZ_TARGET_H
#define PYST_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What a fuzzer calls for each input; replay.c does for those of the corpus. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As assert(), whatever NDEBUG says. */
#define CHECK(expression)                                                                          \
    do {                                                                                           \
        if (!(expression)) {                                                                       \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #expression);                       \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* What is left of an input. */
struct input {
    const uint8_t *data;
    size_t size;
};

/* The next byte; 0 when there are no more. */
static inline uint8_t take_byte(struct input *input)
{
    if (input->size == 0)
        return 0;
    input->size--;
    return *input->data++;
}

/* The next two bytes, the lower one first. */
static inline uint16_t take_number(struct input *input)
{
    uint8_t low = take_byte(input);

    return (uint16_t)(low | take_byte(input) << 8);
}

#endif
