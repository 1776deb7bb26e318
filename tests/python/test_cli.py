# SPDX-License-Identifier: MIT
"""The commands of `pyst`, against the emulator and against scripted managers."""

import json
import os
import signal
import socket
import subprocess
import threading
from typing import Dict, Iterator, List, Mapping

import pytest

from asterisk.astemu import AsteriskEmu

from pyst_program import PYST, Ended, environment, pyst, start
from scripted_manager import (
    GREETING,
    SECRET,
    USER,
    Action,
    Answer,
    ScriptedManager,
    message,
    with_id,
)

DONE, REFUSED, USAGE, NO_CONNECTION, LOGIN, LATE, FAILED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130

EVENTS = [
    message("Event: Newchannel", "Channel: PJSIP/a-1", "Exten: 100"),
    message("Event: Hangup", "Channel: PJSIP/a-1", "Cause: 16"),
    message("Event: Hangup", "Channel: SIP/b-2", "Cause: 17"),
    message("Event: HangupRequest", "Channel: SIP/b-2"),
]


def login(port: int, **variables: str) -> Dict[str, str]:
    return environment(
        ASTERISK=f"127.0.0.1:{port}",
        **{"ASTERISK_USER": USER, "ASTERISK_SECRET": SECRET, **variables},
    )


@pytest.fixture(scope="module")
def demo() -> Iterator[Dict[str, str]]:
    """The environment to log in to an emulator with."""
    with AsteriskEmu.demo() as emulator:
        yield login(emulator.port, ASTERISK_USER="demo", ASTERISK_SECRET="secret")


def speak(*messages: bytes) -> Answer:
    """An answer to Login or to an action, then these messages."""

    def answer(action: Action, client: socket.socket) -> None:
        client.sendall(with_id(message("Response: Success"), action) + b"".join(messages))

    return answer


def ask(answers: Mapping[str, Answer], *arguments: str, greeting: bytes = GREETING) -> Ended:
    """Run pyst ami against a manager that answers so."""
    with ScriptedManager(answers, greeting) as manager:
        return pyst("ami", *arguments, env=login(manager.port))


def ask_in_vain(answers: Mapping[str, Answer], *arguments: str) -> Ended:
    """Run it against a manager that leaves it waiting, with just enough time to get so far."""
    for seconds in ("0.3", "3", "30"):
        with ScriptedManager(answers) as manager:
            run = pyst("ami", "--timeout", seconds, *arguments, env=login(manager.port))
            if set(manager.names()) - {"Challenge", "Login", "Logoff"}:
                break
    return run


# What each command prints.


def test_action(demo: Dict[str, str]) -> None:
    text = pyst("ami", "action", "Ping", env=demo)
    assert (text.code, text.err) == (DONE, "")
    assert "Success (response)\n" in text.out
    assert "    Ping       Pong\n" in text.out
    (answer,) = pyst("ami", "--json", "action", "Ping", env=demo).objects()
    assert (answer["Response"], answer["Ping"]) == ("Success", "Pong")


def test_action_sends_headers_as_they_are() -> None:
    with ScriptedManager({"X": message("Response: Success")}) as manager:
        run = pyst("ami", "action", "X", "A=b=c: d ", "Empty=", env=login(manager.port))
    assert run.code == DONE
    sent = next(action for action in manager.actions if action["Action"] == "X")
    assert (sent["A"], sent["Empty"]) == ("b=c: d ", "")


def test_action_prints_its_list(demo: Dict[str, str]) -> None:
    objects = pyst("ami", "--json", "action", "QueueStatus", env=demo).objects()
    assert objects[0]["Response"] == "Success"
    assert objects[1]["Event"] == "QueueParams"
    assert objects[-1]["Event"] == "QueueStatusComplete"


def test_list_prints_events_only(demo: Dict[str, str]) -> None:
    run = pyst("ami", "--json", "list", "QueueStatus", env=demo)
    names = [each["Event"] for each in run.objects()]
    assert (run.code, run.err) == (DONE, "")
    assert names[0] == "QueueParams" and names[-1] == "QueueStatusComplete"
    assert "  QueueMember\n" in pyst("ami", "list", "QueueStatus", env=demo).out


