"""GraphQL over WebSocket: the graphql-transport-ws protocol.

What is wrong with one operation is answered to that operation and leaves the socket to the others. Each
operation has a context of its own: what one read is never shown by another, however long the socket lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import orjson
from graphql import GraphQLError
from starlette.websockets import WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    Message,
    PingMessage,
    SubscribeMessage,
)
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.utils.aio import aclosing

from resolvers.context import Context
from resolvers.errors import translate

BAD_REQUEST = {"code": "BAD_REQUEST"}


class SocketAdapter(ASGIWebSocketAdapter):
    async def send_json(self, message: Mapping[str, object]) -> None:
        """Text frames: clients do not expect GraphQL in binary ones."""
        try:
            await self.ws.send_text(orjson.dumps(message).decode())
        except (WebSocketDisconnect, RuntimeError) as gone:
            raise WebSocketDisconnected from gone


class SocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    async def handle_message(self, message: Message) -> None:
        if not isinstance(message, dict):
            await self.handle_invalid_message("A message is a JSON object.")
            return
        await super().handle_message(message)

    async def handle_ping(self, message: PingMessage) -> None:
        pong: dict[str, object] = {"type": "pong"}
        if "payload" in message:
            pong["payload"] = message["payload"]
        await self.send_message(cast(Message, pong))

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Refuse an odd payload to its operation instead of closing the socket."""
        problem = _problem(message)
        if problem is None or not self.connection_acknowledged:
            await super().handle_subscribe(message)
            return
        error = {"message": problem, "extensions": BAD_REQUEST}
        await self.send_message(
            cast(Message, {"id": message["id"], "type": "error", "payload": [error]})
        )

    async def run_operation(self, operation: Operation[Context, None]) -> None:
        """Answer one operation, whatever becomes of it."""
        try:
            stream = await self.schema.stream(
                operation.query,
                variable_values=operation.variables,
                context_value=self.context.again(),
                operation_name=operation.operation_name,
            )
            async with aclosing(stream):
                await self._send_result_stream(operation, stream)
            await operation.send_operation_message({"id": operation.id, "type": "complete"})
        except WebSocketDisconnected:
            self.operations.pop(operation.id, None)
        except Exception as failure:
            wrapped = GraphQLError("", original_error=failure)
            await operation.send_initial_errors(translate([wrapped]))

    async def _send_result_stream(self, operation: Operation[Context, None], stream: Any) -> None:
        async for result in stream:
            if isinstance(result, PreExecutionError):
                await operation.send_initial_errors(translate(result.errors or []))
                return
            if result.errors:
                result.errors = translate(result.errors)
            await operation.send_next(cast(ExecutionResult, result))


def _problem(message: Any) -> str | None:
    """What is wrong with the payload of a subscribe message."""
    payload = message["payload"]
    if not isinstance(message["id"], str):
        return "An operation's id is a string."
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return "The payload is an object with a query."
    if not isinstance(payload.get("variables"), dict | None):
        return "Variables are an object."
    if not isinstance(payload.get("operationName"), str | None):
        return "The operation's name is a string."
    return None
