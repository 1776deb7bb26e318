# SPDX-License-Identifier: MIT
"""`asterisk.dialplan` has what `pyst config match`, `check` and `graph` print."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from asterisk.dialplan import Dialplan, Extension, Match, Priority, Problem
from pyst_program import ROOT, pyst

CORPUS = sorted((ROOT / "fuzz/corpus/dialplan").iterdir())
SAMPLES = [*CORPUS, ROOT / "tests/asterisk/etc/extensions.conf"]
BUSY = b"""\
[globals]
ONE=1
[inside]
include => outside,9:00-17:00,mon-fri,*,*
include => night,17:01-8:59,*,*,*,Asia/Tokyo
switch => Realtime/@inside
eswitch => IAX2/${PEER}/context
exten => _${ONE}XX,1(begin),Answer()
 same => n(\xe9),Dial(PJSIP/${EXTEN},30)
exten => 100/55,1,Goto(outside,100,1)
exten => 100/_5X,2,Hangup
exten => 100/,1,Hangup
exten => 100,hint,PJSIP/100
[outside]
exten => _X.,1,AGI(\xe9.py)
exten => _X.,1,AGI(again.py)
exten => _[1-3]!,2,NoOp
include => inside
[night]
exten => _.,1,Playback(closed)
 same => n,Goto(nowhere,\xe9,1)
"""
TIMES = [None, datetime(2024, 1, 5, 12, 0), datetime(2024, 1, 6, 23, 30)]


@pytest.fixture(params=["busy", *(sample.name for sample in SAMPLES)])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "extensions.conf"
    path.write_bytes(BUSY)
    for sample in SAMPLES:
        if sample.name == request.param:
            data = sample.read_bytes()
            # Those of the fuzzer have a number to look for before them.
            path.write_bytes(data.partition(b"\n")[2] if sample in CORPUS else data)
    return path


def printed(text: str | None) -> str | None:
    """A text as JSON has it: what is no UTF-8 is Latin-1."""
    if text is None or text.isprintable():
        return text
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def shown(text: str) -> str:
    """A text as it is printed for people, where what is no UTF-8 is escaped."""
    return re.sub("[\udc80-\udcff]", lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", text)


def of_priority(priority: Priority) -> dict[str, Any]:
    return {
        "priority": "hint" if priority.is_hint else priority.number,
        "label": printed(priority.label),
        "application": printed(priority.application),
        "arguments": printed(priority.arguments),
        "file": priority.file,
        "line": priority.line,
    }


def of_extension(extension: Extension) -> dict[str, Any]:
    return {
        "extension": printed(extension.name),
        "caller_id": printed(extension.caller_id),
    }


def of_match(number: str, match: Match) -> dict[str, Any]:
    known = {"number": number, "context": printed(match.context), "timed": match.is_timed}
    if match.switch is not None:
        asked = match.switch
        return {
            **known,
            "switch": printed(asked.name),
            "data": printed(asked.data),
            "file": asked.file,
            "line": asked.line,
        }
    assert match.extension is not None
    return {
        **known,
        **of_extension(match.extension),
        "file": match.extension.file,
        "line": match.extension.line,
        "priorities": [of_priority(each) for each in match.extension.priorities],
    }


def numbers_of(plan: Dialplan) -> list[str]:
    """Numbers that the extensions fit, and some that hardly any does."""
    numbers = {"s", "1", "5551234", "none"}
    for context in plan.values():
        for extension in context.extensions:
            name = re.sub(r"\[.[^]]*\]", "2", extension.name)
            if name.startswith("_"):
                name = re.sub("[XZNxzn]", "5", name[1:].replace(".", "77").replace("!", ""))
            if name.isprintable() and name:
                numbers.add(name)
    return sorted(numbers)


def options(caller_id: str | None, at: datetime | None) -> list[str]:
    found = [] if caller_id is None else ["--caller-id", caller_id]
    return found if at is None else [*found, "--at", at.strftime("%Y-%m-%d %H:%M")]


@pytest.mark.parametrize(
    ("caller_id", "at"), [(None, None), ("55", TIMES[1]), ("", TIMES[2])]
)
def test_match(path: Path, caller_id: str | None, at: datetime | None) -> None:
    plan = Dialplan.load(path)
    numbers = numbers_of(plan)
    for context in plan:
        run = pyst(
            "config", "match", "-j", *options(caller_id, at), "--", str(path), context, *numbers
        )
        matches = [
            of_match(number, match)
            for number in numbers
            for match in plan.match(context, number, caller_id, at)
        ]
        assert run.objects() == matches


@pytest.mark.parametrize(("priority", "at"), [(2, None), ("begin", TIMES[2])])
def test_find(path: Path, priority: int | str, at: datetime | None) -> None:
    plan = Dialplan.load(path)
    numbers = numbers_of(plan)
    for context in plan:
        wanted = ["-p", str(priority), *options("55", at)]
        run = pyst("config", "match", "-j", *wanted, "--", str(path), context, *numbers)
        found = {number: plan.find(context, number, priority, "55", at) for number in numbers}
        seen = [{k: v for k, v in each.items() if k != "timed"} for each in run.objects()]
        assert seen == [
            {
                "number": number,
                "context": printed(each.extension.context),
                **of_extension(each.extension),
                **of_priority(each),
            }
            for number, each in found.items()
            if each is not None
        ]


def of_problem(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity.name.lower(),
        "kind": problem.kind,
        "reason": problem.reason,
        "what": printed(problem.what),
        "suggestion": printed(problem.suggestion),
    }


def test_check(path: Path) -> None:
    plan = Dialplan.load(path)
    run = pyst("config", "check", "-j", "--dialplan", str(path))
    seen = [
        {**each, "what": each["what"] or "", "suggestion": each.get("suggestion", "")}
        for each in run.objects()
    ]
    assert seen == [of_problem(each) for each in plan.configuration.problems + plan.problems]
    run = pyst("config", "check", "--dialplan", str(path))
    assert run.out.splitlines() == [
        shown(str(each)) for each in plan.configuration.problems + plan.problems
    ]
    run = pyst("config", "check", "-j", "--dialplan", "-k", "no*", "-k", "App", str(path))
    assert len(run.objects()) == len(plan.configuration.problems + plan.check(("no*", "App")))


def test_graph(path: Path) -> None:
    assert pyst("config", "graph", str(path)).out == Dialplan.load(path).graph()
