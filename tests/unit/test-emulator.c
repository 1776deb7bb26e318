/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pyst/emulator/ami.h>
#include <pyst/error.h>

#include "base/md5.h"

#define EPOCH    UINT64_C(1767225600000000) /* 2026-01-01 00:00:00 */
#define OUT_SIZE 65536

/* A connection, and all that it has said. */
struct talk {
    struct pyst_emulator_ami *emulator;
    char said[OUT_SIZE];
    size_t size;
};

static void hear(struct talk *talk)
{
    struct pyst_text output = pyst_emulator_ami_output(talk->emulator);

    assert_true(talk->size + output.size < OUT_SIZE);
    memcpy(talk->said + talk->size, output.data, output.size);
    talk->size += output.size;
    talk->said[talk->size] = '\0';
    pyst_emulator_ami_sent(talk->emulator, output.size);
}

static struct talk *begin_with(struct pyst_emulator_script *script,
                               const struct pyst_emulator_ami_options *options)
{
    struct talk *talk = calloc(1, sizeof(*talk));

    assert_non_null(talk);
    assert_int_equal(pyst_emulator_ami_new(&talk->emulator, script, options, 0), 0);
    pyst_emulator_script_unref(script);
    return talk;
}

static struct pyst_emulator_script *script_of(const char *text)
{
    struct pyst_emulator_problem problem = {0, ""};
    struct pyst_emulator_script *script;
    int r;

    assert_int_equal(pyst_emulator_script_new(&script), 0);
    assert_int_equal(pyst_emulator_script_set_greeting(script, pyst_text("")), 0);
    r = pyst_emulator_script_read(script, pyst_text(text), &problem);
    if (r < 0)
        fail_msg("line %zu: %s", problem.line, problem.reason);
    return script;
}

static const struct pyst_emulator_ami_options at_epoch = {.epoch_us = EPOCH, .seed = 1};

static struct talk *begin(const char *text)
{
    return begin_with(script_of(text), &at_epoch);
}

static struct talk *begin_demo(void)
{
    struct pyst_emulator_script *script;

    assert_int_equal(pyst_emulator_script_demo(&script), 0);
    return begin_with(script, &at_epoch);
}

static void pass(struct talk *talk, uint64_t now)
{
    assert_int_equal(pyst_emulator_ami_process(talk->emulator, now, NULL), 0);
    hear(talk);
}

static void say_at(struct talk *talk, const char *input, uint64_t now)
{
    assert_int_equal(pyst_emulator_ami_feed(talk->emulator, input, strlen(input)), 0);
    pass(talk, now);
}

static void say(struct talk *talk, const char *input)
{
    say_at(talk, input, 0);
}

/* What was said since, forgotten then. */
static void expect(struct talk *talk, const char *said)
{
    assert_string_equal(talk->said, said);
    talk->size = 0;
    talk->said[0] = '\0';
}

static void expect_part(struct talk *talk, const char *part)
{
    if (!strstr(talk->said, part))
        fail_msg("\"%s\" is not in \"%s\"", part, talk->said);
}

static void end(struct talk *talk)
{
    assert_null(pyst_emulator_ami_free(talk->emulator));
    free(talk);
}

/* ---- greeting and answers ------------------------------------------------------------------- */

static void test_greets_as_asterisk_22_unless_told(void **state)
{
    struct pyst_emulator_script *script;
    struct talk *talk;

    assert_int_equal(pyst_emulator_script_new(&script), 0);
    talk = begin_with(script, NULL);
    hear(talk);
    expect(talk, "Asterisk Call Manager/11.0.0\r\n");
    end(talk);
    talk = begin("@greeting Asterisk Call Manager/1.1");
    hear(talk);
    expect(talk, "Asterisk Call Manager/1.1\r\n");
    end(talk);
    talk = begin("");
    hear(talk);
    expect(talk, "");
    end(talk);
}

static void test_a_response_has_the_action_id_second_and_an_event_where_asked(void **state)
{
    struct talk *talk = begin("[Ping]\n"
                              "Response: Success\n"
                              "Ping: Pong\n"
                              "\n"
                              "Event: A\n"
                              "\n"
                              "Event: B\n"
                              "ActionID: $(ActionID)\n"
                              "Last:\n");

    say(talk, "Action: Ping\r\nActionID: x 1\r\n\r\n");
    expect(talk, "Response: Success\r\nActionID: x 1\r\nPing: Pong\r\n\r\n"
                 "Event: A\r\n\r\n"
                 "Event: B\r\nActionID: x 1\r\nLast: \r\n\r\n");
    say(talk, "action:ping\n\n");
    expect(talk, "Response: Success\r\nPing: Pong\r\n\r\nEvent: A\r\n\r\n"
                 "Event: B\r\nLast: \r\n\r\n");
    say(talk, "Action: Ping\r\nActionID: \r\n\r\n");
    expect(talk, "Response: Success\r\nPing: Pong\r\n\r\nEvent: A\r\n\r\n"
                 "Event: B\r\nLast: \r\n\r\n");
    end(talk);
}

static void test_a_response_with_an_action_id_of_its_own_gets_no_other(void **state)
{
    struct talk *talk = begin("[Ping]\nResponse: Success\nPing: Pong\nActionID: wrong\n");

    say(talk, "Action: Ping\r\nActionID: 1\r\n\r\n");
    expect(talk, "Response: Success\r\nPing: Pong\r\nActionID: wrong\r\n\r\n");
    end(talk);
}

