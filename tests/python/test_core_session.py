# SPDX-License-Identifier: MIT
"""Session and EventQueue of the core: bytes in, bytes out, events handed out."""

from __future__ import annotations

import gc
import io
import time
import weakref
from typing import Any, List, Optional, Tuple

import pytest

from asterisk import _core
from asterisk._core import Event, EventQueue, Session

GREETING = b"Asterisk Call Manager/11.0.0\r\n"

Notices = List[Tuple[int, int, Any, Any, Any]]


def greeted(**options: Any) -> Tuple[Session, EventQueue]:
    session, queue = Session(**options), EventQueue()
    session.feed(GREETING)
    assert [notice[0] for notice in session.pump(queue)][0] == _core.GREETED
    return session, queue


def events(count: int, name: str = "E") -> bytes:
    return b"".join(f"Event: {name}\r\nN: {i}\r\n\r\n".encode() for i in range(count))


def sent(session: Session) -> bytes:
    data = session.output()
    session.sent(len(data))
    return data


def no_error(event: Event, exception: BaseException) -> None:
    raise AssertionError("a handler failed") from exception


# -- bytes in --------------------------------------------------------------------------------------


def test_greeting_makes_a_session_without_login_ready() -> None:
    session, queue = Session(), EventQueue()
    assert session.state == _core.STATE_GREETING
    session.feed(GREETING)
    kinds = [(kind, error, user) for kind, error, user, _, _ in session.pump(queue)]
    assert kinds == [(_core.GREETED, 0, None), (_core.READY, 0, None)]
    assert session.state == _core.STATE_READY


def test_bytes_are_received_without_a_copy() -> None:
    session, queue = greeted()
    source = io.BytesIO(events(3))
    with session.get_buffer() as room:
        received = source.readinto(room)
    session.commit(received)
    session.pump(queue)
    assert [event["N"] for event in queue.take()] == ["0", "1", "2"]


def test_a_view_may_be_held_while_its_bytes_are_parsed() -> None:
    session, queue = greeted()
    data = events(2)
    room = session.get_buffer(65536)
    room[: len(data)] = data
    session.commit(len(data))
    session.pump(queue)
    assert len(queue) == 2
    with pytest.raises(BufferError):
        session.get_buffer()
    with pytest.raises(BufferError):
        session.feed(b"")
    room.release()
    session.feed(events(1))
    session.pump(queue)
    assert len(queue) == 3


def test_the_buffer_outlives_the_session() -> None:
    session, _ = greeted()
    room = session.get_buffer()
    del session
    gc.collect()
    room[0] = 1
    assert room[0] == 1


def test_no_more_can_be_committed_than_there_is_room() -> None:
    session, _ = greeted()
    for wrong in (1, -1):
        with pytest.raises(ValueError):
            session.commit(wrong)
    with session.get_buffer() as room:
        size = len(room)
    with pytest.raises(ValueError):
        session.commit(size + 1)
    session.commit(0)
    with pytest.raises(ValueError):
        session.commit(1)


