# SPDX-License-Identifier: MIT
"""Programs that Asterisk starts: standard input and output, SIGHUP, and how little is imported."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted_agi import ENVIRONMENT


class Program:
    """A program in Python, and Asterisk's ends of its pipes."""

    def __init__(self, path: Path, code: str, **kwargs: Any) -> None:
        path.write_text("import sys\nfrom asterisk.agi import *\n" + code, encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, str(path), "one"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **kwargs,
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self.write(ENVIRONMENT)

    def write(self, data: bytes) -> None:
        self.stdin.write(data)
        self.stdin.flush()

    def read(self) -> bytes:
        """The next command."""
        line: bytes = self.stdout.readline()
        return line

    def hang_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def end(self) -> tuple[int, str]:
        """Its exit code and what it wrote to standard error."""
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors.decode("utf-8", "surrogateescape")

    def kill(self) -> None:
        """Leave nothing behind."""
        self.process.kill()
        self.process.wait()
        for file in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert file is not None
            try:
                file.close()
            except OSError:
                pass


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Any]:
    started = []

    def start(code: str, **kwargs: Any) -> Program:
        started.append(Program(tmp_path / "program.py", code, **kwargs))
        return started[-1]

    yield start
    for one in started:
        one.kill()


def test_bytes_pass_through_descriptors(program: Any) -> None:
    run = program(
        "with AGI(debug=False) as agi:\n"
        "    agi.set_variable('A', agi.get_variable('B') + agi.arguments[1])\n"
    )
    assert run.read() == b'GET VARIABLE "B"\n'
    run.write(b"200 result=1 (\xff\xc3\xa4)\n")
    assert run.read() == b'SET VARIABLE "A" "\xff\xc3\xa4\xe9t\xe9"\n'
    run.write(b"200 result=1\n")
    assert run.end() == (0, "")


def test_trace_goes_to_standard_error(program: Any) -> None:
    run = program("agi = AGI()\nagi.noop()\n")
    assert run.read() == b"NOOP\n"
    run.write(b"200 result=0\n")
    code, errors = run.end()
    assert code == 0
    assert errors.startswith("ARGS: ['")
    assert errors.endswith(
        "    COMMAND: NOOP\n    RESULT_LINE: 200 result=0\n"
        "    RESULT_DICT: {'result': ('0', '')}\n"
    )


@pytest.mark.parametrize("debug", [False, True])
def test_sighup_in_a_command_is_a_hangup(program: Any, debug: bool) -> None:
    run = program(
        f"agi = AGI(debug={debug})\n"
        "print(agi.stream_file('long'), file=sys.stderr)\n"
        "try:\n"
        "    agi.answer()\n"
        "except AGISIGHUPHangup:\n"
        "    agi.raise_on_hangup = False\n"
        "    agi.verbose('gone')\n"
    )
    assert run.read() == b'STREAM FILE long "" 0\n'
    run.hang_up()
    run.write(b"200 result=49 endpos=0\n")
    assert run.read() == b'VERBOSE "gone" 1\n'
    run.write(b"200 result=1\n")
    code, errors = run.end()
    assert code == 0 and "1\n" in errors


def test_sighup_makes_of_minus_one_a_hangup(program: Any) -> None:
    run = program(
        "agi = AGI(debug=False)\n"
        "try:\n"
        "    agi.stream_file('long')\n"
        "except AGIResultHangup:\n"
        "    sys.exit(7)\n"
    )
    run.read()
    run.hang_up()
    run.write(b"200 result=-1 endpos=0\n")
    assert run.end() == (7, "")


def test_the_programs_own_handler_is_called_too(program: Any) -> None:
    run = program(
        "import signal\n"
        "signal.signal(signal.SIGHUP, lambda *args: print('own', file=sys.stderr))\n"
        "with AGI(debug=False) as agi:\n"
        "    agi.noop()\n"
        "    assert agi.hung_up\n"
        "signal.raise_signal(signal.SIGHUP)\n"
    )
    run.read()
    run.hang_up()
    run.write(b"200 result=0\n")
    assert run.end() == (0, "own\nown\n")


def test_closing_gives_sighup_back(program: Any) -> None:
    run = program(
        "import signal\n"
        "agi = AGI(debug=False)\n"
        "other = AGI(__import__('io').StringIO('agi_a: b\\n\\n'), debug=False)\n"
        "agi.close(); agi.close(); other.close()\n"
        "assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL\n"
    )
    assert run.end() == (0, "")


def test_subclass_may_handle_sighup(program: Any) -> None:
    run = program(
        "class Own(AGI):\n"
        "    def _handle_sighup(self, signum, frame):\n"
        "        super()._handle_sighup(signum, frame)\n"
        "        raise RuntimeError('own')\n"
        "try:\n"
        "    Own(debug=False).noop()\n"
        "except RuntimeError as error:\n"
        "    print(error, file=sys.stderr)\n"
    )
    run.read()
    run.hang_up()
    assert run.end() == (0, "own\n")


def test_asterisk_that_is_gone(program: Any) -> None:
    run = program(
        "agi = AGI(debug=False)\n"
        "try:\n"
        "    agi.noop()\n"
        "except AGISIGPIPEHangup:\n"
        "    sys.exit(7)\n",
    )
    run.read()
    run.stdout.close()
    run.stdin.close()
    assert run.process.wait(60) == 7


def test_asterisk_that_reads_no_more(program: Any) -> None:
    run = program(
        "import os, signal\n"
        "agi = AGI(debug=False)\n"
        "signal.sigwait([signal.SIGUSR1])\n"
        "try:\n"
        "    agi.noop()\n"
        "except AGISIGPIPEHangup:\n"
        "    sys.exit(7)\n",
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]),
    )
    run.stdout.close()
    run.process.send_signal(signal.SIGUSR1)
    assert run.process.wait(60) == 7


AWAITED = """
import asyncio
from asterisk.aio import AGI

async def main():
    async with await AGI.open(debug=False) as agi:
        digit = await agi.stream_file(agi.arguments[1])
        await agi.wait_hung_up()
        agi.raise_on_hangup = False
        await agi.verbose(digit)

asyncio.run(main())
"""


def test_asyncio_over_standard_input_and_output(program: Any) -> None:
    run = program(AWAITED)
    assert run.read() == b'STREAM FILE "\xe9t\xe9" "" 0\n'
    run.write(b"200 result=49 endpos=0\n")
    time.sleep(0.05)
    run.hang_up()
    assert run.read() == b'VERBOSE "1" 1\n'
    run.write(b"200 result=1\n")
    assert run.end() == (0, "")


def test_without_asterisk_it_says_so() -> None:
    code = "from asterisk.agi import AGI; AGI()"
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, timeout=60
    )
    assert b"AGIEnvironmentError: the stream ended before an AGI environment" in done.stderr


def test_little_is_imported() -> None:
    code = "import sys, asterisk.agi; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        timeout=60,
        check=True,
        env={**os.environ},
    )
    for name in ("re", "enum", "signal", "pprint", "typing", "collections", "asyncio", "socket"):
        assert name not in done.stdout.decode().split(), name