static void test_the_first_answer_that_fits_counts(void **state)
{
    struct talk *talk = begin("[Do What=\"two words\"]\nResponse: equal\n"
                              "[Do What=Local/*]\nResponse: prefix\n"
                              "[Do Sure?]\nResponse: true\n"
                              "[Do What !Other]\nResponse: present\n"
                              "[Do !What?]\nResponse: rest\n"
                              "[Do]\nResponse: never\n");

    say(talk, "Action: Do\r\nWhat: TWO Words\r\n\r\n");
    expect(talk, "Response: equal\r\n\r\n");
    say(talk, "Action: DO\r\nWhat: local/1@x\r\n\r\n");
    expect(talk, "Response: prefix\r\n\r\n");
    say(talk, "Action: Do\r\nSure: Yes\r\n\r\n");
    expect(talk, "Response: true\r\n\r\n");
    say(talk, "Action: Do\r\nwhat: x\r\n\r\n");
    expect(talk, "Response: present\r\n\r\n");
    say(talk, "Action: Do\r\nWhat: x\r\nOther: y\r\n\r\n");
    expect(talk, "Response: rest\r\n\r\n");
    say(talk, "Action: Do\r\nWhat: 1\r\nOther: y\r\n\r\n");
    expect(talk, "Response: never\r\n\r\n");
    end(talk);
}

static void test_unknown_and_missing_actions_are_answered_if_the_script_does(void **state)
{
    struct talk *talk = begin("[.unknown]\nResponse: Error\nMessage: no $(Action)\n"
                              "[.missing]\nResponse: Error\nMessage: what\n");

    say(talk, "Action: Foo  \r\nActionID: 1\r\n\r\nFoo: bar\r\nActionID: 2\r\n\r\n");
    expect(talk, "Response: Error\r\nActionID: 1\r\nMessage: no Foo  \r\n\r\n"
                 "Response: Error\r\nActionID: 2\r\nMessage: what\r\n\r\n");
    end(talk);
    talk = begin("[Ping]\nResponse: Success\n");
    say(talk, "Action: Foo\r\n\r\nFoo: bar\r\n\r\nAction: Ping\r\n\r\n");
    expect(talk, "Response: Success\r\n\r\n");
    end(talk);
}

static void test_an_action_over_the_limits_is_answered_and_the_next_one_served(void **state)
{
    struct talk *talk = begin("[.too-long]\nResponse: Error\n[Ping]\nResponse: Success\n");
    char input[1200];

    snprintf(input, sizeof(input), "Action: Ping\r\nX: %01100d\r\n\r\n", 0);
    say(talk, input);
    expect(talk, "Response: Error\r\n\r\n");
    say(talk, "Action: Ping\r\n\r\n");
    expect(talk, "Response: Success\r\n\r\n");
    end(talk);
}

/* ---- placeholders --------------------------------------------------------------------------- */

static void test_placeholders(void **state)
{
    struct talk *talk = begin("[Do]\n"
                              "Event: $(What)-$(Absent)-$$(What)-$\n"
                              "Before: $(Channel:before @) $(What:before @)\n"
                              "After: $(Channel:after /:before @) <$(What:after @)>\n"
                              "Or: $(Absent:or none) $(What:or none)\n"
                              "Unquoted: $(CallerID:before <:unquoted)\n"
                              "Time: $(.time) $(.seconds) $(.date)\n"
                              "Left out: $(Absent)\n"
                              "Empty: $(Empty)\n");

    say_at(talk,
           "Action: Do\r\nWhat:   x\r\nChannel: Local/100@demo/n\r\nEmpty:\r\n"
           "CallerID: \"Alice Example\" <5551234>\r\n\r\n",
           1234567);
    expect(talk, "Event: x--$(What)-$\r\n"
                 "Before: Local/100 x\r\n"
                 "After: 100 <>\r\n"
                 "Or: none x\r\n"
                 "Unquoted: Alice Example\r\n"
                 "Time: 1767225601.234567 1767225601 2026-01-01T00:00:01.234+0000\r\n"
                 "Empty: \r\n\r\n");
    end(talk);
}

static void test_unique_numbers_are_an_answers_own(void **state)
{
    struct talk *talk = begin("[Do]\nEvent: $(.unique1) $(.unique2:hex)\n\n"
                              "@wait 1s\nEvent: $(.unique1) $(.unique2)\n");

    say(talk, "Action: Do\r\n\r\nAction: Do\r\n\r\n");
    expect(talk, "Event: 1 00000002\r\n\r\nEvent: 3 00000004\r\n\r\n");
    pass(talk, 1000000);
    expect(talk, "Event: 1 2\r\n\r\nEvent: 3 4\r\n\r\n");
    end(talk);
}

static void test_definitions_are_used_with_their_values(void **state)
{
    struct talk *talk = begin("@define channel\n"
                              "$(p)Channel: $(name)\n"
                              "$(p)State: $(state)\n"
                              "\n"
                              "@define both\n"
                              "@use channel p=One name=\"$(x);1\" state=$(state)\n"
                              "\n"
                              "[Do]\n"
                              "@let x=\"Local/$(To) y\"\n"
                              "Event: A\n"
                              "@use both state=Up\n"
                              "@use channel p= name=z state=\n"
                              "[Other]\n"
                              "Event: $(x)-\n");

    say(talk, "Action: Do\r\nTo: 7\r\n\r\nAction: Other\r\n\r\n");
    expect(talk, "Event: A\r\nOneChannel: Local/7 y;1\r\nOneState: Up\r\nChannel: z\r\n"
                 "State: \r\n\r\nEvent: -\r\n\r\n");
    end(talk);
}

