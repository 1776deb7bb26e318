# SPDX-License-Identifier: MIT
"""Asterisk's own documentation, as extract-ami.py and its like read it.

It is the core-en_US.xml that an Asterisk installs, with its stylesheet appdocsxml.xslt beside it
(Debian: /usr/share/asterisk/documentation/).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

Facts = dict[str, Any]

INCLUDE = "{http://www.w3.org/2001/XInclude}include"
XSL = "{http://www.w3.org/1999/XSL/Transform}"


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


def documentations(target: str) -> dict[int, Documentation]:
    """What the arguments name, by version. `target` is where the facts of it are to be written."""
    if len(sys.argv) < 2 or not all(re.fullmatch(r"\d+=.+", a) for a in sys.argv[1:]):
        sys.exit(f"usage: {sys.argv[0]} VERSION=CORE_XML ... > {target}")
    paths = dict(argument.split("=", 1) for argument in sys.argv[1:])
    return {int(version): Documentation(Path(path)) for version, path in paths.items()}
