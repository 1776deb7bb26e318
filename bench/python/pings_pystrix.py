# SPDX-License-Identifier: MIT
"""Pings one by one, with pystrix, which knows no other way: ``pings_pystrix.py PORT COUNT``."""

import sys

import report
from pystrix.ami import Manager, core


def main() -> None:
    """Send and time the pings."""
    port, count = int(sys.argv[1]), int(sys.argv[2])
    manager = Manager()
    manager.connect("127.0.0.1", port)
    manager.send_action(core.Login("admin", "secret"))
    span = report.Span()
    for _ in range(count):
        if manager.send_action(core.Ping()).response["Ping"] != "Pong":
            sys.exit("not a pong")
    span.end(count)
    manager.close()


main()
