#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Generates the tables of src/agi/catalogue.c.

    tools/catalogue/generate-agi-c.py src/agi/commands.json command-table.h

The rows' types are in src/agi/catalogue.c.
"""

from __future__ import annotations

from typing import Any

from tables import Parameters, Pool, table, write


def generate(facts: dict[str, Any]) -> str:
    pool = Pool()
    parameters = Parameters(facts["versions"], pool, "joined")

    def entry_row(entry: dict[str, Any]) -> str:
        first_parameter = parameters.add_all(entry["parameters"])
        numbers = (
            pool.add(entry["name"]),
            first_parameter,
            len(entry["parameters"]),
            parameters.mask(entry["versions"]),
            int(entry.get("on_dead_channel", False)),
            int(entry.get("ignores_more", False)),
        )
        return "{%d, %d, %d, %d, %d, %d}" % numbers

    entries = [entry_row(entry) for entry in facts["commands"]]
    assert max(pool.size, len(parameters.rows)) < 65536

    lines = ["/* Made from commands.json by tools/catalogue/generate-agi-c.py. */", ""]
    lines += pool.lines()
    lines += table("uint16_t values", parameters.values.rows)
    lines += table("struct pyst_agi_parameter parameters", parameters.rows)
    lines += table("struct pyst_agi_entry commands", entries)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write(generate)
