# SPDX-License-Identifier: MIT
"""An AGI program that calls the method that a test says; agi-driver.c is the same in C.

``agi_driver.py PORT`` makes a connection to PORT of 127.0.0.1, sends its agi_uniqueid, and answers
each line by a line until there are no more. agi-driver.c says what the lines are.

``agi_driver.py --serve PORT`` does the same as a FastAGI server, whose own port is the first line
of standard output, until standard input ends: for the path ``plain`` by a plain function, for
``async`` by an asynchronous one.

``agi_driver.py --manager AMI-PORT PORT plain`` does the same for all AsyncAGI calls of the Asterisk
whose manager interface is at AMI-PORT, until standard input ends; ``async`` instead of ``plain``
does it in an event loop. The first line is "ready".
"""

import asyncio
import inspect
import socket
import sys
import threading
from typing import Any, Callable, Dict, List, Tuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

from asterisk import _core, aio
from asterisk.agi import (
    AGI,
    AGIAppError,
    AGIDBError,
    AGIException,
    AGIHangup,
    ChannelState,
    Digit,
    Digits,
    Recording,
    Speech,
)
from asterisk.aio import AGI as AwaitedAGI
from asterisk.asyncagi import AsyncAGI as AsyncCalls
from asterisk.fastagi import Server
from asterisk.manager import Manager

Answer = Dict[str, object]

ERRORS = {
    getattr(_core, name): name[4:] for name in sorted(dir(_core)) if name.startswith("ERR_")
}


def error_name(error: AGIException) -> str:
    """Name an exception as the core names its error."""
    if error.code:
        return ERRORS[error.code]
    if isinstance(error, AGIHangup):
        return "HANGUP"
    return "COMMAND_FAILED" if isinstance(error, AGIAppError) else type(error).__name__


def answer_of(result: Any) -> Answer:
    """Say what a method returned, as agi-driver.c says it."""
    if isinstance(result, ChannelState):
        return {"error": "COMMAND_FAILED"} if result < 0 else {"state": int(result)}
    if isinstance(result, Digit):
        return {"digit": result, "end": result.end_position}
    if isinstance(result, Digits):
        return {"digits": result, "complete": int(not result.timed_out)}
    if isinstance(result, Recording):
        how = "digit" if result.digit else "timeout" if result.timed_out else "failed"
        return {"how": how, "digit": result.digit, "end": result.end_position}
    if isinstance(result, Speech):
        how = "digit" if result.digit else "timeout" if result.timed_out else "speech"
        best = result.results[0] if result.results else None
        answer: Answer = {"how": how, "digit": result.digit}
        return {**answer, **dict(zip(("score", "text", "grammar"), best))} if best else answer
    return {}


def value(result: Any) -> Answer:
    return {"set": 0} if result is None else {"set": 1, "value": result}


#: Methods that are called in another way than C's functions, or tell in another way what they got.
SPECIAL: Dict[str, Callable[..., Any]] = {
    "exec": lambda agi, *a: agi.appexec(*a),
    "get_data": lambda agi, *a: agi.get_data(*a[:1], **dict(zip(("timeout", "max_digits"), a[1:]))),
    "get_full_variable": lambda agi, *a: agi.get_full_variable(*a, default=None),
    "get_variable": lambda agi, name: agi.get_variable(name, None),
    "record_file": lambda agi, *a: agi.record_file(*a[:5], "beep" if a[5] == "1" else "", *a[6:]),
    "set_music": lambda agi, on, *a: agi.set_music(on == "1", *a),
}

AFTERWARDS: Dict[str, Callable[[Any], Answer]] = {
    "database_get": value,
    "exec": lambda result: {"result": result},
    "get_full_variable": value,
    "get_variable": value,
    "gosub": lambda result: {"left": 0},
    "receive_char": lambda result: {"character": ord(result) if result else 0},
    "receive_text": value,
}


