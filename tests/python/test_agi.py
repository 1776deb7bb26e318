# SPDX-License-Identifier: MIT
"""asterisk.agi: commands, results, errors, hangups."""

from __future__ import annotations

import io
import json
import os
import pprint
import socket
import sys
import threading
from typing import Any, Dict, List, Optional, Tuple

import pytest
from scripted_agi import ENVIRONMENT, OK, Asterisk

from asterisk import agi as agi_module
from asterisk.agi import (
    AGI,
    AGIAppError,
    AGIDBError,
    AGIEnvironmentError,
    AGIError,
    AGIException,
    AGIHangup,
    AGIInvalidCommand,
    AGIResultHangup,
    AGISIGHUPHangup,
    AGISIGPIPEHangup,
    AGIUnknownError,
    AGIUsageError,
    AGIValueError,
    AgiReply,
    Digit,
)
from asterisk.agi.trace import pformat

#: 200 and what every command takes for a success.
ONE = b"200 result=1\n"


def start(
    answers: Optional[Dict[str, Any]] = None, **kwargs: Any
) -> Tuple[AGI, Asterisk]:
    asterisk = Asterisk(answers, **kwargs)
    return AGI(stream=asterisk.program), asterisk


def one_answer(answer: bytes) -> AGI:
    """A program that gets one answer to all that it sends."""
    return start(default=lambda line: answer)[0]


# -- the environment -------------------------------------------------------------------------------


def test_environment() -> None:
    agi, _ = start()
    with agi:
        assert agi.env["agi_channel"] == "Local/100@office-00000001;2"
        assert agi.env["agi_calleridname"] == "Alice: Example"
        assert agi.env["agi_accountcode"] == ""
        assert agi.env["agi_arg_2"].encode("utf-8", "surrogateescape") == b"\xe9t\xe9"
        assert agi.path == "ivr/sales"
        assert agi.parameters == {"lang": "en", "name": "J\u00fcrgen K"}
        assert agi.arguments == ["one", b"\xe9t\xe9".decode("utf-8", "surrogateescape")]


@pytest.mark.parametrize("environment", [b"", b"agi_request: x\n", b"agi_request: x\nagi_"])
def test_environment_that_ends_early_is_an_error(environment: bytes) -> None:
    program, peer = socket.socketpair()
    with peer:
        peer.sendall(environment)
    with program, pytest.raises(AGIEnvironmentError):
        AGI(stream=program)


def test_environment_can_be_replaced() -> None:
    agi, _ = start()
    with agi:
        agi.env = {"agi_context": "other", "agi_extension": "1", "agi_priority": "3"}
        agi.goto_on_exit()
        agi.env["agi_context"] = "third"
        assert agi.env["agi_context"] == "third"


# -- what is sent ----------------------------------------------------------------------------------

