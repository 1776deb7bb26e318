/* SPDX-License-Identifier: MIT */

/* AGI programs over a stream: the dialogue, its ends, and its trace. */

#include <sys/mman.h>
#include <unistd.h>

#include "agi-asterisk.h"

/* --- opening ----------------------------------------------------------------------------- */

static void the_environment_is_read_first(void **state)
{
    struct asterisk asterisk = {0};
    struct pyst_agi *agi;

    assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, NULL, &agi), 0);
    assert_int_equal(pyst_agi_environment_count(pyst_agi_environment(agi)), 4);
    assert_text(pyst_agi_get(agi, "language"), "en");
    assert_null(pyst_agi_get(agi, "callerid").data);
    assert_null(pyst_agi_reply(agi));
    assert_int_equal(pyst_agi_get_fd(agi), -1);
    assert_false(pyst_agi_is_hung_up(agi));
    assert_null(pyst_agi_close(agi));
    assert_null(pyst_agi_close(NULL));
}

static void an_environment_that_ends_early_is_an_error(void **state)
{
    for (size_t n = 0; n < strlen(ENVIRONMENT); n++) {
        struct asterisk asterisk = {.end = true};
        struct pyst_agi *agi = NULL;
        char part[sizeof(ENVIRONMENT)] = ENVIRONMENT;

        part[n] = '\0';
        assert_int_equal(asterisk_open(&asterisk, part, NULL, &agi), PYST_ERR_NO_ENVIRONMENT);
        assert_null(agi);
    }
}

static ptrdiff_t fail_to_read(void *user, void *data, size_t size)
{
    errno = *(int *)user;
    return -1;
}

static void a_stream_that_fails_says_why(void **state)
{
    static const struct {
        int error;
        int result;
    } cases[] = {
        {EIO, PYST_ERR_SYSTEM},
        {EAGAIN, PYST_ERR_SYSTEM}, /* a stream waits */
        {ECONNRESET, PYST_ERR_NO_ENVIRONMENT},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int error = cases[i].error;
        struct pyst_agi_stream stream = {fail_to_read, asterisk_write, &error};
        struct pyst_agi_options options = {.stream = &stream};
        struct pyst_agi *agi = NULL;

        errno = 0;
        assert_int_equal(pyst_agi_open(&agi, &options), cases[i].result);
        if (cases[i].result == PYST_ERR_SYSTEM)
            assert_int_equal(errno, error);
        assert_null(agi);
    }
}

static void what_options_say_is_checked(void **state)
{
    struct pyst_agi_stream stream = {asterisk_read, NULL, NULL};
    struct pyst_agi_options no_write = {.stream = &stream};
    struct pyst_agi_options no_trace = {.trace = (enum pyst_agi_trace)3};
    struct pyst_agi_options long_commands = {.command_size = PYST_AGI_COMMAND_SIZE_MAX + 1};
    struct pyst_agi *agi = NULL;

    assert_int_equal(pyst_agi_open(&agi, &no_write), PYST_ERR_INVALID);
    assert_int_equal(pyst_agi_open(&agi, &no_trace), PYST_ERR_INVALID);
    assert_int_equal(pyst_agi_open(&agi, &long_commands), PYST_ERR_INVALID);
    assert_null(agi);
}

static void limits_hold(void **state)
{
    struct asterisk asterisk = {0};
    struct pyst_agi_options options = {.limits = {.environment_size = 20}};
    struct pyst_agi *agi = NULL;

    assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, &options, &agi),
                     PYST_ERR_LIMIT_ENVIRONMENT);
    assert_null(agi);

    memset(&asterisk, 0, sizeof(asterisk));
    options = (struct pyst_agi_options){.limits = {.reply_size = 20}, .command_size = 40};
    assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, &options, &agi), 0);
    assert_int_equal(pyst_agi_verbose(agi, "this is longer than forty bytes, and so", 1),
                     PYST_ERR_COMMAND_TOO_LONG);
    expect(&asterisk, "GET VARIABLE \"X\"", "200 result=1 (more than twenty)\n");
    assert_int_equal(pyst_agi_get_variable(agi, "X", NULL), PYST_ERR_LIMIT_REPLY);
    assert_int_equal(pyst_agi_noop(agi), PYST_ERR_HANGUP);
    pyst_agi_close(agi);
}

/* --- commands ---------------------------------------------------------------------------- */

