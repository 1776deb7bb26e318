# SPDX-License-Identifier: MIT
"""The manager interface by hand: a socket, and messages as lists of lines.

It owes nothing to the library under test, so the tests of the harness stand on their own, and
tests of the library have a second opinion on what the server said.
"""

import socket
from typing import List, Optional

Message = List[bytes]


class RawManager:
    """A connection to `port`, greeted and, with a `user`, logged in."""

    def __init__(
        self, host: str, port: int, user: Optional[str] = "admin", secret: str = "secret"
    ) -> None:
        self.socket = socket.create_connection((host, port), 20)
        self._file = self.socket.makefile("rb")
        self.greeting = self._file.readline()
        if user is not None:
            answer = self.ask("Login", f"Username: {user}", f"Secret: {secret}", "Events: off")
            if b"Response: Success" not in answer:
                raise PermissionError(str(answer))

    def __enter__(self) -> "RawManager":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, action: str, *headers: str) -> None:
        """Send an action."""
        lines = [f"Action: {action}", *headers, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())

    def read(self) -> Message:
        """Return the next message; it is empty at the end of the connection."""
        message: Message = []
        for line in self._file:
            if line.strip():
                message.append(line.rstrip(b"\r\n"))
            elif message:
                break
        return message

    def ask(self, action: str, *headers: str) -> Message:
        """Send an action and return the next message that is a response."""
        self.send(action, *headers)
        while True:
            message = self.read()
            if not message or message[0].startswith(b"Response:"):
                return message
