# SPDX-License-Identifier: MIT
"""agitb: what an exception looks like on Asterisk's console, in a file, and on stderr."""

from __future__ import annotations

import errno
import inspect
import io
import os
import re
import subprocess
import sys
import textwrap
import tokenize
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asterisk import agitb

Info = Any


class Console:
    """An AGI whose console remembers what was written."""

    def __init__(self, dies_after: int = 1 << 30) -> None:
        self.lines: list[tuple[str, int]] = []
        self.dies_after = dies_after

    def verbose(self, message: str, level: int) -> None:
        if len(self.lines) >= self.dies_after:
            raise BrokenPipeError(errno.EPIPE, "no call any more")
        self.lines.append((message, level))

    @property
    def text(self) -> str:
        return "\n".join(message for message, _ in self.lines)


def failure_of(call: Callable[[], object]) -> Info:
    try:
        call()
    except BaseException:
        return sys.exc_info()
    raise AssertionError("it did not fail")


def failure_in(tmp_path: Path, source: str, name: str = "program.py") -> Info:
    """Run a program and return its exception."""
    path = tmp_path / name
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    code = compile(path.read_bytes(), str(path), "exec")
    _, value, trace = failure_of(lambda: exec(code, {"__name__": "program"}))
    assert trace is not None
    while trace.tb_next is not None and trace.tb_frame.f_code.co_filename != str(path):
        trace = trace.tb_next
    return type(value), value, trace


def description(tmp_path: Path, source: str, **settings: Any) -> str:
    return agitb.text(failure_in(tmp_path, source), **settings)


# --- names of pyst -----------------------------------------------------------------------------


def test_names_and_parameters_are_those_of_pyst() -> None:
    def parameters(function: Callable[..., object]) -> list[tuple[str, Any]]:
        return [
            (name, None if parameter.default is parameter.empty else parameter.default)
            for name, parameter in inspect.signature(function).parameters.items()
        ]

    assert parameters(agitb.enable)[:4] == [
        ("agi", None),
        ("display", 1),
        ("logdir", None),
        ("context", 5),
    ]
    assert parameters(agitb.Hook)[:5] == [
        ("display", 1),
        ("logdir", None),
        ("context", 5),
        ("file", None),
        ("agi", None),
    ]
    assert parameters(agitb.Hook.handle)[1:] == [("info", None)]
    assert parameters(agitb.text)[:2] == [("exc", None), ("context", 5)]
    assert [name for name, _ in parameters(agitb.lookup)] == ["name", "frame", "locals"]
    assert [name for name, _ in parameters(agitb.scanvars)] == ["reader", "frame", "locals"]
    assert callable(agitb.handler)


def test_enable_installs_a_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(agitb, "handler", agitb.handler)
    console = Console()
    agitb.enable(console, False, "/somewhere", 3, mask=None)
    hook = sys.excepthook
    assert isinstance(hook, agitb.Hook)
    assert (hook.agi, hook.display, hook.logdir, hook.context, hook.mask) == (
        console,
        False,
        "/somewhere",
        3,
        None,
    )
    assert agitb.handler == hook.handle


def test_lookup() -> None:
    inside = 1
    frame = sys._getframe()
    assert agitb.lookup("inside", frame, locals()) == ("local", 1)
    assert agitb.lookup("pytest", frame, locals()) == ("global", pytest)
    assert agitb.lookup("len", frame, locals()) == ("builtin", len)
    assert agitb.lookup("nothing", frame, locals()) == (None, agitb.__UNDEF__)
    assert inside


def scanned(source: str, **values: Any) -> list[tuple[str, Any, Any]]:
    reader = io.StringIO(source).readline
    return agitb.scanvars(reader, sys._getframe(), values)


def test_scanvars() -> None:
    class Thing:
        kind = "thing"

        def __init__(self) -> None:
            self.part = {"x": 1}

    thing = Thing()
    assert scanned("thing.part['x'] + other # comment\nmore", thing=thing) == [
        ("thing", "local", thing),
        ("thing.part", "thing.", thing.part),
        ("other", None, agitb.__UNDEF__),
    ]
    assert scanned("thing.kind.nothing.more", thing=thing) == [
        ("thing", "local", thing),
        ("thing.kind", "thing.", "thing"),
        ("thing.kind.nothing", "thing.kind.", agitb.__UNDEF__),
    ]
    assert scanned("f(\n  a,\n  key=b,\n)\nc", a=1, b=2) == [
        ("f", None, agitb.__UNDEF__),
        ("a", "local", 1),
        ("b", "local", 2),
    ]
    assert scanned("f(a).b['c'].d; 'x'.y; if not None: 1 .real", a=1, f=2) == [
        ("f", "local", 2),
        ("a", "local", 1),
    ]
    assert scanned("print(f'{a} {b!r:>{c}} {{d}}')", a=1, b=2, c=3)[1:] == [
        ("a", "local", 1),
        ("b", "local", 2),
        ("c", "local", 3),
    ]


