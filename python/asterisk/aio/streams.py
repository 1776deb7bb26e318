# SPDX-License-Identifier: MIT
"""Asynchronous iterators: over events, and over the items of one list."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Generic, Optional, TypeVar

from asterisk import _core, errors
from asterisk._core import Event, ManagerMsg

if TYPE_CHECKING:
    from asterisk.aio.connection import Connection

__all__ = ["Buffer", "EventStream", "Gap", "ListStream"]

T = TypeVar("T")


class Gap:
    """Stands in a stream of events where the connection was lost.

    What comes after it comes from a new connection; what happened in between is not known.

    Attributes
    ----------
    reason : ManagerException
        Why it was lost.
    """

    __slots__ = ("reason",)

    def __init__(self, reason: errors.ManagerException) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"<Gap: {self.reason}>"


class Buffer:
    """What waits in a stream, and who waits for it. Not for programs.

    The manager and the connection know this, and not the stream itself: so a stream that nobody
    iterates over any more goes away, and takes its registration with it.
    """

    __slots__ = ("dropped", "ended", "full", "items", "limit", "reason", "waiters")

    def __init__(self, limit: int) -> None:
        self.items: deque[Any] = deque()
        self.limit = limit
        self.dropped = 0
        #: It reached its limit, and was not emptied far enough since.
        self.full = False
        self.ended = False
        self.reason: Optional[Callable[[], BaseException]] = None
        self.waiters: list[asyncio.Future[None]] = []

    def wake(self) -> None:
        """Let everybody who waits look again."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)
        self.waiters.clear()

    def end(self, reason: Optional[Callable[[], BaseException]] = None) -> None:
        """Let iteration end, with an exception if there is a reason, after what waits already."""
        if not self.ended:
            self.ended = True
            self.reason = reason
            self.wake()

    async def wait(self) -> None:
        """Return when there is an item; raise at the end.

        Raises
        ------
        StopAsyncIteration
            It has ended.
        """
        while not self.items:
            if self.ended:
                if self.reason is not None:
                    raise self.reason()
                raise StopAsyncIteration
            waiter = asyncio.get_running_loop().create_future()
            self.waiters.append(waiter)
            try:
                await waiter
            finally:
                if waiter in self.waiters:
                    self.waiters.remove(waiter)


class Stream(Generic[T]):
    """What streams have in common.

    Parameters
    ----------
    buffer : Buffer
    release : callable
        ``f(buffer)``, to be called in the loop when nobody iterates any more.
    """

    def __init__(self, buffer: Buffer, release: Callable[[Buffer], None]) -> None:
        self._buffer = buffer
        self._items = buffer.items
        self._release: Optional[Callable[[Buffer], None]] = release
        try:
            self._loop: Optional[asyncio.AbstractEventLoop] = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    def __aiter__(self: S) -> S:
        return self

    async def __anext__(self) -> T:
        # With an item at hand this does not go through the loop.
        items = self._items
        if items and not self._buffer.full:
            return items.popleft()  # type: ignore[no-any-return]
        return await self._next()

    async def _next(self) -> T:
        await self._buffer.wait()
        return self._items.popleft()  # type: ignore[no-any-return]

    def __enter__(self: S) -> S:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        exception: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the stream; what waits in it is forgotten. May be called again."""
        release, self._release = self._release, None
        if release is not None:
            self._items.clear()
            self._buffer.end()
            release(self._buffer)

    def __del__(self) -> None:
        # It may be collected at any moment and in any thread: the loop does the rest.
        release, loop = getattr(self, "_release", None), getattr(self, "_loop", None)
        if release is not None and loop is not None:
            try:
                loop.call_soon_threadsafe(release, self._buffer)
            except RuntimeError:  # there is no loop any more
                pass

    @property
    def waiting(self) -> int:
        """Items that came and were not taken yet."""
        return len(self._items)


S = TypeVar("S", bound="Stream[Any]")


class EventStream(Stream[T]):
    """Events as they come: ``async for event in stream``.

    It receives from the moment it was made, see `Manager.events`. Several tasks may share one, each
    event then goes to one of them. Iteration ends when the manager logs off or is closed, and with
    a ManagerSocketException when the connection is lost and nothing was said of reconnecting; in
    both cases after all events that came before.

    A stream that is not iterated over any more has to go: leave its ``with`` block, call `close`,
    or keep no reference. Else it fills up and holds up all others.
    """

    def __init__(
        self, buffer: Buffer, release: Callable[[Buffer], None], resume: Callable[[], None]
    ) -> None:
        super().__init__(buffer, release)
        self._resume = resume

    async def _next(self) -> T:
        buffer = self._buffer
        await buffer.wait()
        event: T = self._items.popleft()
        if buffer.full and len(self._items) <= buffer.limit // 2:
            buffer.full = False
            self._resume()
        return event

    def expire(self) -> None:
        """Let iteration end with a ManagerTimeoutException, after what waits already."""
        self._buffer.end(lambda: errors.exception(_core.ERR_TIMED_OUT))

    @property
    def dropped(self) -> int:
        """Events that were dropped since the beginning to make room for newer ones."""
        return self._buffer.dropped


class ListStream(Stream[Event]):
    """The items of an action's list as they come: ``async for event in stream``.

    The event that ends the list comes as well. What is not taken yet waits in memory, however much
    it is: Asterisk answers nothing else meanwhile.

    An action that Asterisk refuses ends the iteration with a ManagerActionException, a connection
    that is lost with ManagerOutcomeUnknown.
    """

    def __init__(self, call: ListCall, release: Callable[[Buffer], None]) -> None:
        super().__init__(call.buffer, release)
        self._call = call

    @property
    def response(self) -> Optional[ManagerMsg]:
        """What Asterisk answered to the action; None before."""
        return self._call.response


class ListCall:
    """An action whose list is streamed."""

    __slots__ = ("buffer", "connection", "number", "response")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.number = 0
        self.buffer = Buffer(0)
        self.response: Optional[ManagerMsg] = None

    def began(self, response: ManagerMsg) -> None:
        """Take the response."""
        self.response = response

    def item(self, event: Event) -> None:
        """Take an item."""
        self.buffer.items.append(event)
        self.buffer.wake()

    def ended(self, error: int, message: Optional[ManagerMsg], items: Sequence[Event]) -> None:
        """Take the end."""
        from asterisk.aio.connection import answer

        if self.response is None:
            self.response = message

        def reason() -> BaseException:
            try:
                answer(self.connection, error, message, ()).check()
            except errors.ManagerException as err:
                return err
            return errors.exception(error)

        self.buffer.end(reason if error not in (0, _core.ERR_CANCELLED) else None)

    def release(self, buffer: Buffer) -> None:
        """Withdraw the action if it has not ended."""
        self.connection.cancel(self.number)
