# SPDX-License-Identifier: MIT
"""The classes of `asterisk.actions` and the views of `asterisk.actions.events`."""

from __future__ import annotations

import copy
import inspect
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

import pytest

import asterisk
from asterisk import actions
from asterisk.actions import (
    Action,
    MissingParameter,
    NotDocumented,
    Originate,
    catalogue,
    events,
)

FACTS = json.loads(
    (Path(__file__).parents[2] / "src/ami/catalogue.json").read_text(encoding="utf-8")
)
ACTIONS = {entry["name"]: entry for entry in FACTS["actions"]}
EVENTS = {entry["name"]: entry for entry in FACTS["events"]}


class FakeEvent:
    """As much of an event as a view needs."""

    def __init__(self, name: str, **headers: str) -> None:
        self.name = name
        self._headers = {header.lower(): value for header, value in headers.items()}

    def get_header(self, name: str, default: Any = None, /) -> Any:
        return self._headers.get(name.lower(), default)


# The classes and the facts


@pytest.mark.parametrize("name", ACTIONS)
def test_every_documented_action_has_a_class_that_sends_its_parameters(name: str) -> None:
    action_class: Any = catalogue.CLASSES[name.lower()]
    assert getattr(actions, action_class.__name__) is action_class
    assert action_class.name == name
    assert list(action_class.versions) == ACTIONS[name]["versions"]

    keywords = dict(inspect.signature(action_class).parameters)
    assert keywords.pop("action_id").default is None
    assert keywords.pop("headers").default is None
    assert all(k.kind is k.KEYWORD_ONLY for k in keywords.values())
    action = action_class(**{keyword: keyword.upper() for keyword in keywords})
    documented = list(ACTIONS[name]["parameters"])
    assert sorted(header for header, _ in action.headers()) == sorted(documented)
    for keyword in keywords:
        assert getattr(action, keyword) == keyword.upper()
    action.check()


@pytest.mark.parametrize("name", ACTIONS)
def test_what_every_version_requires_must_be_given(name: str) -> None:
    versions = ACTIONS[name]["versions"]
    required = {
        parameter
        for parameter, facts in ACTIONS[name]["parameters"].items()
        if facts["required"] == versions
    }
    action_class: Any = catalogue.CLASSES[name.lower()]
    keywords = inspect.signature(action_class).parameters.values()
    action = action_class(**{k.name: "x" for k in keywords if k.default is k.empty})
    assert {header for header, _ in action.headers()} == required


@pytest.mark.parametrize("name", EVENTS)
def test_every_documented_event_has_a_view_of_its_headers(name: str) -> None:
    documented = [n for n in EVENTS[name]["parameters"] if not n.startswith("ReportX")]
    view = events.view(FakeEvent(name, **{header: header + "!" for header in documented}))
    assert type(view) is events.CLASSES[name.lower()]
    assert view.name == name
    assert view.privilege == EVENTS[name]["privilege"]
    attributes = [a for a, v in vars(type(view)).items() if isinstance(v, events.Header)]
    assert [getattr(view, attribute) for attribute in attributes] == [h + "!" for h in documented]


def test_names_are_those_of_python() -> None:
    assert Originate._parameters["caller_id"] == "CallerID"
    assert Originate._parameters["async_"] == "Async"
    assert actions.MessageSend._parameters["from_"] == "From"
    assert events.Newchannel.caller_id_num.name == "CallerIDNum"
    assert events.Newstate.uniqueid.name == "Uniqueid"
    assert events.EndpointDetail._100rel.name == "100rel"
    assert events.AOC_D.name_.name == "Name"


# Headers


def test_headers_are_in_the_order_of_the_documentation() -> None:
    action = Originate(
        priority=1, context="office", exten="200", channel="Local/1@x", action_id="a-7"
    )
    assert action.headers() == [
        ("ActionID", "a-7"),
        ("Channel", "Local/1@x"),
        ("Exten", "200"),
        ("Context", "office"),
        ("Priority", "1"),
    ]


@pytest.mark.parametrize(
    ("value", "sent"),
    [("text", "text"), ("", ""), (True, "true"), (False, "false"), (30000, "30000"), (1.5, "1.5")],
)
def test_values_become_text(value: Any, sent: str) -> None:
    assert Action("Any", {"Name": value}).headers() == [("Name", sent)]
    assert Originate(channel=value).headers() == [("Channel", sent)]


def test_none_is_not_sent() -> None:
    assert Action("Any", {"Name": None, "Other": ["1", None]}).headers() == [("Other", "1")]
    assert Originate(channel="x", exten=None).headers() == [("Channel", "x")]


@pytest.mark.parametrize("value", [b"bytes", object(), ["a", ["b"]], {"a": ["b"]}])
def test_values_of_other_types_are_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="must be str, int, float, bool or None"):
        Action("Any", {"Name": value}).headers()


