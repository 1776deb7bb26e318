# SPDX-License-Identifier: MIT
"""The stub of asterisk._core, against the module as it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import asterisk
from asterisk import _core

TREE = ast.parse((Path(asterisk.__file__).parent / "_core.pyi").read_text(encoding="utf-8"))


def names(body: list[ast.stmt]) -> set[str]:
    found = set()
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def test_names_of_the_module() -> None:
    assert names(TREE.body) == {name for name in dir(_core) if not name.startswith("_")}


@pytest.mark.parametrize("node", [n for n in TREE.body if isinstance(n, ast.ClassDef)])
def test_names_of_a_class(node: ast.ClassDef) -> None:
    kind = getattr(_core, node.name)
    public = {name for name in vars(kind) if not name.startswith("_")}
    if node.name == "Error":
        public.add("code")  # set on each exception
    assert {name for name in names(node.body) if not name.startswith("_")} == public


def test_package_says_it_is_typed() -> None:
    assert (Path(asterisk.__file__).parent / "py.typed").exists()