static void test_raw_lines_and_copied_headers(void **state)
{
    struct talk *talk = begin("[Command]\n"
                              "Response: Follows\n"
                              "|no colon, $(Command)  \n"
                              "|\n"
                              "|--END COMMAND--\n"
                              "[UserEvent]\n"
                              "Event: UserEvent\n"
                              "@headers but UserEvent Secret\n");

    say(talk, "Action: Command\r\nCommand: x\r\nActionID: 1\r\n\r\n");
    expect(talk, "Response: Follows\r\nActionID: 1\r\nno colon, x  \r\n\r\n"
                 "--END COMMAND--\r\n\r\n");
    say(talk, "Action: UserEvent\r\nK: 1\r\nsecret: s\r\nno colon\r\nK:  2 \r\n\r\n");
    expect(talk, "Event: UserEvent\r\nK: 1\r\nK:  2 \r\n\r\n");
    end(talk);
}

/* ---- time ----------------------------------------------------------------------------------- */

static const char slow[] = "[Slow]\n"
                           "@wait 200ms\n"
                           "Response: Slow\n"
                           "\n"
                           "@wait 1.5s\n"
                           "Event: Late\n"
                           "[Ping]\n"
                           "Response: Pong\n"
                           "\n"
                           "@wait 300us\n"
                           "Event: Soon\n";

static void test_an_action_holds_back_others_until_its_response(void **state)
{
    struct talk *talk = begin(slow);

    assert_true(pyst_emulator_ami_deadline(talk->emulator) == UINT64_MAX);
    say_at(talk, "Action: Slow\r\n\r\nAction: Ping\r\n\r\n", 1000);
    expect(talk, "");
    assert_true(pyst_emulator_ami_pending(talk->emulator) > 0);
    assert_int_equal(pyst_emulator_ami_deadline(talk->emulator), 201000);
    pass(talk, 200999);
    expect(talk, "");
    pass(talk, 201000);
    expect(talk, "Response: Slow\r\n\r\nResponse: Pong\r\n\r\n");
    assert_int_equal(pyst_emulator_ami_deadline(talk->emulator), 201300);
    say_at(talk, "Action: Ping\r\n\r\n", 201100);
    expect(talk, "Response: Pong\r\n\r\n");
    pass(talk, 201400);
    expect(talk, "Event: Soon\r\n\r\nEvent: Soon\r\n\r\n");
    assert_int_equal(pyst_emulator_ami_deadline(talk->emulator), 1701000);
    pass(talk, 9000000);
    expect(talk, "Event: Late\r\n\r\n");
    assert_true(pyst_emulator_ami_deadline(talk->emulator) == UINT64_MAX);
    end(talk);
}

static void test_what_is_overdue_is_played_in_the_order_of_its_time(void **state)
{
    struct talk *talk = begin("[A]\n@wait 30ms\nEvent: A30\n\n@wait 30ms\nEvent: A60\n"
                              "[B]\n@wait 20ms\nEvent: B20\n\n@wait 25ms\nEvent: B45\n"
                              "[C]\n@wait 30ms\nEvent: C30\n");

    say(talk, "Action: A\r\n\r\nAction: B\r\n\r\nAction: C\r\n\r\n");
    pass(talk, 1000000);
    expect(talk, "Event: B20\r\n\r\nEvent: A30\r\n\r\nEvent: C30\r\n\r\nEvent: B45\r\n\r\n"
                 "Event: A60\r\n\r\n");
    end(talk);
}

static void test_a_step_is_passed_over_unless_its_condition_holds(void **state)
{
    struct talk *talk = begin("[Do]\n@if !Now?\n@wait 1s\nResponse: Done\n\n"
                              "@if Now? More\nEvent: More\n\nEvent: Always\n");

    say(talk, "Action: Do\r\nNow: yes\r\nMore: 1\r\n\r\n");
    expect(talk, "Response: Done\r\n\r\nEvent: More\r\n\r\nEvent: Always\r\n\r\n");
    say(talk, "Action: Do\r\nMore: 1\r\n\r\n");
    expect(talk, "");
    pass(talk, 1000000);
    expect(talk, "Response: Done\r\n\r\nEvent: Always\r\n\r\n");
    end(talk);
}

static void test_many_answers_at_once_keep_their_order(void **state)
{
    struct talk *talk = begin("[Do]\nResponse: $(N)\n\n@wait 10ms\nEvent: $(N)\n");
    char expected[8192] = "", line[64];
    size_t size = 0;

    for (int i = 0; i < 300; i++) {
        snprintf(line, sizeof(line), "Action: Do\r\nN: %d\r\n\r\n", i);
        say_at(talk, line, (uint64_t)(i / 10));
        size += (size_t)snprintf(expected + size, sizeof(expected) - size, "Event: %d\r\n\r\n", i);
    }
    talk->size = 0;
    pass(talk, 1000000);
    expect(talk, expected);
    end(talk);
}

/* ---- login ---------------------------------------------------------------------------------- */

static void test_before_the_login_other_actions_are_denied(void **state)
{
    struct talk *talk = begin_demo();

    say(talk, "Action: Ping\r\nActionID: 1\r\n\r\nAction: Foo\r\n\r\n");
    expect(talk, "Asterisk Call Manager/11.0.0\r\n"
                 "Response: Error\r\nActionID: 1\r\nMessage: Permission denied\r\n\r\n"
                 "Response: Error\r\nMessage: Permission denied\r\n\r\n");
    end(talk);
}