static void any_command_can_be_sent(void **state)
{
    struct asterisk asterisk = {0};
    const struct pyst_agi_reply *reply;
    struct pyst_agi *agi;

    assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, NULL, &agi), 0);
    expect(&asterisk, "LATEST \"a b\" 5", "200 result=7 (x) endpos=9\n");
    assert_int_equal(pyst_agi_command_begin(pyst_agi_command(agi), "LATEST"), 0);
    assert_int_equal(pyst_agi_command_add(pyst_agi_command(agi), pyst_text("a b")), 0);
    assert_int_equal(pyst_agi_command_add_number(pyst_agi_command(agi), 5), 0);
    assert_int_equal(pyst_agi_execute(agi, &reply), 0);
    assert_ptr_equal(reply, pyst_agi_reply(agi));
    assert_int_equal(reply->code, 200);
    assert_int_equal(reply->number, 7);
    assert_text(reply->text, "200 result=7 (x) endpos=9");
    assert_text(reply->value, "x");
    assert_int_equal(reply->end_position, 9);
    assert_text(pyst_agi_reply_field(reply, "endpos"), "9");

    expect(&asterisk, "ANY \\thing", "510 Invalid or unknown command\n");
    assert_int_equal(pyst_agi_execute_line(agi, " ANY \\thing\n", &reply),
                     PYST_ERR_UNKNOWN_COMMAND);
    assert_int_equal(reply->code, 510);
    assert_null(reply->result.data);

    assert_int_equal(pyst_agi_execute_line(agi, "", &reply), PYST_ERR_BAD_ARGUMENT);
    assert_null(reply);
    assert_int_equal(pyst_agi_execute_line(agi, NULL, NULL), PYST_ERR_BAD_ARGUMENT);
    pyst_agi_close(agi);
}

static void a_result_can_be_an_argument(void **state)
{
    struct asterisk asterisk = {0};
    struct pyst_text value;
    struct pyst_agi *agi;

    assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, NULL, &agi), 0);
    expect(&asterisk, "GET VARIABLE \"X\"", "200 result=1 (a)b)\n");
    expect(&asterisk, "SET VARIABLE \"Y\" \"a)b\"", "200 result=1\n");
    assert_int_equal(pyst_agi_get_variable(agi, "X", &value), 1);
    assert_int_equal(pyst_agi_set_variable(agi, "Y", value.data), 0);
    pyst_agi_close(agi);
}

static void commands_are_answered_in_any_pieces(void **state)
{
    for (size_t piece = 1; piece < 80; piece++) {
        struct asterisk asterisk = {.piece = piece};
        struct pyst_text value;
        struct pyst_agi *agi;

        assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, NULL, &agi), 0);
        assert_text(pyst_agi_get(agi, "enhanced"), "0.0");
        expect(&asterisk, "GET VARIABLE \"X\"", "200 result=1 (one\n200 two\n(three))\n");
        assert_int_equal(pyst_agi_get_variable(agi, "X", &value), 1);
        assert_string_equal(value.data, "one\n200 two\n(three)");
        expect(&asterisk, "SET PRIORITY \"n\"",
               "520-Invalid command syntax.\nusage\n520 End of proper usage.\n");
        assert_int_equal(pyst_agi_set_priority(agi, "n"), PYST_ERR_COMMAND_USAGE);
        expect(&asterisk, "GOSUB \"a\" \"b\" \"c\"",
               "100 result=0 Trying...\nHANGUP\n200 result=0 Gosub complete\n");
        assert_int_equal(pyst_agi_gosub(agi, "a", "b", "c", NULL), 0);
        assert_true(pyst_agi_is_hung_up(agi));
        pyst_agi_close(agi);
    }
}

static void a_large_value_comes_whole(void **state)
{
    static char reply[12000];
    struct asterisk asterisk = {0};
    struct pyst_text value;
    struct pyst_agi *agi;
    size_t n = (size_t)snprintf(reply, sizeof(reply), "200 result=1 (");

    for (; n < 11000; n++)
        reply[n] = (char)('a' + n % 26);
    reply[n] = '\0';
    strcat(reply, ")\n");
    assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, NULL, &agi), 0);
    expect(&asterisk, "DATABASE GET \"f\" \"k\"", reply);
    assert_int_equal(pyst_agi_database_get(agi, "f", "k", &value), 1);
    assert_int_equal(value.size, n - 14);
    assert_int_equal(strlen(value.data), value.size);
    assert_memory_equal(value.data, reply + 14, value.size);
    pyst_agi_close(agi);
}

