# SPDX-License-Identifier: MIT
"""Dialplans: an extensions.conf as Asterisk reads it, without an Asterisk.

`Dialplan.load` gives the contexts, extensions and priorities that Asterisk would have, tells what a
dialled number finds and what is wrong, and draws a picture.

Examples
--------
>>> from asterisk.config import Document
>>> from asterisk.dialplan import Dialplan
>>> document = Document('''\\
... [internal]
... exten => _1XX,1(ring),Dial(PJSIP/${EXTEN},30)
...  same => n,VoiceMail(${EXTEN})
... exten => 100,1,Goto(nowhere,s,1)
... ''', "extensions.conf")
>>> plan = Dialplan(document.resolve())
>>> [match.extension.name for match in plan.match("internal", "100")]
['100', '_1XX']
>>> plan.find("internal", "100", 2)
<Priority 2 'VoiceMail(${EXTEN})' at extensions.conf:3>
>>> print(plan.problems[-1])
extensions.conf:4:21: error: this leads to a context that does not exist: nowhere,s,1
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timezone, tzinfo
from types import MappingProxyType
from typing import List, NamedTuple, Optional, Tuple, Union
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from asterisk import _core, config
from asterisk._core import Extension, Priority
from asterisk.config import Configuration, Problem, Severity

__all__ = [
    "HINT",
    "Context",
    "Dialplan",
    "Extension",
    "Global",
    "Ignorepat",
    "Include",
    "Match",
    "Priority",
    "Problem",
    "Severity",
    "Switch",
]

_Path = Union[str, "os.PathLike[str]"]

#: The number of the priority of a hint.
HINT = _core.DIALPLAN_HINT


class Include(NamedTuple):
    """Another context that is searched behind the one that includes it.

    Parameters
    ----------
    context : str
        Its name; there may be no such context.
    times : str
        When it is searched, as it is written; empty: always.
    file : str
        The path of the file that it is written in.
    line : int
        The number of the line there, from 1.
    """

    context: str
    times: str
    file: str
    line: int


class Switch(NamedTuple):
    """Somebody else who is asked for extensions: a database, another server.

    Parameters
    ----------
    name, data : str
        What stands before and behind the slash.
    is_evaluated : bool
        Whether variables of the call are put into the data (``eswitch``).
    file : str
        The path of the file that it is written in.
    line : int
        The number of the line there, from 1.
    """

    name: str
    data: str
    is_evaluated: bool
    file: str
    line: int


class Ignorepat(NamedTuple):
    """Digits behind which the dial tone goes on.

    Parameters
    ----------
    pattern : str
    file : str
        The path of the file that it is written in.
    line : int
        The number of the line there, from 1.
    """

    pattern: str
    file: str
    line: int


class Global(NamedTuple):
    """A global variable.

    Parameters
    ----------
    name : str
    value : str
        With the values of the variables before it put in.
    file : str
        The path of the file that it is written in.
    line : int
        The number of the line there, from 1.
    """

    name: str
    value: str
    file: str
    line: int


class Match(NamedTuple):
    """An extension that fits a number, or a switch that Asterisk would ask at this point.

    Parameters
    ----------
    context : str
        The name of the context that has it.
    extension : Extension or None
        None: it is a switch.
    switch : Switch or None
        None: it is an extension.
    include : Include or None
        The last one that led here; None: it is in the context that was searched.
    is_timed : bool
        Whether an include that led here holds at certain times only.
    """

    context: str
    extension: Optional[Extension]
    switch: Optional[Switch]
    include: Optional[Include]
    is_timed: bool


class Context:
    """A context: all sections of that name. It does not change."""

    __slots__ = ("_autohints", "_file", "_index", "_line", "_name", "_source")

    def __init__(self, source: _core.Dialplan, index: int) -> None:
        self._source = source
        self._index = index
        self._name, self._autohints, self._file, self._line = source.context(index)

    @property
    def name(self) -> str:
        """The context's name."""
        return self._name

    @property
    def extensions(self) -> List[Extension]:
        """Its own extensions, the one that Asterisk tries first at the front."""
        return self._source.extensions(self._index)

    @property
    def includes(self) -> List[Include]:
        """The contexts that it includes, in order."""
        return [Include(*each) for each in self._source.includes(self._index)]

    @property
    def switches(self) -> List[Switch]:
        """The switches that are asked behind its extensions, in order."""
        return [Switch(*each) for each in self._source.switches(self._index)]

    @property
    def ignorepats(self) -> List[Ignorepat]:
        """The digits behind which the dial tone goes on."""
        return [Ignorepat(*each) for each in self._source.ignorepats(self._index)]

    @property
    def autohints(self) -> bool:
        """Whether Asterisk makes hints for registered devices."""
        return self._autohints

    @property
    def file(self) -> str:
        """The path of the file that its first section is in."""
        return self._file

    @property
    def line(self) -> int:
        """The number of the line there, from 1."""
        return self._line

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Context):
            return NotImplemented
        return self._source is other._source and self._index == other._index

    def __hash__(self) -> int:
        return hash((self._source, self._index))

    def __repr__(self) -> str:
        return f"<Context {self._name!r} at {self._file}:{self._line}>"


def _zone(name: str) -> tzinfo:
    """A zone that is not known is UTC, to Asterisk as here (main/stdtime/localtime.c)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return timezone.utc


def _clock(at: datetime) -> Callable[[Optional[str]], Tuple[int, int, int, int, int]]:
    """What tells the local time of a zone; of None, that of Asterisk's machine."""

    def tell(zone: Optional[str]) -> Tuple[int, int, int, int, int]:
        local = at
        if zone is not None:
            local = at.astimezone(_zone(zone))
        elif at.tzinfo is not None:
            local = at.astimezone()
        return local.minute, local.hour, local.day, local.month - 1, local.isoweekday() % 7

    return tell


