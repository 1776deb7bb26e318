# SPDX-License-Identifier: MIT
"""AGI: programs that run a call.

::

    from asterisk.agi import AGI

    with AGI() as agi:
        agi.answer()
        digits = agi.get_data("enter-number", timeout=5000, max_digits=4)
        agi.say_digits(digits)

Asterisk starts such a program for ``AGI(program.py)`` in the dialplan. `asterisk.fastagi` serves
calls over the network, `asterisk.aio.AGI` is the same with ``await``.
"""

from __future__ import annotations

import os
import sys

from asterisk import _core
from asterisk._core import AgiReply
from asterisk.agi import sighup, trace
from asterisk.agi.commands import DEFAULT_RECORD, DEFAULT_TIMEOUT, Commands
from asterisk.agi.errors import (
    AGIAppError,
    AGIDBError,
    AGIEnvironmentError,
    AGIError,
    AGIException,
    AGIHangup,
    AGIInvalidCommand,
    AGIResultHangup,
    AGISIGHUPHangup,
    AGISIGPIPEHangup,
    AGIUnknownError,
    AGIUsageError,
    AGIValueError,
    QUESTION,
    failure,
    late_hangup,
    may_be_hangup,
    refusal,
)
from asterisk.agi.results import ChannelState, Digit, Digits, Recording, Speech

TYPE_CHECKING = False  # typing is not imported: a call waits for this module
if TYPE_CHECKING:
    import re
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, Optional, Protocol, TypeVar, Union

    from asterisk.agi.commands import Reply, Text
    from asterisk.agi.trace import Debug, Writer

    T = TypeVar("T")
    Self = TypeVar("Self", bound="AGI")

    class Stream(Protocol):
        """What carries a dialogue instead of files: a socket, or what behaves as one."""

        def recv(self, size: int, /) -> bytes: ...
        def sendall(self, data: bytes, /) -> object: ...
        def close(self) -> object: ...

    class File(Protocol):
        """A file of text or bytes, for input or output."""

        def readline(self) -> Any: ...
        def write(self, data: Any, /) -> Any: ...
        def flush(self) -> Any: ...

    re_code: re.Pattern[str]
    re_kv: re.Pattern[str]

__all__ = [
    "AGI",
    "DEFAULT_RECORD",
    "DEFAULT_TIMEOUT",
    "AGIAppError",
    "AGIDBError",
    "AGIEnvironmentError",
    "AGIError",
    "AGIException",
    "AGIHangup",
    "AGIInvalidCommand",
    "AGIResultHangup",
    "AGISIGHUPHangup",
    "AGISIGPIPEHangup",
    "AGIUnknownError",
    "AGIUsageError",
    "AGIValueError",
    "AgiReply",
    "ChannelState",
    "Digit",
    "Digits",
    "Recording",
    "Speech",
    "re_code",
    "re_kv",
]

#: pyst's expressions, for programs that use them; made when they are asked for.
_EXPRESSIONS = {
    "re_code": r"(^\d*)\s*(.*)",
    "re_kv": r"(?P<key>\w+)=(?P<value>[^\s]+)\s*(?:\((?P<data>.*)\))*",
}

_RECEIVE_SIZE = 65536


