# SPDX-License-Identifier: MIT
"""Calls of AsyncAGI over a manager: what `asterisk.asyncagi` and `asterisk.aio` have in common."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Optional

from asterisk import _core
from asterisk.agi.errors import AGIEnvironmentError, AGIHangup
from asterisk.agi.routes import Handler, Routes, is_async

if TYPE_CHECKING:
    from asterisk._core import AsyncAgiCall
    from asterisk.agi.trace import Debug

__all__ = ["EVENTS", "AsyncCalls", "Counters", "Dialogue"]

#: The events that are needed, of the manager's classes agi and call.
EVENTS = (
    "AsyncAGIStart",
    "AsyncAGIExec",
    "AsyncAGIEnd",
    "AsyncAGI",
    "Hangup",
    "HangupRequest",
    "SoftHangupRequest",
    "Rename",
    "BridgeEnter",
)

#: These are no fault of the handler's.
_ENDS = (AGIHangup, AGIEnvironmentError)


class Counters:
    """What was done: counts since the beginning, but for the first three.

    Attributes
    ----------
    calls : int
        That go on now.
    waiting, working : int
        Of them: that wait for a thread, whose handler runs.
    accepted : int
    refused_calls, refused_waiting : int
        Above the limits `calls` and `waiting`.
    no_route : int
        No handler fits the path.
    left : int
        Left to other clients of the server.
    broken : int
        Without an environment.
    lost : int
        Whose channel no command could reach any more, as when the connection was lost.
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
        self.refused_calls = 0
        self.refused_waiting = 0
        self.no_route = 0
        self.left = 0
        self.broken = 0
        self.lost = 0
        self.hung_up = 0
        self.failed = 0

    def __repr__(self) -> str:
        return f"Counters({', '.join(f'{name}={n}' for name, n in vars(self).items() if n)})"


class Dialogue:
    """One call, as `AsyncCalls` sees it. A face of it adds what an AGI takes for a transport.

    Parameters
    ----------
    call : AsyncAgiCall
    """

    def __init__(self, call: AsyncAgiCall) -> None:
        self.call = call
        #: Both have to be true until it is forgotten.
        self.ended = False
        self.handled = False

    def received(self, data: bytes) -> None:
        """Take bytes for the program."""
        raise NotImplementedError

    def cut(self) -> None:
        """End the stream for the program."""
        raise NotImplementedError


class AsyncCalls(Routes):
    """The calls of one manager.

    Whoever derives from it sees to it that one thread at a time is in here.

    Parameters
    ----------
    handler : callable or None
        For every path.
    calls : int
        At one time.
    debug : bool or 'json' or callable
    on_error : callable or None
    shared : bool
        Leave calls that no route fits to other clients.
    """

    #: Whether handlers are to be awaited.
    _awaits = False

    def __init__(
        self,
        handler: Optional[Handler],
        *,
        calls: int,
        debug: Debug,
        on_error: Optional[Callable[[str, Exception], object]],
        shared: bool,
    ) -> None:
        super().__init__()
        self.debug = debug
        self.on_error = on_error
        self.shared = shared
        self.counters = Counters()
        self._agi = _core.AsyncAgi(calls=calls, command_id_prefix=f"pyst-{secrets.token_hex(6)}")
        self._dialogues: set[Dialogue] = set()
        self._closing = False
        self._advancing = False
        if handler is not None:
            self.add_route("*", handler)

    def add_route(self, pattern: str, handler: Handler) -> None:
        """Have a handler take the calls for a path: see `route`.

        Raises
        ------
        TypeError
            It is to be awaited and this does not await, or the other way round.
        """
        if callable(handler) and is_async(handler) is not self._awaits:
            kind = "an async def" if self._awaits else "a plain function"
            raise TypeError(f"a handler is {kind} here")
        super().add_route(pattern, handler)

    # -- what a face has to do --------------------------------------------------------------------

    def _open(self, call: AsyncAgiCall, environment: bytes) -> Optional[Dialogue]:
        """Begin a call, or return None when it is finished or left already."""
        raise NotImplementedError

    def _submit(self, name: str, headers: dict[str, Any], submission: int) -> None:
        """Submit an action, and see to it that `_done` is called when it ends."""
        raise NotImplementedError

    def _look_for_end(self) -> None:
        """See whether all is over, if that is wanted."""
        raise NotImplementedError

    # -- what happens -----------------------------------------------------------------------------

    def _advance(self) -> None:
        """Do what is to be done."""
        if self._advancing:
            return  # an action that was submitted just now told of the end of another
        self._advancing = True
        try:
            while True:
                notice = self._agi.next()
                if notice is None:
                    break
                self._take(*notice)
        finally:
            self._advancing = False
        self.counters.refused_calls = self._agi.refused
        if self._closing:
            self._look_for_end()

    def _take(self, kind: int, call: Optional[AsyncAgiCall], detail: Any) -> None:
        """Do what one notice of the core says."""
        if kind == _core.ASYNC_AGI_ACTION:
            name, headers, submission = detail
            self._submit(name, dict(headers), submission)
        elif call is None:
            return
        elif kind == _core.ASYNC_AGI_STARTED:
            self.counters.accepted += 1
            self.counters.calls += 1
            if self._closing:
                call.finish()
        elif kind == _core.ASYNC_AGI_RECEIVED:
            if call.data is None:
                self._begin(call, detail)
            else:
                call.data.received(detail)
        else:
            self.counters.calls -= 1
            self.counters.lost += detail != 0
            dialogue, call.data = call.data, None
            if dialogue is not None:
                dialogue.ended = True
                dialogue.cut()
                self._forget(dialogue)

    def _begin(self, call: AsyncAgiCall, environment: bytes) -> None:
        dialogue = self._open(call, environment)
        if dialogue is not None:
            call.data = dialogue
            self._dialogues.add(dialogue)

    def _leave(self, call: AsyncAgiCall) -> None:
        call.leave()
        self.counters.calls -= 1
        self.counters.left += 1

    def _forget(self, dialogue: Dialogue) -> None:
        """Take leave of a call that is over on both sides."""
        if dialogue.ended and dialogue.handled:
            self._dialogues.discard(dialogue)

    def _done(self, submission: int, error: int) -> None:
        """Take the end of an action."""
        self._agi.done(submission, error)
        self._advance()

    def _handled(self, dialogue: Dialogue, error: Optional[BaseException]) -> None:
        """Take the end of a handler: the dialplan goes on."""
        dialogue.handled = True
        dialogue.call.finish()
        if isinstance(error, _ENDS):
            self.counters.hung_up += 1
        elif error is not None and not isinstance(error, SystemExit):
            self.counters.failed += 1
        self._forget(dialogue)
        self._advance()

    def _report(self, path: str, error: Optional[BaseException]) -> None:
        """Tell of what a handler raised."""
        if error is None or isinstance(error, (SystemExit, *_ENDS)):
            return
        if self.on_error is not None and isinstance(error, Exception):
            self.on_error(path, error)
        else:
            logging.getLogger("asterisk.asyncagi").error(
                "the handler of %r failed", path, exc_info=error
            )
