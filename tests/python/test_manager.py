# SPDX-License-Identifier: MIT
"""asterisk.manager: what pyst and pyst2 have, and what is new on the same class."""

from __future__ import annotations

import inspect
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Iterator

import pytest

from asterisk.errors import ManagerTimeoutException
from asterisk.manager import (
    Event,
    Manager,
    ManagerActionException,
    ManagerAuthException,
    ManagerException,
    ManagerMsg,
    ManagerOutcomeUnknown,
    ManagerPermissionException,
    ManagerSocketException,
    ManagerUnknownActionException,
    ManagerValueError,
    Reconnect,
)
from loopback import PATIENCE, Action, Connection, Server

#: Parameters in their order, with their defaults where they have one.
SIGNATURES = {
    "send_action": "cdict= **kwargs",
    "register_event": "event function",
    "unregister_event": "event function",
    "connected": "",
    "next_seq": "",
    "message_loop": "",
    "event_dispatch": "",
    "connect": "host port=5038 buffer_size=0",
    "close": "",
    "login": "username secret",
    "ping": "",
    "logoff": "",
    "hangup": "channel",
    "status": "channel=''",
    "redirect": "channel exten priority='1' extra_channel='' context=''",
    "originate": "channel exten context='' priority='' timeout='' caller_id='' run_async=False"
    " account='' variables={} application='' data='' earlymedia=''",
    "mailbox_status": "mailbox",
    "command": "command",
    "extension_state": "exten context",
    "playdtmf": "channel digit",
    "absolute_timeout": "channel timeout",
    "mailbox_count": "mailbox",
    "sippeers": "",
    "sipshowpeer": "peer",
    "sipshowregistry": "",
    "iaxregistry": "",
    "reload": "module",
    "dbdel": "family key",
    "dbdeltree": "family key",
    "dbget": "family key",
    "dbput": "family key val",
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_of_pyst(name: str) -> None:
    parts = []
    for parameter in list(inspect.signature(getattr(Manager, name)).parameters.values())[1:]:
        if parameter.kind == parameter.KEYWORD_ONLY:
            assert parameter.default is not parameter.empty  # old programs do not give it
        elif parameter.kind == parameter.VAR_KEYWORD:
            parts.append(f"**{parameter.name}")
        elif parameter.default is parameter.empty:
            parts.append(parameter.name)
        elif parameter.name == "cdict":
            parts.append("cdict=")
        else:
            parts.append(f"{parameter.name}={parameter.default!r}")
    assert " ".join(parts) == SIGNATURES[name]


@pytest.fixture()
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture()
def manager(server: Server) -> Iterator[Manager]:
    made = Manager()
    made.connect("127.0.0.1", server.port)
    made.login("admin", "secret")
    yield made
    in_time(made.close)


def in_time(function: Any, *args: Any) -> Any:
    """Call it in a thread of its own, and fail when it does not come back."""
    result: list[Any] = []

    def call() -> None:
        try:
            result.append((True, function(*args)))
        except BaseException as err:
            result.append((False, err))

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive(), f"{function} does not return"
    good, value = result[0]
    if not good:
        raise value
    return value


class Heard:
    """A handler that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._more = threading.Condition()

    def __call__(self, event: Event, manager: Manager) -> None:
        with self._more:
            self.events.append(event)
            self._more.notify_all()

    def wait(self, count: int) -> list[Event]:
        with self._more:
            assert self._more.wait_for(lambda: len(self.events) >= count, PATIENCE)
            return list(self.events)


# Actions


def test_greeting_title_and_version(server: Server) -> None:
    manager = Manager()
    assert (manager.title, manager.connected()) == (None, False)
    greeting = manager.connect("localhost", str(server.port), 4096)
    assert isinstance(greeting, ManagerMsg) and greeting.data == "Asterisk Call Manager/11.0.0\r\n"
    assert (manager.title, manager.version) == ("Asterisk Call Manager", "11.0.0")
    with pytest.raises(ManagerException, match="Already connected to manager"):
        manager.connect("localhost", server.port)
    in_time(manager.close)


def test_send_action_fills_in_the_dict(server: Server, manager: Manager) -> None:
    cdict = {"Action": "Ping"}
    assert manager.send_action(cdict, Variable=["a=1", "b=2"])["Ping"] == "Pong"
    assert cdict["ActionID"].startswith(f"{manager.hostname}-{manager.pid:>4}-")
    assert server.connection.actions[-1]["Variable"] == ["a=1", "b=2"]
    assert manager.send_action({"Action": "Ping"}, ActionID="mine")["ActionID"] == "mine"
    with pytest.raises(ManagerValueError):
        manager.send_action({"Channel": "x"})


@pytest.mark.parametrize("value", ["a\r\nAction: Originate", "a\nb", "a\0b", "x" * 2000])
def test_injection_is_refused_before_anything_is_sent(
    server: Server, manager: Manager, value: str
) -> None:
    before = len(server.connection.actions)
    headers: dict[str, Any] = {value: "1"}
    for call in (manager.hangup, manager.command):
        with pytest.raises(ManagerValueError):
            call(value)
    with pytest.raises(ManagerValueError):
        manager.send("Ping", **headers)
    manager.ping()
    assert len(server.connection.actions) == before + 1


def test_bytes_that_are_not_utf8_come_back(server: Server, manager: Manager) -> None:
    server.answers["Echo"] = lambda c, a: c.respond(a, Echo=a["Value"][0])
    value = bytes(set(range(0x21, 0x100))).decode("utf-8", "surrogateescape")
    assert manager.send_action({"Action": "Echo", "Value": value})["Echo"] == value


def test_send_collects_a_list_and_send_action_leaves_it_to_handlers(
    server: Server, manager: Manager
) -> None:
    def listed(connection: Connection, action: Action) -> None:
        tag = {"ActionID": action["ActionID"][0]}
        connection.respond(action, EventList="start")
        connection.event("Item", {**tag, "Number": "1"})
        connection.event("Item", {**tag, "Number": "2"})
        connection.event("ItemsComplete", {**tag, "EventList": "Complete"})

    server.answers["Items"] = listed
    heard = Heard()
    manager.register_event("*", heard)
    response = manager.send("Items")
    assert response.ok and [event.get("number") for event in response] == ["1", "2", None]
    assert manager.send_action({"Action": "Items"})["EventList"] == "start"
    assert [event.name for event in heard.wait(3)] == ["Item", "Item", "ItemsComplete"]


def test_errors_that_asterisk_answers(server: Server, manager: Manager) -> None:
    server.answers["Refused"] = lambda c, a: c.respond(a, "Error", Message="No such channel")
    server.answers["Denied"] = lambda c, a: c.respond(a, "Error", Message="Permission denied")
    assert manager.send_action({"Action": "Refused"})["Response"] == "Error"
    for name, kind in (
        ("Refused", ManagerActionException),
        ("Denied", ManagerPermissionException),
        ("Nosuch", ManagerUnknownActionException),
    ):
        response = manager.send(name)
        assert not response.ok
        with pytest.raises(kind) as caught:
            response.check()
        assert caught.value.strerror == response.response["Message"]


def test_login_by_md5_and_wrong_secret(server: Server) -> None:
    with Manager() as manager:
        manager.connect("127.0.0.1", server.port)
        with pytest.raises(ManagerAuthException, match="Authentication failed"):
            manager.login("admin", "wrong")
        assert manager.login("admin", "secret", md5=True, events="call")["Response"] == "Success"
        assert "Secret" not in server.connection.actions[-1]
        assert server.connection.actions[-1]["Events"] == ["call"]


def test_ten_thousand_in_flight(manager: Manager) -> None:
    futures = [manager.submit("Ping") for _ in range(10000)]
    assert all(in_time(future.result).response["Ping"] == "Pong" for future in futures[-1:])
    assert {future.result(PATIENCE).response["Ping"] for future in futures} == {"Pong"}
    assert len({future.result().response["ActionID"] for future in futures}) == 10000


def test_two_threads_wait_for_one_future(server: Server, manager: Manager) -> None:
    asked, go = threading.Semaphore(0), threading.Event()

    def late(connection: Connection, action: Action) -> None:
        asked.release()
        go.wait(PATIENCE)
        connection.respond(action)

    server.answers["Late"] = late
    future = manager.submit("Late")
    assert asked.acquire(timeout=PATIENCE)
    threads = [threading.Thread(target=future.result, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_timeout_of_an_action(server: Server, manager: Manager) -> None:
    server.answers["Silent"] = lambda c, a: None
    with pytest.raises(ManagerTimeoutException):
        in_time(lambda: manager.send("Silent", timeout=0.05))
    assert manager.ping()["Ping"] == "Pong"


# Handlers


def test_order_of_handlers_and_stop_on_true(server: Server, manager: Manager) -> None:
    calls: list[str] = []
    heard = Heard()

    def stop(event: Event, manager: Manager) -> bool:
        calls.append("stop")
        return event.name == "A"

    manager.register_event("*", lambda event, manager: calls.append("any"))
    manager.register_event("A", lambda event, manager: calls.append("first"))
    manager.register_event("A", stop)
    manager.register_event("Last", heard)
    server.connection.event("A", {"X": "1"})
    server.connection.event("B")
    server.connection.event("Last")
    heard.wait(1)
    manager.ping()
    assert calls[:3] == ["first", "stop", "any"]
    manager.unregister_event("A", stop)
    with pytest.raises(ValueError):
        manager.unregister_event("A", stop)


def test_exception_in_a_handler_is_reported_and_stops_nobody(
    server: Server, manager: Manager
) -> None:
    reported: list[Any] = []
    heard = Heard()
    manager.on_handler_error = lambda event, exception: reported.append((event.name, exception))
    manager.register_event("A", lambda event, manager: event["Nothing"])
    manager.register_event("A", heard)
    server.connection.event("A")
    server.connection.event("A")
    assert [event.name for event in heard.wait(2)] == ["A", "A"]
    assert [(name, type(exception)) for name, exception in reported] == [("A", KeyError)] * 2


def test_handler_that_calls_actions(server: Server, manager: Manager) -> None:
    answers: list[str] = []
    heard = Heard()
    manager.register_event("A", lambda event, manager: answers.append(manager.ping()["Ping"]))
    manager.register_event("A", heard)
    for _ in range(20):
        server.connection.event("A")
    heard.wait(20)
    assert answers == ["Pong"] * 20


def test_slow_handler_is_in_nobodys_way(server: Server, manager: Manager) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(event: Event, manager: Manager) -> None:
        entered.set()
        leave.wait(PATIENCE)

    manager.register_event("A", slow)
    server.connection.event("A")
    assert entered.wait(PATIENCE)
    assert in_time(manager.ping)["Ping"] == "Pong"
    future = manager.submit("Ping")
    assert in_time(future.result).ok
    leave.set()


# The end


def test_close_twice_and_connect_again(server: Server) -> None:
    manager = Manager()
    in_time(manager.close)
    for _ in range(3):
        in_time(manager.connect, "127.0.0.1", server.port)
        in_time(manager.login, "admin", "secret")
        heard = Heard()
        manager.register_event("A", heard)
        server.connection.event("A")
        heard.wait(1)
        in_time(manager.close)
        in_time(manager.close)
        assert not manager.connected()
        with pytest.raises(ManagerException, match="Not connected"):
            manager.ping()


def test_logoff_then_close(manager: Manager) -> None:
    assert in_time(manager.logoff)["Response"] == "Goodbye"
    in_time(manager.close)


def test_close_in_a_handler_and_connect_again(server: Server, manager: Manager) -> None:
    closed = threading.Event()

    def close(event: Event, manager: Manager) -> None:
        manager.close()
        closed.set()

    manager.register_event("Shutdown", close)
    for _ in range(5):
        server.connection.event("Shutdown")
        assert closed.wait(PATIENCE)
        closed.clear()
        in_time(manager.connect, "127.0.0.1", server.port)
        in_time(manager.login, "admin", "secret")


@pytest.mark.parametrize("in_handler", [False, True])
def test_close_while_others_wait(server: Server, manager: Manager, in_handler: bool) -> None:
    asked = threading.Semaphore(0)
    server.answers["Silent"] = lambda c, a: asked.release()
    failures: list[BaseException] = []

    def wait() -> None:
        try:
            manager.send("Silent")
        except ManagerException as err:
            failures.append(err)

    threads = [threading.Thread(target=wait, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert asked.acquire(timeout=PATIENCE)
    if in_handler:
        manager.register_event("A", lambda event, manager: manager.close())
        server.connection.event("A")
    else:
        in_time(manager.close)
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert [type(failure) for failure in failures] == [ManagerOutcomeUnknown] * 4


def test_server_dies_while_an_action_waits(server: Server, manager: Manager) -> None:
    server.answers["Die"] = lambda c, a: c.close()
    lost = threading.Event()
    manager.on_lost = lambda exception: lost.set()
    with pytest.raises(ManagerSocketException) as caught:
        in_time(lambda: manager.send_action({"Action": "Die"}))
    _, reason = caught.value
    assert isinstance(caught.value, ManagerOutcomeUnknown)
    assert reason == caught.value.strerror == "Connection Terminated"
    assert lost.wait(PATIENCE) and not manager.connected()
    in_time(manager.close)


def test_nobody_listens() -> None:
    with socket.socket() as silent, pytest.raises(ManagerSocketException) as caught:
        silent.bind(("127.0.0.1", 0))
        Manager().connect("127.0.0.1", silent.getsockname()[1])
    errno, reason = caught.value
    assert errno == caught.value.errno > 0 and reason == caught.value.strerror


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x16\x03\x01\0\x02\r\n"])
def test_not_an_asterisk(greeting: bytes) -> None:
    with Server(greeting=greeting) as other, pytest.raises(ManagerSocketException):
        in_time(lambda: Manager().connect("127.0.0.1", other.port))


def test_silent_server() -> None:
    with Server(greeting=b"") as silent, pytest.raises(ManagerException):
        in_time(lambda: Manager().connect("127.0.0.1", silent.port, timeout=0.1))


def test_program_that_ends_with_an_open_manager(server: Server) -> None:
    program = f"""
from asterisk.manager import Manager
manager = Manager()
manager.connect("127.0.0.1", {server.port})
manager.login("admin", "secret")
manager.register_event("*", print)
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "ignore", "-c", program],
        capture_output=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_signal_handler_may_send_while_its_thread_waits(server: Server) -> None:
    held: list[Action] = []
    pinged = False

    def hold(connection: Connection, action: Action) -> None:
        held.append(action)
        if pinged:
            connection.respond(action)

    def ping(connection: Connection, action: Action) -> None:
        nonlocal pinged
        pinged = True
        for each in [action, *held]:
            connection.respond(each, Ping="Pong")

    server.answers.update(Hold=hold, Ping=ping)
    program = f"""
import signal
from asterisk.manager import Manager
manager = Manager(thread=False)
manager.connect("127.0.0.1", {server.port})
manager.login("admin", "secret")
def ping(*_):
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(manager.ping()["Ping"])
signal.signal(signal.SIGALRM, ping)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
manager.send("Hold", timeout={PATIENCE})
print("end")
manager.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Pong\n") and done.stdout.endswith("end\n")


# The caller's own loop


def test_without_a_thread(server: Server) -> None:
    import select

    heard: list[str] = []
    before = threading.active_count()
    with Manager(thread=False) as manager:
        manager.connect("127.0.0.1", server.port)
        manager.login("admin", "secret")
        assert manager.message_thread is None
        manager.register_event("*", lambda event, manager: heard.append(event["N"]))
        for n in range(100):
            server.connection.event("A", {"N": str(n)})
        assert heard == [] and manager.ping()["Ping"] == "Pong"
        poll = select.poll()
        poll.register(manager.fileno(), select.POLLIN)
        while len(heard) < 100:
            assert manager.next_deadline() == 0.0 or poll.poll(int(PATIENCE * 1000))
            manager.process()
        assert heard == [str(n) for n in range(100)]
        assert threading.active_count() <= before + 1  # the server's
    assert manager.fileno() == -1


def test_process_is_for_managers_without_a_thread(manager: Manager) -> None:
    with pytest.raises(ManagerException, match="thread"):
        manager.process()


def test_drop_oldest_counts(server: Server) -> None:
    with Manager(thread=False, event_queue_size=10, event_queue_policy="drop-oldest") as manager:
        manager.connect("127.0.0.1", server.port)
        manager.login("admin", "secret")
        for n in range(25):
            server.connection.event("A", {"N": str(n)})
        manager.ping()
        assert (manager.events_queued, manager.events_dropped) == (10, 15)
        heard: list[str] = []
        manager.register_event("A", lambda event, manager: heard.append(event["N"]))
        assert manager.process() == 10
        assert heard == [str(n) for n in range(15, 25)]


def test_pause_loses_nothing_and_lets_others_go_on_afterwards(server: Server) -> None:
    entered, leave = threading.Event(), threading.Event()
    heard = Heard()

    def slow(event: Event, manager: Manager) -> None:
        entered.set()
        leave.wait(PATIENCE)

    with Manager(event_queue_size=5) as manager:
        manager.connect("127.0.0.1", server.port)
        manager.login("admin", "secret")
        manager.register_event("A", slow)
        manager.register_event("A", heard)
        for n in range(500):
            server.connection.event("A", {"N": str(n)})
        assert entered.wait(PATIENCE)
        future = manager.submit("Ping")
        leave.set()
        assert in_time(future.result).ok
        assert [event["N"] for event in heard.wait(500)] == [str(n) for n in range(500)]
        assert manager.events_dropped == 0


def test_tls(tmp_path: Path) -> None:
    import ssl

    from scripted_manager import self_signed

    certificate, key = self_signed(str(tmp_path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Server(context=context) as server:
        with pytest.raises(ManagerSocketException) as caught:
            in_time(lambda: Manager().connect("localhost", server.port, tls=True))
        assert "certificate" in caught.value.strerror.lower()
        trusting = ssl.create_default_context(cafile=certificate)
        with Manager() as manager:
            in_time(lambda: manager.connect("localhost", server.port, tls=trusting))
            manager.login("admin", "secret")
            assert manager.ping()["Ping"] == "Pong"


# Reconnecting


@pytest.mark.parametrize("thread", [True, False])
def test_reconnect_logs_in_and_sets_filters_again(server: Server, thread: bool) -> None:
    server.answers["Filter"] = lambda c, a: c.respond(a)
    server.answers["Events"] = lambda c, a: c.respond(a)
    server.answers["Die"] = lambda c, a: c.close()
    restored, lost = threading.Event(), threading.Event()
    with Manager(thread=thread, reconnect=Reconnect(0.01, 0.02)) as manager:
        manager.on_restored = restored.set
        manager.on_lost = lambda exception: lost.set()
        manager.connect("127.0.0.1", server.port)
        manager.login("admin", "secret")
        manager.send("Events", EventMask="call")
        manager.add_filter("!Event: RTCP.*")
        for attempt in range(3):
            restored.clear()
            lost.clear()
            with pytest.raises(ManagerOutcomeUnknown):
                in_time(lambda: manager.send("Die"))
            if thread:
                assert restored.wait(PATIENCE)
            else:
                for _ in range(10000):
                    manager.process(0.1)
                    if restored.is_set():
                        break
            assert restored.is_set() and lost.is_set()
            actions = server.connection.actions
            assert [action["Action"][0] for action in actions[:2]] == ["Login", "Filter"]
            assert actions[0]["Events"] == ["call"]
            assert actions[1]["Filter"] == ["!Event: RTCP.*"]
            assert in_time(manager.ping)["Ping"] == "Pong"
    died = [a for c in server.connections for a in c.actions if a["Action"] == ["Die"]]
    assert len(died) == 3  # nothing is repeated
