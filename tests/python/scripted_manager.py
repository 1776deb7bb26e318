# SPDX-License-Identifier: MIT
"""A manager for tests, which does what an Asterisk would not do at the right moment."""

import contextlib
import hashlib
import socket
import ssl
import subprocess
import threading
from types import TracebackType
from typing import Callable, Dict, List, Mapping, Optional, Tuple, Type, Union

Action = Dict[str, str]
Answer = Union[bytes, Callable[[Action, socket.socket], None]]

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
USER, SECRET = "me", "s3cret word"


def message(*lines: Union[str, bytes]) -> bytes:
    """The bytes of a message of these lines."""
    encoded = [line.encode() if isinstance(line, str) else line for line in lines]
    return b"\r\n".join([*encoded, b"", b""])


class ScriptedManager:
    """Serves one client after another, and remembers what they asked.

    `answers` has for the name of an action what is sent: a message without its ActionID line, or
    a function that is called with the action and the socket. Challenge, Login and Logoff are
    answered unless it has them; any other action gets no answer.
    """

    def __init__(
        self,
        answers: Optional[Mapping[str, Answer]] = None,
        greeting: bytes = GREETING,
        address: str = "127.0.0.1",
        tls: Optional[ssl.SSLContext] = None,
    ) -> None:
        self.actions: List[Action] = []
        self._answers: Dict[str, Answer] = {
            "Challenge": message("Response: Success", "Challenge: 4711"),
            "Login": _login,
            "Logoff": _logoff,
            **(answers or {}),
        }
        self._greeting = greeting
        self._tls = tls
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.bind((address, 0))
        self._listener.listen()
        self._asked = threading.Condition()
        self._closed = False
        self._client: Optional[socket.socket] = None
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def names(self) -> List[str]:
        """The names of the actions so far."""
        return [action["Action"] for action in self.actions]

    def wait_for(self, name: str, seconds: float = 60) -> None:
        """Wait until a client has sent such an action."""
        with self._asked:
            assert self._asked.wait_for(lambda: name in self.names(), seconds), name

    def __enter__(self) -> "ScriptedManager":
        return self

    def __exit__(
        self,
        exc_type: Optional[Type[BaseException]],
        exc: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._closed = True
        for sock in (self._listener, self._client):
            if sock:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(60)
        self._listener.close()

    def _serve(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                client.settimeout(60)
                if self._tls:
                    client = self._tls.wrap_socket(client, server_side=True)
                self._client = client
                self._talk(client)
            except OSError:
                pass
            finally:
                client.close()

    def _talk(self, client: socket.socket) -> None:
        client.sendall(self._greeting)
        received = b""
        while True:
            data = client.recv(65536)
            if not data:
                return
            received += data
            while b"\r\n\r\n" in received:
                text, received = received.split(b"\r\n\r\n", 1)
                self._take(text.decode("utf-8", "surrogateescape"), client)

    def _take(self, text: str, client: socket.socket) -> None:
        action = dict(line.split(": ", 1) for line in text.split("\r\n"))
        with self._asked:
            self.actions.append(action)
            self._asked.notify_all()
        answer = self._answers.get(action["Action"], b"")
        if callable(answer):
            answer(action, client)
        elif answer:
            client.sendall(with_id(answer, action))


def with_id(answer: bytes, action: Action) -> bytes:
    """The message with the ActionID of the action behind its first line."""
    first, rest = answer.split(b"\r\n", 1)
    return first + b"\r\nActionID: " + action["ActionID"].encode() + b"\r\n" + rest


def _login(action: Action, client: socket.socket) -> None:
    key = hashlib.md5(b"4711" + SECRET.encode()).hexdigest()
    if (action["Username"], action.get("Key")) == (USER, key):
        client.sendall(with_id(message("Response: Success", "Message: Welcome"), action))
    else:
        client.sendall(
            with_id(message("Response: Error", "Message: Authentication failed"), action)
        )


def _logoff(action: Action, client: socket.socket) -> None:
    client.sendall(with_id(message("Response: Goodbye", "Message: Bye"), action))
    client.shutdown(socket.SHUT_WR)


def self_signed(folder: str, name: str = "localhost") -> Tuple[str, str]:
    """A new certificate for localhost and its addresses, and its key: two paths."""
    certificate, key = f"{folder}/certificate.pem", f"{folder}/key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        + ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
        + ["-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    return certificate, key
