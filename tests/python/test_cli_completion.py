# SPDX-License-Identifier: MIT
"""The completion of `pyst` in bash, and that help and documentation name the same things."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import List, Set

import pytest

from pyst_program import PYST, ROOT, environment, pyst

COMPLETION = ROOT / "cli/completion/pyst"
needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")


def complete(line: str, *more: str) -> List[str]:
    """What bash would offer at the end of a line. `more` are words it splits at "=" or ":"."""
    words = [*line.split(" "), *more]
    script = (
        f'source "{COMPLETION}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() {{ :; }}; '
        '_pyst; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    run = subprocess.run(
        ["bash", "-c", script, "bash", *words],
        env=environment(PATH=f"{Path(str(PYST)).parent}:/usr/bin:/bin"),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert run.stderr == ""
    return [each for each in run.stdout.splitlines() if each]


@needs_bash
@pytest.mark.parametrize(
    "line, expected",
    [
        ("pyst a", ["agi", "ami"]),
        ("pyst config s", ["set", "show"]),
        ("pyst config nothing ", []),
        ("pyst config set --c", ["--create"]),
        ("pyst agi cat", ["catalogue"]),
        ("pyst agi catalogue str", ["STREAM"]),
        ("pyst agi catalogue d", ["DATABASE"]),
        ("pyst agi catalogue --json get FU", ["FULL"]),
        ("pyst agi catalogue speech ACTIVATE ", ["GRAMMAR"]),
        ("pyst agi catalogue NOOP ", []),
        ("pyst agi nothing ", []),
        ("pyst ami act", ["action"]),
        ("pyst ami --sec", ["--secret-file"]),
        ("pyst ami --json --str", ["--strict"]),
        ("pyst ami --host x list CoreShowChannels", ["CoreShowChannels"]),
        ("pyst ami action Originat", ["Originate"]),
        ("pyst ami action Originate Cal", ["CallerID="]),
        ("pyst ami action Originate Channel=x Ear", ["EarlyMedia="]),
        ("pyst ami events --filter HangupR", ["HangupRequest"]),
        ("pyst ami events --co", ["--count"]),
        ("pyst ami catalogue QueueMemberRem", ["QueueMemberRemoved"]),
        ("pyst ami catalogue Originate OriginateR", ["OriginateResponse"]),
        ("pyst emulator --s", ["--script", "--secret-file"]),
        ("pyst nothing x", []),
    ],
)
def test_completion(line: str, expected: List[str]) -> None:
    assert sorted(complete(line)) == sorted(expected)


@needs_bash
def test_completion_of_values_and_files(tmp_path: Path) -> None:
    assert complete("pyst ami action Originate Channel", "=", "") == []
    assert complete("pyst ami action Originate Channel", "=") == []
    (tmp_path / "secret").touch()
    assert complete(f"pyst ami --secret-file {tmp_path}/s") == [f"{tmp_path}/secret"]


@needs_bash
def test_completion_of_what_a_file_has(tmp_path: Path) -> None:
    file = tmp_path / "a.conf"
    file.write_text("[t](!)\nx=1\n[one](t)\ny=2\ny=3\n[other]\nz=1\n")
    assert complete(f"pyst config get {tmp_path}/a") == [str(file)]
    assert complete(f"pyst config get {file} o") == ["one", "other"]
    assert complete(f"pyst config set -c {file} one ") == ["x", "y"]
    assert complete(f"pyst config show -d {tmp_path} {file} one ot") == ["other"]
    assert complete(f"pyst config set {file} one x ") == []
    assert complete(f"pyst config diff {file} {tmp_path}/a") == [str(file)]


@needs_bash
def test_completion_knows_every_action() -> None:
    names = pyst("ami", "catalogue").out.splitlines()
    actions = [name.split()[1] for name in names if name.startswith("action ")]
    assert sorted(complete("pyst ami action ")) == sorted(actions)


def options(text: str) -> Set[str]:
    return set(re.findall(r"--[a-z][a-z-]*", text))


HELP = pyst("ami", "--help").out
EVENTS_HELP = re.sub(r"\(pyst .*?\)", "", pyst("ami", "events", "--help").out)
EMULATOR_HELP = pyst("emulator", "--help").out
AGI_CATALOGUE_HELP = pyst("agi", "catalogue", "--help").out
AGI_RUN_HELP = pyst("agi", "run", "--help").out
AGI_SERVE_HELP = pyst("agi", "serve", "--help").out
CONFIG_HELPS = {
    name: pyst("config", name, "--help").out
    for name in re.findall(r"^  ([a-z]+) ", pyst("config", "--help").out, re.MULTILINE)
}
AGI_HELP = AGI_CATALOGUE_HELP + AGI_RUN_HELP + AGI_SERVE_HELP
ALL_HELP = HELP + EVENTS_HELP + EMULATOR_HELP + AGI_HELP + "".join(CONFIG_HELPS.values())


@needs_bash
def test_completion_offers_the_options_of_the_help() -> None:
    assert set(complete("pyst ami --")) == options(HELP) | {"--help"}
    assert set(complete("pyst ami events --")) == options(EVENTS_HELP) | {"--help"}
    assert set(complete("pyst agi catalogue --")) == options(AGI_CATALOGUE_HELP) | {"--help"}
    assert set(complete("pyst agi run --")) == options(AGI_RUN_HELP) | {"--help"}
    assert set(complete("pyst agi serve --")) == options(AGI_SERVE_HELP) | {"--help"}
    for name, text in CONFIG_HELPS.items():
        assert set(complete(f"pyst config {name} --")) == options(text) | {"--help"}
    assert set(complete("pyst emulator --")) == options(EMULATOR_HELP) | {"--help"}


@needs_bash
def test_completion_and_documentation_name_the_commands_of_config() -> None:
    assert {"check", "diff", "fmt", "get", "match", "set", "show"} <= set(CONFIG_HELPS)
    assert set(complete("pyst config ")) == set(CONFIG_HELPS) | {"--help"}
    page = (ROOT / "docs/pyst.rst").read_text()
    assert set(CONFIG_HELPS) == set(re.findall(r"^\| \*\*pyst config\*\* \*\*([a-z]+)", page, re.M))


def test_documentation_names_the_options_of_the_help() -> None:
    page = (ROOT / "docs/pyst.rst").read_text()
    assert options(ALL_HELP) - {"--help"} <= options(page)
    assert options(page) <= options(ALL_HELP) | {"--help", "--version"}


def test_documentation_and_help_name_the_same_exit_codes() -> None:
    page = (ROOT / "docs/pyst.rst").read_text()
    table = page.split("Exit codes\n")[1]
    documented = dict(re.findall(r"^(\d+) +(.*)$", table, re.MULTILINE))
    text = " ".join(pyst("help").out.split("Exit codes: ")[1].split()).rstrip(".")
    helped = dict(part.split(" ", 1) for part in text.split("; ") if part[0].isdigit())
    assert set(documented) == set(helped) == {"0", "1", "2", "3", "4", "5", "6", "130"}
    for code, meaning in helped.items():
        assert documented[code].startswith(meaning), code
