# SPDX-License-Identifier: MIT
"""asterisk._core.AgiSession: bytes in, notices out."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import socket
from typing import Any

import pytest

from asterisk import _core
from asterisk._core import AgiReply, AgiSession

ENVIRONMENT = b"agi_a: b\nno colon\n: no name\nagi_a: c \nagi_network_script: p%20q?x=%C3%A4&y&x=2\n\n"


def session(**kwargs: Any) -> AgiSession:
    made = AgiSession(**kwargs)
    made.feed(ENVIRONMENT)
    assert made.next() == _core.AGI_ENVIRONMENT
    return made


def test_environment() -> None:
    made = AgiSession()
    with pytest.raises(_core.Error) as caught:
        made.environment()
    assert caught.value.code == _core.ERR_STATE
    for i in range(len(ENVIRONMENT)):
        assert made.next() is None
        made.feed(memoryview(ENVIRONMENT)[i : i + 1])
    assert made.next() == _core.AGI_ENVIRONMENT and made.next() is None
    assert made.environment() == {
        "agi_a": "c",
        "no colon": "",
        "agi_network_script": "p%20q?x=%C3%A4&y&x=2",
    }
    assert made.environment_text().split("\n")[1] == "no colon"
    assert made.path() == "p q"
    assert made.parameters() == [("x", "\u00e4"), ("y", None), ("x", "2")]
    assert made.arguments() == []


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ({"environment_size": 20}, _core.ERR_LIMIT_ENVIRONMENT),
        ({"environment_count": 2}, _core.ERR_LIMIT_ENVIRONMENT),
    ],
)
def test_limits_of_the_environment(limits: dict[str, int], error: int) -> None:
    made = AgiSession(**limits)
    made.feed(ENVIRONMENT)
    assert made.next() == _core.AGI_CLOSED
    assert made.error == error and made.is_closed


def test_limit_of_a_reply() -> None:
    made = session(reply_size=20)
    made.submit("X")
    made.feed(b"200 result=1 (" + b"x" * 20 + b")\n")
    reply = made.next()
    assert isinstance(reply, AgiReply)
    assert (reply.code, reply.error) == (0, _core.ERR_LIMIT_REPLY)


@pytest.mark.parametrize("kwargs", [{"reply_size": -1}, {"command_size": 8192}, {"reply_size": "x"}])
def test_settings_that_are_none(kwargs: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        AgiSession(**kwargs)


def test_one_command_at_a_time() -> None:
    made = session()
    assert made.submit("GET VARIABLE", ("a", 1, b"\xff", 1.5)) == b"GET VARIABLE a 1 \xff 1.5\n"
    assert made.busy
    with pytest.raises(_core.Error) as caught:
        made.submit("NOOP")
    assert caught.value.code == _core.ERR_STATE
    made.feed(b"200 result=0\n")
    assert isinstance(made.next(), AgiReply) and not made.busy


def test_hangup_is_told_once() -> None:
    made = session()
    made.hang_up()
    made.hang_up()
    assert made.is_hung_up
    assert made.next() == _core.AGI_HANGUP and made.next() is None
    made.feed(b"HANGUP\nHANGUP\n")
    assert made.next() is None
    made.disconnected()
    assert made.next() == _core.AGI_CLOSED and made.error == 0 and made.next() is None


def test_what_is_given_has_to_be_of_its_kind() -> None:
    made = session()
    calls: list[tuple[Any, tuple[Any, ...]]] = [
        (made.submit, ()),
        (made.submit, ("X", ["a"])),
        (made.submit, ("X", (), 1)),
        (made.feed, ("text",)),
        (made.send, ()),
        (made.send, ("x", "X")),
        (made.exchange, (1,)),
        (made.exchange, ("x", 1, "X")),
        (made.wait, ("x",)),
        (made.receive, ("x",)),
        (made.disconnected, (1, 2)),
        (made.disconnected, ("x",)),
    ]
    for function, args in calls:
        with pytest.raises(TypeError):
            function(*args)

    class Bad:
        def __str__(self) -> str:
            raise KeyError("bad")

    for function in (_core.agi_quote, _core.agi_word, made.submit):
        with pytest.raises(KeyError):
            function(Bad())
    with pytest.raises(UnicodeEncodeError):
        made.submit("\ud800")
    assert not made.busy


@pytest.mark.parametrize(
    ("argument", "word"),
    [
        ("plain-1/2,3", "plain-1/2,3"),
        ("", '""'),
        ("two words", '"two words"'),
        ('"quoted already"', '"quoted already"'),
        ('"not" quoted"', '"\\"not\\" quoted\\""'),
        ('"', '"\\""'),
        ('"\\"', '"\\"\\\\\\""'),
        ("\u00e4", '"\u00e4"'),
        ("\U0001f600", '"\U0001f600"'),
        (b"\xff", '"\udcff"'),
        (5, "5"),
        (True, "True"),
    ],
)
def test_words(argument: object, word: str) -> None:
    assert _core.agi_word(argument) == word


def test_exchange_over_descriptors() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"\n200 result=1 (a")
        made = AgiSession()
        assert made.wait(ours.fileno()) == _core.AGI_ENVIRONMENT
        theirs.sendall(b"b)\nHANGUP\n")
        # What came before the command is dropped: only the rest of its line is new.
        theirs.sendall(b"200 result=2\n")
        reply = made.exchange(ours.fileno(), ours.fileno(), "NOOP", ("x",))
        assert reply["result"][0] == "2"
        assert theirs.recv(100) == b"NOOP x\n"
        theirs.close()
        assert made.exchange(ours.fileno(), ours.fileno(), "NOOP").error == _core.ERR_HANGUP


def test_exchange_waits_for_a_descriptor_that_does_not_block() -> None:
    reading, writing = os.pipe()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        os.set_blocking(reading, False)
        os.write(writing, b"\n")
        made = AgiSession()
        assert made.wait(reading) == _core.AGI_ENVIRONMENT
        pid = os.fork()
        if pid == 0:
            theirs.recv(100)
            os.write(writing, b"200 result=7\n")
            os._exit(0)
        assert made.exchange(reading, ours.fileno(), "NOOP")["result"] == ("7", "")
        os.waitpid(pid, 0)
    os.close(reading)
    os.close(writing)


def test_bad_descriptor() -> None:
    made = session()
    with pytest.raises(OSError):
        made.exchange(-1, -1, "NOOP")


def test_send_and_receive_do_not_wait() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        made = session()
        assert made.receive(ours.fileno()) is None
        assert made.send(ours.fileno(), "NOOP") == b""
        assert theirs.recv(100) == b"NOOP\n"
        theirs.sendall(b"200 result=3\n")
        reply = made.receive(ours.fileno())
        assert isinstance(reply, AgiReply) and reply["result"] == ("3", "")
        ours.setblocking(False)
        try:
            while True:
                ours.send(b"x" * 65536)
        except BlockingIOError:
            pass
        assert made.send(ours.fileno(), "NOOP", ("y",)) == b"NOOP y\n"
        theirs.close()
        reply = made.receive(ours.fileno())
        assert isinstance(reply, AgiReply) and reply.error == _core.ERR_HANGUP


def test_reply_can_be_copied() -> None:
    made = session()
    made.submit("X")
    made.feed(b"200 result=1 (v) endpos=5\n")
    reply: Any = made.next()
    for other in (copy.copy(reply), copy.deepcopy(reply), pickle.loads(pickle.dumps(dict(reply)))):
        assert other == reply
    assert AgiReply().text == "" and AgiReply().code == 0
    with pytest.raises(AttributeError):
        reply.code = 1


def test_nothing_leaks_and_finalizers_may_run_anywhere() -> None:
    made = session()

    class Meddler:
        """Part of a cycle, so that the collector runs it, maybe while a reply is made."""

        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            try:
                made.feed(b"HANGUP\n" * 1000)
            except RuntimeError:
                pass

    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for i in range(300):
            Meddler()
            made.submit("GET VARIABLE", (str(i),))
            made.feed(b"200 result=1 (" + str(i).encode() + b")\n")
            notice = made.next()
            while not isinstance(notice, AgiReply):
                notice = made.next()
            assert notice["result"] == ("1", str(i))
    finally:
        gc.set_threshold(*threshold)
