#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Call a channel and print what happens: call.py HOST PORT USER SECRET CHANNEL."""

import sys
import threading

from asterisk.manager import Event, Manager

host, port, user, secret, channel = sys.argv[1:]
over = threading.Event()


def show(event: Event, manager: Manager) -> None:
    print(event.name, event.get("Channel", ""))
    if event.name == "Hangup":
        over.set()


with Manager() as manager:
    manager.connect(host, int(port))
    manager.login(user, secret)
    manager.register_event("*", show)
    manager.send("Originate", Channel=channel, Application="Wait", Data=1).check()
    over.wait(30)
