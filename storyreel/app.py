"""The ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from models import Asset
from resolvers.context import Context

from .asset_route import AssetFile, asset_route
from .endpoint import Endpoint
from .settings import Settings
from .wiring import House, open_house

PATH = "/graphql"


def create_app(settings: Settings) -> Starlette:
    """The application; what it needs is opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with open_house(settings, worker=settings.embedded_worker) as house:
            app.router.routes.extend(_routes(house))
            yield

    return Starlette(lifespan=lifespan)


def _routes(house: House) -> list[Route | WebSocketRoute]:
    endpoint = Endpoint(lambda: Context(house.actor, house.world, house.links))
    return [
        Route(PATH, endpoint),
        WebSocketRoute(PATH, endpoint),
        asset_route(house.links, house.world.storage, find_asset),
        Route("/healthz", _alive),
    ]


async def find_asset(asset_id: str) -> AssetFile | None:
    asset = await Asset.get_or_none(id=asset_id)
    if asset is None:
        return None
    return AssetFile(asset.sha256, asset.media_type, asset.size, asset.filename)


async def _alive(request: Request) -> Response:
    return JSONResponse({"status": "ok"})
