# SPDX-License-Identifier: MIT
"""`pyst config`: configuration files at the command line."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from pyst_program import pyst

DONE, NO, USAGE, FAILED = 0, 1, 2, 6

PHONES = """\
[phone](!)
type = friend

[100](phone)
secret   =old ; change me
allow=>ulaw
allow=>alaw
#include "more.conf"
"""


@pytest.fixture
def phones(tmp_path: Path) -> Path:
    (tmp_path / "phones.conf").write_text(PHONES)
    (tmp_path / "more.conf").write_text("here=a\\;b\n[200](phone)\nempty=\n")
    return tmp_path / "phones.conf"


def test_help_and_what_is_no_command() -> None:
    run = pyst("config", "--help")
    assert (run.code, run.err) == (DONE, "")
    assert run.out.startswith("Usage: pyst config ")
    without = pyst("config")
    assert (without.code, without.out, without.err) == (USAGE, "", run.out)
    assert pyst("config", "nothing").code == USAGE


@pytest.mark.parametrize("command", ["fmt", "set"])
def test_help_of_a_command(command: str) -> None:
    run = pyst("config", command, "--help")
    assert (run.code, run.err) == (DONE, "")
    assert run.out.startswith(f"Usage: pyst config {command} ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["show"],
        ["get", "a.conf", "general"],
        ["set", "a.conf", "general", "name"],
        ["diff", "a.conf"],
        ["fmt"],
        ["fmt", "--nothing", "a.conf"],
        ["get", "a.conf", "general", "name", "more"],
        ["show", "/nonexistent/a.conf"],
        ["check", "/nonexistent/a.conf"],
        ["set", "/nonexistent/a.conf", "a", "b", "c"],
        ["fmt", "/nonexistent/a.conf"],
        ["diff", "/dev/null", "/nonexistent/a.conf"],
    ],
)
def test_wrong_usage(arguments: list[str]) -> None:
    run = pyst("config", *arguments)
    assert (run.code, run.out) == (USAGE, "")
    assert run.err.startswith("pyst: ") or "unrecognized option" in run.err


# ---- check ---------------------------------------------------------------------------------------


def test_check_of_a_sound_file(phones: Path) -> None:
    run = pyst("config", "check", str(phones))
    assert (run.code, run.out, run.err) == (DONE, "", "")


def test_check_tells_all_that_is_wrong(tmp_path: Path) -> None:
    path, more = tmp_path / "a.conf", tmp_path / "more.conf"
    path.write_text("[a\n[b](none)\n  word\n#include more.conf\n#exec echo x=1\n")
    more.write_text("x=1\n\\ y\n")
    run = pyst("config", "check", str(path))
    assert (run.code, run.err) == (NO, "")
    assert [line.split(": ")[:2] for line in run.out.splitlines()] == [
        [f"{path}:1:1", "error"],
        [f"{path}:2:1", "error"],
        [f"{path}:3:3", "warning"],
        [f"{more}:2:1", "error"],
        [f"{path}:5:1", "warning"],
    ]
    assert run.out.splitlines()[1].endswith("not defined before it: none")
    objects = pyst("config", "check", "--json", "--execute", str(path)).objects()
    assert len(objects) == 4
    assert objects[2] == {
        "file": str(path),
        "line": 3,
        "column": 3,
        "severity": "warning",
        "kind": "no-equal-sign",
        "reason": "a setting has no equal sign and is ignored",
        "what": "word",
    }


def test_check_of_warnings_is_done(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("[a]\nword\n")
    run = pyst("config", "check", str(tmp_path / "a.conf"))
    assert run.code == DONE
    assert ": warning: " in run.out


def test_check_of_several_files(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("[a\n")
    (tmp_path / "b.conf").write_text("[b\n")
    run = pyst("config", "check", *(str(tmp_path / name) for name in ("a.conf", "b.conf")))
    assert run.code == NO
    assert len(run.out.splitlines()) == 2


def test_check_of_a_dialplan(tmp_path: Path) -> None:
    text = "[a]\nexten => 1,1,NoOp()\nexten => 1,1,NoOp()\nexten => 2,1,Goto(nowhere,1,1)\n"
    for name in ("extensions.conf", "other.conf"):
        (tmp_path / name).write_text(text)
    extensions, other = str(tmp_path / "extensions.conf"), str(tmp_path / "other.conf")
    run = pyst("config", "check", extensions)
    found = run.out
    assert run.code == NO
    assert f"{extensions}:3:" in found
    assert any(
        line.startswith(f"{extensions}:4:") and "error" in line and "nowhere" in line
        for line in found.splitlines()
    )
    assert pyst("config", "check", other).out == ""
    assert pyst("config", "check", "--dialplan", other).out == found.replace(extensions, other)


def test_included_files_of_another_folder(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("[a]\n#include more.conf\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "more.conf").write_text("x=1\n")
    path = str(tmp_path / "a.conf")
    assert pyst("config", "check", path).code == NO
    assert pyst("config", "check", "--directory", str(elsewhere), path).code == DONE
    assert pyst("config", "get", "-d", str(elsewhere), path, "a", "x").out == "1\n"


# ---- show and get --------------------------------------------------------------------------------


def test_show(phones: Path) -> None:
    run = pyst("config", "show", str(phones))
    assert (run.code, run.err) == (DONE, "")
    assert run.out == (
        "[100]\ntype = friend\nsecret = old\nallow => ulaw\nallow => alaw\nhere = a\\;b\n\n"
        "[200]\ntype = friend\nempty = \n\n"
    )
    assert pyst("config", "show", str(phones), "200").out == "[200]\ntype = friend\nempty = \n\n"
    assert pyst("config", "show", "-t", str(phones), "PHONE").out == (
        "[phone](!)\ntype = friend\n\n"
    )
    assert pyst("config", "show", str(phones), "nobody").code == NO


def test_show_tells_where(phones: Path) -> None:
    more = phones.with_name("more.conf")
    run = pyst("config", "show", "--where", str(phones), "200")
    assert run.out == (
        f"[200]  ; {more}:2\ntype = friend  ; {phones}:2\nempty =   ; {more}:3\n\n"
    )


def test_what_is_shown_reads_back(phones: Path) -> None:
    copy = phones.with_name("copy.conf")
    copy.write_text(pyst("config", "show", "--where", str(phones)).out)
    assert pyst("config", "diff", str(phones), str(copy)).out == ""


def test_show_as_json(phones: Path) -> None:
    first, second, third = pyst("config", "show", "--json", "--templates", str(phones)).objects()
    assert (first["section"], first["template"], first["inherits"]) == ("phone", True, [])
    assert (second["section"], second["template"], second["inherits"]) == ("100", False, ["phone"])
    assert (second["file"], second["line"]) == (str(phones), 4)
    assert second["items"][2] == {
        "name": "allow",
        "value": "ulaw",
        "object": True,
        "inherited": False,
        "file": str(phones),
        "line": 6,
    }
    assert third["items"][0]["inherited"] is True
    assert third["items"][0]["file"] == str(phones)


def test_get(phones: Path) -> None:
    assert pyst("config", "get", str(phones), "100", "ALLOW").out == "alaw\n"
    assert pyst("config", "get", "--all", str(phones), "100", "allow").out == "ulaw\nalaw\n"
    assert pyst("config", "get", str(phones), "100", "here").out == "a;b\n"
    assert pyst("config", "get", str(phones), "200", "empty").out == "\n"
    (item,) = pyst("config", "get", "--json", str(phones), "200", "type").objects()
    assert (item["value"], item["line"], item["inherited"]) == ("friend", 2, True)
    for section, name in (("100", "nothing"), ("phone", "type"), ("nobody", "x")):
        run = pyst("config", "get", str(phones), section, name)
        assert (run.code, run.out, run.err) == (NO, "", "")


def test_get_gives_a_program_every_byte(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_bytes(b"[a]\nx=\xff\x1b[0m\n")
    assert pyst("config", "get", str(tmp_path / "a.conf"), "a", "x").output == b"\xff\x1b[0m\n"
    assert pyst("config", "show", str(tmp_path / "a.conf")).output == (
        b"[a]\nx = \xff\x1b[0m\n\n"
    )


def test_names_that_need_a_backslash_are_shown_with_it(tmp_path: Path) -> None:
    text = "[a]\n\\[x = 1\n\\#y = 2\n\\\\z = 3\nk\\;l = 4\n\n"
    (tmp_path / "a.conf").write_text(text)
    assert pyst("config", "show", str(tmp_path / "a.conf")).out == text


def test_a_template_that_is_named_is_shown(phones: Path) -> None:
    assert pyst("config", "show", str(phones), "phone").out == "[phone](!)\ntype = friend\n\n"
    run = pyst("config", "show", str(phones), "nobody")
    assert (run.code, run.err) == (NO, f"pyst: {phones}: there is no such section\n")


def test_standard_input_and_pipes_are_read(phones: Path, tmp_path: Path) -> None:
    data = b"[a]\nx=1\n" + b"; long\n" * 20000
    assert pyst("config", "get", "-", "a", "x", stdin=data).out == "1\n"
    (tmp_path / "a.conf").write_text("[a]\nx=2\n")
    run = pyst("config", "diff", "-", str(tmp_path / "a.conf"), stdin=data)
    assert (run.code, run.out) == (
        NO,
        f"  [a]\n- x = 1  ; -:2\n+ x = 2  ; {tmp_path}/a.conf:2\n",
    )
    assert pyst("config", "check", "-", stdin=b"[a\n").out.startswith("-:1:1: error: ")
    assert pyst("config", "check", "/dev/stdin", stdin=data).code == DONE
    for command in (["fmt"], ["set", "/dev/stdin", "a", "x"]):
        run = pyst("config", *command, "/dev/stdin", stdin=data)
        assert (run.code, run.err) == (USAGE, "pyst: /dev/stdin: no regular file\n")


@pytest.mark.parametrize("command", [["show"], ["get"], ["match"], ["graph"]])
def test_what_asterisk_refuses_is_told(command: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_text("[a]\nexten=1,1,NoOp()\n[b](none)\n[c](none)\n#exec echo x=1\n")
    rest = {"get": ["a", "exten"], "match": ["a", "1"]}.get(command[0], [])
    run = pyst("config", *command, str(path), *rest)
    assert run.code == DONE
    refused, missing = run.err.splitlines()
    assert refused.startswith(f"pyst: warning: {path}:3: Asterisk refuses the file: ")
    assert missing.startswith(f"pyst: warning: {path}:5: something is missing: #exec")


# ---- set -----------------------------------------------------------------------------------------


def test_set_changes_one_line(phones: Path) -> None:
    run = pyst("config", "set", str(phones), "100", "Secret", "new;er")
    assert (run.code, run.out, run.err) == (DONE, "", "")
    assert phones.read_text() == PHONES.replace("=old", "=new\\;er")
    assert pyst("config", "get", str(phones), "100", "secret").out == "new;er\n"


def test_set_of_the_last_of_several(phones: Path) -> None:
    assert pyst("config", "set", str(phones), "100", "allow", "gsm").code == DONE
    assert phones.read_text() == PHONES.replace("allow=>alaw", "allow=>gsm")


def test_set_adds(phones: Path) -> None:
    assert pyst("config", "set", "--add", str(phones), "100", "allow", "gsm").code == DONE
    assert pyst("config", "set", str(phones), "phone", "host", "dynamic").code == DONE
    text = phones.read_text()
    assert "type = friend\nhost = dynamic\n" in text
    assert text.count("gsm") == 1
    assert pyst("config", "get", "--all", str(phones), "100", "allow").out == "ulaw\nalaw\ngsm\n"


def test_set_creates_a_section_only_when_told(phones: Path) -> None:
    run = pyst("config", "set", str(phones), "300", "type", "peer")
    assert (run.code, run.out) == (NO, "")
    assert "no such section" in run.err
    assert phones.read_text() == PHONES
    assert pyst("config", "set", "--create", str(phones), "300", "type", "peer").code == DONE
    assert phones.read_text() == PHONES + "\n[300]\ntype = peer\n"


def test_set_adds_a_setting_without_a_section_to_none(phones: Path) -> None:
    run = pyst("config", "set", "--add", str(phones), "300", "type", "peer")
    assert (run.code, run.out) == (NO, "")
    assert "no such section" in run.err
    assert phones.read_text() == PHONES


def test_set_creates_a_section_that_another_file_has(phones: Path) -> None:
    assert pyst("config", "set", "--create", str(phones), "200", "type", "peer").code == DONE
    assert phones.read_text() == PHONES + "\n[200]\ntype = peer\n"


def test_set_refuses_what_could_not_be_read_back(phones: Path) -> None:
    for name, value in (("x", "two\nlines"), ("x", " blank"), ("a=b", "x")):
        run = pyst("config", "set", str(phones), "100", name, value)
        assert (run.code, run.out) == (NO, "")
        assert str(phones) in run.err
    assert phones.read_text() == PHONES


def test_set_of_a_value_that_begins_with_a_dash(phones: Path) -> None:
    assert pyst("config", "set", str(phones), "100", "secret", "-5").code == DONE
    assert pyst("config", "get", str(phones), "100", "secret").out == "-5\n"


def test_set_warns_when_another_line_counts(phones: Path) -> None:
    phones.with_name("more.conf").write_text("secret=mine\n")
    run = pyst("config", "set", str(phones), "100", "secret", "new")
    more = phones.with_name("more.conf")
    assert (run.code, run.out) == (DONE, "")
    assert run.err == f"pyst: warning: what counts is another value, of {more}:1\n"


def test_set_looks_for_included_files_in_a_folder(phones: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "more.conf").write_text("secret=mine\n")
    run = pyst("config", "set", "-d", str(elsewhere), str(phones), "100", "secret", "new")
    assert (run.code, run.out) == (DONE, "")
    assert run.err == f"pyst: warning: what counts is another value, of {elsewhere}/more.conf:1\n"
    assert phones.read_text() == PHONES.replace("=old", "=new")


def test_set_filters_by_what_an_included_file_says(phones: Path) -> None:
    run = pyst("config", "set", "-f", "here=a;b", str(phones), "100", "secret", "new")
    assert (run.code, run.out, run.err) == (DONE, "", "")
    assert phones.read_text() == PHONES.replace("=old", "=new")


@pytest.mark.parametrize("command", ["set", "fmt"])
def test_a_file_that_somebody_else_saves_stays(command: str, phones: Path) -> None:
    rest = ["100", "secret", "new"] if command == "set" else []
    with phones.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        run = pyst("config", command, str(phones), *rest)
    assert (run.code, run.out) == (FAILED, "")
    assert run.err.startswith(f"pyst: {phones}: ")
    assert phones.read_text() == PHONES


PJSIP = """\
[basic](!)
type=endpoint