def test_list_of_an_action_without_one(demo: Dict[str, str]) -> None:
    run = pyst("ami", "list", "Ping", env=demo)
    assert (run.code, run.out) == (REFUSED, "")
    assert "without an event list" in run.err


def test_list_that_is_refused(demo: Dict[str, str]) -> None:
    run = pyst("ami", "list", "Nothing", env=demo)
    assert (run.code, run.out) == (REFUSED, "")
    assert "Invalid/unknown command" in run.err


def test_list_is_printed_as_it_comes() -> None:
    go_on = threading.Event()

    def answer(action: Action, client: socket.socket) -> None:
        begin = message("Response: Success", "EventList: start")
        client.sendall(with_id(begin, action) + with_id(message("Event: Item", "No: 1"), action))
        assert go_on.wait(60)
        client.sendall(with_id(message("Event: Done", "EventList: Complete"), action))

    with ScriptedManager({"Items": answer}) as manager:
        with start("ami", "--json", "list", "Items", env=login(manager.port)) as run:
            assert run.stdout
            assert json.loads(run.stdout.readline())["No"] == "1"
            go_on.set()
            assert json.loads(run.stdout.readline())["Event"] == "Done"
            assert run.wait(60) == DONE


def test_list_that_stops_short() -> None:
    def answer(action: Action, client: socket.socket) -> None:
        client.sendall(with_id(message("Response: Success", "EventList: start"), action))
        client.sendall(with_id(message("Event: Item"), action))

    run = ask_in_vain({"Items": answer}, "--json", "list", "Items")
    assert run.code == LATE
    assert [each["Event"] for each in run.objects()] == ["Item"]
    assert run.err == "pyst: no answer came in time\n"


def test_command(demo: Dict[str, str]) -> None:
    run = pyst("ami", "command", "core", "show", "version", env=demo)
    assert (run.code, run.err) == (DONE, "")
    assert run.out.startswith("Asterisk 22")
    (answer,) = pyst("ami", "--json", "command", "core show version", env=demo).objects()
    assert answer["Output"] == run.out.splitlines()


def test_command_that_fails(demo: Dict[str, str]) -> None:
    run = pyst("ami", "command", "no such thing", env=demo)
    assert run.code == REFUSED
    assert "No such command" in run.out


def test_command_with_raw_output() -> None:
    raw = b"Response: Follows\r\nPrivilege: Command\r\n"
    raw += b"first: line\n\nthird\n--END COMMAND--\r\n\r\n"
    run = ask({"Command": raw}, "command", "x")
    assert (run.code, run.output) == (DONE, b"first: line\n\nthird\n")
    (answer,) = ask({"Command": raw}, "--json", "command", "x").objects()
    assert answer["Output"] == ["first: line", "", "third"]


def test_command_output_reaches_a_pipe_as_it_is() -> None:
    answer = message("Response: Success", b"Output: \x1b[1mbold\x1b[0m \xff")
    assert ask({"Command": answer}, "command", "x").output == b"\x1b[1mbold\x1b[0m \xff\n"


def test_events(demo: Dict[str, str]) -> None:
    run = pyst("ami", "--json", "events", "--count", "1", env=demo)
    assert (run.code, run.err) == (DONE, "")
    assert [each["Event"] for each in run.objects()] == ["FullyBooted"]
    assert "  FullyBooted\n" in pyst("ami", "events", "--count", "1", env=demo).out


