# SPDX-License-Identifier: MIT
"""Values as text for `asterisk.agitb`: short, whatever their ``__repr__`` does, and masked."""

from __future__ import annotations

import itertools
import re
import reprlib
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, Optional, Set

if TYPE_CHECKING:
    from asterisk.agitb import Mask

MASKED = "***"

_SIZE = 200  # characters of a text or of an object
_DIGITS = 400
_LOOKED_AT = 100 * _SIZE  # characters of one value that are looked at
_SECRET_SIZE = 6  # a shorter text is masked by its name only: it may be anywhere by chance
_ATTRIBUTES = 1000  # of an object, looked at for secrets

# A quoted text behind a name: NAME='...', "NAME": '...', NAME: str = "...".
_LITERAL = re.compile(
    r"""(?<!\w)(?P<name>\w+)(?P<between>["']?\s*(?::\s*\w+\s*)?[:=]\s*[bBrRuUfF]{0,2})"""
    r"""(?P<quote>["'])(?P<value>(?:\\.|(?!(?P=quote))[^\\\n])*)(?P=quote)"""
)


class _Repr(reprlib.Repr):
    def __init__(self, is_secret: Callable[[object], bool], hide: Callable[[str], str]) -> None:
        super().__init__()
        self.is_secret = is_secret
        self.hide = hide  # before anything is cut: half a secret is not found
        self.maxlevel = 4
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = 20
        self.maxdeque = self.maxarray = 20
        self.maxstring = self.maxother = _SIZE
        self.maxlong = _DIGITS

    def repr_int(self, x: int, level: int) -> str:
        if x.bit_length() > 10000:  # too long to be made
            return f"<int of {x.bit_length()} bits>"
        return super().repr_int(x, level)

    def repr_str(self, x: str, level: int) -> str:
        return super().repr_str(self.hide(x if len(x) <= _LOOKED_AT else x[:_LOOKED_AT]), level)

    def repr_bytes(self, x: bytes, level: int) -> str:
        return self._cut(repr(x[:_LOOKED_AT]))

    repr_bytearray = repr_bytes

    def repr_instance(self, x: object, level: int) -> str:
        try:
            return self._cut(repr(x))
        except Exception as error:
            return _failed(x, error)

    def _cut(self, shown: str) -> str:
        shown = self.hide(shown[:_LOOKED_AT])
        if len(shown) <= _SIZE:
            return shown
        return f"{shown[: _SIZE // 2]}...{shown[-_SIZE // 2 :]}"

    def repr_dict(self, x: Mapping[Any, Any], level: int) -> str:
        if level <= 0:
            return "{...}" if x else "{}"
        items = []
        for key, value in itertools.islice(x.items(), self.maxdict):
            shown = MASKED if self.is_secret(key) else self.repr1(value, level - 1)
            items.append(f"{self.repr1(key, level - 1)}: {shown}")
        if len(x) > self.maxdict:
            items.append("...")
        return "{" + ", ".join(items) + "}"


def _failed(x: object, error: BaseException) -> str:
    return f"<{type(x).__name__} at {id(x):#x}: {type(error).__name__} in its repr>"


class Masked:
    """Writes values, and knows what to keep to itself.

    Parameters
    ----------
    mask : str or re.Pattern or None
        A regular expression found in the names of secrets.
    """

    def __init__(self, mask: Mask) -> None:
        self._mask: Optional[re.Pattern[str]] = None
        if mask:  # False and '' are None, too
            self._mask = re.compile(mask, re.IGNORECASE) if isinstance(mask, str) else mask
        self._repr = _Repr(self.is_secret, self.hide)
        self._secrets: Set[str] = set()

    def is_secret(self, name: object) -> bool:
        """Whether the value of this name, or of this key of a dict, is not to be shown."""
        if self._mask is None:
            return False
        if type(name) is bytes:
            name = name.decode("latin-1")
        return type(name) is str and self._mask.search(name) is not None

    def value(self, name: str, value: object) -> str:
        """Return the repr of a value, in one line and short."""
        if self.is_secret(name):
            return MASKED
        return self.repr(value)

    def repr(self, value: object) -> str:
        """Return the repr of a value without a name."""
        try:
            shown = self._repr.repr(value)
        except BaseException as error:
            return _failed(value, error)
        return shown if len(shown) <= 10 * _SIZE else shown[: 10 * _SIZE] + "..."

    def learn(self, values: Mapping[str, Any]) -> None:
        """Take the secrets out of variables and of their objects' attributes, to hide them all."""
        if self._mask is None:
            return
        for name, value in list(values.items()):
            self._learn(name, value)
            if type(value) is dict:
                attributes = value
            elif issubclass(type(value), (type, types.ModuleType)):
                continue
            else:
                try:
                    attributes = object.__getattribute__(value, "__dict__")
                except Exception:
                    continue
            if type(attributes) is dict:
                for key, attribute in list(itertools.islice(attributes.items(), _ATTRIBUTES)):
                    self._learn(key, attribute)

    def _learn(self, name: object, value: object) -> None:
        if not self.is_secret(name):
            return
        if type(value) is bytes:
            value = value.decode("utf-8", "backslashreplace")
        if type(value) is str and len(value) >= _SECRET_SIZE:
            # As it is, as repr shows it, and as the report shows what cannot be printed.
            self._secrets.update({value, repr(value)[1:-1], repr(value.encode())[2:-1]})

    def hide(self, text: str) -> str:
        """Mask in any text what was learnt, and literals that follow the name of a secret."""
        if self._mask is None:
            return text
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, MASKED)
        return _LITERAL.sub(self._hide_literal, text)

    def _hide_literal(self, match: re.Match[str]) -> str:
        if not self.is_secret(match["name"]):
            return match[0]
        return match["name"] + match["between"] + match["quote"] + MASKED + match["quote"]
