# SPDX-License-Identifier: MIT
"""An emulated Asterisk, for the tests of programs that use the manager interface.

`AsteriskEmu` listens on a free port of this machine and answers actions from a chatscript: a dict
of `Event` lists as in pyst, or the text of a chatscript of libpyst (pyst/emulator/script.h says
what may stand in one). `AsteriskEmu.demo` has a script built in that behaves as Asterisk 22 does.

Examples
--------
>>> from asterisk.astemu import AsteriskEmu, Event
>>> ping = Event(Response=("Success",), Ping=("Pong",))
>>> with AsteriskEmu({"Ping": [ping]}) as emu:
...     print(emu.port > 0)
True
"""

from __future__ import annotations

import collections
import contextlib
import copy
import logging
import selectors
import socket
import threading
import time
from types import TracebackType
from typing import Any, ClassVar, Dict, Iterable, List, Mapping, Optional, Tuple, Type, Union

from asterisk import _core

__all__ = ["AsteriskEmu", "Event"]

_GREETING = "@greeting Asterisk Call Manager/1.1\n"
_LINGER = 2.0  # seconds that a client has to close its end
_HELD_BACK = 1 << 20  # unsent bytes above which a client is not read from

_logger = logging.getLogger(__name__)


class Event(Dict[str, Any]):
    """A message that the emulator sends: header names, each with one value or several.

    A value is a str, or an iterable of str that gives one header line each. ``CONTENT`` is no
    header: its text follows the headers as it is, as the output of a command did in old versions
    of Asterisk.

    Attributes
    ----------
    sort_order : dict
        The place of a header in the message, by its name; the others stand behind those, in the
        order of the dict.
    """

    sort_order: ClassVar[Dict[str, int]] = {
        name: place
        for place, name in enumerate(
            (
                "Event",
                "Response",
                "Username",
                "Privilege",
                "Secret",
                "Command",
                "Channel",
                "ChannelState",
                "ChannelStateDesc",
                "CallerIDNum",
                "CallerIDName",
                "AccountCode",
                "Context",
                "Exten",
                "Reason",
                "Uniqueid",
                "ActionID",
                "OldAccountCode",
                "Cause",
                "Cause-txt",
            )
        )
    }
    sort_order["CONTENT"] = 100000

    def sort(self, x: Tuple[str, Any]) -> int:
        """Return the place of a pair of name and value: the key that `as_string` sorts by."""
        return self.sort_order.get(x[0], 10000)

    def as_string(self, id: str) -> bytes:
        """Return the message as it is sent.

        Parameters
        ----------
        id : str
            The ActionID of the asking action. A message with ``Response`` gets it, in the dict
            as well.

        Returns
        -------
        bytes
            Header lines in `sort_order`, CONTENT, and an empty line, in UTF-8.
        """
        if "Response" in self:
            self["ActionID"] = [id]
        lines: List[str] = []
        for name, value in sorted(self.items(), key=self.sort):
            if name == "CONTENT":
                lines.append(value)
            elif isinstance(value, str):
                lines.append(f"{name}: {value}")
            else:
                lines.extend(f"{name}: {item}" for item in value)
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")

    @property
    def name(self) -> Any:
        """The value of ``Event`` as it is in the dict; ``''`` when there is none."""
        return self.get("Event", "")

    @property
    def headers(self) -> Event:
        """The event itself."""
        return self


class _Client:
    """A connection: its socket, and what says the emulator's part."""

    def __init__(self, sock: socket.socket, emulator: _core.Emulator) -> None:
        self.sock = sock
        self.emulator = emulator
        self.shut_at: Optional[float] = None  # when its output ended

    def interest(self) -> int:
        """What its socket is watched for."""
        if self.shut_at is not None:
            return selectors.EVENT_READ
        unsent = self.emulator.unsent
        if unsent > _HELD_BACK:
            return selectors.EVENT_WRITE
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if unsent else 0)

    def timeout(self) -> Optional[float]:
        """Seconds until something is to be done without anything received."""
        if self.shut_at is not None:
            return max(0.0, self.shut_at + _LINGER - time.monotonic())
        return self.emulator.timeout()