#: Each method, and the line that it sends: for plain arguments pyst's own.
SENT: List[Tuple[str, Tuple[Any, ...], Dict[str, Any], str]] = [
    ("answer", (), {}, "ANSWER"),
    ("asyncagi_break", (), {}, "ASYNCAGI BREAK"),
    ("appexec", ("Dial", "PJSIP/100,20"), {}, 'EXEC Dial "PJSIP/100,20"'),
    ("appexec", ("Answer",), {}, 'EXEC Answer ""'),
    ("channel_status", (), {}, "CHANNEL STATUS"),
    ("channel_status", ("PJSIP/1-1",), {}, "CHANNEL STATUS PJSIP/1-1"),
    ("control_stream_file", ("f",), {}, 'CONTROL STREAM FILE "f" "" "3000" "" "" ""'),
    (
        "control_stream_file",
        ("f", [1, "#"], 500, "1", "2", "3"),
        {"offsetms": 7},
        'CONTROL STREAM FILE "f" "1#" "500" "1" "2" "3" 7',
    ),
    ("database_del", ("f", "k"), {}, 'DATABASE DEL "f" "k"'),
    ("database_deltree", ("f",), {}, 'DATABASE DELTREE "f" ""'),
    ("database_get", ("f f", "k"), {}, 'DATABASE GET "f f" "k"'),
    ("database_put", ("f", "k", 5), {}, 'DATABASE PUT "f" "k" "5"'),
    ("exec_command", ("Dial", "PJSIP/1", 20), {}, "EXEC Dial PJSIP/1,20"),
    ("exec_command", ("NoOp", "two words", "x"), {}, 'EXEC NoOp "two words,x"'),
    ("exec_command", ("Answer",), {}, "EXEC Answer"),
    ("get_data", ("beep",), {}, "GET DATA beep 2000 255"),
    ("get_data", ("my beep", 5000, 4), {}, 'GET DATA "my beep" 5000 4'),
    ("get_full_variable", ("${A}",), {}, 'GET FULL VARIABLE "${A}"'),
    ("get_full_variable", ("${A}", "PJSIP/1"), {}, 'GET FULL VARIABLE "${A}" "PJSIP/1"'),
    ("get_option", ("beep", "12"), {}, 'GET OPTION beep "12"'),
    ("get_option", ("beep", "12", 300), {}, 'GET OPTION beep "12" 300'),
    ("get_variable", ("A",), {}, 'GET VARIABLE "A"'),
    ("gosub", ("sub", "s", 1), {}, "GOSUB sub s 1"),
    ("gosub", ("sub", "s", 1, "a b,c"), {}, 'GOSUB sub s 1 "a b,c"'),
    ("hangup", (), {}, "HANGUP"),
    ("hangup", ("PJSIP/1",), {}, "HANGUP PJSIP/1"),
    ("noop", (), {}, "NOOP"),
    ("receive_char", (), {}, "RECEIVE CHAR 2000"),
    ("receive_text", (100,), {}, "RECEIVE TEXT 100"),
    ("record_file", ("/tmp/a b",), {}, 'RECORD FILE "/tmp/a b" gsm "#" 20000 0 beep'),
    (
        "record_file",
        ("f", "wav", "", -1, 0, "", 3),
        {},
        'RECORD FILE "f" wav "" -1 0  s=3',
    ),
    ("say_alpha", ("abc", "#"), {}, 'SAY ALPHA "abc" "#"'),
    ("say_date", (0,), {}, 'SAY DATE 0 ""'),
    ("say_datetime", (0,), {}, 'SAY DATETIME 0 ""'),
    ("say_datetime", (0, "1", "ABd", "UTC"), {}, 'SAY DATETIME 0 "1" "ABd" UTC'),
    ("say_datetime", (0,), {"zone": "UTC"}, 'SAY DATETIME 0 "" "" UTC'),
    ("say_digits", ([1, 2, "3"],), {}, 'SAY DIGITS "123" ""'),
    ("say_number", (5, "#"), {}, 'SAY NUMBER "5" "#"'),
    ("say_number", (5,), {"gender": "f"}, 'SAY NUMBER "5" "" f'),
    ("say_phonetic", ("abc",), {}, 'SAY PHONETIC "abc" ""'),
    ("say_time", (0,), {}, 'SAY TIME 0 ""'),
    ("send_image", ("logo",), {}, "SEND IMAGE logo"),
    ("send_text", ("hello, you",), {}, 'SEND TEXT "hello, you"'),
    ("send_text", (), {}, 'SEND TEXT ""'),
    ("set_autohangup", (30,), {}, "SET AUTOHANGUP 30"),
    ("set_callerid", ('"John" <123>',), {}, r'SET CALLERID "\"John\" <123>"'),
    ("set_callerid", ("123",), {}, "SET CALLERID 123"),
    ("set_context", ("office",), {}, "SET CONTEXT office"),
    ("set_extension", ("100",), {}, "SET EXTENSION 100"),
    ("set_music", (), {}, "SET MUSIC on"),
    ("set_music", (False,), {}, "SET MUSIC off"),
    ("set_music", ("on", "my class"), {}, 'SET MUSIC on "my class"'),
    ("set_priority", (1,), {}, "set priority 1"),
    ("set_variable", ("A", 'a"b\\c'), {}, r'SET VARIABLE "A" "a\"b\\c"'),
    ("set_variable", ("A", b"\xe9"), {}, 'SET VARIABLE "A" "\udce9"'),
    ("speech_activate_grammar", ("g",), {}, "SPEECH ACTIVATE GRAMMAR g"),
    ("speech_create", ("engine",), {}, "SPEECH CREATE engine"),
    ("speech_deactivate_grammar", ("g",), {}, "SPEECH DEACTIVATE GRAMMAR g"),
    ("speech_destroy", (), {}, "SPEECH DESTROY"),
    ("speech_load_grammar", ("g", "/a b"), {}, 'SPEECH LOAD GRAMMAR g "/a b"'),
    ("speech_recognize", ("prompt", 500), {}, "SPEECH RECOGNIZE prompt 500"),
    ("speech_set", ("n", "v"), {}, 'SPEECH SET n "v"'),
    ("speech_unload_grammar", ("g",), {}, "SPEECH UNLOAD GRAMMAR g"),
    ("stream_file", ("beep",), {}, 'STREAM FILE beep "" 0'),
    ("stream_file", ("a b", [1, "2", "#"], 8000), {}, 'STREAM FILE "a b" "12#" 8000'),
    ("stream_file", ("",), {}, 'STREAM FILE "" "" 0'),
    ("tdd_mode", ("on",), {}, "TDD MODE on"),
    ("verbose", ("it is", 3), {}, 'VERBOSE "it is" 3'),
    ("wait_for_digit", (-1,), {}, "WAIT FOR DIGIT -1"),
]

