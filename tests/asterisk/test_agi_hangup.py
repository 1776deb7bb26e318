# SPDX-License-Identifier: MIT
"""The caller hangs up at every step of an AGI: one condition, however it shows."""

import socket
import threading
import time
from pathlib import Path
from typing import Callable, Dict, List, Tuple

import pytest

from agi_calls import PATIENCE, Call, Switchboard
from agi_driven import CARRIERS, Argument, Driven, Drivers
from agi_scenes import Outcomes, Plan, Scene, play_all
from asterisk_server import AsteriskServer

PLANS: Dict[str, Plan] = {}


def plan(**settings: object) -> Callable[[Callable[[Scene], None]], Callable[[Scene], None]]:
    def register(play: Callable[[Scene], None]) -> Callable[[Scene], None]:
        PLANS[play.__name__] = Plan(play, **settings)  # type: ignore[arg-type]
        return play

    return register


def hang_up(call: Call) -> None:
    """Hang up, and wait until the caller's half is gone."""
    call.hang_up()
    call.wait_for(
        lambda event: event.get("Event") == "Hangup" and event.get("Uniqueid") == call.other
    )


def check_what_is_left(agi: Driven, call: Call) -> None:
    """The channel is dead: some commands still work, the others say that it is."""
    # It is a moment after the other half.
    deadline = time.monotonic() + PATIENCE
    agi.begin("channel_status")
    while "state" in (answer := agi.end()):
        assert time.monotonic() < deadline
        agi.begin("channel_status")
    assert answer["error"] == b"HANGUP"
    for name, *arguments in [("answer",), ("stream_file", "beep", ""), ("wait_for_digit", 1)]:
        assert agi.error(str(name), *arguments) == "HANGUP"  # type: ignore[arg-type]
    agi.do("set_variable", "AFTER", "value (x)")
    assert agi.do("get_variable", "AFTER")["value"] == b"value (x)"
    assert agi.do("get_full_variable", "${AFTER}")["value"] == b"value (x)"
    agi.do("database_put", call.name, "key", "value")
    assert agi.do("database_get", call.name, "key")["value"] == b"value"
    agi.do("database_del", call.name, "key")
    agi.do("verbose", "still here", 1)
    agi.do("noop")
    assert agi.do("exec", "NoOp", "x")["result"] == b"0"
    agi.close()
    assert call.result() == ("AGIEnd", "HANGUP")


@plan()
def before_the_first_command(scene: Scene) -> None:
    agi, call, *_ = scene
    hang_up(call)
    check_what_is_left(agi, call)


@plan(extension="unanswered")
def before_it_was_answered(scene: Scene) -> None:
    agi, call, *_ = scene
    assert agi.do("channel_status")["state"] == b"4"
    hang_up(call)
    check_what_is_left(agi, call)


@plan()
def between_commands(scene: Scene) -> None:
    agi, call, *_ = scene
    agi.do("stream_file", "beep", "")
    hang_up(call)
    check_what_is_left(agi, call)


@plan()
def after_the_last_command(scene: Scene) -> None:
    agi, call, *_ = scene
    agi.do("noop")
    hang_up(call)
    agi.close()
    # Whichever of the two Asterisk saw first.
    assert call.result() in [("AGIEnd", "HANGUP"), ("AGIEnd", "SUCCESS")]


@plan(variables={"AGISIGHUP": "no"})
def without_being_told(scene: Scene) -> None:
    agi, call, *_ = scene
    agi.do("noop")
    hang_up(call)
    check_what_is_left(agi, call)


@plan(variables={"AGIEXITONHANGUP": "yes"})
def with_the_stream_ended(scene: Scene) -> None:
    agi, call, *_ = scene
    agi.do("noop")
    hang_up(call)
    assert call.result() == ("AGIEnd", "HANGUP")
    assert agi.error("answer") == "HANGUP"
    assert agi.error("get_variable", "CALL") == "HANGUP"


@plan()
def by_a_redirect(scene: Scene) -> None:
    agi, call, *_ = scene
    agi.begin("wait_for_digit", 30000)
    call.wait_for_command("WAIT FOR DIGIT")
    answer = call.board.ask(
        "Redirect", f"Channel: {call.channel}", "Context: caller", "Exten: wait", "Priority: 1"
    )
    assert answer[0] == b"Response: Success"
    assert agi.end()["error"] in (b"COMMAND_FAILED", b"HANGUP")
    assert agi.error("answer") == "HANGUP"


#: Commands that wait, with all that they need, and longer than a busy machine takes to hang up.
WAITING: Dict[str, Tuple[Argument, ...]] = {
    "control_stream_file": ("tt-monkeys", ""),
    "exec": ("Wait", "30"),
    "get_data": ("tt-monkeys", 30000, 4),
    "get_option": ("tt-monkeys", "1", 30000),
    "gosub": ("agi-sub", "wait", "1"),
    "receive_char": (30000,),
    "receive_text": (30000,),
    "say_alpha": ("abcdefghijklmnop" * 4, ""),
    "say_date": (0, ""),
    "say_datetime": (0, "", "ABdYIMp" * 5),
    "say_digits": ("0123456789" * 5, ""),
    "say_number": (123456789, ""),
    "say_phonetic": ("abcdefghij" * 4, ""),
    "say_time": (0, ""),
    "stream_file": ("tt-monkeys", ""),
    "wait_for_digit": (30000,),
}


