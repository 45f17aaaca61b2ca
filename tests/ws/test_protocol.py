"""The graphql-transport-ws protocol, frame by frame, and what is none of it."""

from __future__ import annotations

import json
import random
import string
from datetime import timedelta
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from storyreel.transport.endpoint import Endpoint
from tests.conftest import Home
from tests.making import a_project
from tests.serving import Site, a_site, nobody_listens
from tests.sockets import INIT, Socket, a_socket, a_wire, alive
from tests.ws.following import EVENTS, LIVE, UNKNOWN


@pytest.mark.parametrize(
    "init",
    [{}, {"payload": {}}, {"payload": None}, {"payload": {"token": "x"}}],
    ids=["nothing", "empty", "null", "parameters"],
)
async def test_an_initialisation_is_acknowledged(site: Site, init: dict[str, Any]) -> None:
    async with a_wire(site.ws_url) as wire:
        await wire.send({"type": "connection_init"} | init)

        assert await wire.receive() == {"type": "connection_ack"}


async def test_a_ping_is_echoed_before_and_after_the_initialisation(site: Site) -> None:
    async with a_wire(site.ws_url) as wire:
        await wire.send({"type": "ping", "payload": {"at": 1}})
        assert await wire.receive() == {"type": "pong", "payload": {"at": 1}}
        await wire.send({"type": "connection_init"})
        await wire.send({"type": "pong"})
        assert await wire.receive() == {"type": "connection_ack"}
        await wire.send({"type": "ping"})
        assert await wire.receive() == {"type": "pong"}


SUBSCRIBE = {"id": "1", "type": "subscribe", "payload": {"query": "{ __typename }"}}
CLOSING: dict[str, tuple[list[Any], int]] = {
    "an operation before the acknowledgement": ([SUBSCRIBE], 4401),
    "a second initialisation": ([INIT, INIT], 4429),
    "parameters in a list": ([{"type": "connection_init", "payload": [1]}], 4400),
    "an unknown type": ([INIT, {"type": "start"}], 4400),
    "a type of 200 characters": ([INIT, {"type": "é" * 200}], 4400),
    "a type that is a list": ([INIT, {"type": []}], 4400),
    "no type": ([INIT, {}], 4400),
    "an operation without id": ([INIT, {"type": "subscribe", "payload": {"query": "{a}"}}], 4400),
    "an operation without payload": ([INIT, {"type": "subscribe", "id": "1"}], 4400),
    "a number as id": ([INIT, SUBSCRIBE | {"id": 1}], 4400),
    "a list as id": ([INIT, {"type": "complete", "id": []}], 4400),
    "no id to complete": ([INIT, {"type": "complete"}], 4400),
    "a list": ([INIT, [SUBSCRIBE]], 4400),
    "a string": ([INIT, "subscribe"], 4400),
    "a number": ([INIT, 1], 4400),
    "null": ([INIT, None], 4400),
}


@pytest.mark.parametrize(("messages", "code"), CLOSING.values(), ids=CLOSING)
@pytest.mark.usefixtures("no_complaints")
async def test_a_breach_of_the_protocol_closes_the_socket_with_its_code(
    site: Site, messages: list[Any], code: int
) -> None:
    async with a_wire(site.ws_url) as wire:
        for message in messages:
            await wire.send(message)

        assert await wire.close_code() == code


@pytest.mark.parametrize(
    "frame",
    [b'{"type":"ping"}', "", "{", "ping", "[" * 100_000, '{"type": NaN}', '"\\ud800"'],
    ids=["binary", "empty", "half", "bare word", "deep", "NaN", "half of a character"],
)
@pytest.mark.usefixtures("no_complaints")
async def test_a_frame_that_is_no_json_text_closes_the_socket(
    site: Site, frame: str | bytes
) -> None:
    async with a_socket(site.ws_url) as client:
        await client.wire.send(frame)

        assert await client.close_code() == 4400


async def test_the_id_of_a_running_operation_cannot_be_used_twice(
    site: Site, client: Socket
) -> None:
    project = await a_project(site.home)
    await client.subscribe(LIVE, id=project.id)
    await client.data()
    await client.send(SUBSCRIBE | {"payload": {"query": 1}})

    assert await client.close_code() == 4409


async def test_an_id_is_free_again_once_its_operation_is_complete(client: Socket) -> None:
    assert await alive(client, "1")
    assert await alive(client, "1")


async def test_a_client_that_does_not_initialise_is_sent_away(home: Home) -> None:
    endpoint = Endpoint(home.context)
    endpoint.connection_init_wait_timeout = timedelta(milliseconds=50)

    async with a_site(home, endpoint) as site, a_wire(site.ws_url) as wire:
        assert await wire.close_code() == 4408


@pytest.mark.parametrize("offered", [None, ["graphql-ws"], ["other"]], ids=["none", "old", "other"])
async def test_other_subprotocols_are_refused(site: Site, offered: Any) -> None:
    async with a_wire(site.ws_url, subprotocols=offered) as wire:
        assert await wire.close_code() == 4406


async def test_pages_of_other_origins_are_refused(site: Site) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with a_wire(site.ws_url, origin="https://elsewhere.example"):
            pass


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.usefixtures("no_complaints")
async def test_garbage_neither_stops_the_server_nor_makes_it_complain(
    site: Site, seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(25):
        async with a_wire(site.ws_url) as wire:
            if chance.random() < 0.8:
                await wire.send(INIT)
            try:
                for _ in range(chance.randint(1, 6)):
                    await wire.wire.send(_garbage(chance))
                if chance.random() < 0.3:
                    wire.wire.transport.abort()
            except ConnectionClosed:
                pass

    await nobody_listens(site.home.world.bus)
    async with a_socket(site.ws_url) as client:
        assert await alive(client)


def _garbage(chance: random.Random) -> str | bytes:
    """Something like a message, with something wrong at some place, or at none."""
    if chance.random() < 0.1:
        return chance.randbytes(chance.randint(0, 40))
    if chance.random() < 0.1:
        return "".join(chance.choices(string.printable + "é\0\u2028😀", k=20))
    odd: list[Any] = [None, 0, -1.5, True, "", "x", "é" * 300, [], [1], {}, {"a": {"b": []}}]
    query: list[Any] = [
        "{ __typename }",
        "{",
        LIVE,
        EVENTS,
        "mutation { x }",
        "query A { a: __typename }",
    ]
    payload = {
        "query": chance.choice([*query, *odd]),
        "variables": chance.choice([None, {"id": UNKNOWN}, {"id": "x", "after": "x"}, *odd]),
        "operationName": chance.choice([None, None, "A", *odd]),
    }
    message = {
        "type": chance.choice(["subscribe"] * 8 + ["complete", "ping", "pong", "next", *odd]),
        "id": chance.choice(["1", "2", "3", *odd]),
        "payload": chance.choice([payload] * 8 + odd),
    }
    for name in list(message):
        if chance.random() < 0.05:
            del message[name]
    return json.dumps(message)


@pytest.mark.usefixtures("no_complaints")
async def test_a_ping_nested_too_deeply_to_be_echoed_is_a_malformed_message(site: Site) -> None:
    async with a_socket(site.ws_url) as client:
        await client.wire.send('{"type": "ping", "payload": {"a": ' + "[" * 400 + "]" * 400 + "}}")
        assert await client.close_code() == 4400