static void test_login_plain(void **state)
{
    struct talk *talk = begin_demo();

    say(talk, "Action: Login\r\nActionID: 1\r\nUsername: demo\r\nSecret: secret\r\n"
              "Events: off\r\n\r\n");
    expect(talk, "Asterisk Call Manager/11.0.0\r\n"
                 "Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n");
    say(talk, "Action: Login\r\nUsername: demo\r\nSecret: secret\r\n\r\n");
    expect(talk, "Response: Error\r\nMessage: Already authenticated\r\n\r\n");
    end(talk);
}

static void test_login_md5(void **state)
{
    struct talk *talk = begin_demo();
    char challenge[16] = "", key[33], login[256];
    const char *at;

    say(talk, "Action: Challenge\r\nAuthType: SHA1\r\n\r\n");
    expect(talk, "Asterisk Call Manager/11.0.0\r\n"
                 "Response: Error\r\nMessage: Must specify AuthType\r\n\r\n");
    say(talk, "Action: Challenge\r\nActionID: 1\r\nAuthType: MD5\r\n\r\n");
    at = strstr(talk->said, "Response: Success\r\nActionID: 1\r\nChallenge: ");
    assert_non_null(at);
    at = strstr(at, "Challenge: ") + strlen("Challenge: ");
    assert_int_equal(strcspn(at, "\r"), 9);
    memcpy(challenge, at, 9);
    pyst_md5_hex((struct pyst_text[]){pyst_text(challenge), pyst_text("secret")}, 2, key);
    snprintf(login, sizeof(login),
             "Action: Login\r\nAuthType: MD5\r\nUsername: demo\r\nKey: %s\r\n\r\n", key);
    say(talk, login);
    expect_part(talk, "Response: Success\r\nMessage: Authentication accepted\r\n\r\n");
    end(talk);
}

static void refuse(const char *login)
{
    struct talk *talk = begin_demo();

    say(talk, login);
    expect(talk, "Asterisk Call Manager/11.0.0\r\n");
    assert_false(pyst_emulator_ami_closing(talk->emulator));
    say_at(talk, "Action: Ping\r\n\r\n", 1000000);
    expect(talk, "Response: Error\r\nActionID: 1\r\nMessage: Authentication failed\r\n\r\n");
    assert_true(pyst_emulator_ami_closing(talk->emulator));
    end(talk);
}

static void test_a_wrong_login_is_refused_after_a_second_and_closed(void **state)
{
    refuse("Action: Login\r\nActionID: 1\r\nUsername: demo\r\nSecret: wrong\r\n\r\n");
    refuse("Action: Login\r\nActionID: 1\r\nUsername: nobody\r\nSecret: secret\r\n\r\n");
    refuse("Action: Login\r\nActionID: 1\r\nUsername: demo\r\n\r\n");
    refuse("Action: Login\r\nActionID: 1\r\n\r\n");
    refuse("Action: Login\r\nActionID: 1\r\nAuthType: MD5\r\nUsername: demo\r\n"
           "Key: 5ebe2294ecd0e0f08eab7690d2a6ee69\r\n\r\n"); /* the MD5 of no challenge */
    refuse("Action: Login\r\nActionID: 1\r\nAuthType: MD5\r\nUsername: demo\r\n"
           "Secret: secret\r\n\r\n");
}

static void test_of_two_users_with_one_name_the_later_counts(void **state)
{
    struct pyst_emulator_script *script = script_of("@user \"a b\" one\n[Login .secret=right]\n"
                                                    "@login\nResponse: $(.user) $(.login)\n");
    struct talk *talk;

    assert_int_equal(pyst_emulator_script_add_user(script, pyst_text("a b"), pyst_text("two")), 0);
    talk = begin_with(script, NULL);
    say(talk, "Action: Login\r\nUsername: a b\r\nSecret: one\r\n\r\n");
    expect(talk, "");
    say(talk, "Action: Login\r\nUsername: a b\r\nSecret: two\r\n\r\n");
    expect(talk, "Response: a b yes\r\n\r\n");
    end(talk);
}

static void test_challenges_differ_and_follow_the_seed(void **state)
{
    const char *text = "[C]\n@challenge\nResponse: $(.challenge)\n";
    struct talk *a = begin(text), *b = begin(text);
    char first[64];

    say(a, "Action: C\r\n\r\n");
    say(b, "Action: C\r\n\r\n");
    assert_string_equal(a->said, b->said);
    strcpy(first, a->said);
    say(a, "Action: C\r\n\r\n");
    assert_string_not_equal(a->said + strlen(first), first);
    end(a);
    end(b);
}

/* ---- the event mask ------------------------------------------------------------------------- */

