# SPDX-License-Identifier: MIT
"""A manager of a few lines on loopback, for tests that need to do what no Asterisk does.

A `Server` answers each action by the function of that name in `answers`, called as
``f(connection, action)``, or by what Asterisk would say to Login, Ping, Logoff and Challenge.
"""

from __future__ import annotations

import socket
import ssl
import threading
from typing import Any, Callable, Optional

GREETING = b"Asterisk Call Manager/11.0.0\r\n"

#: Seconds that no test should ever wait, but may.
PATIENCE = 60.0

Action = dict[str, list[str]]


class Connection:
    """The server's end of one connection."""

    def __init__(self, server: Server, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        self.file = sock.makefile("rb")
        self.actions: list[Action] = []
        self.lock = threading.Lock()

    def send(self, data: bytes) -> None:
        with self.lock:
            self.sock.sendall(data)

    def read_action(self) -> Optional[Action]:
        action: Action = {}
        for raw in self.file:
            line = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
            if not line:
                if action:
                    return action
                continue
            name, _, value = line.partition(": ")
            action.setdefault(name, []).append(value)
        return None

    def respond(self, action: Action, response: str = "Success", **headers: str) -> None:
        lines = [f"Response: {response}"]
        if "ActionID" in action:
            lines.append(f"ActionID: {action['ActionID'][0]}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape"))

    def event(self, name: str, headers: Optional[dict[str, str]] = None) -> None:
        lines = [f"Event: {name}"]
        lines += [f"{key}: {value}" for key, value in (headers or {}).items()]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape"))

    def close(self) -> None:
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()


Answer = Callable[[Connection, Action], Any]


def login(connection: Connection, action: Action) -> None:
    import hashlib

    if "Key" in action:
        right = action["Key"] == [hashlib.md5(b"4711secret").hexdigest()]
    else:
        right = action["Secret"] == ["secret"]
    if right:
        connection.respond(action, Message="Authentication accepted")
    else:
        connection.respond(action, "Error", Message="Authentication failed")


def logoff(connection: Connection, action: Action) -> None:
    connection.respond(action, "Goodbye", Message="Thanks for all the fish.")
    connection.close()


DEFAULT: dict[str, Answer] = {
    "Login": login,
    "Logoff": logoff,
    "Challenge": lambda c, a: c.respond(a, Challenge="4711"),
    "Ping": lambda c, a: c.respond(a, Ping="Pong", Timestamp="1.0"),
}


class Server:
    """Listens on loopback until closed.

    Parameters
    ----------
    answers : dict of str to callable, optional
    greeting : bytes, optional
    family : int, optional
        AF_INET or AF_INET6.
    context : ssl.SSLContext, optional
    """

    def __init__(
        self,
        answers: Optional[dict[str, Answer]] = None,
        greeting: bytes = GREETING,
        family: int = socket.AF_INET,
        context: Optional[ssl.SSLContext] = None,
        port: int = 0,
    ) -> None:
        self.answers = {**DEFAULT, **(answers or {})}
        self.greeting = greeting
        self.context = context
        self.connections: list[Connection] = []
        self.accepted = threading.Semaphore(0)
        self._threads: list[threading.Thread] = []
        self._sock = socket.socket(family, socket.SOCK_STREAM)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._sock.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", port))
        self._sock.listen(8)
        self.port: int = self._sock.getsockname()[1]
        self._spawn(self._accept)

    def _spawn(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._sock.accept()
            except OSError:
                return
            self._spawn(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        connection = None
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context is not None:
                sock = self.context.wrap_socket(sock, server_side=True)
            connection = Connection(self, sock)
            self.connections.append(connection)
            connection.send(self.greeting)
            self.accepted.release()
            while True:
                action = connection.read_action()
                if action is None:
                    break
                connection.actions.append(action)
                answer = self.answers.get(action.get("Action", [""])[0])
                if answer is None:
                    connection.respond(action, "Error", Message="Invalid/unknown command: x")
                else:
                    answer(connection, action)
        except (OSError, ValueError):
            pass
        finally:
            if connection is not None:
                connection.file.close()
            sock.close()

    @property
    def connection(self) -> Connection:
        """The newest connection."""
        return self.connections[-1]

    def close(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._sock.close()
        for connection in self.connections:
            connection.close()
        for thread in self._threads:
            thread.join(PATIENCE)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *unused: Any) -> None:
        self.close()
