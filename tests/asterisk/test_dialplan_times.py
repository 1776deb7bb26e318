# SPDX-License-Identifier: MIT
"""Times of includes hold for us when they do for a real server."""

import os
import random
import re
import time
from datetime import datetime
from typing import Dict, Iterator, List, Optional
from zoneinfo import ZoneInfo

import pytest

from asterisk_server import AsteriskServer
from raw import RawManager
from test_dialplan import Driver, command

SEED = 22
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "EST5EDT", "Australia/Lord_Howe",
         "UTC", "<+05>-5", "Nowhere/Land", "UTC,x"]  # fmt: skip

WRONG_TIMES = ["9", "9:", ":5", "24:00", "9:60", "9:00-", "-9:00", "x-9:00", "9:00-x", "9:00-9:99",
               "009:00", "9 :00", "*", "", "noon", "9:00-25:00", "9.00"]  # fmt: skip
WRONG_DAYS = ["", "*", " ", "monday", " mon", "mon ", "x", "0", "32", "13", "8", "-1", "1-", "-",
              "mon-fri-sat", "mon-friday", "x-fri", "1-0", "+", "jan", "\xe4"]  # fmt: skip


class Writer:
    """Writes times that hold around a moment about as often as not."""

    def __init__(self, seed: int, wrong: bool) -> None:
        self.random = random.Random(seed)
        self.wrong = wrong

    def number(self, value: int) -> str:
        choose = self.random.random()
        if choose < 0.7:
            return str(value)
        if choose < 0.85:
            return f"{value:02}"
        if choose < 0.9 or not self.wrong:
            return f" {value}"
        return f"+{value}" if choose < 0.95 else f"{value:02}9"

    def minute(self, minute: int) -> str:
        minute %= 1440
        text = f"{self.number(minute // 60)}:{self.number(minute % 60)}"
        return text + self.random.choice(["", "", "", " ", "x"] if self.wrong else [""])

    def times(self, minute: int) -> str:
        start = minute + self.random.choice([0, 0, -1, 1, -30, 30, -600, 600, 31])
        if self.random.random() < 0.3:
            return self.minute(start)
        end = minute + self.random.choice([0, 0, -1, 1, -2, 29, 30, 45, 600, 900])
        dash = self.random.choice(["-", "-", "-", "- ", "-x"] if self.wrong else ["-"])
        return self.minute(start) + dash + self.minute(end).lstrip(" +")

    def day(self, value: int, names: "Optional[List[str]]", n: int) -> str:
        value %= n
        if names and self.random.random() < 0.8:
            return self.random.choice([names[value], names[value].upper(), names[value].title()])
        return self.number(value + 1)

    def days(self, value: int, names: "Optional[List[str]]", n: int) -> str:
        first = value + self.random.choice([0, 0, 0, -1, 1, -2, 2])
        if self.random.random() < 0.4:
            return self.day(first, names, n)
        return self.day(first, names, n) + "-" + self.day(
            value + self.random.choice([0, 0, 1, 2, -1]), names, n
        )

    def field(self, parts: "List[str]", wrong: "List[str]") -> str:
        if self.random.random() < 0.25:
            return self.random.choice(["*", "*", ""])
        if self.wrong and self.random.random() < 0.3:
            parts[self.random.randrange(len(parts))] = self.random.choice(wrong)
        return "&".join(parts)

    def some(self) -> int:
        return self.random.choice([1, 1, 1, 2, 3])

    def spec(self, moment: float) -> str:
        """Return times for a moment, in seconds since 1970."""
        zone = self.random.choice(ZONES) if self.random.random() < 0.5 else ""
        try:
            local = datetime.fromtimestamp(moment, ZoneInfo(zone) if zone else None)
        except (KeyError, ValueError):
            local = datetime.fromtimestamp(moment)
        minute = 60 * local.hour + local.minute
        fields = [
            self.field([self.times(minute) for _ in range(self.some())], WRONG_TIMES),
            self.field(
                [self.days(local.isoweekday() % 7, WEEKDAYS, 7) for _ in range(self.some())],
                WRONG_DAYS,
            ),
            self.field([self.days(local.day - 1, None, 31) for _ in range(self.some())],
                       WRONG_DAYS),
            self.field([self.days(local.month - 1, MONTHS, 12) for _ in range(self.some())],
                       WRONG_DAYS),
        ]  # fmt: skip
        if zone:
            fields.append(zone)
        else:
            fields = fields[: self.random.choice([1, 2, 3, 4, 4, 4])]
        return "".join(
            field + (self.random.choice(",,,|") if i < len(fields) - 1 else "")
            for i, field in enumerate(fields)
        ).strip()

    def moment(self) -> int:
        """Return a time, some of them where a day, a week or a year ends or clocks change."""
        day = self.random.choice(
            [datetime(2024, 2, 29), datetime(2023, 12, 31), datetime(2026, 3, 29),
             datetime(2026, 10, 25), datetime(2026, 11, 1), datetime(2027, 1, 31)]
        )  # fmt: skip
        if self.random.random() < 0.3:
            return int(day.timestamp()) + self.random.randrange(-3600, 27 * 3600)
        return self.random.randrange(1600000000, 1900000000)


@pytest.fixture
def served(own_server: AsteriskServer) -> "Iterator[Served]":
    served = Served(own_server)
    yield served
    served.close()


