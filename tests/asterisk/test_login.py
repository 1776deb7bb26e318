# SPDX-License-Identifier: MIT
"""The ways in: plain, MD5, TLS, and being turned away."""

import ssl

import pytest

from asterisk.manager import (
    Manager,
    ManagerAuthException,
    ManagerPermissionException,
    ManagerSocketException,
)
from asterisk_server import AsteriskServer


def connected(server: AsteriskServer) -> Manager:
    manager = Manager(timeout=60)
    manager.connect(server.host, server.ami_port)
    return manager


def pong(manager: Manager) -> str:
    return str(manager.ping().get_header("Ping"))


@pytest.mark.parametrize("md5", [False, True], ids=["plain", "md5"])
def test_login(server: AsteriskServer, md5: bool) -> None:
    with connected(server) as manager:
        response = manager.login("admin", "secret", md5=md5)
        assert response.get_header("Message") == "Authentication accepted"
        assert pong(manager) == "Pong"


@pytest.mark.parametrize("md5", [False, True], ids=["plain", "md5"])
@pytest.mark.parametrize("user, secret", [("admin", "wrong"), ("nobody", "secret")])
def test_wrong_name_or_secret(server: AsteriskServer, user: str, secret: str, md5: bool) -> None:
    with connected(server) as manager:
        with pytest.raises(ManagerAuthException, match="Authentication failed"):
            manager.login(user, secret, md5=md5)


def test_version_of_the_interface(server: AsteriskServer) -> None:
    with connected(server) as manager:
        manager.login("admin", "secret")
        assert manager.version == {22: "11.0.0", 16: "5.0.4"}[server.version]


def test_denied_action(server: AsteriskServer) -> None:
    with connected(server) as manager:
        manager.login("low", "lowsecret")
        denied = manager.send("Originate", Channel="Local/short@tests", Application="NoOp")
        with pytest.raises(ManagerPermissionException):
            denied.check()
        # The session is as good as before.
        assert manager.send("CoreStatus").check().response.has_header("CoreStartupTime")


def test_tls_with_verified_certificate(server: AsteriskServer) -> None:
    manager = Manager(timeout=60)
    trusting = ssl.create_default_context(cafile=str(server.certificate))
    manager.connect(server.host, server.tls_port, tls=trusting)
    with manager:
        manager.login("admin", "secret", md5=True)
        assert pong(manager) == "Pong"
        lines = manager.send("Command", Command="dialplan show bulk").check().response.output
        assert len(lines) > 10000


def test_tls_with_unknown_certificate(server: AsteriskServer) -> None:
    with Manager(timeout=60) as manager:
        with pytest.raises(ManagerSocketException, match="(?i)certificate"):
            manager.connect(server.host, server.tls_port, tls=ssl.create_default_context())


def test_tls_with_certificate_for_another_name(server: AsteriskServer) -> None:
    trusting = ssl.create_default_context(cafile=str(server.certificate))
    with Manager(timeout=60) as manager:
        with pytest.raises(ManagerSocketException, match="(?i)certificate"):
            manager.connect(
                server.host, server.tls_port, tls=trusting, server_hostname="pbx.example.com"
            )


def test_manager_connects_again_after_close(server: AsteriskServer) -> None:
    manager = connected(server)
    for _ in range(3):
        manager.login("admin", "secret")
        assert pong(manager) == "Pong"
        manager.logoff()
        manager.close()
        manager.connect(server.host, server.ami_port)
    manager.close()


def test_logoff_is_answered(server: AsteriskServer) -> None:
    manager = connected(server)
    manager.login("admin", "secret")
    assert manager.logoff().get_header("Response") == "Goodbye"
    manager.close()
