# SPDX-License-Identifier: MIT
"""A FastAGI server with pystrix, a thread for a call: ``calls_pystrix.py``."""

import re
from typing import Any

import until_stdin_ends
from pystrix.agi import FastAGIServer, core

VALUE = "opening hours, all days"


def _handle(agi: Any, args: Any, kwargs: Any, match: "re.Match[str]", path: str) -> None:
    for i in range(1, 6):
        name = f"BENCH_{i}"
        agi.execute(core.Noop())
        agi.execute(core.Verbose(f"step {i} of 5", 3))
        agi.execute(core.SetVariable(name, VALUE))
        if agi.execute(core.GetVariable(name)) != VALUE:
            return


server = FastAGIServer("127.0.0.1", 0)
server.register_script_handler(None, _handle)
until_stdin_ends.start(server.server_address[1])
server.serve_forever()
