"""The ASGI application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from models import Asset
from resolvers.context import Context
from resolvers.documents import Documents

from .asset_route import AssetFile, asset_route
from .endpoint import Endpoint
from .wiring import House

PATH = "/graphql"


def create_app(house: House, documents: Documents) -> Starlette:
    """All that is served of an open house."""
    endpoint = Endpoint(lambda: Context(house.actor, house.world, house.links, documents))
    return Starlette(
        routes=[
            Route(PATH, endpoint),
            WebSocketRoute(PATH, endpoint),
            asset_route(house.links, house.world.storage, find_asset),
            Route("/healthz", _alive),
        ]
    )


async def find_asset(asset_id: str) -> AssetFile | None:
    asset = await Asset.get_or_none(id=asset_id)
    if asset is None:
        return None
    return AssetFile(asset.sha256, asset.media_type, asset.size, asset.filename)


async def _alive(request: Request) -> Response:
    return JSONResponse({"status": "ok"})
