# SPDX-License-Identifier: MIT
"""The table of applications and functions, and what a check says of arguments, are a server's."""

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

import pytest

from agi_driven import BUILD
from archive import Unavailable
from asterisk_server import AsteriskServer, _module_directory, tree
from raw import RawManager

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "src/dialplan/applications.json"
FACTS: Dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
APPLICATIONS: Dict[str, Dict[str, Any]] = FACTS["applications"]

#: Modules with applications and functions that need no configuration, or do without it.
MORE_MODULES = re.compile(r"(app|func)_\w+|res_(fax|monitor|speech|tonedetect)")
NOT_MORE_MODULES = {"app_voicemail_imap", "app_voicemail_odbc"}

#: Without arguments they do nothing, and say nothing.
SILENT = {
    "CELGenUserEvent",
    "ClearHash",
    "Exec",
    "ExtenSpy",
    "Log",
    "PlayTones",
    "SayAlpha",
    "SayDigits",
    "SayMoney",
    "SayPhonetic",
    "SpeechActivateGrammar",
    "SpeechBackground",
    "SpeechCreate",
    "SpeechDeactivateGrammar",
    "SpeechLoadGrammar",
    "SpeechProcessingSound",
    "SpeechUnloadGrammar",
    "TryExec",
    "Wait",
}


def command(manager: RawManager, text: str) -> List[str]:
    answer = manager.ask("Command", f"Command: {text}")
    return [row[len("Output: ") :].decode() for row in answer if row.startswith(b"Output: ")]


class Calls:
    """Calls of one extension for each of some priorities, on a server with all modules."""

    def __init__(self, server: AsteriskServer) -> None:
        self.server = server
        self.manager = RawManager(server.host, server.ami_port)

    def load_more_modules(self) -> None:
        for path in sorted(_module_directory(self.server.tree).glob("*.so")):
            if MORE_MODULES.fullmatch(path.stem) and path.stem not in NOT_MORE_MODULES:
                self.manager.ask("ModuleLoad", f"Module: {path.name}", "LoadType: load")

    def applications(self) -> Set[str]:
        rows = command(self.manager, "core show applications")
        return {found[1] for found in (re.match(r" *(\w+): ", row) for row in rows) if found}

    def functions(self) -> Set[str]:
        return {row.split()[0] for row in command(self.manager, "core show functions")[2:-1]}

    def run(self, lines: List[str], more: str = "") -> List[List[str]]:
        """Call each line as priority 2, and return what is logged of each call."""
        text = [more, "[calls]"]
        for i, line in enumerate(lines):
            text += [
                f"exten => {i},1,Set(__CALL={i})",
                f" same => n,{line}",
                " same => n(on),Verbose(0,GOES-ON)",
                " same => n(other),Hangup()",
            ]
        text.append("exten => h,1,Verbose(0,END ${CALL}-)")
        path = self.server.directory / "etc/extensions.conf"
        path.write_text("\n".join(text) + "\n")
        assert "reloaded" in "".join(command(self.manager, "dialplan reload"))
        self._wait_for_context()
        start = self.server.log.stat().st_size
        for i in range(len(lines)):
            answer = self.manager.ask(
                "Originate", f"Channel: Local/{i}@calls/n", "Application: Wait", "Data: 1",
                "Async: true",
            )  # fmt: skip
            assert answer[0] == b"Response: Success"
            if i % 10 == 9:
                self._ends(start, i - 8)
        return self._ends(start, len(lines))

    def _wait_for_context(self) -> None:
        deadline = time.monotonic() + 60
        while not any("Context 'calls'" in row for row in command(self.manager, "dialplan show")):
            assert time.monotonic() < deadline, "the dialplan is not loaded"
            time.sleep(0.05)

    def _ends(self, start: int, n: int) -> List[List[str]]:
        """What was logged of each call, when `n` have ended."""
        deadline = time.monotonic() + 60
        while True:
            with self.server.log.open("rb") as log:
                log.seek(start)
                text = log.read().decode("utf-8", "replace")
            calls: Dict[str, List[str]] = {}
            for row in text.split("\n[2"):
                found = re.search(r"\]\[(C-[0-9a-f]+)\] (.*)", row, re.DOTALL)
                if found:
                    calls.setdefault(found[1], []).append(row)
            ended = {}
            for rows in calls.values():
                number = re.search(r": END (\d+)-", "\n".join(rows))
                if number:
                    ended[int(number[1])] = rows
            if len(ended) >= n:
                return [ended.get(i, []) for i in range(n)]
            assert time.monotonic() < deadline, f"{n - len(ended)} calls do not end"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def calls(version: int) -> Iterator[Calls]:
    try:
        server = AsteriskServer(version)
    except Unavailable as reason:
        pytest.skip(f"no Asterisk {version}: {reason}")
    with server:
        yield Calls(server)


