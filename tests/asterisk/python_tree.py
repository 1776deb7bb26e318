#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The newest Python of Debian's archive, unpacked: to build and test the extension with it.

Run as a program it prints the interpreter's path, and with ``--cflags`` the options with which
this machine's compiler finds its headers.
"""

import os
import sys
from pathlib import Path
from typing import List, NamedTuple

from archive import Selection, Unavailable, loader, unpacked

#: The C library's headers and the compiler stay the machine's own.
WITHOUT = "libc6-dev|libc-dev-bin|linux-libc-dev|libcrypt-dev|rpcsvc|gcc|cpp|libjs-|sphinx|perl|libperl"


class PythonTree(NamedTuple):
    """An interpreter and what is needed to build extensions for it.

    Attributes
    ----------
    executable : Path
        Runs with the tree's own libraries on this machine; ``sys.executable`` is the same path.
    include_directories : list of Path
        Where Python.h is, and what it includes.
    """

    executable: Path
    include_directories: List[Path]


def unpack_python(suite: str = "forky", refresh: bool = False) -> PythonTree:
    """Unpack the default Python 3 of a Debian suite, with headers and pytest.

    Raises
    ------
    Unavailable
        It cannot be had here; the text says why.
    """
    selection = Selection(suite, ("python3-dev", "python3-pytest"), WITHOUT)
    tree = unpacked(selection, f"python-{suite}", refresh)
    include = tree / "usr/include"
    versions = sorted(include.glob("python3.*"))
    if not versions:
        raise Unavailable(f"no headers of Python in {tree}")
    name = versions[-1].name
    wrapper = tree / "usr/bin/python3"
    if wrapper.is_symlink() or not wrapper.exists():
        new = wrapper.with_name(f"python3.{os.getpid()}")
        # The program as it is would be started by this machine's loader, whose C library is older.
        command = " ".join(f"'{word}'" for word in loader(tree))
        command += f" --argv0 '{wrapper}' '{wrapper.with_name(name)}'"
        new.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        new.chmod(0o755)
        new.rename(wrapper)
    return PythonTree(wrapper, [versions[-1], include])


def main() -> int:
    try:
        python = unpack_python()
    except Unavailable as error:
        print(f"python_tree.py: {error}", file=sys.stderr)
        return 1
    if sys.argv[1:] == ["--cflags"]:
        print(" ".join(f"-I{path}" for path in python.include_directories))
    else:
        print(python.executable)
    return 0


if __name__ == "__main__":
    sys.exit(main())
