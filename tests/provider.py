"""An identity provider on a loopback address, with real keys."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.serving import serving

ISSUER, AUDIENCE = "https://id.example", "storyreel"


class IdentityProvider:
    """Publishes the public halves of `keys`, unless it is `down`, and counts who asks."""

    def __init__(self) -> None:
        self.keys = [a_key("first")]
        self.down = False
        self.asked = 0
        self.was_asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()
        self.url = ""

    def token(self, subject: str = "ada", key: ECKey | None = None, **claims: Any) -> str:
        key = key or self.keys[-1]
        end = int(time.time()) + 60
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "exp": end} | claims
        return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)

    async def published(self, request: Request) -> Response:
        self.asked += 1
        self.was_asked.set()
        await self.answers.wait()
        if self.down:
            return Response("Try again later.", 503)
        keys = [key.as_dict(private=False) for key in self.keys]
        return Response(json.dumps({"keys": keys}), media_type="application/jwk-set+json")


def a_key(name: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": name, "use": "sig"})


@asynccontextmanager
async def an_identity_provider() -> AsyncIterator[IdentityProvider]:
    provider = IdentityProvider()
    async with serving(Starlette(routes=[Route("/keys", provider.published)])) as url:
        provider.url = f"{url}/keys"
        yield provider
