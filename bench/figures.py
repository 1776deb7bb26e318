# SPDX-License-Identifier: MIT
"""The figures: what is run for each, how long, and beside whom."""

import statistics
from collections.abc import Callable, Iterator
from typing import Any, Union

from measure import Failed, Sample, run, sample, server, wall_of
from peers import Peer
from programs import PORT, Plan, Program, in_java, native, peer_in_python, python
from table import Row, absolute, beside, verdict

Result = Union[Sample, str]  # or why there is none


def _parser(program: Program) -> Result:
    """Measure a parser, which runs several rounds by itself, by processor time."""
    if program.absent:
        return f"absent: {program.absent}"
    try:
        spans = run(program.command, program.path)
    except Failed as reason:
        return f"failed: {reason}"
    failed = max(span.get("failed", 0) / (span["count"] + span.get("failed", 0)) for span in spans)
    return sample(spans, f"fails at {failed:.0%} of them" if failed > 0.01 else "", "cpu")


def _clients(plan: Plan, programs: dict[str, Program], *how: str) -> dict[str, Result]:
    """Measure clients in turns, so that what else the machine does meets them all.

    Each run has a server of its own; bench/c/server.c says what `how` may be.
    """
    spans: dict[str, list[dict[str, Any]]] = {}
    results: dict[str, Result] = {
        name: f"absent: {program.absent}" for name, program in programs.items() if program.absent
    }
    for _ in range(plan.runs):
        for name, program in programs.items():
            if name in results:
                continue
            with server([plan.settings["server"], *(how or ("200",))]) as running:
                command = [running.port if word == PORT else word for word in program.command]
                try:
                    spans.setdefault(name, []).extend(run(command, program.path))
                except Failed as reason:
                    results[name] = f"failed: {reason}"
    return {name: results.get(name) or sample(spans[name]) for name in programs}


def parsing(plan: Plan) -> Iterator[Row]:
    """Messages made of bytes in memory, by processor time."""
    peers = plan.peers
    work = [str(plan.traffic.path), str(plan.runs)]
    try:
        turns = run([plan.settings["parse"], "compare", *work])
    except Failed as reason:
        yield Row("parse in C", f"failed: {reason}")
        return

    def bytes_of(key: str) -> Sample:
        return Sample([turn["bytes"] / turn[key] for turn in turns])

    newlines = bytes_of("memchr")
    what = "parse in C, bytes"
    yield beside(what, bytes_of("parse"), "memchr newline count", newlines, 0.45, "B/s")
    what += ", with two lookups a message"
    yield beside(what, bytes_of("lookups"), "memchr newline count", newlines, unit="B/s")

    rates = [turn["messages"] / turn["parse"] for turn in turns]
    ours = Sample(rates, 1 / statistics.median(rates))
    what = "parse in C, messages"
    parser = _parser(native(peers.goami2, "parse", *work))
    yield beside(what, ours, peers.goami2.name, parser, 6.0)
    for peer, script in (
        (peers.panoramisk, "parse_panoramisk.py"),
        (peers.pystrix, "parse_pystrix.py"),
        (peers.pyst, "parse_pyst.py"),
        (peers.pyst2, "parse_pyst.py"),
    ):
        parser = _parser(peer_in_python(plan, peer, script, *work))
        yield beside(what, ours, peer.name, parser, 6.0)
    cut = _parser(native(peers.goami2, "cut", *work))
    yield beside(what, ours, f"{peers.goami2.name}, messages cut out beforehand", cut)


def memory(plan: Plan) -> Iterator[Row]:
    """What parsing takes of memory."""
    path = str(plan.traffic.path)
    gigabytes = "10" if plan.scale >= 1 else "2"
    try:
        counted = run([plan.settings["allocations"], path])[0]
        stream = run([plan.settings["parse"], "stream", path, gigabytes])
    except Failed as reason:
        yield Row("memory", f"failed: {reason}")
        return
    yield Row(
        "allocations a message",
        f"{counted['allocations'] / counted['messages']:.4g} ({counted['messages']} messages)",
        goal="1",
        reached=verdict(counted["allocations"] == counted["messages"]),
    )
    first, last = stream[0]["own_kb"], stream[-1]["own_kb"]
    yield Row(
        f"memory over a stream of {gigabytes} GB",
        f"{first} KiB after 1 GB, {last} KiB after {gigabytes} GB, the traffic itself "
        f"({plan.traffic.size // 1024} KiB) included",
        goal="constant",
        reached=verdict(first == last),
    )


def _own_client(plan: Plan, what: str, count: str) -> Program:
    program = plan.settings["client"]
    absent = "" if program else "libpyst-connection is not built"
    return Program([program, what, PORT, count], "", absent)


def client(plan: Plan) -> Iterator[Row]:
    """Events over loopback into a callback, in C."""
    goami2, java = plan.peers.goami2, plan.peers.asterisk_java
    fewer = str(int(plan.scale * 200_000))
    for how, label, count in (
        (("200", "each"), "written one by one", int(plan.scale * 1_000_000)),
        (("200",), "written in large pieces", int(plan.scale * 5_000_000)),
    ):
        programs = {
            "ours": _own_client(plan, "events", str(count)),
            "floor": Program([plan.settings["drain"], PORT, str(count), how[0]]),
            "goami2": native(goami2, "events", PORT, fewer),
            "java": in_java(java, "Events", PORT, fewer),
        }
        results = _clients(plan, programs, *how)
        what = f"C client, events of 200 bytes {label}"
        yield beside(what, results["ours"], "bare recv loop", results["floor"], 0.7)
        yield beside(what, results["ours"], goami2.name, results["goami2"])
        yield beside(what, results["ours"], java.name, results["java"])


