# SPDX-License-Identifier: MIT
"""Measure, print the table, and on request write it to the documentation.

``script/bench`` builds what is measured and runs this.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import calls
import configs
import figures
import peers
import record
import table
import traffic
from measure import CLIENT_CORES, SERVER_CORES
from programs import Plan

BENCH = Path(__file__).resolve().parent
DOCUMENT = BENCH.parent / "docs" / "benchmarks.md"
FIGURES = {**figures.FIGURES, **calls.FIGURES, **configs.FIGURES}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="shorter and less exact")
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT.name} in docs/")
    parser.add_argument(
        "--real",
        action="store_true",
        help="record the traffic for parsers from a real Asterisk, see tests/asterisk",
    )
    parser.add_argument(
        "--only", choices=tuple(FIGURES), action="append", help="these figures, not all"
    )
    parser.add_argument(
        "--build", type=Path, default=BENCH.parent / "build", help="the build folder (build)"
    )
    return parser.parse_args()


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _circumstances(settings: dict[str, str], used: traffic.Traffic, load: str) -> list[str]:
    """Say where and with what it was measured."""
    pinned = "one core for all"
    if SERVER_CORES != CLIENT_CORES:
        pinned = "servers on one core, clients on another"
    if os.sched_getscheduler(0) != os.SCHED_OTHER:
        pinned += ", with real-time priority"
    python = subprocess.check_output([settings["python"], "-V"], text=True).strip()
    return [
        f"{_processor()}, {os.cpu_count()} cores; {pinned}; load {load}",
        f"{platform.system()} {platform.release().split('-')[0]}, {settings['compiler']}, {python}",
        f"traffic for parsers: {used.source}, {used.messages} messages of {used.mean} bytes on "
        "average",
    ]


def main() -> None:
    """Run the figures asked for."""
    arguments = _arguments()
    # Thousands of calls at once, in servers and in the load.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    begin = time.monotonic()
    load = f"{os.getloadavg()[0]:.1f} at the start"
    settings = json.loads((arguments.build / "bench" / "settings.json").read_text())
    rows: list[table.Row] = []
    with tempfile.TemporaryDirectory(prefix="pyst-bench-") as folder:
        if arguments.real:
            print("bench: recording Asterisk", file=sys.stderr)
            record.record(Path(folder) / "ami.s2c")
            os.environ["PYST_TRAFFIC"] = folder
        plan = Plan(
            settings,
            peers.get(settings["python"]),
            traffic.write(Path(folder) / "traffic"),
            runs=2 if arguments.quick else 5,
            scale=0.25 if arguments.quick else 1.0,
        )
        circumstances = _circumstances(settings, plan.traffic, load)
        print("\n".join(circumstances))
        for name in arguments.only or FIGURES:
            for row in FIGURES[name](plan):
                print(table.plain(row), flush=True)
                rows.append(row)
    command = "script/bench" + " --quick" * arguments.quick + " --real" * arguments.real
    missed = [row for row in rows if row.goal and row.reached != "yes"]
    print(f"{len(rows) - len(missed)} rows, {len(missed)} goals missed or not measured")
    if arguments.write:
        load += f" and {os.getloadavg()[0]:.1f} at the end"
        circumstances = _circumstances(settings, plan.traffic, load)
        text = (BENCH / "benchmarks.md.in").read_text()
        text = text.replace("@COMMAND@", command)
        text = text.replace("@CIRCUMSTANCES@", "\n".join(f"- {line}" for line in circumstances))
        text = text.replace("@TABLE@", table.markdown(rows).rstrip())
        DOCUMENT.write_text(text)
    print(f"took {time.monotonic() - begin:.0f} s", file=sys.stderr)


main()
