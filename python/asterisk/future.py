# SPDX-License-Identifier: MIT
"""The answer to an action, when it has come."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from time import monotonic
from typing import TYPE_CHECKING, Callable

from asterisk.response import Response

if TYPE_CHECKING:
    from asterisk.engine import Call, Engine

__all__ = ["ActionFuture"]


class ActionFuture(Future[Response]):
    """A `concurrent.futures.Future` of a `Response`.

    `result` and `exception` read from the connection themselves while nobody else does, so they
    work in an event handler and without any thread. `concurrent.futures.wait` and its like leave
    that to others. Callbacks run in the thread that read the answer. It cannot be cancelled.
    """

    def __init__(
        self, engine: Engine, forced: Callable[[], bool], answer: Callable[[Call], Response]
    ) -> None:
        from asterisk.engine import Call

        super().__init__()
        self.set_running_or_notify_cancel()
        self._engine = engine
        self._forced = forced
        self._answer = answer
        self.call: Call = Call(self._finish)

    def _finish(self, call: Call) -> None:
        try:
            response = self._answer(call)
        except Exception as err:
            self.set_exception(err)
        else:
            self.set_result(response)

    def _wait(self, timeout: float | None) -> float | None:
        deadline = None if timeout is None else monotonic() + timeout
        if not self.call.done and not self._engine.wait(self.call, self._forced(), deadline):
            if not self._engine.closed:
                raise FutureTimeoutError()
        return None if deadline is None else max(0.0, deadline - monotonic())

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
