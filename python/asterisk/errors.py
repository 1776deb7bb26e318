# SPDX-License-Identifier: MIT
"""The exceptions of the package.

Each `ManagerException` has `errno` and `strerror`, and can be taken apart into the two::

    except ManagerSocketException as err:
        errno, reason = err
"""

from __future__ import annotations

from collections.abc import Iterator

from asterisk import _core

__all__ = [
    "ManagerActionException",
    "ManagerAuthException",
    "ManagerException",
    "ManagerOutcomeUnknown",
    "ManagerPermissionException",
    "ManagerSocketException",
    "ManagerTimeoutException",
    "ManagerUnknownActionException",
    "ManagerValueError",
    "exception",
]

TERMINATED = "Connection Terminated"


class ManagerException(Exception):
    """Something about the manager interface went wrong; the base of all exceptions here.

    Parameters
    ----------
    *args
        A sentence, or an error number of the system and a sentence.
    """

    #: The ``ERR_*`` of `asterisk._core` that it was made from; 0 when it was not.
    code: int = 0

    @property
    def errno(self) -> int:
        """The error number of the system, 0 when there is none."""
        if len(self.args) > 1 and isinstance(self.args[0], int):
            return self.args[0]
        return 0

    @property
    def strerror(self) -> str:
        """What went wrong, as a sentence."""
        return str(self.args[-1]) if self.args else ""

    def __iter__(self) -> Iterator[int | str]:
        yield self.errno
        yield self.strerror

    def __str__(self) -> str:
        return f"[Errno {self.errno}] {self.strerror}" if self.errno else self.strerror


class ManagerSocketException(ManagerException):
    """The connection could not be made, or was lost before the action was sent."""


class ManagerOutcomeUnknown(ManagerSocketException):
    """The connection was lost after the action was sent: Asterisk may have run it or not."""


class ManagerAuthException(ManagerException):
    """Asterisk refused the login."""


class ManagerTimeoutException(ManagerException):
    """No answer came in time. Asterisk may have run the action, or may still."""


class ManagerActionException(ManagerException):
    """Asterisk answered an action with an error; `strerror` is its message."""


class ManagerPermissionException(ManagerActionException):
    """The user is not permitted to use the action."""


class ManagerUnknownActionException(ManagerActionException):
    """Asterisk knows no such action, or its module is not loaded (yet)."""


class ManagerValueError(ManagerException, ValueError):
    """An action cannot be sent as it is: nothing was sent."""


_CLASSES: dict[int, type[ManagerException]] = {
    _core.ERR_BAD_NAME: ManagerValueError,
    _core.ERR_BAD_VALUE: ManagerValueError,
    _core.ERR_LINE_TOO_LONG: ManagerValueError,
    _core.ERR_TOO_MANY_HEADERS: ManagerValueError,
    _core.ERR_INVALID: ManagerValueError,
    _core.ERR_AUTHENTICATION: ManagerAuthException,
    _core.ERR_PERMISSION: ManagerPermissionException,
    _core.ERR_UNKNOWN_ACTION: ManagerUnknownActionException,
    _core.ERR_REFUSED: ManagerActionException,
    _core.ERR_CANCELLED_LIST: ManagerActionException,
    _core.ERR_TIMED_OUT: ManagerTimeoutException,
    _core.ERR_UNKNOWN_OUTCOME: ManagerOutcomeUnknown,
    _core.ERR_NOT_SENT: ManagerSocketException,
    _core.ERR_CLOSED: ManagerSocketException,
    _core.ERR_SHUTDOWN: ManagerSocketException,
    _core.ERR_TRUNCATED: ManagerSocketException,
    _core.ERR_KEEPALIVE: ManagerSocketException,
    _core.ERR_GREETING: ManagerSocketException,
    _core.ERR_SYSTEM: ManagerSocketException,
    _core.ERR_CONNECT: ManagerSocketException,
    _core.ERR_RESOLVE: ManagerSocketException,
    _core.ERR_TLS: ManagerSocketException,
    _core.ERR_TLS_CERTIFICATE: ManagerSocketException,
}

#: These mean the end of the connection and no more, and are told in pyst's words.
_ENDS = frozenset(
    (
        0,
        _core.ERR_NOT_SENT,
        _core.ERR_UNKNOWN_OUTCOME,
        _core.ERR_CLOSED,
        _core.ERR_TRUNCATED,
        _core.ERR_SYSTEM,
    )
)


def exception(code: int, errno: int = 0, reason: str | None = None) -> ManagerException:
    """Make the exception for an error code of the core.

    Parameters
    ----------
    code : int
        An ``ERR_*`` of `asterisk._core`; 0 stands for an orderly end of the connection.
    errno : int, optional
        The system's error number, where a connection failed.
    reason : str, optional
        What to say. By default what the core says of the code.

    Returns
    -------
    ManagerException
        Of the class that belongs to the code. Not raised.
    """
    if code == 0:
        kind: type[ManagerException] = ManagerSocketException
    else:
        kind = _CLASSES.get(code, ManagerException)
    if reason is None:
        reason = TERMINATED if code in _ENDS else _core.strerror(code)
    if issubclass(kind, ManagerSocketException):
        made: ManagerException = kind(errno, reason)
    else:
        made = kind(reason)
    made.code = code
    return made
