# SPDX-License-Identifier: MIT
"""`pyst emulator`: what it says where, and how it ends."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import Iterator, Tuple

import pytest

from pyst_program import environment, pyst, start

DONE, USAGE, NO_CONNECTION, LOGIN = 0, 2, 3, 4
WAIT = 60  # seconds; what does not come by then does not come

Started = Tuple["subprocess.Popen[bytes]", str]


@contextlib.contextmanager
def emulator(*arguments: str, **variables: str) -> Iterator[Started]:
    """The program, and where it says that it listens."""
    with start("emulator", "--port", "0", *arguments, env=environment(**variables)) as program:
        try:
            assert program.stdout
            line = program.stdout.readline().decode()
            found = re.fullmatch(r"listening on (\S+:\d+)\n", line)
            assert found, line
            yield program, found[1]
        finally:
            program.kill()


def end(program: "subprocess.Popen[bytes]", by: int) -> None:
    program.send_signal(by)
    out, err = program.communicate(timeout=WAIT)
    assert (program.returncode, out, err) == (DONE, b"", b"")


def ping(where: str, user: str = "demo", secret: str = "secret") -> int:
    env = environment(ASTERISK=where, ASTERISK_USER=user, ASTERISK_SECRET=secret)
    return pyst("ami", "action", "Ping", env=env).code


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_serves_clients_until_a_signal(by: int) -> None:
    with emulator() as (program, where):
        assert where.startswith("127.0.0.1:")
        assert ping(where) == DONE
        assert ping(where, secret="wrong") == LOGIN
        port = int(where.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as client:
            assert client.recv(100).startswith(b"Asterisk Call Manager/")
            end(program, by)
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(100) == b""


def test_plays_a_script(tmp_path: Path) -> None:
    script = tmp_path / "chat"
    script.write_text("[Ping]\nResponse: Pong\n")
    with emulator("--script", str(script)) as (program, where):
        port = int(where.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as client:
            client.sendall(b"Action: Ping\r\nActionID: 1\r\n\r\n")
            with client.makefile("rb") as file:
                assert file.readline().startswith(b"Asterisk Call Manager/")
                assert file.readline() == b"Response: Pong\r\n"
                assert file.readline() == b"ActionID: 1\r\n"
        end(program, signal.SIGTERM)


def test_a_user_more_with_the_secret_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    with emulator("--user", "ann", "--secret-file", str(secret)) as (program, where):
        assert ping(where, "ann", "from a file") == DONE
        assert ping(where, "ann", "secret") == LOGIN
        assert ping(where) == DONE
        end(program, signal.SIGTERM)


def test_a_user_more_with_the_secret_in_the_environment() -> None:
    with emulator("--user", "ann", ASTERISK_SECRET="from there") as (program, where):
        assert ping(where, "ann", "from there") == DONE
        end(program, signal.SIGTERM)


def test_listens_on_ipv6() -> None:
    with contextlib.closing(socket.socket(socket.AF_INET6)) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
    with emulator("--host", "::1") as (program, where):
        assert where.startswith("[::1]:")
        assert ping(where) == DONE
        end(program, signal.SIGTERM)


def test_floods_only_when_told() -> None:
    for arguments, answer in (((), b"Error"), (("--flood",), b"Success")):
        with emulator(*arguments) as (program, where):
            port = int(where.rsplit(":", 1)[1])
            with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as client:
                client.sendall(
                    b"Action: Login\r\nUsername: demo\r\nSecret: secret\r\nEvents: off\r\n\r\n"
                    b"Action: Flood\r\nActionID: f\r\nCount: 3\r\n\r\nAction: Logoff\r\n\r\n"
                )
                with client.makefile("rb") as file:
                    said = file.read()
            assert b"Response: " + answer + b"\r\nActionID: f\r\n" in said
            end(program, signal.SIGTERM)


def test_prints_the_built_in_script(tmp_path: Path) -> None:
    printed = pyst("emulator", "--print-script")
    assert (printed.code, printed.err) == (DONE, "")
    script = tmp_path / "chat"
    script.write_bytes(printed.output)
    with emulator("--script", str(script)) as (program, where):
        assert ping(where) == DONE
        end(program, signal.SIGTERM)


def test_a_script_on_standard_input_that_is_wrong() -> None:
    run = pyst("emulator", "--script", "-", stdin=b"[Ping]\nno colon\n")
    assert (run.code, run.out) == (USAGE, "")
    assert run.err == "pyst: -:2: a line without a colon begins with |\n"


def test_what_is_wrong_in_the_command_line(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    for arguments, reason in (
        (["--port", "70000"], "port: 70000 is no number"),
        (["--port", "x"], "port: x is no number"),
        (["--host", "example.invalid", "--port", "0"], "no numeric address"),
        (["--script", missing], "No such file"),
        (["--script", str(tmp_path)], "Is a directory"),
        (["--user", "ann"], "no secret"),
        (["--user", "ann", "--secret-file", missing], "No such file"),
        (["--secret-file", missing], "no --user"),
        (["--secret", "x"], "list of processes"),
        (["--nonsense"], "--help tells the options"),
        (["more"], "more is no option"),
    ):
        run = pyst("emulator", *arguments)
        assert (run.code, run.out) == (USAGE, ""), arguments
        assert reason in run.err, arguments


def test_a_port_in_use() -> None:
    with emulator() as (_, where):
        port = where.rsplit(":", 1)[1]
        run = pyst("emulator", "--port", port)
        assert (run.code, run.out) == (NO_CONNECTION, "")
        assert "Address already in use" in run.err
