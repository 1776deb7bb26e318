# SPDX-License-Identifier: MIT
"""asterisk.aio.AGI: the commands of asterisk.agi, to be awaited."""

from __future__ import annotations

import ast
import asyncio
import io
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from scripted_agi import ENVIRONMENT, Asterisk
from test_agi import ANSWERS, ONE, SENT

import asterisk
from asterisk.agi import (
    AGIAppError,
    AGIDBError,
    AGIEnvironmentError,
    AGIError,
    AGIInvalidCommand,
    AGIResultHangup,
    AGISIGHUPHangup,
    AGISIGPIPEHangup,
    AGIValueError,
)
from asterisk.aio import AGI

PATIENCE = 60.0


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(coroutine, PATIENCE))


async def connected(scripted: Asterisk, **kwargs: Any) -> AGI:
    """One over a transport of asyncio's own."""
    loop = asyncio.get_running_loop()
    agi = AGI(**kwargs)
    await loop.create_connection(lambda: agi, sock=scripted.program)
    return agi


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.lines.append(data)

    def close(self) -> None:
        self.closed = True


def wired(**kwargs: Any) -> tuple[AGI, Wire]:
    agi, wire = AGI(**kwargs), Wire()
    agi.connection_made(wire)
    agi.data_received(ENVIRONMENT)
    return agi, wire


@pytest.mark.parametrize(("name", "args", "kwargs", "line"), SENT)
def test_line_of_a_method(name: str, args: Any, kwargs: Any, line: str) -> None:
    scripted = Asterisk(ANSWERS, default=lambda line: ONE)

    async def main() -> None:
        async with await connected(scripted) as agi:
            await getattr(agi, name)(*args, **kwargs)

    run(main())
    assert scripted.sent() == [line]


def test_results_and_errors_are_those_of_the_other() -> None:
    scripted = Asterisk(
        {
            "GET DATA": b"200 result=12 (timeout)\n",
            "GET VARIABLE": b"200 result=0\n",
            "CHANNEL": b"200 result=-1\n",
            "DATABASE": b"200 result=0\n",
            "STREAM": b"200 result=-1 endpos=0\n",
            "X": b"510 No\n",
        }
    )

    async def main() -> None:
        async with await connected(scripted) as agi:
            assert agi.env["agi_extension"] == "100"
            assert agi.path == "ivr/sales" and agi.parameters["lang"] == "en"
            assert agi.arguments[0] == "one"
            digits = await agi.get_data("x")
            assert digits == "12" and digits.timed_out
            assert await agi.get_variable("A", default=None) is None
            assert await agi.channel_status() == -1
            with pytest.raises(AGIDBError):
                await agi.database_get("f", "k")
            with pytest.raises(AGIAppError):
                await agi.stream_file("x")
            with pytest.raises(AGIInvalidCommand):
                await agi.execute("X")
            with pytest.raises(AGIValueError):
                await agi.verbose("a\nb")
            await agi.goto_on_exit(priority=5)

    run(main())
    assert scripted.sent()[-3:] == ["SET CONTEXT office", "SET EXTENSION 100", "set priority 5"]


def test_environment_that_does_not_come() -> None:
    async def main() -> None:
        agi = AGI()
        waiting = asyncio.ensure_future(agi.started())
        await asyncio.sleep(0)
        agi.data_received(b"agi_a: b\n")
        agi.eof_received()
        with pytest.raises(AGIEnvironmentError):
            await waiting
        with pytest.raises(AGIEnvironmentError):
            await agi.started()

    run(main())


def test_hangup() -> None:
    async def main() -> None:
        agi, wire = wired()
        waiting = asyncio.ensure_future(agi.wait_hung_up())
        command = asyncio.ensure_future(agi.stream_file("x"))
        await asyncio.sleep(0)
        agi.data_received(b"HANGUP\n")
        await waiting
        assert agi.hung_up
        agi.data_received(b"200 result=-1 endpos=0\n")
        with pytest.raises(AGIResultHangup):
            await command
        with pytest.raises(AGISIGHUPHangup):
            await agi.answer()
        agi.raise_on_hangup = False
        command = asyncio.ensure_future(agi.verbose("gone"))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        agi.connection_lost(None)
        with pytest.raises(AGISIGPIPEHangup):
            await command
        with pytest.raises(AGISIGPIPEHangup):
            await agi.noop()
        agi.close()
        assert wire.closed
        assert wire.lines == [b'STREAM FILE x "" 0\n', b'VERBOSE "gone" 1\n']

    run(main())


@pytest.mark.parametrize(
    ("status", "kind"), [(b"511 Dead\n", AGIResultHangup), (b"200 result=6\n", AGIAppError)]
)
def test_minus_one_makes_it_ask(status: bytes, kind: type) -> None:
    async def main() -> None:
        agi, wire = wired()
        command = asyncio.ensure_future(agi.stream_file("x"))
        await asyncio.sleep(0)
        agi.data_received(b"200 result=-1 endpos=0\n")
        while len(wire.lines) < 2:
            await asyncio.sleep(0)
        assert wire.lines[1] == b"CHANNEL STATUS\n"
        agi.data_received(status)
        with pytest.raises(AGIAppError) as caught:
            await command
        assert type(caught.value) is kind

    run(main())


def test_commands_of_several_tasks_are_sent_in_turn() -> None:
    async def main() -> None:
        agi, wire = wired()
        tasks = [asyncio.ensure_future(agi.get_variable(str(n))) for n in range(5)]
        await asyncio.sleep(0)
        for n in range(5):
            assert len(wire.lines) == n + 1
            agi.data_received(b"200 result=1 (" + wire.lines[-1].split(b'"')[1] + b")\n")
            for _ in range(3):
                await asyncio.sleep(0)
        assert await asyncio.gather(*tasks) == ["0", "1", "2", "3", "4"]

    run(main())


