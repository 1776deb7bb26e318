# SPDX-License-Identifier: MIT
"""Call files from Python, without an Asterisk."""

from __future__ import annotations

import errno
import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from asterisk import _core
from asterisk.callfile import CallFile, CallFileError, State, find, parse


@pytest.fixture
def outgoing(tmp_path: Path) -> Path:
    for name in ("outgoing", "outgoing_done", "tmp"):
        (tmp_path / name).mkdir()
    return tmp_path / "outgoing"


def minimal(**settings: Any) -> CallFile:
    return CallFile("Local/1@here", application="NoOp", **settings)


def test_everything_is_written() -> None:
    call = CallFile(
        "PJSIP/100",
        application="Playback",
        data="hello;world",
        context="home",
        extension="#200",
        priority=2,
        callerid='"Ann Ö" <100>',
        account="sales",
        wait_time=30,
        max_retries=0,
        retry_time=60,
        codecs=["alaw", "ulaw"],
        archive=True,
        always_delete=True,
        early_media=False,
        variables=[("A", "1"), ("A", "x=y"), ("CALLERID(num)", "")],
    )
    assert call.text == (
        "Channel: PJSIP/100\n"
        'Callerid: "Ann Ö" <100>\n'
        "Account: sales\n"
        "Application: Playback\n"
        "Data: hello\\;world\n"
        "Context: home\n"
        "Extension:#200\n"
        "Priority: 2\n"
        "MaxRetries: 0\n"
        "RetryTime: 60\n"
        "Codecs: alaw,ulaw\n"
        "AlwaysDelete: yes\n"
        "Archive: yes\n"
        "Early_media: no\n"
        "Setvar: A=1\n"
        "Setvar: A=x=y\n"
        "Setvar: CALLERID(num)=\n"
    ).replace("Priority: 2\n", "Priority: 2\nWaitTime: 30\n")
    assert bytes(call) == call.text.encode()
    assert parse(bytes(call)).file == call


def test_bytes_that_are_not_utf8_survive() -> None:
    call = minimal(data=b"\xe4\xff".decode("utf-8", "surrogateescape"))
    assert b"Data: \xe4\xff\n" in bytes(call)
    assert parse(call.text).file.data == call.data


@pytest.mark.parametrize(
    ("settings", "code", "key"),
    [
        ({"data": "a\nSetvar: B=1"}, _core.ERR_CALL_FILE_VALUE, "Data"),
        ({"data": "a\r"}, _core.ERR_CALL_FILE_VALUE, "Data"),
        ({"data": "a\0b"}, _core.ERR_CALL_FILE_VALUE, "Data"),
        ({"data": "dial #1"}, _core.ERR_CALL_FILE_VALUE, "Data"),
        ({"account": " a"}, _core.ERR_CALL_FILE_VALUE, "Account"),
        ({"priority": 0}, _core.ERR_CALL_FILE_VALUE, "Priority"),
        ({"wait_time": -1}, _core.ERR_CALL_FILE_VALUE, "WaitTime"),
        ({"data": "x" * 1020}, _core.ERR_CALL_FILE_LINE, "Data"),
        ({"variables": {"": "x"}}, _core.ERR_CALL_FILE_VALUE, ""),
        ({"variables": {"A=B": "x"}}, _core.ERR_CALL_FILE_VALUE, "A=B"),
        ({"variables": {"A": "x\ny"}}, _core.ERR_CALL_FILE_VALUE, "A"),
        ({"variables": {"A\n": "x"}}, _core.ERR_CALL_FILE_VALUE, "A\n"),
        ({"application": ""}, _core.ERR_CALL_FILE_INCOMPLETE, None),
        ({"channel": ""}, _core.ERR_CALL_FILE_INCOMPLETE, None),
        ({"channel": "PJSIP"}, _core.ERR_CALL_FILE_VALUE, "Channel"),
    ],
)
def test_what_asterisk_would_read_otherwise_is_refused(
    settings: dict[str, Any], code: int, key: str | None
) -> None:
    with pytest.raises(CallFileError) as caught:
        CallFile(**{"channel": "Local/1@here", "application": "NoOp", **settings})
    assert caught.value.code == code
    assert caught.value.key == key
    assert str(caught.value) == (f"{key}: " if key is not None else "") + _core.strerror(code)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("settings", [{"data": b"x"}, {"variables": {"A": 1}}, {"wait_time": 1.5}])
def test_what_is_no_text_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        minimal(**settings)


def test_a_change_is_checked_when_it_is_used() -> None:
    call = minimal()
    call.data = "a\nb"
    with pytest.raises(CallFileError):
        bytes(call)


def test_submit_moves_a_complete_file(outgoing: Path) -> None:
    call = minimal(variables={"A": "1"})
    before = time.time()
    path = call.submit(outgoing)
    assert path.parent == outgoing
    assert path.read_bytes() == bytes(call)
    assert path.stat().st_mode & 0o7777 == 0o660
    assert path.stat().st_mtime <= before + 600
    assert os.listdir(outgoing.parent / "tmp") == []
    assert call.submit(str(outgoing)) != path


