# SPDX-License-Identifier: MIT
"""Events to a handler, with the package asterisk: ``events_manager.py PORT COUNT``.

The same program for ours, pyst and pyst2: whichever PYTHONPATH names.
"""

import contextlib
import sys
import threading
from typing import Any

import report
from asterisk import manager as ami


def main() -> None:
    """Ask for a flood and time its events."""
    port, count = int(sys.argv[1]), int(sys.argv[2])
    done = threading.Event()
    seen = 0

    def handle(event: Any, manager: Any) -> None:
        nonlocal seen
        if event.name and event.get_header("Channel") and event.get_header("Value"):
            seen += 1
            if seen == count:
                span.stop()
                done.set()

    manager = ami.Manager()
    manager.connect("127.0.0.1", port)
    manager.login("admin", "secret")
    manager.register_event("VarSet", handle)
    span = report.Span()
    manager.send_action({"Action": "Flood", "Count": str(count)})
    if not done.wait(120):
        sys.exit(f"only {seen} of {count} events came")
    span.end(count)
    manager.logoff()
    with contextlib.suppress(ami.ManagerException):  # pyst2 raises it after logoff()
        manager.close()


main()
