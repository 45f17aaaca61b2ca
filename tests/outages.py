"""A database that can be taken away from this process, and given back."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import Protocol
from urllib.parse import urlsplit

from models.database import close_database, open_database

BUSY = "journal_mode=DELETE&synchronous=OFF&busy_timeout=50"


class Outage(Protocol):
    async def begin(self) -> None:
        """From now on no statement reaches the database."""

    async def begin_at_commit(self) -> None:
        """Nobody hears how the next transaction ends."""

    async def end(self) -> None: ...


@asynccontextmanager
async def an_outage(url: str) -> AsyncIterator[Outage]:
    """Open the database of the test anew, so that it can be taken away."""
    await close_database()
    way: _File | _Gate
    if url.startswith("sqlite"):
        way = _File(url.removeprefix("sqlite:///"))
        await open_database(f"{url}?{BUSY}")
    else:
        way = _Gate(url)
        await way.end()
        await open_database(way.url)
    try:
        yield way
    finally:
        await way.end()
        await close_database()
        await way.close()


class _File:
    """Somebody else locks the file, for longer than anybody waits."""

    def __init__(self, path: str) -> None:
        self._somebody = sqlite3.connect(path, timeout=5, isolation_level=None)

    async def begin(self) -> None:
        self._somebody.execute("BEGIN EXCLUSIVE")

    async def begin_at_commit(self) -> None:
        self._somebody.execute("BEGIN")
        self._somebody.execute("SELECT * FROM feed").fetchall()  # who reads holds up a commit

    async def end(self) -> None:
        self._somebody.rollback()

    async def close(self) -> None:
        self._somebody.close()


class _Gate:
    """A way to PostgreSQL. While it is closed, what is open breaks and what is new is refused."""

    def __init__(self, url: str) -> None:
        self._far = urlsplit(url)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.StreamWriter] = set()
        self._closes_after: bytes | None = None

    @property
    def url(self) -> str:
        login, at, _ = self._far.netloc.rpartition("@")
        return self._far._replace(netloc=f"{login}{at}127.0.0.1:{self._port}").geturl()

    async def begin(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for line in self._lines:
            line.transport.abort()

    async def begin_at_commit(self) -> None:
        self._closes_after = b"COMMIT"

    async def end(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        await self.begin()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far = await asyncio.open_connection(self._far.hostname, self._far.port)
        self._lines.add(writer)

        async def ask() -> None:
            while data := await reader.read(65_536):
                far.write(data)
                if self._closes_after is not None and self._closes_after in data:
                    self._closes_after = None
                    await self.begin()

        async def answer() -> None:
            while data := await far_reader.read(65_536):
                writer.write(data)

        await asyncio.gather(_until_closed(ask(), far), _until_closed(answer(), writer))
        self._lines.discard(writer)


async def _until_closed(pump: Awaitable[None], writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        await pump
    writer.close()
