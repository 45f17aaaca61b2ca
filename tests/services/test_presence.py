from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from models import Event, Presence, Project, new_id
from services import limits, projects
from services.actor import Actor, Role
from services.errors import InvalidInput, NotFound
from services.presence import presence_topic, set_presence, who_is_here
from services.upkeep import prune
from services.work import perform
from services.world import utc_now
from tests.buses import SilentBus, WatchedBus, with_bus
from tests.conftest import Home
from tests.making import a_project, a_scene, an_outsider, until
from tests.stored import stored

PATIENCE = 3.0


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PRESENCE_INTERVAL_SECONDS", 0.01)
    monkeypatch.setattr(limits, "FEED_RECHECK_SECONDS", 0.2)


@dataclass
class Clock:
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
async def project(home: Home) -> Project:
    return await a_project(home)


def a_viewer(project: Project, name: str = "Vera") -> Actor:
    return Actor(new_id("usr"), name, {project.client_id: Role.VIEWER})


class Follower:
    """Reads on by itself, as a socket does."""

    def __init__(self, home: Home, actor: Actor, project_id: str) -> None:
        self.states: asyncio.Queue[list[Presence]] = asyncio.Queue()
        self.reading = asyncio.create_task(self._read(home, actor, project_id))

    async def _read(self, home: Home, actor: Actor, project_id: str) -> None:
        async with aclosing(who_is_here(home.world, actor, project_id)) as stream:
            async for here in stream:
                self.states.put_nowait(here)

    async def next(self) -> list[Presence]:
        async with asyncio.timeout(PATIENCE):
            return await self.states.get()

    async def sees(self, *users: str) -> list[Presence]:
        """The next state in which exactly these are here."""
        while True:
            here = await self.next()
            if [one.user_id for one in here] == list(users):
                return here


@asynccontextmanager
async def following(home: Home, actor: Actor, project_id: str) -> AsyncIterator[Follower]:
    follower = Follower(home, actor, project_id)
    try:
        yield follower
    finally:
        follower.reading.cancel()
        await asyncio.wait([follower.reading])


async def say(home: Home, actor: Actor, project_id: str, **given: Any) -> Presence:
    said = {"focus_id": None, "editing": False} | given
    return await perform(home.world, actor, set_presence, project_id, **said)


async def test_who_follows_is_here_and_gone_when_they_stop(home: Home, project: Project) -> None:
    viewer = a_viewer(project)
    async with following(home, home.owner, project.id) as owner:
        await owner.sees(home.owner.id)
        async with following(home, viewer, project.id) as other:
            await other.sees(home.owner.id, viewer.id)
            await owner.sees(home.owner.id, viewer.id)
        await owner.sees(home.owner.id)

    assert await Presence.all().count() == 0


async def test_what_somebody_looks_at_is_told_to_the_others(home: Home, project: Project) -> None:
    viewer = a_viewer(project)
    scene = await a_scene(home, project)
    async with following(home, home.owner, project.id) as owner:
        await owner.next()
        await say(home, viewer, project.id, focus_id=scene.id, editing=True)
        [_, seen] = await owner.sees(home.owner.id, viewer.id)
        assert seen.focus_id == scene.id
        assert seen.editing_until is not None

        await say(home, viewer, project.id)
        [_, seen] = await owner.next()
        assert (seen.focus_id, seen.editing_until) == (None, None)


async def test_presence_is_no_event_and_changes_nothing_else(home: Home, project: Project) -> None:
    scene = await a_scene(home, project)
    events = await Event.all().count()

    await say(home, home.owner, project.id, focus_id=scene.id, editing=True)

    assert await Event.all().count() == events


async def test_who_only_says_so_is_here_for_half_a_minute(home: Home, project: Project) -> None:
    clock, viewer = Clock(), a_viewer(project)
    home.world.now = clock.now
    async with following(home, home.owner, project.id) as owner:
        await owner.next()
        await say(home, viewer, project.id)
        await owner.sees(home.owner.id, viewer.id)

        clock.ahead = timedelta(seconds=limits.PRESENCE_SECONDS + 1)

        await owner.sees(home.owner.id)


