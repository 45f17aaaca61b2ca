"""A client of the API: requests over HTTP, streams over WebSocket, files over signed links."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from mimetypes import guess_extension
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from storyreel.importing.line import Line, NotDone, Onlooker, Patience, Refused

from .failure import DemoFailed

REQUEST_SECONDS = 60
FRAME_BYTES_MAX = 8 * 1024 * 1024
PROTOCOL = Subprotocol("graphql-transport-ws")


@dataclass(frozen=True)
class Download:
    """A file as it arrived; `sha256` in hexadecimal."""

    path: Path
    size: int
    sha256: str


class Client:
    """Every error of the API is a DemoFailed with its message."""

    def __init__(self, url: str) -> None:
        once = Patience(attempts=1, seconds=REQUEST_SECONDS)  # most that is asked has no key
        self.line = Line(url, None, once, Onlooker())
        self._http = httpx.AsyncClient(base_url=url, timeout=REQUEST_SECONDS, trust_env=False)
        self._socket_url = url.replace("http", "ws", 1) + "/graphql"

    async def close(self) -> None:
        await self._http.aclose()
        await self.line.aclose()

    async def healthy(self) -> bool:
        try:
            return (await self._http.get("/healthz", timeout=1)).is_success
        except httpx.HTTPError:
            return False

    async def ask(self, document: str, **variables: Any) -> Any:
        """The value of the document's only root field."""
        try:
            data = await self.line.ask(document, **variables)
        except Refused as refusal:
            raise DemoFailed(f"The server refused: {refusal} ({refusal.code})") from refusal
        except NotDone as failure:
            raise DemoFailed(str(failure)) from failure
        return _value(data)

    async def download(self, url: str, destination: Path) -> Download:
        """Fetch a file by its signed link; its media type gives its name an ending."""
        digest = hashlib.sha256()
        try:
            async with self._http.stream("GET", url) as response:
                response.raise_for_status()
                media_type = response.headers["content-type"]
                path = destination.with_suffix(guess_extension(media_type, strict=False) or "")
                with path.open("wb") as file:
                    async for chunk in response.aiter_bytes():
                        digest.update(chunk)
                        file.write(chunk)
        except httpx.HTTPError as failure:
            raise DemoFailed(f"{destination.name} could not be fetched: {failure!r}.") from failure
        return Download(path, path.stat().st_size, digest.hexdigest())

    @asynccontextmanager
    async def subscription(self, document: str, **variables: Any) -> AsyncIterator[Subscription]:
        """One operation on a socket of its own. Leaving the block ends both."""
        try:
            async with connect(
                self._socket_url, subprotocols=[PROTOCOL], max_size=FRAME_BYTES_MAX, proxy=None
            ) as socket:
                await _send(socket, type="connection_init")
                if (await _receive(socket))["type"] != "connection_ack":
                    raise DemoFailed("The server did not acknowledge the connection.")
                payload = {"query": document, "variables": variables}
                await _send(socket, type="subscribe", id="1", payload=payload)
                yield Subscription(socket)
        except (OSError, WebSocketException) as failure:
            raise SocketLost(f"The server went away: {failure!r}.") from failure


class SocketLost(DemoFailed):
    """The socket broke before its operation was complete."""


class Subscription:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def __aiter__(self) -> AsyncIterator[Any]:
        """The value of the only root field, as often as it comes, until the stream is complete."""
        while (message := await _receive(self._socket))["type"] != "complete":
            if message["type"] == "next":
                yield _only(message["payload"])
            elif message["type"] == "error":
                yield _only({"errors": message["payload"]})
            elif message["type"] == "ping":
                await _send(self._socket, type="pong")

    def cut(self) -> None:
        """Break the connection without a word, as a lost network does."""
        self._socket.transport.abort()


async def _send(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def _receive(socket: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await socket.recv())
    return message


def _only(answer: dict[str, Any]) -> Any:
    if answer.get("errors"):
        error = answer["errors"][0]
        code = error.get("extensions", {}).get("code", "no code")
        raise DemoFailed(f"The server refused: {error['message']} ({code})")
    return _value(answer["data"])


def _value(data: dict[str, Any]) -> Any:
    (value,) = data.values()
    return value
