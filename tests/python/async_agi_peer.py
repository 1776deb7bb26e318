# SPDX-License-Identifier: MIT
"""An Asterisk of a few lines whose channels run AGI(agi:async), as its manager interface shows it."""

from __future__ import annotations

import threading
from typing import Callable, Optional
from urllib.parse import quote

from loopback import Action, Connection, Server

__all__ = ["Channel", "Pbx"]

#: What a command is answered with; None: not now.
Script = Callable[["Channel", str], Optional[str]]

#: As main/utils.c, ast_uri_encode, leaves them.
UNENCODED = "-_.!~*'()"


class Channel:
    """A channel in AsyncAGI."""

    def __init__(self, pbx: Pbx, number: int, arguments: tuple[str, ...]) -> None:
        self.pbx = pbx
        self.name = f"Local/{number}@agi-0;2"
        self.unique_id = f"1795437279.{number}"
        self.arguments = arguments
        self.commands: list[str] = []
        self.variables: dict[str, str] = {}
        self.alive = True

    @property
    def headers(self) -> dict[str, str]:
        return {"Channel": self.name, "Uniqueid": self.unique_id}

    def environment(self) -> str:
        lines = ["agi_request: async", f"agi_channel: {self.name}"]
        lines += [f"agi_uniqueid: {self.unique_id}", "agi_callerid: 100"]
        lines += [f"agi_arg_{n}: {text}" for n, text in enumerate(self.arguments, 1)]
        return "\n".join(lines) + "\n\n"

    def event(self, name: str, **more: str) -> None:
        self.pbx.connection.event(name, {**self.headers, **more})

    def start(self) -> None:
        self.event("AsyncAGIStart", Env=quote(self.environment(), safe=UNENCODED))

    def reply(self, action: Action, text: str) -> None:
        self.event(
            "AsyncAGIExec",
            Result=quote(text, safe=UNENCODED, errors="surrogateescape"),
            CommandId=action["CommandID"][0],
        )

    def end(self) -> None:
        self.alive = False
        self.event("AsyncAGIEnd")

    def hang_up(self) -> None:
        """End, as when the other side hangs up."""
        self.event("HangupRequest", Cause="0")
        self.end()
        self.event("Hangup", Cause="16")

    @property
    def released(self) -> bool:
        """Whether ASYNCAGI BREAK came."""
        return "ASYNCAGI BREAK" in self.commands


def _script(channel: Channel, command: str) -> Optional[str]:
    """Do as Asterisk does with some commands."""
    words = command.split(" ")
    if words[:2] == ["SET", "VARIABLE"]:
        name, value = command.split(" ", 2)[2].split(" ", 1)
        channel.variables[name.strip('"')] = value[1:-1] if value.startswith('"') else value
        return "200 result=1\n"
    if words[:2] == ["GET", "VARIABLE"]:
        name = words[2].strip('"')
        if name not in channel.variables:
            return "200 result=0\n"
        return f"200 result=1 ({channel.variables[name]})\n"
    if words[0] in ("NOOP", "ANSWER", "ASYNCAGI"):
        return "200 result=0\n"
    if words[0] == "VERBOSE":
        return "200 result=1\n"
    return "510 Invalid or unknown command\n"


class Pbx(Server):
    """A manager server with such channels.

    Parameters
    ----------
    script : callable, optional
        ``f(channel, command)``, the reply to a command, None for the usual one, or "" for none.
    """

    def __init__(self, script: Optional[Script] = None) -> None:
        self.script = script
        self.channels: dict[str, Channel] = {}
        self.changed = threading.Condition()
        self.refusal: Optional[str] = None
        super().__init__({"AGI": self._agi})

    def __enter__(self) -> Pbx:
        return self

    def call(self, *arguments: str) -> Channel:
        """Have a new channel begin."""
        channel = Channel(self, len(self.channels), arguments)
        self.channels[channel.unique_id] = channel
        channel.start()
        return channel

    def _agi(self, connection: Connection, action: Action) -> None:
        channel = self.channels.get(action["Channel"][0])
        command = action["Command"][0]
        if self.refusal is not None:
            connection.respond(action, "Error", Message=self.refusal)
            return
        if channel is None or not channel.alive:
            message = f"Channel {action['Channel'][0]} does not exist."
            connection.respond(action, "Error", Message=message)
            return
        connection.respond(action, Message="Added AGI command to queue")
        reply = self.script(channel, command) if self.script is not None else None
        if reply is None:
            reply = _script(channel, command)
        with self.changed:
            channel.commands.append(command)
            self.changed.notify_all()
        if reply:
            channel.reply(action, reply)
        if command == "ASYNCAGI BREAK":
            channel.end()

    def wait_until(self, true: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something about the commands is true."""
        with self.changed:
            assert self.changed.wait_for(true, seconds)
