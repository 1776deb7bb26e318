# SPDX-License-Identifier: MIT
"""asterisk.fastagi: the server, its routes and limits, and pyst2's handler."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Optional

import pytest
from scripted_agi import OK, Asterisk

from asterisk import aio, fastagi
from asterisk.agi import AGI, AGIHangup, AGISIGPIPEHangup
from asterisk.fastagi import FastAGI, Routes, Server

PATIENCE = 60.0


def environment(path: str) -> bytes:
    return f"agi_network: yes\nagi_network_script: {path}\n\n".encode()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Running:
    """A server in a thread."""

    def __init__(self, **kwargs: Any) -> None:
        self.errors: list[tuple[str, Exception]] = []
        kwargs.setdefault("on_error", lambda path, error: self.errors.append((path, error)))
        self.server = Server("127.0.0.1", 0, **kwargs)
        self.thread = threading.Thread(target=self.server.serve_forever)

    def start(self) -> None:
        self.thread.start()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.port), PATIENCE)

    def call(self, path: str = "", answers: Optional[dict[str, Any]] = None) -> Asterisk:
        return Asterisk(answers, environment(path), sock=self.connect())

    def stop(self, drain: float = 0.0) -> None:
        self.server.stop(drain)
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@pytest.fixture
def running() -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def make(**kwargs: Any) -> Running:
        started.append(Running(**kwargs))
        return started[-1]

    yield make
    for one in started:
        if one.thread.ident is not None:
            one.stop()


def run_both(server: Server, pattern: str = "plain") -> None:
    """Routes for a plain and an async handler that do the same."""

    @server.route("plain")
    def plain(agi: AGI) -> None:
        agi.verbose(agi.parameters.get("x", ""))
        agi.set_variable("A", agi.get_variable("B"))

    @server.route("async")
    async def awaited(agi: aio.AGI) -> None:
        await agi.verbose(agi.parameters.get("x", ""))
        await agi.set_variable("A", await agi.get_variable("B"))


@pytest.mark.parametrize("path", ["plain", "async"])
def test_a_call(running: Callable[..., Running], path: str) -> None:
    server = running()
    run_both(server.server)
    server.start()
    answers = {"GET": b"200 result=1 (v)\n"}
    call = server.call(path + "?x=1%202", answers)
    assert call.sent() == ['VERBOSE "1 2" 1', 'GET VARIABLE "B"', 'SET VARIABLE "A" "v"']
    wait_until(lambda: server.server.counters.calls == 0)
    counters = server.server.counters
    assert (counters.accepted, counters.working, counters.failed) == (1, 0, 0)


@pytest.mark.parametrize("path", ["plain", "async"])
def test_many_calls_at_once(running: Callable[..., Running], path: str) -> None:
    server = running(workers=8)
    run_both(server.server)
    server.start()
    calls = [
        server.call(path, {"GET": f"200 result=1 ({n})\n".encode()}) for n in range(100)
    ]
    for n, call in enumerate(calls):
        assert call.sent()[-1] == f'SET VARIABLE "A" "{n}"'
    wait_until(lambda: server.server.counters.accepted == 100)


def test_a_handler_that_stalls_stops_no_other_call(running: Callable[..., Running]) -> None:
    server = running()
    run_both(server.server)
    released = threading.Event()

    @server.server.route("stall")
    def stall(agi: AGI) -> None:
        released.wait(PATIENCE)
        agi.noop()

    server.start()
    stalled = server.call("stall")
    for path in ("plain", "async"):
        assert len(server.call(path).sent()) == 3
    released.set()
    assert stalled.sent() == ["NOOP"]


def test_unknown_path(running: Callable[..., Running]) -> None:
    server = running()
    run_both(server.server)
    server.start()
    assert server.call("a\x01b").sent() == [
        'VERBOSE "No such path on the AGI server: \\"a?b\\"" 1',
        'SET VARIABLE "AGI_SERVER_STATUS" "NOTFOUND"',
    ]
    wait_until(lambda: server.server.counters.no_route == 1)


def test_routes() -> None:
    routes = Routes()
    names = ["", "ivr", "ivr/*", "ivr/sales/*", "/ivr/sales/east", "*"]
    handlers: dict[str, Any] = {}
    for name in names:
        handlers[name] = routes.route(name)(lambda agi, name=name: name)
    for path, pattern in {
        "": "",
        "ivr": "ivr",
        "ivr/": "ivr/*",
        "ivr/x": "ivr/*",
        "ivr/x/y/z": "ivr/*",
        "ivr/sales": "ivr/*",
        "ivr/sales/": "ivr/sales/*",
        "ivr/sales/east": "/ivr/sales/east",
        "ivr/sales/east/": "ivr/sales/*",
        "ivrs": "*",
        "x/y": "*",
    }.items():
        assert routes.find(path) is handlers[pattern], path
    for wrong in ("ivr", "*", "a*", "a/*/b", "**"):
        with pytest.raises(ValueError):
            routes.add_route(wrong, len)
    with pytest.raises(TypeError):
        routes.add_route("x", "not a function")  # type: ignore[arg-type]
    assert Routes().find("x") is None


def test_handlers_that_fail_are_told_of(running: Callable[..., Running]) -> None:
    server = running()

    @server.server.route("plain")
    def plain(agi: AGI) -> None:
        raise KeyError("plain")

    @server.server.route("async")
    async def awaited(agi: aio.AGI) -> None:
        raise KeyError("async")

    @server.server.route("exit")
    def leave(agi: AGI) -> None:
        sys.exit(0)

    server.start()
    for path in ("plain", "async", "exit"):
        assert server.call(path).sent() == []
    wait_until(lambda: server.server.counters.calls == 0)
    assert [(path, repr(error)) for path, error in server.errors] == [
        ("plain", "KeyError('plain')"),
        ("async", "KeyError('async')"),
    ]
    wait_until(lambda: server.server.counters.failed == 2)


def test_failures_are_logged_by_default(
    running: Callable[..., Running], caplog: pytest.LogCaptureFixture
) -> None:
    server = running(on_error=None)

    @server.server.route("x")
    def fail(agi: AGI) -> None:
        raise KeyError("x")

    server.start()
    server.call("x").sent()
    assert [record.name for record in caplog.records] == ["asterisk.fastagi"]
    assert "'x'" in caplog.text and "KeyError" in caplog.text


def test_calls_can_be_traced(running: Callable[..., Running]) -> None:
    records: list[dict[str, Any]] = []
    server = running(debug=records.append)
    run_both(server.server)
    server.start()
    for path in ("plain", "async"):
        server.call(path).sent()
    lines = [record["line"] for record in records if record["direction"] == "sent"]
    assert lines == ['VERBOSE "" 1', 'GET VARIABLE "B"', 'SET VARIABLE "A" ""'] * 2


def test_call_that_is_kept_by_a_handler_is_over(running: Callable[..., Running]) -> None:
    server = running()
    kept: list[AGI] = []
    server.server.add_route("x", kept.append)
    server.start()
    server.call("x").sent()
    with pytest.raises(AGIHangup):
        kept[0].noop()


@pytest.mark.parametrize("path", ["plain", "async"])
def test_caller_who_hangs_up(running: Callable[..., Running], path: str) -> None:
    server = running()
    run_both(server.server)
    server.start()
    call = server.call(path, {"GET": b"HANGUP\n200 result=0\n"})
    assert call.sent() == ['VERBOSE "" 1', 'GET VARIABLE "B"']
    call = server.call(path, {"GET": None})
    call.sent()
    wait_until(lambda: server.server.counters.hung_up == 2)
    assert server.errors == []


def test_async_handler_can_wait_for_the_hangup(running: Callable[..., Running]) -> None:
    server = running()

    @server.server.route("async")
    async def awaited(agi: aio.AGI) -> None:
        await agi.wait_hung_up()
        await agi.wait_hung_up()
        agi.raise_on_hangup = False
        await agi.verbose("gone")

    server.start()
    with server.connect() as sock:
        sock.sendall(environment("async"))
        time.sleep(0.05)
        sock.sendall(b"HANGUP\n")
        assert sock.recv(100) == b'VERBOSE "gone" 1\n'


# -- limits ----------------------------------------------------------------------------------------


def test_environment_that_is_too_large(running: Callable[..., Running]) -> None:
    server = running(environment_size=100)
    server.start()
    with server.connect() as sock:
        sock.sendall(b"agi_x: " + b"x" * 200)
        assert sock.recv(1) == b""
    wait_until(lambda: server.server.counters.environment_limit == 1)


def test_environment_that_does_not_come(running: Callable[..., Running]) -> None:
    server = running(environment_timeout=0.05)
    server.start()
    with server.connect() as sock:
        assert sock.recv(1) == b""
    wait_until(lambda: server.server.counters.environment_timed_out == 1)


def test_environments_that_come_late_and_one_in_time(running: Callable[..., Running]) -> None:
    server = running(environment_timeout=0.5)
    ended = threading.Event()

    @server.server.route("async")
    async def noop(agi: aio.AGI) -> None:
        await agi.noop()
        ended.set()

    def call() -> socket.socket:
        while True:  # a busy machine may be late itself
            sock = server.connect()
            try:
                sock.sendall(environment("async"))
                if sock.recv(100):
                    return sock
            except ConnectionError:
                pass
            sock.close()

    server.start()
    with server.connect() as silent, call() as sock, server.connect() as begun:
        begun.sendall(b"agi_x: y\n")
        assert silent.recv(1) == b""
        assert begun.recv(1) == b""
        with server.connect() as later:
            assert later.recv(1) == b""
        sock.sendall(b"200 result=0\n")
        assert ended.wait(PATIENCE)
    assert server.server.counters.environment_timed_out >= 3


def test_environment_that_ends_early(running: Callable[..., Running]) -> None:
    server = running()
    server.start()
    with server.connect() as sock:
        sock.sendall(b"agi_x: y\n")
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
    wait_until(lambda: server.server.counters.broken == 1)


@pytest.mark.parametrize("path", ["plain", "async"])
def test_call_that_is_idle(running: Callable[..., Running], path: str) -> None:
    server = running(idle_timeout=0.7)
    run_both(server.server)
    server.start()
    with server.connect() as sock:
        sock.sendall(environment(path))
        with sock.makefile("rb") as lines:
            # On a busy machine it may be over before the handler had a turn.
            assert lines.read() in (b'VERBOSE "" 1\n', b"")
    wait_until(lambda: server.server.counters.idle_timed_out == 1)


@pytest.mark.parametrize("path", ["plain", "async"])
def test_bytes_that_are_no_reply(running: Callable[..., Running], path: str) -> None:
    server = running()
    run_both(server.server)
    server.start()
    with server.connect() as sock:
        sock.sendall(environment(path))
        try:
            for _ in range(100):
                sock.sendall(b"what?\n" * 10000)
        except OSError:
            pass
    wait_until(lambda: server.server.counters.calls == 0)
    wait_until(lambda: server.server.counters.broken == 1)


def test_too_many_calls(running: Callable[..., Running]) -> None:
    server = running(calls=1)
    run_both(server.server)
    server.start()
    with server.connect() as first:
        first.sendall(environment("async"))
        assert first.recv(100)
        with server.connect() as second:
            assert second.recv(1) == b""
    wait_until(lambda: server.server.counters.refused_calls == 1)
    wait_until(lambda: server.server.counters.calls == 0)
    assert len(server.call("async").sent()) == 3


def test_too_many_calls_that_wait_for_a_thread(running: Callable[..., Running]) -> None:
    server = running(workers=1, waiting=1)
    run_both(server.server)
    server.start()
    with server.connect() as working, server.connect() as waiting, server.connect() as refused:
        working.sendall(environment("plain"))
        assert working.recv(100)
        waiting.sendall(environment("plain"))
        wait_until(lambda: server.server.counters.waiting == 1)
        refused.sendall(environment("plain"))
        assert refused.recv(1) == b""
        wait_until(lambda: server.server.counters.refused_waiting == 1)
        working.close()
        assert waiting.recv(100) == b'VERBOSE "" 1\n'


@pytest.mark.parametrize(
    ("allow", "allowed"),
    [
        (["127.0.0.1"], True),
        (["127.0.0.0/8", "::1"], True),
        (["192.0.2.0/24"], False),
        ([], False),
        (["::ffff:127.0.0.1"], False),
    ],
)
def test_access_list(running: Callable[..., Running], allow: list[str], allowed: bool) -> None:
    server = running(allow=allow)
    run_both(server.server)
    server.start()
    if allowed:
        assert len(server.call("plain").sent()) == 3
    else:
        with server.connect() as sock:
            assert sock.recv(1) == b""
        wait_until(lambda: server.server.counters.refused_address == 1)


def test_access_list_that_is_none() -> None:
    with pytest.raises(ValueError):
        Server("127.0.0.1", 0, allow=["office"])


# -- stopping --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["plain", "async"])
def test_stop_drains(running: Callable[..., Running], path: str) -> None:
    server = running()
    run_both(server.server)
    server.start()
    with server.connect() as sock:
        sock.sendall(environment(path))
        assert sock.recv(100)
        server.server.stop(PATIENCE)
        wait_until(lambda: not server.server._listeners)
        with pytest.raises(OSError):
            server.connect()
        for _ in range(2):
            sock.sendall(OK)
            assert sock.recv(100)
        sock.sendall(OK)
        assert sock.recv(100) == b""
    server.thread.join(PATIENCE)
    assert not server.thread.is_alive()


@pytest.mark.parametrize("path", ["plain", "async"])
def test_stop_cuts_in_the_end(running: Callable[..., Running], path: str) -> None:
    server = running()
    seen: list[type] = []

    def note(error: BaseException) -> None:
        seen.append(type(error))

    @server.server.route("plain")
    def plain(agi: AGI) -> None:
        try:
            agi.noop()
        except AGIHangup as error:
            note(error)

    @server.server.route("async")
    async def awaited(agi: aio.AGI) -> None:
        try:
            await agi.noop()
        except AGIHangup as error:
            note(error)

    server.start()
    with server.connect() as sock:
        sock.sendall(environment(path))
        assert sock.recv(100) == b"NOOP\n"
        server.stop(0.05)
    assert seen == [AGISIGPIPEHangup]


def test_stop_before_serving_and_twice() -> None:
    server = Server("127.0.0.1", 0)
    server.stop()
    server.stop()
    asyncio.run(asyncio.wait_for(server.serve(), PATIENCE))
    with pytest.raises(RuntimeError):
        asyncio.run(server.serve())


def test_async_with() -> None:
    async def main() -> list[bytes]:
        server = Server("127.0.0.1", 0)
        run_both(server)
        async with server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(environment("async"))
            lines = []
            while line := await reader.readline():
                lines.append(line)
                writer.write(OK)
            writer.close()
        return lines

    assert len(asyncio.run(asyncio.wait_for(main(), PATIENCE))) == 3


def test_program_that_serves_ends_by_sigterm(tmp_path: Path) -> None:
    program = tmp_path / "server.py"
    program.write_text(
        "from asterisk.fastagi import Server\n"
        "server = Server('127.0.0.1', 0)\n"
        "print(server.port, flush=True)\n"
        "server.serve_forever()\n"
        "print('over')\n"
    )
    process = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    port = int(process.stdout.readline())
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        sock.sendall(environment("nope"))
        assert sock.recv(100).startswith(b"VERBOSE")
        process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
        sock.sendall(OK)
        assert sock.recv(100).startswith(b"SET VARIABLE")
        sock.sendall(OK)
        assert sock.recv(100) == b""
    assert process.communicate(timeout=PATIENCE)[0] == b"over\n"
    assert process.returncode == 0


def _is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # it was on its way while the listener closed
        pass
    return False


def test_second_signal_cuts(tmp_path: Path) -> None:
    program = tmp_path / "server.py"
    program.write_text(
        "from asterisk.fastagi import Server\n"
        "server = Server('127.0.0.1', 0)\n"
        "server.add_route('x', lambda agi: agi.noop())\n"
        "print(server.port, flush=True)\n"
        "server.serve_forever()\n"
    )
    process = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
            sock.sendall(environment("x"))
            assert sock.recv(100) == b"NOOP\n"
            process.send_signal(signal.SIGINT)
            wait_until(lambda: _is_refused(port))
            process.send_signal(signal.SIGINT)
            assert sock.recv(100) == b""
        assert process.wait(PATIENCE) == 0


# -- listeners -------------------------------------------------------------------------------------


def test_unix_socket(running: Callable[..., Running], tmp_path: Path) -> None:
    path = str(tmp_path / "agi")
    server = running(unix=path, allow=[])
    run_both(server.server)
    server.start()
    with pytest.raises(OSError):
        Server(unix=path)
    for name in ("plain", "async"):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(path)
        assert len(Asterisk(environment=environment(name), sock=sock).sent()) == 3
    server.stop()
    assert not os.path.exists(path)


def test_unix_socket_that_was_left_behind(tmp_path: Path) -> None:
    path = str(tmp_path / "agi")
    left = socket.socket(socket.AF_UNIX)
    left.bind(path)
    left.close()
    Server(unix=path).stop()


def test_several_listeners_and_ipv6(running: Callable[..., Running]) -> None:
    server = running()
    run_both(server.server)
    try:
        port = server.server.listen("::1", 0)
    except OSError:
        pytest.skip("no IPv6 here")
    server.start()
    wait_until(lambda: server.server._loop is not None)
    with pytest.raises(RuntimeError):
        server.server.listen("127.0.0.1", 0)
    for name in ("plain", "async"):
        sock = socket.create_connection(("::1", port), PATIENCE)
        assert len(Asterisk(environment=environment(name), sock=sock).sent()) == 3
        assert len(server.call(name).sent()) == 3


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl")
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    subprocess.run(
        [*command.split(), "-keyout", str(folder / "key"), "-out", str(folder / "certificate")],
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )
    return folder


@pytest.mark.parametrize("path", ["plain", "async"])
def test_tls(running: Callable[..., Running], certificate: Path, path: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "certificate", certificate / "key")
    client = ssl.create_default_context(cafile=str(certificate / "certificate"))
    client.check_hostname = False
    server = running(tls=context)
    run_both(server.server)
    server.start()
    sock = client.wrap_socket(server.connect())
    value = "x" * 100000
    answers = {"GET": f"200 result=1 ({value})\n".encode()}
    call = Asterisk(answers, environment(path), sock=sock)
    assert call.sent()[:2] == ['VERBOSE "" 1', 'GET VARIABLE "B"']
    sock = client.wrap_socket(server.connect())
    assert len(Asterisk(environment=environment(path), sock=sock).sent()) == 3
    with server.connect() as plain:
        plain.sendall(environment(path))
        try:
            while plain.recv(100):
                pass
        except ConnectionResetError:
            pass
    wait_until(lambda: server.server.counters.calls == 0)
    wait_until(lambda: server.server.counters.broken == 1)


# -- pyst2 -----------------------------------------------------------------------------------------


def test_names_of_pyst2() -> None:
    assert (fastagi.HOST, fastagi.PORT) == ("127.0.0.1", 4573)
    assert issubclass(FastAGI, socketserver.StreamRequestHandler) and FastAGI.timeout == 5


@pytest.mark.parametrize("kind", [socketserver.TCPServer, socketserver.ThreadingTCPServer])
def test_handler_for_socketserver(kind: Any, capsys: pytest.CaptureFixture[str]) -> None:
    class Own(FastAGI):
        def handle(self) -> None:
            agi = AGI(stdin=self.rfile, stdout=self.wfile, stderr=sys.stderr)
            agi.set_variable("A", agi.get_variable("B"))
            agi.close()

    for handler, lines in ((FastAGI, 1), (Own, 2)):
        with kind(("127.0.0.1", 0), handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            sock = socket.create_connection(server.server_address, PATIENCE)
            sent = Asterisk(environment=environment("x"), sock=sock).sent()
            server.shutdown()
            thread.join(PATIENCE)
        assert len(sent) == lines
    assert sent[0] == 'GET VARIABLE "B"'
    assert "    COMMAND: GET VARIABLE" in capsys.readouterr().err