static void a_command_is_begun_and_finished(void **state)
{
    struct asterisk asterisk = {0};
    const struct pyst_agi_reply *reply;
    struct pyst_agi *agi;

    assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, NULL, &agi), 0);
    assert_int_equal(pyst_agi_begin(agi), PYST_ERR_STATE); /* no command was built */
    assert_int_equal(pyst_agi_finish(agi, &reply), PYST_ERR_STATE);
    assert_null(reply);
    assert_int_equal(pyst_agi_poll(agi), PYST_ERR_STATE);

    expect(&asterisk, "NOOP", "200 result=0\n");
    assert_int_equal(pyst_agi_build_noop(pyst_agi_command(agi)), 0);
    assert_int_equal(pyst_agi_begin(agi), 0);
    assert_int_equal(asterisk.at, 1);
    assert_int_equal(pyst_agi_poll(agi), PYST_ERR_STATE); /* a stream can only be waited for */
    assert_int_equal(pyst_agi_finish(agi, &reply), 0);
    assert_text(reply->text, "200 result=0");
    assert_int_equal(pyst_agi_finish(agi, &reply), PYST_ERR_STATE);
    pyst_agi_close(agi);
}

static void a_reply_that_nobody_takes_is_dropped(void **state)
{
    struct asterisk asterisk = {0};
    const struct pyst_agi_reply *reply;
    struct pyst_agi *agi;

    assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, NULL, &agi), 0);
    expect(&asterisk, "ANSWER", "200 result=1\n");
    expect(&asterisk, "NOOP", "200 result=2\n");
    pyst_agi_build_answer(pyst_agi_command(agi));
    assert_int_equal(pyst_agi_begin(agi), 0);
    /* A command that cannot be sent changes nothing. */
    assert_int_equal(pyst_agi_verbose(agi, "\n", 0), PYST_ERR_BAD_ARGUMENT);
    pyst_agi_build_noop(pyst_agi_command(agi));
    assert_int_equal(pyst_agi_begin(agi), 0);
    assert_int_equal(pyst_agi_finish(agi, &reply), 0);
    assert_int_equal(reply->number, 2);
    pyst_agi_close(agi);
}

/* --- hangups and ends -------------------------------------------------------------------- */

static void a_hangup_is_one_condition_however_it_shows(void **state)
{
    static const struct {
        const char *reply;
        int result;
    } cases[] = {
        {"HANGUP\n200 result=-1\n", PYST_ERR_HANGUP},
        {"HANGUP\nHANGUP\n200 result=-1\n", PYST_ERR_HANGUP},
        {"511 Command Not Permitted on a dead channel\n", PYST_ERR_HANGUP},
        {"HANGUP\n200 result=0\n", 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct asterisk asterisk = {0};
        struct pyst_text value;
        struct pyst_agi *agi;

        assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, NULL, &agi), 0);
        expect(&asterisk, "WAIT FOR DIGIT -1", cases[i].reply);
        assert_int_equal(pyst_agi_wait_for_digit(agi, -1, NULL), cases[i].result);
        assert_true(pyst_agi_is_hung_up(agi));
        expect(&asterisk, "GET VARIABLE \"X\"", "200 result=1 (still here)\n");
        assert_int_equal(pyst_agi_get_variable(agi, "X", &value), 1);
        assert_string_equal(value.data, "still here");
        pyst_agi_close(agi);
    }
}

