/* SPDX-License-Identifier: MIT */

/*
 * An AGI dialogue with the emulator, each allocation failing in turn and none other: the call says
 * PYST_ERR_NO_MEMORY, may be made again, and nothing is lost or said twice.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"

#include <pyst/emulator/agi.h>
#include <pyst/error.h>

static const char input[] =
    "GET FULL VARIABLE \"${A}${A}${A}${A}${A}${A}${A}${A}${A}${A}${A}${A}${A}${A}${A}${A}\"\n"
    "SET VARIABLE A b\n"
    "SET CALLERID \"Name <1>\"\n"
    "SET CONTEXT c\n"
    "DATABASE PUT f k v\n"
    "DATABASE GET f k\n"
    "DATABASE DELTREE f\n"
    "DATABASE DEL f k\n"
    "GET DATA f 1 3\n"
    "STREAM FILE f 1\n"
    "RECEIVE TEXT 1\n"
    "RECEIVE CHAR 1\n"
    "VERBOSE \"some words\"\n"
    "VERBOSE \"some more words\"\n"
    "EXEC Dial x\n"
    "EXEC Dial x\n"
    "STREAM\n"
    "STREAM FILE\n"
    "GOSUB a b 1\n"
    "WAIT FOR DIGIT -1\n"
    "ANSWER\n";

#define SAID_SIZE 65536

/* What was called answered NO_MEMORY exactly when an allocation failed: call again then. */
static bool again(int r, unsigned before)
{
    /* What is only owed is said by the next call. */
    assert_true(r == 1 || (r == PYST_ERR_NO_MEMORY) == (failed > before));
    assert_true(r == 0 || r == 1 || r == PYST_ERR_NO_MEMORY);
    return r == PYST_ERR_NO_MEMORY;
}

#define WHILE_NO_MEMORY(call)                                                                      \
    do {                                                                                           \
        unsigned before;                                                                           \
        do {                                                                                       \
            before = failed;                                                                       \
            r = (call);                                                                            \
        } while (again(r, before));                                                                \
    } while (0)

/* All that was said, in `said`, and what VERBOSE said; its size. */
static size_t converse(char *said, bool sends)
{
    static const struct pyst_emulator_agi_options options = {.is_network = true};
    static char long_value[2000];
    struct pyst_emulator_agi *emulator = NULL;
    struct pyst_text text;
    size_t size = 0;
    int r;

    memset(long_value, 'l', sizeof(long_value));
    WHILE_NO_MEMORY(pyst_emulator_agi_new(&emulator, &options));
    WHILE_NO_MEMORY(pyst_emulator_agi_set(emulator, "arg_1", pyst_text("one")));
    WHILE_NO_MEMORY(pyst_emulator_agi_set_variable(emulator, "A",
                                                   pyst_text_of(long_value, sizeof(long_value))));
    WHILE_NO_MEMORY(pyst_emulator_agi_database_put(emulator, "f", "long",
                                                   pyst_text_of(long_value, sizeof(long_value))));
    WHILE_NO_MEMORY(pyst_emulator_agi_press(emulator, "12#1"));
    WHILE_NO_MEMORY(pyst_emulator_agi_send_text(emulator, pyst_text("a text")));
    WHILE_NO_MEMORY(pyst_emulator_agi_send_text(emulator, pyst_text("b")));
    WHILE_NO_MEMORY(pyst_emulator_agi_answer(emulator, "EXEC Dial", pyst_text("200 result=5"), 1));
    WHILE_NO_MEMORY(pyst_emulator_agi_start(emulator));
    WHILE_NO_MEMORY(pyst_emulator_agi_feed(emulator, input, sizeof(input) - 1));
    do {
        WHILE_NO_MEMORY(pyst_emulator_agi_next(emulator, NULL));
        text = pyst_emulator_agi_output(emulator);
        if (sends || r == 0) {
            assert_true(size + text.size <= SAID_SIZE);
            memcpy(said + size, text.data, text.size);
            size += text.size;
            pyst_emulator_agi_sent(emulator, text.size);
        }
    } while (r == 1);
    text = pyst_emulator_agi_verbose(emulator);
    memcpy(said + size, text.data, text.size);
    size += text.size;
    assert_true(pyst_emulator_agi_is_hung_up(emulator));
    pyst_emulator_agi_free(emulator);
    return size;
}

static void check(bool sends)
{
    static char expected[SAID_SIZE], said[SAID_SIZE];
    static const char end[] = "100 result=0 Trying...\n200 result=0 Gosub complete\n"
                              "200 result=-1\nHANGUP\n"
                              "511 Command Not Permitted on a dead channel or intercept routine\n"
                              "some words\nsome more words\n";
    long before = alive;
    size_t size;
    unsigned n = 0;

    failing = 0;
    size = converse(expected, sends);
    assert_true(size > 30000);
    assert_memory_equal(expected + size - (sizeof(end) - 1), end, sizeof(end) - 1);
    assert_int_equal(alive, before);
    do {
        failed = 0;
        failing = ++n;
        assert_int_equal(converse(said, sends), size);
        assert_memory_equal(said, expected, size);
        assert_int_equal(alive, before);
    } while (failed);
    assert_true(n > 40);
    failing = 0;
}

static void test_a_dialogue_survives_each_allocation_failing_in_turn(void **state)
{
    check(true);
}

static void test_so_it_does_when_nothing_is_sent_before_the_end(void **state)
{
    check(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_dialogue_survives_each_allocation_failing_in_turn),
        cmocka_unit_test(test_so_it_does_when_nothing_is_sent_before_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
