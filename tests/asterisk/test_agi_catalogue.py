# SPDX-License-Identifier: MIT
"""The table of AGI commands, src/agi/commands.json, against what Asterisk says and does."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

from agi_calls import Switchboard
from asterisk_server import AsteriskServer
from raw import RawManager
from raw_agi import RawAgiServer

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "src/agi/commands.json"
COMMANDS: Dict[str, Dict[str, Any]] = {
    command["name"]: command
    for command in json.loads(TABLE.read_text(encoding="utf-8"))["commands"]
}

#: Arguments that are valid, hurt nothing and take no time, by the name of the parameter.
ARGUMENTS = {
    "boolean": "off",
    "date": "0",
    "engine": '""',
    "escape_digits": '""',
    "format": '""',
    "level": "1",
    "number": "1",
    "offsetms": "0",
    "priority": "1",
    "sample offset": "0",
    "skipms": "1000",
    "time": "0",
    "timeout": "1",
    "timezone": "UTC",
}

#: Documented as required, and not.
NOT_REQUIRED = {
    ("EXEC", "options"),
    ("SET MUSIC", "class"),
    ("SPEECH CREATE", "engine"),
    ("VERBOSE", "level"),
}


@contextmanager
def dialogue_of(server: AsteriskServer, extension: str) -> Iterator[Callable[[str], str]]:
    """A call of an extension of the context `agi`: a function from a command to its reply."""
    with RawAgiServer() as programs, Switchboard(server) as board:
        board.call(extension, programs.address("table"))
        with programs.take("table") as call:
            yield lambda command: call.ask(command).decode().rstrip("\n")


@pytest.fixture
def console(server: AsteriskServer) -> Iterator[RawManager]:
    with RawManager(server.host, server.ami_port) as manager:
        yield manager


def run(console: RawManager, line: str) -> List[str]:
    answer = console.ask("Command", f"Command: {line}")
    return [row[8:].decode().strip() for row in answer if row.startswith(b"Output: ")]


def required(command: Dict[str, Any], version: int) -> int:
    return sum(version in each["required"] for each in command["parameters"].values())


def line_of(command: Dict[str, Any], n_arguments: int) -> str:
    """A line of that command with so many arguments, documented ones and then others."""
    arguments = [ARGUMENTS.get(name, "x") for name in command["parameters"]]
    arguments += ["x"] * n_arguments
    return " ".join([command["name"], *arguments[:n_arguments]])


def test_the_table_is_what_the_server_shows(console: RawManager, version: int) -> None:
    shown = {}
    for row in run(console, "agi show commands")[1:]:
        dead, name = re.match(r"(Yes|No) +(\S+(?: \S+)*)  ", row).groups()  # type: ignore[union-attr]
        shown[name.upper()] = dead == "Yes"
    assert len(shown) == 47
    assert shown == {
        name: command.get("on_dead_channel", False)
        for name, command in COMMANDS.items()
        if version in command["versions"]
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_parameters_are_those_of_the_documentation(
    console: RawManager, version: int, name: str
) -> None:
    rows = run(console, f"agi show commands topic {name.lower()}")
    first = rows.index("[Syntax]") + 1
    syntax = " ".join(rows[first : rows.index("", first)])
    assert syntax.startswith(name.lower())
    documented = re.findall(r"(\[?)(?:<(.+?)>|{(.+?)})", syntax)
    parameters = COMMANDS[name]["parameters"]
    assert len(documented) == len(parameters)
    for (optional, shown, values), (parameter, facts) in zip(documented, parameters.items()):
        # In place of a name with listed values the server shows "{|}", without the values.
        assert shown == ("" if "values" in facts else parameter)
        assert values == ("|" if "values" in facts else "")
        expected = not optional and (name, parameter) not in NOT_REQUIRED
        assert (version in facts["required"]) == expected, parameter


def test_what_runs_on_a_dead_channel(server: AsteriskServer, version: int) -> None:
    with dialogue_of(server, "dead") as ask:
        for name, command in COMMANDS.items():
            reply = ask(line_of(command, required(command, version)))
            runs = command.get("on_dead_channel", False)
            assert reply[:4] == ("200 " if runs else "511 "), (name, reply)


def test_how_many_arguments_are_taken(server: AsteriskServer, version: int) -> None:
    def check(name: str) -> None:
        command = COMMANDS[name]
        n_parameters = len(command["parameters"])
        board.call("agi", programs.address(name))
        with programs.take(name) as call:
            for n in range(n_parameters + 3):
                line = line_of(command, n)
                # These would hang up, and ask for time.
                if line in ("HANGUP", "EXEC x x x x"):
                    continue
                right = required(command, version) <= n and (
                    n <= n_parameters or command.get("ignores_more", False)
                )
                if (name, n) == ("SET CALLERID", 0):  # accepted, and nothing is done
                    right = True
                reply = call.ask(line).decode()
                assert reply[:4] == ("200 " if right else "520 "), (line, reply)

    # Some speak, and some wait: each has a call of its own, all at once.
    with RawAgiServer() as programs, Switchboard(server) as board:
        with ThreadPoolExecutor(len(COMMANDS)) as threads:
            for _ in threads.map(check, COMMANDS):
                pass


def test_a_caller_id_is_required_though_its_absence_is_no_error(server: AsteriskServer) -> None:
    with dialogue_of(server, "agi") as ask:
        assert ask("SET CALLERID 55501") == "200 result=1"
        assert ask("SET CALLERID") == "200 result=1"
        assert ask("GET VARIABLE CALLERID(num)") == "200 result=1 (55501)"


def test_joined_arguments_are_several_values(server: AsteriskServer) -> None:
    joined = {
        (name, parameter)
        for name, command in COMMANDS.items()
        for parameter, facts in command["parameters"].items()
        if facts.get("joined")
    }
    assert joined == {("EXEC", "options"), ("GOSUB", "optional-argument")}
    with dialogue_of(server, "agi") as ask:
        assert ask('GOSUB agi-sub s 1 "one,two"').startswith("200 result=0")
        assert ask("GET VARIABLE SUB") == "200 result=1 (one/two/2)"
        assert ask('EXEC Set "X=1"') == "200 result=0"
        assert ask('EXEC MSet "X=2,Y=3"') == "200 result=0"
        assert ask("GET FULL VARIABLE ${X}${Y}") == "200 result=1 (23)"
        assert ask("EXEC MSet X=4 Y=5") == "200 result=0"
        assert ask("GET FULL VARIABLE ${X}${Y}") == "200 result=1 (43)"
