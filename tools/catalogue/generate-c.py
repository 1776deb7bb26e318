#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Generates the tables of src/ami/catalogue.c.

    tools/catalogue/generate-c.py src/ami/catalogue.json catalogue-table.h

The rows' types are in src/ami/catalogue.c.
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
    items = Rows()
    event_index = {event["name"]: index for index, event in enumerate(facts["events"])}

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
            int(parameter.get("repeated", False)),
        )
        return "{%d, %d, %d, %d, %d, %d}" % numbers

    def entry_row(entry: dict[str, Any]) -> str:
        run = [parameter_row(name, parameter) for name, parameter in entry["parameters"].items()]
        events = entry.get("list", {"items": [], "final": None})
        item_run = [str(event_index[name]) for name in events["items"]]
        assert len(run) < 256 and len(item_run) < 256
        numbers = (
            pool.add(entry["name"]),
            pool.add(entry["privilege"]) if "privilege" in entry else 0,
            parameters.add(run),
            items.add(item_run),
            event_index[events["final"]] + 1 if events["final"] else 0,
            len(run),
            len(item_run),
            mask(entry["versions"]),
            int(entry.get("any_header", False)),
        )
        return "{%d, %d, %d, %d, %d, %d, %d, %d, %d}" % numbers

    tables = {kind: [entry_row(entry) for entry in facts[kind]] for kind in ("actions", "events")}
    assert max(pool.size, len(values.rows), len(parameters.rows), len(items.rows)) < 65536

    lines = ["/* Made from catalogue.json by tools/catalogue/generate-c.py. */", ""]
    lines += pool.lines()
    lines += table("uint16_t values", values.rows)
    lines += table("uint16_t items", items.rows)
    lines += table("struct pyst_ami_parameter parameters", parameters.rows)
    for kind, rows in tables.items():
        lines += table(f"struct pyst_ami_entry {kind}", rows)
    return "\n".join(lines) + "\n"


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} FACTS OUTPUT")
    facts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(sys.argv[2]).write_text(generate(facts), encoding="utf-8")


if __name__ == "__main__":
    main()
