/* SPDX-License-Identifier: MIT */

/* The documented commands: the line that each sends, and what each makes of the replies to it. */

#include "agi-asterisk.h"

struct call {
    struct asterisk asterisk;
    struct pyst_agi *agi;
};

static int answer_the_call(void **state)
{
    struct call *call = calloc(1, sizeof(*call));

    *state = call;
    return asterisk_open(&call->asterisk, ENVIRONMENT, NULL, &call->agi);
}

static int end_the_call(void **state)
{
    struct call *call = *state;

    pyst_agi_close(call->agi);
    free(call);
    return 0;
}

/* `function`, a call of one, sends `line`, and gives `result` when the reply is `reply`. */
#define GIVES(line, reply, result, function)                                                       \
    do {                                                                                           \
        expect(&((struct call *)*state)->asterisk, line, reply "\n");                              \
        assert_int_equal(function, result);                                                        \
    } while (0)
#define AGI    (((struct call *)*state)->agi)
#define FAILED PYST_ERR_COMMAND_FAILED

/* --- the call ---------------------------------------------------------------------------- */

static void the_call_is_answered_and_hung_up(void **state)
{
    GIVES("ANSWER", "200 result=0", 0, pyst_agi_answer(AGI));
    GIVES("ANSWER", "200 result=-1", FAILED, pyst_agi_answer(AGI));
    GIVES("HANGUP", "200 result=1", 0, pyst_agi_hangup(AGI, NULL));
    GIVES("HANGUP \"Local/2\"", "200 result=1", 0, pyst_agi_hangup(AGI, "Local/2"));
    GIVES("HANGUP \"Local/3\"", "200 result=-1", FAILED, pyst_agi_hangup(AGI, "Local/3"));
    GIVES("SET AUTOHANGUP 60", "200 result=0", 0, pyst_agi_set_autohangup(AGI, 60));
    GIVES("SET AUTOHANGUP 0", "200 result=0", 0, pyst_agi_set_autohangup(AGI, 0));
}

static void a_channel_has_a_state(void **state)
{
    GIVES("CHANNEL STATUS", "200 result=6", PYST_AGI_CHANNEL_UP,
          pyst_agi_channel_status(AGI, NULL));
    GIVES("CHANNEL STATUS \"Local/2\"", "200 result=0", PYST_AGI_CHANNEL_DOWN,
          pyst_agi_channel_status(AGI, "Local/2"));
    GIVES("CHANNEL STATUS \"Local/3\"", "200 result=-1", FAILED,
          pyst_agi_channel_status(AGI, "Local/3"));
    GIVES("CHANNEL STATUS", "200 result=up", PYST_ERR_BAD_REPLY,
          pyst_agi_channel_status(AGI, NULL));
    GIVES("CHANNEL STATUS", "200 result=32768", PYST_ERR_BAD_REPLY,
          pyst_agi_channel_status(AGI, NULL));
}

static void a_channel_is_told_how_it_behaves(void **state)
{
    GIVES("SET CALLERID \"\\\"Al \\\\ Ice\\\" <123>\"", "200 result=1", 0,
          pyst_agi_set_callerid(AGI, "\"Al \\ Ice\" <123>"));
    GIVES("SET MUSIC \"on\"", "200 result=0", 0, pyst_agi_set_music(AGI, true, NULL));
    GIVES("SET MUSIC \"on\" \"jazz\"", "200 result=0", 0, pyst_agi_set_music(AGI, true, "jazz"));
    GIVES("SET MUSIC \"off\"", "200 result=0", 0, pyst_agi_set_music(AGI, false, NULL));
    GIVES("TDD MODE \"mate\"", "200 result=1", 0, pyst_agi_tdd_mode(AGI, "mate"));
    GIVES("TDD MODE \"on\"", "200 result=0", FAILED, pyst_agi_tdd_mode(AGI, "on"));
}

/* --- playing and listening --------------------------------------------------------------- */

