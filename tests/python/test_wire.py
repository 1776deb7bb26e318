# SPDX-License-Identifier: MIT
"""The wire cases that all tests share, through the Python core."""

from __future__ import annotations

from typing import Any, List, Tuple

import pytest
from wire import Case, Expected, cases

from asterisk import _core

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
CASES = list(cases("ami"))


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def compare(message: Any, expected: Expected) -> None:
    """Compare a message of the core with what the case says of it."""
    lines = [(encoded(name), encoded(value)) for name, value in message.items()]
    assert lines == [(name or b"", value) for name, value in expected.lines]
    if expected.kind == "event":
        # The name is a value like any other, which pyst gives without the blanks around it.
        assert expected.name is not None and encoded(message.name) == expected.name.strip()
    if expected.data is not None:
        assert encoded(message.data) == expected.data
    if expected.raw is not None:
        assert message.raw == expected.raw


def run(case: Case, size: int) -> Tuple[List[Any], List[Any], int]:
    """Return the events, the other messages and errors, and how the session ended."""
    options: Any = case.limits
    session, queue = _core.Session(**options), _core.EventQueue()
    if not case.greeting:
        session.feed(GREETING)
        session.pump(queue)
    events: List[Any] = []
    others: List[Any] = []
    end = 0
    for position in range(0, len(case.data) + 1, size):
        piece = case.data[position : position + size]
        session.feed(piece)
        if position + size > len(case.data):
            session.disconnected()
        for kind, error, _, message, _ in session.pump(queue):
            if kind == _core.CLOSED:
                end = error
            elif kind == _core.LOST:
                others.append(_core.error_name(error))
            elif kind != _core.READY:
                others.append(message)
        events += queue.take()
    return events, others, end


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_case(case: Case) -> None:
    for size in (len(case.data) + 1, 1):
        events, others, end = run(case, size)
        expected = [message for message in case.expected if message.error != "GREETING"]
        assert len(events) == sum(message.kind == "event" for message in expected)
        assert len(others) == sum(message.kind != "event" for message in expected)
        for message in expected:
            if message.kind == "event":
                compare(events.pop(0), message)
            elif message.kind == "error":
                assert others.pop(0) == message.error
            else:
                compare(others.pop(0), message)
        if len(expected) < len(case.expected):
            assert end == _core.ERR_GREETING
        elif case.seal == "TRUNCATED":
            assert end == _core.ERR_TRUNCATED


def test_there_are_cases() -> None:
    assert len(CASES) > 50
