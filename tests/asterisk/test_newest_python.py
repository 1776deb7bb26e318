# SPDX-License-Identifier: MIT
"""The Python package, built for and tested with the newest Python that Debian has."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import asterisk
from archive import Unavailable
from python_tree import unpack_python

ROOT = Path(__file__).resolve().parents[2]

#: What needs no program beside the package.
TESTS = (
    "test_manager.py",
    "test_messages.py",
    "test_astemu.py",
    "test_actions.py",
    "test_aio.py",
    "test_agi.py",
    "test_agi_aio.py",
    "test_agi_example.py",
    "test_agi_program.py",
    "test_agitb.py",
    "test_callfile.py",
    "test_config.py",
    "test_config_pyst.py",
    "test_config_rules.py",
    "test_dialplan.py",
    "test_eagi.py",
    "test_fastagi.py",
    "test_liveconfig.py",
)


def test_newest_python(tmp_path: Path) -> None:
    try:
        tree = unpack_python()
    except Unavailable as error:
        pytest.skip(str(error))
    # Meson of Debian 12 knows no Python without distutils: the core is compiled without it, and
    # the rest of the package is the same for each Python.
    build, package = tmp_path / "build", tmp_path / "python/asterisk"
    ignored = shutil.ignore_patterns("_core*.so*", "__pycache__")
    shutil.copytree(Path(asterisk.__file__).parent, package, ignore=ignored)
    features = ("connection", "server", "cli", "examples", "tests", "python")
    options = [f"-D{name}=disabled" for name in features]
    run("meson", "setup", str(build), str(ROOT), *options)
    run("meson", "compile", "-C", str(build))
    include = [f"-I{path}" for path in (ROOT / "include", *tree.include_directories)]
    sources = sorted(str(path) for path in (ROOT / "python/core").glob("*.c"))
    archive = str(build / "src/libpyst-archive.a")
    core = ["-o", str(package / "_core.so"), *sources, archive]
    run("cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-fPIC", "-shared", *include, *core)
    tests = [str(ROOT / "tests/python" / name) for name in TESTS]
    done = run(
        str(tree.executable), "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests,
        PYTHONPATH=str(package.parent), PYST_BUILD=str(build),
    )  # fmt: skip
    assert " passed" in done


def run(*command: str, **variables: str) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command, env={**environment, **variables}, text=True, capture_output=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
