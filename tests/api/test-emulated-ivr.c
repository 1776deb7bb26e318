/* SPDX-License-Identifier: MIT */

/* The IVR of examples/c/ivr.c, tested with an emulated PBX in its own process and thread. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pyst/agi/program.h>
#include <pyst/emulator/agi.h>
#include <pyst/error.h>

#include "../../examples/c/ivr.h"

/* What the program sends goes into the emulator, and what that says is what the program reads. */
static ptrdiff_t send_to_call(void *user, const void *data, size_t size)
{
    if (pyst_emulator_agi_feed(user, data, size) == 0)
        return (ptrdiff_t)size;
    errno = ENOMEM;
    return -1;
}

static ptrdiff_t read_from_call(void *user, void *data, size_t size)
{
    struct pyst_text output;
    int r;

    do {
        r = pyst_emulator_agi_next(user, NULL);
    } while (r == 1);
    if (r < 0) {
        errno = ENOMEM;
        return -1;
    }
    output = pyst_emulator_agi_output(user);
    if (size > output.size)
        size = output.size;
    memcpy(data, output.data, size);
    pyst_emulator_agi_sent(user, size);
    return (ptrdiff_t)size;
}

/* Runs the IVR for a caller who presses these keys; frees nothing. */
static int call(struct pyst_emulator_agi *emulator, const char *keys)
{
    const struct pyst_agi_stream stream = {read_from_call, send_to_call, emulator};
    const struct pyst_agi_options options = {.stream = &stream, .leave_signals = true};
    struct pyst_agi *agi;
    int r;

    assert_int_equal(pyst_emulator_agi_press(emulator, keys), 0);
    assert_int_equal(pyst_emulator_agi_start(emulator), 0);
    assert_int_equal(pyst_agi_open(&agi, &options), 0);
    r = ivr(agi, NULL);
    pyst_agi_close(agi);
    return r;
}

static struct pyst_emulator_agi *make_emulator(const struct pyst_emulator_agi_options *options)
{
    struct pyst_emulator_agi *emulator;

    assert_int_equal(pyst_emulator_agi_new(&emulator, options), 0);
    return emulator;
}

static void assert_text(struct pyst_text text, const char *expected)
{
    assert_non_null(text.data);
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
}

static void an_account_is_told(void **state)
{
    struct pyst_emulator_agi *emulator = make_emulator(NULL);

    pyst_emulator_agi_database_put(emulator, "account", "4711", pyst_text("250"));
    /* It would not go on unless the digits of the account were said. */
    pyst_emulator_agi_answer(emulator, "SAY DIGITS", pyst_text("200 result=-1"), 0);
    pyst_emulator_agi_answer(emulator, "SAY DIGITS 250", pyst_text("200 result=0"), 1);
    assert_int_equal(call(emulator, "14711w"), 0);
    assert_text(pyst_emulator_agi_verbose(emulator), "");
    assert_true(pyst_emulator_agi_is_hung_up(emulator));
    pyst_emulator_agi_free(emulator);
}

static void an_unknown_account_is_invalid(void **state)
{
    struct pyst_emulator_agi *emulator = make_emulator(NULL);

    pyst_emulator_agi_answer(emulator, "STREAM FILE pbx-invalid",
                             pyst_text("200 result=-1 endpos=0"), 0);
    assert_int_equal(call(emulator, "14711w"), PYST_ERR_COMMAND_FAILED);
    assert_int_equal(pyst_emulator_agi_verbose(emulator).size,
                     strlen(pyst_strerror(PYST_ERR_COMMAND_FAILED)) + 1);
    pyst_emulator_agi_free(emulator);
}

static void a_message_is_kept_when_the_caller_hangs_up_in_it(void **state)
{
    /* ANSWER, the greeting, the menu, the introduction, the recording. */
    static const struct pyst_emulator_agi_options options = {.is_network = true, .hang_up_at = 5};
    struct pyst_emulator_agi *emulator = make_emulator(&options);

    pyst_emulator_agi_set(emulator, "uniqueid", pyst_text("1.2"));
    assert_int_equal(call(emulator, "2"), PYST_ERR_HANGUP);
    assert_text(pyst_emulator_agi_database_get(emulator, "message", "1.2"), "4000");
    assert_text(pyst_emulator_agi_verbose(emulator), "The caller has hung up\n");
    pyst_emulator_agi_free(emulator);
}

static void the_call_ends_at_any_command(void **state)
{
    bool ended = false;
    size_t n;

    for (n = 1; !ended; n++) {
        const struct pyst_emulator_agi_options options = {.is_network = true, .hang_up_at = n};
        struct pyst_emulator_agi *emulator = make_emulator(&options);
        int r;

        assert_true(n < 20);
        pyst_emulator_agi_database_put(emulator, "account", "4711", pyst_text("250"));
        r = call(emulator, "2##14711w");
        assert_true(r == 0 || r == PYST_ERR_HANGUP);
        assert_text(pyst_emulator_agi_verbose(emulator), r == 0 ? "" : "The caller has hung up\n");
        assert_true(pyst_emulator_agi_is_hung_up(emulator));
        ended = r == 0;
        pyst_emulator_agi_free(emulator);
    }
    /* Its last is HANGUP, the 13th. */
    assert_int_equal(n - 1, 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_is_told),
        cmocka_unit_test(an_unknown_account_is_invalid),
        cmocka_unit_test(a_message_is_kept_when_the_caller_hangs_up_in_it),
        cmocka_unit_test(the_call_ends_at_any_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
