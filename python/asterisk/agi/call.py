# SPDX-License-Identifier: MIT
"""One connection to the FastAGI server, and who drives it: the loop, or a thread."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any, Optional

from asterisk import _core
from asterisk._core import AgiReply
from asterisk.aio.agi import AGI

if TYPE_CHECKING:
    import ssl

    from asterisk.agi.readers import Readers
    from asterisk.agi.routes import Handler
    from asterisk.agi.server import Server

__all__ = ["Call"]

RECEIVE_SIZE = 16384

#: Seconds that a handler has to end when its call was cut, before its task is cancelled.
PATIENCE = 1.0

_ENVIRONMENT_LIMIT = _core.ERR_LIMIT_ENVIRONMENT


class Call:
    """A connection. It begins in the loop, which reads the environment.

    An async handler has the call as its transport. A plain one gets the socket itself, blocking,
    and the loop has no more to do with it until it is handed back.
    """

    def __init__(
        self,
        server: Server,
        loop: asyncio.AbstractEventLoop,
        readers: Readers,
        sock: socket.socket,
        tls: Optional[ssl.SSLContext],
    ) -> None:
        self.server = server
        self.session = _core.AgiSession(
            environment_size=server.environment_size, command_size=server.command_size
        )
        self._loop = loop
        self._readers = readers
        self._sock = sock
        self._fd = sock.fileno()
        self._tls = False
        self._shaking_hands = False
        self._agi: Optional[AGI] = None
        self._task: Optional[asyncio.Task[None]] = None
        self._unsent = b""
        self._lent = False
        self._closed = False
        self._active = 0.0
        self._timer: Optional[asyncio.TimerHandle] = None
        sock.setblocking(False)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self._sock = tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            self._tls = self._shaking_hands = True
        readers.add(self._fd, self._readable)

    # -- reading ------------------------------------------------------------------------------

    def _readable(self) -> None:
        notice: Any
        if not self._tls:
            notice = self.session.receive(self._fd)
        elif self._shaking_hands and not self._shake_hands():
            return
        else:
            notice = self._receive_tls()
        if notice is None:
            return
        if self._active:
            self._active = self._loop.time()
        if self._agi is not None:
            self._agi._take(notice)
        else:
            self._take(notice)

    def _shake_hands(self) -> bool:
        import ssl

        sock: Any = self._sock
        try:
            sock.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLWantWriteError:
            self._loop.add_writer(self._fd, self._go_on_shaking_hands)
            return False
        except OSError:
            self.server.counters.broken += 1
            self.close()
            return False
        self._shaking_hands = False
        return True

    def _go_on_shaking_hands(self) -> None:
        self._loop.remove_writer(self._fd)
        self._readable()

    def _receive_tls(self) -> AgiReply | int | None:
        """Take all that TLS has: the loop knows of the socket only, not of what is decrypted."""
        import ssl

        while True:
            try:
                data = self._sock.recv(RECEIVE_SIZE)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            except OSError:
                data = b""
            if not data:
                self.session.disconnected()
                break
            self.session.feed(data)
        return self.session.next()

    def _take(self, notice: AgiReply | int) -> None:
        """Take the first notice there is: the environment, or the end of the stream."""
        counters = self.server.counters
        if notice == _core.AGI_ENVIRONMENT:
            self.server._handle(self)
            return
        if self.session.error == _ENVIRONMENT_LIMIT:
            counters.environment_limit += 1
        else:
            counters.broken += 1
        self.close()

    # -- an async handler ---------------------------------------------------------------------

    def handle_async(self, handler: Handler) -> None:
        """Run a handler in the loop."""
        self._agi = agi = AGI.__new__(AGI)
        agi._begin(self.session, self.server.debug, None)
        agi._has_started = True
        agi.connection_made(self)
        if not self._tls:
            agi._fd = self._fd
        idle = self.server.idle_timeout
        if idle is not None:
            self._active = self._loop.time()
            self._timer = self._loop.call_later(idle, self._look_for_idleness)
        agi._take(self.session.next())
        self._task = self._loop.create_task(self._run(handler, agi))

    async def _run(self, handler: Any, agi: AGI) -> None:
        error: Optional[BaseException] = None
        try:
            if agi._trace is not None:
                agi._trace.environment(self.session.environment_text(), agi.env)
            await handler(agi)
        except asyncio.CancelledError:
            pass
        except BaseException as raised:
            error = raised
        self.server.report(self, error)
        agi.close()

    def _look_for_idleness(self) -> None:
        idle = self.server.idle_timeout
        assert idle is not None
        rest = self._active + idle - self._loop.time()
        if rest > 0:
            self._timer = self._loop.call_later(rest, self._look_for_idleness)
        else:
            self.server.counters.idle_timed_out += 1
            self.cut()

    # -- what the handler's AGI takes for a transport --------------------------------------------

    def write(self, data: bytes) -> None:
        """Send bytes, those that the socket does not take later."""
        if self._closed:
            return
        if self._active:
            self._active = self._loop.time()
        if self._unsent:
            self._unsent += data
            return
        self._unsent = data
        self._writable()

    def _writable(self) -> None:
        try:
            n = self._sock.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            n = 0
        except OSError as error:
            if self._tls and _wants(error):
                n = 0
            else:
                n = len(self._unsent)  # that the peer is gone is found by reading
        self._unsent = self._unsent[n:]
        agi = self._agi
        if self._unsent:
            if agi is not None:
                agi._fd = -1
            self._loop.add_writer(self._fd, self._writable)
        else:
            if agi is not None and not self._tls:
                agi._fd = self._fd
            self._loop.remove_writer(self._fd)

    def close(self) -> None:
        """End the connection."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._lent:
            self._readers.remove(self._fd)
            if self._unsent or self._shaking_hands:
                self._loop.remove_writer(self._fd)
        if self._agi is not None:
            self._agi._fd = -1
        self._sock.close()
        self.server.forget(self)

    def cut(self) -> None:
        """End it at once, whoever has it: the handler finds the stream ended."""
        if self._closed:
            return
        if self._lent:
            try:
                self._sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        elif self._task is not None and self._agi is not None:
            self.session.disconnected()
            self._agi._take(self.session.next())
            self._loop.call_later(PATIENCE, self._task.cancel)
        else:
            self.close()

    def time_out(self) -> None:
        """End it, as its environment takes too long."""
        self.server.counters.environment_timed_out += 1
        self.close()

    # -- a plain handler ----------------------------------------------------------------------

    def lend(self) -> Any:
        """Give the socket to a thread, and let go of it."""
        self._readers.remove(self._fd)
        self._lent = True
        idle = self.server.idle_timeout
        if self._tls:
            self._sock.settimeout(idle)
            return _TlsStream(self._sock)
        self._sock.setblocking(True)
        if idle is not None:
            seconds, part = divmod(max(int(idle * 1e6), 1), 1000000)
            timeval = struct.pack("@ll", seconds, part)
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval)
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval)
        return self._sock

    def hand_back(self) -> None:
        """Take the socket back, from the thread that had it."""
        try:
            self._loop.call_soon_threadsafe(self.close)
        except RuntimeError:
            self._sock.close()  # the loop is closed


class _TlsStream:
    """A TLS socket for a thread, whose errors mean that the stream ended."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def recv(self, size: int) -> bytes:
        try:
            return self._sock.recv(size)
        except socket.timeout:
            raise
        except OSError:
            return b""

    def sendall(self, data: bytes) -> None:
        try:
            self._sock.sendall(data)
        except socket.timeout:
            raise
        except OSError as error:
            raise BrokenPipeError from error

    def close(self) -> None:
        self._sock.close()


def _wants(error: OSError) -> bool:
    """Whether TLS only wants to be called again."""
    ssl: Any = sys.modules["ssl"]
    return isinstance(error, (ssl.SSLWantReadError, ssl.SSLWantWriteError))
