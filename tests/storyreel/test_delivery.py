"""Whoever follows in common is sent what following alone would have sent them, and nothing else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from models import ACTIVE, Client, Feed, Image, Job, Presence, Project, Shot
from resolvers import api
from resolvers.context import Context
from resolvers.sharing import Shared, shared
from schema.cursor import feed_cursor, sequence_in
from services import generation, limits, projects
from services.actor import SYSTEM, Actor, Role
from services.backends.bus import LocalBell
from services.errors import LimitExceeded
from services.jobs import begin_job
from services.presence import set_presence
from services.progress import Meter
from services.work import perform
from storyreel.transport import outlets
from storyreel.transport.delivery import Follower, Groups, LogGroup, StateGroup
from storyreel.transport.outlets import Frame, Outlet, SocketWire, Wire
from tests.buses import WatchedBus, with_bus
from tests.conftest import Home
from tests.making import a_drawn_image, a_project, a_scene, a_shot, in_a_studio, ordered, until

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
JOBS = "subscription($id: ID!) { jobProgress(projectId: $id) { id status progress } }"
JOB_PICTURES = """subscription($id: ID!) {
  jobProgress(projectId: $id) { id status progress asset { url } }
}"""
PRESENCE = "subscription($id: ID!) { presence(projectId: $id) { since focus { id } } }"
PRESENT_PICTURES = """subscription($id: ID!) {
  presence(projectId: $id) { since focus { id ... on Image { thumbnailUrl } } }
}"""
REFUSED = "refused"


class PersonalContext(Context):
    """Links are for the one who asks."""

    def asset_url(self, asset_id: str) -> str:
        return f"/{asset_id}?for={self.actor.id}"

    def unwatched(self, actor: Actor) -> Context:
        return PersonalContext(actor, self.world, self._links, documents=self.documents)


class Unsteady(Outlet):
    """Has no room now and then."""

    def __init__(self, wire: Wire, every: int) -> None:
        super().__init__(wire)
        self._every, self._offered = every, 0

    def offer(self, frame: Frame) -> bool:
        self._offered += 1
        return self._offered % self._every != 0 and super().offer(frame)


class SlowWire(SocketWire):
    """Takes its time, and nothing straight away."""

    async def send(self, frame: Frame) -> None:
        await asyncio.sleep(0.01)
        await super().send(frame)


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
    ended_before: set[str] = field(default_factory=set)

    async def join(self, project: Project, after: int | None) -> None:
        self.ended_before = await _ended(project)
        cursor = feed_cursor(project.id, after) if after is not None else None
        variables = {"id": project.id, "after": cursor}
        both = (self._follow_in_common(variables), self._follow_alone(variables))
        self.tasks = [asyncio.create_task(one) for one in both]

    async def _follow_in_common(self, variables: dict[str, Any]) -> None:
        found = shared(self._context(), self.query, variables, None)
        assert found is not None
        delivery = await self.groups.begin(found)

        async def take(message: str) -> None:
            payload = orjson.loads(message)["payload"]
            self.common.append(payload | ({"errors": True} if "errors" in payload else {}))

        if delivery is None:
            self.common.append({"data": None, "errors": True})
        else:
            wire = SlowWire("1", take) if self.every < 3 else SocketWire("1", take)
            await self.groups.follow(delivery, Follower(Unsteady(wire, self.every)))

    async def _follow_alone(self, variables: dict[str, Any]) -> None:
        results = await api.stream(self.query, variables, self._context())
        async with aclosing(results):
            async for result in results:
                self.alone.append(_payload(result))

    def _context(self) -> Context:
        return PersonalContext(
            self.actor, self.home.world, self.home.links, documents=self.home.documents
        )

    async def knows(self, project: Project) -> bool:
        """All there is to know, or the end: nothing follows a refusal, nor a client that left."""
        if all(task.done() for task in self.tasks):
            return True
        if self.query in (JOBS, JOB_PICTURES):
            ended = await _ended(project) - self.ended_before
            return all(ended <= {job["id"] for job in _ends(g)} for g in (self.common, self.alone))
        if self.query in (PRESENCE, PRESENT_PICTURES):
            same = self.common[-1:] == self.alone[-1:] != []
            return same and _looked_at(self.common[-1]) == await _here(project)
        cursor = feed_cursor(project.id, (await Feed.get(id=project.id)).head)
        return _at(self.common) == _at(self.alone) == cursor

    async def leave(self) -> None:
        for task in self.tasks:
            task.cancel()
        for end in await asyncio.gather(*self.tasks, return_exceptions=True):
            assert end is None or isinstance(end, asyncio.CancelledError), end

    def check(self, project: Project) -> None:
        """The events are the same ones, and the ends of jobs; of anything else its last state. What
        edges show is the state of now, and now differs; but it is never somebody else's."""
        people = set(re.findall(r"for=(\w+)", str(self.common)))
        assert people <= {self.actor.id}
        if self.query in (EVENTS, PICTURES):
            assert _events(self.common) == _events(self.alone)
        elif self.query in (JOBS, JOB_PICTURES):
            assert _ends(self.common) == _ends(self.alone)
            assert _never_back(self.common)
        elif self.query in (LIVE, LIVE_PICTURES):
            cursors = [at for payload in self.common if (at := _at([payload])) != REFUSED]
            places = [sequence_in(cursor, project.id) for cursor in cursors]
            assert places == sorted(places)
            assert self.common[-1:] == self.alone[-1:]


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


