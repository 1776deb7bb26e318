# SPDX-License-Identifier: MIT
"""Connections of asterisk.manager: TLS, IPv6, and servers that end at any point."""

from __future__ import annotations

import gc
import socket
import ssl
import subprocess
import threading
import time
import weakref
from pathlib import Path
from typing import Any, Callable, List, Optional

import pytest
from loopback import GREETING, PATIENCE, Action, Connection, Server
from test_manager import Heard, in_time

from asterisk.manager import (
    Event,
    Manager,
    ManagerException,
    ManagerOutcomeUnknown,
    ManagerSocketException,
)


def connected(server: Server, **options: Any) -> Manager:
    manager = Manager(**options)
    manager.connect("127.0.0.1", server.port)
    manager.login("admin", "secret")
    return manager


def until(condition: Callable[[], bool]) -> None:
    """Wait until it is so, or fail."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it does not become so"
        time.sleep(0.005)


# -- TLS -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and its key in one file, for localhost and 127.0.0.1."""
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext"]
    command += ["subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(path)]
    try:
        done = subprocess.run([*command, "-out", "-"], capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    path.write_bytes(path.read_bytes() + done.stdout)
    return path


@pytest.fixture()
def tls_server(certificate: Path) -> Any:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Server(context=context) as server:
        yield server


def test_tls(tls_server: Server, certificate: Path) -> None:
    heard = Heard()
    with Manager() as manager:
        context = ssl.create_default_context(cafile=str(certificate))
        manager.connect("localhost", tls_server.port, tls=context)
        manager.login("admin", "secret", md5=True)
        manager.register_event("*", heard)
        body = "x" * 5000
        for number in range(300):
            tls_server.connection.event("E", {"N": str(number), "Body": body})
        assert manager.ping()["Ping"] == "Pong"
        assert [event["N"] for event in heard.wait(300)] == [str(n) for n in range(300)]
        futures = [manager.submit("Ping", X="y" * 900) for _ in range(500)]
        assert all(future.result(PATIENCE).ok for future in futures)


def test_tls_of_another_name_is_refused(tls_server: Server, certificate: Path) -> None:
    context = ssl.create_default_context(cafile=str(certificate))
    manager = Manager()
    with pytest.raises(ManagerSocketException, match="certificate"):
        in_time(
            lambda: manager.connect(
                "127.0.0.1", tls_server.port, tls=context, server_hostname="example.org"
            )
        )
    assert not manager.connected()
    manager.connect("127.0.0.1", tls_server.port, tls=context, server_hostname="localhost")
    assert manager.connected()
    manager.close()


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_server: Server) -> None:
    manager = Manager()
    with pytest.raises(ManagerSocketException, match="certificate"):
        in_time(lambda: manager.connect("localhost", tls_server.port, tls=True))
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    manager.connect("localhost", tls_server.port, tls=context)
    manager.close()


def test_tls_to_a_server_without(certificate: Path) -> None:
    with Server() as server:
        manager = Manager()
        with pytest.raises(ManagerSocketException):
            in_time(lambda: manager.connect("127.0.0.1", server.port, tls=True))


def test_no_tls_to_a_server_with(tls_server: Server) -> None:
    manager = Manager(timeout=0.3)  # it waits for a handshake as the client does for a greeting
    with pytest.raises(ManagerSocketException):
        in_time(lambda: manager.connect("127.0.0.1", tls_server.port))


def test_tls_is_a_bool_or_a_context() -> None:
    wrong: Any = "yes"
    with pytest.raises(TypeError):
        Manager().connect("127.0.0.1", 1, tls=wrong)


def test_tls_that_is_cut_off(tls_server: Server, certificate: Path) -> None:
    context = ssl.create_default_context(cafile=str(certificate))
    manager = Manager()
    manager.connect("localhost", tls_server.port, tls=context)
    manager.login("admin", "secret")

    def cut(connection: Connection, action: Action) -> None:
        connection.send(b"Response: Succ")
        raw = socket.socket(fileno=socket.dup(connection.sock.fileno()))
        raw.shutdown(socket.SHUT_RDWR)
        raw.close()

    tls_server.answers["Ping"] = cut
    with pytest.raises(ManagerOutcomeUnknown):
        in_time(manager.ping)
    in_time(manager.close)


# -- addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["::1", "[::1]", "localhost"])
def test_ipv6(host: str) -> None:
    try:
        server = Server(family=socket.AF_INET6)
    except OSError:
        pytest.skip("there is no IPv6 here")
    with server:
        if host == "localhost" and not any(
            family == socket.AF_INET6 for family, *_ in socket.getaddrinfo(host, server.port)
        ):
            pytest.skip("localhost has no address of IPv6")
        with Manager() as manager:
            assert manager.connect(host, server.port).data == GREETING.decode()


def test_a_name_that_is_none() -> None:
    with pytest.raises(ManagerSocketException) as caught:
        Manager().connect("no.such.host.invalid")
    errno, reason = caught.value
    assert errno and reason == caught.value.strerror


def test_a_host_that_is_no_text() -> None:
    with pytest.raises(AssertionError):
        Manager().connect(5)  # type: ignore[arg-type]


def test_connecting_twice_is_refused() -> None:
    with Server() as server, Manager() as manager:
        manager.connect("127.0.0.1", str(server.port))
        with pytest.raises(ManagerException, match="Already connected to manager"):
            manager.connect("127.0.0.1", server.port)
        assert manager.ping()["Ping"] == "Pong"


def test_threads_that_connect_at_once() -> None:
    with Server() as server:
        for _ in range(20):
            manager, refused = Manager(), []
            start = threading.Barrier(4)

            def connect() -> None:
                start.wait(PATIENCE)
                try:
                    manager.connect("127.0.0.1", server.port)
                except ManagerException as err:
                    refused.append(err.strerror)

            threads = [threading.Thread(target=connect, daemon=True) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE)
            assert len(refused) == 3 and all("Already connect" in words for words in refused)
            assert in_time(manager.ping)["Ping"] == "Pong"
            in_time(manager.close)


# -- a server that ends at any point ---------------------------------------------------------------


CONVERSATION = (
    GREETING
    + b"Response: Success\r\nActionID: login\r\nMessage: Authentication accepted\r\n\r\n"
    + b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n"
    + b"Response: Success\r\nActionID: ping\r\nPing: Pong\r\n\r\n"
)


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("thread", [False, True])
def test_a_server_that_closes_after_any_byte(thread: bool, reset: bool) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    sizes = range(0, len(CONVERSATION) + 1, 3)

    def serve() -> None:
        for size in sizes:
            sock, _ = listener.accept()
            sock.sendall(CONVERSATION[:size])
            if reset:
                linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            sock.close()

    server = threading.Thread(target=serve, daemon=True)
    server.start()

    def converse(manager: Manager) -> None:
        manager.connect("127.0.0.1", listener.getsockname()[1])
        manager.send_action({"Action": "Login", "ActionID": "login"})
        manager.send_action({"Action": "Ping", "ActionID": "ping"})
        manager.send_action({"Action": "Ping", "ActionID": "never"})

    manager = Manager(thread=thread)
    for _ in sizes:
        with pytest.raises(ManagerException):
            in_time(converse, manager)
        in_time(manager.close)
        assert not manager.connected()
    server.join(PATIENCE)
    listener.close()


def test_the_loss_is_told_and_nothing_else_hangs() -> None:
    lost: List[ManagerException] = []
    told = threading.Event()

    def on_lost(exception: ManagerException) -> None:
        lost.append(exception)
        told.set()

    with Server() as server:
        manager = connected(server)
        manager.on_lost = on_lost
        server.connection.close()
        assert told.wait(PATIENCE)
        assert isinstance(lost[0], ManagerSocketException)
        with pytest.raises(ManagerException, match="Not connected"):
            manager.ping()
        assert manager.message_thread is not None
        manager.message_thread.join(PATIENCE)
        assert not manager.message_thread.is_alive()
        in_time(manager.close)


def test_events_before_the_end_are_handled() -> None:
    heard = Heard()
    with Server() as server:
        manager = connected(server)
        manager.register_event("*", heard)
        data = b"".join(b"Event: E\r\nN: %d\r\n\r\n" % number for number in range(1000))
        server.connection.send(data)
        server.connection.close()
        assert len(heard.wait(1000)) == 1000
        in_time(manager.close)


def test_shutdown_is_an_event_whose_handler_may_close() -> None:
    heard = Heard()

    def on_shutdown(event: Event, manager: Manager) -> None:
        manager.close()
        heard(event, manager)

    with Server() as server:
        manager = connected(server)
        manager.register_event("Shutdown", on_shutdown)
        server.connection.event("Shutdown", {"Shutdown": "Cleanly", "Restart": "False"})
        server.connection.close()
        assert heard.wait(1)[0]["Shutdown"] == "Cleanly"
        assert not manager.connected()
        in_time(manager.close)


def test_keepalive_is_answered_and_nobody_hears_of_it() -> None:
    heard = Heard()
    with Server() as server:
        with connected(server, keepalive=0.02) as manager:
            manager.register_event("*", heard)
            until(lambda: sum("Ping" in a["Action"] for a in server.connection.actions) >= 3)
            assert manager.connected() and not heard.events


# -- the end of a manager --------------------------------------------------------------------------


def test_a_manager_that_was_never_connected() -> None:
    manager = Manager()
    assert not manager.connected()
    assert manager.fileno() == -1 and manager.next_deadline() is None and not manager.wants_write
    with pytest.raises(ManagerException, match="Not connected"):
        manager.ping()
    in_time(manager.close)
    in_time(manager.close)


def test_a_manager_without_a_thread_ends_with_its_last_reference() -> None:
    with Server() as server:
        manager: Optional[Manager] = connected(server, thread=False)
        reference = weakref.ref(manager)
        del manager
        gc.collect()
        assert reference() is None
        until(lambda: server.connection.actions[-1]["Action"] == ["Logoff"])


def test_the_context_manager_closes_at_an_exception() -> None:
    with Server() as server:
        with pytest.raises(ZeroDivisionError):
            with connected(server) as manager:
                raise ZeroDivisionError
        assert not manager.connected()


def test_no_descriptor_is_left_open() -> None:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("there is no /proc here")
    with Server() as server:
        for _ in range(3):
            connected(server).close()
        until(lambda: all(c.sock.fileno() == -1 for c in server.connections))
        before = len(list(folder.iterdir()))
        for thread in (True, False) * 10:
            connected(server, thread=thread).close()
        until(lambda: all(c.sock.fileno() == -1 for c in server.connections))
        until(lambda: len(list(folder.iterdir())) <= before)
