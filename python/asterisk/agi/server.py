# SPDX-License-Identifier: MIT
"""The FastAGI server: `asterisk.fastagi.Server`."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Any, Optional

from asterisk import _core
from asterisk.agi import AGI
from asterisk.agi.call import Call
from asterisk.agi.errors import AGIException, AGIHangup
from asterisk.agi.readers import Readers
from asterisk.agi.routes import Handler, Routes, is_async, not_found_async

if TYPE_CHECKING:
    import ssl

    from asterisk.agi.trace import Debug

__all__ = ["HOST", "PORT", "Counters", "Server"]

HOST, PORT = "127.0.0.1", 4573

BACKLOG = 4096
ACCEPTED_AT_ONCE = 64

#: Seconds that calls have to end by themselves.
DRAIN = 10.0

#: Seconds without accepting when the process has no descriptor left.
BREATHER = 0.1

_OUT_OF_DESCRIPTORS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
_NO_SUCH_ADDRESS = frozenset((errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT))


class Counters:
    """What a server has done: counts since it was made, but for the first three.

    Attributes
    ----------
    calls : int
        That go on now.
    waiting, working : int
        Of them, for plain functions: that wait for a thread, that have one.
    accepted : int
    refused_address : int
        Not in `allow`.
    refused_calls, refused_waiting : int
        Above the limits `calls` and `waiting`.
    no_route : int
        No handler fits the path.
    environment_limit : int
        More than `environment_size`.
    environment_timed_out, idle_timed_out : int
    broken : int
        Ended before the environment was complete, or by bytes that are no reply.
    hung_up : int
        Handlers that ended by AGIHangup.
    failed : int
        Handlers that raised anything else.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.waiting = 0
        self.working = 0
        self.accepted = 0
        self.refused_address = 0
        self.refused_calls = 0
        self.refused_waiting = 0
        self.no_route = 0
        self.environment_limit = 0
        self.environment_timed_out = 0
        self.idle_timed_out = 0
        self.broken = 0
        self.hung_up = 0
        self.failed = 0

    def __repr__(self) -> str:
        return f"Counters({', '.join(f'{name}={n}' for name, n in vars(self).items() if n)})"


