# SPDX-License-Identifier: MIT
"""A real Asterisk for every test, once with each version."""

from typing import Iterator

import pytest

from archive import Unavailable
from asterisk_server import SELECTIONS, AsteriskServer


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