static void test_events_are_sent_as_the_mask_says(void **state)
{
    struct talk *talk = begin("[Events]\n@events $(EventMask)\nResponse: $(.events)\n"
                              "[Do]\n"
                              "Event: Item\n"
                              "\n"
                              "Event: Call\n"
                              "Privilege: call,all\n"
                              "\n"
                              "Event: Plan\n"
                              "Privilege: dialplan,all\n");
    static const struct {
        const char *mask, *said;
    } cases[] = {
        {"", "Response: On\r\n\r\nEvent: Item\r\n\r\n"
             "Event: Call\r\nPrivilege: call,all\r\n\r\n"
             "Event: Plan\r\nPrivilege: dialplan,all\r\n\r\n"},
        {"off", "Response: Off\r\n\r\nEvent: Item\r\n\r\n"},
        {"system, call", "Response: On\r\n\r\nEvent: Item\r\n\r\n"
                         "Event: Call\r\nPrivilege: call,all\r\n\r\n"},
        {"nonsense", "Response: Off\r\n\r\nEvent: Item\r\n\r\n"},
        {"all", "Response: On\r\n\r\nEvent: Item\r\n\r\n"
                "Event: Call\r\nPrivilege: call,all\r\n\r\n"
                "Event: Plan\r\nPrivilege: dialplan,all\r\n\r\n"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char input[128];

        snprintf(input, sizeof(input), "Action: Events\r\nEventMask: %s\r\n\r\nAction: Do\r\n\r\n",
                 cases[i].mask);
        say(talk, input);
        expect(talk, cases[i].said);
    }
    end(talk);
}

/* ---- the built-in script -------------------------------------------------------------------- */

static const char conversation[] =
    "Action: Login\r\nActionID: 1\r\nUsername: demo\r\nSecret: secret\r\n\r\n"
    "Action: Ping\r\nActionID: 2\r\n\r\n"
    "Action: Command\r\nActionID: 3\r\nCommand: core show version\r\n\r\n"
    "Action: Command\r\nActionID: 4\r\nCommand: no such\r\n\r\n"
    "Action: Events\r\nActionID: 5\r\nEventMask: user\r\n\r\n"
    "Action: UserEvent\r\nActionID: 6\r\nUserEvent: Hello\r\nKey: a: b\r\n\r\n"
    "Action: Filter\r\nActionID: 7\r\nOperation: Add\r\nFilter: Event: Hangup\r\n\r\n"
    "Action: Nonsense\r\nActionID: 8\r\n\r\n"
    "Action: Originate\r\nActionID: 9\r\n\r\n"
    "Action: QueueStatus\r\nActionID: 10\r\nQueue: support\r\n\r\n"
    "Action: Logoff\r\nActionID: 11\r\n\r\n"
    "Action: Ping\r\nActionID: 12\r\n\r\n";

static const char conversation_said[] =
    "Asterisk Call Manager/11.0.0\r\n"
    "Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n"
    "Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 86400\r\nLastReload: 3600\r\n"
    "Status: Fully Booted\r\n\r\n"
    "Event: SuccessfulAuth\r\nPrivilege: security,all\r\n"
    "EventTV: 2026-01-01T00:00:00.000+0000\r\nSeverity: Informational\r\nService: AMI\r\n"
    "EventVersion: 1\r\nAccountID: demo\r\nSessionID: 0x5dca4e001570\r\n"
    "LocalAddress: IPV4/TCP/127.0.0.1/5038\r\nRemoteAddress: IPV4/TCP/127.0.0.1/50000\r\n"
    "UsingPassword: 0\r\nSessionTV: 2026-01-01T00:00:00.000+0000\r\n\r\n"
    "Response: Success\r\nActionID: 2\r\nPing: Pong\r\nTimestamp: 1767225600.000000\r\n\r\n"
    "Response: Success\r\nActionID: 3\r\nMessage: Command output follows\r\n"
    "Output: Asterisk 22.10.1 built by pyst @ emulator on a x86_64 running Linux on "
    "2026-01-31 08:00:00 UTC\r\n\r\n"
    "Response: Error\r\nActionID: 4\r\nMessage: Command output follows\r\n"
    "Output: No such command 'no such' (type 'core show help no such' for other possible "
    "commands)\r\n\r\n"
    "Response: Success\r\nActionID: 5\r\nEvents: On\r\n\r\n"
    "Response: Success\r\nActionID: 6\r\nMessage: Event Sent\r\n\r\n"
    "Event: UserEvent\r\nPrivilege: user,all\r\nUserEvent: Hello\r\nActionID: 6\r\n"
    "Key: a: b\r\n\r\n"
    "Response: Success\r\nActionID: 7\r\nMessage: Success\r\n\r\n"
    "Response: Error\r\nActionID: 8\r\nMessage: Invalid/unknown command: Nonsense. "
    "Use Action: ListCommands to show available commands.\r\n\r\n"
    "Response: Error\r\nActionID: 9\r\nMessage: Channel not specified\r\n\r\n"
    "Response: Success\r\nActionID: 10\r\nEventList: start\r\n"
    "Message: Queue status will follow\r\n\r\n"
    "Event: QueueParams\r\nQueue: support\r\nMax: 0\r\nStrategy: rrmemory\r\nCalls: 0\r\n"
    "Holdtime: 0\r\nTalkTime: 0\r\nCompleted: 0\r\nAbandoned: 0\r\nServiceLevel: 60\r\n"
    "ServicelevelPerf: 0.0\r\nServicelevelPerf2: 0.0\r\nWeight: 0\r\nActionID: 10\r\n\r\n"
    "Event: QueueStatusComplete\r\nActionID: 10\r\nEventList: Complete\r\nListItems: 1\r\n\r\n"
    "Response: Goodbye\r\nActionID: 11\r\nMessage: Thanks for all the fish.\r\n\r\n";

static void test_a_conversation_is_the_same_at_every_split(void **state)
{
    const size_t size = sizeof(conversation) - 1;

    for (size_t at = 0; at <= size; at++) {
        struct talk *talk = begin_demo();

        assert_int_equal(pyst_emulator_ami_feed(talk->emulator, conversation, at), 0);
        pass(talk, 0);
        assert_int_equal(pyst_emulator_ami_feed(talk->emulator, conversation + at, size - at), 0);
        pass(talk, 0);
        expect(talk, conversation_said);
        assert_true(pyst_emulator_ami_closing(talk->emulator));
        end(talk);
    }
}

static void test_a_conversation_is_the_same_byte_by_byte(void **state)
{
    struct talk *talk = begin_demo();

    for (size_t i = 0; i < sizeof(conversation) - 1; i++) {
        assert_int_equal(pyst_emulator_ami_feed(talk->emulator, conversation + i, 1), 0);
        pass(talk, 0);
    }
    expect(talk, conversation_said);
    end(talk);
}

/* The names of the events said, joined by blanks. */
static void expect_events(struct talk *talk, const char *names)
{
    char found[2048] = "";

    for (const char *at = talk->said; (at = strstr(at, "Event: ")); at++) {
        size_t size = strcspn(at + 7, "\r");

        if (at != talk->said && at[-1] != '\n')
            continue;
        assert_true(strlen(found) + size + 2 < sizeof(found));
        if (found[0])
            strcat(found, " ");
        strncat(found, at + 7, size);
    }
    assert_string_equal(found, names);
    talk->size = 0;
    talk->said[0] = '\0';
}

static struct talk *begin_logged_in(void)
{
    struct talk *talk = begin_demo();

    say(talk, "Action: Login\r\nUsername: demo\r\nSecret: secret\r\n\r\n");
    talk->size = 0;
    return talk;
}

static void test_an_asynchronous_call(void **state)
{
    struct talk *talk = begin_logged_in();

    say(talk, "Action: Originate\r\nActionID: o\r\nChannel: Local/100@demo/n\r\nContext: demo\r\n"
              "Exten: 200\r\nPriority: 1\r\nCallerID: Alice <5551234>\r\nAsync: true\r\n\r\n");
    expect_part(talk, "Response: Success\r\nActionID: o\r\n"
                      "Message: Originate successfully queued\r\n\r\n"
                      "Event: Newchannel\r\nPrivilege: call,all\r\n"
                      "Channel: Local/100@demo-00000001;1\r\nChannelState: 0\r\n"
                      "ChannelStateDesc: Down\r\nCallerIDNum: 5551234\r\n"
                      "CallerIDName: Alice\r\nConnectedLineNum: 5551234\r\n"
                      "ConnectedLineName: Alice\r\nLanguage: en\r\nAccountCode: \r\n"
                      "Context: demo\r\nExten: 100\r\nPriority: 1\r\nUniqueid: 1767225600.1\r\n"
                      "Linkedid: 1767225600.1\r\n\r\n");
    expect_events(talk, "Newchannel Newchannel Newexten NewCallerid NewConnectedLine LocalBridge "
                        "DialBegin");
    pass(talk, 120000);
    expect_events(talk, "Newexten Newchannel DialBegin");
    pass(talk, 200000);
    expect_events(talk, "Newstate DialState");
    pass(talk, 600000);
    expect_part(talk, "Event: OriginateResponse\r\nPrivilege: call,all\r\nActionID: o\r\n"
                      "Response: Success\r\nChannel: Local/100@demo-00000001;1\r\n"
                      "Context: demo\r\nExten: 200\r\nReason: 4\r\nUniqueid: 1767225600.1\r\n"
                      "CallerIDNum: 5551234\r\nCallerIDName: Alice\r\n\r\n");
    expect_events(talk, "Newstate DialEnd Newstate Newstate DialEnd OriginateResponse "
                        "BridgeCreate BridgeEnter BridgeEnter");
    pass(talk, 10000000);
    expect_events(talk, "HangupRequest BridgeLeave Hangup BridgeLeave BridgeDestroy "
                        "SoftHangupRequest Hangup HangupRequest Hangup");
    assert_true(pyst_emulator_ami_deadline(talk->emulator) == UINT64_MAX);
    end(talk);
}

static void test_a_synchronous_call_is_answered_when_it_is_up(void **state)
{
    struct talk *talk = begin_logged_in();

    say(talk, "Action: Originate\r\nActionID: o\r\nChannel: Local/100@demo\r\n"
              "Application: Wait\r\nData: 1\r\n\r\nAction: Ping\r\nActionID: p\r\n\r\n");
    expect(talk, "");
    pass(talk, 600000);
    assert_int_equal(strncmp(talk->said, "Response: Success\r\nActionID: o\r\n", 32), 0);
    expect_part(talk, "Response: Success\r\nActionID: p\r\nPing: Pong\r\n");
    assert_null(strstr(talk->said, "OriginateResponse"));
    end(talk);
}

static void test_a_call_to_no_channel_fails(void **state)
{
    struct talk *talk = begin_logged_in();

    say(talk, "Action: Originate\r\nActionID: 1\r\nChannel: Bogus/1\r\n\r\n");
    expect(talk, "Response: Error\r\nActionID: 1\r\nMessage: Originate failed\r\n\r\n");
    say(talk, "Action: Originate\r\nActionID: 2\r\nChannel: Bogus/1\r\nAsync: 1\r\n\r\n");
    pass(talk, 1000000);
    expect(talk, "Response: Success\r\nActionID: 2\r\n"
                 "Message: Originate successfully queued\r\n\r\n"
                 "Event: OriginateResponse\r\nPrivilege: call,all\r\nActionID: 2\r\n"
                 "Response: Failure\r\nChannel: Bogus/1\r\nReason: 0\r\nUniqueid: <unknown>\r\n"
                 "CallerIDNum: <unknown>\r\nCallerIDName: <unknown>\r\n\r\n");
    end(talk);
}

static void test_lists_say_how_many_items_they_have(void **state)
{
    static const char *const actions[] = {"CoreShowChannels\r\n", "QueueStatus\r\n",
                                          "QueueStatus\r\nQueue: sales\r\n",
                                          "QueueStatus\r\nQueue: none\r\n"};

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        struct talk *talk = begin_logged_in();
        char input[128], count[32];
        int n = -1; /* the one that completes is none of them */

        snprintf(input, sizeof(input), "Action: %s\r\n", actions[i]);
        say(talk, input);
        expect_part(talk, "EventList: start\r\n");
        for (const char *at = talk->said; (at = strstr(at, "\nEvent: ")); at++)
            n++;
        snprintf(count, sizeof(count), "ListItems: %d\r\n\r\n", n);
        expect_part(talk, count);
        end(talk);
    }
}

