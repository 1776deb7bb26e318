# SPDX-License-Identifier: MIT
"""A FastAGI server with panoramisk, in one thread: ``calls_panoramisk.py``."""

import asyncio

import until_stdin_ends
from panoramisk import fast_agi

VALUE = "opening hours, all days"


async def _handle(request: fast_agi.Request) -> None:
    for i in range(1, 6):
        name = f"BENCH_{i}"
        await request.send_command("NOOP")
        await request.send_command(f'VERBOSE "step {i} of 5" 3')
        await request.send_command(f'SET VARIABLE "{name}" "{VALUE}"')
        result = await request.send_command(f'GET VARIABLE "{name}"')
        if result["result"] != ("1", VALUE):
            return


async def _serve() -> None:
    application = fast_agi.Application(loop=asyncio.get_running_loop())
    application.add_route("bench", _handle)
    server = await asyncio.start_server(application.handler, "127.0.0.1", 0, backlog=4096)
    until_stdin_ends.start(server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(_serve())
