# SPDX-License-Identifier: MIT
"""Values go to Asterisk and come back byte for byte, however the AGI is carried."""

from pathlib import Path
from typing import Dict, Iterator

import pytest

from agi_calls import Switchboard
from agi_driven import CARRIERS, Driven, Drivers
from asterisk_server import AsteriskServer

#: All that may be in a line: not NUL, and not what ends it.
BYTES = bytes(byte for byte in range(1, 256) if byte not in b"\r\n")

VALUES = {
    "spaces": b"  two  words ",
    "quotes": b'a "quoted" word"',
    "one quote": b'"',
    "apostrophe": b"it's",
    "backslashes": b"C:\\temp\\\\x\\",
    "one backslash": b"\\",
    "quote and backslash": b'\\"\\\\"',
    "parentheses": b"(a) ) b ( endpos=5",
    "commas": b"a,b,,c;d|e&f",
    "expressions": b"${EXTEN} $[1+1] ${",
    "percent": b"%41%20+%",
    "like a reply": b"200 result=1 (x) endpos=0",
    "UTF-8": "Zo\u00eb \u2013 \u65e5\u672c\u8a9e \U0001f4de".encode(),
    "Latin-1": "Jos\u00e9 \u00fc\u00ff".encode("latin-1"),
    "tab": b"a\tb",
    "every byte": BYTES,
    "long": bytes(range(33, 127)) * 10,
    "empty": b"",
}


@pytest.fixture(scope="module")
def board(server: AsteriskServer) -> Iterator[Switchboard]:
    with Switchboard(server) as board:
        yield board


@pytest.fixture(scope="module")
def drivers() -> Iterator[Drivers]:
    with Drivers() as drivers:
        yield drivers


@pytest.fixture(params=CARRIERS)
def agi(
    request: pytest.FixtureRequest, board: Switchboard, drivers: Drivers, tmp_path: Path
) -> Iterator[Driven]:
    """The AGI of a call of its own."""
    call = board.call("unanswered", drivers.agi(request.param, tmp_path))
    agi = drivers.take(call)
    yield agi
    agi.close()
    call.hang_up()


def test_variables(agi: Driven, board: Switchboard) -> None:
    came: Dict[str, bytes] = {}
    for name, value in VALUES.items():
        agi.do("set_variable", "V", value)
        came[name] = agi.do("get_variable", "V")["value"]
        assert agi.do("get_full_variable", "${V}")["value"] == value, name
        lines = board.ask("Getvar", f"Channel: {agi.id}", "Variable: V")
        # What AMI says is the second opinion, where a line can hold it.
        assert b"Value: " + value in lines or b"\n" in value, (name, lines)
    assert came == VALUES


def test_the_database(agi: Driven) -> None:
    came: Dict[str, bytes] = {}
    for name, value in VALUES.items():
        agi.do("database_put", agi.id, "key", value)
        came[name] = agi.do("database_get", agi.id, "key")["value"]
    agi.do("database_deltree", agi.id)
    assert came == VALUES


def test_applications_and_subroutines(agi: Driven) -> None:
    for value in (b'a "b" \\c (d) ${EXTEN}', VALUES["UTF-8"], VALUES["Latin-1"]):
        agi.do("exec", "Set", b"V=" + value)
        # As in the dialplan, the application takes a pair of quotes off its options.
        if b'"' not in value:
            assert agi.do("get_variable", "V")["value"] == value
    for value in (VALUES["UTF-8"], VALUES["Latin-1"], b"a (b) c"):
        agi.do("gosub", "agi-sub", "s", "1", value)
        assert agi.do("get_variable", "SUB")["value"] == value + b"//1"


def test_values_of_several_lines(agi: Driven) -> None:
    # BASE64_DECODE is how such a value comes about.
    for text, value in [
        ("YQpiCmM=", b"a\nb\nc"),
        ("CmEpKGIKKApj", b"\na)(b\n(\nc"),
        ("SEFOR1VQCg==", b"HANGUP\n"),
        ("CgoyMDAgcmVzdWx0PTEK", b"\n\n200 result=1\n"),
    ]:
        answer = agi.do("get_full_variable", "${BASE64_DECODE(%s)}" % text)
        assert answer["value"] == value
        agi.do("noop")
    assert agi.do("get_variable", "NOT_SET")["set"] == b"0"


def test_a_value_that_looks_like_its_end_is_cut_and_does_no_harm(agi: Driven) -> None:
    agi.begin("get_full_variable", "${BASE64_DECODE(YSkKYg==)}")
    assert agi.end()["value"] == b"a"  # of "a)\nb"
    agi.do("noop")
    agi.do("set_variable", "V", "after")
    assert agi.do("get_variable", "V")["value"] == b"after"


def test_no_line_can_be_smuggled_in(agi: Driven, board: Switchboard) -> None:
    for value in (b"x\nHANGUP", b"x\rHANGUP", b"\n"):
        assert agi.error("set_variable", "V", value) == "BAD_ARGUMENT"
    assert agi.do("channel_status")["state"] == b"4"


def test_lengths(agi: Driven) -> None:
    # GET VARIABLE gives 1023 bytes at most, the others all that a line can bring.
    for size in (1, 500, 1022, 1023):
        agi.do("set_variable", "V", b"x" * size)
        assert len(agi.do("get_variable", "V")["value"]) == size
    fits = 2047 - len('SET VARIABLE "V" ""\n')
    agi.do("set_variable", "V", b"x" * fits)
    assert agi.do("get_full_variable", "${LEN(${V})}")["value"] == b"%d" % fits
    assert agi.do("get_full_variable", "${V}${V}${V}")["value"] == b"x" * fits * 3
    assert agi.error("set_variable", "V", b"y" * (fits + 1)) == "COMMAND_TOO_LONG"
    assert agi.do("get_full_variable", "${V:-1}")["value"] == b"x"
