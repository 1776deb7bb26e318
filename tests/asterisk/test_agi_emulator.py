# SPDX-License-Identifier: MIT
"""The emulated PBX of `pyst agi run` says to commands what a real Asterisk says, byte for byte."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

from agi_calls import Switchboard
from asterisk_server import AsteriskServer
from raw_agi import RawAgiServer

if shutil.which("pyst") is None:
    pytest.skip("pyst was not built", allow_module_level=True)

#: An AGI program that sends the lines of a file and writes down the line that ends each reply.
PROGRAM = """\
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
while sys.stdin.buffer.readline().strip():
    pass
with open(sys.argv[1], "rb") as lines, open(sys.argv[2], "wb") as replies:
    for line in lines:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        reply = b"100"
        while reply[3:4] == b"-" or not reply[:1].isdigit() or reply.startswith(b"100"):
            reply = sys.stdin.buffer.readline()
            assert reply
        replies.write(reply)
"""

#: Of a call in which nobody presses a key; what happens takes no more than moments.
LINES = r"""
ANSWER
CHANNEL STATUS
CHANNEL STATUS nobody
NOOP
noop with more
NOTHING
GET
"SET VARIABLE" X 1
SET VARIABLE
SET VARIABLE X
SET VARIABLE X 1 2
SET VARIABLE X one
GET VARIABLE X
set   variable	X "two words"
GET VARIABLE X
"SET" "VARIABLE" X "q \"uo\\te\" (p) ,;"
GET VARIABLE X
SET VARIABLE X a\b
GET VARIABLE X
SET VARIABLE X a\ b
GET VARIABLE X
SET VARIABLE X a"b c"d
GET VARIABLE X
SET VARIABLE X "a"b
GET VARIABLE X
SET VARIABLE X \"x\"
GET VARIABLE X
SET VARIABLE X "unclosed
GET VARIABLE X
SET VARIABLE X trailing\
GET VARIABLE X
SET VARIABLE X ""
GET VARIABLE X
GET VARIABLE NOTSET
GET VARIABLE "no such"
SET VARIABLE X 5
GET FULL VARIABLE "<${X}${NOTSET}> $ {X}"
GET FULL VARIABLE ${NOTSET}
GET FULL VARIABLE ${X} nobody
GET FULL VARIABLE
SET CALLERID 77
GET VARIABLE CALLERID(num)
GET VARIABLE CALLERID(name)
SET CALLERID "Ann Example <123>"
GET VARIABLE CALLERID(num)
GET VARIABLE CALLERID(name)
SET CALLERID "\"Bob\" <124>"
GET VARIABLE CALLERID(num)
GET VARIABLE CALLERID(name)
SET CALLERID "+49 (30) 12-34.5"
GET VARIABLE CALLERID(num)
GET VARIABLE CALLERID(name)
SET CALLERID "\"A <b> c\" <4-5.6>"
GET VARIABLE CALLERID(num)
GET VARIABLE CALLERID(name)
SET CALLERID "Cid <7> x"
GET VARIABLE CALLERID(num)
SET CALLERID "Dan <8"
GET VARIABLE CALLERID(num)
SET CALLERID alice@example.org
GET VARIABLE CALLERID(num)
GET VARIABLE CALLERID(name)
SET CALLERID "\"Eve\""
GET VARIABLE CALLERID(name)
SET CALLERID "<9>"
GET VARIABLE CALLERID(num)
GET VARIABLE CALLERID(name)
SET CALLERID ""
GET VARIABLE CALLERID(num)
DATABASE GET agitest k
DATABASE PUT agitest k v
DATABASE GET agitest k
DATABASE PUT agitest k ""
DATABASE GET agitest k
DATABASE DEL agitest k
DATABASE DEL agitest k
DATABASE GET agitest k
DATABASE PUT agitest a/b 1
DATABASE PUT agitest ab 2
DATABASE DELTREE agitest a
DATABASE DELTREE agitest a
DATABASE GET agitest a/b
DATABASE GET agitest ab
DATABASE DELTREE agitest
DATABASE DELTREE agitest
DATABASE PUT agitest
VERBOSE "some words" 3
VERBOSE words
VERBOSE
EXEC NoOp
EXEC NoOp "a,b" more
EXEC
GOSUB agi-sub s 1 "a,b"
GOSUB agi-sub s
STREAM FILE "" ""
STREAM FILE beep
STREAM FILE beep "" x
GET OPTION "" "" 1
CONTROL STREAM FILE "" ""
CONTROL STREAM FILE beep "" x
CONTROL STREAM FILE beep "" 1000 # * 0 x
GET DATA "" 1
GET DATA "" 1 0
WAIT FOR DIGIT 1
WAIT FOR DIGIT 1x
WAIT FOR DIGIT x
RECEIVE CHAR 1
RECEIVE TEXT 1
RECORD FILE x gsm "" x
SAY ALPHA "" ""
SAY NUMBER x ""
SAY DIGITS "" ""
SAY DIGITS a ""
SAY DIGITS *1 ""
SAY NUMBER "" ""
SAY DATE x ""
SAY TIME x ""
SAY DATETIME x ""
SAY DATETIME 0 "" ""
SAY PHONETIC
SEND TEXT "some text"
SEND IMAGE nothing
SET AUTOHANGUP 0
SET AUTOHANGUP x
SET MUSIC on
SET MUSIC off
SET MUSIC maybe
SET CONTEXT tests
SET EXTENSION wait
SET PRIORITY 1
SET PRIORITY nowhere
TDD MODE off
SPEECH CREATE ""
SPEECH SET a b
SPEECH LOAD GRAMMAR a b
SPEECH ACTIVATE GRAMMAR a
SPEECH RECOGNIZE a 1
SPEECH DEACTIVATE GRAMMAR a
SPEECH UNLOAD GRAMMAR a
SPEECH DESTROY
ASYNCAGI BREAK
HANGUP nobody
HANGUP
NOOP
ANSWER
HANGUP
NOTHING
GET VARIABLE X
GET VARIABLE
STREAM FILE
WAIT FOR DIGIT -1
EXEC NoOp
VERBOSE words
DATABASE GET agitest k
SET VARIABLE X 6
GET FULL VARIABLE ${X}
"""


def test_replies_are_those_of_a_real_server(server: AsteriskServer, tmp_path: Path) -> None:
    lines = LINES.strip("\n").split("\n")
    (tmp_path / "lines").write_text(LINES.lstrip("\n"), encoding="utf-8")
    program = tmp_path / "program"
    program.write_text(f"#!{sys.executable}\n{PROGRAM}", encoding="utf-8")
    program.chmod(0o700)
    command = ["pyst", "agi", "run", "-q", str(program)]
    done = subprocess.run(
        [*command, str(tmp_path / "lines"), str(tmp_path / "replies")],
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    emulated = (tmp_path / "replies").read_bytes().splitlines(keepends=True)

    real: List[bytes] = []
    with RawAgiServer() as programs, Switchboard(server) as board:
        board.call("agi", programs.address("emulated"))
        with programs.take("emulated") as call:
            real += [call.ask(line) for line in lines]
    assert len(emulated) == len(real) == len(lines)
    assert list(zip(lines, emulated)) == list(zip(lines, real))
