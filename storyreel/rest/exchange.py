"""One request and its answer: who asks, what they sent, and how a refusal is told."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any, Concatenate, ParamSpec, TypeVar

import orjson
from cross_web import HTTPException
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from models import new_id
from services.actor import Actor
from services.editing import EditConflict
from services.errors import InvalidInput, RateLimited, Refusal, refusal_in
from services.idempotency import Once
from services.rationing import ration
from services.work import Work, perform_once
from services.world import World

from ..entrance.door import address_of
from ..entrance.origins import UNASKED, may_be_unasked
from ..json_text import read_json
from ..transport.endpoint import BODY_SECONDS, CODES, bounded
from .shapes import Error, ErrorAnswer

P = ParamSpec("P")
R = TypeVar("R")

JSON_TYPE = "application/json"
KEY = "Idempotency-Key"
STATUSES: Mapping[str, int] = {
    "INVALID_INPUT": 400,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "CONFLICT": 409,
    "LIMIT_EXCEEDED": 413,
    "IDEMPOTENCY_KEY_REUSED": 422,
    "RATE_LIMITED": 429,
    "UNAVAILABLE": 503,
}
STALE = "There is a newer version, and it differs. Read it, decide again, and name it as base."

logger = logging.getLogger(__name__)

WhoAsks = Callable[[Request], Awaitable[Actor]]
"""The actor behind a request. Raises a Refusal for who cannot be known."""


@dataclass(frozen=True)
class Call:
    """A request that may be carried out."""

    request: Request
    world: World
    actor: Actor

    @property
    def project_id(self) -> str:
        return str(self.request.path_params["projectId"])

    def asked(self, *names: str) -> dict[str, str]:
        """The query's arguments, each at most once and none but these."""
        given = self.request.query_params
        for name, _ in given.multi_items():
            if name not in names:
                raise InvalidInput("There is no such argument here.", name[:60])
            if len(given.getlist(name)) > 1:
                raise InvalidInput("This can be given once.", name)
        return dict(given)

    async def body(self, adapter: TypeAdapter[R]) -> R:
        """What was sent, checked as far as its shape goes."""
        kind = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != JSON_TYPE:
            raise HTTPException(415, f"The request must be {JSON_TYPE}.")
        if self.request.headers.get("content-encoding", "identity").lower() != "identity":
            raise HTTPException(415, "The request must not be compressed.")
        try:
            return adapter.validate_python(read_json(await self.request.body()))
        except JSONDecodeError:
            raise HTTPException(400, "The request is not JSON.") from None
        except ValidationError as failure:
            [first, *_] = failure.errors(include_url=False, include_input=False)
            field = ".".join(map(str, first["loc"])) or None
            raise InvalidInput(f"{first['msg']}.", field) from None

    async def do(
        self, act: Callable[Concatenate[Work, P], Awaitable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a use case as one unit of work."""
        return await self._perform(None, act, *args, **kwargs)

    async def do_once(
        self, act: Callable[Concatenate[Work, P], Awaitable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """The same, answering a repeated key with the first answer."""
        key = self.request.headers.get(KEY)
        name = f"{self.request.method} {act.__name__}"
        once = Once(name, key, args, key_at=KEY) if key is not None else None
        return await self._perform(once, act, *args, **kwargs)

    async def _perform(
        self,
        once: Once | None,
        act: Callable[Concatenate[Work, P], Awaitable[R]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        await ration(self.world, self.actor, address_of(self.request), "mutations")
        return await perform_once(self.world, self.actor, once, act, *args, **kwargs)


Handler = Callable[[Call], Awaitable[Response]]


class Resource:
    """What stands at one path. Every answer is JSON, errors too."""

    body_seconds = BODY_SECONDS

    def __init__(
        self,
        world: World,
        who_asks: WhoAsks,
        origins: Collection[str],
        handlers: Mapping[str, Handler],
        headers: Mapping[str, str],
    ) -> None:
        """`handlers` by their methods; `headers` go with every answer."""
        self._world, self._who_asks, self._origins = world, who_asks, origins
        self._handlers, self._headers = dict(handlers), headers
        if "GET" in handlers:
            self._handlers["HEAD"] = handlers["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, bounded(receive, self.body_seconds))
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except HTTPException as problem:
            code = CODES.get(problem.status_code, "BAD_REQUEST")
            response = _failure(problem.status_code, code, problem.reason)
            if problem.status_code == 405:
                response.headers["Allow"] = ", ".join(self._handlers)
            if problem.status_code == 408:
                response.headers["Connection"] = "close"
        except Exception as failure:
            refusal = refusal_in(failure)
            response = refused(refusal) if refusal is not None else _masked(failure)
        response.headers.update(self._headers)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        handler = self._handlers.get(request.method)
        if handler is None:
            raise HTTPException(405, "There is no such method here.")
        if may_be_unasked(request.method, request.headers, self._origins):
            raise HTTPException(400, UNASKED)
        return await handler(Call(request, self._world, await self._who_asks(request)))


async def unknown_path(scope: Scope, receive: Receive, send: Send) -> None:
    await _failure(404, "NOT_FOUND", "There is nothing here.")(scope, receive, send)


def answered(shape: BaseModel, status: int = 200) -> Response:
    return _response(shape.model_dump(mode="json", by_alias=True), status)


def conflicting(conflict: EditConflict) -> Response:
    return _failure(409, "CONFLICT", STALE, field="baseVersion", fields=conflict.fields)


def refused(refusal: Refusal) -> Response:
    field = refusal.field
    if field is not None:
        field = field.removeprefix("input.")
    response = _failure(STATUSES.get(refusal.code, 400), refusal.code, str(refusal), field=field)
    if isinstance(refusal, RateLimited):
        response.headers["Retry-After"] = str(refusal.retry_after)
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _masked(failure: Exception) -> Response:
    reference = new_id("err")
    logger.error("Unexpected error %s", reference, exc_info=failure)
    message = f"Something went wrong here; it is logged as {reference}."
    return _failure(500, "INTERNAL", message, reference=reference)


def _failure(status: int, code: str, message: str, **more: Any) -> Response:
    error = ErrorAnswer(error=Error(code=code, message=message, **more))
    return _response(error.model_dump(by_alias=True, exclude_none=True), status)


def _response(content: Any, status: int) -> Response:
    return Response(orjson.dumps(content), status, {"Cache-Control": "no-store"}, JSON_TYPE)
