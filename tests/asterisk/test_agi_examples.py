# SPDX-License-Identifier: MIT
"""The AGI examples in C, each run by a real Asterisk for a real caller."""

import os
from pathlib import Path
from typing import Iterator

import pytest

from agi_calls import Call, Event, Switchboard, wait_for_sound
from asterisk_server import AsteriskServer

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = Path(os.environ.get("PYST_BUILD", ROOT / "build")) / "examples/c"


@pytest.fixture(scope="module")
def board(server: AsteriskServer) -> Iterator[Switchboard]:
    with Switchboard(server) as board:
        yield board


def command(call: Call, begin: str) -> str:
    """Wait for a command of a call that begins so; return all of it."""

    def wanted(event: Event) -> bool:
        return (
            event.get("Event") == "AGIExecStart"
            and event.get("Uniqueid") == call.channel
            and event["Command"].startswith(begin)
        )

    return call.board.wait_for(wanted)["Command"]


def test_hello_says_what_was_dialled(board: Switchboard) -> None:
    call = board.call("agi", str(EXAMPLES / "agi-hello"))
    call.wait_for_command("GET DATA")
    call.press(*"0815")
    assert command(call, "SAY DIGITS") == 'SAY DIGITS "0815" ""'
    assert call.result() == ("AGIDone", "SUCCESS")


def test_ivr_tells_accounts_and_takes_messages(board: Switchboard, tmp_path: Path) -> None:
    board.ask("DBPut", "Family: account", "Key: 4711", "Val: 250")
    tmp_path.chmod(0o777)
    call = board.call("agi", f"{EXAMPLES / 'agi-ivr'},{tmp_path}", caller="tone")
    call.wait_for_command("GET OPTION")
    call.press("1")
    call.wait_for_command("GET DATA")
    call.press(*"4711")
    assert command(call, "SAY DIGITS") == 'SAY DIGITS "250" "#"'
    call.wait_for_command("GET OPTION", 2)
    call.press("2")
    call.wait_for_command('STREAM FILE "VM-INTRO"')
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
    board: Switchboard, tmp_path: Path
) -> None:
    tmp_path.chmod(0o777)
    call = board.call("agi", f"{EXAMPLES / 'agi-ivr'},{tmp_path}", caller="tone")
    call.wait_for_command("GET OPTION")
    call.press("2")
    call.wait_for_command('STREAM FILE "VM-INTRO"')
    call.press("#")
    call.wait_for_command("RECORD FILE")
    wait_for_sound(tmp_path / f"message-{call.channel}.wav")
    call.hang_up()
    samples = int(command(call, "DATABASE PUT").rsplit('"', 2)[1])
    assert samples > 0
    assert (tmp_path / f"message-{call.channel}.wav").stat().st_size == 44 + 2 * samples
    assert command(call, "VERBOSE") == 'VERBOSE "The caller has hung up" 1'
    assert call.result() == ("AGIEnd", "HANGUP")


@pytest.mark.parametrize("audio", ["", "slin16", "no-such-format"])
def test_eagi_finds_a_known_tone(board: Switchboard, audio: str) -> None:
    variables = {"EAGI_AUDIO_FORMAT": audio} if audio else {}
    call = board.call("eagi", str(EXAMPLES / "eagi-tone"), caller="tone", **variables)
    hertz = int(command(call, 'SET VARIABLE "TONE"').rsplit('"', 2)[1])
    peak = int(command(call, 'SET VARIABLE "PEAK"').rsplit('"', 2)[1])
    assert abs(hertz - 1000) <= 5
    assert 6000 < peak < 10000
    assert call.result() == ("AGIDone", "SUCCESS")


def test_eagi_hears_no_tone_where_there_is_none(board: Switchboard) -> None:
    call = board.call("eagi", str(EXAMPLES / "eagi-tone"))
    assert command(call, 'SET VARIABLE "TONE"') == 'SET VARIABLE "TONE" "0"'
    assert call.result() == ("AGIDone", "SUCCESS")
