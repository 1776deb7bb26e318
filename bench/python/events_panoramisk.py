# SPDX-License-Identifier: MIT
"""Events to a callback, with panoramisk: ``events_panoramisk.py PORT COUNT``."""

import asyncio
import sys
from typing import Any

import report
from panoramisk import Manager


async def _measure(port: int, count: int) -> None:
    done = asyncio.Event()
    seen = 0

    def handle(manager: Any, event: Any) -> None:
        nonlocal seen
        if event.event and event["Channel"] and event["Value"]:
            seen += 1
            if seen == count:
                span.stop()
                done.set()

    manager = Manager(
        loop=asyncio.get_running_loop(),
        host="127.0.0.1",
        port=port,
        username="admin",
        secret="secret",
    )
    manager.register_event("VarSet", handle)
    await manager.connect()
    await manager.authenticated_future
    span = report.Span()
    manager.send_action({"Action": "Flood", "Count": str(count)})
    await asyncio.wait_for(done.wait(), 120)
    span.end(count)
    manager.close()


asyncio.run(_measure(int(sys.argv[1]), int(sys.argv[2])))
