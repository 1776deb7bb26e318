/* SPDX-License-Identifier: MIT */
#ifndef PYST_TESTS_ALLOCATION_H
#define PYST_TESTS_ALLOCATION_H

/*
 * Allocations that fail when they are told to. A test whose name ends in -memory is linked so that
 * the library's allocations come here (--wrap, tests/unit/meson.build).
 */

#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

void *__real_malloc(size_t size);             /* NOLINT(bugprone-reserved-identifier) */
void *__real_calloc(size_t n, size_t size);   /* NOLINT(bugprone-reserved-identifier) */
void *__real_realloc(void *old, size_t size); /* NOLINT(bugprone-reserved-identifier) */
void __real_free(void *memory);               /* NOLINT(bugprone-reserved-identifier) */
void *__wrap_malloc(size_t size);             /* NOLINT(bugprone-reserved-identifier) */
void *__wrap_calloc(size_t n, size_t size);   /* NOLINT(bugprone-reserved-identifier) */
void *__wrap_realloc(void *old, size_t size); /* NOLINT(bugprone-reserved-identifier) */
void __wrap_free(void *memory);               /* NOLINT(bugprone-reserved-identifier) */

static unsigned failing; /* the number of the allocation that fails, counted down; 0: none */
static unsigned failed;  /* so many have */
static unsigned long allocations;
static long alive;

static bool fails(void)
{
    allocations++;
    if (failing == 0 || --failing > 0)
        return false;
    failed++;
    return true;
}

static void *count(void *memory)
{
    alive += memory != NULL;
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : count(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : count(__real_calloc(n, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    if (fails())
        return NULL;
    return old ? __real_realloc(old, size) : count(__real_malloc(size));
}

void __wrap_free(void *memory)
{
    alive -= memory != NULL;
    __real_free(memory);
}

#endif
