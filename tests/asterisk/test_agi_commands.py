# SPDX-License-Identifier: MIT
"""Every AGI command, in C and in Python, however it is carried, against what Asterisk did.

A scenario is a call and what its AGI does. All scenarios of a server run at once, since most of
their time is spent listening; each test then says how its own went.
"""

import itertools
import json
import struct
import time
from pathlib import Path
from typing import Callable, Dict, List, Set, Tuple

import pytest

from agi_calls import PATIENCE
from agi_driven import ASYNC_CARRIERS, CARRIERS, Answer, Argument
from agi_scenes import Outcomes, Plan, Scene, play_all
from asterisk_server import AsteriskServer
from raw_agi import RawAgiServer

COMMANDS = {
    command["name"].lower().replace(" ", "_")
    for command in json.loads(
        (Path(__file__).parents[2] / "src/agi/commands.json").read_text(encoding="utf-8")
    )["commands"]
}

SCENARIOS: Dict[str, Plan] = {}

#: Those that have something work after what ends an AsyncAGI: a hangup, most failures.
NOT_ASYNC: Set[str] = set()


def scenario(
    caller: str = "wait", extension: str = "agi", asyncagi: bool = True
) -> Callable[[Callable[[Scene], None]], Callable[[Scene], None]]:
    def register(play: Callable[[Scene], None]) -> Callable[[Scene], None]:
        SCENARIOS[play.__name__] = Plan(play, caller, extension)
        if not asyncagi:
            NOT_ASYNC.add(play.__name__)
        return play

    return register


def logged(scene: Scene, text: str) -> List[str]:
    """Wait until Asterisk has logged `text`; return the lines of its log."""
    deadline = time.monotonic() + PATIENCE
    while True:
        log = scene.call.board.server.log.read_text(errors="replace")
        if text in log:
            return log.splitlines()
        assert time.monotonic() < deadline, log[-10000:]
        time.sleep(0.05)


def played(scene: Scene) -> List[str]:
    """Return the files that Asterisk played to the caller so far, by its log."""
    channel = scene.call.variable("CHANNEL")
    assert channel is not None
    # The log is written by a thread of its own, in order.
    end = f"end of {scene.call.name}, {len(scene.agi.called)}"
    scene.agi.do("verbose", end, 1)
    mark = f"<{channel.decode()}> Playing '"
    lines = logged(scene, end)
    return [line.split(mark)[1].split(".")[0] for line in lines if mark in line]


def press_during(scene: Scene, digits: str, command: str, *arguments: Argument) -> Answer:
    """Press keys when the command has begun, and return what it gave.

    Where the command was over before they came, on a machine with much to do, it is tried again.
    """
    name = command.upper().replace("_", " ")
    for _ in range(5):
        n = scene.agi.called.count(command) + 1
        scene.agi.begin(command, *arguments)
        scene.call.wait_for_command(name, n)
        scene.call.press(*digits)
        answer = scene.agi.end()
        assert "error" not in answer, answer
        if answer.get("digit", answer.get("digits")):
            break
    return answer


def record(scene: Scene, name: str, digits: str, ms: int, offset: int = 0, beep: int = 0) -> int:
    """Record for a time, and again for longer where a busy machine played nothing in it.

    Returns how often it was tried.
    """
    for n in itertools.count(1):
        path = scene.directory / name
        answer = scene.agi.do("record_file", path, "sln", digits, ms, offset, beep, 0)
        assert (answer["how"], answer["digit"]) == (b"timeout", b"")
        samples = samples_of(path.with_suffix(".sln"))
        assert len(samples) == int(answer["end"])
        if len(samples) > offset + 800:
            return n
        assert ms < 60000, "there is nothing to record"
        ms *= 2
    raise AssertionError


def check_failure(scene: Scene, name: str, *arguments: Argument) -> None:
    """Have a command sent that fails, which ends an AsyncAGI."""
    error = scene.agi.error(name, *arguments)
    if scene.carrier in ASYNC_CARRIERS:
        assert error in ("COMMAND_FAILED", "HANGUP")
        scene.agi.close()
        assert scene.call.result() == ("AGIDone", "FAILURE")
    else:
        assert error == "COMMAND_FAILED"


