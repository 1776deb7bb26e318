#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Unpack, start and stop a real Asterisk by hand; README.md in this directory says more."""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import List, Optional

from archive import Unavailable
from asterisk_server import SELECTIONS, AsteriskServer, tree


def directory_of(version: int, name: str) -> Path:
    """Return where the server called `name` keeps its files."""
    return Path(tempfile.gettempdir()) / f"pyst-asterisk-{os.getuid()}-{version}{name}"


def running(directory: Path) -> Optional[int]:
    """Return the number of the process that serves `directory`, if there is one."""
    try:
        pid = int((directory / "pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if os.fsencode(directory) in command else None


def unpack(versions: List[int], refresh: bool) -> None:
    """Say where each version is unpacked, unpacking it where it is not."""
    for version in versions:
        before = time.monotonic()
        path = tree(version, refresh)
        print(f"Asterisk {version}: {path} ({time.monotonic() - before:.1f} s)")


def start(version: int, name: str, as_json: bool) -> None:
    """Start a server that goes on when this program ends, and say where it listens."""
    directory = directory_of(version, name)
    pid = running(directory)
    if pid is not None:
        raise RuntimeError(f"Asterisk {version} runs already, as process {pid}")
    directory.mkdir(mode=0o700, exist_ok=True)
    if directory.stat().st_uid != os.getuid():
        raise RuntimeError(f"{directory} belongs to another user")
    server = AsteriskServer(version, directory)
    server.start()
    (directory / "pid").write_text(f"{server.pid}\n")
    facts = {
        "version": version,
        "pid": server.pid,
        "host": server.host,
        "ami": server.ami_port,
        "ami_tls": server.tls_port,
        "http": server.http_port,
        "sip": server.sip_port,
        "certificate": str(server.certificate),
        "log": str(server.log),
    }
    if as_json:
        print(json.dumps(facts))
    else:
        print("\n".join(f"{fact:12} {value}" for fact, value in facts.items()))
        print("\nLog in as admin with the secret `secret`.")


def stop(version: int, name: str) -> None:
    """Stop the server that `start` started."""
    directory = directory_of(version, name)
    pid = running(directory)
    if pid is None:
        print(f"Asterisk {version} does not run.")
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 3
    while running(directory) == pid and time.monotonic() < deadline:
        time.sleep(0.05)
    if running(directory) == pid:
        os.kill(pid, signal.SIGKILL)
    (directory / "pid").unlink()
    print(f"Asterisk {version} stopped.")


def main() -> int:
    versions = sorted(SELECTIONS, reverse=True)
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    unpacker = commands.add_parser("unpack", help="download and unpack, once")
    unpacker.add_argument("version", type=int, nargs="*", default=versions)
    unpacker.add_argument("--refresh", action="store_true", help="ask for newer packages")
    starter = commands.add_parser("start", help="start a server in the background")
    starter.add_argument("version", type=int, nargs="?", choices=versions, default=versions[0])
    starter.add_argument("--json", action="store_true", help="print one JSON object")
    starter.add_argument("--name", default="", help="to have several of one version")
    stopper = commands.add_parser("stop", help="stop the server that start started")
    stopper.add_argument("version", type=int, nargs="?", choices=versions, default=versions[0])
    stopper.add_argument("--name", default="", help="the name it was started with")
    arguments = parser.parse_args()
    try:
        if arguments.command == "unpack":
            unpack(arguments.version, arguments.refresh)
        elif arguments.command == "start":
            start(arguments.version, arguments.name, arguments.json)
        else:
            stop(arguments.version, arguments.name)
    except (Unavailable, RuntimeError) as error:
        print(f"server.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
