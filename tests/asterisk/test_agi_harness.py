# SPDX-License-Identifier: MIT
"""The calls that the other AGI tests rely on do what those tests believe."""

import struct
from pathlib import Path
from typing import Iterator, Tuple

import pytest

from agi_calls import Switchboard
from asterisk_server import AsteriskServer
from raw_agi import RawAgiServer


@pytest.fixture(scope="module")
def board(server: AsteriskServer) -> Iterator[Switchboard]:
    with Switchboard(server) as board:
        yield board


@pytest.fixture(scope="module")
def agi() -> Iterator[RawAgiServer]:
    with RawAgiServer() as agi:
        yield agi


def test_the_environment_tells_the_call(board: Switchboard, agi: RawAgiServer) -> None:
    call = board.call("unanswered", agi.address("a/b?c=d") + ",one,,two words")
    with agi.take("a/b?c=d") as dialogue:
        environment = dialogue.environment
        assert environment["agi_uniqueid"] == call.channel
        assert environment["agi_callerid"] == "5551234"
        assert environment["agi_calleridname"] == "Alice Example"
        assert environment["agi_version"].startswith(f"{board.server.version}.")
        arguments = [environment[f"agi_arg_{n}"] for n in (1, 2, 3)]
        assert arguments == ["one", "", "two words"]
    assert call.result() == ("AGIDone", "SUCCESS")


def test_keys_are_pressed(board: Switchboard, agi: RawAgiServer) -> None:
    call = board.call("agi", agi.address("keys"))
    with agi.take("keys") as dialogue:
        dialogue.send('GET DATA "" 30000 4')
        call.wait_for_command("GET DATA")
        call.press("4", "2", "*", "7")
        assert dialogue.line() == b"200 result=42*7\n"
    assert call.result() == ("AGIDone", "SUCCESS")


def test_a_hangup_is_heard(board: Switchboard, agi: RawAgiServer) -> None:
    call = board.call("unanswered", agi.address("hangup"))
    with agi.take("hangup") as dialogue:
        call.hang_up()
        assert dialogue.line() == b"HANGUP\n"
        assert dialogue.ask("ANSWER").startswith(b"511 ")
    assert call.result() == ("AGIEnd", "HANGUP")


def test_text_is_sent(board: Switchboard, agi: RawAgiServer) -> None:
    call = board.call("unanswered", agi.address("text"))
    with agi.take("text") as dialogue:
        dialogue.send("RECEIVE TEXT 30000")
        call.wait_for_command("RECEIVE TEXT")
        call.send_text("good morning")
        assert dialogue.line() == b"200 result=1 (good morning)\n"


def test_a_caller_plays_a_tone(board: Switchboard, agi: RawAgiServer, tmp_path: Path) -> None:
    board.call("agi", agi.address("tone"), caller="tone")
    samples: Tuple[int, ...] = ()
    milliseconds = 1000
    with agi.take("tone") as dialogue:
        while len(samples) <= 4000:
            # A busy machine plays less than there is time for.
            assert milliseconds < 60000
            reply = dialogue.ask(f'RECORD FILE {tmp_path}/tone sln "" {milliseconds}')
            assert reply.startswith(b"200 result=0 (timeout) endpos=")
            data = (tmp_path / "tone.sln").read_bytes()
            samples = struct.unpack(f"<{len(data) // 2}h", data)
            milliseconds *= 2
    # Of 1000 Hz, each period has 8 of 8000 samples, and begins by passing zero.
    rises = sum(1 for a, b in zip(samples, samples[1:]) if a <= 0 < b)
    assert abs(rises - len(samples) / 8) < 5


@pytest.mark.parametrize("extension", ["agi", "unanswered", "eagi", "dead", "twice"])
def test_extension_runs_its_program(
    board: Switchboard, agi: RawAgiServer, extension: str, tmp_path: Path
) -> None:
    program = tmp_path / "program"
    program.write_text(
        "#!/bin/sh\n"
        'while read line && [ -n "$line" ]; do echo "$line"; done >>"$1"\n'
        'echo NOOP; read reply; echo "$reply" >>"$1"\n'
    )
    program.chmod(0o755)
    call = board.call(extension, f"{program},{tmp_path / 'heard'}")
    board.wait_for(
        lambda event: event.get("UserEvent") == "AGIDone"
        and event["Call"] == call.name
        and event["Status"] == "SUCCESS"
    )
    heard = (tmp_path / "heard").read_text()
    assert heard.count("200 result=0\n") >= 1
    assert f"agi_uniqueid: {call.channel}\n" in heard
    assert ("agi_enhanced: 1.0\n" in heard) == (extension == "eagi")


def test_async_agi_starts(board: Switchboard) -> None:
    call = board.call("async")
    event = board.wait_for(
        lambda event: event.get("Event") == "AsyncAGIStart" and event["Uniqueid"] == call.channel
    )
    assert event["Env"].startswith("agi_request%3A%20async%0A")
    answer = board.ask("AGI", f"Channel: {call.channel}", "Command: ASYNCAGI BREAK")
    assert answer[0] == b"Response: Success"
    assert call.result() == ("AGIDone", "SUCCESS")
