"""What may go with a socket's messages: compression, and the extensions of requests and answers."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from strawberry.extensions import SchemaExtension

from resolvers.graph import Graph
from storyreel.transport.endpoint import Endpoint
from tests.conftest import Home
from tests.making import a_project
from tests.serving import a_site, a_whole_site
from tests.sockets import a_socket

OFFER = {"compression": "deflate"}


@pytest.mark.parametrize("compressed", [False, True], ids=["by default not", "if switched on"])
async def test_messages_are_compressed_only_where_it_was_switched_on(
    home: Home, compressed: bool
) -> None:
    """Seen in the handshake that a client who would like it gets, and on the wire."""
    project = await a_project(home, prompt="x" * 20_000)
    switched = {"socket_compression": True} if compressed else {}
    received: list[bytes] = []
    async with a_whole_site(home, **switched) as site, a_socket(site.ws_url, **OFFER) as socket:
        told = socket.wire.response
        assert told is not None
        agreed = told.headers.get("Sec-WebSocket-Extensions", "")
        hear = socket.wire.data_received

        def overhear(data: bytes) -> None:
            received.append(data)
            hear(data)

        socket.wire.data_received = overhear  # type: ignore[method-assign]  # all, as it comes
        await socket.subscribe("query ($id: ID!) { project(id: $id) { prompt } }", id=project.id)
        assert (await socket.data())["project"]["prompt"] == project.prompt

    assert agreed.startswith("permessage-deflate") == compressed
    assert (sum(map(len, received)) < 5_000) == compressed


async def test_what_came_beside_a_document_reaches_its_execution_and_answers_carry_theirs(
    home: Home,
) -> None:
    class Echo(SchemaExtension):
        def get_results(self) -> dict[str, Any]:
            return {"heard": self.execution_context.operation_extensions}

    @strawberry.type
    class Query:
        @strawberry.field
        def number(self) -> int:
            return 7

    endpoint = Endpoint(home.context)
    endpoint.schema = Graph(query=Query, extensions=[Echo])
    async with a_site(home, endpoint) as site, a_socket(site.ws_url) as socket:
        for op, extensions in (("1", {"trace": "abc"}), ("2", None)):
            payload = {"query": "{ number }", "extensions": extensions}
            await socket.send({"id": op, "type": "subscribe", "payload": payload})
            answer = (await socket.answer(op))["payload"]
            assert answer["data"] == {"number": 7}
            assert answer["extensions"]["heard"] == extensions
