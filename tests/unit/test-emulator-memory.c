/* SPDX-License-Identifier: MIT */

/*
 * A conversation with the emulator, each allocation failing in turn and none other: the call says
 * PYST_ERR_NO_MEMORY, may be made again, and nothing is lost or said twice.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"

#include <pyst/emulator/ami.h>
#include <pyst/error.h>

static const char input[] =
    "Action: Login\r\nActionID: 1\r\nUsername: demo\r\nSecret: secret\r\n\r\n"
    "Action: QueueStatus\r\nActionID: 2\r\n\r\n"
    "Action: Originate\r\nActionID: 3\r\nChannel: Local/100@demo\r\nAsync: true\r\n\r\n"
    "Action: UserEvent\r\nActionID: 4\r\nUserEvent: X\r\nA: b\r\n\r\n"
    "Action: Originate\r\nActionID: 5\r\nChannel: Local/100@demo\r\nCallerID: <1>\r\n\r\n"
    "Action: Logoff\r\n\r\n";

#define SAID_SIZE 65536

/* What was called answered NO_MEMORY exactly when an allocation failed: call again then. */
static bool again(int r, unsigned before)
{
    assert_int_equal(r == PYST_ERR_NO_MEMORY, failed > before);
    assert_true(r == 0 || r == 1 || r == PYST_ERR_NO_MEMORY);
    return r == PYST_ERR_NO_MEMORY;
}

#define WHILE_NO_MEMORY(call)                                                                      \
    do {                                                                                           \
        unsigned before;                                                                           \
        int r;                                                                                     \
        do {                                                                                       \
            before = failed;                                                                       \
            r = (call);                                                                            \
        } while (again(r, before));                                                                \
    } while (0)

/* All that was said, in `said`; its size. */
static size_t converse(struct pyst_emulator_script *script, char *said)
{
    struct pyst_emulator_ami_options options = {.seed = 1};
    struct pyst_emulator_ami *emulator;
    size_t size = 0;

    WHILE_NO_MEMORY(pyst_emulator_ami_new(&emulator, script, &options, 0));
    WHILE_NO_MEMORY(pyst_emulator_ami_feed(emulator, input, sizeof(input) - 1));
    WHILE_NO_MEMORY(pyst_emulator_ami_play(emulator, pyst_text("Ping"), NULL, 0));
    for (uint64_t now = 0; now != UINT64_MAX; now = pyst_emulator_ami_deadline(emulator)) {
        struct pyst_text output;

        WHILE_NO_MEMORY(pyst_emulator_ami_process(emulator, now, NULL));
        output = pyst_emulator_ami_output(emulator);
        assert_true(size + output.size <= SAID_SIZE);
        memcpy(said + size, output.data, output.size);
        size += output.size;
        pyst_emulator_ami_sent(emulator, output.size);
    }
    assert_true(pyst_emulator_ami_closing(emulator));
    pyst_emulator_ami_free(emulator);
    return size;
}

static void test_a_conversation_survives_each_allocation_failing_in_turn(void **state)
{
    static char expected[SAID_SIZE], said[SAID_SIZE];
    struct pyst_emulator_script *script;
    size_t size;
    long before;
    unsigned n = 0;

    assert_int_equal(pyst_emulator_script_demo(&script), 0);
    before = alive;
    size = converse(script, expected);
    assert_true(size > 5000);
    assert_int_equal(alive, before);
    do {
        failed = 0;
        failing = ++n;
        assert_int_equal(converse(script, said), size);
        assert_memory_equal(said, expected, size);
        assert_int_equal(alive, before);
    } while (failed);
    assert_true(n > 10);
    failing = 0;
    pyst_emulator_script_unref(script);
}

/* One of everything that may stand in a script. */
static const char everything[] = "@greeting Hello\n"
                                 "@user a b\n"
                                 "@define part\n"
                                 "A: $(key)\n"
                                 "\n"
                                 "[Do One !Two=\"2 2\" Three?]\n"
                                 "@let let=x\n"
                                 "@if Four\n"
                                 "@wait 1ms\n"
                                 "Response: $(Five:before x:or $(let))\n"
                                 "@use part key=$(.unique1:hex)$(let)\n"
                                 "@headers but Six Seven\n"
                                 "|raw\n"
                                 "\n"
                                 "@events $(Mask)\n"
                                 "@login\n"
                                 "@challenge\n"
                                 "@close\n";

static int build(struct pyst_emulator_script **scriptp)
{
    struct pyst_emulator_problem problem = {0, ""};
    int r = pyst_emulator_script_new(scriptp);

    if (r < 0)
        return r;
    if ((r = pyst_emulator_script_read(*scriptp, pyst_text(everything), &problem)) == 0 &&
        (r = pyst_emulator_script_answer(*scriptp, pyst_text("Other"), pyst_text("B: c"), 5,
                                         &problem)) == 0)
        return 0;
    assert_int_equal(problem.line, 0);
    *scriptp = pyst_emulator_script_unref(*scriptp);
    return r;
}

static void test_building_a_script_with_each_allocation_failing_in_turn(void **state)
{
    long before = alive;
    unsigned n = 0;
    int r;

    do {
        struct pyst_emulator_script *script = NULL;

        failed = 0;
        failing = ++n;
        r = build(&script);
        assert_int_equal(r, failed ? PYST_ERR_NO_MEMORY : 0);
        pyst_emulator_script_unref(script);
        assert_int_equal(alive, before);
    } while (r < 0);
    assert_true(n > 40);
    failing = 0;

    n = 0;
    do { /* the built-in one is larger than a test needs to try at every point */
        struct pyst_emulator_script *script = NULL;

        failed = 0;
        failing = n += 97;
        r = pyst_emulator_script_demo(&script);
        assert_int_equal(r, failed ? PYST_ERR_NO_MEMORY : 0);
        pyst_emulator_script_unref(script);
        assert_int_equal(alive, before);
    } while (r < 0);
    failing = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_conversation_survives_each_allocation_failing_in_turn),
        cmocka_unit_test(test_building_a_script_with_each_allocation_failing_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
