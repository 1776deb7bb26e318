# SPDX-License-Identifier: MIT
"""The stream ends at any byte, hangups come twice, and what is no AGI usage comes in any form."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from asterisk import aio
from asterisk.agi import (
    AGI,
    AGIEnvironmentError,
    AGIHangup,
    AGIResultHangup,
    AGISIGHUPHangup,
    AGISIGPIPEHangup,
    AGIUsageError,
)

PATIENCE = 60.0

ENVIRONMENT = b"agi_request: x\nagi_callerid: 100\n\n"

#: The environment, and what answers each command.
DIALOGUE = [
    ENVIRONMENT,
    b"100 result=0 Trying...\nHANGUP\n200 result=1 (a)\n",
    b"520-Wrong\nUse\n520 End of proper usage.\n",
]
SIZE = len(b"".join(DIALOGUE))


def cut(size: int) -> list[bytes]:
    """The dialogue's first bytes."""
    parts = []
    for part in DIALOGUE:
        parts.append(part[:size])
        size -= len(parts[-1])
    return parts


#: How a dialogue went: the classes of what its commands raised, or "ok".
Outcome = list[str]


def outcome(make: Callable[[], AGI]) -> Outcome:
    """Three commands, whatever becomes of them."""
    try:
        agi = make()
    except AGIEnvironmentError as error:
        return [type(error).__name__]
    agi.raise_on_hangup = False
    seen = []
    for _ in range(3):
        try:
            agi.get_variable("A")
            seen.append("ok")
        except AGIHangup as error:
            assert agi.hung_up
            seen.append(type(error).__name__)
        except AGIUsageError as error:
            seen.append(type(error).__name__)
    agi.close()
    return seen


def expected(size: int) -> Outcome:
    """What has to become of a dialogue that ends after so many bytes."""
    whole = [part == there for part, there in zip(DIALOGUE, cut(size))]
    if not whole[0]:
        return ["AGIEnvironmentError"]
    seen = [name for name, there in zip(("ok", "AGIUsageError"), whole[1:]) if there]
    return seen + ["AGISIGPIPEHangup"] * (3 - len(seen))


def play(reading: int, writing: int, parts: list[bytes]) -> None:
    """Be an Asterisk that says one part, and another after each command."""

    def answer() -> None:
        with os.fdopen(reading, "rb") as commands, os.fdopen(writing, "wb", 0) as out:
            for n, part in enumerate(parts, 1):
                out.write(part)
                if not any(parts[n:]) or not commands.readline():
                    break

    threading.Thread(target=answer, daemon=True).start()


def of_stream(parts: list[bytes]) -> AGI:
    ours, theirs = socket.socketpair()
    play(os.dup(theirs.fileno()), theirs.detach(), parts)
    return AGI(stream=ours)


def of_text(parts: list[bytes]) -> AGI:
    return AGI(io.StringIO(b"".join(parts).decode()), io.StringIO(), debug=False)


def of_bytes(parts: list[bytes]) -> AGI:
    return AGI(io.BytesIO(b"".join(parts)), io.BytesIO(), debug=False)


@pytest.mark.parametrize("make", [of_stream, of_text, of_bytes])
def test_the_end_may_come_at_any_byte(make: Callable[[list[bytes]], AGI]) -> None:
    for size in range(SIZE + 1):
        assert outcome(lambda: make(cut(size))) == expected(size), size


DESCRIPTORS = """
import os, sys
from test_agi_ends import SIZE, cut, expected, outcome, play
from asterisk.agi import AGI

for size in range(SIZE + 1):
    (reading, their_writing), (their_reading, writing) = os.pipe(), os.pipe()
    os.dup2(reading, 0)
    os.dup2(writing, 1)
    os.close(reading)
    os.close(writing)
    play(their_reading, their_writing, cut(size))
    seen = outcome(lambda: AGI(debug=False))
    assert seen == expected(size), (size, seen)
print("done", file=sys.stderr)
"""


def test_the_end_may_come_at_any_byte_of_standard_input() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DESCRIPTORS],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert done.stderr == b"done\n"


