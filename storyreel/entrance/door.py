"""How much of the server one address may take up: sockets opened, and whatever is under way.

Sockets are counted at all servers that share a Redis; what is under way, by each process.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable

import orjson
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from services.backends.rates import Rates
from services.errors import RateLimited

NETWORK_BITS = 64  # of an IPv6 address: what one customer gets has at least as many to choose from
NAME_CHARACTERS = 64
BUSY_SECONDS = 5

Refused = Callable[[RateLimited], Response]
"""The answer to who is refused, with 429."""


def address_of(connection: HTTPConnection) -> str:
    """Who calls, as far as the network tells; empty when it does not."""
    host = connection.client.host[:NAME_CHARACTERS] if connection.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # what a trusted proxy calls it
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), NETWORK_BITS), strict=False))


class Door:
    """Around an application. Who is refused gets 429 and when to come back; a socket gets it in
    place of its opening."""

    def __init__(self, app: ASGIApp, rates: Rates, connections_max: int, refused: Refused) -> None:
        self._app, self._rates, self._max, self._refused = app, rates, connections_max, refused
        self._inside: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = address_of(HTTPConnection(scope))
        try:
            await self._enter(scope, address)
        except RateLimited as refusal:
            answer = self._refused(refusal)
            if scope["type"] == "websocket":
                await WebSocket(scope, receive, send).send_denial_response(answer)
            else:
                await answer(scope, receive, send)
            return
        self._inside[address] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside[address] -= 1
            if not self._inside[address]:
                del self._inside[address]

    async def _enter(self, scope: Scope, address: str) -> None:
        if not address:
            return
        if scope["type"] == "websocket":
            seconds = await self._rates.take("sockets", f"address:{address}")
            if seconds:
                raise RateLimited("Too many sockets were opened in a short time.", seconds)
        if self._inside[address] >= self._max:
            raise RateLimited(f"At most {self._max:,} connections at once.", BUSY_SECONDS)


def refused_as_graphql(refusal: RateLimited) -> Response:
    extensions = {"code": refusal.code, "retryAfter": refusal.retry_after}
    error = {"message": str(refusal), "extensions": extensions}
    return Response(
        orjson.dumps({"errors": [error]}),
        status_code=429,
        headers={"Retry-After": str(refusal.retry_after)},
        media_type="application/json",
    )
