"""Strawberry as it comes, with broadcaster between publisher and subscribers."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import strawberry
from broadcaster import Broadcast
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL

from .event import Publishing, serve

broadcast = Broadcast("memory://")


@strawberry.type
class Event:
    kind: str
    subject_id: strawberry.ID
    version: int
    at: str
    changed: list[str]
    idempotency_key: str


@strawberry.type
class Query:
    ok: bool = True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def project_events(self, project_id: strawberry.ID) -> AsyncGenerator[Event, None]:
        async with broadcast.subscribe(channel=project_id) as subscriber:
            messages: Any = subscriber  # typed as something that may be nothing
            async for message in messages:
                found = json.loads(message.message)
                yield Event(
                    kind=found["kind"],
                    subject_id=found["subjectId"],
                    version=found["version"],
                    at=found["at"],
                    changed=found["changed"],
                    idempotency_key=found["idempotencyKey"],
                )


async def publish(event: dict[str, Any]) -> None:
    await broadcast.publish("p", json.dumps(event))


@asynccontextmanager
async def connected(app: Starlette) -> AsyncIterator[None]:
    async with broadcast:
        yield


if __name__ == "__main__":
    endpoint: GraphQL[Any, None] = GraphQL(
        strawberry.Schema(Query, subscription=Subscription), graphql_ide=None
    )
    routes = [
        WebSocketRoute("/graphql", endpoint),
        Route("/publish", Publishing(publish).answer, methods=["POST"]),
    ]
    serve(Starlette(routes=routes, lifespan=connected))
