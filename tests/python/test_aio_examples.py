# SPDX-License-Identifier: MIT
"""The examples for asyncio and for a loop of one's own, with the emulator for an Asterisk."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from asterisk.astemu import AsteriskEmu, Event

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "python"
PATIENCE = 60


@pytest.fixture
def emulator() -> Iterator[AsteriskEmu]:
    with AsteriskEmu.demo() as emulator:
        yield emulator


def start(emulator: AsteriskEmu, name: str, *arguments: str, secret: str = "secret") -> Popen[str]:
    return Popen(
        [sys.executable, str(EXAMPLES / name), *arguments],
        env={
            **os.environ,
            "ASTERISK": f"127.0.0.1:{emulator.port}",
            "ASTERISK_USER": "demo",
            "ASTERISK_SECRET": secret,
        },
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        text=True,
    )


def test_originate_aio(emulator: AsteriskEmu) -> None:
    channels = ["Local/100@default", "Local/200@default", "PJSIP/nobody"]
    with start(emulator, "originate_aio.py", *channels) as program:
        output, complaints = program.communicate(timeout=PATIENCE)
    assert complaints == ""
    assert program.returncode == 0
    lines = output.splitlines()
    assert lines[0] == "Calling " + ", ".join(channels)
    assert "PJSIP/nobody could not be reached" in lines
    for channel in channels[:2]:
        pattern = f"{channel} answered after .* and hung up: Normal Clearing"
        assert [line for line in lines if re.fullmatch(pattern, line)], output


def talker(port: int = 0) -> AsteriskEmu:
    """A server that hangs something up as soon as somebody is logged in."""
    hangup = Event(Event=("Hangup",), Channel=("Local/1",), Cause=("16",), Privilege=("call,all",))
    accepted = Event(Response=("Success",), Message=("Authentication accepted",))
    challenge = Event(Response=("Success",), Challenge=("4711",))
    return AsteriskEmu({"Challenge": [challenge], "Login": [accepted, hangup]}, port=port)


def test_events() -> None:
    with socket.socket() as holder:
        # Beside a socket that does not listen another one may: it keeps the port meanwhile.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        events_of_a_server_that_returns(holder.getsockname()[1])


def events_of_a_server_that_returns(port: int) -> None:
    emulator = talker(port)
    with start(emulator, "events.py", "Newchannel", "Hangup") as program:
        assert program.stdout is not None
        told = [program.stdout.readline() for _ in range(2)]
        emulator.close()
        told.append(program.stdout.readline())
        with talker(port):
            told += [program.stdout.readline() for _ in range(2)]
            program.send_signal(signal.SIGINT)
            rest, complaints = program.communicate(timeout=PATIENCE)
    assert told[0] == "Listening to Asterisk Call Manager 1.1\n"
    hangup = r"\d\d:\d\d:\d\d Hangup +Channel=Local/1 Cause=16\n"
    assert re.fullmatch(hangup, told[1])
    assert told[2].startswith("-- Asterisk was lost: ")
    # The new connection's first event comes along with the login.
    assert sorted(bool(re.fullmatch(hangup, line)) for line in told[3:]) == [False, True]
    assert any(line == "-- and is there again\n" for line in told[3:])
    assert (rest, complaints, program.returncode) == ("", "", 0)


def test_own_loop(emulator: AsteriskEmu) -> None:
    with start(emulator, "own_loop.py") as program:
        output, complaints = program.communicate(
            "core show version\nno such command\ncore show uptime", timeout=PATIENCE
        )
    assert complaints == ""
    assert program.returncode == 0
    assert "Asterisk 22" in output
    assert "No such command 'no such command'" in output
    assert "System uptime" in output


def test_own_loop_sees_events_while_nothing_is_typed() -> None:
    with talker() as emulator, start(emulator, "own_loop.py") as program:
        assert program.stdout is not None and program.stdin is not None
        assert program.stdout.readline() == "* Hangup Local/1\n"
        program.stdin.close()
        assert program.wait(PATIENCE) == 0


@pytest.mark.parametrize("name", ["originate_aio.py", "events.py", "own_loop.py"])
def test_wrong_secret(emulator: AsteriskEmu, name: str) -> None:
    with start(emulator, name, secret="wrong") as program:
        output, complaints = program.communicate("", timeout=PATIENCE)
    assert (program.returncode, output, complaints) == (1, "", "Authentication failed\n")
