# SPDX-License-Identifier: MIT
"""The wheel that `pip install .` makes: what is in it, and that it needs no compiler."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
from asterisk.astemu import AsteriskEmu
from asterisk.manager import Manager
import asterisk._core, asterisk.actions, asterisk.aio

with AsteriskEmu.demo() as emu, Manager() as manager:
    manager.connect("127.0.0.1", emu.port)
    manager.login("demo", "secret")
    print(manager.ping()["Ping"], asterisk._core.__file__)
"""


def run(*command: str, **variables: str) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment.update(variables, PIP_DISABLE_PIP_VERSION_CHECK="1")
    done = subprocess.run(
        command, env=environment, text=True, capture_output=True, timeout=600, cwd="/"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made from the tree, with what is installed here alone."""
    pytest.importorskip("mesonpy")
    pytest.importorskip("pip")
    if not (ROOT / "pyproject.toml").exists():
        pytest.skip("not in the source tree")
    folder = tmp_path_factory.mktemp("wheel")
    options = ("--quiet", "--no-build-isolation", "--no-deps", "--no-index")
    run(sys.executable, "-m", "pip", "wheel", *options, "-w", str(folder), str(ROOT))
    (made,) = folder.glob("*.whl")
    return made


def test_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    package = [name for name in names if ".dist-info/" not in name]
    assert [name for name in package if not name.startswith("asterisk/")] == []
    assert len([name for name in package if re.search(r"/_core\..*\.so$", name)]) == 1
    for name in ("py.typed", "_core.pyi", "manager.py", "aio/manager.py", "actions/catalogue.py"):
        assert f"asterisk/{name}" in package


def test_runs_without_a_compiler(wheel: Path, tmp_path: Path) -> None:
    pytest.importorskip("ensurepip")
    run(sys.executable, "-m", "venv", str(tmp_path / "venv"))
    programs = tmp_path / "venv/bin"
    only = {"PATH": str(programs), "CC": "/nonexistent"}
    install = ("install", "--quiet", "--no-index", "--no-deps", str(wheel))
    run(str(programs / "python"), "-m", "pip", *install, **only)
    answer, core = run(str(programs / "python"), "-I", "-c", PROGRAM, **only).split()
    assert answer == "Pong"
    assert Path(core).is_relative_to(tmp_path / "venv")