static void a_file_is_played_to_its_end_or_to_a_digit(void **state)
{
    struct pyst_agi_playback playback = {'x', 1};

    GIVES("STREAM FILE \"tt-monkeys\" \"\"", "200 result=0 endpos=3520", 0,
          pyst_agi_stream_file(AGI, "tt-monkeys", NULL, 0, &playback));
    assert_int_equal(playback.digit, 0);
    assert_int_equal(playback.end_position, 3520);
    GIVES("STREAM FILE \"a b\" \"12#\" 800", "200 result=35 endpos=8800", 1,
          pyst_agi_stream_file(AGI, "a b", "12#", 800, &playback));
    assert_int_equal(playback.digit, '#');
    assert_int_equal(playback.end_position, 8800);
    GIVES("STREAM FILE \"none\" \"\"", "200 result=-1 endpos=0", FAILED,
          pyst_agi_stream_file(AGI, "none", "", 0, &playback));
    assert_int_equal(playback.digit, '#');
    GIVES("STREAM FILE \"a\" \"\"", "200 result=50 endpos=1", 1,
          pyst_agi_stream_file(AGI, "a", "", 0, NULL));
}

static void a_file_that_is_controlled_has_each_argument_in_its_place(void **state)
{
    struct pyst_agi_playback_control control = {0};
    struct pyst_agi_playback playback;

    GIVES("CONTROL STREAM FILE \"f\" \"\"", "200 result=0 endpos=-1", 0,
          pyst_agi_control_stream_file(AGI, "f", NULL, NULL, &playback));
    assert_int_equal(playback.end_position, -1);
    GIVES("CONTROL STREAM FILE \"f\" \"9\"", "200 result=57 endpos=1120", 1,
          pyst_agi_control_stream_file(AGI, "f", "9", &control, &playback));
    assert_int_equal(playback.digit, '9');
    assert_int_equal(playback.end_position, 1120);
    control.pause = "5";
    GIVES("CONTROL STREAM FILE \"f\" \"\" 3000 \"\" \"\" \"5\"", "200 result=0 endpos=-1", 0,
          pyst_agi_control_stream_file(AGI, "f", "", &control, NULL));
    control = (struct pyst_agi_playback_control){500, "6", "4", NULL, 20};
    GIVES("CONTROL STREAM FILE \"f\" \"\" 500 \"6\" \"4\" \"\" 20", "200 result=0 endpos=-1", 0,
          pyst_agi_control_stream_file(AGI, "f", "", &control, NULL));
    control = (struct pyst_agi_playback_control){.offset_ms = 7};
    GIVES("CONTROL STREAM FILE \"f\" \"\" 3000 \"\" \"\" \"\" 7", "200 result=-1 endpos=-1", FAILED,
          pyst_agi_control_stream_file(AGI, "f", "", &control, &playback));
    assert_int_equal(playback.digit, '9');
}

static void an_option_is_a_digit_or_none(void **state)
{
    struct pyst_agi_playback playback;

    GIVES("GET OPTION \"menu\" \"12\" 5000", "200 result=49 endpos=3520", 1,
          pyst_agi_get_option(AGI, "menu", "12", 5000, &playback));
    assert_int_equal(playback.digit, '1');
    GIVES("GET OPTION \"menu\" \"12\"", "200 result=0 endpos=3520", 0,
          pyst_agi_get_option(AGI, "menu", "12", 0, &playback));
    assert_int_equal(playback.digit, 0);
}

