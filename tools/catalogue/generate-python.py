#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Generates the classes of `asterisk.actions` and `asterisk.actions.events`.

    tools/catalogue/generate-python.py src/ami/catalogue.json catalogue.py events.py
"""

from __future__ import annotations

import json
import keyword
import re
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Facts = dict[str, Any]

# What the base classes use, and parameters must not take.
TAKEN = {
    "action": {"name", "versions", "headers", "check", "action_id"},
    "event": {"name", "versions", "privilege", "event", "get"},
}

ACTIONS_HEAD = '''\
# SPDX-License-Identifier: MIT
# Made from src/ami/catalogue.json by tools/catalogue/generate-python.py.
"""The actions that Asterisk documents. See `asterisk.actions`."""

from __future__ import annotations

from collections.abc import Mapping

from asterisk.actions.action import Action, Headers, Numbered, Value, Variables
'''

EVENTS_HEAD = '''\
# SPDX-License-Identifier: MIT
# Made from src/ami/catalogue.json by tools/catalogue/generate-python.py.
"""Typed views of events, a class for each event that Asterisk 16 and 22 document.

    from asterisk.actions import events

    new = events.view(event)
    if isinstance(new, events.Newchannel):
        print(new.channel, new.caller_id_num)

Attributes have Asterisk's names in Python's spelling: ``CallerIDNum`` is `caller_id_num`. Each is
a str, or None when the event came without that header; the events of a real server have headers
that are not documented, and lack some that are. `Event.get` reads any header, and `Event.event`
is the event itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from asterisk.actions.view import Event, Header, Message


def view(event: Message) -> Event:
    """Return a view of the event, of its class here; of class `Event` when there is none."""
    return CLASSES.get(event.name.lower(), Event)(event)
