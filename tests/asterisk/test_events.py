# SPDX-License-Identifier: MIT
"""Every event arrives, whole and in order; masks and filters hold."""

import threading
from collections import Counter
from typing import Any, Dict, List

import pytest

from asterisk.manager import Manager
from asterisk_server import AsteriskServer
from heard import Heard, mark
from raw import Message, RawManager


def originate(manager: Manager, exten: str, **headers: str) -> None:
    """Have the server call an extension of the dialplan; its OriginateResponse is an event too."""
    call: Dict[str, Any] = {"Application": "Wait", "Data": "5", "Async": "true", **headers}
    manager.send("Originate", Channel=f"Local/{exten}@tests", **call).check()


def test_call_and_all_its_events(manager: Manager) -> None:
    heard = Heard(manager)
    originate(manager, "short", CallerID='"Ann Example" <5551234>')
    heard.wait_for_name("Hangup", 2)
    mark(manager, heard, "after the call")
    counts = Counter(event.name for event in heard.events)
    for name, n in {
        "Newchannel": 2,
        "LocalBridge": 1,
        "DialBegin": 1,
        "DialEnd": 1,
        "OriginateResponse": 1,
        "Hangup": 2,
        "Cdr": 2,
    }.items():
        assert counts[name] == n, name
    assert counts["Newexten"] >= 3
    assert counts["CEL"] >= 6

    halves = sorted(event["Channel"] for event in heard.named("Newchannel"))
    assert [half[-2:] for half in halves] == [";1", ";2"]
    assert sorted(event["Channel"] for event in heard.named("Hangup")) == halves
    bridge = heard.named("LocalBridge")[0]
    assert [bridge["LocalOneChannel"], bridge["LocalTwoChannel"]] == halves
    answered = [event for event in heard.named("Newstate") if event["ChannelStateDesc"] == "Up"]
    assert sorted(event["Channel"] for event in answered) == halves
    # It carries a Response header, and is an event nevertheless.
    outcome = heard.named("OriginateResponse")[0]
    assert outcome["Response"] == "Success"
    assert outcome["Channel"] == halves[0]
    assert outcome["CallerIDNum"] == "5551234"


def test_events_are_the_bytes_the_server_sent(server: AsteriskServer, manager: Manager) -> None:
    heard = Heard(manager)
    seen: List[Message] = []
    with RawManager(server.host, server.ami_port) as witness:
        witness.ask("Events", "EventMask: on")
        mark(manager, heard, "begin")

        def listen() -> None:
            while not seen or b"Text: end" not in seen[-1]:
                seen.append(witness.read())

        listener = threading.Thread(target=listen)
        listener.start()
        originate(manager, "variables")
        originate(manager, "dial")
        originate(manager, "userevent")
        heard.wait_for_name("Hangup", 8)
        mark(manager, heard, "end")
        listener.join(60)
    first = next(i for i, message in enumerate(seen) if b"Text: begin" in message)
    expected = seen[first:]
    raws = [event.raw.rstrip(b"\r\n").split(b"\r\n") for event in heard.events]
    first = next(i for i, raw in enumerate(raws) if b"Text: begin" in raw)
    assert len(expected) > 100
    assert raws[first:] == expected


def test_variables_of_channels(manager: Manager) -> None:
    heard = Heard(manager)
    originate(manager, "variables")
    heard.wait_for_name("Hangup", 2)
    gone = heard.wait_for(lambda e: e.name == "Hangup" and e["Channel"].endswith(";2"))
    assert gone.variables == {"FOO": "value: with colon", "CALLERID(num)": "555"}
    assert gone.get_all("ChanVariable") == ["FOO=value: with colon", "CALLERID(num)=555"]


def test_userevent_of_the_dialplan(manager: Manager) -> None:
    heard = Heard(manager, "UserEvent")
    originate(manager, "userevent")
    event = heard.wait_for(lambda event: event["UserEvent"] == "Test")
    assert event["Key1"] == "value one"
    assert event["Key2"] == "a:b:c"
    assert event["Empty"] == ""


