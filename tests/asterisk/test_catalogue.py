# SPDX-License-Identifier: MIT
"""What the catalogue says of Asterisk, against what Asterisk says and does."""

import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator

import pytest

from archive import Unavailable

from asterisk.actions import (
    Action,
    CoreShowChannels,
    CreateConfig,
    GetConfig,
    Getvar,
    Hangup,
    ListCommands,
    Originate,
    UpdateConfig,
    Value,
    catalogue,
)
from asterisk_server import SELECTIONS, AsteriskServer, tree
from raw import Message, RawManager

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "extract, table",
    [
        ("extract-ami.py", "src/ami/catalogue.json"),
        ("extract-agi.py", "src/agi/commands.json"),
        ("extract-dialplan.py", "src/dialplan/applications.json"),
    ],
)
def test_a_table_is_what_the_documentation_says(extract: str, table: str) -> None:
    arguments = []
    for version in SELECTIONS:
        try:
            documentation = tree(version) / "usr/share/asterisk/documentation/core-en_US.xml"
        except Unavailable as reason:
            pytest.skip(f"no Asterisk {version}: {reason}")
        arguments.append(f"{version}={documentation}")
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/catalogue" / extract), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (ROOT / table).read_text(encoding="utf-8")


@pytest.fixture
def witness(server: AsteriskServer) -> Iterator[RawManager]:
    with RawManager(server.host, server.ami_port) as manager:
        yield manager


def ask(witness: RawManager, action: Action) -> Message:
    return witness.ask(action.name, *(f"{name}: {value}" for name, value in action.headers()))


def test_every_command_of_the_server_is_in_the_catalogue(witness: RawManager, version: int) -> None:
    answer = ask(witness, ListCommands())
    names = [line.split(b":")[0].decode() for line in answer if b"(Priv: " in line]
    assert len(names) > 100
    for name in names:
        assert catalogue.CLASSES[name.lower()].name == name
        assert version in catalogue.CLASSES[name.lower()].versions


def test_variables_reach_the_channel_as_they_are(witness: RawManager) -> None:
    variables: Dict[str, Value] = {"GREETING": 'a,"b" \\ (c) [d] e=f $x', "NUMBER": 7, "YES": True}
    originate = Originate(
        channel="Local/wait@tests/n", application="Wait", data=60, variable=variables
    )
    assert b"Response: Success" in ask(witness, originate)

    witness.send(CoreShowChannels.name)
    channels = []
    while (event := witness.read())[0] != b"Event: CoreShowChannelsComplete":
        channels += [h[9:].decode() for h in event if h.startswith(b"Channel: Local/wait@tests-")]
    assert len(channels) == 2
    for channel in channels:
        for variable, value in (("NUMBER", "7"), ("YES", "true"), *list(variables.items())[:1]):
            answer = ask(witness, Getvar(channel=channel, variable=variable))
            assert f"Value: {value}".encode() in answer
    assert b"Response: Success" in ask(witness, Hangup(channel=channels[0]))


def test_numbered_parameters_are_read_in_their_order(own_server: AsteriskServer) -> None:
    update = UpdateConfig(
        src_filename="made.conf",
        dst_filename="made.conf",
        action=["NewCat", "Append", "Append"],
        cat=["one", "one", "one"],
        var=[None, "first", "second"],
        value=[None, "1", "2"],
    )
    with RawManager(own_server.host, own_server.ami_port) as witness:
        assert b"Response: Success" in ask(witness, CreateConfig(filename="made.conf"))
        assert b"Response: Success" in ask(witness, update)
        answer = ask(witness, GetConfig(filename="made.conf"))
    assert answer[-3:] == [
        b"Category-000000: one",
        b"Line-000000-000000: first=1",
        b"Line-000000-000001: second=2",
    ]
