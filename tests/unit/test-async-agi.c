/* SPDX-License-Identifier: MIT */

/*
 * AsyncAGI: what comes of the manager's events and responses, and what is sent. The events are
 * those of Asterisk 22.10 and 16.28, which do not differ; the old form is that of 11.
 */

#include "async-agi-host.h"

#include "async-agi/percent.h"

/* --- percent-encoding ----------------------------------------------------------------------- */

static void check_decoded(const char *encoded, const char *expected)
{
    char out[256];
    size_t size = percent_decode(pyst_text(encoded), out);

    assert_int_equal(size, strlen(expected));
    assert_memory_equal(out, expected, size);
}

static void bytes_are_decoded_as_asterisk_encodes_them(void **state)
{
    /* The value that was set: a+b c%41(d)!~*'-_.&=$,;?/@#<>[]{}|^`: and an e acute, Latin-1 and
       UTF-8. */
    check_decoded("200%20result%3D1%20(a%2Bb%20c%2541(d)!~*'-_.%26%3D%24%2C%3B%3F%2F%40%23%3C%3E"
                  "%5B%5D%7B%7D%7C%5E%60%3A%E9%20%C3%A9)%0A",
                  "200 result=1 (a+b c%41(d)!~*'-_.&=$,;?/@#<>[]{}|^`:\xe9 \xc3\xa9)\n");
}

static void plus_is_no_blank(void **state)
{
    check_decoded("a+b", "a+b");
}

static void what_is_no_encoding_stays(void **state)
{
    check_decoded("%", "%");
    check_decoded("%4", "%4");
    check_decoded("%4g%g4%%41", "%4g%g4%A");
    check_decoded("", "");
}

static void small_letters_are_digits_as_well(void **state)
{
    check_decoded("%c3%a9%4A%4a", "\xc3\xa9JJ");
}

/* --- a dialogue ----------------------------------------------------------------------------- */

static void call_is_the_bytes_of_any_agi(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "GET VARIABLE EXTEN\n");
    expect(&host, "AGI " ID " pyst-1: GET VARIABLE EXTEN\n");
    assert_int_equal(done(&host, 0, 0), 1);
    assert_int_equal(event(&host, EXEC("pyst-1", "200%20result%3D1%20(async)%0A")), 1);
    expect(&host, ID " gets \"200 result=1 (async)\\n\"\n");
    pyst_async_agi_finish(host.async, host.call);
    expect(&host, "AGI " ID " pyst-2: ASYNCAGI BREAK\n");
    assert_int_equal(done(&host, 1, 0), 1);
    assert_int_equal(event(&host, EXEC("pyst-2", "200%20result%3D0%0A")), 1);
    expect(&host, "");
    assert_int_equal(event(&host, END), 1);
    assert_int_equal(pyst_async_agi_count(host.async), 1);
    expect(&host, "ended " ID " 0\n");
    assert_int_equal(pyst_async_agi_count(host.async), 0);
    host_end(&host);
}

static void event_may_come_before_the_response(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "NOOP\nNOOP 2\n");
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    event(&host, EXEC("pyst-1", "200%20result%3D0%0A"));
    expect(&host, ID " gets \"200 result=0\\n\"\nAGI " ID " pyst-2: NOOP 2\n");
    assert_int_equal(done(&host, 0, 0), 1);
    /* A response is taken once: this one is nobody's. */
    assert_int_equal(done(&host, 0, 0), 0);
    expect(&host, "");
    host_end(&host);
}

static void lines_wait_for_the_reply_before_them(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "NOOP 1\nNOOP 2\nNO");
    expect(&host, "AGI " ID " pyst-1: NOOP 1\n");
    send_bytes(&host, "OP 3\nNOOP 4");
    expect(&host, "");
    event(&host, EXEC("pyst-1", "200%20result%3D0%0A"));
    expect(&host, ID " gets \"200 result=0\\n\"\nAGI " ID " pyst-2: NOOP 2\n");
    event(&host, EXEC("pyst-2", "200%20result%3D0%0A"));
    expect(&host, ID " gets \"200 result=0\\n\"\nAGI " ID " pyst-3: NOOP 3\n");
    event(&host, EXEC("pyst-3", "200%20result%3D0%0A"));
    /* A line without its end is none. */
    expect(&host, ID " gets \"200 result=0\\n\"\n");
    host_end(&host);
}

static void what_waits_is_sent_before_the_break(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "NOOP 1\nNOOP 2\nNOOP");
    pyst_async_agi_finish(host.async, host.call);
    assert_int_equal(pyst_async_agi_send(host.async, host.call, pyst_text("x")), PYST_ERR_STATE);
    /* Nobody listens any more, so they go without waiting. */
    expect(&host, "AGI " ID " pyst-1: NOOP 1\nAGI " ID " pyst-2: NOOP 2\n"
                  "AGI " ID " pyst-3: ASYNCAGI BREAK\n");
    event(&host, EXEC("pyst-1", "200%20result%3D0%0A"));
    event(&host, EXEC("pyst-2", "200%20result%3D0%0A"));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(done(&host, i, 0), 1);
    pyst_async_agi_finish(host.async, host.call);
    expect(&host, "");
    event(&host, EXEC("pyst-3", "200%20result%3D0%0A"));
    event(&host, END);
    expect(&host, "ended " ID " 0\n");
    host_end(&host);
}

static void break_does_not_wait_for_the_command_that_runs(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "EXEC Wait 60\n");
    expect(&host, "AGI " ID " pyst-1: EXEC Wait 60\n");
    done(&host, 0, 0);
    pyst_async_agi_finish(host.async, host.call);
    expect(&host, "AGI " ID " pyst-2: ASYNCAGI BREAK\n");
    event(&host, EXEC("pyst-1", "200%20result%3D0%0A"));
    expect(&host, "");
    done(&host, 1, PYST_ERR_REFUSED);
    expect(&host, "ended " ID " 0\n");
    host_end(&host);
}

static void nothing_is_received_any_more_after_the_finish(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "NOOP\n");
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    event(&host, EXEC("pyst-1", "200%20result%3D0%0A"));
    pyst_async_agi_finish(host.async, host.call);
    expect(&host, "AGI " ID " pyst-2: ASYNCAGI BREAK\n");
    event(&host, EXEC("pyst-2", "200%20result%3D0%0A"));
    event(&host, END);
    expect(&host, "ended " ID " 0\n");
    host_end(&host);
}

