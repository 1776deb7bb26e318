# SPDX-License-Identifier: MIT
"""Configuration files from Python: what Asterisk makes of them, and changing them."""

from __future__ import annotations

import gc
import os
import threading
from pathlib import Path

import pytest

from asterisk.config import (
    ChangedError,
    ConfigurationError,
    Document,
    LineKind,
    Problem,
    Setting,
    Severity,
    Style,
    load,
)

PHONES = b"""\
; our phones
[phone](!)
type = friend
allow = ulaw

[100](phone) ; the hall
secret = old ; change me
allow => alaw
mailbox = 1
mailbox += ,2

#include "more.conf"
[100]
type=second
"""


@pytest.fixture
def phones(tmp_path: Path) -> Path:
    (tmp_path / "phones.conf").write_bytes(PHONES)
    (tmp_path / "more.conf").write_bytes(b"here=yes\n[200](phone)\nname=x\\;y\n")
    return tmp_path / "phones.conf"


# ---- what Asterisk makes of it -------------------------------------------------------------------


def test_sections_by_name(phones: Path) -> None:
    config = load(phones)
    assert list(config) == ["100", "200"]
    assert len(config) == 2
    assert "100" in config
    assert "phone" not in config
    assert "nobody" not in config
    with pytest.raises(KeyError):
        config["nobody"]
    assert [section.name for section in config.all("100")] == ["100", "100"]
    assert [section["type"] for section in config.all("100")] == ["friend", "second"]
    assert [section.name for section in config.all()] == ["100", "200", "100"]
    assert [section.name for section in config.sections] == ["phone", "100", "200", "100"]
    assert [section.is_template for section in config.sections] == [True, False, False, False]
    assert config.all("nobody") == []
    assert config.is_valid
    assert config.problems == []


def test_names_have_no_case() -> None:
    config = Document("[Abc]\nKey=1\n[abc]\nother=2\n").resolve()
    assert list(config) == ["Abc"]
    assert config["ABC"]["kEY"] == "1"
    assert len(config.all("aBc")) == 2


def test_settings_of_a_section(phones: Path) -> None:
    section = load(phones)["100"]
    assert dict(section) == {
        "type": "friend",
        "allow": "alaw",
        "secret": "old",
        "mailbox": "1 ,2",
        "here": "yes",
    }
    assert len(section) == 5
    assert section.get("nothing") is None
    assert section.templates == ["phone"]
    assert (section.file, section.line) == (str(phones), 6)
    assert section.all("Allow") == [
        Setting("allow", "ulaw", str(phones), 4, False, True),
        Setting("allow", "alaw", str(phones), 8, True, False),
    ]
    assert section.setting("mailbox").line == 9
    here = section.setting("here")
    assert (here.file, here.line) == (str(phones.parent / "more.conf"), 1)
    with pytest.raises(KeyError):
        section.setting("nothing")


def test_included_files_are_known(phones: Path) -> None:
    config = load(phones)
    assert config.files == [str(phones), str(phones.parent / "more.conf")]
    assert config["200"].file == str(phones.parent / "more.conf")
    assert config["200"]["name"] == "x;y"


def test_directory_of_included_files(phones: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "more.conf").write_text("here=no\n")
    assert load(phones, directory=elsewhere)["100"]["here"] == "no"


def test_problems_say_where(tmp_path: Path) -> None:
    path = tmp_path / "bad.conf"
    path.write_text("[a\n[b]\nx=1\n  nothing\n#include none.conf\n")
    config = load(path)
    assert not config.is_valid
    assert config["b"]["x"] == "1"
    first, second, third = config.problems
    assert first[:4] == (str(path), 1, 1, Severity.ERROR)
    assert second[:4] == (str(path), 4, 3, Severity.WARNING)
    assert third == Problem(
        str(path),
        5,
        1,
        Severity.ERROR,
        "an included file does not exist (#tryinclude allows that)",
        "none.conf",
        "missing-file",
    )
    assert str(second) == (
        f"{path}:4:3: warning: a setting has no equal sign and is ignored: nothing"
    )
    assert Document.load(path).problems == [first, second]


def test_commands_are_run_only_when_allowed(tmp_path: Path) -> None:
    path = tmp_path / "exec.conf"
    path.write_text("[a]\nx=1\n#exec echo y=2\n")
    config = load(path)
    assert dict(config["a"]) == {"x": "1"}
    assert [problem.severity for problem in config.problems] == [Severity.WARNING]
    assert dict(load(path, execute=True)["a"]) == {"x": "1", "y": "2"}


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        load(tmp_path / "none.conf")
    assert error.value.filename == str(tmp_path / "none.conf")
    with pytest.raises(FileNotFoundError):
        Document.load(tmp_path / "none.conf")


def test_bytes_that_are_no_utf8() -> None:
    document = Document(b"[a]\nx=\xff\xe4\n")
    value = document.resolve()["a"]["x"]
    assert value.encode("utf-8", "surrogateescape") == b"\xff\xe4"
    document.set("a", "y", value)
    assert bytes(document) == b"[a]\nx=\xff\xe4\ny=\xff\xe4\n"
    assert bytes(Document(bytes(document).decode("utf-8", "surrogateescape"))) == bytes(document)