def complaints(rows: List[str]) -> List[str]:
    return [row for row in rows if re.search(r"(WARNING|ERROR)\[", row)]


def goes_on(rows: List[str]) -> bool:
    return any("app_verbose.c: GOES-ON" in row for row in rows)


# ---- what a check says of a line, and what the server says --------------------------------------


def kinds(lines: List[str], path: Path, more: str = "") -> List[Set[str]]:
    """Return the kinds of problems that the check finds in each line."""
    text = f"{more}\n[calls]\n"
    first = text.count("\n") + 1
    for i, line in enumerate(lines):
        text += f"exten => {i},1,NoOp()\n same => n,{line}\n same => n(on),NoOp()\n"
        text += " same => n(other),Hangup()\n"
    path.write_text(text)
    done = subprocess.run(
        [str(BUILD / "cli/pyst"), "config", "check", "--dialplan", "--json", str(path)],
        capture_output=True,
        timeout=60,
    )
    assert done.returncode in (0, 1), done.stderr
    result: List[Set[str]] = [set() for _ in lines]
    for row in done.stdout.splitlines():
        problem = json.loads(row)
        at, rest = divmod(problem["line"] - first, 4)
        if 0 <= at < len(lines) and rest == 1:
            result[at].add(problem["kind"])
    return result


MORE = "[other]\nexten => 1000,1(there),Return()\nexten => h,1,Verbose(0,END ${CALL}-)\n"

#: A line, the problem of it, and what the server says; None: neither.
COMPLAINTS: List[Tuple[str, Optional[str], Optional[str]]] = [
    ("NOOP(x)", None, None),
    ("Nonsense()", "unknown-application", r"No application 'Nonsense'"),
    ("Exec(Nonsense())", "unknown-application", r"Could not find application \(Nonsense\)"),
    ("ExecIf($[1]?Nonsense(x))", "unknown-application", r"find application! \(Nonsense\)"),
    ("ExecIf($[1]? NoOp(x))", "blank-around-application", r"find application! \( NoOp\)"),
    ("ExecIf($[0]?NoOp(x):NoOp (x))", "blank-around-application", r"application! \(NoOp \)"),
    ("Exec(NoOp (x))", "blank-around-application", r"Could not find application \(NoOp \)"),
    ("ExecIf($[1]?:NoOp(x))", "empty-branch", r"Could not find application! \(\)"),
    ("ExecIf($[1]?)", "empty-branch", r"Usage: ExecIf"),
    ("ExecIf($[0]?NoOp(x))", None, None),
    ("ExecIf(1,NoOp,x)", "old-condition", r"Deprecated syntax"),
    ("Read()", "too-few-arguments", r"Read requires an argument"),
    ("Originate(Local/1000@other,exten)", "too-few-arguments", r"Incorrect number"),
    ("VoiceMail(1@default,u,s)", "too-many-arguments", r"Unrecognized option: ','"),
    ("Dial(Local/1000@other,1,gv)", "unknown-option", r"Unrecognized option: 'v'"),
    ("Dial(Local/1000@other,1, g)", "unknown-option", r"Unrecognized option: ' '"),
    ("Playback(nothing|skip)", "old-delimiter", r"File nothing\|skip does not exist"),
    ("Set(Z =5)", "blank-in-name", r"avoid unnecessary spaces"),
    ("Set(Z= 5)", None, None),
    ("Set(Q)", "no-assignment", r"Set requires an '='"),
    ("MSet(a=1,b)", "no-assignment", r"ignoring entry 'b' with no '='"),
    ("Set(NIX(x)=5)", "unknown-function", r"Function NIX not registered"),
    ("Set(GLOBAL(X)=5)", None, None),
    ("NoOp(${len(x)})", "unknown-function", r"Function len not registered"),
    ("NoOp(${LEN(x)})", None, None),
    ("NoOp(${LEN(${EXTEN}})", "function-not-closed", r"Can't find trailing parenthesis"),
    ("Goto(other,${EXTEN},1)", "missing-extension", r"sent to invalid extension"),
    ("Goto(other,${EXTEN},no)", "missing-extension", r"must be a number > 0, or valid label"),
    ("Goto(other,${X},no)", "missing-label", r"must be a number > 0, or valid label"),
    ("Goto(${X},1,no)", "missing-label", r"must be a number > 0, or valid label"),
]


