# SPDX-License-Identifier: MIT
"""Running the measuring programs: which core, which server, how often, and what to make of it."""

import contextlib
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, NamedTuple

TIMEOUT = 150.0


class Failed(Exception):
    """A program did not do what it should; the text says why."""


class Sample(NamedTuple):
    """Repeated measurements of one thing.

    Attributes
    ----------
    rates : list of float
        How many a second, one of each run.
    cpu : float
        Seconds of processor time for one, the median.
    notes : str
        What else there is to say.
    """

    rates: list[float]
    cpu: float = 0.0
    notes: str = ""

    @property
    def median(self) -> float:
        """The rate that stands in the table."""
        return statistics.median(self.rates)


def _cores() -> tuple[set[int], set[int]]:
    """Give the cores of servers and of clients: two different ones where there are two."""
    cores = sorted(os.sched_getaffinity(0))
    return {cores[0]}, {cores[-1]}


SERVER_CORES, CLIENT_CORES = _cores()
ALL_CORES = frozenset(os.sched_getaffinity(0))


def _pin(cores: Set[int]) -> Callable[[], None]:
    return lambda: os.sched_setaffinity(0, cores)


def run(
    command: Sequence[str], python_path: str = "", cores: Set[int] = CLIENT_CORES
) -> list[dict[str, Any]]:
    """Run a program.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    python_path : str
        PYTHONPATH for it.
    cores : set of int
        Where it runs; by default on the clients' core.

    Returns
    -------
    list of dict
        The lines of JSON it printed.

    Raises
    ------
    Failed
        It could not be started, failed, or took longer than TIMEOUT.
    """
    environment = {**os.environ, "PYTHONPATH": python_path, "PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=environment,
            timeout=TIMEOUT,
            preexec_fn=_pin(cores),
            check=False,
        )
    except OSError as error:
        raise Failed(f"{Path(command[0]).name}: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise Failed(f"took more than {TIMEOUT:.0f} s") from None
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        reason = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise Failed(reason[-1])
    return [json.loads(line) for line in lines]


def wall_of(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Run a program that prints nothing; give the seconds from its start to its end.

    Raises
    ------
    Failed
        It failed.
    """
    begin = time.perf_counter()
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        timeout=TIMEOUT,
        preexec_fn=_pin(CLIENT_CORES),
        check=False,
    )
    if done.returncode != 0:
        raise Failed((done.stderr.strip().splitlines() or ["failed"])[-1])
    return time.perf_counter() - begin


class Running(NamedTuple):
    """A server that runs.

    Attributes
    ----------
    port : str
        Where it listens.
    pid : str
        Its process.
    """

    port: str
    pid: str


@contextlib.contextmanager
def server(
    command: Sequence[str], python_path: str = "", cores: Set[int] = SERVER_CORES
) -> Iterator[Running]:
    """Run a server, which prints its port and ends when its standard input does.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    python_path : str
        PYTHONPATH for it.
    cores : set of int
        Where it runs; by default on the servers' core.

    Yields
    ------
    Running
        The server.

    Raises
    ------
    Failed
        It could not be started.
    """
    environment = {**os.environ, "PYTHONPATH": python_path, "PYTHONWARNINGS": "ignore"}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
            preexec_fn=_pin(cores),
        )
    except OSError as error:
        raise Failed(f"{Path(command[0]).name}: {error.strerror}") from None
    assert process.stdin is not None and process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        if not port:
            raise Failed(f"{Path(command[-1]).name} did not start")
        yield Running(port, str(process.pid))
    finally:
        process.stdin.close()  # which ends it
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def sample(spans: Sequence[Mapping[str, Any]], notes: str = "", clock: str = "wall") -> Sample:
    """Make a sample of the lines that programs printed.

    Parameters
    ----------
    spans : sequence of mapping
        Each with `count`, `wall` and `cpu`.
    notes : str
        What else there is to say.
    clock : str
        What a rate is reckoned by: "wall" or "cpu".
    """
    rates = [span["count"] / span[clock] for span in spans]
    cpu = statistics.median(span["cpu"] / span["count"] for span in spans)
    return Sample(rates, cpu, notes)
