"""An ASGI application on real loopback sockets, in the event loop of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from services.backends.bus import Bus, LocalBus
from services.backends.rates import Rates
from storyreel.app import create_app
from storyreel.entrance.admission import Reception
from storyreel.health import Health
from storyreel.metrics import Metrics
from storyreel.server.http_protocol import HttpProtocol
from storyreel.server.serving import Server, address, listener
from storyreel.server.socket_protocol import SocketProtocol
from storyreel.server.traffic import Traffic
from storyreel.settings import Settings
from storyreel.transport.endpoint import Endpoint
from storyreel.wiring import House
from tests.conftest import Home

PATIENCE_SECONDS = 15.0
OWN = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Site:
    """Where Storyreel's endpoint is served, and the home behind it."""

    url: str
    home: Home
    http: httpx.AsyncClient

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    async def post(self, query: str, **variables: Any) -> httpx.Response:
        return await self.http.post(self.url, json={"query": query, "variables": variables})


@asynccontextmanager
async def a_site(
    home: Home,
    endpoint: Endpoint | None = None,
    http: type[HttpProtocol] = HttpProtocol,
    **options: Any,
) -> AsyncIterator[Site]:
    """The endpoint over the world of `home`, on real sockets."""
    app = _app(endpoint or Endpoint(home.context))
    async with (
        serving(app, http, **options) as url,
        httpx.AsyncClient(trust_env=False, timeout=10) as client,
    ):
        yield Site(f"{url}/graphql", home, client)


@asynccontextmanager
async def an_unserved_site(home: Home) -> AsyncIterator[Site]:
    """The same for plain requests, called in this process."""
    transport = httpx.ASGITransport(_app(Endpoint(home.context)))
    async with httpx.AsyncClient(transport=transport) as http:
        yield Site("http://board.example/graphql", home, http)


def _app(endpoint: Endpoint) -> ASGIApp:
    return Starlette(
        routes=[Route("/graphql", endpoint), WebSocketRoute("/graphql", endpoint)],
    )


def a_house(home: Home, settings: Settings) -> House:
    """The world of `home` as `serve` holds it open with these settings."""
    metrics = Metrics()
    world = replace(home.world, rates=Rates(settings.rates, settings.bus, metrics.rated))
    return House(
        world=world,
        links=home.links,
        actor=home.owner,
        reception=None,
        hosts=settings.trusted_hosts,
        origins=settings.allowed_origins,
        https=settings.public_url.startswith("https:"),
        connections_max=settings.connections_max,
        metrics=metrics,
        health=Health(settings, world),
    )


@asynccontextmanager
async def a_whole_site(home: Home, **settings: Any) -> AsyncIterator[Site]:
    """All that `serve` serves, behind all that guards it, on real sockets."""
    given = Settings(drain_seconds=1, **settings)
    house = a_house(home, given)
    server = Server(create_app(house, home.documents), house.metrics, given)
    async with (
        running(server) as url,
        httpx.AsyncClient(trust_env=False, timeout=10) as http,
    ):
        yield Site(f"{url}/graphql", replace(home, world=house.world), http)
    await house.world.rates.close()


@asynccontextmanager
async def an_unserved_whole_site(
    home: Home, reception: Reception | None = None, /, **settings: Any
) -> AsyncIterator[Site]:
    """The same for plain requests, called in this process."""
    house = replace(a_house(home, Settings(**settings)), reception=reception)
    app = Traffic(create_app(house, home.documents), house.metrics)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        yield Site(f"{OWN}/graphql", replace(home, world=house.world), http)
    await house.world.rates.close()


@asynccontextmanager
async def serving(
    app: ASGIApp,
    http: type[HttpProtocol] = HttpProtocol,
    *,
    protocol: type[asyncio.Protocol] = SocketProtocol,
    compressed: bool = False,
) -> AsyncIterator[str]:
    """Serve until the block ends; clients that still wait are then cut off."""
    config = uvicorn.Config(
        app,
        http=http,
        ws=protocol,
        ws_per_message_deflate=compressed,
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    async with running(uvicorn.Server(config)) as url:
        yield url


@asynccontextmanager
async def running(server: uvicorn.Server) -> AsyncIterator[str]:
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    with listener("127.0.0.1", 0) as listening:
        await server.startup([listening])
        try:
            yield address(listening)
        finally:
            await server.shutdown([listening])


def listeners(bus: Bus) -> int:
    """How many follow something on the bus of this process."""
    assert isinstance(bus, LocalBus)
    return len({bell for bells in bus._bells.values() for bell in bells})


async def somebody_listens(bus: Bus) -> None:
    """Wait until there is a listener."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not listeners(bus):  # noqa: ASYNC110  # a bus does not tell who comes
            await asyncio.sleep(0.01)


async def nobody_listens(bus: Bus) -> None:
    """Wait until the last listener has gone."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while listeners(bus):  # noqa: ASYNC110  # a bus does not tell who leaves it
            await asyncio.sleep(0.01)
