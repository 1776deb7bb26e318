#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Extracts the facts of the manager interface from Asterisk's own documentation.

    tools/catalogue/extract-ami.py 16=FILE 22=FILE > src/ami/catalogue.json

FILE is the core-en_US.xml of that version (documentation.py). Only facts are taken: names,
parameters, whether they are required, the values that are listed for them, the events of an
action's list and the privilege of an event. No text is.

ActionID is left out of the actions: every one takes it, whether its documentation says so or not.
A name that several modules document becomes one entry with the parameters of all of them, and a
parameter is required where all of them say so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Optional
from xml.etree.ElementTree import Element

from documentation import Documentation, Facts, documentations

# Parameters that Asterisk reads again and again (main/manager.c, astman_get_variables and its
# like); the documentation says so only in its text.
REPEATED = {
    ("Originate", "Variable"),
    ("MessageSend", "Variable"),
    ("PJSIPNotify", "Variable"),
    ("SIPnotify", "Variable"),
}

# Names that stand for "any header" in the documentation of UserEvent.
PLACEHOLDERS = {("UserEvent", "Header1"), ("UserEvent", "HeaderN")}


def documented_events(documentation: Documentation) -> Iterator[Element]:
    """The events, those that only an action's documentation holds included."""
    yield from documentation.docs.findall("managerEvent")
    yield from documentation.docs.findall("manager/responses//managerEvent")


def list_events(documentation: Documentation, action: Element) -> tuple[list[str], Optional[str]]:
    """The names of the events that make up an action's list, and of the one that ends it."""
    items: list[str] = []
    final: Optional[str] = None
    for responses in action.findall("responses"):
        for child in documentation.children(responses):
            if child.tag == "list-elements":
                items += [event.get("name", "") for event in documentation.children(child)]
            elif child.tag == "managerEvent":
                final = child.get("name")
    return items, final


def add_parameters(
    entry: Facts, version: int, definitions: list[list[tuple[str, bool, list[str]]]]
) -> None:
    parameters = entry["parameters"]
    # Names differ in case only between versions (MixMonitor's Options), as Asterisk allows.
    spelling = {name.lower(): name for name in parameters}
    always: list[set[str]] = []
    for definition in definitions:
        always.append(set())
        for documented, required, values in definition:
            if documented == "ActionID" and "privilege" not in entry:
                continue
            if (entry["name"], documented) in PLACEHOLDERS:
                entry["any_header"] = True
                continue
            name = spelling.setdefault(documented.lower(), documented)
            parameter = parameters.setdefault(name, {"versions": [], "required": []})
            if version not in parameter["versions"]:
                parameter["versions"].append(version)
            if (entry["name"], name) in REPEATED:
                parameter["repeated"] = True
            if values:
                known = parameter.setdefault("values", [])
                known += [value for value in values if value not in known]
            if required:
                always[-1].add(name)
    for name in set.intersection(*always):
        parameters[name]["required"].append(version)


def by_name(elements: Iterator[Element]) -> dict[str, list[Element]]:
    named: dict[str, list[Element]] = {}
    for element in elements:
        named.setdefault(element.get("name", ""), []).append(element)
    return named


def extract(documentations: dict[int, Documentation]) -> Facts:
    actions: dict[str, Facts] = {}
    events: dict[str, Facts] = {}
    # The newest version first: its order of parameters and its spelling count.
    for version in sorted(documentations, reverse=True):
        documentation = documentations[version]
        for name, elements in by_name(documentation.docs.iterfind("manager")).items():
            entry = actions.setdefault(name, {"name": name, "versions": [], "parameters": {}})
            entry["versions"].append(version)
            add_parameters(entry, version, [list(documentation.parameters(e)) for e in elements])
            for element in elements:
                items, final = list_events(documentation, element)
                if final and "list" not in entry:
                    entry["list"] = {"items": items, "final": final}
        for name, elements in by_name(documented_events(documentation)).items():
            entry = events.setdefault(name, {"name": name, "versions": [], "parameters": {}})
            entry["versions"].append(version)
            instances = [i for element in elements for i in element.iter("managerEventInstance")]
            flag = instances[0].get("class", "").replace("EVENT_FLAG_", "").lower()
            entry.setdefault("privilege", flag)
            add_parameters(entry, version, [list(documentation.parameters(i)) for i in instances])
    return {
        "versions": sorted(documentations),
        "actions": [actions[name] for name in sorted(actions, key=str.lower)],
        "events": [events[name] for name in sorted(events, key=str.lower)],
    }


def check(facts: Facts) -> None:
    """What the generators rely on."""
    for kind in ("actions", "events"):
        names = [entry["name"].lower() for entry in facts[kind]]
        assert len(names) == len(set(names)), f"two {kind} differ in case only"
        for entry in facts[kind]:
            parameters = [name.lower() for name in entry["parameters"]]
            assert len(parameters) == len(set(parameters)), f"{entry['name']}: case of parameters"
    events = {entry["name"] for entry in facts["events"]}
    for action in facts["actions"]:
        if "list" in action:
            missing = {*action["list"]["items"], action["list"]["final"]} - events
            assert not missing, f"{action['name']}: no event {missing}"


def write(facts: Facts) -> str:
    """JSON with a line for each parameter, so that changes between versions read well."""

    def line(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)

    out = [f'{{\n"versions": {line(facts["versions"])}']
    for kind in ("actions", "events"):
        entries = []
        for entry in facts[kind]:
            versions = sorted(entry["versions"])
            head = [f'"name": {line(entry["name"])}', f'"versions": {line(versions)}']
            for key in ("privilege", "any_header", "list"):
                if key in entry:
                    head.append(f'"{key}": {line(entry[key])}')
            parameters = []
            for name, parameter in entry["parameters"].items():
                parameter["versions"].sort()
                parameter["required"].sort()
                parameters.append(f'  {line(name)}: {line(parameter)}')
            body = "{\n" + ",\n".join(parameters) + "}" if parameters else "{}"
            entries.append(" {" + ", ".join(head) + f', "parameters": {body}}}')
        out.append(f'"{kind}": [\n' + ",\n".join(entries) + "]")
    return ",\n".join(out) + "\n}\n"


def main() -> None:
    facts = extract(documentations("src/ami/catalogue.json"))
    check(facts)
    sys.stdout.write(write(facts))


if __name__ == "__main__":
    main()
