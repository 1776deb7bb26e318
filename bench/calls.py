# SPDX-License-Identifier: MIT
"""The figures of AGI: calls served over FastAGI, idle calls, and the start of programs."""

import json
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Union

from measure import ALL_CORES, CLIENT_CORES, SERVER_CORES, Failed, Sample, run, server
from programs import BENCH, Plan, Program, in_java, native, peer_in_python, python
from table import Row, beside, cost, verdict

AT_ONCE = 1000
COMMANDS = 20
IDLE = 10_000
PAUSE_MS = 50
VALUE = "opening hours, all days"

Result = Union[Sample, str]  # or why there is none


class Server(NamedTuple):
    """A server that is measured.

    Attributes
    ----------
    program : Program
        It.
    calls : int
        How many it gets at the scale of 1, which is more for a faster one.
    commands : int
        Of a call; asterisk-java adds one of its own.
    all_cores : bool
        Whether it runs on all cores, and not on the servers' one.
    """

    program: Program
    calls: int
    commands: int = COMMANDS
    all_cores: bool = False


def _ours(plan: Plan, *arguments: str) -> Program:
    program = plan.settings["agi_server"]
    absent = "" if program else "libpyst-server is not built"
    return Program([program, *arguments], "", absent)


def _load(plan: Plan, measured: Server, *options: str) -> dict[str, Any]:
    """Give a server its calls; give what the load saw.

    Raises
    ------
    Failed
        A program failed, or a call.
    """
    program = measured.program
    cores = ALL_CORES if measured.all_cores else SERVER_CORES
    with server(program.command, program.path, cores) as running:
        command = [plan.settings["agi_load"], "--pid", running.pid]
        command += ["--commands", str(measured.commands), *options, running.port]
        seen = run(command, cores=ALL_CORES if measured.all_cores else CLIENT_CORES)[0]
    if seen["errors"] > seen["count"] / 100:
        raise Failed(f"{seen['errors']} calls failed: {seen['first_error']}")
    return seen


def _sample(seen: list[dict[str, Any]]) -> Sample:
    """Make a sample: calls a second, and processor time of the server for a command."""
    notes = f"p99 {statistics.median(one['p99'] for one in seen) * 1000:.3g} ms"
    failed = sum(one["errors"] for one in seen)
    if failed:
        notes += f", {failed} calls failed"
    return Sample(
        [one["count"] / one["wall"] for one in seen],
        statistics.median(one["cpu"] / one["commands"] for one in seen),
        notes,
    )


def _serve(plan: Plan, servers: dict[str, Server], *options: str) -> dict[str, Result]:
    """Measure servers in turns, so that what else the machine does meets them all."""
    seen: dict[str, list[dict[str, Any]]] = {}
    results: dict[str, Result] = {
        name: f"absent: {measured.program.absent}"
        for name, measured in servers.items()
        if measured.program.absent
    }
    for _ in range(plan.runs):
        for name, measured in servers.items():
            if name in results:
                continue
            calls = max(int(measured.calls * plan.scale), AT_ONCE)
            try:
                seen.setdefault(name, []).append(
                    _load(plan, measured, "--calls", str(calls), *options)
                )
            except Failed as reason:
                results[name] = f"failed: {reason}"
    return {name: results.get(name) or _sample(seen[name]) for name in servers}


def calls(plan: Plan) -> Iterator[Row]:
    """Calls of 20 commands, 1,000 at once, each answered at once."""
    peers = plan.peers
    threads = str(AT_ONCE)
    results = _serve(
        plan,
        {
            "ours": Server(_ours(plan, "evented", "1"), 20_000),
            "workers": Server(_ours(plan, "blocking", "1", "64"), 20_000),
            "floor": Server(Program([plan.settings["agi_floor"]]), 20_000),
            "rust": Server(native(peers.asterisk_rs), 20_000),
            "go": Server(native(peers.zaf_agi), 20_000),
            "java": Server(in_java(peers.asterisk_java, "Calls", threads), 4_000, COMMANDS + 1),
            "panoramisk": Server(
                peer_in_python(plan, peers.panoramisk, "calls_panoramisk.py"), 5_000
            ),
            "pystrix": Server(peer_in_python(plan, peers.pystrix, "calls_pystrix.py"), 5_000),
            "pyst2": Server(peer_in_python(plan, peers.pyst2, "calls_pyst2.py"), 1_000),
            "ours, all cores": Server(_ours(plan, "evented", "2"), 20_000, all_cores=True),
            "go, all cores": Server(native(peers.zaf_agi), 20_000, all_cores=True),
            "rust, all cores": Server(native(peers.asterisk_rs), 20_000, all_cores=True),
        },
    )
    floor = "bare loop, nothing looked at"
    ours = results["ours"]
    others = (
        (floor, "floor", None, None),
        (peers.zaf_agi.name, "go", 2.0, 0.5),
        (peers.asterisk_rs.name, "rust", 2.0, 0.5),
        (peers.panoramisk.name, "panoramisk", 10.0, None),
        (peers.pyst2.name, "pyst2", 20.0, None),
        (peers.pystrix.name, "pystrix", None, None),
        (peers.asterisk_java.name, "java", None, None),
    )
    for name, key, goal, _ in others:
        yield beside("C FastAGI server, calls", ours, name, results[key], goal)
    for name, key, _, goal in others[:3]:
        yield cost("C FastAGI server, processor time of a command", ours, name, results[key], goal)
    workers = results["workers"]
    what = "C FastAGI server, 64 worker threads, calls"
    yield beside(what, workers, peers.zaf_agi.name, results["go"])
    yield beside(what, workers, peers.pyst2.name, results["pyst2"])
    what = "C FastAGI server, two loops, all cores for server and load, calls"
    yield beside(what, results["ours, all cores"], peers.zaf_agi.name, results["go, all cores"])
    yield beside(
        what, results["ours, all cores"], peers.asterisk_rs.name, results["rust, all cores"]
    )


