# SPDX-License-Identifier: MIT
"""Pings in flight at once, with panoramisk: ``pings_panoramisk.py PORT COUNT``."""

import asyncio
import sys

import report
from panoramisk import Manager


async def _measure(port: int, count: int) -> None:
    manager = Manager(
        loop=asyncio.get_running_loop(),
        host="127.0.0.1",
        port=port,
        username="admin",
        secret="secret",
    )
    await manager.connect()
    await manager.authenticated_future
    span = report.Span()
    futures = [manager.send_action({"Action": "Ping"}) for _ in range(count)]
    for response in await asyncio.wait_for(asyncio.gather(*futures), 120):
        if response["Ping"] != "Pong":
            sys.exit("not a pong")
    span.end(count)
    manager.close()


asyncio.run(_measure(int(sys.argv[1]), int(sys.argv[2])))
