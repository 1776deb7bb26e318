# SPDX-License-Identifier: MIT
"""Calls, and many of them at once."""

from functools import partial
from typing import Any, List, Set

import pytest

from asterisk.manager import Manager, ManagerActionException
from heard import Heard, mark

CALLS = 1000


def note(ended: List[str], name: str, future: Any) -> None:
    ended.append(name)


def test_thousand_originates_in_flight(manager: Manager) -> None:
    heard = Heard(manager)
    ended: List[str] = []
    futures = []
    for i in range(CALLS):
        future = manager.submit(
            "Originate",
            ActionID=f"call-{i}",
            Channel="Local/short@tests/n",
            Application="NoOp",
            Async="true",
            timeout=300,
            final_event="OriginateResponse",
        )
        future.add_done_callback(partial(note, ended, f"call-{i}"))
        futures.append(future)
    channels: Set[str] = set()
    for i, future in enumerate(futures):
        response = future.result(300)
        assert response.response["Message"] == "Originate successfully queued"
        (outcome,) = response.events
        assert outcome.name == "OriginateResponse"
        assert outcome["ActionID"] == f"call-{i}"
        assert outcome["Response"] == "Success"
        channels.add(outcome["Uniqueid"])
    assert len(channels) == CALLS
    assert sorted(ended) == sorted(f"call-{i}" for i in range(CALLS))
    heard.wait_for(lambda event: event.name == "Hangup", 2 * CALLS, timeout=300)
    mark(manager, heard, "end")
    created = [event["Uniqueid"] for event in heard.named("Newchannel")]
    assert len(created) == len(set(created)) == 2 * CALLS
    assert sorted(created) == sorted(event["Uniqueid"] for event in heard.named("Hangup"))


def test_synchronous_originate_that_is_answered(manager: Manager) -> None:
    response = manager.originate("Local/short@tests", "wait", context="tests", priority="1")
    assert response.get_header("Response") == "Success"


def test_synchronous_originate_to_nowhere(manager: Manager) -> None:
    response = manager.send(
        "Originate", Channel="Local/nowhere@tests", Application="NoOp", Timeout="5000"
    )
    with pytest.raises(ManagerActionException, match="Originate failed|No such extension"):
        response.check()


def test_asynchronous_originate_that_fails(manager: Manager) -> None:
    response = manager.send(
        "Originate",
        Channel="Local/busy@tests/n",
        Application="NoOp",
        Async="true",
        final_event="OriginateResponse",
    )
    assert response[-1].name == "OriginateResponse"
    assert response[-1]["Response"] == "Failure"
