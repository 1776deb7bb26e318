# SPDX-License-Identifier: MIT
"""An action of Asterisk's manager interface as an object: the base of all action classes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Union

__all__ = [
    "Action",
    "Headers",
    "MissingParameter",
    "NotDocumented",
    "Numbered",
    "Value",
    "Variables",
]

#: One header's value. A bool is sent as ``true`` or ``false``, None is not sent.
Value = Union[str, int, float, bool, None]

#: What a ``Variable`` parameter takes. A mapping's values reach the channel exactly as they are;
#: a str, or each str of a sequence, is sent as it stands: ``"NAME=value"``, which Asterisk splits
#: at commas and strips of quotes.
Variables = Union[Mapping[str, Value], Sequence[str], None]

#: What a numbered parameter takes: the values for 0, 1, 2 and so on; None leaves a number out.
Numbered = Union[Sequence[Value], Value]

#: Headers by their names: a mapping, whose values may be lists to repeat a header, or pairs in
#: order.
Headers = Union[Mapping[str, Union[Sequence[Value], Value]], Sequence["tuple[str, Value]"]]

SECRETS = frozenset({"secret", "password", "newpassword", "oldpassword", "key(login)"})


class NotDocumented(ValueError):
    """Asterisk documents no such action, or no such header of it: `name`."""

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


class MissingParameter(ValueError):
    """A parameter that Asterisk documents as required is not there: `name`."""

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


class Action:
    """An action of any name with any headers.

    The classes of `asterisk.actions` derive from it, one for each action that Asterisk documents.
    Two actions are equal when they send the same.

    Parameters
    ----------
    name : str
        The action, such as ``"Originate"``.
    headers : Headers, optional
        What to send: a mapping, whose values may be lists to repeat a header, or pairs.
    action_id : Value, optional
        ``ActionID``. Without one the session makes one up.

    Examples
    --------
    >>> Action("Reload", {"Module": "res_pjsip"}).headers()
    [('Module', 'res_pjsip')]
    """

    #: The action's name in Asterisk.
    name: str = ""
    #: The versions of Asterisk whose documentation has the action.
    versions: ClassVar[tuple[int, ...]] = ()

    # Attribute to parameter, in the order of the documentation.
    _parameters: ClassVar[Mapping[str, str]] = {}
    # The versions that require a parameter, and those that have it if not all do.
    _required: ClassVar[Mapping[str, tuple[int, ...]]] = {}
    _only: ClassVar[Mapping[str, tuple[int, ...]]] = {}
    _any_header: ClassVar[bool] = False

    action_id: Value

    def __init__(
        self, name: str, headers: Headers | None = None, *, action_id: Value = None
    ) -> None:
        self.name = name
        self._add(action_id, headers)

    def _add(self, action_id: Value, headers: Headers | None) -> None:
        self.action_id = action_id
        pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
        self._extra: list[tuple[str, Any]] = [(name, value) for name, value in pairs]

    def headers(self) -> list[tuple[str, str]]:
        """Return names and values of the headers in the order in which they are sent.

        The header ``Action`` is not among them, ``ActionID`` is if it was given.

        Returns
        -------
        list of (str, str)

        Raises
        ------
        TypeError
            A value is of a type that has no meaning here.
        ValueError
            The name of a channel variable is empty or has a ``=``.
        """
        lines = list(_lines("ActionID", self.action_id))
        for attribute, parameter in self._parameters.items():
            lines += _lines(parameter, getattr(self, attribute))
        for name, value in self._extra:
            lines += _lines(name, value)
        return lines

    def check(self, versions: Iterable[int] = ()) -> None:
        """Compare the action with what Asterisk documents. Values are not looked at.

        Asterisk's modules take headers that they do not document, and the documentation says
        of some that they are required though they are not; nothing is checked unless asked for.

        Parameters
        ----------
        versions : iterable of int, optional
            Versions of Asterisk, 16 and 22 are known; the action has to be right for each. For
            at least one when there are none.

        Raises
        ------
        NotDocumented
            The action, or one of its headers, is not documented.
        MissingParameter
            A required parameter is missing.
        """
        from asterisk.actions.catalogue import CLASSES

        documented = CLASSES.get(self.name.lower())
        if documented is None:
            raise NotDocumented(f"Asterisk documents no action {self.name}", self.name)
        wanted = tuple(versions)
        if wanted:
            documented._check(self, wanted)
            return
        for version in documented.versions[:-1]:
            try:
                documented._check(self, (version,))
                return
            except (NotDocumented, MissingParameter):
                pass
        documented._check(self, documented.versions[-1:])

    @classmethod
    def _check(cls, action: Action, versions: tuple[int, ...]) -> None:
        for version in versions:
            if version not in cls.versions:
                raise NotDocumented(
                    f"Asterisk {version} documents no action {action.name}", action.name
                )
        sent = [name for name, _ in action.headers()]
        parameters = {name.lower(): name for name in cls._parameters.values()}
        for name in sent:
            if cls._any_header or name.lower() == "actionid":
                continue
            known = parameters.get(name.lower()) or parameters.get(_first_number(name.lower()))
            if known is None:
                raise NotDocumented(f"Asterisk documents no header {name} of {cls.name}", name)
            for version in versions:
                if version not in cls._only.get(known, cls.versions):
                    raise NotDocumented(
                        f"Asterisk {version} documents no header {name} of {cls.name}", name
                    )
        present = {name.lower() for name in sent}
        for name, requiring in cls._required.items():
            if name.lower() not in present and not set(requiring).isdisjoint(versions):
                raise MissingParameter(f"{cls.name} requires {name}", name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Action):
            return NotImplemented
        return self.name == other.name and self.headers() == other.headers()

    __hash__ = None  # type: ignore[assignment]  # an action can be changed

    def __repr__(self) -> str:
        typed = type(self) is not Action
        shown = [] if typed else [repr(self.name)]
        extra = [(name, self._mask(name, value)) for name, value in self._extra]
        if extra and not typed:
            shown.append(repr(extra))
        for attribute, parameter in self._parameters.items():
            value = getattr(self, attribute)
            if value is not None:
                shown.append(f"{attribute}={self._mask(parameter, value)!r}")
        if self.action_id is not None:
            shown.append(f"action_id={self.action_id!r}")
        if extra and typed:
            shown.append(f"headers={extra!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def _mask(self, name: str, value: Any) -> Any:
        name = name.lower()
        secret = name in SECRETS or f"{name}({self.name.lower()})" in SECRETS
        return "***" if secret and value is not None else value


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return str(float(value))
    raise TypeError(f"{name} must be str, int, float, bool or None, not {type(value).__name__}")


# As pyst_ami_action_add_variable() does: Asterisk splits at commas and takes away the others.
_ESCAPES = str.maketrans({character: "\\" + character for character in ',"\\()[]'})


def _lines(name: str, value: Any) -> list[tuple[str, str]]:
    """The headers that a parameter's value becomes."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        lines = []
        for variable, content in value.items():
            if not variable or "=" in variable:
                raise ValueError(f"{variable!r} is no name of a channel variable")
            if content is not None:
                assignment = f"{variable}={_text(variable, content)}"
                lines.append((name, assignment.translate(_ESCAPES)))
        return lines
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
        return [
            (_numbered(name, index), _text(name, item))
            for index, item in enumerate(value)
            if item is not None
        ]
    return [(name, _text(name, value))]


# Numbered parameters are documented by their first number: Cat-000000 and UnitType(0).
_FIRST = re.compile(r"(.+)(?:-(000000)|\((0)\))")
_ANY = re.compile(r"(.+)(?:-\d+|\(\d+\))")


def _numbered(name: str, index: int) -> str:
    """The name with that number if it is a numbered parameter, else the name itself."""
    match = _FIRST.fullmatch(name)
    if match is None:
        return name
    return f"{match[1]}-{index:06d}" if match[2] else f"{match[1]}({index})"


def _first_number(name: str) -> str:
    """The documented name of a numbered parameter: ``Cat-000000`` for ``Cat-000012``."""
    match = _ANY.fullmatch(name)
    if match is None:
        return name
    return match[1] + ("(0)" if name.endswith(")") else "-000000")
