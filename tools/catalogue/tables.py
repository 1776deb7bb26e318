# SPDX-License-Identifier: MIT
"""Tables of constant data in C, as generate-ami-c.py and its like write them.

Rows refer to each other by index and to strings by their offset in one pool, so the tables need no
relocation when the library is loaded.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Pool:
    """Strings, each stored once, known by their offset. The empty one is at 0."""

    def __init__(self) -> None:
        self.offsets: dict[str, int] = {}
        self.size = 0
        self.add("")

    def add(self, string: str) -> int:
        if string not in self.offsets:
            assert all(" " <= c <= "~" and c not in '"\\' for c in string), string
            self.offsets[string] = self.size
            self.size += len(string) + 1
        return self.offsets[string]

    def lines(self) -> list[str]:
        lines = ["static const char strings[] ="]
        lines += [f'    "{string}\\0"' for string in self.offsets]
        lines[-1] += ";"
        return lines


class Rows:
    """Runs of rows, each different run stored once, known by the index of their first."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.starts: dict[tuple[str, ...], int] = {}

    def add(self, run: list[str]) -> int:
        if tuple(run) not in self.starts:
            self.starts[tuple(run)] = len(self.rows)
            self.rows += run
        return self.starts[tuple(run)]


class Parameters(Rows):
    """Rows of what an action or a command takes: name, values, versions that have it, and that
    require it, and whether `flag` is set."""

    def __init__(self, versions: list[int], pool: Pool, flag: str) -> None:
        super().__init__()
        self.values = Rows()
        self.pool = pool
        self.flag = flag
        self.bit = {version: 1 << index for index, version in enumerate(versions)}

    def mask(self, versions: list[int]) -> int:
        return sum(self.bit[version] for version in versions)

    def row(self, name: str, parameter: dict[str, Any]) -> str:
        run = [str(self.pool.add(value)) for value in parameter.get("values", [])]
        numbers = (
            self.pool.add(name),
            self.values.add(run),
            len(run),
            self.mask(parameter["versions"]),
            self.mask(parameter["required"]),
            int(parameter.get(self.flag, False)),
        )
        return "{%d, %d, %d, %d, %d, %d}" % numbers

    def add_all(self, parameters: dict[str, dict[str, Any]]) -> int:
        return self.add([self.row(*each) for each in parameters.items()])


def table(declaration: str, rows: list[str]) -> list[str]:
    return ["", f"static const {declaration}[] = {{", *(f"    {row}," for row in rows), "};"]


def write(generate: Callable[[dict[str, Any]], str]) -> None:
    """Make of a file of facts, the first argument, the file of tables that is the second."""
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} FACTS OUTPUT")
    facts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(sys.argv[2]).write_text(generate(facts), encoding="utf-8")