class Served:
    """A server with contexts that include one of an extension at times."""

    def __init__(self, server: AsteriskServer) -> None:
        self.server = server
        self.path = server.directory / "etc" / "extensions.conf"
        self.drive = server.directory / "etc" / "drive.conf"
        self.manager = RawManager(server.host, server.ami_port)
        self.driver: "Optional[Driver]" = None

    def load(self, specs: "List[str]", drive: str = "") -> Driver:
        lines = ["[yes]", "exten => 1,1,NoOp()"]
        for i, spec in enumerate(specs):
            # The first "|" of all parts the context from the times.
            lines += [f"[t{i}]", f"include => yes{'|' if '|' in spec else ','}{spec}"]
        self.drive.write_text(drive, encoding="latin-1")
        self.path.write_text(
            "\n".join(lines) + '\n[drive]\n#tryinclude "drive.conf"\n[end]\nending = yes\n',
            encoding="latin-1",
        )
        command(self.manager, "dialplan reload")
        self.driver = Driver(self.path)
        return self.driver

    def close(self) -> None:
        if self.driver:
            self.driver.close()
        self.manager.__exit__()


@pytest.mark.parametrize("wrong", [False, True])
def test_times_hold_when_they_do_for_gotoiftime(served: Served, wrong: bool) -> None:
    # Of all that judge times, GotoIfTime alone can be told what time it is.
    writer = Writer(SEED + wrong, wrong)
    moments = [writer.moment() for _ in range(1200)]
    specs = [writer.spec(moment) for moment in moments]
    lines = ["exten => s,1,NoOp()"]
    for i, (spec, moment) in enumerate(zip(specs, moments)):
        lines += [
            f" same => n,Set(TESTTIME={moment})",
            " same => n,Set(HELD=0)",
            f" same => n,GotoIfTime({spec}?:no{i})",
            " same => n,Set(HELD=1)",
            f" same => n(no{i}),UserEvent(Drive,Query: {i},Id: ${{HELD}})",
        ]
    driver = served.load(specs, "\n".join(lines) + "\n same => n,UserEvent(Drive,Query: end)\n")
    with RawManager(served.server.host, served.server.ami_port) as heard:
        assert b"Response: Success" in heard.ask("Events", "EventMask: user")
        served.manager.ask("Originate", "Channel: Local/s@drive/n", "Application: Wait",
                           "Data: 600", "Async: true")  # fmt: skip
        theirs: Dict[str, str] = {}
        while "end" not in theirs:
            message = dict(line.decode().split(": ", 1) for line in heard.read() if b": " in line)
            if message.get("UserEvent") == "Drive":
                theirs[message["Query"]] = message.get("Id", "")
    held = 0
    for i, (spec, moment) in enumerate(zip(specs, moments)):
        driver.ask("at", str(moment))
        ours = driver.ask("match", f"t{i}", "1")
        assert len(ours) == int(theirs[str(i)]) or not spec, (spec, moment)
        held += len(ours)
    assert len(specs) * 0.1 < held < len(specs) * 0.9


def holding(manager: RawManager, n: int) -> "List[bool]":
    """Return what a server finds now."""
    return [
        b"Value: 1" in manager.ask("Getvar", f"Variable: DIALPLAN_EXISTS(t{i},1,1)")
        for i in range(n)
    ]


def test_includes_hold_now_when_they_do_for_a_server(served: Served) -> None:
    while True:
        minute = time.time() // 60
        writer = Writer(SEED, True)
        specs = [writer.spec(time.time()) for _ in range(400)]
        driver = served.load(specs)
        theirs = holding(served.manager, len(specs))
        if time.time() // 60 == minute:
            break
    driver.ask("at", str(int(60 * minute)))
    ours = [bool(driver.ask("match", f"t{i}", "1")) for i in range(len(specs))]
    assert [specs[i] for i in range(len(specs)) if ours[i] != theirs[i]] == []
    assert len(specs) * 0.1 < sum(ours) < len(specs) * 0.9


WARNED = re.compile(
    r"pbx_timing\.c: (?:Invalid (?:end )?(?:day of week|day|month) '(?P<day>.*)', skipping"
    r"|(?P<time>.*) isn't a valid time\.|Invalid time range starting with '(?P<open>.*)-'"
    r"|'(?P<end>.*)' isn't a valid (?:start|end) time\.)"
)


def test_the_same_parts_of_times_are_warned_of(served: Served) -> None:
    n = 0
    for i in range(8):
        writer = Writer(SEED + i, True)
        specs = [writer.spec(writer.moment()) for _ in range(60)]
        with served.server.log.open(encoding="latin-1") as log:
            log.seek(0, os.SEEK_END)
            driver = served.load(specs)
            lines: List[str] = []
            deadline = time.monotonic() + 60
            while not any("Unknown directive: ending" in line for line in lines):
                assert time.monotonic() < deadline, "the log is silent"
                time.sleep(0.01)
                lines += log.readlines()
        theirs = [found for found in map(WARNED.search, lines) if found]
        ours = [what for _, text, what in driver.ask("problems") if "no time" in text]
        # Asterisk names what it could not read of a part.
        assert len(ours) == len(theirs), (ours, theirs)
        for our, their in zip(ours, theirs):
            assert next(group for group in their.groups() if group is not None) in our
        n += len(ours)
        driver.close()
        served.driver = None
    assert n > 100
