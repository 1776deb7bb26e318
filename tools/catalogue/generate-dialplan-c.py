#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Generates the tables of src/dialplan/catalogue.c.

    tools/catalogue/generate-dialplan-c.py src/dialplan/applications.json application-table.h

The rows' types are in src/dialplan/catalogue.h.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tables import Pool, table


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


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} FACTS OUTPUT")
    facts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(sys.argv[2]).write_text(generate(facts), encoding="utf-8")


if __name__ == "__main__":
    main()
