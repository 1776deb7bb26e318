# SPDX-License-Identifier: MIT
"""Configuration files changed through a real Asterisk."""

import asyncio
import random
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

from asterisk import aio
from asterisk.actions import GetConfig, GetConfigJSON
from asterisk.config import Configuration, ConfigurationError, Document, load
from asterisk.errors import ManagerActionException
from asterisk.liveconfig import (
    Operation,
    actions,
    answer,
    answer_json,
    get,
    operations,
    update,
)
from asterisk.manager import Manager

from asterisk_server import AsteriskServer

BEGIN = """\
; our phones
[general]
; the port
port = 5060 ; as ever
allow = ulaw
allow = alaw
realm = a\\;b

[phone](!)
type = friend
host = dynamic

[100](phone)
secret = one
[200](phone)
secret = two
mailbox = 200
[menu]
exten => s,1,Answer()
exten => s,n,Background(menu)
exten => s,n,WaitExten()
exten => 1,1,Dial(PJSIP/100)
[menu]
exten => 2,1,Hangup()
"""

Seen = List[Tuple[str, bool, List[str], List[Tuple[str, str]]]]


def seen(config: Configuration) -> Seen:
    return [
        (
            section.name,
            section.is_template,
            section.templates,
            [(setting.name, setting.value) for setting in section.all()],
        )
        for section in config.sections
    ]


@pytest.fixture
def path(server: AsteriskServer) -> Path:
    path = server.directory / "etc/live.conf"
    path.write_text(BEGIN)
    return path


def change(manager: Manager, path: Path, new: Document) -> List[Operation]:
    """Have Asterisk do it, and see that it has done just that."""
    steps = operations(Document.load(path), new)
    update(manager, path.name, steps)
    wanted = seen(new.resolve())
    assert seen(get(manager, path.name)) == wanted
    assert seen(load(path)) == wanted
    assert operations(get(manager, path.name), new) == []
    return steps


def test_what_asterisk_tells_is_what_is_read(manager: Manager, path: Path) -> None:
    live, read = get(manager, path.name), load(path)
    assert seen(live) == seen(read)
    assert list(live) == list(read) == ["general", "100", "200", "menu"]
    assert len(live.all("menu")) == 2
    assert live["100"]["Host"] == "dynamic"
    assert [each.is_inherited for each in live["100"].all()] == [True, True, False]
    assert operations(live, Document.load(path)) == []
    response = manager.send(GetConfigJSON(filename=path.name, filter="TEMPLATES=include"))
    assert seen(answer_json(response.response)) == seen(read)


def test_values(manager: Manager, path: Path) -> None:
    new = Document.load(path)
    new.set("general", "port", "5070")
    new.set("general", "realm", "x;--y--; z=\\")
    new.set("200", "secret", "")
    new.set("phone", "host", "192.0.2.1")
    new.set("100", "extra", "> odd")
    steps = change(manager, path, new)
    assert [step.action for step in steps] == ["Update", "Update", "Update", "Append", "Update"]
    text = path.read_text()
    assert "; our phones\n" in text
    assert "port = 5070" in text and "; as ever" in text


def test_settings_in_order(manager: Manager, path: Path) -> None:
    text = BEGIN.replace("allow = ulaw\nallow = alaw\n", "allow = gsm\nallow = ulaw\nrtp = 1\n")
    steps = change(manager, path, Document(text))
    assert {step.action for step in steps} == {"Insert", "Delete"}


def test_an_emptied_section_is_filled(manager: Manager, path: Path) -> None:
    change(manager, path, Document("[a]\nx=1\nx=2\n[b]\ny=1\n"))
    change(manager, path, Document("[a]\n[b]\ny=1\n"))
    change(manager, path, Document("[a]\nx=3\nx=4\nx=3\n[b]\ny=1\n"))
    change(manager, path, Document("[a]\nx=5\nx=6\n[b]\ny=1\n"))


def test_sections_of_the_same_name(manager: Manager, path: Path) -> None:
    change(manager, path, Document(BEGIN.replace("Hangup", "Wait") + "exten => 3,1,NoOp()\n"))
    change(manager, path, Document(BEGIN + "[MENU](phone)\nz=1\n[menu](!)\nt=1\n"))
    change(manager, path, Document(BEGIN.replace("[200]", "[menu]")))
    change(manager, path, Document(BEGIN))


