# SPDX-License-Identifier: MIT
"""Record what a real Asterisk sends while calls are made: ``record.py DIRECTORY [VERSION]``.

The server is the one of tests/asterisk, unpacked when it is not there yet. The recording is what
PYST_TRAFFIC and ``script/bench --real`` take.
"""

import socket
import sys
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent
EXTENSIONS = ("short", "dial", "dialbusy", "variables", "userevent", "ring", "queue", "play")
CALLS = 160
SECONDS = 12.0


def _action(name: str, *headers: str) -> bytes:
    return "\r\n".join([f"Action: {name}", *headers, "", ""]).encode()


def record(path: Path, version: int = 22) -> None:
    """Write a recording.

    Parameters
    ----------
    path : Path
        The file to write; its name should end in ``.s2c``.
    version : int
        Asterisk's major version.

    Raises
    ------
    archive.Unavailable
        There is no such server to be had here.
    ConnectionError
        The server did not let us in.
    """
    sys.path.insert(0, str(BENCH.parent / "tests" / "asterisk"))
    from asterisk_server import AsteriskServer

    received = bytearray()
    with AsteriskServer(version) as server:
        with socket.create_connection((server.host, server.ami_port), 10) as sock:
            sock.sendall(_action("Login", "Username: admin", "Secret: secret", "Events: on"))
            sock.settimeout(0.02)
            end = time.monotonic() + SECONDS
            calls = 0
            while time.monotonic() < end:
                if calls < CALLS and b"Authentication accepted" in received[:1024]:
                    extension = EXTENSIONS[calls % len(EXTENSIONS)]
                    call = (f"Channel: Local/{extension}@tests", "Application: Wait", "Data: 1")
                    sock.sendall(_action("Originate", *call, "Async: yes", f"ActionID: {calls}"))
                    calls += 1
                try:
                    received += sock.recv(65536)
                except socket.timeout:
                    continue
    if calls == 0:
        raise ConnectionError("Asterisk did not let us in")
    path.write_bytes(received)


if __name__ == "__main__":
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 22
    record(directory / f"ami-{wanted}.s2c", wanted)