@pytest.mark.parametrize(
    "filters, expected",
    [
        (["Hangup"], ["PJSIP/a-1 16", "SIP/b-2 17"]),
        (["hang*"], ["PJSIP/a-1 16", "SIP/b-2 17", "SIP/b-2 "]),
        (["Newchannel", "HangupRequest"], ["PJSIP/a-1 ", "SIP/b-2 "]),
        (["Channel=SIP/*"], ["SIP/b-2 17", "SIP/b-2 "]),
        (["Hangup", "Channel=SIP/*"], ["SIP/b-2 17"]),
        (["channel=*", "Cause=1[67]"], ["PJSIP/a-1 16", "SIP/b-2 17"]),
    ],
)
def test_events_by_filter(filters: List[str], expected: List[str]) -> None:
    options = [part for each in filters for part in ("--filter", each)]
    with ScriptedManager({"Login": speak(*EVENTS)}) as manager:
        count = str(len(expected))
        run = pyst("ami", "-j", "events", *options, "-n", count, env=login(manager.port))
    assert run.code == DONE
    assert [f"{e['Channel']} {e.get('Cause', '')}" for e in run.objects()] == expected


def test_events_for_a_time() -> None:
    run = ask({"Login": speak(*EVENTS)}, "--json", "events", "--for", "0.2")
    assert run.code == DONE
    assert all(each["Event"] for each in run.objects())


def test_events_mask_and_server_filters() -> None:
    with ScriptedManager({"Filter": message("Response: Success")}) as manager:
        filters = ["--server-filter", "Event: Hangup", "--server-filter", "!Channel: Local/"]
        options = ["--mask", "call,system", *filters, "--for", "0.1"]
        assert pyst("ami", "events", *options, env=login(manager.port)).code == DONE
    assert manager.actions[manager.names().index("Login")]["Events"] == "call,system"
    sent = [a["Filter"] for a in manager.actions if a["Action"] == "Filter"]
    assert sent == ["Event: Hangup", "!Channel: Local/"]


def test_events_until_the_server_goes() -> None:
    def answer(action: Action, client: socket.socket) -> None:
        client.sendall(with_id(message("Response: Success"), action) + EVENTS[0])
        client.shutdown(socket.SHUT_RDWR)

    run = ask({"Login": answer}, "--json", "events")
    assert run.code == NO_CONNECTION
    assert [each["Event"] for each in run.objects()] == ["Newchannel"]
    assert run.err == "pyst: the peer closed the connection\n"


def test_catalogue() -> None:
    names = pyst("ami", "catalogue").out.splitlines()
    assert "action Originate" in names and "event Hangup" in names
    run = pyst("ami", "catalogue", "originate", "QueueStatus")
    assert (run.code, run.err) == (DONE, "")
    assert run.out.startswith("action Originate  (Asterisk 16, 22)\n")
    assert "    Channel                  required\n" in run.out


def test_catalogue_as_json() -> None:
    (entry,) = pyst("ami", "--json", "catalogue", "Originate").objects()
    assert (entry["action"], entry["versions"]) == ("Originate", [16, 22])
    channel = next(each for each in entry["parameters"] if each["name"] == "Channel")
    assert channel["required"] is True
    assert len(pyst("ami", "-j", "catalogue").objects()) == len(
        pyst("ami", "catalogue").out.splitlines()
    )


def test_catalogue_of_an_unknown_name() -> None:
    run = pyst("ami", "catalogue", "Originate", "Nothing")
    assert run.code == USAGE
    assert "Nothing is neither" in run.err


def test_strict() -> None:
    with ScriptedManager() as manager:
        for arguments, said in [
            (["Nothing"], "Nothing: Asterisk documents no such name"),
            (["Ping", "X=y"], "X: Asterisk documents no such name"),
            (["QueuePause", "Interface=PJSIP/a"], "Paused: a parameter"),
        ]:
            run = pyst("ami", "--strict", "action", *arguments, env=login(manager.port))
            assert run.code == USAGE
            assert said in run.err
        assert manager.actions == []


# What values may do.


def test_values_that_are_not_utf8_as_json() -> None:
    answer = message("Response: Success", b"A: caf\xe9", "B: café", "C: one", "C: two", "no colon")
    (run,) = ask({"X": answer}, "--json", "action", "X").objects()
    assert (run["A"], run["B"], run["C"]) == ("café", "café", ["one", "two"])
    assert run[""] == "no colon"


