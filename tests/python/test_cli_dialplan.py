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
    assert (run.code, run.err) == (DONE, "")
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
    # The label is that of _1XX, its number that of the extension that is preferred.
    assert (found["extension"], found["priority"], found["line"]) == ("100", 1, 6)
    none = pyst("config", "match", "--priority", "7", dialplan, "inside", "100")
    assert (none.code, none.out) == (NO, "")
    assert none.err == "pyst: nothing fits 100 in inside\n"


def test_match_as_json(dialplan: str) -> None:
    first, _, third, switch, last = pyst(
        "config", "match", "--json", dialplan, "inside", "100"
    ).objects()
    assert first["caller_id"] == "55"
    assert third["priorities"][0] == {
        "priority": 1,
        "label": "begin",
        "application": "Answer",
        "arguments": "",
        "file": dialplan,
        "line": 4,
    }
    assert (switch["switch"], switch["data"]) == ("Realtime", "@inside")
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
