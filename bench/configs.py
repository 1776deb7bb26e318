# SPDX-License-Identifier: MIT
"""The figures of configuration files: documents and what Asterisk makes of them."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from measure import Failed, Sample, run, sample
from pbx import VERSIONS, pbx
from programs import Plan, Program, peer_in_python, python
from table import Row, absolute, beside

#: How many phones and how many extensions of three lines the file has; it is about 6 MB.
PHONES = 20000
EXTENSIONS = 20000

#: As many extensions has a context of the dialplan that Asterisk reloads.
EXTENSIONS_OF_CONTEXT = 200


def _phones() -> str:
    """Sections that pyst can read as well: no templates, no escapes, no included files."""
    parts = ["[general] ; made by bench/configs.py\ntransport = udp\n"]
    for i in range(PHONES):
        parts.append(
            f"\n; phone {i}\n"
            f"[phone{i}]\n"
            "type = endpoint\n"
            "context = from-internal\n"
            "disallow = all\n"
            "allow = alaw,ulaw,g722\n"
            f"auth = auth{i}\n"
            f"aors = phone{i} ; where it is\n"
            f'callerid = "Phone {i}" <{i}>\n'
            "direct_media = no\n"
        )
    return "".join(parts)


def _dialplan(size: int) -> str:
    """Contexts of so many extensions."""
    parts = []
    for i in range(EXTENSIONS):
        if i % size == 0:
            parts.append(f"\n[from-internal-{i}]\n")
        parts.append(
            f"exten => {i},1,NoOp(a call for ${{EXTEN}})\n"
            f" same => n,Dial(PJSIP/phone{i},30,tT)\n"
            " same => n,Hangup()\n"
        )
    return "".join(parts)


def _rates(program: Program) -> Sample | str:
    """Bytes a second of processor time, the first of the process before the others."""
    if program.absent:
        return f"absent: {program.absent}"
    try:
        spans = run(program.command, program.path)
    except Failed as reason:
        return f"failed: {reason}"
    return sample(spans, clock="cpu")._replace(cpu=0.0)


def _again(rates: Sample | str) -> Sample | str:
    return rates if isinstance(rates, str) else Sample(rates.rates[1:])


def _first(runs: list[Sample | str]) -> Sample | str:
    rates = [one.rates[0] for one in runs if isinstance(one, Sample)]
    return Sample(rates) if len(rates) == len(runs) else next(x for x in runs if isinstance(x, str))


def _ours(plan: Plan, what: str, path: Path) -> Sample | str:
    work = (what, str(path), str(plan.runs))
    return _rates(python(plan, plan.settings["python_path"], "read_config.py", *work))


def _pyst(plan: Plan, what: str, path: Path) -> Sample | str:
    work = (what, str(path), str(plan.runs))
    return _rates(peer_in_python(plan, plan.peers.pyst, "read_config.py", *work))


def _in_c(plan: Plan, path: Path) -> Iterator[Row]:
    what = "configuration, C, bytes from memory"
    try:
        turns: list[dict[str, Any]] = run([plan.settings["config"], str(path), str(plan.runs)])
    except Failed as reason:
        yield Row(what, f"failed: {reason}")
        return
    for key, name, goal in (
        ("document", "document", 300e6),
        ("resolved", "document and what Asterisk makes of it", None),
    ):
        rates = [turn["bytes"] / turn[key] for turn in turns]
        yield absolute(f"{what}: {name}", Sample(rates), goal)


def _in_python(plan: Plan, path: Path) -> Iterator[Row]:
    what = "configuration, Python, bytes of a file"
    peer = f"{plan.peers.pyst.name}, Config"
    pyst = _again(_pyst(plan, "Config", path))
    for name, goal in (("Document", 50.0), ("load", None), ("Config", None)):
        ours = _again(_ours(plan, name, path))
        yield beside(f"{what}: {name}", ours, peer, pyst, goal, "B/s")
    items = _again(_ours(plan, "items", path)), _again(_pyst(plan, "items", path))
    yield beside(f"{what}: Config, all items", items[0], f"{peer}, all items", items[1], 1.0, "B/s")
    first = _first([_ours(plan, "Document", path) for _ in range(plan.runs)])
    yield beside(f"{what}: Document, first of a process", first, peer, pyst, None, "B/s")


class _Reading(NamedTuple):
    """A file, read by ours and by Asterisk."""

    what: str
    ours: Sample | str
    file: Path
    name: str  #: of the action
    action: tuple[str, ...]


def _by_asterisk(plan: Plan, version: int, readings: list[_Reading]) -> list[Sample | str]:
    found: list[Sample | str] = []
    try:
        with pbx(version) as server:
            for each in readings:
                text = each.file.read_text()
                found.append(server.read(each.file.name, text, *each.action, runs=plan.runs))
    except Failed as reason:
        found += [f"absent: {reason}"] * (len(readings) - len(found))
    return found


def _beside_asterisk(plan: Plan, phones: Path, dialplan: Path) -> Iterator[Row]:
    program = Program([plan.settings["dialplan"], str(dialplan), str(plan.runs)])
    readings = [
        _Reading(
            "configuration, Python, bytes of a file: load, and drop",
            _again(_ours(plan, "reload", phones)),
            phones,
            "GetConfig",
            ("GetConfig", f"Filename: {phones.name}", "Category: general"),
        ),
        _Reading(
            "configuration, C, bytes of a file: load, make a dialplan, and drop",
            _rates(program),
            dialplan,
            "dialplan reload",
            ("Command", "Command: dialplan reload"),
        ),
    ]
    theirs = {version: _by_asterisk(plan, version, readings) for version in VERSIONS}
    for i, each in enumerate(readings):
        for version in VERSIONS:
            peer = f"Asterisk {version}, {each.name}"
            yield beside(each.what, each.ours, peer, theirs[version][i], 1.0, "B/s")


def configs(plan: Plan) -> Iterator[Row]:
    """Reading a large file, by processor time."""
    with tempfile.TemporaryDirectory(prefix="pyst-bench-config-") as folder:
        path = Path(folder) / "phones.conf"
        path.write_text(_phones() + _dialplan(EXTENSIONS))
        yield from _in_c(plan, path)
        yield from _in_python(plan, path)
        dialplan = Path(folder) / "extensions.conf"
        dialplan.write_text("[general]\nstatic = yes\n" + _dialplan(EXTENSIONS_OF_CONTEXT))
        yield from _beside_asterisk(plan, path, dialplan)


FIGURES: dict[str, Callable[[Plan], Iterator[Row]]] = {"config": configs}
