# SPDX-License-Identifier: MIT
"""The server goes away in the middle of things, and comes back."""

import os
import signal
import threading
import time
from concurrent.futures import Future
from functools import partial
from typing import Any, Callable, List, Tuple

import pytest

from asterisk.manager import (
    Manager,
    ManagerException,
    ManagerOutcomeUnknown,
    ManagerSocketException,
    Reconnect,
)
from asterisk_server import AsteriskServer
from heard import Heard, mark
from raw import RawManager


class Watched(Manager):
    """A manager that reconnects, and counts how often it was lost and restored."""

    def __init__(self, server: AsteriskServer) -> None:
        super().__init__(timeout=60, reconnect=Reconnect(min_delay=0.05, max_delay=0.5))
        self.losses: List[BaseException] = []
        self.returns = 0
        self.on_lost = self.losses.append
        self.on_restored = self._count_return
        self.connect(server.host, server.ami_port)
        self.login("admin", "secret")

    def _count_return(self) -> None:
        self.returns += 1


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


class Traffic(threading.Thread):
    """Submits pings without end, some at a time, and notes how each of them ended."""

    def __init__(self, manager: Manager) -> None:
        super().__init__()
        self.manager = manager
        self.submitted = 0
        self.refused = 0
        self.ends: List[Tuple[int, str]] = []
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set():
            if self.submitted - len(self.ends) > 100:
                time.sleep(0.001)
                continue
            try:
                future = self.manager.submit("Ping")
            except ManagerException:  # not connected, just now
                self.refused += 1
                time.sleep(0.01)
                continue
            self.submitted += 1
            number = self.submitted
            future.add_done_callback(partial(self._note, number))

    def _note(self, number: int, future: "Future[Any]") -> None:
        error = future.exception()
        self.ends.append((number, type(error).__name__ if error else "answered"))

    def answered(self) -> int:
        return sum(end == "answered" for _, end in list(self.ends))

    def stop(self) -> None:
        self._stopping.set()
        self.join(60)
        wait_until(lambda: len(self.ends) >= self.submitted, "a ping never ended")


def test_killed_in_mid_traffic(own_server: AsteriskServer) -> None:
    with Watched(own_server) as manager:
        traffic = Traffic(manager)
        traffic.start()
        try:
            for n in range(1, 4):
                answered = traffic.answered()
                wait_until(lambda: traffic.answered() > answered + 1000, "no traffic")
                own_server.kill()
                wait_until(lambda: len(manager.losses) == n, "the loss was not told")
                own_server.run()
                wait_until(lambda: manager.returns == n, "the return was not told")
        finally:
            traffic.stop()
        # Each ended, and none of them twice.
        assert sorted(n for n, _ in traffic.ends) == list(range(1, traffic.submitted + 1))
        ways = {end for _, end in traffic.ends}
        assert ways <= {"answered", "ManagerOutcomeUnknown", "ManagerSocketException"}
        assert len(manager.losses) == manager.returns == 3


def test_actions_in_flight_have_an_unknown_outcome(own_server: AsteriskServer) -> None:
    with Watched(own_server) as manager:
        # A server answers nothing else while it is busy with a call that is not asynchronous.
        call = manager.submit(
            "Originate", Channel="Local/ring@tests", Application="NoOp", Timeout="50000"
        )
        pings = [manager.submit("Ping") for _ in range(50)]
        with RawManager(own_server.host, own_server.ami_port) as witness:
            wait_until(
                lambda: b"Output: 2 active channels"
                in witness.ask("Command", "Command: core show channels count"),
                "the call was not begun",
            )
        wait_until(lambda: not manager.wants_write, "the pings were not sent")
        assert not any(future.done() for future in [call, *pings])
        own_server.kill()
        for future in [call, *pings]:
            with pytest.raises(ManagerOutcomeUnknown):
                future.result(60)
        own_server.run()
        wait_until(lambda: manager.returns == 1, "the return was not told")
        # Nothing was repeated behind the program's back.
        assert manager.send("CoreShowChannels").check()[-1]["ListItems"] == "0"


def test_filters_and_mask_hold_after_the_return(own_server: AsteriskServer) -> None:
    with Watched(own_server) as manager:
        heard = Heard(manager)
        manager.add_filter("Event: UserEvent")
        mark(manager, heard, "before")
        own_server.kill()
        own_server.run()
        wait_until(lambda: manager.returns == 1, "the return was not told")
        begin = len(heard.events)
        manager.send(
            "Originate", Channel="Local/short@tests", Application="Wait", Data="0.1"
        ).check()
        mark(manager, heard, "after")
        assert {event.name for event in heard.events[begin:]} <= {"UserEvent", "FullyBooted"}


def test_server_that_says_goodbye(own_server: AsteriskServer) -> None:
    with Watched(own_server) as manager:
        heard = Heard(manager)
        assert own_server.pid is not None
        os.kill(own_server.pid, signal.SIGTERM)
        heard.wait_for_name("Shutdown")
        own_server.wait(10)
        own_server.kill()
        wait_until(lambda: len(manager.losses) == 1, "the loss was not told")
        own_server.run()
        wait_until(lambda: manager.returns == 1, "the return was not told")
        assert manager.ping().get_header("Ping") == "Pong"


def test_command_that_stops_the_server(own_server: AsteriskServer) -> None:
    with Watched(own_server) as manager:
        command = manager.submit("Command", Command="core stop now")
        # As a rule the connection just ends. Now and then there is an answer first, and now and
        # then Asterisk 16 hangs where it should end.
        own_server.wait(5)
        own_server.kill()
        try:
            command.result(60)
        except ManagerOutcomeUnknown:
            pass
        wait_until(lambda: len(manager.losses) == 1, "the loss was not told")
        own_server.run()
        wait_until(lambda: manager.returns == 1, "the return was not told")
        assert manager.ping().get_header("Ping") == "Pong"


def test_killed_without_reconnect(own_server: AsteriskServer) -> None:
    manager = Manager(timeout=60)
    manager.connect(own_server.host, own_server.ami_port)
    manager.login("admin", "secret")
    own_server.kill()
    for _ in range(2):
        with pytest.raises(ManagerException):
            manager.ping()
    manager.close()
    with pytest.raises(ManagerSocketException):
        manager.connect(own_server.host, own_server.ami_port)
    own_server.run()
    manager.connect(own_server.host, own_server.ami_port)
    manager.login("admin", "secret")
    assert manager.ping().get_header("Ping") == "Pong"
    manager.close()