#: Those that cannot be made to take longer than some seconds, and may be over before.
SHORT = ("say_date", "say_number", "say_time")


def during(command: str) -> Plan:
    def play(scene: Scene) -> None:
        agi, call, *_ = scene
        agi.begin(command, *WAITING[command])
        call.wait_for_command(command.upper().replace("_", " "))
        hang_up(call)
        answer = agi.end()
        if command == "gosub":
            # It was left in another way than by Return().
            assert answer.get("error", b"HANGUP") == b"HANGUP"
            assert "error" in answer or answer["left"] in (b"0", b"1")
        else:
            # Asterisk says of the command that it failed, and of the hangup a moment later.
            unheard = b"HANGUP" if command in SHORT else b""
            assert answer.get("error", unheard) in (b"COMMAND_FAILED", b"HANGUP")
        check_what_is_left(agi, call)

    return Plan(play)


for waiting in WAITING:
    PLANS[f"during_{waiting}"] = during(waiting)


@plan()
def while_an_option_is_waited_for(scene: Scene) -> None:
    agi, call, *_ = scene
    agi.begin("get_option", "beep", "1", 30000)
    call.wait_for(
        lambda event: event.get("Event") == "AGIExecStart" and event["Uniqueid"] == call.channel
    )
    hang_up(call)
    agi.end()  # what Asterisk says here may be what it says of a time that was up
    check_what_is_left(agi, call)


@plan(caller="tone")
def during_a_recording(scene: Scene) -> None:
    agi, call, directory, _ = scene
    agi.begin("record_file", directory / "tone", "sln", "", 30000, 0, 0, 0)
    call.wait_for_command("RECORD FILE")
    hang_up(call)
    answer = agi.end()
    assert answer["how"] == b"hangup"
    assert (directory / "tone.sln").stat().st_size == 2 * int(answer["end"])
    check_what_is_left(agi, call)


@pytest.fixture(scope="module")
def outcomes(server: AsteriskServer, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    plans = {(name, carrier): plan for name, plan in PLANS.items() for carrier in CARRIERS}
    return play_all(server, tmp_path_factory.mktemp("hangup"), plans)


@pytest.mark.parametrize("when", PLANS)
@pytest.mark.parametrize("carrier", CARRIERS)
def test_hangup(outcomes: Outcomes, carrier: str, when: str) -> None:
    outcomes[when, carrier].result()


# -- before the environment was read ----------------------------------------------------------


class Holding:
    """Stands between Asterisk and a server, and lets nothing pass until told to."""

    def __init__(self, address: str) -> None:
        host, port = address.split("/")[2].rsplit(":", 1)
        self._server = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.came = threading.Event()
        self.pass_on = threading.Event()
        port = self._listener.getsockname()[1]
        self.address = f"agi://127.0.0.1:{port}/{address.split('/', 3)[3]}"
        self._threads: List[threading.Thread] = []
        self._run(self._hold)

    def _run(self, function: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _hold(self) -> None:
        asterisk, _ = self._listener.accept()
        self.came.set()
        self.pass_on.wait(60)
        server = socket.create_connection(self._server)
        self._run(self._copy, asterisk, server)
        self._run(self._copy, server, asterisk)

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        try:
            for data in iter(lambda: source.recv(65536), b""):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self) -> None:
        self.pass_on.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()


@pytest.mark.parametrize("carrier", [name for name in CARRIERS if CARRIERS[name][1]])
def test_hangup_before_the_environment_was_read(
    server: AsteriskServer, carrier: str, tmp_path: Path
) -> None:
    with Switchboard(server) as board, Drivers() as drivers:
        between = Holding(drivers.agi(carrier, tmp_path))
        call = board.call("agi", between.address)
        assert between.came.wait(30)
        hang_up(call)
        between.pass_on.set()
        agi = drivers.take(call)
        check_what_is_left(agi, call)
        between.close()


@pytest.mark.parametrize("carrier", [name for name in CARRIERS if not CARRIERS[name][1]])
def test_hangup_before_a_program_read_the_environment(
    server: AsteriskServer, carrier: str, tmp_path: Path
) -> None:
    # A shell that takes no SIGHUP waits for the test; then it becomes the program, which has not
    # heard of the hangup, and never will.
    with Switchboard(server) as board, Drivers() as drivers:
        program, _, port = drivers.agi(carrier, tmp_path).partition(",")
        holding = tmp_path / "holding"
        holding.write_text(
            f"#!/bin/sh\ntrap '' HUP\ntouch {tmp_path}/started\n"
            f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done\nexec {program} {port}\n"
        )
        holding.chmod(0o755)
        call = board.call("agi", str(holding))
        deadline = time.monotonic() + PATIENCE
        while not (tmp_path / "started").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        hang_up(call)
        (tmp_path / "go").touch()
        agi = drivers.take(call)
        check_what_is_left(agi, call)
