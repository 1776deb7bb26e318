# SPDX-License-Identifier: MIT
"""AsyncAGI for asyncio: calls that are run over a manager connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Optional

from asterisk import _core
from asterisk.agi.async_calls import EVENTS, AsyncCalls, Dialogue
from asterisk.agi.routes import Handler, not_found_async
from asterisk.aio.agi import AGI
from asterisk.errors import ManagerException

if TYPE_CHECKING:
    from types import TracebackType

    from asterisk._core import AsyncAgiCall, Event
    from asterisk.agi.trace import Debug
    from asterisk.aio.manager import Manager

__all__ = ["AsyncAGI"]

#: Seconds that a handler has to end when its call was cut, before its task is cancelled; and then
#: that calls have to end on Asterisk's side.
PATIENCE = 1.0


class _Transport(Dialogue):
    """A call, in the shape of a transport."""

    def __init__(self, owner: AsyncAGI, call: AsyncAgiCall, agi: AGI) -> None:
        super().__init__(call)
        self._owner = owner
        self.agi = agi
        self.task: Optional[asyncio.Task[None]] = None

    def received(self, data: bytes) -> None:
        self.agi.data_received(data)

    def cut(self) -> None:
        self.agi.connection_lost(None)

    def write(self, data: bytes) -> None:
        self._owner._send(self, data)

    def close(self) -> None:
        self._owner._finish(self)


class AsyncAGI(AsyncCalls):
    """Serves the AsyncAGI calls of a manager: ``async def`` handlers, with an `asterisk.aio.AGI`.

    ::

        async def ivr(agi):
            await agi.answer()
            await agi.stream_file("welcome")

        async with Manager("localhost", username="user", secret="secret") as manager:
            async with AsyncAGI(manager, ivr):
                await wait_for_something()

    It begins when it is made. Use it in an ``async with`` statement, or call `close`.

    Parameters
    ----------
    manager : asterisk.aio.Manager
        Connected or not; its user reads events of the classes agi and call, and may send actions
        of the class agi. When its connection is lost, all calls end for their handlers; if it
        reconnects, callers that were left alone so go on in the dialplan.
    handler : coroutine function, optional
        ``f(agi)``, for calls that no other `route` fits. Their path is the first argument, as of
        ``AGI(agi:async,ivr/sales?lang=en)``.
    calls, shared, debug, on_error
        As of `asterisk.asyncagi.AsyncAGI`.

    Attributes
    ----------
    counters : asterisk.asyncagi.Counters

    Raises
    ------
    TypeError
        `handler` is a plain function: those are for `asterisk.asyncagi.AsyncAGI`.
    """

    _awaits = True

    def __init__(
        self,
        manager: Manager,
        handler: Optional[Handler] = None,
        *,
        calls: int = 65536,
        shared: bool = False,
        debug: Debug = False,
        on_error: Optional[Callable[[str, Exception], object]] = None,
    ) -> None:
        super().__init__(handler, calls=calls, debug=debug, on_error=on_error, shared=shared)
        self._manager = manager
        self._over: Optional[asyncio.Future[None]] = None
        self._registered = True
        for name in EVENTS:
            manager.on(name, self._event)
        manager._watchers.append(self)

    async def __aenter__(self) -> AsyncAGI:
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.close()

    async def close(self, drain: float = 10.0) -> None:
        """Serve no more calls: those that go on may end within `drain` seconds, then they are cut.

        New ones go on in the dialplan. A handler whose call was cut gets `AGIHangup` from its next
        command, and is cancelled if it does not end. Not to be called in a handler of calls. May
        be called again.
        """
        self._closing = True
        await self._wait_for_end(drain)
        for dialogue in tuple(self._dialogues):
            dialogue.cut()
            dialogue.call.finish()
        self._advance()
        if not await self._wait_for_end(PATIENCE):
            for dialogue in tuple(self._dialogues):
                if isinstance(dialogue, _Transport) and dialogue.task is not None:
                    dialogue.task.cancel()
            await self._wait_for_end(PATIENCE)
        if self._registered:
            self._registered = False
            for name in EVENTS:
                self._manager.off(name, self._event)
            self._manager._watchers.remove(self)

    async def _wait_for_end(self, timeout: float) -> bool:
        if self._dialogues:
            if self._over is None or self._over.done():
                self._over = asyncio.get_running_loop().create_future()
            await asyncio.wait({self._over}, timeout=timeout)
        return not self._dialogues

    def _look_for_end(self) -> None:
        if not self._dialogues and self._over is not None and not self._over.done():
            self._over.set_result(None)

    # -- what the manager says --------------------------------------------------------------------

    def _event(self, event: Event) -> None:
        self._agi.event(event)
        self._advance()

    def ready(self) -> None:
        """Take that the manager is logged in. It calls this itself."""
        self._agi.ready()
        self._advance()

    def closed(self, error: int) -> None:
        """Take that the manager's connection is closed. It calls this itself."""
        self._agi.closed(error)
        self._advance()

    # -- calls ------------------------------------------------------------------------------------

    def _open(self, call: AsyncAgiCall, environment: bytes) -> Optional[Dialogue]:
        agi = AGI(debug=self.debug, command_size=_core.ASYNC_AGI_COMMAND_SIZE)
        transport = _Transport(self, call, agi)
        agi.connection_made(transport)
        try:
            agi.data_received(environment)
        except Exception as error:  # the trace's
            self.counters.failed += 1
            call.finish()
            self._report(agi.path, error)
            return None
        if not agi._has_started:
            self.counters.broken += 1
            call.finish()
            return None
        handler: Any = self.find(agi.path)
        if handler is None:
            self.counters.no_route += 1
            if self.shared:
                self._leave(call)
                return None
            handler = not_found_async
        self.counters.working += 1
        transport.task = asyncio.get_running_loop().create_task(self._run(transport, handler))
        return transport

    async def _run(self, transport: _Transport, handler: Any) -> None:
        outcome: Optional[BaseException] = None
        try:
            await handler(transport.agi)
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            outcome = error
        self.counters.working -= 1
        self._handled(transport, outcome)
        transport.agi.close()
        self._report(transport.agi.path, outcome)

    def _send(self, transport: _Transport, data: bytes) -> None:
        try:
            transport.call.send(data)
        except _core.Error:
            # The end of the stream is, or will be, told by itself.
            return
        self._advance()

    def _finish(self, transport: _Transport) -> None:
        transport.call.finish()
        self._advance()

    def _submit(self, name: str, headers: dict[str, Any], submission: int) -> None:
        try:
            future = self._manager.submit(name, **headers)
        except ManagerException as error:
            self._agi.not_submitted(submission, error.code or _core.ERR_NOT_SENT)
            return

        def done(future: asyncio.Future[Any]) -> None:
            error = future.exception()
            if error is None:
                self._done(submission, future.result().error)
            else:
                self._done(submission, getattr(error, "code", 0) or _core.ERR_UNKNOWN_OUTCOME)

        future.add_done_callback(done)