@pytest.mark.parametrize("source", ["", "a + (", "'open", "  a\n b\n", "a ) b", "\0", "if a:", "$"])
def test_scanvars_takes_what_is_no_python(source: str) -> None:
    assert all(name in ("a", "b", "open") for name, _, _ in scanned(source, a=1))


def test_scanvars_takes_a_reader_that_ends_by_stopiteration() -> None:
    rows = iter(["a + (\n"])
    assert agitb.scanvars(lambda: next(rows), sys._getframe(), {"a": 1}) == [("a", "local", 1)]


# --- what is shown -----------------------------------------------------------------------------


def test_calls_rows_and_variables(tmp_path: Path) -> None:
    shown = description(
        tmp_path,
        """\
        LIMIT = 3

        def outer(first, *rest, option=None, **more):
            total = first + LIMIT
            return inner(total)

        def inner(number):
            # before
            return number / 0

        outer(1, 2, 3, option="yes", extra=[4])
        """,
    )
    path = tmp_path / "program.py"
    assert shown.splitlines()[:2] == [
        "ZeroDivisionError",
        f"Python {sys.version.split()[0]}: {sys.executable}",
    ]
    assert f" {path}, row 11, in <module>\n" in shown
    call = "outer(first=1, *rest=(2, 3), option='yes', **more={'extra': [4]})"
    assert f" {path}, row 5, in {call}\n" in shown
    assert f" {path}, row 9, in inner(number=4)\n" in shown
    assert "\n     8     # before\n>    9     return number / 0\n" in shown
    assert "\nnumber = 4\n" in shown
    assert "\ntotal = 4\n" in shown
    assert "inner =" not in shown  # a function is no news
    assert "\nZeroDivisionError: division by zero\n" in shown
    assert f'\n  File "{path}", line 9, in inner\n' in shown
    assert shown.index("row 11") < shown.index("row 5") < shown.index("row 9")


def test_global_and_undefined_variables(tmp_path: Path) -> None:
    shown = description(
        tmp_path,
        """\
        limit = {"a": 1}
        def call():
            return missing + limit["a"]
        call()
        """,
    )
    assert "\nmissing is undefined\nglobal limit = {'a': 1}\n" in shown


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the interpreter does not tell")
def test_the_failing_part_is_marked(tmp_path: Path) -> None:
    shown = description(tmp_path, "a = {}\n\ndef call():\n\treturn 'ö', 1 + a['x'] + 2\ncall()\n")
    lines = shown.splitlines()
    row = lines.index(">    4         return 'ö', 1 + a['x'] + 2")
    assert lines[row + 1] == " " * lines[row].index("a['x']") + "^" * len("a['x']")


def test_a_statement_of_many_rows(tmp_path: Path) -> None:
    shown = description(
        tmp_path,
        """\
        def call(first, second):
            if first:
                return (
                    first
                    + 1
                    + second["key"]
                )
        call(first=1, second={})
        """,
        context=1,
    )
    assert "\nfirst = 1\nsecond = {}\n" in shown


def test_a_compound_statement_shows_its_head_only(tmp_path: Path) -> None:
    shown = description(
        tmp_path,
        """\
        def call(head, body):
            for item in [
                head.nothing
            ]:
                body(item)
        call(1, 2)
        """,
    )
    assert "\nhead = 1\nhead.nothing is undefined\n" in shown
    assert "\nbody =" not in shown


@pytest.mark.parametrize("context", [0, 1, 2, 5, 99])
def test_context_is_a_number_of_rows(tmp_path: Path, context: int) -> None:
    shown = description(tmp_path, "x = 1\n" * 10 + "x / 0\n" + "x = 1\n" * 9, context=context)
    described = shown[: shown.index("Python's own")]
    assert len(re.findall(r"^[ >]    ?\d+ x", described, re.MULTILINE)) == min(context, 20)