def test_a_mapping_of_variables_is_quoted_against_asterisk() -> None:
    action = Originate(channel="x", variable={"GREETING": 'a,"b"', "N(1)": 2, "OFF": None})
    assert action.headers()[1:] == [
        ("Variable", 'GREETING=a\\,\\"b\\"'),
        ("Variable", "N\\(1\\)=2"),
    ]


def test_lists_of_variables_are_sent_as_they_stand() -> None:
    for variable in (["A=1,2", "B=3"], ("A=1,2", "B=3")):
        assert Originate(channel="x", variable=variable).headers()[1:] == [
            ("Variable", "A=1,2"),
            ("Variable", "B=3"),
        ]
    assert Originate(channel="x", variable="A=1").headers()[1:] == [("Variable", "A=1")]


@pytest.mark.parametrize("name", ["", "A=B"])
def test_names_that_are_no_variables_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a channel variable"):
        Originate(channel="x", variable={name: "1"}).headers()


def test_numbered_parameters_count_up() -> None:
    action = actions.UpdateConfig(
        src_filename="a.conf",
        dst_filename="a.conf",
        action=["NewCat", "Append"],
        cat=["one", "one"],
        var=[None, "key"],
    )
    assert action.headers()[2:] == [
        ("Action-000000", "NewCat"),
        ("Action-000001", "Append"),
        ("Cat-000000", "one"),
        ("Cat-000001", "one"),
        ("Var-000001", "key"),
    ]
    charge = actions.AOCMessage(msg_type="D", unit_amount=[1, 2])
    assert charge.headers()[1:] == [("UnitAmount(0)", "1"), ("UnitAmount(1)", "2")]
    assert Action("Any", {"X-1": ["a", "b"]}).headers() == [("X-1", "a"), ("X-1", "b")]


def test_further_headers_come_last_and_may_repeat() -> None:
    action = Originate(channel="x", headers={"X-One": ["1", "2"], "X-Two": 3})
    assert action.headers()[1:] == [("X-One", "1"), ("X-One", "2"), ("X-Two", "3")]
    pairs = Action("Any", [("A", "1"), ("B", "2"), ("A", "3")])
    assert pairs.headers() == [("A", "1"), ("B", "2"), ("A", "3")]


def test_changed_attributes_are_sent() -> None:
    action = Originate(channel="x")
    action.channel = "y"
    action.timeout = 1
    assert action.headers() == [("Channel", "y"), ("Timeout", "1")]


# Objects


def test_actions_that_send_the_same_are_equal() -> None:
    assert Originate(channel="x") == Originate(channel="x")
    assert Originate(channel="x") == Action("Originate", {"Channel": "x"})
    assert Originate(channel="x") != Originate(channel="y")
    assert actions.Ping() != actions.Logoff()
    assert actions.Ping() != "Ping"
    with pytest.raises(TypeError):
        hash(actions.Ping())


def test_actions_can_be_copied_and_pickled() -> None:
    action = Originate(channel="x", variable={"A": "1"}, headers={"B": "2"})
    assert copy.copy(action) == action
    assert pickle.loads(pickle.dumps(action)) == action


def test_repr_shows_what_was_given() -> None:
    action = Originate(channel="x", async_=True, action_id="7", headers={"B": "2"})
    assert repr(action) == (
        "Originate(channel='x', async_=True, action_id='7', headers=[('B', '2')])"
    )
    assert eval(repr(action), {"Originate": Originate}) == action
    assert repr(Action("Any", {"A": 1})) == "Action('Any', [('A', 1)])"
    assert repr(Action("Any")) == "Action('Any')"


def test_repr_hides_secrets() -> None:
    login = actions.Login(username="me", secret="hunter2", key="hunter3")
    assert repr(login) == "Login(username='me', secret='***', key='***')"
    assert "hunter" not in repr(Action("Login", {"Secret": "hunter2", "KEY": "hunter3"}))
    assert "hunter" not in repr(actions.Ping(headers={"Password": "hunter2"}))
    assert "cidname" in repr(actions.DBPut(family="cidname", key="cidname", val="x"))


# Checks


def test_check_passes_what_is_documented() -> None:
    Originate(channel="x", variable=["A=1", "B=2"], action_id=1).check((16, 22))
    Action("originate", {"channel": "x"}).check((16, 22))
    Action("UpdateConfig", {"SrcFilename": "a", "DstFilename": "a", "Cat-000012": "b"}).check()
    Action("AOCMessage", {"MsgType": "D", "UnitType(12)": "b"}).check([22])
    actions.UserEvent(user_event="Mine", headers={"Anything": "x"}).check()