#: What a command needs for an answer, where 1 will not do.
ANSWERS = {"SEND IMAGE": OK}


@pytest.mark.parametrize(("name", "args", "kwargs", "line"), SENT)
def test_line_of_a_method(
    name: str, args: Tuple[Any, ...], kwargs: Dict[str, Any], line: str
) -> None:
    agi, asterisk = start(ANSWERS, default=lambda line: ONE)
    with agi:
        getattr(agi, name)(*args, **kwargs)
    assert asterisk.sent() == [line]


def test_every_documented_command_has_a_method() -> None:
    assert len({line.split('"')[0].rstrip() for *_, line in SENT}) >= 47
    commands = {
        "ANSWER", "ASYNCAGI BREAK", "CHANNEL STATUS", "CONTROL STREAM FILE", "DATABASE DEL",
        "DATABASE DELTREE", "DATABASE GET", "DATABASE PUT", "EXEC", "GET DATA",
        "GET FULL VARIABLE", "GET OPTION", "GET VARIABLE", "GOSUB", "HANGUP", "NOOP",
        "RECEIVE CHAR", "RECEIVE TEXT", "RECORD FILE", "SAY ALPHA", "SAY DATE", "SAY DATETIME",
        "SAY DIGITS", "SAY NUMBER", "SAY PHONETIC", "SAY TIME", "SEND IMAGE", "SEND TEXT",
        "SET AUTOHANGUP", "SET CALLERID", "SET CONTEXT", "SET EXTENSION", "SET MUSIC",
        "SET PRIORITY", "SET VARIABLE", "SPEECH ACTIVATE GRAMMAR", "SPEECH CREATE",
        "SPEECH DEACTIVATE GRAMMAR", "SPEECH DESTROY", "SPEECH LOAD GRAMMAR", "SPEECH RECOGNIZE",
        "SPEECH SET", "SPEECH UNLOAD GRAMMAR", "STREAM FILE", "TDD MODE", "VERBOSE",
        "WAIT FOR DIGIT",
    }  # fmt: skip
    assert len(commands) == 47
    for command in commands:
        assert any((line.upper() + " ").startswith(command + " ") for *_, line in SENT), command


@pytest.mark.parametrize(
    "value",
    ["", "a b", 'a"b', "a\\b", "a\\", '"', "(a)", "a,b", "J\u00fcrgen", "\U0001f600", "${A}", "\t"],
)
def test_any_value_is_read_by_asterisk_as_it_is(value: str) -> None:
    asterisk = Asterisk()
    with AGI(stream=asterisk.program) as agi:
        agi.set_variable("A", value)
    assert parse_arguments(asterisk.sent()[0]) == ["SET", "VARIABLE", "A", value]


def parse_arguments(line: str) -> List[str]:
    """Take a line apart by the rules of Asterisk."""
    words: List[str] = []
    quoted = inside = False
    i = 0
    while i < len(line):
        c = line[i]
        if c in " \t" and not quoted:
            inside = False
        else:
            if not inside:
                words.append("")
                inside = True
            if c == '"':
                quoted = not quoted
            else:
                if c == "\\":
                    i += 1
                words[-1] += line[i]
        i += 1
    return words


def test_words_that_were_quoted_for_pyst_are_not_quoted_again() -> None:
    agi, asterisk = start()
    with agi:
        agi.stream_file('"my file"')
        agi.set_context('"a"b"')
    assert asterisk.sent() == ['STREAM FILE "my file" "" 0', r'SET CONTEXT "\"a\"b\""']


@pytest.mark.parametrize("value", ["a\nANSWER", "a\r", "a\0b", b"\n", "x" * 2047, "\n"])
def test_what_cannot_be_sent_is_refused(value: Any) -> None:
    agi, asterisk = start()
    with agi:
        with pytest.raises(AGIValueError) as caught:
            agi.set_variable("A", value)
        assert isinstance(caught.value, (AGIError, ValueError))
        with pytest.raises(AGIValueError):
            agi.stream_file(value)
        agi.noop()
    assert asterisk.sent() == ["NOOP"]


def test_limits_of_a_line() -> None:
    agi, asterisk = start()
    with agi:
        agi.execute("NOOP", "x" * (2046 - 5))
        with pytest.raises(AGIValueError, match="command_size"):
            agi.execute("NOOP", "x" * (2047 - 5))
        agi.execute("NOOP", *["x"] * 119)
        with pytest.raises(AGIValueError, match="120"):
            agi.execute("NOOP", *["x"] * 120)
    assert len(asterisk.sent()) == 2
    with AGI(stream=Asterisk().program, command_size=8191) as wide:
        wide.execute("NOOP", "x" * 8185)
        with pytest.raises(AGIValueError):
            wide.execute("NOOP", "x" * 8186)
    with pytest.raises(ValueError):
        AGI(stream=Asterisk().program, command_size=8192)


