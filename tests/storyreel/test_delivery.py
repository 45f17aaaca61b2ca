"""Whoever follows in common is sent what following alone would have sent them, and nothing else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from models import Feed, Project, Shot
from resolvers import api
from resolvers.context import Context
from resolvers.sharing import shared
from schema.cursor import feed_cursor, sequence_in
from services import limits, projects
from services.actor import Actor, Role
from services.feed import Place
from services.work import perform
from storyreel.delivery import Follower, Group, Groups
from storyreel.outlets import Frame, Outbox
from tests.buses import WatchedBus, with_bus
from tests.conftest import Home
from tests.making import a_drawn_image, a_project, a_scene, a_shot, in_a_studio, until

EVENTS = """subscription Follow($id: ID!, $after: Cursor) {
  projectEvents(projectId: $id, after: $after) {
    ... on ProjectChanges { cursor events { __typename cursor kind subjectId version } }
  }
}"""
PICTURES = """subscription($id: ID!, $after: Cursor) {
  projectEvents(projectId: $id, after: $after) {
    ... on ProjectChanges { cursor events { cursor ...Picture ... on SceneEvent { changed } } }
  }
}
fragment Picture on ImageEvent { image { id thumbnailUrl } }"""
LIVE = "subscription($id: ID!) { liveProject(id: $id) { cursor title scenes { title } } }"
LIVE_PICTURES = """subscription($id: ID!) {
  liveProject(id: $id) { cursor scenes { shots { images { thumbnailUrl } } } }
}"""
REFUSED = "refused"


class PersonalContext(Context):
    """Links are for the one who asks."""

    def asset_url(self, asset_id: str) -> str:
        return f"/{asset_id}?for={self.actor.id}"

    def standing(self, place: Place, actor: Actor) -> Context:
        context = PersonalContext(actor, self.world, self._links, documents=self.documents)
        context.place = place
        return context


class Unsteady(Outbox):
    """Has no room now and then."""

    def __init__(self, send: Callable[[str], Awaitable[None]], every: int) -> None:
        super().__init__("1", send)
        self._every, self._offered = every, 0

    def offer(self, frame: Frame) -> bool:
        self._offered += 1
        return self._offered % self._every != 0 and super().offer(frame)


@dataclass
class Viewer:
    """One who follows in common, and again alone."""

    home: Home
    groups: Groups
    actor: Actor
    query: str
    every: int = 1_000
    common: list[Any] = field(default_factory=list)
    alone: list[Any] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def join(self, project: Project, after: int | None) -> None:
        cursor = feed_cursor(project.id, after) if after is not None else None
        variables = {"id": project.id, "after": cursor}
        both = (self._follow_in_common(variables), self._follow_alone(variables))
        self.tasks = [asyncio.create_task(one) for one in both]

    async def _follow_in_common(self, variables: dict[str, Any]) -> None:
        found = shared(self._context(), self.query, variables, None)
        assert found is not None
        start = await self.groups.begin(found)

        async def take(message: str) -> None:
            self.common.append(orjson.loads(message)["payload"])

        async def take_alone(result: Any) -> None:
            self.common.append(_payload(result))

        if start is None:
            self.common.append({"errors": True})
        else:
            follower = Follower(Unsteady(take, self.every), take_alone)
            await self.groups.follow(*start, follower)

    async def _follow_alone(self, variables: dict[str, Any]) -> None:
        results = await api.stream(self.query, variables, self._context())
        async with aclosing(results):
            async for result in results:
                self.alone.append(_payload(result))

    def _context(self) -> Context:
        return PersonalContext(
            self.actor, self.home.world, self.home.links, documents=self.home.documents
        )

    async def has_come_to(self, cursor: str) -> bool:
        """Or to the end: nothing follows a refusal, nor a client that left."""
        ends = (
            task.done() or _at(got) == cursor
            for task, got in zip(self.tasks, (self.common, self.alone), strict=True)
        )
        return all(ends)

    async def leave(self) -> None:
        for task in self.tasks:
            task.cancel()
        for end in await asyncio.gather(*self.tasks, return_exceptions=True):
            assert end is None or isinstance(end, asyncio.CancelledError), end

    def check(self, project: Project) -> None:
        """The events are the same ones; of a live query its last state. What edges show is the
        state of now, and now differs; but it is never somebody else's."""
        people = set(re.findall(r"for=(\w+)", str(self.common)))
        assert people <= {self.actor.id}
        if not self.query.count("projectEvents"):
            cursors = [at for payload in self.common if (at := _at([payload])) != REFUSED]
            places = [sequence_in(cursor, project.id) for cursor in cursors]
            assert places == sorted(places)
            assert self.common[-1:] == self.alone[-1:]
        else:
            assert _events(self.common) == _events(self.alone)


