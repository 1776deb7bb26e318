# SPDX-License-Identifier: MIT
"""Tracebacks of AGI programs, where somebody sees them: on Asterisk's console, or in a file.

Examples
--------
At the top of a program, and again when there is a call::

    import asterisk.agi, asterisk.agitb

    asterisk.agitb.enable(display=False, logdir="/var/log/asterisk")
    agi = asterisk.agi.AGI()
    asterisk.agitb.enable(agi, logdir="/var/log/asterisk")

What the program does not catch is then shown with the source around each call and the values of
the variables there. `handler` shows an exception that was caught. Values whose names look like
those of secrets are masked.

Whatever goes wrong while something is shown (no call any more, a full disk, a ``__repr__`` that
raises), nothing here raises.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # what a report needs is imported when there is one: a call waits for this
if TYPE_CHECKING:
    import os
    import re
    from collections.abc import Callable, Mapping
    from types import FrameType, TracebackType
    from typing import Any, List, Optional, Protocol, TextIO, Tuple, Type, Union

    ExcInfo = Tuple[
        Optional[Type[BaseException]], Optional[BaseException], Optional[TracebackType]
    ]
    Mask = Union[str, re.Pattern[str], None]
    Variable = Tuple[str, Optional[str], Any]

    class Console(Protocol):
        """What can write on Asterisk's console: an `asterisk.agi.AGI`, or what behaves as one."""

        def verbose(self, message: str, level: int) -> object: ...


__all__ = ["MASK", "Hook", "enable", "handler", "lookup", "scanvars", "text"]

#: The value of a name that has none.
__UNDEF__: Any = type("Undefined", (), {"__repr__": lambda self: "undefined"})()

#: The names whose values are masked unless told otherwise: a regular expression, of any case,
#: which is found anywhere in a name.
MASK = (
    r"passw|passphrase|secret|token|credential|(?:api|access|private|auth|sign\w*|encrypt\w*)_?key"
    r"|(?:^|_)(?:pass|pwd|pw|pin|cvv)(?:$|_|\d)"
)

#: Bytes of a line on the console, quoted as an argument of an AGI command is. Asterisk reads a
#: command of about 2,000.
_CONSOLE_LINE = 1000


def lookup(name: str, frame: FrameType, locals: Mapping[str, Any]) -> Tuple[Optional[str], Any]:
    """Find what a name stands for in a frame.

    Parameters
    ----------
    name : str
        The name, without dots.
    frame : frame
        Whose global variables and builtins count.
    locals : mapping
        The local variables.

    Returns
    -------
    tuple
        ``'local'``, ``'global'`` or ``'builtin'``, and the value; ``None`` and ``__UNDEF__`` for a
        name without value.
    """
    builtins = frame.f_globals.get("__builtins__", {})
    if not isinstance(builtins, dict):
        builtins = vars(builtins)
    for where, values in (("local", locals), ("global", frame.f_globals), ("builtin", builtins)):
        if name in values:
            return where, values[name]
    return None, __UNDEF__


def scanvars(
    reader: Callable[[], str], frame: FrameType, locals: Mapping[str, Any]
) -> List[Variable]:
    """Find the variables in one statement, with their values in a frame.

    No code of the program runs for it: attributes are looked up without ``__getattr__`` and without
    calling properties.

    Parameters
    ----------
    reader : callable
        Returns the source row by row, ``''`` at its end, as ``readline`` of a file.
    frame : frame
        Where the statement is.
    locals : mapping
        The frame's local variables.

    Returns
    -------
    list of tuple
        Of a name: the name, where it is as for `lookup`, the value. Of an attribute: its dotted
        name, that up to and with the last dot, the value. What has no value has ``__UNDEF__``. A
        statement that is no Python ends the list.
    """
    from asterisk.traceback_report import variables

    return list(variables(reader, frame, locals))


def text(exc: ExcInfo, context: int = 5, mask: Mask = MASK) -> str:
    """Describe an exception.

    Parameters
    ----------
    exc : tuple
        As of ``sys.exc_info()``.
    context : int
        How many rows of source to show of each call.
    mask : str or re.Pattern or None
        A regular expression found in the names whose values are not shown. None masks nothing.

    Returns
    -------
    str
        Plain text of many lines: the calls that led to the exception, the variables on their
        lines, the exceptions it came from, and Python's own traceback. It has no line end but LF,
        and no control characters.
    """
    try:
        from asterisk.traceback_report import report

        return report(exc, context, mask)
    except BaseException as error:  # such as no memory, or no room on the stack
        return _last_resort(exc, error)


def _last_resort(exc: ExcInfo, error: BaseException) -> str:
    try:
        name = exc[0].__name__ if exc[0] is not None else "no exception"
        return f"{name}\nIt cannot be described: {type(error).__name__}"
    except BaseException:
        return "An exception cannot be described."


