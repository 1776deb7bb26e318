# SPDX-License-Identifier: MIT
"""asterisk.aio: connecting, logging in, actions."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aio_peer import (
    Action,
    Connection,
    Peer,
    asynchronous,
    channels,
    connected,
    deaf,
    silent,
    until,
)
from asterisk.actions import Action as AnyAction
from asterisk.actions import CoreShowChannels
from asterisk.aio import Manager
from asterisk.astemu import AsteriskEmu
from asterisk.errors import (
    ManagerActionException,
    ManagerAuthException,
    ManagerException,
    ManagerOutcomeUnknown,
    ManagerSocketException,
    ManagerTimeoutException,
    ManagerUnknownActionException,
    ManagerValueError,
)

# Logging in


@pytest.mark.parametrize("md5", [True, False], ids=["md5", "plain"])
@asynchronous
async def test_login(md5: bool) -> None:
    async with connected(md5=md5) as (peer, manager):
        assert manager.connected()
        assert manager.title == "Asterisk Call Manager"
        assert manager.version == "11.0.0"
        assert peer.received == (["Challenge", "Login"] if md5 else ["Login"])
    assert not manager.connected()
    assert peer.connections == []


@pytest.mark.parametrize("md5", [True, False], ids=["md5", "plain"])
@asynchronous
async def test_wrong_secret(md5: bool) -> None:
    async with Peer() as peer:
        manager = peer.manager(secret="wrong", md5=md5)
        with pytest.raises(ManagerAuthException, match="Authentication failed"):
            await manager.connect()
        assert not manager.connected()
        await manager.close()


@pytest.mark.parametrize("md5", [True, False], ids=["md5", "plain"])
@asynchronous
async def test_login_after_connect(md5: bool) -> None:
    async with Peer() as peer:
        manager = Manager("127.0.0.1", peer.port, filters=["Event: Hangup", "!Event: VarSet"])
        greeting = await manager.connect()
        assert greeting.data.strip() == "Asterisk Call Manager/11.0.0"
        assert peer.received == []
        response = await manager.login("admin", "secret", md5=md5, events="call")
        assert response["Message"] == "Authentication accepted"
        assert peer.received[-3:] == ["Login", "Filter", "Filter"]
        assert peer.connection.actions[-3]["Events"] == ["call"]
        assert peer.connection.actions[-1]["Filter"] == ["!Event: VarSet"]
        await manager.close()


@asynchronous
async def test_wrong_secret_after_connect() -> None:
    async with Peer() as peer:
        manager = Manager("127.0.0.1", peer.port)
        await manager.connect()
        with pytest.raises(ManagerAuthException, match="Authentication failed"):
            await manager.login("admin", "wrong")
        await manager.close()


@asynchronous
async def test_mask_and_filters_of_a_login() -> None:
    async with connected(events="call,system", filters=["Event: Hangup"]) as (peer, manager):
        assert peer.connection.actions[1]["Events"] == ["call,system"]
        assert peer.connection.actions[2]["Filter"] == ["Event: Hangup"]
        await manager.add_filter("Event: Newchannel")
        assert peer.connection.actions[3]["Filter"] == ["Event: Newchannel"]


@asynchronous
async def test_logoff() -> None:
    async with connected() as (peer, manager):
        events = manager.events()
        assert (await manager.logoff())["Response"] == "Goodbye"
        assert [event async for event in events] == []
        with pytest.raises(ManagerSocketException, match="Not connected"):
            await manager.send("Ping")


@asynchronous
async def test_connecting_again() -> None:
    async with Peer() as peer:
        manager = peer.manager()
        for _ in range(3):
            await manager.connect()
            with pytest.raises(ManagerException, match="Already connected"):
                await manager.connect()
            assert (await manager.send("Ping")).ok
            await manager.close()


@asynchronous
async def test_emulated_asterisk() -> None:
    loop = asyncio.get_running_loop()
    emulator = AsteriskEmu.demo()
    try:
        async with Manager(
            "localhost", emulator.port, username="demo", secret="secret"
        ) as manager:
            events = manager.events("Newchannel", "Hangup")
            answer = await manager.send(
                "Originate",
                Channel="Local/100@default",
                Application="Wait",
                Async="true",
                final_event="OriginateResponse",
            )
            assert answer.check().events[-1]["Response"] == "Success"
            assert (await events.__anext__()).name == "Newchannel"
            hangup = await manager.wait_for("Hangup")
            assert hangup.has_header("Cause")
            command = await manager.send("Command", Command="core show version")
            assert "Asterisk" in command.response.output[0]
    finally:
        await loop.run_in_executor(None, emulator.close)


# Actions


@asynchronous
async def test_answers() -> None:
    async with connected() as (peer, manager):
        answer = await manager.send("Ping")
        assert answer.ok
        assert answer.response["Ping"] == "Pong"
        assert list(answer) == []


@asynchronous
async def test_refused_action() -> None:
    async with connected() as (peer, manager):
        answer = await manager.send("Nonsense")
        assert not answer.ok
        with pytest.raises(ManagerUnknownActionException):
            answer.check()


@asynchronous
async def test_action_object_and_repeated_headers() -> None:
    async with connected() as (peer, manager):
        answer = await manager.send(CoreShowChannels())
        assert [event["Channel"] for event in answer[:-1]] == ["Local/0", "Local/1", "Local/2"]
        ping = AnyAction("Ping", {"Variable": ["a=1", "b=2"]})
        await manager.send(ping, More=["x", "y"], No=None)
        action = peer.connection.actions[-1]
        assert action["Variable"] == ["a=1", "b=2"]
        assert action["More"] == ["x", "y"]
        assert "No" not in action


@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "a\rb", "a\0b", "a" * 2000])
@asynchronous
async def test_what_cannot_be_sent_is_refused(value: str) -> None:
    async with connected() as (peer, manager):
        before = len(peer.connection.actions)
        with pytest.raises(ManagerValueError):
            await manager.send("Ping", Text=value)
        with pytest.raises(ManagerValueError):
            manager.stream("Ping", Text=value)
        with pytest.raises(ManagerValueError):
            manager.submit("Pi\nng")
        assert (await manager.send("Ping")).ok
        assert len(peer.connection.actions) == before + 1


@asynchronous
async def test_any_bytes_survive() -> None:
    def echo(connection: Connection, action: Action) -> None:
        connection.respond(action, Text=action["Text"][0])

    text = bytes(range(0x20, 0x100)).decode("utf-8", "surrogateescape") + "é€"
    async with connected({"Echo": echo}) as (peer, manager):
        answer = await manager.send("Echo", Text=text)
        assert answer.response["Text"] == text.strip()


@asynchronous
async def test_ten_thousand_in_flight() -> None:
    held: list[tuple[Connection, Action]] = []

    def hold(connection: Connection, action: Action) -> None:
        held.append((connection, action))
        if len(held) == 10000:
            for connection, action in reversed(held):
                connection.respond(action, Text=action["Text"][0])

    async with connected({"Hold": hold}) as (peer, manager):
        futures = [manager.submit("Hold", Text=n) for n in range(5000)]
        tasks = [asyncio.ensure_future(manager.send("Hold", Text=n)) for n in range(5000, 10000)]
        answers = await asyncio.gather(*futures, *tasks)
        assert [int(answer.response["Text"]) for answer in answers] == list(range(10000))


@asynchronous
async def test_action_that_is_not_answered_in_time() -> None:
    async with connected({"Slow": silent}, timeout=0.05) as (peer, manager):
        with pytest.raises(ManagerTimeoutException):
            await manager.send("Slow")
        with pytest.raises(ManagerTimeoutException):
            async for _ in manager.stream("Slow", timeout=0.01):
                pass
        # The late answer belongs to nobody, and disturbs nobody.
        for action in peer.connection.actions[2:]:
            peer.connection.respond(action, Text="late")
        assert (await manager.send("Ping", timeout=60)).response["Ping"] == "Pong"


@pytest.mark.parametrize("how", ["send", "submit"])
@asynchronous
async def test_cancelled_action(how: str) -> None:
    async with connected({"Slow": silent}) as (peer, manager):
        before = manager.submit("Slow")
        waiting: asyncio.Future[Any] = asyncio.ensure_future(getattr(manager, how)("Slow"))
        await until(lambda: peer.received[-2:] == ["Slow", "Slow"])
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        first, second = peer.connection.actions[-2:]
        peer.connection.respond(second, Text="late")
        peer.connection.respond(first, Text="in time")
        assert (await before).response["Text"] == "in time"
        assert (await manager.send("Ping")).ok


@asynchronous
async def test_wait_for_of_asyncio_withdraws_the_action() -> None:
    async with connected({"Slow": silent}) as (peer, manager):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(manager.send("Slow"), 0.02)
        assert manager._connection is not None
        assert manager._connection._session.in_flight == 0
        assert (await manager.send("Ping")).ok


# Lists


@asynchronous
async def test_list_as_it_comes() -> None:
    go_on = asyncio.Event()

    async def slowly(connection: Connection, action: Action) -> None:
        number = action["ActionID"][0]
        connection.respond(action, EventList="start")
        connection.event("Item", ActionID=number, N=1)
        await go_on.wait()
        connection.event("Item", ActionID=number, N=2)
        connection.event("ItemsComplete", ActionID=number, EventList="Complete")

    async with connected({"Items": slowly}) as (peer, manager):
        with manager.stream("Items") as items:
            assert items.response is None
            assert (await items.__anext__())["N"] == "1"
            assert items.response is not None and items.response["EventList"] == "start"
            go_on.set()
            assert [item.name async for item in items] == ["Item", "ItemsComplete"]


@asynchronous
async def test_refused_list() -> None:
    async with connected() as (peer, manager):
        with pytest.raises(ManagerUnknownActionException, match="unknown command"):
            async for _ in manager.stream("Nonsense"):
                pass


@asynchronous
async def test_cancelled_list() -> None:
    def cancelled(connection: Connection, action: Action) -> None:
        connection.respond(action, EventList="start")
        connection.event("Item", ActionID=action["ActionID"][0])
        connection.event("End", ActionID=action["ActionID"][0], EventList="Cancelled")

    async with connected({"Items": cancelled}) as (peer, manager):
        names = []
        with pytest.raises(ManagerActionException):
            async for item in manager.stream("Items"):
                names.append(item.name)
        assert names == ["Item", "End"]


@asynchronous
async def test_list_that_nobody_wants_any_more() -> None:
    async with connected(
        {"CoreShowChannels": lambda c, a: channels(c, a, 1000)}
    ) as (peer, manager):
        async for _ in manager.stream("CoreShowChannels"):
            break
        with manager.stream("CoreShowChannels"):
            pass
        manager.stream("CoreShowChannels")
        stray = manager.events("CoreShowChannel")
        assert len(await manager.send("CoreShowChannels")) == 1001
        assert stray.waiting == 0


# The end


@asynchronous
async def test_close_again_and_again() -> None:
    async with Peer() as peer:
        manager = peer.manager()
        await manager.close()
        await manager.connect()
        await asyncio.gather(manager.close(), manager.close(), manager.close())
        await manager.close()
        assert not manager.connected()


@asynchronous
async def test_close_while_actions_are_in_flight() -> None:
    async with Peer({"Slow": silent}) as peer:
        manager = peer.manager()
        await manager.connect()
        pending: list[asyncio.Future[Any]] = [manager.submit("Slow") for _ in range(100)]
        pending += [asyncio.ensure_future(manager.send("Slow")) for _ in range(100)]
        await manager.close()
        ends = await asyncio.gather(*pending, return_exceptions=True)
        assert {type(end) for end in ends} <= {ManagerOutcomeUnknown, ManagerSocketException}
        assert len(ends) == 200


@asynchronous
async def test_close_while_connecting() -> None:
    async with Peer(greeting=b"") as peer:
        manager = peer.manager()
        connecting = asyncio.ensure_future(manager.connect())
        await until(lambda: bool(peer.connections))
        await manager.close()
        with pytest.raises(ManagerSocketException):
            await connecting


@asynchronous
async def test_cancelled_while_connecting() -> None:
    async with Peer(greeting=b"") as peer:
        manager = peer.manager()
        connecting = asyncio.ensure_future(manager.connect())
        await until(lambda: bool(peer.connections))
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await until(lambda: peer.connection.reader.at_eof())
        peer.greeting = b"Asterisk Call Manager/11.0.0\r\n"
        await manager.connect()
        await manager.close()


@asynchronous
async def test_close_when_the_server_says_no_goodbye() -> None:
    async with connected({"Logoff": silent}) as (peer, manager):
        await manager.close()
        assert peer.received[-1] == "Logoff"


@asynchronous
async def test_close_when_the_server_does_not_read() -> None:
    async with Peer({"Deaf": deaf}) as peer:
        manager = peer.manager()
        await manager.connect()
        futures = [manager.submit("Deaf")]
        futures += [manager.submit("Ping", Text=["x" * 900] * 20) for _ in range(1000)]
        await until(lambda: len(peer.connection.actions) > 2)
        await manager.close()
        ends = await asyncio.gather(*futures, return_exceptions=True)
        assert all(isinstance(end, ManagerSocketException) for end in ends)
        # Those that stayed with us are known to have stayed.
        assert not isinstance(ends[-1], ManagerOutcomeUnknown)


LEFT_OPEN = """
import asyncio, sys
from asterisk.aio import Manager, Reconnect

async def main():
    manager = Manager("127.0.0.1", int(sys.argv[1]), username="admin", secret="secret",
                      keepalive=60, reconnect=Reconnect())
    await manager.connect()
    manager.submit("Slow")
    manager.events()
    print("logged in", flush=True)

asyncio.run(main())
print("ended")
"""


@asynchronous
async def test_program_that_closes_nothing_ends() -> None:
    async with Peer({"Slow": silent}) as peer:
        program = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            LEFT_OPEN,
            str(peer.port),
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(sys.modules["asterisk"].__path__[0]).parent)},
        )
        output, _ = await program.communicate()
        assert output.split(b"\n") == [b"logged in", b"ended", b""]
        assert program.returncode == 0


@asynchronous
async def test_settings_that_are_none() -> None:
    with pytest.raises(ValueError):
        Manager(event_queue_policy="pray")
    with pytest.raises(ValueError):
        Manager(event_queue_size=0)
    with pytest.raises(TypeError):
        Manager(tls="yes")  # type: ignore[arg-type]
    with pytest.raises(ManagerValueError):
        await Manager(username="a\r\nb", secret="").connect()
