# SPDX-License-Identifier: MIT
"""Events with ours for asyncio: ``events_aio.py PORT COUNT handler|iterator``."""

import asyncio
import sys

import report
from asterisk.aio import Event, Manager


async def _to_handler(manager: Manager, count: int) -> None:
    done = asyncio.Event()
    seen = 0

    def handle(event: Event) -> None:
        nonlocal seen
        if event.name and event.get_header("Channel") and event.get_header("Value"):
            seen += 1
            if seen == count:
                span.stop()
                done.set()

    manager.on("VarSet", handle)
    span = report.Span()
    flood = manager.submit("Flood", Count=count)
    await asyncio.wait_for(done.wait(), 120)
    span.end(count)
    await flood


async def _to_iterator(manager: Manager, count: int) -> None:
    seen = 0
    events = manager.events("VarSet")
    span = report.Span()
    flood = manager.submit("Flood", Count=count)
    async for event in events:
        if event.name and event.get_header("Channel") and event.get_header("Value"):
            seen += 1
            if seen == count:
                break
    span.end(count)
    await flood


async def _measure(port: int, count: int, way: str) -> None:
    async with Manager("127.0.0.1", port, username="admin", secret="secret") as manager:
        await {"handler": _to_handler, "iterator": _to_iterator}[way](manager, count)


asyncio.run(_measure(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
