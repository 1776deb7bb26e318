/* SPDX-License-Identifier: MIT */

/*
 * Dialogues, each in every split of what Asterisk sends: the same notices come in the same order.
 *
 * A dialogue is steps in a string each: "> " submits the rest as a command, "< " is received (with
 * C's own escapes), "sighup", "eof" and "eof SYSTEM" are what they say. What comes of it is one
 * line a notice.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pyst/agi/session.h>
#include <pyst/error.h>

#define ENVIRONMENT "< agi_channel: SIP/1\n\n"

static char out[65536];
static size_t out_size;

static void say(const char *format, ...)
{
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vsnprintf(out + out_size, sizeof(out) - out_size, format, arguments);
    va_end(arguments);
    assert_true(n >= 0 && (size_t)n < sizeof(out) - out_size);
    out_size += (size_t)n;
}

static void say_text(const char *name, struct pyst_text text)
{
    if (text.data)
        say(" %s[%.*s]", name, (int)text.size, text.data);
}

static void take_notices(struct pyst_agi_session *session)
{
    struct pyst_agi_notice notice;
    int r;

    while ((r = pyst_agi_session_next(session, &notice)) == 1) {
        switch (notice.type) {
        case PYST_AGI_NOTICE_ENVIRONMENT:
            assert_ptr_equal(notice.environment, pyst_agi_session_environment(session));
            say("environment %zu", pyst_agi_environment_count(notice.environment));
            break;
        case PYST_AGI_NOTICE_REPLY:
            say("reply");
            if (notice.reply) {
                say(" %d", notice.reply->code);
                say_text("result", notice.reply->result);
                say_text("value", notice.reply->value);
                if (notice.reply->end_position >= 0)
                    say(" endpos %lld", (long long)notice.reply->end_position);
                if (notice.reply->code != 200)
                    say_text("text", notice.reply->text);
            }
            break;
        case PYST_AGI_NOTICE_HANGUP:
            assert_true(pyst_agi_session_is_hung_up(session));
            say("hangup");
            break;
        case PYST_AGI_NOTICE_CLOSED:
            assert_true(pyst_agi_session_is_closed(session));
            say("closed");
            break;
        }
        say("%s%s\n", notice.error ? " " : "", notice.error ? pyst_error_name(notice.error) : "");
    }
    assert_int_equal(r, 0);
}

/* Splits: how a piece of `size` bytes is cut in two, or SIZE_MAX: into single bytes. */
static void receive(struct pyst_agi_session *session, const char *data, size_t split)
{
    size_t size = strlen(data);

    for (size_t i = 0; i < size;) {
        size_t piece = split == SIZE_MAX ? 1 : i == 0 && split < size ? split : size - i;

        if (piece == 0)
            piece = size;
        assert_int_equal(pyst_agi_session_feed(session, data + i, piece), 0);
        take_notices(session);
        i += piece;
    }
}

static void run(const char *const *steps, const struct pyst_agi_limits *limits, size_t split)
{
    struct pyst_agi_session *session;
    struct pyst_agi_command *command;
    int r;

    out_size = 0;
    out[0] = '\0';
    assert_int_equal(pyst_agi_session_new(&session, limits), 0);
    assert_int_equal(pyst_agi_command_new(&command, 0), 0);
    for (; *steps; steps++) {
        if (strncmp(*steps, "< ", 2) == 0) {
            receive(session, *steps + 2, split);
        } else if (strncmp(*steps, "> ", 2) == 0) {
            struct pyst_text sent;

            assert_int_equal(pyst_agi_command_set_line(command, pyst_text(*steps + 2)), 0);
            r = pyst_agi_session_submit(session, command);
            if (r < 0) {
                say("refused %s\n", pyst_error_name(r));
                continue;
            }
            assert_true(pyst_agi_session_busy(session));
            sent = pyst_agi_session_output(session);
            assert_int_equal(sent.size, strlen(*steps) - 1);
            assert_memory_equal(sent.data, *steps + 2, sent.size - 1);
            assert_int_equal(sent.data[sent.size - 1], '\n');
            pyst_agi_session_sent(session, sent.size);
            assert_int_equal(pyst_agi_session_output(session).size, 0);
        } else if (strcmp(*steps, "sighup") == 0) {
            pyst_agi_session_hung_up(session);
        } else {
            pyst_agi_session_disconnected(session, strchr(*steps, ' ') ? PYST_ERR_SYSTEM : 0);
        }
        take_notices(session);
    }
    pyst_agi_session_free(session);
    pyst_agi_command_free(command);
}

