"""The ways from a group to the clients of its followers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from functools import cached_property
from typing import Any, Protocol, TypeVar

import orjson

from resolvers.errors import translate
from schema.cursor import Cursor

from ..server.socket_protocol import SocketProtocol, header_of

M = TypeVar("M")

WAITING_FRAMES = 100
WAITING_BYTES = 1024 * 1024
"""What may wait for one slow client. Whoever falls further behind is sent it again from the log, in
fewer and larger frames."""

WAITING_SUBJECTS = 3_000
"""Things of which one slow client has not taken the latest: more than can go on in one project."""


class Frame:
    """What one result says to everybody: a message but for its beginning, which names the operation
    of one client. `cursor` is the place in a feed behind it, if it is of one."""

    def __init__(self, result: Any, cursor: Cursor | None = None) -> None:
        payload: dict[str, Any] = {"data": result.data}
        if result.errors:
            payload["errors"] = [_anywhere(error.formatted) for error in translate(result.errors)]
        if result.extensions:
            payload["extensions"] = result.extensions
        self.rest = orjson.dumps(payload) + b"}"
        self.cursor = cursor
        self._forms: dict[Hashable, Any] = {}

    @cached_property
    def text(self) -> str:
        return self.rest.decode()

    @property
    def payload(self) -> str:
        """The result alone, on one line."""
        return self.text[:-1]

    def on_the_wire(self, beginning: bytes) -> bytes:
        """The whole message of one client, framed. Most ids are of one length."""
        header = self._forms.get(len(beginning))
        if header is None:
            header = self._forms[len(beginning)] = header_of(beginning + self.rest)
        return b"".join((header, beginning, self.rest))

    def once(self, form: Hashable, make: Callable[[Frame], M]) -> M:
        """What `make` makes of it, made for the first who asks for that form."""
        if form not in self._forms:
            self._forms[form] = make(self)
        made: M = self._forms[form]
        return made


def _anywhere(error: Mapping[str, Any]) -> dict[str, Any]:
    """Without the place in the document: each of those who are told has laid out their own."""
    return {name: value for name, value in error.items() if name != "locations"}


def beginning(operation_id: str) -> bytes:
    """What stands before the rest of a frame."""
    return b'{"id":' + orjson.dumps(operation_id) + b',"type":"next","payload":'


class Wire(Protocol):
    """The way to the client of one operation. `holds`: whether it keeps what is unsent by itself,
    as far as there is room."""

    holds: bool

    def take(self, frame: Frame) -> bool:
        """Send a frame, if that can be done without waiting."""

    async def send(self, frame: Frame) -> None:
        """Send it when there is room."""


class SocketWire:
    """Straight to the connection, if there is one that takes frames as they are."""

    __slots__ = ("_beginning", "_connection", "_send", "holds")

    def __init__(
        self,
        operation_id: str,
        send: Callable[[str], Awaitable[None]],
        connection: SocketProtocol | None = None,
    ) -> None:
        self.holds = connection is not None
        self._beginning = beginning(operation_id)
        self._send = send
        self._connection = connection

    def take(self, frame: Frame) -> bool:
        if self._connection is None:
            return False
        return self._connection.take(frame.on_the_wire(self._beginning))

    async def send(self, frame: Frame) -> None:
        await self._send(self._beginning.decode() + frame.text)


class Outlet:
    """A wire, and what waits for it."""

    __slots__ = ("_sending", "_size", "_stirred", "_waiting", "_wire")

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting: dict[Hashable, Frame] = {}
        self._size = 0
        self._sending = False
        self._stirred = asyncio.Event()

    async def send(self, frame: Frame) -> None:
        """For one who follows nobody: behind all that was sent before."""
        await self._wire.send(frame)

    def offer(self, frame: Frame) -> bool:
        """Take a frame, to be sent in its turn; False when there is no room. Never waits.

        One frame is always taken, however large, unless the wire itself has room for some.
        """
        if self._taken_at_once(frame):
            return True
        full = len(self._waiting) == WAITING_FRAMES or self._size + len(frame.rest) > WAITING_BYTES
        if self._wire.holds or (self._waiting and full):
            return False
        self._keep(frame, frame)
        return True

    def replace(self, subject: str | None, frame: Frame) -> bool:
        """Take a frame in place of what still waits of the same subject; False when too many wait
        already. Never waits."""
        if self._taken_at_once(frame):
            return True
        before = self._waiting.get(subject)  # whose turn it keeps
        self._size -= len(before.rest) if before is not None else 0
        self._keep(subject, frame)
        return len(self._waiting) <= WAITING_SUBJECTS

    async def flow(self, parted: asyncio.Future[M]) -> M:
        """Send what was taken until parted from the group, and tell where that leaves one."""
        parted.add_done_callback(lambda _: self._stirred.set())
        while True:
            while self._waiting:
                frame = self._waiting.pop(next(iter(self._waiting)))
                self._size -= len(frame.rest)
                self._sending = True
                await self._wire.send(frame)
                self._sending = False
            if parted.done():
                return parted.result()
            self._stirred.clear()
            await self._stirred.wait()

    def _taken_at_once(self, frame: Frame) -> bool:
        return not (self._waiting or self._sending) and self._wire.take(frame)

    def _keep(self, key: Hashable, frame: Frame) -> None:
        self._waiting[key] = frame
        self._size += len(frame.rest)
        self._stirred.set()