def paced(plan: Plan) -> Iterator[Row]:
    """The same calls, but a command takes its time in the PBX."""
    peers = plan.peers
    count = 6_000  # a call takes a second
    results = _serve(
        plan,
        {
            "ours": Server(_ours(plan, "evented", "1"), count),
            "workers": Server(_ours(plan, "blocking", "1", str(AT_ONCE)), count),
            "floor": Server(Program([plan.settings["agi_floor"]]), count),
            "rust": Server(native(peers.asterisk_rs), count),
            "go": Server(native(peers.zaf_agi), count),
        },
        "--delay",
        str(PAUSE_MS),
    )
    what = f"C FastAGI server, processor time of a command that takes {PAUSE_MS} ms"
    for name, key, goal in (
        ("bare loop, nothing looked at", "floor", None),
        (peers.zaf_agi.name, "go", 0.5),
        (peers.asterisk_rs.name, "rust", 0.5),
    ):
        yield cost(what, results["ours"], name, results[key], goal)
    what = f"C FastAGI server, {AT_ONCE} worker threads, the same"
    yield cost(what, results["workers"], peers.zaf_agi.name, results["go"])


def idle(plan: Plan) -> Iterator[Row]:
    """Idle calls held while others work."""
    peers = plan.peers
    what = f"C FastAGI server, memory of an idle call, of {IDLE}"
    wanted = ["--idle", str(IDLE), "--calls", str(max(AT_ONCE, int(8_000 * plan.scale)))]
    seen: dict[str, dict[str, Any]] = {}
    texts: dict[str, str] = {}
    for name, program in (
        ("ours", _ours(plan, "evented", "1")),
        (peers.zaf_agi.name, native(peers.zaf_agi)),
        (peers.asterisk_rs.name, native(peers.asterisk_rs)),
    ):
        if program.absent:
            texts[name] = f"absent: {program.absent}"
            continue
        try:
            seen[name] = _load(plan, Server(program, 0), *wanted)
        except Failed as reason:
            texts[name] = f"failed: {reason}"
            continue
        texts[name] = f"{_idle_size(seen[name]):.2f} KiB"
    for name in (peers.zaf_agi.name, peers.asterisk_rs.name):
        row = Row(what, texts["ours"], name, texts[name], goal="at most 8 KiB")
        if "ours" in seen:
            row = row._replace(reached=verdict(_idle_size(seen["ours"]) <= 8))
            if name in seen:
                ratio = _idle_size(seen["ours"]) / _idle_size(seen[name])
                row = row._replace(ratio=f"{ratio:.3g}")
        yield row
    if "ours" in seen:
        ours = seen["ours"]
        yield Row(
            f"C FastAGI server, idle calls held while {AT_ONCE} work",
            f"{ours['idle']} held and {ours['idle_finished']} finished well; "
            f"{ours['count']} calls at {ours['count'] / ours['wall']:.0f}/s meanwhile, "
            f"{ours['errors']} failed",
            goal=f"{IDLE}",
            reached=verdict(ours["idle_finished"] >= IDLE and ours["errors"] == 0),
        )


def _idle_size(seen: dict[str, Any]) -> float:
    """Give the KiB of an idle call."""
    return float(seen["rss_idle"] - seen["rss_before"]) / float(seen["idle"])


