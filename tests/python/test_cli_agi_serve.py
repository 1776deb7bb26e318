# SPDX-License-Identifier: MIT
"""`pyst agi serve`: programs of a folder, run as Asterisk would run them."""

import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Tuple

import pytest

from pyst_program import environment, pyst, start

DONE, USAGE = 0, 2

# Writes down what it is given; the call's second argument says what to do.
PROGRAM = """#!/bin/sh
request=
while read -r line && [ -n "$line" ]; do
    case $line in agi_request:*) request=${line#agi_request: } ;; esac
done
echo "VERBOSE \\"$# $1 $request\\" 1"
read -r reply
echo "$reply" > "$0.reply"
case $2 in
status) exit 3 ;;
hangup) trap 'echo came > "$0.hangup"; exit 0' HUP
        echo set > "$0.trap"; while :; do sleep 0.05; done ;;
long) printf '%09000d\\n' 1; read -r reply; echo "$reply" > "$0.reply" ;;
burst) printf 'NOOP 1\\nNOOP 2\\nNOOP 3\\n'
       for i in 1 2 3; do read -r reply; echo "$reply" >> "$0.reply"; done ;;
silent) exec < /dev/null > /dev/null; sleep 0.2 ;;
stdin) exec 3< /dev/stdin; echo NOOP; read -r reply <&3; echo "$reply" > "$0.reply" ;;
esac
"""


class Call:
    """A FastAGI call, as Asterisk makes it."""

    def __init__(self, port: int, path: str, *arguments: str, raw: bytes = b"") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        lines = [
            "agi_network: yes",
            f"agi_network_script: {path}",
            f"agi_request: agi://127.0.0.1/{path}",
            "agi_channel: Local/1",
        ]
        lines += [f"agi_arg_{i}: {text}" for i, text in enumerate(arguments, 1)]
        self.socket.sendall("\n".join(lines).encode() + b"\n" + raw + b"\n")
        self.lines = self.socket.makefile("rb")

    def command(self) -> str:
        return self.lines.readline().decode()

    def reply(self, *lines: str) -> None:
        self.socket.sendall("".join(line + "\n" for line in lines).encode())

    def run(self) -> List[str]:
        """Answer every command; what they were."""
        commands: List[str] = []
        while True:
            command = self.command()
            if not command:
                self.close()
                return commands
            commands.append(command)
            self.reply("200 result=1")

    def close(self) -> None:
        self.lines.close()
        self.socket.close()


class Server:
    def __init__(self, folder: Path, *options: str) -> None:
        self.process = start(
            "agi", "serve", "--listen", "agi://127.0.0.1:0", *options, str(folder), env=environment()
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        assert line.startswith("listening on agi://127.0.0.1:"), line
        self.port = int(line.rsplit(":", 1)[1])

    def stop(self) -> Tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors.decode()

    def children(self) -> List[str]:
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True
        )
        return listed.stdout.split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "programs"
    (path / "below").mkdir(parents=True)
    write_program(path / "ivr.sh")
    write_program(path / "below/other.sh")
    (path / "notes.txt").write_text("no program\n")
    write_program(tmp_path / "outside.sh")
    (path / "leads-out.sh").symlink_to(tmp_path / "outside.sh")
    (path / "missing-interpreter").write_text("#!/nonexistent/interpreter\n")
    (path / "missing-interpreter").chmod(0o755)
    return path


def write_program(path: Path, text: str = PROGRAM) -> None:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    yield server
    server.process.kill()
    server.process.communicate()


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def wait_for(path: Path) -> str:
    wait_until(lambda: path.exists() and path.read_text().endswith("\n"))
    return path.read_text()


def test_a_program_gets_its_call_as_from_asterisk(server: Server, folder: Path) -> None:
    program = folder / "ivr.sh"
    commands = Call(server.port, "ivr.sh", "one two").run()
    assert commands == [f'VERBOSE "1 one two {program}" 1\n']
    assert (folder / "ivr.sh.reply").read_text() == "200 result=1\n"


