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

#include <pyst/error.h>

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
static unsigned told;    /* and so many calls said so */
static unsigned long allocations;
static unsigned long long allocated; /* bytes that were asked for, in all */
static long alive;

static bool fails(size_t size)
{
    allocations++;
    allocated += size;
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
    return fails(size) ? NULL : count(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails(n * size) ? NULL : count(__real_calloc(n, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    if (fails(size))
        return NULL;
    return old ? __real_realloc(old, size) : count(__real_malloc(size));
}

void __wrap_free(void *memory)
{
    alive -= memory != NULL;
    __real_free(memory);
}

/* Whether a call said that an allocation failed; it may be made again then. */
static inline bool no_memory(int r)
{
    if (r != PYST_ERR_NO_MEMORY)
        return false;
    if (++told > failed)
        fail_msg("PYST_ERR_NO_MEMORY although there was memory");
    return true;
}

#define UNTIL_DONE(call)                                                                           \
    while (no_memory(call))                                                                        \
    continue

/*
 * Runs it with the first allocation failing, then the second, until none is left to fail. How
 * often that was; nothing leaks.
 */
static inline unsigned with_each_failing(void (*run)(void))
{
    unsigned number = 0;

    do {
        failing = ++number;
        failed = told = 0;
        run();
        failing = 0;
        assert_int_equal(alive, 0);
    } while (failed > 0);
    return number;
}

#endif
