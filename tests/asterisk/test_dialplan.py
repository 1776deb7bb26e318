# SPDX-License-Identifier: MIT
"""The dialplan is the one that a real server makes of the same files, and finds what it finds."""

import os
import random
import re
import subprocess
import time
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import pytest

from asterisk_server import AsteriskServer
from raw import RawManager

BUILD = Path(os.environ.get("PYST_BUILD", Path(__file__).resolve().parents[2] / "build"))
DRIVER = BUILD / "tests/asterisk/dialplan-driver"

SEED = 20
CONTEXTS = 24
ACYCLIC = 12  # so many at the beginning are included by none that they include
NUMBERS = 60

SHOWN_CONTEXT = re.compile(r"\[ (?:Included context|Context) '(.*)' created by '(.*)' \]$")
SHOWN_EXTENSION = re.compile(r"  '(.*?)' (?:\(CID match '(.*?)'\) )?=>\s+(.*)$")
SHOWN_INCLUDE = re.compile(r"  Include =>\s+'(.*)'\s+\[.*\]$")
SHOWN_PRIORITY = re.compile(
    r"(?:\s*\[(?P<label>.*)\])?\s*(?:(?P<number>\d+)\. |(?P<hint>hint:) )"
    r"(?P<app>.*?)\s+\[(?P<place>[^\[\]]*)\]$"
)


def command(manager: RawManager, text: str) -> List[str]:
    """Return what a line of the console prints."""
    lines = [line.decode("latin-1") for line in manager.ask("Command", f"Command: {text}")]
    return [line[len("Output: ") :] for line in lines if line.startswith("Output: ")]


class Driver:
    """Our own answers about a file."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [str(DRIVER), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="latin-1",
            bufsize=1,
        )

    def ask(self, *words: str) -> List[List[str]]:
        """Ask, and return the lines of the answer, in words."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write("\t".join(words) + "\n")
        self._process.stdin.flush()
        lines: List[List[str]] = []
        for line in self._process.stdout:
            if line == "\n":
                return lines
            lines.append(line[:-1].split("\t"))
        raise AssertionError(f"no answer to {words}")

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        assert self._process.wait(60) == 0


# ---- a dialplan of chance ------------------------------------------------------------------------


class Writer:
    """Writes contexts whose extensions are much alike, so that many fit a number."""

    def __init__(self, seed: int, contexts: int = CONTEXTS, labels: bool = True) -> None:
        self.random = random.Random(seed)
        self.labels = labels
        self.names = [f"c{i}" for i in range(contexts)]
        self.n = 0

    def set_of_characters(self) -> str:
        pick = self.random.choice
        inside = "".join(
            pick(["1", "2", "3", "12", "21", "1-3", "3-1", "0-9", "2-9", "1-", "-", "*", "a", "a-c",
                  "X", ".", "1-22-3", ""])
            for _ in range(self.random.randint(0, 2))
        )  # fmt: skip
        return f"[{inside}]"

    def position(self) -> str:
        return self.random.choice(
            ["1", "1", "2", "2", "3", "X", "X", "N", "Z", "x", "n", "z", "-", "*", "+", "a"]
            + [self.set_of_characters(), self.set_of_characters(), "[12]", "[1-2]", " "]
        )

    def pattern(self) -> str:
        text = "".join(self.position() for _ in range(self.random.randint(0, 4)))
        return "_" + text + self.random.choice(["", "", "", ".", "!", "X.", "X!", ".1", "!1"])

    def name(self) -> str:
        if self.random.random() < 0.35:
            return self.number()
        return self.pattern()

    def number(self) -> str:
        size = self.random.randint(1, 4)
        text = "".join(self.random.choice("1112223X*a-+9") for _ in range(size))
        return text if text.strip("-") else "1"

    def caller(self) -> str:
        if self.random.random() < 0.8:
            return ""
        return "/" + self.random.choice(
            ["", "55", "5-5", "_5X", "_5.", "_[56]X", "_X5", "(5) 5", "_5!"]
        )

    def application(self) -> str:
        self.n += 1
        return f"Return(id{self.n})"

    def extension(self) -> List[str]:
        name = self.random.choice(["", "", "", "${ONE}", "${TWO:1}"])
        name += self.name() if not name or self.random.random() < 0.5 else ""
        name += self.caller()
        start = self.random.choice([1, 1, 1, 1, 2, 3])
        label = self.random.choice(["", "(one)", "(two)"])
        lines = [f"exten => {name},{start}{label},{self.application()}"]
        for _ in range(self.random.choice([0, 0, 1, 2])):
            label = self.random.choice(["", "", "(one)", "(two)", "(three)"])
            priority = self.random.choice(
                ["n"] * 6 + ["next", "n+1", "s+2", "3", "s", "0"] + ["one", "one+1"] * self.labels
            )
            lines.append(f" same => {priority}{label},{self.application()}")
        return lines

    def text(self) -> str:
        lines = ["[globals]", "ONE=1", "TWO=2${ONE}", "THREE=${TWO}${TWO:-1}"]
        for i, name in enumerate(self.names):
            lines.append(f"[{name}]")
            others = self.names[i + 1 if i < ACYCLIC else ACYCLIC :] + ["missing"]
            for _ in range(self.random.randint(0, 3)):
                lines.append(f"include => {self.random.choice(others)}")
            for _ in range(self.random.randint(1, 16)):
                lines += self.extension()
        return "\n".join(lines) + "\n"

    def numbers(self) -> List[str]:
        numbers = {self.number() for _ in range(NUMBERS)} | {"", "_X.", "_1X", "_[12]", "_1-X"}
        return sorted(numbers)