def test_execute_joins_its_arguments_as_pyst_does() -> None:
    agi, asterisk = start()
    with agi:
        agi.execute(" GET VARIABLE ", "X", 5, b"\xff", "")
        agi.execute("NOOP\n")
    assert asterisk.sent() == ["GET VARIABLE  X 5 \udcff", "NOOP"]


# -- results ---------------------------------------------------------------------------------------


def test_reply_is_a_dict_as_in_pyst() -> None:
    agi = one_answer(b"200 result=0 (timeout) endpos=8000\n")
    with agi:
        reply = agi.execute("X")
    assert isinstance(reply, dict) and isinstance(reply, AgiReply)
    assert reply == {"result": ("0", "timeout"), "endpos": ("8000", "")}
    assert (reply.code, reply.error, reply.end_position) == (200, 0, 8000)
    assert reply.text == "200 result=0 (timeout) endpos=8000"


@pytest.mark.parametrize(
    "answer",
    [
        b"200 result=1\n",
        b"200 result=1 (value)\n",
        b"200 result=1 (a) b)\n",
        b"200 result=1 (two words (x))\n",
        b"200 result=0 endpos=3520\n",
        b"200 result=35 (dtmf) endpos=0\n",
        b"200 result= (timeout)\n",
        b"200 result=1 (speech) endpos=0 results=1 score0=900 text0=\"yes\" grammar0=g\n",
        b"200 result=1 (digit) digit=5 endpos=0\n",
    ],
)
def test_reply_has_what_pysts_expressions_find(answer: bytes) -> None:
    expected = {"result": ("", "")}
    code, response = agi_module.re_code.search(answer.decode().strip()).groups()  # type: ignore
    for key, value, data in agi_module.re_kv.findall(response):
        expected[key] = (value, data)
    with one_answer(answer) as agi:
        reply = agi.execute("X")
    if reply["result"] == ("", "timeout"):
        expected["result"] = ("", "timeout")  # pyst does not see it
    assert reply == expected and int(code) == reply.code


@pytest.mark.parametrize(
    "name", ["wait_for_digit", "receive_char", "say_alpha", "stream_file", "get_option"]
)
def test_digits(name: str) -> None:
    args = () if name in ("wait_for_digit", "receive_char") else ("x",)
    with one_answer(b"200 result=35 endpos=123\n") as agi:
        digit: Digit = getattr(agi, name)(*args)
        assert isinstance(digit, Digit) and (digit, digit.end_position) == ("#", 123)
    with one_answer(OK) as agi:
        digit = getattr(agi, name)(*args)
        assert digit == "" and digit.end_position == -1
    with one_answer(b"200 result=x\n") as agi, pytest.raises(AGIError):
        getattr(agi, name)(*args)


@pytest.mark.parametrize(
    ("answer", "digits", "timed_out"),
    [
        (b"200 result=1234\n", "1234", False),
        (b"200 result=12*# (timeout)\n", "12*#", True),
        (b"200 result= (timeout)\n", "", True),
        (b"200 result=\n", "", False),
    ],
)
def test_get_data(answer: bytes, digits: str, timed_out: bool) -> None:
    with one_answer(answer) as agi:
        result = agi.get_data("beep")
    assert (result, result.timed_out) == (digits, timed_out)


def test_variables() -> None:
    agi, _ = start(
        {
            'GET VARIABLE "SET"': b"200 result=1 (a)b)\n",
            'GET VARIABLE "EMPTY"': b"200 result=1 ()\n",
            'GET VARIABLE "LINES"': b"200 result=1 (one\ntwo\nthree)\n",
            'GET VARIABLE "BYTES"': b"200 result=1 (\xe9\xff)\n",
            'GET VARIABLE "HANGUP"': b"200 result=1 (hangup)\n",
            "GET": OK,
        }
    )
    with agi:
        assert agi.get_variable("SET") == "a)b"
        assert agi.get_variable("EMPTY") == "" == agi.get_variable("NOT")
        assert agi.get_variable("EMPTY", default=None) == ""
        assert agi.get_variable("NOT", default=None) is None
        assert agi.get_variable("LINES") == "one\ntwo\nthree"
        assert agi.get_variable("BYTES").encode("utf-8", "surrogateescape") == b"\xe9\xff"
        assert agi.get_variable("HANGUP") == "hangup"
        assert not agi.hung_up
        assert agi.get_full_variable("${X}") == ""
        assert agi.get_full_variable("${X}", default=None) is None
        assert agi.get_full_variable("${X}", "PJSIP/1", default=5) == 5