def _processor_time(pid: str) -> float:
    """Give the seconds that a process and its children that ended have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / 100


def _stress(plan: Plan, program: Program, agistress: str, seconds: float) -> Result:
    """Measure a server with agistress as the load: 1,000 calls are begun a second."""
    if program.absent:
        return f"absent: {program.absent}"
    answers = ("200 result=0", "200 result=1", "200 result=1", f"200 result=1 ({VALUE})")
    payload = [{"msg": answer, "delay": PAUSE_MS} for answer in answers * (COMMANDS // 4)]
    with tempfile.TemporaryDirectory(prefix="pyst-bench-") as folder:
        settings = Path(folder) / "agistress.json"
        settings.write_text(json.dumps({"payload": payload}))
        with server(program.command, program.path) as running:
            command = ["taskset", "-c", ",".join(map(str, CLIENT_CORES)), agistress]
            command += ["-conf", str(settings), "-port", running.port, "-req", "bench"]
            command += ["-sess", str(AT_ONCE), "-runs", "1", "sales", "monday to friday", "42"]
            with subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            ) as process:
                time.sleep(seconds)
                printed = process.communicate("\n", 60)[0]
            used = _processor_time(running.pid)
    completed = re.findall(r"Completed: (\d+)", printed)
    failed = re.findall(r"Failed: (\d+)", printed)
    if not completed or int(completed[-1]) == 0 or int(failed[-1]) > 0:
        return "failed: agistress counts failures"
    count = int(completed[-1])
    return Sample([count / seconds], used / count / COMMANDS)


def stress(plan: Plan) -> Iterator[Row]:
    """The load of zaf/agi's author, when it is installed."""
    peers = plan.peers
    what = "C FastAGI server, processor time of a command, agistress as the load"
    agistress = shutil.which("agistress")
    if not agistress:
        yield Row(what, "absent: agistress is not installed", goal="at most 0.5")
        return
    seconds = max(3.0, 8.0 * plan.scale)
    ours = _stress(plan, _ours(plan, "evented", "1"), agistress, seconds)
    for name, program, goal in (
        ("bare loop, nothing looked at", Program([plan.settings["agi_floor"]]), None),
        (peers.zaf_agi.name, native(peers.zaf_agi), 0.5),
        (peers.asterisk_rs.name, native(peers.asterisk_rs), None),
    ):
        yield cost(what, ours, name, _stress(plan, program, agistress, seconds), goal)


def python_calls(plan: Plan) -> Iterator[Row]:
    """The same calls, served in Python."""
    peers = plan.peers
    path = plan.settings["python_path"]
    results = _serve(
        plan,
        {
            "async": Server(python(plan, path, "calls_fastagi.py", "async"), 10_000),
            "plain": Server(python(plan, path, "calls_fastagi.py", "plain"), 5_000),
            "panoramisk": Server(
                peer_in_python(plan, peers.panoramisk, "calls_panoramisk.py"), 5_000
            ),
            "pystrix": Server(peer_in_python(plan, peers.pystrix, "calls_pystrix.py"), 5_000),
            "pyst2": Server(peer_in_python(plan, peers.pyst2, "calls_pyst2.py"), 1_000),
        },
    )
    what = "Python FastAGI server, async handlers, calls"
    yield beside(what, results["async"], peers.panoramisk.name, results["panoramisk"], 3.0)
    what = "Python FastAGI server, plain handlers, calls"
    yield beside(what, results["plain"], peers.pyst2.name, results["pyst2"], 5.0)
    yield beside(what, results["plain"], peers.pystrix.name, results["pystrix"])


def starts(plan: Plan) -> Iterator[Row]:
    """From the start of a program to its first command."""
    interpreter = plan.settings["python"]
    script = str(BENCH / "python" / "start_agi.py")
    programs = {
        "c": ("first", [plan.settings["agi_program"]], ""),
        "python": ("first", [interpreter, script], plan.settings["python_path"]),
        "bare": ("end", [interpreter, "-c", "pass"], ""),
        "pyst": ("first", [interpreter, script], str(plan.peers.pyst.path)),
    }
    times: dict[str, list[float]] = {}
    failures: dict[str, str] = {}
    if plan.peers.pyst.absent:
        failures["pyst"] = f"absent: {plan.peers.pyst.absent}"
    for _ in range(max(11, int(41 * plan.scale))):
        for name, (until, command, path) in programs.items():
            if name in failures:
                continue
            try:
                one = run([plan.settings["agi_start"], "1", until, *command], path)
                times.setdefault(name, []).append(one[0]["wall"] * 1000)
            except Failed as reason:
                failures[name] = f"failed: {reason}"
    middle = {name: statistics.median(all_) for name, all_ in times.items()}
    text = {name: failures.get(name) or f"{middle[name]:.2f} ms" for name in programs}
    row = Row("C AGI program, start to first command", text["c"], goal="at most 2 ms")
    yield row._replace(reached=verdict(middle["c"] <= 2)) if "c" not in failures else row
    what = "Python AGI program, start to first command"
    row = Row(what, text["python"], "python3 -c pass", text["bare"], goal="at most 15 ms more")
    if "python" not in failures and "bare" not in failures:
        row = row._replace(reached=verdict(middle["python"] - middle["bare"] <= 15))
    yield row
    yield Row(what, text["python"], plan.peers.pyst.name, text["pyst"])


FIGURES: dict[str, Callable[[Plan], Iterator[Row]]] = {
    "calls": calls,
    "paced": paced,
    "stress": stress,
    "idle": idle,
    "python_calls": python_calls,
    "starts": starts,
}
