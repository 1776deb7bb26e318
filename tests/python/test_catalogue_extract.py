# SPDX-License-Identifier: MIT
"""tools/catalogue/extract-*.py take the facts, and only those, from Asterisk's documentation."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / "tools/catalogue"
EXTRACT = TOOLS / "extract-ami.py"

STYLESHEET = """\
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
 <xsl:template match="channel_snapshot">
  <xsl:element name="parameter">
   <xsl:attribute name="name"><xsl:value-of select="concat(@prefix,'Channel')"/></xsl:attribute>
  </xsl:element>
  <xsl:element name="parameter">
   <xsl:attribute name="name"><xsl:value-of select="concat(@prefix, 'State')"/></xsl:attribute>
   <enumlist><enum name="Down"/><enum name="Up"/></enumlist>
  </xsl:element>
 </xsl:template>
</xsl:stylesheet>
"""


def documentation(inside: str) -> str:
    return f'<docs xmlns:xi="http://www.w3.org/2001/XInclude">{inside}</docs>'


def include(path: str) -> str:
    return f'<xi:include xpointer="xpointer(/docs/{path})"/>'


def action(name: str, syntax: str, more: str = "") -> str:
    return f'<manager name="{name}"><syntax>{syntax}</syntax>{more}</manager>'


def event(name: str, syntax: str, flag: str = "CALL") -> str:
    instance = f'<managerEventInstance class="EVENT_FLAG_{flag}"><syntax>{syntax}</syntax>'
    return f'<managerEvent name="{name}">{instance}</managerEventInstance></managerEvent>'


@pytest.fixture
def extract(tmp_path: Path) -> Any:
    """A function from documentation by version to facts by name."""

    def run(**versions: str) -> dict[str, dict[str, Any]]:
        arguments = []
        for version, inside in versions.items():
            folder = tmp_path / version
            folder.mkdir()
            (folder / "appdocsxml.xslt").write_text(STYLESHEET, encoding="utf-8")
            (folder / "core.xml").write_text(documentation(inside), encoding="utf-8")
            arguments.append(f"{version[1:]}={folder / 'core.xml'}")
        done = subprocess.run(
            [sys.executable, str(EXTRACT), *arguments], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        facts = json.loads(done.stdout)
        return {
            kind: {entry.pop("name"): entry for entry in facts[kind]}
            for kind in ("actions", "events")
        }

    return run


def test_parameters_keep_their_order_and_lose_their_prose(extract: Any) -> None:
    text = '<parameter name="{}" required="{}"><para>Prose.</para></parameter>'
    both = text.format("Zebra", "true") + text.format("Ant", "no") + text.format("ActionID", "no")
    facts = extract(v22=action("Do", both, "<synopsis>Prose.</synopsis>"))
    assert facts["actions"] == {
        "Do": {
            "versions": [22],
            "parameters": {
                "Zebra": {"versions": [22], "required": [22]},
                "Ant": {"versions": [22], "required": []},
            },
        }
    }
    assert list(facts["actions"]["Do"]["parameters"]) == ["Zebra", "Ant"]


def test_versions_are_told_apart(extract: Any) -> None:
    old = action("Both", '<parameter name="options" required="true"/>') + action("Old", "")
    new = action("Both", '<parameter name="Options"/><parameter name="More"/>') + action("New", "")
    facts = extract(v16=old, v22=new)["actions"]
    assert facts["Old"]["versions"] == [16]
    assert facts["New"]["versions"] == [22]
    assert facts["Both"] == {
        "versions": [16, 22],
        # One parameter, in the newest spelling.
        "parameters": {
            "Options": {"versions": [16, 22], "required": [16]},
            "More": {"versions": [22], "required": []},
        },
    }


def test_definitions_of_several_modules_become_one(extract: Any) -> None:
    both = '<parameter name="A" required="true"/><parameter name="B" required="yes"/>'
    first = action("Do", both)
    second = action("Do", '<parameter name="B" required="true"/><parameter name="C"/>')
    parameters = extract(v22=first + second)["actions"]["Do"]["parameters"]
    assert {name: facts["required"] for name, facts in parameters.items()} == {
        "A": [],
        "B": [22],
        "C": [],
    }


def test_values_are_listed_without_patterns_and_headings(extract: Any) -> None:
    flat = '<enumlist><enum name="on"/><enum name="off"/><enum name="a,b,..."/></enumlist>'
    nested = f'<enumlist><enum name="Heading">{flat}</enum></enumlist>'
    syntax = f'<parameter name="A">{flat}</parameter><parameter name="B">{nested}</parameter>'
    parameters = extract(v22=action("Do", syntax))["actions"]["Do"]["parameters"]
    assert parameters["A"]["values"] == ["on", "off"]
    assert parameters["B"]["values"] == ["on", "off"]


def test_inclusions_are_resolved(extract: Any) -> None:
    source = event("Source", '<parameter name="PartOne"/><parameter name="Else"/>')
    syntax = "managerEvent[@name='Source']/managerEventInstance/syntax/parameter"
    facts = extract(
        v22=source
        + event("All", include(syntax))
        + event("One", include(f"{syntax}[@name='Else']"))
        + event("Part", include(f"{syntax}[contains(@name, 'Part')]"))
    )["events"]
    assert list(facts["All"]["parameters"]) == ["PartOne", "Else"]
    assert list(facts["One"]["parameters"]) == ["Else"]
    assert list(facts["Part"]["parameters"]) == ["PartOne"]


def test_snapshots_become_their_parameters(extract: Any) -> None:
    syntax = '<channel_snapshot/><channel_snapshot prefix="Dest"/>'
    parameters = extract(v22=event("Dial", syntax))["events"]["Dial"]["parameters"]
    assert list(parameters) == ["Channel", "State", "DestChannel", "DestState"]
    assert parameters["DestState"]["values"] == ["Down", "Up"]


def test_lists_name_their_events_wherever_they_are_documented(extract: Any) -> None:
    end = event("ShowComplete", '<parameter name="ListItems"/>', "COMMAND")
    items = f"""<list-elements>{include("managerEvent[@name='Item']")}</list-elements>"""
    show = action("Show", "", f"<responses>{items}{end}</responses>")
    facts = extract(v22=event("Item", "") + show)
    assert facts["actions"]["Show"]["list"] == {"items": ["Item"], "final": "ShowComplete"}
    assert facts["events"]["ShowComplete"]["privilege"] == "command"
    assert "ListItems" in facts["events"]["ShowComplete"]["parameters"]


def test_an_inclusion_of_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "appdocsxml.xslt").write_text(STYLESHEET, encoding="utf-8")
    broken = documentation(action("Do", include("manager[@name='Absent']/syntax/parameter")))
    (tmp_path / "core.xml").write_text(broken, encoding="utf-8")
    command = [sys.executable, str(EXTRACT), f"22={tmp_path / 'core.xml'}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "points at nothing" in done.stderr
    assert done.stdout == ""


def command(name: str, syntax: str) -> str:
    return f'<agi name="{name}"><synopsis>Prose.</synopsis><syntax>{syntax}</syntax></agi>'


# The commands that its lists of what a server shows speak of, but for those that a test is about.
LISTED = {
    "answer": "",
    "asyncagi break": "",
    "database del": "",
    "database deltree": "",
    "database get": "",
    "database put": "",
    "exec": '<parameter name="application" required="true"/>'
    '<parameter name="options" required="true"/>',
    "get data": "",
    "get full variable": "",
    "get variable": "",
    "gosub": '<parameter name="optional-argument"/>',
    "noop": "",
    "record file": "",
    "say datetime": "",
    "set callerid": "",
    "set music": '<parameter name="class" required="true"/>',
    "set variable": "",
    "speech create": '<parameter name="engine" required="true"/>',
    "speech destroy": "",
    "speech recognize": "",
    "speech unload grammar": "",
    "verbose": '<parameter name="level" required="true"/>',
}


def extract_agi(folder: Path, **versions: str) -> "subprocess.CompletedProcess[str]":
    arguments = []
    for version, inside in versions.items():
        path = folder / version / "core.xml"
        path.parent.mkdir()
        path.with_name("appdocsxml.xslt").write_text(STYLESHEET, encoding="utf-8")
        path.write_text(documentation(inside), encoding="utf-8")
        arguments.append(f"{version[1:]}={path}")
    run = [sys.executable, str(TOOLS / "extract-agi.py"), *arguments]
    return subprocess.run(run, capture_output=True, text=True, timeout=60)


def listed(**others: str) -> str:
    commands = {**LISTED, **{name.replace("_", " "): syntax for name, syntax in others.items()}}
    return "".join(command(name, syntax) for name, syntax in commands.items())


def test_agi_commands_are_taken_with_their_parameters(tmp_path: Path) -> None:
    values = '<enumlist><enum name="on"/><enum name="off"/></enumlist>'
    syntax = f"""
        <parameter name="when" required="true">{values}</parameter>
        <parameter name="text to send"><para>Prose.</para></parameter>"""
    done = extract_agi(tmp_path, v16=listed(), v22=listed(send_it=syntax))
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["versions"] == [16, 22]
    names = [each["name"] for each in facts["commands"]]
    assert names == sorted(names)
    commands = {each["name"]: each for each in facts["commands"]}
    assert commands["SEND IT"] == {
        "name": "SEND IT",
        "versions": [22],
        "parameters": {
            "when": {"versions": [22], "required": [22], "values": ["on", "off"]},
            "text to send": {"versions": [22], "required": []},
        },
    }
    assert list(commands["SEND IT"]["parameters"]) == ["when", "text to send"]
    assert commands["EXEC"] == {
        "name": "EXEC",
        "versions": [16, 22],
        "on_dead_channel": True,
        "ignores_more": True,
        "parameters": {
            "application": {"versions": [16, 22], "required": [16, 22]},
            "options": {"versions": [16, 22], "required": [], "joined": True},
        },
    }
    assert "Prose" not in done.stdout


@pytest.mark.parametrize(
    "inside, said",
    [
        (listed().replace('"answer"', '"reply"'), "not documented: {'ANSWER'}"),
        (listed(verbose='<parameter name="volume"/>'), "('VERBOSE', 'level')"),
        (
            listed(do='<parameter name="a"/><parameter name="b" required="true"/>'),
            "AssertionError: DO",
        ),
        (listed() + command("do", "") * 2, "DO is documented twice"),
    ],
)
def test_what_contradicts_the_lists_is_an_error(tmp_path: Path, inside: str, said: str) -> None:
    done = extract_agi(tmp_path, v22=inside)
    assert done.returncode != 0
    assert said in done.stderr
    assert done.stdout == ""


# ---- dialplan applications ----------------------------------------------------------------------


@pytest.fixture
def extract_dialplan(monkeypatch: pytest.MonkeyPatch) -> Any:
    """tools/catalogue/extract-dialplan.py, as a module."""
    monkeypatch.syspath_prepend(str(TOOLS))
    spec = importlib.util.spec_from_file_location("x", TOOLS / "extract-dialplan.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def application(module: Any, folder: Path, **syntaxes: str) -> dict[str, Any]:
    """What becomes of an application Do with those syntaxes, the newest version first."""
    applications: dict[str, Any] = {}
    for version, syntax in syntaxes.items():
        text = f'<application name="Do"><synopsis>Prose.</synopsis>{syntax}</application>'
        (folder / "appdocsxml.xslt").write_text(STYLESHEET, encoding="utf-8")
        (folder / "core.xml").write_text(documentation(text), encoding="utf-8")
        read = module.Documentation(folder / "core.xml")
        element = read.docs.find("application")
        module.add_application(applications, int(version[1:]), read, element)
    facts: dict[str, Any] = applications["Do"]
    return facts


def options(*names: str) -> str:
    listed = "".join(f'<option name="{name}"><para>Prose.</para></option>' for name in names)
    return f'<parameter name="options"><optionlist>{listed}</optionlist></parameter>'


FIRST = '<parameter name="first" required="true"/>'


def test_arguments_and_options_of_applications_are_counted(
    extract_dialplan: Any, tmp_path: Path
) -> None:
    syntax = f"<syntax>{FIRST}{options('b', 'a', 'L(x[:y])')}<parameter name='more'/></syntax>"
    assert application(extract_dialplan, tmp_path, v22=syntax) == {
        "versions": [22],
        "least": 1,
        "most": 3,
        "options": 2,
        "letters": "Lab",
    }


def test_an_application_is_what_any_version_takes(extract_dialplan: Any, tmp_path: Path) -> None:
    new = f"<syntax>{FIRST}{options('b')}</syntax>"
    old = f"<syntax><parameter name='first'/>{options('a')}<parameter name='x'/></syntax>"
    assert application(extract_dialplan, tmp_path, v22=new, v16=old) == {
        "versions": [22, 16],
        "least": 0,
        "most": 3,
        "options": 2,
        "letters": "ab",
    }


@pytest.mark.parametrize(
    ("syntax", "most"),
    [
        (f'<syntax argsep="=">{FIRST}{FIRST}</syntax>', 1),
        ('<syntax><parameter name="a"/><parameter name="b" multiple="true"/></syntax>', 2),
    ],
)
def test_commas_may_stand_in_what_they_do_not_part(
    extract_dialplan: Any, tmp_path: Path, syntax: str, most: int
) -> None:
    facts = application(extract_dialplan, tmp_path, v22=syntax)
    assert facts == {"versions": [22], "least": 0, "most": most, "open": True}


def test_options_that_are_words_have_no_letters(extract_dialplan: Any, tmp_path: Path) -> None:
    syntax = f"<syntax>{FIRST}{options('skip', 'noanswer')}</syntax>"
    assert "letters" not in application(extract_dialplan, tmp_path, v22=syntax)
