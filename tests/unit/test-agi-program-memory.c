/* SPDX-License-Identifier: MIT */

/*
 * AGI programs with each allocation failing in turn: the call says PYST_ERR_NO_MEMORY, the next
 * command gets its own reply, and nothing leaks.
 */

#include <sys/mman.h>
#include <unistd.h>

#include <pyst/agi/eagi.h>

#include "../api/agi-asterisk.h"
#include "allocation.h"

/* A value longer than one read and than any buffer that is there. */
static const char *long_reply(void)
{
    static char reply[9000];

    memset(reply, 'x', sizeof(reply) - 3);
    memcpy(reply, "200 result=1 (", 14);
    memcpy(reply + sizeof(reply) - 3, ")\n", 3);
    return reply;
}

static void converse(enum pyst_agi_trace trace, int trace_descriptor)
{
    struct pyst_agi_options options = {.trace = trace, .trace_descriptor = trace_descriptor};
    struct pyst_eagi_options slin = {.format = "slin"};
    struct asterisk asterisk = {.end = true};
    struct pyst_eagi *eagi = NULL;
    struct pyst_text value;
    struct pyst_agi *agi;
    int r;

    r = asterisk_open(&asterisk, "agi_request: test\nagi_enhanced: 1.0\n\n", &options, &agi);
    if (no_memory(r))
        return;
    assert_int_equal(r, 0);

    expect(&asterisk, "DATABASE GET \"f\" \"k\"", long_reply());
    r = pyst_agi_database_get(agi, "f", "k", &value);
    if (!no_memory(r)) {
        assert_int_equal(r, 1);
        assert_int_equal(value.size, strlen(long_reply()) - 16);
    }
    if (asterisk.at == 0)
        asterisk.n_exchanges = 0; /* it was not sent */
    expect(&asterisk, "WAIT FOR DIGIT 5", "200 result=49\n");
    r = pyst_agi_wait_for_digit(agi, 5, NULL);
    if (!no_memory(r))
        assert_int_equal(r, 1);
    if (asterisk.at < asterisk.n_exchanges)
        asterisk.n_exchanges--;
    expect(&asterisk, "SET PRIORITY \"n\"", "520-Usage\nno\n520 End of proper usage.\n");
    r = pyst_agi_set_priority(agi, "n");
    if (!no_memory(r))
        assert_int_equal(r, PYST_ERR_COMMAND_USAGE);
    if (asterisk.at < asterisk.n_exchanges)
        asterisk.n_exchanges--;

    r = pyst_eagi_open(&eagi, agi, &slin);
    if (!no_memory(r))
        assert_int_equal(r, 0);
    pyst_eagi_close(eagi);
    pyst_agi_close(agi);
}

/* How many allocations there are. */
static unsigned converse_with_each_failing(enum pyst_agi_trace kind)
{
    unsigned n = 0;

    do {
        int trace = memfd_create("trace", MFD_CLOEXEC);

        assert_true(trace >= 0);
        failing = ++n;
        failed = told = 0;
        converse(kind, trace);
        failing = 0;
        /* A trace leaves things out without a word. */
        if (kind == PYST_AGI_TRACE_OFF)
            assert_int_equal(told, failed);
        assert_true(told <= failed);
        assert_int_equal(alive, 0);
        close(trace);
    } while (failed > 0);
    return n - 1;
}

static void a_program_survives_each_allocation_failing_in_turn(void **state)
{
    assert_true(converse_with_each_failing(PYST_AGI_TRACE_OFF) >= 8);
}

static void a_trace_survives_each_allocation_failing_in_turn(void **state)
{
    assert_true(converse_with_each_failing(PYST_AGI_TRACE_JSON) >
                converse_with_each_failing(PYST_AGI_TRACE_OFF));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_survives_each_allocation_failing_in_turn),
        cmocka_unit_test(a_trace_survives_each_allocation_failing_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
