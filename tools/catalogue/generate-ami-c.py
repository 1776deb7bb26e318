#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Generates the tables of src/ami/catalogue.c.

    tools/catalogue/generate-ami-c.py src/ami/catalogue.json catalogue-table.h

The rows' types are in src/ami/catalogue.c.
"""

from __future__ import annotations

from typing import Any

from tables import Parameters, Pool, Rows, table, write


def generate(facts: dict[str, Any]) -> str:
    pool = Pool()
    parameters = Parameters(facts["versions"], pool, "repeated")
    items = Rows()
    event_index = {event["name"]: index for index, event in enumerate(facts["events"])}

    def entry_row(entry: dict[str, Any]) -> str:
        first_parameter = parameters.add_all(entry["parameters"])
        events = entry.get("list", {"items": [], "final": None})
        item_run = [str(event_index[name]) for name in events["items"]]
        assert len(entry["parameters"]) < 256 and len(item_run) < 256
        numbers = (
            pool.add(entry["name"]),
            pool.add(entry["privilege"]) if "privilege" in entry else 0,
            first_parameter,
            items.add(item_run),
            event_index[events["final"]] + 1 if events["final"] else 0,
            len(entry["parameters"]),
            len(item_run),
            parameters.mask(entry["versions"]),
            int(entry.get("any_header", False)),
        )
        return "{%d, %d, %d, %d, %d, %d, %d, %d, %d}" % numbers

    tables = {kind: [entry_row(entry) for entry in facts[kind]] for kind in ("actions", "events")}
    indexed = (parameters.values, parameters, items)
    assert max(pool.size, *(len(each.rows) for each in indexed)) < 65536

    lines = ["/* Made from catalogue.json by tools/catalogue/generate-ami-c.py. */", ""]
    lines += pool.lines()
    lines += table("uint16_t values", parameters.values.rows)
    lines += table("uint16_t items", items.rows)
    lines += table("struct pyst_ami_parameter parameters", parameters.rows)
    for kind, rows in tables.items():
        lines += table(f"struct pyst_ami_entry {kind}", rows)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write(generate)
