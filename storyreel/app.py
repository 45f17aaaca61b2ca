"""The ASGI application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from models import Asset
from resolvers.context import Context

from .asset_route import AssetFile, asset_route
from .endpoint import Endpoint
from .graphiql import graphiql_routes
from .wiring import House

PATH = "/graphql"


def create_app(house: House) -> Starlette:
    """All that is served of an open house."""
    endpoint = Endpoint(lambda: Context(house.actor, house.world, house.links))
    return Starlette(
        routes=[
            *graphiql_routes(PATH),
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
