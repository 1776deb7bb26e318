# SPDX-License-Identifier: MIT
"""The emulated Asterisk: what pyst 0.9 had of it, and what is new."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from typing import Any, Iterator, List

import pytest

from asterisk.astemu import AsteriskEmu, Event

GREETING = b"Asterisk Call Manager/1.1\r\n"
WAIT = 60.0  # seconds; what does not come by then does not come


class Client:
    """A socket that reads up to what is waited for."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("localhost", port), timeout=WAIT)
        self.rest = b""

    def send(self, *lines: str) -> None:
        self.sock.sendall("".join(line + "\r\n" for line in (*lines, "")).encode())

    def until(self, mark: bytes) -> bytes:
        while mark not in self.rest:
            data = self.sock.recv(65536)
            assert data, f"the stream ended before {mark!r}: {self.rest!r}"
            self.rest += data
        end = self.rest.index(mark) + len(mark)
        taken, self.rest = self.rest[:end], self.rest[end:]
        return taken

    def message(self) -> bytes:
        return self.until(b"\r\n\r\n")

    def to_the_end(self) -> bytes:
        while data := self.sock.recv(65536):
            self.rest += data
        return self.rest


@pytest.fixture
def clients() -> Iterator[List[Client]]:
    made: List[Client] = []
    yield made
    for client in made:
        client.sock.close()


def connect(clients: List[Client], emu: AsteriskEmu) -> Client:
    clients.append(Client(emu.port))
    return clients[-1]


def log_in(client: Client, secret: str = "secret") -> bytes:
    client.send("Action: Login", "ActionID: in", "Username: demo", f"Secret: {secret}")
    return client.message()


# ---- Event ----------------------------------------------------------------------------------


def test_as_string_sorts_headers_by_sort_order_and_others_behind_in_their_order() -> None:
    event = Event()
    event["Zeta"] = ("z",)
    event["Cause-txt"] = ("Normal Clearing",)
    event["Alpha"] = ("a",)
    event["Channel"] = ("lcr/557",)
    event["Event"] = ("Hangup",)
    event["Privilege"] = ("call,all",)
    assert event.as_string("7") == (
        b"Event: Hangup\r\nPrivilege: call,all\r\nChannel: lcr/557\r\n"
        b"Cause-txt: Normal Clearing\r\nZeta: z\r\nAlpha: a\r\n\r\n"
    )


def test_as_string_gives_a_response_the_action_id_in_its_place_and_keeps_it() -> None:
    event = Event(Message=("Authentication accepted",), Response=("Success",))
    assert event.as_string(id="a-1") == (
        b"Response: Success\r\nActionID: a-1\r\nMessage: Authentication accepted\r\n\r\n"
    )
    assert event["ActionID"] == ["a-1"]


def test_as_string_repeats_a_header_for_each_value_and_takes_a_str_for_one() -> None:
    event = Event(Event="AgentCalled", Variable=("data1=456789", "data2=test"))
    assert event.as_string("") == (
        b"Event: AgentCalled\r\nVariable: data1=456789\r\nVariable: data2=test\r\n\r\n"
    )


def test_as_string_ends_with_content_as_it_is() -> None:
    event = Event(CONTENT="line one\nline two\n--END COMMAND--\r\n", Response=("Follows",))
    assert event.as_string("1") == (
        b"Response: Follows\r\nActionID: 1\r\nline one\nline two\n--END COMMAND--\r\n\r\n\r\n"
    )


def test_as_string_is_utf_8() -> None:
    assert Event(Event="\u00e9").as_string("") == b"Event: \xc3\xa9\r\n\r\n"


def test_event_name_and_headers() -> None:
    event = Event(Event=("Newchannel",))
    assert event.name == ("Newchannel",)
    assert Event().name == ""
    assert event.headers is event


# ---- AsteriskEmu with a dict ----------------------------------------------------------------


def test_default_events_answer_login_and_logoff_and_logoff_closes(clients: List[Client]) -> None:
    with AsteriskEmu({}) as emu:
        assert emu.childpid is None
        client = connect(clients, emu)
        assert client.until(b"\r\n") == GREETING
        client.send("Action: Login", "ActionID: x-1", "Username: a", "Secret: b")
        assert client.message() == (
            b"Response: Success\r\nActionID: x-1\r\nMessage: Authentication accepted\r\n\r\n"
        )
        client.send("Action: Logoff", "ActionID: x-2")
        assert client.to_the_end() == (
            b"Response: Goodbye\r\nActionID: x-2\r\nMessage: Thanks for all the fish.\r\n\r\n"
        )
    assert "ActionID" not in AsteriskEmu.default_events["Login"][0]


