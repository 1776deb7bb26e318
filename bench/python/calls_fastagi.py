# SPDX-License-Identifier: MIT
"""A FastAGI server with asterisk.fastagi: ``calls_fastagi.py async|plain``."""

import sys

import until_stdin_ends
from asterisk.agi import AGI
from asterisk.aio import AGI as AwaitedAGI
from asterisk.fastagi import Server

VALUE = "opening hours, all days"


def plain(agi: AGI) -> None:
    """The twenty commands of a call, in a thread."""
    for i in range(1, 6):
        name = f"BENCH_{i}"
        agi.noop()
        agi.verbose(f"step {i} of 5", 3)
        agi.set_variable(name, VALUE)
        if agi.get_variable(name) != VALUE:
            return


async def awaited(agi: AwaitedAGI) -> None:
    """The same, in the event loop."""
    for i in range(1, 6):
        name = f"BENCH_{i}"
        await agi.noop()
        await agi.verbose(f"step {i} of 5", 3)
        await agi.set_variable(name, VALUE)
        if await agi.get_variable(name) != VALUE:
            return


server = Server("127.0.0.1", 0, waiting=20000)
server.route("bench")(awaited if sys.argv[1] == "async" else plain)
until_stdin_ends.start(server.port)
server.serve_forever()
