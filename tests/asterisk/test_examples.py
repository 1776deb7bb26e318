# SPDX-License-Identifier: MIT
"""The examples of the README, with a real server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from asterisk_server import AsteriskServer

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PYST_BUILD", ROOT / "build"))

EXAMPLES = {
    "c": [str(BUILD / "examples/c/call")],
    "python": [sys.executable, str(ROOT / "examples/python/call.py")],
}


@pytest.mark.parametrize("language", EXAMPLES)
def test_call(server: AsteriskServer, language: str) -> None:
    run = subprocess.run(
        EXAMPLES[language]
        + [server.host, str(server.ami_port), "admin", "secret", "Local/short@tests"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (run.returncode, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    assert any(line.startswith("Newchannel Local/short@tests-") for line in lines)
    assert any(line.startswith("Hangup Local/short@tests-") for line in lines)
