/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pyst/agi/catalogue.h>
#include <pyst/emulator/agi.h>
#include <pyst/error.h>

#include "assert-text.h"

#define N_ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define DEAD_SAID     "511 Command Not Permitted on a dead channel or intercept routine\n"

/* An emulator that has said its environment. */
static struct pyst_emulator_agi *begin(const struct pyst_emulator_agi_options *options)
{
    struct pyst_emulator_agi *emulator;

    assert_int_equal(pyst_emulator_agi_new(&emulator, options), 0);
    assert_int_equal(pyst_emulator_agi_start(emulator), 0);
    pyst_emulator_agi_sent(emulator, pyst_emulator_agi_output(emulator).size);
    return emulator;
}

/* Feeds a line and takes all that is said to it. */
static void expect_bytes(struct pyst_emulator_agi *emulator, const void *line, size_t size,
                         const char *said)
{
    struct pyst_emulator_agi_exchange exchange;

    assert_int_equal(pyst_emulator_agi_feed(emulator, line, size), 0);
    assert_int_equal(pyst_emulator_agi_feed(emulator, "\n", 1), 0);
    assert_int_equal(pyst_emulator_agi_next(emulator, &exchange), 1);
    assert_true(pyst_text_equal(exchange.command, pyst_text_of(line, size)));
    assert_int_equal(pyst_emulator_agi_next(emulator, NULL), 0);
    assert_text(pyst_emulator_agi_output(emulator), said);
    pyst_emulator_agi_sent(emulator, strlen(said));
}

static void expect(struct pyst_emulator_agi *emulator, const char *line, const char *said)
{
    expect_bytes(emulator, line, strlen(line), said);
}

/* ---- the environment ------------------------------------------------------------------------ */

static void the_environment_is_said_once_and_ends_in_an_empty_line(void **state)
{
    struct pyst_emulator_agi *emulator;
    struct pyst_text said;

    assert_int_equal(pyst_emulator_agi_new(&emulator, NULL), 0);
    assert_int_equal(pyst_emulator_agi_next(emulator, NULL), PYST_ERR_STATE);
    assert_int_equal(pyst_emulator_agi_output(emulator).size, 0);
    assert_int_equal(pyst_emulator_agi_start(emulator), 0);
    said = pyst_emulator_agi_output(emulator);
    assert_memory_equal(said.data, "agi_request: test\nagi_channel: ", 31);
    assert_memory_equal(said.data + said.size - 17, "agi_threadid: 1\n\n", 17);
    assert_null(memmem(said.data, said.size, "agi_network", 11));
    assert_int_equal(pyst_emulator_agi_start(emulator), PYST_ERR_STATE);
    assert_int_equal(pyst_emulator_agi_set(emulator, "callerid", pyst_text("1")), PYST_ERR_STATE);
    pyst_emulator_agi_free(emulator);
    assert_null(pyst_emulator_agi_free(NULL));
}

static void the_environment_is_what_the_host_sets(void **state)
{
    static const struct pyst_emulator_agi_options options = {.is_network = true};
    static const char *const gone[] = {"language",    "type",        "version",     "callingpres",
                                       "callingani2", "callington",  "dnid",        "callingtns",
                                       "rdnis",       "enhanced",    "accountcode", "threadid",
                                       "uniqueid",    "calleridname"};
    struct pyst_emulator_agi *emulator;

    assert_int_equal(pyst_emulator_agi_new(&emulator, &options), 0);
    for (size_t i = 0; i < N_ROWS(gone); i++)
        assert_int_equal(pyst_emulator_agi_set(emulator, gone[i], pyst_text_none()), 0);
    pyst_emulator_agi_set(emulator, "arg_1", pyst_text("a: b"));
    pyst_emulator_agi_set(emulator, "agi_callerid", pyst_text("7"));
    pyst_emulator_agi_set(emulator, "agi_context", pyst_text(""));
    assert_int_equal(pyst_emulator_agi_start(emulator), 0);
    assert_text(pyst_emulator_agi_output(emulator), "agi_network: yes\n"
                                                    "agi_network_script: test\n"
                                                    "agi_request: agi://localhost/test\n"
                                                    "agi_channel: Local/s@test-00000001;2\n"
                                                    "agi_callerid: 7\n"
                                                    "agi_context: \n"
                                                    "agi_extension: s\n"
                                                    "agi_priority: 1\n"
                                                    "agi_arg_1: a: b\n"
                                                    "\n");
    pyst_emulator_agi_free(emulator);
}