@pytest.mark.parametrize("first", range(0x20, 0x100, 0x20), ids=hex)
def test_userevent_with_every_byte(manager: Manager, first: int) -> None:
    heard = Heard(manager, "UserEvent")
    values = {
        f"Byte{byte:02X}": b"<%c>" % byte + bytes(range(first, first + 0x20)) + b"<%c>" % byte
        for byte in range(first, first + 0x20)
    }
    headers: Dict[str, Any] = {
        name: value.decode("utf-8", "surrogateescape") for name, value in values.items()
    }
    manager.send("UserEvent", UserEvent="Bytes", **headers).check()
    event = heard.wait_for_name("UserEvent")
    for name, value in values.items():
        assert event[name].encode("utf-8", "surrogateescape") == value


def test_thousand_events_in_order(manager: Manager) -> None:
    heard = Heard(manager, "UserEvent")
    originate(manager, "stream", Application="NoOp", Variable="N=1000")
    heard.wait_for(lambda event: event["UserEvent"] == "StreamDone")
    numbers = [int(event["I"]) for event in heard.events if event["UserEvent"] == "Stream"]
    assert numbers == list(range(1, 1001))


def test_events_off_and_on(manager: Manager) -> None:
    heard = Heard(manager)
    mark(manager, heard, "on")
    assert manager.send("Events", EventMask="off").check().response["Events"] == "Off"
    originate_silently(manager)
    assert manager.send("Events", EventMask="on").check().response["Events"] == "On"
    mark(manager, heard, "on again")
    texts = [event.get("Text") for event in heard.events if event.name == "UserEvent"]
    assert texts == ["on", "on again"]


def originate_silently(manager: Manager) -> None:
    """Cause events, of which nobody hears who does not listen."""
    manager.send("UserEvent", UserEvent="Mark", Text="unheard").check()


def test_event_mask_of_a_class(manager: Manager) -> None:
    heard = Heard(manager)
    manager.send("Events", EventMask="user").check()
    mark(manager, heard, "users only from here")
    before = len(heard.events)
    manager.send(
        "Originate", Channel="Local/short@tests", Application="Wait", Data="0.1", Timeout="30000"
    ).check()
    mark(manager, heard, "end")
    assert {event.name for event in heard.events[before:]} == {"UserEvent"}


def test_filter_added(manager: Manager) -> None:
    heard = Heard(manager)
    manager.add_filter("Event: Newchannel")
    manager.add_filter("Event: UserEvent")
    mark(manager, heard, "begin")
    begin = len(heard.events)
    manager.send(
        "Originate", Channel="Local/short@tests", Application="Wait", Data="0.1", Async="true"
    ).check()
    heard.wait_for_name("Newchannel", 2)
    mark(manager, heard, "end")
    assert {event.name for event in heard.events[begin:]} == {"Newchannel", "UserEvent"}


def test_filters_of_a_user(server: AsteriskServer, manager: Manager) -> None:
    everything = Heard(manager)
    with Manager(timeout=60) as filtered:
        heard = Heard(filtered)
        filtered.connect(server.host, server.ami_port)
        filtered.login("filtered", "secret")
        originate(manager, "short")
        everything.wait_for_name("Hangup", 2)
        heard.wait_for_name("Hangup")
        # The filters are expressions, sought in the whole text: Hangup is in HangupRequest too.
        names = {event.name for event in heard.events} - {"FullyBooted"}
        assert {"Newchannel", "Hangup"} <= names <= {"Newchannel", "Hangup", "HangupRequest"}
        channels = [event["Channel"] for event in heard.events if event.has_header("Channel")]
        assert {channel[-2:] for channel in channels} == {";1"}


def test_handler_that_raises_stops_nobody(manager: Manager) -> None:
    errors: List[Exception] = []
    manager.on_handler_error = lambda event, error: errors.append(error)

    def broken(event: object, manager: Manager) -> None:
        raise ZeroDivisionError("of the handler")

    manager.register_event("UserEvent", broken)
    heard = Heard(manager, "UserEvent")
    for text in ("one", "two"):
        mark(manager, heard, text)
    assert [str(error) for error in errors] == ["of the handler"] * 2


def test_handler_may_send_actions(manager: Manager) -> None:
    heard = Heard(manager, "UserEvent")
    answers: List[str] = []

    def asks(event: object, manager: Manager) -> None:
        answers.append(manager.send("Ping").check().response["Ping"])

    manager.register_event("UserEvent", asks)
    mark(manager, heard, "one")
    mark(manager, heard, "two")
    assert answers[:1] == ["Pong"]