def test_causes_and_contexts(tmp_path: Path) -> None:
    shown = description(
        tmp_path,
        """\
        def first():
            one = "first value"
            raise KeyError(one)
        def second():
            try:
                first()
            except KeyError as error:
                two = "second value"
                raise ValueError(two) from error
        def third():
            try:
                second()
            except ValueError:
                three = "third value"
                raise OSError(5, three)
        third()
        """,
    )
    own = shown.index("Python's own")
    order = [
        "\none = 'first value'\n",
        "\nKeyError: 'first value'\n",
        "\nThat was the direct cause of:\n",
        "\ntwo = 'second value'\n",
        "\nValueError: second value\n",
        "\nWhile that was handled, there was:\n",
        "\nthree = 'third value'\n",
        "\nOSError: [Errno 5] third value\n",
    ]
    places = [shown.index(part) for part in order]
    assert places == sorted(places) and places[-1] < own


def test_a_suppressed_context_is_not_shown(tmp_path: Path) -> None:
    shown = description(
        tmp_path,
        "try:\n    hidden()\nexcept NameError:\n    raise ValueError('shown') from None\n",
    )
    assert "NameError: name" not in shown
    assert "ValueError: shown" in shown


def test_a_circle_of_causes_ends() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    shown = agitb.text((ValueError, one, None))
    assert shown.count("\nValueError: two\n") >= 1


def test_a_long_chain_ends() -> None:
    error: Exception = ValueError("number 0")
    for i in range(1, 3000):
        later = ValueError(f"number {i}")
        later.__context__ = error
        error = later
    shown = agitb.text((ValueError, error, None))
    assert "ValueError: number 2999" in shown


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no groups")
def test_groups(tmp_path: Path) -> None:
    shown = description(
        tmp_path,
        """\
        def member(value):
            raise ValueError(value)
        errors = []
        for value in ("one", "two"):
            try:
                member(value)
            except ValueError as error:
                errors.append(error)
        raise ExceptionGroup("both", [errors[0], ExceptionGroup("inner", [errors[1]])])
        """,
    )
    described = shown[: shown.index("Python's own")]
    assert "ExceptionGroup: both (2 sub-exceptions)" in described
    assert "Number 1 of 2 in that group:" in described
    assert "Number 2 of 2 in that group:" in described
    assert "Number 1 of 1 in that group:" in described
    assert "member(value='one')" in described and "member(value='two')" in described


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no notes")
def test_notes(tmp_path: Path) -> None:
    source = "e = ValueError('x')\ne.add_note('of note')\nraise e\n"
    assert "\nValueError: x\nof note\n" in description(tmp_path, source)


def test_attributes_of_the_exception(tmp_path: Path) -> None:
    shown = description(
        tmp_path,
        "class Failure(Exception): pass\ne = Failure('x')\ne.code = 7\ne.secret = 'abcdef'\nraise e",
    )
    assert "\n    code = 7\n    secret = ***\n" in shown
    assert "abcdef" not in shown


