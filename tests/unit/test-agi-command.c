/* SPDX-License-Identifier: MIT */

/* Commands: what Asterisk reads from the line is what was put in, whatever bytes it is. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pyst/agi/command.h>

#include "emulator/agi-line.h"

static struct pyst_agi_command *new_command(size_t size)
{
    struct pyst_agi_command *command;

    assert_int_equal(pyst_agi_command_new(&command, size), 0);
    return command;
}

static void assert_line(const struct pyst_agi_command *command, const char *expected)
{
    struct pyst_text line = pyst_agi_command_line(command);

    assert_non_null(line.data);
    assert_int_equal(line.size, strlen(expected));
    assert_memory_equal(line.data, expected, line.size);
}

static void texts_are_quoted_and_numbers_are_not(void **state)
{
    struct pyst_agi_command *command = new_command(0);

    assert_int_equal(pyst_agi_command_begin(command, "GET DATA"), 0);
    assert_int_equal(pyst_agi_command_add(command, pyst_text("a b")), 0);
    assert_int_equal(pyst_agi_command_add_number(command, 2000), 0);
    assert_int_equal(pyst_agi_command_add_number(command, -1), 0);
    assert_line(command, "GET DATA \"a b\" 2000 -1\n");

    assert_int_equal(pyst_agi_command_begin(command, "VERBOSE"), 0);
    assert_int_equal(pyst_agi_command_add(command, pyst_text("say \"\\o/\"")), 0);
    assert_int_equal(pyst_agi_command_add(command, pyst_text("")), 0);
    assert_int_equal(pyst_agi_command_add(command, pyst_text_none()), 0);
    assert_line(command, "VERBOSE \"say \\\"\\\\o/\\\"\" \"\" \"\"\n");

    assert_int_equal(pyst_agi_command_begin(command, "X"), 0);
    assert_int_equal(pyst_agi_command_add_number(command, INT64_MIN), 0);
    assert_int_equal(pyst_agi_command_add_number(command, INT64_MAX), 0);
    assert_int_equal(pyst_agi_command_add_number(command, 0), 0);
    assert_line(command, "X -9223372036854775808 9223372036854775807 0\n");
    pyst_agi_command_free(command);
}

static void asterisk_reads_what_was_put_in(void **state)
{
    struct pyst_agi_command *command = new_command(PYST_AGI_COMMAND_SIZE_MAX);
    uint32_t random = 1;
    static char bytes[PYST_AGI_COMMAND_SIZE_MAX];
    struct pyst_text words[AGI_LINE_WORDS_MAX], line;

    for (int round = 0; round < 20000; round++) {
        char given[8][20];
        size_t n = 1 + round % 8;

        pyst_agi_command_begin(command, "SET VARIABLE");
        for (size_t i = 0; i < n; i++) {
            size_t size;

            random = random * 1664525u + 1013904223u;
            size = (random >> 20) % sizeof(given[i]);
            for (size_t k = 0; k < size; k++) {
                static const char some[] = "\"\\ \t(),;%${}'\xff\xe4";
                unsigned which;

                random = random * 1664525u + 1013904223u;
                which = random >> 16 & 0xff;
                given[i][k] = which < 128 ? some[which % (sizeof(some) - 1)] : (char)which;
            }
            given[i][size] = '\0';
            assert_int_equal(pyst_agi_command_add(command, pyst_text(given[i])), 0);
        }
        line = pyst_agi_command_line(command);
        line.size--;
        assert_int_equal(agi_line_split(line, bytes, words), n + 2);
        assert_true(pyst_text_equal(words[0], pyst_text("SET")));
        assert_true(pyst_text_equal(words[1], pyst_text("VARIABLE")));
        for (size_t i = 0; i < n; i++)
            assert_true(pyst_text_equal(words[i + 2], pyst_text(given[i])));
    }
    pyst_agi_command_free(command);
}

static void what_would_end_the_line_is_refused(void **state)
{
    static const struct pyst_text bad[] = {{"a\nb", 3}, {"a\rb", 3}, {"a\0b", 3}, {"\n", 1}};
    struct pyst_agi_command *command = new_command(0);

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(pyst_agi_command_begin(command, "VERBOSE"), 0);
        assert_int_equal(pyst_agi_command_add(command, bad[i]), PYST_ERR_BAD_ARGUMENT);
        assert_int_equal(pyst_agi_command_add(command, pyst_text("ok")), PYST_ERR_BAD_ARGUMENT);
        assert_int_equal(pyst_agi_command_add_number(command, 1), PYST_ERR_BAD_ARGUMENT);
        assert_int_equal(pyst_agi_command_error(command), PYST_ERR_BAD_ARGUMENT);
        assert_null(pyst_agi_command_line(command).data);
    }
    assert_int_equal(pyst_agi_command_begin(command, "NOOP"), 0);
    assert_int_equal(pyst_agi_command_error(command), 0);
    assert_line(command, "NOOP\n");
    pyst_agi_command_free(command);
}

static void a_line_of_text_is_sent_as_it_is(void **state)
{
    struct pyst_agi_command *command = new_command(0);

    assert_int_equal(pyst_agi_command_set_line(command, pyst_text("  SAY x \"a\\b\" \n")), 0);
    assert_line(command, "SAY x \"a\\b\"\n");
    assert_int_equal(pyst_agi_command_add(command, pyst_text("c")), 0);
    assert_line(command, "SAY x \"a\\b\" \"c\"\n");
    assert_int_equal(pyst_agi_command_set_line(command, pyst_text("")), PYST_ERR_BAD_ARGUMENT);
    assert_int_equal(pyst_agi_command_set_line(command, pyst_text(" \n")), PYST_ERR_BAD_ARGUMENT);
    assert_int_equal(pyst_agi_command_set_line(command, pyst_text("A\r\n")), PYST_ERR_BAD_ARGUMENT);
    assert_int_equal(pyst_agi_command_set_line(command, pyst_text("A\nB\n")),
                     PYST_ERR_BAD_ARGUMENT);
    pyst_agi_command_free(command);
}

static void a_line_has_a_limit(void **state)
{
    struct pyst_agi_command *command = new_command(16);
    char big[PYST_AGI_COMMAND_SIZE_MAX + 1];

    memset(big, 'x', sizeof(big));
    assert_int_equal(pyst_agi_command_set_line(command, pyst_text_of(big, 15)), 0);
    assert_int_equal(pyst_agi_command_line(command).size, 16);
    assert_int_equal(pyst_agi_command_set_line(command, pyst_text_of(big, 16)),
                     PYST_ERR_COMMAND_TOO_LONG);
    /* A blank, two quotes and six bytes behind "VERBOSE" would just be too long. */
    assert_int_equal(pyst_agi_command_begin(command, "VERBOSE"), 0);
    assert_int_equal(pyst_agi_command_add(command, pyst_text("12345")), 0);
    assert_line(command, "VERBOSE \"12345\"\n");
    assert_int_equal(pyst_agi_command_begin(command, "VERBOSE"), 0);
    assert_int_equal(pyst_agi_command_add(command, pyst_text("123456")), PYST_ERR_COMMAND_TOO_LONG);
    assert_int_equal(pyst_agi_command_begin(command, "VERBOSE"), 0);
    assert_int_equal(pyst_agi_command_add(command, pyst_text("123\"5")), PYST_ERR_COMMAND_TOO_LONG);
    assert_int_equal(pyst_agi_command_begin(command, "VERBOSE"), 0);
    assert_int_equal(pyst_agi_command_add_number(command, 1234567), 0);
    assert_line(command, "VERBOSE 1234567\n");
    assert_int_equal(pyst_agi_command_begin(command, "VERBOSE"), 0);
    assert_int_equal(pyst_agi_command_add_number(command, 12345678), PYST_ERR_COMMAND_TOO_LONG);
    pyst_agi_command_free(command);

    command = new_command(0);
    assert_int_equal(pyst_agi_command_set_line(command, pyst_text_of(big, 2046)), 0);
    assert_int_equal(pyst_agi_command_set_line(command, pyst_text_of(big, 2047)),
                     PYST_ERR_COMMAND_TOO_LONG);
    pyst_agi_command_free(command);
    assert_int_equal(pyst_agi_command_new(&command, PYST_AGI_COMMAND_SIZE_MAX + 1),
                     PYST_ERR_INVALID);
}

