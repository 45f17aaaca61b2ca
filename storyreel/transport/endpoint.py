"""GraphQL over HTTP, server-sent events and multipart streams, as the GraphQL-over-HTTP
specification has it.

A request that never got to run has no `data` in its answer, and status 400; with the older media
type that is kept for requests that are no GraphQL at all. Errors of fields stand beside `data`.
Every error has a code, and no exception's own text reaches a client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.http.streaming import AsyncTextStream, HTTPStreamTransport
from strawberry.http.types import QueryParams
from strawberry.subscriptions import (
    GRAPHQL_SSE_PROTOCOL,
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    MULTIPART_SUBSCRIPTION_PROTOCOL,
)
from strawberry.types import ExecutionResult, SubscriptionExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UnsetType

from resolvers import api
from resolvers.context import Context
from resolvers.errors import INTERNAL
from resolvers.sharing import shared
from services.errors import Refusal, Unauthenticated, Unavailable, refusal_in

from ..entrance.admission import Reception, Welcome, shown_by, shown_in, told, turned_away
from ..entrance.door import address_of
from ..entrance.origins import UNASKED, may_be_unasked
from ..json_text import read_json
from ..server.traffic import STREAMS
from .delivery import Groups
from .sockets import NOTHING_TO_RUN, SUBSCRIBE, SocketAdapter, SocketHandler, problem, readable
from .streams import Followed, LineFeedSSE, Parts, frames_of
from .uploads import FORM_TYPE, UPLOAD_BYTES_MAX, RequestAdapter, request_in

JSON_TYPE = "application/json"
RESPONSE_TYPE = "application/graphql-response+json"
BODY_BYTES_MAX = 4 * 1024 * 1024
BODY_SECONDS = 30.0
CODES = {
    405: "METHOD_NOT_ALLOWED",
    408: "LIMIT_EXCEEDED",
    413: "LIMIT_EXCEEDED",
    503: Unavailable.code,
}


class Endpoint(GraphQL[Context, None]):
    """The one GraphQL address, for HTTP requests, event streams and WebSockets.

    With a reception, who asks is whom it admits; without one, whom `make_context` names.
    """

    graphql_transport_ws_handler_class = SocketHandler
    websocket_adapter_class = SocketAdapter
    request_adapter_class = RequestAdapter
    stream_transport_classes_by_protocol = {
        GRAPHQL_SSE_PROTOCOL: LineFeedSSE,
        MULTIPART_SUBSCRIPTION_PROTOCOL: Parts,
    }

    body_seconds = BODY_SECONDS

    def __init__(
        self,
        make_context: Callable[[], Context],
        origins: Collection[str] = (),
        reception: Reception | None = None,
    ) -> None:
        super().__init__(
            api,
            graphql_ide=None,
            subscription_protocols=[
                GRAPHQL_TRANSPORT_WS_PROTOCOL,
                GRAPHQL_SSE_PROTOCOL,
                MULTIPART_SUBSCRIPTION_PROTOCOL,
            ],
            multipart_uploads_enabled=True,
            allowed_origins=tuple(origins),
        )
        self._make_context = make_context
        self.reception = reception
        self.groups = Groups()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request = Request(scope)
        most = UPLOAD_BYTES_MAX if _kind(request) == FORM_TYPE else BODY_BYTES_MAX
        request = Request(scope, bounded(receive, self.body_seconds, most))
        response: ASGIApp
        try:
            if self.reception is not None:  # before anything is parsed
                request.state.actor = await self.reception.admit(shown_by(request.headers))
            response = self._while_welcome(request, await self.run(request))
        except Unauthenticated:
            response = turned_away(_accepted(request))
        except HTTPException as refusal:
            response = _refused(request, refusal)
        except ClientDisconnect:
            return
        except Exception as failure:
            if not isinstance(down := refusal_in(failure), Unavailable):
                raise
            response = _refused(request, HTTPException(503, str(down)))
        finally:
            await request.close()  # the files of a form
        await response(scope, receive, send)

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        context = self._make_context()
        context.authorization = shown_by(request.headers)
        context.actor = getattr(request.state, "actor", context.actor)
        context.address = address_of(request)
        context.resume_after = request.headers.get("last-event-id") or None
        request.state.context = context
        return context

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        if self.reception is not None:
            shown = shown_in(context.connection_params) or context.authorization
            await self.reception.seat(context, shown)
        return await super().on_ws_connect(context)

    def _while_welcome(self, request: Request, response: Response) -> ASGIApp:
        """A stream ends when its reader has to leave."""
        kind = response.headers.get("content-type", "")
        if self.reception is None or not kind.startswith(STREAMS):
            return response
        farewell = _farewell(kind)
        return Welcome(self.reception, request.state.context, response, farewell.encode())

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        response = await super().get_sub_response(request)
        response.media_type = _accepted(request)
        return response

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        return False

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)

    def decode_json(self, data: str | bytes) -> object:
        return read_json(data)

    def parse_query_params(self, params: QueryParams) -> dict[str, Any]:
        """An empty parameter is as good as absent."""
        return super().parse_query_params({name: value for name, value in params.items() if value})

    def parse_json(self, data: str | bytes) -> Any:
        parsed = super().parse_json(data)
        if not isinstance(parsed, dict):
            raise HTTPException(400, "A request is a JSON object, and so are its variables.")
        return parsed

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> Any:
        if request.method == "POST" and _kind(request) not in (JSON_TYPE, FORM_TYPE):
            raise HTTPException(415, f"The request must be {JSON_TYPE}, or {FORM_TYPE} with files.")
        if may_be_unasked(request.method, request.headers, self.allowed_origins):
            raise HTTPException(400, UNASKED)
        parsed: Any = await super().parse_http_body(request)
        if not isinstance(parsed.operation_name, str | None):
            raise HTTPException(400, "The operation's name must be a string.")
        return parsed

    async def parse_multipart(self, request: AsyncHTTPRequestAdapter) -> dict[str, Any]:
        return await request_in(request)

    async def execute_operation(self, **given: Any) -> Any:  # type: ignore[override]  # by name only
        """Whoever takes streams and plain answers alike gets streams for subscriptions only."""
        accepted = given["request"].headers.get("accept", "")
        if JSON_TYPE in accepted or RESPONSE_TYPE in accepted:
            try:
                return await self.execute_single(**given)
            except HTTPException as refusal:
                if refusal.reason != SUBSCRIBE or given["request_data"].protocol == "http":
                    raise
        return await self._followed(**given) or await super().execute_operation(**given)

    async def _followed(self, context: Context, request_data: Any, **_: Any) -> Followed | None:
        """A stream of what others may follow, too."""
        if self._get_stream_transport(getattr(request_data, "protocol", "")) is None:
            return None
        try:
            query = context.documents.text(request_data.query, request_data.extensions)
        except Refusal:
            return None
        variables, name = request_data.variables, request_data.operation_name
        found = shared(context, query, variables, name) if query else None
        delivery = await self.groups.begin(found) if found is not None else None
        if delivery is None:
            return None
        return Followed(frames_of(self.groups, delivery, context.watch))

    async def execute_single(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,
        context: Context,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        """One query or mutation; mutations by POST only, and a stream must be asked for as one."""
        allowed = {OperationType.QUERY}
        if request_adapter.method == "POST":
            allowed.add(OperationType.MUTATION)
        try:
            return await self.schema.execute(
                request_data.query,
                variable_values=request_data.variables,
                context_value=context,
                operation_name=request_data.operation_name,
                operation_extensions=request_data.extensions,
                allowed_operation_types=allowed,
            )
        except NOTHING_TO_RUN as failure:
            raise HTTPException(_status_of(failure), problem(failure)) from None

    def _stream_result(
        self,
        request: Request,
        result: SubscriptionExecutionResult,
        transport: HTTPStreamTransport,
    ) -> AsyncTextStream:
        if isinstance(result, Followed) and isinstance(transport, LineFeedSSE | Parts):
            return result.text(transport, self.encode_json_string)
        if isinstance(transport, LineFeedSSE):
            transport = transport.of(request.state.context)
        return super()._stream_result(request, result, transport)

    async def process_result(
        self, request: Request, result: ExecutionResult
    ) -> GraphQLHTTPResponse:
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [error.formatted for error in readable(result.errors)]
            if result.data is None and not any(error.path for error in result.errors):
                del answer["data"]
        if result.extensions:
            answer["extensions"] = result.extensions
        return answer  # type: ignore[return-value]  # a request error has no `data`

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        status = 200
        if "data" not in response_data:
            codes = [error["extensions"]["code"] for error in response_data["errors"]]
            plain = sub_response.media_type == JSON_TYPE
            status = 500 if INTERNAL in codes else 200 if plain else 400
        return Response(
            self.encode_json(response_data),
            status,
            headers=_retry_after(response_data),
            media_type=sub_response.media_type,
        )


def _farewell(kind: str) -> str:
    """The last words on a stream. In parts, an error beside the `payload` is the stream's own."""
    answer = {"errors": [told()]}
    if kind.startswith("text/event-stream"):
        return LineFeedSSE().encode_event("next", _text(answer))
    return Parts().encode_multipart_data({"payload": None} | answer, _text)