class AsteriskEmu:
    """A server that plays a chatscript, in a thread of its own.

    It accepts any number of connections, at once and one after another, until it is closed.

    Parameters
    ----------
    chatscript : mapping of str to iterable of Event, optional
        What is sent in answer to an action, by its name. Login and Logoff are answered from
        `default_events` when they are not in it; any other action gets no answer. It is copied:
        later changes are not seen.
    port : int
        The port to listen on; 0 for any that is free.
    script : str, optional
        A chatscript as text, instead of `chatscript`.

    Attributes
    ----------
    port : int
        The port it listens on, on localhost.
    childpid : None
        In pyst the process that served. There is none: a thread serves.

    Raises
    ------
    OSError
        The port cannot be had.
    TypeError
        Neither or both of `chatscript` and `script` were given.
    ValueError
        The script is wrong; the text says in which line and why.
    """

    default_events: ClassVar[Dict[str, Tuple[Event, ...]]] = {
        "Login": (Event(Response=("Success",), Message=("Authentication accepted",)),),
        "Logoff": (Event(Response=("Goodbye",), Message=("Thanks for all the fish.",)),),
    }

    childpid: Optional[int] = None

    def __init__(
        self,
        chatscript: Optional[Mapping[str, Iterable[Event]]] = None,
        port: int = 0,
        *,
        script: Optional[str] = None,
    ) -> None:
        if (chatscript is None) == (script is None):
            raise TypeError("either a chatscript or a script is needed")
        self._closed = False
        self._lock = threading.Lock()  # of _closed and of the wake sockets
        self._unsent: collections.deque[bytes] = collections.deque()
        self._template = _core.Emulator(
            _GREETING if script is None else script, host_answers=script is None
        )
        events = {name: tuple(messages) for name, messages in (chatscript or {}).items()}
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("localhost", port))
            listener.listen(128)
            self.port: int = listener.getsockname()[1]
            self._wake_read, self._wake_write = socket.socketpair()
        except BaseException:
            listener.close()
            raise
        self._wake_write.setblocking(False)
        self._listener = listener
        self._thread = threading.Thread(
            target=self._run, args=(listener, events), name="AsteriskEmu", daemon=True
        )
        self._thread.start()

    @classmethod
    def demo(cls, port: int = 0) -> AsteriskEmu:
        """Return an emulator with the built-in script.

        It behaves as an Asterisk 22 with one call in it; its user is ``demo`` with the secret
        ``secret``. ``Local/100@demo`` can be called.

        Parameters
        ----------
        port : int
            The port to listen on; 0 for any that is free.
        """
        return cls(port=port, script=_core.DEMO_SCRIPT)

    def asterisk_emu(
        self, sock: socket.socket, chatscript: Mapping[str, Iterable[Event]]
    ) -> None:
        """Serve the clients of a listening socket until the emulator is closed.

        The thread of the emulator runs this; a subclass may serve otherwise.

        Parameters
        ----------
        sock : socket.socket
            A bound socket that listens.
        chatscript : mapping of str to iterable of Event
            As for the class.
        """
        clients: List[_Client] = []
        sock.setblocking(False)
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            try:
                while not self._closed:
                    self._serve_once(selector, sock, clients, chatscript)
            finally:
                for client in clients:
                    client.sock.close()

    def send(self, message: Union[Event, bytes]) -> None:
        """Send an event, or any bytes, to every client.

        Parameters
        ----------
        message : Event or bytes
            Sent as it is; an Event as of ``as_string('')``.
        """
        data = message if isinstance(message, bytes) else copy.copy(message).as_string("")
        self._unsent.append(data)
        self._wake()

    def close(self) -> None:
        """Close every connection and stop listening. It may be called twice, in any thread."""
        with self._lock:
            first = not self._closed
            self._closed = True
        if first:
            self._wake()
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # for a subclass that waits in accept
        if self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> AsteriskEmu:
        return self

    def __exit__(
        self,
        exc_type: Optional[Type[BaseException]],
        exc: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def _run(self, listener: socket.socket, chatscript: Mapping[str, Iterable[Event]]) -> None:
        try:
            self.asterisk_emu(listener, chatscript)
        except OSError:
            if not self._closed:
                raise
        finally:
            listener.close()
            with self._lock:
                self._wake_read.close()
                self._wake_write.close()

    def _wake(self) -> None:
        with self._lock, contextlib.suppress(OSError):
            self._wake_write.send(b"x")

    def _serve_once(
        self,
        selector: selectors.BaseSelector,
        listener: socket.socket,
        clients: List[_Client],
        chatscript: Mapping[str, Iterable[Event]],
    ) -> None:
        timeouts = [timeout for client in clients if (timeout := client.timeout()) is not None]
        ready = {key.fileobj for key, _ in selector.select(min(timeouts, default=None))}
        if self._wake_read in ready:
            self._wake_read.recv(4096)
        if listener in ready:
            self._accept(selector, listener, clients)
        while self._unsent:
            data = self._unsent.popleft()
            for client in clients:
                with contextlib.suppress(_core.Error):
                    client.emulator.send(data)
        for client in clients[:]:
            if not self._serve_client(client, client.sock in ready, chatscript):
                clients.remove(client)
                selector.unregister(client.sock)
                client.sock.close()
            elif selector.get_key(client.sock).events != client.interest():
                selector.modify(client.sock, client.interest())

    def _accept(
        self, selector: selectors.BaseSelector, listener: socket.socket, clients: List[_Client]
    ) -> None:
        try:
            sock, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError, InterruptedError):
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        clients.append(_Client(sock, self._template.another()))
        selector.register(sock, selectors.EVENT_READ)

    def _serve_client(
        self, client: _Client, ready: bool, chatscript: Mapping[str, Iterable[Event]]
    ) -> bool:
        """Do what there is to do for a client; False when its socket is to be closed."""
        emulator = client.emulator
        try:
            with contextlib.suppress(BlockingIOError):
                if ready and client.interest() & selectors.EVENT_READ:
                    data = client.sock.recv(65536)
                    if not data:
                        return False
                    emulator.feed(data)
            if client.shut_at is not None:
                return time.monotonic() < client.shut_at + _LINGER
            while (action := emulator.process()) is not None:
                self._answer(emulator, chatscript, *action)
            with contextlib.suppress(BlockingIOError):
                while output := emulator.output():
                    emulator.sent(client.sock.send(output))
            if emulator.closing and not emulator.unsent:
                client.shut_at = time.monotonic()
                client.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        except Exception:
            _logger.exception("an answer of the chatscript failed: the client is cut")
            return False
        return True

    def _answer(
        self,
        emulator: _core.Emulator,
        chatscript: Mapping[str, Iterable[Event]],
        name: str,
        action_id: str,
    ) -> None:
        for answers in (chatscript, self.default_events):
            if name in answers:
                for event in answers[name]:
                    # The caller's events stay as they are.
                    emulator.send(copy.copy(event).as_string(id=action_id))
                    if name == "Logoff":
                        emulator.close()
                        return
                return