def test_one_that_waits_for_its_turn_and_finds_the_stream_ended() -> None:
    async def main() -> None:
        agi, _ = wired()
        tasks = [asyncio.ensure_future(agi.noop()) for _ in range(3)]
        await asyncio.sleep(0)
        agi.connection_lost(None)
        for task in tasks:
            with pytest.raises((AGISIGPIPEHangup, AGISIGHUPHangup)):
                await task

    run(main())


def test_task_that_is_cancelled_leaves_the_dialogue_in_step() -> None:
    async def main() -> None:
        agi, wire = wired()
        task = asyncio.ensure_future(agi.get_variable("A"))
        waiting = asyncio.ensure_future(agi.get_variable("B"))
        following = asyncio.ensure_future(agi.get_variable("C"))
        await asyncio.sleep(0)
        task.cancel()
        waiting.cancel()
        await asyncio.sleep(0)
        assert len(wire.lines) == 1
        agi.data_received(b"200 result=1 (a)\n")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        agi.data_received(b"200 result=1 (c)\n")
        assert await following == "c"
        assert wire.lines == [b'GET VARIABLE "A"\n', b'GET VARIABLE "C"\n']

    run(main())


def test_transport_that_answers_at_once() -> None:
    async def main() -> None:
        agi, _ = wired()

        class Echo(Wire):
            def write(self, data: bytes) -> None:
                agi.data_received(b"200 result=1 (v)\n")

        agi.connection_made(Echo())
        assert [await agi.get_variable("A") for _ in range(3)] == ["v"] * 3
        with pytest.raises(AGIValueError):
            await agi.get_variable("a\nb")
        assert await agi.get_variable("A") == "v"

    run(main())


def test_trace() -> None:
    async def main() -> str:
        trace = io.StringIO()
        agi, _ = wired(debug=True, stderr=trace)
        command = asyncio.ensure_future(agi.get_variable("A"))
        await asyncio.sleep(0)
        agi.data_received(b"200 result=1 (v)\nHANGUP\n")
        await command
        return trace.getvalue()

    lines = run(main()).splitlines()
    assert lines[0] == "ENV LINE: agi_network: yes"
    assert lines[-4:] == [
        '    COMMAND: GET VARIABLE "A"',
        "    RESULT_LINE: 200 result=1 (v)",
        "    RESULT_LINE: HANGUP",
        "    RESULT_DICT: {'result': ('1', 'v')}",
    ]


def test_task_that_is_cancelled_when_its_turn_came_passes_it_on() -> None:
    async def main() -> None:
        agi, wire = wired()
        first = asyncio.ensure_future(agi.get_variable("A"))
        second = asyncio.ensure_future(agi.get_variable("B"))
        third = asyncio.ensure_future(agi.get_variable("C"))
        await asyncio.sleep(0)
        agi.data_received(b"200 result=1 (a)\n")
        second.cancel()
        assert await first == "a"
        while len(wire.lines) < 2:
            await asyncio.sleep(0)
        agi.data_received(b"200 result=1 (c)\n")
        assert await third == "c"
        assert second.cancelled()
        assert wire.lines == [b'GET VARIABLE "A"\n', b'GET VARIABLE "C"\n']

    run(main())


def test_command_that_is_refused_when_its_turn_came_passes_it_on() -> None:
    async def main() -> None:
        agi, wire = wired()
        tasks = [asyncio.ensure_future(agi.execute("NOOP", word)) for word in ("1", "a\nb", "3")]
        await asyncio.sleep(0)
        agi.data_received(ONE)
        with pytest.raises(AGIValueError):
            await tasks[1]
        while len(wire.lines) < 2:
            await asyncio.sleep(0)
        agi.data_received(ONE)
        await asyncio.gather(tasks[0], tasks[2])
        assert wire.lines == [b"NOOP 1\n", b"NOOP 3\n"]

    run(main())


def test_subclass_may_override_execute() -> None:
    class Own(AGI):
        async def execute(self, command: Any, *args: Any) -> Any:
            return {"result": ("1", "own")}

    async def main() -> None:
        assert await Own().get_variable("A") == "own"

    run(main())


def test_reply_that_is_none_ends_the_dialogue() -> None:
    async def main() -> None:
        agi, _ = wired()
        command = asyncio.ensure_future(agi.noop())
        await asyncio.sleep(0)
        agi.data_received(b"what?\n" * 200000)
        with pytest.raises(AGIError):
            await command

    run(main())


# -- the stub --------------------------------------------------------------------------------------

PACKAGE = Path(asterisk.__file__).parent


def signatures(path: Path, name: str) -> list[str]:
    """The public methods of a class as text, overloads included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    body = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name).body
    methods = [
        n
        for n in body
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)) and not n.name.startswith("_")
    ]
    overloaded = {n.name for n in methods if n.decorator_list}
    return [
        f"{n.name}({ast.unparse(n.args)}) -> {n.returns and ast.unparse(n.returns)}"
        for n in methods
        if n.decorator_list or n.name not in overloaded
    ]


def test_stub_says_what_the_methods_are() -> None:
    commands = signatures(PACKAGE / "agi/commands.py", "Commands")
    stub = signatures(PACKAGE / "aio/agi_commands.pyi", "AwaitedCommands")
    values = {"DEFAULT_TIMEOUT": "2000", "DEFAULT_RECORD": "20000"}
    for name, value in values.items():
        commands = [line.replace(name, value) for line in commands]
    assert len(stub) > 47 and stub == commands