def test_database() -> None:
    with one_answer(b"200 result=1 (v)\n") as agi:
        assert agi.database_get("f", "k") == "v"
    with one_answer(OK) as agi:
        for name in ("database_get", "database_del", "database_deltree"):
            with pytest.raises(AGIDBError, match="key=k"):
                getattr(agi, name)("f", "k")
        with pytest.raises(AGIDBError):
            agi.database_put("f", "k", "v")


@pytest.mark.parametrize(
    ("answer", "value", "digit", "timed_out", "position"),
    [
        (b"200 result=35 (dtmf) endpos=7\n", "#", "#", False, 7),
        (b"200 result=0 (timeout) endpos=8\n", "\0", "", True, 8),
        (b"200 result=4984 (timeout) endpos=9\n", "\0", "", True, 9),  # by silence
        (b"200 result=42 (randomerror) endpos=0\n", "*", "*", False, 0),  # while it beeped
    ],
)
def test_recordings(
    answer: bytes, value: str, digit: str, timed_out: bool, position: int
) -> None:
    with one_answer(answer) as agi:
        recording = agi.record_file("x")
    assert recording == value
    assert (recording.digit, recording.timed_out) == (digit, timed_out)
    assert recording.end_position == position


def test_recording_that_the_caller_ends_by_hanging_up() -> None:
    with one_answer(b"200 result=-1 (hangup) endpos=1234\n") as agi:
        with pytest.raises(AGIResultHangup) as caught:
            agi.record_file("x")
        assert caught.value.reply is not None and caught.value.reply.end_position == 1234
        assert agi.hung_up


def test_channel_status() -> None:
    with one_answer(b"200 result=6\n") as agi:
        status = agi.channel_status()
        assert status == 6 and isinstance(status, int) and status.name == "up"
    with one_answer(b"200 result=-1\n") as agi:
        assert agi.channel_status("none") == -1
        assert agi.channel_status("none").name == "unknown"


def test_applications() -> None:
    with one_answer(b"200 result=0\n") as agi:
        assert agi.appexec("Answer") == "0"
        assert agi.exec_command("Answer")["result"] == ("0", "")
    with one_answer(b"200 result=-2\n") as agi, pytest.raises(AGIAppError, match="Nope"):
        agi.appexec("Nope")


def test_what_a_channel_cannot_do() -> None:
    with one_answer(OK) as agi:
        for name in ("tdd_mode", "speech_create", "speech_destroy"):
            with pytest.raises(AGIAppError):
                getattr(agi, name)()
    with one_answer(ONE) as agi, pytest.raises(AGIAppError, match="Local/100@office"):
        agi.send_image("x")


def test_speech() -> None:
    answer = (
        b'200 result=1 (speech) endpos=160 results=2 score0=900 text0="yes please" grammar0=g'
        b' score1=100 text1="no" grammar1=h\n'
    )
    with one_answer(answer) as agi:
        speech = agi.speech_recognize("prompt")
    assert speech == "yes please" and speech.end_position == 160
    assert speech.results == [(900, "yes please", "g"), (100, "no", "h")]
    with one_answer(b"200 result=1 (digit) digit=5 endpos=0\n") as agi:
        speech = agi.speech_recognize("prompt")
        assert (speech, speech.digit, speech.timed_out) == ("", "5", False)
    with one_answer(b"200 result=1 (timeout) endpos=0\n") as agi:
        assert agi.speech_recognize("prompt").timed_out
    with one_answer(OK) as agi, pytest.raises(AGIAppError):
        agi.speech_recognize("prompt")


def test_text_and_gosub() -> None:
    with one_answer(b"200 result=1 (hello (you))\n") as agi:
        assert agi.receive_text() == "hello (you)"
    with one_answer(b"100 result=0 Trying...\n200 result=0 Gosub complete\n") as agi:
        agi.gosub("sub", "s", 1)
        agi.noop()


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (b"510 Invalid or unknown command\n", AGIInvalidCommand, "Invalid or unknown command"),
        (b"520 Invalid command syntax.\n", AGIUsageError, "520 Invalid command syntax.\n"),
        (
            b"520-Invalid command syntax.\n Usage: X\n520 End of proper usage.\n",
            AGIUsageError,
            "520-Invalid command syntax.\n Usage: X\n520 End of proper usage.\n",
        ),
        (b"200 result=-1\n", AGIAppError, ""),
        (b"503 Service unavailable\n", AGIUnknownError, ""),
        (b"500 result=-1\n", AGIUnknownError, ""),
    ],
)
def test_errors(answer: bytes, kind: type, text: str) -> None:
    with one_answer(answer) as agi:
        for _ in range(2):
            with pytest.raises(AGIException) as caught:
                agi.execute("X")
            assert type(caught.value) is kind
            assert caught.value.reply is not None
            assert not text or caught.value.args == (text,)
        assert not agi.hung_up


