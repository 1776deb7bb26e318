# SPDX-License-Identifier: MIT
"""asterisk.aio: what goes wrong, and what is right again after it."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, Union

import pytest

from aio_peer import (
    GREETING,
    Action,
    Answer,
    Connection,
    Peer,
    asynchronous,
    connected,
    deaf,
    event,
    silent,
    until,
)
from asterisk.aio import Event, Gap, Manager, Reconnect
from asterisk.errors import (
    ManagerAuthException,
    ManagerException,
    ManagerOutcomeUnknown,
    ManagerSocketException,
    ManagerTimeoutException,
)

SOON = Reconnect(min_delay=0.001, max_delay=0.01)

# No connection


@asynchronous
async def test_nobody_listens() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(ManagerSocketException) as caught:
                await Manager(host, port).connect()
            number, reason = caught.value
            assert number == errno.ECONNREFUSED
            assert reason == "Connection refused"


@asynchronous
async def test_no_such_host() -> None:
    with pytest.raises(ManagerSocketException):
        await Manager("no-such-host.invalid").connect()


@asynchronous
async def test_host_without_an_answer() -> None:
    async with Peer(greeting=b"") as peer:
        manager = peer.manager(connect_timeout=0.05)
        with pytest.raises(ManagerTimeoutException):
            await manager.connect()
        await manager.close()


@asynchronous
async def test_login_without_an_answer() -> None:
    async with Peer({"Login": silent}) as peer:
        with pytest.raises(ManagerTimeoutException):
            await peer.manager(connect_timeout=0.1).connect()


@pytest.mark.parametrize(
    "greeting",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
        b"\0" * 100000,
        b"Response: Success\r\n\r\n",
    ],
    ids=["HTTP", "SSH", "TLS", "zeros", "response"],
)
@asynchronous
async def test_something_else_on_the_port(greeting: bytes) -> None:
    async with Peer(greeting=greeting) as peer:
        manager = peer.manager()
        with pytest.raises(ManagerSocketException, match="did not greet"):
            await manager.connect()
        await manager.close()


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, with its key in the same file."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        + ["-keyout", str(path), "-out", f"{path}.crt", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=DNS:localhost"],
        check=True,
        capture_output=True,
    )
    with path.open("ab") as file:
        file.write(Path(f"{path}.crt").read_bytes())
    return path


def contexts(certificate: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS for a server, and for a client that trusts it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    return server, ssl.create_default_context(cafile=str(certificate))


@asynchronous
async def test_tls(certificate: Path) -> None:
    def flood(connection: Connection, action: Action) -> None:
        connection.respond(action)
        connection.send("".join(event("A", N=n, Text="x" * 200) for n in range(20000)))

    server, client = contexts(certificate)
    async with Peer({"Flood": flood}, context=server) as peer:
        for host, name in (("localhost", None), ("127.0.0.1", "localhost")):
            manager = Manager(
                host,
                peer.port,
                username="admin",
                secret="secret",
                tls=client,
                server_hostname=name,
                event_queue_size=1000,
            )
            async with manager:
                events = manager.events("A")
                await manager.send("Flood")
                for n in range(20000):
                    assert (await events.__anext__())["N"] == str(n)
                answers = await asyncio.gather(*(manager.submit("Ping") for _ in range(1000)))
                assert all(answer.ok for answer in answers)


@asynchronous
async def test_certificate_of_another(certificate: Path) -> None:
    server, client = contexts(certificate)
    async with Peer(context=server) as peer:
        with pytest.raises(ManagerSocketException, match="(?i)certificate"):
            await peer.manager(tls=client).connect()  # 127.0.0.1 is not in it
        with pytest.raises(ManagerSocketException, match="(?i)certificate"):
            await peer.manager(tls=client, server_hostname="elsewhere.example").connect()
        with pytest.raises(ManagerSocketException, match="(?i)certificate"):
            await peer.manager(tls=True, server_hostname="localhost").connect()


@asynchronous
async def test_tls_with_a_server_that_has_none() -> None:
    async with Peer() as peer:
        with pytest.raises(ManagerSocketException):
            await peer.manager(tls=True).connect()


@asynchronous
async def test_server_with_tls_for_a_client_without(certificate: Path) -> None:
    server, _ = contexts(certificate)
    async with Peer(context=server) as peer:
        with pytest.raises((ManagerSocketException, ManagerTimeoutException)):
            await peer.manager(connect_timeout=0.1).connect()


# A server that dies


async def conversation(manager: Manager) -> str:
    """Log in, list and leave; returns how far that went."""
    try:
        await manager.connect()
    except ManagerSocketException:
        return "no connection"
    stream = manager.events()
    listing = asyncio.ensure_future(manager.send("CoreShowChannels"))
    streamed = manager.stream("CoreShowChannels")
    ends: list[Union[str, BaseException]] = []
    try:
        assert len(await listing) == 4
    except ManagerSocketException as err:
        ends.append(err)
    try:
        assert len([item async for item in streamed]) == 4
    except ManagerSocketException as err:
        ends.append(err)
    await manager.close()
    try:
        assert [event async for event in stream] == []
    except ManagerSocketException as err:
        ends.append(err)
    return "lost" if ends else "done"


@asynchronous
async def test_server_dies_after_each_byte_of_a_conversation() -> None:
    outcomes: list[str] = []
    async with Peer() as peer:
        for budget in range(1, 4000):
            peer.budget = budget
            outcomes.append(await conversation(peer.manager(timeout=30)))
            peer.connections.clear()
            if outcomes[-1] == "done" and len(outcomes) > 2 and outcomes[-2] == "done":
                break
    assert sorted(set(outcomes), key=outcomes.index) == ["no connection", "lost", "done"]
    # Once that went on, it never went less far again.
    assert outcomes == sorted(outcomes, key=["no connection", "lost", "done"].index)


@asynchronous
async def test_reset_connection() -> None:
    lost: list[ManagerException] = []
    async with connected({"Slow": silent}) as (peer, manager):
        manager.on_lost = lost.append
        stream = manager.events()
        pending = [manager.submit("Slow") for _ in range(10)]
        await until(lambda: peer.received[-1:] == ["Slow"])
        peer.connection.reset()
        ends = await asyncio.gather(*pending, return_exceptions=True)
        assert {type(end) for end in ends} == {ManagerOutcomeUnknown}
        assert {getattr(end, "errno") for end in ends} == {errno.ECONNRESET}
        for _ in range(2):
            with pytest.raises(ManagerSocketException):
                await stream.__anext__()
        with pytest.raises(ManagerSocketException):
            await manager.events().__anext__()
        with pytest.raises(ManagerSocketException, match="Not connected"):
            await manager.send("Ping")
        assert len(lost) == 1


@asynchronous
async def test_coroutine_for_a_hook() -> None:
    lost: list[ManagerException] = []

    async def on_lost(error: ManagerException) -> None:
        await asyncio.sleep(0)
        lost.append(error)
        raise RuntimeError("of a hook")

    async with connected() as (peer, manager):
        manager.on_lost = on_lost
        peer.connection.writer.close()
        await until(lambda: bool(lost))


@asynchronous
async def test_server_says_that_it_shuts_down() -> None:
    async with connected() as (peer, manager):
        stream = manager.events()
        peer.connection.event("Shutdown", Shutdown="Cleanly", Restart="False")
        peer.connection.writer.close()
        assert (await stream.__anext__()).name == "Shutdown"
        with pytest.raises(ManagerSocketException, match="shutting down"):
            await stream.__anext__()


@asynchronous
async def test_keepalive_pings() -> None:
    async with Peer({"Ping": silent}) as peer:
        manager = peer.manager(keepalive=0.02)
        async with manager:
            await until(lambda: "Ping" in peer.received)


# Reconnecting


@asynchronous
async def test_reconnect_restores_login_mask_and_filters() -> None:
    hooks: list[Any] = []
    async with connected(reconnect=SOON, events="call", filters=["One"]) as (peer, manager):
        manager.on_lost = hooks.append
        manager.on_restored = lambda: hooks.append("restored")
        stream = manager.events()
        await manager.add_filter("Two")
        await manager.send("Events", EventMask="call,user")
        peer.connection.event("A")
        peer.connection.writer.close()
        await until(lambda: len(hooks) == 2)
        assert isinstance(hooks[0], ManagerSocketException)
        assert hooks[1] == "restored"
        assert peer.received == ["Challenge", "Login", "Filter", "Filter"]
        assert peer.connection.actions[1]["Events"] == ["call,user"]
        assert [action["Filter"] for action in peer.connection.actions[2:]] == [["One"], ["Two"]]
        peer.connection.event("B")
        assert [(await stream.__anext__()).name for _ in range(2)] == ["A", "B"]


@asynchronous
async def test_reconnect_after_a_later_login() -> None:
    restored = asyncio.Event()
    async with Peer() as peer:
        manager = Manager("127.0.0.1", peer.port, reconnect=SOON)
        manager.on_restored = restored.set
        async with manager:
            await manager.login("admin", "secret")
            peer.connection.writer.close()
            await restored.wait()
            assert (await manager.send("Ping")).ok


@asynchronous
async def test_gap_in_a_stream() -> None:
    def accept(connection: Connection, action: Action) -> None:
        connection.respond(action)
        connection.event("B")

    async with connected(reconnect=SOON) as (peer, manager):
        stream = manager.events(gaps=True)
        plain = manager.events()
        peer.connection.event("A")
        peer.answers["Login"] = accept
        peer.connection.writer.close()
        await until(lambda: stream.waiting == 3)
        seen: list[Union[Event, Gap]] = [await stream.__anext__() for _ in range(3)]
        assert [type(item) for item in seen] == [Event, Gap, Event]
        assert isinstance(seen[1], Gap) and isinstance(seen[1].reason, ManagerSocketException)
        assert [(await plain.__anext__()).name for _ in range(2)] == ["A", "B"]


@asynchronous
async def test_reconnect_when_the_server_is_long_away() -> None:
    async with connected(reconnect=SOON) as (peer, manager):
        await peer.stop()
        await until(lambda: not manager.connected())
        with pytest.raises(ManagerSocketException, match="Not connected"):
            await manager.send("Ping")
        await asyncio.sleep(0.05)
        peer.greeting = b"Not an Asterisk\r\n"
        await peer.start()
        await until(lambda: len(peer.connections) >= 2)
        peer.greeting = GREETING
        peer.answers["Login"] = lambda c, a: c.respond(a, "Error", Message="Not yet")
        tried = len(peer.connections)
        await until(lambda: len(peer.connections) > tried and peer.received[-1:] == ["Login"])
        peer.answers["Login"] = lambda c, a: c.respond(a)
        await until(manager.connected)
        assert (await manager.send("Ping")).ok


@asynchronous
async def test_close_while_reconnecting() -> None:
    async with connected(reconnect=Reconnect(1000, 1000)) as (peer, manager):
        stream = manager.events()
        peer.connection.writer.close()
        await until(lambda: not manager.connected())
        with pytest.raises(ManagerException, match="Already"):
            await manager.connect()
        await manager.close()
        assert [event async for event in stream] == []
        await manager.connect()
        assert (await manager.send("Ping")).ok


@asynchronous
async def test_close_while_an_attempt_is_made() -> None:
    async with connected(reconnect=SOON) as (peer, manager):
        peer.greeting = b""
        peer.connection.writer.close()
        await until(lambda: len(peer.connections) == 2)
        await manager.close()
        assert not manager.connected()


@asynchronous
async def test_wrong_secret_is_not_tried_again() -> None:
    async with Peer() as peer:
        manager = peer.manager(secret="wrong", reconnect=SOON)
        with pytest.raises(ManagerAuthException):
            await manager.connect()
        await asyncio.sleep(0.05)
        assert len(peer.connections) == 1


@asynchronous
async def test_each_action_ends_once_and_none_is_repeated() -> None:
    served: Counter[str] = Counter()
    ends: dict[int, list[Any]] = {}
    refused = 0
    answers: dict[str, Answer] = {}

    def ping(connection: Connection, action: Action) -> None:
        served[action["ActionID"][0]] += 1
        connection.respond(action, Ping="Pong")

    answers["Ping"] = ping
    async with connected(answers, reconnect=SOON) as (peer, manager):
        number = 0
        for round_ in range(10):
            for _ in range(20):
                for _ in range(20):
                    number += 1
                    try:
                        future = manager.submit("Ping", ActionID=f"test-{number}")
                    except ManagerSocketException:
                        refused += 1
                        continue
                    ends[number] = []
                    future.add_done_callback(ends[number].append)
                await asyncio.sleep(0)
            await peer.stop(reset=round_ % 2 == 1)
            await until(lambda: not manager.connected())
            await peer.start()
            await until(manager.connected)
        assert (await manager.send("Ping", ActionID="last")).ok
    assert all(len(futures) == 1 for futures in ends.values())
    assert refused + len(ends) == number
    assert set(served.values()) == {1}
    failures: Counter[type] = Counter()
    for number, futures in ends.items():
        failure = futures[0].exception()
        if failure is None:
            assert served[f"test-{number}"] == 1
        elif not isinstance(failure, ManagerOutcomeUnknown):
            assert served[f"test-{number}"] == 0
        failures[type(failure)] += 1
    assert failures[ManagerOutcomeUnknown] > 0
    assert failures[type(None)] > 0


# Messages that are too much


@asynchronous
async def test_server_that_stops_reading() -> None:
    async with Peer({"Deaf": deaf}) as peer:
        manager = peer.manager(timeout=0.2)
        await manager.connect()
        futures = [manager.submit("Deaf")]
        futures += [manager.submit("Ping", Text=["x" * 900] * 20) for _ in range(1000)]
        ends = await asyncio.gather(*futures, return_exceptions=True)
        assert {type(end) for end in ends} == {ManagerTimeoutException}
        await manager.close()
