# SPDX-License-Identifier: MIT
"""asterisk.asyncagi: calls over a manager connection, handled in threads."""

from __future__ import annotations

import gc
import logging
import socket
import threading
import time
import traceback
import weakref
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Callable, Optional

import pytest

from asterisk import _core, errors
from asterisk.agi import AGI, AGIAppError, AGIHangup, AGIUnknownError, AGIValueError
from asterisk.asyncagi import AsyncAGI
from asterisk.manager import Manager, Reconnect

from async_agi_peer import Channel, Pbx
from loopback import PATIENCE


@contextmanager
def connected(pbx: Pbx, **options: Any) -> Iterator[Manager]:
    with Manager(timeout=PATIENCE, **options) as manager:
        manager.connect("127.0.0.1", pbx.port)
        manager.login("admin", "secret", events="agi,call")
        yield manager


@contextmanager
def serving(
    handler: Optional[Callable[[AGI], object]] = None,
    script: Optional[Callable[[Channel, str], Optional[str]]] = None,
    **options: Any,
) -> Iterator[tuple[Pbx, AsyncAGI]]:
    with Pbx(script) as pbx, connected(pbx) as manager, AsyncAGI(
        manager, handler, **options
    ) as server:
        yield pbx, server


def until(true: Callable[[], object]) -> None:
    """Wait until something is true; generously, for it always should be."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def remember(agi: AGI) -> None:
    """A handler: is told something, and says it back."""
    agi.set_variable("SEEN", f"{agi.env['agi_uniqueid']} is {agi.env['agi_callerid']}")
    assert agi.get_variable("SEEN") == f"{agi.env['agi_uniqueid']} is 100"


# -- a call ----------------------------------------------------------------------------------------


def test_call_is_handled_and_goes_on_in_the_dialplan() -> None:
    with serving(remember) as (pbx, server):
        channel = pbx.call()
        pbx.wait_until(lambda: channel.released)
        assert channel.variables == {"SEEN": f"{channel.unique_id} is 100"}
        until(lambda: server.counters.calls == 0)
        until(lambda: (server.counters.accepted, server.counters.failed) == (1, 0))
        assert channel.commands[-1] == "ASYNCAGI BREAK"
        assert channel.commands.count("ASYNCAGI BREAK") == 1


def test_same_handler_runs_over_any_agi() -> None:
    ours, theirs = socket.socketpair()
    commands: list[bytes] = []

    def play() -> None:
        with theirs, theirs.makefile("rb") as lines:
            theirs.sendall(b"agi_uniqueid: 1.1\nagi_callerid: 100\n\n")
            for reply in (b"200 result=1\n", b"200 result=1 (1.1 is 100)\n"):
                commands.append(lines.readline())
                theirs.sendall(reply)

    player = threading.Thread(target=play)
    player.start()
    with ours:
        remember(AGI(stream=ours))
    player.join(PATIENCE)
    with serving(remember) as (pbx, _):
        channel = pbx.call()
        pbx.wait_until(lambda: channel.released)
        expected = [command.replace("1795437279.0", "1.1") for command in channel.commands[:2]]
        assert [command.decode().strip() for command in commands] == expected


def test_path_parameters_and_arguments_are_those_of_the_dialplan() -> None:
    seen: list[object] = []

    def note(agi: AGI) -> None:
        seen.append((agi.path, agi.parameters, agi.arguments))

    with serving(note) as (pbx, _):
        channel = pbx.call("ivr/sales?lang=en&x=%41", "two", "")
        pbx.wait_until(lambda: channel.released)
    assert seen == [
        ("ivr/sales", {"lang": "en", "x": "A"}, ["ivr/sales?lang=en&x=%41", "two", ""])
    ]


def test_bytes_that_are_not_utf8_come_through() -> None:
    values = ["é", "\udce9", "a+b %41 (c) d", '"']
    seen: list[str] = []

    def handler(agi: AGI) -> None:
        for value in values:
            agi.set_variable("X", value)
            seen.append(agi.get_variable("X"))

    with serving(handler) as (pbx, _):
        channel = pbx.call()
        pbx.wait_until(lambda: channel.released)
    assert seen == ["é", "\udce9", "a+b %41 (c) d", '\\"']  # ours does not unquote


def test_many_calls_at_once_get_their_own_replies() -> None:
    count = 300

    def handler(agi: AGI) -> None:
        for number in range(5):
            agi.set_variable(f"N{number}", f"{agi.env['agi_uniqueid']}/{number}")
        for number in range(5):
            expected = f"{agi.env['agi_uniqueid']}/{number}"
            assert agi.get_variable(f"N{number}") == expected

    with serving(handler) as (pbx, server):
        channels = [pbx.call() for _ in range(count)]
        pbx.wait_until(lambda: all(channel.released for channel in channels))
        until(lambda: server.counters.calls == 0)
        until(lambda: server.counters.accepted == count)
        until(lambda: server.counters.failed == server.counters.hung_up == 0)


def test_reply_that_asterisk_cut_is_fetched() -> None:
    value = "x" * 1500
    seen: list[str] = []

    def script(channel: Channel, command: str) -> Optional[str]:
        whole = f"200 result=1 ({value})\n"
        if command.startswith("GET VARIABLE"):
            return whole[:1024]
        if command == "NOOP":
            return whole[1024:] + "200 result=0\n"
        return None

    def handler(agi: AGI) -> None:
        seen.append(agi.get_variable("X"))

    with serving(handler, script) as (pbx, _):
        channel = pbx.call()
        pbx.wait_until(lambda: channel.released)
    assert seen == [value]


def test_reply_that_asterisk_lost_is_an_error() -> None:
    errors: list[Exception] = []

    def script(channel: Channel, command: str) -> Optional[str]:
        return "200 result=1 (" + 690 * "%" if command.startswith("GET VARIABLE") else None

    def handler(agi: AGI) -> None:
        try:
            agi.get_variable("X")
        except AGIUnknownError as error:
            errors.append(error)

    with serving(handler, script) as (pbx, _):
        channel = pbx.call()
        pbx.wait_until(lambda: channel.released)
    assert errors[0].args[0] == 503


def test_command_too_long_for_the_manager_is_refused_at_once() -> None:
    errors: list[str] = []

    def handler(agi: AGI) -> None:
        agi.set_variable("X", "x" * 990)
        try:
            agi.set_variable("X", "x" * 1000)
        except AGIValueError as error:
            errors.append(str(error))

    with serving(handler) as (pbx, _):
        channel = pbx.call()
        pbx.wait_until(lambda: channel.released)
        assert len(channel.variables["X"]) == 990
    assert len(errors) == 1


def test_handler_may_end_the_dialogue_by_itself() -> None:
    with serving(lambda agi: agi.execute("ASYNCAGI BREAK")) as (pbx, server):
        channel = pbx.call()
        pbx.wait_until(lambda: channel.released)
        until(lambda: server.counters.accepted and not server.counters.calls)
        assert channel.commands == ["ASYNCAGI BREAK"]


def test_trace_tells_of_each_call() -> None:
    records: list[dict[str, Any]] = []
    with serving(remember, debug=records.append) as (pbx, server):
        channel = pbx.call()
        pbx.wait_until(lambda: channel.released)
    assert len(records) >= 5


def test_manager_without_a_thread_is_driven_by_the_program() -> None:
    with Pbx() as pbx, connected(pbx, thread=False) as manager:
        with AsyncAGI(manager, remember) as server:
            channel = pbx.call()
            deadline = time.monotonic() + PATIENCE
            while not channel.released or server.counters.calls:
                assert time.monotonic() < deadline
                manager.process(0.01)
        assert channel.variables == {"SEEN": f"{channel.unique_id} is 100"}


def test_events_go_to_other_handlers_too() -> None:
    seen: list[str] = []
    with Pbx() as pbx, connected(pbx) as manager:
        manager.register_event("*", lambda event, _: seen.append(event.name))
        with AsyncAGI(manager, remember):
            channel = pbx.call()
            pbx.wait_until(lambda: channel.released)
            until(lambda: "AsyncAGIEnd" in seen)
    assert seen[0] == "AsyncAGIStart"


# -- routes and limits -----------------------------------------------------------------------------


def test_routes_go_by_the_path() -> None:
    seen: list[str] = []
    with serving() as (pbx, server):

        @server.route("ivr/sales")
        def sales(agi: AGI) -> None:
            seen.append("sales")

        @server.route("ivr/*")
        def other(agi: AGI) -> None:
            seen.append("other")

        for path in ("ivr/sales", "ivr/else"):
            channel = pbx.call(path)
            pbx.wait_until(lambda: channel.released)
    assert seen == ["sales", "other"]


def test_call_without_a_route_is_told_so() -> None:
    with serving() as (pbx, server):
        server.add_route("ivr", remember)
        channel = pbx.call("nowhere")
        pbx.wait_until(lambda: channel.released)
        assert channel.variables == {"AGI_SERVER_STATUS": "NOTFOUND"}
        assert any("nowhere" in command for command in channel.commands)
        until(lambda: server.counters.no_route == 1)


def test_call_without_a_route_is_left_to_other_clients_of_a_shared_server() -> None:
    with serving(shared=True) as (pbx, server):
        server.add_route("ivr", remember)
        stranger = pbx.call("nowhere")
        channel = pbx.call("ivr")
        pbx.wait_until(lambda: channel.released)
        assert stranger.commands == []
        until(lambda: server.counters.calls == 0)
        until(lambda: (server.counters.left, server.counters.no_route) == (1, 1))
        stranger.hang_up()


def test_coroutine_functions_are_refused() -> None:
    async def handler(agi: object) -> None:
        """Is never run."""

    with Pbx() as pbx, connected(pbx) as manager:
        with pytest.raises(TypeError):
            AsyncAGI(manager, handler)


def test_calls_above_the_limits_go_on_in_the_dialplan() -> None:
    go_on = threading.Event()
    with serving(lambda agi: go_on.wait(PATIENCE), workers=1, waiting=1, calls=3) as (pbx, server):
        working = pbx.call()
        until(lambda: server.counters.working == 1)
        waiting = pbx.call()
        until(lambda: server.counters.waiting == 1)
        too_many = pbx.call()
        pbx.wait_until(lambda: too_many.released)
        until(lambda: server.counters.refused_waiting == 1)
        until(lambda: server.counters.calls == 2)
        pbx.call().hang_up()
        refused = [pbx.call(), pbx.call()]
        pbx.wait_until(lambda: refused[-1].released)
        assert not working.released and not waiting.released
        go_on.set()
        pbx.wait_until(lambda: working.released and waiting.released)


def test_calls_above_the_number_of_calls_are_counted() -> None:
    go_on = threading.Event()
    with serving(lambda agi: go_on.wait(PATIENCE), calls=1) as (pbx, server):
        first = pbx.call()
        second = pbx.call()
        pbx.wait_until(lambda: second.released)
        until(lambda: server.counters.refused_calls == 1)
        assert not first.released
        go_on.set()


# -- how a call ends -------------------------------------------------------------------------------


def test_hangup_ends_the_command_that_waits() -> None:
    raised: list[BaseException] = []

    def handler(agi: AGI) -> None:
        try:
            agi.wait_for_digit(-1)
        except AGIHangup as error:
            raised.append(error)
            raise

    def script(channel: Channel, command: str) -> Optional[str]:
        return "" if command.startswith("WAIT") else None

    with serving(handler, script) as (pbx, server):
        channel = pbx.call()
        pbx.wait_until(lambda: len(channel.commands) == 1)
        channel.hang_up()
        until(lambda: server.counters.hung_up == 1)
        assert len(raised) == 1
        until(lambda: server.counters.calls == 0)
        # Nothing is sent to a channel that is gone.
        assert channel.commands == ["WAIT FOR DIGIT -1"]


def test_hangup_that_is_asked_for_is_told_before_the_next_command() -> None:
    asked, told = threading.Event(), threading.Event()

    def handler(agi: AGI) -> None:
        agi.noop()
        asked.set()
        assert told.wait(PATIENCE)
        until(lambda: agi.hung_up)

    with serving(handler) as (pbx, server):
        channel = pbx.call()
        assert asked.wait(PATIENCE)
        channel.event("HangupRequest", Cause="0")
        told.set()
        until(lambda: server.counters.working == 0)
        channel.hang_up()


def test_command_that_fails_and_ends_the_dialogue_raises_what_it_always_does() -> None:
    raised: list[BaseException] = []

    def script(channel: Channel, command: str) -> Optional[str]:
        return "200 result=-1 endpos=0\n" if command.startswith("STREAM") else None

    def handler(agi: AGI) -> None:
        for _ in range(2):
            try:
                agi.execute("STREAM FILE", "none", "")
            except AGIAppError as error:
                raised.append(error)
            channel.end()
            until(lambda: server.counters.calls == 0)

    with serving(handler, script) as (pbx, server):
        channel = pbx.call()
        until(lambda: server.counters.accepted and not server.counters.working)
    assert len(raised) == 2
    assert not isinstance(raised[0], AGIHangup)
    assert isinstance(raised[1], AGIHangup)


def test_failing_handler_is_logged_and_its_call_released(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def handler(agi: AGI) -> None:
        agi.noop()
        raise ZeroDivisionError("on purpose")

    with caplog.at_level(logging.ERROR, "asterisk.asyncagi"), serving(handler) as (pbx, server):
        channel = pbx.call("ivr")
        pbx.wait_until(lambda: channel.released)
        until(lambda: caplog.records)
        assert "'ivr'" in caplog.text and "on purpose" in caplog.text
        until(lambda: server.counters.failed == 1)


def test_failing_handler_is_told_to_on_error() -> None:
    told: list[tuple[str, Exception]] = []

    def handler(agi: AGI) -> None:
        raise ZeroDivisionError

    with serving(handler, on_error=lambda path, error: told.append((path, error))) as (pbx, _):
        pbx.call("ivr")
        until(lambda: told)
    assert told[0][0] == "ivr"
    assert isinstance(told[0][1], ZeroDivisionError)


def test_handler_that_exits_ends_its_call_only() -> None:
    def handler(agi: AGI) -> None:
        raise SystemExit(1)

    with serving(handler) as (pbx, server):
        for _ in range(2):
            channel = pbx.call()
            pbx.wait_until(lambda: channel.released)
        until(lambda: server.counters.failed == 0)


def test_command_that_is_forbidden_ends_the_call() -> None:
    with serving(remember) as (pbx, server):
        pbx.refusal = "Permission denied"
        pbx.call()
        until(lambda: server.counters.lost == 1)
        until(lambda: server.counters.hung_up == 1)


def test_call_without_an_environment_is_finished() -> None:
    with serving(remember) as (pbx, server):
        channel = pbx.call()
        pbx.wait_until(lambda: channel.released)
        odd = Channel(pbx, 99, ())
        pbx.channels[odd.unique_id] = odd
        odd.event("AsyncAGIStart", Env=600 * "a%3A%20b%0A" + "%0A")
        pbx.wait_until(lambda: odd.released)
        until(lambda: server.counters.broken == 1)


# -- the manager -----------------------------------------------------------------------------------


def test_loss_of_the_manager_hangs_up_on_every_handler() -> None:
    def script(channel: Channel, command: str) -> Optional[str]:
        return ""

    with serving(lambda agi: agi.noop(), script) as (pbx, server):
        channels = [pbx.call() for _ in range(20)]
        pbx.wait_until(lambda: all(channel.commands for channel in channels))
        pbx.connection.close()
        until(lambda: server.counters.hung_up == 20)
        until(lambda: server.counters.lost == 20)
        until(lambda: server.counters.calls == 0)


def test_calls_of_a_lost_connection_are_released_on_the_next() -> None:
    started = threading.Event()
    heard: list[AGIHangup] = []

    def handler(agi: AGI) -> None:
        started.set()
        try:
            while True:
                agi.noop()
        except AGIHangup as error:
            heard.append(error)

    policy = Reconnect(0.01, 0.05)
    with Pbx() as pbx, connected(pbx, reconnect=policy) as manager:
        with AsyncAGI(manager, handler) as server:
            channel = pbx.call()
            assert started.wait(PATIENCE)
            pbx.connection.close()
            pbx.wait_until(lambda: channel.released)
            assert channel.commands[-1] == "ASYNCAGI BREAK"
            until(lambda: heard)
            started.clear()
            again = pbx.call()
            assert started.wait(PATIENCE)
            again.hang_up()
            until(lambda: server.counters.calls == 0)


def test_close_of_the_manager_ends_every_call() -> None:
    started, ended = threading.Event(), threading.Event()

    def handler(agi: AGI) -> None:
        started.set()
        try:
            while True:
                agi.noop()
        except AGIHangup:
            ended.set()

    with Pbx() as pbx, connected(pbx) as manager, AsyncAGI(manager, handler):
        pbx.call()
        assert started.wait(PATIENCE)
        manager.close()
        assert ended.wait(PATIENCE)


class InstantManager:
    """A manager whose actions are over as soon as they are submitted."""

    message_thread = threading.current_thread()

    def __init__(self) -> None:
        self.handlers: dict[str, Callable[[Any, Any], Any]] = {}
        self.depths: list[int] = []
        self._watchers: list[AsyncAGI] = []

    def register_event(self, name: str, handler: Callable[[Any, Any], Any]) -> None:
        self.handlers[name] = handler

    def unregister_event(self, name: str, handler: Callable[[Any, Any], Any]) -> None:
        del self.handlers[name]

    def submit(self, name: str, **headers: str) -> Future[Any]:
        self.depths.append(len(traceback.extract_stack()))
        future: Future[Any] = Future()
        future.set_exception(errors.exception(_core.ERR_REFUSED))
        return future


def test_actions_that_are_over_at_once_do_not_nest() -> None:
    count = 200
    manager: Any = InstantManager()
    with AsyncAGI(manager, lambda agi: None, workers=1, waiting=count) as server:
        with server._lock:  # so that no handler comes in between
            for number in range(count):
                start = start_event(Channel="C", Uniqueid=f"1.{number}", Env="a%3A%20b%0A%0A")
                manager.handlers["AsyncAGIStart"](start, manager)
            server.closed(_core.ERR_CLOSED)
            until(lambda: server.counters.lost == count)
            server.ready()
    assert manager.depths == count * [manager.depths[0]]
    assert manager.handlers == {}


# -- the end ---------------------------------------------------------------------------------------


def test_close_lets_calls_end_and_refuses_new_ones() -> None:
    started, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    def handler(agi: AGI) -> None:
        started.set()
        assert go_on.wait(PATIENCE)
        agi.set_variable("DONE", "yes")

    with Pbx() as pbx, connected(pbx) as manager:
        server = AsyncAGI(manager, handler)

        def close() -> None:
            server.close(drain=PATIENCE)
            closed.set()

        channel = pbx.call()
        assert started.wait(PATIENCE)
        closer = threading.Thread(target=close)
        closer.start()
        until(lambda: server._closing)
        late = pbx.call()
        pbx.wait_until(lambda: late.released)
        assert late.commands == ["ASYNCAGI BREAK"]
        assert not closed.is_set()
        go_on.set()
        assert closed.wait(PATIENCE)
        closer.join(PATIENCE)
        assert channel.variables == {"DONE": "yes"}
        assert channel.released
        server.close()


def test_close_drives_a_manager_without_a_thread() -> None:
    with Pbx() as pbx, connected(pbx, thread=False) as manager:
        server = AsyncAGI(manager, remember)
        channel = pbx.call()
        while not server.counters.accepted:
            manager.process(0.01)
        server.close(drain=PATIENCE)
        assert channel.released
        until(lambda: server.counters.calls == server.counters.failed == 0)


def test_close_cuts_what_does_not_end() -> None:
    raised: list[AGIHangup] = []

    def script(channel: Channel, command: str) -> Optional[str]:
        return "" if command.startswith("WAIT") else None

    def handler(agi: AGI) -> None:
        try:
            agi.wait_for_digit(-1)
        except AGIHangup as error:
            raised.append(error)

    with Pbx(script) as pbx, connected(pbx) as manager:
        with AsyncAGI(manager, handler) as server:
            channel = pbx.call()
            pbx.wait_until(lambda: len(channel.commands) == 1)
            server.close(drain=0)
            assert len(raised) == 1
            assert channel.commands == ["WAIT FOR DIGIT -1", "ASYNCAGI BREAK"]
        # The manager has forgotten it.
        assert manager._event_callbacks["AsyncAGIStart"] == []
        assert manager._watchers == []


# -- the core --------------------------------------------------------------------------------------


def start_event(name: str = "AsyncAGIStart", **headers: str) -> Any:
    queue, session = _core.EventQueue(), _core.Session()
    lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in headers.items()), "", ""]
    session.feed(b"Asterisk Call Manager/11.0.0\r\n" + "\r\n".join(lines).encode())
    session.pump(queue)
    events: list[Any] = []
    queue.dispatch(None, {name: [lambda event, _: events.append(event)]}, print)
    return events[0]


def following(agi: _core.AsyncAgi) -> tuple[int, Any, Any]:
    notice = agi.next()
    assert notice is not None
    return notice


def begun() -> tuple[_core.AsyncAgi, _core.AsyncAgiCall]:
    agi = _core.AsyncAgi(command_id_prefix="x")
    assert agi.event(start_event(Channel="C", Uniqueid="1.1", Env="a%3A%20b%0A%0A")) is True
    kind, call, detail = following(agi)
    assert (kind, detail) == (_core.ASYNC_AGI_STARTED, None)
    assert call is not None
    assert agi.next() == (_core.ASYNC_AGI_RECEIVED, call, b"a: b\n\n")
    assert agi.next() is None
    return agi, call


def test_core_tells_what_to_do() -> None:
    agi, call = begun()
    assert (call.channel, call.unique_id, call.data, agi.count) == ("C", "1.1", None, 1)
    call.send(b"NOOP\n")
    kind, of, action = following(agi)
    assert (kind, of) == (_core.ASYNC_AGI_ACTION, call)
    name, headers, submission = action
    assert name == "AGI"
    assert headers == [("Channel", "1.1"), ("Command", "NOOP"), ("CommandID", "x-1")]
    assert agi.done(submission, _core.ERR_REFUSED) is True
    assert agi.done(submission, 0) is False
    assert agi.next() == (_core.ASYNC_AGI_ENDED, call, 0)
    assert (agi.count, agi.refused) == (0, 0)


def test_core_call_that_is_over_does_nothing_any_more() -> None:
    agi, call = begun()
    assert agi.closed(_core.ERR_TRUNCATED) is False
    assert agi.next() == (_core.ASYNC_AGI_ENDED, call, _core.ERR_TRUNCATED)
    assert (call.channel, call.unique_id) == (None, None)
    call.finish()
    call.leave()
    with pytest.raises(_core.Error) as caught:
        call.send(b"NOOP\n")
    assert caught.value.code == _core.ERR_HANGUP
    assert agi.ready() is False
    kind, of, (_, headers, submission) = following(agi)
    assert (of, headers[1]) == (None, ("Command", "ASYNCAGI BREAK"))
    agi.not_submitted(submission, _core.ERR_STATE)
    assert agi.next() is None


def test_core_call_may_outlive_the_rest() -> None:
    agi, call = begun()
    call.data = "mine"
    del agi
    gc.collect()
    assert (call.channel, call.data) == (None, "mine")
    call.finish()


def test_core_call_that_is_left_is_forgotten() -> None:
    agi, call = begun()
    call.leave()
    assert (agi.count, agi.next(), call.channel) == (0, None, None)


def test_core_cycles_are_collected() -> None:
    class Holder:
        pass

    agi, call = begun()
    holder: Any = Holder()
    holder.agi, holder.call = agi, call
    call.data = holder
    gone = weakref.ref(holder)
    del agi, call, holder
    gc.collect()
    assert gone() is None


def test_core_refuses_nonsense() -> None:
    agi, call = begun()
    wrong: Any = agi
    uses: list[Callable[[], object]] = [
        lambda: wrong.event("x"),
        lambda: wrong.done(1),
        lambda: wrong.done("x", 1),
        lambda: wrong.done(1, "x"),
        lambda: wrong.not_submitted(1),
        lambda: wrong.not_submitted("x", 1),
        lambda: wrong.not_submitted(1, "x"),
        lambda: wrong.closed("x"),
        lambda: call.send("x"),  # type: ignore[arg-type]
        lambda: _core.AsyncAgiCall(),
        lambda: _core.AsyncAgi(calls="x"),  # type: ignore[arg-type]
    ]
    for use in uses:
        with pytest.raises(TypeError):
            use()
    with pytest.raises(ValueError):
        _core.AsyncAgi(calls=-1)
    with pytest.raises(_core.Error):
        _core.AsyncAgi(command_id_prefix="a\nb")
    assert agi.done(4711, 0) is False
    agi.not_submitted(4711, -1)
