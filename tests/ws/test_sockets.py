"""GraphQL over WebSocket: the graphql-transport-ws protocol, frame by frame."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import random
import string
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from models import Project
from models.database import statement
from services import projects
from services.work import perform
from storyreel.endpoint import Endpoint
from storyreel.sockets import SocketAdapter
from tests.conftest import Home
from tests.making import a_project, a_scene
from tests.serving import Site, a_site, listeners, nobody_listens, somebody_listens
from tests.sockets import Socket, a_small_mouth, a_socket, a_wire

LIVE = "subscription ($id: ID!) { liveProject(id: $id) { title scenes { title } } }"
EVENTS = (
    "subscription ($id: ID!, $after: Cursor) { projectEvents(projectId: $id, after: $after)"
    " { __typename ... on ProjectChanges { cursor events { kind } } } }"
)
UNKNOWN = "prj_01h455vb4pex5vsknk084sn02q"


@pytest.fixture
async def client(site: Site) -> AsyncIterator[Socket]:
    async with a_socket(site.ws_url) as acknowledged:
        yield acknowledged


@pytest.fixture
def no_complaints(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a client can do is worth a warning, let alone a traceback."""
    yield
    assert [
        r.getMessage() for r in caplog.get_records("call") if r.levelno >= logging.WARNING
    ] == []


async def retitle(home: Home, project: Project, title: str) -> None:
    act = projects.update_project
    await perform(home.world, home.owner, act, project.id, {"title": title})


async def alive(client: Socket, op: str = "alive") -> bool:
    """Whether the socket still answers an operation."""
    await client.subscribe("{ __typename }", op)
    answered = await client.data(op) == {"__typename": "Query"}
    return answered and await client.answer(op) == {"id": op, "type": "complete"}


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
INIT = {"type": "connection_init"}
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


ODD: dict[str, tuple[Any, str]] = {
    "a syntax error": ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
    "an unknown field": ({"query": "{ x }"}, "GRAPHQL_VALIDATION_FAILED"),
    "an unknown operation": (
        {"query": "query A { __typename }", "operationName": "B"},
        "BAD_REQUEST",
    ),
    "no operation": ({"query": "fragment F on Query { __typename }"}, "BAD_REQUEST"),
    "an empty query": ({"query": ""}, "BAD_REQUEST"),
    "a missing variable": ({"query": LIVE}, "INVALID_INPUT"),
    "a number as query": ({"query": 1}, "BAD_REQUEST"),
    "no query": ({}, "BAD_REQUEST"),
    "a list as payload": ([], "BAD_REQUEST"),
    "a string as payload": ("{ __typename }", "BAD_REQUEST"),
    "variables in a list": ({"query": LIVE, "variables": ["x"]}, "BAD_REQUEST"),
    "a number as name": ({"query": "{ __typename }", "operationName": 1}, "BAD_REQUEST"),
}


@pytest.mark.parametrize(("payload", "code"), ODD.values(), ids=ODD)
@pytest.mark.usefixtures("no_complaints")
async def test_what_is_wrong_with_one_operation_is_told_to_it_and_leaves_the_others(
    site: Site, client: Socket, payload: Any, code: str
) -> None:
    project = await a_project(site.home, title="One")
    await client.subscribe(LIVE, "live", id=project.id)
    await client.data("live")

    await client.send({"id": "odd", "type": "subscribe", "payload": payload})
    answer = await client.answer("odd")

    assert answer["type"] == "error"
    assert [error["extensions"]["code"] for error in answer["payload"]] == [code]
    await retitle(site.home, project, "Two")
    assert (await client.data("live"))["liveProject"]["title"] == "Two"
    assert await alive(client, "odd")


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ("{ __typename }", {"__typename": "Query"}),
        (
            'mutation { createProject(input: {prompt: "x", title: "Y"}) { title } }',
            {"createProject": {"title": "Y"}},
        ),
    ],
    ids=["query", "mutation"],
)
async def test_queries_and_mutations_answer_once(
    client: Socket, query: str, data: dict[str, Any]
) -> None:
    assert [answer async for answer in client.follow(query)] == [data]


async def test_of_two_operations_the_named_one_runs(client: Socket) -> None:
    query = "query A { a: __typename } query B { b: __typename }"
    payload = {"query": query, "operationName": "B", "variables": None, "extensions": None}
    await client.send({"id": "1", "type": "subscribe", "payload": payload})

    assert await client.data() == {"b": "Query"}


async def test_a_refusal_inside_a_stream_keeps_its_code(site: Site, client: Socket) -> None:
    one, other = await a_project(site.home), await a_project(site.home)
    answer = await site.post("query ($id: ID!) { project(id: $id) { cursor } }", id=other.id)
    foreign = answer.json()["data"]["project"]["cursor"]

    await client.subscribe(EVENTS, "unknown", id=UNKNOWN)
    await client.subscribe(EVENTS, "foreign", id=one.id, after=foreign)

    assert await refusal(client, "unknown") == {"code": "NOT_FOUND", "field": "projectId"}
    assert await refusal(client, "foreign") == {"code": "INVALID_INPUT", "field": "after"}


async def refusal(client: Socket, op: str) -> Any:
    """The extensions of the only error of an operation, which must then be complete."""
    [error] = (await client.answer(op))["payload"]["errors"]
    assert await client.answer(op) == {"id": op, "type": "complete"}
    return error["extensions"]


