# SPDX-License-Identifier: MIT
"""What the README shows is what the examples are; other tests run them."""

import re
from pathlib import Path
from typing import List

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "language, examples",
    [
        ("python", [f"examples/python/{name}.py" for name in ("call", "ivr", "move_phones")]),
        ("c", ["examples/c/call.c", "examples/c/ivr.c"]),
    ],
)
def test_readme_shows_the_examples(language: str, examples: List[str]) -> None:
    readme = (ROOT / "README.md").read_text()
    shown = re.findall(rf"^```{language}\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert shown == [text_of(ROOT / example) for example in examples]


def text_of(example: Path) -> str:
    """An example without its licence."""
    lines = example.read_text().splitlines(keepends=True)
    begin = next(i for i, line in enumerate(lines) if "SPDX" in line) + 1
    return "".join(lines[begin:]).lstrip("\n")


def test_readme_names_files_that_exist() -> None:
    for document in ("README.md", "CONTRIBUTING.md", "tests/asterisk/README.md"):
        path = ROOT / document
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{document}: {target}"
    for script in re.findall(r"\bscript/[a-z-]+", (ROOT / "README.md").read_text()):
        assert (ROOT / script).is_file(), script
