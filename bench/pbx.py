# SPDX-License-Identifier: MIT
"""A real Asterisk that reads files, the one of tests/asterisk, and what that costs it."""

import contextlib
import socket
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from measure import Failed, Sample

BENCH = Path(__file__).resolve().parent
VERSIONS = (22, 16)
TIMEOUT = 60.0


class Pbx:
    """A server that runs, and a connection to its manager interface.

    Parameters
    ----------
    etc : Path
        The directory of its configuration.
    pid : int
        Its process.
    connection : socket.socket
        The connection, not logged in yet.
    """

    def __init__(self, etc: Path, pid: int, connection: socket.socket) -> None:
        self._etc = etc
        # Linux's number for the clock of the processor time of all threads of a process.
        self._clock = (~pid << 3) | 2
        self._connection = connection
        while not self._connection.recv(1024).endswith(b"\r\n"):
            pass
        self._ask("Login", "Username: admin", "Secret: secret", "Events: off")

    def read(self, name: str, text: str, action: str, *headers: str, runs: int) -> Sample:
        """Let it read a file.

        Parameters
        ----------
        name, text : str
            The file in its configuration directory, which is written first, and what is in it.
        action, *headers : str
            The action that makes it read the file.
        runs : int
            How often.

        Returns
        -------
        Sample
            Bytes of the file for a second of processor time from the action to its answer, less
            what the same takes for a file with the first two lines alone.

        Raises
        ------
        Failed
            It answered with an error.
        """
        costs = []
        for content in ("".join(text.splitlines(keepends=True)[:2]), text):
            (self._etc / name).write_text(content)
            self._ask(action, *headers)
            costs.append([self._ask(action, *headers) for _ in range(runs)])
        answering = statistics.median(costs[0])
        return Sample([len(text) / (cost - answering) for cost in costs[1]])

    def _ask(self, action: str, *headers: str) -> float:
        """Wait for an answer; give the processor time that it took."""
        begin = time.clock_gettime(self._clock)
        self._connection.sendall("\r\n".join([f"Action: {action}", *headers, "", ""]).encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            received = self._connection.recv(65536)
            if not received:
                raise Failed("Asterisk closed the connection")
            answer += received
        if not answer.startswith(b"Response: Success"):
            raise Failed(answer.decode(errors="replace").replace("\r\n", " ").strip())
        return time.clock_gettime(self._clock) - begin


@contextlib.contextmanager
def pbx(version: int) -> Iterator[Pbx]:
    """Run a server.

    Parameters
    ----------
    version : int
        Asterisk's major version, one of VERSIONS.

    Yields
    ------
    Pbx
        The server, which is unpacked when it is not there yet.

    Raises
    ------
    Failed
        There is none to be had here, or it did not start.
    """
    sys.path.insert(0, str(BENCH.parent / "tests" / "asterisk"))
    from archive import Unavailable
    from asterisk_server import AsteriskServer

    try:
        with AsteriskServer(version) as server:
            assert server.pid is not None
            address = (server.host, server.ami_port)
            with socket.create_connection(address, TIMEOUT) as connection:
                yield Pbx(server.directory / "etc", server.pid, connection)
    except (Unavailable, OSError, RuntimeError) as reason:
        raise Failed(str(reason).partition("\n")[0]) from None