def _jobs(got: list[Any]) -> list[Any]:
    return [payload["data"]["jobProgress"] for payload in got if "errors" not in payload]


def _ends(got: list[Any]) -> list[Any]:
    ends = [job for job in _jobs(got) if job["status"] not in ("QUEUED", "RUNNING")]
    return sorted(ends, key=lambda job: str(job["id"]))


def _never_back(got: list[Any]) -> bool:
    told: dict[str, list[float]] = {}
    for job in _jobs(got):
        told.setdefault(job["id"], []).append(job["progress"])
    return all(progress == sorted(progress) for progress in told.values())


def _looked_at(told: Any) -> list[str | None]:
    return [one["focus"] and one["focus"]["id"] for one in told["data"]["presence"]]


async def _here(project: Project) -> list[str | None]:
    present = Presence.filter(project_id=project.id).order_by("since", "user_id")
    return [one.focus_id for one in await present]


async def _ended(project: Project) -> set[str]:
    ended = Job.filter(project_id=project.id, status__not_in=ACTIVE)
    return {job.id for job in await ended}


RIGHTS = st.sampled_from([Role.VIEWER, Role.EDITOR, None])
PEOPLE = st.tuples(st.sampled_from("ab"), RIGHTS, st.sampled_from([None, Role.VIEWER]))
VIEWERS = st.tuples(
    PEOPLE,
    st.booleans(),  # asks for pictures, whose links are personal
    st.sampled_from([2, 3, 1_000]),  # every which frame there is no room for
    st.integers(0, 2),  # joins before this step
    st.integers(2, 4),  # leaves before this one
    st.floats(0, 1),  # how much of the past it has seen
)
QUERIES = {
    "events": (EVENTS, PICTURES),
    "a live query": (LIVE, LIVE_PICTURES),
    "jobs": (JOBS, JOB_PICTURES),
    "presence": (PRESENCE, PRESENT_PICTURES),
}


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    for interval in ("LIVE", "PROGRESS", "PRESENCE"):
        monkeypatch.setattr(limits, f"{interval}_INTERVAL_SECONDS", 0.01)


STEPS = st.lists(st.sampled_from(["scene", "title", "image", "look"]), min_size=1, max_size=3)


