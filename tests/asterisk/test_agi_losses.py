# SPDX-License-Identifier: MIT
"""A server of AGI calls ends with calls up, and an Asterisk does."""

from pathlib import Path
from typing import List, Tuple

import pytest

from agi_calls import Call, Switchboard
from agi_driven import CARRIERS, Driven, Drivers
from asterisk_server import AsteriskServer

SERVERS = [carrier for carrier in CARRIERS if CARRIERS[carrier][1]]

#: What the calls do when it happens.
BUSY: List[Tuple[str, ...]] = [
    (),
    ("wait_for_digit", "60000"),
    ("stream_file", "tt-monkeys", ""),
    ("get_data", "", "60000", "4"),
] * 5


def begin_calls(
    board: Switchboard, drivers: Drivers, carrier: str, directory: Path
) -> List[Tuple[Call, Driven]]:
    started = [board.call("unanswered", drivers.agi(carrier, directory)) for _ in BUSY]
    calls = [(call, drivers.take(call)) for call in started]
    for (call, agi), command in zip(calls, BUSY):
        if command:
            agi.begin(*command)
            call.wait_for_command(command[0].upper().replace("_", " "))
    return calls


@pytest.mark.parametrize("carrier", SERVERS)
def test_the_dialplan_goes_on_when_the_server_is_killed(
    server: AsteriskServer, carrier: str, tmp_path: Path
) -> None:
    with Switchboard(server) as board, Drivers() as drivers:
        calls = begin_calls(board, drivers, carrier, tmp_path)
        # Of this one Asterisk sees that the connection closed when the application ends.
        call = board.call("unanswered", drivers.agi(carrier, tmp_path))
        calls.append((call, drivers.take(call)))
        calls[-1][1].begin("exec", "Wait", "2")
        address = drivers.agi(carrier, tmp_path)
        drivers.kill(carrier)
        for call, agi in calls:
            # Asterisk calls it a success when the connection closes, whatever goes on.
            assert call.result() == ("AGIDone", "SUCCESS")
            agi.close()
            call.hang_up()
        # While there is none, calls are told so at once.
        call = board.call("unanswered", address)
        assert call.result() == ("AGIDone", "FAILURE")
        call.hang_up()
        # Another serves as the one before.
        call = board.call("unanswered", drivers.agi(carrier, tmp_path))
        agi = drivers.take(call)
        assert agi.do("get_variable", "CALL")["value"] == call.name.encode()
        agi.close()
        assert call.result() == ("AGIDone", "SUCCESS")
        call.hang_up()


@pytest.mark.parametrize("carrier", SERVERS)
def test_the_server_goes_on_when_asterisk_is_killed(
    own_server: AsteriskServer, carrier: str, tmp_path: Path
) -> None:
    with Drivers() as drivers:
        with Switchboard(own_server) as board:
            calls = begin_calls(board, drivers, carrier, tmp_path)
        own_server.kill()
        for (_, agi), command in zip(calls, BUSY):
            if command:
                assert agi.end()["error"] == b"HANGUP"
            assert agi.error("answer") == "HANGUP"
            assert agi.error("get_variable", "CALL") == "HANGUP"
            agi.close()
        own_server.run()
        with Switchboard(own_server) as board:
            call = board.call("unanswered", drivers.agi(carrier, tmp_path))
            agi = drivers.take(call)
            assert agi.do("get_variable", "CALL")["value"] == call.name.encode()
            agi.close()
            assert call.result() == ("AGIDone", "SUCCESS")
