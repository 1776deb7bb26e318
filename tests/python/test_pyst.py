# SPDX-License-Identifier: MIT
"""pyst's own test of its manager, as its source distribution has it, against this package.

The distribution is fetched by name with pip. Where it cannot be had, the tests are skipped.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tarfile
import types
import unittest
from pathlib import Path
from typing import Any, Iterator

import pytest

NAME, VERSION = "pyst", "0.9"


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution."""
    folder = tmp_path_factory.mktemp("pyst")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    command += ["--no-deps", "--no-build-isolation", "--no-binary", ":all:"]
    try:
        done = subprocess.run(
            [*command, "--dest", str(folder), f"{NAME}=={VERSION}"],
            capture_output=True,
            text=True,
            timeout=120,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the package registry does not answer")
    archives = list(folder.glob("*.tar.gz"))
    if not archives:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        pytest.skip(f"pyst {VERSION} cannot be had: {last}")
    with tarfile.open(archives[0]) as archive:
        for member in archive.getmembers():
            if member.isfile() and ".." not in member.name and not member.name.startswith("/"):
                archive.extract(member, folder)
    return next(path for path in folder.iterdir() if path.is_dir())


def load(path: Path, name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["asterisk.astemu", "pyst's own astemu"])
def emulator(
    request: pytest.FixtureRequest, distribution: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The emulator that pyst's test imports: ours, and the one it was written with."""
    if request.param != "asterisk.astemu":
        monkeypatch.setitem(
            sys.modules,
            "asterisk.astemu",
            load(distribution / "asterisk" / "astemu.py", "pyst_astemu"),
        )
    yield


@pytest.fixture
def test_base(
    distribution: Path, emulator: None, monkeypatch: pytest.MonkeyPatch
) -> types.ModuleType:
    """pyst's test file. It also imports names of AGI, which its tests of the manager leave alone."""
    if importlib.util.find_spec("asterisk.agi") is None:
        agi: Any = types.ModuleType("asterisk.agi")
        agi.AGI = agi.AGIDBError = type("NotThere", (), {})
        monkeypatch.setitem(sys.modules, "asterisk.agi", agi)
    return load(distribution / "test" / "test_base.py", "pyst_test_base")


@pytest.mark.parametrize(
    "name",
    [
        "test_login",
        "test_command",
        "test_redirect",
        "test_originate",
        "test_misc_events",
        "test_agent_event",
    ],
)
def test_manager_passes(test_base: types.ModuleType, name: str) -> None:
    result = unittest.TestResult()
    test_base.Test_Manager(name).run(result)
    assert result.testsRun == 1
    assert not result.errors and not result.failures, result.errors + result.failures


def test_all_of_them_are_run(test_base: types.ModuleType) -> None:
    names = unittest.TestLoader().getTestCaseNames(test_base.Test_Manager)
    assert len(names) == 6
