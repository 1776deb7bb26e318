# SPDX-License-Identifier: MIT
"""The IVR in Python for a real caller, started by a real Asterisk and over FastAGI; and EAGI."""

import importlib.util
import sys
import threading
from pathlib import Path
from typing import Iterator

import pytest

import asterisk
from agi_calls import PATIENCE, Call, Event, Switchboard, wait_for_sound
from asterisk.fastagi import Server
from asterisk_server import AsteriskServer

EXAMPLES = Path(__file__).resolve().parents[2] / "examples/python"
PACKAGE = Path(asterisk.__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def board(server: AsteriskServer) -> Iterator[Switchboard]:
    with Switchboard(server) as board:
        yield board


def launcher(folder: Path, program: Path) -> str:
    """A program for Asterisk that runs one of Python's with the package under test."""
    folder.chmod(0o777)
    path = folder / "launch"
    path.write_text(
        f'#!/bin/sh\nPYTHONPATH="{PACKAGE}" exec "{sys.executable}" "{program}" "$@"\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return str(path)


@pytest.fixture(params=["program", "fastagi"])
def ivr(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """What the dialplan gives to AGI()."""
    if request.param == "program":
        yield f"{launcher(tmp_path, EXAMPLES / 'ivr.py')},{tmp_path}"
        return
    spec = importlib.util.spec_from_file_location("ivr", EXAMPLES / "ivr.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tmp_path.chmod(0o777)
    errors = []
    server = Server("127.0.0.1", 0, on_error=lambda path, error: errors.append(error))
    server.add_route("ivr", module.ivr)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"agi://127.0.0.1:{server.port}/ivr,{tmp_path}"
    server.stop()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert errors == []


def command(call: Call, begin: str) -> str:
    """Wait for a command of a call that begins so; return all of it."""

    def wanted(event: Event) -> bool:
        return (
            event.get("Event") == "AGIExecStart"
            and event.get("Uniqueid") == call.channel
            and event["Command"].startswith(begin)
        )

    return call.board.wait_for(wanted)["Command"]


def test_ivr_tells_accounts_and_takes_messages(
    board: Switchboard, ivr: str, tmp_path: Path
) -> None:
    board.ask("DBPut", "Family: account", "Key: 4711", "Val: 250")
    call = board.call("agi", ivr, caller="tone")
    call.wait_for_command("GET OPTION")
    call.press("1")
    call.wait_for_command("GET DATA")
    call.press(*"4711")
    assert command(call, "SAY DIGITS") == 'SAY DIGITS "250" "#"'
    call.wait_for_command("GET OPTION", 2)
    call.press("2")
    call.wait_for_command("STREAM FILE VM-INTRO")
    call.press("#")
    call.wait_for_command("RECORD FILE")
    wait_for_sound(tmp_path / f"message-{call.channel}.wav")  # a digit within the beep ends it
    call.press("#")
    stored = command(call, "DATABASE PUT")
    samples = int(stored.rsplit('"', 2)[1])
    assert stored == f'DATABASE PUT "message" "{call.channel}" "{samples}"'
    recording = tmp_path / f"message-{call.channel}.wav"
    assert samples > 0
    assert recording.stat().st_size == 44 + 2 * samples
    call.wait_for_command("GET OPTION", 3)
    call.hang_up()
    assert command(call, "VERBOSE") == 'VERBOSE "The caller has hung up" 1'
    assert call.result() == ("AGIEnd", "HANGUP")


def test_ivr_keeps_the_message_of_a_caller_who_hangs_up(
    board: Switchboard, ivr: str, tmp_path: Path
) -> None:
    call = board.call("agi", ivr, caller="tone")
    call.wait_for_command("GET OPTION")
    call.press("2")
    call.wait_for_command("STREAM FILE VM-INTRO")
    call.press("#")
    call.wait_for_command("RECORD FILE")
    wait_for_sound(tmp_path / f"message-{call.channel}.wav")
    call.hang_up()
    samples = int(command(call, "DATABASE PUT").rsplit('"', 2)[1])
    assert samples > 0
    assert (tmp_path / f"message-{call.channel}.wav").stat().st_size == 44 + 2 * samples
    assert call.result() == ("AGIEnd", "HANGUP")


TONE = """
from asterisk.eagi import EAGI

with EAGI(debug=False) as agi:
    agi.answer()
    frames = agi.audio.frames(0.5)
    next(frames)  # the tone may begin within it
    frame = next(frames)
    heard = frame.cast("h")
    rises = [n for n in range(1, len(heard)) if heard[n - 1] < 0 <= heard[n]]
    hertz = agi.audio.rate * (len(rises) - 1) / (rises[-1] - rises[0])
    agi.set_variable("TONE", round(hertz))
"""


@pytest.mark.parametrize("audio", ["", "slin16"])
def test_eagi_finds_a_known_tone(board: Switchboard, audio: str, tmp_path: Path) -> None:
    program = tmp_path / "tone.py"
    program.write_text(TONE, encoding="utf-8")
    variables = {"EAGI_AUDIO_FORMAT": audio} if audio else {}
    call = board.call("eagi", launcher(tmp_path, program), caller="tone", **variables)
    hertz = int(command(call, 'SET VARIABLE "TONE"').rsplit('"', 2)[1])
    assert abs(hertz - 1000) <= 5
    assert call.result() == ("AGIDone", "SUCCESS")
