# SPDX-License-Identifier: MIT
"""Call files: text files that ask Asterisk for a call, at once or at a given time.

The module pbx_spool of Asterisk runs every file in its folder ``outgoing``. Whatever it would read
as something else than was meant is refused here.

Examples
--------
>>> from asterisk.callfile import CallFile
>>> call = CallFile("PJSIP/100", application="Playback", data="hello-world",
...                 variables={"GREETING": "good; morning"}, archive=True)
>>> print(call.text, end="")
Channel: PJSIP/100
Application: Playback
Data: hello-world
Archive: yes
Setvar: GREETING=good\\; morning

``call.submit()`` hands it to Asterisk, and ``find(path)`` tells what became of it.
"""

from __future__ import annotations

import enum
import grp
import math
import os
import pwd
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Dict, List, NamedTuple, Optional, Tuple, Type, Union

from asterisk import _core

__all__ = ["DIRECTORY", "CallFile", "CallFileError", "Found", "State", "Status", "find", "parse"]

#: Where Asterisk looks for call files unless asterisk.conf says otherwise.
DIRECTORY = "/var/spool/asterisk/outgoing"

_Line = Union[Tuple[str, str], Tuple[str, str, str]]


class CallFileError(ValueError):
    """Asterisk would not read from the call file what was meant.

    Attributes
    ----------
    code : int
        The ``ERR_*`` of `asterisk._core`.
    key : str or None
        The key, or the name of the variable, whose value it is.
    """

    def __init__(self, code: int, sentence: str, key: Optional[str] = None) -> None:
        super().__init__(sentence if key is None else f"{key}: {sentence}")
        self.code = code
        self.key = key


class State(enum.Enum):
    """How far Asterisk is with a call file."""

    #: No attempt was made.
    WAITING = _core.CALL_FILE_WAITING
    #: An attempt began, and its end is not noted.
    CALLING = _core.CALL_FILE_CALLING
    #: The last attempt failed, and another follows.
    RETRYING = _core.CALL_FILE_RETRYING
    #: The call was answered, and is over.
    COMPLETED = _core.CALL_FILE_COMPLETED
    #: The last attempt failed, and no other follows.
    EXPIRED = _core.CALL_FILE_EXPIRED
    #: Asterisk could not read the file, or use what it says.
    FAILED = _core.CALL_FILE_FAILED


@dataclass(frozen=True)
class Status:
    """What Asterisk noted in a call file.

    Attributes
    ----------
    state : State
        How far it is.
    attempts : int
        How many calls it began.
    began : int or None
        When the last of them began, in seconds of UNIX time.
    ended : int or None
        When the last that failed did so, in seconds of UNIX time.
    pid : int or None
        The process of Asterisk that made the last attempt.
    """

    state: State
    attempts: int
    began: Optional[int]
    ended: Optional[int]
    pid: Optional[int]


class Found(NamedTuple):
    """A call file and its status."""

    file: CallFile
    status: Status


