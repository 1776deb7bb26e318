#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Call a channel and tell what happens until everybody has hung up: originate.py [CHANNEL].

ASTERISK=host[:port], ASTERISK_USER and ASTERISK_SECRET in the environment say which Asterisk:
127.0.0.1, admin and secret unless told.
"""

import os
import sys
import threading
import time
from collections import defaultdict

from asterisk.manager import Event, Manager, ManagerException

# How to tell a person of an event: {Header} stands for its value.
STORIES = {
    "Newchannel": "{Channel} is there ({ChannelStateDesc})",
    "Newstate": "{Channel} is now {ChannelStateDesc}",
    "Newexten": "{Channel} runs {Application}({AppData})",
    "NewCallerid": "{Channel} calls itself {CallerIDName} <{CallerIDNum}>",
    "NewConnectedLine": "{Channel} talks to {ConnectedLineName} <{ConnectedLineNum}>",
    "LocalBridge": "{LocalOneChannel} and its other half are one",
    "DialBegin": "{DestChannel} is being called",
    "DialState": "{DestChannel} says {DialStatus}",
    "DialEnd": "{DestChannel}: {DialStatus}",
    "BridgeCreate": "a bridge is made",
    "BridgeEnter": "{Channel} enters the bridge, {BridgeNumChannels} in it now",
    "BridgeLeave": "{Channel} leaves the bridge, {BridgeNumChannels} in it now",
    "BridgeDestroy": "the bridge is gone",
    "MusicOnHoldStart": "{Channel} hears music ({Class})",
    "MusicOnHoldStop": "{Channel} hears no music any more",
    "VarSet": "{Channel} has {Variable} = {Value}",
    "UserEvent": "{UserEvent}, says the dialplan",
    "HangupRequest": "{Channel} is asked to hang up",
    "SoftHangupRequest": "{Channel} is asked to hang up",
    "Hangup": "{Channel} hung up: {Cause-txt}",
}


class Call:
    """What is known of a call while it goes on."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.channels = 0
        self.over = threading.Event()

    def tell(self, event: Event, manager: Manager) -> None:
        """Print an event; Manager calls this for each."""
        story = STORIES.get(event.name)
        if story is not None:
            headers = defaultdict(str, event.headers)
            print(f"{time.monotonic() - self.began:7.3f} s  ", end="")
            print(f"{event.name:<18} {story.format_map(headers)}", flush=True)
        if event.name == "Newchannel":
            self.channels += 1
        elif event.name == "Hangup":
            self.channels -= 1
            if self.channels == 0:
                self.over.set()


def main() -> int:
    channel = sys.argv[1] if len(sys.argv) > 1 else "Local/100@default"
    host, _, port = os.environ.get("ASTERISK", "127.0.0.1").partition(":")
    call = Call()
    with Manager(timeout=20) as manager:
        try:
            manager.connect(host, int(port or 5038))
            manager.login(
                os.environ.get("ASTERISK_USER", "admin"),
                os.environ.get("ASTERISK_SECRET", "secret"),
                md5=True,
            )
            manager.register_event("*", call.tell)
            print(f"Calling {channel}")
            manager.send(
                "Originate",
                Channel=channel,
                Application="MusicOnHold",
                CallerID='"pyst" <1234>',
                Timeout=20000,
                Async="true",
                final_event="OriginateResponse",
            ).check()
        except ManagerException as error:
            print(f"{host}: {error}", file=sys.stderr)
            return 1
        if call.over.wait(30):
            print("Everybody has hung up.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