static void digits_are_complete_or_the_time_is_up(void **state)
{
    struct pyst_text digits = pyst_text("before");

    GIVES("GET DATA \"enter\" 5000 4", "200 result=12*4", 1,
          pyst_agi_get_data(AGI, "enter", 5000, 4, &digits));
    assert_string_equal(digits.data, "12*4");
    assert_int_equal(digits.size, 4);
    GIVES("GET DATA \"enter\" 5000", "200 result=12 (timeout)", 0,
          pyst_agi_get_data(AGI, "enter", 5000, 0, &digits));
    assert_string_equal(digits.data, "12");
    GIVES("GET DATA \"enter\" 0 1", "200 result= (timeout)", 0,
          pyst_agi_get_data(AGI, "enter", 0, 1, &digits));
    assert_string_equal(digits.data, "");
    GIVES("GET DATA \"\"", "200 result=", 1, pyst_agi_get_data(AGI, NULL, 0, 0, &digits));
    assert_string_equal(digits.data, "");
    GIVES("GET DATA \"none\"", "200 result=-1", FAILED,
          pyst_agi_get_data(AGI, "none", 0, 0, &digits));
    GIVES("GET DATA \"a\"", "200 result=1", 1, pyst_agi_get_data(AGI, "a", 0, 0, NULL));
}

static void a_digit_is_waited_for(void **state)
{
    char digit = 'x';

    GIVES("WAIT FOR DIGIT 100", "200 result=42", 1, pyst_agi_wait_for_digit(AGI, 100, &digit));
    assert_int_equal(digit, '*');
    GIVES("WAIT FOR DIGIT -1", "200 result=-1", FAILED, pyst_agi_wait_for_digit(AGI, -1, &digit));
    assert_int_equal(digit, '*');
    GIVES("WAIT FOR DIGIT 0", "200 result=0", 0, pyst_agi_wait_for_digit(AGI, 0, &digit));
    assert_int_equal(digit, 0);
    GIVES("WAIT FOR DIGIT 0", "200 result=1000", PYST_ERR_BAD_REPLY,
          pyst_agi_wait_for_digit(AGI, 0, NULL));
}

static void a_recording_ends_in_one_of_several_ways(void **state)
{
    struct pyst_agi_recording recording;

    GIVES("RECORD FILE \"/tmp/r\" \"wav\" \"#\" 5000", "200 result=35 (dtmf) endpos=4800", 0,
          pyst_agi_record_file(AGI, "/tmp/r", "wav", "#", 5000, 0, false, 0, &recording));
    assert_int_equal(recording.end, PYST_AGI_RECORDING_DIGIT);
    assert_int_equal(recording.digit, '#');
    assert_int_equal(recording.end_position, 4800);
    GIVES("RECORD FILE \"r\" \"wav\" \"\" -1 0 \"beep\"", "200 result=0 (timeout) endpos=8000", 0,
          pyst_agi_record_file(AGI, "r", "wav", NULL, -1, 0, true, 0, &recording));
    assert_int_equal(recording.end, PYST_AGI_RECORDING_TIMEOUT);
    assert_int_equal(recording.digit, 0);
    GIVES("RECORD FILE \"r\" \"gsm\" \"\" -1 0 \"s=3\"", "200 result=4984 (timeout) endpos=16000",
          0, pyst_agi_record_file(AGI, "r", "gsm", "", -1, 0, false, 3, &recording));
    assert_int_equal(recording.end, PYST_AGI_RECORDING_TIMEOUT);
    GIVES("RECORD FILE \"r\" \"gsm\" \"\" 9 160 \"beep\" \"s=3\"", "200 result=-1 (writefile)",
          FAILED, pyst_agi_record_file(AGI, "r", "gsm", "", 9, 160, true, 3, &recording));
    assert_int_equal(recording.end_position, 16000);
}

