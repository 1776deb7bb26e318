# SPDX-License-Identifier: MIT
"""The asyncio face, with a real server."""

import asyncio
import ssl
from typing import Any, Awaitable, Callable, List, Union

import pytest

from asterisk.aio import Event, Gap, Manager, Reconnect
from asterisk.manager import (
    ManagerAuthException,
    ManagerException,
    ManagerOutcomeUnknown,
    ManagerPermissionException,
    ManagerSocketException,
    ManagerTimeoutException,
)
from asterisk_server import BULK_EXTENSIONS, AsteriskServer


def manager_of(server: AsteriskServer, **settings: Any) -> Manager:
    settings = {"username": "admin", "secret": "secret", "timeout": 60, **settings}
    return Manager(server.host, settings.pop("port", server.ami_port), **settings)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(test(), 300)

    asyncio.run(bounded())


@pytest.mark.parametrize("md5", [False, True], ids=["plain", "md5"])
def test_login(server: AsteriskServer, md5: bool) -> None:
    async def test() -> None:
        async with manager_of(server, md5=md5) as manager:
            assert (await manager.send("Ping")).check().response["Ping"] == "Pong"
            assert (await manager.logoff())["Response"] == "Goodbye"

    run(test)


def test_wrong_secret(server: AsteriskServer) -> None:
    async def test() -> None:
        with pytest.raises(ManagerAuthException, match="Authentication failed"):
            await manager_of(server, secret="wrong").connect()

    run(test)


def test_denied_action(server: AsteriskServer) -> None:
    async def test() -> None:
        async with manager_of(server, username="low", secret="lowsecret") as manager:
            denied = await manager.send(
                "Originate", Channel="Local/short@tests", Application="NoOp"
            )
            with pytest.raises(ManagerPermissionException):
                denied.check()
            (await manager.send("CoreStatus")).check()

    run(test)


def test_tls(server: AsteriskServer) -> None:
    async def test() -> None:
        trusting = ssl.create_default_context(cafile=str(server.certificate))
        async with manager_of(server, port=server.tls_port, tls=trusting) as manager:
            answer = await manager.send("Command", Command="dialplan show bulk")
            assert len(answer.check().response.output) > BULK_EXTENSIONS
        with pytest.raises(ManagerSocketException, match="(?i)certificate"):
            await manager_of(server, port=server.tls_port, tls=True).connect()

    run(test)


def test_port_that_waits_for_us_to_speak(server: AsteriskServer) -> None:
    async def test() -> None:
        with pytest.raises((ManagerTimeoutException, ManagerSocketException)):
            await manager_of(server, port=server.http_port, connect_timeout=1).connect()

    run(test)


def test_list_whole_and_streamed(server: AsteriskServer) -> None:
    async def test() -> None:
        async with manager_of(server) as manager:
            whole = (await manager.send("QueueStatus")).check()
            names = [event.name for event in whole]
            streamed = [event.name async for event in manager.stream("QueueStatus")]
            assert sorted(streamed) == sorted(names)
            assert names[-1] == streamed[-1] == "QueueStatusComplete"

    run(test)


def test_events_of_a_call(server: AsteriskServer) -> None:
    async def test() -> None:
        async with manager_of(server) as manager:
            events = manager.events("Newchannel", "Hangup")
            (
                await manager.send(
                    "Originate",
                    Channel="Local/short@tests",
                    Application="Wait",
                    Data=5,
                    Async="true",
                )
            ).check()
            seen: List[Event] = []
            async for event in events:
                seen.append(event)
                if len(seen) == 4:
                    break
            names = [event.name for event in seen]
            assert names == ["Newchannel", "Newchannel", "Hangup", "Hangup"]
            assert {event["Channel"] for event in seen[:2]} == {
                event["Channel"] for event in seen[2:]
            }

    run(test)