static void variables_of_the_channel_are_those_of_the_environment(void **state)
{
    struct pyst_emulator_agi *emulator;

    assert_int_equal(pyst_emulator_agi_new(&emulator, NULL), 0);
    pyst_emulator_agi_set(emulator, "extension", pyst_text("100"));
    pyst_emulator_agi_set_variable(emulator, "CONTEXT", pyst_text("mine"));
    assert_int_equal(pyst_emulator_agi_start(emulator), 0);
    pyst_emulator_agi_sent(emulator, pyst_emulator_agi_output(emulator).size);
    expect(emulator, "GET VARIABLE EXTEN", "200 result=1 (100)\n");
    expect(emulator, "GET VARIABLE CONTEXT", "200 result=1 (mine)\n");
    expect(emulator, "GET VARIABLE CALLERID(num)", "200 result=1 (5551234)\n");
    expect(emulator, "GET VARIABLE CALLERID(name)", "200 result=0\n"); /* unknown */
    pyst_emulator_agi_free(emulator);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void words_are_read_as_asterisk_reads_them(void **state)
{
    static const struct {
        const char *line;
        const char *words; /* with "|" between */
    } cases[] = {
        {"", ""},
        {"  \t ", ""},
        {"one two", "one|two"},
        {"  one\t two ", "one|two"},
        {"\"one two\" three", "one two|three"},
        {"a\"b c\"d", "ab cd"},
        {"\"a\"b", "ab"},
        {"a \"\" b", "a||b"},
        {"\"\"", ""},
        {"\"a", "a"},
        {"\"a b", "a b"},
        {"a\\ b", "a b"},
        {"a\\b", "ab"},
        {"a\\\\b", "a\\b"},
        {"\\\"x\\\"", "\"x\""},
        {"\"a\\\"b\"", "a\"b"},
        {"a\\", "a"},
        {"\\", ""},
        {"a \\", "a"},
        {"\"a\tb\" \"${X},;%41+\"", "a\tb|${X},;%41+"},
    };
    struct pyst_emulator_agi *emulator = begin(NULL);

    for (size_t i = 0; i < N_ROWS(cases); i++) {
        struct pyst_emulator_agi_exchange exchange;
        char words[256] = "";

        pyst_emulator_agi_feed(emulator, cases[i].line, strlen(cases[i].line));
        pyst_emulator_agi_feed(emulator, "\n", 1);
        assert_int_equal(pyst_emulator_agi_next(emulator, &exchange), 1);
        for (size_t n = 0; n < exchange.n_words; n++)
            snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%.*s", n ? "|" : "",
                     (int)exchange.words[n].size, exchange.words[n].data);
        assert_string_equal(words, cases[i].words);
        assert_int_equal(exchange.n_words == 0, i < 2 || !strcmp(cases[i].line, "\\"));
        assert_text(exchange.reply, "510 Invalid or unknown command\n");
    }
    pyst_emulator_agi_free(emulator);
}

static void words_over_127_are_left_out(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);
    struct pyst_emulator_agi_exchange exchange;

    pyst_emulator_agi_feed(emulator, "NOOP", 4);
    for (int i = 0; i < 200; i++)
        pyst_emulator_agi_feed(emulator, " \"x\"", 4);
    pyst_emulator_agi_feed(emulator, "\n", 1);
    assert_int_equal(pyst_emulator_agi_next(emulator, &exchange), 1);
    assert_int_equal(exchange.n_words, 127);
    assert_text(exchange.words[126], "x");
    assert_text(exchange.reply, "200 result=0\n");
    pyst_emulator_agi_free(emulator);
}

static void names_are_found_in_any_case_and_not_in_one_quoted_word(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);

    expect(emulator, "set Variable x y", "200 result=1\n");
    expect(emulator, "\"SET\"  \"VARIABLE\" x z", "200 result=1\n");
    expect(emulator, "\"SET VARIABLE\" x y", "510 Invalid or unknown command\n");
    expect(emulator, "SET \"\" VARIABLE x y", "510 Invalid or unknown command\n");
    expect(emulator, "SET", "510 Invalid or unknown command\n");
    expect(emulator, "NOOP\r", "510 Invalid or unknown command\n");
    expect(emulator, "AVERYLONGWORDTHATISNOCOMMANDANDWHICHISLONGERTHANANYNAMEOFACOMMANDCOULDEVERBE",
           "510 Invalid or unknown command\n");
    assert_text(pyst_emulator_agi_variable(emulator, "x"), "z");
    pyst_emulator_agi_free(emulator);
}