static void a_recording_that_a_hangup_ended_is_there(void **state)
{
    struct pyst_agi_recording recording;

    GIVES("RECORD FILE \"r\" \"wav\" \"\" 9 5", "200 result=-1 (hangup) endpos=8160", 0,
          pyst_agi_record_file(AGI, "r", "wav", "", 9, 5, false, 0, &recording));
    assert_int_equal(recording.end, PYST_AGI_RECORDING_HANGUP);
    assert_int_equal(recording.end_position, 8160);
    assert_true(pyst_agi_is_hung_up(AGI));
    GIVES("WAIT FOR DIGIT 1", "200 result=-1", PYST_ERR_HANGUP,
          pyst_agi_wait_for_digit(AGI, 1, NULL));
    GIVES("RECORD FILE \"r\" \"wav\" \"\" 9", "511 Command Not Permitted on a dead channel",
          PYST_ERR_HANGUP, pyst_agi_record_file(AGI, "r", "wav", "", 9, 0, false, 0, &recording));
    GIVES("RECORD FILE \"r\" \"wav\" \"\" 9", "200 result=-1 (writefile)", PYST_ERR_HANGUP,
          pyst_agi_record_file(AGI, "r", "wav", "", 9, 0, false, 0, &recording));
    GIVES("RECORD FILE \"r\" \"wav\" \"\" 9", "520 Invalid command syntax.", PYST_ERR_COMMAND_USAGE,
          pyst_agi_record_file(AGI, "r", "wav", "", 9, 0, false, 0, NULL));
}

/* --- speaking ---------------------------------------------------------------------------- */

static void what_is_said_may_end_by_a_digit(void **state)
{
    char digit;

    GIVES("SAY ALPHA \"a b\" \"1\"", "200 result=49", 1,
          pyst_agi_say_alpha(AGI, "a b", "1", &digit));
    assert_int_equal(digit, '1');
    GIVES("SAY PHONETIC \"ab\" \"\"", "200 result=0", 0,
          pyst_agi_say_phonetic(AGI, "ab", NULL, &digit));
    assert_int_equal(digit, 0);
    GIVES("SAY DIGITS \"007\" \"\"", "200 result=0", 0,
          pyst_agi_say_digits(AGI, "007", "", &digit));
    GIVES("SAY NUMBER -7 \"\"", "200 result=0", 0, pyst_agi_say_number(AGI, -7, "", NULL, &digit));
    GIVES("SAY NUMBER 1 \"#\" \"f\"", "200 result=35", 1,
          pyst_agi_say_number(AGI, 1, "#", "f", &digit));
    assert_int_equal(digit, '#');
    GIVES("SAY DATE 0 \"\"", "200 result=0", 0, pyst_agi_say_date(AGI, 0, "", NULL));
    GIVES("SAY TIME 1700000000 \"\"", "200 result=-1", FAILED,
          pyst_agi_say_time(AGI, 1700000000, "", NULL));
}

static void a_zone_needs_a_format_before_it(void **state)
{
    GIVES("SAY DATETIME 5 \"\"", "200 result=0", 0,
          pyst_agi_say_datetime(AGI, 5, "", NULL, NULL, NULL));
    GIVES("SAY DATETIME 5 \"\" \"IMp\"", "200 result=0", 0,
          pyst_agi_say_datetime(AGI, 5, "", "IMp", NULL, NULL));
    GIVES("SAY DATETIME 5 \"\" \"IMp\" \"UTC\"", "200 result=0", 0,
          pyst_agi_say_datetime(AGI, 5, "", "IMp", "UTC", NULL));
    GIVES("SAY DATETIME 5 \"\" \"ABdY 'digits/at' IMp\" \"UTC\"", "200 result=0", 0,
          pyst_agi_say_datetime(AGI, 5, "", NULL, "UTC", NULL));
}

/* --- variables and the database ---------------------------------------------------------- */

