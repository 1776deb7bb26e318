/* SPDX-License-Identifier: MIT */

/*
 * A dialogue with each allocation failing in turn and none other: the call says so, may be made
 * again, and nothing is lost or told twice. And what an idle call costs.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "allocation.h"

#include <pyst/agi/session.h>
#include <pyst/error.h>

static unsigned take_notices(struct pyst_agi_session *session)
{
    struct pyst_agi_notice notice;
    unsigned n = 0;
    int r;

    do {
        UNTIL_DONE(r = pyst_agi_session_next(session, &notice));
        n += r == 1;
    } while (r == 1);
    return n;
}

static void converse(void)
{
    static const char environment[] = "agi_network_script: a?b=c\nagi_channel: SIP/1\n\n";
    struct pyst_agi_session *session;
    struct pyst_agi_command *command;
    unsigned notices;
    char value[1024];

    UNTIL_DONE(pyst_agi_session_new(&session, NULL));
    UNTIL_DONE(pyst_agi_command_new(&command, 0));
    UNTIL_DONE(pyst_agi_session_feed(session, environment, sizeof(environment) - 1));
    notices = take_notices(session);
    assert_int_equal(pyst_agi_command_begin(command, "GET VARIABLE"), 0);
    UNTIL_DONE(pyst_agi_session_submit(session, command));
    memset(value, 'x', sizeof(value));
    memcpy(value, "200 result=1 (", 14);
    memcpy(value + sizeof(value) - 2, ")\n", 2);
    UNTIL_DONE(pyst_agi_session_feed(session, value, sizeof(value)));
    notices += take_notices(session);
    pyst_agi_session_disconnected(session, 0);
    notices += take_notices(session);
    assert_int_equal(notices, 4);
    pyst_agi_session_free(session);
    pyst_agi_command_free(command);
    assert_int_equal(told, failed);
}

static void a_dialogue_survives_each_allocation_failing_in_turn(void **state)
{
    assert_true(with_each_failing(converse) > 5);
}

static void an_idle_call_holds_its_environment_and_little_else(void **state)
{
    struct pyst_agi_session *session;
    struct pyst_agi_notice notice;

    assert_int_equal(pyst_agi_session_new(&session, NULL), 0);
    assert_int_equal(pyst_agi_session_feed(session, "agi_a: b\n\n", 10), 0);
    assert_int_equal(pyst_agi_session_next(session, &notice), 1);
    assert_int_equal(alive, 2); /* the session and the environment */
    pyst_agi_session_free(session);
    assert_int_equal(alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dialogue_survives_each_allocation_failing_in_turn),
        cmocka_unit_test(an_idle_call_holds_its_environment_and_little_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
