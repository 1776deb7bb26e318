/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <pyst/ami/message.h>
#include <pyst/error.h>

#include "assert-text.h"

static struct pyst_ami_message *message_of(const char *text)
{
    struct pyst_ami_message *message;

    assert_int_equal(pyst_ami_message_parse(&message, text, strlen(text)), 0);
    return message;
}

static void one_message_and_nothing_else_is_parsed(void **state)
{
    static const char *const bad[] = {
        "",
        "\r\n",
        "\n\n\n",
        "Event: A\r\n\r\nEvent: B\r\n\r\n",
        "Event: A\r\n\r\nEvent: B",
        "Event: A\r\n\r\nx",
    };
    static const char *const good[] = {
        "Event: A", "Event: A\r\n", "Event: A\r\n\r\n", "Event: A\n\n", "\r\nEvent: A\r\n\r\n\r\n",
    };
    struct pyst_ami_message *message = NULL;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(pyst_ami_message_parse(&message, bad[i], strlen(bad[i])),
                         PYST_ERR_INVALID);
    assert_null(message);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        message = message_of(good[i]);
        assert_int_equal(pyst_ami_message_kind(message), PYST_AMI_EVENT);
        assert_text(pyst_ami_message_name(message), "A");
        assert_int_equal(pyst_ami_message_n_headers(message), 1);
        message = pyst_ami_message_unref(message);
    }
}

static void headers_are_found_in_any_case(void **state)
{
    struct pyst_ami_message *message = message_of("Event: A\r\nX: 1\r\nno colon\r\nx: 2\r\n: 3\r\n"
                                                  "Xy: 4\r\nX: 5\r\nEMPTY:\r\n\r\n");
    size_t i;

    assert_text(pyst_ami_message_get(message, pyst_text("x")), "1");
    assert_text(pyst_ami_message_get(message, pyst_text("eVENT")), "A");
    assert_text(pyst_ami_message_get_last(message, pyst_text("x")), "5");
    assert_text(pyst_ami_message_get(message, pyst_text("Empty")), "");
    assert_text(pyst_ami_message_get(message, pyst_text("")), "3");
    assert_null(pyst_ami_message_get(message, pyst_text("no colon")).data);
    assert_null(pyst_ami_message_get(message, pyst_text("Xyz")).data);
    assert_null(pyst_ami_message_get_last(message, pyst_text("Xyz")).data);

    i = pyst_ami_message_find(message, pyst_text("X"), 0);
    assert_int_equal(i, 1);
    i = pyst_ami_message_find(message, pyst_text("X"), i + 1);
    assert_int_equal(i, 3);
    assert_text(pyst_ami_message_header(message, i).name, "x");
    i = pyst_ami_message_find(message, pyst_text("X"), i + 1);
    assert_int_equal(i, 6);
    assert_true(pyst_ami_message_find(message, pyst_text("X"), i + 1) == PYST_AMI_NONE);
    assert_true(pyst_ami_message_find(message, pyst_text("X"), PYST_AMI_NONE) == PYST_AMI_NONE);
    assert_null(pyst_ami_message_header(message, 8).name.data);
    assert_null(pyst_ami_message_header(message, 8).value.data);
    assert_null(pyst_ami_message_header(message, 2).name.data);
    assert_text(pyst_ami_message_header(message, 2).value, "no colon");
    pyst_ami_message_unref(message);
}

/* Letters of other alphabets, and bytes 0x20 apart from a letter's, are what they are. */
static void only_ascii_letters_have_a_case(void **state)
{
    struct pyst_ami_message *message = message_of("\xc4: 1\r\n[: 2\r\n@: 3\r\n\r\n");

    assert_null(pyst_ami_message_get(message, pyst_text("\xe4")).data);
    assert_null(pyst_ami_message_get(message, pyst_text("{")).data);
    assert_null(pyst_ami_message_get(message, pyst_text("`")).data);
    assert_text(pyst_ami_message_get(message, pyst_text("\xc4")), "1");
    pyst_ami_message_unref(message);
}

static void what_is_absent_is_told_from_what_is_empty(void **state)
{
    struct pyst_ami_message *message = message_of("A: b\r\n\r\n");

    assert_int_equal(pyst_ami_message_kind(message), PYST_AMI_OTHER);
    assert_null(pyst_ami_message_name(message).data);
    assert_null(pyst_ami_message_action_id(message).data);
    assert_null(pyst_ami_message_data(message).data);
    pyst_ami_message_unref(message);
    message = message_of("Event:\r\nActionID:\r\n\r\n");
    assert_int_equal(pyst_ami_message_kind(message), PYST_AMI_EVENT);
    assert_text(pyst_ami_message_name(message), "");
    assert_text(pyst_ami_message_action_id(message), "");
    pyst_ami_message_unref(message);
}

static void output_in_both_forms(void **state)
{
    static const char *const forms[] = {
        "Response: Success\r\nActionID: 1\r\nOutput: one\r\nMessage: x\r\noutput: \r\nOutput: "
        "t:o\r\n",
        "Response: Follows\r\nActionID: 1\r\none\n\nt:o\n--END COMMAND--\r\n\r\n",
    };
    static const char *const lines[] = {"one", "", "t:o"};

    for (size_t form = 0; form < 2; form++) {
        struct pyst_ami_message *message = message_of(forms[form]);
        struct pyst_text line;
        size_t cursor = 0;

        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(pyst_ami_message_next_output(message, &cursor, &line), 1);
            assert_text(line, lines[i]);
        }
        assert_int_equal(pyst_ami_message_next_output(message, &cursor, &line), 0);
        assert_int_equal(pyst_ami_message_next_output(message, &cursor, &line), 0);
        pyst_ami_message_unref(message);
    }
}

