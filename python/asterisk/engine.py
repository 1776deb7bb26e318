# SPDX-License-Identifier: MIT
"""One connection, driven by whichever thread waits for something.

At any time at most one thread, the leader, polls the socket, feeds the session and tells the
others what came. A thread that waits for an answer leads if nobody else does, and is woken by the
leader if somebody does. So no thread is needed for the connection itself, and none that is busy
with something else, such as an event handler, is in anybody's way.
"""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Iterable, Sequence
from threading import Condition, Lock, RLock, get_ident
from time import monotonic
from typing import Any, Callable

from asterisk import _core
from asterisk._core import Event, EventQueue, ManagerMsg, Session
from asterisk.transport import Transport

__all__ = ["Call", "Engine", "Parker"]

#: Reads of one step at most, so that what was read is handled in between.
READS = 16
# Seconds between actions that make them a burst, whose bytes may wait for each other.
BURST = 0.001


class Parker:
    """Lets one thread sleep until another wakes it. Used under the engine's lock but for `park`."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = Lock()
        self._lock.acquire()

    def park(self, timeout: float | None = None) -> None:
        """Sleep until woken, or at most so many seconds."""
        if timeout is None:
            self._lock.acquire()
        else:
            self._lock.acquire(timeout=max(timeout, 0))

    def wake(self) -> None:
        """Wake the thread; one that is not asleep will not fall asleep."""
        if self._lock.locked():
            self._lock.release()


class Call:
    """An action on its way."""

    __slots__ = ("done", "error", "items", "message", "number", "on_done", "parkers")

    def __init__(self, on_done: Callable[[Call], None] | None = None) -> None:
        self.number = 0
        self.done = False
        self.error = 0
        self.message: ManagerMsg | None = None
        self.items: Sequence[Event] = ()
        self.parkers: tuple[Parker, ...] = ()
        self.on_done = on_done


class Engine:
    """A session and its socket.

    Parameters
    ----------
    transport : Transport
        Connecting or connected.
    session : Session
    queue : EventQueue
        Where events go.
    """

    def __init__(self, transport: Transport, session: Session, queue: EventQueue) -> None:
        self.session = session
        self.queue = queue
        self.greeting: ManagerMsg | None = None
        #: READY and CLOSED, for the manager.
        self.notices: deque[tuple[int, int]] = deque()
        self.closed = False
        self.error = 0
        self.failure: OSError | None = None
        #: All futures of this engine share it: one each would be most of what they cost.
        self.finished = Condition()
        self._transport = transport
        # One that can be taken again: a finalizer may run anywhere, and call anything.
        self._lock = RLock()
        self._leader = 0
        # Those who wait for their calls while another leads, in order of arrival.
        self._parked: dict[Parker, Call] = {}
        self._attendant: Parker | None = None
        self._completions: deque[Call] = deque()
        self._forced = 0
        self._more = False
        # While somebody polls: until when at most. Otherwise 0.
        self._poll_until = 0.0
        self._poll = select.poll()
        self._polled: tuple[int, int] = (-1, 0)
        self._woken = False
        self._submitted = 0.0  # when an action was, that could wait for others
        self._wake_in, self._wake_out = os.pipe()
        os.set_blocking(self._wake_in, False)
        os.set_blocking(self._wake_out, False)
        self._poll.register(self._wake_in, select.POLLIN)

    # -- what anybody may ask ---------------------------------------------------------------------

    def fileno(self) -> int:
        """Return the socket's descriptor, -1 when it is closed."""
        return self._transport.fileno()

    @property
    def ready(self) -> bool:
        """Whether actions can be submitted."""
        return not self.closed and self.session.state == _core.STATE_READY

    @property
    def events(self) -> int:
        """What to poll the socket for."""
        if not self._transport.established:
            return self._transport.interest
        events = 0 if self.session.stalled else select.POLLIN
        if self.session.wants_write:
            events |= select.POLLOUT
        return events

    def timeout(self) -> float | None:
        """Return the seconds until `step` has something to do even if the socket has not."""
        if self._more or self.notices or (self.session.stalled and not self.queue.full):
            return 0.0
        return self.session.timeout()

    # -- actions ----------------------------------------------------------------------------------

    def submit(
        self,
        call: Call,
        name: str,
        headers: Iterable[tuple[str, Any]],
        together: bool = False,
        **how: Any,
    ) -> None:
        """Submit an action and send what can be sent.

        Parameters
        ----------
        call : Call
        name : str
        headers : iterable of (str, value)
        together : bool
            In a burst, leave the sending to the leader if there is one: what is submitted until
            he wakes up goes out in one piece.
        **how
            As `Session.submit` takes it.

        Raises
        ------
        _core.Error
            It cannot be sent, and was not.
        """
        with self._lock:
            if self.closed:
                # A closed session keeps actions for its restart, and this one never restarts.
                error = _core.Error(_core.ERR_STATE, _core.strerror(_core.ERR_STATE))
                error.code = _core.ERR_STATE
                raise error
            call.number = self.session.submit(name, headers, call, **how)
            if together:
                now = monotonic()
                together = now - self._submitted < BURST
                self._submitted = now
            if not together or self._leader in (0, get_ident()):
                self._flush()
            if self.session.state == _core.STATE_CLOSED:
                self._pump()
            elif self._leader not in (0, get_ident()):
                timeout = self.session.timeout()
                if self.session.wants_write or (
                    timeout is not None and monotonic() + timeout < self._poll_until
                ):
                    self._wake_leader()
        self.complete()

    def wait(self, call: Call, force: bool, deadline: float | None = None) -> bool:
        """Wait until a call is done, leading if nobody else does.

        Parameters
        ----------
        call : Call
        force : bool
            Whether the caller is the one who empties the queue of events, so that the queue has
            to grow over its bound until the call is done.
        deadline : float, optional
            On the clock of `time.monotonic`.

        Returns
        -------
        bool
            Whether it is done.
        """
        me = get_ident()
        self._force(1 if force else 0)
        try:
            self.complete()
            while not call.done:
                timeout = None if deadline is None else deadline - monotonic()
                if timeout is not None and timeout < 0:
                    return False
                with self._lock:
                    if call.done or self.closed:
                        break
                    leader = self._leader
                    lead = leader in (0, me)
                    if lead:
                        self._leader = me
                    else:
                        parker = Parker()
                        self._parked[parker] = call
                        call.parkers += (parker,)
                if lead:
                    try:
                        self.step(timeout)
                        while not call.done and not self.closed and deadline is None:
                            self.step(None)
                    finally:
                        if leader == 0:
                            self._resign()
                else:
                    try:
                        parker.park(timeout)
                    finally:
                        with self._lock:
                            self._parked.pop(parker, None)
                            call.parkers = tuple(p for p in call.parkers if p is not parker)
            self.complete()
            return call.done
        finally:
            if self._parked:
                # Who was woken to lead, and has no need to any more, wakes the next.
                with self._lock:
                    self._hand_over()
            self._force(-1 if force else 0)

    def cancel(self, call: Call) -> None:
        """Forget an action; it ends at once."""
        with self._lock:
            if not call.done:
                self.session.cancel(call.number)
                self._pump()
                if self._leader not in (0, get_ident()):
                    self._wake_leader()  # it may be what the leader waits for
        self.complete()

    def _force(self, change: int) -> None:
        if change:
            with self._lock:
                self._forced += change
                if self._forced and self._leader not in (0, get_ident()):
                    self._wake_leader()

    # -- leading ----------------------------------------------------------------------------------

    def attend(self, timeout: float | None = None) -> None:
        """Lead, or sleep while another does, until there are events or notices to attend to.

        Parameters
        ----------
        timeout : float, optional
            Seconds at most.
        """
        deadline = None if timeout is None else monotonic() + timeout
        me = get_ident()
        while not self.closed and not self.notices and not len(self.queue):
            with self._lock:
                if self.closed or self.notices or len(self.queue):
                    break  # they came since, and whoever brought them saw nobody to wake
                lead = self._leader in (0, me)
                nested = self._leader == me
                if lead:
                    self._leader = me
                else:
                    parker = self._attendant = Parker()
            if lead:
                try:
                    self.step(timeout)
                except BaseException:
                    if not nested:
                        self._resign()
                    raise
                if not nested:
                    # Whoever wants to lead now may; this thread will if nobody does.
                    with self._lock:
                        self._leader = 0
                        self._flush()  # what was left to this thread to send
                        if self.closed:
                            self._close_descriptors()
            else:
                try:
                    parker.park(timeout)
                finally:
                    with self._lock:
                        if self._attendant is parker:
                            self._attendant = None
            if deadline is not None:
                timeout = deadline - monotonic()
                if timeout <= 0:
                    break
        if self._parked:
            with self._lock:
                self._hand_over()

    def step(self, timeout: float | None = None) -> None:
        """Poll once, read, send, look at the clock. For the leader.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most for something to happen.
        """
        with self._lock:
            if self.closed:
                return
            self._flush()
            if self.session.stalled:
                pending = self.session.pending
                self._pump()
                if self.session.pending != pending:
                    timeout = 0.0  # there may be what the caller waits for
            interrupted = self._poll_until
            if interrupted:
                # In a signal handler, while this very thread polls: that poll cannot be used.
                self._poll_anew()
            milliseconds = self._prepare(timeout)
        poll = self._poll
        try:
            ready = poll.poll(milliseconds)
        finally:
            self._poll_until = interrupted
            if interrupted:
                self._wake_leader()  # what it waits for may have come and gone
        with self._lock:
            for descriptor, _ in ready:
                if descriptor == self._wake_in:
                    self._drain_wake()
                elif not self.closed and not self._transport.established:
                    self._advance()
            if self.closed:
                self._close_descriptors()
            else:
                if self._transport.established and (
                    self._more or any(descriptor != self._wake_in for descriptor, _ in ready)
                ):
                    self._flush()
                    self._read()
                if self.session.timeout() == 0.0:
                    self.session.tick()
                self._pump()
                self._flush()
        self.complete()

    def _poll_anew(self) -> None:
        self._poll = select.poll()
        self._poll.register(self._wake_in, select.POLLIN)
        self._polled = (-1, 0)

    def _prepare(self, timeout: float | None) -> int | None:
        """Set up the poll; returns its timeout in milliseconds."""
        due = self.timeout()
        if self.closed:
            timeout = 0.0
        elif due is not None and (timeout is None or due < timeout):
            timeout = due
        events = self.events
        # Without any event to ask for, poll would still report the end of the stream, on and on.
        polled = (self._transport.fileno() if events else -1, events)
        if polled != self._polled:
            if self._polled[0] not in (-1, polled[0]):
                try:
                    self._poll.unregister(self._polled[0])
                except KeyError:
                    pass
            if polled[0] != -1:
                self._poll.register(*polled)
            self._polled = polled
        if timeout is None:
            self._poll_until = float("inf")
            return None
        self._poll_until = monotonic() + timeout
        return max(0, int(timeout * 1000 + 0.999))

    def _resign(self) -> None:
        """Stop leading, and let somebody else."""
        with self._lock:
            self._leader = 0
            self._flush()  # what was left to this thread to send
            if self.closed:
                self._close_descriptors()
            elif self._attendant is not None:
                self._attendant.wake()
            else:
                self._hand_over()

    def _hand_over(self) -> None:
        """Wake one who waits, to lead."""
        if self._leader == 0 and self._parked:
            next(iter(self._parked)).wake()

    def resume(self) -> None:
        """Say that there is room in the queue again."""
        if self.session.stalled:
            with self._lock:
                if self._leader not in (0, get_ident()):
                    self._wake_leader()

    def rouse(self) -> None:
        """Let `attend` return, in whichever thread it is."""
        with self._lock:
            if self._attendant is not None:
                self._attendant.wake()

    def _wake_leader(self) -> None:
        if not self._poll_until or self._wake_out == -1:
            return  # it is not asleep, and will look at everything before it is
        if self._woken:
            return
        self._woken = True
        _core.wake(self._wake_out)

    def _drain_wake(self) -> None:
        self._woken = False
        try:
            os.read(self._wake_in, 4096)
        except BlockingIOError:
            pass

    # -- bytes, under the lock --------------------------------------------------------------------

    def _advance(self) -> None:
        try:
            self._transport.advance()
        except OSError as err:
            self._fail(err)

    def _flush(self) -> None:
        session, transport = self.session, self._transport
        if not transport.established:
            return
        try:
            while session.wants_write and not self.closed:
                sent = transport.send(session.output())
                if sent is None:
                    return
                session.sent(sent)
        except OSError as err:
            # What the server said before it closed is still to be read.
            if self.failure is None:
                self.failure = err
            session.sent(len(session.output(1 << 62)))

    def _read(self) -> None:
        session, transport = self.session, self._transport
        self._more = False
        if session.stalled:
            return
        try:
            for _ in range(READS if transport.encrypted else 1):
                received = transport.recv_into(session.get_buffer())
                if received is None:
                    return
                if received == 0:
                    session.disconnected()
                    return
                session.commit(received)
            self._more = transport.encrypted
        except OSError as err:
            self._fail(err)

    def _fail(self, err: OSError) -> None:
        self.failure = err
        connected = self._transport.established
        self.session.disconnected(_core.ERR_SYSTEM if connected else _core.ERR_CONNECT)

    def _pump(self) -> None:
        for kind, error, call, message, items in self.session.pump(self.queue, self._forced > 0):
            if kind == _core.DONE:
                if call is None:
                    continue
                call.error = error
                call.message = message
                call.items = items
                call.done = True
                if call.on_done is not None:
                    self._completions.append(call)
                for parker in call.parkers:
                    self._parked.pop(parker, None)
                    parker.wake()
            elif kind == _core.GREETED:
                self.greeting = message
            elif kind == _core.READY:
                self.notices.append((kind, error))
            elif kind == _core.CLOSED:
                self.error = error
                self.closed = True
                self.notices.append((kind, error))
                self._transport.shutdown()
        if self.closed:
            for parker in self._parked:
                parker.wake()
            if self._leader in (0, get_ident()):
                self._close_descriptors()
            else:
                self._wake_leader()
        if self._attendant is not None and (self.notices or len(self.queue)):
            self._attendant.wake()

    def complete(self) -> None:
        """Tell those who asked to be told. Not under the lock: they may do anything."""
        while self._completions:
            try:
                call = self._completions.popleft()
            except IndexError:
                return
            assert call.on_done is not None
            call.on_done(call)

    # -- the end ----------------------------------------------------------------------------------

    def close(self) -> None:
        """End the connection; what is in flight ends as well. May be called again."""
        with self._lock:
            if not self.closed:
                self.session.disconnected()
                self._forced += 1  # what was received so far is not held back any more
                self._pump()
                self._forced -= 1
        self.complete()

    def _close_descriptors(self) -> None:
        if self._wake_out == -1:
            return
        if self._poll_until:
            self._wake_leader()  # which then closes what it polls
            return
        self._transport.close()
        os.close(self._wake_in)
        os.close(self._wake_out)
        self._wake_in = self._wake_out = -1

    def __del__(self) -> None:
        if getattr(self, "_wake_out", -1) != -1:
            self._poll_until = 0.0
            self._close_descriptors()