static void a_line_that_is_too_long_is_two_commands(void **state)
{
    static const struct pyst_emulator_agi_options options = {.line_size = 20};
    static const struct pyst_emulator_agi_options over = {.line_size = 8192};
    struct pyst_emulator_agi *emulator = begin(&options);
    struct pyst_emulator_agi_exchange exchange;

    expect(emulator, "SET VARIABLE x 5678", "200 result=1\n");
    assert_text(pyst_emulator_agi_variable(emulator, "x"), "5678");
    pyst_emulator_agi_feed(emulator, "SET VARIABLE x 56789012\n", 24);
    assert_int_equal(pyst_emulator_agi_next(emulator, &exchange), 1);
    assert_text(exchange.command, "SET VARIABLE x 56789");
    assert_int_equal(pyst_emulator_agi_next(emulator, &exchange), 1);
    assert_text(exchange.command, "012");
    assert_int_equal(pyst_emulator_agi_next(emulator, &exchange), 0);
    assert_text(pyst_emulator_agi_output(emulator),
                "200 result=1\n510 Invalid or unknown command\n");
    pyst_emulator_agi_free(emulator);
    assert_int_equal(pyst_emulator_agi_new(&emulator, &over), PYST_ERR_INVALID);
}

static void a_line_with_a_nul_is_never_answered(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);

    expect_bytes(emulator, "NOOP \0 x", 8, "");
    expect(emulator, "NOOP", "200 result=0\n");
    pyst_emulator_agi_free(emulator);
}

/* ---- commands ------------------------------------------------------------------------------- */

static void every_command_of_the_catalogue_is_answered(void **state)
{
    const struct pyst_agi_entry *entry;

    for (size_t i = 0; (entry = pyst_agi_catalogue_command_at(i)); i++) {
        const struct pyst_agi_parameter *parameter;
        struct pyst_emulator_agi *emulator = begin(NULL);
        struct pyst_emulator_agi_exchange exchange;
        char line[256];

        snprintf(line, sizeof(line), "%s", pyst_agi_entry_name(entry));
        for (size_t n = 0; (parameter = pyst_agi_entry_parameter(entry, n)); n++)
            if (pyst_agi_parameter_required(parameter))
                strcat(line, " 1");
        strcat(line, "\n");
        pyst_emulator_agi_feed(emulator, line, strlen(line));
        assert_int_equal(pyst_emulator_agi_next(emulator, &exchange), 1);
        assert_memory_equal(exchange.reply.data,
                            strcmp(line, "GOSUB 1 1 1\n") ? "200 result=" : "100 result=", 11);
        assert_int_equal(exchange.reply.data[exchange.reply.size - 1], '\n');
        pyst_emulator_agi_free(emulator);
    }
}

static void wrong_arguments_are_told_the_usage(void **state)
{
    static const struct pyst_emulator_agi_options options = {.usage_is_short = true};
    static const char *const lines[] = {
        "GET VARIABLE",
        "GET VARIABLE a b",
        "SET VARIABLE x",
        "WAIT FOR DIGIT x",
        "SAY NUMBER one \"\"",
        "SAY DIGITS \"\" \"\"",
        "SAY TIME now \"\"",
        "RECORD FILE f wav # never",
        "STREAM FILE f \"\" x",
        "SET AUTOHANGUP later",
        "SET PRIORITY label",
        "CONTROL STREAM FILE f \"\" x",
        "CONTROL STREAM FILE f \"\" 1 # * 0 x",
        "GOSUB a b",
        "DATABASE PUT a b",
        "CHANNEL STATUS a b",
    };
    struct pyst_emulator_agi *emulator = begin(NULL);

    expect(emulator, "STREAM FILE x",
           "520-Invalid command syntax.  Proper usage follows:\n"
           "STREAM FILE <filename> <escape_digits> [<sample offset>]\n"
           "520 End of proper usage.\n");
    pyst_emulator_agi_free(emulator);
    emulator = begin(&options);
    for (size_t i = 0; i < N_ROWS(lines); i++)
        expect(emulator, lines[i], "520 Invalid command syntax.  Proper usage not available.\n");
    expect(emulator, "NOOP and more", "200 result=0\n");
    expect(emulator, "WAIT FOR DIGIT 5x", "200 result=0\n");
    pyst_emulator_agi_free(emulator);
}