def test_sections_come_go_and_move(manager: Manager, path: Path) -> None:
    change(manager, path, Document("[first]\na=1\n" + BEGIN + "[last](phone)\nsecret=three\n"))
    change(manager, path, Document(BEGIN.replace("[100]", "[101]")))
    general, _, rest = BEGIN.partition("[phone]")
    change(manager, path, Document("[phone]" + rest + general))
    change(manager, path, Document("[other]\nx=1\n"))


def test_templates_change(manager: Manager, path: Path) -> None:
    change(manager, path, Document(BEGIN.replace("type = friend\n", "type = peer\nnat = yes\n")))
    change(manager, path, Document(BEGIN.replace("[phone](!)", "[base](!)\nb=1\n[phone](!,base)")))
    change(manager, path, Document(BEGIN.replace("(phone)", "")))
    change(manager, path, Document(BEGIN.replace("type = friend\nhost = dynamic\n", "")))
    change(
        manager,
        path,
        Document("[t](!)\na=1\n[u](!)\nb=2\n[x](t,u)\nc=3\nb=4\nc=5\n[y](u)\n[z](x)\n".replace(
            "[z](x)\n", ""
        )),
    )
    change(manager, path, Document("[u](!)\nb=3\n[t](!)\na=1\n[x](t,u)\nc=5\nb=4\nc=3\n[y](u)\n"))


def test_more_than_an_action_can_carry(manager: Manager, path: Path) -> None:
    text = "[t](!)\nkind=x\n" + "".join(
        f"[s{i}](t)\nnumber={i}\n" + "".join(f"item=v{j}\n" for j in range(10)) for i in range(30)
    )
    steps = change(manager, path, Document(text))
    assert len(actions("x", steps)) > 5
    change(manager, path, Document(BEGIN))


def test_changes_at_random(manager: Manager, path: Path) -> None:
    source = random.Random(4)
    for _ in range(40):
        lines = []
        templates: List[str] = []
        for name in source.sample("abcdefgh", 5):
            of = source.sample(templates, min(len(templates), source.randint(0, 2)))
            if source.random() < 0.4:
                templates.append(name)
                of.insert(0, "!")
            lines.append(f"[{name}]({','.join(of)})" if of else f"[{name}]")
            # A value of its own for each, for those of a template would not be written again.
            for _ in range(source.randint(0, 4)):
                lines.append(f"{source.choice('xyz')} = {name}{source.randint(0, 3)}")
        change(manager, path, Document("\n".join(lines) + "\n"))


def meaning(config: Configuration) -> List[Tuple[str, bool, Dict[str, List[str]]]]:
    """Of each setting's values in order, those that do not repeat the one before."""
    found = []
    for section in config.sections:
        values: Dict[str, List[str]] = {}
        for name, value, *_ in section.all():
            known = values.setdefault(name.lower(), [])
            if known[-1:] != [value]:
                known.append(value)
        found.append((section.name, section.is_template, values))
    return found


def test_any_change_is_done_or_refused(manager: Manager, path: Path) -> None:
    source = random.Random(7)
    outcomes = []
    for _ in range(250):
        lines = []
        names: List[str] = []
        for name in source.choices("abcdef", k=5):
            of = source.sample(names, min(len(names), source.randint(0, 2)))
            if source.random() < 0.6:
                of.insert(0, "!")
            lines.append(f"[{name}]({','.join(of)})" if of else f"[{name}]")
            names.append(name)
            for _ in range(source.randint(0, 3)):
                operator = source.choice(["=", "=", "=>", "+="])
                lines.append(f"{source.choice('xyz')} {operator} {source.randint(0, 2)}")
        new = Document("\n".join(lines) + "\n")
        before = path.read_bytes()
        try:
            steps = operations(Document.load(path), new)
        except ConfigurationError:
            outcomes.append(False)
            path.write_bytes(before if source.random() < 0.5 else bytes(new))
            continue
        update(manager, path.name, steps)
        outcomes.append(True)
        assert meaning(get(manager, path.name)) == meaning(new.resolve())
        assert meaning(load(path)) == meaning(new.resolve())
    assert outcomes.count(True) > 20
    assert outcomes.count(False) > 20


