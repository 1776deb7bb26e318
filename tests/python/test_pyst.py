# SPDX-License-Identifier: MIT
"""pyst's own test of its manager, as its source distribution has it, against this package.

The distribution is fetched by name with pip. Where it cannot be had, the tests are skipped.
"""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import tarfile
import threading
import types
import unittest
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest

from asterisk.manager import Manager

NAME, VERSION = "pyst", "0.9"


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution."""
    folder = tmp_path_factory.mktemp("pyst")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    command += ["--no-deps", "--no-build-isolation", "--no-binary", ":all:"]
    try:
        done = subprocess.run(
            [*command, "--dest", str(folder), f"{NAME}=={VERSION}"],
            capture_output=True,
            text=True,
            timeout=120,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the package registry does not answer")
    archives = list(folder.glob("*.tar.gz"))
    if not archives:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        pytest.skip(f"pyst {VERSION} cannot be had: {last}")
    with tarfile.open(archives[0]) as archive:
        for member in archive.getmembers():
            if member.isfile() and ".." not in member.name and not member.name.startswith("/"):
                archive.extract(member, folder)
    return next(path for path in folder.iterdir() if path.is_dir())


def load(path: Path, name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["asterisk.astemu", "pyst's own astemu"])
def emulator(
    request: pytest.FixtureRequest, distribution: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The emulator that pyst's test imports: ours, and the one it was written with."""
    if request.param != "asterisk.astemu":
        monkeypatch.setitem(
            sys.modules,
            "asterisk.astemu",
            load(distribution / "asterisk" / "astemu.py", "pyst_astemu"),
        )
    yield


@pytest.fixture
def test_base(
    distribution: Path, emulator: None, monkeypatch: pytest.MonkeyPatch
) -> types.ModuleType:
    """pyst's test file. It also imports names of AGI, which its tests of the manager leave alone."""
    if importlib.util.find_spec("asterisk.agi") is None:
        agi: Any = types.ModuleType("asterisk.agi")
        agi.AGI = agi.AGIDBError = type("NotThere", (), {})
        monkeypatch.setitem(sys.modules, "asterisk.agi", agi)
    return load(distribution / "test" / "test_base.py", "pyst_test_base")


@pytest.mark.parametrize(
    "name",
    [
        "test_login",
        "test_command",
        "test_redirect",
        "test_originate",
        "test_misc_events",
        "test_agent_event",
    ],
)
def test_manager_passes(test_base: types.ModuleType, name: str) -> None:
    result = unittest.TestResult()
    test_base.Test_Manager(name).run(result)
    assert result.testsRun == 1
    assert not result.errors and not result.failures, result.errors + result.failures


def test_all_of_them_are_run(test_base: types.ModuleType) -> None:
    names = unittest.TestLoader().getTestCaseNames(test_base.Test_Manager)
    assert len(names) == 6


# What the methods send, beside what pyst's send.

#: Each method with arguments that reach every header that it has.
CALLS: List[Tuple[str, Tuple[Any, ...], Dict[str, Any]]] = [
    ("login", ("user", "secret"), {}),
    ("ping", (), {}),
    ("hangup", ("SIP/1",), {}),
    ("status", (), {}),
    ("status", ("SIP/1",), {}),
    ("redirect", ("SIP/1", "100"), {}),
    ("redirect", ("SIP/1", "100", "2", "SIP/2", "office"), {}),
    ("originate", ("SIP/1", "100"), {}),
    (
        "originate",
        ("SIP/1", "100", "office", "1", "5000", "Me <1>", True, "acc", {"A": 1, "B": "x y"}),
        {},
    ),
    ("originate", ("SIP/1", "100"), {"variables": {}, "run_async": False}),
    ("mailbox_status", ("1@default",), {}),
    ("command", ("core show channels",), {}),
    ("extension_state", ("100", "office"), {}),
    ("playdtmf", ("SIP/1", "#"), {}),
    ("absolute_timeout", ("SIP/1", 10), {}),
    ("mailbox_count", ("1@default",), {}),
    ("sippeers", (), {}),
    ("sipshowpeer", ("100",), {}),
    ("send_action", ({"Action": "UserEvent", "X": ["a", "b", "c"], "Y": 5},), {}),
    ("send_action", ({"Action": "UserEvent", "ActionID": "mine"},), {"X": ["a"], "Z": ""}),
    ("send_action", ({"Action": "UserEvent"},), {"X": "\u00e4\u20ac \U0001f600"}),
]


class Recorder:
    """A manager that answers every action with Success, and keeps what was sent."""

    def __init__(self) -> None:
        self.data = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.sock: Optional[socket.socket] = None
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        self.sock = sock = self.listener.accept()[0]
        with sock, sock.makefile("rb") as file:
            sock.sendall(b"Asterisk Call Manager/1.1\r\n")
            action_id = b""
            for line in file:
                self.data += line
                if line.startswith(b"ActionID: "):
                    action_id = line
                if line == b"\r\n":
                    sock.sendall(b"Response: Success\r\n" + action_id + b"\r\n")

    def actions(self) -> List[List[bytes]]:
        """The headers of each action, sorted: Asterisk does not look at their order."""
        self.listener.close()
        assert self.sock is not None
        self.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(30)
        assert not self.thread.is_alive()
        actions = [action.split(b"\r\n") for action in self.data.split(b"\r\n\r\n") if action]
        return [sorted(action) for action in actions]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_method_sends_what_pyst_sends(distribution: Path) -> None:
    pyst = load(distribution / "asterisk" / "manager.py", "pyst_manager")
    sent = []
    for kind in (pyst.Manager, Manager):
        recorder = Recorder()
        manager = kind()
        manager.connect("127.0.0.1", recorder.port)
        for name, args, kwargs in CALLS:
            copied = [dict(arg) if isinstance(arg, dict) else arg for arg in args]
            response = getattr(manager, name)(*copied, **kwargs)
            assert response["Response"] == "Success"
        # pyst's own close() may miss the answer to its Logoff: the server ends the connection.
        sent.append(recorder.actions())
        manager.message_thread.join(30)
        assert not manager.message_thread.is_alive()
    assert len(sent[0]) == len(CALLS)
    assert sent[1] == sent[0]