class Dialplan(Mapping[str, Context]):
    """What Asterisk makes of an extensions.conf.

    It maps names to contexts; upper and lower case differ. It does not change, and any number of
    threads may use it.

    Parameters
    ----------
    configuration : asterisk.config.Configuration
        Of `asterisk.config.load` or `asterisk.config.Document.resolve`.

    Raises
    ------
    TypeError
        It is something else, such as what a running Asterisk answered, which has no lines.
    """

    __slots__ = ("_checking", "_configuration", "_problems", "_source")

    def __init__(self, configuration: Configuration) -> None:
        source = getattr(configuration, "_source", None)
        if not isinstance(source, _core.ConfigResolved):
            raise TypeError("expected a Configuration of load() or Document.resolve()")
        self._configuration = configuration
        self._source = _core.Dialplan(source)
        self._problems: Optional[List[Problem]] = None
        self._checking = threading.Lock()

    @classmethod
    def load(
        cls, path: _Path, directory: Optional[_Path] = None, execute: bool = False
    ) -> Dialplan:
        """Read an extensions.conf and all it includes, as Asterisk does.

        Parameters
        ----------
        path : str or path-like
            The file.
        directory : str or path-like, optional
            Where included files are that are named without a leading slash: Asterisk's
            configuration directory. By default the directory of the file.
        execute : bool, optional
            Run what ``#exec`` names, which may be anything. By default it is a problem instead.

        Returns
        -------
        Dialplan

        Raises
        ------
        OSError
            The file cannot be read. An included one that cannot is a problem of `configuration`.
        ConfigurationError
            It grows beyond 16777216 sections or settings.
        """
        return cls(config.load(path, directory, execute))

    @property
    def configuration(self) -> Configuration:
        """What it was made of."""
        return self._configuration

    @property
    def globals(self) -> Mapping[str, Global]:
        """Global variables by name, in order; upper and lower case differ."""
        return MappingProxyType({each[0]: Global(*each) for each in self._source.globals()})

    @property
    def problems(self) -> List[Problem]:
        """What `check` finds. The dialplan is checked when this is asked for the first time."""
        with self._checking:
            if self._problems is None:
                self._problems = self.check()
            return list(self._problems)

    def __getitem__(self, name: str) -> Context:
        index = self._source.index(name)
        if index is None:
            raise KeyError(name)
        return Context(self._source, index)

    def __iter__(self) -> Iterator[str]:
        return (self._source.context(i)[0] for i in range(self._source.count))

    def __len__(self) -> int:
        return self._source.count

    def match(
        self,
        context: str,
        number: str,
        caller_id: Optional[str] = None,
        at: Optional[datetime] = None,
    ) -> List[Match]:
        """All that fits a number, in Asterisk's order of preference.

        What is executed is the first that has the wanted priority, which `find` tells.

        Parameters
        ----------
        context : str
            The name of the context that it is dialled in.
        number : str
            What is dialled.
        caller_id : str, optional
            The number of who calls, empty for a caller without one. Without it, extensions for
            any caller fit.
        at : datetime.datetime, optional
            The time of the call, for includes that hold at certain times only; without it they
            are taken to hold. A naive one is the local time where Asterisk runs. To convert from
            or to other zones, that is taken to be this machine's.

        Returns
        -------
        list of Match
            The context's extensions, then its switches, then those of the contexts that it
            includes. Empty when nothing fits.

        Raises
        ------
        KeyError
            There is no such context.
        """
        return [
            Match(
                name,
                extension,
                None if switch is None else Switch(*switch),
                None if include is None else Include(*include),
                is_timed,
            )
            for name, extension, switch, include, is_timed in self._source.match(
                context, number, caller_id, None if at is None else _clock(at)
            )
        ]

    def find(
        self,
        context: str,
        number: str,
        priority: Union[int, str] = 1,
        caller_id: Optional[str] = None,
        at: Optional[datetime] = None,
    ) -> Optional[Priority]:
        """What Asterisk would execute.

        Parameters
        ----------
        context, number, caller_id, at
            As of `match`.
        priority : int or str, optional
            The number of the priority, or its label. `HINT` finds the hint.

        Returns
        -------
        Priority or None
            It may be of another extension than the one before it. None when there is none, which
            a switch might still have.

        Raises
        ------
        KeyError
            There is no such context.
        """
        clock = None if at is None else _clock(at)
        if isinstance(priority, str):
            return self._source.find(context, number, 0, priority, caller_id, clock)
        return self._source.find(context, number, priority, None, caller_id, clock)

    def check(self, known: Iterable[str] = ()) -> List[Problem]:
        """What is wrong with the dialplan.

        An error is where a call fails, or a line that Asterisk leaves out; a warning is what
        Asterisk warns of or what is hardly meant; a note might be. What depends on variables is
        not judged. What is wrong with the files as such is in ``configuration.problems``.

        Parameters
        ----------
        known : iterable of str, optional
            Applications and functions that there are besides those of Asterisk 16 and 22; ``*`` in
            a name stands for any characters, as in ``ODBC_*``.

        Returns
        -------
        list of Problem
            In the order of files and lines.
        """
        return [
            Problem(file, line, column, Severity(severity), *rest)
            for file, (line, column, severity, *rest) in self._source.check(tuple(known))
        ]

    def graph(self) -> str:
        """A picture of it as Graphviz text.

        Returns
        -------
        str
            To be given to ``dot``; the same for the same dialplan.
        """
        return self._source.graph()

    def __repr__(self) -> str:
        return f"<Dialplan of {len(self)} contexts>"