def samples_of(path: Path) -> Tuple[int, ...]:
    data = path.read_bytes()
    return struct.unpack(f"<{len(data) // 2}h", data)


def frequency(samples: Tuple[int, ...], rate: int = 8000) -> float:
    """Return the frequency, in Hz, of samples that are a tone and perhaps silence."""
    loud = [i for i, sample in enumerate(samples) if abs(sample) > 1000]
    tone = samples[loud[0] : loud[-1] + 1]
    return sum(1 for a, b in zip(tone, tone[1:]) if a <= 0 < b) * rate / len(tone)


# -- the call ---------------------------------------------------------------------------------


@scenario(extension="unanswered")
def answering(scene: Scene) -> None:
    agi, call, *_ = scene
    assert agi.do("channel_status")["state"] == b"4"
    agi.do("answer")
    assert agi.do("channel_status")["state"] == b"6"
    call.wait_until_up()
    agi.do("answer")


@scenario()
def the_call(scene: Scene) -> None:
    agi, call, *_ = scene
    other = call.variable("CHANNEL")
    assert other is not None
    assert agi.do("channel_status", other[:-1] + b"1")["state"] == b"6"
    assert agi.error("channel_status", "Local/nobody") == "COMMAND_FAILED"
    agi.do("set_callerid", '"Bob (x)" <777>')
    assert call.variable("CALLERID(num)") == b"777"
    assert call.variable("CALLERID(name)") == b"Bob (x)"
    agi.do("set_callerid", "888")
    assert call.variable("CALLERID(num)") == b"888"
    agi.do("set_autohangup", 3000)
    assert 2900 < float(call.variable("TIMEOUT(absolute)") or 0) <= 3000
    agi.do("set_autohangup", 0)
    assert call.variable("TIMEOUT(absolute)") == b"0"
    agi.do("noop")
    agi.do("verbose", f"a (message) of {call.name}", 1)
    logged(scene, f"a (message) of {call.name}")
    agi.do("asyncagi_break")
    agi.close()
    assert call.result() == ("AGIDone", "SUCCESS")


@scenario()
def music(scene: Scene) -> None:
    agi, call, *_ = scene

    def heard(name: str) -> Dict[str, str]:
        return call.wait_for(
            lambda event: event.get("Event") == name and event.get("Uniqueid") == call.channel
        )

    agi.do("set_music", 1, "default")
    assert heard("MusicOnHoldStart")["Class"] == "default"
    agi.do("set_music", 0)
    heard("MusicOnHoldStop")


@scenario()
def hanging_up(scene: Scene) -> None:
    agi, call, *_ = scene
    assert agi.error("hangup", "Local/nobody") == "COMMAND_FAILED"
    agi.do("hangup")
    assert agi.error("answer") == "HANGUP"
    if scene.carrier in CARRIERS:
        assert agi.do("get_variable", "CALL")["value"] == call.name.encode()
        agi.do("set_variable", "AFTER", "it")
        agi.do("verbose", "still here", 1)
        assert agi.error("stream_file", "beep", "") == "HANGUP"
    agi.close()
    assert call.result() == ("AGIEnd", "HANGUP")


@scenario()
def hanging_up_in_time(scene: Scene) -> None:
    agi, call, *_ = scene
    agi.do("set_autohangup", 1)
    assert agi.error("wait_for_digit", 30000) in ("HANGUP", "COMMAND_FAILED")
    assert agi.error("answer") == "HANGUP"
    agi.close()
    assert call.result() == ("AGIEnd", "HANGUP")


# -- sound and digits -------------------------------------------------------------------------


