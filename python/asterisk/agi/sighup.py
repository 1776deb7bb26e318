# SPDX-License-Identifier: MIT
"""SIGHUP, by which Asterisk tells a program that the caller is gone.

There is one handler for all calls of a process. It calls the handler that was there before, too.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from asterisk.agi import AGI

__all__ = ["forget", "watch"]

_listeners: list[AGI] = []
_previous: Any = None


def _on_sighup(signum: int, frame: object) -> None:
    for agi in tuple(_listeners):
        agi._handle_sighup(signum, frame)
    if callable(_previous):
        _previous(signum, frame)


def watch(agi: AGI, stdin: Any) -> None:
    """Have SIGHUP told to `agi`, where signals can be handled: in the main thread.

    Not when it reads from a socket: of FastAGI Asterisk tells hangups otherwise.
    """
    global _previous
    if _is_socket(stdin):
        return
    signal = _signals()
    try:
        previous = signal.getsignal(signal.SIGHUP)
        if previous is not _on_sighup:
            signal.signal(signal.SIGHUP, _on_sighup)
            _previous = previous
            _listeners.clear()
    except ValueError:
        return
    _listeners.append(agi)


def forget(agi: AGI) -> None:
    """Stop that; after the last one the handler is that of before. May be called again."""
    global _previous
    if agi not in _listeners:
        return
    _listeners.remove(agi)
    if _listeners:
        return
    signal = _signals()
    try:
        if signal.getsignal(signal.SIGHUP) is _on_sighup:
            signal.signal(signal.SIGHUP, _previous or signal.SIG_DFL)
            _previous = None
    except ValueError:
        pass  # closed in another thread than it was made in


def _is_socket(file: Any) -> bool:
    import stat

    try:
        return stat.S_ISSOCK(os.fstat(file.fileno()).st_mode)
    except (AttributeError, OSError, ValueError):
        return False


def _signals() -> Any:
    """Return the module of signals. The one that is documented imports enum, which takes 2 ms."""
    if "signal" in sys.modules:
        return sys.modules["signal"]
    import _signal  # type: ignore[import]

    return _signal
