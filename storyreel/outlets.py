"""The ways from a group to the clients of its followers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import Any, Protocol

import orjson

from resolvers.errors import translate

from .socket_protocol import SocketProtocol, header_of

WAITING_FRAMES = 100
WAITING_BYTES = 1024 * 1024
"""What may wait for one slow client. Whoever falls further behind is sent it again from the log, in
fewer and larger frames."""


class Frame:
    """What one result says to everybody: a message but for its beginning, which names the operation
    of one client."""

    def __init__(self, result: Any) -> None:
        payload: dict[str, Any] = {"data": result.data}
        if result.errors:
            payload["errors"] = [_anywhere(error.formatted) for error in translate(result.errors)]
        if result.extensions:
            payload["extensions"] = result.extensions
        self.rest = orjson.dumps(payload) + b"}"
        self._headers: dict[int, bytes] = {}

    @cached_property
    def text(self) -> str:
        return self.rest.decode()

    def on_the_wire(self, beginning: bytes) -> bytes:
        """The whole message of one client, framed. Most ids are of one length."""
        header = self._headers.get(len(beginning))
        if header is None:
            header = self._headers[len(beginning)] = header_of(beginning + self.rest)
        return b"".join((header, beginning, self.rest))


def _anywhere(error: Mapping[str, Any]) -> dict[str, Any]:
    """Without the place in the document: each of those who are told has laid out their own."""
    return {name: value for name, value in error.items() if name != "locations"}


def beginning(operation_id: str) -> bytes:
    """What stands before the rest of a frame."""
    return b'{"id":' + orjson.dumps(operation_id) + b',"type":"next","payload":'


class Outlet(Protocol):
    """The way to the client of one operation."""

    def offer(self, frame: Frame) -> bool:
        """Take a frame, to be sent in its turn; False when there is no room. Never waits."""

    async def flow(self, parted: asyncio.Future[int]) -> int:
        """Send what was taken until parted from the group, and tell where that leaves one."""


class Direct:
    """For a connection that takes frames as they are, and holds what is unsent by itself."""

    __slots__ = ("_beginning", "_take")

    def __init__(self, operation_id: str, connection: SocketProtocol) -> None:
        self._beginning = beginning(operation_id)
        self._take = connection.take

    def offer(self, frame: Frame) -> bool:
        return self._take(frame.on_the_wire(self._beginning))

    async def flow(self, parted: asyncio.Future[int]) -> int:
        return await parted


class Outbox:
    """For a server that takes one message at a time."""

    def __init__(self, operation_id: str, send: Callable[[str], Awaitable[None]]) -> None:
        self._beginning = beginning(operation_id).decode()
        self._send = send
        self._waiting: deque[Frame] = deque()
        self._size = 0
        self._stirred = asyncio.Event()

    def offer(self, frame: Frame) -> bool:
        """One frame is always taken, however large."""
        size = self._size + len(frame.rest)
        if self._waiting and (len(self._waiting) == WAITING_FRAMES or size > WAITING_BYTES):
            return False
        self._waiting.append(frame)
        self._size = size
        self._stirred.set()
        return True

    async def flow(self, parted: asyncio.Future[int]) -> int:
        parted.add_done_callback(lambda _: self._stirred.set())
        while True:
            while self._waiting:
                await self._send(self._beginning + self._waiting[0].text)
                self._size -= len(self._waiting.popleft().rest)
            if parted.done():
                return parted.result()
            self._stirred.clear()
            await self._stirred.wait()
