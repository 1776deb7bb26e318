# SPDX-License-Identifier: MIT
"""The answer to an action, when it has come."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from time import monotonic
from typing import TYPE_CHECKING, Any, Callable

from asterisk.engine import Call
from asterisk.response import Response

if TYPE_CHECKING:
    from asterisk.engine import Engine

__all__ = ["ActionFuture"]

Headers = list[tuple[str, Any]]


class ActionFuture(Future[Response]):
    """A `concurrent.futures.Future` of a `Response`.

    `result` and `exception` read from the connection themselves while nobody else does, so they
    work in an event handler and without any thread. `concurrent.futures.wait` and its like leave
    that to others. Callbacks run in the thread that read the answer. It cannot be cancelled.
    """

    def __init__(
        self,
        engine: Engine,
        forced: Callable[[], bool],
        answer: Callable[[Engine, Call, str, Headers], Response],
        name: str,
        headers: Headers,
    ) -> None:
        super().__init__()
        self._condition = engine.finished
        self._engine = engine
        self._forced = forced
        self._answer = answer
        self._name = name
        self._headers = headers
        self.call: Call = Call(self._finish)

    def _finish(self, call: Call) -> None:
        try:
            response = self._answer(self._engine, call, self._name, self._headers)
        except Exception as err:
            self.set_exception(err)
        else:
            self.set_result(response)

    def cancel(self) -> bool:
        """Return False: an action that was sent is not withdrawn."""
        return False

    def _wait(self, timeout: float | None) -> float:
        deadline = None if timeout is None else monotonic() + timeout
        if not self.call.done and not self._engine.wait(self.call, self._forced(), deadline):
            if not self._engine.closed:
                raise FutureTimeoutError()
        # In a callback of another future, it may be this thread that has yet to set the answer.
        self._engine.complete()
        # Or the one that read it is about to; the condition is everybody's.
        with self._condition:
            while not self.done():
                left = None if deadline is None else deadline - monotonic()
                if not self._condition.wait(left) and left is not None:
                    raise FutureTimeoutError()
        return 0.0

    def result(self, timeout: float | None = None) -> Response:
        """Wait for the answer and return it.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most. The action itself goes on.

        Returns
        -------
        Response

        Raises
        ------
        concurrent.futures.TimeoutError
            It has not come yet.
        ManagerException
            As `Manager.send` does.
        """
        return super().result(self._wait(timeout))

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the answer and return the exception that `result` would raise, or None."""
        return super().exception(self._wait(timeout))