def test_a_chatscript_comes_before_the_default_events(clients: List[Client]) -> None:
    no = Event(Response=("Error",), Message=("No",))
    with AsteriskEmu({"Login": [no, Event(Event=("Gone",))]}) as emu:
        client = connect(clients, emu)
        client.until(b"\r\n")
        client.send("Action: Login", "ActionID: 1")
        assert client.message() == b"Response: Error\r\nActionID: 1\r\nMessage: No\r\n\r\n"
        assert client.message() == b"Event: Gone\r\n\r\n"


def test_an_action_of_no_chatscript_gets_no_answer(clients: List[Client]) -> None:
    with AsteriskEmu({"Ping": [Event(Response=("Pong",))]}) as emu:
        client = connect(clients, emu)
        client.until(b"\r\n")
        client.send("Action: Nothing", "ActionID: 1")
        client.send("Action: ping", "ActionID: 2")  # names are told apart by case
        client.send("Action: Ping", "ActionID: 3")
        assert client.message() == b"Response: Pong\r\nActionID: 3\r\n\r\n"


def test_pipelined_actions_are_answered_in_order_byte_by_byte(clients: List[Client]) -> None:
    with AsteriskEmu({"Ping": [Event(Response=("Pong",))]}) as emu:
        client = connect(clients, emu)
        client.until(b"\r\n")
        for i in range(20):
            for byte in f"Action: Ping\r\nActionID: {i}\r\n\r\n".encode():
                client.sock.sendall(bytes([byte]))
        for i in range(20):
            assert client.message() == f"Response: Pong\r\nActionID: {i}\r\n\r\n".encode()


def test_values_with_line_ends_are_sent_as_they_are(clients: List[Client]) -> None:
    event = Event(Event="VarSet", Privilege="dialplan,all\r\nValue: 2\r\n\r\nEvent: Newexten")
    with AsteriskEmu({"Ping": (event,)}) as emu:
        client = connect(clients, emu)
        client.until(b"\r\n")
        client.send("Action: Ping")
        assert client.message() == b"Event: VarSet\r\nPrivilege: dialplan,all\r\nValue: 2\r\n\r\n"
        assert client.message() == b"Event: Newexten\r\n\r\n"


def test_long_actions_are_taken(clients: List[Client]) -> None:
    with AsteriskEmu({"Ping": [Event(Response=("Pong",))]}) as emu:
        client = connect(clients, emu)
        client.until(b"\r\n")
        client.send("Action: Ping", "ActionID: 1", "X: " + 100_000 * "x", *300 * ["Y: y"])
        assert client.message() == b"Response: Pong\r\nActionID: 1\r\n\r\n"


def test_large_answers_arrive_whole(clients: List[Client]) -> None:
    content = "".join(f"line {i}\n" for i in range(200_000))
    with AsteriskEmu({"Command": [Event(Response=("Follows",), CONTENT=content)]}) as emu:
        client = connect(clients, emu)
        client.until(b"\r\n")
        client.send("Action: Command", "ActionID: 1")
        assert client.until(b"line 199999\n") == (
            b"Response: Follows\r\nActionID: 1\r\n" + content.encode()
        )


def test_an_answer_that_raises_cuts_only_its_client(clients: List[Client]) -> None:
    pong = Event(Response=("Pong",))
    with AsteriskEmu({"Bad": [Event(X=1)], "Ping": [pong]}) as emu:
        first, second = connect(clients, emu), connect(clients, emu)
        first.send("Action: Bad")
        assert first.to_the_end() == GREETING
        second.send("Action: Ping", "ActionID: 1")
        assert second.until(b"\r\n\r\n").endswith(b"ActionID: 1\r\n\r\n")


def test_a_subclass_may_format_messages_at_the_time_of_the_answer(clients: List[Client]) -> None:
    class Echo(Event):
        def as_string(self, id: str) -> bytes:
            return f"Response: {id}{id}\r\n\r\n".encode()

    with AsteriskEmu({"Ping": [Echo()]}) as emu:
        client = connect(clients, emu)
        client.until(b"\r\n")
        client.send("Action: Ping", "ActionID: ab")
        assert client.message() == b"Response: abab\r\n\r\n"


# ---- connections ----------------------------------------------------------------------------


def test_many_clients_at_once_and_one_after_another(clients: List[Client]) -> None:
    with AsteriskEmu({"Ping": [Event(Response=("Pong",))]}) as emu:
        for _ in range(3):
            for _ in range(20):
                connect(clients, emu)
            for i, client in enumerate(clients):
                client.send("Action: Ping", f"ActionID: {i}")
            for i, client in enumerate(clients):
                assert client.until(b"\r\n\r\n").endswith(f"ActionID: {i}\r\n\r\n".encode())
            while clients:
                clients.pop().sock.close()


def test_send_reaches_every_client(clients: List[Client]) -> None:
    with AsteriskEmu({}) as emu:
        pair = connect(clients, emu), connect(clients, emu)
        for client in pair:
            client.until(b"\r\n")
        emu.send(Event(Event=("Alarm",)))
        emu.send(b"garbage\r\n")
        for client in pair:
            assert client.until(b"garbage\r\n") == b"Event: Alarm\r\n\r\ngarbage\r\n"