@dataclass
class CallFile:
    """A call to be made. What is None is left out of the file; Asterisk's defaults hold then.

    Parameters
    ----------
    channel : str
        Whom to call, as ``Technology/Resource``.
    application : str, optional
        The dialplan application to run when that is answered. This or `extension` is needed; of
        both, Asterisk runs the application.
    data : str, optional
        The application's arguments.
    context, extension : str, optional
        Where to go in the dialplan when that is answered; without `context`, in the channel's own.
    priority : int, optional
        The priority there, 1 or more; by default 1.
    callerid : str, optional
        As ``"Name" <number>``; Asterisk keeps 79 bytes of each.
    account : str, optional
        The account code.
    wait_time : int, optional
        Seconds to wait for an answer, 1 to 2147483; by default 45.
    max_retries : int, optional
        Further attempts when the first fails, 0 or more; by default 0.
    retry_time : int, optional
        Seconds from a failure to the next attempt, 1 or more; by default 300.
    codecs : str or iterable of str, optional
        Formats for the call; by default signed linear.
    variables : mapping of str to str, or iterable of pairs of str
        Variables, and functions such as ``CHANNEL(language)``, that the called channel gets; kept
        as a list of pairs.
    archive : bool, optional
        Keep the file in ``outgoing_done`` with its status when the call is over; by default no.
    always_delete : bool, optional
        False keeps the file in ``outgoing``, and Asterisk adds a line to it every `retry_time`; by
        default True.
    early_media : bool, optional
        Go to the `extension` at early media already; by default no.

    Raises
    ------
    CallFileError
        Asterisk would read something else: CR, LF or NUL, a line of more than 1023 bytes, blanks at
        the ends of a value, ``#`` behind a blank (it begins a comment, and nothing escapes it), a
        number out of its range; or there is no channel, or neither application nor extension.
    TypeError
        A text is no str.
    """

    channel: str
    application: Optional[str] = None
    data: Optional[str] = None
    context: Optional[str] = None
    extension: Optional[str] = None
    priority: Optional[int] = None
    callerid: Optional[str] = None
    account: Optional[str] = None
    wait_time: Optional[int] = None
    max_retries: Optional[int] = None
    retry_time: Optional[int] = None
    codecs: Union[str, Iterable[str], None] = None
    archive: Optional[bool] = None
    always_delete: Optional[bool] = None
    early_media: Optional[bool] = None
    variables: Union[Mapping[str, str], Iterable[Tuple[str, str]]] = ()

    #: The attributes, in the order of the file: their keys there, and what they are.
    _KEYS: ClassVar[Dict[str, Tuple[str, Type[object]]]] = {
        "channel": ("Channel", str),
        "callerid": ("Callerid", str),
        "account": ("Account", str),
        "application": ("Application", str),
        "data": ("Data", str),
        "context": ("Context", str),
        "extension": ("Extension", str),
        "priority": ("Priority", int),
        "wait_time": ("WaitTime", int),
        "max_retries": ("MaxRetries", int),
        "retry_time": ("RetryTime", int),
        "codecs": ("Codecs", str),
        "always_delete": ("AlwaysDelete", bool),
        "archive": ("Archive", bool),
        "early_media": ("Early_media", bool),
    }

    def __post_init__(self) -> None:
        if self.codecs is not None and not isinstance(self.codecs, str):
            self.codecs = ",".join(self.codecs)
        self.variables = self._pairs()
        bytes(self)

    def __bytes__(self) -> bytes:
        """Return the file's content; raises as the class does."""
        try:
            return _core.call_file_text(self._lines())
        except _core.Error as error:
            raise CallFileError(*error.args) from None

    @property
    def text(self) -> str:
        """The file's content; bytes that are not UTF-8 are surrogates (``surrogateescape``)."""
        return bytes(self).decode("utf-8", "surrogateescape")

    def submit(
        self,
        directory: Union[str, os.PathLike[str]] = DIRECTORY,
        *,
        at: Union[datetime, float, None] = None,
        name: Optional[str] = None,
        staging: Union[str, os.PathLike[str], None] = None,
        mode: int = 0o660,
        owner: Union[str, int, None] = None,
        group: Union[str, int, None] = None,
    ) -> Path:
        """Hand the file to Asterisk: all of it or nothing, and never in another file's place.

        It is written in a folder that Asterisk does not look at, synced to the disk, and moved.
        That may take as long as a disk takes; a program with an event loop does it in a thread.

        Parameters
        ----------
        directory : path
            Asterisk's folder for call files.
        at : datetime or float, optional
            The call is not made before this time: a datetime, in local time when it has no zone,
            or seconds of UNIX time. By default at once.
        name : str, optional
            The file's name; by default one that is free.
        staging : path, optional
            The folder to write in, on the same file system. By default ``tmp`` beside `directory`,
            or where there is none the folder that `directory` is in.
        mode : int
            The file's permissions. Asterisk has to read the file and to append to it.
        owner, group : str or int, optional
            Whose the file will be, by name or number. By default those of `directory`, as far as
            this process may give the file to them. For attempts to be repeated in time, Asterisk
            has to own the file.

        Returns
        -------
        Path
            The file in `directory`, for `find`.

        Raises
        ------
        CallFileError
            As the class; also for a `name` with ``/``, a `mode` over 0o777, or a `staging` folder
            that is `directory`.
        FileExistsError
            There is a file of that `name`.
        KeyError
            The system knows no such `owner` or `group`.
        OSError
            Whatever else the disk says; ``errno.EXDEV`` for a `staging` folder on another file
            system.
        """
        if isinstance(at, datetime):
            at = at.timestamp()
        if isinstance(owner, str):
            owner = pwd.getpwnam(owner).pw_uid
        if isinstance(group, str):
            group = grp.getgrnam(group).gr_gid
        try:
            chosen = _core.call_file_submit(
                self._lines(),
                os.fsencode(directory),
                None if staging is None else os.fsencode(staging),
                None if name is None else os.fsencode(name),
                0 if at is None else math.ceil(at),
                mode,
                -1 if owner is None else owner,
                -1 if group is None else group,
            )
        except _core.Error as error:
            raise CallFileError(*error.args) from None
        return Path(directory, os.fsdecode(chosen))

    def _lines(self) -> List[_Line]:
        lines: List[_Line] = []
        for attribute, (key, _) in self._KEYS.items():
            value = getattr(self, attribute)
            if isinstance(value, bool):
                value = "yes" if value else "no"
            elif isinstance(value, int):
                value = str(value)
            if value is not None:
                lines.append((key, value))
        lines.extend(("Setvar", name, value) for name, value in self._pairs())
        return lines

    def _pairs(self) -> List[Tuple[str, str]]:
        variables = self.variables
        pairs = variables.items() if isinstance(variables, Mapping) else variables
        return [(name, value) for name, value in pairs]


