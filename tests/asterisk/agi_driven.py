# SPDX-License-Identifier: MIT
"""The test's end of agi-driver.c and agi_driver.py: calls whose commands a test chooses."""

import contextlib
import os
import queue
import shlex
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Dict, Iterator, List, Tuple, Union
from urllib.parse import quote_from_bytes, unquote_to_bytes

from agi_calls import PATIENCE, Call
from asterisk_server import AsteriskServer

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PYST_BUILD", os.environ.get("MESON_BUILD_ROOT", ROOT / "build")))

#: What runs a driver as a program that Asterisk starts; the port is the argument.
PROGRAMS = {
    "c": [str(BUILD / "tests/asterisk/agi-driver")],
    "python": [sys.executable, str(Path(__file__).with_name("agi_driver.py"))],
}

#: How a driver may get its calls: as a program that Asterisk starts, or over FastAGI by a server of
#: that language, at that path.
CARRIERS = {
    "c": ("c", None),
    "python": ("python", None),
    "c-fastagi": ("c", "any"),
    "python-fastagi": ("python", "plain"),
    "python-fastagi-async": ("python", "async"),
}

#: And over a manager connection (AsyncAGI), by what is behind the ports in the command's line.
ASYNC_CARRIERS: Dict[str, Tuple[str, List[str]]] = {
    "c-asyncagi": ("c", []),
    "python-asyncagi": ("python", ["plain"]),
    "python-asyncagi-async": ("python", ["async"]),
}

Argument = Union[str, bytes, int, Path]


def program(language: str, directory: Path) -> Path:
    """Write an executable file that runs the driver in that language; return its path."""
    path = directory / f"driver-{language}"
    path.write_text(f'#!/bin/sh\nexec {shlex.join(PROGRAMS[language])} "$@"\n')
    path.chmod(0o755)
    return path


class Answer(Dict[str, bytes]):
    """What a command gave."""

    def number(self, name: str) -> int:
        """Return a field that is a number."""
        return int(self[name])


class Driven:
    """The AGI of one call, to be told what to do."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")
        self.id = self._file.readline().decode().rstrip("\n")
        self.called: List[str] = []

    def begin(self, name: str, *arguments: Argument) -> None:
        """Have a command sent; `end` has to follow."""
        words = [a if isinstance(a, bytes) else str(a).encode() for a in (name, *arguments)]
        self._connection.sendall("\t".join(map(quote_from_bytes, words)).encode() + b"\n")
        self.called.append(name)

    def end(self) -> Answer:
        """Wait for what the command gave."""
        line = self._file.readline()
        assert line, f"the driver ended at {self.called[-1:]}"
        pairs = [word.partition(b"=") for word in line.strip(b"\t\n").split(b"\t")]
        return Answer({name.decode(): unquote_to_bytes(value) for name, _, value in pairs})

    def do(self, name: str, *arguments: Argument) -> Answer:
        """Have a command sent and return what it gave; fail when it failed."""
        self.begin(name, *arguments)
        answer = self.end()
        assert "error" not in answer, (name, arguments, answer)
        return answer

    def error(self, name: str, *arguments: Argument) -> str:
        """Have a command sent that is to fail, and return its error."""
        self.begin(name, *arguments)
        answer = self.end()
        assert "error" in answer, (name, arguments, answer)
        return answer["error"].decode()

    def close(self) -> None:
        """Let the program end."""
        self._file.close()
        try:
            self._connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._connection.close()


class Drivers:
    """Listens for drivers, and has their servers run."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._driven: Dict[str, "queue.Queue[Driven]"] = {}
        self._all: List[Driven] = []
        self._servers: Dict[str, "subprocess.Popen[str]"] = {}
        self._addresses: Dict[str, str] = {}
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Drivers":
        return self

    def __exit__(self, *_: object) -> None:
        for driven in self._all:
            driven.close()
        for server in self._servers.values():
            if server.poll() is None:
                server.communicate(timeout=60)
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def agi(self, carrier: str, directory: Path) -> str:
        """Return what to give to AGI() for a call to be carried so. `directory` is the call's."""
        language, path = CARRIERS[carrier]
        if path is None:
            return f"{program(language, directory)},{self.port}"
        with self._lock:
            if language not in self._servers:
                server = subprocess.Popen(
                    [*PROGRAMS[language], "--serve", str(self.port)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
                self._servers[language] = server
                assert server.stdout is not None
                port = server.stdout.readline().strip()
                self._addresses[language] = f"agi://127.0.0.1:{port}"
            assert self._servers[language].poll() is None, "the server ended"
        return f"{self._addresses[language]}/{path}"

    @contextlib.contextmanager
    def managing(self, carrier: str, server: AsteriskServer) -> Iterator[None]:
        """Have all AsyncAGI calls of a server carried so. It may be one at a time."""
        language, rest = ASYNC_CARRIERS[carrier]
        process = subprocess.Popen(
            [*PROGRAMS[language], "--manager", str(server.ami_port), str(self.port), *rest],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            for driven in self._all:
                driven.close()
            process.communicate(timeout=60)

    def kill(self, carrier: str) -> None:
        """Kill the server of that carrier, as a crash would; the next call starts another."""
        server = self._servers.pop(CARRIERS[carrier][0])
        server.kill()
        server.communicate(timeout=60)

    def take(self, call: Call) -> Driven:
        """Return the driver of a call; wait for it."""
        try:
            return self._queue(call.channel).get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError(f"no driver came; {call.outcome()}") from None

    def _queue(self, identity: str) -> "queue.Queue[Driven]":
        with self._lock:
            return self._driven.setdefault(identity, queue.Queue())

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(60)
            driven = Driven(connection)
            self._all.append(driven)
            self._queue(driven.id).put(driven)
