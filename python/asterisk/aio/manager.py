# SPDX-License-Identifier: MIT
"""The manager for asyncio."""

from __future__ import annotations

import asyncio
import errno
import secrets
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Optional, Union

from asterisk import _core, errors
from asterisk._core import ManagerMsg, Session
from asterisk.aio.connection import Call, Connection
from asterisk.aio.dial import dial
from asterisk.aio.events import EventSource
from asterisk.aio.streams import ListCall, ListStream
from asterisk.errors import ManagerException, ManagerSocketException
from asterisk.reconnect import Reconnect
from asterisk.response import Response
from asterisk.transport import context_for

if TYPE_CHECKING:
    import ssl

    from asterisk.manager import ActionLike, Watcher

__all__ = ["Manager"]

#: Seconds that close() waits at most for each: Asterisk's goodbye, handlers, the transport.
CLOSE_TIMEOUT = 1.0


class Manager(EventSource):
    """A connection to Asterisk's manager interface.

    ``async with`` connects, logs in if there is a user name, and closes in the end; `connect`,
    `login` and `close` do the same one by one.

    Parameters
    ----------
    host : str, optional
        Name or address.
    port : int, optional
    username, secret : str, optional
        To log in with; without them `connect` does not.
    md5 : bool, optional
        Whether to prove to know the secret without sending it.
    tls : bool or ssl.SSLContext, optional
        TLS, verified against the system's certificates (True) or as the context says.
    server_hostname : str, optional
        The name that the certificate has to be for, if it is not `host`.
    events : str, optional
        Which events to get: ``"on"``, ``"off"``, or classes such as ``"call,system"``. By default
        what Asterisk has for the user.
    filters : sequence of str, optional
        Have Asterisk itself filter events: a regular expression for an event each, after ``!``
        for those not to send.
    timeout : float, optional
        Seconds that an action takes at most; None for no limit.
    connect_timeout : float, optional
        Seconds until the connection is made and logged in; None for no limit.
    keepalive : float, optional
        Seconds without a byte after which Asterisk is pinged, and taken for dead if it does not
        answer in ten.
    reconnect : Reconnect, optional
        When to connect again after a loss: log in, set the filters and the mask of events again.
        What was in flight is not repeated, it ends in `ManagerOutcomeUnknown`.
    event_queue_size : int, optional
        Events that may wait in a stream, see `events`, and handlers of events that may run at once.
    event_queue_policy : {'pause', 'drop-oldest'}, optional
        What to do when more come. To pause reading holds up everything; reading goes on
        nevertheless, and the stream grows over its size, while an action is in flight or
        `wait_for` waits, for the one who should empty the stream may be waiting for just that.

    Attributes
    ----------
    title, version : str or None
        Of Asterisk's greeting.
    on_handler_error : callable
        ``f(event, exception)``, called when a handler or a filter raised. By default it is logged.
    on_lost : callable or None
        ``f(exception)``, called when the connection was lost, but not after `logoff` or `close`.
    on_restored : callable or None
        ``f()``, called when a lost connection is there again, logged in; the first events of
        it may have come before. These two may be coroutine functions.

    Raises
    ------
    ValueError
        `event_queue_policy` or `event_queue_size` is none.
    """

    def __init__(
        self,
        host: str = "localhost",
        port: int = 5038,
        *,
        username: Optional[str] = None,
        secret: Optional[str] = None,
        md5: bool = True,
        tls: Union[bool, ssl.SSLContext, None] = None,
        server_hostname: Optional[str] = None,
        events: Optional[str] = None,
        filters: Sequence[str] = (),
        timeout: Optional[float] = None,
        connect_timeout: Optional[float] = 10.0,
        keepalive: Optional[float] = None,
        reconnect: Optional[Reconnect] = None,
        event_queue_size: int = 100000,
        event_queue_policy: str = "pause",
    ) -> None:
        super().__init__(event_queue_size, event_queue_policy)
        self.host = host
        self.port = int(port)
        self.title: Optional[str] = None
        self.version: Optional[str] = None
        self.on_lost: Optional[Callable[[ManagerException], Any]] = None
        self.on_restored: Optional[Callable[[], Any]] = None
        self._context = context_for(tls)
        self._server_hostname = server_hostname
        self._credentials: dict[str, Any] = {}
        if username is not None:
            self._credentials = {"username": username, "secret": secret or "", "md5": md5}
        self._event_mask = events
        self._filters = list(filters)
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._keepalive = keepalive
        self._reconnect = reconnect
        #: Told of each login, and of each end of a connection.
        self._watchers: list[Watcher] = []
        self._established = False
        self._dialling: Optional[asyncio.Task[None]] = None
        self._restorer: Optional[asyncio.Task[None]] = None
        self._closer: Optional[asyncio.Future[None]] = None

    async def __aenter__(self) -> Manager:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        exception: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.close()

    # -- connecting -------------------------------------------------------------------------------

    def connected(self) -> bool:
        """Return whether actions can be sent."""
        return self._connection is not None and self._connection.usable

    async def connect(self) -> ManagerMsg:
        """Connect, and log in if there is a user name.

        Also connects again what was closed. It tries once: `reconnect` is for what was connected.

        Returns
        -------
        ManagerMsg
            The greeting, in `data`.

        Raises
        ------
        ManagerSocketException
            No connection, or not to Asterisk.
        ManagerAuthException
            Asterisk refused the login.
        ManagerTimeoutException
            It took longer than `connect_timeout`.
        ManagerException
            There is a connection already.
        """
        if self._closer is not None or self._restorer is not None or not self._is_over():
            raise ManagerException("Already connected to manager")
        self._begin_streams()
        return await self._open()

    def _is_over(self) -> bool:
        return self._dialling is None and (self._connection is None or self._connection.closed)

    async def _open(self) -> ManagerMsg:
        """Make one attempt."""
        try:
            session = Session(
                **self._credentials,
                events=self._event_mask if self._credentials else None,
                filters=self._filters if self._credentials else (),
                action_id_prefix=f"pyst-{secrets.token_hex(6)}",
                login_timeout=self._connect_timeout,
                action_timeout=self._timeout,
                keepalive=self._keepalive,
            )
        except _core.Error as err:
            raise errors.exception(err.code) from None
        connection = Connection(session, self._deliver, self._connection_closed)
        self._connection = connection
        self._established = False
        try:
            await self._dial(connection)
            await asyncio.wait({connection.ready})
            connection.ready.result()
        except BaseException:
            connection.end()
            connection.abort()
            raise
        assert connection.greeting is not None
        title, _, version = connection.greeting.data.partition("/")
        self.title, self.version = title.strip(), version.split("/")[0].strip()
        if connection.closed:
            raise connection.exception()
        self._established = True
        if self._credentials:
            self._tell_ready()
        return connection.greeting

    async def _dial(self, connection: Connection) -> None:
        task = self._dialling = asyncio.get_running_loop().create_task(
            dial(
                lambda: connection, self.host, self.port, self._context, self._server_hostname
            )
        )
        try:
            done, _ = await asyncio.wait({task}, timeout=self._connect_timeout)
            if not done:
                raise errors.exception(_core.ERR_TIMED_OUT)
            if task.cancelled():  # by close()
                raise errors.exception(_core.ERR_CLOSED)
            failure = task.exception()
            if isinstance(failure, OSError):
                connection.failure = failure
                connection.end(_core.ERR_CONNECT)
                raise connection.exception() from failure
            if failure is not None:
                raise failure
        finally:
            self._dialling = None
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def login(
        self, username: str, secret: str, *, md5: bool = True, events: Optional[str] = None
    ) -> ManagerMsg:
        """Log in, where the manager was not given a user name, and set its filters.

        Parameters
        ----------
        username, secret : str
            Of manager.conf.
        md5 : bool, optional
            Prove to know the secret without sending it.
        events : str, optional
            Which events to get, by default what the manager was given.

        Returns
        -------
        ManagerMsg

        Raises
        ------
        ManagerAuthException
            Asterisk refused.
        ManagerException
            As `send`.
        """
        if events is not None:
            self._event_mask = events
        headers = {"Username": username, "Secret": secret, "Events": self._event_mask}
        if md5:
            import hashlib

            challenge = (await self._ask("Challenge", AuthType="MD5")).response
            words = challenge.get("Challenge", "") + secret
            octets = words.encode("utf-8", "surrogateescape")
            digest = hashlib.md5(octets, usedforsecurity=False).hexdigest()
            del headers["Secret"]
            headers.update(AuthType="MD5", Key=digest)
        response = (await self._ask("Login", **headers)).response
        self._credentials = {"username": username, "secret": secret, "md5": md5}
        for text in self._filters:
            await self._ask("Filter", Operation="Add", Filter=text)
        self._tell_ready()
        return response

    def _tell_ready(self) -> None:
        for watcher in tuple(self._watchers):
            watcher.ready()

    async def _ask(self, name: str, **headers: Any) -> Response:
        return (await self.send(name, timeout=self._connect_timeout, **headers)).check()

    async def logoff(self) -> ManagerMsg:
        """Log off; Asterisk then closes the connection, and streams of events end.

        Returns
        -------
        ManagerMsg

        Raises
        ------
        ManagerException
            As `send`.
        """
        return (await self.send("Logoff")).response

    async def close(self) -> None:
        """Log off and end the connection. May be called at any time, and again.

        Streams of events end, what is in flight raises, handlers that still run are cancelled.
        Takes no longer than a few seconds whatever Asterisk does. `connect` may be called again.
        """
        if self._closer is not None:
            await asyncio.shield(self._closer)
            return
        self._closer = asyncio.get_running_loop().create_future()
        try:
            if self._restorer is not None:
                self._restorer.cancel()
                await asyncio.wait({self._restorer})
                self._restorer = None  # it may not have come to its own end
            if self._dialling is not None:
                self._dialling.cancel()
            if self.connected():
                try:
                    await self.send("Logoff", timeout=CLOSE_TIMEOUT)
                except ManagerException:
                    pass
        finally:
            connection = self._connection
            if connection is not None:
                connection.end()
            self._end_streams(None)
            handlers = self._tasks - {asyncio.current_task()}
            for task in handlers:
                task.cancel()
            try:
                if connection is not None and connection.attached:
                    await asyncio.wait({connection.gone}, timeout=CLOSE_TIMEOUT)
                if handlers:
                    await asyncio.wait(handlers, timeout=CLOSE_TIMEOUT)
            finally:
                if connection is not None:
                    connection.abort()
                self._closer.set_result(None)
                self._closer = None

    # -- actions ----------------------------------------------------------------------------------

    async def send(
        self,
        action: Union[str, ActionLike],
        *,
        timeout: Optional[float] = None,
        final_event: Optional[str] = None,
        **headers: Any,
    ) -> Response:
        """Send an action, and wait for its response and for all events of the list it begins.

        Any number may be in flight. To cancel the task that waits withdraws the action: Asterisk
        may still run it, but its answer is dropped.

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
        ManagerValueError
            A name or value has CR, LF or NUL, or is too long for Asterisk. Nothing was sent.
        ManagerSocketException
            There is no connection, or it was lost; `ManagerOutcomeUnknown` if the action was
            sent before.
        ManagerTimeoutException
            No answer came in time.
        """
        return await self.submit(action, timeout=timeout, final_event=final_event, **headers)

    def submit(
        self,
        action: Union[str, ActionLike],
        *,
        timeout: Optional[float] = None,
        final_event: Optional[str] = None,
        **headers: Any,
    ) -> asyncio.Future[Response]:
        """Send an action like `send`, and wait for nothing: thousands of them need no tasks.

        Returns
        -------
        asyncio.Future of Response
            To cancel it withdraws the action.

        Raises
        ------
        ManagerException
            It could not be sent.
        """
        connection, name, pairs = self._prepare(action, headers)
        future = connection.future()
        future.number = self._submit(
            connection, future, name, pairs, timeout=timeout, final_event=final_event
        )
        if name.lower() == "events":
            self._note_mask(future, pairs)
        return future

    def stream(
        self,
        action: Union[str, ActionLike],
        *,
        timeout: Optional[float] = None,
        final_event: Optional[str] = None,
        **headers: Any,
    ) -> ListStream:
        """Send an action, and iterate over the events of the list it begins as they come.

        Parameters
        ----------
        action, timeout, final_event, **headers
            As of `send`.

        Returns
        -------
        ListStream
            To close it, or to drop it, withdraws the action.

        Raises
        ------
        ManagerException
            It could not be sent.
        """
        connection, name, pairs = self._prepare(action, headers)
        call = ListCall(connection)
        call.number = self._submit(
            connection,
            call,
            name,
            pairs,
            list=_core.LIST_STREAM,
            timeout=timeout,
            final_event=final_event,
        )
        return ListStream(call, call.release)

    async def add_filter(self, text: str) -> ManagerMsg:
        """Have Asterisk itself filter events. Is done again after a reconnect.

        Parameters
        ----------
        text : str
            As of the parameter `filters`.

        Returns
        -------
        ManagerMsg

        Raises
        ------
        ManagerActionException
            Asterisk refused it.
        ManagerException
            As `send`.
        """
        answer = await self.send("Filter", Operation="Add", Filter=text)
        answer.check()
        self._filters.append(text)
        return answer.response

    def _prepare(
        self, action: Union[str, ActionLike], more: dict[str, Any]
    ) -> tuple[Connection, str, list[tuple[str, Any]]]:
        connection = self._connection
        if connection is None or not connection.usable:
            raise ManagerSocketException(errno.ENOTCONN, "Not connected")
        if isinstance(action, str):
            name, pairs = action, []
        else:
            name, pairs = action.name, list(action.headers())
        for key, value in more.items():
            if isinstance(value, (list, tuple)):
                pairs += [(key, item) for item in value]
            elif value is not None:
                pairs.append((key, value))
        return connection, name, pairs

    def _submit(
        self, connection: Connection, call: Call, name: str, headers: Any, **how: Any
    ) -> int:
        try:
            return connection.submit(call, name, headers, **how)
        except _core.Error as err:
            if err.code == _core.ERR_STATE:
                raise ManagerSocketException(errno.ENOTCONN, "Not connected") from None
            raise errors.exception(err.code) from None

    def _note_mask(self, future: asyncio.Future[Response], headers: list[tuple[str, Any]]) -> None:
        """Remember which events are wanted, for a reconnect."""

        def note(future: asyncio.Future[Response]) -> None:
            if future.cancelled() or future.exception() is not None or not future.result().ok:
                return
            for key, value in headers:
                if key.lower() == "eventmask":
                    self._event_mask = str(value)

        future.add_done_callback(note)

    # -- losing and restoring ---------------------------------------------------------------------

    def _connection_closed(self, connection: Connection) -> None:
        if connection is not self._connection or not self._established:
            return  # an attempt failed, and whoever made it is told
        self._established = False
        for watcher in tuple(self._watchers):
            watcher.closed(connection.error)
        if self._closer is not None or connection.error == 0:
            self._end_streams(None)
            return
        if self._reconnect is not None and self._credentials:
            self._restorer = asyncio.get_running_loop().create_task(
                self._restore(self._reconnect)
            )
            self._put_gap(connection.exception())
        else:
            self._end_streams(connection.exception)
        self._tell(self.on_lost, connection.exception())

    async def _restore(self, reconnect: Reconnect) -> None:
        """Connect again, as often as it takes."""
        attempt = 0
        try:
            while True:
                await asyncio.sleep(reconnect.delay(attempt))
                attempt += 1
                try:
                    await self._open()
                except ManagerException:
                    continue
                break
        finally:
            self._restorer = None
        self._tell(self.on_restored)
