"""A TCP wire between a program under test and its server, to be cut without a sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class Line:
    """A connection, dead or alive, and what was asked of the server over it."""

    asked: bytes = b""
    dead: bool = False


class Wire:
    """A way to a server whose lines can go dead: they stay open and carry nothing. New ones do."""

    def __init__(self, url: str, dies_of: bytes = b"none of these words") -> None:
        self._url = urlsplit(url)
        self._dies_of = dies_of
        self._lines: list[Line] = []

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        login, at, _ = self._url.netloc.rpartition("@")
        async with server:
            yield self._url._replace(netloc=f"{login}{at}127.0.0.1:{port}").geturl()

    def cut(self, over_which: bytes = b"") -> None:
        """Every line over which this was asked."""
        for line in self._lines:
            line.dead = line.dead or over_which in line.asked

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.append(line := Line())
        far_reader, far_writer = await asyncio.open_connection(self._url.hostname, self._url.port)

        async def ask() -> None:
            while data := await reader.read(65_536):
                line.asked += data
                line.dead = line.dead or self._dies_of in data
                if not line.dead:
                    far_writer.write(data)

        async def answer() -> None:
            while data := await far_reader.read(65_536):
                if not line.dead:
                    writer.write(data)

        await asyncio.gather(
            self._until_closed(ask(), far_writer), self._until_closed(answer(), writer)
        )

    async def _until_closed(self, pump: Awaitable[None], writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await pump
        writer.close()