static void expect_with(const struct pyst_agi_limits *limits, const char *const *steps,
                        const char *expected)
{
    size_t longest = 0;

    for (const char *const *step = steps; *step; step++)
        if (strlen(*step) > longest)
            longest = strlen(*step);
    run(steps, limits, SIZE_MAX);
    assert_string_equal(out, expected);
    for (size_t split = 0; split < longest; split++) {
        run(steps, limits, split);
        assert_string_equal(out, expected);
    }
}

#define STEPS(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define expect(expected, ...) expect_with(NULL, STEPS(__VA_ARGS__), expected)

static void an_environment_ends_with_a_blank_line(void **state)
{
    expect("environment 1\n", ENVIRONMENT);
    expect("environment 0\n", "< \n");
    expect("environment 3\n", "< agi_a: 1\r\nagi_b:\r\nno colon\r\n\r\n");
}

static void an_environment_that_does_not_end_is_an_error(void **state)
{
    expect("closed NO_ENVIRONMENT\n", "eof");
    expect("closed NO_ENVIRONMENT\n", "< agi_a: 1\n", "eof");
    expect("closed NO_ENVIRONMENT\n", "< agi_a: 1\nagi_b", "eof");
    expect("closed SYSTEM\n", "< agi_a: 1\n", "eof SYSTEM");
}

static void a_command_waits_for_the_environment(void **state)
{
    expect("refused STATE\nenvironment 1\n", "> NOOP", ENVIRONMENT);
}

static void commands_are_never_pipelined(void **state)
{
    expect("environment 1\nrefused STATE\nreply 200 result[0]\nreply 200 result[1]\n", ENVIRONMENT,
           "> NOOP", "> ANSWER", "< 200 result=0\n", "> ANSWER", "< 200 result=1\n");
}

static void a_reply_has_a_result_a_value_and_an_end_position(void **state)
{
    expect("environment 1\n"
           "reply 200 result[50] endpos 16000\n"
           "reply 200 result[0] value[timeout] endpos 8000\n"
           "reply 200 result[] value[timeout]\n"
           "reply 200 result[12*#] value[timeout]\n"
           "reply 200 result[1] value[speech] endpos 0\n",
           ENVIRONMENT, "> STREAM FILE a \"\"", "< 200 result=50 endpos=16000\n",
           "> RECORD FILE a wav # 1", "< 200 result=0 (timeout) endpos=8000\n", "> GET DATA a",
           "< 200 result= (timeout)\n", "> GET DATA a", "< 200 result=12*# (timeout)\n",
           "> SPEECH RECOGNIZE a 1",
           "< 200 result=1 (speech) endpos=0 results=1 score0=9 text0=\"a (b)\" grammar0=g\n");
}

static void a_value_may_hold_parentheses_and_line_ends(void **state)
{
    expect("environment 1\n"
           "reply 200 result[1] value[a (b) c) d]\n"
           "reply 200 result[1] value[one\ntwo)three\n\nfour]\n"
           "reply 200 result[1] value[]\n"
           "reply 200 result[1] value[a) endpos=5]\n"
           "reply 200 result[1] value[\nHANGUP\n200 result=0\n]\n"
           "reply 200 result[0]\n",
           ENVIRONMENT, "> GET VARIABLE x", "< 200 result=1 (a (b) c) d)\n",
           "> get  full variable x", "< 200 result=1 (one\ntwo)three\n\nfour)\n",
           "> DATABASE GET a b", "< 200 result=1 ()\n", "> GET VARIABLE x",
           "< 200 result=1 (a) endpos=5)\n", "> RECEIVE TEXT 100",
           "< 200 result=1 (\nHANGUP\n200 result=0\n)\n", "> GET VARIABLE x", "< 200 result=0\n");
}

