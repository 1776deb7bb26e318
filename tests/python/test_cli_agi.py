# SPDX-License-Identifier: MIT
"""`pyst agi`: its catalogue of commands."""

from typing import List

import pytest

from pyst_program import pyst

DONE, USAGE = 0, 2


def test_help_and_what_is_no_command() -> None:
    run = pyst("agi", "--help")
    assert (run.code, run.err) == (DONE, "")
    assert run.out.startswith("Usage: pyst agi ")
    without = pyst("agi")
    assert (without.code, without.out, without.err) == (USAGE, "", run.out)
    assert pyst("agi", "nothing").err == (
        "pyst: nothing is no command; pyst agi --help lists them\n"
    )
    assert pyst("agi", "nothing").code == USAGE


def test_catalogue_of_all() -> None:
    run = pyst("agi", "catalogue")
    assert (run.code, run.err) == (DONE, "")
    names = run.out.splitlines()
    assert names == sorted(names)
    assert {"ANSWER", "GET FULL VARIABLE", "WAIT FOR DIGIT"} <= set(names)
    commands = pyst("agi", "catalogue", "--json").objects()
    assert [command["command"] for command in commands] == names


@pytest.mark.parametrize("words", [["set", "music"], ["SET MUSIC"], [" Set ", "Music"]])
def test_catalogue_of_one(words: List[str]) -> None:
    run = pyst("agi", "catalogue", *words)
    assert (run.code, run.err) == (DONE, "")
    assert run.out == (
        "SET MUSIC  (Asterisk 16, 22)\n"
        "    boolean                  required  on | off\n"
        "    class                   \n"
        "\n"
    )


def test_catalogue_of_a_first_word() -> None:
    run = pyst("agi", "catalogue", "database")
    assert [line.split("  ")[0] for line in run.out.splitlines() if line[:1].isalpha()] == [
        "DATABASE DEL",
        "DATABASE DELTREE",
        "DATABASE GET",
        "DATABASE PUT",
    ]
    # A part of a word is none.
    assert pyst("agi", "catalogue", "data").code == USAGE


def test_catalogue_as_json() -> None:
    (gosub,) = pyst("agi", "catalogue", "-j", "GOSUB").objects()
    assert (gosub["command"], gosub["versions"]) == ("GOSUB", [16, 22])
    assert gosub["on_dead_channel"] is False
    assert gosub["parameters"][-1] == {
        "name": "optional-argument",
        "versions": [16, 22],
        "required": False,
        "joined": True,
        "values": [],
    }
    (verbose,) = pyst("agi", "catalogue", "--json", "VERBOSE").objects()
    assert verbose["on_dead_channel"] is True
    assert [(each["name"], each["required"]) for each in verbose["parameters"]] == [
        ("message", True),
        ("level", False),
    ]


@pytest.mark.parametrize("words", [["nothing"], ["GET VARIABLE NOW"], [""], ["SET", "MUSIC", "ON"]])
def test_catalogue_of_an_unknown_name(words: List[str]) -> None:
    run = pyst("agi", "catalogue", *words)
    assert (run.code, run.out) == (USAGE, "")
    assert run.err == f"pyst: {' '.join(words)} is no AGI command that Asterisk documents\n"


def test_catalogue_of_an_unknown_option() -> None:
    run = pyst("agi", "catalogue", "--nothing")
    assert (run.code, run.out) == (USAGE, "")
    assert "pyst agi catalogue --help tells the options" in run.err