def test_classes_derive_as_in_pyst() -> None:
    assert AGIException.__bases__ == (Exception,)
    assert AGIError.__bases__ == (AGIException,)
    for kind in (AGIUnknownError, AGIAppError, AGIUsageError, AGIInvalidCommand):
        assert kind.__bases__ == (AGIError,)
    assert AGIHangup.__bases__ == AGIDBError.__bases__ == (AGIAppError,)
    for kind in (AGISIGHUPHangup, AGISIGPIPEHangup, AGIResultHangup):
        assert kind.__bases__ == (AGIHangup,)


def test_reply_that_is_none_ends_the_dialogue() -> None:
    agi = one_answer(b"what?\n" * 200000)
    with agi, pytest.raises(AGIError):
        agi.noop()


# -- hangup ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [b"HANGUP\n200 result=1\n", b"200 result=1\nHANGUP\n"])
def test_line_hangup(answer: bytes) -> None:
    agi, asterisk = start({"NOOP": answer, "GET": b"200 result=1 (v)\n", "X": b"511 Dead\n"})
    with agi:
        agi.noop()
        while not agi.hung_up:  # the line may still be on its way
            agi.noop()
        with pytest.raises(AGISIGHUPHangup):
            agi.answer()
        agi.raise_on_hangup = False
        assert agi.get_variable("A") == "v"
        with pytest.raises(AGIResultHangup, match="Dead"):
            agi.execute("X")
        agi.raise_on_hangup = True
        with pytest.raises(AGISIGHUPHangup):
            agi.test_hangup()
    assert "ANSWER" not in asterisk.sent()


def test_minus_one_is_a_hangup_once_it_is_known() -> None:
    with one_answer(b"HANGUP\n200 result=-1\n") as agi, pytest.raises(AGIResultHangup):
        agi.stream_file("x")


def test_minus_one_is_a_hangup_that_asterisk_tells_when_it_is_asked() -> None:
    agi, asterisk = start({"STREAM": b"200 result=-1 endpos=0\n", "CHANNEL": b"HANGUP\n511 Dead\n"})
    with agi:
        with pytest.raises(AGIResultHangup) as caught:
            agi.stream_file("x")
        assert caught.value.reply is not None and caught.value.reply.text.startswith("200")
        assert agi.hung_up
    assert asterisk.sent() == ['STREAM FILE x "" 0', "CHANNEL STATUS"]


def test_minus_one_is_a_failure_when_the_caller_is_there() -> None:
    agi, _ = start({"STREAM": b"200 result=-1 endpos=0\n", "CHANNEL": b"200 result=6\n"})
    with agi:
        with pytest.raises(AGIAppError) as caught:
            agi.stream_file("x")
        assert type(caught.value) is AGIAppError and not agi.hung_up
        agi.answer()


def test_minus_one_over_files_is_what_pyst_takes_it_for() -> None:
    agi = AGI(io.StringIO("agi_a: b\n\n200 result=-1\n200 result=1\n"), io.StringIO(), debug=False)
    with pytest.raises(AGIAppError) as caught:
        agi.stream_file("x")
    assert type(caught.value) is AGIAppError
    agi.answer()
    agi.close()


def test_end_of_stream() -> None:
    agi, _ = start({"NOOP": None})
    with agi:
        for _ in range(3):
            agi.raise_on_hangup = False
            with pytest.raises(AGISIGPIPEHangup):
                agi.noop()
        with pytest.raises(AGISIGPIPEHangup):
            agi.get_result()


def test_end_of_stream_inside_a_reply() -> None:
    program, peer = socket.socketpair()
    with peer:
        peer.sendall(ENVIRONMENT)
        agi = AGI(stream=program)
        peer.sendall(b"200 resu")
        peer.shutdown(socket.SHUT_WR)
        with pytest.raises(AGISIGPIPEHangup):
            agi.noop()
    agi.close()


def test_closed_one_sends_nothing_to_whom_its_descriptor_belongs_next() -> None:
    agi, _ = start()
    descriptor = agi._fd_in
    agi.close()
    other, peer = socket.socketpair()
    with other, peer:
        assert descriptor in (other.fileno(), peer.fileno())
        agi.raise_on_hangup = False
        with pytest.raises(AGISIGPIPEHangup):
            agi.noop()
        for sock in (other, peer):
            sock.setblocking(False)
            with pytest.raises(BlockingIOError):
                sock.recv(1)
    agi.close()


# -- subclasses ------------------------------------------------------------------------------------


def test_overridden_methods_are_called() -> None:
    class Loud(AGI):
        calls: List[str] = []

        def execute(self, command: Any, *args: Any) -> Any:
            self.calls.append("execute")
            return super().execute(command, *args)

        def send_command(self, command: Any, *args: Any) -> None:
            self.calls.append("send_command")
            super().send_command(command, *args)

        def get_result(self, stdin: object = None) -> Any:
            self.calls.append("get_result")
            return super().get_result(stdin)

    with Loud(stream=Asterisk({"GET": b"200 result=1 (v)\n"}).program) as agi:
        assert agi.get_variable("A") == "v"
    assert Loud.calls == ["execute", "send_command", "get_result"]


