# SPDX-License-Identifier: MIT
"""How the servers in Python end: when their standard input does."""

import os
import sys
import threading


def start(port: int) -> None:
    """Print the port and end the process when standard input ends.

    Parameters
    ----------
    port : int
        Where the server listens.
    """
    print(port, flush=True)
    threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