@pytest.mark.parametrize(
    "at",
    [
        4102444799.25,
        datetime(2100, 1, 1, tzinfo=timezone.utc),
        datetime(2100, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        datetime.fromtimestamp(4102444800),
    ],
)
def test_a_time_is_the_files(outgoing: Path, at: datetime | float) -> None:
    assert minimal().submit(outgoing, at=at).stat().st_mtime == 4102444800


def test_a_name_is_taken_once(outgoing: Path) -> None:
    assert minimal().submit(outgoing, name="mine", mode=0o600) == outgoing / "mine"
    with pytest.raises(FileExistsError) as caught:
        minimal().submit(outgoing, name="mine")
    assert caught.value.filename == str(outgoing)
    assert (outgoing / "mine").stat().st_mode & 0o7777 == 0o600
    with pytest.raises(ValueError, match="null byte"):
        minimal().submit(outgoing, name="a\0b")
    for name in ("", ".", "a/b"):
        with pytest.raises(CallFileError):
            minimal().submit(outgoing, name=name)
    assert os.listdir(outgoing) == ["mine"]


def test_the_staging_folder_is_another(outgoing: Path) -> None:
    with pytest.raises(CallFileError):
        minimal().submit(outgoing, staging=outgoing)
    with pytest.raises(FileNotFoundError):
        minimal().submit(outgoing, staging=outgoing / "none")
    minimal().submit(outgoing, staging=outgoing.parent)
    assert len(os.listdir(outgoing)) == 1


def test_a_staging_folder_elsewhere_does_not_do(outgoing: Path) -> None:
    other = Path("/dev/shm")
    if not os.access(other, os.W_OK) or other.stat().st_dev == outgoing.stat().st_dev:
        pytest.skip("no other file system")
    before = set(os.listdir(other))
    with pytest.raises(OSError, match=os.strerror(errno.EXDEV)) as caught:
        minimal().submit(outgoing, staging=other)
    assert caught.value.errno == errno.EXDEV
    assert os.listdir(outgoing) == []
    assert {name for name in set(os.listdir(other)) - before if name.startswith(".pyst-")} == set()


def test_an_owner_by_name_and_number(outgoing: Path) -> None:
    import grp
    import pwd

    mine = minimal().submit(outgoing, owner=os.getuid(), group=os.getgid())
    assert (mine.stat().st_uid, mine.stat().st_gid) == (os.getuid(), os.getgid())
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    minimal().submit(outgoing, owner=user, group=group)
    with pytest.raises(KeyError):
        minimal().submit(outgoing, owner="no such user")
    with pytest.raises(KeyError):
        minimal().submit(outgoing, group="no such group")
    if os.getuid() == 0:
        other = minimal().submit(outgoing, owner=12)
        assert (other.stat().st_uid, other.stat().st_gid) == (12, os.getgid())
    else:
        with pytest.raises(PermissionError):
            minimal().submit(outgoing, owner=0)


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_the_owner_is_the_folders(outgoing: Path) -> None:
    os.chown(outgoing, 12, 34)
    stat = minimal().submit(outgoing).stat()
    assert (stat.st_uid, stat.st_gid) == (12, 34)


def test_a_file_is_found_until_it_is_gone(outgoing: Path) -> None:
    call = minimal(archive=True, variables=[("A", "1")])
    path = call.submit(outgoing)
    found = find(path)
    assert found is not None
    assert found.file == call
    assert found.status.state is State.WAITING
    assert (found.status.attempts, found.status.began, found.status.pid) == (0, None, None)

    with path.open("a") as file:
        file.write("\nStartRetry: 77 1 (1300)\n")
    done = outgoing.parent / "outgoing_done" / path.name
    path.rename(done)
    with done.open("a") as file:
        file.write("Status: Completed\n")
    found = find(str(path))
    assert found is not None
    assert found.file == call
    assert found.status.state is State.COMPLETED
    assert (found.status.attempts, found.status.began, found.status.pid) == (1, 1000, 77)

    done.unlink()
    assert find(path) is None
    with pytest.raises(CallFileError):
        find(outgoing / "..")
    with pytest.raises(NotADirectoryError):
        (outgoing / "plain").touch()
        find(outgoing / "plain" / "x")


def test_a_file_that_lacks_something_is_parsed() -> None:
    call, status = parse("Application: NoOp\nWaitTime: 5\nArchive: TRUE\nStatus: Failed\n")
    assert status.state is State.FAILED
    assert (call.channel, call.application, call.wait_time) == ("", "NoOp", 5)
    assert (call.archive, call.always_delete, call.variables) == (True, None, [])
    with pytest.raises(CallFileError):
        bytes(call)