def _payload(result: Any) -> Any:
    """As a client reads it."""
    payload = {"data": result.data} | ({"errors": True} if result.errors else {})
    return orjson.loads(orjson.dumps(payload))


def _at(got: list[Any]) -> str:
    if not got or "errors" in got[-1]:
        return REFUSED if got else ""
    [answer] = got[-1]["data"].values()
    return str(answer["cursor"])


def _events(got: list[Any]) -> list[Any]:
    return [
        {name: value for name, value in event.items() if name != "image"}
        for payload in got
        for event in (
            [{REFUSED: True}] if "errors" in payload else payload["data"]["projectEvents"]["events"]
        )
    ]


RIGHTS = st.sampled_from([Role.VIEWER, Role.EDITOR, None])
PEOPLE = st.tuples(st.sampled_from("abc"), RIGHTS, st.sampled_from([None, Role.VIEWER]))
VIEWERS = st.tuples(
    PEOPLE,
    st.sampled_from([EVENTS, PICTURES, LIVE, LIVE_PICTURES]),
    st.sampled_from([2, 3, 1_000]),  # every which frame there is no room for
    st.integers(0, 3),  # joins before this step
    st.integers(1, 4),  # leaves before this one
    st.floats(0, 1),  # how much of the past it has seen
)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIVE_INTERVAL_SECONDS", 0.01)


STEPS = st.lists(st.sampled_from(["scene", "title", "image"]), min_size=1, max_size=3)


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # shrinking would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    plan=st.lists(VIEWERS, min_size=2, max_size=8), steps=st.lists(STEPS, min_size=4, max_size=4)
)
async def test_following_in_common_is_as_good_as_following_alone(
    home: Home, plan: list[Any], steps: list[list[str]]
) -> None:
    home = in_a_studio(home)
    groups = Groups()
    project = await a_project(home)
    shot = await a_shot(home, await a_scene(home, project))
    viewers: dict[int, Viewer] = {}
    for number, step in enumerate(steps):
        for index, (person, query, every, joins, leaves, seen) in enumerate(plan):
            if number == joins:
                viewers[index] = Viewer(home, groups, _actor(project, *person), query, every)
                head = (await Feed.get(id=project.id)).head
                viewers[index].join(project, int(seen * (head - 1)))
            elif number >= leaves and index in viewers:
                await viewers[index].leave()
        await _everybody_knows(project, viewers)
        for change in step:
            await _make(home, change, project, shot)
        await _everybody_knows(project, viewers)
    for viewer in viewers.values():
        await viewer.leave()

    for viewer in viewers.values():
        viewer.check(project)
    assert not groups._groups


def _actor(project: Project, name: str, role: Role | None, everywhere: Role | None) -> Actor:
    roles = {project.client_id: role} if role is not None else {}
    return Actor(f"usr_{name}", name, roles, everywhere)


async def _make(home: Home, change: str, project: Project, shot: Shot) -> None:
    if change == "scene":
        await a_scene(home, project)
    elif change == "image":
        await a_drawn_image(home, shot)
    else:
        await retitle(home, project, "Again")


async def retitle(home: Home, project: Project, title: str) -> None:
    act = projects.update_project
    await perform(home.world, home.owner, act, project.id, {"title": title})


async def _everybody_knows(project: Project, viewers: dict[int, Viewer]) -> None:
    cursor = feed_cursor(project.id, (await Feed.get(id=project.id)).head)
    for viewer in viewers.values():
        await until(partial(viewer.has_come_to, cursor))