static void break_of_the_program_ends_the_call(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "ASYNCAGI BREAK\n");
    expect(&host, "AGI " ID " pyst-1: ASYNCAGI BREAK\n");
    event(&host, EXEC("pyst-1", "200%20result%3D0%0A"));
    event(&host, END);
    expect(&host, ID " gets \"200 result=0\\n\"\nended " ID " 0\n");
    host_end(&host);
}

static void command_that_fails_ends_the_dialogue(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "STREAM FILE nosuchfile \"\"\n");
    expect(&host, "AGI " ID " pyst-1: STREAM FILE nosuchfile \"\"\n");
    event(&host, EXEC("pyst-1", "200%20result%3D-1%20endpos%3D0%0A"));
    event(&host, END);
    expect(&host, ID " gets \"200 result=-1 endpos=0\\n\"\nended " ID " 0\n");
    host_end(&host);
}

static void old_events_do_the_same(void **state)
{
    struct host host;

    host_begin(&host, NULL);
    event(&host, "Event: AsyncAGI\r\nPrivilege: agi,all\r\nSubEvent: Start\r\n"
                 "Channel: SIP/100-00000001\r\nUniqueid: 1.1\r\nEnv: " ENV "\r\n\r\n");
    expect(&host, "started 1.1\n1.1 gets \"" ENV_BYTES "\"\n");
    send_bytes(&host, "NOOP\n");
    /* By its name, for these look up no unique IDs. */
    expect(&host, "AGI SIP/100-00000001 pyst-1: NOOP\n");
    event(&host, "Event: AsyncAGI\r\nPrivilege: agi,all\r\nSubEvent: Exec\r\n"
                 "Channel: SIP/100-00000001\r\nUniqueid: 1.1\r\nCommandID: pyst-1\r\n"
                 "Result: 200%20result%3d0%0a\r\n\r\n");
    expect(&host, "1.1 gets \"200 result=0\\n\"\n");
    event(&host, "Event: Rename\r\nChannel: SIP/100-00000001\r\nNewname: SIP/200-00000002\r\n"
                 "Uniqueid: 1.1\r\n\r\n");
    assert_true(
        pyst_text_equal(pyst_async_agi_call_channel(host.call), pyst_text("SIP/200-00000002")));
    send_bytes(&host, "NOOP\n");
    expect(&host, "AGI SIP/200-00000002 pyst-2: NOOP\n");
    event(&host, "Event: AsyncAGI\r\nPrivilege: agi,all\r\nSubEvent: End\r\n"
                 "Channel: SIP/200-00000002\r\nUniqueid: 1.1\r\n\r\n");
    expect(&host, "ended 1.1 0\n");
    host_end(&host);
}

static void channel_without_unique_id_goes_by_its_name(void **state)
{
    struct host host;

    host_begin(&host, NULL);
    event(&host, "Event: AsyncAGI\r\nSubEvent: Start\r\nChannel: SIP/1\r\nEnv: " ENV "\r\n\r\n");
    expect(&host, "started SIP/1\nSIP/1 gets \"" ENV_BYTES "\"\n");
    event(&host, "Event: AsyncAGI\r\nSubEvent: End\r\nChannel: SIP/1\r\n\r\n");
    expect(&host, "ended SIP/1 0\n");
    host_end(&host);
}

static void renamed_channel_is_still_known(void **state)
{
    struct host host;

    start(&host);
    assert_int_equal(event(&host, "Event: Rename\r\nChannel: Local/async@agi-00000000;2\r\n"
                                  "Newname: SIP/2\r\nUniqueid: " ID "\r\n\r\n"),
                     0);
    assert_true(pyst_text_equal(pyst_async_agi_call_channel(host.call), pyst_text("SIP/2")));
    send_bytes(&host, "NOOP\n");
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    host_end(&host);
}

/* --- whose event it is ---------------------------------------------------------------------- */

static void other_clients_commands_do_not_disturb(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "NOOP\n");
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    event(&host, EXEC("other-1", "200%20result%3D1%0A"));
    event(&host, EXEC("pyst-", "200%20result%3D1%0A"));
    event(&host, EXEC("pyst-1x", "200%20result%3D1%0A"));
    event(&host, EXEC("pyst-18446744073709551617", "200%20result%3D1%0A"));
    event(&host, "Event: AsyncAGIExec\r\n" CHANNEL "Result: 200%20result%3D1%0A\r\n\r\n");
    expect(&host, "");
    event(&host, EXEC("pyst-1", "200%20result%3D0%0A"));
    expect(&host, ID " gets \"200 result=0\\n\"\n");
    host_end(&host);
}

static void late_reply_is_dropped(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "NOOP 1\nNOOP 2\n");
    expect(&host, "AGI " ID " pyst-1: NOOP 1\n");
    event(&host, EXEC("pyst-1", "200%20result%3D1%0A"));
    expect(&host, ID " gets \"200 result=1\\n\"\nAGI " ID " pyst-2: NOOP 2\n");
    event(&host, EXEC("pyst-1", "200%20result%3D1%0A"));
    expect(&host, "");
    host_end(&host);
}

static void reply_to_the_dialogue_before_is_dropped(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "NOOP\n");
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    done(&host, 0, 0);
    event(&host, END);
    expect(&host, "ended " ID " 0\n");
    /* Asterisk kept the command and runs it in the channel's next AGI(agi:async). */
    event(&host, START(ENV));
    event(&host, EXEC("pyst-1", "200%20result%3D1%0A"));
    expect(&host, STARTED);
    send_bytes(&host, "NOOP\n");
    expect(&host, "AGI " ID " pyst-2: NOOP\n");
    host_end(&host);
}

static void calls_begun_before_us_are_left_alone(void **state)
{
    struct host host;

    host_begin(&host, NULL);
    assert_int_equal(event(&host, EXEC("pyst-1", "200%20result%3D1%0A")), 1);
    assert_int_equal(event(&host, END), 1);
    assert_int_equal(event(&host, HANGUP), 0);
    expect(&host, "");
    host_end(&host);
}