async def test_what_nobody_expected_is_masked_in_a_stream(
    site: Site, client: Socket, caplog: pytest.LogCaptureFixture
) -> None:
    project = await a_project(site.home)
    await statement("ALTER TABLE scene RENAME TO scene_away")
    try:
        await client.subscribe(LIVE, id=project.id)
        [error] = (await client.answer())["payload"]["errors"]
    finally:
        await statement("ALTER TABLE scene_away RENAME TO scene")

    reference = error["extensions"]["reference"]
    assert error["message"] == f"Something went wrong here; it is logged as {reference}."
    assert [r.exc_info is not None for r in caplog.records if reference in r.getMessage()] == [True]


async def test_each_event_and_each_operation_reads_anew(site: Site, client: Socket) -> None:
    project = await a_project(site.home, title="One")
    await a_scene(site.home, project, title="A")
    live = client.follow(LIVE, "live", id=project.id)
    query = LIVE.replace("subscription", "query").replace("liveProject", "project")

    for title in ("One", "Two", "Three"):
        await retitle(site.home, project, title)
        async with asyncio.timeout(5):
            while (await anext(live))["liveProject"]["title"] != title:
                pass
        [asked] = [answer async for answer in client.follow(query, id=project.id)]
        assert asked["project"]["title"] == title
    await a_scene(site.home, project, title="B")

    assert (await anext(live))["liveProject"]["scenes"] == [{"title": "A"}, {"title": "B"}]


async def test_what_one_operation_read_is_not_shown_by_the_next(site: Site, client: Socket) -> None:
    project = await a_project(site.home)
    query = "query ($id: ID!) { project(id: $id) { scenes { title } } }"
    titles = []
    for title in ("A", "B"):
        await a_scene(site.home, project, title=title)
        [answer] = [data async for data in client.follow(query, id=project.id)]
        titles.append([scene["title"] for scene in answer["project"]["scenes"]])

    assert titles == [["A"], ["A", "B"]]


async def test_completing_an_operation_ends_it_and_no_other(site: Site, client: Socket) -> None:
    project = await a_project(site.home)
    for op in ("1", "2"):
        await client.subscribe(LIVE, op, id=project.id)
        await client.data(op)

    await client.complete("1")
    await client.complete("never begun")
    await retitle(site.home, project, "Two")

    assert (await client.data("2"))["liveProject"]["title"] == "Two"
    assert await alive(client, "1")
    await client.complete("2")
    await nobody_listens(site.home.world.bus)


@pytest.mark.parametrize("abruptly", [False, True], ids=["closing", "abruptly"])
@pytest.mark.usefixtures("no_complaints")
async def test_nobody_listens_any_more_when_the_client_has_gone(site: Site, abruptly: bool) -> None:
    project = await a_project(site.home)
    async with a_socket(site.ws_url) as client:
        for op in ("1", "2", "3"):
            await client.subscribe(LIVE, op, id=project.id)
            await client.data(op)
        if abruptly:
            client.wire.transport.abort()

    await nobody_listens(site.home.world.bus)


async def test_a_socket_runs_a_hundred_operations_and_refuses_more(
    site: Site, client: Socket
) -> None:
    project = await a_project(site.home)
    for number in range(100):
        await client.subscribe(EVENTS, str(number), id=project.id)
    await client.subscribe(EVENTS, "more", id=project.id)

    answer = await client.answer("more")
    assert answer["type"] == "error"
    assert answer["payload"][0]["extensions"] == {"code": "LIMIT_EXCEEDED"}
    await client.complete("7")
    assert await alive(client)


@pytest.mark.parametrize("then", ["reads on", "asks on", "goes"])
@pytest.mark.usefixtures("no_complaints")
async def test_a_stalled_reader_is_let_go_of_and_delays_nobody(home: Home, then: str) -> None:
    class Impatient(SocketAdapter):
        send_seconds = 0.2

    class ImpatientEndpoint(Endpoint):
        websocket_adapter_class = Impatient

    project = await a_project(home, prompt="x" * 20_000)
    many = " ".join(f"p{number}: prompt" for number in range(100))
    query = f"subscription ($id: ID!) {{ liveProject(id: $id) {{ {many} }} }}"
    async with (
        a_site(home, ImpatientEndpoint(home.context)) as site,
        a_wire(
            site.ws_url, compression=None, max_size=None, sock=await a_small_mouth(site.url)
        ) as stalled,
        a_socket(site.ws_url) as other,
    ):
        stalled.wire.transport.pause_reading()
        await stalled.send(INIT)
        await stalled.subscribe(query, "1", id=project.id)
        await stalled.subscribe(query, "2", id=project.id)
        await somebody_listens(home.world.bus)
        async with asyncio.timeout(20):
            for number in count():
                if not listeners(home.world.bus):
                    break
                await retitle(home, project, f"Again {number}")
                await asyncio.sleep(0.05)

        assert await alive(other)
        if then == "asks on":
            await stalled.subscribe("{ __typename }", "3")
            assert await alive(other)
        if then == "goes":
            stalled.wire.transport.abort()
        else:
            stalled.wire.transport.resume_reading()
            assert await stalled.close_code() in (1013, 1006)
    gc.collect()  # a task that nobody waited for complains when it is collected


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
