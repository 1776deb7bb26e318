# SPDX-License-Identifier: MIT
"""Reading a configuration file: ``read_config.py WHAT FILE ROUNDS``.

WHAT is ``Config`` or ``items``, which goes over all that is in it, of pyst or of ours in its place;
``Document``, ``load`` or ``reload`` of ours. Each round reads the file from disk and drops what was
made, which `reload` has in its time; the count is of the file's bytes. Rounds go on for half a
second at least. The line printed first is of a reading before them, the first of the process.
"""

import os
import sys
import time
from typing import Any

import report
from asterisk import config

SECONDS = 0.5


def _read(what: str, path: str) -> Any:
    if what == "Document":
        return config.Document.load(path)
    if what in ("load", "reload"):
        return config.load(path)
    made = config.Config(path)
    if what == "items":
        sum(len(item.value) for category in made.categories for item in category.items)
    return made


def main() -> None:
    """Run the rounds."""
    what, path, rounds = sys.argv[1:]
    size = os.path.getsize(path)
    left = int(rounds) + 1
    end = time.monotonic() + SECONDS
    while left > 0 or time.monotonic() < end:
        span = report.Span()
        made = _read(what, path)
        if what != "reload":
            span.stop()
        del made
        span.end(size)
        left -= 1


main()
