# SPDX-License-Identifier: MIT
"""The text of `asterisk.agitb`: an exception with its calls, their source and their variables.

Imported when there is something to report, and not before.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import itertools
import keyword
import linecache
import os
import re
import sys
import textwrap
import time
import tokenize
import traceback
import types
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Set, Tuple

from asterisk.agitb import __UNDEF__, lookup
from asterisk.masked_repr import Masked

if TYPE_CHECKING:
    from asterisk.agitb import ExcInfo, Mask, Variable

_FRAMES = 40  # of a traceback: so many are shown
_EXCEPTIONS = 20  # of chains and groups
_COLUMNS = 300  # of a row of source

_KNOWN = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)
_GROUP: Any = getattr(builtins, "BaseExceptionGroup", ())


# --- variables ---------------------------------------------------------------------------------


def variables(
    reader: Callable[[], str], frame: types.FrameType, locals: Mapping[str, Any]
) -> Iterator[Variable]:
    """As `asterisk.agitb.scanvars`."""
    prefix, value = "", __UNDEF__  # of the attribute whose name comes next
    before = ""
    try:
        tokens = _tokens(reader)
        for (kind, token), (_, behind) in zip(tokens, [*tokens[1:], (tokenize.NEWLINE, "")]):
            if kind == tokenize.NAME and not keyword.iskeyword(token):
                if before == ".":
                    if value is not __UNDEF__:
                        value, shown = _attribute(value, token)
                        yield prefix + token, prefix, shown
                elif before == "!" or (before in ("(", ",") and behind == "="):
                    value = __UNDEF__  # a conversion in an f-string; the name of a parameter
                else:
                    where, value = lookup(token, frame, locals)
                    yield token, where, value
                prefix += token
            elif token == ".":
                prefix += "."
            else:
                if kind == tokenize.STRING:
                    yield from _in_f_string(token, frame, locals)
                prefix, value = "", __UNDEF__
            before = token
    except SyntaxError:
        return


def _tokens(reader: Callable[[], str]) -> List[Tuple[int, str]]:
    """The kinds and texts of a statement's tokens, as far as there are any."""
    tokens = []
    try:
        for token in tokenize.generate_tokens(reader):
            if token.type == tokenize.NEWLINE:
                break
            if token.type not in (tokenize.NL, tokenize.COMMENT):
                tokens.append((token.type, token.string))
    except (tokenize.TokenError, SyntaxError):
        pass
    return tokens


def _attribute(parent: Any, name: str) -> Tuple[Any, Any]:
    """Look an attribute up without running code: to go on from, and to show."""
    value = inspect.getattr_static(parent, name, __UNDEF__)
    kind = type(value)
    if issubclass(kind, (types.MemberDescriptorType, types.GetSetDescriptorType)):
        if issubclass(type(parent), type):
            return value, value
        try:  # a slot, or an attribute of a type of C
            value = value.__get__(parent, type(parent))
        except Exception:
            return __UNDEF__, __UNDEF__
    elif issubclass(kind, (staticmethod, classmethod)):
        value = value.__func__
    elif hasattr(kind, "__get__") and not issubclass(kind, types.FunctionType):
        return __UNDEF__, value  # a property or its like: what it gives is not known
    return value, value


def _in_f_string(
    token: str, frame: types.FrameType, locals: Mapping[str, Any]
) -> Iterator[Variable]:
    """Find the variables of an f-string, which is one token before Python 3.12."""
    if "f" not in token[: token.find(token[-1])].lower():
        return
    for node in ast.walk(ast.parse(token, mode="eval")):
        if isinstance(node, ast.Name):
            yield (node.id, *lookup(node.id, frame, locals))


# --- source ------------------------------------------------------------------------------------


class _Source:
    """The files of one report, read once."""

    def __init__(self) -> None:
        self._statements: Dict[str, List[Tuple[int, int]]] = {}

    def rows(self, frame: types.FrameType) -> List[str]:
        """Return the rows of the frame's file; none where there is no source."""
        path = frame.f_code.co_filename
        linecache.checkcache(path)
        return linecache.getlines(path, frame.f_globals)

    def statement(self, frame: types.FrameType, rows: List[str], row: int) -> Tuple[int, int]:
        """Return the first and last row of the innermost statement that `row` (from 1) is in.

        Of a compound statement only the part before its body counts.
        """
        path = frame.f_code.co_filename
        if path not in self._statements:
            self._statements[path] = _statements("".join(rows))
        around = [(a, b) for a, b in self._statements[path] if a <= row <= b]
        return min(around, key=lambda span: span[1] - span[0], default=(row, row))