def test_a_syntax_error(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("fine = 1\nif broken\n    pass\n")
    shown = description(
        tmp_path,
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\ntry:\n    import broken\n"
        "finally:\n    del sys.path[0]\n",
    )
    assert "SyntaxError" in shown.splitlines()[0]
    assert "    if broken\n" in shown


def test_a_program_that_is_no_file() -> None:
    shown = agitb.text(failure_of(lambda: exec("a = 1\na / 0", {})))
    assert " <string>, row 2, in <module>\n" in shown
    assert "ZeroDivisionError: division by zero" in shown


def test_recursion(tmp_path: Path) -> None:
    shown = description(
        tmp_path,
        """\
        def ping(n): return pong(n + 1)
        def pong(n): return ping(n + 1)
        ping(0)
        """,
    )
    assert "ping(n=0)" in shown
    assert "calls are left out here)" in shown
    assert "RecursionError: maximum recursion depth exceeded" in shown
    assert len(shown.splitlines()) < 1000


def test_no_exception() -> None:
    assert agitb.text((None, None, None)).startswith("None\n")


# --- values ------------------------------------------------------------------------------------


def test_huge_values_are_cut(tmp_path: Path) -> None:
    shown = description(
        tmp_path,
        """\
        class Wordy:
            def __repr__(self): return "w" * 10**6
        def call(text, data, numbers, table, deep, number, wordy):
            return (text, data, numbers, table, deep, number, wordy, 1 / 0)
        deep = []
        for _ in range(500):
            deep = [deep]
        call("x" * 10**7, b"y" * 10**7, list(range(10**6)), dict.fromkeys(range(10**6)),
             deep, 1 << 10**7, Wordy())
        """,
    )
    assert max(map(len, shown.splitlines())) < 10000
    assert "number = <int of 10000001 bits>" in shown


def test_reprs_that_fail(tmp_path: Path) -> None:
    shown = description(
        tmp_path,
        """\
        class Raises:
            def __repr__(self): raise ValueError("no")
        class Exits:
            def __repr__(self): raise SystemExit(3)
        class Recurs:
            def __repr__(self): return repr(self)
        class NoText:
            def __repr__(self): return 7
        def call(raises, exits, recurs, notext):
            return (raises, exits, recurs, notext, 1 / 0)
        call(Raises(), Exits(), Recurs(), NoText())
        """,
    )
    for kind, error in (
        ("Raises", "ValueError"),
        ("Exits", "SystemExit"),
        ("Recurs", "RecursionError"),
        ("NoText", "TypeError"),
    ):
        assert re.search(rf"^{kind.lower()} = <{kind} at 0x\w+: {error} in its repr>", shown, re.M)


def test_attributes_are_read_without_running_code(tmp_path: Path) -> None:
    exc = failure_in(
        tmp_path,
        """\
        ran = []
        class Slotted:
            __slots__ = ("filled", "unfilled")
        class Thing:
            def __init__(self):
                self.plain = 1
                self.slotted = Slotted()
                self.slotted.filled = 2
            @property
            def effect(self):
                ran.append("property")
            def __getattr__(self, name):
                ran.append("getattr")
                return name
            @property
            def __class__(self):
                ran.append("class")
                return int
        def call(thing):
            return (1 / 0, thing.plain, thing.slotted.filled, thing.slotted.unfilled,
                    thing.effect.more, thing.dynamic)
        call(Thing())
        """,
    )
    shown = agitb.text(exc)
    assert exc[2].tb_frame.f_globals["ran"] == []
    assert "\nthing.plain = 1\n" in shown
    assert "\nthing.slotted.filled = 2\nthing.slotted.unfilled is undefined\n" in shown
    assert "\nthing.effect = <property object" in shown
    assert "\nthing.dynamic is undefined\n" in shown
    assert "thing.effect.more" not in shown.split("thing.effect = ")[1].split("Python's own")[0]


def test_control_characters_are_escaped(tmp_path: Path) -> None:
    source = 'text = "a\\x1b[2J\\u2028\\0\\x9b\\udcff"\nraise ValueError(text, text)\n'
    shown = description(tmp_path, source)
    assert not re.search(r"[^\n -~]", shown)
    assert "ValueError: ('a\\x1b[2J\\u2028\\x00\\x9b\\udcff', " in shown


def test_a_message_of_many_rows(tmp_path: Path) -> None:
    shown = description(tmp_path, "raise ValueError('one\\r\\ntwo\\rthree')\n")
    assert "\nValueError: one\ntwo\nthree\n" in shown


# --- secrets -----------------------------------------------------------------------------------

SECRETIVE = """\
class Account:
    def __init__(self, secret):
        self.secret = secret
    def __repr__(self):
        return f"Account(secret={self.secret!r})"
password = "open-sesame"
literal = dict(token="literal-token")
def call(account, pin, settings, line, pad):
    return account.secret, pin, settings, line, pad, password, 1 / 0
call(Account("my-secret"), "1234", {"db_password": 5, "user": "ann"},
     "Secret: my-secret", "p" * 195 + "open-sesame")
"""


def test_secrets_are_masked(tmp_path: Path) -> None:
    shown = description(tmp_path, SECRETIVE, context=20)
    for secret in ("open-sesame", "my-secret", "literal-token", "open-", "sesame"):
        assert secret not in shown
    assert "\naccount.secret = ***\n" in shown
    assert "\npin = ***\n" in shown
    assert "\nsettings = {'db_password': ***, 'user': 'ann'}\n" in shown
    assert "\nline = 'Secret: ***'\n" in shown
    assert "\nglobal password = ***\n" in shown
    assert 'password = "***"' in shown  # of the source


def test_what_is_masked_is_a_setting(tmp_path: Path) -> None:
    exc = failure_in(tmp_path, SECRETIVE)
    nothing: list[Any] = [None, "", False]
    for mask in nothing:
        shown = agitb.text(exc, mask=mask)
        for secret in ("open-sesame", "my-secret", "1234", "'db_password': 5"):
            assert secret in shown
    shown = agitb.text(exc, mask="user|LINE")
    assert "'user': ***" in shown and "\nline = ***\n" in shown
    assert "\npin = '1234'\n" in shown
    shown = agitb.text(exc, mask=re.compile("LINE"))
    assert "\nline = 'Secret: my-secret'\n" in shown
    with pytest.raises(re.error):
        agitb.enable(mask="(")


@pytest.mark.parametrize("name", ["password", "db_passwd", "SECRET", "api_key", "authToken", "pin"])
def test_names_of_secrets(name: str) -> None:
    assert re.search(agitb.MASK, name, re.IGNORECASE)


@pytest.mark.parametrize("name", ["key", "passed", "author", "opinion", "spinner", "monkey"])
def test_names_of_no_secrets(name: str) -> None:
    assert not re.search(agitb.MASK, name, re.IGNORECASE)


# --- where it goes -----------------------------------------------------------------------------


def test_to_the_console() -> None:
    console, file = Console(), io.StringIO()
    agitb.Hook(agi=console, file=file).handle(failure_of(lambda: 1 / 0))
    assert "ZeroDivisionError: division by zero" in console.text
    assert console.lines[-1] == ("A Python program has failed.", 4)
    assert {level for _, level in console.lines} == {4}
    assert all(message and message.isprintable() for message, _ in console.lines)
    assert file.getvalue() == ""


def test_lines_on_the_console_are_short(tmp_path: Path) -> None:
    console = Console()
    for text in ("x" * 5000, '"\\' * 5000, "ö電\udcff" * 5000):
        agitb.Hook(agi=console).handle((ValueError, ValueError(text), None))
    for message, _ in console.lines:
        quoted = message.replace("\\", "\\\\").replace('"', '\\"').encode()
        assert len(quoted) <= 1010
    assert any(message.endswith("...") for message, _ in console.lines)


def test_without_display_only_a_line() -> None:
    console, file = Console(), io.StringIO()
    agitb.Hook(agi=console, display=False)(ValueError, ValueError("x"), None)
    agitb.Hook(file=file, display=0)(ValueError, ValueError("x"), None)
    assert console.text == "A Python program has failed."
    assert file.getvalue() == "A Python program has failed.\n"


def test_to_a_file_of_the_users_own(tmp_path: Path) -> None:
    console = Console()
    exc = failure_of(lambda: int("öffnen"))
    for _ in range(2):
        agitb.Hook(agi=console, display=0, logdir=tmp_path).handle(exc)
    paths = list(tmp_path.iterdir())
    assert len(paths) == 2
    for path in paths:
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.suffix == ".txt"
        assert "ValueError: invalid literal for int() with base 10: 'öffnen'" in path.read_text(
            encoding="utf-8"
        )
        assert f"The description is in {str(path)!r}." in console.text


def test_to_stderr_of_that_time(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("of this moment")
    except ValueError:
        agitb.Hook().handle()
    captured = capsys.readouterr()
    assert "ValueError: of this moment" in captured.err
    assert captured.out == ""


def test_a_file_that_knows_only_ascii() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, "ascii")
    agitb.Hook(file=file).handle(failure_of(lambda: int("ö")))
    assert b"int() with base 10: '\\xf6'" in raw.getvalue()


def test_uncaught_exceptions_of_a_program(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import asterisk.agitb\n"
        f"asterisk.agitb.enable(display=False, logdir={str(tmp_path)!r})\n"
        "value = 7\n"
        "value / 0\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("A Python program has failed.\nThe description is in '")
    (saved,) = tmp_path.glob("agitb-*.txt")
    assert "\nvalue = 7\n" in saved.read_text()


def test_importing_it_imports_little() -> None:
    code = (
        "import sys; before = set(sys.modules); import asterisk.agitb;"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert set(done.stdout.split()) <= {"__future__", "asterisk", "asterisk.agitb"}


# --- it never raises ---------------------------------------------------------------------------


def test_a_console_that_dies_gives_the_rest_to_the_file() -> None:
    for lines in (0, 1, 5):
        console, file = Console(dies_after=lines), io.StringIO()
        agitb.Hook(agi=console, file=file).handle(failure_of(lambda: 1 / 0))
        assert len(console.lines) == lines
        assert file.getvalue().count("\nZeroDivisionError: division by zero\n") == 2


def test_a_caller_who_is_gone_does_not_hinder_the_console() -> None:
    class Gone(Console):
        raise_on_hangup = True

        def verbose(self, message: str, level: int) -> None:
            if self.raise_on_hangup:
                raise ConnectionError("the caller hung up")
            super().verbose(message, level)

    console = Gone()
    agitb.Hook(agi=console).handle(failure_of(lambda: 1 / 0))
    assert "ZeroDivisionError: division by zero" in console.text
    assert console.raise_on_hangup is True


@pytest.mark.parametrize("error", [OSError(errno.EPIPE, "x"), KeyboardInterrupt(), SystemExit(1)])
def test_nothing_that_fails_is_raised(error: BaseException, tmp_path: Path) -> None:
    class Bad:
        def verbose(self, message: str, level: int) -> None:
            raise error

        def write(self, text: str) -> None:
            raise error

        def flush(self) -> None:
            raise error

    bad: Any = Bad()
    hook = agitb.Hook(agi=bad, file=bad, logdir=tmp_path / "none")
    hook.handle(failure_of(lambda: 1 / 0))
    hook.handle()
    nonsense: Any = ("no", "exception", "at all")
    hook.handle(nonsense)
    agitb.text(nonsense)


def test_a_log_folder_that_cannot_be_written() -> None:
    console = Console()
    agitb.Hook(agi=console, logdir="/nonexistent/folder").handle(failure_of(lambda: 1 / 0))
    assert "ZeroDivisionError: division by zero" in console.text
    reason = os.strerror(errno.ENOENT)
    assert f"No description was saved in '/nonexistent/folder': {reason}" in console.text


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real_open = open

    def full_open(file: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(file, int):
            os.dup2(os.open("/dev/full", os.O_WRONLY), file)
        return real_open(file, *arguments, **named)

    console = Console()
    exc = failure_of(lambda: 1 / 0)
    monkeypatch.setattr(builtins, "open", full_open)
    agitb.Hook(agi=console, logdir=tmp_path).handle(exc)
    monkeypatch.undo()
    assert f"': {os.strerror(errno.ENOSPC)}" in console.text
    assert list(tmp_path.iterdir()) == []


def test_an_agi_for_asyncio_cannot_be_used_from_here(
    recwarn: pytest.WarningsRecorder,
) -> None:
    class Aio:
        async def verbose(self, message: str, level: int) -> None:
            pass

    file = io.StringIO()
    agitb.Hook(agi=Aio(), file=file).handle(failure_of(lambda: 1 / 0))
    assert "ZeroDivisionError: division by zero" in file.getvalue()
    assert not [warning for warning in recwarn if "never awaited" in str(warning.message)]


def test_exceptions_that_cannot_be_told(tmp_path: Path) -> None:
    shown = description(
        tmp_path,
        """\
        class Mute(Exception):
            def __str__(self): raise ValueError("no")
        raise Mute
        """,
    )
    assert "Mute" in shown.splitlines()[0]
    assert "Python's own traceback:" in shown


def test_a_report_that_fails_leaves_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    from asterisk import traceback_report

    def broken(*_: object) -> str:
        raise MemoryError

    monkeypatch.setattr(traceback_report, "report", broken)
    assert agitb.text((ValueError, ValueError("x"), None)).splitlines() == [
        "ValueError",
        "It cannot be described: MemoryError",
    ]


@pytest.mark.parametrize("module", [inspect, tokenize, traceback])
def test_parts_of_python_that_fail(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they may with programs that replace them, or without memory."""

    def broken(*_: object, **__: object) -> Any:
        raise RuntimeError("broken")

    exc = failure_of(lambda: 1 / 0)
    for name in ("getattr_static", "generate_tokens", "format_exception", "format_exception_only"):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, broken)
    shown = agitb.text(exc)
    monkeypatch.undo()
    assert shown.startswith("ZeroDivisionError\n")


def test_near_the_end_of_the_stack() -> None:
    file = io.StringIO()
    hook = agitb.Hook(file=file)
    levels = 0

    def down() -> None:
        nonlocal levels
        levels += 1
        try:
            down()
        except RecursionError:
            levels -= 1
            if levels % 50 == 0:  # with ever more room on the stack
                hook.handle()
            raise

    with pytest.raises(RecursionError):
        down()
    assert "RecursionError" in file.getvalue()
