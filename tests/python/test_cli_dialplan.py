# SPDX-License-Identifier: MIT
"""`pyst config match` and `pyst config graph`: dialplans at the command line."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from pyst_program import environment, pyst

DONE, NO, USAGE, FAILED = 0, 1, 2, 6

DIALPLAN = """\
[inside]
include => outside,9:00-17:00,mon-fri,*,*
switch => Realtime/@inside
exten => _1XX,1(begin),Answer()
 same => n,Dial(PJSIP/${EXTEN},30)
exten => 100/55,1,Goto(outside,100,1)
exten => 100,hint,PJSIP/100
[outside]
#include "more.conf"
"""
HELD = "pyst: includes with times are taken to hold; --at WHEN judges them\n"


@pytest.fixture
def dialplan(tmp_path: Path) -> str:
    (tmp_path / "extensions.conf").write_text(DIALPLAN)
    (tmp_path / "more.conf").write_bytes(b"exten => _X.,1,AGI(\xe9.py)\n")
    return str(tmp_path / "extensions.conf")


@pytest.mark.parametrize(
    "arguments",
    [
        ["match"],
        ["match", "{}"],
        ["match", "{}", "inside"],
        ["match", "{}", "nowhere", "1"],
        ["match", "--nothing", "{}", "inside", "1"],
        ["match", "--at", "2026-02-30 10:00", "{}", "inside", "1"],
        ["match", "--at", "2026-02-27", "{}", "inside", "1"],
        ["match", "--at", "2026-02-27 10:00 ", "{}", "inside", "1"],
        ["match", "--at", "2026-02-27 24:00", "{}", "inside", "1"],
        ["match", "/nonexistent/extensions.conf", "inside", "1"],
        ["graph"],
        ["graph", "{}", "{}"],
        ["graph", "/nonexistent/extensions.conf"],
        ["graph", "--nothing", "{}"],
    ],
)
def test_wrong_usage(dialplan: str, arguments: "list[str]") -> None:
    run = pyst("config", *(each.format(dialplan) for each in arguments))
    assert (run.code, run.out) == (USAGE, "")
    assert "pyst: " in run.err


def test_match_prints_what_fits_in_order(dialplan: str) -> None:
    run = pyst("config", "match", dialplan, "inside", "100")
    assert (run.code, run.err) == (DONE, HELD)
    more = dialplan.replace("extensions", "more")
    assert run.out == (
        f"100/55 in inside  {dialplan}:6\n"
        f"    1, Goto(outside,100,1)  {dialplan}:6\n"
        f"100 in inside  {dialplan}:7\n"
        f"    hint, PJSIP/100  {dialplan}:7\n"
        f"_1XX in inside  {dialplan}:4\n"
        f"    1(begin), Answer()  {dialplan}:4\n"
        f"    2, Dial(PJSIP/${{EXTEN}},30)  {dialplan}:5\n"
        f"switch Realtime/@inside of inside  {dialplan}:3\n"
        f"_X. in outside, at times  {more}:1\n"
        f"    1, AGI(\\xe9.py)  {more}:1\n"
    )


def test_match_of_a_caller(dialplan: str) -> None:
    assert "100/55" in pyst("config", "match", "-c", "55", dialplan, "inside", "100").out
    for caller in ("56", ""):
        run = pyst("config", "match", "--caller-id", caller, dialplan, "inside", "100")
        assert run.out.startswith("100 in inside")


def test_match_of_a_priority(dialplan: str) -> None:
    run = pyst("config", "match", "-p", "2", dialplan, "inside", "100")
    assert run.out == f"_1XX in inside\n    2, Dial(PJSIP/${{EXTEN}},30)  {dialplan}:5\n"
    (found,) = pyst("config", "match", "-jp", "begin", dialplan, "inside", "100").objects()
    assert found["timed"] is False
    assert (found["context"], found["caller_id"]) == ("inside", "55")
    run = pyst("config", "match", "-jp", "1", dialplan, "inside", "999")
    assert run.err == HELD
    (timed,) = run.objects()
    assert (timed["timed"], timed["caller_id"], timed["label"]) == (True, None, None)
    # The label is that of _1XX, its number that of the extension that is preferred.
    assert (found["extension"], found["priority"], found["line"]) == ("100", 1, 6)
    none = pyst("config", "match", "--priority", "7", dialplan, "inside", "100")
    assert (none.code, none.out) == (NO, "")
    assert none.err == "pyst: nothing fits 100 in inside\n"
    # What is no number is a label; that of a hint is none to ask for.
    for label in ("1x", "4294967297", "-1", ""):
        assert pyst("config", "match", "-p", label, dialplan, "inside", "100").code == NO


def test_match_at_a_time(dialplan: str) -> None:
    def match(when: str, *arguments: str) -> str:
        run = pyst("config", "match", "--at", when, *arguments, dialplan, "inside", "999")
        assert run.err == "" if run.code == DONE else "nothing fits" in run.err
        return run.out

    outside = pyst("config", "match", dialplan, "outside", "999").out
    assert "at times" not in outside
    switch = f"switch Realtime/@inside of inside  {dialplan}:3\n"
    timed = outside.replace(" in outside", " in outside, at times")
    assert match("2026-11-23 09:00") == switch + timed
    assert match("2026-11-23 17:00") == switch + timed
    for when in ("2026-11-23 08:59", "2026-11-23 17:01", "2026-11-22 12:00"):
        assert match(when) == switch
    assert match("2026-11-23 12:00", "-p", "1").startswith("_X. in outside, at times\n    1, AGI")
    assert match("2026-11-22 12:00", "-p", "1") == ""


def test_match_now(tmp_path: Path) -> None:
    # Of a minute and all others, one holds; and some of the others' is none of 1 January 1970.
    path = tmp_path / "extensions.conf"
    path.write_text(
        "[a]\ninclude => b,9:00\ninclude => c,9:01-8:59\n"
        "[later]\ninclude => b,0:01-23:59\ninclude => c,*,fri-wed\ninclude => d,*,*,2-31\n"
        "include => e,*,*,*,feb-dec\n"
        + "".join(f"[{name}]\nexten => 1,1,NoOp()\n" for name in "bcde")
    )
    utc = environment(TZ="UTC")
    run = pyst("config", "match", "-t", "now", str(path), "a", "1", env=utc)
    assert (run.code, run.err, run.out.count("NoOp")) == (DONE, "", 1)
    assert pyst("config", "match", "-t", "now", str(path), "later", "1", env=utc).code == DONE
    past = pyst("config", "match", "-t", "1970-01-01 00:00", str(path), "later", "1", env=utc)
    assert past.code == NO


@pytest.mark.skipif(
    not Path("/usr/share/zoneinfo/Asia/Tokyo").exists(), reason="the system knows no time zones"
)
def test_times_are_in_a_zone(tmp_path: Path) -> None:
    path = tmp_path / "extensions.conf"
    path.write_text(
        "[a]\ninclude => here,9:00\ninclude => berlin,9:00,*,*,*,Europe/Berlin\n"
        "include => tokyo,9:00,*,*,*,Asia/Tokyo\ninclude => again,9:00,mon,1,jun\n"
        + "".join(f"[{name}]\nexten => 1,1,NoOp()\n" for name in ("here", "berlin", "tokyo",
                                                                   "again"))
    )  # fmt: skip
    found = {
        (zone, when): [
            each["context"]
            for each in pyst(
                "config", "match", "-jt", f"2026-06-01 {when}", str(path), "a", "1",
                env=environment(TZ=zone),
            ).objects()
        ]
        for zone, when in (("UTC", "09:00"), ("UTC", "07:00"), ("UTC", "00:00"),
                           ("Asia/Tokyo", "09:00"), ("Europe/Berlin", "09:00"))
    }  # fmt: skip
    assert found == {
        ("UTC", "09:00"): ["here", "again"],
        ("UTC", "07:00"): ["berlin"],
        ("UTC", "00:00"): ["tokyo"],
        ("Asia/Tokyo", "09:00"): ["here", "tokyo", "again"],
        ("Europe/Berlin", "09:00"): ["here", "berlin", "again"],
    }
    path.write_text(path.read_text().replace("here,9:00", "tokyo,9:05,*,*,*,Asia/Tokyo"))
    own = environment()
    own.pop("TZ", None)
    found_here = pyst("config", "match", "-jt", "2026-06-01 09:00", str(path), "a", "1", env=own)
    assert "again" in [each["context"] for each in found_here.objects()]
    # An hour that the clocks leave out is none.
    assert pyst("config", "match", "-t", "2026-03-29 02:30", str(path), "a", "1",
                env=environment(TZ="Europe/Berlin")).code == USAGE  # fmt: skip


def test_match_as_json(dialplan: str) -> None:
    first, second, third, switch, last = pyst(
        "config", "match", "--json", dialplan, "inside", "100"
    ).objects()
    assert (first["caller_id"], first["file"], first["line"]) == ("55", dialplan, 6)
    assert (second["caller_id"], second["priorities"][0]["priority"]) == (None, "hint")
    assert third["priorities"][0] == {
        "priority": 1,
        "label": "begin",
        "application": "Answer",
        "arguments": "",
        "file": dialplan,
        "line": 4,
    }
    assert (switch["switch"], switch["data"], switch["line"]) == ("Realtime", "@inside", 3)
    assert (last["context"], last["timed"]) == ("outside", True)
    assert last["priorities"][0]["arguments"] == "\u00e9.py"


def test_match_of_several_numbers_tells_which_fits_nothing(dialplan: str) -> None:
    run = pyst("config", "match", "-j", dialplan, "outside", "12", "x", "34")
    assert run.code == NO
    assert [found["number"] for found in run.objects()] == ["12", "34"]
    assert run.err == "pyst: nothing fits x in outside\n"


def test_included_files_of_another_folder(dialplan: str, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    os.rename(tmp_path / "more.conf", tmp_path / "etc" / "more.conf")
    assert pyst("config", "match", dialplan, "outside", "12").code == NO
    folder = str(tmp_path / "etc")
    assert pyst("config", "match", "-d", folder, dialplan, "outside", "12").code == DONE
    assert ".py" in pyst("config", "graph", "--directory", folder, dialplan).out


def test_graph(dialplan: str, tmp_path: Path) -> None:
    run = pyst("config", "graph", dialplan)
    assert (run.code, run.err) == (DONE, "")
    assert run.out.startswith("digraph dialplan {\n")
    assert "    c0e0 -> c1e0 [label=\"1 Goto\"];\n" in run.out  # fmt: skip
    target = tmp_path / "graph.dot"
    written = pyst("config", "graph", "-o", str(target), dialplan)
    assert (written.code, written.out) == (DONE, "")
    assert target.read_text() == run.out
    nowhere = pyst("config", "graph", "-o", str(tmp_path / "none" / "x"), dialplan)
    assert (nowhere.code, nowhere.out) == (FAILED, "")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graph_as_a_picture(dialplan: str) -> None:
    run = pyst("config", "graph", "--type", "svg", dialplan)
    assert (run.code, run.err) == (DONE, "")
    assert "<svg" in run.out and "_1XX" in run.out
    assert pyst("config", "graph", "--type", "nothing", dialplan).code == FAILED


def test_graph_hands_its_text_to_dot(dialplan: str, tmp_path: Path) -> None:
    dot = tmp_path / "dot"
    dot.write_text('#!/bin/sh\necho "$@"\nexec /bin/cat\n')
    dot.chmod(dot.stat().st_mode | stat.S_IXUSR)
    run = pyst("config", "graph", "-Tpng", dialplan, env=environment(PATH=str(tmp_path)))
    assert run.code == DONE
    assert run.out == "-Tpng\n" + pyst("config", "graph", dialplan).out


def test_graph_without_dot_says_what_is_missing(dialplan: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run = pyst(
        "config", "graph", "-T", "svg", dialplan, env=environment(PATH=str(tmp_path / "empty"))
    )
    assert (run.code, run.out) == (FAILED, "")
    assert "dot is not installed" in run.err
