/* SPDX-License-Identifier: MIT */

/* What is written in a call file, what is refused, and what is read. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <pyst/call-file.h>
#include <pyst/error.h>

#include "assert-text.h"

static struct pyst_call_file *empty(void)
{
    struct pyst_call_file *file = NULL;

    assert_int_equal(pyst_call_file_new(&file), 0);
    return file;
}

static int set(struct pyst_call_file *file, const char *key, const char *value)
{
    return pyst_call_file_set(file, pyst_text(key), pyst_text(value));
}

static struct pyst_call_file *minimal(void)
{
    struct pyst_call_file *file = empty();

    assert_int_equal(set(file, "Channel", "PJSIP/100"), 0);
    assert_int_equal(set(file, "Application", "Echo"), 0);
    return file;
}

static void assert_file(struct pyst_call_file *file, const char *expected)
{
    struct pyst_text text;

    assert_int_equal(pyst_call_file_text(file, &text), 0);
    assert_text(text, expected);
}

static void lines_are_written_in_order(void **state)
{
    static const char *const lines[][2] = {
        {"Channel", "Local/100@home/n"},
        {"callerid", "\"Ann\" <100>"},
        {"APPLICATION", "Playback"},
        {"Data", "hello-world,skip"},
        {"context", "home"},
        {"Extension", "200"},
        {"Priority", "2"},
        {"Account", "sales"},
        {"WaitTime", "30"},
        {"MaxRetries", "0"},
        {"RetryTime", "60"},
        {"Codecs", "alaw,ulaw"},
        {"AlwaysDelete", "Yes"},
        {"Archive", "true"},
        {"early_MEDIA", "off"},
        {"Set", "A=1"},
        {"Setvar", "__B=a=b"},
        {"setvar", "A=1"},
    };
    struct pyst_call_file *file = empty();
    struct pyst_text key, value;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_int_equal(set(file, lines[i][0], lines[i][1]), 0);
    assert_file(file, "Channel: Local/100@home/n\nCallerid: \"Ann\" <100>\nApplication: Playback\n"
                      "Data: hello-world,skip\nContext: home\nExtension: 200\nPriority: 2\n"
                      "Account: sales\nWaitTime: 30\nMaxRetries: 0\nRetryTime: 60\n"
                      "Codecs: alaw,ulaw\nAlwaysDelete: yes\nArchive: yes\nEarly_media: no\n"
                      "Setvar: A=1\nSetvar: __B=a=b\nSetvar: A=1\n");
    assert_int_equal(pyst_call_file_n_lines(file), 18);
    pyst_call_file_line(file, 16, &key, &value);
    assert_text(key, "Setvar");
    assert_text(value, "__B=a=b");
    pyst_call_file_line(file, 18, &key, &value);
    assert_null(key.data);
    assert_null(value.data);
    assert_text(pyst_call_file_get(file, pyst_text("CALLERID")), "\"Ann\" <100>");
    assert_text(pyst_call_file_get(file, pyst_text("set")), "A=1");
    assert_null(pyst_call_file_get(file, pyst_text("Status")).data);
    assert_null(pyst_call_file_free(file));
    assert_null(pyst_call_file_free(NULL));
}

static void a_key_is_there_once_and_can_be_taken_out(void **state)
{
    struct pyst_call_file *file = minimal();

    assert_int_equal(set(file, "Data", "1"), 0);
    assert_int_equal(set(file, "Account", "a"), 0);
    assert_int_equal(set(file, "data", "2"), 0);
    assert_file(file, "Channel: PJSIP/100\nApplication: Echo\nData: 2\nAccount: a\n");
    assert_int_equal(set(file, "DATA", ""), 0);
    assert_int_equal(set(file, "Codecs", NULL), 0);
    assert_file(file, "Channel: PJSIP/100\nApplication: Echo\nAccount: a\n");
    assert_null(pyst_call_file_get(file, pyst_text("Data")).data);
    pyst_call_file_free(file);
}

static void without_channel_or_destination_there_is_no_file(void **state)
{
    struct pyst_call_file *file = empty();
    struct pyst_text text = pyst_text("untouched");

    assert_int_equal(pyst_call_file_text(file, &text), PYST_ERR_CALL_FILE_INCOMPLETE);
    set(file, "Application", "Echo");
    assert_int_equal(pyst_call_file_text(file, &text), PYST_ERR_CALL_FILE_INCOMPLETE);
    set(file, "Channel", "PJSIP/1");
    assert_int_equal(pyst_call_file_text(file, &text), 0);
    set(file, "Application", "");
    text = pyst_text("untouched");
    assert_int_equal(pyst_call_file_text(file, &text), PYST_ERR_CALL_FILE_INCOMPLETE);
    assert_text(text, "untouched");
    set(file, "Extension", "1");
    assert_file(file, "Channel: PJSIP/1\nExtension: 1\n");
    pyst_call_file_free(file);
}

static void unknown_keys_are_refused(void **state)
{
    static const struct pyst_text keys[] = {
        {"", 0},       {NULL, 0},     {"Channel ", 8},    {" Channel", 8}, {"Channel:", 8},
        {"Status", 6}, {"Caller", 6}, {"StartRetry", 10}, {"Set\0", 4},    {"Account\nSet", 11},
    };
    struct pyst_call_file *file = minimal();

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        assert_int_equal(pyst_call_file_set(file, keys[i], pyst_text("1")), PYST_ERR_CALL_FILE_KEY);
    assert_int_equal(pyst_call_file_n_lines(file), 2);
    pyst_call_file_free(file);
}

/* Every byte, at the beginning, inside and at the end of a value and of a variable's name. */
static void every_byte_is_written_as_it_is_or_refused(void **state)
{
    for (int byte = 0; byte < 256; byte++) {
        for (int place = 0; place < 3; place++) {
            struct pyst_call_file *file = minimal(), *read;
            char bytes[3] = {'a', 'b', 'c'};
            struct pyst_text value = pyst_text_of(bytes, 3), text;
            const bool breaks = byte == '\r' || byte == '\n' || byte == 0;
            const bool trimmed = place != 1 && byte <= ' ';
            int r;

            bytes[place] = (char)byte;
            r = pyst_call_file_set(file, pyst_text("Data"), value);
            assert_int_equal(r, breaks || trimmed ? PYST_ERR_CALL_FILE_VALUE : 0);
            assert_int_equal(pyst_call_file_n_lines(file), r == 0 ? 3 : 2);
            assert_int_equal(pyst_call_file_text(file, &text), 0);
            assert_int_equal(pyst_call_file_read(&read, text, NULL), 0);
            assert_true(pyst_text_equal(pyst_call_file_get(read, pyst_text("Data")),
                                        r == 0 ? value : pyst_text_none()));
            pyst_call_file_free(read);

            r = pyst_call_file_add_variable(file, value, pyst_text("x"));
            assert_int_equal(r, breaks || (place == 0 && byte <= ' ') || byte == '='
                                    ? PYST_ERR_CALL_FILE_VALUE
                                    : 0);
            pyst_call_file_free(file);
        }
    }
}