def _text(data: object) -> str:
    return orjson.dumps(data).decode()


def _kind(request: Request | AsyncHTTPRequestAdapter) -> str:
    """The media type of a request's body."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _status_of(failure: Exception) -> int:
    """Mutations may come by another method; a stream may be accepted as one."""
    forbidden = getattr(failure, "operation_type", None)
    return 405 if forbidden is OperationType.MUTATION else 400


def _retry_after(answer: Any) -> dict[str, str] | None:
    """When all that was refused for coming too often may come again."""
    told = [error["extensions"] for error in answer.get("errors", ())]
    waits = [extensions["retryAfter"] for extensions in told if "retryAfter" in extensions]
    return {"Retry-After": str(max(waits))} if waits else None


def _accepted(request: Request | WebSocket) -> str:
    """The media type to answer with: the newer one where the client names it."""
    return RESPONSE_TYPE if RESPONSE_TYPE in request.headers.get("accept", "") else JSON_TYPE


def _refused(request: Request, refusal: HTTPException) -> Response:
    """A refusal of the request as such, in the form of every other error."""
    code = CODES.get(refusal.status_code, "BAD_REQUEST")
    error = {"message": refusal.reason, "extensions": {"code": code}}
    allow = {"Allow": "POST" if request.method == "GET" else "GET, POST"}
    headers = {405: allow, 408: {"Connection": "close"}}
    return Response(
        orjson.dumps({"errors": [error]}),
        status_code=refusal.status_code,
        headers=headers.get(refusal.status_code),
        media_type=_accepted(request),
    )


def bounded(receive: Receive, seconds: float, most: int = BODY_BYTES_MAX) -> Receive:
    """The same request body, refused once it has too many bytes or takes too long to come."""
    seen = 0
    deadline = asyncio.get_running_loop().time() + seconds

    async def bounded() -> Message:
        nonlocal seen
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, f"A request arrives within {seconds:g} seconds.") from None
        seen += len(message.get("body", b""))
        if seen > most:
            raise HTTPException(413, f"A request has at most {most:,} bytes.")
        return message

    return bounded
