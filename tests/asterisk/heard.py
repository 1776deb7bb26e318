# SPDX-License-Identifier: MIT
"""What a manager's handlers heard, to be waited for."""

import threading
import time
from typing import Callable, List, Optional

from asterisk.manager import Event, Manager


class Heard:
    """Collects the events of `manager`, or those named `name`, from now on."""

    def __init__(self, manager: Manager, name: str = "*") -> None:
        self.events: List[Event] = []
        self._changed = threading.Condition()
        manager.register_event(name, self._handle)

    def _handle(self, event: Event, manager: Manager) -> Optional[bool]:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()
        return None

    def wait_for(self, wanted: Callable[[Event], bool], n: int = 1, timeout: float = 60) -> Event:
        """Return the `n`-th event that is `wanted`; fail when it does not come in time."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = [event for event in self.events if wanted(event)]
                if len(found) >= n:
                    return found[n - 1]
                left = deadline - time.monotonic()
                names = [event.name for event in self.events]
                assert left > 0, f"{len(found)} of {n} came in time, among {names[-200:]}"
                self._changed.wait(left)

    def wait_for_name(self, name: str, n: int = 1) -> Event:
        """Return the `n`-th event called `name`."""
        return self.wait_for(lambda event: event.name == name, n)

    def named(self, name: str) -> List[Event]:
        """Return the events called `name` that were heard until now."""
        with self._changed:
            return [event for event in self.events if event.name == name]


def mark(manager: Manager, heard: Heard, text: str) -> Event:
    """Have the server send a UserEvent and wait for it: everything before it was heard then."""
    manager.send("UserEvent", UserEvent="Mark", Text=text).check()
    return heard.wait_for(lambda event: event.name == "UserEvent" and event.get("Text") == text)
