# SPDX-License-Identifier: MIT
"""The traffic that parsers are measured with.

Real traffic is used where there is some: a directory of recordings, files ``*.s2c`` of the bytes
that Asterisk sent on a connection each, named by the environment variable PYST_TRAFFIC (record.py
makes one). Without it the traffic is made here: calls through Local channels and PJSIP as
Asterisk 22 reports them (the same events with the same headers, and values as long as real ones).

Either way the result is whole messages, no greeting, and none above 8 KiB: the output of a long
command is another measurement. Of recordings the messages that end a peer are left out for all,
ours included: bytes that are not UTF-8 (pyst and pystrix) and two Event headers (panoramisk).
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LARGEST = 8192


class Traffic(NamedTuple):
    """Traffic in a file.

    Attributes
    ----------
    path : Path
        Where it is.
    source : str
        Where it came from, for a person.
    messages : int
        How many messages it has.
    size : int
        Bytes.
    """

    path: Path
    source: str
    messages: int
    size: int

    @property
    def mean(self) -> int:
        """Bytes of a message, on average."""
        return round(self.size / self.messages)


Fields = list[tuple[str, str]]

_UNKNOWN = "<unknown>"
_STATES = {0: "Down", 4: "Ring", 5: "Ringing", 6: "Up"}


def _channel(
    prefix: str, name: str, state: int, exten: str, priority: int, serial: int, number: str
) -> Fields:
    """Give the headers that describe a channel."""
    variables = [("FOO", ""), ("AGISTATUS", ""), ("CALLERID(num)", number)]
    fields = [
        ("Channel", name),
        ("ChannelState", str(state)),
        ("ChannelStateDesc", _STATES[state]),
        ("CallerIDNum", number or _UNKNOWN),
        ("CallerIDName", _UNKNOWN),
        ("ConnectedLineNum", _UNKNOWN),
        ("ConnectedLineName", _UNKNOWN),
        ("Language", "en"),
        ("AccountCode", ""),
        ("Context", "from-internal"),
        ("Exten", exten),
        ("Priority", str(priority)),
        ("Uniqueid", f"1795388145.{serial}"),
        ("Linkedid", f"1795388145.{serial - serial % 2}"),
        *(("ChanVariable", f"{key}={value}") for key, value in variables),
    ]
    return [(prefix + key, value) for key, value in fields]


def _cel(kind: str, name: str, serial: int, application: str, extra: str) -> Fields:
    """Give a CEL event."""
    return [
        ("Event", "CEL"),
        ("Privilege", "call,all"),
        ("EventName", kind),
        ("AccountCode", ""),
        ("CallerIDnum", "1001"),
        ("CallerIDname", ""),
        ("CallerIDani", "1001"),
        ("CallerIDrdnis", ""),
        ("CallerIDdnid", ""),
        ("Exten", "2002"),
        ("Context", "from-internal"),
        ("Channel", name),
        ("Application", application),
        ("AppData", "PJSIP/2002,30,tTb" if application else ""),
        ("EventTime", "2026-11-22 22:56:34"),
        ("AMAFlags", "DOCUMENTATION"),
        ("UniqueID", f"1795388145.{serial}"),
        ("LinkedID", f"1795388145.{serial - serial % 2}"),
        ("Userfield", ""),
        ("Peer", ""),
        ("PeerAccount", ""),
        ("Extra", extra),
    ]


def _bridge(serial: int, channels: int) -> Fields:
    """Give the headers that describe a bridge."""
    return [
        ("BridgeUniqueid", f"86654159-c948-4561-b7f6-{serial:012x}"),
        ("BridgeType", "basic"),
        ("BridgeTechnology", "simple_bridge"),
        ("BridgeCreator", _UNKNOWN),
        ("BridgeName", _UNKNOWN),
        ("BridgeNumChannels", str(channels)),
        ("BridgeVideoSourceMode", "none"),
    ]


def _call(number: int) -> Iterator[Fields]:
    """Give the events of one call."""
    one = f"PJSIP/1001-{number * 2:08x}"
    two = f"Local/2002@from-internal-{number:08x};2"
    first, second = number * 2, number * 2 + 1

    def event(name: str, privilege: str, *parts: Fields) -> Fields:
        head = [("Event", name), ("Privilege", privilege)]
        return head + [field for part in parts for field in part]

    def caller(state: int, priority: int) -> Fields:
        return _channel("", one, state, "2002", priority, first, "1001")

    def callee(prefix: str, state: int) -> Fields:
        return _channel(prefix, two, state, "2002", 1, second, "")

    yield event("Newchannel", "call,all", caller(0, 1))
    yield _cel("CHAN_START", one, first, "", "")
    yield event("DeviceStateChange", "call,all", [("Device", "PJSIP/1001"), ("State", "INUSE")])
    for priority, (application, data) in enumerate(
        (
            ("NoOp", "call from 1001 to 2002"),
            ("Set", "CDR(userfield)=outbound"),
            ("GotoIf", "0?closed:open"),
            ("Dial", "Local/2002@from-internal,30,tTb"),
        ),
        1,
    ):
        step = [("Extension", "2002"), ("Application", application), ("AppData", data)]
        yield event("Newexten", "dialplan,all", caller(4, priority), step)
    for variable, value in (("DIALEDTIME", ""), ("DIALSTATUS", "ANSWER"), ("BRIDGEPEER", two)):
        yield event(
            "VarSet", "dialplan,all", caller(4, 4), [("Variable", variable), ("Value", value)]
        )
    yield event("Newchannel", "call,all", callee("", 0))
    yield _cel("CHAN_START", two, second, "", "")
    yield event("DialBegin", "call,all", callee("Dest", 0), [("DialString", "2002@from-internal")])
    yield event("Newstate", "call,all", callee("", 5))
    yield event(
        "DialEnd", "call,all", caller(4, 4), callee("Dest", 6), [("DialStatus", "ANSWER")]
    )
    yield _cel("ANSWER", one, first, "Dial", "")
    yield event("Newstate", "call,all", caller(6, 4))
    yield event("BridgeCreate", "call,all", _bridge(number, 0))
    yield event("BridgeEnter", "call,all", _bridge(number, 1), callee("", 6))
    yield event("BridgeEnter", "call,all", _bridge(number, 2), caller(6, 4))
    yield _cel("BRIDGE_ENTER", one, first, "Dial", '{"bridge_technology":"simple_bridge"}')
    for digit in "12":
        pressed = [("Digit", digit), ("Direction", "Received")]
        yield event("DTMFBegin", "dtmf,all", caller(6, 4), pressed)
        yield event("DTMFEnd", "dtmf,all", caller(6, 4), [*pressed, ("DurationMs", "120")])
    yield event(
        "RTCPReceived",
        "reporting,all",
        caller(6, 4),
        [
            ("SSRC", f"0x{0x3F2A0000 + number:08x}"),
            ("PT", "200(SR)"),
            ("From", "192.0.2.17:10001"),
            ("RTT", "0.0127"),
            ("ReportCount", "1"),
            ("SentNTP", f"1795388147.{number:06d}"),
            ("SentRTP", str(160000 + 160 * number)),
            ("SentPackets", "402"),
            ("SentOctets", "64320"),
            ("Report0SourceSSRC", f"0x{0x5D110000 + number:08x}"),
            ("Report0FractionLost", "0"),
            ("Report0CumulativeLost", "0"),
            ("Report0HighestSequence", "20931"),
            ("Report0SequenceNumberCycles", "0"),
            ("Report0IAJitter", "7"),
            ("Report0LSR", "1912012843"),
            ("Report0DLSR", "2.8330"),
        ],
    )
    yield event("HangupRequest", "call,all", caller(6, 4), [("Cause", "16")])
    yield event("BridgeLeave", "call,all", _bridge(number, 1), caller(6, 4))
    yield event("BridgeDestroy", "call,all", _bridge(number, 0))
    end = [("Cause", "16"), ("Cause-txt", "Normal Clearing")]
    yield event("Hangup", "call,all", callee("", 6), end)
    yield event("Hangup", "call,all", caller(6, 4), end)
    reason = '{"hangupcause":16,"hangupsource":"","dialstatus":"ANSWER"}'
    yield _cel("HANGUP", one, first, "AppDial", reason)
    yield _cel("CHAN_END", one, first, "", "")
    yield event(
        "DeviceStateChange", "call,all", [("Device", "PJSIP/1001"), ("State", "NOT_INUSE")]
    )


def _made(calls: int) -> Iterator[bytes]:
    """Give messages made here."""
    for number in range(calls):
        for fields in _call(number):
            text = "".join(f"{name}: {value}\r\n" for name, value in fields)
            yield text.encode() + b"\r\n"


def _recorded(directory: Path) -> Iterator[bytes]:
    """Give the messages of recordings of AMI connections."""
    for path in sorted(directory.rglob("*.s2c")):
        greeting, _, rest = path.read_bytes().partition(b"\r\n")
        if greeting.startswith(b"Asterisk Call Manager/"):
            # What stands behind the last end of a message was cut off.
            for message in rest.split(b"\r\n\r\n")[:-1]:
                message = message.lstrip(b"\r\n")
                if message:
                    yield message + b"\r\n\r\n"


def _survivable(message: bytes) -> bool:
    """Say whether all peers live through a message."""
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return len(message) <= LARGEST and (b"\r\n" + message).count(b"\r\nEvent:") <= 1


def write(path: Path) -> Traffic:
    """Write the traffic to a file.

    Parameters
    ----------
    path : Path
        The file to write.

    Returns
    -------
    Traffic
        What was written.

    Raises
    ------
    FileNotFoundError
        PYST_TRAFFIC names a directory without a recording of a manager connection.
    """
    directory = os.environ.get("PYST_TRAFFIC")
    source = "recorded from Asterisk" if directory else "made by bench/traffic.py"
    messages = _recorded(Path(directory)) if directory else _made(100)
    kept = [message for message in messages if _survivable(message)]
    if not kept:
        raise FileNotFoundError(f"no recording of a manager connection in {directory}")
    path.write_bytes(b"".join(kept))
    return Traffic(path, source, len(kept), path.stat().st_size)
