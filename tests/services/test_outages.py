"""A database that goes away in the middle of it all, and comes back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from models import Presence, Project
from models.database import statement
from resolvers import api
from resolvers.watch import Ended, Watch
from services import feed, projects, scenes
from services.errors import Unavailable
from services.feed import Changes, Place, follow
from services.idempotency import Once
from services.presence import staying
from services.work import Work, perform, perform_once
from tests.conftest import Home
from tests.gate import a_gate, closing
from tests.gate import a_socket as a_socket_of
from tests.making import a_project
from tests.outages import Outage, an_outage
from tests.serving import a_site, an_unserved_whole_site, somebody_listens
from tests.sockets import a_socket, a_wire
from tests.stored import stored

CREATE = 'mutation { createProject(input: {prompt: "A film"}) { id } }'
TITLES = """subscription ($id: ID!) {
  projectEvents(projectId: $id) {
    ... on ProjectChanges { events { ... on ProjectEvent { project { title } } } }
  }
}"""
LIVE = "subscription ($id: ID!) { liveProject(id: $id) { title } }"


@pytest.fixture
async def outage(home: Home, database_url: str) -> AsyncIterator[Outage]:
    async with an_outage(database_url) as one:
        yield one


async def end_connection(url: str) -> None:
    """The one that the next statement from here uses. Nobody here has noticed yet."""
    [found] = await statement("SELECT pg_backend_pid() AS pid")
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("SELECT pg_terminate_backend(%s, 5000)", [found["pid"]])


async def test_a_unit_without_a_database_says_that_nothing_was_done(
    home: Home, outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    project = await a_project(home)
    before = await stored()
    rename = projects.update_project

    await outage.begin()
    for _ in range(7):  # more often than there are connections
        with pytest.raises(Unavailable, match="before anything was done"):
            await perform(home.world, home.owner, rename, project.id, {"title": "Lost"})
    await outage.end()

    assert await stored() == before
    await perform(home.world, home.owner, rename, project.id, {"title": "Kept"})
    assert (await Project.get(id=project.id)).title == "Kept"
    assert {record.levelno for record in caplog.records} <= {logging.INFO, logging.WARNING}


async def test_a_unit_whose_connection_is_ended_in_the_middle_says_that_nothing_was_done(
    home: Home, database_url: str, postgres_url: str
) -> None:
    project = await a_project(home)
    before = await stored()

    async def act(work: Work, *, noticed: bool, in_part: bool) -> None:
        await scenes.create_scene(work, project.id, {"title": "Lost"})
        await end_connection(postgres_url)
        if noticed:
            await asyncio.sleep(0.05)
        if in_part:
            async with work.part():
                await scenes.create_scene(work, project.id, {"title": "Lost too"})
        await scenes.create_scene(work, project.id, {"title": "Lost too"})

    for noticed in (False, True):
        for in_part in (False, True):
            with pytest.raises(Unavailable, match="before anything was done"):
                await perform(home.world, home.owner, act, noticed=noticed, in_part=in_part)

    assert await stored() == before


async def test_a_unit_that_is_lost_at_its_commit_is_done_once_when_it_is_asked_again(
    home: Home, outage: Outage
) -> None:
    given = {"prompt": "A film"}
    once = Once("createProject", "one", given)

    await outage.begin_at_commit()
    with pytest.raises(Unavailable, match="this was done, or it was not"):
        await perform_once(home.world, home.owner, once, projects.create_project, given)
    await outage.end()
    again = await perform_once(home.world, home.owner, once, projects.create_project, given)

    assert [project.id for project in await Project.all()] == [again.id]


async def test_a_query_that_meets_a_broken_connection_is_read_again(
    home: Home, postgres_url: str
) -> None:
    project = await a_project(home)
    ended: list[Ended] = []

    class Noting(Watch):
        def ended(self, end: Ended) -> None:
            ended.append(end)

    context = home.context()
    context.watch = Noting()
    await end_connection(postgres_url)
    result = await api.execute(f'{{ project(id: "{project.id}") {{ id }} }}', context_value=context)

    assert (result.data, result.errors) == ({"project": {"id": project.id}}, None)
    assert [each.outcome for each in ended] == ["ok"]


async def test_requests_are_told_that_it_is_not_their_fault(
    home: Home, outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    project = await a_project(home)
    async with (
        a_site(home) as site,
        a_socket(site.ws_url) as socket,
        an_unserved_whole_site(home) as whole,
    ):
        await outage.begin()
        answers = [await site.post(query) for query in (CREATE, "{ viewer { name } }")]
        await socket.subscribe(CREATE)
        [over_socket] = (await socket.answer())["payload"]["errors"]
        rest = await whole.http.get(
            f"{whole.url.removesuffix('/graphql')}/api/projects/{project.id}/snapshot"
        )
        await outage.end()
        await socket.subscribe(CREATE, "2")
        assert (await socket.data("2"))["createProject"]["id"]

    assert [answer.status_code for answer in answers] == [200, 200]
    errors = [over_socket, *(answer.json()["errors"][0] for answer in answers)]
    assert [error["extensions"] for error in errors] == [{"code": "UNAVAILABLE"}] * 3
    assert rest.status_code == 503
    assert rest.json()["error"]["code"] == "UNAVAILABLE"
    assert all(record.levelno < logging.ERROR for record in caplog.records)


async def test_who_cannot_be_recognized_now_is_told_to_come_again(
    home: Home, outage: Outage
) -> None:
    async with a_gate(home) as gate:
        token = await gate.a_member("Ada")
        await outage.begin()
        answer = await gate.ask(token, CREATE)
        async with a_wire(gate.url.replace("http", "ws", 1)) as socket:
            payload = {"Authorization": f"Bearer {token}"}
            await socket.send({"type": "connection_init", "payload": payload})
            _, code = await closing(socket)
        await outage.end()
        async with a_socket_of(gate, token):
            pass

    assert (answer.status_code, code) == (503, 1013)
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}


async def test_who_follows_a_feed_waits_for_the_database_and_misses_nothing(
    home: Home, outage: Outage
) -> None:
    project = await a_project(home)
    rename = projects.update_project
    news = follow(home.world, home.owner, project.id, 1)
    coming = asyncio.ensure_future(anext(news))
    await somebody_listens(home.world.bus)
    async with a_site(home) as site, a_socket(site.ws_url) as socket:
        await socket.subscribe(LIVE, id=project.id)
        assert (await socket.data())["liveProject"]["title"] == "Untitled"
        await outage.begin()
        home.world.bus.wake(project.id)
        await asyncio.sleep(0.2)  # both have looked, and found nobody
        await outage.end()
        await perform(home.world, home.owner, rename, project.id, {"title": "Two"})

        assert (await socket.data())["liveProject"]["title"] == "Two"
        found = await asyncio.wait_for(coming, 5)
        assert isinstance(found, Changes)
        assert [event.sequence for event in found.events] == [2]
    await news.aclose()


async def test_an_event_whose_database_is_lost_is_told_whole_when_it_is_back(
    home: Home, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log was read, and what the event is about was not."""
    project = await a_project(home)
    read_news, lost = feed._news, asyncio.Event()

    async def lost_thereafter(*about: Any) -> Any:
        found = await read_news(*about)
        if found is not None:
            monkeypatch.undo()
            await outage.begin()
            lost.set()
        return found

    async with a_site(home) as site, a_socket(site.ws_url) as socket:
        await socket.subscribe(TITLES, id=project.id)
        await somebody_listens(home.world.bus)
        monkeypatch.setattr(feed, "_news", lost_thereafter)
        rename = projects.update_project
        await perform(home.world, home.owner, rename, project.id, {"title": "Two"})
        await lost.wait()
        await asyncio.sleep(0.4)
        await outage.end()
        [event] = (await socket.data())["projectEvents"]["events"]

    assert event == {"project": {"title": "Two"}}


async def test_who_was_let_in_before_waits_for_the_database_wherever_they_stand(
    home: Home, outage: Outage
) -> None:
    project = await a_project(home)
    await outage.begin()
    news = follow(home.world, home.owner, project.id, Place(0, until=1))
    coming = asyncio.ensure_future(anext(news))
    await asyncio.sleep(0.2)
    assert not coming.done()
    await outage.end()
    found = await asyncio.wait_for(coming, 5)
    assert isinstance(found, Changes)
    assert [event.sequence for event in found.events] == [1]
    await news.aclose()


async def test_who_leaves_a_room_that_cannot_be_told_is_gone_all_the_same(
    home: Home, outage: Outage
) -> None:
    project = await a_project(home)
    async with staying(home.world, home.owner, project.id):
        await outage.begin()
    await outage.end()
    assert await Presence.filter(project_id=project.id).count() == 1  # and ends by itself