@scenario()
def playing(scene: Scene) -> None:
    agi = scene.agi
    answer = agi.do("stream_file", "beep", "")
    assert (answer["digit"], answer["end"]) == (b"", b"3520")
    # Not by AMI: Asterisk sets it behind the reply.
    assert agi.do("get_variable", "PLAYBACKSTATUS")["value"] == b"SUCCESS"
    answer = agi.do("stream_file", "beep", "0123456789*#", 3000)
    assert (answer["digit"], answer["end"]) == (b"", b"3520")
    answer = press_during(scene, "5", "stream_file", "tt-monkeys", "45")
    assert answer["digit"] == b"5"
    assert 0 < int(answer["end"]) < 129440
    assert played(scene)[:3] == ["beep", "beep", "tt-monkeys"]
    check_failure(scene, "stream_file", "no-such-file", "")


@scenario()
def playing_under_control(scene: Scene) -> None:
    agi, call, *_ = scene
    assert agi.do("control_stream_file", "beep", "")["digit"] == b""
    assert call.variable("CPLAYBACKSTATUS") == b"SUCCESS"
    answer = press_during(scene, "9", "control_stream_file", "tt-monkeys", "9")
    assert answer["digit"] == b"9"
    assert call.variable("CPLAYBACKSTATUS") == b"USERSTOPPED"
    assert call.variable("CPLAYBACKSTOPKEY") == b"9"
    assert call.variable("CPLAYBACKOFFSET") == answer["end"]
    # Wound forward by 8 s.
    answer = press_during(
        scene, "19", "control_stream_file", "tt-monkeys", "9", 8000, "1", "2", "3"
    )
    assert answer["digit"] == b"9"
    assert int(answer["end"]) > 8000
    check_failure(scene, "control_stream_file", "no-such-file", "")
    if scene.carrier in CARRIERS:
        assert call.variable("CPLAYBACKSTATUS") == b"ERROR"


@scenario()
def options(scene: Scene) -> None:
    agi = scene.agi
    answer = agi.do("get_option", "beep", "12", 100)
    assert (answer["digit"], answer["end"]) == (b"", b"3520")
    assert press_during(scene, "2", "get_option", "tt-monkeys", "12", 30000)["digit"] == b"2"
    check_failure(scene, "get_option", "no-such-file", "12", 100)


@scenario()
def digits(scene: Scene) -> None:
    agi, call, *_ = scene
    for digit in "0*#":
        assert press_during(scene, digit, "wait_for_digit", 30000)["digit"] == digit.encode()
    assert agi.do("wait_for_digit", 100)["digit"] == b""
    agi.begin("get_data", "beep", 30000, 4)
    call.wait_for_command("GET DATA")
    call.press(*"1*2A")
    answer = agi.end()
    assert (answer["digits"], answer["complete"]) == (b"1*2A", b"1")
    agi.begin("get_data", "", 30000, 9)
    call.wait_for_command("GET DATA", 2)
    call.press(*"12#")
    answer = agi.end()
    assert (answer["digits"], answer["complete"]) == (b"12", b"1")
    answer = press_during(scene, "7", "get_data", "", 2000, 9)
    assert (answer["digits"], answer["complete"]) == (b"7", b"0")
    answer = agi.do("get_data", "beep", 100, 9)
    assert (answer["digits"], answer["complete"]) == (b"", b"0")
    assert agi.error("get_data", "no-such-file", 100, 1) == "COMMAND_FAILED"


# -- saying -----------------------------------------------------------------------------------

SAYINGS: List[Tuple[Tuple[object, ...], List[str]]] = [
    (("say_alpha", "a1"), ["letters/a", "digits/1"]),
    (("say_phonetic", "ab"), ["phonetic/a_p", "phonetic/b_p"]),
    (("say_digits", "042"), ["digits/0", "digits/4", "digits/2"]),
    (("say_number", -7), ["digits/minus", "digits/7"]),
    # The fifth of January 2001 was a Friday.
    (
        ("say_date", 978696000),
        ["digits/day-5", "digits/mon-0", "digits/5", "digits/2", "digits/thousand", "digits/1"],
    ),
]


def say(scene: Scene, saying: Tuple[object, ...], files: List[str]) -> None:
    name, what, *more = map(str, saying)
    assert scene.agi.do(name, what, "", *more)["digit"] == b""
    assert played(scene) == files


