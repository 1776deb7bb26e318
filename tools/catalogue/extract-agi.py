#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Extracts the facts of the AGI commands from Asterisk's own documentation.

    tools/catalogue/extract-agi.py 16=FILE 22=FILE > src/agi/commands.json

FILE is the core-en_US.xml of that version (documentation.py). Only facts are taken: names,
parameters, whether they are required and the values that are listed for them.

What the documentation lacks or has wrong stands in the lists below. Both versions behave alike in
all of it, and tests/asterisk/test_agi_catalogue.py compares each list with real servers.
"""

from __future__ import annotations

import json
import sys

from documentation import Documentation, Facts, documentations

# What Asterisk runs on a channel that is hung up, where it answers 511 to all others: the commands
# that res/res_agi.c and its like register with `dead` set. `agi show commands` shows it.
ON_DEAD_CHANNEL = {
    "ASYNCAGI BREAK",
    "DATABASE DEL",
    "DATABASE DELTREE",
    "DATABASE GET",
    "DATABASE PUT",
    "EXEC",
    "GET FULL VARIABLE",
    "GET VARIABLE",
    "NOOP",
    "SET VARIABLE",
    "SPEECH DESTROY",
    "SPEECH UNLOAD GRAMMAR",
    "VERBOSE",
}

# Documented as required; without it the command is done all the same. (SET CALLERID is answered
# with success too and does nothing, so its number stays required.)
OPTIONAL = {
    ("EXEC", "options"),
    ("SET MUSIC", "class"),
    ("SPEECH CREATE", "engine"),
    ("VERBOSE", "level"),
}

# One argument that holds several values with commas between them.
JOINED = {("EXEC", "options"), ("GOSUB", "optional-argument")}

# Commands that ignore what stands behind their last parameter. To the others it is a wrong usage.
IGNORE_MORE = {
    "ANSWER",
    "ASYNCAGI BREAK",
    "EXEC",
    "GET DATA",
    "NOOP",
    "RECORD FILE",
    "SAY DATETIME",
    "SET CALLERID",
    "SET MUSIC",
    "SPEECH CREATE",
    "SPEECH DESTROY",
    "SPEECH RECOGNIZE",
    "VERBOSE",
}


def extract(documentations: dict[int, Documentation]) -> Facts:
    commands: dict[str, Facts] = {}
    # The newest version first: its order of parameters counts.
    for version in sorted(documentations, reverse=True):
        for element in documentations[version].docs.findall("agi"):
            # They are documented in lower case, and written in upper case everywhere else.
            name = element.get("name", "").upper()
            entry = commands.setdefault(name, {"name": name, "versions": [], "parameters": {}})
            assert version not in entry["versions"], f"{name} is documented twice"
            entry["versions"].append(version)
            for parameter, required, values in documentations[version].parameters(element):
                facts = entry["parameters"].setdefault(parameter, {"versions": [], "required": []})
                facts["versions"].append(version)
                if required and (name, parameter) not in OPTIONAL:
                    facts["required"].append(version)
                if (name, parameter) in JOINED:
                    facts["joined"] = True
                if values:
                    known = facts.setdefault("values", [])
                    known += [value for value in values if value not in known]
    for name, entry in commands.items():
        entry["on_dead_channel"] = name in ON_DEAD_CHANNEL
        entry["ignores_more"] = name in IGNORE_MORE
    return {
        "versions": sorted(documentations),
        "commands": [commands[name] for name in sorted(commands)],
    }


def check(facts: Facts) -> None:
    """The lists above speak of what there is; a required parameter follows no optional one."""
    names = {entry["name"] for entry in facts["commands"]}
    pairs = {(entry["name"], name) for entry in facts["commands"] for name in entry["parameters"]}
    missing = ON_DEAD_CHANNEL - names | IGNORE_MORE - names | OPTIONAL - pairs | JOINED - pairs
    assert not missing, f"not documented: {missing}"
    for entry in facts["commands"]:
        required = [bool(parameter["required"]) for parameter in entry["parameters"].values()]
        assert required == sorted(required, reverse=True), entry["name"]


def write(facts: Facts) -> str:
    """JSON with a line for each parameter, so that changes between versions read well."""

    def line(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)

    entries = []
    for entry in facts["commands"]:
        head = [f'"name": {line(entry["name"])}', f'"versions": {line(sorted(entry["versions"]))}']
        head += [f'"{key}": true' for key in ("on_dead_channel", "ignores_more") if entry[key]]
        parameters = []
        for name, parameter in entry["parameters"].items():
            parameter["versions"].sort()
            parameter["required"].sort()
            parameters.append(f"  {line(name)}: {line(parameter)}")
        body = "{\n" + ",\n".join(parameters) + "}" if parameters else "{}"
        entries.append(" {" + ", ".join(head) + f', "parameters": {body}}}')
    commands = ",\n".join(entries)
    return f'{{\n"versions": {line(facts["versions"])},\n"commands": [\n{commands}]\n}}\n'


def main() -> None:
    facts = extract(documentations("src/agi/commands.json"))
    check(facts)
    sys.stdout.write(write(facts))


if __name__ == "__main__":
    main()