/* Nothing tells such a value's end from the reply's; but what is left over answers nothing else. */
static void the_rest_of_a_value_that_looked_complete_is_dropped(void **state)
{
    expect("environment 1\n"
           "reply 200 result[1] value[a]\n"
           "reply 200 result[7]\n"
           "reply 200 result[8]\n",
           ENVIRONMENT, "> GET VARIABLE x", "< 200 result=1 (a)\n200 result=1 (b)\n", "> NOOP",
           "< 200 result=7\n", "> NOOP", "< b)\nanything\n200 result=8\n");
}

static void trying_is_not_the_answer(void **state)
{
    expect("environment 1\nreply 200 result[0]\n", ENVIRONMENT, "> GOSUB a b 1",
           "< 100 result=0 Trying...\n200 result=0 Gosub complete\n");
}

static void refusals_are_told_apart(void **state)
{
    expect("environment 1\n"
           "reply 510 text[510 Invalid or unknown command] UNKNOWN_COMMAND\n"
           "reply 503 result[-2] text[503 result=-2 Memory allocation failure] COMMAND_FAILED\n"
           "reply 200 result[-1] COMMAND_FAILED\n",
           ENVIRONMENT, "> NOSUCH", "< 510 Invalid or unknown command\n", "> GOSUB a b 1",
           "< 503 result=-2 Memory allocation failure\n", "> STREAM FILE nothing \"\"",
           "< 200 result=-1\n");
}

static void usage_comes_in_three_forms(void **state)
{
    expect("environment 1\n"
           "reply 520 text[520 Invalid command syntax.] COMMAND_USAGE\n"
           "reply 520 text[520-Invalid:\nUsage: a\n\nb\n520 End of proper usage.] COMMAND_USAGE\n"
           "reply 520 text[520-Invalid:\nUsage: a520 End of proper usage.] COMMAND_USAGE\n"
           "reply 200 result[0]\n",
           ENVIRONMENT, "> SET MUSIC", "< 520 Invalid command syntax.\n", "> SET MUSIC",
           "< 520-Invalid:\nUsage: a\n\nb\n520 End of proper usage.\n", "> SET MUSIC",
           "< 520-Invalid:\nUsage: a520 End of proper usage.\n", "> NOOP", "< 200 result=0\n");
    /* All of it in one line. */
    expect("environment 1\n"
           "reply 520 text[520-Invalid: Usage: a520 End of proper usage.] COMMAND_USAGE\n"
           "reply 200 result[0]\n",
           ENVIRONMENT, "> SET MUSIC", "< 520-Invalid: Usage: a520 End of proper usage.\n",
           "> NOOP", "< 200 result=0\n");
}

static void a_hangup_may_come_anywhere_and_is_told_once(void **state)
{
    expect("environment 1\nhangup\nreply 200 result[0]\n", ENVIRONMENT, "> NOOP",
           "< HANGUP\n200 result=0\n");
    expect("environment 1\nreply 200 result[0]\nhangup\n", ENVIRONMENT, "> NOOP",
           "< 200 result=0\nHANGUP\n");
    expect("environment 1\nhangup\nreply 200 result[0]\nreply 200 result[1]\n", ENVIRONMENT,
           "< HANGUP\n", "> NOOP", "< HANGUP\n200 result=0\nHANGUP\n", "> NOOP",
           "< HANGUP\n200 result=1\n");
    expect("environment 1\nhangup\n", "< agi_a: b\n\nHANGUP\n");
}

