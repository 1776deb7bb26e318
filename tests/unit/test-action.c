/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <pyst/ami/action.h>
#include <pyst/ami/message.h>
#include <pyst/error.h>

#include "assert-text.h"

static struct pyst_ami_action *action_of(const char *name)
{
    struct pyst_ami_action *action;

    assert_int_equal(pyst_ami_action_new(&action, pyst_text(name)), 0);
    return action;
}

static int add(struct pyst_ami_action *action, const char *name, const char *value)
{
    return pyst_ami_action_add(action, pyst_text(name), pyst_text(value));
}

static void headers_are_sent_in_order(void **state)
{
    struct pyst_ami_action *action = action_of("Originate");
    struct pyst_text name, value;

    assert_int_equal(add(action, "Channel", "PJSIP/100"), 0);
    assert_int_equal(add(action, "Codecs", ""), 0);
    assert_int_equal(add(action, "channel", "PJSIP/200: "), 0);
    assert_int_equal(pyst_ami_action_add(action, pyst_text("Absent"), pyst_text_none()), 0);
    assert_text(pyst_ami_action_bytes(action),
                "Action: Originate\r\nChannel: PJSIP/100\r\nCodecs: \r\nchannel: PJSIP/200: \r\n"
                "Absent: \r\n");
    assert_text(pyst_ami_action_name(action), "Originate");
    assert_int_equal(pyst_ami_action_n_headers(action), 5);
    pyst_ami_action_header(action, 3, &name, &value);
    assert_text(name, "channel");
    assert_text(value, "PJSIP/200: ");
    pyst_ami_action_header(action, 5, &name, &value);
    assert_null(name.data);
    assert_null(value.data);
    assert_text(pyst_ami_action_get(action, pyst_text("CHANNEL")), "PJSIP/100");
    assert_text(pyst_ami_action_get(action, pyst_text("codecs")), "");
    assert_null(pyst_ami_action_get(action, pyst_text("Chan")).data);
    assert_null(pyst_ami_action_free(action));
    assert_null(pyst_ami_action_free(NULL));
}

static void names_that_asterisk_would_not_know_are_refused(void **state)
{
    static const struct pyst_text bad[] = {
        {"", 0},       {NULL, 0},     {" Ping", 5},  {"Ping ", 5}, {"\tPing", 5}, {"Ping\t", 5},
        {"Pi\rng", 5}, {"Pi\nng", 5}, {"Pi\0ng", 5}, {"\0", 1},    {"Ping\0", 5}, {"Ping\r\n", 6},
    };
    struct pyst_ami_action *action = NULL;
    char much[PYST_AMI_ACTION_LINE_SIZE];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(pyst_ami_action_new(&action, bad[i]), PYST_ERR_BAD_VALUE);
    assert_null(action);

    /* "Action: " and CR LF take ten bytes. */
    memset(much, 'x', sizeof(much));
    assert_int_equal(pyst_ami_action_new(&action, pyst_text_of(much, 1024 - 10 + 1)),
                     PYST_ERR_LINE_TOO_LONG);
    assert_null(action);
    assert_int_equal(pyst_ami_action_new(&action, pyst_text_of(much, 1024 - 10)), 0);
    assert_int_equal(pyst_ami_action_bytes(action).size, 1024);
    pyst_ami_action_free(action);
}

