# SPDX-License-Identifier: MIT
"""The commands of AGI as methods: how arguments become a line, and a reply a result.

`asterisk.agi.AGI` waits for the reply and returns the result; the methods of `asterisk.aio.AGI` are
these very methods, to be awaited.
"""

from __future__ import annotations

from asterisk import _core
from asterisk.agi import results
from asterisk.agi.errors import AGIAppError, AGIDBError, AGIError, AGIHangup
from asterisk.agi.results import ChannelState, Digit, Digits, Recording, Speech

TYPE_CHECKING = False  # typing costs more than all of this
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, List, Tuple, TypeVar, Union, overload

    from asterisk._core import AgiSession

    T = TypeVar("T")
    Reply = Mapping[str, tuple[str, str]]
    #: An argument. `bytes` are sent as they are, all else as `str` of it.
    Text = Union[str, bytes, int, float]
    #: Digits: "12#", or a list of ints and strs.
    Dialled = Union[str, bytes, int, List[Any], Tuple[Any, ...]]
else:

    def overload(function):
        """Leave it alone: only type checkers look."""
        return function


__all__ = ["DEFAULT_RECORD", "DEFAULT_TIMEOUT", "Commands"]

DEFAULT_TIMEOUT = 2000  # milliseconds
DEFAULT_RECORD = 20000  # milliseconds

_quote = _core.agi_quote
_word = _core.agi_word


def _optional(argument: Text) -> str:
    """Return a word for an argument that may be left out, at the end of a line."""
    return "" if argument == "" else _word(argument)


