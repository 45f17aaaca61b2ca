"""Frames made once for many sockets, among the other messages of each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from storyreel.transport import sockets
from storyreel.transport.endpoint import Endpoint
from storyreel.transport.sockets import SocketAdapter
from tests.conftest import Home
from tests.making import a_project
from tests.serving import Site, a_site, nobody_listens
from tests.sockets import Socket, a_small_mouth, a_socket, a_wire
from tests.ws.following import retitle

EVENTS = (
    "subscription ($id: ID!, $after: Cursor) { projectEvents(projectId: $id, after: $after)"
    " { ... on ProjectChanges { cursor events { cursor kind project { title } } } } }"
)
SERVERS: dict[str, dict[str, Any]] = {
    "ours": {},
    "ours, compressing": {"compressed": True},
    "another": {"protocol": WebSocketsSansIOProtocol},
}


@pytest.fixture(params=SERVERS)
async def site(home: Home, request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    async with a_site(home, **SERVERS[request.param]) as here:
        yield here


async def test_all_are_sent_the_same_in_order_by_any_server(site: Site) -> None:
    project = await a_project(site.home)
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(a_socket(site.ws_url)) for _ in range(5)]
        for number, client in enumerate(clients):
            await client.subscribe(EVENTS, f'{"é" * number}\\n"', id=project.id)  # ids differ
        await alive(clients)
        titles = ["One", "x" * 200, "Zwölf ☃", "Four"]  # short and long frames
        for title in titles:
            await retitle(site.home, project, title)
            for client in clients:
                await client.send({"type": "ping", "payload": {"title": title}})
        heard = [await told(client, len(titles)) for client in clients]

    cursors = [event["cursor"] for event in heard[0]]
    assert len(set(cursors)) == len(titles)
    assert all([event["cursor"] for event in events] == cursors for events in heard)
    assert all(events[-1]["project"]["title"] == "Four" for events in heard)
    await nobody_listens(site.home.world.bus)


async def alive(clients: list[Socket]) -> None:
    """All that was subscribed to before has begun: a query after it was answered by the same
    connection to the database."""
    for client in clients:
        query = "{ projects { edges { node { id } } } }"
        assert len([answer async for answer in client.follow(query, "alive")]) == 1


async def told(client: Socket, count: int) -> list[Any]:
    """That many events, whatever else comes between."""
    events: list[Any] = []
    while len(events) < count:
        message = await client.receive()
        if message["type"] == "next" and message["id"] != "alive":
            events += message["payload"]["data"]["projectEvents"]["events"]
    return events


async def test_stalled_readers_are_let_go_of_and_delay_nobody(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "FAREWELL_SECONDS", 0.1)

    class Impatient(SocketAdapter):
        send_seconds = 0.2

    class ImpatientEndpoint(Endpoint):
        websocket_adapter_class = Impatient

    project = await a_project(home, prompt="x" * 20_000)
    many = " ".join(f"p{number}: prompt" for number in range(30))
    query = EVENTS.replace("{ title }", f"{{ title {many} }}")
    endpoint = ImpatientEndpoint(home.context)
    async with a_site(home, endpoint) as site, AsyncExitStack() as stack:
        stalled = []
        for _ in range(5):
            wire = a_wire(
                site.ws_url, compression=None, max_size=None, sock=await a_small_mouth(site.url)
            )
            stalled.append(await stack.enter_async_context(wire))
        healthy = [
            await stack.enter_async_context(a_socket(site.ws_url, max_size=None)) for _ in range(5)
        ]
        for client in stalled:
            client.wire.transport.pause_reading()
            await client.send({"type": "connection_init"})
            await client.subscribe(query, id=project.id)
        for client in healthy:
            await client.subscribe(query, id=project.id)
        await alive(healthy)

        slowest = 0.0
        for number in range(25):
            began = time.monotonic()
            await retitle(home, project, f"Again {number}")
            for client in healthy:
                [event] = (await client.data())["projectEvents"]["events"]
                assert event["project"]["title"] == f"Again {number}"
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 3.0
        [group] = endpoint.groups._groups.values()
        async with asyncio.timeout(15):
            while group.followers > len(healthy):  # noqa: ASYNC110  # nobody tells who is let go of
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)  # they take no farewell either
        for client in stalled:
            client.wire.transport.resume_reading()
            assert await client.close_code() == 1006  # cut off
        await alive(healthy)
