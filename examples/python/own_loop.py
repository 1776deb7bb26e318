#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A manager in the program's own loop, with no thread: events are printed, lines typed are run.

A line is a command of Asterisk's console, such as ``core show channels``. The end of the input
ends the program, when all is answered.

ASTERISK=host[:port], ASTERISK_USER and ASTERISK_SECRET in the environment say which Asterisk:
127.0.0.1, admin and secret unless told.
"""

import os
import selectors
import sys
from concurrent.futures import Future

from asterisk.manager import Event, Manager, ManagerException, Response


class Console:
    """What is typed, and what Asterisk answers and tells."""

    def __init__(self, manager: Manager) -> None:
        self.manager = manager
        self.typed = b""
        self.running = 0
        self.open = True
        manager.register_event("*", self.show_event)

    def show_event(self, event: Event, manager: Manager) -> None:
        print("*", event.name, event.get("Channel", ""), flush=True)

    def show_answer(self, answer: "Future[Response]") -> None:
        self.running -= 1
        try:
            print("\n".join(answer.result().response.output), flush=True)
        except ManagerException as error:
            print(f"! {error}", flush=True)

    def read(self) -> None:
        """Read what was typed, as much as there is."""
        data = os.read(sys.stdin.fileno(), 4096)
        self.open = bool(data)
        *lines, self.typed = (self.typed + data).split(b"\n")
        if not data and self.typed:
            lines.append(self.typed)
        for line in lines:
            self.running += 1
            command = os.fsdecode(line)
            self.manager.submit("Command", Command=command).add_done_callback(self.show_answer)


def loop(manager: Manager, console: Console) -> None:
    """The program's loop: whatever else it waits for would be registered here as well."""
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        while (console.open or console.running) and manager.connected():
            events = selectors.EVENT_READ
            if manager.wants_write:
                events |= selectors.EVENT_WRITE
            selector.register(manager, events)
            ready = selector.select(manager.next_deadline())
            selector.unregister(manager)
            if any(key.fileobj is sys.stdin for key, _ in ready):
                console.read()
                if not console.open:
                    selector.unregister(sys.stdin)
            manager.process()


def main() -> int:
    host, _, port = os.environ.get("ASTERISK", "127.0.0.1").partition(":")
    with Manager(thread=False, timeout=30) as manager:
        try:
            manager.connect(host, int(port or 5038))
            manager.login(
                os.environ.get("ASTERISK_USER", "admin"),
                os.environ.get("ASTERISK_SECRET", "secret"),
                md5=True,
            )
            loop(manager, Console(manager))
        except ManagerException as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
