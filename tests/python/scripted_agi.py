# SPDX-License-Identifier: MIT
"""The Asterisk's end of AGI, scripted: answers commands and keeps what was sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

ENVIRONMENT = (
    b"agi_network: yes\n"
    b"agi_network_script: ivr/sales?lang=en&name=J%C3%BCrgen+K\n"
    b"agi_request: agi://127.0.0.1/ivr/sales?lang=en&name=J%C3%BCrgen+K\n"
    b"agi_channel: Local/100@office-00000001;2\n"
    b"agi_callerid: 5551234\n"
    b"agi_calleridname: Alice: Example\n"
    b"agi_context: office\n"
    b"agi_extension: 100\n"
    b"agi_priority: 2\n"
    b"agi_accountcode: \n"
    b"agi_arg_1: one\n"
    b"agi_arg_2: \xe9t\xe9\n"
    b"\n"
)

#: What it answers when nothing else was said.
OK = b"200 result=0\n"

Answer = bytes


class Asterisk:
    """One dialogue over a pair of sockets.

    Parameters
    ----------
    answers : dict, optional
        By the beginning of a command: the answer, a list of answers in turn, or None to close.
    environment : bytes, optional
    default : callable, optional
        Answers what `answers` does not.
    """

    def __init__(
        self,
        answers: dict[str, Any] | None = None,
        environment: bytes = ENVIRONMENT,
        default: Callable[[bytes], Answer | None] = lambda line: OK,
        sock: socket.socket | None = None,
    ) -> None:
        self.answers = {name.encode(): answer for name, answer in (answers or {}).items()}
        self.default = default
        self.lines: list[bytes] = []
        self.program: Any = None
        if sock is None:
            self.program, sock = socket.socketpair()
        self.sock = sock
        self.environment = environment
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with self.sock, self.sock.makefile("rb") as file:
            try:
                self.sock.sendall(self.environment)
                for line in file:
                    self.lines.append(line)
                    answer = self._answer(line)
                    if answer is None:
                        break
                    self.sock.sendall(answer)
            except OSError:
                pass

    def _answer(self, line: bytes) -> Answer | None:
        for name, answer in self.answers.items():
            if line.startswith(name):
                if isinstance(answer, list):
                    given: Answer | None = answer.pop(0)
                    return given
                found: Answer | None = answer
                return found
        return self.default(line)

    def sent(self) -> list[str]:
        """The commands, once the program has closed its end."""
        self.thread.join(60)
        assert not self.thread.is_alive()
        return [line.decode("utf-8", "surrogateescape").rstrip("\n") for line in self.lines]
