# SPDX-License-Identifier: MIT
"""Reading a configuration file: ``read_config.py Config|Document|load FILE ROUNDS``.

`Config` is pyst's, or ours in its place; the others are ours. Each round reads the file from disk
and drops what was made; the count is of its bytes.
"""

import os
import sys

import report
from asterisk import config


def main() -> None:
    """Run the rounds."""
    what, path, rounds = sys.argv[1:]
    read = config.Document.load if what == "Document" else getattr(config, what)
    size = os.path.getsize(path)
    read(path)
    for _ in range(int(rounds)):
        span = report.Span()
        made = read(path)
        span.stop()
        del made
        span.end(size)


main()