static void variables_are_kept(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);
    char value[1100];
    char said[1100];

    expect(emulator, "GET VARIABLE A", "200 result=0\n");
    expect(emulator, "SET VARIABLE A \"one (two)\"", "200 result=1\n");
    expect(emulator, "GET VARIABLE A", "200 result=1 (one (two))\n");
    expect(emulator, "SET VARIABLE A \"\"", "200 result=1\n");
    expect(emulator, "GET VARIABLE A", "200 result=1 ()\n");
    assert_text(pyst_emulator_agi_variable(emulator, "A"), "");
    assert_null(pyst_emulator_agi_variable(emulator, "B").data);
    assert_int_equal(pyst_emulator_agi_set_variable(emulator, "B", pyst_text("a\nb")), 0);
    expect(emulator, "GET VARIABLE B", "200 result=1 (a\nb)\n");
    memset(value, 'v', sizeof(value));
    pyst_emulator_agi_set_variable(emulator, "B", pyst_text_of(value, sizeof(value)));
    snprintf(said, sizeof(said), "200 result=1 (%.1023s)\n", value);
    expect(emulator, "GET VARIABLE B", said);
    pyst_emulator_agi_free(emulator);
}

static void full_variables_are_expressions(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);

    pyst_emulator_agi_set_variable(emulator, "A", pyst_text("1"));
    pyst_emulator_agi_set_variable(emulator, "B", pyst_text("two"));
    expect(emulator, "GET FULL VARIABLE \"a${A}b${B}${C}$\"", "200 result=1 (a1btwo$)\n");
    expect(emulator, "GET FULL VARIABLE \"${A\"", "200 result=1 (${A)\n");
    expect(emulator, "GET FULL VARIABLE ${}", "200 result=1 ()\n");
    expect(emulator, "GET FULL VARIABLE ${A} local/s@test-00000001;2", "200 result=1 (1)\n");
    expect(emulator, "GET FULL VARIABLE ${A} other", "200 result=0\n");
    pyst_emulator_agi_free(emulator);
}

static void what_sets_the_call_sets_its_variables(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);

    expect(emulator, "SET CALLERID 12", "200 result=1\n");
    assert_text(pyst_emulator_agi_variable(emulator, "CALLERID(num)"), "12");
    assert_text(pyst_emulator_agi_variable(emulator, "CALLERID(name)"), "");
    expect(emulator, "SET CALLERID Ann", "200 result=1\n");
    assert_text(pyst_emulator_agi_variable(emulator, "CALLERID(num)"), "");
    assert_text(pyst_emulator_agi_variable(emulator, "CALLERID(name)"), "Ann");
    expect(emulator, "SET CALLERID \"\\\"A B\\\" <34>\"", "200 result=1\n");
    assert_text(pyst_emulator_agi_variable(emulator, "CALLERID(num)"), "34");
    assert_text(pyst_emulator_agi_variable(emulator, "CALLERID(name)"), "A B");
    expect(emulator, "SET CONTEXT c", "200 result=0\n");
    expect(emulator, "SET EXTENSION e", "200 result=0\n");
    expect(emulator, "SET PRIORITY 3", "200 result=0\n");
    assert_text(pyst_emulator_agi_variable(emulator, "CONTEXT"), "c");
    assert_text(pyst_emulator_agi_variable(emulator, "EXTEN"), "e");
    assert_text(pyst_emulator_agi_variable(emulator, "PRIORITY"), "3");
    pyst_emulator_agi_free(emulator);
}

static void the_database_is_kept(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);

    expect(emulator, "DATABASE GET f k", "200 result=0\n");
    expect(emulator, "DATABASE PUT f k v", "200 result=1\n");
    expect(emulator, "DATABASE GET f k", "200 result=1 (v)\n");
    assert_text(pyst_emulator_agi_database_get(emulator, "f", "k"), "v");
    assert_null(pyst_emulator_agi_database_get(emulator, "f", "x").data);
    assert_null(pyst_emulator_agi_database_get(emulator, "g", "k").data);
    expect(emulator, "DATABASE DEL f k", "200 result=1\n");
    expect(emulator, "DATABASE DEL f k", "200 result=1\n");
    expect(emulator, "DATABASE GET f k", "200 result=0\n");

    assert_int_equal(pyst_emulator_agi_database_put(emulator, "f", "a/1", pyst_text("")), 0);
    pyst_emulator_agi_database_put(emulator, "f", "ab", pyst_text("2"));
    pyst_emulator_agi_database_put(emulator, "fg", "a", pyst_text("3"));
    expect(emulator, "DATABASE GET f a/1", "200 result=1 ()\n");
    expect(emulator, "DATABASE DELTREE f a", "200 result=0\n");
    expect(emulator, "DATABASE DELTREE f a", "200 result=1\n");
    expect(emulator, "DATABASE GET f a/1", "200 result=0\n");
    expect(emulator, "DATABASE GET f ab", "200 result=1 (2)\n");
    expect(emulator, "DATABASE DELTREE f", "200 result=0\n");
    expect(emulator, "DATABASE GET f ab", "200 result=0\n");
    expect(emulator, "DATABASE GET fg a", "200 result=1 (3)\n");
    pyst_emulator_agi_free(emulator);
}

