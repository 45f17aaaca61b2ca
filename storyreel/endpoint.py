"""GraphQL over HTTP and server-sent events, as the GraphQL-over-HTTP specification has it.

A request that never got to run answers 400 without `data`; errors of fields answer 200 beside `data`.
Every error has a code, and no exception's own text reaches a client.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import MissingQueryError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.streaming import SSETransport
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from resolvers import api
from resolvers.context import Context
from resolvers.errors import translate

from .sockets import SocketAdapter, SocketHandler

JSON_TYPE = "application/json"
RESPONSE_TYPE = "application/graphql-response+json"
BODY_BYTES_MAX = 4 * 1024 * 1024
BATCHES = "Send one operation in a request."
SUBSCRIBE = "Subscribe over a WebSocket, or accept text/event-stream as answer."
CODES = {405: "METHOD_NOT_ALLOWED", 413: "LIMIT_EXCEEDED"}


class LineFeedSSE(SSETransport):
    """Events framed with LF: some clients split the stream on empty LF lines only."""

    def encode_event(self, event: str, data: str | None = None) -> str:
        return super().encode_event(event, data).replace("\r\n", "\n")

    def encode_comment(self, comment: str) -> str:
        return super().encode_comment(comment).replace("\r\n", "\n")


class Endpoint(GraphQL[Context, None]):
    """The one GraphQL address, for HTTP requests, event streams and WebSockets."""

    graphql_transport_ws_handler_class = SocketHandler
    websocket_adapter_class = SocketAdapter
    stream_transport_classes_by_protocol = {GRAPHQL_SSE_PROTOCOL: LineFeedSSE}

    def __init__(self, make_context: Callable[[], Context]) -> None:
        super().__init__(
            api,
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL],
        )
        self._make_context = make_context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request = Request(scope, _bounded(receive))
        try:
            response = await self.run(request)
        except HTTPException as refusal:
            response = _refused(request, refusal)
        await response(scope, receive, send)

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        return self._make_context()

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        response = await super().get_sub_response(request)
        response.media_type = _accepted(request)
        return response

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)

    def decode_json(self, data: str | bytes) -> object:
        try:
            return json.loads(data)
        except RecursionError:
            raise json.JSONDecodeError("Nested too deeply", "", 0) from None

    def parse_json(self, data: str | bytes) -> Any:
        parsed = super().parse_json(data)
        if isinstance(parsed, list):
            raise HTTPException(400, BATCHES)
        if not isinstance(parsed, dict):
            raise HTTPException(400, "The request must be a JSON object.")
        return parsed

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> Any:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        if request.method == "POST" and kind != JSON_TYPE:
            raise HTTPException(415, f"The request must be {JSON_TYPE}.")
        parsed = await super().parse_http_body(request)
        if parsed.operation_name is not None and not isinstance(parsed.operation_name, str):
            raise HTTPException(400, "The operation's name must be a string.")
        return parsed

    async def execute_single(  # noqa: PLR0913  # the signature is Strawberry's
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        request_data: GraphQLRequestData,
        context: Context,
        root_value: None,
        sub_response: Response,
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
        except CannotGetOperationTypeError as refusal:
            raise HTTPException(400, refusal.as_http_error_reason() + ".") from None
        except InvalidOperationTypeError as refusal:
            if refusal.operation_type is OperationType.MUTATION:
                raise HTTPException(405, "Send mutations by POST.") from None
            raise HTTPException(400, SUBSCRIBE) from None
        except MissingQueryError:
            raise HTTPException(400, "There is no GraphQL query in the request.") from None

    async def process_result(
        self, request: Request, result: ExecutionResult
    ) -> GraphQLHTTPResponse:
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [error.formatted for error in translate(result.errors)]
            if result.data is None and not any(error.path for error in result.errors):
                del answer["data"]
        if result.extensions:
            answer["extensions"] = result.extensions
        return answer  # type: ignore[return-value]  # a request error has no `data`

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        return Response(
            self.encode_json(response_data),
            status_code=200 if "data" in response_data else 400,
            media_type=sub_response.media_type,
        )


def _accepted(request: Request | WebSocket) -> str:
    """The media type to answer with: the newer one where the client names it."""
    return RESPONSE_TYPE if RESPONSE_TYPE in request.headers.get("accept", "") else JSON_TYPE


def _refused(request: Request, refusal: HTTPException) -> Response:
    """A refusal of the request as such, in the form of every other error."""
    code = CODES.get(refusal.status_code, "BAD_REQUEST")
    error = {"message": refusal.reason, "extensions": {"code": code}}
    headers = {"Allow": "POST"} if refusal.status_code == 405 else None
    return Response(
        orjson.dumps({"errors": [error]}),
        status_code=refusal.status_code,
        headers=headers,
        media_type=_accepted(request),
    )


def _bounded(receive: Receive) -> Receive:
    """The same request body, refused once it passes BODY_BYTES_MAX."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > BODY_BYTES_MAX:
            raise HTTPException(413, f"A request has at most {BODY_BYTES_MAX:,} bytes.")
        return message

    return bounded