/* ---- the host ------------------------------------------------------------------------------- */

static void test_the_host_answers_what_the_script_does_not(void **state)
{
    struct pyst_emulator_ami_options options = {.host_answers = true};
    struct talk *talk = begin_with(script_of("[Ping]\nResponse: Pong\n"
                                             "[.unknown]\nResponse: Error\nFor: $(Action)\n"),
                                   &options);
    const char *input = "Action: A\r\nActionID: 1\r\n\r\nAction: Ping\r\n\r\n"
                        "Action: B\r\nActionID: 2\r\n\r\n";
    struct pyst_ami_message *action;

    assert_int_equal(pyst_emulator_ami_feed(talk->emulator, input, strlen(input)), 0);
    assert_int_equal(pyst_emulator_ami_process(talk->emulator, 0, &action), 1);
    assert_true(pyst_text_equal(pyst_ami_message_name(action), pyst_text("A")));
    pyst_ami_message_unref(action);
    assert_int_equal(pyst_emulator_ami_send(talk->emulator, pyst_text("mine\r\n")), 0);
    assert_int_equal(pyst_emulator_ami_process(talk->emulator, 0, &action), 1);
    assert_int_equal(pyst_emulator_ami_play(talk->emulator, pyst_text(".unknown"), action, 0), 1);
    pyst_ami_message_unref(action);
    assert_int_equal(pyst_emulator_ami_process(talk->emulator, 0, &action), 0);
    hear(talk);
    expect(talk, "mine\r\nResponse: Pong\r\n\r\nResponse: Error\r\nActionID: 2\r\nFor: B\r\n\r\n");
    end(talk);
}

