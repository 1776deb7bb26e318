#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Print events as they come, also over restarts of Asterisk, until Ctrl-C: events.py [NAME...].

ASTERISK=host[:port], ASTERISK_USER and ASTERISK_SECRET in the environment say which Asterisk:
127.0.0.1, admin and secret unless told.
"""

import asyncio
import os
import signal
import sys
import time

from asterisk.aio import Gap, Manager, Reconnect
from asterisk.errors import ManagerException

#: What every event has, or what says little to a person.
BORING = {"Event", "Privilege", "SequenceNumber", "File", "Line", "Func"}
EMPTY = {"", "<unknown>"}


def manager() -> Manager:
    host, _, port = os.environ.get("ASTERISK", "127.0.0.1").partition(":")
    return Manager(
        host,
        int(port or 5038),
        username=os.environ.get("ASTERISK_USER", "admin"),
        secret=os.environ.get("ASTERISK_SECRET", "secret"),
        keepalive=30,
        reconnect=Reconnect(),
    )


async def main() -> int:
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, this.cancel)
    try:
        asterisk = manager()
        # From before the connection is made, so that nothing is missed.
        events = asterisk.events(*sys.argv[1:], gaps=True)
        asterisk.on_restored = lambda: print("-- and is there again", flush=True)
        async with asterisk:
            print(f"Listening to {asterisk.title} {asterisk.version}", flush=True)
            async for event in events:
                if isinstance(event, Gap):
                    print(f"-- Asterisk was lost: {event.reason}", flush=True)
                    continue
                told = [f"{k}={v}" for k, v in event.items() if k not in BORING and v not in EMPTY]
                print(f"{time.strftime('%H:%M:%S')} {event.name:<20} {' '.join(told)}", flush=True)
    except ManagerException as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except asyncio.CancelledError:  # Ctrl-C
        pass
