# SPDX-License-Identifier: MIT
"""pyst's reader of configuration files, as programs know it."""

from __future__ import annotations

from pathlib import Path

import pytest

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