@pytest.mark.parametrize("queries", QUERIES.values(), ids=QUERIES)
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # shrinking would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    plan=st.lists(VIEWERS, min_size=5, max_size=6), steps=st.lists(STEPS, min_size=3, max_size=3)
)
async def test_following_in_common_is_as_good_as_following_alone(
    home: Home, queries: tuple[str, str], plan: list[Any], steps: list[list[str]]
) -> None:
    home = in_a_studio(home)
    groups = Groups()
    project = await a_project(home)
    shot = await a_shot(home, await a_scene(home, project))
    await _make(home, "image", project, shot)
    viewers: dict[int, Viewer] = {}
    for number, step in enumerate(steps):
        for index, (person, pictures, every, joins, leaves, seen) in enumerate(plan):
            if number == joins:
                actor, query = _actor(project, *person), queries[pictures]
                viewers[index] = Viewer(home, groups, actor, query, every)
                head = (await Feed.get(id=project.id)).head
                await viewers[index].join(project, int(seen * (head - 1)))
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
    elif change == "look":
        focus = await Image.filter(shot_id=shot.id).order_by("-id").first() or shot
        await perform(home.world, home.owner, set_presence, project.id, focus.id, False)
    else:
        await retitle(home, project, "Again")


async def retitle(home: Home, project: Project, title: str) -> None:
    act = projects.update_project
    await perform(home.world, home.owner, act, project.id, {"title": title})


async def _everybody_knows(project: Project, viewers: dict[int, Viewer]) -> None:
    for viewer in viewers.values():
        await until(partial(viewer.knows, project))


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
        await viewer.join(project, None)
    await until(partial(_all_stand, viewers))
    yield
    for viewer in viewers:
        await viewer.leave()


async def _all_stand(viewers: list[Viewer]) -> bool:
    groups = {group for viewer in viewers for group in viewer.groups._groups.values()}
    return sum(len(group._parted) for group in groups) == len(viewers)


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


class Room(SocketWire):
    """Takes what it is offered, and keeps it."""

    def __init__(self) -> None:
        super().__init__("1", self._never)
        self.taken: list[Frame] = []

    @property
    def told(self) -> list[Any]:
        return [orjson.loads(frame.payload)["data"] for frame in self.taken]

    def take(self, frame: Frame) -> bool:
        self.taken.append(frame)
        return True

    async def _never(self, message: str) -> None:
        raise AssertionError(message)


@dataclass
class Answer:
    data: Any
    errors: None = None
    extensions: None = None


async def an_operation(home: Home, query: str) -> Shared:
    """Of a project in which nothing happens."""
    project = await a_project(home)
    found = shared(home.context(), query, {"id": project.id}, None)
    assert found is not None
    return found


@asynccontextmanager
async def a_group(home: Home, at: int) -> AsyncIterator[tuple[LogGroup, Follower, Room]]:
    """With one who stands there."""
    group, room = LogGroup(await an_operation(home, EVENTS)), Room()
    follower = Follower(Outlet(room))
    group.take(follower, at)
    yield group, follower, room
    group.stop()


async def test_who_leaves_is_handed_nothing_more(home: Home) -> None:
    """Its operation's id may be another operation's in the next moment."""
    async with a_group(home, 1) as (group, follower, room):
        group.hand_out(Frame(Answer(2)), 2)
        group.drop(follower)
        group.hand_out(Frame(Answer(3)), 3)

        assert room.told == [2]


@pytest.mark.parametrize(
    ("at", "taken", "parted"),
    [
        (5, [], None),  # there before the group
        (4, ["to 5"], None),
        (3, [], 3),  # what the group is handed would say one event again
    ],
)
async def test_who_is_ahead_of_the_group_hears_nothing_twice(
    home: Home, at: int, taken: list[str], parted: int | None
) -> None:
    async with a_group(home, 1) as (group, _, _):
        room = Room()
        end = group.take(Follower(Outlet(room)), at)
        group.hand_out(Frame(Answer("to 2")), 2)
        group.hand_out(Frame(Answer("to 4")), 4)
        group.hand_out(Frame(Answer("to 5")), 5)

        assert room.told == taken
        assert (end.result() if end.done() else None) == parted


