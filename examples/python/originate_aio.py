#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Call several channels at once and tell how each call went: originate_aio.py [CHANNEL...].

ASTERISK=host[:port], ASTERISK_USER and ASTERISK_SECRET in the environment say which Asterisk:
127.0.0.1, admin and secret unless told.
"""

import asyncio
import os
import sys
import time

from asterisk.actions import Originate
from asterisk.actions.events import Hangup
from asterisk.aio import Manager
from asterisk.errors import ManagerException


def manager() -> Manager:
    host, _, port = os.environ.get("ASTERISK", "127.0.0.1").partition(":")
    return Manager(
        host,
        int(port or 5038),
        username=os.environ.get("ASTERISK_USER", "admin"),
        secret=os.environ.get("ASTERISK_SECRET", "secret"),
        timeout=30,
    )


async def call(asterisk: Manager, channel: str) -> str:
    """Call a channel, let it listen to some music, and say how that went."""
    began = time.monotonic()
    hangups = asterisk.events(Hangup)
    answer = await asterisk.send(
        Originate(
            channel=channel,
            application="MusicOnHold",
            caller_id='"pyst" <1234>',
            timeout=20000,
            async_=True,
        ),
        final_event="OriginateResponse",
    )
    response = answer.check().events[-1]
    if response["Response"] != "Success":
        return f"{channel} could not be reached"
    answered = time.monotonic()
    async for hangup in hangups:
        if hangup.uniqueid == response["Uniqueid"]:
            return (
                f"{channel} answered after {answered - began:.1f} s, listened for "
                f"{time.monotonic() - answered:.1f} s and hung up: {hangup.cause_txt}"
            )
    return f"{channel}: Asterisk left"


async def tell(asterisk: Manager, channel: str) -> None:
    print(await call(asterisk, channel), flush=True)


async def main() -> int:
    channels = sys.argv[1:] or ["Local/100@default", "Local/200@default"]
    try:
        async with manager() as asterisk:
            print(f"Calling {', '.join(channels)}")
            calls = asyncio.gather(*(tell(asterisk, channel) for channel in channels))
            await asyncio.wait_for(calls, 60)
    except (ManagerException, asyncio.TimeoutError) as error:
        print(str(error) or "Somebody listens still.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
