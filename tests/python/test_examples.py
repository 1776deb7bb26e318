# SPDX-License-Identifier: MIT
"""The examples do what they say, with the emulator for an Asterisk."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

import pytest

from asterisk.astemu import AsteriskEmu

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PYST_BUILD", ROOT / "build"))


def example(language: str, name: str) -> List[str]:
    if language == "python":
        return [sys.executable, str(ROOT / "examples/python" / f"{name}.py")]
    program = BUILD / "examples/c" / name
    if not program.exists():
        pytest.skip(f"{program} was not built")
    return [str(program)]


def run(command: List[str], environment: Dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("language", ["c", "python"])
def test_call(language: str) -> None:
    with AsteriskEmu.demo() as emulator:
        command = example(language, "call")
        command += ["127.0.0.1", str(emulator.port), "demo", "secret", "Local/100@default"]
        done = run(command, {})
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    for name in ("Newchannel", "Newstate", "Hangup"):
        assert any(line.startswith(f"{name} ") for line in lines), name


@pytest.mark.parametrize("language", ["c", "python"])
def test_originate_tells_of_a_call(language: str) -> None:
    with AsteriskEmu.demo() as emulator:
        done = run(
            example(language, "originate"),
            {
                "ASTERISK": f"127.0.0.1:{emulator.port}",
                "ASTERISK_USER": "demo",
                "ASTERISK_SECRET": "secret",
            },
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert "is there (Ring)" in done.stdout
    assert "hung up: Normal Clearing" in done.stdout
    assert done.stdout.endswith("Everybody has hung up.\n")


@pytest.mark.parametrize("language", ["c", "python"])
def test_originate_says_who_refused(language: str) -> None:
    with AsteriskEmu.demo() as emulator:
        done = run(
            example(language, "originate"),
            {"ASTERISK": f"127.0.0.1:{emulator.port}", "ASTERISK_SECRET": "wrong"},
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
