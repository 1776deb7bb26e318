# SPDX-License-Identifier: MIT
"""What a type checker says of programs that use AGI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import asterisk

SOUND = """
from typing import Optional

from asterisk import aio
from asterisk.agi import AGI, AGIHangup
from asterisk.eagi import EAGI
from asterisk.fastagi import Server

server = Server("0.0.0.0", allow=["192.0.2.0/24"])


class Own(AGI):
    def greet(self) -> str:
        return self.stream_file("welcome", [1, "#"])


@server.route("plain")
def plain(agi: AGI) -> None:
    timed_out: bool = agi.get_data("number", max_digits=4).timed_out
    value: str = agi.get_variable("A")
    other: Optional[str] = agi.get_variable("A", default=None)
    agi.set_variable("A", b"bytes" if timed_out else 5)
    agi.say_digits(value or other or "0")
    try:
        state: int = agi.channel_status()
    except AGIHangup as error:
        if error.reply is not None:
            print(error.reply.end_position, error.reply["result"][0])


@server.route("async")
async def awaited(agi: aio.AGI) -> None:
    timed_out: bool = (await agi.get_data("number", max_digits=4)).timed_out
    value: Optional[str] = await agi.get_variable("A", default=None)
    await agi.set_variable("A", value or timed_out)


def listen(agi: EAGI) -> int:
    return sum(len(frame.cast("h")) for frame in agi.audio.frames(0.020))


with Own(debug="json") as agi:
    agi.greet()
"""

WRONG = """
from asterisk import aio
from asterisk.agi import AGI


def plain(agi: AGI) -> None:
    agi.get_data()
    number: int = agi.get_variable("A")


async def awaited(agi: aio.AGI) -> None:
    value: str = agi.get_variable("A")
    await agi.no_such_command()
"""


def mypy(folder: Path, program: str) -> list[str]:
    pytest.importorskip("mypy")
    path = folder / "program.py"
    path.write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder), str(path)],
        env={**os.environ, "MYPYPATH": str(Path(asterisk.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return [line for line in done.stdout.splitlines() if ": error:" in line]


def test_sound_program(tmp_path: Path) -> None:
    assert mypy(tmp_path, SOUND) == []


def test_wrong_program(tmp_path: Path) -> None:
    errors = mypy(tmp_path, WRONG)
    assert [line.rpartition("[")[2] for line in errors] == [
        "call-arg]",
        "assignment]",
        "assignment]",
        "attr-defined]",
    ]
