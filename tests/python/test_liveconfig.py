# SPDX-License-Identifier: MIT
"""Steps of UpdateConfig and answers of GetConfig, without an Asterisk."""

from __future__ import annotations

import pytest

from asterisk._core import ManagerMsg
from asterisk.config import ConfigurationError, Document
from asterisk.liveconfig import Operation, actions, answer, answer_json, operations

ANSWER = [
    "Response: Success\r\n",
    "Category-000000: t\r\n",
    "IsTemplate-000000: 1\r\n",
    "Line-000000-000000: a=1\r\n",
    "Category-000001: 100\r\n",
    "Templates-000001: t\r\n",
    "Line-000001-000000: a=1\r\n",
    "Line-000001-000001: b=x=y; z\r\n",
    "Category-000002: 100\r\n",
    "Line-000002-000000: B=\r\n",
]


def steps(old: str, new: str) -> list[Operation]:
    return operations(Document(old), Document(new))


def test_answer() -> None:
    config = answer(ManagerMsg(ANSWER), "phones.conf")
    assert [section.name for section in config.sections] == ["t", "100", "100"]
    assert config.sections[0].is_template
    assert list(config) == ["100"]
    assert dict(config["100"]) == {"a": "1", "b": "x=y; z"}
    assert config["100"].templates == ["t"]
    assert [setting.is_inherited for setting in config["100"].all()] == [True, False]
    assert [section["b"] for section in config.all("100")] == ["x=y; z", ""]
    assert (config.files, config.problems, config.is_valid) == (["phones.conf"], [], True)
    assert (config["100"].file, config["100"].line) == ("phones.conf", 0)
    with pytest.raises(KeyError):
        config["t"]


def test_answer_as_json() -> None:
    text = (
        '{"t":{"istemplate":1,"a":"1"},"100":{"templates":"t","a":"1","b":"x\\"\\\\y"},'
        '"100":{"B":"","B":"2"}}'
    )
    config = answer_json(ManagerMsg(["Response: Success\r\n", f"JSON: {text}\r\n"]))
    assert [section.name for section in config.sections] == ["t", "100", "100"]
    assert config.sections[0].is_template
    assert dict(config["100"]) == {"a": "1", "b": 'x"\\y'}
    assert [setting.value for setting in config.all("100")[1].all("b")] == ["", "2"]


def test_nothing_to_do() -> None:
    assert steps("[a]\nx=1\n[b]\n", "; other\n[a]\nx => 1\n[b]\n") == []
    assert actions("a.conf", []) == []


def test_least_steps_by_name() -> None:
    old = "[a]\nx=1\ny=2\nz=3\n"
    assert steps(old, "[a]\nx=1\ny=5\nz=3\n") == [Operation("Update", "a", "y", "5", "2")]
    assert steps(old, "[a]\nx=1\nz=3\n") == [Operation("Delete", "a", "y", match="2")]
    assert steps(old, old + "w=>4\n") == [Operation("Append", "a", "w", ">4")]
    assert steps(old, old + "w= >4\n") == [Operation("Append", "a", "w", ">>4")]


def test_steps_by_place() -> None:
    assert steps("[a]\nx=1\nx=2\nx=3\n", "[a]\nx=1\nx=4\nx=3\nx=5\n") == [
        Operation("Append", "a", "x", "5"),
        Operation("Delete", "a", line="1"),
        Operation("Insert", "a", "x", "4", line="1"),
    ]


def test_steps_of_a_long_section_whose_settings_repeat() -> None:
    def text(application: str) -> str:
        return "[a]\n" + "".join(
            f"exten => {i},1,NoOp()\nsame => n,{application if i % 2 else 'Page'}({i})\n"
            "same => n,Hangup()\n"
            for i in range(2000)
        )

    found = steps(text("Dial"), text("Queue"))
    assert len(found) == 2000
    assert {operation.action for operation in found} == {"Delete", "Insert"}
    assert steps(text("Dial"), text("Dial") + "same => n,Hangup()\n") == [
        Operation("Append", "a", "same", ">n,Hangup()")
    ]


def test_steps_for_sections() -> None:
    template = 'catfilter="TEMPLATES=restrict"'
    every = 'catfilter="TEMPLATES=include"'
    assert steps("[a]\n", "[t](!)\nx=1\n[b](t)\ny=2\n[a]\n") == [
        Operation("NewCat", "t", match="a", options="template"),
        Operation("Append", "t", "x", "1", options=template),
        Operation("NewCat", "b", match="a", options='inherit="t"'),
        Operation("Append", "b", "y", "2"),
    ]
    assert steps("[t](!)\nx=1\n[b](t)\n[a]\n", "[a]\n") == [
        Operation("DelCat", "b", options=every),
        Operation("DelCat", "t", options=every),
    ]
    assert steps("[t](!)\nx=1\n[b](t)\n", "[t](!)\nx=2\n[b](t)\n") == [
        Operation("Update", "t", "x", "2", "1", options=template)
    ]


