# SPDX-License-Identifier: MIT
"""What commands result in: `str` and `int` as in pyst, that know more."""

from __future__ import annotations

from asterisk.agi.errors import AGIAppError, AGIError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    # What execute() returns; a subclass may return any mapping of this shape.
    Reply = Mapping[str, tuple[str, str]]

__all__ = ["ChannelState", "Digit", "Digits", "Recording", "Speech"]


class Digit(str):
    """The digit that was dialled, ``""`` when none was.

    Attributes
    ----------
    end_position : int
        Where playing ended, in samples; -1 when Asterisk did not say.
    """

    end_position: int = -1


class Digits(str):
    """The digits that were dialled, perhaps none.

    Attributes
    ----------
    timed_out : bool
        Whether the time was up before they were complete.
    """

    timed_out: bool = False


class Recording(str):
    """How a recording ended: as in pyst the digit that ended it, ``"\\0"`` when none did.

    Attributes
    ----------
    digit : str
        The digit, ``""`` when none ended it.
    timed_out : bool
        Whether the time, or the silence, ended it.
    end_position : int
        Its length in samples; -1 when Asterisk did not say.
    """

    digit: str = ""
    timed_out: bool = False
    end_position: int = -1


class Speech(str):
    """What was recognized: the text of the best result, ``""`` when there is none.

    Attributes
    ----------
    results : list of tuple
        Score (0 to 1000), text and grammar of each result.
    digit : str
        The digit that was dialled instead, or ``""``.
    timed_out : bool
        Whether nothing came in time.
    end_position : int
        Where the prompt ended, in samples; -1 when Asterisk did not say.
    """

    results: list[tuple[int, str, str]] = []
    digit: str = ""
    timed_out: bool = False
    end_position: int = -1


class ChannelState(int):
    """The state of a channel, 0 to 9; -1 when there is no such channel."""

    #: Asterisk's states, by number.
    NAMES = (
        "down",
        "reserved",
        "off hook",
        "dialing",
        "ring",
        "ringing",
        "up",
        "busy",
        "dialing off hook",
        "pre-ring",
    )

    @property
    def name(self) -> str:
        """The state in words."""
        return self.NAMES[self] if 0 <= self < len(self.NAMES) else "unknown"


NO_DIGIT = Digit("")


def number(text: str) -> int:
    """Read a number that Asterisk sent, or raise AGIError."""
    try:
        return int(text)
    except ValueError:
        raise AGIError(f"not a number: {text!r}") from None


def character(text: str) -> str:
    """Turn the code of a character into it, or raise AGIError."""
    try:
        return chr(int(text))
    except (ValueError, OverflowError):
        raise AGIError(f"not the code of a character: {text!r}") from None


def end_position(reply: Reply) -> int:
    """Return endpos=, -1 when there is none."""
    return number(reply["endpos"][0]) if "endpos" in reply else -1


def nothing(reply: Reply) -> None:
    """Leave the result alone."""


def text(reply: Reply) -> str:
    """Return the result as it is."""
    return reply["result"][0]


def digit(reply: Reply) -> Digit:
    """Return the digit that ended the command."""
    code = reply["result"][0]
    if len(reply) == 1 and code == "0":
        return NO_DIGIT
    made = Digit("" if code == "0" else character(code))
    made.end_position = end_position(reply)
    return made


def digits(reply: Reply) -> Digits:
    """Return the digits that were dialled."""
    code, how = reply["result"]
    made = Digits(code)
    made.timed_out = how == "timeout"
    return made


def recording(reply: Reply) -> Recording:
    """Return how a recording ended."""
    code, how = reply["result"]
    if how == "timeout":
        code = "0"  # after silence, it is a time
    made = Recording(character(code))
    made.digit = "" if code == "0" else str(made)
    made.timed_out = how == "timeout"
    made.end_position = end_position(reply)
    return made


def speech(reply: Reply) -> Speech:
    """Return what was recognized."""
    import re

    code, how = reply["result"]
    if code == "0":
        raise AGIAppError("there is no speech recognition: speech_create() makes one")
    # The texts are in quotes, which the dict knows nothing of.
    line: Any = getattr(reply, "text", "")
    fields = {
        name: quoted or bare
        for name, quoted, bare in re.findall(r' (\w+)=(?:"([^"]*)"|(\S*))', line)
    }
    results: list[tuple[int, str, str]] = []
    while f"text{len(results)}" in fields:
        n = len(results)
        score = number(fields.get(f"score{n}", "0"))
        results.append((score, fields[f"text{n}"], fields.get(f"grammar{n}", "")))
    made = Speech(results[0][1] if results else "")
    made.results = results
    made.digit = fields.get("digit", "") if how == "digit" else ""
    made.timed_out = how == "timeout"
    made.end_position = end_position(reply)
    return made