async def test_an_intent_to_edit_ends_by_itself_while_its_author_stays(
    home: Home, project: Project
) -> None:
    clock = Clock()
    home.world.now = clock.now
    async with following(home, home.owner, project.id) as owner:
        await owner.next()
        await say(home, home.owner, project.id, editing=True)
        assert (await owner.next())[0].editing_until is not None

        clock.ahead = timedelta(seconds=limits.EDITING_SECONDS + 1)

        assert (await owner.sees(home.owner.id))[0].editing_until is None


async def test_who_follows_stays_here_beyond_half_a_minute(home: Home, project: Project) -> None:
    clock, viewer = Clock(), a_viewer(project)
    home.world.now = clock.now
    async with following(home, viewer, project.id) as other:
        first = (await other.next())[0]
        for _ in range(4):
            clock.ahead += timedelta(seconds=limits.PRESENCE_RENEW_SECONDS + 1)

            async def is_renewed() -> bool:
                return (await Presence.get(user_id=viewer.id)).expires_at > clock.now()

            await asyncio.sleep(0.25)
            await until(is_renewed)

        assert (await Presence.get(user_id=viewer.id)).since == first.since


async def test_one_of_two_windows_of_a_user_may_close(home: Home, project: Project) -> None:
    viewer = a_viewer(project)
    async with following(home, viewer, project.id) as window:
        await window.sees(viewer.id)
        async with following(home, home.owner, project.id) as owner:
            async with following(home, viewer, project.id) as second:
                await second.sees(viewer.id, home.owner.id)
            while not owner.states.empty():
                owner.states.get_nowait()

            async def is_back() -> bool:
                return await Presence.filter(user_id=viewer.id).exists()

            await until(is_back)


@pytest.mark.parametrize("bus", [SilentBus, WatchedBus])
async def test_a_bus_that_loses_notes_costs_time_only(
    home: Home, project: Project, bus: type[WatchedBus]
) -> None:
    deaf, viewer = with_bus(home, bus()), a_viewer(project)
    async with following(deaf, home.owner, project.id) as owner:
        await owner.sees(home.owner.id)
        await say(deaf, viewer, project.id)
        await owner.sees(home.owner.id, viewer.id)


@pytest.mark.parametrize("note", ["", "{", "[]", "[1]", '["a", "b", "c", "d", "e"]', '"x"'])
async def test_a_note_of_another_version_is_passed_over(
    home: Home, project: Project, note: str
) -> None:
    viewer = a_viewer(project)
    async with following(home, home.owner, project.id) as owner:
        await owner.sees(home.owner.id)
        home.world.bus.tell(presence_topic(project.id), viewer.id, note)
        await say(home, viewer, project.id)
        await owner.sees(home.owner.id, viewer.id)


async def test_following_ends_with_the_project(home: Home, project: Project) -> None:
    async with following(home, home.owner, project.id) as owner:
        await owner.next()
        await perform(home.world, home.owner, projects.delete_project, project.id)
        async with asyncio.timeout(PATIENCE):
            await owner.reading

    assert await Presence.all().count() == 0


async def test_a_focus_elsewhere_is_refused_and_leaves_nothing(
    home: Home, project: Project
) -> None:
    elsewhere = await a_scene(home, await a_project(home))
    before = await stored()

    for focus in (elsewhere.id, new_id("shot"), elsewhere.project_id, project.client_id):
        with pytest.raises(NotFound) as refused:
            await say(home, home.owner, project.id, focus_id=focus)
        assert refused.value.field == "input.focusId"
    with pytest.raises(InvalidInput):
        await say(home, home.owner, project.id, focus_id="nonsense")

    assert await stored() == before


async def test_an_outsider_is_nowhere(home: Home, project: Project) -> None:
    before = await stored()

    with pytest.raises(NotFound):
        await say(home, an_outsider(), project.id)
    with pytest.raises(NotFound):
        await anext(who_is_here(home.world, an_outsider(), project.id))

    assert await stored() == before


async def test_two_who_come_in_the_same_moment_are_both_here(home: Home, project: Project) -> None:
    viewers = [a_viewer(project, str(number)) for number in range(5)]

    await asyncio.gather(*(say(home, viewer, project.id) for viewer in [*viewers, *viewers]))

    assert await Presence.all().count() == len(viewers)


async def test_what_nobody_took_away_is_forgotten(home: Home, project: Project) -> None:
    await say(home, home.owner, project.id)
    later = replace(home.world, now=Clock(timedelta(hours=1)).now)

    await prune(later)

    assert await Presence.all().count() == 0
