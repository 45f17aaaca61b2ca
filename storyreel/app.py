"""The ASGI application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp

from models import Asset
from resolvers.context import Context
from resolvers.documents import Documents
from services.actor import Actor

from .asset_route import AssetFile, asset_route
from .door import Door
from .endpoint import Endpoint
from .graphiql import graphiql_routes
from .origins import allowing
from .probes import probe_routes
from .rest import rest_app
from .secure_headers import SecureHeaders
from .wiring import House

PATH = "/graphql"


def create_app(house: House, documents: Documents) -> ASGIApp:
    """All that is served of an open house."""
    watch = house.metrics.operations
    endpoint = Endpoint(
        lambda: Context(house.actor, house.world, house.links, watch, documents), house.origins
    )
    door = Door(endpoint, house.world.rates, house.connections_max)

    async def who_asks(request: Request) -> Actor:
        return house.actor

    rest = rest_app(house.world, who_asks, house.origins)
    app = Starlette(
        routes=[
            *graphiql_routes(PATH),
            Route(PATH, door),
            WebSocketRoute(PATH, door),
            Mount("/api", Door(rest, house.world.rates, house.connections_max)),
            asset_route(house.links, house.world.storage, find_asset),
            *probe_routes(house),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=house.hosts)],
    )
    return SecureHeaders(allowing(app, house.origins), https=house.https)


def create_probes(house: House) -> ASGIApp:
    """What is served of a worker."""
    return SecureHeaders(Starlette(routes=probe_routes(house)), https=house.https)


async def find_asset(asset_id: str) -> AssetFile | None:
    asset = await Asset.get_or_none(id=asset_id)
    if asset is None:
        return None
    return AssetFile(asset.sha256, asset.media_type, asset.size, asset.filename)