class Hook:
    """Shows exceptions; to be ``sys.excepthook``.

    Parameters
    ----------
    display : bool or int
        Whether to show the whole description, on the console with `agi`, else in `file`. A line
        that says that the program failed is shown in any case.
    logdir : path, optional
        A folder in which each description is saved, in a file of its own that only this user can
        read.
    context : int
        How many rows of source to show of each call.
    file : text file, optional
        Where to write without `agi`, or when that fails; by default ``sys.stderr`` of that time.
    agi : asterisk.agi.AGI, optional
        Its ``verbose(message, level)`` writes on Asterisk's console.
    mask : str or re.Pattern or None
        A regular expression found in the names whose values are not shown. None masks nothing.

    Raises
    ------
    re.error
        `mask` is no regular expression.

    Attributes
    ----------
    level : int
        From which verbosity on the console shows it.
    """

    level = 4

    def __init__(
        self,
        display: Union[bool, int] = 1,
        logdir: Union[str, os.PathLike[str], None] = None,
        context: int = 5,
        file: Optional[TextIO] = None,
        agi: Optional[Console] = None,
        mask: Mask = MASK,
    ) -> None:
        self.display = display
        self.logdir = logdir
        self.context = context
        self.file = file
        self.agi = agi
        self.mask = mask
        if isinstance(mask, str) and mask is not MASK:
            import re

            re.compile(mask)

    def __call__(
        self,
        etype: Type[BaseException],
        evalue: BaseException,
        etb: Optional[TracebackType],
    ) -> None:
        self.handle((etype, evalue, etb))

    def handle(self, info: Optional[ExcInfo] = None) -> None:
        """Show an exception, and raise nothing.

        Parameters
        ----------
        info : tuple, optional
            As of ``sys.exc_info()``, which is the default.
        """
        try:
            description = text(info or sys.exc_info(), self.context, self.mask)
            lines = description.split("\n") if self.display else []
            lines.append("A Python program has failed.")
            if self.logdir is not None:
                lines.append(_save(description, self.logdir))
            if not self._show_on_console(lines):
                self._write(lines)
        except BaseException:
            pass

    def _show_on_console(self, lines: List[str]) -> bool:
        agi: Any = self.agi
        if agi is None:
            return False
        try:
            # Asterisk shows it when the caller is gone, too, which may be why the program failed.
            raises = getattr(agi, "raise_on_hangup", None)
            if raises is not None:
                agi.raise_on_hangup = False
            try:
                return all(self._show_line(line) for line in lines if line)
            finally:
                if raises is not None:
                    agi.raise_on_hangup = raises
        except BaseException:  # the connection is gone, or is used just now
            return False

    def _show_line(self, line: str) -> bool:
        assert self.agi is not None
        answer = self.agi.verbose(_cut(line), self.level)
        if hasattr(answer, "__await__"):  # of an event loop, which does not run here
            getattr(answer, "close", int)()
            return False
        return True

    def _write(self, lines: List[str]) -> None:
        file = self.file if self.file is not None else sys.stderr
        content = "\n".join([*lines, ""])
        try:
            file.write(content)
        except UnicodeError:
            file.write(content.encode("ascii", "backslashreplace").decode("ascii"))
        file.flush()


def _cut(line: str) -> str:
    """Cut a line to what the console takes."""
    size = 0
    for i, character in enumerate(line):
        size += 2 if character in '"\\' else len(character.encode("utf-8", "backslashreplace"))
        if size > _CONSOLE_LINE:
            return line[:i] + "..."
    return line


def _save(description: str, logdir: Union[str, os.PathLike[str]]) -> str:
    """Save a description in a file of its own, and say where it is."""
    import os
    import tempfile

    path = None
    try:
        descriptor, path = tempfile.mkstemp(suffix=".txt", prefix="agitb-", dir=logdir)
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(description + "\n")
        return f"The description is in {path!r}."
    except BaseException as error:
        if path is not None:
            try:
                os.unlink(path)
            except OSError:
                pass
        reason = error.strerror if isinstance(error, OSError) else None
        reason = reason or type(error).__name__
        return f"No description was saved in {os.fspath(logdir)!r}: {reason}"


#: Shows an exception that was caught: ``handle`` of the hook that was enabled last.
handler: Callable[..., None] = Hook().handle


def enable(
    agi: Optional[Console] = None,
    display: Union[bool, int] = 1,
    logdir: Union[str, os.PathLike[str], None] = None,
    context: int = 5,
    mask: Mask = MASK,
) -> None:
    """Show every exception that the program does not catch.

    Parameters
    ----------
    agi : asterisk.agi.AGI, optional
        Its ``verbose(message, level)`` writes on Asterisk's console; without it, the descriptions
        go to stderr.
    display : bool or int
        Whether to show the whole description, or only that the program failed.
    logdir : path, optional
        A folder in which each description is saved, in a file of its own.
    context : int
        How many rows of source to show of each call.
    mask : str or re.Pattern or None
        A regular expression found in the names whose values are not shown. None masks nothing.
    """
    global handler
    hook = Hook(display=display, logdir=logdir, context=context, agi=agi, mask=mask)
    sys.excepthook = hook
    handler = hook.handle
