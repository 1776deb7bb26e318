# SPDX-License-Identifier: MIT
"""A TCP connection, with or without TLS, that never blocks."""

from __future__ import annotations

import errno
import os
import select
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

__all__ = ["Transport", "context_for"]


def context_for(tls: bool | ssl.SSLContext | None) -> ssl.SSLContext | None:
    """Return the TLS context for what a program gave as `tls`.

    Parameters
    ----------
    tls : bool or ssl.SSLContext or None
        True stands for TLS with the system's certificates and all verification.

    Returns
    -------
    ssl.SSLContext or None
        None for no TLS.
    """
    if tls is None or tls is False:
        return None
    import ssl

    if tls is True:
        return ssl.create_default_context()
    if not isinstance(tls, ssl.SSLContext):
        raise TypeError("tls is a bool or an ssl.SSLContext")
    return tls


class Transport:
    """Connects to each address of a host in turn, then shakes hands, as `advance` is called.

    The name is resolved at once, which may block.

    Parameters
    ----------
    host : str
        A name or an address, of IPv6 as well, with or without brackets.
    port : int
    context : ssl.SSLContext, optional
        For TLS.
    server_hostname : str, optional
        The name that the certificate has to be for; `host` by default.

    Raises
    ------
    OSError
        The name cannot be resolved, or no address can be tried at all.
    """

    def __init__(
        self,
        host: str,
        port: int,
        context: ssl.SSLContext | None = None,
        server_hostname: str | None = None,
    ) -> None:
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        self.established = False
        self.encrypted = context is not None
        #: What `poll` has to be asked for beside what the session wants.
        self.interest = 0
        self._context = context
        self._server_hostname = server_hostname or host
        self._addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        self._sock: socket.socket | None = None
        self._shaking_hands = False
        self._connect_next(OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL)))

    def fileno(self) -> int:
        """Return the descriptor to poll, -1 when closed. It changes while connecting."""
        return -1 if self._sock is None else self._sock.fileno()

    def _connect_next(self, failure: OSError) -> None:
        while self._addresses:
            family, kind, protocol, _, address = self._addresses.pop(0)
            self.close()
            try:
                self._sock = socket.socket(family, kind, protocol)
                self._sock.setblocking(False)
                self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                result = self._sock.connect_ex(address)
            except OSError as err:
                failure = err
                continue
            if result in (0, errno.EINPROGRESS):
                self.interest = select.POLLOUT
                return
            failure = OSError(result, os.strerror(result))
        self.close()
        raise failure

    def advance(self) -> None:
        """Go on connecting, after `poll` reported something; sets `established` in the end.

        Raises
        ------
        OSError
            The connection cannot be made.
        """
        assert self._sock is not None
        if not self._shaking_hands:
            result = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if result != 0:
                self._connect_next(OSError(result, os.strerror(result)))
                return
            if self._context is None:
                self.interest = 0
                self.established = True
                return
            self._sock = self._context.wrap_socket(
                self._sock,
                server_hostname=self._server_hostname,
                do_handshake_on_connect=False,
            )
            self._shaking_hands = True
        self._shake_hands()

    def _shake_hands(self) -> None:
        import ssl

        assert isinstance(self._sock, ssl.SSLSocket)
        try:
            self._sock.do_handshake()
        except ssl.SSLWantReadError:
            self.interest = select.POLLIN
        except ssl.SSLWantWriteError:
            self.interest = select.POLLOUT
        else:
            self.interest = 0
            self.established = True

    def recv_into(self, buffer: memoryview) -> int | None:
        """Receive into a buffer.

        Returns
        -------
        int or None
            Bytes received; 0 at the end of the stream; None when there are none yet.

        Raises
        ------
        OSError
        """
        assert self._sock is not None
        try:
            return self._sock.recv_into(buffer)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as err:
            if not self._wants(err):
                raise
            return None

    def send(self, data: bytes) -> int | None:
        """Send what can be sent at once.

        Returns
        -------
        int or None
            Bytes sent; None when there is no room.

        Raises
        ------
        OSError
        """
        assert self._sock is not None
        try:
            return self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as err:
            if not self._wants(err):
                raise
            return None

    def _wants(self, err: OSError) -> bool:
        """Whether TLS only wants to be called again, after one or the other direction is ready."""
        if not self.encrypted:
            return False
        import ssl

        return isinstance(err, (ssl.SSLWantReadError, ssl.SSLWantWriteError))

    def shutdown(self) -> None:
        """End the connection while another thread may still poll the descriptor."""
        if self._sock is not None:
            try:
                self._sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self) -> None:
        """Close the descriptor. May be called again."""
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()
