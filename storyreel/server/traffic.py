"""Requests and sockets on their way in and out: an id on every log line, numbers, a good end.

A request keeps the `X-Request-Id` that it came with, if that is well-formed, and is answered with
it. Of its address only the path is logged: the rest holds signatures and documents.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from ..metrics import OTHER, Metrics

WELL_FORMED = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"})
ROUTES = frozenset({"graphql", "api", "assets", "healthz", "readyz", "metrics"})
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
STREAMS = ("text/event-stream", "multipart/mixed")
PATH_CHARACTERS = 200
GOING_AWAY = 1012  # "service restart": clients come back by themselves
FAREWELL = "The server is going away; come back in a moment."
FAREWELL_SECONDS = 1.0

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Traffic:
    """Around an application. `dismiss` ends what would go on for ever."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._requests: set[_Request] = set()
        self._sockets: set[_Socket] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        own_id = _own_id(scope)
        if scope["type"] == "http":
            request = _Request(scope, send, own_id)
            with bound_contextvars(request_id=own_id), _member(request, self._requests):
                try:
                    await request.run(self._app, receive)
                finally:
                    self._count(request)
        else:
            socket = _Socket(scope, send)
            with bound_contextvars(socket_id=own_id), _member(socket, self._sockets):
                with self._metrics.sockets.track_inprogress():
                    await self._app(scope, receive, socket.send)
                logger.info("Socket closed.", extra={"seconds": socket.seconds})

    async def dismiss(self) -> None:
        """Sockets are closed and event streams broken off so that their clients come back."""
        for request in tuple(self._requests):
            request.dismiss()
        farewells = [asyncio.create_task(socket.dismiss()) for socket in self._sockets]
        if farewells:
            await asyncio.wait(farewells, timeout=FAREWELL_SECONDS)  # some may read nothing

    def _count(self, request: _Request) -> None:
        method = request.method if request.method in METHODS else OTHER
        self._metrics.requests.labels(method, request.route, str(request.status)).inc()
        if request.began_to_answer is not None:
            self._metrics.request_seconds.labels(request.route).observe(request.began_to_answer)
        told = {
            "method": request.method,
            "path": request.path[:PATH_CHARACTERS],
            "status": request.status,
            "seconds": request.seconds,
        }
        level = logging.DEBUG if request.path in PROBES else logging.INFO
        logger.log(level, "Request ended.", extra=told)


class _Timed:
    def __init__(self, scope: Scope, send: Send) -> None:
        self.path = scope["path"]
        self._send = send
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        return round(time.perf_counter() - self._began, 4)


class _Request(_Timed):
    """`status` is 0 until an answer begins, and stays so for a client that left before."""

    def __init__(self, scope: Scope, send: Send, own_id: str) -> None:
        super().__init__(scope, send)
        self.method: str = scope["method"]
        first = self.path.split("/")[1]
        self.route = f"/{first}" if first in ROUTES else OTHER
        self.status = 0
        self.began_to_answer: float | None = None
        self._scope, self._own_id = scope, own_id
        self._task = asyncio.current_task()
        self._endless = self._dismissed = False

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        try:
            await app(self._scope, receive, self.send)
        except asyncio.CancelledError:
            if not self._dismissed or self._task is None:
                raise
            self._task.uncancel()
            await self._send({"type": "http.response.body"})

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._own_id
            self._endless = headers.get("content-type", "").startswith(STREAMS)
            self.status, self.began_to_answer = message["status"], self.seconds
        await self._send(message)

    def dismiss(self) -> None:
        """An event stream ends without its `complete`: the client knows that more was to come."""
        if self._endless and self._task is not None and not self._dismissed:
            self._dismissed = True
            self._task.cancel()


class _Socket(_Timed):
    _open = False

    async def send(self, message: Message) -> None:
        if message["type"] in ("websocket.accept", "websocket.close"):
            self._open = message["type"] == "websocket.accept"
        await self._send(message)

    async def dismiss(self) -> None:
        if self._open:
            close = {"type": "websocket.close", "code": GOING_AWAY, "reason": FAREWELL}
            with contextlib.suppress(RuntimeError, OSError):  # it closed in the same moment
                await self.send(close)


@contextmanager
def _member(one: T, group: set[T]) -> Iterator[None]:
    group.add(one)
    try:
        yield
    finally:
        group.discard(one)


def _own_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if WELL_FORMED.fullmatch(given) else secrets.token_hex(8)
