# SPDX-License-Identifier: MIT
"""What is told of a dialogue, for debugging: in pyst's words, or as JSON."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol, Union

    class Writer(Protocol):
        """What a trace is written to."""

        def write(self, text: str, /) -> object: ...

    Record = dict[str, Any]
    #: True: pyst's trace. "json": JSON lines. A function is called with each record.
    Debug = Union[bool, str, Callable[[Record], object], None]

__all__ = ["FunctionTrace", "JsonTrace", "Trace", "make"]

WIDTH = 80

#: What is not UTF-8 is U+0080 to U+00FF in JSON, which knows no bytes.
_BYTES = {0xDC00 + byte: byte for byte in range(0x80, 0x100)}


def pformat(mapping: Mapping[str, Any]) -> str:
    """Return what pprint.pformat() does; importing that takes longer than an answer may."""
    line = "{" + ", ".join(f"{key!r}: {mapping[key]!r}" for key in sorted(mapping)) + "}"
    if len(line) <= WIDTH:
        return line
    lines = [f" {key!r}: {mapping[key]!r}" for key in sorted(mapping)]
    if any(len(line) >= WIDTH for line in lines):
        import pprint

        return pprint.pformat(dict(mapping))
    return "{" + ",\n".join(lines)[1:] + "}"


class Trace:
    """pyst's trace: a line for each line.

    Parameters
    ----------
    stream : file
        Text is written to it; it is not flushed.
    """

    def __init__(self, stream: Writer) -> None:
        self._write = stream.write

    def arguments(self, argv: list[str]) -> None:
        self._write(f"ARGS: {argv}\n")

    def environment(self, text: str, env: Mapping[str, str]) -> None:
        for line in text.split("\n"):
            if line:
                self._write(f"ENV LINE: {line.strip()}\n")
        self._write("ENV LINE: \n")
        self._write(f"class AGI: self.env = {pformat(env)}\n")

    def command(self, line: str) -> None:
        self._write(f"    COMMAND: {line}")

    def reply(self, text: str) -> None:
        self._write(f"    RESULT_LINE: {text}\n")

    def result(self, result: Mapping[str, Any]) -> None:
        self._write(f"    RESULT_DICT: {pformat(result)}\n")


class FunctionTrace(Trace):
    """Records: dicts of ``time`` (seconds since 1970), ``direction`` and ``line``.

    A direction is "sent" or "received".

    Parameters
    ----------
    function : callable
        Is called with each record.
    """

    def __init__(self, function: Callable[[Record], object]) -> None:
        import time

        self._time = time.time
        self._function = function

    def _record(self, direction: str, line: str) -> None:
        self._function({"time": self._time(), "direction": direction, "line": line})

    def arguments(self, argv: list[str]) -> None:
        pass

    def environment(self, text: str, env: Mapping[str, str]) -> None:
        for line in text.split("\n"):
            if line:
                self._record("received", line)

    def command(self, line: str) -> None:
        self._record("sent", line.rstrip("\n"))

    def reply(self, text: str) -> None:
        self._record("received", text)

    def result(self, result: Mapping[str, Any]) -> None:
        pass


class JsonTrace(FunctionTrace):
    """The same records as lines of JSON, with the time in words.

    Parameters
    ----------
    stream : file
    """

    def __init__(self, stream: Writer) -> None:
        import json
        import time

        def write(record: Record) -> None:
            whole, part = divmod(int(record["time"] * 1e6), 1000000)
            words = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
            plain = {
                "time": f"{words}.{part:06}Z",
                "direction": record["direction"],
                "line": record["line"].translate(_BYTES),
            }
            stream.write(json.dumps(plain, separators=(",", ":")) + "\n")

        super().__init__(write)


def make(debug: Debug, stream: Writer | None) -> Trace | None:
    """Return the trace for what was given as `debug`; None for none."""
    if callable(debug):
        return FunctionTrace(debug)
    if debug is None or debug is False or stream is None:
        return None
    if debug is True:
        return Trace(stream)
    if debug == "json":
        return JsonTrace(stream)
    raise ValueError("debug is a bool, 'json' or a function")
