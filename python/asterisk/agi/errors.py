# SPDX-License-Identifier: MIT
"""The exceptions of AGI. `asterisk.agi` has all of them."""

from __future__ import annotations

from asterisk import _core
from asterisk._core import AgiReply

__all__ = [
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
    "QUESTION",
    "failure",
    "late_hangup",
    "may_be_hangup",
    "refusal",
]


class AGIException(Exception):
    """The base of all that AGI raises."""

    #: What Asterisk replied, where it did.
    reply: AgiReply | None = None
    #: The ``ERR_*`` of `asterisk._core` that it was made from; 0 when it was not.
    code: int = 0


class AGIError(AGIException):
    """Something went wrong."""


class AGIUnknownError(AGIError):
    """Asterisk replied with a code that means nothing here; `args` are the code and a sentence."""


class AGIAppError(AGIError):
    """Asterisk could not do what the command says."""


class AGIHangup(AGIAppError):
    """The caller is gone. However it showed, this catches it."""


class AGISIGHUPHangup(AGIHangup):
    """Asterisk said so: by SIGHUP, or by the line HANGUP."""


class AGISIGPIPEHangup(AGIHangup):
    """Asterisk closed the stream."""


class AGIResultHangup(AGIHangup):
    """The reply to a command says so, or the command is not for a channel that is gone."""


class AGIDBError(AGIAppError):
    """There is no such entry in Asterisk's database, or it cannot be written."""


class AGIUsageError(AGIError):
    """Asterisk wants other arguments; its usage is in `args`."""


class AGIInvalidCommand(AGIError):
    """Asterisk knows no such command."""


class AGIValueError(AGIError, ValueError):
    """A command cannot be sent as it is: nothing was sent."""


class AGIEnvironmentError(AGIError):
    """There was no environment, or more than the limits allow."""


def failure(reply: AgiReply) -> AGIException:
    """Make the exception for a reply whose `error` is not 0. Not raised."""
    made: AGIException
    if reply.error == _core.ERR_HANGUP:
        if reply.code == 0:
            made = AGISIGPIPEHangup("Asterisk closed the stream")
        elif reply.code == 511:
            made = AGIResultHangup(reply.text[4:])
        else:
            made = AGIResultHangup("the caller hung up")
    elif reply.code == 0:
        made = AGIError(_core.strerror(reply.error))
    elif reply.code == 200:
        made = AGIAppError("the command failed, or the caller hung up")
    elif reply.code == 510:
        made = AGIInvalidCommand(reply.text[4:])
    elif reply.code == 520:
        made = AGIUsageError(reply.text + "\n")
    else:
        made = AGIUnknownError(reply.code, "unknown code: " + reply.text)
    made.reply = reply
    made.code = reply.error
    return made


def may_be_hangup(error: AGIAppError, command: object) -> bool:
    """Tell whether Asterisk has only not said yet that the caller is gone.

    It answers -1 to a command that a hangup interrupts, as to one that failed, and tells of the
    hangup a moment later.
    """
    reply = error.reply
    return (
        error.code == _core.ERR_COMMAND_FAILED
        and reply is not None
        and reply.code == 200
        and command != QUESTION
    )


def late_hangup(error: AGIAppError) -> AGIResultHangup:
    """Make what such an error was. Not raised."""
    made = AGIResultHangup("the caller hung up")
    made.reply = error.reply
    made.code = _core.ERR_HANGUP
    return made


#: The command that tells whether the caller is there: on a dead channel Asterisk answers 511.
QUESTION = "CHANNEL STATUS"

_REFUSED = frozenset(
    (_core.ERR_BAD_ARGUMENT, _core.ERR_COMMAND_TOO_LONG, _core.ERR_TOO_MANY_ARGUMENTS)
)


def refusal(error: _core.Error) -> AGIException:
    """Make the exception for what the core refused to send. Not raised."""
    made: AGIException
    if error.code in _REFUSED:
        made = AGIValueError(_core.strerror(error.code))
    elif error.code == _core.ERR_HANGUP:
        made = AGISIGPIPEHangup("Asterisk closed the stream")
    elif error.code == _core.ERR_STATE:
        made = AGIError("a command is waiting for its reply")
    else:
        made = AGIError(_core.strerror(error.code))
    made.code = error.code
    return made