static void test_answers_can_be_played_unasked(void **state)
{
    struct talk *talk = begin("[.alarm]\nEvent: Alarm\nActionID: $(ActionID)\n");

    assert_int_equal(pyst_emulator_ami_play(talk->emulator, pyst_text(".alarm"), NULL, 5), 1);
    assert_int_equal(pyst_emulator_ami_play(talk->emulator, pyst_text(".none"), NULL, 5), 0);
    pass(talk, 5);
    expect(talk, "Event: Alarm\r\n\r\n");
    pyst_emulator_ami_close(talk->emulator);
    assert_int_equal(pyst_emulator_ami_play(talk->emulator, pyst_text(".alarm"), NULL, 5),
                     PYST_ERR_STATE);
    assert_int_equal(pyst_emulator_ami_send(talk->emulator, pyst_text("x")), PYST_ERR_STATE);
    end(talk);
}

static void test_a_client_that_does_not_read_is_cut(void **state)
{
    struct pyst_emulator_ami_options options = {.output_size = 100};
    struct talk *talk = begin_with(script_of("[Ping]\nResponse: Pong\n"), &options);

    for (int i = 0; i < 5; i++) {
        assert_int_equal(pyst_emulator_ami_feed(talk->emulator, "Action: Ping\r\n\r\n", 16), 0);
        assert_int_equal(pyst_emulator_ami_process(talk->emulator, 0, NULL), 0);
        assert_false(pyst_emulator_ami_closing(talk->emulator));
    }
    assert_int_equal(pyst_emulator_ami_feed(talk->emulator, "Action: Ping\r\n\r\n", 16), 0);
    assert_int_equal(pyst_emulator_ami_process(talk->emulator, 0, NULL), 0);
    assert_true(pyst_emulator_ami_closing(talk->emulator));
    assert_int_equal(pyst_emulator_ami_output(talk->emulator).size, 0);
    end(talk);
}

/* ---- building ------------------------------------------------------------------------------- */

static void test_answers_can_be_built_message_by_message(void **state)
{
    struct pyst_emulator_script *script = script_of("");
    struct pyst_emulator_problem problem;
    struct talk *talk;

    assert_int_equal(pyst_emulator_script_answer(script, pyst_text("Ping"),
                                                 pyst_text("Response: Pong\nX: $(X)"), 0, NULL),
                     0);
    assert_int_equal(pyst_emulator_script_answer(script, pyst_text("ping"),
                                                 pyst_text("Event: Late\r\n\r\n"), 700, NULL),
                     0);
    talk = begin_with(pyst_emulator_script_ref(script), NULL);
    say(talk, "Action: Ping\r\nX: 1\r\nActionID: 2\r\n\r\n");
    expect(talk, "Response: Pong\r\nActionID: 2\r\nX: 1\r\n\r\n");
    pass(talk, 700);
    expect(talk, "Event: Late\r\n\r\n");

    /* Shared now. */
    assert_int_equal(
        pyst_emulator_script_answer(script, pyst_text("A"), pyst_text("B: C"), 0, &problem),
        PYST_ERR_STATE);
    assert_int_equal(pyst_emulator_script_read(script, pyst_text(""), &problem), PYST_ERR_STATE);
    assert_int_equal(pyst_emulator_script_add_user(script, pyst_text("a"), pyst_text("b")),
                     PYST_ERR_STATE);
    assert_int_equal(pyst_emulator_script_set_greeting(script, pyst_text("a")), PYST_ERR_STATE);
    end(talk);
    assert_int_equal(pyst_emulator_script_add_user(script, pyst_text("a"), pyst_text("b")), 0);
    assert_null(pyst_emulator_script_unref(script));
}

