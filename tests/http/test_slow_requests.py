"""Requests that arrive slowly, or whose head never ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from storyreel.server.http_protocol import HEAD_BYTES_MAX, HttpProtocol
from storyreel.transport.endpoint import Endpoint
from tests.conftest import Home
from tests.making import a_project
from tests.serving import Site, a_site, a_whole_site, running

HEAD = b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
ASK = b'{"query": "{ __typename }"}'
SECONDS = 0.2


class Hasty(HttpProtocol):
    head_seconds = SECONDS


async def unreached(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("Only whole heads get this far.")


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, port = url.removeprefix("http://").partition("/")[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        async with asyncio.timeout(10):
            yield reader, writer
    finally:
        writer.close()


async def received(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the end, be it abrupt: who is turned away may still be sending."""
    answer = b""
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(4096):
            answer += part
    return answer


@pytest.fixture
async def hasty() -> AsyncIterator[str]:
    config = uvicorn.Config(unreached, http=Hasty, lifespan="off", log_config=None)
    async with running(uvicorn.Server(config)) as url:
        yield url


@pytest.fixture
async def impatient(home: Home) -> AsyncIterator[Site]:
    endpoint = Endpoint(home.context)
    endpoint.body_seconds = SECONDS
    async with a_site(home, endpoint) as site:
        yield site


@pytest.mark.parametrize("begun", [b"", b"GET", HEAD, HEAD + b"X: "], ids=range(4))
async def test_a_head_that_does_not_end_in_time_ends_the_connection(
    hasty: str, begun: bytes
) -> None:
    async with connected(hasty) as (reader, writer):
        writer.write(begun)
        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_dripping_wins_no_time(hasty: str) -> None:
    async with connected(hasty) as (reader, writer):
        writer.write(HEAD + b"X: ")
        reading = asyncio.create_task(received(reader))
        while not reading.done():
            writer.write(b"x")
            await asyncio.wait([reading], timeout=SECONDS / 10)

    assert reading.result().startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    ("begun", "more"),
    [(b"X: ", b"x" * 4_096), (b"", b"X: x\r\n" * 500)],
    ids=["one endless header", "endless headers"],
)
async def test_a_head_that_grows_too_long_is_refused(home: Home, begun: bytes, more: bytes) -> None:
    async with a_whole_site(home) as site, connected(site.url) as (reader, writer):
        writer.write(HEAD + begun)
        reading = asyncio.create_task(received(reader))
        for _ in range(20 * HEAD_BYTES_MAX // len(more)):
            writer.write(more)
            await asyncio.wait([reading], timeout=0.001)
            if reading.done():
                break
        answer = await reading

    assert answer.startswith(b"HTTP/1.1 431 ")


async def test_a_long_head_is_read(home: Home) -> None:
    async with a_whole_site(home) as site:
        headers = {"X-Long": "x" * (HEAD_BYTES_MAX - 1_000)}
        params = {"query": "{ __typename }"}
        assert (await site.http.get(site.url, params=params, headers=headers)).status_code == 200


async def test_each_request_of_a_connection_has_its_own_time_and_length(home: Home) -> None:
    request = b"%sX: %s\r\nContent-Length: %d\r\n\r\n%s" % (HEAD, b"x" * 40_000, len(ASK), ASK)
    async with a_whole_site(home) as site, connected(site.url) as (reader, writer):
        for _ in range(3):
            for part in (request[:30_000], request[30_000:40_100], request[40_100:]):
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.01)
            assert (await reader.readuntil(b'"Query"}')).startswith(b"HTTP/1.1 200 ")
            await reader.readuntil(b"}}}")


async def test_a_body_that_does_not_arrive_in_time_is_refused(impatient: Site) -> None:
    async with connected(impatient.url) as (reader, writer):
        writer.write(HEAD + b"Content-Length: 1000\r\n\r\n")
        reading = asyncio.create_task(received(reader))
        while not reading.done():
            writer.write(b" ")
            await asyncio.wait([reading], timeout=SECONDS / 10)
        answer = reading.result()

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"LIMIT_EXCEEDED"' in answer
    assert b"connection: close" in answer.lower()


async def test_a_stream_outlasts_the_time_of_its_request(impatient: Site) -> None:
    project = await a_project(impatient.home)
    body = {
        "query": "subscription ($id: ID!) { liveProject(id: $id) { id } }",
        "variables": {"id": project.id},
    }
    headers = {"Accept": "text/event-stream"}
    async with impatient.http.stream("POST", impatient.url, json=body, headers=headers) as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: next"
        more = asyncio.create_task(collected(lines))
        ended, _ = await asyncio.wait([more], timeout=2 * SECONDS)
        more.cancel()

    assert not ended


async def collected(lines: AsyncIterator[str]) -> list[str]:
    return [line async for line in lines]