@pytest.mark.parametrize("path", ["below/other.sh", "below/../ivr.sh", "/ivr.sh", "ivr.sh?a=b"])
def test_paths_of_programs(server: Server, folder: Path, path: str) -> None:
    (command,) = Call(server.port, path).run()
    assert command.startswith('VERBOSE "0  ' + str(folder))


@pytest.mark.parametrize(
    "path", ["", "none.sh", "below", "../outside.sh", "leads-out.sh", "ivr.sh/", "%00", "notes.txt/x"]
)
def test_paths_of_no_program(server: Server, path: str) -> None:
    told, status = Call(server.port, path).run()
    assert told.startswith('VERBOSE "No such path on the AGI server: ')
    assert status == 'SET VARIABLE "AGI_SERVER_STATUS" "NOTFOUND"\n'


@pytest.mark.parametrize("path", ["notes.txt", "missing-interpreter"])
def test_what_cannot_be_started_is_told(server: Server, path: str) -> None:
    told, status = Call(server.port, path).run()
    assert told == f'VERBOSE "The AGI server could not start the program: \\"{path}\\"" 1\n'
    assert status == 'SET VARIABLE "AGI_SERVER_STATUS" "FAILED"\n'


def test_a_nul_in_the_path_names_nothing(server: Server) -> None:
    told, _ = Call(server.port, "x", raw=b"agi_network_script: ivr.sh\0/x\n").run()
    assert told.startswith('VERBOSE "No such path')


def test_the_exit_status_is_reported(server: Server, folder: Path) -> None:
    Call(server.port, "ivr.sh", "a", "status").run()
    assert server.process.stderr is not None
    told = server.process.stderr.readline().decode()
    assert told == f"pyst: {folder / 'ivr.sh'}: exit status 3\n"
    assert server.stop() == (DONE, "")


def test_a_hangup_is_sighup_to_the_program(server: Server, folder: Path) -> None:
    call = Call(server.port, "ivr.sh", "a", "hangup")
    call.command()
    call.reply("200 result=1")
    wait_for(folder / "ivr.sh.trap")
    call.reply("HANGUP")
    assert wait_for(folder / "ivr.sh.hangup") == "came\n"
    assert call.command() == ""
    call.close()


def test_a_hangup_line_never_reaches_the_program(server: Server, folder: Path) -> None:
    write_program(
        folder / "deaf.sh",
        '#!/bin/sh\ntrap "" HUP\nwhile read -r line && [ -n "$line" ]; do :; done\n'
        'echo NOOP; read -r reply; echo "$reply" > "$0.reply"\n',
    )
    call = Call(server.port, "deaf.sh")
    assert call.command() == "NOOP\n"
    call.reply("HANGUP", "200 result=0", "HANGUP")
    assert call.command() == ""
    call.close()
    assert (folder / "deaf.sh.reply").read_text() == "200 result=0\n"


def test_commands_go_one_at_a_time(server: Server, folder: Path) -> None:
    call = Call(server.port, "ivr.sh", "a", "burst")
    call.command()
    call.reply("200 result=1")
    assert call.command() == "NOOP 1\n"
    call.socket.settimeout(0.5)
    with pytest.raises(socket.timeout):
        call.socket.recv(1)
    call.close()


def test_a_line_asterisk_cannot_read_is_refused_in_its_place(server: Server, folder: Path) -> None:
    commands = Call(server.port, "ivr.sh", "a", "long").run()
    assert len(commands) == 1
    assert wait_for(folder / "ivr.sh.reply").startswith("520 an AGI command is longer ")


def test_standard_input_can_be_opened_again(server: Server, folder: Path) -> None:
    assert Call(server.port, "ivr.sh", "a", "stdin").run()[1:] == ["NOOP\n"]
    assert wait_for(folder / "ivr.sh.reply") == "200 result=1\n"


def test_the_call_ends_with_the_programs_output(server: Server) -> None:
    assert len(Call(server.port, "ivr.sh", "a", "silent").run()) == 1