static void a_result_of_minus_one_is_looked_into(void **state)
{
    static const struct {
        const char *status;
        int result;
    } cases[] = {
        {"200 result=6\n", PYST_ERR_COMMAND_FAILED},
        {"511 Command Not Permitted on a dead channel\n", PYST_ERR_HANGUP},
        {"HANGUP\n511 Command Not Permitted on a dead channel\n", PYST_ERR_HANGUP},
        {"HANGUP\n200 result=6\n", PYST_ERR_HANGUP},
        {"", PYST_ERR_HANGUP}, /* the stream ends */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct asterisk asterisk = {.status = cases[i].status, .end = true};
        const struct pyst_agi_reply *reply;
        struct pyst_agi *agi;

        assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, NULL, &agi), 0);
        expect(&asterisk, "EXEC \"Wait\" \"9\"", "200 result=-1 endpos=7\n");
        assert_int_equal(
            pyst_agi_build_exec(pyst_agi_command(agi), pyst_text("Wait"), pyst_text("9")), 0);
        assert_int_equal(pyst_agi_execute(agi, &reply), cases[i].result);
        assert_int_equal(asterisk.n_asked, 1);
        /* The reply is the command's, and the command may be sent again. */
        assert_text(reply->text, "200 result=-1 endpos=7");
        assert_ptr_equal(reply, pyst_agi_reply(agi));
        assert_text(pyst_agi_command_line(pyst_agi_command(agi)), "EXEC \"Wait\" \"9\"\n");
        assert_int_equal(pyst_agi_is_hung_up(agi), cases[i].result == PYST_ERR_HANGUP);
        pyst_agi_close(agi);
    }
}

static void nothing_is_asked_when_the_answer_is_known(void **state)
{
    struct asterisk asterisk = {0};
    const struct pyst_agi_reply *reply;
    struct pyst_agi *agi;

    assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, NULL, &agi), 0);
    expect(&asterisk, "GET DATA \"a\"", "200 result= (timeout)\n");
    assert_int_equal(pyst_agi_get_data(agi, "a", 0, 0, NULL), 0);
    expect(&asterisk, "TDD MODE \"on\"", "200 result=0\n");
    assert_int_equal(pyst_agi_tdd_mode(agi, "on"), PYST_ERR_COMMAND_FAILED);
    expect(&asterisk, "GOSUB \"a\" \"b\" \"c\"", "503 result=-2 Memory allocation failure\n");
    assert_int_equal(pyst_agi_gosub(agi, "a", "b", "c", NULL), PYST_ERR_COMMAND_FAILED);
    /* Of a command in two steps nobody waits for more than its reply. */
    expect(&asterisk, "NOOP", "200 result=-1\n");
    pyst_agi_build_noop(pyst_agi_command(agi));
    assert_int_equal(pyst_agi_begin(agi), 0);
    assert_int_equal(pyst_agi_finish(agi, &reply), PYST_ERR_COMMAND_FAILED);
    expect(&asterisk, "ANSWER", "200 result=-1\nHANGUP\n");
    assert_int_equal(pyst_agi_answer(agi), PYST_ERR_HANGUP);
    expect(&asterisk, "ANSWER", "200 result=-1\n");
    assert_int_equal(pyst_agi_answer(agi), PYST_ERR_HANGUP);
    assert_int_equal(asterisk.n_asked, 0);
    pyst_agi_close(agi);
}

static void a_hangup_that_was_told_counts_from_then_on(void **state)
{
    struct asterisk asterisk = {0};
    struct pyst_agi *agi;

    assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, NULL, &agi), 0);
    expect(&asterisk, "ANSWER", "200 result=-1\n");
    assert_int_equal(pyst_agi_answer(agi), PYST_ERR_COMMAND_FAILED);
    assert_false(pyst_agi_is_hung_up(agi));
    pyst_agi_hung_up(agi);
    assert_true(pyst_agi_is_hung_up(agi));
    expect(&asterisk, "ANSWER", "200 result=-1\n");
    assert_int_equal(pyst_agi_answer(agi), PYST_ERR_HANGUP);
    pyst_agi_close(agi);
}

/* The reply comes in `n` bytes, and then the end. */
static void the_end_of_the_stream_is_a_hangup_at_every_byte(void **state)
{
    static const char whole[] = "100 result=0 Trying...\nHANGUP\n200 result=0 Gosub complete\n";

    for (size_t n = 0; n < sizeof(whole) - 1; n++) {
        struct asterisk asterisk = {.end = true};
        const struct pyst_agi_reply *reply;
        struct pyst_agi *agi;
        char part[sizeof(whole)];

        memcpy(part, whole, n);
        part[n] = '\0';
        assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, NULL, &agi), 0);
        expect(&asterisk, "LATEST", part);
        assert_int_equal(pyst_agi_execute_line(agi, "LATEST", &reply), PYST_ERR_HANGUP);
        assert_null(reply);
        assert_null(pyst_agi_reply(agi));
        assert_true(pyst_agi_is_hung_up(agi));
        assert_int_equal(pyst_agi_noop(agi), PYST_ERR_HANGUP);
        assert_int_equal(pyst_agi_noop(agi), PYST_ERR_HANGUP);
        pyst_agi_close(agi);
    }
}

