# SPDX-License-Identifier: MIT
"""One handler under AGI, FastAGI and AsyncAGI, plain and awaited; and many of both at once."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Optional

import pytest

from asterisk import aio
from asterisk.agi import AGI, AGIAppError, AGIInvalidCommand, AGISIGPIPEHangup
from asterisk.asyncagi import AsyncAGI
from asterisk.fastagi import Server
from asterisk.manager import Manager, ManagerException

from aio_peer import asynchronous, until
from async_agi_peer import Channel, Pbx
from loopback import PATIENCE
from scripted_agi import Asterisk

MANY = 200

ENVIRONMENT = b"agi_network_script: %s\nagi_callerid: 100\nagi_uniqueid: %s\n\n"

#: What each command is answered with, however it is carried.
ANSWERS: dict[str, Any] = {
    "ANSWER": "200 result=0\n",
    "GET VARIABLE": "200 result=1 (a (b) \udce9)\n",
    "GET DATA": "200 result=12 (timeout)\n",
    "DATABASE GET": "200 result=0\n",
    "EXEC": "510 Invalid or unknown command\n",
    "VERBOSE": "200 result=1\n",
}


def answer(command: str) -> str:
    return next(text for name, text in ANSWERS.items() if command.startswith(name))


def handler(agi: AGI) -> None:
    """Takes results of several kinds, and errors."""
    agi.answer()
    value = agi.get_variable("A")
    digits = agi.get_data("enter-number")
    with pytest.raises(AGIAppError):
        agi.database_get("f", "k")
    with pytest.raises(AGIInvalidCommand):
        agi.appexec("X")
    agi.verbose(f"{agi.env['agi_callerid']} {value} {digits} {digits.timed_out}")


async def awaited(agi: aio.AGI) -> None:
    """The same."""
    await agi.answer()
    value = await agi.get_variable("A")
    digits = await agi.get_data("enter-number")
    with pytest.raises(AGIAppError):
        await agi.database_get("f", "k")
    with pytest.raises(AGIInvalidCommand):
        await agi.appexec("X")
    await agi.verbose(f"{agi.env['agi_callerid']} {value} {digits} {digits.timed_out}")


#: What is sent.
COMMANDS = [
    "ANSWER",
    'GET VARIABLE "A"',
    "GET DATA enter-number 2000 255",
    'DATABASE GET "f" "k"',
    'EXEC X ""',
    'VERBOSE "100 a (b) \udce9 12 True" 1',
]


def scripted(sock: Optional[socket.socket] = None, path: str = "x") -> Asterisk:
    return Asterisk(
        environment=ENVIRONMENT % (path.encode(), b"1.1"),
        default=lambda line: answer(line.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        ),
        sock=sock,
    )


def script(channel: Channel, command: str) -> Optional[str]:
    return None if command.startswith("ASYNCAGI") else answer(command)


@contextmanager
def serving(**options: Any) -> Iterator[Server]:
    failed: list[Exception] = []
    server = Server("127.0.0.1", 0, on_error=lambda path, error: failed.append(error), **options)
    thread = threading.Thread(target=server.serve_forever)
    server.add_route("plain", handler)
    server.add_route("async", awaited)
    thread.start()
    try:
        yield server
    finally:
        server.stop(PATIENCE)
        thread.join(PATIENCE)
    assert not thread.is_alive() and not failed


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), PATIENCE)


def test_a_plain_handler_is_the_same_under_agi_fastagi_and_asyncagi() -> None:
    agi = scripted()
    with AGI(stream=agi.program) as program:
        handler(program)
    assert agi.sent() == COMMANDS

    with serving() as server:
        assert scripted(connect(server), "plain").sent() == COMMANDS

    with Pbx(script) as pbx, Manager(timeout=PATIENCE) as manager:
        manager.connect("127.0.0.1", pbx.port)
        manager.login("admin", "secret", events="agi,call")
        with AsyncAGI(manager, handler):
            channel = pbx.call("x")
            pbx.wait_until(lambda: channel.released)
        assert channel.commands == [*COMMANDS, "ASYNCAGI BREAK"]


@asynchronous
async def test_an_awaited_handler_is_the_same_under_agi_fastagi_and_asyncagi() -> None:
    agi = scripted()
    program = aio.AGI()
    await asyncio.get_running_loop().create_connection(lambda: program, sock=agi.program)
    async with program:
        await awaited(program)
    assert await asyncio.to_thread(agi.sent) == COMMANDS

    with serving() as server:
        assert await asyncio.to_thread(scripted(connect(server), "async").sent) == COMMANDS

    with Pbx(script) as pbx:
        async with aio.Manager(
            "127.0.0.1", pbx.port, username="admin", secret="secret", events="agi,call"
        ) as manager, aio.AsyncAGI(manager, awaited):
            channel = pbx.call("x")
            await until(lambda: channel.released)
        assert channel.commands == [*COMMANDS, "ASYNCAGI BREAK"]


def test_plain_and_awaited_handlers_serve_many_calls_at_once() -> None:
    with serving(workers=MANY // 4, waiting=MANY) as server:
        calls = [
            scripted(connect(server), "plain" if n % 2 else "async") for n in range(MANY)
        ]
        for call in calls:
            assert call.sent() == COMMANDS
        assert server.counters.accepted == MANY


# -- as old Asterisk tells of AsyncAGI -------------------------------------------------------------


class OldChannel(Channel):
    """Its events are all called AsyncAGI, and say in SubEvent which they are."""

    def event(self, name: str, **more: str) -> None:
        if name.startswith("AsyncAGI"):
            kind = name[len("AsyncAGI") :]
            more = {("CommandID" if k == "CommandId" else k): v for k, v in more.items()}
            super().event("AsyncAGI", SubEvent=kind, **more)
        else:
            super().event(name, **more)


def old_calls(pbx: Pbx, count: int) -> list[Channel]:
    """Have channels begin, which actions have to call by their names."""
    channels: list[Channel] = [OldChannel(pbx, number, ("x",)) for number in range(count)]
    for channel in channels:
        pbx.channels[channel.name] = channel
        channel.start()
    return channels


def test_old_events_of_asyncagi_carry_a_plain_handler() -> None:
    with Pbx(script) as pbx, Manager(timeout=PATIENCE) as manager:
        manager.connect("127.0.0.1", pbx.port)
        manager.login("admin", "secret", events="agi,call")
        with AsyncAGI(manager, handler) as server:
            channels = old_calls(pbx, 10)
            pbx.wait_until(lambda: all(channel.released for channel in channels))
        assert (server.counters.accepted, server.counters.failed) == (10, 0)
        for channel in channels:
            assert channel.commands == [*COMMANDS, "ASYNCAGI BREAK"]


@asynchronous
async def test_old_events_of_asyncagi_carry_an_awaited_handler() -> None:
    with Pbx(script) as pbx:
        async with aio.Manager(
            "127.0.0.1", pbx.port, username="admin", secret="secret", events="agi,call"
        ) as manager, aio.AsyncAGI(manager, awaited) as server:
            channels = old_calls(pbx, 10)
            await until(lambda: all(channel.released for channel in channels))
            await until(lambda: server.counters.calls == 0)
        assert (server.counters.accepted, server.counters.failed) == (10, 0)
        for channel in channels:
            assert channel.commands == [*COMMANDS, "ASYNCAGI BREAK"]


# -- a command that cannot be submitted ------------------------------------------------------------


@asynchronous
async def test_awaited_command_that_no_action_can_carry_is_a_hangup(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The call ends while the command is being sent, before anybody waits for its reply."""
    seen: list[BaseException] = []

    async def handle(agi: aio.AGI) -> None:
        try:
            await agi.answer()
        except BaseException as error:
            seen.append(error)
            raise

    with Pbx(script) as pbx:
        async with aio.Manager(
            "127.0.0.1", pbx.port, username="admin", secret="secret", events="agi,call"
        ) as manager, aio.AsyncAGI(manager, handle) as server:
            submit = manager.submit

            def refuse(name: str, **headers: Any) -> Any:
                if headers.get("Command") == "ANSWER":
                    raise ManagerException("too many actions")
                return submit(name, **headers)

            monkeypatch.setattr(manager, "submit", refuse)
            pbx.call("x")
            await until(lambda: server.counters.accepted and not server.counters.working)
    assert [type(error) for error in seen] == [AGISIGPIPEHangup]
    assert server.counters.hung_up == 1


# -- a trace that fails ----------------------------------------------------------------------------


def failing_at(direction: str, line: str) -> Any:
    """Fails like a full disk, from the first time that this is traced."""
    failed: list[bool] = []

    def trace(record: dict[str, Any]) -> None:
        if (record["direction"], record["line"]) == (direction, line):
            failed.append(True)
        if failed:
            raise OSError("the disk is full")

    return trace


@pytest.mark.parametrize(
    ("direction", "line"), [("received", "agi_callerid: 100"), ("received", "200 result=0")]
)
@asynchronous
async def test_trace_that_fails_ends_an_awaited_call(direction: str, line: str) -> None:
    failed: list[str] = []
    with Pbx(script) as pbx:
        async with aio.Manager(
            "127.0.0.1", pbx.port, username="admin", secret="secret", events="agi,call"
        ) as manager, aio.AsyncAGI(
            manager,
            awaited,
            debug=failing_at(direction, line),
            on_error=lambda path, error: failed.append(str(error)),
        ) as server:
            channel = pbx.call("x")
            await until(lambda: channel.released and not server.counters.calls)
    assert failed == ["the disk is full"]
    assert server.counters.failed == 1
