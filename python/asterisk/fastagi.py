# SPDX-License-Identifier: MIT
"""FastAGI: calls that Asterisk hands over the network, by ``AGI(agi://host/path?name=value)``.

::

    from asterisk.fastagi import Server

    server = Server("0.0.0.0")

    @server.route("ivr/sales")
    def sales(agi):                      # in a thread
        agi.stream_file("welcome")

    @server.route("ivr/*")
    async def other(agi):                # in the event loop
        await agi.stream_file("goodbye")

    server.serve_forever()

Of pyst2 there is `FastAGI`, a handler for the servers of `socketserver`.
"""

from __future__ import annotations

import socketserver
import sys

from asterisk.agi import AGI, AGIException
from asterisk.agi.routes import Handler, Routes, is_async, not_found, not_found_async
from asterisk.agi.server import HOST, PORT, Counters, Server

__all__ = [
    "HOST",
    "PORT",
    "Counters",
    "FastAGI",
    "Handler",
    "Routes",
    "Server",
    "is_async",
    "not_found",
    "not_found_async",
]


class FastAGI(socketserver.StreamRequestHandler):
    """A call, for any server of `socketserver`. Override `handle`, or `call`.

    Attributes
    ----------
    timeout : float
        Seconds without a byte after which the call is given up.
    """

    timeout = 5

    def handle(self) -> None:
        """Make an AGI of the connection and give it to `call`; tell on stderr what goes wrong."""
        try:
            with AGI(stdin=self.rfile, stdout=self.wfile, stderr=sys.stderr) as agi:
                self.call(agi)
        except (AGIException, OSError) as error:
            sys.stderr.write(f"agi://{self.client_address}: {type(error).__name__}: {error}\n")

    def call(self, agi: AGI) -> None:
        """Run the call: say on Asterisk's console that it came here."""
        host, port = self.request.getsockname()[:2]
        agi.verbose(f"FastAGI on {host}:{port}")
