# SPDX-License-Identifier: MIT
"""The examples in the documentation do what it says."""

import doctest
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
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
