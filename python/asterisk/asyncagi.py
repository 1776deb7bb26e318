# SPDX-License-Identifier: MIT
"""AsyncAGI: calls that are run over a manager connection, by ``AGI(agi:async)``.

::

    from asterisk.asyncagi import AsyncAGI
    from asterisk.manager import Manager
    from asterisk.response import Response

    def ivr(agi):                        # as it would be with AGI or FastAGI
        agi.answer()
        agi.stream_file("welcome")

    with Manager() as manager:
        manager.connect("localhost")
        manager.login("user", "secret", events="agi,call")
        with AsyncAGI(manager, ivr):
            wait_for_something()

The manager's user reads events of the classes agi and call, and may send actions of the class agi.

Calls are told apart by their first argument, ``AGI(agi:async,ivr/sales?lang=en)``, which is their
path with parameters, as that of ``AGI(agi://host/ivr/sales?lang=en)`` is: see `AsyncAGI.route`.

Against other AGI, two things are different (Asterisk's res_agi.c). A command that fails, such as
``stream_file`` of a file that is not there, mostly ends the dialogue, which is `AGIHangup` to the
handler though the dialplan goes on. And nothing can be done on a channel that was hung up.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import TYPE_CHECKING, Any, Optional

from asterisk import _core
from asterisk.agi import AGI
from asterisk.agi.async_calls import EVENTS, AsyncCalls, Counters, Dialogue
from asterisk.agi.routes import Handler, not_found
from asterisk.errors import ManagerException

if TYPE_CHECKING:
    from types import TracebackType

    from asterisk._core import AsyncAgiCall, Event
    from asterisk.agi.trace import Debug
    from asterisk.manager import Manager
    from asterisk.response import Response

__all__ = ["AsyncAGI", "Counters"]

#: Seconds that calls which were cut have to end on Asterisk's side.
PATIENCE = 1.0

#: Seconds until `close` looks again who drives the manager.
TURN = 0.1


class _Stream(Dialogue):
    """A call, in the shape of a socket that blocks."""

    def __init__(
        self, owner: AsyncAGI, call: AsyncAgiCall, session: _core.AgiSession
    ) -> None:
        super().__init__(call)
        self._owner = owner
        self.session = session
        self._pieces: deque[bytes] = deque()
        self._is_cut = False
        self._changed = threading.Condition(threading.Lock())

    def received(self, data: bytes) -> None:
        if data == b"HANGUP\n":
            # To be known at once, though the handler may read nothing for long.
            self.session.hang_up()
            return
        with self._changed:
            self._pieces.append(data)
            self._changed.notify()

    def cut(self) -> None:
        with self._changed:
            self._is_cut = True
            self._changed.notify()

    @property
    def is_over(self) -> bool:
        """Whether the stream ended, and all that came before was taken."""
        return self._is_cut and not self._pieces and not self.session.busy

    def recv(self, size: int) -> bytes:
        with self._changed:
            while not self._pieces:
                if self._is_cut:
                    return b""
                self._changed.wait()
            data = self._pieces.popleft()
            if len(data) > size:
                self._pieces.appendleft(data[size:])
            return data[:size]

    def sendall(self, data: bytes) -> None:
        self._owner._send(self, data)

    def close(self) -> None:
        self._owner._finish(self)


class _AGI(AGI):
    """An AGI that knows of the end of the dialogue before it reads it."""

    @property
    def hung_up(self) -> bool:
        return super().hung_up or (isinstance(self._stream, _Stream) and self._stream.is_over)


class AsyncAGI(AsyncCalls):
    """Serves the AsyncAGI calls of a manager: handlers run in threads, with an `asterisk.agi.AGI`.

    It begins at once. Use it in a ``with`` statement, or call `close`.

    Parameters
    ----------
    manager : asterisk.manager.Manager
        Connected or not. When its connection is lost, all calls end for their handlers; if it
        reconnects, callers that were left alone so go on in the dialplan.
    handler : callable, optional
        ``f(agi)``, for calls that no other `route` fits.
    workers : int, optional
        Threads, made when they are needed.
    waiting : int, optional
        Calls that wait for a thread; those above go on in the dialplan.
    calls : int, optional
        Calls at one time; those above go on in the dialplan.
    shared : bool, optional
        Leave calls that no route fits to other clients of Asterisk; else they are told so as
        `asterisk.fastagi.Server` does, and go on in the dialplan.
    debug : bool or 'json' or callable, optional
        To trace every call: see `asterisk.agi.AGI`.
    on_error : callable, optional
        Is called with the path and the exception when a handler fails; by default it is logged.

    Attributes
    ----------
    counters : Counters

    Raises
    ------
    TypeError
        `handler` is an ``async def``: those are for `asterisk.aio.AsyncAGI`.
    """

    def __init__(
        self,
        manager: Manager,
        handler: Optional[Handler] = None,
        *,
        workers: int = 64,
        waiting: int = 1024,
        calls: int = 65536,
        shared: bool = False,
        debug: Debug = False,
        on_error: Optional[Callable[[str, Exception], object]] = None,
    ) -> None:
        super().__init__(handler, calls=calls, debug=debug, on_error=on_error, shared=shared)
        self.workers = workers
        self.waiting = waiting
        self._manager = manager
        # Held by whoever is in here. Actions are submitted under it, so that it may be taken again:
        # to submit one may tell of the end of another.
        self._lock = threading.RLock()
        self._over = threading.Condition(self._lock)
        self._executor: Optional[ThreadPoolExecutor] = None
        self._registered = True
        for name in EVENTS:
            manager.register_event(name, self._event)
        manager._watchers.append(self)

    def __enter__(self) -> AsyncAGI:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def close(self, drain: float = 10.0) -> None:
        """Serve no more calls: those that go on may end within `drain` seconds, then they are cut.

        New ones go on in the dialplan. A handler whose call was cut gets `AGIHangup` from its next
        command, and is waited for. Not to be called in a handler of calls or of events. May be
        called again.
        """
        with self._lock:
            self._closing = True
        self._wait_for_end(drain)
        with self._lock:
            for dialogue in tuple(self._dialogues):
                dialogue.cut()
                dialogue.call.finish()
            self._advance()
        if self._executor is not None:
            self._executor.shutdown(wait=True)
        self._wait_for_end(PATIENCE)
        with self._lock:
            if self._registered:
                self._registered = False
                for name in EVENTS:
                    self._manager.unregister_event(name, self._event)
                self._manager._watchers.remove(self)

    def _wait_for_end(self, timeout: float) -> None:
        """Wait for the calls to end, and drive the manager if nobody else does."""
        deadline = monotonic() + timeout
        while True:
            with self._lock:
                left = deadline - monotonic()
                if not self._dialogues or left <= 0:
                    return
                if self._manager.message_thread is not None or not self._manager.connected():
                    self._over.wait(min(left, TURN))
                    continue
            self._manager.process(min(left, TURN))

    # -- what the manager says --------------------------------------------------------------------

    def _event(self, event: Event, _: Manager) -> None:
        with self._lock:
            self._agi.event(event)
            self._advance()

    def ready(self) -> None:
        """Take that the manager is logged in. It calls this itself."""
        with self._lock:
            self._agi.ready()
            self._advance()

    def closed(self, error: int) -> None:
        """Take that the manager's connection is closed. It calls this itself."""
        with self._lock:
            self._agi.closed(error)
            self._advance()

    # -- calls ------------------------------------------------------------------------------------

    def _open(self, call: AsyncAgiCall, environment: bytes) -> Optional[Dialogue]:
        counters = self.counters
        session = _core.AgiSession(command_size=_core.ASYNC_AGI_COMMAND_SIZE)
        session.feed(environment)
        if session.next() != _core.AGI_ENVIRONMENT:
            counters.broken += 1
            call.finish()
            return None
        handler = self.find(session.path())
        if handler is None:
            counters.no_route += 1
            if self.shared:
                self._leave(call)
                return None
            handler = not_found
        if counters.waiting >= self.waiting and counters.working >= self.workers:
            counters.refused_waiting += 1
            call.finish()
            return None
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self.workers, "asyncagi")
        stream = _Stream(self, call, session)
        counters.waiting += 1
        self._executor.submit(self._work, stream, handler)
        return stream

    def _work(self, stream: _Stream, handler: Handler) -> None:
        """Handle a call, in a thread of the pool."""
        counters, session = self.counters, stream.session
        with self._lock:
            counters.waiting -= 1
            counters.working += 1
        outcome: Optional[BaseException] = None
        try:
            handler(_AGI._over(session, stream, self.debug))
        except BaseException as error:
            outcome = error
        with self._lock:
            counters.working -= 1
            self._handled(stream, outcome)
        self._report(session.path(), outcome)

    def _send(self, stream: _Stream, data: bytes) -> None:
        with self._lock:
            try:
                stream.call.send(data)
            except _core.Error as error:
                raise BrokenPipeError(_core.strerror(error.code)) from None
            self._advance()

    def _finish(self, stream: _Stream) -> None:
        with self._lock:
            stream.call.finish()
            self._advance()

    def _submit(self, name: str, headers: dict[str, Any], submission: int) -> None:
        try:
            future = self._manager.submit(name, **headers)
        except ManagerException as error:
            self._agi.not_submitted(submission, error.code or _core.ERR_NOT_SENT)
            return

        def done(_: object) -> None:
            with self._lock:
                self._done(submission, _error_of(future))

        future.add_done_callback(done)

    def _look_for_end(self) -> None:
        if not self._dialogues:
            self._over.notify_all()


def _error_of(future: Future[Response]) -> int:
    """Return the ERR_* of an action that is over, 0 for success."""
    error = Future.exception(future)
    if error is None:
        return Future.result(future).error
    return getattr(error, "code", 0) or _core.ERR_UNKNOWN_OUTCOME