def parse(data: Union[bytes, str]) -> Found:
    """Read a call file as Asterisk reads it, with what Asterisk noted in it.

    Parameters
    ----------
    data : bytes or str
        The file's content.

    Returns
    -------
    Found
        The call and the status. The call is checked only when it is used: a file may lack what it
        needs.
    """
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogateescape")
    return _found(*_core.call_file_read(data))


def find(path: Union[str, os.PathLike[str]]) -> Optional[Found]:
    """Look for a call file that was submitted, and in the archive when it is not there any more.

    Parameters
    ----------
    path : path
        What `CallFile.submit` returned.

    Returns
    -------
    Found or None
        As `parse`. None when the file is in neither folder: Asterisk is done with it and was not
        told to keep it.

    Raises
    ------
    OSError
        A folder or the file cannot be read.
    """
    directory, name = os.path.split(os.fsencode(path))
    try:
        found = _core.call_file_find(directory or b".", name)
    except _core.Error as error:
        raise CallFileError(*error.args) from None
    return None if found is None else _found(*found)


def _found(lines: List[Tuple[str, str]], notes: Tuple[int, int, int, int, int]) -> Found:
    values = dict(lines)
    call = CallFile.__new__(CallFile)  # without its checks
    for attribute, (key, kind) in CallFile._KEYS.items():
        value: Union[str, int, bool, None] = values.get(key)
        if value is not None and kind is int:
            value = int(value)
        elif value is not None and kind is bool:
            value = value == "yes"
        setattr(call, attribute, value)
    call.channel = values.get("Channel", "")
    parts = [value.partition("=") for key, value in lines if key == "Setvar"]
    call.variables = [(name, value) for name, _, value in parts]
    state, attempts, began, ended, pid = notes
    return Found(
        call, Status(State(state), attempts, began or None, ended or None, pid or None)
    )
