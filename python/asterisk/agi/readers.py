# SPDX-License-Identifier: MIT
"""Which of many sockets can be read."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from typing import Any

__all__ = ["Readers"]

#: Sockets in one turn of the loop, which then looks after all else.
TAKEN_AT_ONCE = 256


class Readers:
    """Calls a function when a socket can be read, for many sockets of one loop.

    Where the system has epoll, the loop watches one descriptor for all of them: a loop spends more
    on finding out whom an event is for than a call spends on the event.

    Parameters
    ----------
    loop : asyncio.AbstractEventLoop
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._functions: dict[int, Callable[[], object]] = {}
        make: Any = getattr(select, "epoll", None)
        self._epoll = make() if make is not None else None
        if self._epoll is not None:
            loop.add_reader(self._epoll.fileno(), self._take)

    def add(self, fd: int, function: Callable[[], object]) -> None:
        """Call a function whenever a descriptor is readable.

        Raises
        ------
        OSError
            The system does not watch it.
        """
        if self._epoll is None:
            self._loop.add_reader(fd, function)
        else:
            self._epoll.register(fd, select.EPOLLIN)
        self._functions[fd] = function

    def remove(self, fd: int) -> None:
        """Stop that, before the descriptor is closed. May be called again."""
        if self._functions.pop(fd, None) is None:
            return
        if self._epoll is None:
            self._loop.remove_reader(fd)
        else:
            self._epoll.unregister(fd)

    def close(self) -> None:
        """Watch nothing any more. May be called again."""
        for fd in tuple(self._functions):
            self.remove(fd)
        if self._epoll is not None and not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()

    def _take(self) -> None:
        assert self._epoll is not None
        functions = self._functions
        for fd, _ in self._epoll.poll(0, TAKEN_AT_ONCE):
            # One that was called before may have removed it.
            function = functions.get(fd)
            if function is not None:
                function()
