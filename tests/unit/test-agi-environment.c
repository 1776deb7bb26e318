/* SPDX-License-Identifier: MIT */

/* Environments: what is in them, and the request of a FastAGI call. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agi/environment-internal.h"

#include "assert-text.h"

static struct pyst_agi_environment *environment_of(const char *lines)
{
    struct pyst_agi_environment *environment;

    assert_int_equal(pyst_agi_environment_new(&environment, pyst_text(lines)), 0);
    return environment;
}

static void lines_are_kept_as_they_came(void **state)
{
    const char *lines =
        "agi_request: agi://host:4573/x\nagi_channel: SIP/a:b-1\nagi_accountcode: \n"
        "agi_calleridname:  J\xfcrgen  \nagi_odd:x\nno colon\n: no name\n\n";
    struct pyst_agi_environment *environment = environment_of(lines);

    assert_int_equal(pyst_agi_environment_count(environment), 8);
    assert_text(pyst_agi_environment_at(environment, 1).name, "agi_channel");
    assert_text(pyst_agi_environment_at(environment, 1).value, "SIP/a:b-1");
    assert_text(pyst_agi_environment_at(environment, 2).value, "");
    assert_text(pyst_agi_environment_at(environment, 3).value, " J\xfcrgen  ");
    assert_text(pyst_agi_environment_at(environment, 4).value, "x");
    assert_text(pyst_agi_environment_at(environment, 5).name, "no colon");
    assert_text(pyst_agi_environment_at(environment, 5).value, NULL);
    assert_text(pyst_agi_environment_at(environment, 6).name, "");
    assert_text(pyst_agi_environment_at(environment, 6).value, "no name");
    assert_text(pyst_agi_environment_at(environment, 8).name, NULL);
    assert_text(pyst_agi_environment_at(environment, 8).value, NULL);
    assert_text(pyst_agi_environment_text(environment), lines);
    pyst_agi_environment_unref(environment);
}

static void names_work_with_and_without_their_prefix(void **state)
{
    struct pyst_agi_environment *environment =
        environment_of("agi_channel: a\nchannel: b\nagi_channelx: c\nagi_twice: 1\nagi_twice: 2\n");

    assert_text(pyst_agi_environment_get(environment, "agi_channel"), "a");
    assert_text(pyst_agi_environment_get(environment, "channel"), "a");
    assert_text(pyst_agi_environment_get(environment, "twice"), "2");
    assert_text(pyst_agi_environment_get(environment, "chan"), NULL);
    assert_text(pyst_agi_environment_get(environment, ""), NULL);
    pyst_agi_environment_unref(environment);
}

static void arguments_are_numbered_from_one(void **state)
{
    struct pyst_agi_environment *environment =
        environment_of("agi_arg_1: one\nagi_arg_2: \nagi_arg_10: ten\n");

    assert_text(pyst_agi_environment_argument(environment, 1), "one");
    assert_text(pyst_agi_environment_argument(environment, 2), "");
    assert_text(pyst_agi_environment_argument(environment, 10), "ten");
    assert_text(pyst_agi_environment_argument(environment, 3), NULL);
    assert_text(pyst_agi_environment_argument(environment, 0), NULL);
    assert_text(pyst_agi_environment_argument(environment, SIZE_MAX), NULL);
    pyst_agi_environment_unref(environment);
}

static void a_request_has_a_path_and_parameters(void **state)
{
    struct pyst_agi_environment *environment =
        environment_of("agi_network_script: /ivr/sa%6ces+%zz%00?lang=en&name=J%C3%BC+r&flag&&=x&"
                       "lang=de&e=\n");

    assert_text(pyst_agi_environment_path(environment), "ivr/sales+%zz%00");
    assert_int_equal(pyst_agi_environment_parameter_count(environment), 6);
    assert_text(pyst_agi_environment_parameter(environment, "lang"), "de");
    assert_text(pyst_agi_environment_parameter(environment, "name"), "J\xc3\xbc r");
    assert_text(pyst_agi_environment_parameter_at(environment, 2).name, "flag");
    assert_text(pyst_agi_environment_parameter_at(environment, 2).value, NULL);
    assert_text(pyst_agi_environment_parameter_at(environment, 3).name, "");
    assert_text(pyst_agi_environment_parameter_at(environment, 3).value, "x");
    assert_text(pyst_agi_environment_parameter(environment, "e"), "");
    assert_text(pyst_agi_environment_parameter(environment, "none"), NULL);
    assert_text(pyst_agi_environment_parameter_at(environment, 6).name, NULL);
    pyst_agi_environment_unref(environment);
}

static void a_request_may_be_empty_or_end_anywhere(void **state)
{
    static const char *const scripts[][2] = {
        {"", ""},     {"/", ""},      {"?", ""},          {"a?", "a"},
        {"a%", "a%"}, {"a%4", "a%4"}, {"//a//b", "a//b"},
    };

    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        char lines[64] = "agi_network_script: ";
        struct pyst_agi_environment *environment;

        strcat(strcat(lines, scripts[i][0]), "\n");
        environment = environment_of(lines);
        assert_text(pyst_agi_environment_path(environment), scripts[i][1]);
        assert_int_equal(pyst_agi_environment_parameter_count(environment), 0);
        pyst_agi_environment_unref(environment);
    }
}

static void async_agi_asks_by_its_first_argument(void **state)
{
    struct pyst_agi_environment *environment =
        environment_of("agi_request: async\nagi_arg_1: ivr/sales?lang=en\nagi_arg_2: x\n");

    assert_text(pyst_agi_environment_path(environment), "ivr/sales");
    assert_text(pyst_agi_environment_parameter(environment, "lang"), "en");
    pyst_agi_environment_unref(environment);
    environment = environment_of("agi_request: async\n");
    assert_text(pyst_agi_environment_path(environment), "");
    pyst_agi_environment_unref(environment);
}

static void a_program_is_not_asked_for_a_path(void **state)
{
    struct pyst_agi_environment *environment =
        environment_of("agi_request: program\nagi_arg_1: ivr/sales?lang=en\n");

    assert_text(pyst_agi_environment_path(environment), "");
    assert_int_equal(pyst_agi_environment_parameter_count(environment), 0);
    pyst_agi_environment_unref(environment);
}

static void the_last_reference_frees(void **state)
{
    struct pyst_agi_environment *environment = environment_of("a: b\n");

    assert_ptr_equal(pyst_agi_environment_ref(environment), environment);
    assert_null(pyst_agi_environment_unref(environment));
    assert_text(pyst_agi_environment_at(environment, 0).name, "a");
    assert_null(pyst_agi_environment_unref(environment));
    assert_null(pyst_agi_environment_ref(NULL));
    assert_null(pyst_agi_environment_unref(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_kept_as_they_came),
        cmocka_unit_test(names_work_with_and_without_their_prefix),
        cmocka_unit_test(arguments_are_numbered_from_one),
        cmocka_unit_test(a_request_has_a_path_and_parameters),
        cmocka_unit_test(a_request_may_be_empty_or_end_anywhere),
        cmocka_unit_test(async_agi_asks_by_its_first_argument),
        cmocka_unit_test(a_program_is_not_asked_for_a_path),
        cmocka_unit_test(the_last_reference_frees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