async def test_who_comes_is_told_everything_by_the_next_look_and_then_what_the_others_are(
    home: Home,
) -> None:
    group, bell, rooms = StateGroup(await an_operation(home, JOBS)), LocalBell(False), [Room()]
    lookout, ends = group.lookout, [group.take(Follower(Outlet(rooms[0])))]
    group.stop()  # the test looks in its stead

    def come() -> None:
        rooms.append(Room())
        ends.append(group.take(Follower(Outlet(rooms[-1]))))

    async def tell(subject: str, data: str, again: bool) -> None:
        async with lookout.telling(subject, again):
            group.hand_out(Frame(Answer(data)))

    with lookout.looking(bell) as everything:
        assert everything
        await tell("a", "a 1", again=False)
        come()  # too late for this look
        await tell("b", "b 1", again=False)
    assert await bell.rung(0)
    with lookout.looking(bell) as everything:
        assert everything
        await tell("a", "a 1", again=True)
        await tell("b", "b 2", again=False)
    with lookout.looking(bell) as everything:
        assert not everything
        await tell("a", "a 2", again=False)
        come()
    group.hand_out(Frame(Answer("refused")))  # by no look

    assert [room.told for room in rooms] == [
        ["a 1", "b 1", "b 2", "a 2", "refused"],
        ["a 1", "b 2", "a 2", "refused"],
        ["refused"],
    ]


async def test_who_takes_nothing_of_too_much_is_let_go_of(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlets, "WAITING_SUBJECTS", 2)
    group = StateGroup(await an_operation(home, JOBS))
    ends = [group.take(Follower(Outlet(wire))) for wire in (Room(), SocketWire("1", Room()._never))]
    group.stop()  # the test looks in its stead
    with group.lookout.looking(LocalBell(False)):
        for subject in ("a", "b", "a", "c"):
            assert not any(end.done() for end in ends)
            async with group.lookout.telling(subject):
                group.hand_out(Frame(Answer(subject)))

    assert not ends[0].done()
    assert isinstance(ends[1].exception(), LimitExceeded)


async def test_who_comes_when_all_is_over_is_told_how_it_ended(home: Home) -> None:
    home = in_a_studio(home)
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    jobs = await ordered(home, shot, 2)
    query = "subscription($jobs: [ID!]) { jobProgress(jobIds: $jobs) { id status } }"
    groups, told = Groups(), [Room() for _ in range(5)]
    follow = partial(_told, home, groups, query, jobs=[job.id for job in jobs])
    first = [asyncio.create_task(follow(room)) for room in told[:2]]
    await until(lambda: _has(told[0], 2))
    second = asyncio.create_task(follow(told[2]))
    await home.queue.run(home.world)
    async with asyncio.timeout(5):
        await asyncio.gather(*first, second)
        await asyncio.gather(*(follow(room) for room in told[3:]))

    for room in told:
        ends = [job for data in room.told if (job := data["jobProgress"])["status"] == "COMPLETE"]
        assert sorted(job["id"] for job in ends) == [job.id for job in jobs]
    assert [len(room.told) for room in told[3:]] == [2, 2]
    assert not groups._groups


async def _told(home: Home, groups: Groups, query: str, room: Room, **variables: Any) -> None:
    found = shared(home.context(), query, variables, None)
    assert found is not None
    delivery = await groups.begin(found)
    assert delivery is not None
    await groups.follow(delivery, Follower(Outlet(room)))


async def _has(room: Room, frames: int) -> bool:
    return len(room.taken) >= frames