static void there_are_only_so_many_arguments(void **state)
{
    struct pyst_agi_command *command = new_command(PYST_AGI_COMMAND_SIZE_MAX);
    char line[4 * PYST_AGI_ARGUMENTS_MAX + 16] = "";

    assert_int_equal(pyst_agi_command_begin(command, "GET VARIABLE"), 0);
    for (int i = 2; i < PYST_AGI_ARGUMENTS_MAX; i++)
        assert_int_equal(pyst_agi_command_add_number(command, i), 0);
    assert_int_equal(pyst_agi_command_add_number(command, 1), PYST_ERR_TOO_MANY_ARGUMENTS);

    /* In a line, words are counted as Asterisk does. */
    for (int i = 0; i < PYST_AGI_ARGUMENTS_MAX; i++)
        strcat(line, i % 2 ? "\"\" " : "a\\ ");
    assert_int_equal(pyst_agi_command_set_line(command, pyst_text(line)), 0);
    for (int i = 0; i < PYST_AGI_ARGUMENTS_MAX; i++)
        memcpy(line + 4 * i, "\"a\" ", 4);
    assert_int_equal(pyst_agi_command_set_line(command, pyst_text(line)), 0);
    strcat(line, "x");
    assert_int_equal(pyst_agi_command_set_line(command, pyst_text(line)),
                     PYST_ERR_TOO_MANY_ARGUMENTS);
    /* A backslash takes a blank its meaning, and a quote. */
    line[0] = '\0';
    for (int i = 0; i < PYST_AGI_ARGUMENTS_MAX + 1; i++)
        strcat(line, "a\\ ");
    assert_int_equal(pyst_agi_command_set_line(command, pyst_text(line)), 0);
    line[0] = '\0';
    for (int i = 0; i < PYST_AGI_ARGUMENTS_MAX + 1; i++)
        strcat(line, "\\\" ");
    assert_int_equal(pyst_agi_command_set_line(command, pyst_text(line)),
                     PYST_ERR_TOO_MANY_ARGUMENTS);
    pyst_agi_command_free(command);
}

static void a_command_that_was_not_begun_is_an_error(void **state)
{
    struct pyst_agi_command *command = new_command(0);

    assert_int_equal(pyst_agi_command_error(command), PYST_ERR_STATE);
    assert_int_equal(pyst_agi_command_add(command, pyst_text("a")), PYST_ERR_STATE);
    assert_null(pyst_agi_command_line(command).data);
    assert_null(pyst_agi_command_free(command));
    assert_null(pyst_agi_command_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_quoted_and_numbers_are_not),
        cmocka_unit_test(asterisk_reads_what_was_put_in),
        cmocka_unit_test(what_would_end_the_line_is_refused),
        cmocka_unit_test(a_line_of_text_is_sent_as_it_is),
        cmocka_unit_test(a_line_has_a_limit),
        cmocka_unit_test(there_are_only_so_many_arguments),
        cmocka_unit_test(a_command_that_was_not_begun_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