def __getattr__(name: str) -> Any:
    if name in _EXPRESSIONS:
        import re

        return globals().setdefault(name, re.compile(_EXPRESSIONS[name]))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class AGI(Commands):
    """A call, and the commands to run it with.

    Parameters
    ----------
    stdin, stdout : file, optional
        Files of text or bytes, by default `sys.stdin` and `sys.stdout` of now.
    stderr : file, optional
        Where the trace goes, by default `sys.stderr`.
    stream : socket, optional
        Instead of the files: an object with ``recv``, ``sendall`` and ``close``.
    debug : bool or 'json' or callable, optional
        Whether to trace the dialogue. True: as pyst does, which is the default without `stream`.
        'json': as lines of JSON with times. A function is called with each record, a dict.
    command_size : int, optional
        Bytes of a command line at most. The default is what every Asterisk can read, 2047.

    Attributes
    ----------
    raise_on_hangup : bool
        Whether commands raise AGISIGHUPHangup, and are not sent, once the caller is gone. Set it to
        False to go on with commands that Asterisk allows then: variables, database, ``verbose``,
        ``appexec``. Others raise AGIResultHangup.

    Raises
    ------
    AGIEnvironmentError
        The environment did not come: Asterisk did not start this program.

    Notes
    -----
    An object belongs to one thread at a time. In the main thread, when its input is no socket, it
    takes SIGHUP for a hangup; a handler that was there before is called, too.
    """

    def __init__(
        self,
        stdin: Optional[Any] = None,
        stdout: Optional[Any] = None,
        stderr: Optional[Writer] = None,
        *,
        stream: Optional[Stream] = None,
        debug: Debug = None,
        command_size: int = 0,
    ) -> None:
        self._begin(_core.AgiSession(command_size=command_size), stream, stderr)
        if stream is None:
            self.stdin = sys.stdin if stdin is None else stdin
            self.stdout = sys.stdout if stdout is None else stdout
            self._use_files()
            sighup.watch(self, self.stdin)
            if debug is None:
                debug = True
        self._debug(debug)
        if self._trace is not None:
            self._trace.arguments(sys.argv)
        self._get_agi_env()

    def _begin(
        self, session: _core.AgiSession, stream: Optional[Stream], stderr: Optional[Writer]
    ) -> None:
        self.raise_on_hangup = True
        self._got_sighup = False
        self._env: dict[str, str] | None = None
        self._session = session
        self._stream = stream
        self._fd_in = self._fd_out = -1
        self._binary: bool | None = None
        self.stdin = self.stdout = None
        self.stderr = sys.stderr if stderr is None else stderr
        if stream is not None:
            self._use_stream(stream)

    def _debug(self, debug: Debug) -> None:
        self._trace = trace.make(debug, self.stderr)
        kind = type(self)
        #: Whether the core may do a whole command by itself.
        self._direct = (
            self._fd_in >= 0
            and self._trace is None
            and kind.send_command is AGI.send_command
            and kind.get_result is AGI.get_result
        )

    @classmethod
    def _over(
        cls: type[Self], session: _core.AgiSession, stream: Stream, debug: Debug = None
    ) -> Self:
        """Make one of a session that has its environment, as a server has it."""
        agi = cls.__new__(cls)
        agi._begin(session, stream, None)
        agi._debug(debug)
        if agi._trace is not None:
            agi._trace.environment(session.environment_text(), agi.env)
        return agi

    # -- what carries it ----------------------------------------------------------------------

    def _use_stream(self, stream: Stream) -> None:
        """Use the descriptor of a plain socket that blocks, and the methods of all else."""
        socket = sys.modules.get("socket")
        if socket is not None and type(stream) is socket.socket and stream.gettimeout() is None:
            self._fd_in = self._fd_out = stream.fileno()

    def _use_files(self) -> None:
        """Use descriptors for what Python itself opened for input and output."""
        if self.stdin is sys.stdin is sys.__stdin__ and self.stdout is sys.stdout is sys.__stdout__:
            try:
                fd_in, fd_out = self.stdin.fileno(), self.stdout.fileno()
            except (AttributeError, OSError, ValueError):
                return
            if (fd_in, fd_out) == (0, 1):
                self._fd_in, self._fd_out = fd_in, fd_out
                return
        for file in (self.stdin, self.stdout):
            # What is not UTF-8 is to come through.
            reconfigure = getattr(file, "reconfigure", None)
            if reconfigure is not None:
                try:
                    reconfigure(errors="surrogateescape")
                except (OSError, ValueError):
                    pass

    def _receive(self) -> None:
        """Wait for bytes, and give them to the session."""
        data: Any
        try:
            if self._stream is not None:
                data = self._stream.recv(_RECEIVE_SIZE)
            else:
                data = self._read_line()
        except (BrokenPipeError, ConnectionError):
            data = b""
        if data:
            self._session.feed(data)
        else:
            self._session.disconnected()

    def _read_line(self) -> bytes:
        file: Any = self.stdin
        if file is None or getattr(file, "closed", False):
            return b""
        line = file.readline()
        if self._binary is None:
            self._binary = isinstance(line, bytes)
        data: bytes = line if self._binary else line.encode("utf-8", "surrogateescape")
        return data

    def _send(self, line: bytes) -> None:
        if self._fd_out >= 0:
            while line:
                line = line[os.write(self._fd_out, line) :]
        elif self._stream is not None:
            self._stream.sendall(line)
        else:
            file: Any = self.stdout
            if getattr(file, "closed", False):
                raise BrokenPipeError
            if self._writes_bytes(file):
                file.write(line)
            else:
                file.write(line.decode("utf-8", "surrogateescape"))
            file.flush()

    def _writes_bytes(self, file: Any) -> bool:
        """Whether a file takes bytes: as it says, else as the other file gives them."""
        import io

        if isinstance(file, io.TextIOBase):
            return False
        return isinstance(file, (io.RawIOBase, io.BufferedIOBase)) or bool(self._binary)

    # -- the environment ----------------------------------------------------------------------

    def _get_agi_env(self) -> None:
        notice = self._next()
        if notice != _core.AGI_ENVIRONMENT:
            error = AGIEnvironmentError(_core.strerror(self._session.error))
            error.code = self._session.error
            raise error
        if self._trace is not None:
            self._trace.environment(self._session.environment_text(), self.env)

    # -- hangup -------------------------------------------------------------------------------

    @property
    def hung_up(self) -> bool:
        """Whether the caller is known to be gone."""
        return self._got_sighup or self._session.is_hung_up

    def _handle_sighup(self, signum: int, frame: object) -> None:
        """Take SIGHUP for a hangup."""
        self._got_sighup = True
        self._session.hang_up()

    def test_hangup(self) -> None:
        """Raise AGISIGHUPHangup if the caller is known to be gone.

        Raises
        ------
        AGISIGHUPHangup
            Not when `raise_on_hangup` is False.
        """
        if self.raise_on_hangup and (self._got_sighup or self._session.is_hung_up):
            raise AGISIGHUPHangup("the caller hung up")

    # -- commands -----------------------------------------------------------------------------

    def execute(self, command: Text, *args: Text) -> AgiReply:
        """Send a command and return its reply.

        Parameters
        ----------
        command : str
        *args : str or int
            Are sent as they are, with blanks between: quote what needs it.

        Returns
        -------
        AgiReply
            A dict: ``reply["result"]`` is a pair, the result and what stood in parentheses.

        Raises
        ------
        AGIHangup, AGIAppError, AGIInvalidCommand, AGIUsageError, AGIUnknownError, AGIValueError
        """
        self.test_hangup()
        try:
            if (
                self._direct
                and "get_result" not in self.__dict__
                and "send_command" not in self.__dict__
            ):
                reply = self._session.exchange(self._fd_in, self._fd_out, command, args)
                if reply.error:
                    raise failure(reply)
                return reply
            self.send_command(command, *args)
            return self.get_result()
        except AGIAppError as error:
            if may_be_hangup(error, command) and self._is_gone():
                raise late_hangup(error) from None
            raise
        except _core.Error as error:
            raise refusal(error) from None
        except (BrokenPipeError, ConnectionError) as error:
            self._session.disconnected()
            raise AGISIGPIPEHangup("Asterisk closed the stream") from error

    def _is_gone(self) -> bool:
        """Find out whether the caller is gone: of files as pyst does, else by asking."""
        if not self.hung_up and (self._fd_in >= 0 or self._stream is not None):
            try:
                AGI.send_command(self, QUESTION)
                AGI.get_result(self)
            except (AGIException, OSError):
                pass
        return self.hung_up

    def send_command(self, command: Text, *args: Text) -> None:
        """Send a command; `get_result` has to follow."""
        try:
            line = self._session.submit(command, args)
        except _core.Error as error:
            raise refusal(error) from None
        if self._trace is not None:
            self._trace.command(line.decode("utf-8", "surrogateescape"))
        self._send(line)

    def get_result(self, stdin: object = None) -> AgiReply:
        """Wait for the reply to the command that was sent.

        Parameters
        ----------
        stdin : object, optional
            Is ignored, as pyst2 does.

        Returns
        -------
        AgiReply
            See `execute`.
        """
        if not self._session.busy:
            # The program wrote a command to stdout by itself: the session has to know.
            try:
                self._session.submit("NOOP")
            except _core.Error as error:
                raise refusal(error) from None
        reply = self._next_reply()
        if self._trace is not None and reply.code:
            self._trace.reply(reply.text.split("\n")[0] if reply.code == 520 else reply.text)
        if reply.error:
            raise failure(reply)
        if self._trace is not None:
            self._trace.result(reply)
        return reply

    def _next(self) -> AgiReply | int:
        """Wait for the next notice."""
        if self._fd_in >= 0:
            return self._session.wait(self._fd_in)
        while True:
            notice = self._session.next()
            if notice is not None:
                return notice
            self._receive()

    def _next_reply(self) -> AgiReply:
        while True:
            notice = self._next()
            if isinstance(notice, AgiReply):
                return notice
            if notice == _core.AGI_HANGUP and self._trace is not None:
                self._trace.reply("HANGUP")

    def _run(self, convert: Callable[[Reply], T], *command: Text) -> T:
        return convert(self.execute(*command))

    def _run_or(
        self,
        convert: Callable[[Reply], T],
        otherwise: Callable[[AGIAppError], T],
        *command: Text,
    ) -> T:
        try:
            reply = self.execute(*command)
        except AGIHangup:
            raise
        except AGIAppError as error:
            return otherwise(error)
        return convert(reply)

    def _in_turn(self, *calls: tuple[Callable[[Text], None], Text]) -> None:
        for call, argument in calls:
            call(argument)

    # -- the end ------------------------------------------------------------------------------

    def close(self) -> None:
        """Be done: SIGHUP is as it was before, and `stream` is closed. May be called again."""
        sighup.forget(self)
        if self._stream is not None:
            self._let_go()
            self._stream.close()

    def _let_go(self) -> None:
        """Use the stream no more: its descriptor may soon be that of another."""
        self._fd_in = self._fd_out = -1
        self._direct = False
        self._session.disconnected()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
