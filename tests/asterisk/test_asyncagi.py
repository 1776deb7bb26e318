# SPDX-License-Identifier: MIT
"""AsyncAGI: calls that a manager connection runs, hundreds at once."""

import asyncio
import os
import socket
import subprocess
import threading
import time
from typing import Callable, Iterator, List

import pytest

from asterisk import aio
from asterisk.agi import AGI, AGIAppError, AGIHangup, AGIUnknownError
from asterisk.asyncagi import AsyncAGI
from asterisk.manager import Manager, Reconnect

from agi_calls import Call, Switchboard
from agi_driven import BUILD
from asterisk_server import AsteriskServer

CALLS = 200

#: Seconds that nothing should take, but may.
PATIENCE = 60.0

#: All that may be in a line: not NUL, and not what ends it.
BYTES = bytes(byte for byte in range(1, 256) if byte not in b"\r\n")


@pytest.fixture(scope="module")
def board(server: AsteriskServer) -> Iterator[Switchboard]:
    with Switchboard(server) as board:
        yield board


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Served:
    """One call, whose handler tells what it found."""

    def __init__(self, manager: Manager, handler: Callable[[AGI], object]) -> None:
        self.error: List[BaseException] = []
        self.done = threading.Event()
        self._handler = handler
        self.server = AsyncAGI(manager, self._handle)

    def _handle(self, agi: AGI) -> None:
        try:
            self._handler(agi)
        except BaseException as error:
            self.error.append(error)
        finally:
            self.done.set()

    def finish(self, call: Call) -> None:
        """Wait until it is handled, and raise what it raised."""
        try:
            assert self.done.wait(PATIENCE), call.outcome()
        finally:
            call.hang_up()
            self.server.close()
        for error in self.error:
            raise error


def test_hundreds_of_calls_at_once_get_their_own_replies(
    board: Switchboard, manager: Manager
) -> None:
    together = threading.Barrier(CALLS)

    def handler(agi: AGI) -> None:
        together.wait(PATIENCE)
        own = agi.env["agi_uniqueid"]
        for number in range(5):
            agi.set_variable(f"N{number}", f"{own} ({number})")
        for number in range(5):
            assert agi.get_variable(f"N{number}") == f"{own} ({number})"

    with AsyncAGI(manager, handler, workers=CALLS) as server:
        calls = [board.call("agi", "agi:async") for _ in range(CALLS)]
        results = [call.result(PATIENCE) for call in calls]
        assert results == CALLS * [("AGIDone", "SUCCESS")]
        until(lambda: server.counters.calls == 0)
        counters = server.counters
    for call in calls:
        call.hang_up()
    assert (counters.accepted, counters.failed, counters.hung_up) == (CALLS, 0, 0)


def test_hundreds_of_calls_at_once_in_one_event_loop(
    server: AsteriskServer, board: Switchboard
) -> None:
    async def main() -> List[str]:
        calls: List[Call] = []
        present: List[str] = []
        everybody = asyncio.Event()

        async def handler(agi: aio.AGI) -> None:
            own = agi.env["agi_uniqueid"]
            present.append(own)
            if len(present) == CALLS:
                everybody.set()
            await everybody.wait()
            for number in range(5):
                await agi.set_variable(f"N{number}", f"{own} ({number})")
            for number in range(5):
                assert await agi.get_variable(f"N{number}") == f"{own} ({number})"

        def start_calls() -> None:
            calls.extend(board.call("agi", "agi:async") for _ in range(CALLS))

        def results() -> List[str]:
            return ["/".join(call.result(PATIENCE)) for call in calls]

        async with aio.Manager(
            server.host, server.ami_port, username="admin", secret="secret", events="agi,call"
        ) as manager:
            async with aio.AsyncAGI(manager, handler) as agi_server:
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(None, start_calls)
                found = await loop.run_in_executor(None, results)
                counters = agi_server.counters
        assert (counters.accepted, counters.failed, counters.hung_up) == (CALLS, 0, 0)
        for call in calls:
            call.hang_up()
        return found

    assert asyncio.run(main()) == CALLS * ["AGIDone/SUCCESS"]