async def test_one_who_comes_makes_one_look_and_nobody_else_hears_of_it(home: Home) -> None:
    bus, groups = WatchedBus(), Groups()
    home = with_bus(home, bus)
    project = await a_project(home)
    rooms = [Room() for _ in range(20)]
    follow = partial(_told, home, groups, LIVE, id=project.id)
    tasks = [asyncio.create_task(follow(room)) for room in rooms]
    await until(lambda: _has(rooms[-1], 1))
    tasks += [asyncio.create_task(follow(late := Room()))]
    await until(lambda: _has(late, 1))

    assert bus.listening == 1
    assert [len(room.taken) for room in rooms] == [1] * len(rooms)
    assert len({room.taken[0] for room in rooms}) < len(rooms)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_who_comes_later_is_told_no_less_of_a_job_than_the_others_were(home: Home) -> None:
    """What is stored comes once a second, and they have heard more since."""
    home, groups = in_a_studio(home), Groups()
    [job] = await ordered(home, await a_shot(home, await a_scene(home, await a_project(home))))
    running = await perform(home.world, SYSTEM, begin_job, job.id)
    assert running is not None
    meter, rooms = Meter(home.world), [Room(), Room()]
    query = "subscription($jobs: [ID!]) { jobProgress(jobIds: $jobs) { progress } }"
    follow = partial(_told, home, groups, query, jobs=[job.id])
    async with meter.measuring(running) as report, asyncio.TaskGroup() as following:
        first = following.create_task(follow(rooms[0]))
        await until(lambda: _has(rooms[0], 1))
        report("drawing", 1, 2)
        meter.tell()
        await until(lambda: _has(rooms[0], 2))
        second = following.create_task(follow(rooms[1]))
        await until(lambda: _has(rooms[1], 1))
        report("drawing", 3, 4)
        meter.tell()
        await until(lambda: _has(rooms[1], 2))
        assert (await Job.get(id=job.id)).progress == 0
        for task in (first, second):
            task.cancel()

    told = [[data["jobProgress"]["progress"] for data in room.told] for room in rooms]
    assert told == [[0, 0.5, 0.75], [0.5, 0.75]]


async def test_each_of_those_who_share_a_room_is_in_it_while_they_look(home: Home) -> None:
    groups, project = Groups(), await a_project(home)
    people = [_actor(project, name, Role.VIEWER, None) for name in "ab"]
    viewers = [Viewer(home, groups, actor, PRESENCE) for actor in people]
    for viewer in viewers:
        await viewer.join(project, None)
    await _everybody_knows(project, dict(enumerate(viewers)))

    assert len(groups._groups) == 1
    await viewers[0].leave()
    assert [one.user_id for one in await Presence.all()] == ["usr_b"]
    await _everybody_knows(project, dict(enumerate(viewers)))
    await viewers[1].leave()
    assert not await Presence.all().exists()


@pytest.mark.parametrize("query", [EVENTS, LIVE, JOBS])
async def test_who_may_look_no_more_is_told_so_in_common_too(home: Home, query: str) -> None:
    bus, groups = WatchedBus(), Groups()
    home = with_bus(in_a_studio(home), bus)
    project = await a_project(home)
    shot = await a_shot(home, await a_scene(home, project))
    guest = _actor(project, "guest", Role.VIEWER, None)
    viewers = [Viewer(home, groups, guest, query) for _ in "ab"]
    for viewer in viewers:
        await viewer.join(project, 0)

    async def begun() -> bool:
        return bus.listening == 1 + len(viewers) and await _all_stand(viewers)

    await until(begun)
    await _everybody_knows(project, dict(enumerate(viewers)))
    elsewhere = await Client.create(slug="elsewhere", name="Elsewhere")
    await Project.filter(id=project.id).update(client_id=elsewhere.id)
    order = generation.generate_images
    batch = await perform(home.world, SYSTEM, order, shot.id, {"count": 1})

    for viewer in viewers:
        async with asyncio.timeout(5):
            await asyncio.gather(*viewer.tasks)
        assert batch.project_id not in str(viewer.common[-1:])
        assert viewer.common[-1:] == viewer.alone[-1:]
