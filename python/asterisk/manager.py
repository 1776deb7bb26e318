# SPDX-License-Identifier: MIT
"""Asterisk's manager interface (AMI).

::

    from asterisk.manager import Manager, ManagerException

    def on_hangup(event, manager):
        print(event["Channel"], event["Cause-txt"])

    with Manager() as manager:
        manager.connect("localhost")
        manager.login("user", "secret")
        manager.register_event("Hangup", on_hangup)
        for item in manager.send("CoreShowChannels"):
            print(item.name, item.get("Channel", ""))

Programs written for pyst run unchanged. Names of headers and events are case sensitive in what
pyst has (`event["Channel"]`), and are not in what is new (`event.get("channel")`).

Threads
-------
Event handlers run in one background thread, one after the other, in the order of the events. Any
thread may send actions, a handler as well; whoever waits for an answer reads from the connection
itself while nobody else does, so a handler that takes its time is in nobody's way. With
`Manager(thread=False)` there is no thread at all: the program polls `fileno` and calls `process`.

Events that no handler has seen yet wait in a queue, `event_queue_size` at most. When it is full,
reading pauses until the handlers have made room (``"pause"``; the other threads' actions then wait
as well), or the oldest event is dropped and counted (``"drop-oldest"``). One case cannot wait for
room: the handler itself waits for the answer to an action. Until it comes, the queue grows over
its bound.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Mapping
from time import monotonic

from asterisk import _core, errors
from asterisk._core import Event, EventQueue, ManagerMsg
from asterisk.classic import ClassicActions
from asterisk.compat import string_types
from asterisk.errors import (
    ManagerActionException,
    ManagerAuthException,
    ManagerException,
    ManagerOutcomeUnknown,
    ManagerPermissionException,
    ManagerSocketException,
    ManagerTimeoutException,
    ManagerUnknownActionException,
    ManagerValueError,
)
from asterisk.reconnect import Reconnect
from asterisk.response import Response

TYPE_CHECKING = False  # typing would be half of what importing this module takes
if TYPE_CHECKING:
    import ssl
    from types import TracebackType
    from typing import Any, Callable, Protocol, Union

    from typing_extensions import Self

    from asterisk.engine import Call, Engine
    from asterisk.future import ActionFuture

__all__ = [
    "Event",
    "Manager",
    "ManagerActionException",
    "ManagerAuthException",
    "ManagerException",
    "ManagerMsg",
    "ManagerOutcomeUnknown",
    "ManagerPermissionException",
    "ManagerSocketException",
    "ManagerTimeoutException",
    "ManagerUnknownActionException",
    "ManagerValueError",
    "Reconnect",
    "Response",
]

EOL = "\r\n"

#: Seconds that close() waits at most for Asterisk's goodbye, and for a handler that is running.
CLOSE_TIMEOUT = 1.0

#: Events that are handled before those who wait for room in the queue are told that there is some.
BATCH = 1000


if TYPE_CHECKING:

    class ActionLike(Protocol):
        """What `Manager.send` takes beside a name: `asterisk.actions` has such classes."""

        @property
        def name(self) -> str:
            """The action."""

        def headers(self) -> Iterable[tuple[str, Any]]:
            """Return its headers, in order."""

    class Watcher(Protocol):
        """Who serves something over this connection: `asterisk.asyncagi` does."""

        def ready(self) -> None:
            """Take that there is a login."""

        def closed(self, error: int) -> None:
            """Take that the connection is closed: an ``ERR_*``, or 0."""

    Handler = Callable[[Event, "Manager"], Any]


def _log_handler_error(event: Event, exception: BaseException) -> None:
    import logging

    logging.getLogger("asterisk.manager").error(
        "a handler of event %s failed", event.name, exc_info=exception
    )


class Manager(ClassicActions):
    """A connection to Asterisk's manager interface.

    Parameters
    ----------
    thread : bool, optional
        Whether a background thread reads events and runs their handlers.
    timeout : float, optional
        Seconds that an action, or `connect`, takes at most; None for no limit.
    reconnect : Reconnect, optional
        When to connect again after a loss: log in, set the filters and the mask of events again.
        What was in flight is not repeated, it ends in `ManagerOutcomeUnknown`.
    event_queue_size : int, optional
        Events that may wait for their handlers.
    event_queue_policy : {'pause', 'drop-oldest'}, optional
        What to do when more come.
    keepalive : float, optional
        Seconds without a byte after which Asterisk is pinged, and taken for dead if it does not
        answer in ten.

    Attributes
    ----------
    title, version : str or None
        Of Asterisk's greeting.
    hostname : str
        Of this machine; begins ActionIDs.
    pid : int
        Of this process.
    timeout : float or None
        As above.
    on_handler_error : callable
        ``f(event, exception)``, called when a handler raised. By default it is logged.
    on_lost : callable or None
        ``f(exception)``, called when the connection was lost, but not after `logoff` or `close`.
    on_restored : callable or None
        ``f()``, called when a lost connection is there again, logged in.

    Raises
    ------
    ValueError
        `event_queue_policy` or `event_queue_size` is none.
    """

    def __init__(
        self,
        *,
        thread: bool = True,
        timeout: float | None = None,
        reconnect: Reconnect | None = None,
        event_queue_size: int = 100000,
        event_queue_policy: str = "pause",
        keepalive: float | None = None,
    ) -> None:
        if event_queue_policy not in ("pause", "drop-oldest"):
            raise ValueError("event_queue_policy is 'pause' or 'drop-oldest'")
        self._engine: Engine | None = None
        self._future_type: type[ActionFuture] | None = None  # imported when one is asked for
        self._queue_options = (event_queue_size, event_queue_policy == "drop-oldest")
        #: Each connection that a program makes has its own; reconnecting goes on with the same.
        self._queue = EventQueue(*self._queue_options)
        self._dropped = 0
        self.title: str | None = None
        self.version: str | None = None
        self.hostname = os.uname().nodename
        self.pid = os.getpid()
        self.timeout = timeout
        self.on_handler_error: Callable[[Event, BaseException], Any] = _log_handler_error
        self.on_lost: Callable[[ManagerException], Any] | None = None
        self.on_restored: Callable[[], Any] | None = None
        #: Told of each login, and of each end of a connection.
        self._watchers: list[Watcher] = []
        self._reconnect = reconnect
        self._keepalive = keepalive
        self._event_callbacks: dict[str, list[Handler]] = {}
        self._seqlock = threading.Lock()
        self._seq = 0
        #: Held to change which connection and which thread are the current ones.
        self._turn = threading.RLock()  # a signal handler may close
        self._closing = False
        self._connecting = threading.Lock()
        # What a reconnect needs: where, as whom, and what was set up since.
        self._target: dict[str, Any] = {}
        self._credentials: dict[str, Any] | None = None
        self._event_mask: str | None = None
        self._filters: list[str] = []
        self._attempt = 0
        self._retry_at: float | None = None
        self._retry_now = threading.Event()
        self._restoring = False
        self._threaded = thread
        self._dispatcher = 0 if thread else -1
        self._thread = self._new_thread() if thread else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_engine", None) is not None and not sys.is_finalizing():
            self.close()

    # -- what pyst has ----------------------------------------------------------------------------

    @property
    def message_thread(self) -> threading.Thread | None:
        """The background thread; None without one."""
        return self._thread

    @property
    def event_dispatch_thread(self) -> threading.Thread | None:
        """The same: one thread does what pyst has three for."""
        return self._thread

    def connected(self) -> bool:
        """Return whether actions can be sent."""
        engine = self._engine
        return engine is not None and engine.ready and not self._restoring

    def next_seq(self) -> int:
        """Return the next number of the sequence that ActionIDs are made of."""
        with self._seqlock:
            number = self._seq
            self._seq += 1
        return number

    def register_event(self, event: str, function: Handler) -> None:
        """Register a handler.

        Parameters
        ----------
        event : str
            Name of the events, or ``"*"`` for all; those for the name are called first.
        function : callable
            ``f(event, manager)``. If it returns true, no further handler gets the event.
        """
        self._event_callbacks.setdefault(event, []).append(function)

    def unregister_event(self, event: str, function: Handler) -> None:
        """Take a handler out again.

        Raises
        ------
        ValueError
            It is not registered for that name.
        """
        self._event_callbacks.setdefault(event, []).remove(function)

    def send_action(self, cdict: dict[str, Any] | None = None, **kwargs: Any) -> ManagerMsg:
        """Send an action and return Asterisk's response, an error as well.

        The events of a list come to the handlers, after it; `send` collects them.

        Parameters
        ----------
        cdict : dict, optional
            Headers by name, ``Action`` among them. The values of a list are sent as so many
            headers of that name. Gets what is in `kwargs`, and an ``ActionID`` if it has none.
        **kwargs
            More headers.

        Returns
        -------
        ManagerMsg

        Raises
        ------
        ManagerValueError
            A name or value has CR, LF or NUL, or is too long for Asterisk. Nothing was sent.
        ManagerSocketException
            The connection was lost; `ManagerOutcomeUnknown` if the action was sent before.
        ManagerTimeoutException
            No response came within `timeout`.
        ManagerException
            There is no connection.
        """
        if not self.connected():
            raise ManagerException("Not connected")
        if cdict is None:
            cdict = {}
        cdict.update(kwargs)
        if "ActionID" not in cdict:
            cdict["ActionID"] = f"{self.hostname}-{self.pid:>4}-{self.next_seq():08x}"
        name = cdict.get("Action")
        headers: list[tuple[str, Any]] = []
        for key, value in cdict.items():
            if key == "Action":
                continue
            if name is None and key.lower() == "action":
                name = value
            elif isinstance(value, list):
                headers += [(key, item) for item in value]
            else:
                headers.append((key, value))
        if name is None:
            raise ManagerValueError("Missing action in request")
        return self._call(str(name), headers, _core.LIST_IGNORE, self._limit(), None).response

    def connect(
        self,
        host: str,
        port: int | str = 5038,
        buffer_size: int | str = 0,
        *,
        tls: bool | ssl.SSLContext | None = None,
        timeout: float | None = None,
        server_hostname: str | None = None,
    ) -> ManagerMsg:
        """Connect.

        Parameters
        ----------
        host : str
            Name or address.
        port : int, optional
        buffer_size : int, optional
            Of pyst2; without meaning here.
        tls : bool or ssl.SSLContext, optional
            TLS, verified against the system's certificates (True) or as the context says.
        timeout : float, optional
            Seconds until Asterisk's greeting, by default the manager's `timeout`.
        server_hostname : str, optional
            The name that the certificate has to be for, if it is not `host`.

        Returns
        -------
        ManagerMsg
            The greeting, in `data`.

        Raises
        ------
        ManagerSocketException
            No connection, or not to Asterisk.
        ManagerException
            There is one already, or another thread is about to make one.
        """
        from asterisk.transport import context_for

        assert isinstance(host, string_types)
        int(buffer_size)
        target = {
            "host": host,
            "port": int(port),
            "context": context_for(tls),
            "server_hostname": server_hostname,
        }
        if not self._connecting.acquire(blocking=False):
            raise ManagerException("Already connecting to manager")
        try:
            return self._connect(target, self.timeout if timeout is None else timeout)
        finally:
            self._connecting.release()

    def close(self) -> None:
        """Log off and end the connection. May be called at any time, in a handler as well.

        Waits for a handler that is running, but no longer than a second. `connect` may be called
        again.
        """
        self._closing = True
        if self.connected():
            try:
                self.logoff()
            except ManagerException:
                pass
        self._end()

    def message_loop(self) -> None:
        """Do what the background thread does: read events and have them handled, until the end."""
        me = threading.get_ident()
        with self._turn:
            self._dispatcher = me
            queue = self._queue
        while True:
            try:
                self._dispatch(queue)
                if queue is not self._queue:  # there was a close and a connect
                    with self._turn:
                        if self._dispatcher != me:
                            return
                        queue = self._queue
                elif not self._attend(queue, None):
                    break
            except BaseException as err:  # of a handler that means to end its thread
                if sys.is_finalizing():
                    return
                sys.excepthook(type(err), err, err.__traceback__)
        with self._turn:
            if self._dispatcher == me:
                self._dispatcher = 0

    def event_dispatch(self) -> None:
        """Have all events handled that wait."""
        self._dispatch(self._queue)

    # -- what is new ------------------------------------------------------------------------------

    def send(
        self,
        action: Union[str, ActionLike],
        *,
        timeout: float | None = None,
        final_event: str | None = None,
        **headers: Any,
    ) -> Response:
        """Send an action, and wait for its response and for all events of the list it begins.

        Parameters
        ----------
        action : str or object
            Name of the action, or an action of `asterisk.actions`.
        timeout : float, optional
            Seconds to wait at most, by default the manager's `timeout`.
        final_event : str, optional
            Name of the event that ends this action where Asterisk does not say so itself, such
            as ``"OriginateResponse"`` after an Originate with Async.
        **headers
            More headers; a list is sent as so many headers of that name.

        Returns
        -------
        Response
            An error that Asterisk answered as well: `Response.check` raises it.

        Raises
        ------
        ManagerException
            As `send_action`.
        """
        name, pairs = _name_and_headers(action, headers)
        if timeout is None:
            timeout = self._limit()
        return self._call(name, pairs, _core.LIST_COLLECT, timeout, final_event)

    def submit(
        self,
        action: Union[str, ActionLike],
        *,
        timeout: float | None = None,
        final_event: str | None = None,
        **headers: Any,
    ) -> ActionFuture:
        """Send an action like `send`, and wait for nothing.

        Returns
        -------
        ActionFuture
            A `concurrent.futures.Future` of the `Response`.

        Raises
        ------
        ManagerException
            It could not be sent.
        """
        future_type = self._future_type
        if future_type is None:
            from asterisk.future import ActionFuture

            future_type = self._future_type = ActionFuture
        engine = self._ready_engine()
        name, pairs = _name_and_headers(action, headers)
        future = future_type(engine, self._is_dispatcher, self._answer, name, pairs)
        self._submit(
            engine,
            future.call,
            name,
            pairs,
            together=True,
            timeout=self._limit() if timeout is None else timeout,
            final_event=final_event,
        )
        return future

    def add_filter(self, text: str) -> ManagerMsg:
        """Have Asterisk itself filter events. Is done again after a reconnect.

        Parameters
        ----------
        text : str
            As the action Filter takes it: a regular expression for an event, after ``!`` for
            those not to send.

        Returns
        -------
        ManagerMsg
        """
        response = self.send_action({"Action": "Filter", "Operation": "Add", "Filter": text})
        if not response.error:
            self._filters.append(text)
        return response

    @property
    def events_queued(self) -> int:
        """Events that wait for their handlers."""
        return len(self._queue)

    @property
    def events_dropped(self) -> int:
        """Events that were dropped since the beginning, see `event_queue_policy`."""
        return self._dropped + self._queue.dropped

    # -- the caller's own loop --------------------------------------------------------------------

    def fileno(self) -> int:
        """Return the descriptor to poll for reading, -1 while there is none.

        It may change: ask before each poll.
        """
        return -1 if self._engine is None else self._engine.fileno()

    @property
    def wants_write(self) -> bool:
        """Whether to poll the descriptor for writing as well."""
        import select

        engine = self._engine
        return engine is not None and not engine.closed and bool(engine.events & select.POLLOUT)

    def next_deadline(self) -> float | None:
        """Return the seconds until `process` should be called even if nothing comes.

        Returns
        -------
        float or None
            0 for now: events may wait already, read along with the answer to an action. None for
            no need.
        """
        engine = self._engine
        if engine is None:
            return None
        if len(self._queue) or engine.notices:
            return 0.0
        if engine.closed:
            return None if self._retry_at is None else max(0.0, self._retry_at - monotonic())
        return engine.timeout()

    def process(self, timeout: float | None = 0) -> int:
        """Read, send, and run the handlers of what came. For `Manager(thread=False)`.

        Parameters
        ----------
        timeout : float or None, optional
            Seconds to wait at most for something to happen; None for no limit.

        Returns
        -------
        int
            Events handled.

        Raises
        ------
        ManagerException
            The manager has a thread that does all this.
        """
        if self._threaded:
            raise ManagerException("the background thread does that")
        if not len(self._queue):
            self._attend(self._queue, timeout)
        return self._dispatch(self._queue)

    # -- actions ----------------------------------------------------------------------------------

    def _limit(self) -> float | None:
        return CLOSE_TIMEOUT if self._closing else self.timeout

    def _is_dispatcher(self) -> bool:
        """Whether nobody else empties the queue of events while the calling thread waits."""
        return self._dispatcher in (-1, threading.get_ident())

    def _ready_engine(self) -> Engine:
        engine = self._engine
        if engine is None or self._restoring or not engine.ready:
            raise ManagerException("Not connected")
        return engine

    def _submit(
        self, engine: Engine, call: Call, name: str, headers: list[tuple[str, Any]], **how: Any
    ) -> None:
        try:
            engine.submit(call, name, headers, **how)
        except _core.Error as err:
            if err.code == _core.ERR_STATE:
                raise ManagerException("Not connected") from None
            raise errors.exception(err.code) from None

    def _call(
        self,
        name: str,
        headers: list[tuple[str, Any]],
        mode: int,
        timeout: float | None,
        final_event: str | None,
    ) -> Response:
        from asterisk.engine import Call

        engine = self._ready_engine()
        call = Call()
        self._submit(
            engine, call, name, headers, list=mode, timeout=timeout, final_event=final_event
        )
        try:
            engine.wait(call, self._is_dispatcher())
        except BaseException:
            engine.cancel(call)
            raise
        return self._answer(engine, call, name, headers)

    def _answer(
        self, engine: Engine, call: Call, name: str, headers: list[tuple[str, Any]]
    ) -> Response:
        error = call.error if call.done else _core.ERR_NOT_SENT
        if call.message is None or error in (_core.ERR_TIMED_OUT, _core.ERR_UNKNOWN_OUTCOME):
            raise self._failure(engine, error)
        if not error:
            self._note(name, headers)
        return Response(call.message, call.items, error)

    def _failure(self, engine: Engine, error: int) -> ManagerException:
        failure = engine.failure
        return errors.exception(error, (failure.errno or 0) if failure is not None else 0)

    def _note(self, name: str, headers: list[tuple[str, Any]]) -> None:
        """Remember what a reconnect has to do again."""
        if len(name) == 6 and name.lower() == "events":
            for key, value in headers:
                if key.lower() == "eventmask":
                    self._event_mask = str(value)

    def login(
        self, username: str, secret: str, *, md5: bool = False, events: str | None = None
    ) -> ManagerMsg:
        """Log in; see `ClassicActions.login`."""
        response = super().login(username, secret, md5=md5, events=events)
        self._credentials = {"username": username, "secret": secret, "md5": md5}
        if events is not None:
            self._event_mask = events
        for watcher in tuple(self._watchers):
            watcher.ready()
        return response

    # -- connecting -------------------------------------------------------------------------------

    def _connect(self, target: dict[str, Any], timeout: float | None) -> ManagerMsg:
        engine = self._engine
        if engine is not None and not (engine.closed and self._retry_at is None):
            if self.connected():
                raise ManagerException("Already connected to manager")
            self._end()
        self._target = target
        self._credentials = None
        self._event_mask = None
        self._filters = []
        self._retry_at = None
        self._restoring = False
        queue = EventQueue(*self._queue_options)
        engine = self._open({}, queue)
        deadline = None if timeout is None else monotonic() + timeout
        try:
            self._await_greeting(engine, deadline)
        except BaseException:
            engine.close()
            raise
        assert engine.greeting is not None
        self._greeted(engine.greeting)
        in_handler = self._dispatcher == threading.get_ident()
        with self._turn:
            self._dropped += self._queue.dropped
            self._queue = queue
            self._engine = engine
            self._closing = False
            if self._threaded and not in_handler:
                self._dispatcher = 0
        if self._threaded and not in_handler:
            self._start_thread()
        return engine.greeting

    def _open(self, options: dict[str, Any], queue: EventQueue) -> Engine:
        from asterisk.engine import Engine
        from asterisk.transport import Transport

        try:
            transport = Transport(**self._target)
        except OSError as err:
            raise ManagerSocketException(err.errno or 0, err.strerror or str(err)) from err
        session = _core.Session(keepalive=self._keepalive, **options)
        return Engine(transport, session, queue)

    def _await_greeting(self, engine: Engine, deadline: float | None) -> None:
        import errno

        while engine.greeting is None:
            timeout = None if deadline is None else deadline - monotonic()
            if timeout is not None and timeout <= 0:
                raise ManagerSocketException(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            engine.step(timeout)
            if engine.closed:
                raise _lost(engine)
        engine.notices.clear()
        if engine.closed:
            engine.notices.append((_core.CLOSED, engine.error))

    def _greeted(self, greeting: ManagerMsg) -> None:
        parts = greeting.data.split("/")
        self.title = parts[0].strip()
        self.version = parts[1].strip() if len(parts) > 1 else ""

    def _end(self) -> None:
        """End the connection and the thread."""
        with self._turn:
            engine, thread, queue = self._engine, self._thread, self._queue
            self._retry_at = None
            self._restoring = False
            self._closing = True
        if engine is not None:
            engine.close()
            engine.notices.clear()
            engine.rouse()
        self._retry_now.set()
        me = threading.get_ident()
        if self._dispatcher not in (me, -1) and thread is not None and thread.is_alive():
            # What came before is handled still, as in pyst.
            thread.join(CLOSE_TIMEOUT)
            if thread.is_alive():
                queue.clear()
        else:
            queue.clear()
        if engine is not None:
            self._tell_closed(engine)

    def _tell_closed(self, engine: Engine) -> None:
        for watcher in tuple(self._watchers):
            watcher.closed(engine.error)

    # -- the background thread --------------------------------------------------------------------

    def _new_thread(self) -> threading.Thread:
        return threading.Thread(target=self.message_loop, name="asterisk.manager", daemon=True)

    def _start_thread(self) -> None:
        assert self._thread is not None
        if self._thread.ident is not None:
            self._thread = self._new_thread()
        self._thread.start()

    def _dispatch(self, queue: EventQueue) -> int:
        handled, waiting = 0, len(queue)
        while handled < waiting:
            try:
                batch = queue.dispatch(self, self._event_callbacks, self._handler_error, BATCH)
            finally:
                if self._engine is not None:
                    self._engine.resume()
            if batch == 0:
                break
            handled += batch
        return handled

    def _handler_error(self, event: Event, exception: BaseException) -> None:
        self.on_handler_error(event, exception)

    def _attend(self, queue: EventQueue, timeout: float | None) -> bool:
        """Wait until there is something to handle, or for so long; False at the end of all."""
        engine = self._engine
        if engine is None or engine.queue is not queue:
            return queue is not self._queue
        if engine.closed and not engine.notices:
            if self._retry_at is None:
                return len(queue) > 0
            self._wait_for_retry(queue, timeout)
            return True
        engine.attend(timeout)
        while engine.notices and not len(queue):
            try:
                kind, error = engine.notices.popleft()
            except IndexError:
                break  # close() came in between
            if kind == _core.READY:
                self._restored(engine)
            elif kind == _core.CLOSED:
                self._lost(engine)
        return True

    def _lost(self, engine: Engine) -> None:
        self._tell_closed(engine)
        with self._turn:
            told = self._restoring
            if self._engine is not engine:
                return
            self._restoring = False
            if self._closing or (engine.error == 0 and not told):
                return
            if self._reconnect is not None and self._credentials is not None:
                self._retry_at = monotonic() + self._reconnect.delay(self._attempt)
                self._attempt += 1
                self._retry_now.clear()
        if self.on_lost is not None and not told:
            self.on_lost(_lost(engine))

    def _restored(self, engine: Engine) -> None:
        if not self._restoring:
            return
        self._restoring = False
        self._attempt = 0
        if engine.greeting is not None:
            self._greeted(engine.greeting)
        for watcher in tuple(self._watchers):
            watcher.ready()
        if self.on_restored is not None:
            self.on_restored()

    def _wait_for_retry(self, queue: EventQueue, timeout: float | None) -> None:
        retry_at, policy = self._retry_at, self._reconnect
        if retry_at is None or policy is None:
            return
        delay = retry_at - monotonic()
        if delay > 0:
            self._retry_now.wait(delay if timeout is None else min(delay, timeout))
            if self._retry_at is None or monotonic() < retry_at:
                return
        credentials = self._credentials
        if self._closing or credentials is None:
            self._retry_at = None
            return
        options = dict(credentials)
        options["events"] = self._event_mask
        options["filters"] = self._filters
        options["login_timeout"] = self.timeout or 30.0
        try:
            engine = self._open(options, queue)
        except ManagerSocketException:
            with self._turn:
                if self._retry_at is not None:  # close() did not come in between
                    self._retry_at = monotonic() + policy.delay(self._attempt)
                    self._attempt += 1
            return
        with self._turn:
            wanted = self._queue is queue and not self._closing
            if wanted:
                self._restoring = True
                self._retry_at = None
                self._engine = engine
        if not wanted:  # close() came in between
            engine.close()


def _lost(engine: Engine) -> ManagerException:
    """What a program is told of a connection that was lost."""
    failure = engine.failure
    if failure is None:
        return errors.exception(engine.error)
    import ssl

    code = engine.error
    if isinstance(failure, ssl.SSLCertVerificationError):
        code = _core.ERR_TLS_CERTIFICATE
    elif isinstance(failure, ssl.SSLError):
        code = _core.ERR_TLS
    return errors.exception(code, failure.errno or 0, failure.strerror or str(failure))


def _name_and_headers(
    action: Union[str, ActionLike], more: Mapping[str, Any]
) -> tuple[str, list[tuple[str, Any]]]:
    if isinstance(action, str):
        name, headers = action, []
    else:
        name, headers = action.name, list(action.headers())
    for key, value in more.items():
        if isinstance(value, (list, tuple)):
            headers += [(key, item) for item in value]
        elif value is not None:
            headers.append((key, value))
    return name, headers