static void semicolons_are_escaped_and_hashes_not_exposed(void **state)
{
    static const char *const cases[][2] = {
        {";", " \\;"},
        {";;", " \\;\\;"},
        {"a;b", " a\\;b"},
        {"\\;", " \\\\;"},
        {"\\\\;", " \\\\\\;"},
        {";\\", " \\;\\"},
        {"a\\", " a\\"},
        {"\\;\\;", " \\\\;\\\\;"},
        {"#", "#"},
        {"#1", "#1"},
        {"a#", " a#"},
        {"##", "##"},
        {"\"#\"", " \"#\""},
        {";#", " \\;#"},
        {"a b", " a b"},
        {"#;", "#\\;"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pyst_call_file *file = minimal(), *read;
        struct pyst_text text;
        char expected[256];

        assert_int_equal(set(file, "Data", cases[i][0]), 0);
        assert_int_equal(pyst_call_file_add_variable(file, pyst_text("N"), pyst_text(cases[i][0])),
                         0);
        assert_int_equal(pyst_call_file_text(file, &text), 0);
        snprintf(expected, sizeof(expected),
                 "Channel: PJSIP/100\nApplication: Echo\nData:%s\nSetvar: N=%s\n", cases[i][1],
                 cases[i][1] + (cases[i][1][0] == ' '));
        assert_text(text, expected);

        assert_int_equal(pyst_call_file_read(&read, text, NULL), 0);
        assert_text(pyst_call_file_get(read, pyst_text("Data")), cases[i][0]);
        assert_file(read, expected);
        pyst_call_file_free(read);
        pyst_call_file_free(file);
    }
}

static void what_would_be_read_otherwise_is_refused(void **state)
{
    static const char *const cases[][2] = {
        {"Data", "a #b"},
        {"Data", "a\t#"},
        {"Data", " a"},
        {"Data", "a "},
        {"Data", "\x01"},
        {"Channel", "PJSIP"},
        {"Channel", "/100"},
        {"Channel", "PJSIP/"},
        {"Channel", "/"},
        {"Priority", "0"},
        {"Priority", "n"},
        {"Priority", "-1"},
        {"Priority", "2147483648"},
        {"WaitTime", "0"},
        {"WaitTime", "2147484"},
        {"WaitTime", "1s"},
        {"MaxRetries", "-1"},
        {"MaxRetries", "+1"},
        {"MaxRetries", "2147483647"},
        {"MaxRetries", "99999999999999999999"},
        {"RetryTime", "0"},
        {"RetryTime", "1.5"},
        {"Archive", "ja"},
        {"Archive", "2"},
        {"AlwaysDelete", "never"},
        {"Setvar", "A"},
        {"Setvar", "=1"},
        {"Setvar", ""},
        {"Setvar", "A= #1"},
    };
    struct pyst_call_file *file = minimal();

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (set(file, cases[i][0], cases[i][1]) != PYST_ERR_CALL_FILE_VALUE)
            fail_msg("%s: %s", cases[i][0], cases[i][1]);
    assert_file(file, "Channel: PJSIP/100\nApplication: Echo\n");

    assert_int_equal(set(file, "Priority", "2147483647"), 0);
    assert_int_equal(set(file, "WaitTime", "2147483"), 0);
    assert_int_equal(set(file, "MaxRetries", "2147483646"), 0);
    pyst_call_file_free(file);
}

static void variables_may_be_empty_and_their_names_not(void **state)
{
    struct pyst_call_file *file = minimal();

    assert_int_equal(pyst_call_file_add_variable(file, pyst_text("A"), pyst_text("")), 0);
    assert_int_equal(
        pyst_call_file_add_variable(file, pyst_text("CALLERID(num)"), pyst_text_none()), 0);
    assert_int_equal(pyst_call_file_add_variable(file, pyst_text(""), pyst_text("1")),
                     PYST_ERR_CALL_FILE_VALUE);
    assert_int_equal(pyst_call_file_add_variable(file, pyst_text("A=B"), pyst_text("1")),
                     PYST_ERR_CALL_FILE_VALUE);
    assert_file(file, "Channel: PJSIP/100\nApplication: Echo\nSetvar: A=\n"
                      "Setvar: CALLERID(num)=\n");
    pyst_call_file_free(file);
}

static void line_has_at_most_1023_bytes(void **state)
{
    struct pyst_call_file *file = minimal(), *read;
    char much[2048];
    struct pyst_text text;

    memset(much, 'x', sizeof(much));
    /* "Data: " and LF take seven, "Setvar: N=" and LF eleven. */
    assert_int_equal(pyst_call_file_set(file, pyst_text("Data"), pyst_text_of(much, 1017)),
                     PYST_ERR_CALL_FILE_LINE);
    assert_int_equal(pyst_call_file_set(file, pyst_text("Data"), pyst_text_of(much, 1016)), 0);
    for (size_t size = 1013; size <= sizeof(much); size++)
        assert_int_equal(
            pyst_call_file_add_variable(file, pyst_text("N"), pyst_text_of(much, size)),
            PYST_ERR_CALL_FILE_LINE);
    assert_int_equal(
        pyst_call_file_add_variable(file, pyst_text_of(much, sizeof(much)), pyst_text("")),
        PYST_ERR_CALL_FILE_LINE);
    assert_int_equal(pyst_call_file_add_variable(file, pyst_text("N"), pyst_text_of(much, 1012)),
                     0);
    much[0] = ';'; /* is two bytes there */
    assert_int_equal(pyst_call_file_set(file, pyst_text("Data"), pyst_text_of(much, 1016)),
                     PYST_ERR_CALL_FILE_LINE);
    assert_int_equal(pyst_call_file_set(file, pyst_text("Account"), pyst_text_of(much, 1012)), 0);

    assert_int_equal(pyst_call_file_text(file, &text), 0);
    assert_int_equal(pyst_call_file_read(&read, text, NULL), 0);
    assert_int_equal(pyst_call_file_get(read, pyst_text("Data")).size, 1016);
    assert_int_equal(pyst_call_file_get(read, pyst_text("Setvar")).size, 1014);
    assert_int_equal(pyst_call_file_get(read, pyst_text("Account")).size, 1012);
    pyst_call_file_free(read);
    pyst_call_file_free(file);
}

/* --- reading ------------------------------------------------------------------------------- */

static struct pyst_call_file_status status_of(const char *text)
{
    struct pyst_call_file_status status;
    struct pyst_call_file *file;

    memset(&status, 0xa5, sizeof(status));
    assert_int_equal(pyst_call_file_read(&file, pyst_text(text), &status), 0);
    pyst_call_file_free(file);
    return status;
}

static void a_file_is_read_as_asterisk_reads_it(void **state)
{
    static const char text[] = "# a comment\n"
                               "; another\n"
                               "  Channel: a/blank/before/the/key\n"
                               "Channel : a/blank/behind/it\n"
                               "channel:PJSIP/1 # comment\n"
                               "channel: no-technology\n"
                               "\n"
                               "no colon\r\n"
                               "APPLICATION: \t Dial  \t\r\n"
                               "Data: a\\;b\\\\;c;d\\;e\n"
                               "Set: A=1#2 \t#3\n"
                               "Setvar: B=\n"
                               "Setvar: C\n"
                               "Priority: x\n"
                               "Unknown: 1\n"
                               "Data\n"
                               "Account: first\n"
                               "Account: last\0hidden\n"
                               "Context: without a line's end";
    struct pyst_call_file_status status;
    struct pyst_call_file *file;

    assert_int_equal(pyst_call_file_read(&file, pyst_text_of(text, sizeof(text) - 1), &status), 0);
    assert_file(file, "Channel: PJSIP/1\nApplication: Dial\nData: a\\;b\\\\;c\nSetvar: A=1#2\n"
                      "Setvar: B=\nAccount: last\nContext: without a line's end\n");
    assert_int_equal(status.state, PYST_CALL_FILE_WAITING);
    assert_int_equal(status.attempts, 0);
    assert_int_equal(status.began, 0);
    assert_int_equal(status.ended, 0);
    assert_int_equal(status.pid, 0);
    pyst_call_file_free(file);
}

static void lines_that_are_too_long_are_skipped(void **state)
{
    struct pyst_call_file *file;
    char text[4096];

    for (int size = 1000; size < 1100; size++) {
        int n = snprintf(text, sizeof(text), "Data: %0*d\nContext: c\n", size - 7, 1);

        assert_int_equal(pyst_call_file_read(&file, pyst_text_of(text, (size_t)n), NULL), 0);
        assert_int_equal(pyst_call_file_get(file, pyst_text("Data")).size,
                         size <= PYST_CALL_FILE_LINE_SIZE ? size - 7 : 0);
        assert_text(pyst_call_file_get(file, pyst_text("Context")), "c");
        pyst_call_file_free(file);
    }
}

static void an_empty_file_can_be_read(void **state)
{
    struct pyst_call_file *file;

    assert_int_equal(pyst_call_file_read(&file, pyst_text_none(), NULL), 0);
    assert_int_equal(pyst_call_file_n_lines(file), 0);
    pyst_call_file_free(file);
}

/* What Asterisk 22 and 16 wrote, but for the numbers. */
static void notes_of_asterisk_are_the_status(void **state)
{
#define ASKED "Channel: Local/1@here/n\nApplication: NoOp\nRetryTime: 2\n"
    struct pyst_call_file_status status = status_of(ASKED "\nStartRetry: 77 1 (1002)\n");

    assert_int_equal(status.state, PYST_CALL_FILE_CALLING);
    assert_int_equal(status.attempts, 1);
    assert_int_equal(status.began, 1000);
    assert_int_equal(status.ended, 0);
    assert_int_equal(status.pid, 77);

    status = status_of(ASKED "\nStartRetry: 77 1 (1002)\n\nEndRetry: 77 1 (1001)\n");
    assert_int_equal(status.state, PYST_CALL_FILE_RETRYING);
    assert_int_equal(status.attempts, 1);
    assert_int_equal(status.began, 1000);
    assert_int_equal(status.ended, 1001);

    status = status_of(ASKED "\nStartRetry: 77 1 (1002)\n\nAbortRetry: 78 2 (1010)\n"
                             "\nStartRetry: 78 2 (1012)\n");
    assert_int_equal(status.state, PYST_CALL_FILE_CALLING);
    assert_int_equal(status.attempts, 2);
    assert_int_equal(status.began, 1010);
    assert_int_equal(status.ended, 1010);
    assert_int_equal(status.pid, 78);

    status = status_of(ASKED "\nStartRetry: 77 1 (1002)\n\nDelayedRetry: 77 0 (1005)\n");
    assert_int_equal(status.state, PYST_CALL_FILE_CALLING);
    assert_int_equal(status.attempts, 1);
    assert_int_equal(status.began, 1000);

    assert_int_equal(status_of(ASKED "\nStartRetry: 77 1 (1002)\nStatus: Completed\n").state,
                     PYST_CALL_FILE_COMPLETED);
    assert_int_equal(status_of(ASKED "\nStartRetry: 77 1 (1002)\nStatus: Expired\n").state,
                     PYST_CALL_FILE_EXPIRED);
    assert_int_equal(status_of("Application: NoOp\nStatus: Failed\n").state, PYST_CALL_FILE_FAILED);
    assert_int_equal(status_of(ASKED "Status: Other\n").state, PYST_CALL_FILE_WAITING);
    /* RetryTime is 300 without a word, and may be said behind. */
    assert_int_equal(status_of("StartRetry: 1 1 (1300)\n").began, 1000);
    assert_int_equal(status_of("StartRetry: 1 1 (1300)\nRetryTime: 1\n").began, 1299);
}

static void broken_notes_are_no_trouble(void **state)
{
    static const char *const texts[] = {
        "StartRetry:",       "StartRetry: 7",       "StartRetry: (",
        "StartRetry: 7 1 (", "StartRetry: x y (z)", "StartRetry: 99999999999999999999 1 (",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct pyst_call_file_status status = status_of(texts[i]);

        assert_int_equal(status.state, PYST_CALL_FILE_CALLING);
        assert_int_equal(status.attempts, 1);
        assert_int_equal(status.began, 0);
    }
    assert_true(status_of(texts[5]).pid == INT64_MAX);
    assert_int_equal(status_of("StartRet").attempts, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_written_in_order),
        cmocka_unit_test(a_key_is_there_once_and_can_be_taken_out),
        cmocka_unit_test(without_channel_or_destination_there_is_no_file),
        cmocka_unit_test(unknown_keys_are_refused),
        cmocka_unit_test(every_byte_is_written_as_it_is_or_refused),
        cmocka_unit_test(semicolons_are_escaped_and_hashes_not_exposed),
        cmocka_unit_test(what_would_be_read_otherwise_is_refused),
        cmocka_unit_test(variables_may_be_empty_and_their_names_not),
        cmocka_unit_test(line_has_at_most_1023_bytes),
        cmocka_unit_test(a_file_is_read_as_asterisk_reads_it),
        cmocka_unit_test(lines_that_are_too_long_are_skipped),
        cmocka_unit_test(an_empty_file_can_be_read),
        cmocka_unit_test(notes_of_asterisk_are_the_status),
        cmocka_unit_test(broken_notes_are_no_trouble),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