def test_control_characters_are_shown() -> None:
    value = b"\x1b[31m\x07\x7f \xc2\x9b31m \x9b31m \xe2\x82\xac\ttab"
    answer = message("Response: Success", b"Value: " + value)
    text = ask({"X": answer}, "action", "X")
    shown = "\\x1b[31m\\x07\\x7f \\xc2\\x9b31m \\x9b31m €\ttab"
    assert shown in text.out
    run = ask({"X": message("Response: Success", "V: \x1b\x7f\u009b")}, "--json", "action", "X")
    assert b'"\\u001B\\u007f\\u009b"' in run.output
    assert run.objects()[0]["V"] == "\x1b\x7f\u009b"


def test_control_characters_of_a_refusal_are_shown() -> None:
    refusal = message("Response: Error", "Message: Authentication failed \x1b]0;x\x07")
    run = ask({"Login": refusal}, "action", "Ping")
    assert run.code == REFUSED
    assert b"\\x1b]0;x\\x07" in run.errors
    run = ask({"X": message("Response: Error", "Message: no \x1b[2J")}, "list", "X")
    assert b"no \\x1b[2J" in run.errors


# How it ends.


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["ami"],
        ["ami", "nothing"],
        ["ami", "--nothing", "action", "Ping"],
        ["ami", "action"],
        ["ami", "action", "Ping", "nothing"],
        ["ami", "action", "Ping", "A:b=c"],
        ["ami", "action", "Ping", "A=b\nAction: Logoff"],
        ["ami", "action", "Ping", "A=" + 1100 * "x"],
        ["ami", "action", " Ping"],
        ["ami", "command"],
        ["ami", "command", 1100 * "x"],
        ["ami", "list"],
        ["ami", "events", "Hangup"],
        ["ami", "events", "--count", "-1"],
        ["ami", "events", "--count", "0"],
        ["ami", "events", "--for", "soon"],
        ["ami", "--timeout", "0", "action", "Ping"],
        ["ami", "--port", "65536", "action", "Ping"],
        ["ami", "--host", "[::1", "action", "Ping"],
        ["ami", "--host", ":5038", "action", "Ping"],
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)
def test_usage_errors_send_nothing(arguments: List[str]) -> None:
    with ScriptedManager() as manager:
        run = pyst(*arguments, env=login(manager.port))
        assert (run.code, run.out) == (USAGE, "")
        assert run.err
        assert manager.actions == []


def test_help() -> None:
    for arguments in ["--help"], ["help"], ["ami", "--help"], ["ami", "events", "--help"]:
        run = pyst(*arguments)
        assert (run.code, run.err) == (DONE, "")
        assert run.out.startswith("Usage: pyst ")
    assert pyst("--version").out.startswith("pyst ")


def test_refused_action(demo: Dict[str, str]) -> None:
    run = pyst("ami", "--json", "action", "Nothing", env=demo)
    assert (run.code, run.err) == (REFUSED, "")
    assert run.objects()[0]["Response"] == "Error"


def test_nobody_listens() -> None:
    with ScriptedManager() as manager:
        port = manager.port
    run = pyst("ami", "action", "Ping", env=login(port))
    assert (run.code, run.out) == (NO_CONNECTION, "")
    assert run.err.startswith("pyst: cannot connect: ")


def test_name_that_does_not_exist() -> None:
    env = environment(ASTERISK="nothing.invalid", ASTERISK_USER=USER, ASTERISK_SECRET=SECRET)
    run = pyst("ami", "action", "Ping", env=env)
    assert run.code == NO_CONNECTION
    assert "nothing.invalid" in run.err