def _statements(source: str) -> List[Tuple[int, int]]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    spans = []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            last = node.end_lineno or node.lineno
            body = getattr(node, "body", None)
            if body:
                last = max(node.lineno, min(last, body[0].lineno - 1))
            spans.append((node.lineno, last))
    return spans


def _columns(frame: types.FrameType, instruction: int, row: str) -> Optional[Tuple[int, int]]:
    """Return where in its row the failing expression begins and ends, if it is told (3.11)."""
    if sys.version_info < (3, 11):
        return None
    positions = itertools.islice(frame.f_code.co_positions(), instruction // 2, None)
    first, last, begin, end = next(positions, (None, None, None, None))
    if first is None or first != last or begin is None or end is None:
        return None
    encoded = row.encode("utf-8", "surrogatepass")  # the columns are of bytes
    begin, end = (
        len(encoded[:column].decode("utf-8", "replace").expandtabs()) for column in (begin, end)
    )
    text = row.rstrip().expandtabs()
    if end <= begin or (text[:begin].strip() == "" and end >= len(text)):
        return None  # all of it: that says nothing
    return begin, min(end, len(text))


# --- the report --------------------------------------------------------------------------------


class _Call(NamedTuple):
    """An entry of a traceback."""

    frame: types.FrameType
    row: int
    instruction: int


def report(exc: ExcInfo, context: int, mask: Mask) -> str:
    """As `asterisk.agitb.text`."""
    kind, value, trace = exc
    writer = _Writer(context, Masked(mask))
    name = "None" if kind is None else _name(kind)
    lines = [name, f"Python {sys.version.split()[0]}: {sys.executable}", time.ctime(), ""]
    lines += ["What was being called, the last call at the end, with the variables of each:"]
    lines += writer.exception(kind, value, trace)
    lines += ["", "Python's own traceback:", ""]
    lines += writer.own_traceback(kind, value, trace)
    shown = writer.masked.hide("\n".join(lines))
    return "\n".join(_printable(line) for line in shown.split("\n"))


def _name(kind: type) -> str:
    if kind.__module__ in ("builtins", "__main__"):
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def _printable(line: str) -> str:
    line = line.expandtabs()
    if line.isprintable():
        return line
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in line
    )


