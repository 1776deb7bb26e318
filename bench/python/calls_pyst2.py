# SPDX-License-Identifier: MIT
"""A FastAGI server with pyst2, a process for a call: ``calls_pyst2.py``.

Its module is for Python 2. It runs here because the module it imports has its old name given back,
and because what it writes as text is encoded on the way to the socket. The queue of connections is
longer than it makes it, as it would refuse most of the calls else.
"""

import codecs
import os
import socketserver
import sys

sys.modules["SocketServer"] = socketserver
sys.stderr = open(os.devnull, "w")

import asterisk.agi
import asterisk.fastagi
import until_stdin_ends

VALUE = "opening hours, all days"


class Calls(asterisk.fastagi.FastAGI):
    """The twenty commands of a call."""

    timeout = None

    def handle(self) -> None:
        """Serve a call."""
        text = codecs.getwriter("utf-8")(self.wfile)
        agi = asterisk.agi.AGI(stdin=self.rfile, stdout=text, stderr=sys.stderr)
        for i in range(1, 6):
            name = f"BENCH_{i}"
            agi.noop()
            agi.verbose(f"step {i} of 5", 3)
            agi.set_variable(name, VALUE)
            if agi.get_variable(name) != VALUE:
                return


class Server(socketserver.ForkingTCPServer):
    """What pyst2 runs, with room for all calls."""

    request_queue_size = 4096


server = Server(("127.0.0.1", 0), Calls)
until_stdin_ends.start(server.server_address[1])
server.serve_forever()