static void verbose_messages_are_collected(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);

    assert_text(pyst_emulator_agi_verbose(emulator), "");
    expect(emulator, "VERBOSE \"one two\" 3", "200 result=1\n");
    expect(emulator, "VERBOSE three", "200 result=1\n");
    assert_text(pyst_emulator_agi_verbose(emulator), "one two\nthree\n");
    pyst_emulator_agi_free(emulator);
}

static void the_channel_is_up_once_answered(void **state)
{
    static const struct pyst_emulator_agi_options options = {.is_answered = true};
    struct pyst_emulator_agi *emulator = begin(NULL);

    expect(emulator, "CHANNEL STATUS", "200 result=4\n");
    expect(emulator, "ANSWER", "200 result=0\n");
    expect(emulator, "CHANNEL STATUS", "200 result=6\n");
    expect(emulator, "CHANNEL STATUS Local/s@test-00000001;2", "200 result=6\n");
    expect(emulator, "CHANNEL STATUS other", "200 result=-1\n");
    pyst_emulator_agi_free(emulator);
    emulator = begin(&options);
    expect(emulator, "CHANNEL STATUS", "200 result=6\n");
    pyst_emulator_agi_free(emulator);
}

static void a_subroutine_is_tried_and_then_complete(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);

    expect(emulator, "GOSUB a b 1", "100 result=0 Trying...\n200 result=0 Gosub complete\n");
    pyst_emulator_agi_free(emulator);
}

/* ---- keys and texts ------------------------------------------------------------------------- */

static void keys_are_taken_by_what_listens(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);

    assert_int_equal(pyst_emulator_agi_press(emulator, "12"), 0);
    assert_int_equal(pyst_emulator_agi_press(emulator, "#34567890"), 0);
    expect(emulator, "STREAM FILE welcome \"\"", "200 result=0 endpos=8000\n");
    expect(emulator, "GET DATA enter 5000 4", "200 result=12\n");
    expect(emulator, "GET DATA enter 5000 2", "200 result=34\n");
    expect(emulator, "STREAM FILE menu 567", "200 result=53 endpos=4000\n");
    expect(emulator, "SAY NUMBER 1 60", "200 result=54\n");
    expect(emulator, "GET OPTION menu 8 1", "200 result=56 endpos=4000\n"); /* 7 is lost */
    expect(emulator, "WAIT FOR DIGIT 1", "200 result=57\n");
    expect(emulator, "RECORD FILE f wav 0 1000", "200 result=48 (dtmf) endpos=4000\n");
    expect(emulator, "GET DATA enter", "200 result= (timeout)\n");
    expect(emulator, "WAIT FOR DIGIT 1", "200 result=0\n");
    expect(emulator, "RECORD FILE f wav 0 1000", "200 result=0 (timeout) endpos=8000\n");
    expect(emulator, "GET OPTION menu 1", "200 result=0 endpos=8000\n");
    expect(emulator, "CONTROL STREAM FILE f 1", "200 result=0 endpos=-1\n");
    pyst_emulator_agi_press(emulator, "#*1#");
    expect(emulator, "CONTROL STREAM FILE f 1", "200 result=49 endpos=500\n");
    expect(emulator, "GET DATA enter", "200 result=\n");
    expect(emulator, "GET DATA enter 1 0", "200 result=-1\n");
    pyst_emulator_agi_free(emulator);
}

static void a_pause_is_a_timeout(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);

    pyst_emulator_agi_press(emulator, "12w34ww5w6");
    expect(emulator, "GET DATA enter 5000 4", "200 result=12 (timeout)\n");
    expect(emulator, "GET DATA enter 5000 4", "200 result=34 (timeout)\n");
    expect(emulator, "WAIT FOR DIGIT 1000", "200 result=0\n");
    expect(emulator, "WAIT FOR DIGIT 1000", "200 result=53\n");
    expect(emulator, "WAIT FOR DIGIT -1", "200 result=54\n"); /* there is no time to give up */
    assert_false(pyst_emulator_agi_is_hung_up(emulator));
    pyst_emulator_agi_free(emulator);
}