static const char variables[] = "Event: Bridge\r\n"
                                "ChanVariable: A=1\r\n"
                                "ChanVariable(SIP/[::1]-1): B=2=x\r\n"
                                "DestChanVariable: C=\r\n"
                                "chanvariable: D=4\r\n"
                                "ChanVariable: no equals sign\r\n"
                                "ChanVariables: E=5\r\n"
                                "LocalOneChanVariable(x): F=6\r\n"
                                "ChanVariable: =7\r\n"
                                "): G=8\r\n"
                                "DestChanVariable): H=9\r\n"
                                "(x): I=10\r\n"
                                "\r\n";

/* The names of what is found, one after another; a dash for an empty one. */
static void assert_variables(struct pyst_text prefix, struct pyst_text channel,
                             const char *expected)
{
    struct pyst_ami_message *message = message_of(variables);
    struct pyst_text name, value;
    char names[32] = "";
    size_t cursor = 0, n = 0;

    while (pyst_ami_message_next_variable(message, prefix, channel, &cursor, &name, &value)) {
        assert_true(n < sizeof(names) - 1);
        names[n++] = name.size > 0 ? name.data[0] : '-';
        names[n] = '\0';
        if (names[n - 1] == 'B')
            assert_text(value, "2=x");
        if (names[n - 1] == 'C')
            assert_text(value, "");
        if (names[n - 1] == '-')
            assert_text(value, "7");
    }
    assert_string_equal(names, expected);
    pyst_ami_message_unref(message);
}

static void channel_variables_are_walked(void **state)
{
    const struct pyst_text any = pyst_text_none(), none = pyst_text("");

    assert_variables(any, any, "ABCDF-");
    assert_variables(none, any, "ABD-");
    assert_variables(none, none, "AD-");
    assert_variables(any, none, "ACD-");
    assert_variables(any, pyst_text("SIP/[::1]-1"), "B");
    assert_variables(any, pyst_text("sip/[::1]-1"), "");
    assert_variables(pyst_text("Dest"), any, "C");
    assert_variables(pyst_text("dest"), any, "C");
    assert_variables(pyst_text("LocalOne"), pyst_text("x"), "F");
    assert_variables(pyst_text("LocalOne"), none, "");
    assert_variables(pyst_text("Local"), any, "");
}

static void assert_unescaped(const char *value, const char *expected)
{
    char out[64];
    size_t n = pyst_ami_unescape(pyst_text(value), out);

    assert_true(n <= strlen(value));
    assert_text(pyst_text_of(out, n), expected);
}

static void escapes_are_undone(void **state)
{
    char nul[3] = {'a', '\\', '\0'}, out[3];

    assert_unescaped("", "");
    assert_unescaped("plain", "plain");
    assert_unescaped("\\a\\b\\f\\n\\r\\t\\v", "\a\b\f\n\r\t\v");
    assert_unescaped("\\\\ \\\" \\' \\?", "\\ \" ' ?");
    assert_unescaped("\\\\n", "\\n");
    assert_unescaped("\\x \\z \\0", "\\x \\z \\0");
    assert_unescaped("at the end \\", "at the end \\");
    assert_int_equal(pyst_ami_unescape(pyst_text_of(nul, 3), out), 3);
    assert_memory_equal(out, nul, 3);
    assert_int_equal(pyst_ami_unescape(pyst_text_none(), out), 0);
}

static void assert_error(const char *text, int error)
{
    struct pyst_ami_message *message = message_of(text);

    assert_int_equal(pyst_ami_message_error(message), error);
    pyst_ami_message_unref(message);
}

static void errors_are_told_by_their_words(void **state)
{
    assert_error("Response: Success\r\nMessage: Permission denied\r\n", 0);
    assert_error("Response: Goodbye\r\n", 0);
    assert_error("Response: Follows\r\n--END COMMAND--\r\n\r\n", 0);
    assert_error("Response: Error\r\nMessage: Authentication failed\r\n", PYST_ERR_AUTHENTICATION);
    assert_error("Response: Error\r\nMessage: Permission denied\r\n", PYST_ERR_PERMISSION);
    assert_error("Response: Error\r\nMessage: Invalid/unknown command: Foo. Use Action: "
                 "ListCommands to show available commands.\r\n",
                 PYST_ERR_UNKNOWN_ACTION);
    assert_error("Response: Error\r\nMessage: Invalid/unknown command\r\n",
                 PYST_ERR_UNKNOWN_ACTION);
    assert_error("Response: Error\r\nMessage: Invalid/unknown\r\n", PYST_ERR_REFUSED);
    assert_error("Response: Error\r\nMessage: Permission denied.\r\n", PYST_ERR_REFUSED);
    assert_error("Response: Error\r\n", PYST_ERR_REFUSED);
    assert_error("response: ERROR\r\nMessage:\r\n", PYST_ERR_REFUSED);
    assert_error("Event: X\r\nResponse: Error\r\n", 0);
    assert_error("A: Error\r\n", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_message_and_nothing_else_is_parsed),
        cmocka_unit_test(headers_are_found_in_any_case),
        cmocka_unit_test(only_ascii_letters_have_a_case),
        cmocka_unit_test(what_is_absent_is_told_from_what_is_empty),
        cmocka_unit_test(output_in_both_forms),
        cmocka_unit_test(channel_variables_are_walked),
        cmocka_unit_test(escapes_are_undone),
        cmocka_unit_test(errors_are_told_by_their_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
