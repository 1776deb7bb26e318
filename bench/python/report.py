# SPDX-License-Identifier: MIT
"""What the measuring programs in Python share: the clocks and the line they print."""

import contextlib
import io
import json
import sys
import time
from collections.abc import Iterator


class Span:
    """A span of time, from its making to `end`."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = time.process_time()
        self._ended = False

    def stop(self) -> None:
        """Take the time now; `end` will report this."""
        self._wall = time.perf_counter() - self._wall
        self._cpu = time.process_time() - self._cpu
        self._ended = True

    def end(self, count: int, **more: int) -> None:
        """Print the span as a line of JSON.

        Parameters
        ----------
        count : int
            How many things were done in it.
        **more : int
            Other figures to print.
        """
        if not self._ended:
            self.stop()
        print(json.dumps({"count": count, "wall": self._wall, "cpu": self._cpu, **more}))
        sys.stdout.flush()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drop what a peer prints meanwhile."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield
