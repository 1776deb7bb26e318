# SPDX-License-Identifier: MIT
"""The half of the manager that hands out events: to streams, and to handlers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar, Union, overload

from asterisk import errors
from asterisk._core import Event, EventQueue
from asterisk.aio.connection import Connection
from asterisk.aio.streams import Buffer, EventStream, Gap
from asterisk.errors import ManagerException

if TYPE_CHECKING:
    from typing import Literal

    from asterisk.actions.view import Event as View

    V = TypeVar("V", bound=View)

__all__ = ["EventSource"]

T = TypeVar("T")
Handler = TypeVar("Handler", bound="Callable[[Event], Any]")
Name = Union[str, "type[View]"]
Callback = Callable[[Event, Any], Any]
Policies = ("pause", "drop-oldest")


def _log(text: str, *args: object, exception: BaseException) -> None:
    import logging

    logging.getLogger("asterisk.aio").error(text, *args, exc_info=exception)


def _log_handler_error(event: Event, exception: BaseException) -> None:
    _log("a handler of event %s failed", event.name, exception=exception)


class EventSource:
    """What `Manager` has for events.

    Parameters
    ----------
    queue_size : int
    queue_policy : {'pause', 'drop-oldest'}
        Of streams that say nothing else.
    """

    def __init__(self, queue_size: int, queue_policy: str) -> None:
        self._check_queue(queue_size, queue_policy)
        self.on_handler_error: Callable[[Event, BaseException], Any] = _log_handler_error
        self._queue_size = queue_size
        self._queue_policy = queue_policy
        self._connection: Optional[Connection] = None
        # Whom events go to, by their names.
        self._callbacks: dict[str, list[Callback]] = {}
        self._handlers: list[tuple[Name, Any, Callback]] = []
        self._buffers: dict[Buffer, list[tuple[str, Callback]]] = {}
        self._gap_buffers: list[Buffer] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._waiting = 0
        self._dropped = 0
        self._ended = False
        self._loss: Optional[Callable[[], ManagerException]] = None

    @staticmethod
    def _check_queue(size: int, policy: str) -> None:
        if policy not in Policies:
            raise ValueError("the policy of an event queue is 'pause' or 'drop-oldest'")
        if size < 1:
            raise ValueError("the size of an event queue is at least 1")

    @overload
    def events(
        self,
        *names: str,
        filter: Optional[Callable[[Event], Any]] = None,
        size: Optional[int] = None,
        policy: Optional[str] = None,
        gaps: Literal[False] = False,
    ) -> EventStream[Event]: ...

    @overload
    def events(
        self,
        *names: str,
        filter: Optional[Callable[[Event], Any]] = None,
        size: Optional[int] = None,
        policy: Optional[str] = None,
        gaps: Literal[True],
    ) -> EventStream[Union[Event, Gap]]: ...

    @overload
    def events(
        self,
        name: type[V],
        /,
        *names: type[V],
        filter: Optional[Callable[[V], Any]] = None,
        size: Optional[int] = None,
        policy: Optional[str] = None,
        gaps: Literal[False] = False,
    ) -> EventStream[V]: ...

    @overload
    def events(
        self,
        name: type[V],
        /,
        *names: type[V],
        filter: Optional[Callable[[V], Any]] = None,
        size: Optional[int] = None,
        policy: Optional[str] = None,
        gaps: Literal[True],
    ) -> EventStream[Union[V, Gap]]: ...

    def events(
        self,
        *names: Any,
        filter: Optional[Callable[[Any], Any]] = None,
        size: Optional[int] = None,
        policy: Optional[str] = None,
        gaps: bool = False,
    ) -> EventStream[Any]:
        """Iterate over events, from now on: ``async for event in manager.events("Hangup")``.

        There may be many streams at a time, each gets all events that it is for. A stream goes on
        over a loss of the connection when the manager reconnects.

        Parameters
        ----------
        *names : str or class
            Names of events, exactly as Asterisk writes them, or classes of
            `asterisk.actions.events`, whose instances the stream then gives. None for all events.
        filter : callable, optional
            ``f(event)``, true for those to keep.
        size : int, optional
            Events that may wait in the stream, by default the manager's `event_queue_size`.
        policy : {'pause', 'drop-oldest'}, optional
            What to do when more come, by default the manager's `event_queue_policy`.
        gaps : bool, optional
            Whether to have a `Gap` in the stream where the connection was lost, if the manager
            reconnects.

        Returns
        -------
        EventStream

        Raises
        ------
        ValueError
            `policy` or `size` is none.
        """
        limit = self._queue_size if size is None else size
        policy = self._queue_policy if policy is None else policy
        self._check_queue(limit, policy)
        buffer = Buffer(limit if policy == "pause" else sys.maxsize)
        puts = []
        for name in dict.fromkeys(names or ("*",)):
            view = None if isinstance(name, str) else name
            put = _put(buffer, view, filter, limit if policy == "drop-oldest" else 0)
            puts.append((view.name if view is not None else name, put))
        if any(name == "*" for name, _ in puts):
            puts = [(name, put) for name, put in puts if name == "*"]
        for name, put in puts:
            self._callbacks.setdefault(name, []).append(put)
        self._buffers[buffer] = puts
        if gaps:
            self._gap_buffers.append(buffer)
        if self._ended:
            buffer.end(self._loss)
        return EventStream(buffer, self._release, self._check_hold)

    @overload
    def wait_for(
        self,
        *names: str,
        predicate: Optional[Callable[[Event], Any]] = None,
        timeout: Optional[float] = None,
    ) -> Coroutine[Any, Any, Event]: ...

    @overload
    def wait_for(
        self,
        name: type[V],
        /,
        *names: type[V],
        predicate: Optional[Callable[[V], Any]] = None,
        timeout: Optional[float] = None,
    ) -> Coroutine[Any, Any, V]: ...

    def wait_for(
        self,
        *names: Any,
        predicate: Optional[Callable[[Any], Any]] = None,
        timeout: Optional[float] = None,
    ) -> Coroutine[Any, Any, Any]:
        """Wait for an event that comes from now on.

        "Now" is the call, not the await: so an action can be sent in between.

        Parameters
        ----------
        *names : str or class
            As of `events`.
        predicate : callable, optional
            ``f(event)``, true for the event to wait for.
        timeout : float, optional
            Seconds to wait at most; by default without a limit.

        Returns
        -------
        Event
            Or an instance of the class that was given.

        Raises
        ------
        ManagerTimeoutException
            It did not come in time.
        ManagerSocketException
            The connection was lost or closed before.
        """
        return self._wait_for(self.events(*names, filter=predicate), timeout)

    async def _wait_for(self, stream: EventStream[T], timeout: Optional[float]) -> T:
        timer = None
        self._waiting += 1
        self._check_hold()
        try:
            with stream:
                if timeout is not None:
                    timer = asyncio.get_running_loop().call_later(timeout, stream.expire)
                return await stream.__anext__()
        except StopAsyncIteration:
            raise errors.exception(0) from None
        finally:
            self._waiting -= 1
            self._check_hold()
            if timer is not None:
                timer.cancel()

    @overload
    def on(self, name: str) -> Callable[[Handler], Handler]: ...

    @overload
    def on(self, name: str, handler: Handler) -> Handler: ...

    @overload
    def on(self, name: type[V]) -> Callable[[Callable[[V], T]], Callable[[V], T]]: ...

    @overload
    def on(self, name: type[V], handler: Callable[[V], T]) -> Callable[[V], T]: ...

    def on(self, name: Any, handler: Any = None) -> Any:
        """Have a handler called for events, also as a decorator: ``@manager.on("Hangup")``.

        Plain functions are called one after the other, those for the name before those for any,
        before anything else is read. A coroutine function gets a task of its own for each event;
        those run side by side. An exception goes to `on_handler_error` and nowhere else.

        Parameters
        ----------
        name : str or class
            Name of the events, exactly as Asterisk writes it, ``"*"`` for all, or a class of
            `asterisk.actions.events`, which the handler then gets an instance of.
        handler : callable
            ``f(event)``.

        Returns
        -------
        callable
            The handler; without one, a decorator.
        """
        if handler is None:
            return lambda handler: self.on(name, handler)
        view = None if isinstance(name, str) else name
        iscoroutine, run = asyncio.iscoroutine, self._run

        def call(event: Event, _: Any) -> None:
            result = handler(event) if view is None else handler(view(event))
            if result is not None and iscoroutine(result):
                run(result, event)

        self._handlers.append((name, handler, call))
        self._callbacks.setdefault(name if view is None else view.name, []).append(call)
        return handler

    def off(self, name: Name, handler: Callable[..., Any]) -> None:
        """Take a handler out again.

        Raises
        ------
        ValueError
            It is not registered for that name or class.
        """
        for index, (registered, function, call) in enumerate(self._handlers):
            if registered == name and function == handler:
                del self._handlers[index]
                self._unregister(name if isinstance(name, str) else name.name, call)
                return
        raise ValueError(f"{handler!r} is not registered for {name}")

    @property
    def events_queued(self) -> int:
        """Events that wait in streams."""
        return sum(len(buffer.items) for buffer in self._buffers)

    @property
    def events_dropped(self) -> int:
        """Events that streams dropped since the beginning, see `event_queue_policy`."""
        return self._dropped + sum(buffer.dropped for buffer in self._buffers)

    @property
    def reading_paused(self) -> bool:
        """Whether reading pauses because a stream is full."""
        return self._connection is not None and self._connection.paused

    def _deliver(self, queue: EventQueue) -> None:
        """Hand out the events of a read."""
        try:
            if self._callbacks:
                queue.dispatch(self, self._callbacks, self._handler_error)
            else:
                queue.clear()
        finally:
            full = False
            for buffer in self._buffers:
                if buffer.items:
                    if buffer.waiters:
                        buffer.wake()
                    if len(buffer.items) >= buffer.limit:
                        buffer.full = full = True
            if full or len(self._tasks) >= self._queue_size:
                self._check_hold()

    def _check_hold(self) -> None:
        """Decide whether to go on reading."""
        connection = self._connection
        if connection is None:
            return
        connection.hold = self._waiting == 0 and (
            len(self._tasks) >= self._queue_size or any(buffer.full for buffer in self._buffers)
        )
        if connection.hold != connection.paused:
            connection.update_reading()

    def _unregister(self, name: str, callback: Callback) -> None:
        callbacks = self._callbacks[name]
        callbacks.remove(callback)
        if not callbacks:
            del self._callbacks[name]

    def _release(self, buffer: Buffer) -> None:
        """Forget a stream."""
        for name, put in self._buffers.pop(buffer, ()):
            self._unregister(name, put)
        if buffer in self._gap_buffers:
            self._gap_buffers.remove(buffer)
        self._dropped += buffer.dropped
        if buffer.full:
            self._check_hold()

    def _begin_streams(self) -> None:
        """Let new streams be open from now on."""
        self._ended = False
        self._loss = None

    def _put_gap(self, reason: ManagerException) -> None:
        """Mark a loss in the streams that want to know."""
        for buffer in self._gap_buffers:
            buffer.items.append(Gap(reason))
            buffer.wake()

    def _end_streams(self, loss: Optional[Callable[[], ManagerException]]) -> None:
        self._ended = True
        self._loss = loss
        for buffer in self._buffers:
            buffer.end(loss)

    def _handler_error(self, event: Event, exception: BaseException) -> None:
        try:
            self.on_handler_error(event, exception)
        except Exception as err:
            _log("on_handler_error failed", exception=err)

    def _run(self, coroutine: Coroutine[Any, Any, Any], event: Optional[Event] = None) -> None:
        """Run a handler in a task of its own."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)

        def done(task: asyncio.Task[Any]) -> None:
            self._tasks.discard(task)
            exception = None if task.cancelled() else task.exception()
            if isinstance(exception, Exception):
                if event is not None:
                    self._handler_error(event, exception)
                else:
                    _log("a hook failed", exception=exception)
            if self._connection is not None and self._connection.hold:
                self._check_hold()

        task.add_done_callback(done)

    def _tell(self, hook: Optional[Callable[..., Any]], *args: Any) -> None:
        if hook is None:
            return
        try:
            result = hook(*args)
            if asyncio.iscoroutine(result):
                self._run(result)
        except Exception as err:
            _log("a hook failed", exception=err)


def _put(
    buffer: Buffer,
    view: Optional[Callable[[Event], Any]],
    wanted: Optional[Callable[[Any], Any]],
    keep: int,
) -> Callable[[Event, Any], None]:
    """Make the callback that puts events into a stream; `keep`: how many, dropping older ones."""
    items = buffer.items
    append = items.append

    def put(event: Event, _: Any) -> None:
        append(event)

    def put_some(event: Any, _: Any) -> None:
        if view is not None:
            event = view(event)
        if wanted is not None and not wanted(event):
            return
        if keep and len(items) >= keep:
            items.popleft()
            buffer.dropped += 1
        append(event)

    return put if view is None and wanted is None and not keep else put_some
