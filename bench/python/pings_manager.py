# SPDX-License-Identifier: MIT
"""Pings in flight at once, with ours: ``pings_manager.py PORT COUNT``."""

import sys

import report
from asterisk.manager import Manager


def main() -> None:
    """Submit all, then take all answers."""
    port, count = int(sys.argv[1]), int(sys.argv[2])
    with Manager() as manager:
        manager.connect("127.0.0.1", port)
        manager.login("admin", "secret")
        span = report.Span()
        futures = [manager.submit("Ping") for _ in range(count)]
        for future in futures:
            if future.result().response["Ping"] != "Pong":
                sys.exit("not a pong")
        span.end(count)
        manager.logoff()


main()
