"""The limit: sockets of Starlette and uvicorn that are sent frames made once."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from .event import Publishing, serve

SOCKETS: set[WebSocket] = set()
ID = "3f2a9c1e-77b1-4c56-9e0d-000000000000"


async def endpoint(socket: WebSocket) -> None:
    await socket.accept("graphql-transport-ws")
    try:
        await socket.receive_text()
        await socket.send_text('{"type":"connection_ack"}')
        await socket.receive_text()
        SOCKETS.add(socket)
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        SOCKETS.discard(socket)


async def publish(event: dict[str, Any]) -> None:
    payload = {"data": {"projectEvents": event}}
    frame = orjson.dumps({"id": ID, "type": "next", "payload": payload}).decode()
    for socket in SOCKETS:
        await socket.send_text(frame)


if __name__ == "__main__":
    routes = [
        WebSocketRoute("/graphql", endpoint),
        Route("/publish", Publishing(publish).answer, methods=["POST"]),
    ]
    serve(Starlette(routes=routes))