static void who_has_nothing_to_press_hangs_up_in_the_end(void **state)
{
    static const struct pyst_emulator_agi_options options = {.is_network = true};
    struct pyst_emulator_agi *emulator = begin(NULL);

    expect(emulator, "WAIT FOR DIGIT -1", "200 result=-1\n");
    assert_true(pyst_emulator_agi_is_hung_up(emulator));
    expect(emulator, "ANSWER", DEAD_SAID);
    pyst_emulator_agi_free(emulator);
    emulator = begin(NULL);
    pyst_emulator_agi_press(emulator, "12w3#45");
    expect(emulator, "GET DATA enter -1", "200 result=123\n");
    expect(emulator, "GET DATA enter -1", "200 result=-1\n");
    assert_true(pyst_emulator_agi_is_hung_up(emulator));
    pyst_emulator_agi_free(emulator);
    emulator = begin(&options);
    pyst_emulator_agi_press(emulator, "12");
    expect(emulator, "RECORD FILE f wav \"#\" -1", "200 result=-1 (hangup) endpos=4000\nHANGUP\n");
    pyst_emulator_agi_free(emulator);
}

static void missing_files_are_not_played(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);

    expect(emulator, "STREAM FILE \"\" 1", "200 result=-1 endpos=0\n");
    expect(emulator, "GET OPTION \"\" 1", "200 result=-1 endpos=0\n");
    expect(emulator, "CONTROL STREAM FILE \"\" 1", "200 result=-1 endpos=-1\n");
    pyst_emulator_agi_free(emulator);
}

static void texts_are_received(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);

    assert_int_equal(pyst_emulator_agi_send_text(emulator, pyst_text("abc (d)")), 0);
    assert_int_equal(pyst_emulator_agi_send_text(emulator, pyst_text("\xe9t\xe9")), 0);
    assert_int_equal(pyst_emulator_agi_send_text(emulator, pyst_text("")), 0);
    expect(emulator, "RECEIVE TEXT 1000", "200 result=1 (abc (d))\n");
    expect(emulator, "RECEIVE CHAR 1000", "200 result=233\n");
    expect(emulator, "RECEIVE TEXT 1000", "200 result=1 ()\n");
    expect(emulator, "RECEIVE TEXT 1000", "200 result=-1\n");
    expect(emulator, "RECEIVE CHAR 1000", "200 result=-1 (hangup)\n");
    assert_false(pyst_emulator_agi_is_hung_up(emulator));
    pyst_emulator_agi_free(emulator);
}

/* ---- answers of the host -------------------------------------------------------------------- */

static void the_host_tells_answers(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);

    assert_int_equal(pyst_emulator_agi_answer(emulator, "EXEC Dial", pyst_text("200 result=-1"), 0),
                     0);
    pyst_emulator_agi_answer(emulator, "exec \"dial\" PJSIP/1", pyst_text("200 result=7\n"), 2);
    expect(emulator, "EXEC Dial PJSIP/2", "200 result=-1\n");
    expect(emulator, "EXEC DIAL PJSIP/1", "200 result=7\n");
    expect(emulator, "EXEC Dial PJSIP/1 more", "200 result=7\n");
    expect(emulator, "EXEC Dial PJSIP/1", "200 result=-1\n");
    expect(emulator, "EXEC Dialler", "200 result=0\n");
    expect(emulator, "EXEC",
           "520-Invalid command syntax.  Proper usage follows:\n"
           "EXEC <application> [<options>]\n"
           "520 End of proper usage.\n");

    /* Commands that nobody knows, odd replies, and none. */
    pyst_emulator_agi_answer(emulator, "BEEP", pyst_text("HANGUP\n200 result=1 (a)\nb)"), 1);
    expect(emulator, "BEEP", "HANGUP\n200 result=1 (a)\nb)\n");
    expect(emulator, "BEEP", "510 Invalid or unknown command\n");
    pyst_emulator_agi_answer(emulator, "", pyst_text(""), 2);
    expect(emulator, "", "");
    expect(emulator, "NOOP", "");
    expect(emulator, "NOOP", "200 result=0\n");
    pyst_emulator_agi_free(emulator);
}

/* ---- the end -------------------------------------------------------------------------------- */

