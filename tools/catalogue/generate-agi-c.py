#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Generates the tables of src/agi/catalogue.c.

    tools/catalogue/generate-agi-c.py src/agi/commands.json command-table.h

The rows' types are in src/agi/catalogue.c.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tables import Pool, Rows, table


def generate(facts: dict[str, Any]) -> str:
    bit = {version: 1 << index for index, version in enumerate(facts["versions"])}
    pool = Pool()
    values = Rows()
    parameters = Rows()

    def mask(versions: list[int]) -> int:
        return sum(bit[version] for version in versions)

    def parameter_row(name: str, parameter: dict[str, Any]) -> str:
        run = [str(pool.add(value)) for value in parameter.get("values", [])]
        numbers = (
            pool.add(name),
            values.add(run),
            len(run),
            mask(parameter["versions"]),
            mask(parameter["required"]),
            int(parameter.get("joined", False)),
        )
        return "{%d, %d, %d, %d, %d, %d}" % numbers

    def entry_row(entry: dict[str, Any]) -> str:
        run = [parameter_row(name, parameter) for name, parameter in entry["parameters"].items()]
        numbers = (
            pool.add(entry["name"]),
            parameters.add(run),
            len(run),
            mask(entry["versions"]),
            int(entry.get("on_dead_channel", False)),
            int(entry.get("ignores_more", False)),
        )
        return "{%d, %d, %d, %d, %d, %d}" % numbers

    entries = [entry_row(entry) for entry in facts["commands"]]
    assert max(pool.size, len(parameters.rows)) < 65536

    lines = ["/* Made from commands.json by tools/catalogue/generate-agi-c.py. */", ""]
    lines += pool.lines()
    lines += table("uint16_t values", values.rows)
    lines += table("struct pyst_agi_parameter parameters", parameters.rows)
    lines += table("struct pyst_agi_entry commands", entries)
    return "\n".join(lines) + "\n"


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} FACTS OUTPUT")
    facts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(sys.argv[2]).write_text(generate(facts), encoding="utf-8")


if __name__ == "__main__":
    main()
