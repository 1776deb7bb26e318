# SPDX-License-Identifier: MIT
"""ManagerMsg and Event: what pyst has of them, and what is new."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from typing import Any, Callable, Dict, List, Tuple

import pytest

from asterisk import _core
from asterisk.manager import Event, ManagerException, ManagerMsg

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
HANGUP = (
    b"Event: Hangup\r\n"
    b"Privilege: call,all\r\n"
    b"Channel: PJSIP/a-1\r\n"
    b"Cause: 16 \r\n"
    b"Variable: a=1\r\n"
    b"Variable: b=2\r\n"
    b"ActionID: id-1\r\n"
    b"\r\n"
)


def receive(*messages: bytes) -> Tuple[List[Event], List[ManagerMsg]]:
    """The events and the other messages that a session makes of these bytes."""
    session, queue = _core.Session(), _core.EventQueue()
    session.feed(GREETING + b"".join(messages))
    others = [notice[3] for notice in session.pump(queue) if notice[0] == _core.STRAY]
    return queue.take(), others


def event(data: bytes = HANGUP) -> Event:
    return receive(data)[0][0]


def response(data: bytes) -> ManagerMsg:
    return receive(data)[1][0]


def greeting() -> ManagerMsg:
    session = _core.Session()
    session.feed(GREETING)
    message: ManagerMsg = session.pump(_core.EventQueue())[0][3]
    return message


# -- as in pyst ------------------------------------------------------------------------------------


def test_a_header_is_found_by_its_exact_name() -> None:
    message = event()
    assert message["Channel"] == "PJSIP/a-1"
    assert message.has_header("Channel") and message.has_header(hname="Channel")
    assert not message.has_header("channel")
    with pytest.raises(KeyError, match="channel"):
        message["channel"]


def test_get_header_gives_a_default() -> None:
    message = event()
    assert message.get_header("Channel") == "PJSIP/a-1"
    assert message.get_header("None") is None
    assert message.get_header("None", "no") == "no"
    assert message.get_header("None", defval="no") == "no"
    assert message.get_header(hname="Cause", defval="no") == "16"


def test_the_last_value_counts_and_all_are_kept() -> None:
    message = event()
    assert message["Variable"] == "b=2"
    assert message.headers["Variable"] == "b=2"
    assert message.multiheaders["Variable"] == ["a=1", "b=2"]
    assert message.multiheaders["Channel"] == ["PJSIP/a-1"]


def test_blanks_around_a_value_are_stripped() -> None:
    message = event()
    assert message["Cause"] == message.headers["Cause"] == message.multiheaders["Cause"][0] == "16"


def test_headers_can_be_changed_and_are_what_is_read() -> None:
    message = event()
    message.headers["Channel"] = "changed"
    message.headers["New"] = "new"
    del message.headers["Cause"]
    assert message["Channel"] == "changed"
    assert message["New"] == "new"
    assert not message.has_header("Cause")


def test_headers_can_be_replaced() -> None:
    message = event()
    message.headers = {"Only": "this"}
    assert message["Only"] == "this"
    with pytest.raises(KeyError):
        message["Channel"]


def test_an_event_has_its_name_its_action_id_and_its_message() -> None:
    hangup = event()
    assert hangup.name == "Hangup"
    assert hangup.get_action_id() == "id-1"
    assert type(hangup.message) is ManagerMsg
    assert hangup.message is hangup.message
    assert hangup.message.headers is hangup.headers
    assert hangup.message.multiheaders is hangup.multiheaders
    assert event(b"Event: X\r\n\r\n").get_action_id() == 0


def test_the_name_of_an_event_can_be_set() -> None:
    hangup = event()
    hangup.name = "Other"
    assert hangup.name == "Other"


def test_repr_is_the_value_that_names_it() -> None:
    assert repr(event()) == "Hangup"
    assert repr(response(b"Response: Success\r\nMessage: x\r\n\r\n")) == "Success"


def test_raw_output_is_data() -> None:
    message = response(
        b"Response: Follows\r\nPrivilege: Command\r\na: b\n\nc\n--END COMMAND--\r\n\r\n"
    )
    assert message["Response"] == "Follows"
    assert message.data == "a: b\n\nc\n--END COMMAND--\r\n"
    assert not message.has_header("a")
    assert message.output == ["a: b", "", "c"]


def test_output_headers_are_data_as_well() -> None:
    message = response(b"Response: Success\r\nOutput: one\r\nOutput:   two\r\n\r\n")
    assert message.data == "one\ntwo"
    assert message.output == ["one", "  two"]


def test_data_is_empty_where_all_lines_are_headers() -> None:
    assert event().data == ""


def test_a_message_that_says_nothing_gets_a_generated_header() -> None:
    message = response(b"ActionID: 1\r\nPeer: x\r\n\r\n")
    assert message["Response"] == "Generated Header"
    assert message.multiheaders["Response"] == ["Generated Header"]


def test_the_greeting_is_as_pyst_makes_it() -> None:
    message = greeting()
    assert message.response == ["Response: Generated Header\r\n", GREETING.decode()]
    assert message.data == GREETING.decode()
    assert message.headers == {"Response": "Generated Header"}


def test_response_is_the_lines_as_they_came() -> None:
    assert event().message.response == HANGUP.decode().splitlines(keepends=True)[:-1]


def test_a_message_is_made_of_lines() -> None:
    lines = ["Response: Success\r\n", "A: 1 \r\n", "A:2\r\n", "no header\r\n", "B: 3\r\n"]
    message = ManagerMsg(lines)
    assert message.response is lines
    assert message.headers == {"Response": "Success", "A": "2"}
    assert message.multiheaders == {"Response": ["Success"], "A": ["1", "2"]}
    assert message.data == "no header\r\nB: 3\r\n"
    assert message.get("a") == "1 "


@pytest.mark.parametrize(
    ("lines", "headers", "data"),
    [
        ([], {"Response": "Generated Header"}, ""),
        (["A: 1\n"], {"Response": "Generated Header"}, "A: 1\n"),
        (["ActionID: 1\r\n"], {"ActionID": "1", "Response": "Generated Header"}, ""),
        (["x\n", "--END COMMAND--\r\n"], {"Event": "NoClue"}, "x\n--END COMMAND--\r\n"),
        (
            ["Response: Success\r\n", "Output: a\r\n", "Output: b\r\n"],
            {"Response": "Success", "Output": "b"},
            "a\nb",
        ),
    ],
)
def test_lines_are_parsed_as_in_pyst(
    lines: List[str], headers: Dict[str, str], data: str
) -> None:
    message = ManagerMsg(lines)
    assert message.headers == headers
    assert {name: [value] for name, value in headers.items() if name != "Output"}.items() <= (
        message.multiheaders.items()
    )
    assert message.data == data


def test_an_event_is_made_of_a_message() -> None:
    message = ManagerMsg(["Event: Foo\r\n", "A: 1\r\n"])
    made = Event(message)
    assert made.name == "Foo" and made["A"] == "1"
    assert made.message is message
    assert made.headers is message.headers


def test_an_event_is_made_of_no_other_message() -> None:
    with pytest.raises(ManagerException, match="non event message"):
        Event(ManagerMsg(["Response: Success\r\n"]))
    with pytest.raises(TypeError):
        Event("Event: Foo")  # type: ignore[arg-type]


def test_lines_that_are_no_text_are_refused() -> None:
    for lines in (5, [b"A: 1\r\n"], [None]):
        with pytest.raises(TypeError):
            ManagerMsg(lines)  # type: ignore[arg-type]


def test_a_subclass_may_parse_by_itself() -> None:
    class Mine(ManagerMsg):
        def parse(self, response: Any) -> None:
            super().parse(response)
            self.headers["Mine"] = "yes"

    assert Mine(["Response: x\r\n"]).headers == {"Response": "x", "Mine": "yes"}


# -- new -------------------------------------------------------------------------------------------


def test_get_ignores_case_and_takes_the_first_value_as_it_came() -> None:
    message = event()
    assert message.get("channel") == "PJSIP/a-1"
    assert message.get("variable") == "a=1"
    assert message.get("CAUSE") == "16 "
    assert message.get("none") is None
    assert message.get("none", "no") == message.get("none", default="no") == "no"
    assert message.get_all("VARIABLE") == ["a=1", "b=2"]
    assert message.get_all("none") == []


def test_items_are_all_lines_in_order() -> None:
    message = response(b"Response: Success\r\nA: 1\r\nno header\r\na: 2\r\n\r\n")
    assert message.items() == [("Response", "Success"), ("A", "1"), ("", "no header"), ("a", "2")]


def test_raw_is_the_bytes() -> None:
    assert event().raw == HANGUP
    assert event().message.raw == HANGUP


def test_channel_variables() -> None:
    message = event(
        b"Event: X\r\n"
        b"ChanVariable: A=1\r\n"
        b"ChanVariable(SIP/[::1]-1): B=two\\nlines\r\n"
        b"DestChanVariable: C=3\r\n"
        b"\r\n"
    )
    assert message.variables == {"A": "1", "B": "two\nlines"}
    assert message.channel_variables() == message.variables
    assert message.channel_variables(channel="SIP/[::1]-1") == {"B": "two\nlines"}
    assert message.channel_variables(channel="") == {"A": "1"}
    assert message.channel_variables("Dest") == {"C": "3"}
    assert message.channel_variables(None) == {"A": "1", "B": "two\nlines", "C": "3"}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (b"Response: Success", 0),
        (b"Response: Error\r\nMessage: Permission denied", _core.ERR_PERMISSION),
        (b"Response: Error\r\nMessage: Authentication failed", _core.ERR_AUTHENTICATION),
        (b"Response: Error\r\nMessage: Invalid/unknown command: x", _core.ERR_UNKNOWN_ACTION),
        (b"Response: Error\r\nMessage: No such channel", _core.ERR_REFUSED),
    ],
)
def test_error_tells_what_a_response_says(words: bytes, error: int) -> None:
    assert response(words + b"\r\n\r\n").error == error


def test_bytes_that_are_no_utf8_survive() -> None:
    every = bytes(range(0x20, 0x100))
    message = event(b"Event: U\r\nBody:" + every + b"\r\n\r\n")
    assert message["Body"].encode("utf-8", "surrogateescape") == every.strip()
    session = _core.Session()
    session.feed(GREETING)
    session.pump(_core.EventQueue())
    session.submit("UserEvent", [("Body", message["Body"]), ("B", b"\xff")], None)
    assert b"\r\nBody: " + every.strip() + b"\r\nB: \xff\r\n" in session.output()


def test_text_beyond_ascii_is_found() -> None:
    message = event("Event: Grüße\r\nÄ: ö\r\n\r\n".encode())
    assert message.name == "Grüße"
    assert message["Ä"] == message.get("Ä") == message.headers["Ä"] == "ö"


def test_names_beyond_the_cache_are_right() -> None:
    for round_ in range(2):
        for number in range(5000):
            made = event(f"Event: E{number}\r\nH{number}: {number}\r\n\r\n".encode())
            assert made.name == f"E{number}"
            assert list(made.headers) == ["Event", f"H{number}"]


def test_a_message_takes_attributes_and_weak_references() -> None:
    hangup: Any = event()
    hangup.mine = [1]
    assert hangup.mine == [1] and hangup.__dict__ == {"mine": [1]}
    reference = weakref.ref(hangup)
    assert reference() is hangup
    del hangup
    assert reference() is None


def test_a_message_in_a_cycle_is_collected() -> None:
    hangup: Any = event()
    hangup.itself = hangup
    hangup.headers["itself"] = hangup
    reference = weakref.ref(hangup)
    del hangup
    gc.collect()
    assert reference() is None


def test_the_base_class_cannot_be_made() -> None:
    with pytest.raises(TypeError):
        _core.Message()


def test_an_attribute_cannot_be_deleted() -> None:
    hangup = event()
    with pytest.raises(AttributeError):
        del hangup.headers
    with pytest.raises(AttributeError):
        hangup.raw = b""  # type: ignore[misc]


def by_pickle(message: Any) -> Any:
    return pickle.loads(pickle.dumps(message))


@pytest.mark.parametrize("duplicate", [by_pickle, copy.copy, copy.deepcopy])
def test_an_event_can_be_copied(duplicate: Callable[[Any], Any]) -> None:
    hangup: Any = event()
    hangup.mine = "x"
    hangup.headers["Channel"] = "changed"
    other: Any = duplicate(hangup)
    assert other.__class__ is Event
    assert (other.name, other.raw, other.mine) == ("Hangup", HANGUP, "x")
    assert other["Channel"] == "changed" and other.get("Channel") == "PJSIP/a-1"
    assert other.multiheaders == hangup.multiheaders
    other.mine = "y"
    assert hangup.__dict__ == {"mine": "x"}


@pytest.mark.parametrize("duplicate", [by_pickle, copy.copy, copy.deepcopy])
def test_a_greeting_and_a_message_of_lines_can_be_copied(
    duplicate: Callable[[Any], Any]
) -> None:
    assert duplicate(greeting()).response == greeting().response
    assert duplicate(greeting()).data == greeting().data
    made = ManagerMsg(["Response: x\r\n", "data\n"])
    other = duplicate(made)
    assert (other.headers, other.data, other.response) == (made.headers, made.data, made.response)


def test_a_state_that_is_none_is_refused() -> None:
    for state in (None, (), (b"", 0, 1, 2, 3, 4, 5, 6), (b"", 0, None, None, None, None, None, 5)):
        with pytest.raises(Exception):
            event().__setstate__(state)
