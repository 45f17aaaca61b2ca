"""How the clients of a soak reach a server: requests over HTTP, streams over two transports."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
from graphql import print_ast
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.journeys.contract import documents

CONTRACT = {name: print_ast(document) for name, document in documents().items()}
PROTOCOL = Subprotocol("graphql-transport-ws")
CONNECT_SECONDS = 10.0
Frames = AsyncGenerator[dict[str, Any], None]


class Refused(Exception):
    """The server answered with errors; the code of the first."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code = str(error.get("extensions", {}).get("code"))


async def ask(http: httpx.AsyncClient, url: str, document: str, **variables: Any) -> Any:
    """The value of the only root field. Raises Refused, httpx.HTTPError, or ValueError."""
    response = await http.post(f"{url}/graphql", json={"query": document, "variables": variables})
    response.raise_for_status()
    return _only(response.json())


def _only(answer: dict[str, Any]) -> Any:
    if "errors" in answer:
        raise Refused(answer["errors"][0])
    [value] = answer["data"].values()
    return value


async def over_socket(
    url: str, document: str, variables: dict[str, Any], *, rudely: bool
) -> Frames:
    """A socket for one operation. Left early, it is broken off `rudely`, or else closed."""
    address = f"ws{url.removeprefix('http')}/graphql"
    options: Any = {"open_timeout": CONNECT_SECONDS, "close_timeout": 1, "max_size": None}
    async with connect(address, subprotocols=[PROTOCOL], proxy=None, **options) as wire:
        try:
            await wire.send(json.dumps({"type": "connection_init"}))
            async with asyncio.timeout(CONNECT_SECONDS):
                await wire.recv()
            payload = {"query": document, "variables": variables}
            await wire.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async for raw in wire:
                message = json.loads(raw)
                if message["type"] == "next":
                    yield _only(message["payload"])
                elif message["type"] == "error":
                    raise Refused(message["payload"][0])
                elif message["type"] == "complete":
                    return
                elif message["type"] == "ping":
                    await wire.send(json.dumps({"type": "pong"}))
        finally:
            if rudely:
                wire.transport.abort()


async def over_events(
    http: httpx.AsyncClient, url: str, document: str, variables: dict[str, Any]
) -> Frames:
    """A stream of server-sent events for one operation."""
    headers = {"Accept": "text/event-stream"}
    body = {"query": document, "variables": variables}
    timeout = httpx.Timeout(CONNECT_SECONDS, read=None)
    request = http.stream("POST", f"{url}/graphql", json=body, headers=headers, timeout=timeout)
    async with request as response:
        response.raise_for_status()
        event = ""
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: ") and event == "next":
                yield _only(json.loads(line.removeprefix("data: ")))
            elif event == "complete":
                return
        raise httpx.RemoteProtocolError("The stream ended without a word.")
