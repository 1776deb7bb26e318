/* SPDX-License-Identifier: MIT */
#ifndef PYST_TESTS_ASSERT_TEXT_H
#define PYST_TESTS_ASSERT_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pyst/text.h>

/* NULL: that it is absent. */
static inline void assert_text(struct pyst_text text, const char *expected)
{
    if (!expected)
        assert_null(text.data);
    else if (!text.data)
        fail_msg("an absent text instead of \"%s\"", expected);
    else if (!pyst_text_equal(text, pyst_text(expected)))
        fail_msg("\"%.*s\" instead of \"%s\"", (int)text.size, text.data, expected);
}

#endif
