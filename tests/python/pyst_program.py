# SPDX-License-Identifier: MIT
"""Runs the command line that was built beside the package."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import IO, Any, Dict, List, Optional, Union

import pytest

import asterisk

ROOT = Path(__file__).resolve().parents[2]
_BUILT = Path(asterisk.__file__).resolve().parents[2] / "cli/pyst"
PYST = str(_BUILT) if _BUILT.exists() else shutil.which("pyst")

if PYST is None:
    pytest.skip("the command line was not built", allow_module_level=True)


def environment(**variables: str) -> Dict[str, str]:
    """This environment, without what pyst reads from it, and with `variables`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ASTERISK") and name not in ("HOME", "XDG_CONFIG_HOME")
    }
    return {**kept, "HOME": "/nonexistent", **variables}


class Ended:
    """A run that is over: exit code, output and errors as bytes and as text."""

    def __init__(self, code: int, output: bytes, errors: bytes) -> None:
        self.code = code
        self.output, self.errors = output, errors
        self.out = output.decode("utf-8", "surrogateescape")
        self.err = errors.decode("utf-8", "surrogateescape")

    def objects(self) -> List[Dict[str, Any]]:
        """The JSON objects that were printed, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def pyst(*arguments: str, env: Optional[Dict[str, str]] = None, stdin: bytes = b"") -> Ended:
    """Run pyst to its end."""
    done = subprocess.run(
        [str(PYST), *arguments],
        env=environment() if env is None else env,
        input=stdin,
        capture_output=True,
        timeout=60,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def start(
    *arguments: str, env: Dict[str, str], stdout: Union[int, IO[bytes]] = subprocess.PIPE
) -> "subprocess.Popen[bytes]":
    """Start pyst, with its output and errors in pipes."""
    return subprocess.Popen(
        [str(PYST), *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )
