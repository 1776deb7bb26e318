# SPDX-License-Identifier: MIT
"""What goes wrong gives a clear error, and the session goes on where there is one."""

import errno
import socket
import ssl
from functools import partial
from typing import Any, Dict

import pytest

from asterisk.manager import (
    Event,
    Manager,
    ManagerException,
    ManagerSocketException,
    ManagerTimeoutException,
    ManagerValueError,
)
from asterisk_server import AsteriskServer
from heard import Heard, mark


def is_called(name: str, event: Event) -> bool:
    return event["UserEvent"] == name


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with Manager(timeout=60) as manager:
            with pytest.raises(ManagerSocketException) as raised:
                manager.connect("127.0.0.1", free.getsockname()[1])
    assert raised.value.errno == errno.ECONNREFUSED


@pytest.mark.parametrize("port", ["http_port", "tls_port"])
def test_server_that_waits_for_us_to_speak(server: AsteriskServer, port: str) -> None:
    with Manager() as manager:
        with pytest.raises((ManagerTimeoutException, ManagerSocketException)):
            manager.connect(server.host, getattr(server, port), timeout=1)


def test_tls_to_a_port_without(server: AsteriskServer) -> None:
    trusting = ssl.create_default_context(cafile=str(server.certificate))
    with Manager() as manager:
        with pytest.raises(ManagerSocketException):
            manager.connect(server.host, server.ami_port, tls=trusting, timeout=20)


@pytest.mark.parametrize("bad", ["\r\nAction: Logoff", "\n", "\r", "\0"])
def test_line_ends_in_a_value_are_refused(manager: Manager, bad: str) -> None:
    with pytest.raises(ManagerValueError):
        manager.send("UserEvent", UserEvent="Mark", Text="good" + bad)
    assert manager.ping().get_header("Ping") == "Pong"


def test_longest_line_that_is_sent_is_understood(manager: Manager) -> None:
    heard = Heard(manager, "UserEvent")
    lengths = range(1000, 1030)
    sent = []
    for length in lengths:
        try:
            mark(manager, heard, "x" * length)
            sent.append(length)
        except ManagerValueError:
            pass
    assert sent == list(range(1000, sent[-1] + 1))
    assert 1010 <= sent[-1] < 1023


def test_most_headers_that_are_sent_are_understood(manager: Manager) -> None:
    heard = Heard(manager, "UserEvent")
    sent = []
    for n in range(110, 140):
        name = f"Many{n}"
        headers: Dict[str, Any] = {f"H{i}": str(i) for i in range(n)}
        try:
            manager.send("UserEvent", UserEvent=name, **headers).check()
        except ManagerValueError:
            continue
        event = heard.wait_for(partial(is_called, name))
        assert [event[header] for header in headers] == list(headers.values())
        sent.append(n)
    assert sent == list(range(110, sent[-1] + 1))
    assert sent[-1] < 128


def test_action_without_connection() -> None:
    with Manager() as manager:
        with pytest.raises(ManagerException):
            manager.ping()


def test_action_before_login(server: AsteriskServer) -> None:
    with Manager(timeout=60) as manager:
        manager.connect(server.host, server.ami_port)
        with pytest.raises(ManagerException):
            manager.send("CoreShowChannels").check()
        manager.login("admin", "secret")
        assert manager.ping().get_header("Ping") == "Pong"
