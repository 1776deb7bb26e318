# SPDX-License-Identifier: MIT
"""Asterisk's manager interface (AMI) for asyncio, and AGI.

::

    import asyncio

    from asterisk.aio import Manager

    async def main():
        async with Manager("localhost", username="user", secret="secret") as manager:
            for channel in await manager.send("CoreShowChannels"):
                print(channel.get("Channel"))
            async for event in manager.events("Newchannel", "Hangup"):
                print(event.name, event["Channel"])

    asyncio.run(main())

All of it belongs to one event loop, any that asyncio has: TLS and reading are asyncio's own, and
uvloop works as well. There is no thread. Exceptions are those of `asterisk.manager`.
"""

from asterisk._core import Event, ManagerMsg
from asterisk.aio.agi import AGI
from asterisk.aio.async_agi import AsyncAGI
from asterisk.aio.manager import Manager
from asterisk.aio.streams import EventStream, Gap, ListStream
from asterisk.reconnect import Reconnect
from asterisk.response import Response

__all__ = [
    "AGI",
    "AsyncAGI",
    "Event",
    "EventStream",
    "Gap",
    "ListStream",
    "Manager",
    "ManagerMsg",
    "Reconnect",
    "Response",
]
