# SPDX-License-Identifier: MIT
"""The servers that the other tests rely on are what those tests believe."""

import ssl
import socket

import pytest

from asterisk_server import BULK_EXTENSIONS, AsteriskServer
from raw import RawManager


def command(manager: RawManager, text: str) -> str:
    return b"\n".join(manager.ask("Command", f"Command: {text}")).decode()


def test_version_is_the_one_asked_for(server: AsteriskServer) -> None:
    with RawManager(server.host, server.ami_port) as manager:
        assert f"Asterisk {server.version}." in command(manager, "core show version")


def test_every_module_loaded(server: AsteriskServer) -> None:
    log = server.log.read_text(errors="replace")
    assert "modules will be loaded" in log
    assert "Error loading module" not in log
    assert "declined to load" not in log


@pytest.mark.parametrize(
    "module", ["app_queue", "chan_pjsip", "res_agi", "res_parking", "app_confbridge"]
)
def test_module_runs(server: AsteriskServer, module: str) -> None:
    with RawManager(server.host, server.ami_port) as manager:
        shown = command(manager, f"module show like {module}")
        assert "Running" in shown
        assert "Not Running" not in shown


def test_bulk_command_has_its_lines(server: AsteriskServer) -> None:
    with RawManager(server.host, server.ami_port) as manager:
        shown = command(manager, "dialplan show bulk")
    assert shown.count("NoOp(bulk extension ") == BULK_EXTENSIONS


def test_users_have_the_rights_of_their_names(server: AsteriskServer) -> None:
    with RawManager(server.host, server.ami_port, "low", "lowsecret") as manager:
        answer = manager.ask("Originate", "Channel: Local/short@tests", "Application: NoOp")
        assert answer == [b"Response: Error", b"Message: Permission denied"]


def test_certificate_is_trusted_when_given_as_authority(server: AsteriskServer) -> None:
    context = ssl.create_default_context(cafile=str(server.certificate))
    with socket.create_connection((server.host, server.tls_port), 20) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secured:
            assert secured.recv(100).startswith(b"Asterisk Call Manager/")


def test_two_servers_run_side_by_side(server: AsteriskServer, own_server: AsteriskServer) -> None:
    ports = {server.ami_port, server.tls_port, server.http_port}
    assert ports.isdisjoint({own_server.ami_port, own_server.tls_port, own_server.http_port})
    for each in (server, own_server):
        with RawManager(each.host, each.ami_port) as manager:
            assert b"Ping: Pong" in manager.ask("Ping")


def test_killed_server_returns_on_its_ports(own_server: AsteriskServer) -> None:
    with RawManager(own_server.host, own_server.ami_port) as manager:
        own_server.kill()
        with pytest.raises((ConnectionError, AssertionError)):
            assert manager.read()
    with pytest.raises(ConnectionRefusedError):
        RawManager(own_server.host, own_server.ami_port)
    own_server.run()
    with RawManager(own_server.host, own_server.ami_port) as manager:
        assert b"Ping: Pong" in manager.ask("Ping")