static void a_variable_that_is_empty_is_set(void **state)
{
    struct pyst_text value = pyst_text("before");

    GIVES("GET VARIABLE \"X\"", "200 result=1 (a (b) c)", 1,
          pyst_agi_get_variable(AGI, "X", &value));
    assert_string_equal(value.data, "a (b) c");
    GIVES("GET VARIABLE \"X\"", "200 result=1 ()", 1, pyst_agi_get_variable(AGI, "X", &value));
    assert_int_equal(value.size, 0);
    assert_string_equal(value.data, "");
    GIVES("GET VARIABLE \"X\"", "200 result=0", 0, pyst_agi_get_variable(AGI, "X", &value));
    assert_null(value.data);
    GIVES("GET VARIABLE \"X\"", "200 result=1 (one\ntwo)", 1,
          pyst_agi_get_variable(AGI, "X", &value));
    assert_string_equal(value.data, "one\ntwo");
    GIVES("GET FULL VARIABLE \"${X}\"", "200 result=1 (\xe9)", 1,
          pyst_agi_get_full_variable(AGI, "${X}", NULL, &value));
    assert_string_equal(value.data, "\xe9");
    GIVES("GET FULL VARIABLE \"${X}\" \"Local/2\"", "200 result=0", 0,
          pyst_agi_get_full_variable(AGI, "${X}", "Local/2", NULL));
}

static void a_value_is_sent_byte_for_byte(void **state)
{
    GIVES("SET VARIABLE \"X\" \"a \\\"b\\\" \\\\ (c) \xe9, \xc3\xa9\"", "200 result=1", 0,
          pyst_agi_set_variable(AGI, "X", "a \"b\" \\ (c) \xe9, \xc3\xa9"));
    GIVES("SET VARIABLE \"X\" \"\"", "200 result=1", 0, pyst_agi_set_variable(AGI, "X", NULL));
    assert_int_equal(pyst_agi_set_variable(AGI, "X", "a\nHANGUP"), PYST_ERR_BAD_ARGUMENT);
    assert_int_equal(pyst_agi_set_variable(AGI, "X\r", "a"), PYST_ERR_BAD_ARGUMENT);
}

static void the_database_is_read_and_written(void **state)
{
    struct pyst_text value;

    GIVES("DATABASE PUT \"fam\" \"key\" \"two words\"", "200 result=1", 0,
          pyst_agi_database_put(AGI, "fam", "key", "two words"));
    GIVES("DATABASE PUT \"fam\" \"key\" \"\"", "200 result=0", FAILED,
          pyst_agi_database_put(AGI, "fam", "key", ""));
    GIVES("DATABASE GET \"fam\" \"key\"", "200 result=1 (two words)", 1,
          pyst_agi_database_get(AGI, "fam", "key", &value));
    assert_string_equal(value.data, "two words");
    GIVES("DATABASE GET \"fam\" \"no\"", "200 result=0", 0,
          pyst_agi_database_get(AGI, "fam", "no", &value));
    GIVES("DATABASE DEL \"fam\" \"key\"", "200 result=1", 0,
          pyst_agi_database_del(AGI, "fam", "key"));
    GIVES("DATABASE DEL \"fam\" \"key\"", "200 result=0", FAILED,
          pyst_agi_database_del(AGI, "fam", "key"));
    GIVES("DATABASE DELTREE \"fam\"", "200 result=0", 0,
          pyst_agi_database_deltree(AGI, "fam", NULL));
    GIVES("DATABASE DELTREE \"fam\" \"a/b\"", "200 result=1", 0,
          pyst_agi_database_deltree(AGI, "fam", "a/b"));
}

/* --- the dialplan ------------------------------------------------------------------------ */

static void an_application_gives_what_it_gives(void **state)
{
    int64_t result = 7;

    GIVES("EXEC \"Dial\" \"Local/1,20\"", "200 result=0", 0,
          pyst_agi_exec(AGI, "Dial", "Local/1,20", &result));
    assert_int_equal(result, 0);
    GIVES("EXEC \"NoSuchApp\"", "200 result=-2", PYST_ERR_NO_APPLICATION,
          pyst_agi_exec(AGI, "NoSuchApp", NULL, &result));
    GIVES("EXEC \"Hangup\"", "200 result=-1", FAILED, pyst_agi_exec(AGI, "Hangup", NULL, &result));
    GIVES("EXEC \"App\"", "200 result=-3", 0, pyst_agi_exec(AGI, "App", NULL, &result));
    assert_int_equal(result, -3);
    GIVES("EXEC \"App\"", "200 result=1", 0, pyst_agi_exec(AGI, "App", NULL, NULL));
}