/* Every byte, at the beginning, inside and at the end. */
static void every_byte_that_breaks_a_line_is_refused(void **state)
{
    struct pyst_ami_action *action = action_of("Ping");
    size_t n_headers = 1;

    for (int byte = 0; byte < 256; byte++) {
        for (int place = 0; place < 3; place++) {
            char text[3] = {'a', 'b', 'c'};
            const bool breaks = byte == '\r' || byte == '\n' || byte == 0;
            size_t size = pyst_ami_action_bytes(action).size;
            int r;

            text[place] = (char)byte;
            r = pyst_ami_action_add(action, pyst_text("Name"), pyst_text_of(text, 3));
            assert_int_equal(r, breaks ? PYST_ERR_BAD_VALUE : 0);
            assert_int_equal(pyst_ami_action_bytes(action).size, breaks ? size : size + 11);
            n_headers += !breaks;
            assert_int_equal(pyst_ami_action_n_headers(action), n_headers);

            size = pyst_ami_action_bytes(action).size;
            if (n_headers == PYST_AMI_ACTION_HEADERS) {
                pyst_ami_action_free(action);
                action = action_of("Ping");
                n_headers = 1;
                size = pyst_ami_action_bytes(action).size;
            }
            r = pyst_ami_action_add(action, pyst_text_of(text, 3), pyst_text("value"));
            assert_int_equal(r, breaks || byte == ':' ? PYST_ERR_BAD_NAME : 0);
            assert_int_equal(pyst_ami_action_bytes(action).size, r < 0 ? size : size + 12);
            n_headers += r == 0;
            if (n_headers == PYST_AMI_ACTION_HEADERS) {
                pyst_ami_action_free(action);
                action = action_of("Ping");
                n_headers = 1;
            }
        }
    }
    assert_int_equal(add(action, "", "value"), PYST_ERR_BAD_NAME);
    pyst_ami_action_free(action);
}

static void line_has_at_most_1024_bytes(void **state)
{
    struct pyst_ami_action *action = action_of("Ping");
    char much[2048];

    memset(much, 'x', sizeof(much));
    /* "N: " and CR LF take five. */
    assert_int_equal(pyst_ami_action_add(action, pyst_text("N"), pyst_text_of(much, 1020)),
                     PYST_ERR_LINE_TOO_LONG);
    assert_int_equal(pyst_ami_action_add(action, pyst_text("N"), pyst_text_of(much, sizeof(much))),
                     PYST_ERR_LINE_TOO_LONG);
    assert_text(pyst_ami_action_bytes(action), "Action: Ping\r\n");
    assert_int_equal(pyst_ami_action_add(action, pyst_text("N"), pyst_text_of(much, 1019)), 0);
    assert_int_equal(pyst_ami_action_bytes(action).size, 14 + 1024);
    assert_int_equal(pyst_ami_action_add(action, pyst_text_of(much, 1021), pyst_text("")),
                     PYST_ERR_LINE_TOO_LONG);
    assert_int_equal(pyst_ami_action_add(action, pyst_text_of(much, 1020), pyst_text("")), 0);
    assert_int_equal(pyst_ami_action_n_headers(action), 3);
    pyst_ami_action_free(action);
}

static void action_has_at_most_128_headers(void **state)
{
    struct pyst_ami_action *action = action_of("Ping");
    size_t size;

    for (int i = 1; i < 128; i++)
        assert_int_equal(add(action, "A", "b"), 0);
    size = pyst_ami_action_bytes(action).size;
    assert_int_equal(add(action, "A", "b"), PYST_ERR_TOO_MANY_HEADERS);
    assert_int_equal(pyst_ami_action_add_variable(action, pyst_text("A"), pyst_text("b")),
                     PYST_ERR_TOO_MANY_HEADERS);
    assert_int_equal(pyst_ami_action_n_headers(action), 128);
    assert_int_equal(pyst_ami_action_bytes(action).size, size);
    pyst_ami_action_free(action);
}

static void variables_are_escaped(void **state)
{
    struct pyst_ami_action *action = action_of("Originate");

    assert_int_equal(pyst_ami_action_add_variable(action, pyst_text("PLAIN"), pyst_text("a b=c;d")),
                     0);
    assert_int_equal(pyst_ami_action_add_variable(action, pyst_text("CALLERID(num)"),
                                                  pyst_text("a,b\"c\\d(e)[f]")),
                     0);
    assert_int_equal(pyst_ami_action_add_variable(action, pyst_text("E"), pyst_text_none()), 0);
    assert_text(pyst_ami_action_bytes(action),
                "Action: Originate\r\nVariable: PLAIN=a b=c;d\r\n"
                "Variable: CALLERID\\(num\\)=a\\,b\\\"c\\\\d\\(e\\)\\[f\\]\r\nVariable: E=\r\n");
    pyst_ami_action_free(action);
}