def test_what_is_complained_of(calls: Calls, tmp_path: Path) -> None:
    lines = [line for line, _, _ in COMPLAINTS]
    ours = kinds(lines, tmp_path / "extensions.conf", MORE)
    theirs = calls.run(lines, MORE)
    for (line, kind, wanted), found, rows in zip(COMPLAINTS, ours, theirs):
        relevant = found - {"constant-condition", "unbalanced-parentheses"}
        assert relevant == ({kind} if kind else set()), line
        if wanted is None:
            assert not complaints(rows) and goes_on(rows), (line, rows)
        else:
            assert re.search(wanted, "\n".join(complaints(rows))), (line, rows)


#: What is put in, what becomes of it where X is abcdef, and the problem of it.
VALUES = [
    ("${X:1:2}", "bc", None),
    ("${X:1:}", "bcdef", None),
    ("${X: 1: 2}", "bc", None),
    ("${X:-2:-1}", "e", None),
    ("${X::2}", "abcdef", "bad-substring"),
    ("${X:a}", "abcdef", "bad-substring"),
    ("${X:1x}", "bcdef", "bad-substring"),
    ("${X:1:2:3}", "bc", "bad-substring"),
    ("${X:1:0}", "", "empty-substring"),
    ("${X:-2:-2}", "", "empty-substring"),
    ("${X:-2:-3}", "", "empty-substring"),
    ("${LEN(${X})}", "6", None),
    ("${LEN(${X}) }", "6", None),
    ("${LEN(a:b)}", "3", None),
    ("${LEN(${X})y}", "6", "text-behind-function"),
    ("${LEN(${X})y:0:1}", "6", "text-behind-function"),
    ("${X + 1}", "", "odd-name"),
    ("${}", "", "odd-name"),
    ("${DOUBLE}", "2", None),
]


def test_values_are_what_the_check_takes_them_for(calls: Calls, tmp_path: Path) -> None:
    more = "[globals]\nX=abcdef\nDOUBLE=1\nDOUBLE=2\n"
    lines = [f"Verbose(0,VALUE={text}.)" for text, _, _ in VALUES]
    ours = kinds(lines, tmp_path / "extensions.conf", more)
    theirs = calls.run(lines, more)
    for (text, value, kind), found, rows in zip(VALUES, ours, theirs):
        assert found == ({kind} if kind else set()), text
        assert f"app_verbose.c: VALUE={value}." in "\n".join(rows), (text, rows)


#: A condition where A is 5 and NONE is empty, whether it holds, and the problem of it.
CONDITIONS = [
    ("$[${A} = 5]", True, None),
    ("$[${A} = 1]", False, None),
    ("0${NONE}", False, None),
    ("0${A}", True, None),
    ("${A} = 1", True, "condition-not-computed"),
    ('"${NONE}"', True, "condition-not-computed"),
    ("!${A}", True, "condition-not-computed"),
    ("0 & ${A}", False, "condition-not-computed"),
    ("x${NONE}", True, "condition-not-computed"),
    ("", False, "empty-condition"),
    ("no", True, "constant-condition"),
    ("0", False, "constant-condition"),
]


@pytest.mark.parametrize("form", ["GotoIf({}?on:other)", "ExecIf({}?Goto(on):Goto(other))"])
def test_conditions_are_what_the_check_takes_them_for(
    calls: Calls, tmp_path: Path, form: str
) -> None:
    more = "[globals]\nA=5\nNONE=\n"
    lines = [form.format(condition) for condition, _, _ in CONDITIONS]
    ours = kinds(lines, tmp_path / "extensions.conf", more)
    theirs = calls.run(lines, more)
    for (condition, holds, kind), found, rows in zip(CONDITIONS, ours, theirs):
        assert found == ({kind} if kind else set()), condition
        assert goes_on(rows) == holds, (condition, rows)


# ---- the table; with more modules, so it comes last ---------------------------------------------


def test_the_table_has_what_the_server_has(calls: Calls, version: int) -> None:
    calls.load_more_modules()
    theirs = calls.applications()
    ours = {name for name, facts in APPLICATIONS.items() if version in facts["versions"]}
    assert len(theirs) > 150
    assert theirs <= ours
    functions = calls.functions()
    assert len(functions) > 150
    # It shows 20 characters of a name.
    assert functions <= {
        name[:20] for name, versions in FACTS["functions"].items() if version in versions
    }


def test_too_few_arguments_do_nothing_or_are_complained_of(calls: Calls) -> None:
    calls.load_more_modules()
    there = calls.applications()
    wanted = [
        (name, n)
        for name, facts in APPLICATIONS.items()
        for n in {0, facts.get("least", 0) - 1}
        if 0 <= n < facts.get("least", 0) and name in there
    ]
    assert len(wanted) > 80
    logged = calls.run([f"{name}({','.join(['x'] * n)})" for name, n in wanted])
    silent = {name for (name, _), rows in zip(wanted, logged) if not complaints(rows)}
    assert silent - SILENT == set()