@pytest.mark.parametrize("kind", ["blocking", "evented"])
def test_hundreds_of_calls_at_once_served_by_c(
    server: AsteriskServer, board: Switchboard, kind: str
) -> None:
    driver = subprocess.Popen(
        [str(BUILD / "tests/asterisk/async-agi-driver"), str(server.ami_port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with driver:
        assert driver.stdin is not None and driver.stdout is not None
        try:
            assert driver.stdout.readline() == "ready\n"
            calls = [board.call("agi", f"agi:async,{kind}") for _ in range(CALLS)]
            results = [call.result(PATIENCE) for call in calls]
            driver.stdin.close()
            told = driver.stdout.read().splitlines()
            assert driver.wait(PATIENCE) == 0
        finally:
            driver.kill()
    for call in calls:
        call.hang_up()
    assert results == CALLS * [("AGIDone", "SUCCESS")]
    assert sorted(told) == sorted(f"right {call.channel}" for call in calls)


def test_environment_longer_than_an_event_can_hold_is_whole(
    board: Switchboard, manager: Manager
) -> None:
    arguments = [f"{number} " + 80 * "x" + "%/" for number in range(8)]
    seen: List[List[str]] = []
    served = Served(manager, lambda agi: seen.append(agi.arguments))
    served.finish(board.call("agi", ",".join(["agi:async", *arguments])))
    assert seen == [arguments]


def test_values_longer_than_an_event_can_hold_are_whole_or_an_error(
    board: Switchboard, manager: Manager
) -> None:
    def handler(agi: AGI) -> None:
        agi.set_variable("LETTERS", 900 * "x")
        agi.set_variable("SIGNS", 700 * "%")
        assert agi.get_full_variable("${LETTERS}-${LETTERS}") == 900 * "x" + "-" + 900 * "x"
        for expression in ("${SIGNS}", "${SIGNS}${SIGNS}"):
            with pytest.raises(AGIUnknownError) as caught:
                agi.get_full_variable(expression)
            assert caught.value.args[0] == 503
        # It is still in step.
        agi.set_variable("LAST", "yes")
        assert agi.get_variable("LAST") == "yes"

    call_and_finish(board, manager, handler)


def test_every_byte_comes_back(board: Switchboard, manager: Manager) -> None:
    value = BYTES.decode("utf-8", "surrogateescape")

    def handler(agi: AGI) -> None:
        agi.set_variable("EVERY", value)
        assert agi.get_variable("EVERY") == value

    call_and_finish(board, manager, handler)


def call_and_finish(
    board: Switchboard, manager: Manager, handler: Callable[[AGI], object]
) -> None:
    served = Served(manager, handler)
    served.finish(board.call("agi", "agi:async"))


def test_hangup_ends_the_command_that_waits(board: Switchboard, manager: Manager) -> None:
    raised: List[BaseException] = []

    def handler(agi: AGI) -> None:
        for _ in range(2):
            try:
                agi.wait_for_digit(-1)
            except AGIAppError as error:
                raised.append(error)

    served = Served(manager, handler)
    call = board.call("agi", "agi:async")
    call.wait_for_command("WAIT FOR DIGIT")
    call.hang_up()
    assert call.result() == ("AGIEnd", "HANGUP")
    served.finish(call)
    # The first is the reply -1 or the hangup, whichever Asterisk told first.
    assert len(raised) == 2
    assert isinstance(raised[1], AGIHangup)


def test_hangup_of_an_idle_call_is_known(board: Switchboard, manager: Manager) -> None:
    started = threading.Event()

    def handler(agi: AGI) -> None:
        started.set()
        until(lambda: agi.hung_up)

    served = Served(manager, handler)
    call = board.call("agi", "agi:async")
    assert started.wait(PATIENCE)
    call.hang_up()
    served.finish(call)


def test_failing_handler_lets_the_dialplan_go_on(board: Switchboard, manager: Manager) -> None:
    told: List[Exception] = []

    def handler(agi: AGI) -> None:
        agi.noop()
        raise ZeroDivisionError

    with AsyncAGI(manager, handler, on_error=lambda _, error: told.append(error)):
        call = board.call("agi", "agi:async")
        assert call.result() == ("AGIDone", "SUCCESS")
        call.hang_up()
    assert isinstance(told[0], ZeroDivisionError)


def test_command_that_fails_ends_the_dialogue(board: Switchboard, manager: Manager) -> None:
    raised: List[BaseException] = []

    def handler(agi: AGI) -> None:
        for _ in range(2):
            try:
                agi.execute("STREAM FILE", "no-such-file", '""')
            except AGIAppError as error:
                raised.append(error)

    served = Served(manager, handler)
    call = board.call("agi", "agi:async")
    assert call.result() == ("AGIDone", "FAILURE")
    served.finish(call)
    assert len(raised) == 2
    assert isinstance(raised[1], AGIHangup)


def test_redirect_ends_the_dialogue(board: Switchboard, manager: Manager) -> None:
    started = threading.Event()

    def handler(agi: AGI) -> None:
        started.set()
        until(lambda: agi.hung_up)

    served = Served(manager, handler)
    call = board.call("agi", "agi:async")
    assert started.wait(PATIENCE)
    board.ask(
        "Redirect", f"Channel: {call.channel}", "Context: caller", "Exten: wait", "Priority: 1"
    )
    served.finish(call)


def test_channel_that_is_taken_into_a_bridge_ends_the_dialogue(
    board: Switchboard, manager: Manager
) -> None:
    started = threading.Event()

    def handler(agi: AGI) -> None:
        started.set()
        until(lambda: agi.hung_up)

    served = Served(manager, handler)
    call = board.call("agi", "agi:async")
    assert started.wait(PATIENCE)
    other = f"{call.name}-other"
    board.ask(
        "Originate",
        "Channel: Local/echo@tests/n",
        f"ChannelId: {other}",
        f"OtherChannelId: {other}2",
        "Application: Wait",
        "Data: 60",
        "Async: true",
    )
    board.wait_for(
        lambda event: event.get("Event") == "OriginateResponse" and event.get("Uniqueid") == other
    )
    try:
        answer = board.ask("Bridge", f"Channel1: {other}", f"Channel2: {call.channel}")
        assert answer[0] == b"Response: Success", answer
        served.finish(call)
    finally:
        board.ask("Hangup", f"Channel: {other}")


def test_calls_of_a_lost_connection_go_on_in_the_dialplan(
    server: AsteriskServer, board: Switchboard
) -> None:
    hung_up = threading.Event()

    def handler(agi: AGI) -> None:
        try:
            agi.wait_for_digit(-1)
        except AGIHangup:
            hung_up.set()

    with Manager(timeout=PATIENCE, reconnect=Reconnect(0.1, 1.0)) as manager:
        manager.connect(server.host, server.ami_port)
        manager.login("admin", "secret", events="agi,call")
        with AsyncAGI(manager, handler):
            call = board.call("agi", "agi:async")
            call.wait_for_command("WAIT FOR DIGIT")
            with socket.socket(fileno=os.dup(manager.fileno())) as connection:
                connection.shutdown(socket.SHUT_RDWR)
            assert hung_up.wait(PATIENCE)
            # What ends the command ends the dialogue behind it: the break was waiting there.
            call.press("1")
            assert call.result() == ("AGIDone", "SUCCESS")
            call.hang_up()


def test_server_that_is_killed_hangs_up_on_every_handler(own_server: AsteriskServer) -> None:
    count = 20
    raised: List[AGIHangup] = []

    def handler(agi: AGI) -> None:
        try:
            agi.wait_for_digit(-1)
        except AGIHangup as error:
            raised.append(error)

    with Manager(timeout=PATIENCE) as manager:
        manager.connect(own_server.host, own_server.ami_port)
        manager.login("admin", "secret", events="agi,call")
        with AsyncAGI(manager, handler) as server:
            with Switchboard(own_server) as board:
                calls = [board.call("agi", "agi:async") for _ in range(count)]
                for call in calls:
                    call.wait_for_command("WAIT FOR DIGIT")
                own_server.kill()
                until(lambda: len(raised) == count)
            assert server.counters.lost == count


def test_second_dialogue_of_a_channel_is_another_call(
    board: Switchboard, manager: Manager
) -> None:
    seen: List[str] = []

    def handler(agi: AGI) -> None:
        seen.append(agi.env["agi_uniqueid"])
        agi.noop()

    with AsyncAGI(manager, handler) as server:
        call = board.call("twice", "agi:async")
        until(lambda: len(seen) == 2)
        until(lambda: server.counters.calls == 0)
        call.hang_up()
    assert seen == [call.channel, call.channel]


def test_dead_channel_ends_at_once(board: Switchboard, manager: Manager) -> None:
    raised: List[BaseException] = []

    def handler(agi: AGI) -> None:
        with pytest.raises(AGIHangup) as caught:
            while True:
                agi.noop()
        raised.append(caught.value)

    served = Served(manager, handler)
    call = board.call("dead", "agi:async")
    served.finish(call)
    assert len(raised) == 1