static void other_events_and_actions_are_nothing_to_it(void **state)
{
    struct host host;

    start(&host);
    assert_int_equal(event(&host, "Event: Newchannel\r\nUniqueid: " ID "\r\n\r\n"), 0);
    assert_int_equal(event(&host, "Event: AGIExecEnd\r\nUniqueid: " ID "\r\n\r\n"), 0);
    assert_int_equal(event(&host, "Event: AsyncAGIElse\r\nUniqueid: " ID "\r\n\r\n"), 1);
    assert_int_equal(event(&host, "Event: AsyncAGI\r\nUniqueid: " ID "\r\n\r\n"), 1);
    assert_int_equal(take_message(&host, PYST_AMI_NOTICE_DONE, 0, NULL, NULL), 0);
    assert_int_equal(take_message(&host, PYST_AMI_NOTICE_DONE, 0, &host, NULL), 0);
    assert_int_equal(take_message(&host, PYST_AMI_NOTICE_GREETED, 0, NULL, NULL), 0);
    expect(&host, "");
    host_end(&host);
}

static void start_without_a_channel_is_none(void **state)
{
    struct host host;

    host_begin(&host, NULL);
    assert_int_equal(event(&host, "Event: AsyncAGIStart\r\nEnv: " ENV "\r\n\r\n"), 1);
    expect(&host, "");
    host_end(&host);
}

static void missed_end_is_made_up_by_the_next_start(void **state)
{
    struct host host;

    start(&host);
    event(&host, START(ENV));
    expect(&host, "ended " ID " 0\n" STARTED);
    host_end(&host);
}

static void command_ids_begin_as_asked_for(void **state)
{
    struct pyst_async_agi_options options = {.command_id_prefix = pyst_text("ivr:7")};
    struct host host;

    host_begin(&host, &options);
    event(&host, START(ENV));
    expect(&host, STARTED);
    send_bytes(&host, "NOOP\n");
    expect(&host, "AGI " ID " ivr:7-1: NOOP\n");
    event(&host, EXEC("ivr:7-1", "200%20result%3D0%0A"));
    expect(&host, ID " gets \"200 result=0\\n\"\n");
    host_end(&host);
}

static void prefix_that_cannot_be_sent_is_refused(void **state)
{
    static const char *const prefixes[] = {
        "a\nb", "\x1f", "0123456789012345678901234567890123456789012345678901234567890123"};
    struct pyst_async_agi *async = NULL;

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        struct pyst_async_agi_options options = {.command_id_prefix = pyst_text(prefixes[i])};

        assert_int_equal(pyst_async_agi_new(&async, &options), PYST_ERR_INVALID);
        assert_null(async);
    }
}

static void hundreds_of_calls_do_not_get_mixed_up(void **state)
{
    enum { CALLS = 500 };
    static struct pyst_async_agi_call *calls[CALLS];
    struct pyst_async_agi_notice notice;
    struct host host;
    char text[512];

    host_begin(&host, NULL);
    for (int i = 0; i < CALLS; i++) {
        snprintf(text, sizeof(text),
                 "Event: AsyncAGIStart\r\nChannel: C/%d\r\nUniqueid: 1.%d\r\nEnv: %s\r\n\r\n", i, i,
                 ENV);
        event(&host, text);
        assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
        calls[i] = notice.call;
        pyst_async_agi_call_set_data(notice.call, (void *)(intptr_t)i);
        while (pyst_async_agi_next(host.async, &notice) == 1)
            ;
        assert_int_equal(pyst_async_agi_send(host.async, calls[i], pyst_text("NOOP\n")), 0);
        assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
        assert_int_equal(notice.type, PYST_ASYNC_AGI_ACTION);
        host.submissions[i] = notice.submission;
    }
    host.n_submissions = CALLS;
    assert_int_equal(pyst_async_agi_count(host.async), CALLS);
    for (int i = CALLS - 1; i >= 0; i--) {
        char bytes[32];

        done(&host, (size_t)i, 0);
        snprintf(text, sizeof(text),
                 "Event: AsyncAGIExec\r\nChannel: C/%d\r\nUniqueid: 1.%d\r\nCommandID: pyst-%d\r\n"
                 "Result: 200%%20result%%3D%d%%0A\r\n\r\n",
                 i, i, i + 1, i);
        event(&host, text);
        assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
        assert_int_equal((intptr_t)pyst_async_agi_call_data(notice.call), i);
        snprintf(bytes, sizeof(bytes), "200 result=%d\n", i);
        assert_true(pyst_text_equal(notice.data, pyst_text(bytes)));
        snprintf(text, sizeof(text), "Event: Hangup\r\nChannel: C/%d\r\nUniqueid: 1.%d\r\n\r\n", i,
                 i);
        event(&host, text);
        assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
        assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
        assert_int_equal(notice.type, PYST_ASYNC_AGI_ENDED);
        assert_ptr_equal(notice.call, calls[i]);
    }
    assert_int_equal(pyst_async_agi_count(host.async), 0);
    host_end(&host);
}

/* --- what Asterisk cut ---------------------------------------------------------------------- */

/* Text with `n` times `repeated` in it. */
static char *with_many(const char *before, const char *repeated, size_t n, const char *after)
{
    static char text[16384];
    char *at = text + snprintf(text, sizeof(text), "%s", before);

    while (n-- > 0)
        at += snprintf(at, sizeof(text) - (size_t)(at - text), "%s", repeated);
    snprintf(at, sizeof(text) - (size_t)(at - text), "%s", after);
    return text;
}

