# SPDX-License-Identifier: MIT
"""Debian packages, unpacked into a directory without installing anything.

apt, with a state of its own, resolves and downloads the packages of any Debian suite from the
mirror that this machine's own apt configuration names; ``dpkg-deb`` unpacks them. No maintainer
script runs, nothing is mounted, no root is needed. Downloads are kept below
``$XDG_CACHE_HOME/pyst-asterisk`` (``~/.cache/pyst-asterisk``), and so are the finished trees.

Environment: ``DEBIAN_MIRROR`` names another mirror, for machines whose own is not Debian's.
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Tuple
from urllib.parse import unquote

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
NOT_UNPACKED = ("doc", "man", "locale", "info", "lintian", "perl", "zoneinfo")

#: The file of a tree that says of what it was made.
MADE_OF = ".made-of"


class Unavailable(Exception):
    """What was asked for cannot be had on this machine; the text says why."""


@dataclass(frozen=True)
class Selection:
    """Packages of a suite and everything they depend on, less what matches `without`."""

    suite: str
    packages: Tuple[str, ...]
    without: str = "$^"


def cache_directory() -> Path:
    """Return the directory that keeps downloads and unpacked trees between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "pyst-asterisk"


def unpacked(selection: Selection, name: str, refresh: bool = False) -> Path:
    """Return the tree `name` made of `selection`, making it first where there is none.

    Parameters
    ----------
    selection : Selection
        The packages.
    name : str
        The directory's name below the cache directory.
    refresh : bool
        Ask the mirror for newer packages, and make the tree anew.

    Raises
    ------
    Unavailable
        There is no Debian mirror to ask, or it did not answer, or lacks the packages.
    """
    cache = cache_directory()
    cache.mkdir(parents=True, exist_ok=True)
    tree = cache / name
    with _locked(cache / "lock"):
        if refresh or not _is_made_of(tree, selection):
            files = _downloaded(selection, cache / "packages" / selection.suite, refresh)
            making = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=cache))
            try:
                _unpack(files, making)
                (making / MADE_OF).write_text(str(selection))
                if tree.is_dir():
                    shutil.rmtree(tree)
                making.rename(tree)
            except BaseException:
                shutil.rmtree(making, ignore_errors=True)
                raise
    return tree


def _is_made_of(tree: Path, selection: Selection) -> bool:
    try:
        return (tree / MADE_OF).read_text() == str(selection)
    except OSError:
        return False


def loader(tree: Path) -> List[str]:
    """Return the beginning of a command that runs a program of `tree` with the tree's libraries."""
    libraries = library_directories(tree)
    for directory in (*libraries, tree / "usr/lib64"):
        for interpreter in filter(Path.exists, sorted(directory.glob("ld-linux*.so.*"))):
            return [str(interpreter), "--library-path", ":".join(map(str, libraries))]
    raise Unavailable(f"no dynamic loader in {tree}")


def library_directories(tree: Path) -> List[Path]:
    """Return the directories of `tree` that hold shared libraries."""
    return [*sorted((tree / "usr/lib").glob("*-linux-gnu*")), tree / "usr/lib"]


def mirror() -> str:
    """Return the address of a Debian mirror: this machine's own, or DEBIAN_MIRROR's."""
    named = os.environ.get("DEBIAN_MIRROR")
    if named:
        return named
    for address in _apt_sources(Path("/etc/apt")):
        if re.search(r"/debian/?$", address):
            return address
    raise Unavailable(
        "this machine's apt configuration names no mirror of Debian's archive"
        " (DEBIAN_MIRROR=address may name one)"
    )