Shown = Dict[str, List[Tuple[str, str, str, str, str]]]


def shown_dialplan(lines: List[str]) -> Tuple[Shown, Dict[str, List[str]]]:
    """Read what `dialplan show` prints: priorities and includes, by context."""
    priorities: Shown = {}
    includes: Dict[str, List[str]] = {}
    context = extension = ""
    for line in lines:
        begun = SHOWN_CONTEXT.match(line)
        included = SHOWN_INCLUDE.match(line)
        named = SHOWN_EXTENSION.match(line)
        if begun:
            context = begun[1]
            priorities.setdefault(context, [])
            includes.setdefault(context, [])
            continue
        if included:
            includes[context].append(included[1])
            continue
        rest = line
        label = ""
        if named and not line.startswith("     "):
            extension = named[1] + ("" if named[2] is None else "/" + named[2])
            rest = named[3]
        found = SHOWN_PRIORITY.match(rest)
        if found:
            label = found["label"] or ""
            number = "-1" if found["hint"] else found["number"]
            place = found["place"].rsplit(":", 1)[-1]
            priorities[context].append((extension, number, label, found["app"], place))
    return priorities, includes


def our_dialplan(driver: Driver) -> Tuple[Shown, Dict[str, List[str]]]:
    """Return the same from us."""
    priorities: Shown = {}
    includes: Dict[str, List[str]] = {}
    context = ""
    for kind, *words in driver.ask("dump"):
        if kind == "context":
            context = words[0]
            priorities[context] = []
            includes[context] = []
        elif kind == "include":
            includes[context].append(words[0])
        else:
            extension, number, label, application, arguments, line = words
            text = application if number == "-1" else f"{application}({arguments})"
            priorities[context].append((extension, number, label, text, line))
    return priorities, includes


def without_labels(shown: Shown, theirs: Shown) -> Shown:
    """Leave out labels that Asterisk shows otherwise than it finds them.

    It shows none of the first priority, and shows a label twice that it finds once.
    """
    result: Shown = {}
    for context, priorities in shown.items():
        last = None
        result[context] = []
        for extension, number, label, text, line in priorities:
            labels = [each[2] for each in theirs.get(context, []) if each[0] == extension]
            if extension != last or (label and label not in labels) or labels.count(label) > 1:
                label = ""
            last = extension
            result[context].append((extension, number, label, text, line))
    return result


DRIVE = """
[drive]
exten => s,1,NoOp()
#tryinclude "drive.conf"
 same => n,UserEvent(Drive,Query: end)
"""


@pytest.fixture(scope="module", params=range(4))
def plan(request: pytest.FixtureRequest, version: int) -> Iterator["Plan"]:
    with AsteriskServer(version) as server:
        yield Plan(server, request.param)


class Plan:
    """A dialplan of chance on a server of its own, and with us."""

    def __init__(self, server: AsteriskServer, n: int) -> None:
        self.server = server
        self.n = n
        self.writer = Writer(SEED + n)
        self.path = server.directory / "etc" / "extensions.conf"
        self.drive = server.directory / "etc" / "drive.conf"
        self.path.write_text(self.writer.text() + DRIVE)
        self.manager = RawManager(server.host, server.ami_port)
        command(self.manager, "dialplan reload")
        self.driver = Driver(self.path)


def test_same_extensions_in_the_same_order(plan: Plan) -> None:
    theirs, their_includes = shown_dialplan(command(plan.manager, "dialplan show"))
    ours, our_includes = our_dialplan(plan.driver)
    n = 0
    for name in plan.writer.names:
        assert without_labels(ours, theirs)[name] == without_labels(theirs, theirs)[name], name
        assert our_includes[name] == their_includes[name]
        n += len(ours[name])
    assert n > 200