class _Writer:
    def __init__(self, context: int, masked: Masked) -> None:
        self.context = context
        self.masked = masked
        self.source = _Source()
        self.seen: Set[int] = set()
        self.known_globals: Set[int] = set()

    def exception(
        self,
        kind: Optional[type],
        value: Optional[BaseException],
        trace: Optional[types.TracebackType],
    ) -> List[str]:
        """Describe an exception after those it came from, and before those it is a group of."""
        lines: List[str] = []
        if value is not None:
            self.seen.add(id(value))
            for before, relation in (
                (value.__cause__, "That was the direct cause of:"),
                (
                    None if value.__suppress_context__ else value.__context__,
                    "While that was handled, there was:",
                ),
            ):
                if before is not None and self._is_new(before):
                    lines += self.exception(type(before), before, before.__traceback__)
                    lines += ["", relation]
        lines += self._calls(trace)
        lines += ["", *self._last_words(kind, value)]
        if value is not None and isinstance(value, _GROUP):
            members = list(value.exceptions)
            for number, member in enumerate(members, 1):
                if self._is_new(member):
                    lines += ["", f"Number {number} of {len(members)} in that group:"]
                    lines += self.exception(type(member), member, member.__traceback__)
        return lines

    def _is_new(self, value: BaseException) -> bool:
        return id(value) not in self.seen and len(self.seen) < _EXCEPTIONS

    def _last_words(self, kind: Optional[type], value: Optional[BaseException]) -> List[str]:
        """The exception itself, its notes, and its attributes."""
        try:
            words = traceback.format_exception_only(kind, value)
            lines = [row for text in words for row in text.splitlines()]
        except BaseException as error:
            name = "None" if kind is None else _name(kind)
            lines = [f"{name}: {type(error).__name__} while it was described"]
        if value is not None:
            attributes = dict(BaseException.__getattribute__(value, "__dict__"))
            self.masked.learn(attributes)
            for name, attribute in attributes.items():
                if not name.startswith("__") and not isinstance(value, SyntaxError):
                    lines.append(f"    {name} = {self.masked.value(name, attribute)}")
        return lines

    def own_traceback(
        self,
        kind: Optional[type],
        value: Optional[BaseException],
        trace: Optional[types.TracebackType],
    ) -> List[str]:
        try:
            words = traceback.format_exception(kind, value, trace, limit=-_FRAMES)
            return [row for text in words for row in text.splitlines()]
        except BaseException as error:
            return [f"{type(error).__name__} while it was made"]

    # --- calls ---

    def _calls(self, trace: Optional[types.TracebackType]) -> List[str]:
        calls: List[_Call] = []
        while trace is not None:
            calls.append(_Call(trace.tb_frame, trace.tb_lineno or 0, trace.tb_lasti))
            trace = trace.tb_next
        for call in calls:
            self._learn(call.frame)
        lines: List[str] = []
        left_out = max(0, len(calls) - _FRAMES)
        if left_out:
            # The beginning tells how it came to it, the end what happened.
            calls[_FRAMES // 4 : _FRAMES // 4 + left_out] = []
        for i, call in enumerate(calls):
            if left_out and i == _FRAMES // 4:
                lines += ["", f" ({left_out} calls are left out here)"]
            lines += ["", *self._call(call)]
        return lines

    def _learn(self, frame: types.FrameType) -> None:
        try:
            self.masked.learn(_locals(frame))
            if id(frame.f_globals) not in self.known_globals:
                self.known_globals.add(id(frame.f_globals))
                self.masked.learn(frame.f_globals)
        except BaseException:
            pass

    def _call(self, call: _Call) -> List[str]:
        locals = _locals(call.frame)
        lines = [f" {self._path(call.frame)}, row {call.row}, in {self._heading(call, locals)}"]
        try:
            rows = self.source.rows(call.frame)
            if 1 <= call.row <= len(rows):
                first, last = self.source.statement(call.frame, rows, call.row)
                lines += self._excerpt(call, rows)
                lines += self._variables(call.frame, locals, rows[first - 1 : last])
        except BaseException as error:
            lines.append(f"({type(error).__name__} while its source was read)")
        return lines

    def _path(self, frame: types.FrameType) -> str:
        path = frame.f_code.co_filename
        return path if path.startswith("<") else os.path.abspath(path)

    def _heading(self, call: _Call, locals: Mapping[str, Any]) -> str:
        code = call.frame.f_code
        name = getattr(code, "co_qualname", code.co_name)
        if name == "<module>":
            return name
        names = iter(code.co_varnames)
        plain = [("", name) for name in itertools.islice(names, code.co_argcount)]
        keyword_only = [("", name) for name in itertools.islice(names, code.co_kwonlyargcount)]
        rest = [("*", next(names))] if code.co_flags & inspect.CO_VARARGS else []
        more = [("**", next(names))] if code.co_flags & inspect.CO_VARKEYWORDS else []
        arguments = [
            f"{stars}{name}={self.masked.value(name, locals[name])}"
            for stars, name in plain + rest + keyword_only + more
            if name in locals  # it may have been deleted
        ]
        return f"{name}({', '.join(arguments)})"

    def _excerpt(self, call: _Call, rows: List[str]) -> List[str]:
        if self.context < 1:
            return []
        first = max(1, min(call.row - self.context // 2, len(rows) - self.context + 1))
        lines = []
        for number, row in enumerate(rows[first - 1 : first - 1 + self.context], first):
            text = self.masked.hide(row.rstrip().expandtabs())
            if len(text) > _COLUMNS:
                text = text[:_COLUMNS] + "..."
            lines.append(f"{'>' if number == call.row else ' '}{number:5d} {text}".rstrip())
            if number == call.row:
                columns = _columns(call.frame, call.instruction, row)
                if columns is not None and columns[1] <= _COLUMNS:
                    begin, end = columns
                    lines.append(" " * (7 + begin) + "^" * (end - begin))
        return lines

    def _variables(
        self, frame: types.FrameType, locals: Mapping[str, Any], rows: List[str]
    ) -> List[str]:
        reader = iter(textwrap.dedent("".join(rows)).splitlines(keepends=True))
        lines: Dict[str, str] = {}
        for name, where, value in variables(lambda: next(reader, ""), frame, locals):
            if where == "builtin" or name in lines:
                continue
            if value is __UNDEF__:
                lines[name] = f"{name} is undefined"
            elif not _is_known(value):
                kind = "global " if where == "global" else ""
                lines[name] = f"{kind}{name} = {self.masked.value(name, value)}"
        return list(lines.values())


def _locals(frame: types.FrameType) -> Dict[str, Any]:
    try:
        return dict(frame.f_locals)
    except BaseException:  # the namespace of a class can be anything
        return {}


def _is_known(value: object) -> bool:
    """Whether a value is a function, a class or a module: the program says what it is."""
    return issubclass(type(value), _KNOWN)
