# SPDX-License-Identifier: MIT
"""Whom the FastAGI server in Python serves, and what it does with those who do not care."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

import pytest

from asterisk import aio
from asterisk.agi import AGI
from asterisk.fastagi import Server
from scripted_agi import Asterisk
from test_fastagi import PATIENCE, environment, run_both, wait_until


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.stop(0)
        thread.join(PATIENCE)
    assert not thread.is_alive()


# -- the access list -------------------------------------------------------------------------------


def has_ip6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ip6(), reason="no IPv6 here")
@pytest.mark.parametrize(
    ("allow", "allowed"),
    [
        (["::1"], True),
        (["::/127"], True),
        (["::/64"], True),
        (["::/0"], True),
        (["192.0.2.1", "::1"], True),
        (["::2/127"], False),
        (["2001:db8::/32"], False),
        (["0.0.0.0/0"], False),
    ],
)
def test_access_list_of_ip6_prefixes(allow: list[str], allowed: bool) -> None:
    server = Server("::1", 0, allow=allow)
    run_both(server)
    with serving(server):
        with socket.create_connection(("::1", server.port), PATIENCE) as sock:
            if allowed:
                sock.sendall(environment("async"))
            assert bool(sock.recv(100)) is allowed
        wait_until(lambda: server.counters.calls == 0)
        wait_until(lambda: server.counters.accepted == allowed)
        wait_until(lambda: server.counters.refused_address == (not allowed))


# -- TLS with certificates of clients --------------------------------------------------------------


@pytest.fixture(scope="module")
def identities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of a certificate and its key, by name."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl")
    folder = tmp_path_factory.mktemp("tls")
    made = {}
    for name in ("server", "client", "stranger"):
        made[name] = folder / name
        command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name}"
        subprocess.run(
            [*command.split(), "-keyout", f"{made[name]}.key", "-out", str(made[name])],
            check=True,
            capture_output=True,
            timeout=PATIENCE,
        )
        with made[name].open("ab") as file:
            file.write(Path(f"{made[name]}.key").read_bytes())
    return made


def client_context(identities: dict[str, Path], name: Optional[str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(identities["server"]))
    context.check_hostname = False
    if name is not None:
        context.load_cert_chain(identities[name])
    return context


@pytest.mark.parametrize("path", ["plain", "async"])
def test_clients_need_a_certificate_if_the_context_says_so(
    identities: dict[str, Path], path: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identities["server"])
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(identities["client"])
    server = Server("127.0.0.1", 0, tls=context)
    run_both(server)
    with serving(server):
        for name in (None, "stranger"):
            with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as plain:
                # With TLS 1.3 a client hears of it only when it reads.
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    with client_context(identities, name).wrap_socket(plain) as sock:
                        sock.sendall(environment(path))
                        if not sock.recv(100):
                            raise ConnectionError
        wait_until(lambda: server.counters.calls == 0)
        wait_until(lambda: server.counters.broken == 2)
        plain = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
        sock = client_context(identities, "client").wrap_socket(plain)
        assert len(Asterisk(environment=environment(path), sock=sock).sent()) == 3


# -- handlers that do not care ---------------------------------------------------------------------


def test_stop_cancels_an_awaited_handler_that_does_not_care() -> None:
    server = Server("127.0.0.1", 0)
    ended: list[str] = []

    @server.route("x")
    async def handler(agi: aio.AGI) -> None:
        await agi.noop()
        try:
            await asyncio.sleep(PATIENCE * 2)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with serving(server):
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as sock:
            sock.sendall(environment("x"))
            assert sock.recv(100) == b"NOOP\n"
            sock.sendall(b"200 result=0\n")
            wait_until(lambda: server.counters.calls == 1)
            server.stop(0)
            assert sock.recv(100) == b""
    assert ended == ["cancelled"]


def test_plain_handler_that_is_cut_finds_the_stream_ended() -> None:
    server = Server("127.0.0.1", 0)
    arrived, go = threading.Event(), threading.Event()
    hung_up: list[Any] = []

    @server.route("x")
    def handler(agi: AGI) -> None:
        arrived.set()
        go.wait(PATIENCE)
        try:
            agi.noop()
        finally:
            hung_up.append(agi.hung_up)

    with serving(server):
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as sock:
            sock.sendall(environment("x"))
            assert arrived.wait(PATIENCE)
            server.stop(0)
            assert sock.recv(100) == b""
            go.set()
    assert hung_up == [True]
    wait_until(lambda: server.counters.hung_up == 1)


# -- too many descriptors --------------------------------------------------------------------------


class Counting(Server):
    """Counts how often it is woken to accept, and how often it says that it will try again."""

    woken = tried_again = 0

    def _accept(self, *args: Any) -> None:
        self.woken += 1
        super()._accept(*args)

    def _accept_again(self, *args: Any) -> None:
        self.tried_again += 1
        super()._accept_again(*args)


def test_accepting_goes_on_when_there_are_descriptors_again() -> None:
    server = Counting("127.0.0.1", 0)
    run_both(server)
    with serving(server), socket.socket() as sock:
        wait_until(lambda: server._loop is not None)
        sock.settimeout(PATIENCE)
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest = os.dup(sock.fileno())
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, before[1]))
        try:
            sock.connect(("127.0.0.1", server.port))
            wait_until(lambda: server.tried_again >= 3)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        sock.sendall(environment("async"))
        assert sock.recv(100) == b'VERBOSE "" 1\n'
        # Without haste: each time once.
        assert server.tried_again <= server.woken


# -- the trace -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["plain", "async"])
def test_trace_begins_with_the_environment(path: str) -> None:
    records: list[dict[str, Any]] = []
    server = Server("127.0.0.1", 0, debug=records.append)
    run_both(server)
    with serving(server):
        sock = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
        Asterisk({"GET": b"200 result=1 (\xff)\n"}, environment(path), sock=sock).sent()
    assert [(record["direction"], record["line"]) for record in records] == [
        ("received", "agi_network: yes"),
        ("received", f"agi_network_script: {path}"),
        ("sent", 'VERBOSE "" 1'),
        ("received", "200 result=0"),
        ("sent", 'GET VARIABLE "B"'),
        ("received", "200 result=1 (\udcff)"),
        ("sent", 'SET VARIABLE "A" "\udcff"'),
        ("received", "200 result=0"),
    ]


@pytest.mark.parametrize("line", ["agi_network: yes", "200 result=0"])
@pytest.mark.parametrize("path", ["plain", "async"])
def test_trace_that_fails_ends_its_call(path: str, line: str) -> None:
    failing: list[bool] = []

    def fail(record: dict[str, Any]) -> None:
        if record["line"] == line:
            failing.append(True)
        if failing:
            raise OSError("the disk is full")

    failed: list[str] = []
    server = Server(
        "127.0.0.1", 0, debug=fail, on_error=lambda path, error: failed.append(str(error))
    )
    run_both(server)
    with serving(server):
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as sock:
            sock.sendall(environment(path))
            while sock.recv(100):
                sock.sendall(b"200 result=0\n")
        wait_until(lambda: server.counters.calls == 0)
    assert failed == ["the disk is full"]
    wait_until(lambda: (server.counters.working, server.counters.failed) == (0, 1))
