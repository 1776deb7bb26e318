# SPDX-License-Identifier: MIT
"""Typed views of events: the base of the classes in `asterisk.actions.events`."""

from __future__ import annotations

from typing import Any, ClassVar, Optional, Protocol, TypeVar, Union, overload

__all__ = ["Event", "Header", "Message"]

Default = TypeVar("Default")


class Message(Protocol):
    """What a view needs of an event; `asterisk.manager.Event` has it.

    `get_header` finds a header whatever the case of its name.
    """

    @property
    def name(self) -> str: ...

    def get_header(self, name: str, default: Any = None, /) -> Any: ...


class Header:
    """A documented header of an event: a str, or None when the event came without it."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, view: None, owner: type[Event]) -> Header: ...

    @overload
    def __get__(self, view: Event, owner: type[Event]) -> Optional[str]: ...

    def __get__(self, view: Optional[Event], owner: type[Event]) -> Union[Header, str, None]:
        return self if view is None else view.get(self.name)


class Event:
    """A view of an event; an event that Asterisk does not document has this class.

    Headers are looked up when they are asked for. All that the view has no attribute for is in
    the event itself.

    Parameters
    ----------
    event : Message
        The event as the manager delivered it.

    Attributes
    ----------
    event : Message
        The same.
    name : str
        The event's name.
    """

    name: str = ""
    #: The versions of Asterisk whose documentation has the event.
    versions: ClassVar[tuple[int, ...]] = ()
    #: What a user's read permission must name to receive it; "" when that is not known.
    privilege: ClassVar[str] = ""

    def __init__(self, event: Message) -> None:
        self.event = event
        self.name = event.name

    @overload
    def get(self, name: str) -> Optional[str]: ...

    @overload
    def get(self, name: str, default: Default) -> Union[str, Default]: ...

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of the first header of that name, or `default`."""
        return self.event.get_header(name, default)

    def __repr__(self) -> str:
        documented = (
            (attribute, getattr(self, attribute))
            for attribute, header in vars(type(self)).items()
            if isinstance(header, Header)
        )
        shown = ", ".join(f"{name}={value!r}" for name, value in documented if value is not None)
        return f"<{self.name} {shown}>" if shown else f"<{self.name}>"
