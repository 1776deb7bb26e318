# SPDX-License-Identifier: MIT
"""The documentation: its examples do what it says, and nothing stands in it twice."""

import doctest
import importlib
import inspect
import pkgutil
import re
from functools import cached_property
from pathlib import Path

import pytest

import asterisk

DOCS = Path(__file__).resolve().parents[2] / "docs"
PROPERTIES = (property, cached_property)
PAGES = [page.name for page in sorted(DOCS.glob("*.rst")) if "\n>>> " in page.read_text()]


@pytest.mark.parametrize("page", PAGES)
def test_examples_of_a_page(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # they write files
    failed, tried = doctest.testfile(
        str(DOCS / page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert failed == 0 and tried > 0


def test_included_files_exist() -> None:
    for page in DOCS.glob("*.rst"):
        for line in page.read_text().splitlines():
            if line.startswith(".. literalinclude:: "):
                assert (DOCS / line.split(":: ")[1]).is_file(), f"{page.name}: {line}"


def test_attributes_of_a_class_are_documented_once() -> None:
    """One that is a property has a docstring of its own, and the site shows both."""
    found = 0
    for found_module in pkgutil.walk_packages(asterisk.__path__, "asterisk."):
        module = importlib.import_module(found_module.name)
        for name, thing in inspect.getmembers(module, inspect.isclass):
            text = inspect.getdoc(thing) or ""
            section = re.search(r"\nAttributes\n-+\n(.*?)(\n\n|$)", text, re.S)
            if not section or thing.__module__ != module.__name__:
                continue
            listed = re.findall(r"^(\w[\w, ]*?)(?: :.*)?$", section[1], re.M)
            attributes = [each for row in listed for each in row.split(", ")]
            found += len(attributes)
            twice = [
                each for each in attributes if isinstance(vars(thing).get(each), PROPERTIES)
            ]
            assert not twice, f"{module.__name__}.{name}: {twice}"
    assert found > 20