static void a_subroutine_returns_or_is_left(void **state)
{
    GIVES("GOSUB \"sub\" \"s\" \"1\"", "100 result=0 Trying...\n200 result=0 Gosub complete", 0,
          pyst_agi_gosub(AGI, "sub", "s", "1", NULL));
    GIVES("GOSUB \"sub\" \"s\" \"label\" \"a,b\"",
          "100 result=0 Trying...\n200 result=0 Gosub complete (abnormal exit)", 1,
          pyst_agi_gosub(AGI, "sub", "s", "label", "a,b"));
    GIVES("GOSUB \"sub\" \"s\" \"9\"", "200 result=-1 Gosub label not found", FAILED,
          pyst_agi_gosub(AGI, "sub", "s", "9", NULL));
    GIVES("GOSUB \"sub\" \"s\" \"1\"", "503 result=-2 Memory allocation failure", FAILED,
          pyst_agi_gosub(AGI, "sub", "s", "1", NULL));
}

static void the_dialplan_goes_on_where_it_is_told(void **state)
{
    GIVES("SET CONTEXT \"other\"", "200 result=0", 0, pyst_agi_set_context(AGI, "other"));
    GIVES("SET EXTENSION \"100\"", "200 result=0", 0, pyst_agi_set_extension(AGI, "100"));
    GIVES("SET PRIORITY \"n\"",
          "520-Invalid command syntax.  Proper usage follows:\nChanges it.\n"
          "520 End of proper usage.",
          PYST_ERR_COMMAND_USAGE, pyst_agi_set_priority(AGI, "n"));
    GIVES("SET PRIORITY \"2\"", "200 result=0", 0, pyst_agi_set_priority(AGI, "2"));
    GIVES("VERBOSE \"it's 5 o'clock\" 3", "200 result=1", 0,
          pyst_agi_verbose(AGI, "it's 5 o'clock", 3));
    GIVES("NOOP", "200 result=0", 0, pyst_agi_noop(AGI));
    GIVES("NOOP", "510 Invalid or unknown command", PYST_ERR_UNKNOWN_COMMAND, pyst_agi_noop(AGI));
    GIVES("ASYNCAGI BREAK", "200 result=0", 0, pyst_agi_asyncagi_break(AGI));
}

/* --- text and pictures ------------------------------------------------------------------- */

static void text_is_sent_and_received(void **state)
{
    struct pyst_text text;
    int character = 0;

    GIVES("SEND TEXT \"hello (world)\"", "200 result=0", 0,
          pyst_agi_send_text(AGI, "hello (world)"));
    GIVES("SEND IMAGE \"logo\"", "200 result=0", 0, pyst_agi_send_image(AGI, "logo"));
    GIVES("RECEIVE CHAR 100", "200 result=97", 1, pyst_agi_receive_char(AGI, 100, &character));
    assert_int_equal(character, 'a');
    GIVES("RECEIVE CHAR 100", "200 result=0 (timeout)", 0,
          pyst_agi_receive_char(AGI, 100, &character));
    GIVES("RECEIVE CHAR 0", "200 result=-1 (hangup)", FAILED,
          pyst_agi_receive_char(AGI, 0, &character));
    GIVES("RECEIVE CHAR 0", "200 result=-7", PYST_ERR_BAD_REPLY,
          pyst_agi_receive_char(AGI, 0, NULL));
    GIVES("RECEIVE TEXT 100", "200 result=1 (abc (d) e)", 1,
          pyst_agi_receive_text(AGI, 100, &text));
    assert_string_equal(text.data, "abc (d) e");
    GIVES("RECEIVE TEXT 100", "200 result=-1", FAILED, pyst_agi_receive_text(AGI, 100, &text));
}

/* --- recognizing speech ------------------------------------------------------------------ */