class Nowhere:
    """A transport to nobody."""

    def write(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass


async def awaited_outcome(parts: list[bytes]) -> Outcome:
    agi = aio.AGI()
    agi.raise_on_hangup = False
    agi.connection_made(Nowhere())
    for byte in parts[0]:
        agi.data_received(bytes([byte]))
    if parts[0] != ENVIRONMENT:
        agi.eof_received()
    try:
        await agi.started()
    except AGIEnvironmentError as error:
        return [type(error).__name__]
    seen = []
    for part in [*parts[1:], b""]:
        command = asyncio.ensure_future(agi.get_variable("A"))
        await asyncio.sleep(0)
        for byte in part:
            agi.data_received(bytes([byte]))
        if part not in DIALOGUE:
            agi.eof_received()
        try:
            await command
            seen.append("ok")
        except (AGIHangup, AGIUsageError) as error:
            seen.append(type(error).__name__)
    agi.close()
    return seen


def test_the_end_may_come_at_any_byte_for_asyncio() -> None:
    async def main() -> None:
        for size in range(SIZE + 1):
            assert await awaited_outcome(cut(size)) == expected(size), size

    asyncio.run(asyncio.wait_for(main(), PATIENCE))


# -- hangups ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [of_stream, of_text, of_bytes])
def test_a_hangup_may_be_told_twice(make: Callable[[list[bytes]], AGI]) -> None:
    told = b"HANGUP\n"
    agi = make(
        [
            ENVIRONMENT,
            told + told + b"200 result=-1 endpos=0\n",
            told + b"200 result=1 (a)\n" + told,
            b"511 Dead\n",
            b"",
        ]
    )
    with pytest.raises(AGIResultHangup):
        agi.stream_file("x")
    agi.raise_on_hangup = False
    assert agi.get_variable("A") == "a"
    with pytest.raises(AGIResultHangup, match="Dead"):
        agi.answer()
    agi.raise_on_hangup = True
    with pytest.raises(AGISIGHUPHangup):
        agi.noop()
    agi.raise_on_hangup = False
    with pytest.raises(AGISIGPIPEHangup):
        agi.noop()
    agi.close()


# -- usage -----------------------------------------------------------------------------------------

USAGE = [
    "520 Invalid command syntax.\n",
    "520 Invalid command syntax.  Proper usage not available.\n",
    "520-Invalid command syntax.  Proper usage follows:\n X\n\n more\n520 End of proper usage.\n",
    "520-Invalid command syntax.  Proper usage follows:\nUsage: X520 End of proper usage.\n",
]


@pytest.mark.parametrize("usage", USAGE)
@pytest.mark.parametrize("make", [of_stream, of_text, of_bytes])
def test_usage_is_told_as_asterisk_told_it(make: Callable[[list[bytes]], AGI], usage: str) -> None:
    agi = make([ENVIRONMENT, usage.encode(), b"200 result=0\n"])
    with pytest.raises(AGIUsageError) as caught:
        agi.execute("X")
    assert caught.value.args == (usage,)
    agi.noop()  # the dialogue is in step
    agi.close()


@pytest.mark.parametrize("usage", USAGE)
def test_usage_is_told_so_to_asyncio(usage: str) -> None:
    async def main() -> None:
        agi = aio.AGI()
        agi.connection_made(Nowhere())
        agi.data_received(ENVIRONMENT)
        command = asyncio.ensure_future(agi.execute("X"))
        await asyncio.sleep(0)
        for byte in usage.encode():
            assert not command.done()
            agi.data_received(bytes([byte]))
        with pytest.raises(AGIUsageError) as caught:
            await command
        assert caught.value.args == (usage,)
        agi.close()

    asyncio.run(asyncio.wait_for(main(), PATIENCE))


def test_the_trace_of_usage_is_its_first_line_as_in_pyst() -> None:
    trace = io.StringIO()
    program = io.StringIO(ENVIRONMENT.decode() + USAGE[2])
    agi = AGI(program, io.StringIO(), trace)
    with pytest.raises(AGIUsageError):
        agi.execute("X")
    agi.close()
    assert trace.getvalue().endswith(
        "    COMMAND: X\n"
        "    RESULT_LINE: 520-Invalid command syntax.  Proper usage follows:\n"
    )


class Reset:
    """A stream whose peer is gone, after so many bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def recv(self, size: int) -> bytes:
        data, self.data = self.data, b""
        if not data:
            raise ConnectionResetError
        return data

    def sendall(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_reset_is_an_end() -> None:
    with pytest.raises(AGIEnvironmentError):
        AGI(stream=Reset(ENVIRONMENT[:-1]))
    agi = AGI(stream=Reset(ENVIRONMENT))
    for _ in range(2):
        agi.raise_on_hangup = False
        with pytest.raises(AGISIGPIPEHangup):
            agi.noop()


# -- signals ---------------------------------------------------------------------------------------


def test_sighup_is_told_to_every_call_of_the_process() -> None:
    before: Any = signal.getsignal(signal.SIGHUP)
    calls = [of_text([ENVIRONMENT]) for _ in range(3)]
    calls[1].close()
    signal.raise_signal(signal.SIGHUP)
    assert [agi.hung_up for agi in calls] == [True, False, True]
    for agi in calls:
        agi.close()
    assert signal.getsignal(signal.SIGHUP) is before


def test_sighup_is_left_alone_by_calls_over_sockets() -> None:
    before: Any = signal.getsignal(signal.SIGHUP)
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rwb", 0) as file:
        theirs.sendall(ENVIRONMENT)
        agi = AGI(file, file, debug=False)
        assert signal.getsignal(signal.SIGHUP) is before
        agi.close()


# -- threads ---------------------------------------------------------------------------------------

IN_A_THREAD = """
import io, signal, threading
from asterisk.agi import AGI

def call():
    with AGI(debug=False) as agi:
        agi.set_variable("A", agi.get_variable("B"))
    AGI(io.StringIO("agi_a: b\\n\\n"), io.StringIO(), debug=False).close()

before = signal.getsignal(signal.SIGHUP)
thread = threading.Thread(target=call)
thread.start()
thread.join()
assert signal.getsignal(signal.SIGHUP) is before
"""


def test_a_program_may_run_its_call_in_a_thread() -> None:
    """Where no handler of signals can be set, it does without."""
    with subprocess.Popen(
        [sys.executable, "-c", IN_A_THREAD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        commands = []
        for part in (ENVIRONMENT, b"200 result=1 (b)\n", b"200 result=1\n"):
            process.stdin.write(part)
            process.stdin.flush()
            commands.append(process.stdout.readline())
        _, errors = process.communicate(timeout=PATIENCE)
    assert commands == [b'GET VARIABLE "B"\n', b'SET VARIABLE "A" "b"\n', b""]
    assert errors == b"" and process.returncode == 0


def test_an_asyncio_call_in_a_thread_does_without_signals() -> None:
    problems: list[BaseException] = []

    async def main() -> None:
        agi = aio.AGI()
        agi.connection_made(Nowhere())
        agi.data_received(ENVIRONMENT)
        await agi.started()
        agi.hang_up()
        await agi.wait_hung_up()
        agi.close()

    def run() -> None:
        try:
            asyncio.run(asyncio.wait_for(main(), PATIENCE))
        except BaseException as error:
            problems.append(error)

    before: Any = signal.getsignal(signal.SIGHUP)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive() and not problems
    assert signal.getsignal(signal.SIGHUP) is before