class Server(Routes):
    """Serves FastAGI calls: plain functions in threads, ``async def`` ones in an event loop.

    It listens at once, and serves in `serve_forever`, or in ``async with`` or `serve`. `route`
    says which function handles which path.

    Parameters
    ----------
    host : str or None, optional
        A name or an address, of IPv4 or IPv6; None or empty for all addresses of the machine.
    port : int, optional
        0 for any that is free: see the attribute `port`.
    unix : str, optional
        Listen at this path instead.
    tls : ssl.SSLContext, optional
        For TLS.
    workers : int, optional
        Threads for plain functions, made when they are needed.
    calls : int, optional
        Calls at one time; those above are refused.
    waiting : int, optional
        Calls that wait for a thread; those above are refused.
    allow : iterable of str, optional
        Who may connect over IP: "192.0.2.0/24", "2001:db8::/32", "192.0.2.7". None: anybody.
    environment_timeout : float, optional
        Seconds from the connection to the end of the environment, TLS included.
    idle_timeout : float, optional
        Seconds with nothing sent or received, after which a call is cut. None: never.
    environment_size : int, optional
        Bytes of an environment; 0: 64 KiB.
    command_size : int, optional
        Bytes of a command line; 0: 2047.
    debug : bool or 'json' or callable, optional
        To trace every call: see `asterisk.agi.AGI`.
    on_error : callable, optional
        Is called with the path and the exception when a handler fails; by default it is logged.

    Attributes
    ----------
    port : int
        Of the first address.
    counters : Counters
    """

    def __init__(
        self,
        host: Optional[str] = HOST,
        port: int = PORT,
        *,
        unix: Optional[str] = None,
        tls: Optional[ssl.SSLContext] = None,
        workers: int = 64,
        calls: int = 65536,
        waiting: int = 1024,
        allow: Optional[Iterable[str]] = None,
        environment_timeout: float = 10.0,
        idle_timeout: Optional[float] = None,
        environment_size: int = 0,
        command_size: int = 0,
        debug: Debug = False,
        on_error: Optional[Callable[[str, Exception], object]] = None,
    ) -> None:
        super().__init__()
        self.workers = workers
        self.calls = calls
        self.waiting = waiting
        self.environment_timeout = environment_timeout
        self.idle_timeout = idle_timeout
        self.environment_size = environment_size
        self.command_size = command_size
        self.debug = debug
        self.on_error = on_error
        self.counters = Counters()
        self.port = 0
        self._allow = None if allow is None else _networks(allow)
        self._listeners: list[tuple[socket.socket, Optional[ssl.SSLContext]]] = []
        self._unix: list[str] = []
        self._calls: set[Call] = set()
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._readers: Optional[Readers] = None
        self._executor: Optional[ThreadPoolExecutor] = None
        self._over: Optional[asyncio.Future[None]] = None
        self._drain_end: Optional[asyncio.TimerHandle] = None
        #: Calls that wait for their environment, the oldest first, and since when.
        self._arriving: dict[Call, float] = {}
        self._arrival_end: Optional[asyncio.TimerHandle] = None
        self.listen(host, port, unix=unix, tls=tls)

    # -- listening ----------------------------------------------------------------------------

    def listen(
        self,
        host: Optional[str] = HOST,
        port: int = PORT,
        *,
        unix: Optional[str] = None,
        tls: Optional[ssl.SSLContext] = None,
    ) -> int:
        """Listen at one more address: the parameters are those of the class.

        Returns
        -------
        int
            The port, 0 with `unix`.

        Raises
        ------
        OSError
            The address is in use, or not this machine's.
        """
        if self._loop is not None:
            raise RuntimeError("the server is serving already")
        if unix is not None:
            self._listeners.append((_listen_unix(unix), tls))
            self._unix.append(unix)
            return 0
        addresses = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        opened: list[socket.socket] = []
        for family, _, _, _, address in addresses:
            where: Any = (address[0], port, *address[2:])
            try:
                listener = socket.create_server(where, family=family, backlog=BACKLOG)
            except OSError as error:
                if error.errno in _NO_SUCH_ADDRESS and (opened or address is not addresses[-1][4]):
                    continue  # a name may have addresses that the machine has not
                for listener in opened:
                    listener.close()
                raise
            opened.append(listener)
            port = listener.getsockname()[1]
        self._listeners.extend((listener, tls) for listener in opened)
        self.port = self.port or port
        return port

    # -- serving ------------------------------------------------------------------------------

    def serve_forever(self) -> None:
        """Serve until `stop`, SIGTERM or SIGINT, in the calling thread.

        After a second signal calls are cut.
        """
        asyncio.run(self._serve_with_signals())

    async def _serve_with_signals(self) -> None:
        loop = asyncio.get_running_loop()
        handled = []
        for number in (signal.SIGTERM, signal.SIGINT):
            try:
                loop.add_signal_handler(number, self._stop_by_signal)
                handled.append(number)
            except (NotImplementedError, RuntimeError, ValueError):
                pass  # not the main thread
        try:
            await self.serve()
        finally:
            for number in handled:
                loop.remove_signal_handler(number)

    def _stop_by_signal(self) -> None:
        """Let calls end; at the second signal, cut them."""
        self.stop(DRAIN if self._listeners else 0.0)

    async def serve(self) -> None:
        """Serve until `stop`. When it is cancelled, all calls are cut."""
        async with self:
            assert self._over is not None
            await asyncio.shield(self._over)

    async def __aenter__(self) -> Server:
        if self._loop is not None:
            raise RuntimeError("a server serves once")
        self._loop = loop = asyncio.get_running_loop()
        self._over = loop.create_future()
        self._readers = Readers(loop)
        for listener, tls in self._listeners:
            listener.setblocking(False)
            loop.add_reader(listener, self._accept, listener, tls)
        self._look_for_end()
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        assert self._over is not None
        if not self._over.done():
            self._stop(0.0)
            await asyncio.shield(self._over)
        if self._executor is not None:
            self._executor.shutdown(wait=True)

    def stop(self, drain: float = DRAIN) -> None:
        """Stop: calls that go on may end within `drain` seconds, then they are cut.

        It may be called in any thread, and returns at once; again with less time hastens it.
        """
        loop = self._loop
        if loop is None:
            self._close_listeners()
            return
        try:
            loop.call_soon_threadsafe(self._stop, drain)
        except RuntimeError:
            pass  # the loop is closed: it is over

    def _stop(self, drain: float) -> None:
        self._close_listeners()
        assert self._loop is not None
        if self._drain_end is not None:
            self._drain_end.cancel()
        self._drain_end = self._loop.call_later(drain, self._cut)
        self._look_for_end()

    def _close_listeners(self) -> None:
        listeners, self._listeners = self._listeners, []
        for listener, _ in listeners:
            if self._loop is not None:
                self._loop.remove_reader(listener)
            listener.close()
        for path in self._unix:
            try:
                os.unlink(path)
            except OSError:
                pass
        self._unix.clear()

    def _cut(self) -> None:
        for call in tuple(self._calls):
            call.cut()

    def _look_for_end(self) -> None:
        assert self._over is not None
        if not self._listeners and not self._calls and not self._over.done():
            for timer in (self._drain_end, self._arrival_end):
                if timer is not None:
                    timer.cancel()
            if self._readers is not None:
                self._readers.close()
            self._over.set_result(None)

    # -- calls --------------------------------------------------------------------------------

    def _accept(self, listener: socket.socket, tls: Optional[ssl.SSLContext]) -> None:
        assert self._loop is not None and self._readers is not None
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                sock, address = listener.accept()
            except OSError as error:
                if error.errno in _OUT_OF_DESCRIPTORS:
                    self._loop.remove_reader(listener)
                    self._loop.call_later(BREATHER, self._accept_again, listener, tls)
                    return
                if isinstance(error, (BlockingIOError, InterruptedError)):
                    return
                continue
            if not self._is_allowed(sock, address):
                self.counters.refused_address += 1
                sock.close()
            elif len(self._calls) >= self.calls:
                self.counters.refused_calls += 1
                sock.close()
            else:
                self.counters.accepted += 1
                self.counters.calls += 1
                try:
                    call = Call(self, self._loop, self._readers, sock, tls)
                except OSError:  # it is gone already
                    self.counters.broken += 1
                    self.counters.calls -= 1
                    sock.close()
                    continue
                self._calls.add(call)
                self._arriving[call] = self._loop.time()
                if self._arrival_end is None:
                    self._look_for_late_ones()

    def _accept_again(self, listener: socket.socket, tls: Optional[ssl.SSLContext]) -> None:
        if self._loop is not None and any(listener is known for known, _ in self._listeners):
            self._loop.add_reader(listener, self._accept, listener, tls)

    def _look_for_late_ones(self) -> None:
        """End calls whose environment takes too long. One timer does that for all of them."""
        assert self._loop is not None
        self._arrival_end = None
        for call, since in tuple(self._arriving.items()):
            rest = since + self.environment_timeout - self._loop.time()
            if rest > 0:
                self._arrival_end = self._loop.call_later(rest, self._look_for_late_ones)
                return
            call.time_out()

    def _is_allowed(self, sock: socket.socket, address: Any) -> bool:
        if self._allow is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
            return True
        return self._allow(address[0])

    def _handle(self, call: Call) -> None:
        """Have a call handled that has its environment."""
        self._arriving.pop(call, None)
        handler = self.find(call.session.path())
        if handler is None:
            self.counters.no_route += 1
            handler = not_found_async
        if is_async(handler):
            call.handle_async(handler)
        elif self.counters.waiting >= self.waiting and self.counters.working >= self.workers:
            self.counters.refused_waiting += 1
            call.close()
        else:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(self.workers, "fastagi")
            with _lock:
                self.counters.waiting += 1
            self._executor.submit(self._work, call, handler, call.lend())

    def _work(self, call: Call, handler: Handler, stream: Any) -> None:
        """Handle a call, in a thread of the pool."""
        counters = self.counters
        with _lock:
            counters.waiting -= 1
            counters.working += 1
        error: Optional[BaseException] = None
        agi: Optional[AGI] = None
        try:
            agi = AGI._over(call.session, stream, self.debug)
            handler(agi)
        except BaseException as raised:
            error = raised
        try:
            self.report(call, error)
            if agi is not None:
                agi._let_go()
        finally:
            with _lock:
                counters.working -= 1
            call.hand_back()

    def report(self, call: Call, error: Optional[BaseException]) -> None:
        """Count how a handler ended, and tell of an exception."""
        if error is None or isinstance(error, SystemExit):
            return
        counters = self.counters
        idle = (
            self.idle_timeout is not None
            and isinstance(error, (TimeoutError, socket.timeout))
            and call.session.busy
        )
        with _lock:
            if isinstance(error, AGIHangup):
                counters.hung_up += 1
            elif isinstance(error, AGIException) and error.code in _BROKEN:
                counters.broken += 1
            elif idle:
                counters.idle_timed_out += 1
            else:
                counters.failed += 1
        if idle or isinstance(error, AGIHangup):
            return
        path = call.session.path()
        if self.on_error is not None and isinstance(error, Exception):
            self.on_error(path, error)
        else:
            logging.getLogger("asterisk.fastagi").error(
                "the handler of %r failed", path, exc_info=error
            )

    def forget(self, call: Call) -> None:
        """Take leave of a call that is over."""
        self._calls.discard(call)
        self._arriving.pop(call, None)
        self.counters.calls -= 1
        if not self._listeners:
            self._look_for_end()


_BROKEN = frozenset((_core.ERR_BAD_REPLY, _core.ERR_LIMIT_REPLY))

_lock = threading.Lock()  # of the counters that threads change


def _listen_unix(path: str) -> socket.socket:
    """Listen at a path, in the place of a socket that nobody listens at any more."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        try:
            listener.bind(path)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not _is_stale(path):
                raise
            os.unlink(path)
            listener.bind(path)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _is_stale(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return True
        except OSError:
            pass
    return False


def _networks(allow: Iterable[str]) -> Callable[[str], bool]:
    import ipaddress

    networks = [ipaddress.ip_network(text, strict=False) for text in allow]

    def is_in(text: str) -> bool:
        address = ipaddress.ip_address(text.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in networks)

    return is_in