[100](basic)
auth=100

[100]
type=auth
password=secret

[100](+)
username=me

[100]
type=aor
max_contacts=1
"""


def test_sections_of_one_name_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "pjsip.conf"
    path.write_text(PJSIP)

    def run(command: str, name: str, *rest: str) -> tuple[int, str]:
        options = [each for each in rest if each.startswith("-")]
        values = [each for each in rest if not each.startswith("-")]
        ran = pyst("config", command, *options, str(path), "100", name, *values)
        return ran.code, ran.out + ran.err

    assert run("get", "password") == (NO, "")
    assert run("get", "password", "--filter=type=auth") == (DONE, "secret\n")
    assert run("get", "type", "--all", "-fmax_contacts=1") == (DONE, "aor\n")
    assert run("get", "type", "--filter=type") == (USAGE, "pyst: a filter is NAME=VALUE\n")
    code, text = run("set", "max_contacts", "5")
    assert (code, path.read_text()) == (NO, PJSIP)
    assert "several sections have that name; --filter" in text
    code, text = run("set", "max_contacts", "5", "--filter=type=none")
    assert (code, path.read_text()) == (NO, PJSIP)
    assert "no section of that name has that setting" in text
    assert run("set", "max_contacts", "5", "-ftype=aor") == (DONE, "")
    assert path.read_text() == PJSIP.replace("contacts=1", "contacts=5")
    assert run("set", "context", "in", "-fTYPE=endpoint") == (DONE, "")
    assert "auth=100\ncontext=in\n" in path.read_text()
    # What the first section has, and what is added to it, is clear.
    assert run("set", "auth", "none") == (DONE, "")
    assert run("set", "username", "you") == (DONE, "")
    assert "auth=none\n" in path.read_text()
    assert "username=you\n" in path.read_text()


def test_set_adds_to_the_first_section_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "pjsip.conf"
    path.write_text(PJSIP)
    run = pyst("config", "set", "--add", str(path), "100", "context", "in")
    assert (run.code, run.out, run.err) == (DONE, "", "")
    assert path.read_text() == PJSIP.replace("auth=100\n", "auth=100\ncontext=in\n")


@pytest.mark.parametrize(
    ("options", "code"), [("+", DONE), ("a,+", DONE), ("+,a", DONE), ("a", NO), ("a+b", NO)]
)
def test_set_knows_a_section_from_an_addition(tmp_path: Path, options: str, code: int) -> None:
    path = tmp_path / "a.conf"
    text = f"[a](!)\n[a+b](!)\n[100]\nx = 1\n[100]({options})\nz = 3\n"
    path.write_text(text)
    assert pyst("config", "set", str(path), "100", "y", "2").code == code
    changed = text.replace("x = 1\n", "x = 1\ny = 2\n")
    assert path.read_text() == (changed if code == DONE else text)


def test_set_tells_which_file_has_the_section(phones: Path) -> None:
    run = pyst("config", "set", str(phones), "200", "type", "peer")
    assert (run.code, run.err) == (
        NO,
        f"pyst: {phones}: the section is in another file, at {phones.with_name('more.conf')}:2\n",
    )


def test_set_of_a_template_is_no_cause_for_a_warning(phones: Path) -> None:
    run = pyst("config", "set", str(phones), "phone", "type", "peer")
    assert (run.code, run.err) == (DONE, "")
    assert pyst("config", "get", str(phones), "100", "type").out == "peer\n"


def test_set_to_the_same_value_leaves_the_file_alone(phones: Path) -> None:
    before = phones.stat()
    assert pyst("config", "set", str(phones), "100", "secret", "old").code == DONE
    assert phones.stat() == before


def test_set_keeps_permissions(phones: Path) -> None:
    phones.chmod(0o600)
    pyst("config", "set", str(phones), "100", "secret", "new")
    assert phones.stat().st_mode & 0o777 == 0o600


# ---- diff ----------------------------------------------------------------------------------------


def diff(tmp_path: Path, old: str, new: str) -> tuple[int, str]:
    (tmp_path / "old").write_text(old)
    (tmp_path / "new").write_text(new)
    run = pyst("config", "diff", str(tmp_path / "old"), str(tmp_path / "new"))
    assert run.err == ""
    return run.code, run.out.replace(f"{tmp_path}/", "")


def test_no_difference_in_meaning(tmp_path: Path) -> None:
    old = "[t](!)\nx=1\n[a](t)\ny => 2\n[b]\nz=3\n"
    new = "; other\n[B]\n  z   = 3 ; why\n\n[a]\nX = 1\n[A](+)\ny=2\n"
    assert diff(tmp_path, old, new) == (DONE, "")


def test_differences_of_settings(tmp_path: Path) -> None:
    code, out = diff(
        tmp_path, "[a]\nk=0\nx=1\ny=2\nz=3\n[b]\nq=1\n", "[a]\nk=0\nx=5\nz=3\nw=4\n[b]\nq=1\n"
    )
    assert code == NO
    assert out == (
        "  [a]\n"
        "- x = 1  ; old:3\n+ x = 5  ; new:3\n- y = 2  ; old:4\n+ w = 4  ; new:5\n"
    )


def test_order_of_settings_is_a_difference(tmp_path: Path) -> None:
    code, out = diff(tmp_path, "[a]\nx=1\ny=2\n", "[a]\ny=2\nx=1\n")
    assert code == NO
    assert out.count("\n- ") == out.count("\n+ ") == 1


def test_differences_of_sections(tmp_path: Path) -> None:
    code, out = diff(tmp_path, "[a]\nx=1\n[a]\nx=2\n[b]\n", "[a]\nx=1\n[c]\ny=1\n[b]\n")
    assert code == NO
    assert out == "- [a]  ; old:3\n- x = 2  ; old:4\n+ [c]  ; new:3\n+ y = 1  ; new:4\n"


def test_differences_as_json(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("[a]\nx=1\n[b]\n")
    (tmp_path / "new").write_text("[a]\nx=2\ny=3\n")
    run = pyst("config", "diff", "-j", str(tmp_path / "old"), str(tmp_path / "new"))
    changed, added, removed = run.objects()
    assert (changed["change"], changed["section"], changed["name"]) == ("changed", "a", "x")
    assert (changed["old"]["value"], changed["new"]["value"]) == ("1", "2")
    assert (added["change"], added["name"], added["old"]) == ("added", "y", None)
    assert (removed["change"], removed["section"], removed["name"]) == ("removed", "b", None)
    assert removed["old"] == {"file": str(tmp_path / "old"), "line": 3}


# ---- fmt -----------------------------------------------------------------------------------------

UGLY = """\

