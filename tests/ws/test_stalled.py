"""Followers who read nothing, beside others who do."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import AsyncExitStack
from statistics import quantiles

import pytest

from models import Project
from services import projects
from services.work import perform
from storyreel.server import socket_protocol
from storyreel.transport.endpoint import Endpoint
from storyreel.transport.sockets import FAREWELL_SECONDS, SEND_SECONDS
from tests.conftest import Home
from tests.making import a_project, until
from tests.serving import Site, a_site
from tests.sockets import Socket, a_small_mouth, a_socket, a_wire

EVENTS = (
    "subscription ($id: ID!) { projectEvents(projectId: $id)"
    " { ... on ProjectChanges { events { sequence: cursor project { title prompt } } } } }"
)
HEALTHY, STALLED = 200, 50
EVENTS_EACH = 8
GONE_SECONDS = 15.0
NOISE_SECONDS = 0.4
"""Below this a ratio says more about the machine than about us: `bench.fanout.stalled` tells it."""


@pytest.mark.skipif(
    not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Only Linux lets go before buffers are full."
)
async def test_fifty_stalled_readers_delay_two_hundred_others_by_little_and_are_soon_gone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket_protocol.STALLED_SECONDS
    monkeypatch.setattr(socket_protocol, "STALLED_SECONDS", 0.5)
    project = await a_project(home, prompt="x" * 10_000)
    endpoint = Endpoint(home.context)
    async with a_site(home, endpoint) as site, AsyncExitStack() as stack:
        healthy = [await stack.enter_async_context(a_socket(site.ws_url)) for _ in range(HEALTHY)]
        for each in healthy:
            await each.subscribe(EVENTS, id=project.id)
        await followed_by(HEALTHY, endpoint)
        quiet = await p99_seconds(home, project, healthy)

        for _ in range(STALLED):
            await begin_and_stall(stack, site, project)
        await followed_by(HEALTHY + STALLED, endpoint)
        beside = await p99_seconds(home, project, healthy)
        await followed_by(HEALTHY, endpoint)

    assert beside <= max(2 * quiet, NOISE_SECONDS)
    assert max(real, SEND_SECONDS + FAREWELL_SECONDS) < GONE_SECONDS


async def begin_and_stall(stack: AsyncExitStack, site: Site, project: Project) -> None:
    mouth = await a_small_mouth(site.url)
    wire = await stack.enter_async_context(a_wire(site.ws_url, compression=None, sock=mouth))
    stack.callback(wire.wire.transport.abort)  # nobody would answer a farewell
    wire.wire.transport.pause_reading()
    await wire.send({"type": "connection_init"})
    await wire.subscribe(EVENTS, id=project.id)


async def followed_by(count: int, endpoint: Endpoint) -> None:
    """Wait until so many follow the one thing that is followed."""

    async def they_are() -> bool:
        return [group.followers for group in endpoint.groups._groups.values()] == [count]

    await until(they_are, GONE_SECONDS)


async def p99_seconds(home: Home, project: Project, followers: list[Socket]) -> float:
    """From before an event is committed until a follower has it."""
    taken: list[float] = []

    async def hear(follower: Socket) -> None:
        await follower.answer()
        taken.append(time.perf_counter() - began)

    for number in range(EVENTS_EACH):
        async with asyncio.TaskGroup() as hearing:
            for follower in followers:
                hearing.create_task(hear(follower))
            await asyncio.sleep(0)  # they listen by now
            began = time.perf_counter()
            act = projects.update_project
            await perform(home.world, home.owner, act, project.id, {"title": f"Take {number}"})
    return quantiles(taken, n=100)[98]
