# SPDX-License-Identifier: MIT
"""Where `pyst ami` takes its settings from, how it keeps a secret, and TLS."""

import os
import pty
import select
import signal
import socket
import ssl
import termios
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import pytest

from pyst_program import PYST, Ended, environment, pyst, start
from scripted_manager import SECRET, USER, ScriptedManager, message, self_signed

DONE, USAGE, NO_CONNECTION, LOGIN, INTERRUPTED = 0, 2, 3, 4, 130
PING = {"Ping": message("Response: Success", "Ping: Pong")}


@pytest.fixture
def manager() -> Iterator[ScriptedManager]:
    with ScriptedManager(PING) as manager:
        yield manager


@pytest.fixture
def unused() -> Iterator[int]:
    """A port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield int(sock.getsockname()[1])


def write(path: Path, *lines: str, mode: int = 0o600) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines))
    path.chmod(mode)
    return str(path)


def ping(*options: str, **variables: str) -> Ended:
    return ping_with(b"", *options, **variables)


def ping_with(stdin: bytes, *options: str, **variables: str) -> Ended:
    """Run the action Ping, and see that the secret stays unsaid."""
    run = pyst("ami", *options, "action", "Ping", env=environment(**variables), stdin=stdin)
    assert SECRET not in run.out + run.err
    return run


# Which setting counts.


def test_settings_file(manager: ScriptedManager, tmp_path: Path) -> None:
    path = write(
        tmp_path / "ami.conf",
        "# a comment",
        "; another",
        "",
        f"  host=127.0.0.1:{manager.port}",
        f"user\t = {USER}",
        f"secret = {SECRET}  ",
        "timeout = 20",
        "tls = no",
    )
    assert ping("--config", path).code == DONE


@pytest.mark.parametrize("variable, place", [("XDG_CONFIG_HOME", ""), ("HOME", ".config")])
def test_usual_settings_file(
    manager: ScriptedManager, tmp_path: Path, variable: str, place: str
) -> None:
    lines = [f"host = 127.0.0.1:{manager.port}", f"user = {USER}", f"secret = {SECRET}"]
    write(tmp_path / place / "pyst/ami.conf", *lines)
    assert ping(**{variable: str(tmp_path)}).code == DONE


def test_environment_counts_before_the_file(
    manager: ScriptedManager, unused: int, tmp_path: Path
) -> None:
    lines = [f"host = 127.0.0.1:{unused}", "user = nobody", "secret = wrong", f"port = {unused}"]
    path = write(tmp_path / "ami.conf", *lines)
    address = f"127.0.0.1:{manager.port}"
    assert ping("-c", path, ASTERISK=address).code == LOGIN
    assert ping("-c", path, ASTERISK=address, ASTERISK_USER=USER).code == LOGIN
    everything = {"ASTERISK": address, "ASTERISK_USER": USER, "ASTERISK_SECRET": SECRET}
    assert ping("-c", path, **everything).code == DONE


def test_options_count_before_the_environment(
    manager: ScriptedManager, unused: int, tmp_path: Path
) -> None:
    secret = write(tmp_path / "secret", SECRET, "not this line")
    wrong = {
        "ASTERISK": f"127.0.0.1:{unused}",
        "ASTERISK_USER": "nobody",
        "ASTERISK_SECRET": "wrong",
    }
    options = ["--user", USER, "--secret-file", secret, "--host", f"127.0.0.1:{manager.port}"]
    assert ping(*options, **wrong).code == DONE
    assert ping(*options[:4], "--port", str(manager.port), **wrong).code == DONE
    assert ping(*options[:5], "127.0.0.1", "-p", str(manager.port), **wrong).code == DONE
    assert ping("-p", str(manager.port), *options[:5], "127.0.0.1", **wrong).code == DONE


def test_port_belongs_to_the_host_it_stands_behind(unused: int) -> None:
    login = {"ASTERISK_USER": USER, "ASTERISK_SECRET": SECRET}
    run = ping("--host", "127.0.0.99", ASTERISK=f"127.0.0.1:{unused}", **login)
    assert run.code == NO_CONNECTION
    assert f"{unused}" not in run.err and "5038" in run.err


@pytest.mark.parametrize("form", ["[::1]:{}", "--port"])
def test_ipv6(form: str) -> None:
    login = {"ASTERISK_USER": USER, "ASTERISK_SECRET": SECRET}
    try:
        manager = ScriptedManager(PING, address="::1")
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    with manager:
        if form == "--port":
            assert ping("--host", "::1", "--port", str(manager.port), **login).code == DONE
            assert ping("--host", "[::1]", "--port", str(manager.port), **login).code == DONE
        else:
            assert ping(ASTERISK=form.format(manager.port), **login).code == DONE


@pytest.mark.parametrize(
    "line", ["nothing = 1", "host", "port = x", "tls = maybe", "timeout = -1", "port = 0"]
)
def test_settings_file_that_is_wrong(tmp_path: Path, line: str) -> None:
    run = ping("-c", write(tmp_path / "ami.conf", line), ASTERISK_USER=USER)
    assert run.code == USAGE
    assert run.err


def test_settings_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert "No such file" in ping("--config", str(tmp_path / "nothing")).err
    assert "Is a directory" in ping("--config", str(tmp_path)).err


def test_no_user() -> None:
    run = ping(ASTERISK_SECRET=SECRET)
    assert run.code == USAGE
    assert "no user" in run.err


# The secret.


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_file_with_a_secret_that_others_may_read(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "ami.conf", f"user = {USER}", f"secret = {SECRET}", mode=mode)
    run = ping("--config", path)
    assert run.code == USAGE
    assert f"chmod 600 {path}" in run.err


def test_file_without_a_secret_may_be_open(manager: ScriptedManager, tmp_path: Path) -> None:
    path = write(tmp_path / "ami.conf", f"user = {USER}", mode=0o644)
    address = f"127.0.0.1:{manager.port}"
    assert ping("-c", path, ASTERISK=address, ASTERISK_SECRET=SECRET).code == DONE


def test_secret_from_standard_input(manager: ScriptedManager) -> None:
    options = ["-H", f"127.0.0.1:{manager.port}", "-u", USER, "--secret-file", "-"]
    assert ping_with(SECRET.encode() + b"\r\nmore\n", *options).code == DONE
    assert ping_with(SECRET.encode(), *options).code == DONE
    assert ping_with(b"", *options).code == USAGE


def test_secret_file_that_is_not_there(tmp_path: Path) -> None:
    assert ping("-u", USER, "--secret-file", str(tmp_path / "nothing")).code == USAGE


def test_secret_as_an_option_is_refused() -> None:
    for option in ["--secret", SECRET], [f"--secret={SECRET}"]:
        run = ping("--user", USER, *option)
        assert run.code == USAGE
        assert "--secret-file" in run.err


def test_no_secret_and_nobody_to_ask() -> None:
    run = ping("--user", USER)
    assert run.code == USAGE
    assert "no secret" in run.err


def test_secret_is_in_no_command_line_and_no_output(
    manager: ScriptedManager, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "ami.conf",
        f"host = 127.0.0.1:{manager.port}",
        f"user = {USER}",
        f"secret = {SECRET}",
    )
    with start("ami", "--config", path, "action", "Unanswered", env=environment()) as run:
        manager.wait_for("Unanswered")
        assert SECRET.encode() not in Path(f"/proc/{run.pid}/cmdline").read_bytes()
        run.terminate()
        assert run.communicate() == (b"", b"")
    assert all(SECRET not in value for each in manager.actions for value in each.values())


class Terminal:
    """pyst with a terminal of its own."""

    def __init__(self, env: Dict[str, str], *arguments: str) -> None:
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(str(PYST), ["pyst", *arguments], env)

    def read(self) -> bytes:
        """What is printed next; nothing at the end."""
        ready, _, _ = select.select([self.fd], [], [], 60)
        if not ready:
            os.kill(self.pid, signal.SIGKILL)
            raise AssertionError(f"nothing comes after {self.seen!r}")
        try:
            data = os.read(self.fd, 4096)
        except OSError:  # EIO: the other side is closed
            data = b""
        self.seen += data
        return data

    def read_until(self, end: bytes) -> None:
        while end not in self.seen:
            assert self.read(), self.seen

    def read_all(self) -> Tuple[int, bytes]:
        """The exit code and all that was printed."""
        while self.read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), self.seen

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def test_secret_is_asked_for_without_echo(manager: ScriptedManager) -> None:
    env = environment(ASTERISK=f"127.0.0.1:{manager.port}", ASTERISK_USER=USER)
    with Terminal(env, "ami", "action", "Ping") as terminal:
        terminal.read_until(b"Secret of me: ")
        assert not terminal.echoes()
        os.write(terminal.fd, SECRET.encode() + b"\n")
        code, seen = terminal.read_all()
        assert terminal.echoes()
    assert code == DONE
    assert b"Pong" in seen
    assert SECRET.encode() not in seen


def test_interrupted_prompt_gives_the_echo_back() -> None:
    with Terminal(environment(ASTERISK_USER=USER), "ami", "action", "Ping") as terminal:
        terminal.read_until(b"Secret of me: ")
        os.write(terminal.fd, b"half\x03")
        assert terminal.read_all()[0] == INTERRUPTED
        assert terminal.echoes()


def test_ctrl_c_at_a_terminal_leaves_events(manager: ScriptedManager) -> None:
    login = {"ASTERISK_USER": USER, "ASTERISK_SECRET": SECRET}
    env = environment(ASTERISK=f"127.0.0.1:{manager.port}", **login)
    with Terminal(env, "ami", "events") as terminal:
        manager.wait_for("Login")
        os.write(terminal.fd, b"\x03")
        assert terminal.read_all()[0] in (DONE, INTERRUPTED)  # by whether the login was answered


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize("command", [["action", "X"], ["command", "x"]])
def test_no_control_character_reaches_a_terminal(options: List[str], command: List[str]) -> None:
    every = bytes(each for each in range(256) if each not in b"\0\r\n")
    output = [b"Output: " + every, b"Output: \xc2\x9b2J"]
    answer = message("Response: Success", *output, b"A: " + every)
    with ScriptedManager({"X": answer, "Command": answer}) as manager:
        login = {"ASTERISK_USER": USER, "ASTERISK_SECRET": SECRET}
        env = environment(ASTERISK=f"127.0.0.1:{manager.port}", **login)
        with Terminal(env, "ami", *options, *command) as terminal:
            code, seen = terminal.read_all()
    assert code == DONE
    for own in b"\x1b[0m", b"\x1b[1m", b"\x1b[2m", b"\x1b[36m":
        seen = seen.replace(own, b"")
    shown = seen.decode("utf-8")  # so no byte that a terminal takes for one of C1
    assert not [c for c in shown if ord(c) < 0x20 and c not in "\r\n\t" or 0x7F <= ord(c) < 0xA0]


# TLS.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Tuple[str, str]:
    return self_signed(str(tmp_path_factory.mktemp("tls")))


@pytest.fixture
def tls_manager(certificate: Tuple[str, str]) -> Iterator[ScriptedManager]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with ScriptedManager(PING, tls=context) as manager:
        yield manager


def ping_tls(manager: ScriptedManager, *options: str) -> Ended:
    login = {"ASTERISK_USER": USER, "ASTERISK_SECRET": SECRET}
    return ping("--tls", *options, ASTERISK=f"127.0.0.1:{manager.port}", **login)


def test_tls(tls_manager: ScriptedManager, certificate: Tuple[str, str]) -> None:
    trust = ["--ca-file", certificate[0]]
    run = ping_tls(tls_manager, *trust, "--server-name", "localhost")
    assert (run.code, run.err) == (DONE, "")


def test_tls_from_the_settings_file(
    tls_manager: ScriptedManager, certificate: Tuple[str, str], tmp_path: Path
) -> None:
    lines = ["tls = yes", f"ca-file = {certificate[0]}", "server-name = localhost"]
    login = {"ASTERISK_USER": USER, "ASTERISK_SECRET": SECRET}
    path = write(tmp_path / "ami.conf", *lines, mode=0o644)
    assert ping("-c", path, ASTERISK=f"127.0.0.1:{tls_manager.port}", **login).code == DONE


def test_tls_with_a_certificate_that_nobody_signed(tls_manager: ScriptedManager) -> None:
    run = ping_tls(tls_manager, "--server-name", "localhost")
    assert run.code == NO_CONNECTION
    assert "certificate" in run.err
    assert tls_manager.actions == []


def test_tls_with_a_certificate_of_another_name(
    tls_manager: ScriptedManager, certificate: Tuple[str, str]
) -> None:
    run = ping_tls(tls_manager, "--ca-file", certificate[0])  # 127.0.0.1 is not in it
    assert run.code == NO_CONNECTION
    assert "certificate" in run.err


def test_tls_without_verification(tls_manager: ScriptedManager) -> None:
    assert ping_tls(tls_manager, "--no-verify").code == DONE


def test_tls_with_a_server_that_has_none(manager: ScriptedManager) -> None:
    run = ping_tls(manager, "--no-verify")
    assert run.code == NO_CONNECTION
    assert "TLS" in run.err


def test_tls_with_a_client_certificate(certificate: Tuple[str, str]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.load_verify_locations(certificate[0])
    context.verify_mode = ssl.CERT_REQUIRED
    trust = ["--ca-file", certificate[0], "--server-name", "localhost"]
    own = ["--certificate", certificate[0], "--key", certificate[1]]
    with ScriptedManager(PING, tls=context) as manager:
        assert ping_tls(manager, *trust).code == NO_CONNECTION
        assert ping_tls(manager, *trust, *own).code == DONE


def test_settings_of_tls_without_tls(manager: ScriptedManager) -> None:
    login = {"ASTERISK_USER": USER, "ASTERISK_SECRET": SECRET}
    address = f"127.0.0.1:{manager.port}"
    for options in ["--ca-file", "/x"], ["--no-verify"], ["--server-name", "x"]:
        run = ping(*options, ASTERISK=address, **login)
        assert run.code == USAGE
        assert "--tls" in run.err
    assert manager.actions == []
