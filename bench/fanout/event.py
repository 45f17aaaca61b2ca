"""What every Python server of the benchmark publishes, and how it is told to."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

AT = "2026-01-01T00:00:00+00:00"


def event(number: int) -> dict[str, Any]:
    """One event as GraphQL answers it; its key is the moment when it was published."""
    return {
        "kind": "UPDATED",
        "subjectId": f"shot_{number % 500:026}",
        "version": number,
        "at": AT,
        "changed": ["title"],
        "idempotencyKey": str(time.monotonic_ns()),
    }


class Publishing:
    """The route that publishes `count` events, giving way after each unless all come at once."""

    def __init__(self, publish: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._publish = publish
        self._task: asyncio.Task[None] | None = None

    async def answer(self, request: Request) -> Response:
        count, at_once = int(request.query_params["count"]), request.query_params["burst"] == "1"
        self._task = asyncio.create_task(self._run(count, at_once))
        return Response()

    async def _run(self, count: int, at_once: bool) -> None:
        for number in range(count):
            await self._publish(event(number))
            if not at_once:
                await asyncio.sleep(0)


def serve(app: ASGIApp) -> None:
    """On the port that the command line names, with uvicorn's own defaults but for its logs."""
    unbind_files()
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False, backlog=4096)


def unbind_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