static void environment_over_1024_bytes_is_fetched(void **state)
{
    struct host host;

    host_begin(&host, NULL);
    /* "agi_request: async\nagi_arg_1: " has 30 bytes. */
    event(&host, with_many("Event: AsyncAGIStart\r\n" CHANNEL
                           "Env: agi_request%3A%20async%0Aagi_arg_1%3A%20",
                           "y", 994, "\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    done(&host, 0, 0);
    event(&host, EXEC("pyst-1", "yz%0Aagi_arg_2%3A%20b%0A%0A200%20result%3D0%0A"));
    expect(&host, with_many("started " ID "\n" ID " gets \"agi_request: async\\nagi_arg_1: ", "y",
                            995, "z\\nagi_arg_2: b\\n\\n\"\n"));
    host_end(&host);
}

static void environment_of_1024_bytes_is_whole(void **state)
{
    struct host host;

    host_begin(&host, NULL);
    event(&host, with_many("Event: AsyncAGIStart\r\n" CHANNEL
                           "Env: agi_request%3A%20async%0Aagi_arg_1%3A%20",
                           "y", 992, "%0A%0A\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    event(&host, EXEC("pyst-1", "200%20result%3D0%0A"));
    expect(&host, with_many("started " ID "\n" ID " gets \"agi_request: async\\nagi_arg_1: ", "y",
                            992, "\\n\\n\"\n"));
    host_end(&host);
}

static void environment_with_lost_bytes_lacks_their_lines(void **state)
{
    struct host host;

    host_begin(&host, NULL);
    /* 45 bytes encoded, 2000 of percent signs, and it is cut. */
    event(&host, with_many("Event: AsyncAGIStart\r\n" CHANNEL
                           "Env: agi_request%3A%20async%0Aagi_arg_1%3A%20",
                           "%25", 668, "\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    event(&host, EXEC("pyst-1", "lost%0Aagi_arg_3%3A%20c%0A%0A200%20result%3D0%0A"));
    expect(&host, "started " ID "\n" ID " gets \"agi_request: async\\nagi_arg_3: c\\n\\n\"\n");
    host_end(&host);
}

static void environment_with_several_holes_lacks_all_between_them(void **state)
{
    struct host host;

    host_begin(&host, NULL);
    event(&host, with_many("Event: AsyncAGIStart\r\n" CHANNEL
                           "Env: agi_request%3A%20async%0Aagi_arg_1%3A%20",
                           "%25", 668, "\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    event(&host, with_many("Event: AsyncAGIExec\r\n" CHANNEL "CommandId: pyst-1\r\n"
                           "Result: lost%0Aagi_arg_2%3A%20b%0Aagi_arg_3%3A%20",
                           "%25", 670, "\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-2: NOOP\n");
    event(&host, EXEC("pyst-2", "lost%0Aagi_arg_4%3A%20d%0A%0A200%20result%3D0%0A"
                                "200%20result%3D0%0A"));
    expect(&host, "started " ID "\n" ID " gets \"agi_request: async\\nagi_arg_4: d\\n\\n\"\n");
    host_end(&host);
}

static void environment_without_its_rest_is_still_one(void **state)
{
    struct host host;

    host_begin(&host, NULL);
    event(&host, START("agi_request%3A%20async%0Aagi_chan"));
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    event(&host, END);
    expect(&host, "started " ID "\n" ID " gets \"agi_request: async\\n\\n\"\nended " ID " 0\n");
    host_end(&host);
}

static void no_environment_at_all_is_an_empty_one(void **state)
{
    struct host host;

    host_begin(&host, NULL);
    event(&host, "Event: AsyncAGIStart\r\n" CHANNEL "\r\n");
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    event(&host, EXEC("pyst-1", "200%20result%3D0%0A"));
    expect(&host, "started " ID "\n" ID " gets \"\\n\"\n");
    host_end(&host);
}

/* Asks for a value, and gives the first piece of the reply. */
static void get_value(struct host *host, const char *event_text)
{
    start(host);
    send_bytes(host, "GET FULL VARIABLE ${X}\n");
    expect(host, "AGI " ID " pyst-1: GET FULL VARIABLE ${X}\n");
    event(host, event_text);
}

#define FIRST_PIECE "Event: AsyncAGIExec\r\n" CHANNEL "CommandId: pyst-1\r\nResult: "

static void reply_over_1024_bytes_is_fetched(void **state)
{
    struct host host;
    char *first;

    /* "200 result=1 (" has 14 bytes. */
    get_value(&host, with_many(FIRST_PIECE "200%20result%3D1%20(", "z", 1010, "\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-2: NOOP\n");
    event(&host, with_many("Event: AsyncAGIExec\r\n" CHANNEL "CommandId: pyst-2\r\nResult: ", "y",
                           1024, "\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-3: NOOP\n");
    event(&host, EXEC("pyst-3", "x)%0A200%20result%3D0%0A200%20result%3D0%0A"));
    first = strdup(with_many(ID " gets \"200 result=1 (", "z", 1010, ""));
    expect(&host, with_many(first, "y", 1024, "x)\\n\"\n"));
    free(first);
    host_end(&host);
}

static void reply_of_1024_bytes_is_whole(void **state)
{
    struct host host;

    get_value(&host, with_many(FIRST_PIECE "200%20result%3D1%20(", "z", 1008, ")%0A\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-2: NOOP\n");
    event(&host, EXEC("pyst-2", "200%20result%3D0%0A"));
    expect(&host, with_many(ID " gets \"200 result=1 (", "z", 1008, ")\\n\"\n"));
    host_end(&host);
}

static void value_with_lost_bytes_is_never_given_cut(void **state)
{
    struct host host;

    /* As recorded: 680 percent signs and the end were asked for, 675 and no end came. */
    get_value(&host, with_many(FIRST_PIECE "200%20result%3D1%20(", "%25", 675, "\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-2: NOOP\n");
    event(&host, EXEC("pyst-2", "200%20result%3D0%0A"));
    expect(&host, ID " gets \"503 Reply lost, more than Asterisk can encode\\n\"\n");
    host_end(&host);
}

static void value_whose_last_encoded_byte_is_a_line_end_is_not_whole(void **state)
{
    struct host host;

    get_value(&host, with_many(FIRST_PIECE "200%20result%3D1%20(", "%25", 674, "%0A\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-2: NOOP\n");
    event(&host, EXEC("pyst-2", "200%20result%3D0%0A"));
    expect(&host, ID " gets \"503 Reply lost, more than Asterisk can encode\\n\"\n");
    host_end(&host);
}

static void value_of_just_2046_encoded_bytes_is_whole(void **state)
{
    struct host host;

    get_value(&host, with_many(FIRST_PIECE "200%20result%3D1%20(", "%25", 674, ")%0A\r\n\r\n"));
    expect(&host, with_many(ID " gets \"200 result=1 (", "%", 674, ")\\n\"\n"));
    host_end(&host);
}

static void reply_with_several_holes_is_lost(void **state)
{
    struct host host;

    get_value(&host, with_many(FIRST_PIECE "200%20result%3D1%20(", "%25", 675, "\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-2: NOOP\n");
    event(&host, with_many("Event: AsyncAGIExec\r\n" CHANNEL "CommandId: pyst-2\r\nResult: ", "%25",
                           682, "\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-3: NOOP\n");
    event(&host, EXEC("pyst-3", "%25)%0A200%20result%3D0%0A200%20result%3D0%0A"));
    expect(&host, ID " gets \"503 Reply lost, more than Asterisk can encode\\n\"\n");
    host_end(&host);
}

static void usage_with_lost_bytes_is_ended(void **state)
{
    struct host host;

    get_value(&host, with_many(FIRST_PIECE "520-Usage%3A%0A", "%25", 675, "%25%25%25\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-2: NOOP\n");
    event(&host, EXEC("pyst-2", "520%20End%20of%20proper%20usage.%0A200%20result%3D0%0A"));
    expect(&host,
           with_many(ID " gets \"520-Usage:\\n", "%", 678, "\\n520 End of proper usage.\\n\"\n"));
    host_end(&host);
}

static void reply_that_is_none_is_told_as_lost(void **state)
{
    struct host host;

    get_value(&host, "Event: AsyncAGIExec\r\n" CHANNEL "CommandId: pyst-1\r\n\r\n");
    expect(&host, "AGI " ID " pyst-2: NOOP\n");
    event(&host, EXEC("pyst-2", "200%20result%3D0%0A"));
    expect(&host, ID " gets \"503 Reply lost, more than Asterisk can encode\\n\"\n");
    host_end(&host);
}

static void reply_without_a_line_end_is_told_as_lost(void **state)
{
    struct host host;

    get_value(&host, with_many(FIRST_PIECE, "z", 1024, "\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-2: NOOP\n");
    event(&host, EXEC("pyst-2", "200%20result%3D0%0A"));
    expect(&host, ID " gets \"503 Reply lost, more than Asterisk can encode\\n\"\n");
    host_end(&host);
}

static void reply_to_the_noop_that_is_another_is_not_taken_for_it(void **state)
{
    struct host host;

    /* "200 result=1 (" and as many as fill the piece. */
    get_value(&host, with_many(FIRST_PIECE "200%20result%3D1%20(", "z", 1010, "\r\n\r\n"));
    expect(&host, "AGI " ID " pyst-2: NOOP\n");
    event(&host, EXEC("pyst-2", "z)%0A511%20Dead%0A"));
    expect(&host, ID " gets \"503 Reply lost, more than Asterisk can encode\\n\"\n");
    host_end(&host);
}

static void pipe_that_is_never_empty_ends_the_call(void **state)
{
    struct host host;
    char expected[64];

    get_value(&host, with_many(FIRST_PIECE, "z", 1024, "\r\n\r\n"));
    for (int i = 2; i <= 81; i++) {
        char before[512];

        snprintf(expected, sizeof(expected), "AGI " ID " pyst-%d: NOOP\n", i);
        expect(&host, expected);
        snprintf(before, sizeof(before),
                 "Event: AsyncAGIExec\r\nUniqueid: " ID "\r\nCommandId: pyst-%d\r\nResult: ", i);
        event(&host, with_many(before, "z", 1024, "\r\n\r\n"));
    }
    snprintf(expected, sizeof(expected), "ended " ID " %d\n", PYST_ERR_LIMIT_REPLY);
    expect(&host, expected);
    host_end(&host);
}

/* --- commands that are not sent ------------------------------------------------------------- */

static void command_longer_than_a_manager_line_is_answered_here(void **state)
{
    struct host host;

    start(&host);
    /* "NOOP " and 1008 make 1013 and a line end, which is the most. */
    send_bytes(&host, with_many("NOOP ", "x", PYST_ASYNC_AGI_COMMAND_SIZE - 6, "\n"));
    expect(&host, with_many("AGI " ID " pyst-1: NOOP ", "x", 1008, "\n"));
    event(&host, EXEC("pyst-1", "200%20result%3D0%0A"));
    send_bytes(&host, with_many("NOOP ", "x", PYST_ASYNC_AGI_COMMAND_SIZE - 5, "\nNOOP\n"));
    expect(&host,
           ID " gets \"200 result=0\\n\"\n" ID " gets \"520 Command too long for AsyncAGI, or "
              "with bytes that cannot be sent\\n\"\nAGI " ID " pyst-2: NOOP\n");
    host_end(&host);
}

static void command_with_a_nul_is_answered_here(void **state)
{
    struct host host;

    start(&host);
    assert_int_equal(pyst_async_agi_send(host.async, host.call, pyst_text_of("NOOP \0 x\n", 9)), 0);
    expect(&host, ID " gets \"520 Command too long for AsyncAGI, or with bytes that cannot be "
                     "sent\\n\"\n");
    host_end(&host);
}

static void blanks_around_a_command_do_not_matter(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, " \t NOOP x \t\r\n");
    expect(&host, "AGI " ID " pyst-1: NOOP x\n");
    host_end(&host);
}

static void channel_that_no_action_can_name_is_given_up(void **state)
{
    struct host host;
    struct pyst_async_agi_notice notice;

    host_begin(&host, NULL);
    event(&host, with_many("Event: AsyncAGIStart\r\nUniqueid: ", "1", 1100, "\r\nEnv: x\r\n\r\n"));
    /* The NOOP for the rest of the environment cannot be sent. */
    assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
    assert_int_equal(notice.type, PYST_ASYNC_AGI_STARTED);
    assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
    assert_true(pyst_text_equal(notice.data, pyst_text("\n")));
    assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
    assert_int_equal(notice.type, PYST_ASYNC_AGI_ENDED);
    assert_int_equal(notice.error, PYST_ERR_LINE_TOO_LONG);
    expect(&host, "");
    host_end(&host);
}

static void empty_line_is_answered_as_asterisk_would(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "\n \t\r\n");
    expect(&host, ID " gets \"510 Invalid or unknown command\\n\"\n" ID
                     " gets \"510 Invalid or unknown command\\n\"\n");
    host_end(&host);
}

static void program_that_does_not_wait_is_held_back(void **state)
{
    struct pyst_async_agi_options options = {.output_size = 10};
    struct host host;

    host_begin(&host, &options);
    event(&host, START(ENV));
    expect(&host, STARTED);
    send_bytes(&host, "NOOP\nNOOP\n");
    assert_int_equal(pyst_async_agi_send(host.async, host.call, pyst_text("x")),
                     PYST_ERR_LIMIT_OUTPUT);
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    send_bytes(&host, "12345");
    assert_int_equal(pyst_async_agi_send(host.async, host.call, pyst_text("x")),
                     PYST_ERR_LIMIT_OUTPUT);
    host_end(&host);
}

/* --- the end -------------------------------------------------------------------------------- */

static void hangup_that_is_asked_for_is_told_before_the_reply(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "EXEC Wait 10\n");
    expect(&host, "AGI " ID " pyst-1: EXEC Wait 10\n");
    done(&host, 0, 0);
    assert_int_equal(event(&host, "Event: HangupRequest\r\n" CHANNEL "Cause: 0\r\n\r\n"), 0);
    event(&host, EXEC("pyst-1", "200%20result%3D-1%0A"));
    event(&host, END);
    event(&host, "Event: SoftHangupRequest\r\n" CHANNEL "Cause: 16\r\n\r\n");
    event(&host, HANGUP);
    expect(&host, ID " gets \"HANGUP\\n\"\n" ID " gets \"200 result=-1\\n\"\nended " ID " 0\n");
    event(&host, HANGUP);
    expect(&host, "");
    host_end(&host);
}

static void hangup_before_the_end_ends_as_well(void **state)
{
    struct host host;

    start(&host);
    assert_int_equal(event(&host, HANGUP), 0);
    expect(&host, ID " gets \"HANGUP\\n\"\nended " ID " 0\n");
    assert_int_equal(event(&host, END), 1);
    expect(&host, "");
    host_end(&host);
}

static void hangup_is_told_once(void **state)
{
    struct host host;

    start(&host);
    event(&host, "Event: HangupRequest\r\n" CHANNEL "\r\n");
    expect(&host, ID " gets \"HANGUP\\n\"\n");
    event(&host, "Event: SoftHangupRequest\r\n" CHANNEL "\r\n");
    expect(&host, "");
    event(&host, HANGUP);
    expect(&host, "ended " ID " 0\n");
    host_end(&host);
}

static void hangup_does_not_come_before_the_environment(void **state)
{
    struct host host;

    host_begin(&host, NULL);
    event(&host, START(ENV));
    event(&host, HANGUP);
    expect(&host, STARTED ID " gets \"HANGUP\\n\"\nended " ID " 0\n");
    host_end(&host);
}

static void call_of_a_dead_channel_ends_at_once(void **state)
{
    struct host host;

    host_begin(&host, NULL);
    event(&host, START(ENV));
    event(&host, END);
    expect(&host, STARTED "ended " ID " 0\n");
    host_end(&host);
}

static void nothing_is_sent_to_a_channel_that_is_gone(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "NOOP 1\nNOOP 2\n");
    expect(&host, "AGI " ID " pyst-1: NOOP 1\n");
    event(&host, END);
    assert_int_equal(pyst_async_agi_send(host.async, host.call, pyst_text("NOOP\n")),
                     PYST_ERR_HANGUP);
    pyst_async_agi_finish(host.async, host.call);
    expect(&host, "ended " ID " 0\n");
    /* Asterisk has the command still; its response comes. */
    assert_int_equal(done(&host, 0, 0), 1);
    host_end(&host);
}

static void refused_command_is_the_end(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "NOOP\n");
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    assert_int_equal(done(&host, 0, PYST_ERR_REFUSED), 1);
    expect(&host, "ended " ID " 0\n");
    host_end(&host);
}

static void forbidden_command_says_so(void **state)
{
    struct host host;
    char expected[64];

    start(&host);
    send_bytes(&host, "NOOP\n");
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    assert_int_equal(done(&host, 0, PYST_ERR_PERMISSION), 1);
    snprintf(expected, sizeof(expected), "ended " ID " %d\n", PYST_ERR_PERMISSION);
    expect(&host, expected);
    host_end(&host);
}

static void response_that_is_late_leaves_the_event(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "NOOP\n");
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    assert_int_equal(done(&host, 0, PYST_ERR_TIMED_OUT), 1);
    expect(&host, "");
    event(&host, EXEC("pyst-1", "200%20result%3D0%0A"));
    expect(&host, ID " gets \"200 result=0\\n\"\n");
    host_end(&host);
}

static void action_that_is_not_submitted_is_the_end(void **state)
{
    struct host host;
    char expected[64];

    start(&host);
    send_bytes(&host, "NOOP\n");
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    pyst_async_agi_not_submitted(host.async, host.submissions[0], PYST_ERR_LIMIT_IN_FLIGHT);
    pyst_async_agi_not_submitted(host.async, host.submissions[0], PYST_ERR_LIMIT_IN_FLIGHT);
    snprintf(expected, sizeof(expected), "ended " ID " %d\n", PYST_ERR_LIMIT_IN_FLIGHT);
    expect(&host, expected);
    host_end(&host);
}

static void action_that_a_closed_session_refuses_is_made_good_later(void **state)
{
    struct host host;
    char expected[64];

    start(&host);
    send_bytes(&host, "NOOP\n");
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    pyst_async_agi_not_submitted(host.async, host.submissions[0], PYST_ERR_STATE);
    snprintf(expected, sizeof(expected), "ended " ID " %d\n", PYST_ERR_STATE);
    expect(&host, expected);
    take_message(&host, PYST_AMI_NOTICE_CLOSED, PYST_ERR_CLOSED, NULL, NULL);
    take_message(&host, PYST_AMI_NOTICE_READY, 0, NULL, NULL);
    expect(&host, "AGI " ID " pyst-2: ASYNCAGI BREAK\n");
    host_end(&host);
}

static void channel_that_was_taken_away_is_the_end(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "EXEC Dial SIP/1\n");
    expect(&host, "AGI " ID " pyst-1: EXEC Dial SIP/1\n");
    /* This bridge is the program's own. */
    event(&host, "Event: BridgeEnter\r\n" CHANNEL "\r\n");
    expect(&host, "");
    event(&host, EXEC("pyst-1", "200%20result%3D0%0A"));
    expect(&host, ID " gets \"200 result=0\\n\"\n");
    send_bytes(&host, "GOSUB sub s 1\n");
    expect(&host, "AGI " ID " pyst-2: GOSUB sub s 1\n");
    event(&host, "Event: BridgeEnter\r\n" CHANNEL "\r\n");
    expect(&host, "");
    event(&host, EXEC("pyst-2", "200%20result%3D0%20Gosub%20complete%0A"));
    expect(&host, ID " gets \"200 result=0 Gosub complete\\n\"\n");
    /* This one is somebody else's. */
    assert_int_equal(event(&host, "Event: BridgeEnter\r\n" CHANNEL "\r\n"), 0);
    expect(&host, "ended " ID " 0\n");
    host_end(&host);
}

static void call_that_is_left_is_another_clients(void **state)
{
    struct pyst_async_agi_notice notice;
    struct host host;

    start(&host);
    send_bytes(&host, "NOOP\n");
    pyst_async_agi_leave(host.async, host.call);
    expect(&host, "");
    assert_int_equal(pyst_async_agi_count(host.async), 0);
    event(&host, END);
    expect(&host, "");
    /* In the middle of it all. */
    event(&host, START(ENV));
    expect(&host, STARTED);
    send_bytes(&host, "NOOP\n");
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    pyst_async_agi_leave(host.async, host.call);
    event(&host, EXEC("pyst-1", "200%20result%3D0%0A"));
    expect(&host, "");
    assert_int_equal(done(&host, 0, 0), 1);
    /* With its environment in hand. */
    event(&host, START(ENV));
    assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
    assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
    assert_int_equal(notice.type, PYST_ASYNC_AGI_RECEIVED);
    pyst_async_agi_leave(host.async, notice.call);
    expect(&host, "");
    /* When its end is due, and when it was told. */
    event(&host, START(ENV));
    expect(&host, STARTED);
    event(&host, HANGUP);
    assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
    assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
    assert_int_equal(notice.type, PYST_ASYNC_AGI_ENDED);
    pyst_async_agi_leave(host.async, notice.call);
    expect(&host, "");
    event(&host, START(ENV));
    expect(&host, STARTED);
    event(&host, HANGUP);
    pyst_async_agi_leave(host.async, host.call);
    expect(&host, "");
    assert_int_equal(pyst_async_agi_count(host.async), 0);
    host_end(&host);
}

static void call_is_left_between_others(void **state)
{
    struct pyst_async_agi_notice notice;
    struct pyst_async_agi_call *calls[3];
    struct host host;

    for (int left = 0; left < 3; left++) {
        char expected[64];

        host_begin(&host, NULL);
        for (int i = 0; i < 3; i++) {
            char text[128];

            snprintf(text, sizeof(text),
                     "Event: AsyncAGIStart\r\nChannel: a\r\nUniqueid: %d\r\nEnv: %s\r\n\r\n", i,
                     ENV);
            event(&host, text);
            assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
            calls[i] = notice.call;
            while (pyst_async_agi_next(host.async, &notice) == 1)
                ;
        }
        for (int i = 0; i < 3; i++)
            assert_int_equal(pyst_async_agi_send(host.async, calls[i], pyst_text("A\n")), 0);
        pyst_async_agi_leave(host.async, calls[left]);
        snprintf(expected, sizeof(expected), "AGI %d pyst-1: A\nAGI %d pyst-2: A\n", left == 0,
                 left == 2 ? 1 : 2);
        expect(&host, expected);
        host_end(&host);
    }
}

static void calls_over_the_limit_go_on_in_the_dialplan(void **state)
{
    struct pyst_async_agi_options options = {.calls = 1};
    struct host host;

    host_begin(&host, &options);
    event(&host, START(ENV));
    event(&host, "Event: AsyncAGIStart\r\nChannel: C/2\r\nUniqueid: 1.2\r\nEnv: " ENV "\r\n\r\n");
    expect(&host, STARTED "AGI 1.2 pyst-1: ASYNCAGI BREAK\n");
    event(&host, "Event: AsyncAGI\r\nSubEvent: Start\r\nChannel: C/3\r\nUniqueid: 1.3\r\nEnv: " ENV
                 "\r\n\r\n");
    expect(&host, "AGI C/3 pyst-2: ASYNCAGI BREAK\n");
    assert_int_equal(pyst_async_agi_refused(host.async), 2);
    assert_int_equal(pyst_async_agi_count(host.async), 1);
    assert_int_equal(done(&host, 0, PYST_ERR_REFUSED), 1);
    event(&host, "Event: AsyncAGIExec\r\nChannel: C/2\r\nUniqueid: 1.2\r\nCommandID: pyst-1\r\n"
                 "Result: 200%20result%3D0%0A\r\n\r\n");
    event(&host, "Event: AsyncAGIEnd\r\nChannel: C/2\r\nUniqueid: 1.2\r\n\r\n");
    event(&host, END);
    expect(&host, "ended " ID " 0\n");
    event(&host, START(ENV));
    expect(&host, STARTED);
    host_end(&host);
}

static void call_that_is_over_makes_room_for_the_next(void **state)
{
    struct pyst_async_agi_options options = {.calls = 1};
    struct host host;

    host_begin(&host, &options);
    event(&host, START(ENV));
    expect(&host, STARTED);
    event(&host, END);
    event(&host, START(ENV));
    expect(&host, "ended " ID " 0\n" STARTED);
    assert_int_equal(pyst_async_agi_refused(host.async), 0);
    host_end(&host);
}

static void lost_manager_ends_every_call_and_releases_it_later(void **state)
{
    struct host host;

    start(&host);
    send_bytes(&host, "NOOP\n");
    expect(&host, "AGI " ID " pyst-1: NOOP\n");
    event(&host, "Event: AsyncAGIStart\r\nChannel: C/2\r\nUniqueid: 1.2\r\nEnv: " ENV "\r\n\r\n");
    expect(&host, "started 1.2\n1.2 gets \"" ENV_BYTES "\"\n");
    assert_int_equal(done(&host, 0, PYST_ERR_UNKNOWN_OUTCOME), 1);
    expect(&host, "");
    assert_int_equal(take_message(&host, PYST_AMI_NOTICE_CLOSED, PYST_ERR_TRUNCATED, NULL, NULL),
                     0);
    assert_int_equal(pyst_async_agi_count(host.async), 2);
    /* In whichever order. */
    for (int i = 0; i < 2; i++) {
        struct pyst_async_agi_notice notice;

        assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
        assert_int_equal(notice.type, PYST_ASYNC_AGI_ENDED);
        assert_int_equal(notice.error, PYST_ERR_TRUNCATED);
    }
    expect(&host, "");
    /* One of them begins another dialogue before the session is ready: that is not to be ended. */
    event(&host, "Event: AsyncAGIStart\r\nChannel: C/2\r\nUniqueid: 1.2\r\nEnv: " ENV "\r\n\r\n");
    expect(&host, "started 1.2\n1.2 gets \"" ENV_BYTES "\"\n");
    take_message(&host, PYST_AMI_NOTICE_READY, 0, NULL, NULL);
    expect(&host, "AGI " ID " pyst-2: ASYNCAGI BREAK\n");
    assert_int_equal(done(&host, 1, PYST_ERR_REFUSED), 1);
    take_message(&host, PYST_AMI_NOTICE_READY, 0, NULL, NULL);
    expect(&host, "");
    host_end(&host);
}

static void logoff_ends_every_call_too(void **state)
{
    struct host host;
    char expected[64];

    start(&host);
    take_message(&host, PYST_AMI_NOTICE_CLOSED, 0, NULL, NULL);
    snprintf(expected, sizeof(expected), "ended " ID " %d\n", PYST_ERR_CLOSED);
    expect(&host, expected);
    host_end(&host);
}

static void anything_may_be_left_at_the_end(void **state)
{
    struct pyst_async_agi_options options = {.calls = 1};
    struct pyst_async_agi_notice notice;
    struct host host;

    host_begin(&host, &options);
    event(&host, START(ENV));
    host_end(&host);

    host_begin(&host, &options);
    event(&host, START(ENV));
    event(&host, "Event: AsyncAGIStart\r\nChannel: C/2\r\nUniqueid: 1.2\r\nEnv: " ENV "\r\n\r\n");
    expect(&host, STARTED "AGI 1.2 pyst-1: ASYNCAGI BREAK\n");
    event(&host, "Event: AsyncAGIStart\r\nChannel: C/3\r\nUniqueid: 1.3\r\nEnv: " ENV "\r\n\r\n");
    send_bytes(&host, "NOOP\n");
    assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
    host_end(&host);

    host_begin(&host, NULL);
    event(&host, START(ENV));
    take_message(&host, PYST_AMI_NOTICE_CLOSED, 0, NULL, NULL);
    assert_int_equal(pyst_async_agi_next(host.async, &notice), 1);
    host_end(&host);
    assert_null(pyst_async_agi_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_decoded_as_asterisk_encodes_them),
        cmocka_unit_test(plus_is_no_blank),
        cmocka_unit_test(what_is_no_encoding_stays),
        cmocka_unit_test(small_letters_are_digits_as_well),
        cmocka_unit_test(call_is_the_bytes_of_any_agi),
        cmocka_unit_test(event_may_come_before_the_response),
        cmocka_unit_test(lines_wait_for_the_reply_before_them),
        cmocka_unit_test(what_waits_is_sent_before_the_break),
        cmocka_unit_test(break_does_not_wait_for_the_command_that_runs),
        cmocka_unit_test(nothing_is_received_any_more_after_the_finish),
        cmocka_unit_test(break_of_the_program_ends_the_call),
        cmocka_unit_test(command_that_fails_ends_the_dialogue),
        cmocka_unit_test(old_events_do_the_same),
        cmocka_unit_test(channel_without_unique_id_goes_by_its_name),
        cmocka_unit_test(renamed_channel_is_still_known),
        cmocka_unit_test(other_clients_commands_do_not_disturb),
        cmocka_unit_test(late_reply_is_dropped),
        cmocka_unit_test(reply_to_the_dialogue_before_is_dropped),
        cmocka_unit_test(calls_begun_before_us_are_left_alone),
        cmocka_unit_test(other_events_and_actions_are_nothing_to_it),
        cmocka_unit_test(start_without_a_channel_is_none),
        cmocka_unit_test(missed_end_is_made_up_by_the_next_start),
        cmocka_unit_test(command_ids_begin_as_asked_for),
        cmocka_unit_test(prefix_that_cannot_be_sent_is_refused),
        cmocka_unit_test(hundreds_of_calls_do_not_get_mixed_up),
        cmocka_unit_test(environment_over_1024_bytes_is_fetched),
        cmocka_unit_test(environment_of_1024_bytes_is_whole),
        cmocka_unit_test(environment_with_lost_bytes_lacks_their_lines),
        cmocka_unit_test(environment_with_several_holes_lacks_all_between_them),
        cmocka_unit_test(environment_without_its_rest_is_still_one),
        cmocka_unit_test(no_environment_at_all_is_an_empty_one),
        cmocka_unit_test(reply_over_1024_bytes_is_fetched),
        cmocka_unit_test(reply_of_1024_bytes_is_whole),
        cmocka_unit_test(value_with_lost_bytes_is_never_given_cut),
        cmocka_unit_test(value_whose_last_encoded_byte_is_a_line_end_is_not_whole),
        cmocka_unit_test(value_of_just_2046_encoded_bytes_is_whole),
        cmocka_unit_test(reply_with_several_holes_is_lost),
        cmocka_unit_test(usage_with_lost_bytes_is_ended),
        cmocka_unit_test(reply_that_is_none_is_told_as_lost),
        cmocka_unit_test(reply_without_a_line_end_is_told_as_lost),
        cmocka_unit_test(reply_to_the_noop_that_is_another_is_not_taken_for_it),
        cmocka_unit_test(pipe_that_is_never_empty_ends_the_call),
        cmocka_unit_test(command_longer_than_a_manager_line_is_answered_here),
        cmocka_unit_test(command_with_a_nul_is_answered_here),
        cmocka_unit_test(blanks_around_a_command_do_not_matter),
        cmocka_unit_test(channel_that_no_action_can_name_is_given_up),
        cmocka_unit_test(empty_line_is_answered_as_asterisk_would),
        cmocka_unit_test(program_that_does_not_wait_is_held_back),
        cmocka_unit_test(hangup_that_is_asked_for_is_told_before_the_reply),
        cmocka_unit_test(hangup_before_the_end_ends_as_well),
        cmocka_unit_test(hangup_is_told_once),
        cmocka_unit_test(hangup_does_not_come_before_the_environment),
        cmocka_unit_test(call_of_a_dead_channel_ends_at_once),
        cmocka_unit_test(nothing_is_sent_to_a_channel_that_is_gone),
        cmocka_unit_test(refused_command_is_the_end),
        cmocka_unit_test(forbidden_command_says_so),
        cmocka_unit_test(response_that_is_late_leaves_the_event),
        cmocka_unit_test(action_that_is_not_submitted_is_the_end),
        cmocka_unit_test(action_that_a_closed_session_refuses_is_made_good_later),
        cmocka_unit_test(channel_that_was_taken_away_is_the_end),
        cmocka_unit_test(call_that_is_left_is_another_clients),
        cmocka_unit_test(call_is_left_between_others),
        cmocka_unit_test(calls_over_the_limit_go_on_in_the_dialplan),
        cmocka_unit_test(call_that_is_over_makes_room_for_the_next),
        cmocka_unit_test(lost_manager_ends_every_call_and_releases_it_later),
        cmocka_unit_test(logoff_ends_every_call_too),
        cmocka_unit_test(anything_may_be_left_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