@scenario()
def saying_letters(scene: Scene) -> None:
    say(scene, *SAYINGS[0])


@scenario()
def saying_phonetically(scene: Scene) -> None:
    say(scene, *SAYINGS[1])


@scenario()
def saying_digits(scene: Scene) -> None:
    say(scene, *SAYINGS[2])


@scenario()
def saying_a_number(scene: Scene) -> None:
    say(scene, *SAYINGS[3])


@scenario()
def saying_a_date(scene: Scene) -> None:
    say(scene, *SAYINGS[4])


@scenario()
def saying_the_time(scene: Scene) -> None:
    assert scene.agi.do("say_time", 978696000, "")["digit"] == b""
    assert played(scene)[-1] in ("digits/a-m", "digits/p-m")


@scenario()
def saying_date_and_time(scene: Scene) -> None:
    # Noon in UTC is one o'clock in Vienna, whatever the server's own zone.
    answer = scene.agi.do("say_datetime", 978696000, "", "IMp", "Europe/Vienna")
    assert answer["digit"] == b""
    assert played(scene)[0] == "digits/1"
    assert played(scene)[-1] == "digits/p-m"


@scenario()
def saying_until_a_digit(scene: Scene) -> None:
    sayings: List[Tuple[str, Argument]] = [
        ("say_alpha", "abcdefghijk"),
        ("say_date", 0),
        ("say_datetime", 0),
        ("say_digits", "0123456789"),
        ("say_number", 123456),
        ("say_phonetic", "abcdefghijk"),
        ("say_time", 0),
    ]
    for name, what in sayings:
        assert press_during(scene, "2", name, what, "12")["digit"] == b"2", name


# -- recording --------------------------------------------------------------------------------


@scenario(caller="tone")
def recording(scene: Scene) -> None:
    agi, call, directory, _ = scene
    record(scene, "time", "#", 1000)
    samples = samples_of(directory / "time.sln")
    assert frequency(samples) == pytest.approx(1000, abs=5)

    answer = press_during(
        scene, "*", "record_file", directory / "digit", "sln", "#*", 30000, 0, 0, 0
    )
    assert (answer["how"], answer["digit"]) == (b"digit", b"*")
    assert len(samples_of(directory / "digit.sln")) == int(answer["end"])
    # A digit that is pressed while it beeps ends it, too, and nothing was recorded then.
    answer = press_during(
        scene, "#", "record_file", directory / "beep", "sln", "#*", 30000, 0, 1, 0
    )
    assert (answer["how"], answer["digit"]) == (b"digit", b"#")
    beeps = len(played(scene))
    assert beeps >= 1
    beeps += record(scene, "beep", "#*", 500, beep=1)
    assert played(scene) == ["beep"] * beeps

    # What is there is kept up to the offset.
    before = samples_of(directory / "time.sln")
    record(scene, "time", "", 500, len(before))
    assert samples_of(directory / "time.sln")[: len(before)] == before


@scenario()
def recording_in_no_format(scene: Scene) -> None:
    check_failure(scene, "record_file", scene.directory / "x", "no-such-format", "", 100, 0, 0, 0)


@scenario()
def recording_to_nowhere(scene: Scene) -> None:
    check_failure(scene, "record_file", scene.directory / "none/x", "sln", "", 100, 0, 0, 0)


@scenario(caller="fall-silent")
def recording_until_silence(scene: Scene) -> None:
    agi, _, directory, _ = scene
    answer = agi.do("record_file", directory / "silence", "sln", "#", 30000, 0, 0, 2)
    assert (answer["how"], answer["digit"]) == (b"timeout", b"")
    assert len(samples_of(directory / "silence.sln")) == int(answer["end"]) < 8 * 30000


@scenario(caller="tone")
def recording_until_a_hangup(scene: Scene) -> None:
    agi, call, directory, _ = scene
    agi.begin("record_file", directory / "hangup", "sln", "#", 30000, 0, 0, 0)
    call.wait_for_command("RECORD FILE")
    deadline = time.monotonic() + PATIENCE
    while not (path := directory / "hangup.sln").exists() or path.stat().st_size == 0:
        assert time.monotonic() < deadline, "nothing is recorded"
        time.sleep(0.05)
    call.hang_up()
    answer = agi.end()
    assert answer["how"] == b"hangup"
    samples = samples_of(directory / "hangup.sln")
    assert len(samples) == int(answer["end"]) > 0
    assert agi.error("answer") == "HANGUP"


