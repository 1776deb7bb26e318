# SPDX-License-Identifier: MIT
"""A FastAGI server by hand: for each call a socket, and nothing of the library under test."""

import queue
import socket
import threading
from typing import BinaryIO, Dict, List, Optional


class RawAgi:
    """The server's end of one dialogue; the environment was read."""

    def __init__(self, connection: socket.socket, environment: Dict[str, str], file: BinaryIO):
        self.connection = connection
        self.environment = environment
        self._file = file

    def __enter__(self) -> "RawAgi":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self.connection.close()

    def send(self, command: str) -> None:
        """Send a command's line."""
        self.connection.sendall(command.encode() + b"\n")

    def line(self) -> bytes:
        """Return the next line; it is empty at the end."""
        return self._file.readline()

    def ask(self, command: str) -> bytes:
        """Send a command and return the line that ends its reply, without lines before it."""
        self.send(command)
        while True:
            line = self.line()
            if line[3:4] != b"-" and line[:1].isdigit() and not line.startswith(b"100"):
                return line
            if not line:
                return line


class RawAgiServer:
    """Listens on a free port of the loopback interface; calls come by the path of their address."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self._calls: Dict[str, "queue.Queue[RawAgi]"] = {}
        self._lock = threading.Lock()
        self._open: List[RawAgi] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> "RawAgiServer":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)
        for call in self._open:
            call.close()

    def address(self, path: str) -> str:
        """Return what to give to AGI() for a call to be had by `path`."""
        return f"agi://127.0.0.1:{self.port}/{path}"

    def take(self, path: str, timeout: float = 60) -> RawAgi:
        """Return the next call that comes for `path`."""
        return self._queue(path).get(timeout=timeout)

    def _queue(self, path: Optional[str]) -> "queue.Queue[RawAgi]":
        with self._lock:
            return self._calls.setdefault(path or "", queue.Queue())

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # Asterisk writes the environment at once, so that waiting for it here does no harm.
            connection.settimeout(60)
            file = connection.makefile("rb")
            environment = {}
            for line in iter(file.readline, b"\n"):
                if not line:
                    break
                name, _, value = line.decode(errors="replace").rstrip("\n").partition(": ")
                environment[name] = value
            call = RawAgi(connection, environment, file)
            self._open.append(call)
            self._queue(environment.get("agi_network_script")).put(call)
