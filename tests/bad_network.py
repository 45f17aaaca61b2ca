"""A network between a client and a server that does to each request what the test wants."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"(?im)^content-length: *([0-9]+)")


class Fault(Enum):
    LOST = "before a byte of the request arrives"
    HALF_ASKED = "in the middle of the request"
    UNANSWERED = "when it was carried out, before its answer"
    HALF_ANSWERED = "in the middle of its answer"
    CUT_SHORT = "its answer ends early as if it were whole"
    SLOW = "its answer comes when nobody waits any more"
    LATE = "it arrives when nobody waits for its answer any more"


@dataclass
class _Ends:
    """Both ends of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def break_off(self) -> None:
        self.writer.transport.abort()

    async def left(self) -> None:
        """Wait until the client has hung up."""
        with suppress(ConnectionError):
            while await self.reader.read(65_536):
                pass


class BadNetwork:
    """Requests get the faults of the list in their order, and after its end none. None is a request
    to which nothing happens; bytes are what somebody on the way answers."""

    def __init__(self, server: str, *faults: Fault | bytes | None) -> None:
        self._server, self._faults = urlsplit(server), iter(faults)
        self.heads: list[bytes] = []
        """Of the requests, in order."""
        self._under_way: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[str]:
        """Its address, for clients. At the end all that is under way has arrived."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            await self.settled()

    async def settled(self) -> None:
        """Wait until whatever was sent has arrived and was carried out."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        client = _Ends(reader, writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                request = await _message(reader)
                self.heads.append(request.partition(HEAD_END)[0])
                await self._suffer(next(self._faults, None), client, request)
        writer.close()

    async def _suffer(self, fault: Fault | bytes | None, client: _Ends, request: bytes) -> None:
        match fault:
            case Fault.LOST:
                client.break_off()
            case bytes():
                client.writer.write(fault)
            case Fault.HALF_ASKED:
                await self._ask(request[: len(request) // 2])
                client.break_off()
            case Fault.UNANSWERED:
                await self._ask(request)
                client.break_off()
            case Fault.HALF_ANSWERED:
                answer = await self._ask(request)
                client.writer.write(answer[: len(answer) - 20])
                client.writer.close()
            case Fault.CUT_SHORT:
                client.writer.write(_shorter(await self._ask(request)))
            case Fault.SLOW:
                await asyncio.gather(self._ask(request), client.left())
            case Fault.LATE:
                await client.left()
                await self._ask(request)
            case None:
                client.writer.write(await self._ask(request))
        await client.writer.drain()

    async def _ask(self, request: bytes) -> bytes:
        """The server's answer; of half a request there is none."""
        assert self._server.hostname
        reader, writer = await asyncio.open_connection(self._server.hostname, self._server.port)
        try:
            writer.write(request)
            if _missing(request):
                await writer.drain()
                return b""
            return await _message(reader)
        finally:
            writer.transport.abort()


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(HEAD_END)
    return head + await reader.readexactly(_length(head))


def _length(head: bytes) -> int:
    found = LENGTH.search(head)
    return int(found[1]) if found else 0


def _missing(request: bytes) -> int:
    """How many bytes of it are not there."""
    head, found, body = request.partition(HEAD_END)
    return _length(head) - len(body) if found else 1


def an_answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Of somebody on the way."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + HEAD_END + body


def _shorter(answer: bytes) -> bytes:
    head, _, body = answer.partition(HEAD_END)
    body = body[:-20]
    return LENGTH.sub(b"content-length: %d" % len(body), head) + HEAD_END + body