def _apt_sources(etc: Path) -> Iterator[str]:
    """Yield the addresses in apt's configuration, of both of its formats."""
    for path in sorted((etc / "sources.list.d").glob("*.sources")):
        for paragraph in re.split(r"\n[ \t]*\n", path.read_text(errors="replace")):
            fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", paragraph, re.MULTILINE))
            if fields.get("Enabled", "yes").strip().lower() != "no":
                yield from fields.get("URIs", "").split()
    lists = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))]
    for path in lists:
        if path.is_file():
            text = path.read_text(errors="replace")
            pattern = r"^[ \t]*deb[ \t]+(?:\[[^\]]*\][ \t]+)?(\S+)"
            yield from re.findall(pattern, text, re.MULTILINE)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _downloaded(selection: Selection, directory: Path, refresh: bool) -> List[Path]:
    """Return the package files of `selection`, downloading what `directory` lacks."""
    for program in ("apt-get", "dpkg-deb", "tar"):
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is not installed")
    directory.mkdir(parents=True, exist_ok=True)
    manifest = directory / (selection.packages[0] + ".manifest")
    title = f"# {selection}"
    if not refresh and manifest.is_file():
        lines = manifest.read_text().splitlines()
        files = [directory / line for line in lines[1:]]
        if lines[:1] == [title] and all(file.is_file() for file in files):
            return files
    with tempfile.TemporaryDirectory(prefix="pyst-apt-") as state:
        environment = _apt_state(Path(state), selection.suite)
        _apt(environment, directory, "update")
        asked = _apt(environment, directory, "--print-uris", "install", *selection.packages)
        names = re.findall(r"^'[^']*' (\S+\.deb) ", asked, re.MULTILINE)
        names = [name for name in names if not re.match(selection.without, name)]
        missing = [name for name in names if not (directory / name).is_file()]
        if missing:
            wanted = [unquote("=".join(name.split("_")[:2])) for name in missing]
            _apt(environment, directory, "download", *wanted)
    manifest.write_text("\n".join([title, *names]) + "\n")
    return [directory / name for name in names]


def _apt_state(state: Path, suite: str) -> Dict[str, str]:
    """Make an apt of its own in `state` and return the environment in which apt-get is that."""
    signed = f"[signed-by={KEYRING}] " if KEYRING.is_file() else ""
    (state / "lists/partial").mkdir(parents=True)
    (state / "archives/partial").mkdir(parents=True)
    (state / "status").touch()
    (state / "sources.list").write_text(f"deb {signed}{mirror()} {suite} main\n")
    (state / "apt.conf").write_text(
        f"""
        Dir::State "{state}";
        Dir::State::lists "{state}/lists";
        Dir::State::status "{state}/status";
        Dir::Cache "{state}";
        Dir::Cache::archives "{state}/archives";
        Dir::Etc::sourcelist "{state}/sources.list";
        Dir::Etc::sourceparts "/dev/null";
        Dir::Etc::preferences "/dev/null";
        Dir::Etc::preferencesparts "/dev/null";
        APT::Sandbox::User "";
        APT::Install-Recommends "false";
        Acquire::Languages "none";
        Acquire::Retries "2";
        Acquire::http::Timeout "20";
        Acquire::https::Timeout "20";
        // A suite that is not released yet, or is archived, may be past its date.
        Acquire::Check-Valid-Until "false";
        // Nothing is installed: no package is needed only for being essential.
        pkgCacheGen::ForceEssential ",";
        pkgCacheGen::ForceImportant ",";
        #clear APT::Update::Post-Invoke;
        #clear APT::Update::Post-Invoke-Success;
        """
    )
    return {**os.environ, "APT_CONFIG": str(state / "apt.conf"), "LC_ALL": "C"}


def _apt(environment: Dict[str, str], directory: Path, *arguments: str) -> str:
    """Run apt-get in `directory` and return what it printed."""
    done = subprocess.run(
        ["apt-get", "-qq", *arguments],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    failed = re.search(r"^(E|Err): *(.*)", done.stderr, re.MULTILINE)
    if done.returncode != 0 or (failed and arguments[0] == "update"):
        why = failed.group(2) if failed else done.stderr.strip()[-200:]
        why = re.sub(r"//[^/\s]+", "//...", why)  # whose mirror it is concerns nobody
        raise Unavailable(f"apt-get {arguments[0]}: {why}")
    return done.stdout


def _unpack(files: List[Path], tree: Path) -> None:
    """Unpack package files into an empty `tree`, whose /usr is merged as Debian's is."""
    for name in ("bin", "sbin", "lib", "lib64"):
        (tree / "usr" / name).mkdir(parents=True)
        (tree / name).symlink_to(f"usr/{name}")
    excluded = [f"--exclude=./usr/share/{name}/*" for name in NOT_UNPACKED]

    def unpack_one(file: Path) -> None:
        with subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", str(file)], stdout=subprocess.PIPE
        ) as package:
            subprocess.run(
                ["tar", "-x", "-C", str(tree), "--keep-directory-symlink", "--no-same-owner"]
                + excluded,
                stdin=package.stdout,
                check=True,
            )
        if package.returncode != 0:
            raise Unavailable(f"dpkg-deb could not read {file}")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(unpack_one, files))