static void an_engine_is_asked_for_and_told(void **state)
{
    GIVES("SPEECH CREATE \"\"", "200 result=1", 0, pyst_agi_speech_create(AGI, NULL));
    GIVES("SPEECH CREATE \"none\"", "200 result=0", FAILED, pyst_agi_speech_create(AGI, "none"));
    GIVES("SPEECH SET \"a\" \"b c\"", "200 result=1", 0, pyst_agi_speech_set(AGI, "a", "b c"));
    GIVES("SPEECH LOAD GRAMMAR \"g\" \"/g.xml\"", "200 result=1", 0,
          pyst_agi_speech_load_grammar(AGI, "g", "/g.xml"));
    GIVES("SPEECH ACTIVATE GRAMMAR \"g\"", "200 result=1", 0,
          pyst_agi_speech_activate_grammar(AGI, "g"));
    GIVES("SPEECH DEACTIVATE GRAMMAR \"g\"", "200 result=1", 0,
          pyst_agi_speech_deactivate_grammar(AGI, "g"));
    GIVES("SPEECH UNLOAD GRAMMAR \"g\"", "200 result=0", FAILED,
          pyst_agi_speech_unload_grammar(AGI, "g"));
    GIVES("SPEECH DESTROY", "200 result=1", 0, pyst_agi_speech_destroy(AGI));
}

static void speech_has_results(void **state)
{
    struct pyst_agi_speech_result result;
    struct pyst_agi_speech speech;

    GIVES("SPEECH RECOGNIZE \"prompt\" 10",
          "200 result=1 (speech) endpos=4000 results=2 score0=900 text0=\"call home\" grammar0=g "
          "score1=12 text1=\"\" grammar1=h",
          1, pyst_agi_speech_recognize(AGI, "prompt", 10, 0, &speech));
    assert_int_equal(speech.end, PYST_AGI_SPEECH_SPEECH);
    assert_int_equal(speech.end_position, 4000);
    assert_int_equal(speech.n_results, 2);
    assert_int_equal(pyst_agi_reply_speech_result(pyst_agi_reply(AGI), 0, &result), 1);
    assert_int_equal(result.score, 900);
    assert_text(result.text, "call home");
    assert_text(result.grammar, "g");
    assert_int_equal(pyst_agi_reply_speech_result(pyst_agi_reply(AGI), 1, &result), 1);
    assert_int_equal(result.score, 12);
    assert_text(result.text, "");
    assert_text(result.grammar, "h");
    assert_int_equal(pyst_agi_reply_speech_result(pyst_agi_reply(AGI), 2, &result), 0);
    /* What is no number, or more than one can be. */
    GIVES("SPEECH RECOGNIZE \"prompt\" 10",
          "200 result=1 (speech) endpos=0 results=99999999999999999999 score0=9223372036854775808 "
          "score1=1x",
          1, pyst_agi_speech_recognize(AGI, "prompt", 10, 0, &speech));
    assert_int_equal(speech.n_results, 0);
    assert_int_equal(pyst_agi_reply_speech_result(pyst_agi_reply(AGI), 0, &result), 0);
    assert_int_equal(pyst_agi_reply_speech_result(pyst_agi_reply(AGI), 1, &result), 0);
}