def test_sections_outlive_their_configuration(phones: Path) -> None:
    section = load(phones)["200"]
    gc.collect()
    assert section["name"] == "x;y"


# ---- the document --------------------------------------------------------------------------------


def test_lines_of_a_document() -> None:
    document = Document(PHONES, "phones.conf")
    lines = list(document)
    assert "".join(line.text for line in lines).encode() == PHONES == bytes(document)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert [LineKind(line.kind).name for line in lines[:3]] == ["BLANK", "SECTION", "ITEM"]
    assert (lines[1].name, lines[1].value) == ("phone", "!")
    assert (lines[6].name, lines[6].value) == ("secret", "old")
    assert lines[7].is_object and not lines[7].is_append
    assert lines[9].is_append and not lines[9].is_object
    assert lines[11].kind == LineKind.DIRECTIVE
    assert (lines[11].name, lines[11].value) == ("include", "more.conf")
    assert lines[0].name is None
    assert document.first is lines[0]
    assert document.last is lines[-1]
    assert lines[0].next is lines[1]
    assert lines[1].previous is lines[0]
    assert lines[0].previous is None
    assert lines[7].section is lines[5]
    assert lines[0].section is None
    assert lines[0].document is document
    assert document.name == "phones.conf"
    assert not document.changed


def test_sections_and_items_are_found() -> None:
    document = Document(PHONES)
    assert [line.number for line in document.sections()] == [2, 6, 13]
    first, second = document.sections("100")
    found = first.find("ALLOW")
    assert found is not None and found.number == 8
    assert found.find("allow") is None
    assert second.find("allow") is None


def test_a_change_of_a_value_changes_only_that() -> None:
    document = Document(PHONES)
    line = document.set("100", "secret", "a;b")
    assert document.changed
    assert line.text == "secret = a\\;b ; change me\n"
    assert bytes(document) == PHONES.replace(b"secret = old", b"secret = a\\;b")
    assert document.resolve()["100"]["secret"] == "a;b"


def test_what_is_missing_is_added() -> None:
    document = Document("[a]\nx => 1\n\n[b]\ny=2\n")
    document.set("a", "z", "3")
    document.set("c", "w", "4")
    assert bytes(document) == b"[a]\nx => 1\nz => 3\n\n[b]\ny=2\n\n[c]\nw = 4\n"


def test_a_value_in_an_addition_is_changed_there() -> None:
    document = Document("[a]\nx=1\n[b]\nx=2\n[a](+)\nx=3\n[a]\nx=4\n")
    document.set("a", "x", "5")
    assert bytes(document) == b"[a]\nx=1\n[b]\nx=2\n[a](+)\nx=5\n[a]\nx=4\n"
    assert document.resolve()["a"]["x"] == "5"


def test_sections_of_one_name_are_told_apart() -> None:
    text = "[100]\ntype=endpoint\n[100]\ntype=auth\n[100](+)\nauth=100\n"
    document = Document(text)
    with pytest.raises(ConfigurationError, match="several sections are called 100"):
        document.set("100", "password", "x")
    assert bytes(document) == text.encode()
    # What is there in the first, and what is added to it, is clear.
    assert document.set("100", "type", "endpoint").text == "type=endpoint\n"
    assert document.set("100", "auth", "200").text == "auth=200\n"
    second = list(document.sections("100"))[1]
    assert document.set(second, "password", "x").previous == second.next
    assert document.set(second, "type", "y").previous == second
    with pytest.raises(ValueError, match="begins no section"):
        document.set(second.next, "type", "z")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="begins no section"):
        Document(text).set(second, "type", "z")


def test_a_value_that_is_there_is_no_change() -> None:
    document = Document("[a]\nx = 1;--2--;3\n")
    line = document.set("a", "x", "13")
    line.name = "x"
    assert (line.text, document.changed) == ("x = 1;--2--;3\n", False)


def test_a_style_that_is_none_is_refused() -> None:
    document = Document("[a]\n")
    with pytest.raises(ValueError, match="no style"):
        document.add_item("x", "1", style=99)  # type: ignore[arg-type]
    assert not document.changed


def test_a_value_put_together_is_refused() -> None:
    document = Document("[a]\nx=1\nx+=2\n")
    with pytest.raises(ConfigurationError, match=r"\+="):
        document.set("a", "x", "5")
    assert not document.changed


def test_lines_are_added_moved_renamed_and_removed() -> None:
    document = Document("[a]\nx=1\n[b]\ny=2\n")
    a, b = document.sections()
    x = a.find("x")
    assert x is not None
    document.add_line("; about z", before=b)
    z = document.add_item("z", "3", before=b, style=Style.OBJECT)
    c = document.add_section("c", "!,b")
    document.move(x, x, before=z.next)
    a.name = "renamed"
    c.value = "!"
    assert bytes(document) == b"[renamed]\n; about z\nz=>3\nx=1\n[b]\ny=2\n[c](!)\n"
    assert x.previous is z
    document.remove(x)
    assert bytes(document) == b"[renamed]\n; about z\nz=>3\n[b]\ny=2\n[c](!)\n"