static void a_write_that_fails_says_why(void **state)
{
    static const struct {
        int error;
        int result;
    } cases[] = {
        {EPIPE, PYST_ERR_HANGUP},
        {ECONNRESET, PYST_ERR_HANGUP},
        {ENOSPC, PYST_ERR_SYSTEM},
        {EAGAIN, PYST_ERR_SYSTEM}, /* a stream waits */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct asterisk asterisk = {.write_error = cases[i].error};
        struct pyst_agi *agi;

        assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, NULL, &agi), 0);
        errno = 0;
        assert_int_equal(pyst_agi_answer(agi), cases[i].result);
        if (cases[i].result == PYST_ERR_SYSTEM)
            assert_int_equal(errno, cases[i].error);
        assert_null(pyst_agi_reply(agi));
        assert_int_equal(pyst_agi_noop(agi), PYST_ERR_HANGUP);
        pyst_agi_close(agi);
    }
}

/* --- the trace --------------------------------------------------------------------------- */

/* A dialogue with `trace` to a file; what is in it then. */
static void trace(enum pyst_agi_trace kind, size_t piece, char *text, size_t size)
{
    struct pyst_agi_options options = {.trace = kind};
    struct asterisk asterisk = {.piece = piece, .end = true};
    struct pyst_agi *agi;
    ssize_t n;

    options.trace_descriptor = memfd_create("trace", MFD_CLOEXEC);
    assert_true(options.trace_descriptor >= 0);
    assert_int_equal(asterisk_open(&asterisk, "agi_request: a\nagi_callerid: \n\n", &options, &agi),
                     0);
    expect(&asterisk, "SET VARIABLE \"X\" \"\xc3\xa9\\\"\xe9\x01\"", "200 result=1\n");
    assert_int_equal(pyst_agi_set_variable(agi, "X", "\xc3\xa9\"\xe9\x01"), 0);
    expect(&asterisk, "NOOP", "HANGUP\n200 resu");
    assert_int_equal(pyst_agi_noop(agi), PYST_ERR_HANGUP);
    pyst_agi_close(agi);
    n = pread(options.trace_descriptor, text, size - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    close(options.trace_descriptor);
}

static void the_text_trace_is_that_of_pyst(void **state)
{
    char text[4096];

    for (size_t piece = 0; piece < 40; piece++) {
        trace(PYST_AGI_TRACE_TEXT, piece, text, sizeof(text));
        assert_string_equal(text, "ENV LINE: agi_request: a\n"
                                  "ENV LINE: agi_callerid: \n"
                                  "ENV LINE: \n"
                                  "    COMMAND: SET VARIABLE \"X\" \"\xc3\xa9\\\"\xe9\x01\"\n"
                                  "    RESULT_LINE: 200 result=1\n"
                                  "    COMMAND: NOOP\n"
                                  "    RESULT_LINE: HANGUP\n"
                                  "    RESULT_LINE: 200 resu\n");
    }
}

static void the_json_trace_has_times_and_is_utf_8(void **state)
{
    static const char *const lines[] = {
        "\"direction\":\"received\",\"line\":\"agi_request: a\"}",
        "\"direction\":\"received\",\"line\":\"agi_callerid: \"}",
        "\"direction\":\"received\",\"line\":\"\"}",
        ("\"direction\":\"sent\",\"line\":\"SET VARIABLE \\\"X\\\" "
         "\\\"\xc3\xa9\\\\\\\"\\u00e9\\u0001\\\"\"}"),
        "\"direction\":\"received\",\"line\":\"200 result=1\"}",
        "\"direction\":\"sent\",\"line\":\"NOOP\"}",
        "\"direction\":\"received\",\"line\":\"HANGUP\"}",
        "\"direction\":\"received\",\"line\":\"200 resu\"}",
    };
    char text[4096], *line, *rest;
    size_t i = 0;

    trace(PYST_AGI_TRACE_JSON, 0, text, sizeof(text));
    for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), i++) {
        int year, month, day, hour, minute, second, microsecond, n = 0;

        assert_true(i < sizeof(lines) / sizeof(*lines));
        sscanf(line, "{\"time\":\"%4d-%2d-%2dT%2d:%2d:%2d.%6dZ\",%n", &year, &month, &day, &hour,
               &minute, &second, &microsecond, &n);
        assert_int_equal(n, strlen("{\"time\":\"2026-11-23T09:15:00.000001Z\","));
        assert_string_equal(line + n, lines[i]);
    }
    assert_int_equal(i, sizeof(lines) / sizeof(*lines));
}