def events(plan: Plan) -> Iterator[Row]:
    """Events of 200 bytes over loopback to a handler in Python, on one core."""
    peers = plan.peers
    path = plan.settings["python_path"]

    def amount(count: int) -> str:
        return str(int(count * plan.scale))

    def of(peer: Peer, script: str, count: int) -> Program:
        return peer_in_python(plan, peer, script, PORT, amount(count))

    results = _clients(
        plan,
        {
            "manager": python(plan, path, "events_manager.py", PORT, amount(1_000_000)),
            "aio": python(plan, path, "events_aio.py", PORT, amount(1_000_000), "handler"),
            "async for": python(plan, path, "events_aio.py", PORT, amount(500_000), "iterator"),
            "pyst": of(peers.pyst, "events_manager.py", 30_000),
            "panoramisk": of(peers.panoramisk, "events_panoramisk.py", 100_000),
            "pystrix": of(peers.pystrix, "events_pystrix.py", 50_000),
            "pyst2": of(peers.pyst2, "events_manager.py", 3_000),
        },
    )
    manager, panoramisk = results["manager"], results["panoramisk"]
    what = "Python, events to a handler"
    yield absolute(what, manager, 1e6)
    yield beside(what, manager, peers.pyst.name, results["pyst"], 25.0)
    yield beside(what, manager, peers.panoramisk.name, panoramisk, 10.0)
    yield beside(what, manager, peers.pystrix.name, results["pystrix"])
    yield beside(what, manager, peers.pyst2.name, results["pyst2"])
    what = "Python, asyncio, events to a handler"
    yield beside(what, results["aio"], peers.panoramisk.name, panoramisk, 10.0)
    what = "Python, asyncio, async for over events"
    yield beside(what, results["async for"], peers.panoramisk.name, panoramisk, 10.0)


def pings(plan: Plan) -> Iterator[Row]:
    """Pings and their responses over loopback: 10,000 in flight, or one by one."""
    path = plan.settings["python_path"]
    peers = plan.peers
    many = "10000"

    def serial(count: int) -> str:
        return str(max(4, int(count * plan.scale)))

    results = _clients(
        plan,
        {
            "manager": python(plan, path, "pings_manager.py", PORT, many),
            "aio": python(plan, path, "pings_aio.py", PORT, many),
            "c": _own_client(plan, "pings", many),
            "serial": python(plan, path, "pings_serial.py", PORT, serial(10_000)),
            "panoramisk": peer_in_python(plan, peers.panoramisk, "pings_panoramisk.py", PORT, many),
            "pyst": peer_in_python(plan, peers.pyst, "pings_serial.py", PORT, serial(4_000)),
            "pyst2": peer_in_python(plan, peers.pyst2, "pings_serial.py", PORT, serial(2_000)),
            "pystrix": peer_in_python(plan, peers.pystrix, "pings_pystrix.py", PORT, serial(8)),
        },
    )
    for what, name in (
        ("Python, 10,000 actions in flight", "manager"),
        ("Python, asyncio, 10,000 actions in flight", "aio"),
    ):
        ours = results[name]
        yield beside(what, ours, peers.panoramisk.name, results["panoramisk"], 3.0)
        yield beside(what, ours, f"{peers.pyst.name}, one by one", results["pyst"], 10.0)
        yield beside(what, ours, f"{peers.pyst2.name}, one by one", results["pyst2"])
        yield beside(what, ours, f"{peers.pystrix.name}, one by one", results["pystrix"])
    yield beside("Python, actions one by one", results["serial"], peers.pyst.name, results["pyst"])
    yield absolute("C, 10,000 actions in flight", results["c"])


def importing(plan: Plan) -> Iterator[Row]:
    """What an import adds to the start of Python."""
    interpreter = plan.settings["python"]
    programs = [
        ("asterisk.manager", plan.settings["python_path"], "import asterisk.manager"),
        (plan.peers.pyst.name, str(plan.peers.pyst.path), "import asterisk.manager"),
        (plan.peers.panoramisk.name, str(plan.peers.panoramisk.path), "import panoramisk"),
    ]
    times: dict[str, list[float]] = {}
    for _ in range(max(11, int(41 * plan.scale))):
        for name, path, code in [("", "", "pass"), *programs]:
            try:
                took = wall_of([interpreter, "-c", code], {"PYTHONPATH": path})
                times.setdefault(name, []).append(took)
            except Failed as reason:
                if name == programs[0][0]:
                    yield Row("import asterisk.manager", f"failed: {reason}")
                    return
    bare = statistics.median(times.pop(""))
    added = {name: (statistics.median(all_) - bare) * 1000 for name, all_ in times.items()}
    ours = added.pop("asterisk.manager")
    yield Row(
        "import asterisk.manager",
        f"{ours:.1f} ms",
        "python3 -c pass",
        f"{bare * 1000:.1f} ms",
        goal="at most 15 ms more",
        reached=verdict(ours <= 15),
    )
    for name, theirs in added.items():
        yield Row("import asterisk.manager", f"{ours:.1f} ms", name, f"{theirs:.1f} ms")


FIGURES: dict[str, Callable[[Plan], Iterator[Row]]] = {
    "parsing": parsing,
    "memory": memory,
    "client": client,
    "events": events,
    "pings": pings,
    "importing": importing,
}
