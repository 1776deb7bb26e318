# SPDX-License-Identifier: MIT
"""The files of tests/config/rules, against what an Asterisk made of them (rules.json)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asterisk.config import Document, LineKind, load

RULES = Path(__file__).resolve().parents[1] / "config/rules"
RECORDED = json.loads(RULES.with_suffix(".json").read_text())
NAMES = sorted(RECORDED)


def latin1(text: str) -> str:
    """Each byte as a character, as the record has it."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def test_every_file_is_recorded() -> None:
    assert NAMES == sorted(str(path.relative_to(RULES)) for path in RULES.rglob("*.conf"))


@pytest.mark.parametrize("name", NAMES)
def test_what_asterisk_makes_of_it(name: str) -> None:
    config = load(RULES / name, directory=RULES)
    if RECORDED[name] is None:
        assert not config.is_valid
        assert any(problem.severity == 0 for problem in config.problems)
        return
    assert config.is_valid
    assert [
        [
            latin1(section.name),
            section.is_template,
            latin1(",".join(section.templates)),
            [latin1(f"{item.name}={item.value}") for item in section.all()],
        ]
        for section in config.sections
    ] == RECORDED[name]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_written_back_as_it_is(name: str) -> None:
    data = (RULES / name).read_bytes()
    document = Document(data)
    assert bytes(document) == data
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    written = "".join(line.text for line in document).encode("utf-8", "surrogateescape")
    assert mark + written == data


@pytest.mark.parametrize("name", NAMES)
def test_a_change_of_a_value_changes_no_other_line(name: str) -> None:
    document = Document((RULES / name).read_bytes())
    for i, line in enumerate(document):
        # Lines with a piece of a block comment of several lines, or a NUL, are refused.
        if line.kind != LineKind.ITEM or "--;" in line.text or "\0" in line.text:
            continue
        before = [each.text for each in document]
        line.value = "5;6"
        after = [each.text for each in document]
        assert after[:i] + after[i + 1 :] == before[:i] + before[i + 1 :]
        assert "5\\;6" in after[i]
        assert line.value == "5;6"
    again = Document(bytes(document))
    assert [(line.kind, line.name, line.value) for line in again] == [
        (line.kind, line.name, line.value) for line in document
    ]


def test_every_setting_has_its_line() -> None:
    for name in NAMES:
        for section in load(RULES / name, directory=RULES).sections:
            for setting in section.all():
                data = Path(setting.file).read_bytes()
                line = [each for each in Document(data) if each.number == setting.line][0]
                assert line.kind == LineKind.ITEM, (name, setting)
                # What follows a comment of the file before begins in that comment.
                assert str(line.name).endswith(setting.name), (name, setting)
