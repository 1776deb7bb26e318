# SPDX-License-Identifier: MIT
"""A program in C, traffic.c, whose server is killed and returns in the middle of things."""

import os
import subprocess
from pathlib import Path
from typing import Dict

import pytest

from asterisk_server import AsteriskServer

BUILD = Path(os.environ.get("PYST_BUILD", Path(__file__).resolve().parents[2] / "build"))
TRAFFIC = BUILD / "tests/asterisk/traffic"


@pytest.mark.skipif(not TRAFFIC.exists(), reason="traffic.c was not built")
def test_killed_in_mid_traffic(own_server: AsteriskServer) -> None:
    with subprocess.Popen(
        [str(TRAFFIC), own_server.host, str(own_server.ami_port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin is not None and program.stdout is not None
        try:
            assert program.stdout.readline() == "ready\n"
            for _ in range(3):
                own_server.kill()
                assert program.stdout.readline() == "lost\n"
                own_server.run()
                assert program.stdout.readline() == "ready\n"
            rest, _ = program.communicate(timeout=60)
        finally:
            program.kill()
    ends: Dict[str, int] = {}
    for line in rest.splitlines():
        name, n = line.split()
        ends[name] = int(n)
    assert program.returncode == 0
    assert set(ends) <= {"OK", "UNKNOWN_OUTCOME", "NOT_SENT"}
    assert ends["OK"] > 0
    assert ends["UNKNOWN_OUTCOME"] > 0
