"""GraphQL over server-sent events, one connection for each operation."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL

from models import Project
from schema.cursor import feed_cursor
from services import projects
from services.work import perform
from storyreel.server.http_protocol import HttpProtocol
from storyreel.transport.endpoint import Endpoint
from storyreel.transport.streams import LineFeedSSE
from tests.conftest import Home
from tests.making import a_project, until
from tests.serving import Site, a_site, listeners, nobody_listens, somebody_listens
from tests.sockets import a_socket

LIVE = "subscription ($id: ID!) { liveProject(id: $id) { title } }"
EVENTS = (
    "subscription ($id: ID!, $after: Cursor) { projectEvents(projectId: $id, after: $after)"
    " { __typename ... on ProjectChanges { cursor events { kind } } } }"
)
COMPLETE = "event: complete\ndata: \n\n"


@dataclass
class Stream:
    """What a server sends, event by event and as it stood on the wire."""

    response: httpx.Response

    def __post_init__(self) -> None:
        self._chunks = self.response.aiter_text()
        self._rest = ""

    async def frame(self) -> str:
        """The next block up to its empty line."""
        async with asyncio.timeout(5):
            while "\n\n" not in self._rest:
                self._rest += await anext(self._chunks)
        block, self._rest = self._rest.split("\n\n", 1)
        return f"{block}\n\n"

    async def next(self) -> Any:
        """The payload of the next event, which must be a `next`."""
        *_, event, data = (await self.frame()).removesuffix("\n\n").split("\n")
        assert event == "event: next"
        return json.loads(data.removeprefix("data: "))

    async def rest(self) -> str:
        async with asyncio.timeout(5):
            return self._rest + "".join([chunk async for chunk in self._chunks])


@asynccontextmanager
async def streaming(
    site: Site,
    query: str,
    method: str = "POST",
    last_event_id: str | None = None,
    **variables: Any,
) -> AsyncIterator[Stream]:
    headers = {"Accept": "text/event-stream"}
    if last_event_id is not None:
        headers["Last-Event-ID"] = last_event_id
    body = {"query": query, "variables": variables}
    sent: dict[str, Any] = {"json": body}
    if method == "GET":
        sent = {"params": {"query": query, "variables": json.dumps(variables)}}
    async with site.http.stream(method, site.url, headers=headers, **sent) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "no-cache" in response.headers["cache-control"]
        yield Stream(response)


async def retitle(home: Home, project: Project, title: str) -> None:
    act = projects.update_project
    await perform(home.world, home.owner, act, project.id, {"title": title})


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_subscription_sends_next_events_framed_with_line_feeds(
    served: Site, method: str
) -> None:
    project = await a_project(served.home, title="One")

    async with streaming(served, LIVE, method, id=project.id) as stream:
        assert await stream.frame() == (
            'event: next\ndata: {"data":{"liveProject":{"title":"One"}}}\n\n'
        )
        await retitle(served.home, project, "Two")
        assert await stream.next() == {"data": {"liveProject": {"title": "Two"}}}


async def test_a_stream_that_ends_says_so(served: Site) -> None:
    project = await a_project(served.home)

    async with streaming(served, LIVE, id=project.id) as stream:
        await stream.frame()
        await perform(served.home.world, served.home.owner, projects.delete_project, project.id)
        assert await stream.rest() == COMPLETE


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
async def test_queries_and_mutations_are_streams_of_one(
    served: Site, query: str, data: object
) -> None:
    async with streaming(served, query) as stream:
        assert (await stream.next())["data"] == data
        assert await stream.rest() == COMPLETE


EITHER = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("{ __typename }", "application/graphql-response+json"),
        ("mutation { x }", "application/graphql-response+json"),
        ("{", "application/graphql-response+json"),
        ("", "application/graphql-response+json"),
        ('subscription { liveProject(id: "x") { id } }', "text/event-stream"),
    ],
    ids=["query", "mutation", "a syntax error", "nothing", "subscription"],
)
async def test_who_takes_either_gets_a_stream_for_subscriptions_only(
    site: Site, query: str, kind: str
) -> None:
    answer = await site.http.post(site.url, json={"query": query}, headers={"Accept": EITHER})

    assert answer.headers["content-type"].partition(";")[0] == kind


BAD = {
    "a syntax error": ("{", {}, "GRAPHQL_PARSE_FAILED"),
    "an unknown field": ("subscription { x }", {}, "GRAPHQL_VALIDATION_FAILED"),
    "a missing variable": (LIVE, {}, "INVALID_INPUT"),
    "an odd id": (LIVE, {"id": "nonsense"}, "INVALID_INPUT"),
    "an unknown project": (LIVE, {"id": "prj_01h455vb4pex5vsknk084sn02q"}, "NOT_FOUND"),
    "no query": ("", {}, "BAD_REQUEST"),
}


@pytest.mark.parametrize(("query", "variables", "code"), BAD.values(), ids=BAD)
async def test_an_error_is_a_coded_event_and_ends_the_stream(
    served: Site, query: str, variables: dict[str, Any], code: str
) -> None:
    async with streaming(served, query, **variables) as stream:
        [error] = (await stream.next())["errors"]
        assert error["extensions"]["code"] == code
        assert error["message"]
        assert await stream.rest() == COMPLETE


async def test_a_foreign_cursor_is_refused_within_the_stream(served: Site) -> None:
    one, other = await a_project(served.home), await a_project(served.home)
    answer = await served.post("query ($id: ID!) { project(id: $id) { cursor } }", id=other.id)
    cursor = answer.json()["data"]["project"]["cursor"]

    async with streaming(served, EVENTS, id=one.id, after=cursor) as stream:
        [error] = (await stream.next())["errors"]

    assert error["extensions"] == {"code": "INVALID_INPUT", "field": "after"}


async def test_events_carry_their_cursor_and_a_stream_goes_on_after_the_last_one(
    served: Site,
) -> None:
    project = await a_project(served.home)
    start = feed_cursor(project.id, 0)
    for title in ("Two", "Three"):
        await retitle(served.home, project, title)
    async with streaming(served, EVENTS, id=project.id, after=start) as stream:
        line, event, data = (await stream.frame()).strip().split("\n")
        seen = line.removeprefix("id: ")
        assert json.loads(data.removeprefix("data: "))["data"]["projectEvents"]["cursor"] == seen
    await retitle(served.home, project, "Four")

    async with streaming(served, EVENTS, id=project.id, after=start, last_event_id=seen) as again:
        changes = (await again.next())["data"]["projectEvents"]

    assert event == "event: next"
    assert len(changes["events"]) == 1


async def test_a_last_event_id_that_is_none_of_ours_is_refused(served: Site) -> None:
    project = await a_project(served.home)

    async with streaming(served, EVENTS, id=project.id, last_event_id="elsewhere") as stream:
        [error] = (await stream.next())["errors"]

    assert error["extensions"]["code"] == "INVALID_INPUT"


async def test_a_live_query_has_no_ids(served: Site) -> None:
    project = await a_project(served.home)

    async with streaming(served, LIVE, id=project.id) as stream:
        assert (await stream.frame()).startswith("event: next\n")


async def test_a_mutation_by_get_is_refused_in_a_stream_too(served: Site) -> None:
    query = 'mutation { createProject(input: {prompt: "x"}) { id } }'

    async with streaming(served, query, "GET") as stream:
        [error] = (await stream.next())["errors"]

    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert await Project.all().count() == 0


async def test_a_silent_stream_is_kept_alive_by_comments(home: Home) -> None:
    class Brisk(LineFeedSSE):
        def __init__(self) -> None:
            super().__init__(heartbeat_interval=0.05)

    class BriskEndpoint(Endpoint):
        stream_transport_classes_by_protocol = {GRAPHQL_SSE_PROTOCOL: Brisk}

    project = await a_project(home)
    async with (
        a_site(home, BriskEndpoint(home.context)) as site,
        streaming(site, EVENTS, id=project.id) as stream,
    ):
        assert [await stream.frame() for _ in range(3)] == [": ping\n\n"] * 3
        await retitle(home, project, "Two")
        frames = [await stream.frame() for _ in range(5)]

    assert any("event: next\n" in frame for frame in frames)


MULTIPART = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"


async def test_a_stream_in_parts_has_payloads_and_ends(served: Site) -> None:
    project = await a_project(served.home, title="One")
    body = {"query": LIVE, "variables": {"id": project.id}}
    headers = {"Accept": MULTIPART}
    async with served.http.stream("POST", served.url, json=body, headers=headers) as response:
        chunks = response.aiter_text()
        got = ""
        async with asyncio.timeout(5):
            while "One" not in got:
                got += await anext(chunks)
            await perform(served.home.world, served.home.owner, projects.delete_project, project.id)
            got += "".join([chunk async for chunk in chunks])

    assert response.headers["content-type"] == MULTIPART
    payload = '{"payload":{"data":{"liveProject":{"title":"One"}}}}'
    kind = "Content-Type: application/json; charset=utf-8"
    part = f"\r\n{kind}\r\nContent-Length: {len(payload)}\r\n\r\n{payload}\r\n--graphql"
    assert part in got
    assert got.endswith("\r\n--graphql--\r\n")


async def test_streams_and_sockets_share_what_they_follow(home: Home) -> None:
    endpoint = Endpoint(home.context)
    project = await a_project(home)
    variables = {"id": project.id, "after": feed_cursor(project.id, 1)}
    async with (
        a_site(home, endpoint) as site,
        streaming(site, EVENTS, **variables) as one,
        streaming(site, EVENTS, "GET", **variables) as other,
        a_socket(site.ws_url) as client,
    ):
        await client.subscribe(EVENTS, **variables)
        await until(lambda: _has(endpoint, 3))
        groups, listening = list(endpoint.groups._groups), listeners(home.world.bus)
        await retitle(home, project, "Two")
        frames = [await one.frame(), await other.frame()]
        data = await client.data()

    assert (len(groups), listening) == (1, 1)
    [line, _, told] = frames[0].strip().split("\n")
    assert frames[1] == frames[0]
    assert json.loads(told.removeprefix("data: ")) == {"data": data}
    assert line == f"id: {data['projectEvents']['cursor']}"
    await nobody_listens(home.world.bus)


async def _has(endpoint: Endpoint, followers: int) -> bool:
    return sum(group.followers for group in endpoint.groups._groups.values()) == followers


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
async def test_nobody_listens_any_more_when_the_client_has_gone(served: Site, busy: bool) -> None:
    project = await a_project(served.home)
    async with streaming(served, EVENTS, id=project.id) as stream:
        await somebody_listens(served.home.world.bus)
        if busy:
            await retitle(served.home, project, "Two")
            await stream.next()

    await nobody_listens(served.home.world.bus)


async def test_who_reads_nothing_for_long_is_hung_up_on(home: Home) -> None:
    class Impatient(HttpProtocol):
        send_seconds = 0.2

    project = await a_project(home, prompt="x" * 20_000)
    many = " ".join(f"p{number}: prompt" for number in range(100))
    query = f"subscription ($id: ID!) {{ liveProject(id: $id) {{ {many} }} }}"
    async with a_site(home, http=Impatient) as site:
        stalled = await _asked_and_never_read(site, query, project.id)
        try:
            await somebody_listens(home.world.bus)
            async with asyncio.timeout(10):
                number = 0
                while listeners(home.world.bus):
                    await retitle(home, project, f"Again {(number := number + 1)}")
                    await asyncio.sleep(0.05)
        finally:
            stalled.close()


async def _asked_and_never_read(site: Site, query: str, project_id: str) -> socket.socket:
    """A connection that takes little before the server has to wait."""
    body = json.dumps({"query": query, "variables": {"id": project_id}})
    url = httpx.URL(site.url)
    head = (
        f"POST {url.path} HTTP/1.1\r\nHost: {url.host}\r\nAccept: text/event-stream\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    mouth = socket.socket()
    mouth.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    mouth.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(mouth, (url.host, url.port))
    await loop.sock_sendall(mouth, (head + body).encode())
    return mouth