def shown_matches(lines: List[str]) -> List[List[str]]:
    """Read what `dialplan show NUMBER@CONTEXT` prints: extensions, each context once."""
    result: List[List[str]] = []
    seen: List[str] = []
    context = ""
    fresh = False
    for line in lines:
        begun = SHOWN_CONTEXT.match(line)
        named = SHOWN_EXTENSION.match(line)
        if begun:
            context = begun[1]
            fresh = context not in seen
            seen.append(context)
        elif named and fresh and not SHOWN_INCLUDE.match(line):
            caller = "" if named[2] is None else "/" + named[2]
            result.append([context, named[1] + caller])
    return result


def test_a_number_fits_the_same_extensions(plan: Plan) -> None:
    n = 0
    for name in plan.writer.names:
        for number in plan.writer.numbers():
            if not number:
                continue
            theirs = shown_matches(command(plan.manager, f"dialplan show {number}@{name}"))
            ours = plan.driver.ask("match", name, number)
            if name not in plan.writer.names[:ACYCLIC]:
                # Where contexts go in circles, it shows the first one twice, and out of order.
                ours.sort(key=lambda match: match[0])
                theirs.sort(key=lambda match: match[0])
            assert ours == theirs, (name, number)
            n += len(theirs)
    assert n > 500


def test_the_same_priority_is_executed(plan: Plan) -> None:
    queries = []
    choose = plan.writer.random
    for name in plan.writer.names:
        for number in plan.writer.numbers():
            if number:
                priority = choose.choice(["1", "1", "2", "3", "=one", "=two"])
                queries.append((name, number, priority, choose.choice(["", "55", "59", "65"])))
    lines = []
    for i, (name, number, priority, caller) in enumerate(queries):
        lines.append(f" same => n,Set(CALLERID(num)={caller})")
        lines.append(" same => n,Set(GOSUB_RETVAL=)")
        target = f"{name},{number},{priority.lstrip('=')}"
        lines.append(
            f" same => n,ExecIf($[${{DIALPLAN_EXISTS({target})}}]?Gosub({target}))"
        )
        lines.append(f" same => n,UserEvent(Drive,Query: {i},Id: ${{GOSUB_RETVAL}})")
    plan.drive.write_text("\n".join(lines) + "\n")
    command(plan.manager, "dialplan reload")
    heard = RawManager(plan.server.host, plan.server.ami_port)
    assert b"Response: Success" in heard.ask("Events", "EventMask: user")
    plan.manager.ask("Originate", "Channel: Local/s@drive/n", "Application: Wait", "Data: 600",
                     "Async: true")  # fmt: skip
    theirs: Dict[str, str] = {}
    while "end" not in theirs:
        message = dict(line.decode().split(": ", 1) for line in heard.read() if b": " in line)
        if message.get("UserEvent") == "Drive":
            theirs[message["Query"]] = message.get("Id", "")
    found = 0
    for i, query in enumerate(queries):
        ours = plan.driver.ask("find", *query)
        assert (ours[0][0] if ours else "") == theirs[str(i)], query
        found += bool(ours)
    assert found > 200


# What Asterisk does not warn of, or without saying the line, or more than once.
UNTOLD = ("has this label already", "never looked at", "looks like a pattern", "behind a hint",
          "no closing bracket", "fits the special extensions")  # fmt: skip


def log_of_reload(server: AsteriskServer, manager: RawManager) -> List[str]:
    """Reload, and return what is logged until the last line of the dialplan is warned of."""
    lines: List[str] = []
    deadline = time.monotonic() + 60
    with server.log.open(encoding="latin-1") as log:
        log.seek(0, os.SEEK_END)
        command(manager, "dialplan reload")
        while not any("Unknown directive: ending" in line for line in lines):
            assert time.monotonic() < deadline, "the log is silent"
            time.sleep(0.01)
            lines += log.readlines()
    return lines


def test_the_same_lines_are_warned_of(own_server: AsteriskServer) -> None:
    n = 0
    path = own_server.directory / "etc" / "extensions.conf"
    manager = RawManager(own_server.host, own_server.ami_port)
    for i in range(20):
        # Asterisk drops what it cannot log at once; and it warns of a label that is no priority as
        # many times as it can include contexts, if there are any.
        text = Writer(SEED + i, 4, labels=False).text() + "ending = yes\n"
        path.write_text(text)
        logged = [line for line in log_of_reload(own_server, manager) if "discouraged" not in line]
        theirs = set(re.findall(r" at line (\d+)", "".join(logged)))
        driver = Driver(path)
        ours = {
            line
            for line, problem, _ in driver.ask("problems")
            if not any(untold in problem for untold in UNTOLD)
        }
        driver.close()
        assert sorted(ours ^ theirs) == [], i
        n += len(ours)
    assert n > 100
