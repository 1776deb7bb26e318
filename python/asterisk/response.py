# SPDX-License-Identifier: MIT
"""What an action was answered with: its response, and the events of its list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from asterisk import _core, errors
from asterisk._core import Event, ManagerMsg

TYPE_CHECKING = False  # see asterisk.manager
if TYPE_CHECKING:
    from typing import overload

__all__ = ["Response"]


class Response(Sequence[Event]):
    """The response to an action, and the events that belong to it, as a sequence.

    Attributes
    ----------
    response : ManagerMsg
        What Asterisk answered.
    events : list of Event
        The events of the list that the action began, the one that ended it included.
    error : int
        0, or the ``ERR_*`` of `asterisk._core` that says how the action failed.
    """

    __slots__ = ("error", "events", "response")

    def __init__(
        self, response: ManagerMsg, events: Sequence[Event] = (), error: int = 0
    ) -> None:
        self.response = response
        self.events = list(events)
        self.error = error

    @property
    def ok(self) -> bool:
        """Whether Asterisk did what it was asked for."""
        return self.error == 0

    def check(self) -> Response:
        """Return the response itself, or raise what it tells of.

        Returns
        -------
        Response
            Itself.

        Raises
        ------
        ManagerActionException
            Asterisk refused the action; ManagerPermissionException and
            ManagerUnknownActionException are of this kind.
        ManagerAuthException
            Asterisk refused a login.
        ManagerException
            The list was longer than the limit.
        """
        if self.error == 0:
            return self
        words = self.response.get("Message") if self.response.error else None
        raise errors.exception(self.error, reason=words or _core.strerror(self.error))

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> Event: ...

        @overload
        def __getitem__(self, index: slice) -> list[Event]: ...

    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        return self.events[index]

    def __repr__(self) -> str:
        return f"<Response {self.response!r}, {len(self.events)} events>"