/* All other bytes go as they are; what breaks a line never goes. */
static void variables_of_every_byte(void **state)
{
    for (int byte = 0; byte < 256; byte++) {
        struct pyst_ami_action *action = action_of("A");
        const bool breaks = byte == '\r' || byte == '\n' || byte == 0;
        const bool escaped = byte != 0 && strchr(",\"\\()[]", byte);
        char text = (char)byte;
        int r = pyst_ami_action_add_variable(action, pyst_text("N"), pyst_text_of(&text, 1));

        assert_int_equal(r, breaks ? PYST_ERR_BAD_VALUE : 0);
        if (r == 0) {
            struct pyst_text value = pyst_ami_action_get(action, pyst_text("Variable"));

            assert_int_equal(value.size, escaped ? 4 : 3);
            assert_int_equal(value.data[value.size - 1], text);
            assert_int_equal(value.data[2], escaped ? '\\' : text);
        }
        r = pyst_ami_action_add_variable(action, pyst_text_of(&text, 1), pyst_text("v"));
        assert_int_equal(r, breaks || byte == '=' ? PYST_ERR_BAD_NAME : 0);
        pyst_ami_action_free(action);
    }
}

static void variable_line_limit_counts_the_backslashes(void **state)
{
    struct pyst_ami_action *action = action_of("A");
    char much[2048];

    /* "Variable: N=" and CR LF take fourteen. */
    memset(much, ',', sizeof(much));
    assert_int_equal(pyst_ami_action_add_variable(action, pyst_text(""), pyst_text("v")),
                     PYST_ERR_BAD_NAME);
    for (size_t size = 506; size < sizeof(much); size++)
        assert_int_equal(
            pyst_ami_action_add_variable(action, pyst_text("N"), pyst_text_of(much, size)),
            PYST_ERR_LINE_TOO_LONG);
    assert_int_equal(pyst_ami_action_n_headers(action), 1);
    assert_int_equal(pyst_ami_action_add_variable(action, pyst_text("N"), pyst_text_of(much, 505)),
                     0);
    memset(much, 'x', sizeof(much));
    for (size_t size = 1011; size < sizeof(much); size++)
        assert_int_equal(
            pyst_ami_action_add_variable(action, pyst_text("N"), pyst_text_of(much, size)),
            PYST_ERR_LINE_TOO_LONG);
    for (size_t size = 1012; size < sizeof(much); size++)
        assert_int_equal(
            pyst_ami_action_add_variable(action, pyst_text_of(much, size), pyst_text("")),
            PYST_ERR_LINE_TOO_LONG);
    assert_int_equal(pyst_ami_action_add_variable(action, pyst_text("N"), pyst_text_of(much, 1010)),
                     0);
    assert_int_equal(pyst_ami_action_add_variable(action, pyst_text_of(much, 1011), pyst_text("")),
                     0);
    assert_int_equal(pyst_ami_action_n_headers(action), 4);
    pyst_ami_action_free(action);
}

/* What is written reads as the same, by the parser of the same library. */
static void bytes_read_as_an_action(void **state)
{
    struct pyst_ami_action *action = action_of("Setvar");
    struct pyst_ami_message *message;
    struct pyst_text bytes;

    assert_int_equal(add(action, "Variable", "A(b:c)"), 0);
    assert_int_equal(add(action, "Value", " blank first"), 0);
    bytes = pyst_ami_action_bytes(action);
    assert_int_equal(pyst_ami_message_parse(&message, bytes.data, bytes.size), 0);
    assert_int_equal(pyst_ami_message_kind(message), PYST_AMI_ACTION);
    assert_text(pyst_ami_message_name(message), "Setvar");
    assert_text(pyst_ami_message_get(message, pyst_text("variable")), "A(b:c)");
    assert_text(pyst_ami_message_get(message, pyst_text("value")), " blank first");
    pyst_ami_message_unref(message);
    pyst_ami_action_free(action);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_sent_in_order),
        cmocka_unit_test(names_that_asterisk_would_not_know_are_refused),
        cmocka_unit_test(every_byte_that_breaks_a_line_is_refused),
        cmocka_unit_test(line_has_at_most_1024_bytes),
        cmocka_unit_test(action_has_at_most_128_headers),
        cmocka_unit_test(variables_are_escaped),
        cmocka_unit_test(variables_of_every_byte),
        cmocka_unit_test(variable_line_limit_counts_the_backslashes),
        cmocka_unit_test(bytes_read_as_an_action),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