@pytest.mark.parametrize(
    "greeting",
    [b"SSH-2.0-OpenSSH_9.2p1\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(range(256))],
)
def test_what_is_no_manager(greeting: bytes) -> None:
    run = ask({}, "action", "Ping", greeting=greeting)
    assert (run.code, run.out) == (NO_CONNECTION, "")
    assert "did not greet as an Asterisk manager does" in run.err


def test_connection_lost_during_an_action() -> None:
    def answer(action: Action, client: socket.socket) -> None:
        client.shutdown(socket.SHUT_RDWR)

    run = ask({"Originate": answer}, "action", "Originate")
    assert run.code == NO_CONNECTION
    assert "it may have run" in run.err


def test_wrong_secret(demo: Dict[str, str]) -> None:
    run = pyst("ami", "action", "Ping", env={**demo, "ASTERISK_SECRET": "wr0ng"})
    assert (run.code, run.out) == (LOGIN, "")
    assert "refused the user name or secret" in run.err
    assert "wr0ng" not in run.err


def test_server_that_never_greets() -> None:
    assert ask({}, "--timeout", "0.3", "action", "Ping", greeting=b"").code == LATE


def test_action_that_is_never_answered() -> None:
    run = ask_in_vain({}, "action", "Ping")
    assert (run.code, run.out, run.err) == (LATE, "", "pyst: no answer came in time\n")


def test_output_that_cannot_be_written(demo: Dict[str, str]) -> None:
    for arguments in ["catalogue"], ["events"], ["action", "Ping"]:
        with open("/dev/full", "wb") as full:
            with start("ami", *arguments, env=demo, stdout=full) as run:
                assert run.stderr
                assert b"standard output: No space left" in run.stderr.read()
                assert run.wait(60) == FAILED


# Signals and pipes.


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_events_end_politely_at_a_signal(number: signal.Signals) -> None:
    with ScriptedManager({"Login": speak(EVENTS[0])}) as manager:
        with start("ami", "--json", "events", env=login(manager.port)) as run:
            assert run.stdout and run.stderr
            assert json.loads(run.stdout.readline())["Event"] == "Newchannel"
            run.send_signal(number)
            assert run.wait(60) == DONE
            assert run.stderr.read() == b""
        manager.wait_for("Logoff")


@pytest.mark.parametrize("command", [["action", "Wait"], ["list", "Wait"], ["command", "wait"]])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_during_an_action(command: List[str], number: signal.Signals) -> None:
    with ScriptedManager() as manager:
        with start("ami", *command, env=login(manager.port)) as run:
            manager.wait_for("Command" if command[0] == "command" else "Wait")
            run.send_signal(number)
            assert run.wait(60) == INTERRUPTED


def test_signal_during_the_login() -> None:
    with ScriptedManager({"Login": b""}) as manager:
        with start("ami", "events", env=login(manager.port)) as run:
            manager.wait_for("Login")
            run.send_signal(signal.SIGINT)
            assert run.wait(60) == INTERRUPTED


def test_second_signal_ends_a_logoff_that_hangs() -> None:
    with ScriptedManager({"Login": speak(EVENTS[0]), "Logoff": b""}) as manager:
        with start("ami", "events", env=login(manager.port)) as run:
            assert run.stdout
            run.stdout.readline()
            run.send_signal(signal.SIGINT)
            manager.wait_for("Logoff")
            run.send_signal(signal.SIGINT)
            assert run.wait(60) in (DONE, -signal.SIGINT)


@pytest.mark.parametrize("command", ["events", "list Items"])
def test_reader_that_leaves(command: str) -> None:
    def items(action: Action, client: socket.socket) -> None:
        client.sendall(with_id(message("Response: Success", "EventList: start"), action))
        client.sendall(with_id(message("Event: Item"), action))

    answers = {"Login": speak(EVENTS[0]), "Items": items}
    with ScriptedManager(answers) as manager:
        env = login(manager.port)
        with start("ami", "--timeout", "600", "-j", *command.split(), env=env) as run:
            assert run.stdout and run.stderr
            assert run.stdout.readline()
            run.stdout.close()  # nothing is sent after that: the end has to be noticed by itself
            assert run.stderr.read() == b""
            assert run.wait(60) == (DONE if command == "events" else FAILED)


def test_head(demo: Dict[str, str]) -> None:
    script = "pyst ami events | head -1; pyst ami catalogue | head -1"
    env = {**demo, "PATH": f"{os.path.dirname(str(PYST))}:{demo['PATH']}"}
    run = subprocess.run(["bash", "-c", script], env=env, capture_output=True, timeout=60)
    assert len(run.stdout.splitlines()) == 2
    assert run.stderr == b""
