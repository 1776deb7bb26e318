#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run the tests here with each version of Asterisk, side by side, for they do little but wait.

    meson devenv -C build tests/asterisk/side_by_side.py [PYTEST-OPTION...]

What the newest version's tests print is shown as it comes, that of the others behind it. The
results are in pytest-asterisk-VERSION.xml of the build directory, whatever the exit status; those of
tests that need no Asterisk have 0 for a version.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from asterisk_server import SELECTIONS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = Path(os.environ.get("PYST_BUILD", ROOT / "build"))

#: 0 is for the tests that need none.
VERSIONS = [*sorted(SELECTIONS, reverse=True), 0]

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs", "--rootdir", str(ROOT)]
# Where a test hangs, this tells where.
PYTEST += ["-o", "faulthandler_timeout=300"]


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        outputs = [None, *(stack.enter_context(tempfile.TemporaryFile()) for _ in VERSIONS[1:])]
        runs = []
        for version, output in zip(VERSIONS, outputs):
            results = BUILD / f"pytest-asterisk-{version}.xml"
            results.unlink(missing_ok=True)
            command = [*PYTEST, f"--asterisk={version}", f"--junitxml={results}"]
            runs.append(
                subprocess.Popen(
                    [*command, *sys.argv[1:], str(HERE)],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output and subprocess.STDOUT,
                )
            )
        try:
            for run in runs:
                run.wait()
        except KeyboardInterrupt:
            for run in runs:
                run.send_signal(signal.SIGTERM)
            for run in runs:
                run.wait()
            return 130
        for output in outputs[1:]:
            assert output is not None
            output.seek(0)
            shutil.copyfileobj(output, sys.stdout.buffer)
    return max(run.returncode for run in runs)


if __name__ == "__main__":
    sys.exit(main())
