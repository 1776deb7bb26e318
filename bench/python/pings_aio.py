# SPDX-License-Identifier: MIT
"""Pings in flight at once, with ours for asyncio: ``pings_aio.py PORT COUNT``."""

import asyncio
import sys

import report
from asterisk.aio import Manager


async def _measure(port: int, count: int) -> None:
    async with Manager("127.0.0.1", port, username="admin", secret="secret") as manager:
        span = report.Span()
        for answer in await asyncio.gather(*[manager.submit("Ping") for _ in range(count)]):
            if answer.response["Ping"] != "Pong":
                sys.exit("not a pong")
        span.end(count)


asyncio.run(_measure(int(sys.argv[1]), int(sys.argv[2])))
