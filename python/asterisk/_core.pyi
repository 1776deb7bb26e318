# SPDX-License-Identifier: MIT
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, overload

_T = TypeVar("_T")

CALL_FILE_CALLING: int
CALL_FILE_COMPLETED: int
CALL_FILE_EXPIRED: int
CALL_FILE_FAILED: int
CALL_FILE_RETRYING: int
CALL_FILE_WAITING: int
AGI_CLOSED: int
AGI_ENVIRONMENT: int
AGI_HANGUP: int
ASYNC_AGI_ACTION: int
ASYNC_AGI_COMMAND_SIZE: int
ASYNC_AGI_ENDED: int
ASYNC_AGI_RECEIVED: int
ASYNC_AGI_STARTED: int
CLOSED: int
DONE: int
ERR_AUTHENTICATION: int
ERR_BAD_ARGUMENT: int
ERR_BAD_ARGUMENT: int
ERR_BAD_NAME: int
ERR_BAD_REPLY: int
ERR_BAD_REPLY: int
ERR_BAD_VALUE: int
ERR_CALL_FILE_INCOMPLETE: int
ERR_CALL_FILE_KEY: int
ERR_CALL_FILE_LINE: int
ERR_CALL_FILE_VALUE: int
ERR_CANCELLED: int
ERR_CANCELLED_LIST: int
ERR_CLOSED: int
ERR_COMMAND_FAILED: int
ERR_COMMAND_TOO_LONG: int
ERR_COMMAND_USAGE: int
ERR_COMMAND_FAILED: int
ERR_COMMAND_TOO_LONG: int
ERR_COMMAND_USAGE: int
ERR_CONNECT: int
ERR_GREETING: int
ERR_HANGUP: int
ERR_HANGUP: int
ERR_INVALID: int
ERR_KEEPALIVE: int
ERR_LIMIT_ENVIRONMENT: int
ERR_LIMIT_ENVIRONMENT: int
ERR_LIMIT_HEADERS: int
ERR_LIMIT_IN_FLIGHT: int
ERR_LIMIT_LINE: int
ERR_LIMIT_LIST: int
ERR_LIMIT_MESSAGE: int
ERR_LIMIT_OUTPUT: int
ERR_LIMIT_QUEUE: int
ERR_LIMIT_REPLY: int
ERR_LIMIT_REPLY: int
ERR_LINE_TOO_LONG: int
ERR_MISSING_PARAMETER: int
ERR_NOT_IN_CATALOGUE: int
ERR_NOT_SENT: int
ERR_NO_APPLICATION: int
ERR_NO_ENVIRONMENT: int
ERR_NO_APPLICATION: int
ERR_NO_ENVIRONMENT: int
ERR_NO_MEMORY: int
ERR_PERMISSION: int
ERR_REFUSED: int
ERR_RESOLVE: int
ERR_SHUTDOWN: int
ERR_STATE: int
ERR_SYSTEM: int
ERR_TIMED_OUT: int
ERR_TLS: int
ERR_TLS_CERTIFICATE: int
ERR_TOO_MANY_ARGUMENTS: int
ERR_TOO_MANY_ARGUMENTS: int
ERR_TOO_MANY_HEADERS: int
ERR_TRUNCATED: int
ERR_UNKNOWN_ACTION: int
ERR_UNKNOWN_COMMAND: int
ERR_UNKNOWN_COMMAND: int
ERR_UNKNOWN_OUTCOME: int
GREETED: int
ITEM: int
LIST_COLLECT: int
LIST_IGNORE: int
LIST_STREAM: int
LOST: int
READY: int
RESPONSE: int
STATE_CLOSED: int
STATE_CLOSING: int
STATE_GREETING: int
STATE_LOGIN: int
STATE_READY: int
STRAY: int
DEMO_SCRIPT: str

