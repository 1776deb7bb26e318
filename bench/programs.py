# SPDX-License-Identifier: MIT
"""What is run: the plan of a measurement and the programs in it."""

from pathlib import Path
from typing import NamedTuple

from peers import Peer, Peers
from traffic import Traffic

BENCH = Path(__file__).resolve().parent


class Plan(NamedTuple):
    """What to measure with.

    Attributes
    ----------
    settings : dict
        Of the build: programs and interpreter.
    peers : Peers
        The others.
    traffic : Traffic
        What parsers are given.
    runs : int
        How often each is measured.
    scale : float
        How long: 1 is about half a second a run.
    """

    settings: dict[str, str]
    peers: Peers
    traffic: Traffic
    runs: int
    scale: float


class Program(NamedTuple):
    """A program, a measuring one or a server.

    Attributes
    ----------
    command : list of str
        How to run it; PORT stands for the port of the server.
    path : str
        PYTHONPATH for it.
    absent : str
        Why it cannot be run; empty when it can.
    """

    command: list[str]
    path: str = ""
    absent: str = ""


PORT = "PORT"


def python(plan: Plan, path: str, script: str, *arguments: str) -> Program:
    """Give a program of bench/python that imports ours, or another one, from a path."""
    return Program([plan.settings["python"], str(BENCH / "python" / script), *arguments], path)


def peer_in_python(plan: Plan, peer: Peer, script: str, *arguments: str) -> Program:
    """Give a program of bench/python that imports a peer."""
    return python(plan, str(peer.path), script, *arguments)._replace(absent=peer.absent)


def native(peer: Peer, *arguments: str) -> Program:
    """Give a peer that is a program."""
    return Program([str(peer.path), *arguments], "", peer.absent)


def in_java(peer: Peer, name: str, *arguments: str) -> Program:
    """Give a program in Java that was compiled beside its peer."""
    classes = f"{peer.path}/*:{peer.path.parent}"
    return Program(["java", "-cp", classes, name, *arguments], "", peer.absent)
