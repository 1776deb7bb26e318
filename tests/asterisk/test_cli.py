# SPDX-License-Identifier: MIT
"""The command line `pyst ami` with a real server."""

import json
import os
import shutil
import signal
import subprocess
from typing import Any, Dict, List

import pytest

from asterisk_server import AsteriskServer
from raw import RawManager

ANSWERED_WITH_ERROR, NO_CONNECTION, LOGIN_REFUSED = 1, 3, 4

if shutil.which("pyst") is None:
    pytest.skip("pyst was not built", allow_module_level=True)


def environment(server: AsteriskServer, secret: str = "secret") -> Dict[str, str]:
    return {
        **os.environ,
        "ASTERISK": f"{server.host}:{server.ami_port}",
        "ASTERISK_USER": "admin",
        "ASTERISK_SECRET": secret,
    }


def pyst(server: AsteriskServer, *arguments: str, secret: str = "secret") -> "Done":
    return Done(
        subprocess.run(
            ["pyst", "ami", *arguments],
            env=environment(server, secret),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
    )


class Done:
    """A run that ended."""

    def __init__(self, run: "subprocess.CompletedProcess[str]") -> None:
        self.code, self.out, self.err = run.returncode, run.stdout, run.stderr

    def objects(self) -> List[Dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def test_action(server: AsteriskServer) -> None:
    done = pyst(server, "action", "Ping")
    assert done.code == 0
    assert "Pong" in done.out


def test_action_with_headers(server: AsteriskServer) -> None:
    assert pyst(server, "action", "DBPut", "Family=cli", "Key=k", "Val=a=b: c").code == 0
    done = pyst(server, "--json", "action", "DBGet", "Family=cli", "Key=k")
    assert done.code == 0
    assert "a=b: c" in done.out


def test_action_that_fails(server: AsteriskServer) -> None:
    done = pyst(server, "action", "GetConfig", "Filename=nothere.conf")
    assert done.code == ANSWERED_WITH_ERROR
    assert "Config file not found" in done.out + done.err


def test_command(server: AsteriskServer) -> None:
    done = pyst(server, "command", "dialplan show bulk")
    assert done.code == 0
    assert done.out.count("NoOp(bulk extension ") == 10000


def test_list_as_json_lines(server: AsteriskServer) -> None:
    done = pyst(server, "--json", "list", "QueueStatus", "Queue=sales")
    assert done.code == 0
    names = [each["Event"] for each in done.objects()]
    assert names[:2] == ["QueueParams", "QueueMember"]


def test_wrong_secret(server: AsteriskServer) -> None:
    done = pyst(server, "action", "Ping", secret="wrong")
    assert done.code == LOGIN_REFUSED
    assert done.err
    assert "wrong" not in done.err


def test_tls(server: AsteriskServer) -> None:
    tls = ["--tls", "--host", f"{server.host}:{server.tls_port}"]
    trusted = pyst(server, *tls, "--ca-file", str(server.certificate), "action", "Ping")
    assert (trusted.code, "Pong" in trusted.out) == (0, True)
    unknown = pyst(server, *tls, "action", "Ping")
    assert unknown.code == NO_CONNECTION
    assert "certificate" in unknown.err.lower()


def test_events_until_interrupted(server: AsteriskServer) -> None:
    with subprocess.Popen(
        ["pyst", "ami", "--json", "events"],
        env=environment(server),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        try:
            with RawManager(server.host, server.ami_port) as other:
                first = json.loads(run.stdout.readline())
                assert first["Event"] == "FullyBooted"
                other.ask("UserEvent", "UserEvent: Seen", "Text: by the command line")
            events = (json.loads(line) for line in run.stdout)
            seen = next(event for event in events if event["Event"] == "UserEvent")
            assert seen["Text"] == "by the command line"
            run.send_signal(signal.SIGINT)
            assert run.wait(20) == 0
        finally:
            run.kill()