; first


  [t](!)\t
a=1
  b   =>  2;why
c+= 3
;-- all of
   this=1

  stays --;
d = \\;x\t\t; kept
#include   "more.conf"
; about u
[u]( t)
x=

"""

NEAT = """\
; first

[t](!)
a = 1
b => 2 ;why
c+= 3
;-- all of
   this=1

  stays --;
d = \\;x\t\t; kept
#include   "more.conf"
; about u
[u]( t)
x =
"""


def test_fmt(tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_text(UGLY)
    (tmp_path / "more.conf").write_text("y=1\n")
    run = pyst("config", "fmt", "--check", str(path))
    assert (run.code, run.out, run.err) == (NO, f"{path}\n", "")
    run = pyst("config", "fmt", "--stdout", str(path))
    assert (run.code, run.out, run.err) == (DONE, NEAT, "")
    assert path.read_text() == UGLY
    run = pyst("config", "fmt", str(path))
    assert (run.code, run.out, run.err) == (DONE, f"{path}\n", "")
    assert path.read_text() == NEAT
    for arguments in ([], ["--check"]):  # type: list[str]
        run = pyst("config", "fmt", *arguments, str(path))
        assert (run.code, run.out, run.err) == (DONE, "", "")


def test_fmt_of_a_line_end_of_another_system(tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_bytes(b"\xef\xbb\xbf[a]\r\nx=1\r\n")
    assert pyst("config", "fmt", str(path)).code == DONE
    assert path.read_bytes() == b"[a]\nx = 1\n"


def formatted(tmp_path: Path, data: bytes) -> bytes:
    (tmp_path / "a.conf").write_bytes(data)
    run = pyst("config", "fmt", str(tmp_path / "a.conf"))
    assert (run.code, run.err) == (DONE, "")
    return (tmp_path / "a.conf").read_bytes()


def test_fmt_keeps_block_comments(tmp_path: Path) -> None:
    comment = b";--\n  text \t\n\n\n[b]\n  x=1\n--;\n"
    assert formatted(tmp_path, b" [a]\n" + comment + b" y=2\n") == b"[a]\n" + comment + b"y = 2\n"


def test_fmt_of_what_others_include(tmp_path: Path) -> None:
    assert formatted(tmp_path, b"x=1 \n  y=>2\n") == b"x = 1\ny => 2\n"
    # Without the blanks before it, it would be a byte order mark.
    data = b"  \xef\xbb\xbfx=1\n"
    (tmp_path / "a.conf").write_bytes(data)
    run = pyst("config", "fmt", str(tmp_path / "a.conf"))
    assert (run.code, (tmp_path / "a.conf").read_bytes()) == (FAILED, data)
    assert "would change its meaning" in run.err


def test_fmt_leaves_alone_what_is_no_configuration(tmp_path: Path) -> None:
    path = tmp_path / "ast_debug_tools.conf"
    path.write_text("#!/bin/sh\n# settings\nCOREDUMPS=(/tmp/core*)\n\n")
    run = pyst("config", "fmt", str(path))
    assert (run.code, run.out) == (FAILED, "")
    assert run.err == f"pyst: {path}: this is no configuration of Asterisk and stays as it is\n"
    assert "COREDUMPS=(" in path.read_text()


@pytest.mark.parametrize("size", range(8186, 8193))
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b" \n"])
def test_fmt_of_lines_as_long_as_they_may_be(tmp_path: Path, size: int, end: bytes) -> None:
    data = b"[a]\nx=" + b"y" * (size - 2) + end
    assert formatted(tmp_path, data) == data


@pytest.mark.parametrize(
    ("text", "neat"),
    [
        ("[a]\nx=1\n[b]\n; c\n[c]\n", "[a]\nx = 1\n\n[b]\n; c\n[c]\n"),
        ("\n\n[a]\nx=1", "[a]\nx = 1\n"),
        ("[a]\n  #include more.conf\n", "[a]\n#include more.conf\n"),
        ("[t](!)\nx=1\n[a](t)\n", "[t](!)\nx = 1\n\n[a](t)\n"),
        # Where a block comment begins or ends behind a setting, only blanks at the end go.
        ("[a]\nx=1 ;-- c \n t\n--;\ny=2\n", "[a]\nx=1 ;-- c\n t\n--;\ny = 2\n"),
        ("[a]\nx=1--;2 \n", "[a]\nx=1--;2\n"),
        ("[a]\r\n;--\r\n t \r\n--;\r\n", "[a]\n;--\n t \n--;\n"),
        # Neither is a shell script.
        ("word\n; c\n\n[a]\nx=1\n", "word\n; c\n\n[a]\nx = 1\n"),
        ("x=1\n\n[a]\nword\n", "x = 1\n\n[a]\nword\n"),
    ],
)
def test_fmt_of_single_rules(tmp_path: Path, text: str, neat: str) -> None:
    assert formatted(tmp_path, text.encode()) == neat.encode()
    run = pyst("config", "fmt", "--stdout", str(tmp_path / "a.conf"))
    assert (run.code, run.out, run.err) == (DONE, neat, "")


def test_fmt_of_several_files(tmp_path: Path) -> None:
    ugly, neat, missing = (str(tmp_path / name) for name in ("ugly", "neat", "missing"))
    Path(neat).write_text("[a]\n")
    for files in ([ugly, missing, neat], [missing, neat, ugly]):
        Path(ugly).write_text("[a]\nx=1\n")
        run = pyst("config", "fmt", "--check", "--directory", str(tmp_path), *files)
        assert (run.code, run.out) == (USAGE, f"{ugly}\n")
        assert run.err.startswith(f"pyst: {missing}: ")
        assert Path(ugly).read_text() == "[a]\nx=1\n"
