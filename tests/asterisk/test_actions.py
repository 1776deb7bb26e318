# SPDX-License-Identifier: MIT
"""Actions and what a server answers: one message, many lines, lists of events, an error."""

import pytest

from asterisk.manager import Manager, ManagerActionException, ManagerUnknownActionException
from asterisk_server import BULK_EXTENSIONS
from heard import Heard


def test_ping(manager: Manager) -> None:
    response = manager.ping()
    assert response.get_header("Response") == "Success"
    assert response.get_header("Ping") == "Pong"


def test_short_command(manager: Manager) -> None:
    response = manager.command("core show version")
    assert "Asterisk " in response.data
    assert len(response.output) == 1


def test_command_of_ten_thousand_lines(manager: Manager) -> None:
    output = manager.send("Command", Command="dialplan show bulk").check().response.output
    found = [line for line in output if "NoOp(bulk extension " in line]
    assert len(found) == BULK_EXTENSIONS
    assert [f"bulk extension {i})" in line for i, line in enumerate(found, 1)] == [True] * len(found)


def test_command_that_fails(manager: Manager) -> None:
    response = manager.send("Command", Command="no such command")
    assert not response.ok
    assert response.response.output[0].startswith("No such command 'no such command'")
    with pytest.raises(ManagerActionException):
        response.check()


def test_unknown_action(manager: Manager) -> None:
    with pytest.raises(ManagerUnknownActionException, match="NoSuchAction"):
        manager.send("NoSuchAction").check()
    assert manager.ping().get_header("Ping") == "Pong"


def test_list_of_no_channels(manager: Manager) -> None:
    response = manager.send("CoreShowChannels").check()
    assert [event.name for event in response] == ["CoreShowChannelsComplete"]
    assert response[0]["ListItems"] == "0"


def test_list_of_channels(manager: Manager) -> None:
    heard = Heard(manager)
    for _ in range(3):
        manager.send(
            "Originate",
            Channel="Local/wait@tests/n",
            Application="Wait",
            Data="60",
            Async="true",
            final_event="OriginateResponse",
        ).check()
    response = manager.send("CoreShowChannels").check()
    channels = [event for event in response if event.name == "CoreShowChannel"]
    assert sorted(event["ChannelStateDesc"] for event in channels) == ["Up"] * 6
    assert response[-1].name == "CoreShowChannelsComplete"
    assert response[-1]["ListItems"] == "6"
    for event in channels:
        manager.hangup(event["Channel"])
    heard.wait_for_name("Hangup", 6)


def test_list_of_queues(manager: Manager) -> None:
    response = manager.send("QueueStatus").check()
    queues = {event["Queue"] for event in response if event.name == "QueueParams"}
    assert queues == {"support", "sales", "empty"}
    members = {
        (event["Queue"], event["Name"]) for event in response if event.name == "QueueMember"
    }
    assert members == {
        ("support", "Ann Agent"),
        ("support", "Ben: the 2nd"),
        ("sales", "Ann Agent"),
    }
    assert response[-1].name == "QueueStatusComplete"


def test_list_of_one_queue(manager: Manager) -> None:
    response = manager.send("QueueStatus", Queue="sales").check()
    names = [event.name for event in response]
    assert names == ["QueueParams", "QueueMember", "QueueStatusComplete"]


def test_list_of_pjsip_endpoints(manager: Manager) -> None:
    response = manager.send("PJSIPShowEndpoints").check()
    assert [event.name for event in response] == ["EndpointList"] * 2 + ["EndpointListComplete"]
    assert [event["ObjectName"] for event in response[:2]] == ["6001", "6002"]


def test_details_of_a_pjsip_endpoint(manager: Manager) -> None:
    response = manager.send("PJSIPShowEndpoint", Endpoint="6002").check()
    assert {event.name for event in response[:-1]} == {
        "EndpointDetail",
        "AuthDetail",
        "TransportDetail",
        "AorDetail",
    }
    assert response[0]["Callerid"] == '"Ben: the 2nd" <6002>'
    assert response[-1].name == "EndpointDetailComplete"


def test_pjsip_endpoint_that_is_not(manager: Manager) -> None:
    # The server ends this Message with a line feed alone and an empty message after.
    response = manager.send("PJSIPShowEndpoint", Endpoint="none")
    with pytest.raises(ManagerActionException, match="Unable to retrieve endpoint none"):
        response.check()
    assert manager.ping().get_header("Ping") == "Pong"


def test_getconfig(manager: Manager) -> None:
    response = manager.send("GetConfig", Filename="sample.conf").check().response
    found = {name: value for name, value in response.items() if name[:4] in ("Cate", "Line")}
    assert found == {
        "Category-000000": "general",
        "Line-000000-000000": "alpha=one",
        "Line-000000-000001": "beta=two",
        "Line-000000-000002": "gamma=a,b;c",
        "Category-000001": "child",
        "Line-000001-000000": "key=value with spaces",
        "Line-000001-000001": "key=again: with colon",
        "Line-000001-000002": "empty=",
    }


def test_getconfig_of_no_file(manager: Manager) -> None:
    with pytest.raises(ManagerActionException, match="Config file not found"):
        manager.send("GetConfig", Filename="nothere.conf").check()


def test_pings_answered_in_any_number(manager: Manager) -> None:
    futures = [manager.submit("Ping") for _ in range(5000)]
    assert {future.result(60).response["Ping"] for future in futures} == {"Pong"}
