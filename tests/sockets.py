"""A client of graphql-transport-ws that shows what is on the wire."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PATIENCE_SECONDS = 10.0
PROTOCOL = Subprotocol("graphql-transport-ws")
INIT = {"type": "connection_init"}


class Socket:
    """One connection. What arrives for another operation than the one asked for waits its turn."""

    def __init__(self, wire: ClientConnection) -> None:
        self.wire = wire
        self._waiting: dict[str, deque[dict[str, Any]]] = defaultdict(deque)

    async def send(self, message: Any) -> None:
        await self.wire.send(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        """The next message, which must be a text frame."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            frame = await self.wire.recv()
        assert isinstance(frame, str)
        message: dict[str, Any] = json.loads(frame)
        return message

    async def subscribe(self, query: str, /, op: str = "1", **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        await self.send({"id": op, "type": "subscribe", "payload": payload})

    async def answer(self, op: str = "1") -> dict[str, Any]:
        """The next message to one operation."""
        while not self._waiting[op]:
            message = await self.receive()
            self._waiting[str(message.get("id"))].append(message)
        return self._waiting[op].popleft()

    async def data(self, op: str = "1") -> Any:
        """The data of the next event of an operation; fails when there are errors."""
        message = await self.answer(op)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def follow(self, query: str, /, op: str = "1", **variables: Any) -> AsyncGenerator[Any]:
        """Subscribe, and yield the data of each event until the stream is complete."""
        await self.subscribe(query, op, **variables)
        while (message := await self.answer(op))["type"] != "complete":
            assert message["type"] == "next", message
            assert "errors" not in message["payload"], message
            yield message["payload"]["data"]

    async def complete(self, op: str = "1") -> None:
        await self.send({"id": op, "type": "complete"})

    async def close_code(self) -> int | None:
        """The code the server closes with, whatever it says before."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.wire.recv()
        return self.wire.close_code


@asynccontextmanager
async def a_wire(url: str, **options: Any) -> AsyncIterator[Socket]:
    """Connected, without a word said."""
    options = {"subprotocols": [PROTOCOL], "proxy": None, "close_timeout": 1} | options
    async with connect(url, **options) as wire:
        yield Socket(wire)


@asynccontextmanager
async def a_socket(url: str, **options: Any) -> AsyncIterator[Socket]:
    """Connected and acknowledged."""
    async with a_wire(url, **options) as socket:
        await socket.send(INIT)
        assert await socket.receive() == {"type": "connection_ack"}
        yield socket


async def alive(client: Socket, op: str = "alive") -> bool:
    """Whether the socket still answers an operation."""
    await client.subscribe("{ __typename }", op)
    answered = await client.data(op) == {"__typename": "Query"}
    return answered and await client.answer(op) == {"id": op, "type": "complete"}


async def a_small_mouth(url: str) -> socket.socket:
    """A connection that takes little before the server has to wait."""
    parts = urlsplit(url)
    mouth = socket.socket()
    mouth.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    mouth.setblocking(False)
    await asyncio.get_running_loop().sock_connect(mouth, (parts.hostname, parts.port))
    return mouth