def test_spare_processes_serve_calls_without_arguments(folder: Path) -> None:
    server = Server(folder, "--spare", "2")
    try:
        assert server.children() == []
        Call(server.port, "ivr.sh").run()
        wait_until(lambda: len(server.children()) == 2)  # that of the call has ended
        before = set(server.children())
        # One of those is taken, and another is started; one with arguments gets its own.
        Call(server.port, "ivr.sh").run()
        wait_until(lambda: len(server.children()) == 2)
        assert len(before & set(server.children())) == 1
        (command,) = Call(server.port, "ivr.sh", "x").run()
        assert command.startswith('VERBOSE "1 x ')
        # A program that has changed is not served by those of before.
        write_program(folder / "ivr.sh", "#!/bin/sh\necho NOOP changed\nread -r reply\n")
        assert Call(server.port, "ivr.sh").run() == ["NOOP changed\n"]
    finally:
        code, _ = server.stop()
    assert code == DONE


def test_many_calls_at_once(server: Server, folder: Path) -> None:
    commands: List[Optional[List[str]]] = [None] * 100

    def call(i: int) -> None:
        commands[i] = Call(server.port, "ivr.sh", f"number-{i}").run()

    threads = [threading.Thread(target=call, args=(i,)) for i in range(len(commands))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for i, came in enumerate(commands):
        assert came == [f'VERBOSE "1 number-{i} {folder / "ivr.sh"}" 1\n']
    assert server.stop() == (DONE, "")


def test_stopping_lets_calls_end(folder: Path) -> None:
    server = Server(folder, "--drain", "20")
    call = Call(server.port, "ivr.sh", "x")
    assert call.command().startswith("VERBOSE")
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert server.process.poll() is None
    call.reply("200 result=1")
    assert call.command() == ""
    call.close()
    assert server.process.wait(timeout=60) == DONE
    server.process.communicate()


def test_the_trace_shows_the_dialogue(folder: Path) -> None:
    server = Server(folder, "--trace")
    Call(server.port, "ivr.sh").run()
    code, errors = server.stop()
    assert code == DONE
    assert "agi_channel: Local/1" in errors
    assert "VERBOSE " in errors
    assert "200 result=1" in errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "pyst: agi serve: one folder is needed\n"),
        (["/nonexistent"], "pyst: /nonexistent: No such file or directory\n"),
        (["--listen", "x", "."], "pyst: x is no address such as agi://192.0.2.1:4573 or unix:PATH\n"),
        (["--allow", "x", "."], "pyst: --allow: no network such as 192.0.2.0/24\n"),
        (["--spare", "0", "."], "pyst: spare: 0 is no number from 1 to 1000\n"),
        (["--key", "x", "."], "pyst: --key and --client-ca go with --certificate\n"),
        (["--certificate", "/nonexistent", "."], "pyst: the certificate or its key cannot be used\n"),
    ],
)
def test_wrong_usage(arguments: List[str], message: str) -> None:
    run = pyst("agi", "serve", *arguments)
    assert (run.code, run.out, run.err) == (USAGE, "", message)


def test_help() -> None:
    run = pyst("agi", "serve", "--help")
    assert (run.code, run.err) == (DONE, "")
    assert run.out.startswith("Usage: pyst agi serve ")


def test_a_unix_socket(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "agi.socket"
    process = start("agi", "serve", "--listen", f"unix:{path}", str(folder), env=environment())
    assert process.stdout is not None
    assert process.stdout.readline().decode() == f"listening on unix:{path}\n"
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(path))
    client.sendall(b"agi_network_script: ivr.sh\n\n")
    assert client.makefile("rb").readline().startswith(b"VERBOSE ")
    client.close()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == DONE


@pytest.mark.skipif(shutil.which("perl") is None, reason="needs perl")
def test_a_program_in_another_language(server: Server, folder: Path) -> None:
    write_program(
        folder / "ivr.pl",
        "#!/usr/bin/env perl\n$| = 1;\nwhile (<STDIN>) { last if /^$/ }\n"
        'print "SET VARIABLE x $ARGV[0]\\n"; <STDIN>;\n',
    )
    assert Call(server.port, "ivr.pl", "y").run() == ["SET VARIABLE x y\n"]
