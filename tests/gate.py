"""The endpoint behind a reception, with an identity provider of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed

from models import MemberRole, User
from services import granting
from services.actor import NOBODY, SYSTEM
from services.backends.provider_keys import ProviderKeys
from services.granting import Reach, Who
from services.work import perform
from storyreel.entrance.admission import Reception
from storyreel.entrance.identity import Provider, Recognition
from storyreel.transport.endpoint import Endpoint
from tests.conftest import Home
from tests.provider import AUDIENCE, ISSUER, IdentityProvider, an_identity_provider
from tests.serving import a_site
from tests.sockets import Socket, a_wire

VIEWER = "{ viewer { id name memberships { role client { slug } } } }"
CREATE = 'mutation { createProject(input: {prompt: "x"}) { id } }'


@dataclass(frozen=True)
class Gate:
    """The endpoint behind a reception."""

    home: Home
    url: str
    http: httpx.AsyncClient
    reception: Reception
    provider: IdentityProvider

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    async def do(self, act: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        return await perform(self.home.world, SYSTEM, act, *given)

    async def a_member(self, name: str, role: MemberRole = MemberRole.OWNER, **reach: Any) -> str:
        """A token of a member."""
        await self.do(granting.add_member, "acme", Who(name), role)
        user = await User.get(name=name)
        given = {"ceiling": MemberRole.OWNER} | reach
        return str((await self.do(granting.create_token, "test", user, Reach(**given)))[1])

    async def ask(self, token: str | None, query: str, **variables: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        body = {"query": query, "variables": variables}
        return await self.http.post(self.url, json=body, headers=headers)

    async def viewer(self, token: str) -> Any:
        return (await self.ask(token, VIEWER)).json()["data"]["viewer"]

    async def a_project(self, token: str) -> str:
        return str((await self.ask(token, CREATE)).json()["data"]["createProject"]["id"])


@asynccontextmanager
async def a_gate(home: Home, *, sockets_max: int = 100) -> AsyncIterator[Gate]:
    async with an_identity_provider() as identity:
        provider = Provider(ProviderKeys(identity.url, again=0.0), ISSUER, AUDIENCE)
        reception = Reception(Recognition(home.world, provider), home.world, sockets_max)
        endpoint = Endpoint(lambda: home.context(NOBODY), reception=reception)
        async with a_site(home, endpoint) as site:
            yield Gate(home, site.url, site.http, reception, identity)
        await reception.close()


def initial(token: str) -> dict[str, Any]:
    """The first message of a socket."""
    return {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}


@asynccontextmanager
async def a_socket(gate: Gate, token: str) -> AsyncIterator[Socket]:
    async with a_wire(gate.ws_url) as socket:
        await socket.send(initial(token))
        assert await socket.receive() == {"type": "connection_ack"}
        yield socket


async def closing(socket: Socket) -> tuple[list[Any], int | None]:
    frames = []
    async with asyncio.timeout(5):
        try:
            while True:
                frames.append(json.loads(await socket.wire.recv()))
        except ConnectionClosed:
            return frames, socket.wire.close_code