def test_what_is_no_manager_is_told() -> None:
    session, queue = Session(), EventQueue()
    session.feed(b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n")
    assert [notice[:2] for notice in session.pump(queue)] == [(_core.CLOSED, _core.ERR_GREETING)]


# -- actions ---------------------------------------------------------------------------------------


def test_an_action_is_sent_and_ends_with_what_was_given() -> None:
    session, queue = greeted()
    user = object()
    number = session.submit("Ping", [("ActionID", "7"), ("X", 1), ("Y", b"\xfe")], user)
    assert number > 0 and session.in_flight == 1 and session.wants_write
    assert sent(session) == b"Action: Ping\r\nActionID: 7\r\nX: 1\r\nY: \xfe\r\n\r\n"
    assert not session.wants_write
    session.feed(b"Response: Success\r\nActionID: 7\r\nPing: Pong\r\n\r\n")
    ((kind, error, given, message, items),) = session.pump(queue)
    assert (kind, error, items) == (_core.DONE, 0, ())
    assert given is user
    assert message["Ping"] == "Pong"
    assert session.in_flight == 0


def test_output_is_given_piece_by_piece() -> None:
    session, _ = greeted()
    session.submit("Ping", [("ActionID", "1")], None)
    whole = session.output()
    pieces = b""
    while session.wants_write:
        piece = session.output(7)
        session.sent(len(piece))
        pieces += piece
    assert pieces == whole
    with pytest.raises(ValueError):
        session.sent(1)
    with pytest.raises(ValueError):
        session.output(0)


LIST = (
    b"Response: Success\r\nActionID: 1\r\nEventList: start\r\n\r\n"
    b"Event: Item\r\nActionID: 1\r\n\r\n"
    b"Event: Other\r\n\r\n"
    b"Event: ItemsComplete\r\nActionID: 1\r\nEventList: Complete\r\nListItems: 1\r\n\r\n"
)


def test_a_list_is_collected() -> None:
    session, queue = greeted()
    session.submit("Items", [("ActionID", "1")], "user")
    session.feed(LIST)
    ((kind, error, user, message, items),) = session.pump(queue)
    assert (kind, error, user) == (_core.DONE, 0, "user")
    assert message["Response"] == "Success"
    assert [item.name for item in items] == ["Item", "ItemsComplete"]
    assert [event.name for event in queue.take()] == ["Other"]


def test_a_list_is_streamed() -> None:
    session, queue = greeted()
    session.submit("Items", [("ActionID", "1")], "user", list=_core.LIST_STREAM)
    session.feed(LIST)
    notices = session.pump(queue)
    kinds = [_core.RESPONSE, _core.ITEM, _core.ITEM, _core.DONE]
    assert [notice[0] for notice in notices] == kinds
    assert all(notice[2] == "user" for notice in notices)
    assert [item[3].name for item in notices[1:3]] == ["Item", "ItemsComplete"]
    assert type(notices[1][3]) is Event
    assert notices[3][4] == ()


def test_a_list_may_be_events_like_any_other() -> None:
    session, queue = greeted()
    session.submit("Items", [("ActionID", "1")], "user", list=_core.LIST_IGNORE)
    session.feed(LIST)
    assert [notice[0] for notice in session.pump(queue)] == [_core.DONE]
    assert [event.name for event in queue.take()] == ["Item", "Other", "ItemsComplete"]


def test_an_event_may_end_an_action() -> None:
    session, queue = greeted()
    session.submit("Originate", [("ActionID", "1")], None, final_event="OriginateResponse")
    session.feed(b"Response: Success\r\nActionID: 1\r\n\r\n")
    assert session.pump(queue) == []
    session.feed(b"Event: OriginateResponse\r\nResponse: Failure\r\nActionID: 1\r\n\r\n")
    assert [item.name for item in session.pump(queue)[0][4]] == ["OriginateResponse"]


def test_a_stray_response_is_told() -> None:
    session, queue = greeted()
    session.feed(b"Response: Success\r\nActionID: nobody's\r\n\r\n")
    assert [notice[0] for notice in session.pump(queue)] == [_core.STRAY]


def test_an_action_can_be_cancelled() -> None:
    session, queue = greeted()
    number = session.submit("Ping", [], "user")
    assert session.cancel(number) is True
    assert session.cancel(number) is False
    assert session.pump(queue) == [(_core.DONE, _core.ERR_CANCELLED, "user", None, ())]


def test_an_action_times_out() -> None:
    session, queue = greeted()
    session.submit("Ping", [], "user", timeout=0)
    timeout = session.timeout()
    assert timeout is not None
    time.sleep(timeout + 0.01)
    assert session.timeout() == 0.0
    session.tick()
    assert session.pump(queue) == [(_core.DONE, _core.ERR_TIMED_OUT, "user", None, ())]
    assert session.timeout() is None


def test_the_loss_of_the_connection_ends_every_action_once() -> None:
    session, queue = greeted()
    session.submit("Ping", [], 1)
    sent(session)
    session.submit("Ping", [], 2)
    session.disconnected(_core.ERR_SYSTEM)
    ended = [notice[:3] for notice in session.pump(queue)]
    assert sorted(ended, key=lambda notice: str(notice[2])) == [
        (_core.DONE, _core.ERR_UNKNOWN_OUTCOME, 1),
        (_core.DONE, _core.ERR_NOT_SENT, 2),
        (_core.CLOSED, _core.ERR_SYSTEM, None),
    ]
    assert session.pump(queue) == []


def test_a_session_can_begin_anew() -> None:
    session, queue = greeted()
    with pytest.raises(_core.Error) as caught:
        session.restart()
    assert caught.value.code == _core.ERR_STATE
    session.disconnected()
    session.pump(queue)
    session.restart()
    session.feed(GREETING + events(1))
    assert [notice[0] for notice in session.pump(queue)] == [_core.GREETED, _core.READY]
    assert len(queue) == 1


@pytest.mark.parametrize(
    ("name", "headers", "error"),
    [
        ("Ping", [("A", "b\r\nAction: Logoff")], "BAD_VALUE"),
        ("Ping", [("A", "b\n")], "BAD_VALUE"),
        ("Ping", [("A", "\0")], "BAD_VALUE"),
        ("Ping", [("A", b"\r")], "BAD_VALUE"),
        ("Ping", [("A\r\nB", "c")], "BAD_NAME"),
        ("Ping", [("A:", "c")], "BAD_NAME"),
        ("Ping", [("", "c")], "BAD_NAME"),
        ("Ping\r\n", [], "BAD_VALUE"),
        ("", [], "BAD_VALUE"),
        ("Ping", [("A", "x" * 2000)], "LINE_TOO_LONG"),
        ("Ping", [("A", "x")] * 200, "TOO_MANY_HEADERS"),
    ],
)
def test_what_cannot_be_sent_is_refused_before(
    name: str, headers: List[Tuple[str, Any]], error: str
) -> None:
    session, queue = greeted()
    with pytest.raises(_core.Error) as caught:
        session.submit(name, headers, None)
    assert _core.error_name(caught.value.code) == error
    assert caught.value.args == (caught.value.code, _core.strerror(caught.value.code))
    assert not session.wants_write and session.in_flight == 0
    assert session.pump(queue) == []


def test_headers_that_are_none_are_refused() -> None:
    session, _ = greeted()
    wrong: List[Any] = [5, [5], [("a",)], [("a", "b", "c")], [(1, "b")], [None], ["abc"]]
    for headers in wrong:
        with pytest.raises((TypeError, ValueError)):
            session.submit("Ping", headers, None)
    assert not session.wants_write


def test_an_exception_of_a_header_passes() -> None:
    class Broken:
        def __str__(self) -> str:
            raise ZeroDivisionError

    def pairs() -> Any:
        yield ("A", "b")
        raise ZeroDivisionError

    session, _ = greeted()
    for headers in ([("A", Broken())], pairs()):
        with pytest.raises(ZeroDivisionError):
            session.submit("Ping", headers, None)
    assert not session.wants_write


def test_login_and_filters_are_the_sessions_own_work() -> None:
    session, queue = greeted(
        username="u", secret="s", events="call", filters=["Event: Hangup", "!X"]
    )
    assert session.state == _core.STATE_LOGIN
    data = sent(session)
    assert b"Action: Login\r\n" in data and b"Username: u\r\nSecret: s\r\nEvents: call\r\n" in data


def test_md5_hides_the_secret() -> None:
    session, _ = greeted(username="u", secret="s", md5=True)
    data = sent(session)
    assert b"Action: Challenge\r\n" in data and b"AuthType: MD5\r\n" in data
    assert b"Secret" not in data


def test_options_that_are_none_are_refused() -> None:
    wrong: List[Any] = [
        ({"keepalive": -1}, ValueError),
        ({"keepalive": float("nan")}, ValueError),
        ({"keepalive": "x"}, TypeError),
        ({"line_size": -1}, ValueError),
        ({"filters": 5}, TypeError),
        ({"filters": [5]}, TypeError),
        ({"username": 5}, TypeError),
        ({"username": "a\r\nb", "secret": "s"}, _core.Error),
        ({"nonsense": 1}, TypeError),
    ]
    for options, kind in wrong:
        with pytest.raises(kind):
            Session(**options)


def test_a_limit_is_told_and_loses_one_message() -> None:
    session, queue = greeted(line_size=100)
    session.feed(b"Event: A\r\nX: " + b"x" * 200 + b"\r\n\r\n" + events(1))
    assert [notice[:2] for notice in session.pump(queue)] == [(_core.LOST, _core.ERR_LIMIT_LINE)]
    assert [event.name for event in queue.take()] == ["E"]


def test_a_session_in_a_cycle_is_collected() -> None:
    class User:
        session: Optional[Session] = None

    user = User()
    user.session, _ = greeted()
    user.session.submit("Ping", [], user)
    reference = weakref.ref(user)
    del user
    gc.collect()
    assert reference() is None


# -- the queue -------------------------------------------------------------------------------------


def test_a_full_queue_pauses() -> None:
    session, queue = greeted()[0], EventQueue(2)
    session.feed(events(5))
    session.submit("Ping", [("ActionID", "1")], None)
    session.feed(b"Response: Success\r\nActionID: 1\r\n\r\n")
    assert session.pump(queue) == []
    assert session.stalled and queue.full and len(queue) == 2 == queue.size
    taken = queue.take()
    session.pump(queue)
    taken += queue.take(1)
    assert len(queue) == 1
    session.pump(queue)
    taken += queue.take()
    assert [notice[0] for notice in session.pump(queue)] == [_core.DONE]
    assert not session.stalled
    assert [event["N"] for event in taken] == ["0", "1", "2", "3", "4"]
    assert (queue.queued, queue.dropped) == (5, 0)


def test_force_goes_over_the_bound() -> None:
    session, queue = greeted()[0], EventQueue(2)
    session.feed(events(500))
    session.pump(queue, True)
    assert len(queue) == 500 and not session.stalled
    assert [event["N"] for event in queue.take()] == [str(number) for number in range(500)]


def test_the_oldest_is_dropped_and_counted() -> None:
    session, queue = greeted()[0], EventQueue(3, drop_oldest=True)
    session.feed(events(10))
    session.pump(queue)
    assert not session.stalled and not queue.full
    assert (queue.queued, queue.dropped, len(queue)) == (10, 7, 3)
    assert [event["N"] for event in queue.take()] == ["7", "8", "9"]


def test_a_queue_can_be_cleared() -> None:
    session, queue = greeted()
    session.feed(events(10))
    session.pump(queue)
    queue.clear()
    assert len(queue) == 0 and queue.take() == []


def test_arguments_of_a_queue_are_checked() -> None:
    for size in (0, -1):
        with pytest.raises(ValueError):
            EventQueue(size)
    queue, session = EventQueue(), greeted()[0]
    with pytest.raises(ValueError):
        queue.take(-1)
    with pytest.raises(TypeError):
        session.pump([])  # type: ignore[arg-type]
    wrong: Any = [(None, [], no_error), (None, {}), (None, {}, no_error, "x")]
    for arguments in wrong:
        with pytest.raises(TypeError):
            queue.dispatch(*arguments)


def filled(*names: str) -> EventQueue:
    session, queue = greeted()
    session.feed(b"".join(events(1, name) for name in names))
    session.pump(queue)
    return queue


def test_handlers_of_the_name_come_before_those_of_any() -> None:
    calls: List[Tuple[str, str, Any]] = []

    def handler(label: str) -> Any:
        return lambda event, manager: calls.append((label, event.name, manager))

    callbacks = {"*": [handler("any")], "A": [handler("first"), handler("second")]}
    assert filled("A", "B").dispatch("manager", callbacks, no_error) == 2
    assert calls == [
        ("first", "A", "manager"),
        ("second", "A", "manager"),
        ("any", "A", "manager"),
        ("any", "B", "manager"),
    ]


def test_a_handler_that_returns_true_is_the_last() -> None:
    calls: List[str] = []

    def stop(event: Event, manager: Any) -> bool:
        calls.append("stop")
        return True

    def never(event: Event, manager: Any) -> None:
        calls.append("never")

    filled("A").dispatch(None, {"A": [stop, never], "*": [never]}, no_error)
    assert calls == ["stop"]


def test_who_is_called_is_settled_before() -> None:
    calls: List[str] = []
    callbacks: Any = {"A": []}

    def add(event: Event, manager: Any) -> None:
        calls.append("add")
        callbacks["A"].append(added)
        callbacks["A"].remove(add)
        callbacks["*"] = [added]

    def added(event: Event, manager: Any) -> None:
        calls.append("added")

    callbacks["A"].append(add)
    filled("A", "A").dispatch(None, callbacks, no_error)
    assert calls == ["add", "added", "added"]


def test_an_exception_is_reported_and_stops_nobody() -> None:
    errors: List[Tuple[str, str]] = []
    calls: List[str] = []

    class Unsure:
        def __bool__(self) -> bool:
            raise ValueError("unsure")

    def fail(event: Event, manager: Any) -> None:
        raise KeyError("fail")

    def unsure(event: Event, manager: Any) -> Unsure:
        return Unsure()

    def work(event: Event, manager: Any) -> None:
        calls.append(event.name)

    def report(event: Event, exception: BaseException) -> None:
        assert exception.__traceback__ is not None
        errors.append((event.name, type(exception).__name__))

    callbacks: Any = {"A": [fail, unsure, work], "*": [fail]}
    assert filled("A", "B").dispatch(None, callbacks, report) == 2
    assert calls == ["A"]
    assert errors == [("A", "KeyError"), ("A", "ValueError"), ("A", "KeyError"), ("B", "KeyError")]


def test_what_is_no_exception_of_a_program_passes() -> None:
    def interrupt(event: Event, manager: Any) -> None:
        raise KeyboardInterrupt

    queue = filled("A", "B")
    with pytest.raises(KeyboardInterrupt):
        queue.dispatch(None, {"A": [interrupt]}, no_error)
    assert [event.name for event in queue.take()] == ["B"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_report_that_fails_stops_nobody() -> None:
    calls: List[str] = []

    def fail(event: Event, manager: Any) -> None:
        raise KeyError

    def report(event: Event, exception: BaseException) -> None:
        raise ValueError

    def work(event: Event, manager: Any) -> None:
        calls.append(event.name)

    filled("A", "B").dispatch(None, {"*": [fail, work]}, report)
    assert calls == ["A", "B"]


def test_dispatch_takes_no_more_than_asked() -> None:
    queue = filled("A", "B", "C")
    assert queue.dispatch(None, {}, no_error, 2) == 2
    assert len(queue) == 1


def test_a_handler_may_dispatch() -> None:
    queue = filled("A", "B", "C")
    calls: List[str] = []

    def nest(event: Event, manager: Any) -> None:
        queue.dispatch(None, callbacks, no_error)
        calls.append(event.name)

    callbacks: Any = {"*": [nest]}
    assert queue.dispatch(None, callbacks, no_error) == 1
    assert calls == ["C", "B", "A"]


def test_a_handler_may_clear_the_queue() -> None:
    queue = filled("A", "B", "C")
    calls: List[str] = []

    def stop(event: Event, manager: Any) -> None:
        calls.append(event.name)
        queue.clear()

    assert queue.dispatch(None, {"*": [stop]}, no_error) == 1
    assert calls == ["A"]
