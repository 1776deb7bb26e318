# SPDX-License-Identifier: MIT
"""AGI programs of any language, started by Asterisk, and by ``pyst agi serve`` as they are."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Iterator, Tuple

import pytest

from agi_calls import PATIENCE, Call, Switchboard
from agi_driven import BUILD
from asterisk_server import AsteriskServer

PYST = BUILD / "cli/pyst"


@pytest.fixture(scope="module")
def board(server: AsteriskServer) -> Iterator[Switchboard]:
    with Switchboard(server) as board:
        yield board


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def executable(path: Path, text: str, interpreter: str = sys.executable) -> Path:
    path.write_text(f"#!{interpreter}\n{text}")
    path.chmod(0o755)
    return path


# -- hangup and failure -----------------------------------------------------------------------

WAITS_FOR_SIGHUP = """
import signal, sys, time
from asterisk.agi import AGI, AGIHangup

own = []
signal.signal(signal.SIGHUP, lambda *_: own.append(True))
agi = AGI(debug=False)
agi.set_variable("READY", "yes")
while not agi.hung_up:  # without a command, only SIGHUP can tell
    time.sleep(0.01)
assert own
try:
    agi.answer()
except AGIHangup as error:
    agi.raise_on_hangup = False
    agi.set_variable("TOLD", type(error).__name__)
    agi.database_put("told", sys.argv[1], type(error).__name__)
"""


def test_program_gets_sighup(board: Switchboard, tmp_path: Path) -> None:
    program = executable(tmp_path / "program", WAITS_FOR_SIGHUP)
    call = board.call("agi", f"{program},{tmp_path.name}")
    until(lambda: call.variable("READY") == b"yes")
    call.hang_up()
    assert call.result() == ("AGIEnd", "HANGUP")
    value = board.output(f"database get told {tmp_path.name}")
    assert value == ["Value: AGISIGHUPHangup"]
    board.output(f"database del told {tmp_path.name}")


FAILS = """
import sys
import asterisk.agi, asterisk.agitb

asterisk.agitb.enable(display=False, logdir=sys.argv[1])
agi = asterisk.agi.AGI(debug=False)
asterisk.agitb.enable(agi, display=True, logdir=sys.argv[1])

def share(total, digits):
    pin_code = "password of " + digits
    secret = "98765"
    return total / (int(digits) - int(secret[:1]))

agi.verbose("about to fail")
share(4711, "9")
"""


def test_program_that_fails_shows_its_traceback(board: Switchboard, tmp_path: Path) -> None:
    program = executable(tmp_path / "failing.py", FAILS)
    logs = tmp_path / "logs"
    logs.mkdir()
    call = board.call("agi", f"{program},{logs}")
    assert call.result()[0] == "AGIDone"
    call.hang_up()
    # The console, which the log has, is told by VERBOSE.
    until(lambda: "ZeroDivisionError" in board.server.log.read_text(errors="replace"))
    console = [
        line.split("]", 1)[1]
        for line in board.server.log.read_text(errors="replace").splitlines()
        if "res_agi" in line
    ]
    (report,) = logs.iterdir()
    for shown in ("\n".join(console), report.read_text()):
        assert "ZeroDivisionError" in shown
        assert "return total / (int(digits) - int(secret[:1]))" in shown
        assert "total = 4711" in shown
        # What is called a secret is not shown, but for the source that has it.
        assert "98765" not in shown.replace('secret = "98765"', "")


# -- programs that were written for AGI() -----------------------------------------------------

PERL = """
use strict;
use Asterisk::AGI;