static void what_is_not_utf_8_is_escaped_byte_by_byte(void **state)
{
    static const struct {
        const char *value;
        const char *traced;
    } cases[] = {
        {"\xf0\x9f\x98\x80\xe2\x82\xac", "\xf0\x9f\x98\x80\xe2\x82\xac"},
        {"\xc0\x80", "\\u00c0\\u0080"},                       /* overlong */
        {"\xe0\x9f\xbf", "\\u00e0\\u009f\\u00bf"},            /* overlong */
        {"\xf0\x8f\xbf\xbf", "\\u00f0\\u008f\\u00bf\\u00bf"}, /* overlong */
        {"\xed\xa0\x80", "\\u00ed\\u00a0\\u0080"},            /* a surrogate */
        {"\xf4\x90\x80\x80", "\\u00f4\\u0090\\u0080\\u0080"}, /* beyond Unicode */
        {"\xf5\x80\x80\x80", "\\u00f5\\u0080\\u0080\\u0080"},
        {"\xe2\x82x", "\\u00e2\\u0082x"}, /* cut off */
        {"\xe2", "\\u00e2"},
        {"\t\x7f", "\\u0009\\u007f"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct pyst_agi_options options = {.trace = PYST_AGI_TRACE_JSON};
        struct asterisk asterisk = {0};
        char environment[64], text[512], traced[128];
        struct pyst_agi *agi;
        ssize_t n;

        options.trace_descriptor = memfd_create("trace", MFD_CLOEXEC);
        assert_true(options.trace_descriptor >= 0);
        snprintf(environment, sizeof(environment), "agi_callerid: %s\n\n", cases[i].value);
        snprintf(traced, sizeof(traced), "\"line\":\"agi_callerid: %s\"}\n", cases[i].traced);
        assert_int_equal(asterisk_open(&asterisk, environment, &options, &agi), 0);
        pyst_agi_close(agi);
        n = pread(options.trace_descriptor, text, sizeof(text) - 1, 0);
        assert_true(n > 0);
        text[n] = '\0';
        assert_non_null(strstr(text, traced));
        close(options.trace_descriptor);
    }
}

static void a_trace_that_cannot_be_written_changes_nothing(void **state)
{
    struct pyst_agi_options options = {.trace = PYST_AGI_TRACE_TEXT};
    struct asterisk asterisk = {0};
    struct pyst_agi *agi;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    options.trace_descriptor = ends[1];
    assert_int_equal(asterisk_open(&asterisk, ENVIRONMENT, &options, &agi), 0);
    expect(&asterisk, "ANSWER", "200 result=0\n");
    assert_int_equal(pyst_agi_answer(agi), 0);
    pyst_agi_close(agi);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_is_read_first),
        cmocka_unit_test(an_environment_that_ends_early_is_an_error),
        cmocka_unit_test(a_stream_that_fails_says_why),
        cmocka_unit_test(what_options_say_is_checked),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(any_command_can_be_sent),
        cmocka_unit_test(a_result_can_be_an_argument),
        cmocka_unit_test(commands_are_answered_in_any_pieces),
        cmocka_unit_test(a_large_value_comes_whole),
        cmocka_unit_test(a_command_is_begun_and_finished),
        cmocka_unit_test(a_reply_that_nobody_takes_is_dropped),
        cmocka_unit_test(a_hangup_is_one_condition_however_it_shows),
        cmocka_unit_test(a_result_of_minus_one_is_looked_into),
        cmocka_unit_test(nothing_is_asked_when_the_answer_is_known),
        cmocka_unit_test(a_hangup_that_was_told_counts_from_then_on),
        cmocka_unit_test(the_end_of_the_stream_is_a_hangup_at_every_byte),
        cmocka_unit_test(a_write_that_fails_says_why),
        cmocka_unit_test(the_text_trace_is_that_of_pyst),
        cmocka_unit_test(the_json_trace_has_times_and_is_utf_8),
        cmocka_unit_test(what_is_not_utf_8_is_escaped_byte_by_byte),
        cmocka_unit_test(a_trace_that_cannot_be_written_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
