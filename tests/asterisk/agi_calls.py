# SPDX-License-Identifier: MIT
"""Calls that run AGI, steered and watched from outside.

A call is a Local channel with two halves: one runs AGI as an extension of the dialplan's context
`agi` says, the other is the caller. This starts calls over a manager connection by hand (raw.py),
presses their keys, hangs them up, and says what became of them; it owes nothing to the library
under test.
"""

import itertools
import threading
import time
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

from asterisk_server import AsteriskServer
from raw import RawManager

#: How long anything may take before a test gives up, in seconds.
PATIENCE = 60.0

Event = Dict[str, str]


def wait_for_sound(recording: Path) -> None:
    """Wait until more than a header was written to a WAV file."""
    deadline = time.monotonic() + PATIENCE
    while not (recording.exists() and recording.stat().st_size > 44):
        assert time.monotonic() < deadline, "nothing is recorded"
        time.sleep(0.05)


class Ear:
    """Events, to be waited for."""

    def __init__(self) -> None:
        self._events: List[Event] = []
        self._heard = threading.Condition()

    def hear(self, event: Event) -> None:
        """Take an event."""
        with self._heard:
            self._events.append(event)
            self._heard.notify_all()

    def wait_for(self, wanted: Callable[[Event], bool], timeout: float = PATIENCE) -> Event:
        """Return the first event heard, ever, that is `wanted`; wait for it if need be."""
        deadline = time.monotonic() + timeout
        seen = 0
        with self._heard:
            while True:
                for event in self._events[seen:]:
                    if wanted(event):
                        return event
                seen = len(self._events)
                left = deadline - time.monotonic()
                assert left > 0, f"did not come in time; among the last: {self._events[-20:]}"
                self._heard.wait(left)

    def events(self, wanted: Callable[[Event], bool]) -> List[Event]:
        """Return the events heard so far that are `wanted`."""
        with self._heard:
            return [event for event in self._events if wanted(event)]


class Switchboard(Ear):
    """Starts calls on `server`. One may be shared by many threads and calls."""

    _numbers = itertools.count(1)

    def __init__(self, server: AsteriskServer) -> None:
        self.server = server
        super().__init__()
        self._calls: Dict[str, Call] = {}
        # Those that nobody asks anything now. PlayDTMF holds one up for as long as the key is down.
        self._askers: List[RawManager] = []
        self._asking = threading.BoundedSemaphore(16)
        self._listener = RawManager(server.host, server.ami_port, None)
        answer = self._listener.ask(
            "Login", "Username: admin", "Secret: secret", "Events: call,dtmf,agi,user"
        )
        assert b"Response: Success" in answer, answer
        self._listener.socket.settimeout(None)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Switchboard":
        return self

    def __exit__(self, *_: object) -> None:
        for asker in self._askers:
            asker.__exit__()
        self._listener.send("Logoff")
        self._thread.join(PATIENCE)
        self._listener.__exit__()

    def call(
        self, extension: str, agi: str = "", caller: str = "wait", **variables: object
    ) -> "Call":
        """Start a call whose one half runs `extension` of `agi`, the other `caller` of `caller`.

        `agi` becomes the variable AGI, where commas divide the program from its arguments.
        """
        name = f"{extension}{next(self._numbers)}x{id(self) % 10000}"
        call = self._calls[name] = Call(self, name)
        settings: Dict[str, object] = {"CALL": name, "AGI": agi, **variables}
        # Commas would begin the next variable.
        lines = [
            "Variable: {}={}".format(key, str(value).replace("\\", "\\\\").replace(",", "\\,"))
            for key, value in settings.items()
        ]
        answer = self.ask(
            "Originate",
            f"Channel: Local/{extension}@agi/n",
            f"ChannelId: {call.other}",
            f"OtherChannelId: {call.channel}",
            "Context: caller",
            f"Exten: {caller}",
            "Priority: 1",
            'CallerID: "Alice Example" <5551234>',
            "Async: true",
            *lines,
        )
        assert answer[0] == b"Response: Success", answer
        return call

    def ask(self, action: str, *headers: str) -> List[bytes]:
        """Send an action; return the lines of its response."""
        with self._asking:
            try:
                asker = self._askers.pop()
            except IndexError:
                asker = RawManager(self.server.host, self.server.ami_port)
            answer = asker.ask(action, *headers)
            self._askers.append(asker)
        return answer

    def output(self, command: str) -> List[str]:
        """Return what the CLI prints for `command`."""
        lines = self.ask("Command", f"Command: {command}")
        return [line[8:].decode(errors="replace") for line in lines if line.startswith(b"Output: ")]

    def _listen(self) -> None:
        while True:
            lines = self._listener.read()
            if not lines:
                return
            event: Event = {}
            for line in lines:
                name, _, value = line.decode("latin-1").partition(": ")
                event.setdefault(name, value)
            self.hear(event)
            # Of most events only one call wants to know.
            name = event.get("Call", event.get("Uniqueid", "").rpartition("-")[0])
            call = self._calls.get(name)
            if call is not None:
                call.hear(event)


