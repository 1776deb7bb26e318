# SPDX-License-Identifier: MIT
"""Many calls at once, each played to a plan.

Most of a call's time is spent listening, so tests that run one after the other would take minutes.
Here all run together when the first test of a module asks, and each test then says how its own
went.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Dict, List, Mapping, NamedTuple, Tuple

from agi_calls import Call, Switchboard
from agi_driven import ASYNC_CARRIERS, Driven, Drivers
from asterisk_server import AsteriskServer

#: How many calls are played at once on a server.
AT_ONCE = 64


class Scene(NamedTuple):
    """What a plan has at hand."""

    agi: Driven
    call: Call
    directory: Path
    carrier: str = ""


class Plan(NamedTuple):
    """What becomes of a call."""

    play: Callable[[Scene], None]
    caller: str = "wait"
    extension: str = "agi"
    variables: Mapping[str, object] = {}


#: Extensions that do by AsyncAGI what others do.
ASYNC_EXTENSIONS = {"agi": "async", "unanswered": "async-unanswered"}

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
            extension, agi = plan.extension, ""
            if carrier in ASYNC_CARRIERS:
                extension = ASYNC_EXTENSIONS[extension]
            else:
                agi = drivers.agi(carrier, own)
            call = board.call(extension, agi, plan.caller, **plan.variables)
            try:
                driven = drivers.take(call)
                try:
                    plan.play(Scene(driven, call, own, carrier))
                finally:
                    driven.close()
            finally:
                call.hang_up()

        def play_at_once(keys: List[Tuple[str, str]]) -> Outcomes:
            with ThreadPoolExecutor(at_once) as threads:
                return {key: threads.submit(play, *key, plans[key]) for key in keys}

        # All AsyncAGI calls of a server are one client's, so these carriers take turns.
        outcomes: Outcomes = {}
        turns = [carrier for carrier in ASYNC_CARRIERS if any(carrier in key for key in plans)]
        others = [key for key in plans if key[1] not in ASYNC_CARRIERS]
        for carrier in turns:
            with drivers.managing(carrier, server):
                outcomes.update(play_at_once([k for k in plans if k[1] == carrier] + others))
            others = []
        outcomes.update(play_at_once(others))
        return outcomes
