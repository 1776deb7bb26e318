# SPDX-License-Identifier: MIT
"""`pyst agi run`: an AGI program at the terminal."""

import signal
import stat
from pathlib import Path
from typing import Any, Callable, List

import pytest

from pyst_program import Ended, environment, pyst, start

USAGE, CANNOT_START, INTERRUPTED = 2, 127, 130
DEAD = "< 511 Command Not Permitted on a dead channel or intercept routine"

HEAD = """#!/bin/sh
while IFS= read -r line && [ -n "$line" ]; do
    case $line in $SHOWN:*) echo "$line" >&2 ;; esac
done
ask() { echo "$*"; read -r reply; echo "$reply" >&2; }
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Ended]:
    """A function that runs a shell script under `pyst agi run`, with options before it."""

    def run_script(script: str, *options: str, arguments: List[str] = [], **env: str) -> Ended:
        path = tmp_path / "program"
        path.write_text(HEAD + script, encoding="utf-8")
        path.chmod(0o700)
        return pyst("agi", "run", *options, str(path), *arguments, env=environment(**env))

    return run_script


def dialogue(run: Ended) -> List[str]:
    """What was printed after the environment."""
    lines = run.out.splitlines()
    return lines[lines.index("< ") + 1 :]


def test_the_dialogue_is_printed_and_the_exit_code_is_the_programs(run: Any) -> None:
    done = run("ask ANSWER; ask GOSUB a b 1; ask NOTHING; exit 7")
    assert done.code == 7
    assert dialogue(done) == [
        "> ANSWER",
        "< 200 result=0",
        "> GOSUB a b 1",
        "< 100 result=0 Trying...",
        "< 200 result=0 Gosub complete",
        "> NOTHING",
        "< 510 Invalid or unknown command",
    ]
    # The script took one line for a reply, and so the second one for the next.
    assert done.err.splitlines() == [
        "200 result=0",
        "100 result=0 Trying...",
        "200 result=0 Gosub complete",
    ]


def test_the_environment_is_what_the_options_say(run: Any) -> None:
    done = run("", SHOWN="agi_*")
    assert "agi_callerid: 5551234" in done.err
    assert [line[2:] for line in done.out.splitlines()] == done.err.splitlines() + [""]
    done = run(
        "ask GET VARIABLE 'CALLERID(name)'",
        *["--callerid", "Ann Example <123>", "-e", "100", "--set", "agi_language=de"],
        *["--set", "threadid="],
        arguments=["one", "two: 2", ""],
        SHOWN="agi_*",
    )
    lines = done.err.splitlines()
    assert lines[0].startswith("agi_request: /") and lines[0].endswith("/program")
    for line in (
        "agi_callerid: 123",
        "agi_calleridname: Ann Example",
        "agi_extension: 100",
        "agi_language: de",
        "agi_threadid: ",
    ):
        assert lines.count(line) == 1
    assert lines[-4:] == [
        "agi_arg_1: one",
        "agi_arg_2: two: 2",
        "agi_arg_3: ",
        "200 result=1 (Ann Example)",
    ]
    assert "agi_callerid: 77" in run("", "-c", "77", SHOWN="agi_callerid").err


def test_arguments_are_the_programs(run: Any) -> None:
    done = run('echo "$#:$1:$2" >&2', "-q", arguments=["--digits", "a b"])
    assert (done.out, done.err) == ("", "2:--digits:a b\n")


def test_keys_texts_variables_and_replies(run: Any) -> None:
    done = run(
        "ask GET DATA enter 1000 4; ask WAIT FOR DIGIT 1000; ask WAIT FOR DIGIT 1000;"
        " ask RECEIVE TEXT 1000; ask RECEIVE TEXT 1000; ask GET VARIABLE NAME;"
        ' ask \'GET FULL VARIABLE "${NAME}!"\'; ask DATABASE GET cidname 123;'
        " ask EXEC Dial PJSIP/1; ask EXEC Wait 1",
        *["--digits", "12#w", "-d", "3", "-t", "hello (you)", "--text", "again"],
        *["-v", "NAME=a=b", "--database", "cidname/123=Ann=", "--reply", "exec dial=200 result=-1"],
    )
    assert done.code == 0
    assert done.err.splitlines() == [
        "200 result=12",
        "200 result=0",
        "200 result=51",
        "200 result=1 (hello (you))",
        "200 result=1 (again)",
        "200 result=1 (a=b)",
        "200 result=1 (a=b!)",
        "200 result=1 (Ann=)",
        "200 result=-1",
        "200 result=0",
    ]


def test_the_caller_hangs_up_after_a_command(run: Any) -> None:
    script = "trap 'got=yes' HUP; ask ANSWER; ask STREAM FILE x 1; ask NOOP; echo $got >&2"
    done = run(script, "--hangup-after", "1")
    assert dialogue(done) == [
        "> ANSWER",
        "< 200 result=0",
        "* hung up: SIGHUP",
        "> STREAM FILE x 1",
        DEAD,
        "> NOOP",
        "< 200 result=0",
    ]
    assert done.err.splitlines()[-1] == "yes"


def test_the_caller_hangs_up_during_a_command(run: Any) -> None:
    script = "trap 'got=yes' HUP; ask ANSWER; ask STREAM FILE x 1; ask NOOP; echo $got >&2"
    done = run(script, "--hangup-during", "2")
    assert dialogue(done) == [
        "> ANSWER",
        "< 200 result=0",
        "> STREAM FILE x 1",
        "< 200 result=-1 endpos=4000",
        "* hung up: SIGHUP",
        "> NOOP",
        "< 200 result=0",
    ]
    assert done.err.splitlines()[-1] == "yes"


def test_a_program_that_a_signal_ends(run: Any) -> None:
    done = run("ask ANSWER; kill -TERM $$")
    assert done.code == 128 + signal.SIGTERM
    assert "pyst: ended by signal 15 (Terminated)\n" in done.err
    # So it is with a hangup that is not caught.
    done = run("ask HANGUP; while :; do sleep 0.05; done")
    assert done.code == 128 + signal.SIGHUP


def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    done = pyst("agi", "run", "-q", str(tmp_path / "absent"))
    assert done.code == CANNOT_START
    assert done.err == f"pyst: {tmp_path}/absent: No such file or directory\n"


def test_a_program_that_reads_or_says_nothing(run: Any) -> None:
    done = run("exec <&-; echo NOOP; exec >&-; exit 4")
    assert done.code == 4
    assert dialogue(done) == ["> NOOP", "< 200 result=0"]


def test_much_is_said_at_once_and_nothing_stands_still(run: Any) -> None:
    # More than pipes hold, before any reply is read.
    done = run(
        'i=0; while [ $i -lt 4000 ]; do echo "GET VARIABLE LONG"; i=$((i + 1)); done;'
        " exec >&-; cat >&2",
        *["-q", "--variable", f"LONG={'x' * 500}"],
    )
    assert done.code == 0
    replies = done.err.splitlines()
    assert len(replies) == 4000
    assert set(replies) == {f"200 result=1 ({'x' * 500})"}


def test_a_terminal_gets_no_control_characters(run: Any) -> None:
    done = run("printf 'VERBOSE \"\\033[2J\\351\"\\n'; read -r reply")
    assert dialogue(done)[0] == '> VERBOSE "\\x1b[2J\\xe9"'


def test_an_interrupt_hangs_up(tmp_path: Path) -> None:
    path = tmp_path / "program"
    script = "trap 'echo NOOP; read -r reply; exit 5' HUP; ask NOOP; while :; do sleep 0.05; done"
    path.write_text(HEAD + script, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    running = start("agi", "run", str(path), env=environment())
    assert running.stdout is not None
    for line in running.stdout:
        if line == b"< 200 result=0\n":
            break
    running.send_signal(signal.SIGTERM)
    out, _ = running.communicate(timeout=60)
    assert out.decode().splitlines() == ["* hung up: SIGHUP", "> NOOP", "< 200 result=0"]
    assert running.returncode == INTERRUPTED


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "which program?"),
        (["--nothing"], "pyst agi run --help tells the options"),
        (["--set", "language", "x"], "--set: language is not NAME=VALUE"),
        (["--variable", "=x", "x"], "--variable: =x is not NAME=VALUE"),
        (["--database", "key=x", "x"], "--database: key is not FAMILY/KEY=VALUE"),
        (["--reply", "NOOP", "x"], "--reply: NOOP is not COMMAND=REPLY"),
        (["--hangup-after", "0", "x"], "--hangup-after: 0 is no number from 1"),
        (["--hangup-during", "x", "x"], "--hangup-during: x is no number from 1"),
    ],
)
def test_wrong_usage(arguments: List[str], said: str) -> None:
    done = pyst("agi", "run", *arguments)
    assert (done.code, done.out) == (USAGE, "")
    assert said in done.err


def test_help() -> None:
    done = pyst("agi", "run", "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Usage: pyst agi run ")
