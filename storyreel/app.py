"""The ASGI application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Route, WebSocketRoute

from models import Asset
from resolvers.context import Context
from resolvers.documents import Documents
from services.access import visible

from .admission import Door
from .asset_route import AssetFile, FindFile, asset_route
from .endpoint import Endpoint
from .graphiql import graphiql_routes
from .probes import probe_routes
from .wiring import House

PATH = "/graphql"


def create_app(house: House, documents: Documents) -> Starlette:
    """All that is served of an open house."""
    watch = house.metrics.operations
    endpoint = Endpoint(
        lambda: Context(house.actor, house.world, house.links, watch, documents), house.door
    )

    return Starlette(
        routes=[
            *graphiql_routes(PATH),
            Route(PATH, endpoint),
            WebSocketRoute(PATH, endpoint),
            asset_route(house.links, house.world.storage, assets(house.door)),
            *probe_routes(house),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=house.hosts)],
    )


def create_probes(house: House) -> Starlette:
    """What is served of a worker."""
    return Starlette(routes=probe_routes(house))


def assets(door: Door | None) -> FindFile:
    """Finds files by asset; with a door, for the bearer of the link alone, if they may see it."""

    async def find(asset_id: str, bearer: str) -> AssetFile | None:
        if door is None:
            asset = await Asset.get_or_none(id=asset_id)
        else:
            actor = await door.known(bearer)
            asset = await visible(actor, Asset, asset_id) if actor is not None else None
        if asset is None:
            return None
        return AssetFile(asset.sha256, asset.media_type, asset.size, asset.filename)

    return find
