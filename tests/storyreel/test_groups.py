"""How a group hands out what it is told, and what becomes of those who come and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
import pytest

from models import Client, Job, Presence, Project
from resolvers.sharing import Shared, shared
from services import generation
from services.actor import SYSTEM, Role
from services.backends.bus import LocalBell
from services.errors import LimitExceeded
from services.jobs import begin_job
from services.progress import Meter
from services.work import perform
from storyreel.transport import outlets
from storyreel.transport.delivery import Follower, Groups, LogGroup, StateGroup
from storyreel.transport.outlets import Frame, Outlet, SocketWire
from tests.buses import WatchedBus, with_bus
from tests.conftest import Home
from tests.making import a_project, a_scene, a_shot, in_a_studio, ordered, until
from tests.storyreel.viewers import (
    EVENTS,
    JOBS,
    LIVE,
    PRESENCE,
    Viewer,
    all_stand,
    an_actor,
    everybody_knows,
)

pytestmark = pytest.mark.usefixtures("quickly")


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
    people = [an_actor(project, name, Role.VIEWER, None) for name in "ab"]
    viewers = [Viewer(home, groups, actor, PRESENCE) for actor in people]
    for viewer in viewers:
        await viewer.join(project, None)
    await everybody_knows(project, dict(enumerate(viewers)))

    assert len(groups._groups) == 1
    await viewers[0].leave()
    assert [one.user_id for one in await Presence.all()] == ["usr_b"]
    await everybody_knows(project, dict(enumerate(viewers)))
    await viewers[1].leave()
    assert not await Presence.all().exists()


@pytest.mark.parametrize("query", [EVENTS, LIVE, JOBS])
async def test_who_may_look_no_more_is_told_so_in_common_too(home: Home, query: str) -> None:
    bus, groups = WatchedBus(), Groups()
    home = with_bus(in_a_studio(home), bus)
    project = await a_project(home)
    shot = await a_shot(home, await a_scene(home, project))
    guest = an_actor(project, "guest", Role.VIEWER, None)
    viewers = [Viewer(home, groups, guest, query) for _ in "ab"]
    for viewer in viewers:
        await viewer.join(project, 0)

    async def begun() -> bool:
        return bus.listening == 1 + len(viewers) and await all_stand(viewers)

    await until(begun)
    await everybody_knows(project, dict(enumerate(viewers)))
    elsewhere = await Client.create(slug="elsewhere", name="Elsewhere")
    await Project.filter(id=project.id).update(client_id=elsewhere.id)
    order = generation.generate_images
    batch = await perform(home.world, SYSTEM, order, shot.id, {"count": 1})

    for viewer in viewers:
        async with asyncio.timeout(5):
            await asyncio.gather(*viewer.tasks)
        assert batch.project_id not in str(viewer.common[-1:])
        assert viewer.common[-1:] == viewer.alone[-1:]
