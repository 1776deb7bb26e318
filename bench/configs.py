# SPDX-License-Identifier: MIT
"""The figures of configuration files: documents and what Asterisk makes of them."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measure import Failed, Sample, run, sample
from programs import Plan, Program, peer_in_python, python
from table import Row, absolute, beside

#: How many phones and how many extensions the file has; it is about 8 MB.
PHONES = 20000
EXTENSIONS = 60000


def _text() -> str:
    """A file that pyst can read as well: no templates, no escapes, no included files."""
    parts = ["; made by bench/configs.py\n\n[general]\ntransport = udp\n"]
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
    parts.append("\n[from-internal]\n")
    for i in range(EXTENSIONS // 3):
        parts.append(
            f"exten => {i},1,NoOp(a call for ${{EXTEN}})\n"
            f" same => n,Dial(PJSIP/phone{i},30,tT)\n"
            " same => n,Hangup()\n"
        )
    return "".join(parts)


def _bytes(program: Program) -> Sample | str:
    if program.absent:
        return f"absent: {program.absent}"
    try:
        spans = run(program.command, program.path)
    except Failed as reason:
        return f"failed: {reason}"
    return sample(spans, clock="cpu")._replace(cpu=0.0)


def configs(plan: Plan) -> Iterator[Row]:
    """Reading a large file, by processor time."""
    with tempfile.TemporaryDirectory(prefix="pyst-bench-config-") as folder:
        path = Path(folder) / "phones.conf"
        path.write_text(_text())
        work = [str(path), str(plan.runs)]
        what = "configuration, C, bytes from memory"
        try:
            turns: list[dict[str, Any]] = run([plan.settings["config"], *work])
        except Failed as reason:
            yield Row(what, f"failed: {reason}")
        else:
            for key, name, goal in (
                ("document", "document", 300e6),
                ("resolved", "document and what Asterisk makes of it", None),
            ):
                rates = [turn["bytes"] / turn[key] for turn in turns]
                yield absolute(f"{what}: {name}", Sample(rates), goal)
        pyst = _bytes(peer_in_python(plan, plan.peers.pyst, "read_config.py", "Config", *work))
        for name, goal in (("Document", 50.0), ("load", None), ("Config", None)):
            ours = _bytes(
                python(plan, plan.settings["python_path"], "read_config.py", name, *work)
            )
            what = f"configuration, Python, bytes of a file: {name}"
            yield beside(what, ours, f"{plan.peers.pyst.name}, Config", pyst, goal, "B/s")


FIGURES: dict[str, Callable[[Plan], Iterator[Row]]] = {"config": configs}