'''


def class_name(name: str) -> str:
    return name.replace("-", "_")


def attribute_name(parameter: str, taken: set[str]) -> str:
    """Asterisk's name in snake case, with an underscore behind where it would be taken.

    And one before a digit: 100rel is the only such name.
    """
    name = re.sub(r"\(0\)$|-0+$", "", parameter)
    # Words that capital letters do not set apart.
    name = re.sub(r"CallerID|ConnectedID", r"_\g<0>_", name).replace("FAXes", "Faxes")
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    name = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    name = re.sub(r"^(?=\d)", "_", name)
    return name + "_" if keyword.iskeyword(name) or name in taken else name


def attributes_of(entry: Facts, taken: set[str]) -> dict[str, str]:
    """Parameter to attribute."""
    attributes = {name: attribute_name(name, taken) for name in entry["parameters"]}
    assert len(set(attributes.values())) == len(attributes), entry["name"]
    assert all(name.isidentifier() for name in attributes.values()), entry["name"]
    return attributes


def is_numbered(name: str) -> bool:
    return name.endswith(("-000000", "(0)"))


def joined(words: Iterable[object], last: str) -> str:
    *first, end = (str(word) for word in words)
    return f"{', '.join(first)} {last} {end}" if first else end


def wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        width=98,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def mapping(declaration: str, items: dict[str, str]) -> list[str]:
    """A class's dict, on one line where that fits."""
    line = f"    {declaration} = {{{', '.join(f'{k}: {v}' for k, v in items.items())}}}"
    if len(line) <= 98:
        return [line]
    return [f"    {declaration} = {{", *(f"        {k}: {v}," for k, v in items.items()), "    }"]


def quoted(name: str) -> str:
    return json.dumps(name)


def action_lines(action: Facts) -> list[str]:
    attributes = attributes_of(action, TAKEN["action"])
    parameters = action["parameters"]
    versions = action["versions"]
    # What only some of the action's versions require may be left out.
    required = {n for n, p in parameters.items() if p["required"] == p["versions"] == versions}
    ordered = sorted(parameters, key=lambda name: name not in required)

    def kind(name: str) -> str:
        if parameters[name].get("repeated"):
            return "Variables"
        return "Numbered" if is_numbered(name) else "Value"

    lines = [f"class {class_name(action['name'])}(Action):"]
    lines.append(f'    """{action["name"]}, in Asterisk {joined(versions, "and")}.')
    if "list" in action:
        text = f"Answers with a list of {joined(action['list']['items'], 'and')} events, which "
        lines += ["", *wrapped(text + f"ends with {action['list']['final']}.", "    ")]
    if action.get("any_header"):
        lines += ["", "    Takes headers of any name."]
    lines += ["", "    Parameters", "    ----------"]
    for name in ordered:
        parameter = parameters[name]
        optional = "" if name in required else ", optional"
        lines.append(f"    {attributes[name]} : {kind(name)}{optional}")
        facts = [f"``{name}``"]
        if parameter["versions"] != versions:
            facts.append(f"in Asterisk {joined(parameter['versions'], 'and')}")
        if parameter["required"] and name not in required:
            facts.append(f"required in Asterisk {joined(parameter['required'], 'and')}")
        if parameter.get("values"):
            facts.append(f"documented values: {', '.join(parameter['values'])}")
        lines += wrapped("; ".join(facts) + ".", "        ")
    lines += ["    action_id : Value, optional", "        ``ActionID``."]
    lines += ["    headers : Headers, optional", "        Further headers."]
    lines += ['    """', "", f"    name = {quoted(action['name'])}"]
    lines.append(f"    versions = ({', '.join(map(str, versions))},)")
    lines[-1] = lines[-1].replace(",)", ")") if len(versions) > 1 else lines[-1]
    if action.get("any_header"):
        lines.append("    _any_header = True")
    if parameters:
        lines += mapping("_parameters", {quoted(attributes[n]): quoted(n) for n in parameters})
    requiring = {n: p["required"] for n, p in parameters.items() if p["required"]}
    if requiring:
        lines += mapping("_required", {quoted(n): str(tuple(v)) for n, v in requiring.items()})
    only = {n: p["versions"] for n, p in parameters.items() if p["versions"] != versions}
    if only:
        lines += mapping("_only", {quoted(n): str(tuple(v)) for n, v in only.items()})

    lines += ["", "    def __init__(", "        self,", "        *,"]
    for name in ordered:
        default = "" if name in required else " = None"
        lines.append(f"        {attributes[name]}: {kind(name)}{default},")
    lines += ["        action_id: Value = None,", "        headers: Headers | None = None,"]
    lines.append("    ) -> None:")
    lines += [f"        self.{attributes[name]} = {attributes[name]}" for name in parameters]
    lines.append("        self._add(action_id, headers)")
    return lines


def event_lines(event: Facts) -> list[str]:
    # "ReportX" stands for Report0 and so on: no header has that name.
    known = {n: p for n, p in event["parameters"].items() if not n.startswith("ReportX")}
    attributes = attributes_of({**event, "parameters": known}, TAKEN["event"])
    versions = event["versions"]
    lines = [f"class {class_name(event['name'])}(Event):"]
    lines.append(f'    """{event["name"]}, in Asterisk {joined(versions, "and")}."""')
    lines += ["", f"    name = {quoted(event['name'])}", f"    versions = {tuple(versions)}"]
    lines.append(f"    privilege = {quoted(event['privilege'])}")
    if known:
        lines.append("")
    for name, parameter in known.items():
        facts = []
        if parameter["versions"] != versions:
            facts.append(f"In Asterisk {joined(parameter['versions'], 'and')}.")
        if parameter.get("values"):
            facts.append(f"Documented values: {', '.join(parameter['values'])}.")
        lines += wrapped(" ".join(facts), "    #: ")
        lines.append(f"    {attributes[name]} = Header({quoted(name)})")
    return lines


def classes_lines(entries: list[Facts], base: str) -> list[str]:
    lines = ["#: The classes by the names in lower case."]
    lines.append(f"CLASSES: Mapping[str, type[{base}]] = {{")
    lines += [f"    {quoted(e['name'].lower())}: {class_name(e['name'])}," for e in entries]
    return [*lines, "}"]


def module(head: str, blocks: list[list[str]], exported: list[str]) -> str:
    names = ["__all__ = [", *(f"    {quoted(name)}," for name in exported), "]"]
    return head + "".join("\n\n" + "\n".join(block) + "\n" for block in [*blocks, names])


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(f"usage: {sys.argv[0]} FACTS ACTIONS_OUTPUT EVENTS_OUTPUT")
    facts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    actions, events = facts["actions"], facts["events"]
    Path(sys.argv[2]).write_text(
        module(
            ACTIONS_HEAD,
            [*map(action_lines, actions), classes_lines(actions, "Action")],
            [class_name(action["name"]) for action in actions],
        ),
        encoding="utf-8",
    )
    Path(sys.argv[3]).write_text(
        module(
            EVENTS_HEAD,
            [*map(event_lines, events), classes_lines(events, "Event")],
            ["CLASSES", "Event", "Header", "Message", "view"]
            + [class_name(event["name"]) for event in events],
        ),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