my $AGI = Asterisk::AGI->new();
my %input = $AGI->ReadParse();
$AGI->answer();
$AGI->set_variable("FROM", "perl $input{uniqueid} $ARGV[0]");
my $digits = $AGI->get_data("beep", 20000, 3);
$AGI->set_variable("DIGITS", $digits);
my $ended = $AGI->stream_file("tt-monkeys", "5");
$AGI->set_variable("ENDED", chr($ended));
# This module puts no quotes around values.
$AGI->database_put("perl", $input{uniqueid}, $AGI->get_variable("DIGITS"));
$AGI->set_variable("DONE", $AGI->get_variable("NOT_SET") // "undefined");
"""

PHP = """<?php
$env = [];
while (($line = rtrim(fgets(STDIN))) !== '') {
    [$name, $value] = explode(':', $line, 2);
    $env[$name] = trim($value);
}
function ask($command) {
    fwrite(STDOUT, $command . "\\n");
    fflush(STDOUT);
    preg_match('/^200 result=(\\S*)(?: \\((.*)\\))?/', fgets(STDIN), $match);
    return $match;
}
ask('ANSWER');
ask('SET VARIABLE FROM "php ' . $env['agi_uniqueid'] . ' ' . $argv[1] . '"');
$digits = ask('GET DATA beep 20000 3')[1];
ask("SET VARIABLE DIGITS $digits");
$ended = ask('STREAM FILE tt-monkeys 5')[1];
ask('SET VARIABLE ENDED ' . chr($ended));
ask('DATABASE PUT php ' . $env['agi_uniqueid'] . ' "' . ask('GET VARIABLE DIGITS')[2] . '"');
ask('SET VARIABLE DONE ' . (ask('GET VARIABLE NOT_SET')[1] === '0' ? 'undefined' : 'set'));
"""

SHELL = """
while read -r line && [ -n "$line" ]; do
    case $line in agi_uniqueid:*) id=${line#agi_uniqueid: };; esac
done
ask() { echo "$1"; read -r reply; }
ask 'ANSWER'
ask "SET VARIABLE FROM \\"sh $id $1\\""
ask 'GET DATA beep 20000 3'
digits=${reply#200 result=}
ask "SET VARIABLE DIGITS $digits"
ask 'STREAM FILE tt-monkeys 5'
code=${reply#200 result=}
ask "SET VARIABLE ENDED $((${code%% *} - 48))"
ask 'GET VARIABLE DIGITS'
digits=${reply#*(}
ask "DATABASE PUT sh $id ${digits%)}"
ask 'SET VARIABLE DONE undefined'
"""


def wants(program: str, module: str = "") -> str:
    """Return the path of an interpreter that has a module, or skip the test."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    if module and subprocess.run([path, f"-M{module}", "-e1"], capture_output=True).returncode:
        pytest.skip(f"{program} has no {module}")
    return path


def written(language: str, folder: Path) -> Path:
    """Write the program of that language as somebody would have it for Asterisk."""
    if language == "perl":
        return executable(folder / "ask.pl", PERL, wants("perl", "Asterisk::AGI"))
    if language == "php":
        return executable(folder / "ask.php", PHP, f"{wants('php')} -q")
    return executable(folder / "ask.sh", SHELL, "/bin/sh")


class Served:
    """``pyst agi serve`` on a folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [PYST, "agi", "serve", "--listen", "agi://127.0.0.1:0", *options, folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().split()[-1]

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise


def converse(call: Call, language: str, argument: str) -> None:
    """Be the caller of one of the programs above, and see what it did."""
    call.wait_for_command("GET DATA")
    call.press(*"4#")
    call.wait_for_command("STREAM FILE")
    assert call.variable("FROM") == f"{language} {call.channel} {argument}".encode()
    assert call.variable("DIGITS") == b"4"
    call.press("5")
    until(lambda: call.variable("DONE") == b"undefined" or call.variable("DONE") is None)
    assert call.result() == ("AGIDone", "SUCCESS")
    stored = call.board.output(f"database get {language} {call.channel}")
    assert stored == ["Value: 4"]
    call.board.output(f"database del {language} {call.channel}")
    call.hang_up()


LANGUAGES = ("perl", "php", "sh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_program_under_asterisk_and_unchanged_under_pyst(
    board: Switchboard, language: str, tmp_path: Path
) -> None:
    program = written(language, tmp_path)
    calls = [(board.call("unanswered", f"{program},one"), "one")]
    with Served(tmp_path) as plain, Served(tmp_path, "--spare", "2") as spare:
        for served in (plain, spare):
            for argument in ("two", "three four"):
                address = f"{served.address}/{program.name},{argument}"
                calls.append((board.call("unanswered", address), argument))
        with ThreadPoolExecutor() as threads:
            callers = [threads.submit(converse, call, language, word) for call, word in calls]
        for caller in callers:
            caller.result()


NOTES_ITS_END = """
exec 3>>"$1"
trap 'echo "signal HUP" >&3' HUP
note() { # a signal interrupts read
    while ! read -r line; do :; done
    echo "$line" >&3
}
while read -r line && [ -n "$line" ]; do :; done
echo 'WAIT FOR DIGIT 60000'
note
echo 'NOOP'
note
echo 'ANSWER'
note
echo "end" >&3
"""


def test_served_program_hears_of_a_hangup_as_under_asterisk(
    board: Switchboard, tmp_path: Path
) -> None:
    program = executable(tmp_path / "notes.sh", NOTES_ITS_END, "/bin/sh")

    def heard(address: str, notes: Path) -> Tuple[str, ...]:
        call = board.call("agi", f"{address},{notes}")
        call.wait_for_command("WAIT FOR DIGIT")
        call.hang_up()
        assert call.result() == ("AGIEnd", "HANGUP")
        until(lambda: notes.exists() and "end" in notes.read_text())
        # The signal may come before or after a reply.
        return tuple(sorted(notes.read_text().splitlines()))

    own = heard(str(program), tmp_path / "asterisk")
    assert "signal HUP" in own and "200 result=-1" in own
    with Served(tmp_path) as served:
        assert heard(f"{served.address}/{program.name}", tmp_path / "served") == own


def test_path_without_a_program_is_told_so(board: Switchboard, tmp_path: Path) -> None:
    outside = executable(tmp_path / "outside.sh", SHELL, "/bin/sh")
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "plain.txt").write_text("no program")
    with Served(folder) as served:
        for path in ("none.sh", f"../{outside.name}", "plain.txt", ""):
            call = board.call("unanswered", f"{served.address}/{path}")
            assert call.result()[0] == "AGIDone"
            call.hang_up()
    assert "outside" not in os.listdir(folder)
