# SPDX-License-Identifier: MIT
"""The queue between the connection and the handlers of asterisk.manager."""

from __future__ import annotations

import threading
from typing import Any, Iterator, List

import pytest
from loopback import PATIENCE, Action, Connection, Server
from test_manager import Heard, in_time
from test_manager_connection import connected, until

from asterisk.manager import Event, Manager


def numbered(first: int, last: int) -> bytes:
    return b"".join(b"Event: E\r\nN: %d\r\n\r\n" % number for number in range(first, last))


def burst(connection: Connection, action: Action) -> None:
    """Answer behind as many events as the action says."""
    connection.send(numbered(0, int(action["Count"][0])))
    connection.respond(action)


class Gate:
    """A handler that waits to be let through at its first event."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()
        self.heard = Heard()

    def __call__(self, event: Event, manager: Manager) -> None:
        self.entered.set()
        assert self.open.wait(PATIENCE)
        self.heard(event, manager)


@pytest.fixture()
def server() -> Iterator[Server]:
    with Server({"Burst": burst}) as running:
        yield running


def numbers(events: List[Event]) -> List[int]:
    return [int(event["N"]) for event in events]


def test_a_full_queue_pauses_and_nothing_is_lost(server: Server) -> None:
    gate = Gate()
    with connected(server, event_queue_size=10) as manager:
        manager.register_event("E", gate)
        server.connection.send(numbered(0, 500))
        assert gate.entered.wait(PATIENCE)
        until(lambda: manager.events_queued == 10 or manager.events_queued == 9)
        gate.open.set()
        assert numbers(gate.heard.wait(500)) == list(range(500))
        assert manager.events_dropped == 0


def test_an_action_of_another_thread_waits_for_room(server: Server) -> None:
    gate = Gate()
    with connected(server, event_queue_size=10) as manager:
        manager.register_event("E", gate)
        server.connection.send(numbered(0, 100))
        assert gate.entered.wait(PATIENCE)
        future = manager.submit("Ping")
        answers: List[Any] = []
        thread = threading.Thread(target=lambda: answers.append(manager.ping()), daemon=True)
        thread.start()
        assert not future.done() and not answers
        gate.open.set()
        thread.join(PATIENCE)
        assert answers and in_time(future.result).ok
        gate.heard.wait(100)


@pytest.mark.parametrize("how", ["send_action", "send", "submit"])
def test_a_handler_gets_its_answer_though_the_queue_is_full(server: Server, how: str) -> None:
    heard, answers = Heard(), []

    def ask(manager: Manager) -> str:
        if how == "send_action":
            return manager.send_action({"Action": "Burst", "Count": 1000})["Response"]
        if how == "send":
            return manager.send("Burst", Count=1000).response["Response"]
        return manager.submit("Burst", Count=1000).result().response["Response"]

    def handler(event: Event, manager: Manager) -> None:
        answers.append(ask(manager))
        answers.append(str(manager.events_queued))

    with connected(server, event_queue_size=5) as manager:
        manager.register_event("Start", handler)
        manager.register_event("E", heard)
        server.connection.event("Start")
        assert numbers(heard.wait(1000)) == list(range(1000))
        assert answers == ["Success", "1000"]


def test_a_handler_waits_while_another_thread_leads(server: Server) -> None:
    """The one who reads has to go over the bound for the one who cannot make room."""
    heard, gate, answers = Heard(), Gate(), []
    held: List[Action] = []

    def hold(connection: Connection, action: Action) -> None:
        held.append(action)

    def handler(event: Event, manager: Manager) -> None:
        gate(event, manager)
        answers.append(manager.send("Burst", Count=1000).ok)

    server.answers["Hold"] = hold
    with connected(server, event_queue_size=5) as manager:
        manager.register_event("Start", handler)
        manager.register_event("E", heard)
        server.connection.event("Start")
        assert gate.entered.wait(PATIENCE)
        other = threading.Thread(target=lambda: manager.send("Hold"), daemon=True)
        other.start()
        until(lambda: bool(held))
        gate.open.set()
        assert numbers(heard.wait(1000)) == list(range(1000))
        assert answers == [True]
        server.connection.respond(held[0])
        other.join(PATIENCE)
        assert not other.is_alive()


def test_no_thread_means_no_bound_while_waiting(server: Server) -> None:
    heard = Heard()
    with connected(server, thread=False, event_queue_size=5) as manager:
        manager.register_event("E", heard)
        assert in_time(lambda: manager.send("Burst", Count=300)).ok
        assert manager.events_queued == 300 and manager.next_deadline() == 0.0
        assert manager.process() == 300
        assert manager.next_deadline() is None
        assert numbers(heard.events) == list(range(300))


def test_no_thread_and_a_full_queue(server: Server) -> None:
    heard = Heard()
    with connected(server, thread=False, event_queue_size=5) as manager:
        manager.register_event("E", heard)
        server.connection.send(numbered(0, 100))
        handled = 0
        while handled < 100:
            handled += in_time(manager.process, PATIENCE)
        assert numbers(heard.events) == list(range(100))


def test_the_oldest_is_dropped_and_counted(server: Server) -> None:
    gate = Gate()
    with connected(server, event_queue_size=10, event_queue_policy="drop-oldest") as manager:
        manager.register_event("E", gate)
        server.connection.event("E", {"N": "-1"})
        assert gate.entered.wait(PATIENCE)
        assert in_time(lambda: manager.send("Burst", Count=100)).ok
        assert (manager.events_queued, manager.events_dropped) == (10, 90)
        gate.open.set()
        assert numbers(gate.heard.wait(11)) == [-1, *range(90, 100)]


def test_close_leaves_no_event_to_a_handler_that_is_busy(server: Server) -> None:
    gate = Gate()
    manager = connected(server)
    manager.register_event("E", gate)
    server.connection.send(numbered(0, 50))
    assert gate.entered.wait(PATIENCE)
    until(lambda: manager.events_queued == 49)
    in_time(manager.close)  # gives up waiting for the handler
    assert manager.events_queued == 0
    gate.open.set()
    thread = manager.message_thread
    assert thread is not None
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert len(gate.heard.events) == 1


def test_close_has_handled_what_came_before(server: Server) -> None:
    heard = Heard()
    manager = connected(server)
    manager.register_event("E", heard)
    assert manager.send("Burst", Count=2000).ok
    in_time(manager.close)
    assert numbers(heard.events) == list(range(2000))


def test_policies_and_sizes_that_are_none() -> None:
    with pytest.raises(ValueError):
        Manager(event_queue_policy="drop")
    with pytest.raises(ValueError):
        Manager(event_queue_size=0)