@pytest.mark.parametrize(
    ("action", "versions", "error", "name"),
    [
        (Action("Originat"), (), NotDocumented, "Originat"),
        (Originate(channel="x", headers={"Chanel": "x"}), (), NotDocumented, "Chanel"),
        (Action("Originate"), (), MissingParameter, "Channel"),
        (Action("UserEvent", {"Anything": "x"}), (), MissingParameter, "UserEvent"),
        (actions.SIPpeers(), (22,), NotDocumented, "SIPpeers"),
        (actions.SIPpeers(), (16, 22), NotDocumented, "SIPpeers"),
        (actions.Ping(), (13,), NotDocumented, "Ping"),
        (actions.AOCMessage(msg_type="D"), (16, 22), MissingParameter, "Channel"),
        (actions.AOCMessage(msg_type="D", code=1), (16,), NotDocumented, "Code"),
        (Action("UpdateConfig", {"Cat-00001x": "b"}), (), NotDocumented, "Cat-00001x"),
    ],
)
def test_check_names_what_is_wrong(
    action: Action, versions: tuple[int, ...], error: type[Exception], name: str
) -> None:
    with pytest.raises(error) as raised:
        action.check(versions)
    assert isinstance(raised.value, ValueError)
    assert getattr(raised.value, "name") == name
    assert name in str(raised.value)


def test_check_without_versions_accepts_what_one_version_has() -> None:
    actions.SIPpeers().check()
    actions.AOCMessage(msg_type="D").check()
    actions.AOCMessage(msg_type="D", code=1).check()


# Views of events


def test_a_view_reads_any_header() -> None:
    event = FakeEvent("Newchannel", Channel="x", CALLERIDNUM="200", Unheard="of")
    view = events.view(event)
    assert isinstance(view, events.Newchannel)
    assert view.event is event
    channel: Optional[str] = view.channel
    assert channel == "x"
    assert view.caller_id_num == "200"
    assert view.exten is None
    assert view.get("Unheard") == "of"
    assert view.get("Absent") is None
    assert view.get("Absent", "default") == "default"


def test_an_undocumented_event_has_a_view() -> None:
    view = events.view(FakeEvent("Unheard", Of="x"))
    assert type(view) is events.Event
    assert view.name == "Unheard"
    assert view.get("of") == "x"
    assert repr(view) == "<Unheard>"


def test_a_view_is_found_in_any_case() -> None:
    assert isinstance(events.view(FakeEvent("newCHANNEL")), events.Newchannel)


def test_repr_of_a_view_shows_the_documented_headers() -> None:
    view = events.view(FakeEvent("Newchannel", Channel="x", Exten="200"))
    assert repr(view) == "<Newchannel channel='x', exten='200'>"


# Modules and types


def run_python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(asterisk.__path__[0]).parent)
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": root, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_importing_actions_imports_no_events_and_no_manager() -> None:
    code = "import sys, asterisk.actions; print(*(m for m in sys.modules if 'asterisk' in m))"
    loaded = run_python("-c", code).stdout.split()
    assert "asterisk.actions.catalogue" in loaded
    assert not {"asterisk.actions.events", "asterisk.manager", "asterisk._core"} & set(loaded)


TYPED = """\
from typing import Optional
from asterisk.actions import Action, Login, Originate, UpdateConfig
from asterisk.actions import events

def good(event: events.Message) -> Optional[str]:
    Originate(channel="x", priority=1, async_=True, variable={"A": 1}, headers={"B": ["c"], "C": 1})
    Originate(channel="x", variable=["A=1"]).check([16, 22])
    UpdateConfig(src_filename="a", dst_filename="a", cat=["a", None])
    Action("Any", [("A", "1")], action_id="7").headers()
    view = events.view(event)
    return view.channel if isinstance(view, events.Newchannel) else view.get("Channel")

"""


def check_types(tmp_path: Path, code: str) -> str:
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(TYPED + code, encoding="utf-8")
    cache = str(tmp_path / "cache")
    arguments = ("--strict", "--follow-imports=silent", "--no-error-summary", "--cache-dir", cache)
    root = str(Path(asterisk.__path__[0]).parent)
    return run_python("-m", "mypy", *arguments, str(program), MYPYPATH=root).stdout


def test_types_accept_what_works_and_refuse_what_does_not(tmp_path: Path) -> None:
    wrong = [
        ("Originate()", 'Missing named argument "channel"'),
        ('Originate(chanel="x")', "Unexpected keyword argument"),
        ('Originate("x")', "Too many positional arguments"),
        ("Originate(channel=b'x')", "Argument"),
        ("Originate(channel='x').chanel", "has no attribute"),
        ("Login(username=['x'])", "Argument"),
        ("events.Newchannel.chanel", "has no attribute"),
    ]
    output = check_types(tmp_path, "\n".join(line for line, _ in wrong) + "\n")
    errors = [line for line in output.splitlines() if ": error: " in line]
    assert len(errors) == len(wrong), output
    first = TYPED.count("\n") + 1
    for number, (error, (_, message)) in enumerate(zip(errors, wrong), first):
        assert f"program.py:{number}: error: " in error and message in error
