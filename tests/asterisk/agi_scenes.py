# SPDX-License-Identifier: MIT
"""Many calls at once, each played to a plan.

Most of a call's time is spent listening, so tests that run one after the other would take minutes.
Here all run together when the first test of a module asks, and each test then says how its own
went.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Dict, Mapping, NamedTuple, Tuple

from agi_calls import Call, Switchboard
from agi_driven import Driven, Drivers
from asterisk_server import AsteriskServer

#: How many calls are played at once on a server.
AT_ONCE = 48


class Scene(NamedTuple):
    """What a plan has at hand."""

    agi: Driven
    call: Call
    directory: Path


class Plan(NamedTuple):
    """What becomes of a call."""

    play: Callable[[Scene], None]
    caller: str = "wait"
    extension: str = "agi"
    variables: Mapping[str, object] = {}


#: A test's name and its carrier, to how it went.
Outcomes = Dict[Tuple[str, str], "Future[None]"]


def play_all(
    server: AsteriskServer,
    directory: Path,
    plans: Mapping[Tuple[str, str], Plan],
    at_once: int = AT_ONCE,
) -> Outcomes:
    """Play calls and return when all have ended. Keys are a name and a carrier."""
    with Switchboard(server) as board, Drivers() as drivers:

        def play(name: str, carrier: str, plan: Plan) -> None:
            own = directory / f"{name}-{carrier}"
            own.mkdir()
            agi = drivers.agi(carrier, own)
            call = board.call(plan.extension, agi, plan.caller, **plan.variables)
            try:
                driven = drivers.take(call)
                try:
                    plan.play(Scene(driven, call, own))
                finally:
                    driven.close()
            finally:
                call.hang_up()

        with ThreadPoolExecutor(at_once) as threads:
            outcomes = {key: threads.submit(play, *key, plan) for key, plan in plans.items()}
        return outcomes
