/* SPDX-License-Identifier: MIT */

/* Replies: what they say of their command, and their results by kind. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agi/reply-internal.h"

#include "assert-text.h"

static struct pyst_agi_reply read_reply(const char *text)
{
    struct pyst_agi_reply reply;

    pyst_agi_reply_read(&reply, pyst_text(text), false);
    return reply;
}

static void results_are_numbers_where_they_are(void **state)
{
    static const struct {
        const char *text, *result;
        bool is_number;
        int64_t number;
    } cases[] = {
        {"200 result=0", "0", true, 0},
        {"200 result=-2", "-2", true, -2},
        {"200 result=9223372036854775807", "9223372036854775807", true, INT64_MAX},
        {"200 result=9223372036854775808", "9223372036854775808", false, 0},
        {"200 result=", "", false, 0},
        {"200 result=-", "-", false, 0},
        {"200 result=12*", "12*", false, 0},
        {"200 result=0x1", "0x1", false, 0},
        {"200", NULL, false, 0},
        {"200 ", NULL, false, 0},
        {"200 result", NULL, false, 0},
        {"510 Invalid or unknown command", NULL, false, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pyst_agi_reply reply = read_reply(cases[i].text);

        assert_text(reply.text, cases[i].text);
        assert_text(reply.result, cases[i].result);
        assert_int_equal(reply.is_number, cases[i].is_number);
        if (reply.is_number)
            assert_int_equal(reply.number, cases[i].number);
    }
}

static void values_end_before_the_other_fields(void **state)
{
    static const struct {
        const char *text, *value;
        int64_t end_position;
    } cases[] = {
        {"200 result=1 (a)", "a", -1},
        {"200 result=1 (a) b)", "a) b", -1},
        {"200 result=0 (timeout) endpos=800", "timeout", 800},
        {"200 result=0 (a) endpos=x", "a", -1},
        {"200 result=0 endpos=800", NULL, 800},
        {"200 result=0 endpos=800 (a)", NULL, 800},
        {"200 result=1 (no end", "no end", -1},
        {"200 result=1 (a) more", "a", -1},
        {"200 result=1 (", "", -1},
        {"200 result=1 ()", "", -1},
        {"200 result=0  (a)", NULL, -1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pyst_agi_reply reply = read_reply(cases[i].text);

        assert_text(reply.value, cases[i].value);
        assert_int_equal(reply.end_position, cases[i].end_position);
    }
}

static void further_fields_are_found_by_name(void **state)
{
    struct pyst_agi_reply reply = read_reply("200 result=1 (speech) endpos=5 results=2 score0=99 "
                                             "text0=\"a b (c)\" grammar0=g score1= text1=\"open");

    assert_text(reply.value, "speech");
    assert_int_equal(reply.end_position, 5);
    assert_text(pyst_agi_reply_field(&reply, "results"), "2");
    assert_text(pyst_agi_reply_field(&reply, "text0"), "a b (c)");
    assert_text(pyst_agi_reply_field(&reply, "grammar0"), "g");
    assert_text(pyst_agi_reply_field(&reply, "score1"), "");
    assert_text(pyst_agi_reply_field(&reply, "text1"), "open");
    assert_text(pyst_agi_reply_field(&reply, "text"), NULL);
    assert_text(pyst_agi_reply_field(&reply, "result"), NULL);
    reply = read_reply("510");
    assert_text(pyst_agi_reply_field(&reply, "a"), NULL);
}

static void errors_are_told_apart(void **state)
{
    static const struct {
        const char *text;
        int error;
    } cases[] = {
        {"200 result=0", 0},
        {"200 result=-2", 0},
        {"200 result=-1", PYST_ERR_COMMAND_FAILED},
        {"200 result=-1 (hangup) endpos=1", PYST_ERR_HANGUP},
        {"200 result=1 (hangup)", 0},
        {"200 result=-1 (hangup)", PYST_ERR_COMMAND_FAILED},
        {"503 result=-2 Memory allocation failure", PYST_ERR_COMMAND_FAILED},
        {"510 Invalid or unknown command", PYST_ERR_UNKNOWN_COMMAND},
        {"511 Command Not Permitted on a dead channel", PYST_ERR_HANGUP},
        {"520 Invalid command syntax.", PYST_ERR_COMMAND_USAGE},
        {"520-Invalid\na\n520 End of proper usage.", PYST_ERR_COMMAND_USAGE},
        {"999 what", PYST_ERR_COMMAND_FAILED},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pyst_agi_reply reply = read_reply(cases[i].text);

        assert_int_equal(pyst_agi_reply_error(&reply), cases[i].error);
    }
}

static void a_digit_is_a_character_or_none(void **state)
{
    static const struct {
        const char *text;
        int answer;
        char digit;
    } cases[] = {
        {"200 result=49 endpos=8", 1, '1'},
        {"200 result=35", 1, '#'},
        {"200 result=0", 0, 'x'},
        {"200 result=256", PYST_ERR_BAD_REPLY, 'x'},
        {"200 result=-3", PYST_ERR_BAD_REPLY, 'x'},
        {"200 result=abc", PYST_ERR_BAD_REPLY, 'x'},
        {"200 result=-1", PYST_ERR_COMMAND_FAILED, 'x'},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pyst_agi_reply reply = read_reply(cases[i].text);
        char digit = 'x';

        assert_int_equal(pyst_agi_reply_digit(&reply, &digit), cases[i].answer);
        assert_int_equal(digit, cases[i].digit);
    }
}

static void digits_tell_whether_the_time_was_up(void **state)
{
    static const struct {
        const char *text;
        int answer;
        const char *digits;
    } cases[] = {
        {"200 result=1234", 1, "1234"},         {"200 result=", 1, ""},
        {"200 result=12*#", 1, "12*#"},         {"200 result= (timeout)", 0, ""},
        {"200 result=12 (timeout)", 0, "12"},   {"200 result=-1", PYST_ERR_COMMAND_FAILED, NULL},
        {"200 what", PYST_ERR_BAD_REPLY, NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pyst_agi_reply reply = read_reply(cases[i].text);
        struct pyst_text digits = pyst_text_none();

        assert_int_equal(pyst_agi_reply_digits(&reply, &digits), cases[i].answer);
        assert_text(digits, cases[i].digits);
    }
}

static void a_value_that_is_not_set_is_not_an_empty_one(void **state)
{
    static const struct {
        const char *text;
        int answer;
        const char *value;
    } cases[] = {
        {"200 result=1 (a)", 1, "a"},
        {"200 result=1 ()", 1, ""},
        {"200 result=1", 1, ""},
        {"200 result=0", 0, NULL},
        {"200 result=-1", PYST_ERR_COMMAND_FAILED, NULL},
        {"200 result=x", PYST_ERR_BAD_REPLY, NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pyst_agi_reply reply = read_reply(cases[i].text);
        struct pyst_text value = pyst_text_none();

        assert_int_equal(pyst_agi_reply_value(&reply, &value), cases[i].answer);
        assert_text(value, cases[i].value);
    }
}

static void a_recording_tells_how_it_ended(void **state)
{
    static const struct {
        const char *text;
        int answer;
        enum pyst_agi_recording_end end;
        char digit;
        int64_t end_position;
    } cases[] = {
        {"200 result=35 (dtmf) endpos=0", 0, PYST_AGI_RECORDING_DIGIT, '#', 0},
        {"200 result=0 (timeout) endpos=8000", 0, PYST_AGI_RECORDING_TIMEOUT, 0, 8000},
        {"200 result=-1 (hangup) endpos=800", 0, PYST_AGI_RECORDING_HANGUP, 0, 800},
        {"200 result=42 (randomerror) endpos=0", 0, PYST_AGI_RECORDING_DIGIT, '*', 0},
        {"200 result=4984 (timeout) endpos=16000", 0, PYST_AGI_RECORDING_TIMEOUT, 0, 16000},
        {"200 result=-1 (randomerror) endpos=80", 0, PYST_AGI_RECORDING_FAILED, 0, 80},
        {"200 result=-1 (writefile)", PYST_ERR_COMMAND_FAILED, 9, 'x', 9},
        {"200 result=-1", PYST_ERR_COMMAND_FAILED, 9, 'x', 9},
        {"511 dead", PYST_ERR_HANGUP, 9, 'x', 9},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pyst_agi_reply reply = read_reply(cases[i].text);
        struct pyst_agi_recording recording = {9, 'x', 9};

        assert_int_equal(pyst_agi_reply_recording(&reply, &recording), cases[i].answer);
        assert_int_equal(recording.end, cases[i].end);
        assert_int_equal(recording.digit, cases[i].digit);
        assert_int_equal(recording.end_position, cases[i].end_position);
    }
}

static void commands_with_values_are_known_however_they_are_written(void **state)
{
    static const char *const values[] = {"GET VARIABLE x\n", "get variable \"x\"\n",
                                         "  Get\t FULL  Variable x", "DATABASE GET a b",
                                         "RECEIVE TEXT"};
    static const char *const others[] = {"GET VARIABLES x", "GET DATA x",   "GET",     "",
                                         "GETVARIABLE",     "DATABASE PUT", "GET FULL"};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        assert_true(pyst_agi_answers_value(pyst_text(values[i])));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(pyst_agi_answers_value(pyst_text(others[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_numbers_where_they_are),
        cmocka_unit_test(values_end_before_the_other_fields),
        cmocka_unit_test(further_fields_are_found_by_name),
        cmocka_unit_test(errors_are_told_apart),
        cmocka_unit_test(a_digit_is_a_character_or_none),
        cmocka_unit_test(digits_tell_whether_the_time_was_up),
        cmocka_unit_test(a_value_that_is_not_set_is_not_an_empty_one),
        cmocka_unit_test(a_recording_tells_how_it_ended),
        cmocka_unit_test(commands_with_values_are_known_however_they_are_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