static void a_hangup_line_whose_beginning_came_before_the_command(void **state)
{
    expect("environment 1\nhangup\nreply 200 result[0]\n", ENVIRONMENT, "< HAN", "> NOOP",
           "< GUP\n200 result=0\n");
    expect("environment 1\nreply 200 result[0]\n", ENVIRONMENT, "< HAM", "> NOOP",
           "< GUP\n200 result=0\n");
    expect("environment 1\nreply 200 result[0]\n", ENVIRONMENT, "< a long line that has no end",
           "> NOOP", "< HANGUP\n200 result=0\n");
}

/* Nobody asked for the notice of it before the command. */
static void a_hangup_that_was_not_looked_at_yet_is_told(void **state)
{
    struct pyst_agi_session *session;
    struct pyst_agi_command *command;
    struct pyst_agi_notice notice;

    assert_int_equal(pyst_agi_session_new(&session, NULL), 0);
    assert_int_equal(pyst_agi_command_new(&command, 0), 0);
    assert_int_equal(pyst_agi_session_feed(session, "\n", 1), 0);
    assert_int_equal(pyst_agi_session_next(session, &notice), 1);
    assert_int_equal(pyst_agi_session_feed(session, "HANGUP\nstray\n", 13), 0);
    assert_int_equal(pyst_agi_command_begin(command, "NOOP"), 0);
    assert_int_equal(pyst_agi_session_submit(session, command), 0);
    assert_true(pyst_agi_session_is_hung_up(session));
    assert_int_equal(pyst_agi_session_next(session, &notice), 1);
    assert_int_equal(notice.type, PYST_AGI_NOTICE_HANGUP);
    pyst_agi_session_free(session);
    pyst_agi_command_free(command);
}

static void the_end_of_a_long_line_is_no_hangup(void **state)
{
    expect("environment 1\nreply 200 result[0]\n", ENVIRONMENT, "< a long line of nothing",
           "< HANGUP\n", "> NOOP", "< 200 result=0\n");
}

static void a_hangup_shows_in_many_ways(void **state)
{
    expect("environment 1\n"
           "reply 511 text[511 Command Not Permitted on a dead channel] HANGUP\n"
           "hangup\n",
           ENVIRONMENT, "> ANSWER", "< 511 Command Not Permitted on a dead channel\n");
    expect("environment 1\nreply 200 result[-1] value[hangup] endpos 800 HANGUP\nhangup\n",
           ENVIRONMENT, "> RECORD FILE a wav # 1", "< 200 result=-1 (hangup) endpos=800\n");
    expect("environment 1\nhangup\nreply 200 result[-1] HANGUP\n", ENVIRONMENT,
           "> WAIT FOR DIGIT 1", "sighup", "< 200 result=-1\n");
    expect("environment 1\nreply HANGUP\nhangup\nclosed\n", ENVIRONMENT, "> NOOP", "eof");
    expect("environment 1\nhangup\nclosed\nrefused HANGUP\n", ENVIRONMENT, "eof", "> NOOP");
    expect("environment 1\nreply SYSTEM\nhangup\nclosed SYSTEM\n", ENVIRONMENT, "> NOOP",
           "eof SYSTEM");
    expect("environment 1\nhangup\n", "sighup", ENVIRONMENT);
}

static void a_variable_whose_value_is_hangup_is_no_hangup(void **state)
{
    expect("environment 1\nreply 200 result[1] value[hangup]\n", ENVIRONMENT, "> GET VARIABLE x",
           "< 200 result=1 (hangup)\n");
}

/* Which only 200 result=-1 may be a sign of. */
static void a_failure_after_a_hangup_is_still_one(void **state)
{
    expect("environment 1\nhangup\n"
           "reply 503 result[-2] text[503 result=-2 Memory allocation failure] COMMAND_FAILED\n"
           "reply 200 result[-1] HANGUP\n",
           ENVIRONMENT, "< HANGUP\n", "> GOSUB a b 1",
           "< 503 result=-2 Memory allocation failure\n", "> EXEC a", "< 200 result=-1\n");
}

