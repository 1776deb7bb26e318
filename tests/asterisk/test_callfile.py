# SPDX-License-Identifier: MIT
"""Call files, run by a real Asterisk: what it reads is what was written."""

import os
import time
from pathlib import Path
from typing import Callable, Dict, Optional

import pytest

from asterisk.callfile import CallFile, Found, State, find
from asterisk.manager import Manager
from asterisk_server import AsteriskServer
from heard import Heard

#: Values that Asterisk's parser of call files has a mind of its own about.
VALUES = {
    "PLAIN": "value with spaces",
    "SEMICOLONS": "a;b;;c;",
    "ESCAPED": r"\; \\; ;\ .",
    "HASHES": "#a#b## c#",
    "QUOTES": '"a" "b\' \\"',
    "COMMAS": "a,b,,c|d",
    "EXPRESSIONS": "${EXTEN} $[1 + 1] a=b=c",
    "PARENTHESES": "(a) [b] <c> {d}",
    "UTF8": "grüße, 電話",
    "LATIN1": b"gr\xfc\xdfe".decode("utf-8", "surrogateescape"),
    "CONTROL": "tab\there \x01 \x7f.",
    "LEADING": "   three blanks before",
    "EMPTY": "",
    "LONG": "x" * (1023 - len("Setvar: LONG=\n")),
    "LONG_ESCAPED": ";" * ((1023 - len("Setvar: LONG_ESCAPED=\n")) // 2),
}
#: What else the channel should have.
OTHERS = ("CALLERID(num)", "CALLERID(name)", "CHANNEL(language)", "AST_OUTGOING_ATTEMPT")


@pytest.fixture
def outgoing(server: AsteriskServer) -> Path:
    return server.directory / "spool/outgoing"


def wait_until(path: Path, wanted: Callable[[Optional[Found]], bool]) -> Optional[Found]:
    """Return what is found of a call file once it is as `wanted`."""
    deadline = time.monotonic() + 90
    while True:
        found = find(path)
        if wanted(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def wait_for_state(path: Path, state: State) -> Found:
    found = wait_until(path, lambda found: found is not None and found.status.state is state)
    assert found is not None
    return found


def channel_of(heard: Heard, account: str) -> str:
    """The channel that a call file with this account asked for."""
    event = heard.wait_for(
        lambda event: event.name == "Newstate" and event.get("AccountCode") == account
    )
    channel: str = event["Channel"]
    return channel


def test_a_call_is_made_with_its_variables(
    server: AsteriskServer, manager: Manager, outgoing: Path
) -> None:
    heard = Heard(manager)
    call = CallFile(
        "Local/wait@tests/n",
        application="Wait",
        data="60",
        callerid='"Ann; Example#1" <100>',
        account="variables",
        variables={**VALUES, "CHANNEL(language)": "fr"},
        archive=True,
    )
    path = call.submit(outgoing)
    channel = channel_of(heard, "variables")
    got: Dict[str, str] = {}
    for name in (*VALUES, *OTHERS):
        got[name] = manager.send("Getvar", Channel=channel, Variable=name).check().response["Value"]
    found = wait_for_state(path, State.CALLING)
    manager.hangup(channel)
    assert got.pop("CALLERID(num)") == "100"
    assert got.pop("CALLERID(name)") == "Ann; Example#1"
    assert got.pop("CHANNEL(language)") == "fr"
    assert got.pop("AST_OUTGOING_ATTEMPT") == "1"
    # The manager's messages are stripped of blanks at the ends of their values.
    assert got == {name: value.strip() for name, value in VALUES.items()}

    assert found.status.attempts == 1
    assert found.status.pid == server.pid
    assert found.status.began is not None and abs(found.status.began - time.time()) < 3600
    done = wait_for_state(path, State.COMPLETED)
    assert not path.exists()
    assert done.file == call
    assert done.status.attempts == 1
    assert done.status.began == found.status.began


def test_a_call_goes_to_an_extension_and_leaves_nothing(manager: Manager, outgoing: Path) -> None:
    heard = Heard(manager)
    path = CallFile(
        "Local/wait@tests/n", context="tests", extension="userevent", priority=1, codecs=["alaw"]
    ).submit(outgoing)
    event = heard.wait_for(lambda e: e.name == "UserEvent" and e.get("UserEvent") == "Test")
    assert event["Key1"] == "value one"
    assert wait_until(path, lambda found: found is None) is None
    assert not (outgoing.parent / "outgoing_done" / path.name).exists()


def test_a_scheduled_call_waits(manager: Manager, outgoing: Path) -> None:
    at = int(time.time()) + 4
    call = CallFile("Local/short@tests/n", application="NoOp", archive=True)
    scheduled = call.submit(outgoing, at=at)
    # One of now overtakes it.
    wait_for_state(call.submit(outgoing), State.COMPLETED)
    waiting = find(scheduled)
    if time.time() < at:
        assert waiting is not None and waiting.status.state is State.WAITING
    done = wait_for_state(scheduled, State.COMPLETED)
    assert done.status.began is not None and done.status.began >= at


def test_a_call_that_nobody_answers_is_tried_again_and_expires(
    manager: Manager, outgoing: Path
) -> None:
    call = CallFile(
        "Local/nowhere@tests/n", application="NoOp", max_retries=1, retry_time=2, archive=True
    )
    path = call.submit(outgoing)
    # Between the attempts are two seconds, which a busy machine may not have for us.
    seen = (State.RETRYING, State.EXPIRED)
    found = wait_until(path, lambda found: found is not None and found.status.state in seen)
    assert found is not None
    first = found.status
    last = wait_for_state(path, State.EXPIRED)
    assert last.file == call
    assert last.status.attempts == 2
    if first.state is State.RETRYING:
        assert first.attempts == 1
        assert first.began is not None and first.ended is not None and first.ended >= first.began
        assert last.status.began is not None and last.status.began >= first.ended + 2


def test_a_file_that_says_too_little_has_failed(outgoing: Path) -> None:
    (outgoing.parent / "by-hand").write_text("Application: NoOp\nArchive: yes\n")
    path = outgoing / "by-hand"
    os.rename(outgoing.parent / "by-hand", path)
    found = wait_for_state(path, State.FAILED)
    assert found.file.application == "NoOp"
    assert found.status.attempts == 0


def test_a_temporary_name_in_the_folder_itself_would_not_do(outgoing: Path) -> None:
    """It is run when it is closed: this is why files are written elsewhere and moved."""
    call = CallFile("Local/short@tests/n", application="NoOp", archive=True)
    path = outgoing / ".hidden"
    path.write_bytes(bytes(call))
    wait_for_state(path, State.COMPLETED)


def test_many_calls_at_once(manager: Manager, outgoing: Path) -> None:
    call = CallFile("Local/short@tests/n", application="NoOp", archive=True)
    paths = [call.submit(outgoing) for _ in range(50)]
    assert len(set(paths)) == 50
    for path in paths:
        assert wait_for_state(path, State.COMPLETED).status.attempts == 1