# -- text -------------------------------------------------------------------------------------


@scenario()
def receiving_text(scene: Scene) -> None:
    agi, call, *_ = scene
    agi.begin("receive_text", 30000)
    call.wait_for_command("RECEIVE TEXT")
    call.send_text("two (words)")
    assert agi.end()["value"] == b"two (words)"
    agi.begin("receive_char", 30000)
    call.wait_for_command("RECEIVE CHAR")
    call.send_text("xyz")
    assert agi.end()["character"] == b"120"


@scenario(asyncagi=False)
def receiving_nothing(scene: Scene) -> None:
    agi = scene.agi
    # What Asterisk says of a time that was up is no hangup.
    agi.begin("receive_char", 100)
    assert agi.end().get("error", b"") in (b"", b"COMMAND_FAILED")
    agi.begin("receive_text", 100)
    assert agi.end().get("error", b"") in (b"", b"COMMAND_FAILED")
    agi.do("answer")
    assert agi.do("stream_file", "beep", "")["end"] == b"3520"


CALLERS = RawAgiServer()


@scenario(caller="agi", extension="unanswered")
def sending_text(scene: Scene) -> None:
    agi, call, *_ = scene
    # The caller runs AGI as well, which tells what came.
    answer = call.board.ask(
        "Setvar",
        f"Channel: {call.other}",
        "Variable: CALLER_AGI",
        f"Value: {CALLERS.address(call.name)}",
    )
    assert answer[0] == b"Response: Success"
    agi.do("answer")
    with CALLERS.take(call.name) as caller:
        caller.send("RECEIVE TEXT 30000")
        call.wait_for(
            lambda event: event.get("Event") == "AGIExecStart" and event["Uniqueid"] == call.other
        )
        agi.do("send_text", 'two "words"')
        assert caller.line() == b'200 result=1 (two "words")\n'
        agi.do("send_image", "no-such-image")
        assert agi.error("tdd_mode", "on") == "COMMAND_FAILED"


# -- variables and database -------------------------------------------------------------------


@scenario()
def variables(scene: Scene) -> None:
    agi, call, *_ = scene
    agi.do("set_variable", "PLAIN", "value")
    assert call.variable("PLAIN") == b"value"
    assert agi.do("get_variable", "PLAIN")["set"] == b"1"
    assert agi.do("get_variable", "PLAIN")["value"] == b"value"
    agi.do("set_variable", "EMPTY", "")
    assert agi.do("get_variable", "EMPTY")["set"] == b"1"
    assert agi.do("get_variable", "EMPTY")["value"] == b""
    assert agi.do("get_variable", "NOT_SET")["set"] == b"0"
    answer = agi.do("get_full_variable", "${PLAIN} of ${CALLERID(num)}")
    assert answer["value"] == b"value of 5551234"
    name = call.variable("CHANNEL")
    assert name is not None
    other = name[:-1] + b"1"
    assert agi.do("get_full_variable", "${CHANNEL}", other)["value"] == other
    assert agi.do("get_full_variable", "${CHANNEL}", "Local/nobody")["set"] == b"0"


@scenario()
def the_database(scene: Scene) -> None:
    agi, call, *_ = scene
    family = call.name

    def stored(key: str) -> str:
        return "\n".join(call.board.output(f"database get {family} {key}"))

    agi.do("database_put", family, "key", 'a "value" (x)')
    assert stored("key") == 'Value: a "value" (x)'
    assert agi.do("database_get", family, "key")["value"] == b'a "value" (x)'
    agi.do("database_put", family, "empty", "")
    assert agi.do("database_get", family, "empty")["value"] == b""
    assert agi.do("database_get", family, "none")["set"] == b"0"
    agi.do("database_del", family, "key")
    assert "not found" in stored("key")
    agi.do("database_put", f"{family}/sub", "one", "1")
    agi.do("database_deltree", family, "sub")
    assert "not found" in "\n".join(call.board.output(f"database get {family}/sub one"))
    assert stored("empty") == "Value: "
    agi.do("database_deltree", family)
    assert "not found" in stored("empty")
    agi.do("database_deltree", family)