def test_a_template_that_is_left_without_settings_is_made_anew() -> None:
    old = "[t](!)\nx=1\n[u](!,t)\nx=2\n[a](u)\ny=1\n"
    template = 'template,inherit="t"'
    assert [step for step in steps(old, old.replace("x=2\n", "")) if step.action == "NewCat"] == [
        Operation("NewCat", "u", options=template),
        Operation("NewCat", "a", options='inherit="u"'),
    ]


def test_second_section_of_a_name_is_made_under_another() -> None:
    assert steps("", "[a]\nx=1\n[a]\nx=2\n") == [
        Operation("NewCat", "a"),
        Operation("Append", "a", "x", "1"),
        Operation("NewCat", "new-0"),
        Operation("Append", "new-0", "x", "2"),
        Operation("RenameCat", "new-0", value="a"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        # Asterisk writes an inherited setting that was added to behind the inherited ones.
        ("[t](!)\nx=1\n[a](t)\n", "[t](!)\nx=1\n[a](t)\nx += 2\n", "[a] x: "),
        ("[t](!)\nx=1\n[a](t)\nx += 2\n", "[t](!)\nx=1\n[a](t)\nx += 2\ny=1\n", "[a] x: "),
        # It leaves the last one out, so that 2 would count.
        ("[t](!)\nx=1\n[a](t)\n", "[t](!)\nx=1\n[a](t)\nx=2\nx=1\n", "[a] x: "),
        # While it changes [t], it takes [u] to have what it inherited.
        (
            "[t](!)\nx=1\nz=1\n[u](!,t)\n[a](u)\n",
            "[t](!)\nz=1\n[u](!,t)\n[a](u)\nx=1\n",
            "[a] x: ",
        ),
        # [a] inherits from the first [t], which is no template.
        ("[t]\n[t](!)\nx=1\n", "[t]\n[t](!)\nx=1\n[a](t)\n", "no template"),
        ("[b]\n", "[b]\n[ a]\n", "no blank at the begin: ' a'"),
        ("[ a]\nx=1\n", "[ a]\nx=2\n", "no blank at the begin: ' a'"),
        ("[b]\n", "[b]\n[t ](!)\n[a](t )\n", "[a] inherits from [t ]"),
        ("[b]\n", '[b]\n["t"](!)\n[a]("t")\n', '[a] inherits from ["t"]'),
        ("[a]\n", "[a]\nx=y\rz\n", "[a] x: an action carries no line ends: 'y\\rz'"),
    ],
)
def test_what_cannot_be_done_is_refused(old: str, new: str, reason: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        steps(old, new)
    assert reason in str(caught.value)
    assert steps(new, new) == []


@pytest.mark.parametrize(
    "text", ["[a]\n#include none.conf\n", "[a]\n#exec echo x=1\n", "[a]\n[b](none)\n", "x=1\n"]
)
def test_what_could_not_be_read_is_not_taken_for_gone(text: str) -> None:
    for old, new in (("[a]\n[b]\nx=1\n", text), (text, "[a]\n[b]\nx=1\n")):
        with pytest.raises(ConfigurationError, match="not all of a file could be read: :"):
            steps(old, new)


def test_a_repeated_setting_that_means_nothing_is_no_hindrance() -> None:
    old = "[t](!)\nx=1\n[a](t)\nx=1\n"
    assert steps(old, old + "y=1\n") == [Operation("Append", "a", "y", "1")]


def test_nothing_is_sent_before_all_can_be() -> None:
    many = [Operation("Append", "a", "x", str(i)) for i in range(100)]
    with pytest.raises(ConfigurationError, match="no line ends"):
        actions("a.conf", [*many, Operation("Append", "a", "x", "y\rz")])


def test_headers_of_an_operation() -> None:
    assert Operation("Update", "a", "x", "2", "1").headers(7) == [
        ("Action-000007", "Update"),
        ("Cat-000007", "a"),
        ("Var-000007", "x"),
        ("Value-000007", "2"),
        ("Match-000007", "1"),
    ]


def test_actions_stay_within_what_asterisk_reads() -> None:
    many = [Operation("Append", "a", "x", str(i)) for i in range(100)]
    made = actions("a.conf", many, reload="yes")
    headers = [list(action.headers()) for action in made]
    assert all(len(each) <= 126 for each in headers)
    values = [value for each in headers for key, value in each if key.startswith("Value-")]
    assert values == [str(i) for i in range(100)]
    assert [("Reload", "yes") in each for each in headers] == [False] * (len(made) - 1) + [True]
    assert all(("Action-000000", "Append") in each for each in headers)
    assert all(("SrcFilename", "a.conf") in each for each in headers)
    with pytest.raises(ConfigurationError, match="x: longer"):
        actions("a.conf", [Operation("Append", "a", "x", "y" * 1020)])
