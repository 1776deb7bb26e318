# SPDX-License-Identifier: MIT
"""pyst's reader of configuration files, as programs know it."""

from __future__ import annotations

import gc
import io
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from asterisk import _core
from asterisk.config import Category, Config, Item, Line, ParseError

SAMPLE = """\
; a comment; with another

[general]
static=yes
writeprotect = no\t; not from the CLI
  indented  =  two  words  

[default] ; first
exten => 100,1,Answer()
exten =>  100,n,Set(a=b)
;exten => nothing
include => other;tail ;x
[empty]
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "extensions.conf"
    file.write_text(SAMPLE)
    return str(file)


def test_sections_and_settings(path: str) -> None:
    config = Config(path)
    assert config.filename == path
    assert [category.name for category in config.categories] == ["general", "default", "empty"]
    general, default, empty = config.categories
    assert [(item.name, item.value, item.style) for item in general.items] == [
        ("static", "yes", ""),
        ("writeprotect", " no", ""),
        ("indented", "  two  words", ""),
    ]
    assert [(item.name, item.value, item.style) for item in default.items] == [
        ("exten", "100,1,Answer()", ">"),
        ("exten", "100,n,Set(a=b)", ">"),
        ("include", "other", ">"),
    ]
    assert empty.items == []


def test_documented_example(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    config = Config(path)
    for category in config.categories:
        print("[%s]" % category.name)
        for item in category.items:
            print("   %s = %s" % (item.name, item.value))
    assert capsys.readouterr().out == (
        "[general]\n"
        "   static = yes\n"
        "   writeprotect =  no\n"
        "   indented =   two  words\n"
        "[default]\n"
        "   exten = 100,1,Answer()\n"
        "   exten = 100,n,Set(a=b)\n"
        "   include = other\n"
        "[empty]\n"
    )


def test_lines(path: str) -> None:
    config = Config(path)
    assert config.raw_lines == SAMPLE.splitlines(keepends=True)
    assert [line.number for line in config.lines] == list(range(1, 14))
    assert [type(line) for line in config.lines[:4]] == [Line, Line, Category, Item]
    assert config.lines[2] is config.categories[0]
    assert config.lines[3] is config.categories[0].items[0]
    assert [line.get_line() for line in config.lines] == [
        "; a comment; with another",
        "",
        "[general]",
        "static = yes",
        "writeprotect =  no\t; not from the CLI",
        "indented =   two  words",
        "",
        "[default]\t; first",
        "exten => 100,1,Answer()",
        "exten => 100,n,Set(a=b)",
        ";exten => nothing",
        "include => other\t;tail ;x",
        "[empty]",
    ]


def test_comments_of_sections(path: str) -> None:
    general, default, empty = Config(path).categories
    assert [(line.number, line.comment) for line in general.comments] == [(7, "")]
    assert [(line.number, line.comment) for line in default.comments] == [
        (11, "exten => nothing")
    ]
    assert default.comment == " first"
    assert default.items[2].comment == "tail ;x"


def test_line() -> None:
    line = Line("  a = b ; c ; d \n", 7)
    assert (line.line, line.comment, line.number) == ("a = b", " c ; d", 7)
    assert str(line) == line.get_line() == "a = b\t; c ; d"
    assert str(Line(";only", 1)) == ";only"
    assert str(Line("", 1)) == ""


def test_made_items_and_sections() -> None:
    item = Item(name="a", value="b")
    assert (item.name, item.value, item.number, item.style) == ("a", "b", -1, "")
    assert str(item) == "a = b"
    item.style = ">"
    item.comment = "why"
    assert str(item) == "a => b\t;why"
    category = Category(name="new")
    assert str(category) == "[new]"
    assert (category.items, category.comments) == ([], [])
    with pytest.raises(Exception, match="Must provide name or line representing a category"):
        Category()
    with pytest.raises(Exception, match="Must provide name or value representing an item"):
        Item(name="a")


def test_items_of_a_section_are_changed() -> None:
    category = Category("[a];c", 3)
    one, two, three = (Item(f"{name}=1") for name in ("one", "two", "three"))
    category.append(two)
    category.insert(0, one)
    category.append(three)
    assert category.items == [one, two, three]
    category.pop()
    category.pop(0)
    assert category.items == [two]
    category.remove(two)
    assert category.items == []
    assert str(category) == "[a]\t;c"
    with pytest.raises(IndexError):
        category.pop()


@pytest.mark.parametrize(
    "text, number, reason",
    [
        ("[a]\n[b\n", 2, "Missing '[' or ']' in category definition"),
        ("[a](!)\n", 1, "Missing '[' or ']' in category definition"),
        ("x=1\nb]\n", 2, "Category name missing '['"),
        ("[a]\n\nnothing\n", 3, "Item must be in name = value pairs"),
        ("#include x.conf\n", 1, "Item must be in name = value pairs"),
    ],
)
def test_errors(tmp_path: Path, text: str, number: int, reason: str) -> None:
    file = tmp_path / "bad.conf"
    file.write_text(text)
    with pytest.raises(ParseError) as raised:
        Config(str(file))
    assert raised.value.args == (number, reason)
    line, why = raised.value
    assert (line, why) == (number, reason)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(IOError):
        Config(str(tmp_path / "none.conf"))


def test_items_before_any_section_and_line_ends(tmp_path: Path) -> None:
    file = tmp_path / "odd.conf"
    file.write_bytes(b"a=1\r\n[b]\r\nc=\xff")
    config = Config(str(file))
    assert config.raw_lines[:2] == ["a=1\n", "[b]\n"]
    assert [str(line) for line in config.lines[:2]] == ["a = 1", "[b]"]
    assert len(config.categories[0].items) == 1


def test_lists_are_of_the_file_when_it_was_read(path: str) -> None:
    config = Config(path)
    Path(path).write_text("[other]\n")
    config.raw_lines[:] = ["nothing\n"]
    assert [category.name for category in config.categories] == ["general", "default", "empty"]
    assert len(config.lines) == 13
    assert gc.isenabled()


def test_lists_may_be_changed_and_replaced(path: str) -> None:
    config = Config(path)
    config.categories = []
    config.lines.pop()
    config.raw_lines.append("[more]\n")
    assert (len(config.lines), config.categories, len(config.raw_lines)) == (12, [], 14)


def test_threads_that_ask_at_once_get_the_same_lists(path: str) -> None:
    config = Config(path)
    together = threading.Barrier(4)

    def ask(name: str) -> object:
        together.wait(60)
        return getattr(config, name)

    with ThreadPoolExecutor(4) as threads:
        lines, same, categories, raw_lines = threads.map(
            ask, ("lines", "lines", "categories", "raw_lines")
        )
    assert lines is same is config.lines
    assert categories is config.categories
    assert raw_lines is config.raw_lines
    assert config.lines[2] is config.categories[0]


def test_what_is_parsed_again_comes_behind(path: str) -> None:
    config = Config(path)
    Path(path).write_text("[general]\nmore = 1\n")
    config.load()
    assert config.raw_lines == ["[general]\n", "more = 1\n"]
    config.parse()
    names = [category.name for category in config.categories]
    assert names == ["general", "default", "empty", "general"]
    assert [line.number for line in config.lines] == [*range(1, 14), 1, 2]
    config.parse()
    assert len(config.lines) == 17


class _OfText(Config):
    """One that has its lines from elsewhere, which are parsed at once."""

    def load(self) -> None:
        self.raw_lines = list(io.StringIO(str(self.filename), newline=None))


def test_a_class_may_have_lines_of_its_own() -> None:
    config = _OfText("[a]\rb = c")
    assert [item.name for item in config.categories[0].items] == ["b"]
    with pytest.raises(ParseError):
        _OfText("[a")


def _is_understood(text: str) -> bool:
    try:
        _OfText(text)
    except ParseError:
        return False
    return True


def test_lines_that_wait_to_be_parsed_have_no_errors() -> None:
    blanks = " \t\v\f\x1c\x1f"
    for parts in itertools.product("[];=\r\na \xa0", repeat=5):
        text = "".join(parts)
        plain = _core.config_is_plain(text.encode())
        understood = _is_understood(text)
        assert understood or not plain, repr(text)
        if "\r" not in text and "\xa0" not in text:
            assert plain == understood, repr(text)
    for blank in blanks:
        for text in ("{}[a]{};b]", "{};a", "{}\na=b{}\r\n{}c{}={}d"):
            assert _core.config_is_plain(text.replace("{}", blank).encode()), repr((text, blank))
    with pytest.raises(TypeError):
        _core.config_is_plain("[a]")  # type: ignore[arg-type]
