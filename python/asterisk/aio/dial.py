# SPDX-License-Identifier: MIT
"""Making a connection: addresses in turn, TLS, and no longer than allowed."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from typing import Callable, Optional

__all__ = ["dial"]


async def dial(
    protocol: Callable[[], asyncio.BaseProtocol],
    host: str,
    port: int,
    context: Optional[ssl.SSLContext],
    server_hostname: Optional[str],
) -> None:
    """Connect to the first address of a host that takes the connection, and shake hands.

    Parameters
    ----------
    protocol : callable
        ``f()``, gives the protocol to connect.
    host : str
        A name, or an address of IPv4 or IPv6, with or without brackets.
    port : int
    context : ssl.SSLContext, optional
        For TLS.
    server_hostname : str, optional
        The name that the certificate has to be for; `host` by default.

    Raises
    ------
    OSError
        With the errno of the last address that was tried.
    """
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    loop = asyncio.get_running_loop()
    failure = OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    for family, kind, number, _, address in await loop.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        try:
            sock = socket.socket(family, kind, number)
        except OSError as err:
            failure = err
            continue
        try:
            sock.setblocking(False)
            await loop.sock_connect(sock, address)
        except OSError as err:
            sock.close()
            failure = OSError(err.errno, os.strerror(err.errno)) if err.errno else err
            continue
        except BaseException:
            sock.close()
            raise
        name = (server_hostname or host) if context is not None else None
        try:
            await loop.create_connection(protocol, sock=sock, ssl=context, server_hostname=name)
        except BaseException:
            sock.close()
            raise
        return
    raise failure
