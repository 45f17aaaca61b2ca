"""A server that believes an identity provider: over every road, until a token or a key ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from models import MemberRole
from services import granting
from services.granting import Who
from services.limits import CLOCK_SKEW_SECONDS, PROVIDER_KEYS_AGAIN_SECONDS
from tests.journeys.processes import Processes, Server
from tests.journeys.test_identity import (
    SOON,
    VIEWER,
    a_project,
    all_of,
    an_event_stream,
    as_bearer,
    ask,
    following,
    frames_until_closed,
    register,
)
from tests.provider import AUDIENCE, ISSUER, IdentityProvider, a_key, an_identity_provider
from tests.sockets import a_wire


@pytest.fixture
async def provider() -> AsyncIterator[IdentityProvider]:
    async with an_identity_provider() as identity:
        yield identity


@pytest.fixture
async def server(processes: Processes, provider: IdentityProvider) -> Server:
    return await processes.server(
        STORYREEL_AUTH="jwt",
        STORYREEL_JWKS_URL=provider.url,
        STORYREEL_JWT_ISSUER=ISSUER,
        STORYREEL_JWT_AUDIENCE=AUDIENCE,
    )


async def snapshot(server: Server, token: str, project_id: str, **sent: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, headers=as_bearer(token)) as http:
        url = f"{server.url}/api/projects/{project_id}/snapshot"
        return await (http.post(url, json=sent) if sent else http.get(url))


async def welcome_everywhere(server: Server, token: str, project_id: str) -> None:
    stored = await snapshot(server, token, project_id, scenes=[])
    async with (
        following(server, token, project_id),
        an_event_stream(server, token, project_id) as events,
    ):
        assert "liveProject" in await anext(events)
    assert stored.status_code == 201


async def turned_away_everywhere(server: Server, token: str, project_id: str) -> None:
    answers = [await ask(server, token, VIEWER), await snapshot(server, token, project_id)]
    async with a_wire(server.ws_url) as socket:
        await socket.send({"type": "connection_init", "payload": as_bearer(token)})
        frames, code = await frames_until_closed(socket)
    assert [answer.status_code for answer in answers] == [401, 401]
    assert (frames, code) == ([], 4403)


async def shown_out_at_its_end(server: Server, provider: IdentityProvider, project: str) -> None:
    ends = time.time() + 1.5
    token = provider.token(exp=ends - CLOCK_SKEW_SECONDS)
    async with (
        following(server, token, project) as socket,
        an_event_stream(server, token, project) as events,
    ):
        (_, code), told = await asyncio.gather(frames_until_closed(socket), all_of(events))
    assert ends <= time.time() < ends + SOON
    assert code == 4403
    assert "UNAUTHENTICATED" in told[-1]


async def test_people_come_by_the_tokens_of_their_provider(
    server: Server, provider: IdentityProvider
) -> None:
    who = Who(subject="ada", issuer=ISSUER)
    await register(server, granting.add_member, "acme", who, MemberRole.OWNER)
    good = provider.token()
    project_id = await a_project(server, good)
    await welcome_everywhere(server, good, project_id)
    await shown_out_at_its_end(server, provider, project_id)
    long_ago = int(time.time()) - 2 * CLOCK_SKEW_SECONDS
    for wrong in ({"aud": "another"}, {"iss": "https://evil.example"}, {"exp": long_ago}):
        await turned_away_everywhere(server, provider.token(**wrong), project_id)
    await turned_away_everywhere(server, provider.token(key=a_key("mine")), project_id)

    provider.keys = [a_key("second")]
    renewed = provider.token()
    async with asyncio.timeout(PROVIDER_KEYS_AGAIN_SECONDS + SOON):
        while (await ask(server, renewed, VIEWER)).status_code == 401:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.2)
    await welcome_everywhere(server, renewed, project_id)
    await turned_away_everywhere(server, good, project_id)