static void commands_go_on_after_a_hangup(void **state)
{
    expect("environment 1\nhangup\nreply 200 result[1] value[v]\n"
           "reply 511 text[511 Command Not Permitted] HANGUP\nreply 200 result[1]\n",
           ENVIRONMENT, "< HANGUP\n", "> GET VARIABLE x", "< 200 result=1 (v)\n", "> ANSWER",
           "< 511 Command Not Permitted\n", "> SET VARIABLE x y", "< 200 result=1\n");
}

static void the_stream_may_end_at_any_byte_of_a_reply(void **state)
{
    static const char reply[] = "520-Invalid\nusage (with\n520 End of proper usage.";
    static const char value[] = "200 result=1 (a\nb)";
    char step[128];

    for (size_t size = 0; size < sizeof(reply); size++) {
        snprintf(step, sizeof(step), "< %.*s", (int)size, reply);
        expect("environment 1\nreply HANGUP\nhangup\nclosed\n", ENVIRONMENT, "> A", step, "eof");
    }
    for (size_t size = 0; size < sizeof(value); size++) {
        snprintf(step, sizeof(step), "< %.*s", (int)size, value);
        expect("environment 1\nreply HANGUP\nhangup\nclosed\n", ENVIRONMENT, "> GET VARIABLE a",
               step, "eof");
    }
}

static void nothing_comes_after_the_end(void **state)
{
    expect("environment 1\nhangup\nclosed\n", ENVIRONMENT, "eof", "eof SYSTEM", "< 200 result=0\n");
}

static void an_environment_has_limits(void **state)
{
    struct pyst_agi_limits size = {.environment_size = 20}, lines = {.environment_count = 2};

    expect_with(&size, STEPS("< agi_a: 5678901234567\n"), "closed LIMIT_ENVIRONMENT\n");
    expect_with(&size, STEPS("< agi_a: 567\nagi_b: 89\n"), "closed LIMIT_ENVIRONMENT\n");
    expect_with(&size, STEPS("< agi_a: 567\nagi_b: 89\n\n"), "closed LIMIT_ENVIRONMENT\n");
    expect_with(&size, STEPS("< agi_a: 56789012345678"), "closed LIMIT_ENVIRONMENT\n");
    expect_with(&size, STEPS("< agi_a: 567\na: 8\n\n"), "environment 2\n");
    expect_with(&lines, STEPS("< a\nb\nc\n\n"), "closed LIMIT_ENVIRONMENT\n");
    expect_with(&lines, STEPS("< a\nb\n\n"), "environment 2\n");
}

static void a_reply_has_a_limit(void **state)
{
    struct pyst_agi_limits limits = {.reply_size = 16};

    expect_with(&limits, STEPS(ENVIRONMENT, "> A", "< 200 result=12345\n"),
                "environment 1\nreply LIMIT_REPLY\nhangup\nclosed LIMIT_REPLY\n");
    expect_with(&limits, STEPS(ENVIRONMENT, "> A", "< 200 result=1234\n"),
                "environment 1\nreply 200 result[1234]\n");
    expect_with(&limits, STEPS(ENVIRONMENT, "> A", "< 200 result=12345678"),
                "environment 1\nreply LIMIT_REPLY\nhangup\nclosed LIMIT_REPLY\n");
    expect_with(&limits, STEPS(ENVIRONMENT, "> A", "< 520-a\nb\nc\nd\ne\nf\ng\n"),
                "environment 1\nreply LIMIT_REPLY\nhangup\nclosed LIMIT_REPLY\n");
    expect_with(&limits, STEPS(ENVIRONMENT, "> A", "< GET / HTTP/1\nHost:\nno\nno\n"),
                "environment 1\nreply BAD_REPLY\nhangup\nclosed BAD_REPLY\n");
    /* What strayed before one command does not count for the next. */
    expect_with(&limits,
                STEPS(ENVIRONMENT, "> A", "< stray line\n200 x\n", "> B", "< stray line\n200 x\n"),
                "environment 1\nreply 200\nreply 200\n");
}

