# SPDX-License-Identifier: MIT
"""pyst's own tests, as its source distribution has them, against this package.

The distribution is fetched by name with pip. Where it cannot be had, the tests are skipped.
"""

from __future__ import annotations

import importlib.util
import inspect
import io
import signal
import socket
import socketserver
import subprocess
import sys
import tarfile
import threading
import types
import unittest
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest

from asterisk import agi, fastagi
from asterisk.manager import Manager

def unpacked(folder: Path, name: str, version: str) -> Path:
    """A source distribution."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    command += ["--no-deps", "--no-build-isolation", "--no-binary", ":all:"]
    try:
        done = subprocess.run(
            [*command, "--dest", str(folder), f"{name}=={version}"],
            capture_output=True,
            text=True,
            timeout=120,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the package registry does not answer")
    archives = list(folder.glob("*.tar.gz"))
    if not archives:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        pytest.skip(f"{name} {version} cannot be had: {last}")
    with tarfile.open(archives[0]) as archive:
        for member in archive.getmembers():
            if member.isfile() and ".." not in member.name and not member.name.startswith("/"):
                archive.extract(member, folder)
    return next(path for path in folder.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(tmp_path_factory.mktemp("pyst"), "pyst", "0.9")


@pytest.fixture(scope="module")
def pyst2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(tmp_path_factory.mktemp("pyst2"), "pyst2", "0.5.1")


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
def test_base(distribution: Path, emulator: None) -> types.ModuleType:
    """pyst's test file."""
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
    names = unittest.TestLoader().getTestCaseNames(test_base.Test_AGI)
    assert len(names) == 2


@pytest.mark.parametrize("name", ["test_variables", "test_database"])
def test_agi_passes(test_base: types.ModuleType, name: str, capfd: Any) -> None:
    # It forks, and puts its pipes in the place of standard input and output.
    result = unittest.TestResult()
    test_base.Test_AGI(name).run(result)
    assert result.testsRun == 1
    assert not result.errors and not result.failures, result.errors + result.failures


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
        self.thread.join(60)
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
        manager.message_thread.join(60)
        assert not manager.message_thread.is_alive()
    assert len(sent[0]) == len(CALLS)
    assert sent[1] == sent[0]


# What asterisk.agi sends and tells, beside what pyst's does.

#: Each method with arguments that pyst sends as it should.
AGI_CALLS: List[Tuple[str, Tuple[Any, ...]]] = [
    ("answer", ()),
    ("wait_for_digit", ()),
    ("wait_for_digit", (-1,)),
    ("send_text", ("hello, you",)),
    ("receive_char", (5,)),
    ("tdd_mode", ("on",)),
    ("stream_file", ("beep",)),
    ("stream_file", ("beep", [1, "2", "#"], 5)),
    ("control_stream_file", ("beep",)),
    ("control_stream_file", ("beep", "1", 100, "2", "3", "4")),
    ("say_digits", ("123",)),
    ("say_digits", ([1, 2, 3], [1])),
    ("say_number", (5,)),
    ("say_alpha", ("abc", "#")),
    ("say_phonetic", ("abc",)),
    ("say_date", (0, "1")),
    ("say_time", (0,)),
    ("say_datetime", (0,)),
    ("say_datetime", (0, "", "ABdY", "UTC")),
    ("get_data", ("beep",)),
    ("get_option", ("beep",)),
    ("get_option", ("beep", "12", 300)),
    ("set_context", ("office",)),
    ("set_extension", ("100",)),
    ("set_priority", (1,)),
    ("goto_on_exit", ()),
    ("goto_on_exit", ("a", "b", 3)),
    ("record_file", ("x",)),
    ("record_file", ("x", "wav", "12", -1, 5, "")),
    ("set_autohangup", (10,)),
    ("hangup", ()),
    ("hangup", ("PJSIP/1-1",)),
    ("appexec", ("Dial", "PJSIP/100,20")),
    ("set_callerid", ("5551234",)),
    ("channel_status", ()),
    ("set_variable", ("A", "some words")),
    ("get_variable", ("A",)),
    ("get_full_variable", ("${A}",)),
    ("get_full_variable", ("${A}", "PJSIP/1")),
    ("verbose", ("hello", 3)),
    ("database_get", ("f", "k")),
    ("database_put", ("f", "k", "v")),
    ("database_del", ("f", "k")),
    ("database_deltree", ("f",)),
    ("noop", ()),
]


def dialogue(module: types.ModuleType) -> Tuple[str, str, List[Any]]:
    """What is written, traced and returned when all of them are called."""
    answers = ["200 result=1 (value)", "200 result=49 endpos=5", "200 result=0"]
    replies = [answers[i % len(answers)] for i in range(3 * len(AGI_CALLS))]
    environment = "agi_channel: x\nagi_context: c\nagi_extension: e\nagi_priority: 1\n"
    stdin = io.StringIO(environment + "agi_long: " + "word " * 30 + "\n\n" + "\n".join(replies))
    stdout, stderr = io.StringIO(), io.StringIO()
    agi = module.AGI(stdin, stdout, stderr)
    results: List[Any] = [agi.env]
    for name, args in AGI_CALLS:
        try:
            results.append(getattr(agi, name)(*args))
        except module.AGIException as error:
            results.append(type(error).__name__)
    return stdout.getvalue(), stderr.getvalue(), results


def test_agi_sends_traces_and_returns_what_pysts_does(
    distribution: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["program", "one"])
    before = signal.getsignal(signal.SIGHUP)
    try:
        theirs = dialogue(load(distribution / "asterisk" / "agi.py", "pyst_agi"))
        ours = dialogue(agi)
    finally:
        signal.signal(signal.SIGHUP, before)
    for one, other in zip(theirs[:2], ours[:2]):
        assert other.splitlines() == one.splitlines()
    assert ours[2] == theirs[2]


def test_agi_has_all_of_pysts_names(distribution: Path) -> None:
    compare_names(load(distribution / "asterisk" / "agi.py", "pyst_agi"))


def test_agi_has_all_of_pyst2s_names(pyst2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    six: Any = types.ModuleType("six")
    six.PY3 = True
    monkeypatch.setitem(sys.modules, "six", six)
    compare_names(load(pyst2 / "asterisk" / "agi.py", "pyst2_agi"))
    monkeypatch.setitem(sys.modules, "SocketServer", socketserver)
    theirs = load(pyst2 / "asterisk" / "fastagi.py", "pyst2_fastagi")
    assert (theirs.HOST, theirs.PORT) == (fastagi.HOST, fastagi.PORT)
    assert theirs.FastAGI.__bases__ == fastagi.FastAGI.__bases__
    assert theirs.FastAGI.timeout == fastagi.FastAGI.timeout


def compare_names(theirs: types.ModuleType) -> None:
    for name in (name for name in vars(theirs) if not name.startswith("_")):
        if isinstance(getattr(theirs, name), types.ModuleType):
            continue  # what it imports
        if name in ("PY3", "absolute_import", "print_function", "unicode_literals"):
            continue
        assert hasattr(agi, name), name
    for name, method in vars(theirs.AGI).items():
        if not callable(method):
            continue
        mine = inspect.signature(getattr(agi.AGI, name))
        for parameter in inspect.signature(method).parameters.values():
            own = mine.parameters[parameter.name]
            assert own.kind == parameter.kind, name
            if parameter.name not in ("stdin", "stdout", "stderr"):
                assert own.default == parameter.default, (name, parameter)