def test_execute_may_return_a_plain_dict() -> None:
    class Fake(AGI):
        def execute(self, command: Any, *args: Any) -> Any:
            return {"result": ("49", "x"), "endpos": ("5", "")}

    with Fake(stream=Asterisk().program) as agi:
        assert agi.stream_file("x").end_position == 5
        assert agi.get_variable("A") == "x"
        assert agi.speech_recognize("x") == ""


def test_a_method_may_be_replaced_on_the_object() -> None:
    agi, asterisk = start({"GET": b"200 result=1 (v)\n"})
    with agi:
        sent: List[Any] = []
        original = agi.send_command
        agi.send_command = lambda *words: (sent.append(words), original(*words))  # type: ignore
        assert agi.get_variable("A") == "v"
        assert sent == [("GET VARIABLE", '"A"')]


def test_quote_may_be_overridden() -> None:
    class Own(AGI):
        def _quote(self, string: Any) -> str:
            return f'"<{string}>"'

    asterisk = Asterisk()
    with Own(stream=asterisk.program) as agi:
        agi.verbose("x")
        agi.say_digits([1, 2])
    assert asterisk.sent() == ['VERBOSE "<x>" 1', 'SAY DIGITS "<12>" "<>"']


def test_commands_may_be_sent_and_their_results_taken_by_hand() -> None:
    agi, _ = start({"GET": b"200 result=1 (v)\n"})
    with agi:
        agi.send_command("GET VARIABLE", "X")
        with pytest.raises(AGIError, match="waiting"):
            agi.send_command("NOOP")
        assert agi.get_result()["result"] == ("1", "v")


# -- files -----------------------------------------------------------------------------------------


class Pipes:
    """Two pipes between a program and a scripted Asterisk, as files of text or bytes."""

    def __init__(self, mode: str, **kwargs: Any) -> None:
        ours, theirs = socket.socketpair()
        self.asterisk = Asterisk(sock=theirs, **kwargs)
        self.stdin = os.fdopen(os.dup(ours.fileno()), "r" + mode, **self.options(mode))
        self.stdout = os.fdopen(os.dup(ours.fileno()), "w" + mode, **self.options(mode))
        ours.close()

    @staticmethod
    def options(mode: str) -> Dict[str, Any]:
        return {} if mode else {"encoding": "utf-8"}

    def close(self) -> None:
        self.stdin.close()
        self.stdout.close()


@pytest.mark.parametrize("mode", ["", "b"])
def test_files_of_text_and_of_bytes(mode: str) -> None:
    pipes = Pipes(mode, answers={"GET": b"200 result=1 (one\ntw\xff)\n", "NOOP": OK, "X": None})
    trace = io.StringIO()
    agi = AGI(pipes.stdin, pipes.stdout, trace)
    assert agi.env["agi_extension"] == "100"
    assert agi.get_variable("A") == "one\ntw\udcff"
    agi.set_variable("A", b"\xe9")
    with pytest.raises(AGISIGPIPEHangup):
        agi.execute("X")
    assert pipes.asterisk.lines[1] == b'SET VARIABLE "A" "\xe9"\n'
    agi.close()
    pipes.close()


def test_objects_that_only_behave_as_files() -> None:
    class Lines:
        def __init__(self, lines: List[bytes]) -> None:
            self.lines = lines
            self.written: List[Any] = []

        def readline(self) -> bytes:
            return self.lines.pop(0) if self.lines else b""

        def write(self, data: Any) -> None:
            self.written.append(data)

        def flush(self) -> None:
            self.written.append("flush")

    file = Lines([b"agi_a: b\n", b"\n", b"200 result=1\n"])
    agi = AGI(file, file, debug=False)
    agi.answer()
    assert file.written == [b"ANSWER\n", "flush"]
    with pytest.raises(AGISIGPIPEHangup):
        agi.answer()
    agi.close()


def test_closed_file_is_a_hangup() -> None:
    stdin, stdout = io.StringIO("agi_a: b\n\n"), io.StringIO()
    agi = AGI(stdin, stdout, debug=False)
    stdin.close()
    with pytest.raises(AGISIGPIPEHangup):
        agi.answer()
    agi.close()


def test_standard_input_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "__stdin__", "stdout", "__stdout__"):
        monkeypatch.setattr(sys, name, None)
    with pytest.raises(AGIEnvironmentError):
        AGI(debug=False)


