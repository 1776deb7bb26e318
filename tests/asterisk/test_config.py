# SPDX-License-Identifier: MIT
"""Configuration files: what a real Asterisk makes of them is what the library makes of them."""

import json
import shutil
from pathlib import Path

import pytest

from asterisk_server import AsteriskServer, tree
import config_oracle
from config_cases import write
from config_oracle import compare, record

RULES = Path(__file__).parents[1] / "config/rules"


def agree(server: AsteriskServer, folder: Path, at_least: int) -> None:
    count, differences = compare(server, folder)
    assert count >= at_least
    assert not differences, "\n".join(map(str, differences))


def test_a_file_for_each_rule(own_server: AsteriskServer) -> None:
    agree(own_server, RULES, 90)


def test_recorded_answers_are_those_of_the_server(own_server: AsteriskServer) -> None:
    recorded = json.loads(RULES.with_suffix(".json").read_text())
    assert json.loads(record(own_server, RULES)) == recorded


def test_files_that_asterisk_comes_with(own_server: AsteriskServer, version: int) -> None:
    agree(own_server, tree(version) / "etc/asterisk", 80)


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_files(own_server: AsteriskServer, tmp_path: Path, seed: int) -> None:
    shutil.copytree(RULES / "parts", tmp_path / "parts")
    write(tmp_path, seed, 300)
    agree(own_server, tmp_path, 300)


def test_a_difference_is_told(
    own_server: AsteriskServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison itself: of a library that reads another file."""
    (tmp_path / "a.conf").write_text("[a]\nx=1\n")
    (tmp_path / "b.conf").write_text("[a]\nx=2\n")
    own = config_oracle.read
    monkeypatch.setattr(
        config_oracle, "read", lambda path, etc: own(path.with_name("a.conf"), etc)
    )
    count, differences = compare(own_server, tmp_path)
    assert count == 2
    (difference,) = differences
    assert difference.file == tmp_path / "b.conf"
    assert "x=1" in str(difference) and "x=2" in str(difference)
