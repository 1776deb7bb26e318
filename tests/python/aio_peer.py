# SPDX-License-Identifier: MIT
"""For tests of asterisk.aio: a manager server on loopback that does as it is told, and a loop.

`asynchronous` makes a test of a coroutine function. It runs on each event loop there is, in debug
mode, for some minutes at most, and fails if anything was left behind: a task, an exception that
nobody saw, a complaint of the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import hashlib
import inspect
import math
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Coroutine, Mapping
from typing import Any, Callable, Optional, Union

import pytest

from asterisk.aio import Manager

try:
    import uvloop
except ImportError:
    LOOPS = {"asyncio": asyncio.new_event_loop}
else:
    LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}

#: Seconds that no test should ever take, but may, on a machine with much else to do.
PATIENCE = 300.0

GREETING = b"Asterisk Call Manager/11.0.0\r\n"

Action = dict[str, list[str]]


# A loop


def asynchronous(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @pytest.mark.parametrize("loop_name", LOOPS)
    @functools.wraps(test)
    def run(loop_name: str, **fixtures: Any) -> None:
        complaints: list[object] = []
        previous = sys.unraisablehook
        sys.unraisablehook = lambda unraisable: complaints.append(unraisable.exc_value)
        loop = LOOPS[loop_name]()
        loop.set_debug(True)
        loop.slow_callback_duration = math.inf  # it would log how busy this machine is
        loop.set_exception_handler(
            # What asyncio has to say of clients that our server could not shake hands with.
            lambda _, context: None
            if "incoming connection" in context["message"]
            else complaints.append(context)
        )
        left: set[asyncio.Task[Any]] = set()
        try:
            asyncio.set_event_loop(loop)
            loop.run_until_complete(_bounded(test(**fixtures)))
            loop.run_until_complete(asyncio.sleep(0))
            left |= asyncio.all_tasks(loop)
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            loop.close()
            gc.collect()
            sys.unraisablehook = previous
        assert not left
        assert complaints == []

    parameters = [*inspect.signature(test).parameters.values()]
    parameters.insert(0, inspect.Parameter("loop_name", inspect.Parameter.POSITIONAL_OR_KEYWORD))
    made: Any = run
    made.__signature__ = inspect.Signature(parameters)
    decorated: Callable[..., None] = made
    return decorated


async def _bounded(test: Coroutine[Any, Any, None]) -> None:
    await asyncio.wait_for(test, PATIENCE)


async def until(true: Callable[[], bool]) -> None:
    """Wait, letting the loop run, until something is true; the test's own bound ends it."""
    while not true():
        await asyncio.sleep(0.001)


# A server