class Environment:
    """What Asterisk said of a call before its first command: both classes called AGI have it."""

    _session: AgiSession
    _env: dict[str, str] | None  # once it was asked for

    @property
    def env(self) -> dict[str, str]:
        """What Asterisk says of the call: ``agi_channel``, ``agi_callerid`` and so on."""
        if self._env is None:
            self._env = self._session.environment()
        return self._env

    @env.setter
    def env(self, env: dict[str, str]) -> None:
        self._env = env

    @property
    def path(self) -> str:
        """The path that a FastAGI call asks for: ivr/sales of agi://host/ivr/sales?lang=en."""
        return self._session.path()

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of a FastAGI call, behind the question mark; the last of a name counts."""
        return {name: value or "" for name, value in self._session.parameters()}

    @property
    def arguments(self) -> list[str]:
        """The arguments that the dialplan gave: of AGI(program,one,two)."""
        return self._session.arguments()


class Commands(Environment):
    """The methods. Subclasses say how a command is run: `_run`, `_run_or` and `_in_turn`.

    Each raises AGIHangup when the caller is gone, AGIAppError when Asterisk could not do it,
    AGIInvalidCommand and AGIUsageError when it does not know the command or wants other arguments,
    AGIValueError when an argument cannot be sent (CR, LF, NUL, more than Asterisk reads).

    Times are in milliseconds where nothing else is said. Files are named without extension, below
    Asterisk's folder of sounds or by their whole path.
    """

    def _run(self, convert: Callable[[Reply], T], command: Text, *args: Text) -> T:
        """Run a command and convert its reply."""
        raise NotImplementedError

    def _run_or(
        self,
        convert: Callable[[Reply], T],
        otherwise: Callable[[AGIAppError], T],
        *command: Text,
    ) -> T:
        """The same, but with an AGIAppError that is no hangup `otherwise` says what results."""
        raise NotImplementedError

    def _in_turn(self, *calls: tuple[Callable[[Text], None], Text]) -> None:
        """Call methods, each with an argument."""
        raise NotImplementedError

    def _quote(self, string: Text) -> str:
        """Return an argument in double quotes, so that Asterisk reads it as it is."""
        return _quote(string)

    def _process_digit_list(self, digits: Dialled) -> str:
        if isinstance(digits, (list, tuple)):
            digits = "".join(map(str, digits))
        return self._quote(digits)

    # -- the call -----------------------------------------------------------------------------

    def answer(self) -> None:
        """Answer the call, if it is not yet."""
        return self._run(results.nothing, "ANSWER")

    def hangup(self, channel: Text = "") -> None:
        """Hang up a channel, by default the call's own."""
        return self._run(results.nothing, "HANGUP", _optional(channel))

    def set_autohangup(self, secs: Text) -> None:
        """Have the call hung up after so many seconds; 0: never."""
        return self._run(results.nothing, "SET AUTOHANGUP", _word(secs))

    def channel_status(self, channel: Text = "") -> ChannelState:
        """Return the state of a channel, by default the call's own; -1: there is no such channel.

        Returns
        -------
        ChannelState
            An int: 0 down, 1 reserved, 2 off hook, 3 dialing, 4 ring, 5 ringing, 6 up, 7 busy.
        """
        return self._run_or(
            lambda reply: ChannelState(results.number(reply["result"][0])),
            lambda error: ChannelState(-1),
            "CHANNEL STATUS",
            _optional(channel),
        )

    def set_callerid(self, number: Text) -> None:
        """Change the caller ID: a number, or ``"name" <number>``."""
        return self._run(results.nothing, "SET CALLERID", _word(number))

    # -- digits -------------------------------------------------------------------------------

    def wait_for_digit(self, timeout: Text = DEFAULT_TIMEOUT) -> Digit:
        """Wait for a digit; ``""`` when none came in time. -1 waits for ever."""
        return self._run(results.digit, "WAIT FOR DIGIT", _word(timeout))

    def get_data(
        self, filename: Text, timeout: Text = DEFAULT_TIMEOUT, max_digits: Text = 255
    ) -> Digits:
        """Play a file and take digits, which end with ``#`` or when there are enough.

        Parameters
        ----------
        filename : str
        timeout : int, optional
            Milliseconds to wait for each digit.
        max_digits : int, optional

        Returns
        -------
        Digits
            A str; its ``timed_out`` tells whether the time was up.
        """
        return self._run(
            results.digits, "GET DATA", _word(filename), _word(timeout), _word(max_digits)
        )

    def get_option(
        self, filename: Text, escape_digits: Dialled = "", timeout: Text = 0
    ) -> Digit:
        """Play a file until one of the digits is dialled, and wait for one after it.

        Parameters
        ----------
        filename : str
        escape_digits : str or list, optional
        timeout : int, optional
            Milliseconds after the end; 0: Asterisk's own default of 5 seconds.

        Returns
        -------
        Digit
        """
        return self._run(
            results.digit,
            "GET OPTION",
            _word(filename),
            self._process_digit_list(escape_digits),
            _word(timeout) if timeout else "",
        )

    # -- sound --------------------------------------------------------------------------------

    def stream_file(
        self, filename: Text, escape_digits: Dialled = "", sample_offset: Text = 0
    ) -> Digit:
        """Play a file; a digit out of `escape_digits` ends it.

        Parameters
        ----------
        filename : str
        escape_digits : str or list, optional
        sample_offset : int, optional
            Where to begin.

        Returns
        -------
        Digit
            The digit, or ``""``; its ``end_position`` tells how far it was played.

        Raises
        ------
        AGIAppError
            There is no such file.
        """
        return self._run(
            results.digit,
            "STREAM FILE",
            _word(filename),
            self._process_digit_list(escape_digits),
            _word(sample_offset),
        )

    def control_stream_file(
        self,
        filename: Text,
        escape_digits: Dialled = "",
        skipms: Text = 3000,
        fwd: Text = "",
        rew: Text = "",
        pause: Text = "",
        offsetms: Text = "",
    ) -> Digit:
        """Play a file that the caller can wind and pause.

        Parameters
        ----------
        filename : str
        escape_digits : str or list, optional
            Digits that end it.
        skipms : int, optional
            How far it is wound.
        fwd, rew, pause : str, optional
            The digits for that.
        offsetms : int, optional
            Where to begin.

        Returns
        -------
        Digit
        """
        return self._run(
            results.digit,
            "CONTROL STREAM FILE",
            self._quote(filename),
            self._process_digit_list(escape_digits),
            self._quote(skipms),
            self._quote(fwd),
            self._quote(rew),
            self._quote(pause),
            _optional(offsetms),
        )

    def record_file(
        self,
        filename: Text,
        format: Text = "gsm",
        escape_digits: Dialled = "#",
        timeout: Text = DEFAULT_RECORD,
        offset: Text = 0,
        beep: Text = "beep",
        silence: int | str = 0,
    ) -> Recording:
        """Record the caller.

        Parameters
        ----------
        filename : str
        format : str, optional
            The extension, such as wav.
        escape_digits : str or list, optional
            Digits that end it.
        timeout : int, optional
            Milliseconds; -1: no limit.
        offset : int, optional
            Samples of the file that are kept.
        beep : str, optional
            Empty for no beep.
        silence : int, optional
            Seconds of silence that end it; 0: none.

        Returns
        -------
        Recording
            A str; its ``digit``, ``timed_out`` and ``end_position`` say how it ended.

        Raises
        ------
        AGIResultHangup
            The caller hung up. The recording is kept; ``reply.end_position`` has its length.
        """
        return self._run(
            results.recording,
            "RECORD FILE",
            self._quote(filename),
            _word(format),
            self._process_digit_list(escape_digits),
            _word(timeout),
            _word(offset),
            _optional(beep),
            f"s={silence}" if silence else "",
        )

    def set_music(self, on: bool | str = True, music_class: Text = "") -> None:
        """Turn music on hold on or off."""
        if not isinstance(on, str):
            on = "on" if on else "off"
        return self._run(results.nothing, "SET MUSIC", _word(on), _optional(music_class))

    # -- saying -------------------------------------------------------------------------------

    def say_digits(self, digits: Dialled, escape_digits: Dialled = "") -> Digit:
        """Say digits one by one."""
        return self._say("SAY DIGITS", self._process_digit_list(digits), escape_digits)

    def say_number(
        self, number: Dialled, escape_digits: Dialled = "", gender: Text = ""
    ) -> Digit:
        """Say a number. `gender` is for languages that need it."""
        return self._say(
            "SAY NUMBER", self._process_digit_list(number), escape_digits, _optional(gender)
        )

    def say_alpha(self, characters: Dialled, escape_digits: Dialled = "") -> Digit:
        """Spell characters."""
        return self._say("SAY ALPHA", self._process_digit_list(characters), escape_digits)

    def say_phonetic(self, characters: Dialled, escape_digits: Dialled = "") -> Digit:
        """Spell characters by the phonetic alphabet."""
        return self._say("SAY PHONETIC", self._process_digit_list(characters), escape_digits)

    def say_date(self, seconds: Text, escape_digits: Dialled = "") -> Digit:
        """Say a date, given in seconds since 1970 began in UTC."""
        return self._say("SAY DATE", _word(seconds), escape_digits)

    def say_time(self, seconds: Text, escape_digits: Dialled = "") -> Digit:
        """Say a time, given in seconds since 1970 began in UTC."""
        return self._say("SAY TIME", _word(seconds), escape_digits)

    def say_datetime(
        self, seconds: Text, escape_digits: Dialled = "", format: Text = "", zone: Text = ""
    ) -> Digit:
        """Say date and time.

        Parameters
        ----------
        seconds : int
            Since 1970 began in UTC.
        escape_digits : str or list, optional
        format : str, optional
            As in voicemail.conf.
        zone : str, optional
            Such as Europe/Vienna.

        Returns
        -------
        Digit
        """
        if zone != "" and format == "":
            words = ('""', _word(zone))
        else:
            words = (self._quote(format) if format else "", _optional(zone))
        return self._say("SAY DATETIME", _word(seconds), escape_digits, *words)

    def _say(self, command: str, what: str, escape_digits: Dialled, *more: str) -> Digit:
        return self._run(
            results.digit, command, what, self._process_digit_list(escape_digits), *more
        )

    # -- text and image -----------------------------------------------------------------------

    def send_text(self, text: Text = "") -> None:
        """Send text on a channel that can."""
        return self._run(results.nothing, "SEND TEXT", self._quote(text))

    def receive_char(self, timeout: Text = DEFAULT_TIMEOUT) -> str:
        """Receive a character of text, ``""`` when there is none; timeout 0: wait for ever."""
        return self._run(results.digit, "RECEIVE CHAR", _word(timeout))

    def receive_text(self, timeout: Text = DEFAULT_TIMEOUT) -> str:
        """Receive text; timeout 0: wait for ever."""
        return self._run(lambda reply: reply["result"][1], "RECEIVE TEXT", _word(timeout))

    def tdd_mode(self, mode: Text = "off") -> None:
        """Turn text telephony (TDD) on or off; AGIAppError when the channel cannot."""

        def check(reply: Reply) -> None:
            if reply["result"][0] == "0":
                raise AGIAppError(f"channel {self._channel()} is not capable of TDD")

        return self._run(check, "TDD MODE", _word(mode))

    def send_image(self, filename: Text) -> None:
        """Send an image on a channel that can."""

        def check(reply: Reply) -> None:
            if reply["result"][0] != "0":
                raise AGIAppError(f"channel {self._channel()} failed")

        return self._run(check, "SEND IMAGE", _word(filename))

    def _channel(self) -> str:
        return self.env.get("agi_channel", "UNKNOWN")

    # -- dialplan -----------------------------------------------------------------------------

    def set_context(self, context: Text) -> None:
        """Set the context where the dialplan goes on. Asterisk does not check it."""
        return self._run(results.nothing, "SET CONTEXT", _word(context))

    def set_extension(self, extension: Text) -> None:
        """Set the extension where the dialplan goes on. Asterisk does not check it."""
        return self._run(results.nothing, "SET EXTENSION", _word(extension))

    def set_priority(self, priority: Text) -> None:
        """Set the priority, or label, where the dialplan goes on. Asterisk does not check it."""
        return self._run(results.nothing, "set priority", _word(priority))

    def goto_on_exit(
        self, context: Text = "", extension: Text = "", priority: Text = ""
    ) -> None:
        """Set where the dialplan goes on; what is empty is where the call came from."""
        return self._in_turn(
            (self.set_context, context or self.env["agi_context"]),
            (self.set_extension, extension or self.env["agi_extension"]),
            (self.set_priority, priority or self.env["agi_priority"]),
        )

    def gosub(
        self, context: Text, extension: Text = "s", priority: Text = 1, arguments: Text = ""
    ) -> None:
        """Run a subroutine of the dialplan until it returns; arguments are parted by commas."""
        return self._run(
            results.nothing,
            "GOSUB",
            _word(context),
            _word(extension),
            _word(priority),
            _optional(arguments),
        )

    def appexec(self, application: Text, options: Text = "") -> str:
        """Run an application of the dialplan.

        Parameters
        ----------
        application : str
        options : str, optional
            Its arguments, parted by commas.

        Returns
        -------
        str
            What the application returned: a number.

        Raises
        ------
        AGIAppError
            There is no such application, or it failed.
        """

        def check(reply: Reply) -> str:
            result = reply["result"][0]
            if result == "-2":
                error = AGIAppError(f"there is no application {application!r}")
                error.code = _core.ERR_NO_APPLICATION
                raise error
            return result

        return self._run(check, "EXEC", _word(application), self._quote(options))

    def exec_command(self, command: Text, *args: Text) -> Reply:
        """Run an application of the dialplan with arguments; returns the reply."""
        words = ",".join(
            arg.decode("utf-8", "surrogateescape") if isinstance(arg, bytes) else str(arg)
            for arg in args
        )
        return self._run(lambda reply: reply, "EXEC", _word(command), _optional(words))

    def verbose(self, message: Text, level: Text = 1) -> None:
        """Show a message on Asterisk's console, from that level of verbosity on (1 to 4)."""
        return self._run(results.nothing, "VERBOSE", self._quote(message), _word(level))

    def noop(self) -> None:
        """Do nothing."""
        return self._run(results.nothing, "NOOP")

    def asyncagi_break(self) -> None:
        """End AsyncAGI: the dialplan goes on."""
        return self._run(results.nothing, "ASYNCAGI BREAK")

    # -- variables ----------------------------------------------------------------------------

    def set_variable(self, name: Text, value: Text) -> None:
        """Set a variable of the channel, or by a function of the dialplan."""
        return self._run(
            results.nothing, "SET VARIABLE", self._quote(name), self._quote(value)
        )

    @overload
    def get_variable(self, name: Text) -> str: ...

    @overload
    def get_variable(self, name: Text, default: T) -> str | T: ...

    def get_variable(self, name: Text, default: Any = "") -> Any:
        """Return the value of a variable of the channel.

        Parameters
        ----------
        name : str
        default : object, optional
            What to return when it is not set: None tells that from empty.

        Returns
        -------
        str
        """
        return self._run(_value(default), "GET VARIABLE", self._quote(name))

    @overload
    def get_full_variable(self, name: Text, channel: Text | None = None) -> str: ...

    @overload
    def get_full_variable(
        self, name: Text, channel: Text | None = None, *, default: T
    ) -> str | T: ...

    def get_full_variable(
        self, name: Text, channel: Text | None = None, *, default: Any = ""
    ) -> Any:
        """Evaluate an expression such as ``${CALLERID(num)}``.

        Parameters
        ----------
        name : str
            The expression.
        channel : str, optional
            Another channel than the call's own.
        default : object, optional
            What to return when there is no value.

        Returns
        -------
        str
        """
        return self._run(
            _value(default),
            "GET FULL VARIABLE",
            self._quote(name),
            self._quote(channel) if channel else "",
        )

    # -- database -----------------------------------------------------------------------------

    def database_get(self, family: Text, key: Text) -> str:
        """Return an entry of Asterisk's database; AGIDBError when there is none."""

        def check(reply: Reply) -> str:
            result, value = reply["result"]
            if result == "0":
                raise AGIDBError(f"not in the database: family={family!s}, key={key!s}")
            if result != "1":
                raise AGIError(f"a strange result: {result!r}, family={family!s}, key={key!s}")
            return value

        return self._run(check, "DATABASE GET", self._quote(family), self._quote(key))

    def database_put(self, family: Text, key: Text, value: Text) -> None:
        """Write an entry of Asterisk's database."""
        return self._run(
            _done("written", family, key),
            "DATABASE PUT",
            self._quote(family),
            self._quote(key),
            self._quote(value),
        )

    def database_del(self, family: Text, key: Text) -> None:
        """Delete an entry of Asterisk's database; AGIDBError when there is none."""
        return self._run(
            _done("deleted", family, key),
            "DATABASE DEL",
            self._quote(family),
            self._quote(key),
        )

    def database_deltree(self, family: Text, key: Text = "") -> None:
        """Delete a family of Asterisk's database, or what is below a key of it.

        Raises
        ------
        AGIDBError
            As in pyst, for the result 0: which Asterisk, contrary to what it documents, gives when
            something was deleted, and 1 when there was nothing.
        """
        return self._run(
            _done("deleted", family, key),
            "DATABASE DELTREE",
            self._quote(family),
            self._quote(key),
        )

    # -- speech -------------------------------------------------------------------------------

    def speech_create(self, engine: Text = "") -> None:
        """Create the call's speech recognition."""
        return self._speech("SPEECH CREATE", _word(engine))

    def speech_set(self, name: Text, value: Text) -> None:
        """Change a setting of the speech engine."""
        return self._speech("SPEECH SET", _word(name), self._quote(value))

    def speech_destroy(self) -> None:
        """End the call's speech recognition."""
        return self._speech("SPEECH DESTROY")

    def speech_load_grammar(self, grammar: Text, path: Text) -> None:
        """Load a grammar from a file, by the name `grammar`."""
        return self._speech("SPEECH LOAD GRAMMAR", _word(grammar), _word(path))

    def speech_unload_grammar(self, grammar: Text) -> None:
        """Unload a grammar."""
        return self._speech("SPEECH UNLOAD GRAMMAR", _word(grammar))

    def speech_activate_grammar(self, grammar: Text) -> None:
        """Have a grammar recognized."""
        return self._speech("SPEECH ACTIVATE GRAMMAR", _word(grammar))

    def speech_deactivate_grammar(self, grammar: Text) -> None:
        """Have a grammar recognized no more."""
        return self._speech("SPEECH DEACTIVATE GRAMMAR", _word(grammar))

    def speech_recognize(
        self, prompt: Text, timeout: Text = DEFAULT_TIMEOUT, offset: Text = 0
    ) -> Speech:
        """Play a prompt and recognize what is said.

        Parameters
        ----------
        prompt : str
            A file.
        timeout : int, optional
            Milliseconds.
        offset : int, optional
            Where to begin in the prompt, in samples.

        Returns
        -------
        Speech
            A str: the best result. ``results`` has all of them.
        """
        return self._run(
            results.speech,
            "SPEECH RECOGNIZE",
            _word(prompt),
            _word(timeout),
            _word(offset) if offset else "",
        )

    def _speech(self, command: str, *words: str) -> None:
        def check(reply: Reply) -> None:
            if reply["result"][0] == "0":
                raise AGIAppError(f"the speech engine failed: {command}")

        return self._run(check, command, *words)


def _value(default: T) -> Callable[[Reply], str | T]:
    def convert(reply: Reply) -> str | T:
        result, value = reply["result"]
        return default if result == "0" else value

    return convert


def _done(what: str, family: Text, key: Text) -> Callable[[Reply], None]:
    def check(reply: Reply) -> None:
        if reply["result"][0] == "0":
            raise AGIDBError(f"cannot be {what}: family={family!s}, key={key!s}")

    return check
