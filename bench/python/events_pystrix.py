# SPDX-License-Identifier: MIT
"""Events to a callback, with pystrix: ``events_pystrix.py PORT COUNT``."""

import sys
import threading
from typing import Any

import report
from pystrix.ami import Manager, core
from pystrix.ami.ami import _Request


def main() -> None:
    """Ask for a flood and time its events."""
    port, count = int(sys.argv[1]), int(sys.argv[2])
    done = threading.Event()
    seen = 0

    def handle(event: Any, manager: Any) -> None:
        nonlocal seen
        if event.name and event["Channel"] and event["Value"]:
            seen += 1
            if seen == count:
                span.stop()
                done.set()

    manager = Manager()
    manager.connect("127.0.0.1", port)
    manager.send_action(core.Login("admin", "secret"))
    manager.register_callback("VarSet", handle)
    request = _Request("Flood")
    request["Count"] = str(count)
    span = report.Span()
    manager.send_action(request)
    if not done.wait(120):
        sys.exit(f"only {seen} of {count} events came")
    span.end(count)
    manager.close()


main()
