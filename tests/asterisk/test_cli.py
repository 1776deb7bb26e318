# SPDX-License-Identifier: MIT
"""The command line `pyst ami` with a real server."""

import json
import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from typing import Any, Dict, List

import pytest

from asterisk_server import AsteriskServer
from raw import RawManager

REFUSED, NO_CONNECTION, LOGIN_REFUSED = 1, 3, 4

if shutil.which("pyst") is None:
    pytest.skip("pyst was not built", allow_module_level=True)


def environment(
    server: AsteriskServer, user: str = "admin", secret: str = "secret"
) -> Dict[str, str]:
    return {
        **os.environ,
        "ASTERISK": f"{server.host}:{server.ami_port}",
        "ASTERISK_USER": user,
        "ASTERISK_SECRET": secret,
    }


def pyst(server: AsteriskServer, *arguments: str, **login: str) -> "Done":
    return Done(
        subprocess.run(
            ["pyst", "ami", *arguments],
            env=environment(server, **login),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
    )


class Done:
    """A run that ended."""

    def __init__(self, run: "subprocess.CompletedProcess[bytes]") -> None:
        self.code = run.returncode
        self.out, self.err = run.stdout.decode(), run.stderr.decode()

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
    assert done.code == REFUSED
    assert "Config file not found" in done.out + done.err


def test_action_that_may_not_be_run(server: AsteriskServer) -> None:
    low = {"user": "low", "secret": "lowsecret"}
    done = pyst(server, "action", "Originate", "Channel=Local/short@tests", **low)
    assert done.code == REFUSED
    assert "Permission denied" in done.out
    assert pyst(server, "action", "Ping", **low).code == 0


def test_originate_and_its_events(server: AsteriskServer) -> None:
    with watch(server, "events") as events:
        call = ["Channel=Local/short@tests", "Application=Wait", "Data=0"]
        done = pyst(server, "--json", "action", "Originate", *call, "ActionID=mine")
        (answer,) = done.objects()
        assert (done.code, answer["Response"], answer["ActionID"]) == (0, "Success", "mine")
        seen = events.until("Hangup")
    names = [e["Event"] for e in seen if e.get("Channel", "").startswith("Local/short@tests-")]
    assert "Newchannel" in names and "Hangup" in names


def test_command(server: AsteriskServer) -> None:
    done = pyst(server, "command", "core", "show", "version")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Asterisk ") and done.out.count("\n") == 1
    (answer,) = pyst(server, "--json", "command", "core show version").objects()
    assert answer["Output"] == done.out.splitlines()


def test_command_of_ten_thousand_lines(server: AsteriskServer) -> None:
    done = pyst(server, "command", "dialplan show bulk")
    assert done.code == 0
    assert done.out.count("NoOp(bulk extension ") == 10000


def test_command_that_does_not_exist(server: AsteriskServer) -> None:
    done = pyst(server, "command", "no such thing")
    assert done.code in (0, REFUSED)  # 16 calls it a success
    assert "No such command" in done.out


@pytest.mark.parametrize(
    "action, items, final",
    [
        (["QueueStatus", "Queue=sales"], "QueueParams", "QueueStatusComplete"),
        (["PJSIPShowEndpoints"], "EndpointList", "EndpointListComplete"),
        (["QueueSummary"], "QueueSummary", "QueueSummaryComplete"),
    ],
)
def test_list(server: AsteriskServer, action: List[str], items: str, final: str) -> None:
    done = pyst(server, "--json", "list", *action)
    assert (done.code, done.err) == (0, "")
    names = [each["Event"] for each in done.objects()]
    assert (names[0], names[-1]) == (items, final)


def test_list_of_channels(server: AsteriskServer) -> None:
    with watch(server, "events") as events:
        call = ["Channel=Local/wait@tests", "Application=Wait", "Data=60", "Async=yes"]
        assert pyst(server, "action", "Originate", *call).code == 0
        events.until("Newstate", ChannelStateDesc="Up")
        done = pyst(server, "--json", "list", "CoreShowChannels")
        assert done.code == 0
        *channels, final = done.objects()
        assert final["Event"] == "CoreShowChannelsComplete"
        assert int(final["ListItems"]) == len(channels) >= 1
        assert any(each["Channel"].startswith("Local/wait@tests-") for each in channels)
        hangup = ["Channel=/^Local\\/wait@tests-.*$/"]
        assert pyst(server, "action", "Hangup", *hangup).code == 0
        events.until("Hangup")


def test_list_that_is_none(server: AsteriskServer) -> None:
    assert pyst(server, "list", "Ping").code == REFUSED


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


def test_events_filtered_by_the_server(server: AsteriskServer) -> None:
    with watch(server, "events", "--server-filter", "Event: UserEvent") as events:
        with RawManager(server.host, server.ami_port) as other:
            for round in range(100):  # the filter is set some time after the login
                other.ask("SetVar", f"Variable: PYST_CLI_{round}", "Value: 1")  # makes a VarSet
                other.ask("UserEvent", f"UserEvent: Round{round}")
                if [event["Event"] for event in events.until("UserEvent")] == ["UserEvent"]:
                    return
    raise AssertionError("the filter has no effect")


def test_events_of_a_class(server: AsteriskServer) -> None:
    with watch(server, "events", "--mask", "user") as events:
        with RawManager(server.host, server.ami_port) as other:
            other.ask("UserEvent", "UserEvent: Seen", "Text: by the command line")
        (event,) = events.until("UserEvent")
        assert event["Text"] == "by the command line"


def test_events_until_interrupted(server: AsteriskServer) -> None:
    with watch(server, "events") as events:
        assert events.until("FullyBooted")


class watch:
    """Runs `pyst ami --json events ...` and iterates over what it prints, once it is logged in.

    At the end it is interrupted, and must end as it should. UserEvents must reach it, for one tells
    that the login is over.
    """

    def __init__(self, server: AsteriskServer, *arguments: str) -> None:
        self.lines: "queue.Queue[str]" = queue.Queue()
        self.run = subprocess.Popen(
            ["pyst", "ami", "--json", *arguments],
            env=environment(server),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        with RawManager(server.host, server.ami_port) as other:
            deadline = time.monotonic() + 60
            while self.lines.empty():
                assert time.monotonic() < deadline and self.run.poll() is None
                other.ask("UserEvent", "UserEvent: Mark")
                time.sleep(0.05)

    def _read(self) -> None:
        assert self.run.stdout is not None
        with self.run.stdout as stdout:
            for line in stdout:
                self.lines.put(line)

    def __enter__(self) -> "watch":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.run.send_signal(signal.SIGINT)
            assert self.run.wait(60) == 0
        finally:
            self.run.kill()

    def __iter__(self) -> "watch":
        return self

    def __next__(self) -> Dict[str, Any]:
        while True:
            event: Dict[str, Any] = json.loads(self.lines.get(timeout=60))
            if event.get("UserEvent") != "Mark":
                return event

    def until(self, name: str, **headers: str) -> List[Dict[str, Any]]:
        """The events up to the first of that name and with these headers, this one included."""
        events = []
        for event in self:
            events.append(event)
            if {**event, "Event": name, **headers} == event:
                return events
        return events
