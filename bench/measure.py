# SPDX-License-Identifier: MIT
"""Running the measuring programs: which core, which server, how often, and what to make of it."""

import contextlib
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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


def _pin(cores: set[int]) -> Callable[[], None]:
    return lambda: os.sched_setaffinity(0, cores)


def run(command: Sequence[str], python_path: str = "") -> list[dict[str, Any]]:
    """Run a program on the clients' core.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    python_path : str
        PYTHONPATH for it.

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
            preexec_fn=_pin(CLIENT_CORES),
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


@contextlib.contextmanager
def server(program: str, *arguments: str) -> Iterator[str]:
    """Run the server of bench/c/server.c on the servers' core.

    Parameters
    ----------
    program : str
        Its path.
    *arguments : str
        Of the program: bytes of an event, and how they are written.

    Yields
    ------
    str
        Its port.
    """
    process = subprocess.Popen(
        [program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_pin(SERVER_CORES),
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield process.stdout.readline().strip()
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
