#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Generates the tables of src/dialplan/catalogue.c.

    tools/catalogue/generate-dialplan-c.py src/dialplan/applications.json application-table.h

The rows' types are in src/dialplan/catalogue.h.
"""

from __future__ import annotations

from typing import Any

from tables import Pool, table, write


def generate(facts: dict[str, Any]) -> str:
    pool = Pool()

    def application_row(name: str, entry: dict[str, Any]) -> str:
        numbers = (
            pool.add(name),
            pool.add(entry.get("letters", "")),
            entry.get("least", 0),
            entry.get("most", 0),
            entry.get("options", 0),
            int(entry.get("open", False)),
        )
        return "{%d, %d, %d, %d, %d, %d}" % numbers

    applications = [application_row(*each) for each in facts["applications"].items()]
    functions = [str(pool.add(name)) for name in facts["functions"]]
    assert pool.size < 65536

    lines = ["/* Made from applications.json by tools/catalogue/generate-dialplan-c.py. */", ""]
    lines += pool.lines()
    lines += table("struct dialplan_application applications", applications)
    lines += table("uint16_t functions", functions)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write(generate)