def call_file_text(lines: Iterable[tuple[str, ...]], /) -> bytes: ...
def call_file_read(
    data: bytes, /
) -> tuple[list[tuple[str, str]], tuple[int, int, int, int, int]]: ...
def call_file_submit(
    lines: Iterable[tuple[str, ...]],
    directory: bytes,
    staging: bytes | None,
    name: bytes | None,
    time: int,
    mode: int,
    uid: int,
    gid: int,
    /,
) -> bytes: ...
def call_file_find(
    directory: bytes, name: bytes, /
) -> tuple[list[tuple[str, str]], tuple[int, int, int, int, int]] | None: ...
def strerror(code: int, /) -> str: ...
def error_name(code: int, /) -> str: ...
def wake(fd: int, /) -> None: ...
def agi_quote(argument: object, /) -> str: ...
def agi_word(argument: object, /) -> str: ...

class Error(Exception):
    code: int

class Message:
    """A message of the manager interface."""

    headers: dict[str, str]
    multiheaders: dict[str, list[str]]
    data: str
    @property
    def raw(self) -> bytes: ...
    @property
    def output(self) -> list[str]: ...
    @property
    def variables(self) -> dict[str, str]: ...
    @property
    def error(self) -> int: ...
    @property
    def action_id(self) -> str | None: ...
    def __getitem__(self, hname: str, /) -> str: ...
    def has_header(self, hname: str) -> bool: ...
    @overload
    def get_header(self, hname: str) -> str | None: ...
    @overload
    def get_header(self, hname: str, defval: _T) -> str | _T: ...
    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: _T) -> str | _T: ...
    def get_all(self, name: str, /) -> list[str]: ...
    def items(self) -> list[tuple[str, str]]: ...
    def channel_variables(
        self, prefix: str | None = "", channel: str | None = None
    ) -> dict[str, str]: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __setstate__(self, state: Any, /) -> None: ...

class ManagerMsg(Message):
    """A message as it came: the answer to an action, most often."""

    response: list[str]
    def __init__(self, response: Iterable[str]) -> None: ...
    def parse(self, response: Iterable[str], /) -> None: ...

class Event(Message):
    """An event."""

    name: str
    message: ManagerMsg
    def __init__(self, message: ManagerMsg) -> None: ...
    def get_action_id(self) -> str | int: ...

class EventQueue:
    """A bounded queue of events that were received and not yet handled."""

    def __new__(cls, size: int = 100000, drop_oldest: bool = False) -> EventQueue: ...
    def __len__(self) -> int: ...
    @property
    def full(self) -> bool: ...
    @property
    def size(self) -> int: ...
    @property
    def queued(self) -> int: ...
    @property
    def dropped(self) -> int: ...
    def clear(self) -> None: ...
    def take(self, limit: int = 0, /) -> list[Event]: ...
    def dispatch(
        self,
        manager: _T,
        callbacks: dict[str, list[Callable[[Event, _T], Any]]],
        on_error: Callable[[Event, Exception], Any],
        limit: int = 0,
        /,
    ) -> int: ...

class Session:
    """A manager session without a socket: bytes in, bytes out, notices."""

    def __new__(
        cls,
        *,
        username: str | None = None,
        secret: str | None = None,
        md5: bool = False,
        events: str | None = None,
        filters: Sequence[str] | None = (),
        action_id_prefix: str | None = None,
        login_timeout: float | None = None,
        action_timeout: float | None = None,
        keepalive: float | None = None,
        keepalive_timeout: float | None = None,
        message_size: int = 0,
        header_count: int = 0,
        line_size: int = 0,
        output_size: int = 0,
        actions_in_flight: int = 0,
        list_items: int = 0,
    ) -> Session: ...
    @property
    def stalled(self) -> bool: ...
    @property
    def wants_write(self) -> bool: ...
    @property
    def state(self) -> int: ...
    @property
    def in_flight(self) -> int: ...
    @property
    def pending(self) -> int: ...
    def get_buffer(self, sizehint: int = -1, /) -> memoryview: ...
    def commit(self, size: int, /) -> None: ...
    def feed(self, data: bytes | bytearray | memoryview, /) -> None: ...
    def disconnected(self, error: int = 0, /) -> None: ...
    def output(self, limit: int = 262144, /) -> bytes: ...
    def sent(self, size: int, /) -> None: ...
    def timeout(self) -> float | None: ...
    def tick(self) -> None: ...
    def pump(
        self, queue: EventQueue, force: bool = False, /
    ) -> list[tuple[int, int, Any, Any, Sequence[Event]]]: ...
    def submit(
        self,
        name: str,
        headers: Iterable[tuple[str, Any]],
        user: object,
        *,
        list: int = 0,
        timeout: float | None = None,
        final_event: str | None = None,
    ) -> int: ...
    def cancel(self, number: int, /) -> bool: ...
    def restart(self) -> None: ...