def test_close_ends_connections_and_thread_and_frees_the_port(clients: List[Client]) -> None:
    before = threading.active_count()
    emu = AsteriskEmu({})
    client = connect(clients, emu)
    client.until(b"\r\n")
    assert threading.active_count() == before + 1
    emu.close()
    emu.close()
    assert threading.active_count() == before
    assert client.to_the_end() == b""
    with pytest.raises(OSError):
        socket.create_connection(("localhost", emu.port), timeout=WAIT)
    with AsteriskEmu({}, emu.port) as again:
        assert again.port == emu.port


def test_a_port_in_use_is_an_error() -> None:
    before = threading.active_count()
    with AsteriskEmu({}) as emu, pytest.raises(OSError):
        AsteriskEmu({}, port=emu.port)
    assert threading.active_count() == before


def test_a_subclass_may_serve_by_itself(clients: List[Client]) -> None:
    class Silent(AsteriskEmu):
        def asterisk_emu(self, sock: socket.socket, chatscript: Any) -> None:
            conn, _ = sock.accept()
            with conn:
                conn.sendall(b"hello\r\n")
                sock.accept()

    emu = Silent({})
    client = connect(clients, emu)
    assert client.until(b"\r\n") == b"hello\r\n"
    emu.close()


def test_a_chatscript_or_a_script_is_needed() -> None:
    with pytest.raises(TypeError):
        AsteriskEmu()
    with pytest.raises(TypeError):
        AsteriskEmu({}, script="")


# ---- scripts --------------------------------------------------------------------------------


def test_a_script_as_text(clients: List[Client]) -> None:
    script = """
        @greeting Hello

        [Ping]
        Response: Success
        Echo: $(Text)
        """
    with AsteriskEmu(script=re.sub("^ +", "", script, flags=re.MULTILINE)) as emu:
        client = connect(clients, emu)
        assert client.until(b"\r\n") == b"Hello\r\n"
        client.send("Action: Ping", "ActionID: 1", "Text: a b")
        assert client.message() == b"Response: Success\r\nActionID: 1\r\nEcho: a b\r\n\r\n"


def test_a_wrong_script_says_where() -> None:
    with pytest.raises(ValueError, match=r"^line 2 of the chatscript: "):
        AsteriskEmu(script="[Ping]\nno colon here\n")


def test_demo_logs_in_plain_and_refuses_before(clients: List[Client]) -> None:
    with AsteriskEmu.demo() as emu:
        client = connect(clients, emu)
        assert client.until(b"\r\n") == b"Asterisk Call Manager/11.0.0\r\n"
        client.send("Action: Ping", "ActionID: 1")
        assert client.message() == (
            b"Response: Error\r\nActionID: 1\r\nMessage: Permission denied\r\n\r\n"
        )
        assert log_in(client) == (
            b"Response: Success\r\nActionID: in\r\nMessage: Authentication accepted\r\n\r\n"
        )
        assert client.message().startswith(b"Event: FullyBooted\r\n")


def test_demo_logs_in_with_md5(clients: List[Client]) -> None:
    with AsteriskEmu.demo() as emu:
        client = connect(clients, emu)
        client.until(b"\r\n")
        client.send("Action: Challenge", "AuthType: MD5")
        found = re.search(rb"Challenge: (\d+)\r\n", client.message())
        assert found
        key = hashlib.md5(found[1] + b"secret").hexdigest()
        client.send("Action: Login", "AuthType: MD5", "Username: demo", f"Key: {key}")
        assert client.message().startswith(b"Response: Success\r\n")


def test_demo_refuses_a_wrong_secret_and_closes(clients: List[Client]) -> None:
    with AsteriskEmu.demo() as emu:
        client = connect(clients, emu)
        client.until(b"\r\n")
        assert log_in(client, "wrong") == (
            b"Response: Error\r\nActionID: in\r\nMessage: Authentication failed\r\n\r\n"
        )
        assert client.to_the_end() == b""


def test_demo_plays_a_call_to_its_end(clients: List[Client]) -> None:
    with AsteriskEmu.demo() as emu:
        client = connect(clients, emu)
        client.until(b"\r\n")
        log_in(client)
        client.send("Action: Originate", "ActionID: call", "Channel: Local/100@demo", "Async: yes")
        client.until(b"Originate successfully queued\r\n\r\n")
        names: List[str] = []
        while names.count("Hangup") < 3:
            head = re.match(rb"Event: (\w+)\r\n", client.message())
            assert head
            names.append(head[1].decode())
        for name in ("Newchannel", "DialBegin", "OriginateResponse", "BridgeEnter"):
            assert name in names
