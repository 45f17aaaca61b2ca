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
from services.access import visible
from services.actor import Actor

from .asset_route import AssetFile, FindFile, asset_route
from .entrance.admission import Reception, shown_by
from .entrance.door import Door, refused_as_graphql
from .entrance.origins import allowing
from .entrance.secure_headers import SecureHeaders
from .graphiql import graphiql_routes
from .probes import probe_routes
from .rest import refused, rest_app
from .transport.endpoint import Endpoint
from .wiring import House

PATH = "/graphql"


def create_app(house: House, documents: Documents) -> ASGIApp:
    """All that is served of an open house."""
    watch = house.metrics.operations
    endpoint = Endpoint(
        lambda: Context(house.actor, house.world, house.links, watch, documents),
        house.origins,
        house.reception,
    )
    rates, most = house.world.rates, house.connections_max
    door = Door(endpoint, rates, most, refused_as_graphql)

    async def who_asks(request: Request) -> Actor:
        if house.reception is None:
            return house.actor
        return await house.reception.admit(shown_by(request.headers))

    secured = house.reception is not None
    rest = rest_app(house.world, who_asks, house.origins, secured=secured)
    app = Starlette(
        routes=[
            *graphiql_routes(PATH),
            Route(PATH, door),
            WebSocketRoute(PATH, door),
            asset_route(house.links, house.world.storage, assets(house.reception)),
            Mount("/api", Door(rest, rates, most, refused)),
            *probe_routes(house),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=house.hosts)],
    )
    return SecureHeaders(allowing(app, house.origins), https=house.https)


def create_probes(house: House) -> ASGIApp:
    """What is served of a worker."""
    return SecureHeaders(Starlette(routes=probe_routes(house)), https=house.https)


def assets(reception: Reception | None) -> FindFile:
    """Finds the file of an asset; with a reception only if the link's bearer may see it now."""

    async def find(asset_id: str, bearer: str) -> AssetFile | None:
        if reception is None:
            asset = await Asset.get_or_none(id=asset_id)
        else:
            actor = await reception.known(bearer)
            asset = await visible(actor, Asset, asset_id) if actor is not None else None
        if asset is None:
            return None
        return AssetFile(asset.sha256, asset.media_type, asset.size, asset.filename)

    return find