def test_a_removed_line_only_raises() -> None:
    document = Document("[a]\nx=1\n")
    line = document.last
    assert line is not None
    document.remove(line)
    for name in ("text", "name", "value", "kind", "number", "next", "section"):
        with pytest.raises(ReferenceError):
            getattr(line, name)
    with pytest.raises(ReferenceError):
        document.remove(line)
    added = document.add_item("y", "2")  # in the memory of the removed one, perhaps
    with pytest.raises(ReferenceError):
        line.value = "3"
    assert added.value == "2"
    assert "removed" in repr(line)


def test_all_lines_can_be_removed_while_iterating() -> None:
    document = Document(PHONES)
    for line in document:
        document.remove(line)
    assert bytes(document) == b""
    assert document.first is None


def test_lines_of_another_document_are_refused() -> None:
    document, other = Document("[a]\n"), Document("[b]\n")
    line = other.first
    assert line is not None
    with pytest.raises(ValueError, match="another"):
        document.remove(line)
    with pytest.raises(TypeError):
        document.add_line("; x", before="[a]")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["a\nb", "a\rb", " a", "a\t", "a\0b"])
def test_values_that_cannot_be_read_back(value: str) -> None:
    document = Document("[a]\nx=1\n")
    with pytest.raises(ConfigurationError):
        document.set("a", "x", value)
    with pytest.raises(ConfigurationError):
        document.set("a", "new", value)
    assert bytes(document) == b"[a]\nx=1\n"


@pytest.mark.parametrize("name", ["a=b", "", " a", "a\n[b]"])
def test_names_that_cannot_be_read_back(name: str) -> None:
    document = Document("[a]\nx=1\n")
    with pytest.raises(ConfigurationError):
        document.add_item(name, "1")


def test_a_configuration_does_not_follow_the_document() -> None:
    document = Document("[a]\nx=1\ny=2\n")
    before = document.resolve()
    document.set("a", "x", "a;new;value")
    line = document.last
    assert line is not None
    document.remove(line)
    assert dict(before["a"]) == {"x": "1", "y": "2"}
    assert dict(document.resolve()["a"]) == {"x": "a;new;value"}


def test_lines_keep_their_document() -> None:
    line = Document("[a]\nx=1\n").last
    gc.collect()
    assert line is not None
    assert line.value == "1"
    assert line.previous is not None and line.previous.name == "a"


# ---- files ---------------------------------------------------------------------------------------


def test_save_keeps_what_is_not_changed(phones: Path) -> None:
    phones.chmod(0o604)
    link = phones.with_name("link.conf")
    link.symlink_to(phones.name)
    document = Document.load(link)
    document.set("100", "secret", "new")
    document.save()
    assert phones.read_bytes() == PHONES.replace(b"= old", b"= new")
    assert link.is_symlink()
    assert phones.stat().st_mode & 0o777 == 0o604
    assert not document.changed
    document.set("100", "secret", "newer")
    document.save()
    assert phones.read_bytes() == PHONES.replace(b"= old", b"= newer")
    assert sorted(os.listdir(phones.parent)) == ["link.conf", "more.conf", "phones.conf"]


def test_save_of_no_change_writes_nothing(phones: Path) -> None:
    before = phones.stat()
    Document.load(phones).save()
    after = phones.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_save_refuses_when_the_file_has_changed(phones: Path) -> None:
    document = Document.load(phones)
    document.set("100", "secret", "new")
    phones.write_bytes(b"; by somebody else\n")
    with pytest.raises(ChangedError):
        document.save()
    assert phones.read_bytes() == b"; by somebody else\n"
    document.save(force=True)
    assert b"= new" in phones.read_bytes()
    document.set("100", "secret", "newer")
    document.save()
    assert b"= newer" in phones.read_bytes()


def test_save_elsewhere(phones: Path) -> None:
    document = Document.load(phones)
    document.set("100", "secret", "new")
    copy = phones.with_name("copy.conf")
    document.save(copy)
    assert copy.read_bytes() == bytes(document)
    assert phones.read_bytes() == PHONES
    with pytest.raises(ChangedError):
        document.save(copy)
    document.save(copy, force=True)
    document.save()
    assert phones.read_bytes() == bytes(document)


def test_save_of_a_document_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name"):
        Document("[a]\n").save()
    path = tmp_path / "new.conf"
    Document("[a]\n", path).save()
    assert path.read_bytes() == b"[a]\n"
    with pytest.raises(ChangedError):
        Document("[b]\n", path).save()
    with pytest.raises(FileNotFoundError):
        Document("[a]\n", tmp_path / "none" / "new.conf").save()


def test_threads_parse_big_documents_at_a_time() -> None:
    text = PHONES * 5000
    made: list[Document] = []
    threads = [threading.Thread(target=lambda: made.append(Document(text))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [bytes(document) == text for document in made] == [True] * 4


def test_many_lines_are_let_go() -> None:
    document = Document("[a]\n" + "x=1\n" * 20000)
    for line in document:
        assert line.text
    kept = list(document)
    assert len(kept) == 20001
    assert kept[5].next is kept[6]