class Emulator:
    """The server's end of a manager connection, without a socket, that plays a chatscript."""

    def __new__(cls, script: str, host_answers: bool = False) -> Emulator: ...
    def another(self) -> Emulator: ...
    def feed(self, data: bytes) -> None: ...
    def process(self) -> tuple[str, str] | None: ...
    def send(self, data: bytes) -> None: ...
    def output(self) -> bytes: ...
    def sent(self, size: int) -> None: ...
    def timeout(self) -> float | None: ...
    def close(self) -> None: ...
    @property
    def closing(self) -> bool: ...
    @property
    def pending(self) -> int: ...
    @property
    def unsent(self) -> int: ...

class AgiReply(dict[str, tuple[str, str]]):
    """A reply: a dict of pairs (value, what stood in parentheses)."""

    @property
    def code(self) -> int: ...
    @property
    def error(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def end_position(self) -> int: ...

class AgiSession:
    """An AGI dialogue: bytes in, notices out."""

    def __new__(
        cls,
        *,
        command_size: int = 0,
        environment_size: int = 0,
        environment_count: int = 0,
        reply_size: int = 0,
    ) -> AgiSession: ...
    @property
    def busy(self) -> bool: ...
    @property
    def is_hung_up(self) -> bool: ...
    @property
    def is_closed(self) -> bool: ...
    @property
    def error(self) -> int: ...
    def feed(self, data: bytes | bytearray | memoryview, /) -> None: ...
    def disconnected(self, error: int = 0, /) -> None: ...
    def hang_up(self) -> None: ...
    def next(self) -> AgiReply | int | None: ...
    def submit(self, command: object, arguments: tuple[object, ...] = (), /) -> bytes: ...
    def send(self, fd: int, command: object, arguments: tuple[object, ...] = (), /) -> bytes: ...
    def receive(self, fd: int, /) -> AgiReply | int | None: ...
    def exchange(
        self, fd_in: int, fd_out: int, command: object, arguments: tuple[object, ...] = (), /
    ) -> AgiReply: ...
    def wait(self, fd: int, /) -> AgiReply | int: ...
    def environment(self) -> dict[str, str]: ...
    def environment_text(self) -> str: ...
    def path(self) -> str: ...
    def parameters(self) -> list[tuple[str, str | None]]: ...
    def arguments(self) -> list[str]: ...

class AsyncAgiCall:
    """One dialogue of AsyncAGI."""

    data: Any

    @property
    def channel(self) -> str | None: ...
    @property
    def unique_id(self) -> str | None: ...
    def send(self, data: bytes | bytearray | memoryview, /) -> None: ...
    def finish(self) -> None: ...
    def leave(self) -> None: ...

class AsyncAgi:
    """AGI dialogues over a manager session."""

    def __new__(
        cls, *, calls: int = 0, output_size: int = 0, command_id_prefix: str | None = None
    ) -> AsyncAgi: ...
    @property
    def count(self) -> int: ...
    @property
    def refused(self) -> int: ...
    def event(self, event: Event, /) -> bool: ...
    def done(self, submission: int, error: int, /) -> bool: ...
    def not_submitted(self, submission: int, error: int, /) -> None: ...
    def ready(self) -> bool: ...
    def closed(self, error: int, /) -> bool: ...
    def next(self) -> tuple[int, AsyncAgiCall | None, Any] | None: ...
