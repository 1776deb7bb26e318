# SPDX-License-Identifier: MIT
"""Parsing with pyst or pyst2: ``parse_pyst.py FILE ROUNDS``.

Both read lines from a file made of the socket in one thread, hand them over in a queue and make a
message of them in another. Here the first step runs over the file in memory and the second takes
the place of the queue, so that neither thread nor queue is in the time.
"""

import io
import sys
from pathlib import Path
from typing import Any

import report
from asterisk import manager as peer


class _Messages:
    """Takes the place of the queue of lines."""

    def __init__(self) -> None:
        self.messages = 0
        self.failed = 0

    def put(self, lines: Any) -> None:
        """Make a message."""
        if lines:
            try:
                message = peer.ManagerMsg(lines)
                message.has_header("Event")
            except AttributeError:  # pyst2, at a ChanVariable: dict.has_key is of Python 2
                self.failed += 1
            else:
                self.messages += 1


def _parse(traffic: bytes) -> _Messages:
    manager = peer.Manager()
    messages = _Messages()
    manager._sock = io.BytesIO(traffic)
    manager._message_queue = messages
    manager.title = "Asterisk Call Manager"
    manager._connected.set()
    manager._running.set()
    with report.quiet():
        manager._receive_data()
    manager._running.clear()
    return messages


def main() -> None:
    """Run the rounds."""
    traffic = Path(sys.argv[1]).read_bytes()
    for _ in range(int(sys.argv[2])):
        span = report.Span()
        messages = _parse(traffic)
        span.end(messages.messages, size=len(traffic), failed=messages.failed)


main()