static void a_dead_channel_refuses_what_asterisk_refuses(void **state)
{
    const struct pyst_agi_entry *entry;
    struct pyst_emulator_agi *emulator = begin(NULL);

    pyst_emulator_agi_hang_up(emulator);
    for (size_t i = 0; (entry = pyst_agi_catalogue_command_at(i)); i++) {
        struct pyst_emulator_agi_exchange exchange;

        pyst_emulator_agi_feed(emulator, pyst_agi_entry_name(entry),
                               strlen(pyst_agi_entry_name(entry)));
        pyst_emulator_agi_feed(emulator, "\n", 1);
        assert_int_equal(pyst_emulator_agi_next(emulator, &exchange), 1);
        assert_int_equal(pyst_text_equal(exchange.reply, pyst_text(DEAD_SAID)),
                         !pyst_agi_entry_on_dead_channel(entry));
        pyst_emulator_agi_sent(emulator, exchange.reply.size);
    }
    expect(emulator, "NOTHING", "510 Invalid or unknown command\n");
    expect(emulator, "EXEC Hangup", "200 result=0\n");
    pyst_emulator_agi_free(emulator);
}

static void over_the_network_a_hangup_is_a_line_and_comes_once(void **state)
{
    static const struct pyst_emulator_agi_options options = {.is_network = true};
    struct pyst_emulator_agi *emulator = begin(&options);

    assert_false(pyst_emulator_agi_is_hung_up(emulator));
    pyst_emulator_agi_hang_up(emulator);
    pyst_emulator_agi_hang_up(emulator);
    assert_true(pyst_emulator_agi_is_hung_up(emulator));
    assert_int_equal(pyst_emulator_agi_next(emulator, NULL), 0);
    assert_text(pyst_emulator_agi_output(emulator), "HANGUP\n");
    pyst_emulator_agi_sent(emulator, 7);
    expect(emulator, "NOOP", "200 result=0\n");
    pyst_emulator_agi_hang_up(emulator);
    expect(emulator, "ANSWER", DEAD_SAID);
    pyst_emulator_agi_free(emulator);
}

static void the_program_hangs_up(void **state)
{
    static const struct pyst_emulator_agi_options options = {.is_network = true};
    struct pyst_emulator_agi *emulator = begin(&options);

    expect(emulator, "HANGUP other", "200 result=-1\n");
    expect(emulator, "HANGUP", "200 result=1\nHANGUP\n");
    expect(emulator, "HANGUP", DEAD_SAID);
    pyst_emulator_agi_free(emulator);
    emulator = begin(NULL);
    expect(emulator, "EXEC Hangup", "200 result=-1\n");
    assert_true(pyst_emulator_agi_is_hung_up(emulator));
    pyst_emulator_agi_free(emulator);
}