static void speech_ends_by_a_digit_by_time_or_by_hangup(void **state)
{
    struct pyst_agi_speech speech;

    GIVES("SPEECH RECOGNIZE \"p\" 5 80", "200 result=1 (digit) digit=7 endpos=0", 1,
          pyst_agi_speech_recognize(AGI, "p", 5, 80, &speech));
    assert_int_equal(speech.end, PYST_AGI_SPEECH_DIGIT);
    assert_int_equal(speech.digit, '7');
    GIVES("SPEECH RECOGNIZE \"p\" 5", "200 result=1 (timeout) endpos=0", 0,
          pyst_agi_speech_recognize(AGI, "p", 5, 0, &speech));
    assert_int_equal(speech.end, PYST_AGI_SPEECH_TIMEOUT);
    GIVES("SPEECH RECOGNIZE \"p\" 5", "200 result=1 (hangup) endpos=0", PYST_ERR_HANGUP,
          pyst_agi_speech_recognize(AGI, "p", 5, 0, &speech));
    GIVES("SPEECH RECOGNIZE \"p\" 5", "200 result=0", FAILED,
          pyst_agi_speech_recognize(AGI, "p", 5, 0, NULL));
    GIVES("SPEECH RECOGNIZE \"p\" 5", "200 result=1 (what)", PYST_ERR_BAD_REPLY,
          pyst_agi_speech_recognize(AGI, "p", 5, 0, NULL));
    GIVES("SPEECH RECOGNIZE \"p\" 5", "200 result=1 (speech) endpos=0 results=x", 1,
          pyst_agi_speech_recognize(AGI, "p", 5, 0, &speech));
    assert_int_equal(speech.n_results, 0);
}

/* --- builders ---------------------------------------------------------------------------- */

static void a_builder_sends_nothing_and_tells_its_error(void **state)
{
    struct pyst_agi_command *command;
    char long_text[PYST_AGI_COMMAND_SIZE];

    assert_int_equal(pyst_agi_command_new(&command, 0), 0);
    assert_int_equal(pyst_agi_build_get_data(command, pyst_text("a\\b"), 5000, 4), 0);
    assert_text(pyst_agi_command_line(command), "GET DATA \"a\\\\b\" 5000 4\n");
    assert_int_equal(pyst_agi_build_exec(command, pyst_text_of("a\0b", 3), pyst_text_none()),
                     PYST_ERR_BAD_ARGUMENT);
    assert_int_equal(pyst_agi_build_record_file(command, pyst_text("a\n"), pyst_text("wav"),
                                                pyst_text(""), 1, 1, true, 1),
                     PYST_ERR_BAD_ARGUMENT);
    memset(long_text, 'x', sizeof(long_text));
    assert_int_equal(pyst_agi_build_verbose(command, pyst_text_of(long_text, sizeof(long_text)), 1),
                     PYST_ERR_COMMAND_TOO_LONG);
    assert_int_equal(pyst_agi_build_control_stream_file(
                         command, pyst_text_of(long_text, sizeof(long_text)), pyst_text(""), NULL),
                     PYST_ERR_COMMAND_TOO_LONG);
    assert_int_equal(pyst_agi_build_noop(command), 0);
    assert_text(pyst_agi_command_line(command), "NOOP\n");
    pyst_agi_command_free(command);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, answer_the_call, end_the_call)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_call_is_answered_and_hung_up),
        TEST(a_channel_has_a_state),
        TEST(a_channel_is_told_how_it_behaves),
        TEST(a_file_is_played_to_its_end_or_to_a_digit),
        TEST(a_file_that_is_controlled_has_each_argument_in_its_place),
        TEST(an_option_is_a_digit_or_none),
        TEST(digits_are_complete_or_the_time_is_up),
        TEST(a_digit_is_waited_for),
        TEST(a_recording_ends_in_one_of_several_ways),
        TEST(a_recording_that_a_hangup_ended_is_there),
        TEST(what_is_said_may_end_by_a_digit),
        TEST(a_zone_needs_a_format_before_it),
        TEST(a_variable_that_is_empty_is_set),
        TEST(a_value_is_sent_byte_for_byte),
        TEST(the_database_is_read_and_written),
        TEST(an_application_gives_what_it_gives),
        TEST(a_subroutine_returns_or_is_left),
        TEST(the_dialplan_goes_on_where_it_is_told),
        TEST(text_is_sent_and_received),
        TEST(an_engine_is_asked_for_and_told),
        TEST(speech_has_results),
        TEST(speech_ends_by_a_digit_by_time_or_by_hangup),
        cmocka_unit_test(a_builder_sends_nothing_and_tells_its_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
