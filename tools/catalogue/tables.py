# SPDX-License-Identifier: MIT
"""Tables of constant data in C, as generate-c.py and generate-agi-c.py write them.

Rows refer to each other by index and to strings by their offset in one pool, so the tables need no
relocation when the library is loaded.
"""

from __future__ import annotations


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


def table(declaration: str, rows: list[str]) -> list[str]:
    return ["", f"static const {declaration}[] = {{", *(f"    {row}," for row in rows), "};"]
