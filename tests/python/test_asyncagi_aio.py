# SPDX-License-Identifier: MIT
"""asterisk.aio.AsyncAGI: calls over a manager connection, handled by coroutines."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Optional

import pytest

from asterisk.agi import AGIHangup, AGIValueError
from asterisk.aio import AGI, AsyncAGI, Manager, Reconnect

from aio_peer import asynchronous, until
from async_agi_peer import Channel, Pbx

Handler = Callable[[AGI], Awaitable[object]]


@asynccontextmanager
async def connected(pbx: Pbx, **options: Any) -> AsyncIterator[Manager]:
    settings: dict[str, Any] = {"username": "admin", "secret": "secret", "events": "agi,call"}
    settings.update(options)
    async with Manager("127.0.0.1", pbx.port, **settings) as manager:
        yield manager


@asynccontextmanager
async def serving(
    handler: Optional[Handler] = None,
    script: Optional[Callable[[Channel, str], Optional[str]]] = None,
    **options: Any,
) -> AsyncIterator[tuple[Pbx, AsyncAGI]]:
    with Pbx(script) as pbx:
        async with connected(pbx) as manager, AsyncAGI(manager, handler, **options) as server:
            yield pbx, server


async def remember(agi: AGI) -> None:
    """A handler: is told something, and says it back."""
    for number in range(5):
        await agi.set_variable(f"N{number}", f"{agi.env['agi_uniqueid']}/{number}")
    for number in range(5):
        expected = f"{agi.env['agi_uniqueid']}/{number}"
        assert await agi.get_variable(f"N{number}") == expected


def no_answer(channel: Channel, command: str) -> Optional[str]:
    """A script: WAIT FOR DIGIT waits on."""
    return "" if command.startswith("WAIT") else None


@asynchronous
async def test_call_is_handled_and_goes_on_in_the_dialplan() -> None:
    async with serving(remember) as (pbx, server):
        channel = pbx.call()
        await until(lambda: channel.released and not server.counters.calls)
        assert channel.variables["N4"] == f"{channel.unique_id}/4"
        assert channel.commands.count("ASYNCAGI BREAK") == 1
        await until(lambda: (server.counters.accepted, server.counters.failed) == (1, 0))


@asynchronous
async def test_many_calls_at_once_get_their_own_replies() -> None:
    async with serving(remember) as (pbx, server):
        channels = [pbx.call() for _ in range(300)]
        await until(lambda: all(channel.released for channel in channels))
        await until(lambda: server.counters.calls == 0)
        await until(lambda: server.counters.accepted == 300)
        await until(lambda: server.counters.failed == server.counters.hung_up == 0)


@asynchronous
async def test_routes_go_by_the_path() -> None:
    seen: list[object] = []
    async with serving() as (pbx, server):

        @server.route("ivr/*")
        async def ivr(agi: AGI) -> None:
            seen.append((agi.path, agi.parameters, agi.arguments))

        channel = pbx.call("ivr/sales?lang=en", "two")
        stranger = pbx.call("nowhere")
        await until(lambda: channel.released and stranger.released)
        assert stranger.variables == {"AGI_SERVER_STATUS": "NOTFOUND"}
        await until(lambda: server.counters.no_route == 1)
    assert seen == [("ivr/sales", {"lang": "en"}, ["ivr/sales?lang=en", "two"])]


@asynchronous
async def test_call_without_a_route_is_left_to_other_clients_of_a_shared_server() -> None:
    async with serving(shared=True) as (pbx, server):
        stranger = pbx.call("nowhere")
        await until(lambda: server.counters.left == 1)
        assert stranger.commands == []
        await until(lambda: server.counters.calls == 0)


@asynchronous
async def test_plain_functions_are_refused() -> None:
    with Pbx() as pbx:
        async with connected(pbx) as manager:
            with pytest.raises(TypeError):
                AsyncAGI(manager, lambda agi: None)


@asynchronous
async def test_hangup_ends_the_command_that_waits() -> None:
    async def handler(agi: AGI) -> None:
        await agi.wait_for_digit(-1)

    async with serving(handler, no_answer) as (pbx, server):
        channel = pbx.call()
        await until(lambda: len(channel.commands) == 1)
        channel.hang_up()
        await until(lambda: server.counters.hung_up == 1 and server.counters.calls == 0)
        assert channel.commands == ["WAIT FOR DIGIT -1"]


@asynchronous
async def test_hangup_can_be_waited_for() -> None:
    async def handler(agi: AGI) -> None:
        await agi.wait_hung_up()

    async with serving(handler) as (pbx, server):
        channel = pbx.call()
        await until(lambda: server.counters.working == 1)
        channel.event("HangupRequest", Cause="0")
        await until(lambda: server.counters.working == 0)
        channel.hang_up()
        await until(lambda: server.counters.calls == 0)


@asynchronous
async def test_failing_handler_is_told_and_its_call_released() -> None:
    told: list[tuple[str, Exception]] = []

    async def handler(agi: AGI) -> None:
        await agi.noop()
        raise ZeroDivisionError

    def on_error(path: str, error: Exception) -> None:
        told.append((path, error))

    async with serving(handler, on_error=on_error) as (pbx, server):
        channel = pbx.call("ivr")
        await until(lambda: channel.released)
        await until(lambda: server.counters.failed == 1)
    assert told[0][0] == "ivr"
    assert isinstance(told[0][1], ZeroDivisionError)


def test_failing_handler_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(agi: AGI) -> None:
        raise ZeroDivisionError("on purpose")

    async def main() -> None:
        async with serving(handler) as (pbx, _):
            channel = pbx.call("ivr")
            await until(lambda: channel.released)

    with caplog.at_level(logging.ERROR, "asterisk.asyncagi"):
        asyncio.run(main())
    assert "'ivr'" in caplog.text and "on purpose" in caplog.text


@asynchronous
async def test_command_too_long_for_the_manager_is_refused_at_once() -> None:
    refused: list[AGIValueError] = []

    async def handler(agi: AGI) -> None:
        try:
            await agi.set_variable("X", "x" * 1000)
        except AGIValueError as error:
            refused.append(error)

    async with serving(handler) as (pbx, _):
        channel = pbx.call()
        await until(lambda: channel.released)
    assert len(refused) == 1


@asynchronous
async def test_loss_of_the_manager_hangs_up_on_every_handler() -> None:
    async def handler(agi: AGI) -> None:
        await agi.wait_for_digit(-1)

    async with serving(handler, no_answer) as (pbx, server):
        channels = [pbx.call() for _ in range(20)]
        await until(lambda: all(channel.commands for channel in channels))
        pbx.connection.close()
        await until(lambda: server.counters.hung_up == 20)
        await until(lambda: server.counters.lost == 20)
        await until(lambda: server.counters.calls == 0)


@asynchronous
async def test_calls_of_a_lost_connection_are_released_on_the_next() -> None:
    async def handler(agi: AGI) -> None:
        await agi.wait_for_digit(-1)

    with Pbx(no_answer) as pbx:
        async with connected(pbx, reconnect=Reconnect(0.01, 0.05)) as manager:
            async with AsyncAGI(manager, handler) as server:
                channel = pbx.call()
                await until(lambda: bool(channel.commands))
                pbx.connection.close()
                await until(lambda: channel.released)
                await until(lambda: server.counters.lost == 1)


@asynchronous
async def test_login_releases_the_calls_of_the_connection_before() -> None:
    async def handler(agi: AGI) -> None:
        await agi.wait_for_digit(-1)

    with Pbx(no_answer) as pbx:
        manager = Manager("127.0.0.1", pbx.port)
        await manager.connect()
        await manager.login("admin", "secret", events="agi,call")
        async with AsyncAGI(manager, handler) as server:
            channel = pbx.call()
            await until(lambda: bool(channel.commands))
            await manager.close()
            await until(lambda: server.counters.lost == 1)
            await manager.connect()
            assert not channel.released
            await manager.login("admin", "secret", events="agi,call")
            await until(lambda: channel.released)
        await manager.close()


@asynchronous
async def test_forbidden_command_ends_the_call() -> None:
    async with serving(remember) as (pbx, server):
        pbx.refusal = "Permission denied"
        pbx.call()
        await until(lambda: server.counters.lost == 1 and server.counters.hung_up == 1)


@asynchronous
async def test_close_lets_calls_end_and_refuses_new_ones() -> None:
    go_on = asyncio.Event()

    async def handler(agi: AGI) -> None:
        await go_on.wait()
        await agi.set_variable("DONE", "yes")

    async with serving(handler) as (pbx, server):
        channel = pbx.call()
        await until(lambda: server.counters.working == 1)
        closing = asyncio.ensure_future(server.close(60))
        await asyncio.sleep(0)
        late = pbx.call()
        await until(lambda: late.released)
        assert not closing.done()
        go_on.set()
        await closing
        assert channel.variables == {"DONE": "yes"}
        assert channel.released


@asynchronous
async def test_close_cuts_what_does_not_end() -> None:
    raised: list[AGIHangup] = []

    async def handler(agi: AGI) -> None:
        try:
            await agi.wait_for_digit(-1)
        except AGIHangup as error:
            raised.append(error)

    async with serving(handler, no_answer) as (pbx, server):
        channel = pbx.call()
        await until(lambda: bool(channel.commands))
        await server.close(drain=0)
        assert len(raised) == 1
        await until(lambda: channel.released)


@asynchronous
async def test_close_cancels_a_handler_that_does_not_care() -> None:
    cancelled: list[bool] = []

    async def handler(agi: AGI) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async with serving(handler) as (pbx, server):
        channel = pbx.call()
        await until(lambda: server.counters.working == 1)
        await server.close(drain=0)
        assert cancelled == [True]
        await until(lambda: channel.released)
        await server.close()


@asynchronous
async def test_call_without_an_environment_is_finished() -> None:
    async with serving(remember) as (pbx, server):
        odd = Channel(pbx, 99, ())
        pbx.channels[odd.unique_id] = odd
        odd.event("AsyncAGIStart", Env=600 * "a%3A%20b%0A" + "%0A")
        await until(lambda: odd.released)
        await until(lambda: server.counters.broken == 1)
