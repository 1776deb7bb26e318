# SPDX-License-Identifier: MIT
"""One connection: a session of the core between the loop's transport and the manager."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Callable, Optional, Protocol, Union, cast

from asterisk import _core, errors
from asterisk._core import Event, EventQueue, ManagerMsg, Session
from asterisk.response import Response

__all__ = ["ActionFuture", "Call", "Connection", "answer"]

#: Reading pauses by the streams of events, not by this queue: it is emptied after each read.
UNBOUNDED = sys.maxsize


class Call(Protocol):
    """An action on its way: what the connection tells of it."""

    def began(self, response: ManagerMsg) -> None:
        """Take the response that begins a list that is streamed."""

    def item(self, event: Event) -> None:
        """Take an event of that list."""

    def ended(self, error: int, message: Optional[ManagerMsg], items: Sequence[Event]) -> None:
        """Take the end, which comes exactly once."""


def answer(
    connection: Connection, error: int, message: Optional[ManagerMsg], items: Sequence[Event]
) -> Response:
    """Return an action's response, or raise what became of the action instead.

    Raises
    ------
    ManagerException
        There is no response, or not the whole of it.
    """
    if message is None or error in (_core.ERR_TIMED_OUT, _core.ERR_UNKNOWN_OUTCOME):
        failure = connection.failure
        raise errors.exception(error, (failure.errno or 0) if failure is not None else 0)
    return Response(message, items, error)


class ActionFuture(asyncio.Future[Response]):
    """An action and its response; to cancel it withdraws the action."""

    def __init__(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self.connection = connection
        self.number = 0

    def began(self, response: ManagerMsg) -> None:
        """Not for lists that are collected."""

    def item(self, event: Event) -> None:
        """Not for lists that are collected."""

    def ended(self, error: int, message: Optional[ManagerMsg], items: Sequence[Event]) -> None:
        """Settle, unless it was cancelled."""
        if self.done():
            return
        if message is not None and error == 0:
            self.set_result(Response(message, items, 0))
            return
        try:
            self.set_result(answer(self.connection, error, message, items))
        except errors.ManagerException as err:
            self.set_exception(err)

    def cancel(self, msg: Optional[Any] = None) -> bool:
        """Cancel, and withdraw the action."""
        if not super().cancel(msg):
            return False
        self.connection.cancel(self.number)
        return True


class Connection(asyncio.BufferedProtocol):
    """A session and its transport.

    Parameters
    ----------
    session : Session
        Of its own; bytes are read straight into it.
    deliver : callable
        ``f(queue)``, to empty the queue of events after each read.
    on_closed : callable
        ``f(connection)``, called once, at the end.
    """

    def __init__(
        self,
        session: Session,
        deliver: Callable[[EventQueue], None],
        on_closed: Callable[[Connection], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._session = session
        self._queue = EventQueue(UNBOUNDED)
        self._deliver = deliver
        self._on_closed = on_closed
        self._transport: Optional[asyncio.Transport] = None
        self._room: Optional[memoryview] = None
        self._scratch: Optional[bytearray] = None
        self._flushing: Optional[asyncio.Handle] = None
        self._timer: Optional[asyncio.TimerHandle] = None
        self._writable = True
        self._paused = False
        #: Whether the manager wants no more events for now.
        self.hold = False
        self.greeting: Optional[ManagerMsg] = None
        #: The response to the login, or the greeting when there was none.
        self.ready: asyncio.Future[ManagerMsg] = self._loop.create_future()
        self.ready.add_done_callback(_retrieve)
        #: Done when the transport is gone.
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self.closed = False
        self.error = 0
        self.failure: Optional[OSError] = None
        self._refusal: Optional[ManagerMsg] = None

    # -- what the manager asks for ----------------------------------------------------------------

    @property
    def usable(self) -> bool:
        """Whether actions can be submitted."""
        return not self.closed and self._session.state == _core.STATE_READY

    @property
    def attached(self) -> bool:
        """Whether there is a transport."""
        return self._transport is not None

    @property
    def paused(self) -> bool:
        """Whether reading is paused."""
        return self._paused

    def future(self) -> ActionFuture:
        """Make the future of an action."""
        return ActionFuture(self, self._loop)

    def submit(self, call: Call, name: str, headers: Iterable[tuple[str, Any]], **how: Any) -> int:
        """Submit an action; it is sent as soon as the loop runs.

        Returns
        -------
        int
            Its number.

        Raises
        ------
        _core.Error
            It cannot be sent, and will not be.
        """
        number = self._session.submit(name, headers, call, **how)
        if self._flushing is None:
            self._flushing = self._loop.call_soon(self._flush)
        return number

    def cancel(self, number: int) -> None:
        """Withdraw an action if it has not ended."""
        if not self.closed and self._session.cancel(number):
            self._pump()

    def end(self, error: int = 0) -> None:
        """End the connection; what is in flight ends as well. May be called again."""
        if not self.closed:
            self._session.disconnected(error)
            self._pump()

    def abort(self) -> None:
        """Drop the transport if it has not gone."""
        if self._transport is not None:
            self._transport.abort()

    def exception(self) -> errors.ManagerException:
        """Say why it ended."""
        code, failure = self.error, self.failure
        if failure is None:
            words = self._refusal.get("Message") if self._refusal is not None else None
            return errors.exception(code, reason=words)
        if isinstance(failure, ssl.SSLCertVerificationError):
            code = _core.ERR_TLS_CERTIFICATE
        elif isinstance(failure, ssl.SSLError):
            code = _core.ERR_TLS
        return errors.exception(code, failure.errno or 0, failure.strerror or str(failure))

    def update_reading(self) -> None:
        """Pause or resume reading.

        An answer comes behind the events that are waiting to be read, and who is to take these
        may be waiting for the answer: with an action in flight, reading goes on whatever `hold`
        says.
        """
        transport = self._transport
        pause = self.hold and self._session.in_flight == 0
        if pause == self._paused or transport is None or transport.is_closing():
            return
        self._paused = pause
        if pause:
            transport.pause_reading()
        else:
            transport.resume_reading()
            self._set_timer()

    # -- what the transport tells -----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # uvloop's transports have all that asyncio's have but the class.
        self._transport = cast(asyncio.Transport, transport)
        if self.closed:
            self._transport.abort()
        else:
            self._set_timer()

    def get_buffer(self, sizehint: int) -> Union[memoryview, bytearray]:
        """Give room to read into."""
        if self.closed:
            if self._scratch is None:
                self._scratch = bytearray(65536)
            return self._scratch
        self._leave_room()
        self._room = self._session.get_buffer(sizehint)
        return self._room

    def _leave_room(self) -> None:
        """Let go of the session's buffer.

        The loop's frame holds it too, and may live on in the traceback of a handler's exception.
        """
        if self._room is not None:
            with contextlib.suppress(BufferError):  # uvloop lets go of it after this
                self._room.release()
            self._room = None

    def buffer_updated(self, nbytes: int) -> None:
        """Take what was read."""
        self._leave_room()
        if self.closed:
            return
        self._session.commit(nbytes)
        self._pump()

    def eof_received(self) -> bool:
        """Take the end of the stream; the transport closes itself."""
        return False

    def connection_lost(self, exc: Optional[Exception]) -> None:
        """Take the end."""
        if isinstance(exc, OSError) and self.failure is None:
            self.failure = exc
        self.end(0 if exc is None else _core.ERR_SYSTEM)
        self._transport = None
        if not self.gone.done():
            self.gone.set_result(None)

    def pause_writing(self) -> None:
        """Leave what is to be sent with the session."""
        self._writable = False

    def resume_writing(self) -> None:
        """Go on sending."""
        self._writable = True
        self._flush()

    # -- the session ------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Take what the session has to tell, events first."""
        notices = self._session.pump(self._queue, True)
        try:
            if len(self._queue):
                self._deliver(self._queue)
        finally:
            for kind, error, call, message, items in notices:
                if kind == _core.DONE:
                    if call is not None:
                        call.ended(error, message, items)
                elif kind == _core.ITEM:
                    call.item(message)
                elif kind == _core.RESPONSE:
                    call.began(message)
                elif kind == _core.GREETED:
                    self.greeting = message
                elif kind == _core.READY:
                    if not self.ready.done():
                        self.ready.set_result(message)
                elif kind == _core.CLOSED:
                    self._close(error, message)
            if len(self._queue):  # a handler meant to end the program, and did not
                self._loop.call_soon(self._pump)
        if self.closed:
            return
        if self.hold or self._paused:
            self.update_reading()
        if self._session.wants_write:
            self._flush()
        else:
            self._set_timer()

    def _flush(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        session, transport = self._session, self._transport
        if self.closed or transport is None or transport.is_closing():
            return
        while self._writable and session.wants_write:
            data = session.output()
            transport.write(data)
            session.sent(len(data))
        if self._paused:
            self.update_reading()
        self._set_timer()

    def _set_timer(self) -> None:
        """See to it that the timer fires no later than the session wants to be woken.

        Deadlines mostly move away, with each byte that comes; so a timer that is too early is left
        alone, and looks again when it fires.
        """
        timeout = self._session.timeout()
        if timeout is None:
            return
        if self._timer is not None:
            if self._timer.when() <= self._loop.time() + timeout:
                return
            self._timer.cancel()
        self._timer = self._loop.call_later(timeout, self._tick)

    def _tick(self) -> None:
        self._timer = None
        # A peer that is not read from is not asked for a sign of life.
        if self.closed or self._paused:
            return
        if self._session.timeout() == 0.0:
            self._session.tick()
            self._pump()
        else:
            self._set_timer()

    def _close(self, error: int, message: Optional[ManagerMsg]) -> None:
        self.closed = True
        self.error = error
        self._refusal = message
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.ready.done():
            self.ready.set_exception(self.exception())
        if self._transport is not None:
            if self._paused:
                # So that the end of the stream is seen.
                self._paused = False
                if not self._transport.is_closing():
                    self._transport.resume_reading()
            if error == 0:
                self._transport.close()
            else:
                self._transport.abort()
        self._on_closed(self)


def _retrieve(future: asyncio.Future[ManagerMsg]) -> None:
    """Look at an exception that nobody may be waiting for any more."""
    if not future.cancelled():
        future.exception()