class Call(Ear):
    """One call. Its halves are named by unique ids, which Asterisk takes for names as well."""

    def __init__(self, board: Switchboard, name: str) -> None:
        super().__init__()
        self.board = board
        self.name = name
        #: The half that runs AGI, which is `agi_uniqueid` there.
        self.channel = f"{name}-agi"
        #: The caller's half.
        self.other = f"{name}-caller"

    def press(self, *digits: str) -> None:
        """Press keys, as the caller would."""
        for digit in digits:
            answer = self.board.ask(
                "PlayDTMF", f"Channel: {self.other}", f"Digit: {digit}", "Duration: 80"
            )
            assert answer[0] == b"Response: Success", answer
            # Not before the last one ended, for then it would be told by its beginning.
            time.sleep(0.2)

    def send_text(self, text: str) -> None:
        """Send text, as the caller would."""
        answer = self.board.ask("SendText", f"Channel: {self.other}", f"Message: {text}")
        assert answer[0] == b"Response: Success", answer

    def hang_up(self) -> None:
        """Hang up, as the caller would. Nothing happens when the call is over."""
        self.board.ask("Hangup", f"Channel: {self.other}")

    def wait_for_command(self, begin: str, n: int = 1) -> None:
        """Wait until Asterisk has begun its `n`-th AGI command that starts with `begin`."""
        count = 0

        def wanted(event: Event) -> bool:
            nonlocal count
            if event.get("Event") == "AGIExecStart" and event.get("Uniqueid") == self.channel:
                if event["Command"].upper().startswith(begin):
                    count += 1
                    return count == n
            return False

        self.wait_for(wanted)

    def wait_until_up(self) -> None:
        """Wait until the caller's half was answered."""
        self.wait_for(
            lambda event: event.get("Event") == "Newstate"
            and event.get("Uniqueid") == self.other
            and event.get("ChannelState") == "6"
        )

    def result(self, timeout: float = PATIENCE) -> Tuple[str, str]:
        """Wait for the end of the AGI. Return where the dialplan was, and AGISTATUS.

        `AGIDone`: it went on after the AGI; `AGIEnd`: the call was over.
        """
        event = self.wait_for(
            lambda event: event.get("UserEvent") in ("AGIDone", "AGIEnd")
            and event.get("Call") == self.name,
            timeout,
        )
        return event["UserEvent"], event["Status"]

    def outcome(self) -> str:
        """Say what is known of the call now."""
        events = self.events(lambda event: True)
        return ", ".join(event.get("UserEvent", event.get("Event", "")) for event in events)

    def variable(self, name: str) -> Optional[bytes]:
        """Return a variable of the half that runs AGI, as the manager interface tells it."""
        lines = self.board.ask("Getvar", f"Channel: {self.channel}", f"Variable: {name}")
        for line in lines:
            if line.startswith(b"Value: "):
                return line[7:]
            if line == b"Value:":
                return b""
        return None
