#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Extracts the facts of the manager interface from Asterisk's own documentation.

    tools/catalogue/extract.py 16=FILE 22=FILE > src/ami/catalogue.json

FILE is the core-en_US.xml that an Asterisk of that version installs, with its stylesheet
appdocsxml.xslt beside it (Debian: /usr/share/asterisk/documentation/). Only facts are taken:
names, parameters, whether they are required, the values that are listed for them, the events of
an action's list and the privilege of an event. No text is.

ActionID is left out of the actions: every one takes it, whether its documentation says so or not.
A name that several modules document becomes one entry with the parameters of all of them, and a
parameter is required where all of them say so.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

Facts = dict[str, Any]

INCLUDE = "{http://www.w3.org/2001/XInclude}include"
XSL = "{http://www.w3.org/1999/XSL/Transform}"

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


class Documentation:
    """The documentation of one version, with its inclusions and snapshots resolved."""

    def __init__(self, path: Path) -> None:
        self.docs = ElementTree.parse(path).getroot()
        self.snapshots = self._read_snapshots(path.with_name("appdocsxml.xslt"))

    @staticmethod
    def _read_snapshots(path: Path) -> dict[str, list[tuple[str, list[str]]]]:
        """Name and values of the parameters that a channel's or bridge's snapshot stands for."""
        snapshots = {}
        for template in ElementTree.parse(path).getroot().iter(XSL + "template"):
            match = template.get("match", "")
            if not match.endswith("_snapshot"):
                continue
            parameters = []
            for element in template.iter(XSL + "element"):
                select = element.find(f"{XSL}attribute/{XSL}value-of")
                assert select is not None
                name = re.fullmatch(r"concat\(@prefix,\s*'(\w+)'\)", select.get("select", ""))
                assert name, f"{path}: cannot read {select.get('select')}"
                values = [enum.get("name", "") for enum in element.iter("enum")]
                parameters.append((name[1], values))
            snapshots[match] = parameters
        return snapshots

    def resolve(self, include: Element) -> list[Element]:
        """What an xi:include points at: the simple paths of this documentation only."""
        pointer = include.get("xpointer", "")
        match = re.fullmatch(r"xpointer\(/?docs/(.*)\)", pointer)
        assert match, f"cannot read the pointer {pointer}"
        path = match[1]
        part = re.search(r"\[contains\(@name, '(\w+)'\)\]$", path)
        if part:
            path = path[: part.start()]
        found = self.docs.findall(path)
        if part:
            found = [element for element in found if part[1] in element.get("name", "")]
        assert found, f"{pointer} points at nothing"
        return found

    def children(self, parent: Element) -> Iterator[Element]:
        """The children of an element, those that are included from elsewhere in their place."""
        for child in parent:
            if child.tag == INCLUDE:
                yield from self.resolve(child)
            else:
                yield child

    def parameters(self, owner: Element) -> Iterator[tuple[str, bool, list[str]]]:
        """Name, whether it is required, and listed values of each parameter."""
        for syntax in owner.findall("syntax"):
            for child in self.children(syntax):
                if child.tag == "parameter":
                    required = child.get("required") in ("true", "yes")
                    yield child.get("name", ""), required, self.values(child)
                elif child.tag in self.snapshots:
                    for name, values in self.snapshots[child.tag]:
                        yield child.get("prefix", "") + name, False, values

    def values(self, parameter: Element) -> list[str]:
        """The values that are listed; where lists are nested the outer names are headings."""
        lists = [child for child in self.children(parameter) if child.tag == "enumlist"]
        inner = [nested for one in lists for nested in one.findall("enum/enumlist")]
        names = [enum.get("name", "") for one in inner or lists for enum in one.findall("enum")]
        # Patterns such as "name(<event_name>)" are no values.
        return [name for name in names if re.fullmatch(r"[\w /.+-]+", name)]

    def actions(self) -> Iterator[Element]:
        yield from self.docs.findall("manager")

    def events(self) -> Iterator[Element]:
        """The events, those that only an action's documentation holds included."""
        yield from self.docs.findall("managerEvent")
        yield from self.docs.findall("manager/responses//managerEvent")

    def list_events(self, action: Element) -> tuple[list[str], Optional[str]]:
        """The names of the events that make up an action's list, and of the one that ends it."""
        items: list[str] = []
        final: Optional[str] = None
        for responses in action.findall("responses"):
            for child in self.children(responses):
                if child.tag == "list-elements":
                    items += [event.get("name", "") for event in self.children(child)]
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
        for name, elements in by_name(documentation.actions()).items():
            entry = actions.setdefault(name, {"name": name, "versions": [], "parameters": {}})
            entry["versions"].append(version)
            add_parameters(entry, version, [list(documentation.parameters(e)) for e in elements])
            for element in elements:
                items, final = documentation.list_events(element)
                if final and "list" not in entry:
                    entry["list"] = {"items": items, "final": final}
        for name, elements in by_name(documentation.events()).items():
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
    if len(sys.argv) < 2 or not all(re.fullmatch(r"\d+=.+", a) for a in sys.argv[1:]):
        sys.exit(f"usage: {sys.argv[0]} VERSION=CORE_XML ... > src/ami/catalogue.json")
    paths = dict(argument.split("=", 1) for argument in sys.argv[1:])
    facts = extract({int(version): Documentation(Path(path)) for version, path in paths.items()})
    check(facts)
    sys.stdout.write(write(facts))


if __name__ == "__main__":
    main()
