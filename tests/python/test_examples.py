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


PHONES = """\
[phone](!)
type = endpoint
context = old ; for all
[100](phone)
[101](phone)
context=old
[102]
type = aor
context = old
#include "more.conf"
"""


def test_phones_are_moved(tmp_path: Path) -> None:
    path = tmp_path / "pjsip.conf"
    path.write_text(PHONES)
    (tmp_path / "more.conf").write_text("[103](phone)\n[104](phone)\ncontext = old\n")
    done = run([*example("python", "move_phones"), str(path), "old", "new"], {})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    expected = PHONES.replace("context = old ;", "context = new ;")
    assert path.read_text() == expected.replace("context=old", "context=new")
    assert (tmp_path / "more.conf").read_text().endswith("context = old\n")


def test_settings_are_printed_with_their_places(tmp_path: Path) -> None:
    path = tmp_path / "pjsip.conf"
    path.write_text("[t](!)\na = 1\n[s](t)\nb = x\\;y ; comment\n[u](none)\nc = 2\n")
    done = run([*example("c", "settings"), str(path)], {})
    assert done.stdout.splitlines() == [
        f"{path}:2: [s] a = 1",
        f"{path}:4: [s] b = x;y",
        f"{path}:6: [u] c = 2",
    ]
    assert done.stderr.startswith(f"{path}:5: ")
    assert done.returncode == 1
    assert run([*example("c", "settings"), str(tmp_path / "none")], {}).returncode == 1