static void the_caller_hangs_up_during_any_command(void **state)
{
    static const struct {
        const char *line;
        const char *said;
    } cases[] = {
        {"ANSWER", "200 result=0\n"},
        {"CONTROL STREAM FILE f 1", "200 result=-1 endpos=500\n"},
        {"EXEC Wait 1", "200 result=-1\n"},
        {"GET DATA f", "200 result=-1\n"},
        {"GET OPTION f 1", "200 result=-1 endpos=4000\n"},
        {"GET VARIABLE EXTEN", "200 result=1 (s)\n"},
        {"GOSUB a b 1", "100 result=0 Trying...\n200 result=0 Gosub complete (abnormal exit)\n"},
        {"RECEIVE CHAR 1", "200 result=-1 (hangup)\n"},
        {"RECEIVE TEXT 1", "200 result=-1\n"},
        {"RECORD FILE f wav 1 1000", "200 result=-1 (hangup) endpos=4000\n"},
        {"SAY ALPHA a 1", "200 result=-1\n"},
        {"SAY NUMBER 1 1", "200 result=-1\n"},
        {"STREAM FILE f 1", "200 result=-1 endpos=4000\n"},
        {"WAIT FOR DIGIT 1", "200 result=-1\n"},
    };

    for (size_t i = 0; i < N_ROWS(cases); i++) {
        static const struct pyst_emulator_agi_options options = {.hang_up_at = 2};
        struct pyst_emulator_agi *emulator = begin(&options);

        pyst_emulator_agi_press(emulator, "1");
        pyst_emulator_agi_send_text(emulator, pyst_text("text"));
        expect(emulator, "NOOP", "200 result=0\n");
        assert_false(pyst_emulator_agi_is_hung_up(emulator));
        expect(emulator, cases[i].line, cases[i].said);
        assert_true(pyst_emulator_agi_is_hung_up(emulator));
        expect(emulator, "STREAM FILE f 1", DEAD_SAID);
        pyst_emulator_agi_free(emulator);
    }
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static const char dialogue[] = "ANSWER\n"
                               "SET VARIABLE \"A B\" \"c \\\"d\\\"\"\n"
                               "GET VARIABLE \"A B\"\n"
                               "\n"
                               "GET DATA x 1000 2\n"
                               "STREAM FILE\n"
                               "VERBOSE end\n"
                               "WAIT FOR DIGIT -1\n"
                               "NOOP\n";

static const char dialogue_said[] = "200 result=0\n"
                                    "200 result=1\n"
                                    "200 result=1 (c \"d\")\n"
                                    "510 Invalid or unknown command\n"
                                    "200 result=12\n"
                                    "520 Invalid command syntax.  Proper usage not available.\n"
                                    "200 result=1\n"
                                    "200 result=-1\n"
                                    "HANGUP\n"
                                    "200 result=0\n";

static void check_in_pieces(size_t first, size_t then)
{
    static const struct pyst_emulator_agi_options options = {.is_network = true,
                                                             .usage_is_short = true};
    struct pyst_emulator_agi *emulator = begin(&options);
    size_t n = 0;

    pyst_emulator_agi_press(emulator, "12");
    for (size_t at = 0, size = first; at < sizeof(dialogue) - 1; at += size, size = then) {
        /* Of exactly this size, so that a read past it is seen. */
        char *piece = malloc(size ? size : 1);

        if (size > sizeof(dialogue) - 1 - at)
            size = sizeof(dialogue) - 1 - at;
        memcpy(piece, dialogue + at, size);
        assert_int_equal(pyst_emulator_agi_feed(emulator, piece, size), 0);
        free(piece);
        while (pyst_emulator_agi_next(emulator, NULL) == 1)
            n++;
        if (then == 0)
            then = sizeof(dialogue);
    }
    assert_int_equal(n, 9);
    assert_text(pyst_emulator_agi_output(emulator), dialogue_said);
    pyst_emulator_agi_free(emulator);
}

static void a_dialogue_is_the_same_at_every_split(void **state)
{
    for (size_t first = 0; first < sizeof(dialogue); first++)
        check_in_pieces(first, 0);
    check_in_pieces(1, 1);
}

static void output_is_taken_in_pieces(void **state)
{
    struct pyst_emulator_agi *emulator = begin(NULL);

    pyst_emulator_agi_feed(emulator, "NOOP\nNOOP\n", 10);
    assert_int_equal(pyst_emulator_agi_next(emulator, NULL), 1);
    pyst_emulator_agi_sent(emulator, 4);
    assert_text(pyst_emulator_agi_output(emulator), "result=0\n");
    assert_int_equal(pyst_emulator_agi_next(emulator, NULL), 1);
    assert_text(pyst_emulator_agi_output(emulator), "result=0\n200 result=0\n");
    pyst_emulator_agi_free(emulator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_is_said_once_and_ends_in_an_empty_line),
        cmocka_unit_test(the_environment_is_what_the_host_sets),
        cmocka_unit_test(variables_of_the_channel_are_those_of_the_environment),
        cmocka_unit_test(words_are_read_as_asterisk_reads_them),
        cmocka_unit_test(words_over_127_are_left_out),
        cmocka_unit_test(names_are_found_in_any_case_and_not_in_one_quoted_word),
        cmocka_unit_test(a_line_that_is_too_long_is_two_commands),
        cmocka_unit_test(a_line_with_a_nul_is_never_answered),
        cmocka_unit_test(every_command_of_the_catalogue_is_answered),
        cmocka_unit_test(wrong_arguments_are_told_the_usage),
        cmocka_unit_test(variables_are_kept),
        cmocka_unit_test(full_variables_are_expressions),
        cmocka_unit_test(what_sets_the_call_sets_its_variables),
        cmocka_unit_test(the_database_is_kept),
        cmocka_unit_test(verbose_messages_are_collected),
        cmocka_unit_test(the_channel_is_up_once_answered),
        cmocka_unit_test(a_subroutine_is_tried_and_then_complete),
        cmocka_unit_test(keys_are_taken_by_what_listens),
        cmocka_unit_test(a_pause_is_a_timeout),
        cmocka_unit_test(who_has_nothing_to_press_hangs_up_in_the_end),
        cmocka_unit_test(missing_files_are_not_played),
        cmocka_unit_test(texts_are_received),
        cmocka_unit_test(the_host_tells_answers),
        cmocka_unit_test(a_dead_channel_refuses_what_asterisk_refuses),
        cmocka_unit_test(over_the_network_a_hangup_is_a_line_and_comes_once),
        cmocka_unit_test(the_program_hangs_up),
        cmocka_unit_test(the_caller_hangs_up_during_any_command),
        cmocka_unit_test(a_dialogue_is_the_same_at_every_split),
        cmocka_unit_test(output_is_taken_in_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
