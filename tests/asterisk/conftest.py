# SPDX-License-Identifier: MIT
"""A real Asterisk for every test, once with each version."""

import signal
import time
from typing import Iterator, List

import pytest

from asterisk.manager import Manager

from archive import Unavailable
from asterisk_server import SELECTIONS, AsteriskServer
from raw import RawManager


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let several processes share the tests, each with a version."""
    parser.addoption(
        "--asterisk",
        type=int,
        choices=[0, *sorted(SELECTIONS)],
        help="run the tests of this version only; 0: those of none",
    )


def pytest_configure() -> None:
    """Stop the servers when this is asked to end, as at Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: List[pytest.Item]) -> None:
    only = config.getoption("--asterisk")
    if only is None:
        return
    left: List[pytest.Item] = []
    kept: List[pytest.Item] = []
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        version = parameters.get("version", 0)
        (kept if version == only else left).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left)


def _server(version: int) -> AsteriskServer:
    try:
        return AsteriskServer(version)
    except Unavailable as reason:
        pytest.skip(f"no Asterisk {version}: {reason}")


@pytest.fixture(scope="session", params=sorted(SELECTIONS, reverse=True))
def version(request: pytest.FixtureRequest) -> int:
    """Asterisk's major version."""
    return int(request.param)


@pytest.fixture(scope="session")
def server(version: int) -> Iterator[AsteriskServer]:
    """A server that all tests of a version share, which must leave it as they found it."""
    with _server(version) as started:
        yield started


@pytest.fixture
def own_server(version: int) -> Iterator[AsteriskServer]:
    """A server of the test's own, to be killed at will."""
    with _server(version) as started:
        yield started


@pytest.fixture
def manager(server: AsteriskServer) -> Iterator[Manager]:
    """A manager, logged in on the shared server as one who may do everything."""
    manager = Manager(timeout=60)
    manager.connect(server.host, server.ami_port)
    manager.login("admin", "secret")
    yield manager
    manager.close()


@pytest.fixture(autouse=True)
def idle(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the calls of one test end before another begins."""
    if "server" not in request.fixturenames:
        yield
        return
    server: AsteriskServer = request.getfixturevalue("server")
    yield
    deadline = time.monotonic() + 60
    with RawManager(server.host, server.ami_port) as witness:
        while b"Output: 0 active channels" not in b"".join(
            witness.ask("Command", "Command: core show channels count")
        ):
            assert time.monotonic() < deadline, "a call did not end"
            time.sleep(0.05)
