# SPDX-License-Identifier: MIT
"""Parsing with panoramisk: ``parse_panoramisk.py FILE ROUNDS``.

Its protocol gets the traffic in pieces of 64 KiB, as from asyncio, and dispatches events to a
manager that counts them.
"""

import sys
from collections import deque
from pathlib import Path
from typing import Any

import report
from panoramisk.ami_protocol import AMIProtocol

PIECE = 65536


class _Manager:
    """What the protocol hands events to."""

    save_stream = None
    forgetable_actions = ()

    def __init__(self) -> None:
        self.events = 0

    def dispatch(self, event: Any) -> None:
        """Count an event."""
        self.events += 1

    def connection_lost(self, exc: Any) -> None:
        """Do nothing."""


class _Transport:
    """What the protocol closes."""

    def close(self) -> None:
        """Do nothing."""


def main() -> None:
    """Run the rounds."""
    traffic = Path(sys.argv[1]).read_bytes()
    for _ in range(int(sys.argv[2])):
        manager = _Manager()
        protocol = AMIProtocol()
        protocol.connection_made(_Transport())
        protocol.factory = manager
        protocol.encoding = "utf8"
        protocol.queue = deque()
        span = report.Span()
        for at in range(0, len(traffic), PIECE):
            protocol.data_received(traffic[at : at + PIECE])
        # Responses to nothing it sent are parsed and dropped; they are counted by nobody.
        span.end(traffic.count(b"\r\n\r\n"), size=len(traffic), events=manager.events)


main()
