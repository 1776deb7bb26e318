# SPDX-License-Identifier: MIT
"""asterisk.aio: events, to streams and to handlers."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from aio_peer import Action, Connection, Peer, asynchronous, connected, event, until
from asterisk.actions import events as views
from asterisk.aio import Event, Manager
from asterisk.errors import ManagerSocketException, ManagerTimeoutException


def talk(connection: Connection, action: Action) -> None:
    """Answer ``Talk`` with a success and the events that it asks for, each with its number."""
    connection.respond(action)
    names = action["Names"][0].split(",")
    count = int(action.get("Count", ["1"])[0])
    connection.send("".join(event(name, N=n) for n in range(count) for name in names))


def numbers(events: list[Event]) -> list[int]:
    return [int(event["N"]) for event in events]


async def take(stream: Any, count: int) -> list[Any]:
    return [await stream.__anext__() for _ in range(count)]


TALK = {"Talk": talk}

# Streams


@asynchronous
async def test_events_in_order() -> None:
    async with connected(TALK) as (peer, manager):
        stream = manager.events()
        await manager.send("Talk", Names="A,B", Count=500)
        events = await take(stream, 1000)
        assert [event.name for event in events] == ["A", "B"] * 500
        assert numbers(events[::2]) == numbers(events[1::2]) == list(range(500))


@asynchronous
async def test_stream_of_names() -> None:
    async with connected(TALK) as (peer, manager):
        stream = manager.events("A", "C")
        await manager.send("Talk", Names="A,B,C,D", Count=2)
        assert [event.name for event in await take(stream, 4)] == ["A", "C", "A", "C"]
        assert stream.waiting == 0


@asynchronous
async def test_stream_with_a_filter() -> None:
    async with connected(TALK) as (peer, manager):
        stream = manager.events("A", filter=lambda event: int(event["N"]) % 2)
        await manager.send("Talk", Names="A", Count=6)
        assert numbers(await take(stream, 3)) == [1, 3, 5]


@asynchronous
async def test_stream_of_classes() -> None:
    def hang_up(connection: Connection, action: Action) -> None:
        connection.respond(action)
        connection.event("Newchannel", Channel="Local/1", N=1)
        connection.event("Hangup", Channel="Local/1", Cause=16, N=2)
        connection.event("Hangup", Channel="Local/2", Cause=17, N=3)

    async with connected({"Do": hang_up}) as (peer, manager):
        hangups = manager.events(views.Hangup, filter=lambda hangup: hangup.cause == "17")
        both = manager.events(views.Newchannel, views.Hangup)
        seen: list[views.Hangup] = []
        manager.on(views.Hangup, seen.append)
        waiting = manager.wait_for(views.Hangup)
        await manager.send("Do")
        hangup = await hangups.__anext__()
        assert isinstance(hangup, views.Hangup)
        assert hangup.channel == "Local/2"
        assert [type(view) for view in await take(both, 3)] == [
            views.Newchannel,
            views.Hangup,
            views.Hangup,
        ]
        assert [hangup.cause for hangup in seen] == ["16", "17"]
        assert (await waiting).cause == "16"


@asynchronous
async def test_several_streams_at_once() -> None:
    async with connected(TALK) as (peer, manager):
        everything = manager.events()
        some = [manager.events("A") for _ in range(5)]
        none = manager.events("Z")
        await manager.send("Talk", Names="A,B", Count=10)
        for stream in some:
            assert numbers(await take(stream, 10)) == list(range(10))
        assert len(await take(everything, 20)) == 20
        assert none.waiting == 0


@asynchronous
async def test_several_tasks_share_a_stream() -> None:
    taken: list[Event] = []

    async def work(stream: Any) -> None:
        async for event in stream:
            taken.append(event)
            await asyncio.sleep(0)

    async with connected(TALK) as (peer, manager):
        stream = manager.events("A")
        workers = [asyncio.ensure_future(work(stream)) for _ in range(4)]
        await asyncio.sleep(0)
        await manager.send("Talk", Names="A", Count=100)
        await until(lambda: len(taken) == 100)
        workers[0].cancel()
        await asyncio.wait(workers[:1])
        await manager.send("Talk", Names="A", Count=1)
        await until(lambda: len(taken) == 101)
        assert sorted(numbers(taken[:100])) == list(range(100))
        stream.close()
        await asyncio.gather(*workers[1:])


@asynchronous
async def test_stream_made_before_connecting() -> None:
    async with Peer(TALK) as peer:
        manager = peer.manager()
        stream = manager.events("A")
        async with manager:
            await manager.send("Talk", Names="A")
            assert (await stream.__anext__())["N"] == "0"
        assert [event async for event in stream] == []


@asynchronous
async def test_what_came_before_the_end_is_still_given() -> None:
    async with connected(TALK) as (peer, manager):
        stream = manager.events("A")
        await manager.send("Talk", Names="A", Count=10)
        await until(lambda: stream.waiting == 10)
        await manager.close()
        assert numbers([event async for event in stream]) == list(range(10))
        assert [event async for event in manager.events()] == []


@asynchronous
async def test_end_wakes_whoever_waits() -> None:
    async def consume(stream: Any) -> int:
        return len([event async for event in stream])

    async with connected(TALK) as (peer, manager):
        waiting = [asyncio.ensure_future(consume(manager.events())) for _ in range(3)]
        await asyncio.sleep(0.01)
        await manager.close()
        assert await asyncio.gather(*waiting) == [0, 0, 0]


@asynchronous
async def test_stream_that_is_dropped_is_forgotten() -> None:
    async with connected(TALK) as (peer, manager):
        async for _ in _after(manager.events("A"), manager, Names="A", Count=3):
            break
        with manager.events("A") as stream:
            pass
        stream.close()
        manager.events("A")
        await until(lambda: not manager._buffers)
        assert manager._callbacks == {}
        assert manager.events_queued == 0


async def _after(stream: Any, manager: Manager, **headers: Any) -> Any:
    await manager.send("Talk", **headers)
    async for event in stream:
        yield event


@asynchronous
async def test_event_and_answer_keep_their_order() -> None:
    def answer(connection: Connection, action: Action) -> None:
        connection.event("Before")
        connection.respond(action)

    async with connected({"Do": answer}) as (peer, manager):
        stream = manager.events()
        await manager.send("Do")
        assert stream.waiting == 1


# More events than anybody takes


@asynchronous
async def test_full_stream_pauses_reading() -> None:
    async with connected(TALK, event_queue_size=100) as (peer, manager):
        stream = manager.events("A")
        other = manager.events("A", size=10**6)
        for _ in range(20):
            peer.connection.send("".join(event("A", N=n) for n in range(5000)))
        await until(lambda: manager.reading_paused)
        assert manager.connected()
        assert 100 <= stream.waiting < 100000
        assert manager.events_queued == stream.waiting + other.waiting
        assert numbers(await take(stream, 100000)) == list(range(5000)) * 20
        assert not manager.reading_paused
        assert stream.dropped == manager.events_dropped == 0
        assert len(await take(other, 100000)) == 100000


@asynchronous
async def test_full_stream_that_goes_away_resumes_reading() -> None:
    async with connected(TALK, event_queue_size=10) as (peer, manager):
        stream = manager.events("A")
        await manager.send("Talk", Names="A", Count=100)
        await until(lambda: manager.reading_paused)
        stream.close()
        assert not manager.reading_paused
        stream = manager.events("A")
        await manager.send("Talk", Names="A", Count=100)
        await until(lambda: manager.reading_paused)
        del stream
        await until(lambda: not manager.reading_paused)


@asynchronous
async def test_action_in_flight_is_answered_though_a_stream_is_full() -> None:
    async with connected(TALK, event_queue_size=10) as (peer, manager):
        count = 0
        stream = manager.events("A")
        await manager.send("Talk", Names="A", Count=3000)
        async for _ in stream:
            count += 1
            if count % 100 == 1:
                assert (await manager.send("Ping")).ok
            if count == 3000:
                break


@asynchronous
async def test_wait_for_is_served_though_a_stream_is_full() -> None:
    async with connected(TALK, event_queue_size=10) as (peer, manager):
        stream = manager.events("A")
        await manager.send("Talk", Names="A", Count=100)
        await until(lambda: manager.reading_paused)
        waiting = asyncio.ensure_future(manager.wait_for("B"))
        await asyncio.sleep(0)
        peer.connection.event("B")
        assert (await waiting).name == "B"
        assert stream.waiting == 100
        assert manager.reading_paused


@asynchronous
async def test_end_of_the_connection_is_seen_after_a_pause() -> None:
    async with connected(TALK, event_queue_size=10) as (peer, manager):
        stream = manager.events("A")
        await manager.send("Talk", Names="A", Count=100)
        await until(lambda: manager.reading_paused)
        peer.connection.writer.close()
        with pytest.raises(ManagerSocketException):
            async for _ in stream:
                pass


@asynchronous
async def test_close_while_reading_is_paused() -> None:
    async with connected(TALK, event_queue_size=10) as (peer, manager):
        stream = manager.events("A")
        await manager.send("Talk", Names="A", Count=100)
        await until(lambda: manager.reading_paused)
        await manager.close()
        assert len([event async for event in stream]) == 100


@asynchronous
async def test_full_stream_drops_the_oldest() -> None:
    async with connected(TALK, event_queue_policy="drop-oldest") as (peer, manager):
        stream = manager.events("A", size=10)
        patient = manager.events("A", size=10, policy="pause")
        await manager.send("Talk", Names="A", Count=1000)
        await until(lambda: patient.waiting == 1000)
        assert stream.waiting == 10
        assert stream.dropped == 990
        assert patient.dropped == 0
        assert numbers(await take(stream, 10)) == list(range(990, 1000))
        stream.close()
        assert manager.events_dropped == 990
        patient.close()


@asynchronous
async def test_keepalive_rests_while_reading_is_paused() -> None:
    async with connected(TALK, event_queue_size=10, keepalive=0.01) as (peer, manager):
        await until(lambda: "Ping" in peer.received)
        stream = manager.events("A")
        await manager.send("Talk", Names="A", Count=100)
        await until(lambda: manager.reading_paused)
        await asyncio.sleep(0.05)
        assert manager.connected()
        sent = len(peer.connection.actions)
        await take(stream, 100)
        await until(lambda: len(peer.connection.actions) > sent)


# Waiting for one


@asynchronous
async def test_wait_for() -> None:
    async with connected(TALK) as (peer, manager):
        waiting = manager.wait_for("A", predicate=lambda event: event["N"] == "3")
        await manager.send("Talk", Names="A,B", Count=5)
        assert (await waiting)["N"] == "3"
        assert not manager._buffers


@asynchronous
async def test_wait_for_in_vain() -> None:
    async with connected(TALK) as (peer, manager):
        with pytest.raises(ManagerTimeoutException):
            await manager.wait_for("A", timeout=0.01)
        waiting = asyncio.ensure_future(manager.wait_for("A"))
        await asyncio.sleep(0)
        await manager.close()
        with pytest.raises(ManagerSocketException):
            await waiting
        assert not manager._buffers


# Handlers


@asynchronous
async def test_handlers() -> None:
    seen: list[str] = []
    async with connected(TALK) as (peer, manager):

        @manager.on("A")
        def plain(event: Event) -> None:
            seen.append(f"plain {event.name}")

        @manager.on("A")
        async def coroutine(event: Event) -> None:
            await asyncio.sleep(0)
            seen.append(f"coroutine {event.name}")

        @manager.on("*")
        def any_event(event: Event) -> bool:
            seen.append(f"any {event.name}")
            return True

        manager.on("A", lambda event: True)
        manager.on("A", lambda event: seen.append("last"))

        await manager.send("Talk", Names="A,B")
        await until(lambda: len(seen) == 5)
        assert seen == ["plain A", "last", "any A", "any B", "coroutine A"]

        seen.clear()
        manager.off("A", plain)
        manager.off("A", coroutine)
        manager.off("*", any_event)
        await manager.send("Talk", Names="A,B")
        await until(lambda: bool(seen))
        assert seen == ["last"]
        with pytest.raises(ValueError):
            manager.off("A", plain)
        with pytest.raises(ValueError):
            manager.off("B", coroutine)


@asynchronous
async def test_handlers_that_send_actions() -> None:
    seen: list[str] = []
    async with connected(TALK) as (peer, manager):

        @manager.on("A")
        async def handle(event: Event) -> None:
            answer = await manager.send("Ping")
            seen.append(answer.response["Ping"])

        await manager.send("Talk", Names="A", Count=50)
        await until(lambda: len(seen) == 50 and not manager._tasks)


@asynchronous
async def test_handler_that_fails_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Event] = []
    failed: list[tuple[str, str]] = []

    def fail(event: Event) -> None:
        raise RuntimeError("plain")

    async def fail_later(event: Event) -> None:
        await asyncio.sleep(0)
        raise RuntimeError("coroutine")

    async with connected(TALK) as (peer, manager):
        manager.on("A", fail)
        manager.on("A", fail_later)
        manager.on("A", seen.append)
        stream = manager.events("A")
        bad_filter = manager.events("A", filter=lambda event: event["No such header"])
        await manager.send("Talk", Names="A")
        await stream.__anext__()
        await until(lambda: len(caplog.records) == 3)
        assert len(seen) == 1
        assert bad_filter.waiting == 0
        assert {record.name for record in caplog.records} == {"asterisk.aio"}
        assert all("event A failed" in record.message for record in caplog.records)

        bad_filter.close()
        manager.on_handler_error = lambda event, error: failed.append((event.name, str(error)))
        await manager.send("Talk", Names="A")
        await until(lambda: len(failed) == 2)
        assert failed == [("A", "plain"), ("A", "coroutine")]

        def hopeless(event: Event, error: BaseException) -> None:
            raise ValueError("again")

        caplog.clear()
        manager.on_handler_error = hopeless
        await manager.send("Talk", Names="A")
        await until(lambda: len(caplog.records) == 2)
        assert {record.levelno for record in caplog.records} == {logging.ERROR}
        assert (await manager.send("Ping")).ok


@asynchronous
async def test_handler_that_changes_the_handlers() -> None:
    seen: list[str] = []
    async with connected(TALK) as (peer, manager):

        def once(event: Event) -> None:
            seen.append("once")
            manager.off("A", once)
            manager.on("A", lambda event: seen.append("after"))
            streams.append(manager.events("A"))

        streams: list[Any] = []
        manager.on("A", once)
        await manager.send("Talk", Names="A", Count=2)
        await until(lambda: len(seen) == 2)
        assert seen == ["once", "after"]
        assert streams[0].waiting == 1


@asynchronous
async def test_running_handlers_pause_reading() -> None:
    go_on = asyncio.Event()
    seen: list[Event] = []

    async def handle(event: Event) -> None:
        await go_on.wait()
        seen.append(event)

    async with connected(TALK, event_queue_size=10) as (peer, manager):
        manager.on("A", handle)
        await manager.send("Talk", Names="A", Count=100)
        await until(lambda: manager.reading_paused)
        go_on.set()
        await until(lambda: len(seen) == 100)
        await until(lambda: not manager.reading_paused)


@asynchronous
async def test_close_in_a_handler() -> None:
    closed: list[bool] = []
    async with connected(TALK) as (peer, manager):

        @manager.on("A")
        async def handle(event: Event) -> None:
            await manager.close()
            closed.append(not manager.connected())

        await manager.send("Talk", Names="A")
        await until(lambda: bool(closed))
        assert closed == [True]


@asynchronous
async def test_close_cancels_running_handlers() -> None:
    ends: list[str] = []

    async def handle(event: Event) -> None:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    async with connected(TALK) as (peer, manager):
        manager.on("A", handle)
        await manager.send("Talk", Names="A", Count=3)
        await until(lambda: len(manager._tasks) == 3)
    assert ends == ["cancelled"] * 3


@asynchronous
async def test_handler_is_ready_to_act_on_what_comes_with_the_login() -> None:
    def log_in(connection: Connection, action: Action) -> None:
        connection.respond(action, Message="Authentication accepted")
        connection.event("FullyBooted")

    answers: list[Any] = []
    async with Peer({"Login": log_in}) as peer:
        manager = peer.manager()

        @manager.on("FullyBooted")
        async def booted(event: Event) -> None:
            answers.append(await manager.send("Ping"))

        async with manager:
            await until(lambda: bool(answers))


@asynchronous
async def test_mask_is_remembered_for_a_reconnect() -> None:
    async with connected() as (peer, manager):
        await manager.send("Events", EventMask="call,user")
        assert manager._event_mask == "call,user"