def test_thousand_events_in_order(server: AsteriskServer) -> None:
    async def test() -> None:
        async with manager_of(server) as manager:
            events = manager.events("UserEvent")
            await manager.send(
                "Originate",
                Channel="Local/stream@tests",
                Application="NoOp",
                Async="true",
                Variable="N=1000",
            )
            numbers = []
            async for event in events:
                if event["UserEvent"] == "StreamDone":
                    break
                numbers.append(int(event["I"]))
            assert numbers == list(range(1, 1001))

    run(test)


def test_thousands_of_pings_in_flight(server: AsteriskServer) -> None:
    async def test() -> None:
        async with manager_of(server) as manager:
            answers = await asyncio.gather(*(manager.submit("Ping") for _ in range(5000)))
            assert {answer.response["Ping"] for answer in answers} == {"Pong"}

    run(test)


def test_cancelled_action_leaves_the_session_sound(server: AsteriskServer) -> None:
    async def test() -> None:
        async with manager_of(server) as manager:
            slow = asyncio.ensure_future(
                manager.send(
                    "Originate", Channel="Local/ring@tests", Application="NoOp", Timeout=1000
                )
            )
            await asyncio.sleep(0.1)
            slow.cancel()
            with pytest.raises(asyncio.CancelledError):
                await slow
            # The server answers it first, to nobody, and then this.
            assert (await manager.send("Ping")).check().response["Ping"] == "Pong"
            listed = (await manager.send("CoreShowChannels")).check()
            assert listed[-1].name == "CoreShowChannelsComplete"

    run(test)


def test_action_with_a_deadline(server: AsteriskServer) -> None:
    async def test() -> None:
        async with manager_of(server) as manager:
            with pytest.raises(ManagerTimeoutException):
                await manager.send(
                    "Originate",
                    Channel="Local/ring@tests",
                    Application="NoOp",
                    Timeout=1000,
                    timeout=0.2,
                )
            assert (await manager.send("Ping")).check().response["Ping"] == "Pong"

    run(test)


def test_killed_and_back(own_server: AsteriskServer) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        lost: List[ManagerException] = []
        restored = asyncio.Event()
        reconnect = Reconnect(min_delay=0.05, max_delay=0.5)
        async with manager_of(own_server, reconnect=reconnect) as manager:
            manager.on_lost = lost.append
            manager.on_restored = restored.set
            await manager.add_filter("Event: UserEvent")
            events = manager.events("UserEvent", gaps=True)
            call = manager.submit(
                "Originate", Channel="Local/ring@tests", Application="NoOp", Timeout=50000
            )
            pings = [manager.submit("Ping") for _ in range(100)]
            await asyncio.sleep(0.2)
            own_server.kill()
            ends = await asyncio.gather(call, *pings, return_exceptions=True)
            assert {type(end) for end in ends} == {ManagerOutcomeUnknown}
            await loop.run_in_executor(None, own_server.run)
            await asyncio.wait_for(restored.wait(), 60)
            assert len(lost) == 1
            (await manager.send("UserEvent", UserEvent="Mark", Text="after")).check()
            seen: List[Union[Event, Gap]] = []
            async for event in events:
                seen.append(event)
                if isinstance(event, Event):
                    break
            assert isinstance(seen[0], Gap)
            last = seen[-1]
            assert isinstance(last, Event) and last["Text"] == "after"

    run(test)


def test_killed_without_reconnect(own_server: AsteriskServer) -> None:
    async def test() -> None:
        manager = manager_of(own_server)
        await manager.connect()
        events = manager.events()
        own_server.kill()
        with pytest.raises(ManagerSocketException):
            async for _ in events:
                pass
        with pytest.raises(ManagerException):
            await manager.send("Ping")
        await manager.close()
        await asyncio.get_running_loop().run_in_executor(None, own_server.run)
        await manager.connect()
        assert (await manager.send("Ping")).check().response["Ping"] == "Pong"
        await manager.close()

    run(test)
