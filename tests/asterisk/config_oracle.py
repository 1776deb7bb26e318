#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Does a real Asterisk make the same of configuration files?

    meson devenv -C build tests/asterisk/config_oracle.py [--version 22] FOLDER...

copies a folder into the configuration directory of an Asterisk, has it read each file by the action
GetConfig, and compares the answer, item by item, with what `asterisk.config.load` says. It prints
the differences and the share of files that agree; the exit code is 1 when there are differences.
Included files with relative names are those of the folder.

    ... --record FILE FOLDER

writes what Asterisk says as JSON instead, as tests/config/rules.json has it.
"""

import argparse
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple

from asterisk.config import load

from asterisk_server import SELECTIONS, AsteriskServer
from raw import RawManager


class View(NamedTuple):
    """A section as both tell of it; text is Latin-1, so that each byte is a character."""

    name: str
    is_template: bool
    templates: str
    items: Tuple[str, ...]


#: Of a file that is refused: None.
Views = Optional[List[View]]


class Difference(NamedTuple):
    """A file that Asterisk reads in another way."""

    file: Path
    asterisk: Views
    ours: Views

    def __str__(self) -> str:
        lines = [str(self.file)]
        if self.asterisk is None or self.ours is None:
            lines.append("  refused by " + ("Asterisk" if self.asterisk is None else "us"))
            return "\n".join(lines)
        for i in range(max(len(self.asterisk), len(self.ours))):
            theirs, ours = self.asterisk[i : i + 1], self.ours[i : i + 1]
            if theirs != ours:
                lines.append(f"  section {i}: Asterisk {theirs}, ours {ours}")
        return "\n".join(lines)


_LINE = re.compile(rb"(Category|IsTemplate|Templates|Line)-\d+(?:-\d+)?: (.*)", re.DOTALL)


def asked(manager: RawManager, name: str) -> Views:
    """What Asterisk makes of a file of its configuration directory."""
    answer = manager.ask("GetConfig", f"Filename: {name}", "Filter: TEMPLATES=include")
    if answer[0] != b"Response: Success":
        if not any(b"Config file" in line for line in answer):
            raise RuntimeError(f"GetConfig {name}: {answer}")
        return None
    sections: List[Tuple[str, bool, str, List[str]]] = []
    for line in answer[1:]:
        match = _LINE.fullmatch(line)
        if not match:
            continue
        kind, text = match.group(1), match.group(2).decode("latin-1")
        if kind == b"Category":
            sections.append((text, False, "", []))
        elif kind == b"IsTemplate":
            sections[-1] = (sections[-1][0], True, *sections[-1][2:])
        elif kind == b"Templates":
            sections[-1] = (*sections[-1][:2], text, sections[-1][3])
        else:
            sections[-1][3].append(text)
    return [View(name, template, of, tuple(items)) for name, template, of, items in sections]


def _bytes(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def read(path: Path, directory: Path) -> Views:
    """What the library makes of it."""
    config = load(path, directory)
    if not config.is_valid:
        return None
    return [
        View(
            _bytes(section.name),
            section.is_template,
            _bytes(",".join(section.templates)),
            tuple(_bytes(f"{item.name}={item.value}") for item in section.all()),
        )
        for section in config.sections
    ]


def _copy(folder: Path, etc: Path) -> List[Path]:
    """Copy what can be read of a folder; return the files to ask for, without the folder."""
    names = []
    for source in sorted(folder.rglob("*")):
        name = source.relative_to(folder)
        if source.is_file() and os.access(source, os.R_OK):
            target = etc / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            names.append(name)
    return names


def compare(server: AsteriskServer, folder: Path) -> Tuple[int, List[Difference]]:
    """Copy a folder to the server, whose own configuration it may replace, and compare.

    Returns
    -------
    tuple of int and list of Difference
        How many files were compared, and those that differ.
    """
    etc = server.directory / "etc"
    names = _copy(folder, etc)
    differences = []
    with RawManager(server.host, server.ami_port) as manager:
        for name in names:
            asterisk, ours = asked(manager, str(name)), read(etc / name, etc)
            if asterisk != ours:
                differences.append(Difference(folder / name, asterisk, ours))
    return len(names), differences


def record(server: AsteriskServer, folder: Path) -> str:
    """What Asterisk makes of each file of a folder, as JSON."""
    names = _copy(folder, server.directory / "etc")
    with RawManager(server.host, server.ami_port) as manager:
        answers = {str(name): asked(manager, str(name)) for name in names}
    return json.dumps(answers, indent=1) + "\n"


def main() -> int:
    """Run the command line; the exit code."""
    parser = argparse.ArgumentParser(description="Compare configuration files with Asterisk.")
    parser.add_argument("--version", type=int, choices=sorted(SELECTIONS), default=22)
    parser.add_argument("--record", type=Path, metavar="FILE")
    parser.add_argument("folder", type=Path, nargs="+", metavar="FOLDER")
    arguments = parser.parse_args()
    count = 0
    differences: List[Difference] = []
    for folder in arguments.folder:
        with AsteriskServer(arguments.version) as server:
            if arguments.record:
                arguments.record.write_text(record(server, folder))
                continue
            n, found = compare(server, folder)
        count += n
        differences += found
    for difference in differences:
        print(difference)
    if count:
        agreed = count - len(differences)
        print(f"Asterisk {arguments.version}: {agreed} of {count} files ({agreed / count:.1%})")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
