# SPDX-License-Identifier: MIT
"""Parsing with pystrix: ``parse_pystrix.py FILE ROUNDS``.

Its socket reads whole messages, here from a file in memory. An end of file makes it wait for
ever, so the traffic ends in an event that ends the round.
"""

import io
import sys
import threading
from pathlib import Path

import report
from pystrix.ami import ami

END = "EndOfTraffic"


def main() -> None:
    """Run the rounds."""
    traffic = Path(sys.argv[1]).read_bytes()
    for _ in range(int(sys.argv[2])):
        sock = ami._SynchronisedSocket.__new__(ami._SynchronisedSocket)
        sock._socket_file = io.BytesIO(traffic + f"Event: {END}\r\n\r\n".encode())
        sock._socket_read_lock = threading.Lock()
        sock._socket_write_lock = threading.Lock()
        sock._connected = True
        messages = 0
        span = report.Span()
        while sock.read_message().name != END:
            messages += 1
        span.end(messages, size=len(traffic))


main()