def failure(name: str, error: AGIException) -> Answer:
    if name == "database_get" and isinstance(error, AGIDBError):
        return {"set": 0}
    if name == "database_deltree" and isinstance(error, AGIDBError):
        return {}  # so does pyst take what Asterisk says when it did delete something
    if name == "record_file" and isinstance(error, AGIHangup) and error.reply is not None:
        if error.reply["result"][1] == "hangup":
            return {"how": "hangup", "digit": "", "end": error.reply.end_position}
    return {"error": error_name(error)}


def words(line: bytes) -> List[str]:
    """Return the name and the arguments of a step."""
    return [
        unquote_to_bytes(word).decode("utf-8", "surrogateescape")
        for word in line.rstrip(b"\n").split(b"\t")
    ]


def encoded(answer: Answer) -> bytes:
    """Return an answer's line."""
    pairs = [
        f"{name}={quote_from_bytes(str(value).encode('utf-8', 'surrogateescape'))}"
        for name, value in answer.items()
    ]
    return ("\t" + "\t".join(pairs) + "\n").encode()


def called(agi: Any, line: bytes) -> Tuple[str, Any]:
    """Call the method that a step says; return the step's name and what the method returned."""
    name, *arguments = words(line)
    method = SPECIAL.get(name)
    if method is not None:
        return name, method(agi, *arguments)
    return name, getattr(agi, name)(*arguments)


def drive(agi: AGI, port: int) -> None:
    """Do what the test at `port` says."""
    agi.raise_on_hangup = False
    with socket.create_connection(("127.0.0.1", port)) as test:
        test.sendall(agi.env["agi_uniqueid"].encode() + b"\n")
        for line in test.makefile("rb"):
            try:
                name, result = called(agi, line)
                test.sendall(encoded(AFTERWARDS.get(name, answer_of)(result)))
            except AGIException as error:
                test.sendall(encoded(failure(words(line)[0], error)))


async def drive_async(agi: AwaitedAGI, port: int) -> None:
    """Do what the test at `port` says."""
    agi.raise_on_hangup = False
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(agi.env["agi_uniqueid"].encode() + b"\n")
    try:
        async for line in reader:
            try:
                name, result = called(agi, line)
                assert inspect.isawaitable(result), name
                writer.write(encoded(AFTERWARDS.get(name, answer_of)(await result)))
            except AGIException as error:
                writer.write(encoded(failure(words(line)[0], error)))
    finally:
        writer.close()


def serve(port: int) -> None:
    """Serve FastAGI calls until standard input ends."""
    server = Server("127.0.0.1", 0, workers=256)

    @server.route("plain")
    def plain(agi: AGI) -> None:
        drive(agi, port)

    @server.route("async")
    async def awaited(agi: AwaitedAGI) -> None:
        await drive_async(agi, port)

    def wait_for_end() -> None:
        sys.stdin.read()
        server.stop(0)

    threading.Thread(target=wait_for_end).start()
    print(server.port, flush=True)
    server.serve_forever()


def manage(ami_port: int, port: int) -> None:
    """Run AsyncAGI calls in threads until standard input ends."""
    with Manager() as manager:
        manager.connect("127.0.0.1", ami_port)
        manager.login("admin", "secret", events="agi,call")
        with AsyncCalls(manager, lambda agi: drive(agi, port), workers=256):
            print("ready", flush=True)
            sys.stdin.read()


async def manage_async(ami_port: int, port: int) -> None:
    """Run AsyncAGI calls in an event loop until standard input ends."""

    async def handler(agi: AwaitedAGI) -> None:
        await drive_async(agi, port)

    async with aio.Manager(
        "127.0.0.1", ami_port, username="admin", secret="secret", events="agi,call"
    ) as manager:
        async with aio.AsyncAGI(manager, handler):
            print("ready", flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(int(sys.argv[2]))
    elif sys.argv[1:2] + sys.argv[4:] == ["--manager", "plain"]:
        manage(int(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] + sys.argv[4:] == ["--manager", "async"]:
        asyncio.run(manage_async(int(sys.argv[2]), int(sys.argv[3])))
    else:
        with AGI(debug=False) as program:
            drive(program, int(sys.argv[1]))