class Connection:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.actions: list[Action] = []
        #: Set when the server stops.
        self.over = asyncio.Event()
        #: Bytes after which it closes, whatever it was about to send.
        self.budget: Optional[int] = None

    def send(self, data: Union[bytes, str]) -> None:
        if isinstance(data, str):
            data = data.encode("utf-8", "surrogateescape")
        if self.budget is not None:
            data = data[: self.budget]
            self.budget -= len(data)
        if data and not self.writer.is_closing():
            self.writer.write(data)
        if self.budget == 0:
            self.writer.close()

    def respond(self, action: Action, response: str = "Success", **headers: str) -> None:
        lines = [f"Response: {response}"]
        lines += [f"ActionID: {number}" for number in action.get("ActionID", ())]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.send("\r\n".join(lines) + "\r\n\r\n")

    def event(self, name: str, **headers: object) -> None:
        self.send(event(name, **headers))

    def reset(self) -> None:
        """Close so that the other side gets an error."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
        )
        self.writer.transport.abort()

    async def read_action(self) -> Optional[Action]:
        action: Action = {}
        while True:
            line = (await self.reader.readline()).decode("utf-8", "surrogateescape")
            if not line:
                return None
            line = line.rstrip("\r\n")
            if not line and action:
                return action
            name, _, value = line.partition(": ")
            if line:
                action.setdefault(name, []).append(value)


Answer = Callable[[Connection, Action], Union[None, Awaitable[None]]]


def event(name: str, **headers: object) -> str:
    lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in headers.items())]
    return "\r\n".join(lines) + "\r\n\r\n"


def login(connection: Connection, action: Action) -> None:
    if "Key" in action:
        right = action["Key"] == [hashlib.md5(b"4711secret").hexdigest()]
    else:
        right = action["Secret"] == ["secret"]
    if right:
        connection.respond(action, Message="Authentication accepted")
    else:
        connection.respond(action, "Error", Message="Authentication failed")
        connection.writer.close()


def logoff(connection: Connection, action: Action) -> None:
    connection.respond(action, "Goodbye", Message="Thanks for all the fish.")
    connection.writer.close()


def channels(connection: Connection, action: Action, n: int = 3) -> None:
    number = action["ActionID"][0]
    connection.respond(action, EventList="start", Message="Channels will follow")
    for index in range(n):
        connection.event("CoreShowChannel", ActionID=number, Channel=f"Local/{index}")
    connection.event(
        "CoreShowChannelsComplete", ActionID=number, EventList="Complete", ListItems=n
    )


ANSWERS: dict[str, Answer] = {
    "Challenge": lambda connection, action: connection.respond(action, Challenge="4711"),
    "Login": login,
    "Logoff": logoff,
    "Ping": lambda connection, action: connection.respond(action, Ping="Pong"),
    "Events": lambda connection, action: connection.respond(action, Events="On"),
    "Filter": lambda connection, action: connection.respond(action, Message="Filter added"),
    "CoreShowChannels": channels,
}


def silent(connection: Connection, action: Action) -> None:
    """Answer nothing."""


async def deaf(connection: Connection, action: Action) -> None:
    """Answer nothing, and read nothing any more."""
    await connection.over.wait()


class Peer:
    """A manager server; ``async with`` starts it and stops it.

    Parameters
    ----------
    answers : dict, optional
        What to do for an action, ``f(connection, action)``, beside `ANSWERS`; may be a coroutine
        function.
    greeting : bytes, optional
    context : ssl.SSLContext, optional
    budget : int, optional
        Bytes to send on a connection before it is closed.
    """

    def __init__(
        self,
        answers: Optional[Mapping[str, Answer]] = None,
        greeting: bytes = GREETING,
        context: Optional[ssl.SSLContext] = None,
        budget: Optional[int] = None,
    ) -> None:
        self.answers = {**ANSWERS, **(answers or {})}
        self.greeting = greeting
        self.context = context
        self.budget = budget
        # Beside a socket that does not listen another one may: it keeps the port for a restart.
        self._holder = socket.socket()
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind(("127.0.0.1", 0))
        self.port: int = self._holder.getsockname()[1]
        self.connections: list[Connection] = []
        self._server: Optional[asyncio.AbstractServer] = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self.port, ssl=self.context
        )

    async def stop(self, reset: bool = False) -> None:
        """Stop listening, and drop all connections."""
        assert self._server is not None
        self._server.close()
        for connection in self.connections:
            connection.over.set()
            if reset:
                connection.reset()
            else:
                # In TLS of Python 3.11 what was closed twice cannot be aborted any more.
                with contextlib.suppress(AttributeError):
                    connection.writer.transport.abort()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self.connections.clear()

    @property
    def connection(self) -> Connection:
        """The newest connection."""
        return self.connections[-1]

    @property
    def received(self) -> list[str]:
        """The names of the actions of the newest connection."""
        return [action["Action"][0] for action in self.connection.actions]

    def manager(self, **settings: Any) -> Manager:
        """Make a manager for this server."""
        settings = {"username": "admin", "secret": "secret", **settings}
        return Manager("127.0.0.1", self.port, **settings)

    async def __aenter__(self) -> Peer:
        await self.start()
        return self

    async def __aexit__(self, *unused: object) -> None:
        await self.stop()
        self._holder.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        connection = Connection(reader, writer)
        connection.budget = self.budget
        self.connections.append(connection)
        try:
            await self._serve(connection)
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
            self._tasks.discard(task)

    async def _serve(self, connection: Connection) -> None:
        connection.send(self.greeting)
        while True:
            action = await connection.read_action()
            if action is None:
                return
            connection.actions.append(action)
            answer = self.answers.get(action.get("Action", [""])[0])
            if answer is None:
                connection.respond(action, "Error", Message="Invalid/unknown command: it.")
                continue
            result = answer(connection, action)
            if result is not None:
                await result


@contextlib.asynccontextmanager
async def connected(
    answers: Optional[Mapping[str, Answer]] = None, **settings: Any
) -> AsyncIterator[tuple[Peer, Manager]]:
    """Have a server and a manager that is logged in to it."""
    async with Peer(answers) as peer:
        async with peer.manager(**settings) as manager:
            yield peer, manager
