"""Operations over a WebSocket: what they answer, how they end, and how none hinders another."""

from __future__ import annotations

import asyncio
import gc
from itertools import count
from typing import Any

import pytest

from models.database import statement
from storyreel.transport.endpoint import Endpoint
from storyreel.transport.sockets import SocketAdapter
from tests.conftest import Home
from tests.making import a_project, a_scene
from tests.serving import Site, a_site, listeners, nobody_listens, somebody_listens
from tests.sockets import INIT, Socket, a_small_mouth, a_socket, a_wire, alive
from tests.ws.following import EVENTS, LIVE, UNKNOWN, retitle

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