static void what_comes_unasked_is_dropped_without_growing(void **state)
{
    struct pyst_agi_session *session;
    struct pyst_agi_notice notice;
    char junk[4096];

    memset(junk, 'x', sizeof(junk));
    assert_int_equal(pyst_agi_session_new(&session, NULL), 0);
    assert_int_equal(pyst_agi_session_feed(session, "\n", 1), 0);
    assert_int_equal(pyst_agi_session_next(session, &notice), 1);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(pyst_agi_session_feed(session, junk, sizeof(junk)), 0);
        assert_int_equal(pyst_agi_session_next(session, &notice), 0);
    }
    assert_int_equal(pyst_agi_session_feed(session, "HANGUP\nHANGUP\n", 14), 0);
    assert_int_equal(pyst_agi_session_next(session, &notice), 1);
    assert_int_equal(notice.type, PYST_AGI_NOTICE_HANGUP);
    assert_int_equal(pyst_agi_session_next(session, &notice), 0);
    pyst_agi_session_free(session);
}

static void a_command_with_an_error_is_not_sent(void **state)
{
    struct pyst_agi_session *session;
    struct pyst_agi_command *command;
    struct pyst_agi_notice notice;

    assert_int_equal(pyst_agi_session_new(&session, NULL), 0);
    assert_int_equal(pyst_agi_command_new(&command, 0), 0);
    assert_int_equal(pyst_agi_session_feed(session, "\n", 1), 0);
    assert_int_equal(pyst_agi_session_next(session, &notice), 1);
    assert_int_equal(pyst_agi_session_submit(session, command), PYST_ERR_STATE);
    pyst_agi_command_begin(command, "VERBOSE");
    pyst_agi_command_add(command, pyst_text("a\nHANGUP"));
    assert_int_equal(pyst_agi_session_submit(session, command), PYST_ERR_BAD_ARGUMENT);
    assert_false(pyst_agi_session_busy(session));
    assert_int_equal(pyst_agi_session_output(session).size, 0);
    pyst_agi_session_free(session);
    pyst_agi_command_free(command);
}

static void free_takes_null(void **state)
{
    assert_null(pyst_agi_session_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_environment_ends_with_a_blank_line),
        cmocka_unit_test(an_environment_that_does_not_end_is_an_error),
        cmocka_unit_test(a_command_waits_for_the_environment),
        cmocka_unit_test(commands_are_never_pipelined),
        cmocka_unit_test(a_reply_has_a_result_a_value_and_an_end_position),
        cmocka_unit_test(a_value_may_hold_parentheses_and_line_ends),
        cmocka_unit_test(the_rest_of_a_value_that_looked_complete_is_dropped),
        cmocka_unit_test(trying_is_not_the_answer),
        cmocka_unit_test(refusals_are_told_apart),
        cmocka_unit_test(usage_comes_in_three_forms),
        cmocka_unit_test(a_hangup_may_come_anywhere_and_is_told_once),
        cmocka_unit_test(a_hangup_line_whose_beginning_came_before_the_command),
        cmocka_unit_test(a_hangup_that_was_not_looked_at_yet_is_told),
        cmocka_unit_test(the_end_of_a_long_line_is_no_hangup),
        cmocka_unit_test(a_hangup_shows_in_many_ways),
        cmocka_unit_test(a_variable_whose_value_is_hangup_is_no_hangup),
        cmocka_unit_test(a_failure_after_a_hangup_is_still_one),
        cmocka_unit_test(commands_go_on_after_a_hangup),
        cmocka_unit_test(the_stream_may_end_at_any_byte_of_a_reply),
        cmocka_unit_test(nothing_comes_after_the_end),
        cmocka_unit_test(an_environment_has_limits),
        cmocka_unit_test(a_reply_has_a_limit),
        cmocka_unit_test(what_comes_unasked_is_dropped_without_growing),
        cmocka_unit_test(a_command_with_an_error_is_not_sent),
        cmocka_unit_test(free_takes_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
