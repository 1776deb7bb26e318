# SPDX-License-Identifier: MIT
"""AGI for asyncio: `asterisk.agi.AGI` with every command to be awaited."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Deque, Optional, Protocol, TypeVar

from asterisk import _core
from asterisk._core import AgiReply, AgiSession
from asterisk.agi import trace
from asterisk.agi.errors import (
    AGIAppError,
    AGIEnvironmentError,
    AGIException,
    AGIHangup,
    AGISIGHUPHangup,
    QUESTION,
    failure,
    late_hangup,
    may_be_hangup,
    refusal,
)
from asterisk.aio.agi_commands import AwaitedCommands

if TYPE_CHECKING:
    from types import TracebackType

    from asterisk.agi.commands import Reply, Text
    from asterisk.agi.trace import Debug, Writer

__all__ = ["AGI", "Transport"]

T = TypeVar("T")
Self = TypeVar("Self", bound="AGI")


class Transport(Protocol):
    """What carries a dialogue: any transport of asyncio, or what has these two."""

    def write(self, data: bytes, /) -> object:
        """Send bytes, or keep them until they can be sent."""

    def close(self) -> object:
        """End the stream once all is sent."""


class AGI(AwaitedCommands, asyncio.Protocol):
    """A call, and the commands to run it with: an `asyncio.Protocol` for any transport.

    Parameters
    ----------
    debug : bool or 'json' or callable, optional
        As for `asterisk.agi.AGI`.
    stderr : file, optional
        Where the trace goes, by default `sys.stderr`.
    command_size : int, optional
        Bytes of a command line at most; 0: 2047.

    Attributes
    ----------
    raise_on_hangup : bool
        As for `asterisk.agi.AGI`.

    Notes
    -----
    Commands of several tasks are sent one after the other. When a task is cancelled that waits for
    a reply, Asterisk still runs its command, and the next one waits until it is over.
    """

    def __init__(
        self,
        *,
        debug: Debug = False,
        stderr: Optional[Writer] = None,
        command_size: int = 0,
    ) -> None:
        self._begin(_core.AgiSession(command_size=command_size), debug, stderr)

    def _begin(self, session: AgiSession, debug: Debug, stderr: Optional[Writer]) -> None:
        self.raise_on_hangup = True
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._create_future = self._loop.create_future
        self._runs_directly = type(self).execute is AGI.execute
        self._transport: Optional[Transport] = None
        self._reading: Any = None  # the transport of standard input
        self._env: Optional[dict[str, str]] = None
        #: A socket that takes commands without the transport, as long as it does.
        self._fd = -1
        self._reply: Optional[asyncio.Future[AgiReply]] = None
        self._turns: Deque[asyncio.Future[None]] = deque()
        self._start: Optional[asyncio.Future[None]] = None
        self._hangup: Optional[asyncio.Future[None]] = None
        self._has_started = False
        self._has_hung_up = False
        self._trace = trace.make(debug, sys.stderr if stderr is None else stderr)

    # -- what carries it ----------------------------------------------------------------------

    @classmethod
    async def open(
        cls: type[Self],
        *,
        debug: Debug = True,
        stderr: Optional[Writer] = None,
        command_size: int = 0,
    ) -> Self:
        """Begin a program that Asterisk started: standard input and output, and SIGHUP.

        Parameters
        ----------
        debug, stderr, command_size
            Those of the class; the trace is on by default, as it is for `asterisk.agi.AGI`.

        Returns
        -------
        AGI
            With its environment.

        Raises
        ------
        AGIEnvironmentError
            Asterisk did not start this program.
        """
        loop = asyncio.get_running_loop()
        agi = cls(debug=debug, stderr=stderr, command_size=command_size)
        transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, sys.stdout)
        agi._reading = await loop.connect_read_pipe(lambda: _Input(agi), sys.stdin)
        agi.connection_made(transport)
        try:
            loop.add_signal_handler(signal.SIGHUP, agi.hang_up)
        except (NotImplementedError, RuntimeError, ValueError):
            pass  # not the main thread
        await agi.started()
        return agi

    def hang_up(self) -> None:
        """Take it that the caller is gone, as after SIGHUP."""
        self._session.hang_up()
        self._take(self._session.next())

    def connection_made(self, transport: Any) -> None:
        """Begin, on a transport that can be written to."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take received bytes."""
        self._session.feed(data)
        self._take(self._session.next())

    def eof_received(self) -> bool:
        """Take the end of the stream. The transport may close."""
        self.connection_lost(None)
        return False

    def connection_lost(self, exc: Optional[BaseException]) -> None:
        """Take the end of the stream."""
        self._session.disconnected()
        self._take(self._session.next())

    def pause_writing(self) -> None:
        """Leave it: there is at most one command to be sent."""

    def resume_writing(self) -> None:
        """Leave it."""

    def _take(self, notice: AgiReply | int | None) -> None:
        """Tell those who wait of a notice, and of all behind it."""
        while notice is not None:
            if isinstance(notice, AgiReply):
                reply, self._reply = self._reply, None
                if reply is not None and not reply.done():
                    reply.set_result(notice)
                if self._turns:
                    self._next_turn()
                # Behind all that: a trace may fail, and who waits has to hear of the reply.
                if self._trace is not None and notice.code:
                    self._trace.reply(notice.text)
            elif notice == _core.AGI_ENVIRONMENT:
                self._has_started = True
                if self._trace is not None:
                    self._trace.environment(self._session.environment_text(), self.env)
                _settle(self._start)
            elif notice == _core.AGI_HANGUP:
                self._has_hung_up = True
                # It is no line when the stream ended.
                if self._trace is not None and not self._session.is_closed:
                    self._trace.reply("HANGUP")
                _settle(self._hangup)
            else:
                _settle(self._start)
                _settle(self._hangup)
                while self._turns:
                    _settle(self._turns.popleft())
            notice = self._session.next()

    async def started(self) -> None:
        """Wait for the environment.

        Raises
        ------
        AGIEnvironmentError
            It did not come.
        """
        if not self._has_started and not self._session.is_closed:
            if self._start is None:
                self._start = self._loop.create_future()
            await asyncio.shield(self._start)
        if not self._has_started:
            error = AGIEnvironmentError(_core.strerror(self._session.error))
            error.code = self._session.error
            raise error

    def close(self) -> None:
        """End the stream: the dialplan goes on. May be called again."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
        reading, self._reading = self._reading, None
        if reading is not None:
            reading[0].close()
            try:
                self._loop.remove_signal_handler(signal.SIGHUP)
            except (NotImplementedError, RuntimeError, ValueError):
                pass
        self.connection_lost(None)

    async def __aenter__(self: Self) -> Self:
        await self.started()
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    # -- hangup -------------------------------------------------------------------------------

    @property
    def hung_up(self) -> bool:
        """Whether the caller is known to be gone."""
        return self._session.is_hung_up

    async def wait_hung_up(self) -> None:
        """Wait until the caller is gone. Asterisk tells at any time."""
        if self._has_hung_up or self._session.is_closed:
            return
        if self._hangup is None:
            self._hangup = self._loop.create_future()
        await asyncio.shield(self._hangup)

    def test_hangup(self) -> None:
        """Raise AGISIGHUPHangup if the caller is known to be gone, and `raise_on_hangup` is set."""
        if self.raise_on_hangup and self._session.is_hung_up:
            raise AGISIGHUPHangup("the caller hung up")

    # -- commands -----------------------------------------------------------------------------

    async def execute(self, command: Text, *args: Text) -> AgiReply:
        """Send a command and return its reply: see `asterisk.agi.AGI.execute`."""
        return await self._exchange(_reply, command, args)

    async def _exchange(
        self, convert: Callable[[AgiReply], T], command: Text, args: tuple[Text, ...] = ()
    ) -> T:
        # All in one function: what a coroutine awaits passes through all those around it.
        session = self._session
        while session.busy:
            await self._wait_for_turn()
        # Before anything is sent: what answers at once must find it.
        future: asyncio.Future[AgiReply] = self._create_future()
        try:
            if session.is_hung_up:
                self.test_hangup()
            self._reply = future
            if self._fd >= 0 and self._trace is None:
                unsent = session.send(self._fd, command, args)
            else:
                unsent = session.submit(command, args)
                if self._trace is not None:
                    self._trace.command(unsent.decode("utf-8", "surrogateescape"))
        except BaseException as error:
            self._reply = None
            self._next_turn()
            if isinstance(error, _core.Error):
                raise refusal(error) from None
            raise
        if unsent and self._transport is not None:
            self._transport.write(unsent)
        reply = await future
        if reply.error:
            failed = failure(reply)
            if isinstance(failed, AGIAppError) and may_be_hangup(failed, command):
                if await self._is_gone():
                    raise late_hangup(failed)
            raise failed
        if self._trace is not None:
            self._trace.result(reply)
        return convert(reply)

    async def _is_gone(self) -> bool:
        """Ask Asterisk whether the caller is gone."""
        if not self.hung_up:
            try:
                await self._exchange(_reply, QUESTION)
            except AGIException:
                pass
        return self.hung_up

    async def _wait_for_turn(self) -> None:
        """Wait until the command in flight has its reply, behind those who wait already."""
        turn = self._loop.create_future()
        self._turns.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._next_turn()
            raise

    def _next_turn(self) -> None:
        """Let the next task send its command."""
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _run(self, convert: Callable[[Reply], T], command: Text, *args: Text) -> Awaitable[T]:
        if self._runs_directly:
            return self._exchange(convert, command, args)
        return self._run_own(convert, command, *args)

    async def _run_own(self, convert: Callable[[Reply], T], *command: Text) -> T:
        """Do that in a subclass with an execute() of its own."""
        return convert(await self.execute(*command))

    async def _run_or(
        self,
        convert: Callable[[Reply], T],
        otherwise: Callable[[AGIAppError], T],
        *command: Text,
    ) -> T:
        try:
            reply = await self.execute(*command)
        except AGIHangup:
            raise
        except AGIAppError as error:
            return otherwise(error)
        return convert(reply)

    async def _in_turn(
        self, *calls: tuple[Callable[[Text], Awaitable[None]], Text]
    ) -> None:
        for call, argument in calls:
            await call(argument)


class _Input(asyncio.Protocol):
    """What reads for an AGI whose output has a transport of its own."""

    def __init__(self, agi: AGI) -> None:
        self._agi = agi

    def data_received(self, data: bytes) -> None:
        self._agi.data_received(data)

    def connection_lost(self, exc: Optional[BaseException]) -> None:
        self._agi.connection_lost(exc)


def _settle(future: Optional[asyncio.Future[None]]) -> None:
    if future is not None and not future.done():
        future.set_result(None)


def _reply(reply: AgiReply) -> AgiReply:
    return reply
