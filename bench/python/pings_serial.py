# SPDX-License-Identifier: MIT
"""Pings one by one, with the package asterisk: ``pings_serial.py PORT COUNT``.

The same program for ours, pyst and pyst2. The last two have no other way: an action waits for
its response.
"""

import contextlib
import sys

import report
from asterisk import manager as ami


def main() -> None:
    """Send and time the pings."""
    port, count = int(sys.argv[1]), int(sys.argv[2])
    manager = ami.Manager()
    manager.connect("127.0.0.1", port)
    manager.login("admin", "secret")
    span = report.Span()
    for _ in range(count):
        if manager.ping().get_header("Ping") != "Pong":
            sys.exit("not a pong")
    span.end(count)
    manager.logoff()
    with contextlib.suppress(ami.ManagerException):  # pyst2 raises it after logoff()
        manager.close()


main()