# -- the dialplan -----------------------------------------------------------------------------


@scenario()
def applications(scene: Scene) -> None:
    agi, call, *_ = scene
    assert agi.do("exec", "Set", 'X=a "quoted" (value)')["result"] == b"0"
    assert call.variable("X") == b'a "quoted" (value)'
    agi.do("exec", "MSet", "Y=1,Z=2")
    assert (call.variable("Y"), call.variable("Z")) == (b"1", b"2")
    agi.do("exec", "NoOp")
    assert agi.error("exec", "NoSuchApplication", "x") == "NO_APPLICATION"
    agi.do("exec", "Playback", "beep")
    assert played(scene) == ["beep"]
    agi.do("gosub", "agi-sub", "s", "1", "one,two words")
    assert call.variable("SUB") == b"one/two words/2"
    assert call.variable("GOSUB_RETVAL") == b"one back"
    check_failure(scene, "gosub", "agi-sub", "s", "no-such-label")


@scenario()
def going_elsewhere(scene: Scene) -> None:
    agi, call, *_ = scene
    agi.do("set_context", "tests")
    agi.do("set_extension", "userevent")
    assert agi.error("set_priority", "no-such-label") == "COMMAND_USAGE"
    agi.do("set_priority", "1")
    agi.close()
    call.wait_for(
        lambda event: event.get("UserEvent") == "Test" and event.get("Uniqueid") == call.channel
    )


# -- speech -----------------------------------------------------------------------------------


@scenario()
def speech_without_an_engine(scene: Scene) -> None:
    agi = scene.agi
    for command in [
        ("speech_create", "none"),
        ("speech_set", "name", "value"),
        ("speech_load_grammar", "g", "/g"),
        ("speech_activate_grammar", "g"),
        ("speech_recognize", "beep", 1),
        ("speech_deactivate_grammar", "g"),
        ("speech_unload_grammar", "g"),
        ("speech_destroy",),
    ]:
        assert agi.error(*command) == "COMMAND_FAILED", command  # type: ignore[arg-type]
    agi.do("noop")


# -- running them -----------------------------------------------------------------------------

ALL_CARRIERS = [*CARRIERS, *ASYNC_CARRIERS]

CALLED: Dict[str, Set[str]] = {carrier: set() for carrier in ALL_CARRIERS}


def noting(plan: Plan, carrier: str) -> Plan:
    """Have what a plan called noted."""

    def play(scene: Scene) -> None:
        plan.play(scene)
        CALLED[carrier].update(scene.agi.called)

    return plan._replace(play=play)


@pytest.fixture(scope="module")
def outcomes(server: AsteriskServer, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """All scenarios, by all carriers."""
    for called in CALLED.values():
        called.clear()
    plans = {
        (name, carrier): noting(plan, carrier)
        for name, plan in SCENARIOS.items()
        for carrier in ALL_CARRIERS
        if carrier in CARRIERS or name not in NOT_ASYNC
    }
    return play_all(server, tmp_path_factory.mktemp("agi"), plans)


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("carrier", CARRIERS)
def test_scenario(outcomes: Outcomes, carrier: str, name: str) -> None:
    outcomes[name, carrier].result()


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in NOT_ASYNC])
@pytest.mark.parametrize("carrier", ASYNC_CARRIERS)
def test_scenario_by_asyncagi(outcomes: Outcomes, carrier: str, name: str) -> None:
    outcomes[name, carrier].result()


@pytest.mark.parametrize("carrier", ALL_CARRIERS)
def test_every_command_was_used(outcomes: Outcomes, carrier: str) -> None:
    assert len(COMMANDS) == 47
    assert CALLED[carrier] == COMMANDS
