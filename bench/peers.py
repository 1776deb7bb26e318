# SPDX-License-Identifier: MIT
"""The libraries that ours is measured beside.

They are fetched by name and version with the ordinary clients of their registries into
bench/peers/, which git ignores; once there they stay. What cannot be had is absent, and why is
kept beside it for the table.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Optional

BENCH = Path(__file__).resolve().parent
PEERS = BENCH / "peers"
FETCH_TIMEOUT = 120.0


class Peer(NamedTuple):
    """A library.

    Attributes
    ----------
    name : str
        What the table calls it.
    path : Path
        Python: the directory to import it from; Go: the program; Java: the directory of jars.
    absent : str
        Why it is not there; empty when it is.
    """

    name: str
    path: Path
    absent: str


def _run(command: list[str], cwd: Path) -> str:
    """Run a client; give the reason when it fails."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=FETCH_TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        return f"{command[0]} is not installed"
    except subprocess.TimeoutExpired:
        return f"{command[0]} took more than {FETCH_TIMEOUT:.0f} s"
    if done.returncode == 0:
        return ""
    (cwd / "fetch.log").write_text(done.stdout)
    if "No module named pip" in done.stdout:
        return "pip is not installed"
    return f"{Path(command[0]).name} could not fetch or build it"


def _from_pip(python: str, requirement: str) -> Callable[[Path], str]:
    def fetch(path: Path) -> str:
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        return _run([*command, "--target", str(path / "package"), requirement], path)

    return fetch


def _from_go(module: str, version: str, source: Path) -> Callable[[Path], str]:
    def fetch(path: Path) -> str:
        shutil.copy(source, path / "main.go")
        (path / "go.mod").write_text(f"module bench\n\ngo 1.19\n\nrequire {module} {version}\n")
        reason = _run(["go", "mod", "tidy"], path)
        return reason or _run(["go", "build", "-o", "program", "."], path)

    return fetch


def _from_cargo(source: Path) -> Callable[[Path], str]:
    def fetch(path: Path) -> str:
        shutil.copy(source / "Cargo.toml", path)
        shutil.copytree(source / "src", path / "src")
        return _run(["cargo", "build", "--quiet", "--release", "--target-dir", "target"], path)

    return fetch


def _from_maven(source: Path) -> Callable[[Path], str]:
    def fetch(path: Path) -> str:
        for file in source.iterdir():
            shutil.copy(file, path)
        copy = ["dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=jars"]
        reason = _run(["mvn", "-q", "-B", *copy], path)
        programs = sorted(file.name for file in path.glob("*.java"))
        return reason or _run(["javac", "-cp", "jars/*", *programs], path)

    return fetch


def _python_peer(python: str, name: str, version: str) -> Peer:
    return _have(f"{name} {version}", "package", _from_pip(python, f"{name}=={version}"))


def _digest(source: Path) -> str:
    """Give what changes when a file, or one in a folder, does."""
    files = sorted(source.rglob("*")) if source.is_dir() else [source]
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            digest.update(f"{file.name} {file.stat().st_size}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def _have(
    name: str,
    product: str,
    fetch: Callable[[Path], str],
    source: Optional[Path] = None,
) -> Peer:
    """Give a peer, fetching it when it is not there, or was built with another source of ours."""
    path = PEERS / name.replace(" ", "-").replace("/", "-")
    done = path / "fetched.json"
    wanted = json.dumps({"name": name, "source": _digest(source) if source else ""}) + "\n"
    if not done.exists() or (source and done.read_text() != wanted):
        print(f"bench: fetching {name}", file=sys.stderr)
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        reason = fetch(path)
        if reason:
            return Peer(name, path / product, reason)
        done.write_text(wanted)
    return Peer(name, path / product, "")


class Peers(NamedTuple):
    """All of them."""

    pyst: Peer
    pyst2: Peer
    panoramisk: Peer
    pystrix: Peer
    goami2: Peer
    zaf_agi: Peer
    asterisk_rs: Peer
    asterisk_java: Peer


def get(python: str) -> Peers:
    """Give the peers, fetching those that are not there.

    Parameters
    ----------
    python : str
        The interpreter that the Python ones will run in.
    """
    goami2 = BENCH / "go" / "goami2.go"
    calls = BENCH / "go" / "calls.go"
    rust = BENCH / "rust"
    java = BENCH / "java"
    return Peers(
        pyst=_python_peer(python, "pyst", "0.9"),
        pyst2=_python_peer(python, "pyst2", "0.5.1"),
        panoramisk=_python_peer(python, "panoramisk", "1.4"),
        pystrix=_python_peer(python, "pystrix", "1.3.0"),
        goami2=_have(
            "goami2 v1.7.7",
            "program",
            _from_go("github.com/staskobzar/goami2", "v1.7.7", goami2),
            goami2,
        ),
        zaf_agi=_have(
            "zaf/agi v1.3.0",
            "program",
            _from_go("github.com/zaf/agi", "v1.3.0", calls),
            calls,
        ),
        asterisk_rs=_have(
            "asterisk-rs-agi 0.7.1", "target/release/program", _from_cargo(rust), rust
        ),
        asterisk_java=_have("asterisk-java 3.41.0", "jars", _from_maven(java), java),
    )
