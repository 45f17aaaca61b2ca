"""GraphQL over WebSocket: the graphql-transport-ws protocol.

What is wrong with one operation is answered to that operation and leaves the socket to the others.
Each operation has a context of its own: what one read is never shown by another, however long the
socket lives.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from starlette.websockets import WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.exceptions import MissingQueryError, StrawberryGraphQLError
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    PingMessage,
    SubscribeMessage,
)
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.utils.aio import aclosing

from resolvers.context import Context
from resolvers.errors import translate
from resolvers.sharing import shared
from resolvers.watch import watching
from services.errors import RateLimited, Refusal, Unavailable, refusal_in

from ..entrance.admission import FORBIDDEN, SHOWN_OUT, Reception, TurnedAway
from ..server.socket_protocol import FRAMES, SocketProtocol
from .delivery import Follower
from .outlets import Outlet, SocketWire

if TYPE_CHECKING:
    from graphql import GraphQLError

    from .endpoint import Endpoint

NOTHING_TO_RUN = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)
SUBSCRIBE = "Subscribe over a WebSocket, or accept text/event-stream as answer."
SEND_SECONDS = 10.0
TRY_AGAIN_LATER = 1013  # clients do
FAREWELL_SECONDS = 2.0
CLOSE_REASON_BYTES = 123  # all that fits into a control frame


class SocketAdapter(ASGIWebSocketAdapter):
    send_seconds = SEND_SECONDS

    _closing: asyncio.Task[None] | None = None

    def wire(self, operation_id: str) -> SocketWire:
        """The way for frames made once for many; straight where the server has such a one."""
        return SocketWire(operation_id, self.send_text, self._connection)

    @property
    def _connection(self) -> SocketProtocol | None:
        offered = self.ws.scope.get("extensions", {}).get(FRAMES, {})
        connection = offered.get("connection")
        return connection if isinstance(connection, SocketProtocol) else None

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Text frames: clients do not expect GraphQL in binary ones."""
        await self.send_text(self.view.encode_json_string(message))

    async def send_text(self, message: str) -> None:
        """Whoever reads nothing for `send_seconds` counts as gone: operations end at once, the
        socket as soon as it takes a closing frame."""
        try:
            async with asyncio.timeout(self.send_seconds):
                await self.ws.send_text(message)
        except (WebSocketDisconnect, RuntimeError) as gone:
            raise WebSocketDisconnected from gone
        except TimeoutError as stalled:
            self._closing = asyncio.create_task(self._give_up())
            raise WebSocketDisconnected from stalled

    async def _give_up(self) -> None:
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self.close(TRY_AGAIN_LATER, "Nothing was read for long.")
        except TimeoutError:
            if self._connection is not None:
                self._connection.abort()

    async def close(self, code: int, reason: str) -> None:
        short = reason.encode()[:CLOSE_REASON_BYTES].decode(errors="ignore")
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await super().close(code, short)


class SocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    view: Endpoint
    websocket: SocketAdapter

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._followers: dict[str, Follower] = {}
        self._extensions: dict[str, dict[str, Any] | None] = {}
        """What came beside the documents of operations that have not begun yet."""

    async def handle(self) -> None:
        reception: Reception | None = getattr(self.view, "reception", None)
        with reception.inside(self.context, self.leave) if reception else contextlib.nullcontext():
            await super().handle()

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        try:
            await super().handle_connection_init(message)
        except TurnedAway as refusal:
            await self.websocket.close(refusal.close_code, str(refusal))
        except Exception as failure:
            later = refusal_in(failure)
            if not isinstance(later, Unavailable | RateLimited):
                raise
            await self.websocket.close(TRY_AGAIN_LATER, str(later))

    async def leave(self) -> None:
        """Nothing more is sent to who has to go, and nothing more is begun for them."""
        self.connection_acknowledged = False
        for operation_id in tuple(self.operations):
            await self.cleanup_operation(operation_id)
        await self.websocket.close(FORBIDDEN, SHOWN_OUT)

    async def handle_message(self, message: Any) -> None:
        if not isinstance(message, dict) or not isinstance(message.get("id", ""), str):
            await self.handle_invalid_message("A message is a JSON object, and an id is a string.")
            return
        if message.get("payload", message) is None:
            del message["payload"]  # as good as absent
        await super().handle_message(cast(Message, message))

    async def handle_ping(self, message: PingMessage) -> None:
        pong: dict[str, object] = {"type": "pong"}
        if "payload" in message:
            pong["payload"] = message["payload"]
        try:
            await self.send_message(cast(Message, pong))
        except TypeError:  # nested too deeply to be written again
            await self.handle_invalid_message("A ping carries less than this.")

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Refuse an odd payload to its operation instead of closing the socket."""
        known = self.connection_acknowledged and message["id"] not in self.operations
        refusal = self._refusal(message) if known else None
        if refusal is None:
            if known:
                self._extensions[message["id"]] = message["payload"].get("extensions")
            await super().handle_subscribe(message)
            return
        code, reason = refusal
        error = {"message": reason, "extensions": {"code": code}}
        answer = {"id": message["id"], "type": "error", "payload": [error]}
        await self.send_message(cast(Message, answer))

    def _refusal(self, message: Any) -> tuple[str, str] | None:
        """Put the document that the payload means into it, or tell why not."""
        limit = self.max_subscriptions_per_connection
        if limit is not None and len(self.operations) >= limit:
            return "LIMIT_EXCEEDED", f"At most {limit} operations run on one socket."
        payload = message["payload"]
        odd = _odd(payload)
        if odd is not None:
            return "BAD_REQUEST", odd
        query, extensions = payload.get("query"), payload.get("extensions")
        try:
            payload["query"] = self.context.documents.text(query, extensions) or ""
        except Refusal as refusal:
            return refusal.code, str(refusal)
        return None

    async def run_operation(self, operation: Operation[Context, None]) -> None:
        """Answer one operation, whatever becomes of it."""
        extensions = self._extensions.pop(operation.id, None)
        try:
            if not await self._follow(operation):
                await self._execute(operation, extensions)
            await operation.send_operation_message({"id": operation.id, "type": "complete"})
        except WebSocketDisconnected:
            self.operations.pop(operation.id, None)
        except Exception as failure:
            unexpected = StrawberryGraphQLError("", original_error=failure)
            await operation.send_initial_errors(translate([unexpected]))

    async def _follow(self, operation: Operation[Context, None]) -> bool:
        """Deliver what is followed in common; False where it has to be answered by itself."""
        query, variables, name = operation.query, operation.variables, operation.operation_name
        found = shared(self.context, query, variables, name)
        delivery = await self.view.groups.begin(found) if found is not None else None
        if delivery is None:
            return False
        del found  # others may follow the same already
        follower = Follower(Outlet(self.websocket.wire(operation.id)))
        self._followers[operation.id] = follower
        try:
            with watching(self.context.watch, delivery.operation.name, follower.tally):
                await self.view.groups.follow(delivery, follower)
        finally:
            if self._followers.get(operation.id) is follower:
                del self._followers[operation.id]
        return True

    async def cleanup_operation(self, operation_id: str) -> None:
        self._extensions.pop(operation_id, None)
        follower = self._followers.pop(operation_id, None)
        if follower is not None:
            follower.leave()
        await super().cleanup_operation(operation_id)

    async def _execute(
        self, operation: Operation[Context, None], extensions: dict[str, Any] | None
    ) -> None:
        stream = await self.schema.stream(
            operation.query,
            variable_values=operation.variables,
            context_value=self.context.again(),
            operation_name=operation.operation_name,
            operation_extensions=extensions,
        )
        async with aclosing(stream):
            await self._send_result_stream(operation, stream)

    async def _send_result_stream(self, operation: Operation[Context, None], stream: Any) -> None:
        async for result in stream:
            if isinstance(result, PreExecutionError):
                await operation.send_initial_errors(readable(result.errors or []))
                return
            if result.errors:
                result.errors = readable(result.errors)
            await operation.send_next(cast(ExecutionResult, result))


def readable(errors: Iterable[GraphQLError]) -> list[GraphQLError]:
    """The errors of an answer as a client may see them, whatever the transport."""
    errors = list(errors)
    for error in errors:
        cause = error.original_error
        if isinstance(cause, NOTHING_TO_RUN):
            error.message, error.original_error = problem(cause), None
            error.extensions = {"code": "BAD_REQUEST"}
    return translate(errors)


def problem(failure: Exception) -> str:
    """What is wrong with a request in which there is nothing to run."""
    if isinstance(failure, InvalidOperationTypeError):
        if failure.operation_type is OperationType.MUTATION:
            return "Send mutations by POST."
        return SUBSCRIBE
    if isinstance(failure, CannotGetOperationTypeError) and failure.operation_name:
        return failure.as_http_error_reason()
    return "There is no GraphQL operation in the request."


def _odd(payload: Any) -> str | None:
    """What is wrong with the payload of a subscribe message."""
    if not isinstance(payload, dict) or not isinstance(payload.get("extensions"), dict | None):
        return "The payload is an object, and so are its extensions."
    by_hash = payload.get("query") is None and "persistedQuery" in (payload.get("extensions") or {})
    if not by_hash and not isinstance(payload.get("query"), str):
        return "The payload is an object with a query."
    if not isinstance(payload.get("variables"), dict | None):
        return "Variables are an object."
    if not isinstance(payload.get("operationName"), str | None):
        return "The operation's name is a string."
    return None