static void test_a_wrong_script_says_where_and_why(void **state)
{
    static const struct {
        const char *text;
        size_t line;
        const char *reason;
    } cases[] = {
        {"\n\nResponse: x\n", 3, "a line stands before the first answer"},
        {"[Ping\n", 1, "the closing bracket is missing"},
        {"[]\n", 1, "the name of an action is missing"},
        {"[Ping]\nno colon\n", 2, "a line without a colon begins with |"},
        {"[Ping]\n: x\n", 2, "a header has no name"},
        {"[Ping]\nA: $(B\n", 2, "a placeholder has no end"},
        {"[Ping]\nA: $()\n", 2, "a placeholder has no name"},
        {"[Ping]\nA: $(.what)\n", 2, "there is no placeholder of that name"},
        {"[Ping]\nA: $(.unique0)\n", 2, "there is no placeholder of that name"},
        {"[Ping]\nA: $(B:upper)\n", 2, "there is no modifier of that name"},
        {"[Ping]\nA: $(B:before)\n", 2, "a modifier lacks its text, or has one too many"},
        {"[Ping]\nA: $(B:hex 2)\n", 2, "a modifier lacks its text, or has one too many"},
        {"[Ping]\n@wait soon\n", 2, "a duration was expected, such as 200ms"},
        {"[Ping]\n@wait 5\n", 2, "a duration was expected, such as 200ms"},
        {"[Ping]\n@close now\n", 2, "this step takes nothing behind it"},
        {"@close\n", 1, "a step stands before the first answer"},
        {"@nonsense\n", 1, "there is no such directive, or it belongs into an answer"},
        {"[Ping]\n@nonsense\n", 2, "there is no such directive"},
        {"[Ping]\n@use it\n", 2, "there is no definition of that name"},
        {"@define it\n@use it\n\n[Ping]\n@use it\n", 5, "a definition uses itself"},
        {"@define\n", 1, "the name of the definition is missing"},
        {"@user me\n", 1, "a name and a secret were expected"},
        {"[Ping]\n@let x\n", 2, "key=text was expected"},
        {"[Ping]\n@headers A\n", 2, "\"but\" and names of headers were expected"},
        {"[Ping]\nA: b\rc\n", 2, "a line contains CR or NUL"},
        {"[Ping .what]\n", 1, "there is no placeholder of that name"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pyst_emulator_problem problem = {0, ""};
        struct pyst_emulator_script *script;

        assert_int_equal(pyst_emulator_script_new(&script), 0);
        assert_int_equal(pyst_emulator_script_read(script, pyst_text(cases[i].text), &problem),
                         PYST_ERR_INVALID);
        assert_string_equal(problem.reason, cases[i].reason);
        assert_int_equal(problem.line, cases[i].line);
        pyst_emulator_script_unref(script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_greets_as_asterisk_22_unless_told),
        cmocka_unit_test(test_a_response_has_the_action_id_second_and_an_event_where_asked),
        cmocka_unit_test(test_a_response_with_an_action_id_of_its_own_gets_no_other),
        cmocka_unit_test(test_the_first_answer_that_fits_counts),
        cmocka_unit_test(test_unknown_and_missing_actions_are_answered_if_the_script_does),
        cmocka_unit_test(test_an_action_over_the_limits_is_answered_and_the_next_one_served),
        cmocka_unit_test(test_placeholders),
        cmocka_unit_test(test_unique_numbers_are_an_answers_own),
        cmocka_unit_test(test_definitions_are_used_with_their_values),
        cmocka_unit_test(test_raw_lines_and_copied_headers),
        cmocka_unit_test(test_an_action_holds_back_others_until_its_response),
        cmocka_unit_test(test_what_is_overdue_is_played_in_the_order_of_its_time),
        cmocka_unit_test(test_a_step_is_passed_over_unless_its_condition_holds),
        cmocka_unit_test(test_many_answers_at_once_keep_their_order),
        cmocka_unit_test(test_before_the_login_other_actions_are_denied),
        cmocka_unit_test(test_login_plain),
        cmocka_unit_test(test_login_md5),
        cmocka_unit_test(test_a_wrong_login_is_refused_after_a_second_and_closed),
        cmocka_unit_test(test_of_two_users_with_one_name_the_later_counts),
        cmocka_unit_test(test_challenges_differ_and_follow_the_seed),
        cmocka_unit_test(test_events_are_sent_as_the_mask_says),
        cmocka_unit_test(test_a_conversation_is_the_same_at_every_split),
        cmocka_unit_test(test_a_conversation_is_the_same_byte_by_byte),
        cmocka_unit_test(test_an_asynchronous_call),
        cmocka_unit_test(test_a_synchronous_call_is_answered_when_it_is_up),
        cmocka_unit_test(test_a_call_to_no_channel_fails),
        cmocka_unit_test(test_lists_say_how_many_items_they_have),
        cmocka_unit_test(test_the_host_answers_what_the_script_does_not),
        cmocka_unit_test(test_answers_can_be_played_unasked),
        cmocka_unit_test(test_a_client_that_does_not_read_is_cut),
        cmocka_unit_test(test_answers_can_be_built_message_by_message),
        cmocka_unit_test(test_a_wrong_script_says_where_and_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