def test_program_that_writes_a_command_by_itself() -> None:
    pipes = Pipes("", answers={"GET": b"200 result=1 (v)\n"})
    agi = AGI(pipes.stdin, pipes.stdout, debug=False)
    agi.stdout.write("GET VARIABLE X\n")
    agi.stdout.flush()
    assert agi.get_result()["result"] == ("1", "v")
    agi.close()
    pipes.close()


def test_sockets_with_a_timeout() -> None:
    asterisk = Asterisk(default=lambda line: b"")
    asterisk.program.settimeout(1.0)
    with AGI(stream=asterisk.program) as agi, pytest.raises(socket.timeout):
        agi.noop()


# -- trace -----------------------------------------------------------------------------------------


def test_trace_is_psyts() -> None:
    pipes = Pipes("", answers={"GET": b"200 result=1 (v)\n", "X": b"510 No\n"})
    trace = io.StringIO()
    agi = AGI(pipes.stdin, pipes.stdout, trace)
    agi.get_variable("A")
    with pytest.raises(AGIInvalidCommand):
        agi.execute("X")
    agi.close()
    pipes.close()
    lines = trace.getvalue().split("\n")
    assert lines[0].startswith("ARGS: [")
    assert lines[1] == "ENV LINE: agi_network: yes"
    assert "ENV LINE: agi_accountcode:" in lines
    assert lines[13] == "ENV LINE: "
    assert "\n".join(lines[14:]).startswith("class AGI: self.env = " + pprint.pformat(agi.env))
    assert lines[-6:] == [
        '    COMMAND: GET VARIABLE "A"',
        "    RESULT_LINE: 200 result=1 (v)",
        "    RESULT_DICT: {'result': ('1', 'v')}",
        "    COMMAND: X",
        "    RESULT_LINE: 510 No",
        "",
    ]


@pytest.mark.parametrize(
    "mapping",
    [
        {},
        {"b": "1", "a": ("2", "'")},
        {"result": ("1", "x" * 50), "endpos": ("123", "")},
        {"result": ("1", "x" * 200)},
        {"result": ("1", "some words " * 20)},
        {f"agi_{i}": "value" * i for i in range(14)},
        {f"agi_{i}": "two words" * i for i in range(14)},
        {"k" * (72 - n): "v" for n in range(4)},
        {"k" * (n % 40): "v" * (69 - n % 40 + n % 3) for n in range(80)},
    ],
)
def test_formatting_is_pprints(mapping: Dict[str, Any]) -> None:
    assert pformat(mapping) == pprint.pformat(mapping)


def test_trace_is_off_without_files_and_with_debug_false() -> None:
    stdin = io.StringIO("agi_a: b\n\n200 result=0\n200 result=0\n")
    trace = io.StringIO()
    agi = AGI(stdin, io.StringIO(), trace, debug=False)
    agi.noop()
    agi.close()
    asterisk = Asterisk()
    with AGI(stream=asterisk.program, stderr=trace) as agi:
        agi.noop()
    assert trace.getvalue() == ""


def test_trace_as_json_and_as_records() -> None:
    answers = {"GET": b"200 result=1 (\xff)\n"}
    trace = io.StringIO()
    with AGI(stream=Asterisk(answers).program, stderr=trace, debug="json") as agi:
        agi.get_variable("A")
    records = [json.loads(line) for line in trace.getvalue().splitlines()]
    assert [(r["direction"], r["line"]) for r in records[-2:]] == [
        ("sent", 'GET VARIABLE "A"'),
        ("received", "200 result=1 (\u00ff)"),
    ]
    assert records[0]["line"] == "agi_network: yes"
    assert all(r["time"].endswith("Z") and r["time"][10] == "T" for r in records)

    found: List[Dict[str, Any]] = []
    with AGI(stream=Asterisk(answers).program, debug=found.append) as agi:
        agi.get_variable("A")
    assert found[-2]["line"] == 'GET VARIABLE "A"' and isinstance(found[-2]["time"], float)
    assert found[-1]["line"] == "200 result=1 (\udcff)"
    with pytest.raises(ValueError):
        AGI(stream=Asterisk().program, debug="loud")


# -- threads ---------------------------------------------------------------------------------------


def test_many_calls_in_threads() -> None:
    problems: List[BaseException] = []

    def call(n: int) -> None:
        def answer(line: bytes) -> bytes:
            return b"200 result=1 (" + line.split(b'"')[1] + b")\n"

        try:
            with AGI(stream=Asterisk(default=answer).program) as agi:
                for i in range(50):
                    assert agi.get_variable(f"{n}.{i}") == f"{n}.{i}"
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=call, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert not problems


def test_files_in_a_thread_do_without_signals() -> None:
    made: List[Any] = []

    def call() -> None:
        agi = AGI(io.StringIO("agi_a: b\n\n"), io.StringIO(), debug=False)
        agi.close()
        made.append(agi.env)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join(60)
    assert made == [{"agi_a": "b"}]
