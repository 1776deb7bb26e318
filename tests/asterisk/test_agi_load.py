# SPDX-License-Identifier: MIT
"""Hundreds of FastAGI calls at once, each of which gets its own replies."""

import threading
from pathlib import Path

import pytest

from agi_calls import PATIENCE
from agi_driven import CARRIERS
from agi_scenes import Plan, Scene, play_all
from asterisk_server import AsteriskServer

CALLS = 200
ROUNDS = 10


@pytest.mark.parametrize("carrier", [name for name in CARRIERS if CARRIERS[name][1]])
def test_every_call_gets_its_own_replies(
    server: AsteriskServer, carrier: str, tmp_path: Path
) -> None:
    together = threading.Barrier(CALLS)

    def play(scene: Scene) -> None:
        agi, call, *_ = scene
        # Nobody begins before all are there, and nobody ends before all have begun.
        together.wait(PATIENCE)
        for i in range(ROUNDS):
            value = f"{call.name} {i}"
            agi.do("set_variable", "V", value)
            assert agi.do("get_variable", "V")["value"] == value.encode()
            assert agi.do("get_variable", "CALL")["value"] == call.name.encode()
            assert agi.do("get_full_variable", f"{i} ${{V}}")["value"] == f"{i} {value}".encode()
        together.wait(PATIENCE)
        agi.close()
        assert call.result() == ("AGIDone", "SUCCESS")

    plans = {(f"call {i}", carrier): Plan(play, extension="unanswered") for i in range(CALLS)}
    outcomes = play_all(server, tmp_path, plans, at_once=CALLS)
    errors = [outcome.exception() for outcome in outcomes.values()]
    # Those that only waited for another say nothing.
    for error in errors:
        if error is not None and not isinstance(error, threading.BrokenBarrierError):
            raise error
    assert errors == [None] * CALLS