async def test_many_are_one_listener_and_one_execution(home: Home) -> None:
    bus, groups = WatchedBus(), Groups()
    watched = with_bus(home, bus)
    project = await a_project(home)
    actors = [_actor(project, name, Role.VIEWER, None) for name in "abc"]
    viewers = [Viewer(watched, groups, actor, EVENTS) for actor in actors]
    async with following(viewers, project):
        assert bus.listening == 1 + len(viewers)  # one of those in common, each of those alone

        await retitle(watched, project, "Two")
        await _everybody_knows(project, dict(enumerate(viewers)))
        await viewers[0].leave()
        await retitle(watched, project, "Three")
        await _everybody_knows(project, dict(enumerate(viewers)))

    assert [len(_events(viewer.common)) for viewer in viewers] == [1, 2, 2]
    assert bus.listening == 0


@asynccontextmanager
async def following(viewers: list[Viewer], project: Project) -> AsyncIterator[None]:
    """All of them, from now on, once they stand where the project is."""
    for viewer in viewers:
        viewer.join(project, None)
    await until(partial(_all_stand, viewers))
    yield
    for viewer in viewers:
        await viewer.leave()


async def _all_stand(viewers: list[Viewer]) -> bool:
    groups = {group for viewer in viewers for group in viewer.groups._groups.values()}
    return sum(len(group._standing) for group in groups) == len(viewers)


@pytest.mark.parametrize(
    ("query", "groups"), [(EVENTS, 1), (PICTURES, 2)], ids=["for all", "personal"]
)
async def test_what_is_for_one_person_is_shared_with_nobody_else(
    home: Home, query: str, groups: int
) -> None:
    common = Groups()
    project = await a_project(home)
    actors = [_actor(project, name, Role.VIEWER, None) for name in "abb"]
    viewers = [Viewer(home, common, actor, query) for actor in actors]
    async with following(viewers, project):
        assert len(common._groups) == groups


class Room(Outbox):
    """Takes what it is offered, and keeps it."""

    def __init__(self) -> None:
        super().__init__("1", self._never)
        self.taken: list[Frame] = []

    def offer(self, frame: Frame) -> bool:
        self.taken.append(frame)
        return True

    async def _never(self, message: str) -> None:
        raise AssertionError(message)


@dataclass
class Answer:
    data: Any
    errors: None = None
    extensions: None = None


@asynccontextmanager
async def a_group(home: Home, query: str, at: int) -> AsyncIterator[tuple[Group, Follower, Room]]:
    """With one who stands there, of a project in which nothing happens."""
    project = await a_project(home)
    found = shared(home.context(), query, {"id": project.id}, None)
    assert found is not None
    group, room = Group(found), Room()
    follower = Follower(room, Room().flow)  # type: ignore[arg-type]  # nothing is sent alone here
    group.take(follower, at)
    yield group, follower, room
    group.stop()


async def test_who_leaves_is_handed_nothing_more(home: Home) -> None:
    """Its operation's id may be another operation's in the next moment."""
    async with a_group(home, EVENTS, 1) as (group, follower, room):
        group.hand_out(Frame(Answer(2)), 2)
        group.drop(follower)
        group.hand_out(Frame(Answer(3)), 3)

        assert [orjson.loads(frame.text[:-1])["data"] for frame in room.taken] == [2]


@pytest.mark.parametrize(
    ("query", "at", "taken", "parted"),
    [
        (EVENTS, 5, [], None),  # there before the group
        (EVENTS, 4, ["to 5"], None),
        (EVENTS, 3, [], 3),  # what the group is handed would say one event again
        (LIVE, 5, [], None),
        (LIVE, 3, ["to 4", "to 5"], None),  # each frame stands for itself
    ],
)
async def test_who_is_ahead_of_the_group_hears_nothing_twice(
    home: Home, query: str, at: int, taken: list[str], parted: int | None
) -> None:
    async with a_group(home, query, 1) as (group, _, _):
        room = Room()
        end = group.take(Follower(room, Room().flow), at)  # type: ignore[arg-type]  # as above
        group.hand_out(Frame(Answer("to 2")), 2)
        group.hand_out(Frame(Answer("to 4")), 4)
        group.hand_out(Frame(Answer("to 5")), 5)

        assert [orjson.loads(frame.text[:-1])["data"] for frame in room.taken] == taken
        assert (end.result() if end.done() else None) == parted
