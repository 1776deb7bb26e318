/* SPDX-License-Identifier: MIT */
#ifndef PYST_TESTS_CONFIG_DUMP_H
#define PYST_TESTS_CONFIG_DUMP_H

/* Documents and configurations as text, so that a test says in a few lines what it expects. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pyst/config/config.h>

static char dumped[65536];
static size_t dumped_size;

static inline void dump(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline void dump(const char *format, ...)
{
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vsnprintf(dumped + dumped_size, sizeof(dumped) - dumped_size, format, arguments);
    va_end(arguments);
    assert_true(n >= 0 && (size_t)n < sizeof(dumped) - dumped_size);
    dumped_size += (size_t)n;
}

static inline void dump_text(struct pyst_text text)
{
    dump("%.*s", (int)text.size, text.data ? text.data : "");
}

static inline struct pyst_config_document *read_text(const char *name, struct pyst_text bytes)
{
    struct pyst_config_document *document;

    assert_int_equal(pyst_config_document_new(&document, pyst_text(name), bytes), 0);
    return document;
}

static inline struct pyst_config_document *read_string(const char *bytes)
{
    return read_text("test.conf", pyst_text(bytes));
}

/* "LINE:COLUMN severity", a line each. */
static inline void dump_problem(const struct pyst_config_problem *problem)
{
    static const char *const severities[] = {"error", "warning", "note"};

    dump("%zu:%zu %s: %s\n", problem->line, problem->column,
         severities[pyst_config_problem_severity(problem->kind)],
         pyst_config_problem_text(problem->kind));
}

/* What the document is written as. */
static inline void assert_written(const struct pyst_config_document *document, const char *expected)
{
    static char bytes[65536];
    size_t size = pyst_config_document_size(document);

    assert_true(size < sizeof(bytes));
    pyst_config_document_write(document, bytes);
    bytes[size] = '\0';
    assert_string_equal(bytes, expected);
}

#endif
