# SPDX-License-Identifier: MIT
"""Dialplans from Python: what there is, what a number finds, what is wrong."""

from __future__ import annotations

import ctypes
import doctest
import gc
import pickle
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import asterisk.dialplan
from asterisk import _core, liveconfig
from asterisk._core import ManagerMsg
from asterisk.config import Document, load
from asterisk.dialplan import (
    HINT,
    Context,
    Dialplan,
    Extension,
    Global,
    Ignorepat,
    Include,
    Match,
    Priority,
    Problem,
    Severity,
    Switch,
)

DIALPLAN = """\
[globals]
TRUNK=PJSIP/trunk
LINE=${TRUNK}/1
trunk=other
[inside]
include => outside,9:00-17:00,mon-fri,*,*
include => nowhere
switch => Realtime/@inside
eswitch => IAX2/${PEER}/context
ignorepat => 9
autohints = yes
exten => _1XX,1(begin),Answer()
 same => n,Dial(PJSIP/${EXTEN},30)
exten => 100/55,1,Goto(outside,100,1)
exten => 100/,1,Hangup
exten => 100,hint,PJSIP/100
[outside]
#include "more.conf"
[inside]
exten => 199,1,NoOp
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "extensions.conf").write_text(DIALPLAN)
    (tmp_path / "more.conf").write_bytes(b"exten => _X.,1,AGI(\xe9.py)\n")
    return tmp_path / "extensions.conf"


@pytest.fixture
def plan(path: Path) -> Dialplan:
    return Dialplan.load(path)


def plan_of(text: str | bytes) -> Dialplan:
    return Dialplan(Document(text, "extensions.conf").resolve())


def names(matches: list[Match]) -> list[str]:
    return [match.extension.name for match in matches if match.extension is not None]


def test_examples_of_the_module() -> None:
    failed, tried = doctest.testmod(asterisk.dialplan)
    assert failed == 0 and tried > 0


# ---- what there is -------------------------------------------------------------------------------


def test_contexts_by_name(plan: Dialplan, path: Path) -> None:
    assert list(plan) == ["inside", "outside"]
    assert len(plan) == 2
    assert "inside" in plan and "Inside" not in plan and "globals" not in plan
    with pytest.raises(KeyError, match="nobody"):
        plan["nobody"]
    assert plan.get("nobody") is None
    assert [context.name for context in plan.values()] == ["inside", "outside"]
    inside = plan["inside"]
    assert isinstance(inside, Context)
    assert (inside.name, inside.file, inside.line) == ("inside", str(path), 5)
    assert inside.autohints is True and plan["outside"].autohints is False
    assert inside == plan["inside"] and hash(inside) == hash(plan["inside"])
    assert inside != plan["outside"] and inside != Dialplan.load(path)["inside"]
    assert inside != "inside"


def test_what_a_context_has(plan: Dialplan, path: Path) -> None:
    inside, file = plan["inside"], str(path)
    assert inside.includes == [
        Include("outside", "9:00-17:00,mon-fri,*,*", file, 6),
        Include("nowhere", "", file, 7),
    ]
    assert inside.switches == [
        Switch("Realtime", "@inside", False, file, 8),
        Switch("IAX2", "${PEER}/context", True, file, 9),
    ]
    assert inside.ignorepats == [Ignorepat("9", file, 10)]
    outside = plan["outside"]
    assert (outside.includes, outside.switches, outside.ignorepats) == ([], [], [])


def test_extensions_are_in_asterisks_order(plan: Dialplan, path: Path) -> None:
    extensions = plan["inside"].extensions
    assert [(each.name, each.caller_id) for each in extensions] == [
        ("100", ""),
        ("100", "55"),
        ("100", None),
        ("199", None),
        ("_1XX", None),
    ]
    assert [each.line for each in extensions] == [15, 14, 16, 20, 12]
    assert {each.context for each in extensions} == {"inside"}
    (other,) = plan["outside"].extensions
    assert (other.context, other.file, other.line) == ("outside", str(path.parent / "more.conf"), 1)


def test_priorities_of_an_extension(plan: Dialplan, path: Path) -> None:
    empty, _, hint, bare, pattern = plan["inside"].extensions
    first, second = pattern.priorities
    assert (first.number, first.label, first.application, first.arguments) == (
        1,
        "begin",
        "Answer",
        "",
    )
    assert (second.number, second.label, second.application, second.arguments) == (
        2,
        None,
        "Dial",
        "PJSIP/${EXTEN},30",
    )
    assert (second.file, second.line, second.is_hint) == (str(path), 13, False)
    assert second.extension == pattern
    (watched,) = hint.priorities
    assert watched.is_hint and watched.number == HINT
    assert (watched.application, watched.arguments) == ("PJSIP/100", None)
    assert [each.arguments for each in bare.priorities] == [None]
    assert [each.application for each in empty.priorities] == ["Hangup"]


def test_extensions_and_priorities_are_equal_to_themselves_only(plan: Dialplan) -> None:
    once, again = plan["inside"].extensions, plan["inside"].extensions
    assert once == again and once[0] is not again[0]
    assert len(set(once + again)) == len(once)
    assert once[0] != once[1]
    assert once[4].priorities == again[4].priorities
    assert len(set(once[4].priorities + again[4].priorities)) == 2
    thing: Any = once[4]
    assert thing != thing.priorities[0] and thing != "_1XX"
    with pytest.raises(TypeError):
        thing < thing  # noqa: B015


def test_globals_by_name(plan: Dialplan, path: Path) -> None:
    variables = plan.globals
    assert list(variables) == ["TRUNK", "LINE", "trunk"]
    assert variables["LINE"] == Global("LINE", "PJSIP/trunk/1", str(path), 3)
    assert variables["trunk"].value == "other"
    assert "Trunk" not in variables


def test_nothing_can_be_changed(plan: Dialplan) -> None:
    context = plan["inside"]
    extension = context.extensions[0]
    priority = extension.priorities[0]
    for thing in (plan, context, extension, priority):
        for name in ("name", "line", "problems", "anything"):
            with pytest.raises(AttributeError):
                setattr(thing, name, 1)
    variables: Any = plan.globals
    with pytest.raises(TypeError):
        variables["TRUNK"] = 1
    context.extensions.clear()
    extension.priorities.clear()
    assert context.extensions[0].priorities == [priority]


def test_only_dialplans_make_their_parts() -> None:
    for kind in (Extension, Priority):
        with pytest.raises(TypeError):
            kind()
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(plan_of("[a]\nexten => 1,1,NoOp\n")["a"].extensions[0])


def test_what_is_printed(plan: Dialplan, path: Path) -> None:
    assert repr(plan) == "<Dialplan of 2 contexts>"
    assert repr(plan["inside"]) == f"<Context 'inside' at {path}:5>"
    empty, caller, hint, _, pattern = plan["inside"].extensions
    assert repr(empty) == f"<Extension '100/' at {path}:15>"
    assert repr(caller) == f"<Extension '100/55' at {path}:14>"
    assert repr(pattern) == f"<Extension '_1XX' at {path}:12>"
    assert repr(pattern.priorities[1]) == f"<Priority 2 'Dial(PJSIP/${{EXTEN}},30)' at {path}:13>"
    assert repr(hint.priorities[0]) == f"<Priority hint 'PJSIP/100' at {path}:16>"
    assert repr(empty.priorities[0]) == f"<Priority 1 'Hangup' at {path}:15>"


# ---- what a number finds -------------------------------------------------------------------------


def test_match_is_in_asterisks_order(plan: Dialplan) -> None:
    matches = plan.match("inside", "100")
    inside = plan["inside"]
    first, second = inside.switches
    assert matches == [
        Match("inside", inside.extensions[0], None, None, False),
        Match("inside", inside.extensions[1], None, None, False),
        Match("inside", inside.extensions[2], None, None, False),
        Match("inside", inside.extensions[4], None, None, False),
        Match("inside", None, first, None, False),
        Match("inside", None, second, None, False),
        Match("outside", plan["outside"].extensions[0], None, inside.includes[0], True),
    ]
    assert plan.match("outside", "x") == []


def test_match_of_a_caller(plan: Dialplan) -> None:
    def callers(caller_id: str) -> list[str | None]:
        found = plan.match("inside", "100", caller_id)
        return [match.extension.caller_id for match in found if match.extension is not None]

    assert callers("55") == ["55", None, None, None]
    assert callers("56") == [None, None, None]
    assert callers("") == ["", None, None, None]


def test_find_is_what_would_be_executed(plan: Dialplan) -> None:
    found = plan.find("inside", "100", caller_id="55")
    assert found is not None and found.line == 14
    found = plan.find("inside", "100", 2)
    assert found is not None and (found.application, found.line) == ("Dial", 13)
    assert found.extension.name == "_1XX"
    found = plan.find("inside", "150", "begin")
    assert found is not None and (found.number, found.line) == (1, 12)
    found = plan.find("inside", "100", HINT)
    assert found is not None and found.is_hint
    assert plan.find("inside", "100", 7) is None
    assert plan.find("inside", "100", "end") is None
    assert plan.find("inside", "x") is None
    assert plan.find("inside", "2000") == plan.find("outside", "2000")


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        (None, True),
        (datetime(2024, 1, 5, 16, 59), True),  # a Friday
        (datetime(2024, 1, 5, 8, 59, 59), False),
        (datetime(2024, 1, 6, 12), False),
        (datetime(2024, 1, 7, 12), False),
        (datetime(2024, 1, 8, 9), True),
    ],
)
def test_time_of_the_call(plan: Dialplan, at: datetime | None, holds: bool) -> None:
    assert (plan.find("inside", "2000", at=at) is not None) == holds
    assert (names(plan.match("inside", "2000", at=at)) == ["_X."]) == holds


def test_days_and_months_of_the_call() -> None:
    plan = plan_of("[a]\ninclude => b,*,*,29-31,dec-feb\n[b]\nexten => 1,1,NoOp\n")
    held = [day for day in range(1, 367) if plan.find("a", "1", at=datetime(2024, 1, 1)
            + timedelta(day - 1))]  # fmt: skip
    assert held == [29, 30, 31, 60, 364, 365, 366]


def test_time_zones() -> None:
    plan = plan_of(
        "[tokyo]\ninclude => b,9:00-9:59,*,*,*,Asia/Tokyo\n[b]\nexten => 1,1,NoOp\n"
        "[here]\ninclude => b,9:00-9:59,*,*,*\n"
        "[utc]\ninclude => b,9:00-9:59,*,*,*,Etc/UTC\n"
        "[unknown]\ninclude => b,9:00-9:59,*,*,*,No/Where\n"
        "[path]\ninclude => b,9:00-9:59,*,*,*,../x\n"
    )

    def held(at: datetime) -> set[str]:
        return {name for name in plan if name != "b" and plan.find(name, "1", at=at)}

    nine = datetime(2024, 7, 1, 9, 30)
    here = nine.astimezone()
    assert held(here) >= {"here"} and held(nine) >= {"here"}
    assert held(here) == held(nine) == held(here.astimezone(timezone.utc))
    assert held(nine.replace(tzinfo=timezone.utc)) >= {"utc", "unknown", "path"}
    tokyo = timezone(timedelta(hours=9))
    assert "tokyo" in held(nine.replace(tzinfo=tokyo))
    assert "utc" not in held(nine.replace(tzinfo=tokyo))


def test_what_a_clock_raises_comes_through(plan: Dialplan) -> None:
    class Broken(datetime):
        def isoweekday(self) -> int:
            raise ZeroDivisionError

    at = Broken(2024, 1, 1)
    with pytest.raises(ZeroDivisionError):
        plan.match("inside", "2000", at=at)
    with pytest.raises(ZeroDivisionError):
        plan.find("inside", "2000", at=at)
    source = _core.Dialplan(load(plan.configuration.files[0])._source)  # type: ignore[arg-type]
    for clock in (lambda zone: (1, 2, 3), lambda zone: None, lambda zone: ("a",) * 5, 3):
        with pytest.raises(TypeError):
            source.match("inside", "2000", None, clock)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            source.find("inside", "2000", 1, None, None, clock)  # type: ignore[arg-type]


def test_a_context_that_does_not_exist(plan: Dialplan) -> None:
    with pytest.raises(KeyError, match="nobody"):
        plan.match("nobody", "1")
    with pytest.raises(KeyError, match="nobody"):
        plan.find("nobody", "1")


@pytest.mark.parametrize(
    "arguments",
    [(1, "1"), ("inside", 1), ("inside", "1", 1, 5), ("inside", "1", 1.5), ("inside", "1", None)],
)
def test_wrong_types(plan: Dialplan, arguments: Any) -> None:
    with pytest.raises(TypeError):
        plan.find(*arguments)
    with pytest.raises(TypeError):
        plan.match(1, "1")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        plan.match("inside", "1", 1)  # type: ignore[arg-type]
    with pytest.raises(OverflowError):
        plan.find("inside", "1", 1 << 40)


# ---- problems and picture ------------------------------------------------------------------------


def test_problems_say_where() -> None:
    plan = plan_of("[a]\ninclude => a2\nexten => 1,1,Goto(b,1,1)\n[b]\nsame => n,NoOp\n")
    missing, jump, same = (each for each in plan.problems if each.severity != Severity.NOTE)
    assert isinstance(missing, Problem)
    assert missing[:4] == ("extensions.conf", 2, 12, Severity.WARNING)
    assert jump[:4] == ("extensions.conf", 3, 19, Severity.ERROR)
    assert (missing.what, jump.what) == ("a2", "b,1,1")
    assert str(same) == (
        'extensions.conf:5:9: error: "same" has no "exten" before it in this section'
    )


def test_problems_are_looked_for_once(plan: Dialplan) -> None:
    once, again = plan.problems, plan.problems
    assert once == again and once[0] is again[0]
    once.clear()
    assert plan.problems == again


def test_problems_have_names_for_programs() -> None:
    plan = plan_of(
        "[a]\nexten => 1,1,Anser()\n same => n,MyApp(${MY_X(1)})\n same => n,Goto(b,1,1)\n"
    )
    found = {problem.kind: problem for problem in plan.problems}
    assert list(found) == [
        "unused-context",
        "unknown-application",
        "unknown-function",
        "missing-context",
    ]
    assert found["unused-context"].suggestion == ""
    assert found["unknown-application"].what == "MyApp"
    (misspelt,) = [problem for problem in plan.problems if problem.suggestion]
    assert (misspelt.line, misspelt.what, misspelt.suggestion) == (2, "Anser", "Answer")
    assert str(misspelt).endswith(": Anser (did you mean Answer?)")


def test_applications_and_functions_of_others_are_known() -> None:
    plan = plan_of("[a]\nexten => 1,1,MyApp(${MY_X(1)})\n same => n,\xc4()\n")
    assert len(plan.problems) == 4
    assert len(plan.check(["MyApp"])) == 3
    assert len(plan.check(name for name in ("MY_*", "MyApp", "\xc4"))) == 1
    assert len(plan.problems) == 4
    with pytest.raises(TypeError):
        plan.check([1])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        plan.check(1)  # type: ignore[arg-type]
    with pytest.raises(UnicodeEncodeError):
        plan.check(["MyApp", "\ud800"])


def test_problems_of_the_file_are_the_configurations() -> None:
    plan = plan_of("[a]\nnothing\nexten => 1,1,NoOp\n")
    assert [problem.line for problem in plan.configuration.problems] == [2]
    assert [problem.line for problem in plan.problems if problem.severity != Severity.NOTE] == []


def test_what_a_check_finds_changes_no_search(plan: Dialplan) -> None:
    before = plan.match("inside", "100"), plan.graph(), plan["inside"].extensions
    assert plan.problems
    assert (plan.match("inside", "100"), plan.graph(), plan["inside"].extensions) == before


def test_graph(plan: Dialplan) -> None:
    graph = plan.graph()
    assert graph.startswith("digraph dialplan {\n") and graph.endswith("}\n")
    assert "_1XX" in graph and "outside" in graph
    assert plan.graph() == graph


# ---- where it comes from -------------------------------------------------------------------------


def test_a_document_that_was_changed() -> None:
    document = Document("[a]\nexten => 1,1,NoOp\n")
    before = Dialplan(document.resolve())
    document.add_item("exten", "2,1,Hangup")
    after = Dialplan(document.resolve())
    assert [each.name for each in before["a"].extensions] == ["1"]
    assert [each.name for each in after["a"].extensions] == ["1", "2"]
    assert before["a"].extensions[0].file == ""


def test_directory_and_commands(path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "more.conf").write_text("exten => 7,1,NoOp\n#exec echo 'exten => 8,1,NoOp'\n")
    plan = Dialplan.load(path, directory=elsewhere)
    assert [each.name for each in plan["outside"].extensions] == ["7"]
    plan = Dialplan.load(path, directory=elsewhere, execute=True)
    assert [each.name for each in plan["outside"].extensions] == ["7", "8"]


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        Dialplan.load(tmp_path / "none.conf")
    assert error.value.filename == str(tmp_path / "none.conf")


def test_what_is_no_configuration_of_files() -> None:
    answer = ManagerMsg(["Category-000000: a\r\n", "Line-000000-000000: exten=1,1,NoOp\r\n"])
    others: list[Any] = [liveconfig.answer(answer), Document("[a]\n"), "extensions.conf", None]
    for other in others:
        with pytest.raises(TypeError, match="resolve"):
            Dialplan(other)
        with pytest.raises(TypeError):
            _core.Dialplan(other)


def test_an_empty_dialplan() -> None:
    plan = plan_of("")
    assert (len(plan), list(plan), plan.problems, dict(plan.globals)) == (0, [], [], {})
    assert plan.graph().startswith("digraph")
    assert repr(plan) == "<Dialplan of 0 contexts>"
    source = _core.Dialplan(plan.configuration._source)  # type: ignore[arg-type]
    for read in (source.context, source.extensions, source.includes, source.switches):
        for index in (0, 1 << 40):
            with pytest.raises(IndexError):
                read(index)
        with pytest.raises(OverflowError):
            read(-1)


def test_names_that_are_no_utf8() -> None:
    plan = plan_of(
        b"[globals]\nG\xe4=\xfc\n[\xe9]\ninclude => \xe8\nswitch => \xe7/\xe6\nignorepat => \xe5\n"
        b"exten => \xff/\xfe,1(\xfd),\xfb(\xfa)\n[\xe8]\nexten => _\xff.,1,NoOp\n"
    )

    def raw(text: str | None) -> bytes:
        assert text is not None
        return text.encode("utf-8", "surrogateescape")

    assert [raw(name) for name in plan] == [b"\xe9", b"\xe8"]
    context = plan["\udce9"]
    (extension,) = context.extensions
    (priority,) = extension.priorities
    (include,), (switch,), (ignorepat,) = context.includes, context.switches, context.ignorepats
    assert raw(extension.name) == b"\xff" and raw(extension.caller_id) == b"\xfe"
    assert raw(priority.label) == b"\xfd"
    assert raw(priority.application) == b"\xfb" and raw(priority.arguments) == b"\xfa"
    assert raw(include.context) == b"\xe8" and raw(ignorepat.pattern) == b"\xe5"
    assert raw(switch.name) == b"\xe7" and raw(switch.data) == b"\xe6"
    assert raw(plan.globals["G\udce4"].value) == b"\xfc"
    assert plan.find("\udce9", "\udcff", "\udcfd", "\udcfe") == priority
    assert names(plan.match("\udce9", "\udcff\udcff")) == ["_\udcff."]
    assert plan.graph().encode().startswith(b"digraph")  # all of it is UTF-8
    assert repr(extension) == "<Extension '\\udcff/\\udcfe' at extensions.conf:7>"
    assert "\\udcfb" in repr(priority)
    with pytest.raises(UnicodeEncodeError):
        plan.get("\ud800")


# ---- lifetimes and threads -----------------------------------------------------------------------


def test_parts_outlive_their_dialplan(path: Path) -> None:
    context = Dialplan.load(path)["inside"]
    extension = Dialplan.load(path)["inside"].extensions[4]
    priority = Dialplan.load(path)["inside"].extensions[4].priorities[1]
    found = Dialplan.load(path).find("inside", "150")
    matches = Dialplan.load(path).match("inside", "150")
    gc.collect()
    assert context.extensions[4].name == extension.name == "_1XX"
    assert priority.arguments == "PJSIP/${EXTEN},30"
    assert priority.extension.priorities[0].label == "begin"
    assert found is not None and found.application == "Answer"
    assert names(matches) == ["_1XX", "_X."]


def test_threads_share_a_dialplan() -> None:
    lines = "".join(
        f"exten => _{i}X.,1,Goto({i + 1}0,1)\nexten => {i}0,1,Dial(PJSIP/{i})\n"
        for i in range(100, 1500)
    )
    plan = plan_of("[a]\n" + lines)
    expected = {
        "problems": plan_of("[a]\n" + lines).problems,
        "graph": plan.graph(),
        "match": plan.match("a", "7007"),
        "extensions": plan["a"].extensions,
    }
    barrier = threading.Barrier(8)
    wrong: list[str] = []

    def read() -> None:
        barrier.wait(60)
        for _ in range(3):
            found = {
                "problems": plan.problems,
                "graph": plan.graph(),
                "match": plan.match("a", "7007"),
                "extensions": plan["a"].extensions,
            }
            wrong.extend(name for name, value in found.items() if value != expected[name])

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(expected["problems"]) > 0


def read_everything(plan: Dialplan, number: str, label: str, caller_id: str) -> None:
    """Make each kind of object, and each kind of error."""
    for name, context in plan.items():
        repr((name, context, context.includes, context.switches, context.ignorepats))
        for extension in context.extensions:
            repr((extension, extension.name, extension.caller_id, extension.context))
            for each in extension.priorities:
                repr((each, each.label, each.application, each.arguments, each.extension))
    friday = datetime(2024, 1, 5, 12)
    assert len(plan.match("inside", number, caller_id, friday)) == 6
    assert plan.find("inside", number, label, caller_id, friday)
    assert plan.check([number, "ODBC_*"]) and plan.problems and plan.globals and plan.graph()
    for arguments in (("none", number), (number, "\ud800"), ("inside", number, label, 5)):
        with pytest.raises((KeyError, TypeError, UnicodeEncodeError)):
            plan.find(*arguments)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        plan.match("inside", number, at=5)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        plan.check([number, 5])  # type: ignore[list-item]
    clock: Any = lambda zone: number  # noqa: E731
    with pytest.raises(TypeError):
        plan._source.match("inside", number, None, clock)


class MallInfo(ctypes.Structure):
    """What mallinfo2() of the C library tells, in bytes."""

    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in _names.split()]


def test_nothing_leaks() -> None:
    text = DIALPLAN.replace('#include "more.conf"', "exten => _X.,1,Busy")
    library = ctypes.CDLL(None)
    if hasattr(library, "mallinfo2"):
        library.mallinfo2.restype = MallInfo

    def rounds(n: int) -> tuple[int, int]:
        """Blocks in use of Python, and bytes in use of everybody else."""
        for i in range(n):
            plan = Dialplan(Document(text).resolve())
            read_everything(plan, f"10{i - i}", f"begin{i}"[:5], f"{i - i + 55}")
        gc.collect()
        size = 0
        if hasattr(library, "mallinfo2"):
            info = library.mallinfo2()
            size = info.uordblks + info.hblkhd
        return sys.getallocatedblocks(), size

    blocks, size = rounds(1000)
    more_blocks, more_size = rounds(10000)
    # A round that left anything would leave a block, or 16 bytes.
    assert more_blocks - blocks < 1000
    assert more_size - size < 100000
