# SPDX-License-Identifier: MIT
"""A real Asterisk for every test, once with each version."""

import time
from typing import Iterator

import pytest

from asterisk.manager import Manager

from archive import Unavailable
from asterisk_server import SELECTIONS, AsteriskServer
from raw import RawManager


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
    _wait_until_idle(server)


def _wait_until_idle(server: AsteriskServer) -> None:
    """Let the calls of one test end before another begins."""
    deadline = time.monotonic() + 60
    with RawManager(server.host, server.ami_port) as witness:
        while b"Output: 0 active channels" not in b"".join(
            witness.ask("Command", "Command: core show channels count")
        ):
            assert time.monotonic() < deadline, "a call did not end"
            time.sleep(0.05)