def test_reload(manager: Manager, server: AsteriskServer) -> None:
    path = server.directory / "etc/extensions.conf"
    before = path.read_bytes()
    new = Document(before)
    new.add_section("live-test")
    new.add_item("exten", "1,1,NoOp()")
    try:
        update(
            manager, path.name, operations(get(manager, path.name), new), reload="pbx_config"
        )
        shown = "\n".join(manager.command("dialplan show live-test").output)
        assert "NoOp()" in shown
    finally:
        path.write_bytes(before)
        manager.command("dialplan reload")


def test_included_files_are_refused(manager: Manager, path: Path) -> None:
    (path.parent / "live-part.conf").write_text("inside=1\n[part]\nx=1\n")
    path.write_text("[a]\ny=1\n#include live-part.conf\n[b]\nz=1\n")
    config = load(path)
    for text in ("[a]\ny=1\n", "[a]\ny=1\ninside=1\n[part]\nx=2\n[b]\nz=1\n"):
        with pytest.raises(ConfigurationError, match="included"):
            operations(config, Document(text))
    new = Document("[a]\ny=1\ninside=1\n[part]\nx=1\n[b]\nz=2\nw=3\n")
    update(manager, path.name, operations(config, new))
    assert seen(get(manager, path.name)) == seen(new.resolve())
    assert "inside" not in path.read_text()


def test_an_included_file_is_not_added_to(manager: Manager, path: Path) -> None:
    main, part = "[a]\ny=1\n#include live-part.conf\n[b]\nz=1\n", "[part]\nx=1\ny=2\n"
    included = path.parent / "live-part.conf"

    def wanted(text: str) -> Configuration:
        """Make it of what is to be included, which is on the disk for that long only."""
        included.write_text(text)
        made = load(path)
        included.write_text(part)
        return made

    path.write_text(main)
    for text in (part + "z=3\n", "[part]\nx=1\nz=3\ny=2\n", part + "[more]\nx=1\n"):
        new = wanted(text)
        with pytest.raises(ConfigurationError, match="included"):
            operations(get(manager, path.name), new)
    new = wanted("[part]\nx=5\n")
    update(manager, path.name, operations(get(manager, path.name), new))
    assert seen(get(manager, path.name)) == seen(new)
    assert "x = 5\n" in included.read_text()


def test_what_asterisk_cannot_do_is_refused(path: Path) -> None:
    for text in (
        "[a]\nx=1\n[b](a)\n",
        "[a\\;b]\n",
        "[a]\n\\[x=1\n",
        "[a]\nx\\;y=1\n",
        "[]\nx=1\n",
    ):
        with pytest.raises(ConfigurationError):
            operations(Document.load(path), Document(text))
    with pytest.raises(ConfigurationError, match="longer"):
        actions("x", operations(Document(""), Document(f"[a]\nx={'y' * 1100}\n")))


def test_what_has_changed_meanwhile_is_refused(manager: Manager, path: Path) -> None:
    new = Document.load(path)
    new.set("general", "port", "1")
    steps = operations(Document.load(path), new)
    path.write_text(BEGIN.replace("5060", "5061"))
    with pytest.raises(ManagerActionException):
        update(manager, path.name, steps)
    assert "5061" in path.read_text()
    with pytest.raises(ManagerActionException):
        get(manager, "no-such-file.conf")


def test_with_asyncio(server: AsteriskServer, path: Path) -> None:
    new = Document.load(path)
    new.set("general", "port", "5080")

    async def run() -> Configuration:
        async with aio.Manager(
            server.host, server.ami_port, username="admin", secret="secret"
        ) as manager:
            ask = GetConfig(filename=path.name, filter="TEMPLATES=include")
            old = answer((await manager.send(ask)).check().response)
            for action in actions(path.name, operations(old, new)):
                (await manager.send(action)).check()
            return answer((await manager.send(ask)).check().response)

    assert seen(asyncio.run(run())) == seen(new.resolve())
