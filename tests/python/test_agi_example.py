# SPDX-License-Identifier: MIT
"""examples/python/ivr.py, as a program and over FastAGI."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripted_agi import Asterisk

IVR = Path(__file__).resolve().parents[2] / "examples/python/ivr.py"

ENVIRONMENT = b"agi_network_script: ivr\nagi_uniqueid: 17.5\nagi_arg_1: /messages\n\n"

#: A caller who hears an account, leaves a message, and hangs up; and what is sent for that.
ANSWERS = {
    "GET OPTION": [b"200 result=49 endpos=1\n", b"200 result=50 endpos=1\n", b"200 result=0\n"],
    "GET DATA": b"200 result=4711\n",
    "DATABASE GET": b"200 result=1 (250)\n",
    "RECORD FILE": b"HANGUP\n200 result=-1 (hangup) endpos=8000\n",
    "DATABASE PUT": b"200 result=1\n",
    "VERBOSE": b"200 result=1\n",
}

SENT = [
    "ANSWER",
    'STREAM FILE hello-world "" 0',
    'GET OPTION vm-options "12" 5000',
    "GET DATA vm-extension 5000 4",
    'DATABASE GET "account" "4711"',
    'SAY DIGITS "250" "#"',
    'GET OPTION vm-options "12" 5000',
    'STREAM FILE vm-intro "#" 0',
    'RECORD FILE "/messages/message-17.5" wav "#" 20000 0 beep s=5',
    'DATABASE PUT "message" "17.5" "8000"',
    'GET OPTION vm-options "12" 5000',
    'STREAM FILE vm-goodbye "" 0',
    "HANGUP",
]


def answers() -> dict[str, Any]:
    return {name: list(a) if isinstance(a, list) else a for name, a in ANSWERS.items()}


def test_as_a_program() -> None:
    ours, theirs = socket.socketpair()
    asterisk = Asterisk(answers(), ENVIRONMENT, sock=theirs)
    with ours:
        done = subprocess.run(
            [sys.executable, str(IVR), "/messages"],
            stdin=ours.fileno(),
            stdout=ours.fileno(),
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (0, b"")
    assert asterisk.sent() == SENT


#: Runs it with a server on any port of loopback, and tells which.
ANYWHERE = """
import runpy, sys
from asterisk import fastagi

class Server(fastagi.Server):
    def __init__(self, host):
        super().__init__("127.0.0.1", 0)
        print(self.port, flush=True)

fastagi.Server = Server
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_as_a_server() -> None:
    command = [sys.executable, "-c", ANYWHERE, str(IVR), "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            sock = socket.create_connection(("127.0.0.1", port), 60)
            assert Asterisk(answers(), ENVIRONMENT, sock=sock).sent() == SENT
        finally:
            process.terminate()
            assert process.wait(60) == 0
