# SPDX-License-Identifier: MIT
"""Which handler a call goes to, by the path that it asks for."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, Union

from asterisk.agi import AGI

if TYPE_CHECKING:
    from asterisk.aio.agi import AGI as AwaitedAGI

__all__ = ["Handler", "Routes", "is_async", "not_found", "not_found_async"]

#: A function that takes an `asterisk.agi.AGI`, or an ``async def`` that takes an
#: `asterisk.aio.AGI`.
Handler = Union[Callable[[Any], object], Callable[[Any], Awaitable[object]]]

H = TypeVar("H", bound=Handler)

PATH_SHOWN = 200


def is_async(handler: Handler) -> bool:
    """Tell whether a handler is to be awaited: an ``async def``, or an object that is called so."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)
    )


class Routes:
    """Handlers by path.

    A pattern is a path, or one whose last element is ``*``, which stands for all that is left;
    ``*`` alone fits every path. A whole path goes first, then the longest pattern that fits.
    """

    def __init__(self) -> None:
        self._paths: dict[str, Handler] = {}
        self._prefixes: dict[str, Handler] = {}

    def route(self, pattern: str) -> Callable[[H], H]:
        """Decorate a function that handles calls for a path.

        Parameters
        ----------
        pattern : str
            Such as ``ivr/sales`` or ``ivr/*``, of agi://host/ivr/sales. Empty: for no path.

        Raises
        ------
        ValueError
            The ``*`` is not the last element, or the pattern has a handler.
        """

        def add(handler: H) -> H:
            self.add_route(pattern, handler)
            return handler

        return add

    def add_route(self, pattern: str, handler: Handler) -> None:
        """Have a handler take the calls for a path: see `route`."""
        if not callable(handler):
            raise TypeError("a handler is a function")
        path = pattern[1:] if pattern.startswith("/") else pattern
        table = self._paths
        if path == "*" or path.endswith("/*"):
            path = path[:-1]
            table = self._prefixes
        if "*" in path:
            raise ValueError(f"a star is the last element or none: {pattern!r}")
        if path in table:
            raise ValueError(f"there is a handler for {pattern!r}")
        table[path] = handler

    def find(self, path: str) -> Handler | None:
        """Return the handler for a path; None when none fits."""
        handler = self._paths.get(path)
        if handler is not None or not self._prefixes:
            return handler
        end = len(path)
        while end >= 0:
            # What stands before the star ends in a slash, or is nothing.
            end = path.rfind("/", 0, end)
            handler = self._prefixes.get(path[: end + 1])
            if handler is not None:
                return handler
        return None


def _complaint(path: str) -> str:
    shown = "".join(c if c >= " " and c != "\x7f" else "?" for c in path[:PATH_SHOWN])
    return f'No such path on the AGI server: "{shown}"'


def not_found(agi: AGI) -> None:
    """Tell a call that no handler fits: on the console, and by AGI_SERVER_STATUS=NOTFOUND."""
    agi.raise_on_hangup = False
    agi.verbose(_complaint(agi.path))
    agi.set_variable("AGI_SERVER_STATUS", "NOTFOUND")


async def not_found_async(agi: AwaitedAGI) -> None:
    """Do the same, awaited."""
    agi.raise_on_hangup = False
    await agi.verbose(_complaint(agi.path))
    await agi.set_variable("AGI_SERVER_STATUS", "NOTFOUND")
