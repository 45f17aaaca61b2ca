"""Those who follow in common, and what they were sent; and again alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from models import ACTIVE, Feed, Job, Presence, Project
from resolvers import api
from resolvers.context import Context
from resolvers.sharing import shared
from schema.cursor import feed_cursor, sequence_in
from services.actor import Actor, Role
from storyreel.transport.delivery import Follower, Groups
from storyreel.transport.outlets import Frame, Outlet, SocketWire, Wire
from tests.conftest import Home
from tests.making import until

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
            assert events_in(self.common) == events_in(self.alone)
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


def events_in(got: list[Any]) -> list[Any]:
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


def an_actor(project: Project, name: str, role: Role | None, everywhere: Role | None) -> Actor:
    roles = {project.client_id: role} if role is not None else {}
    return Actor(f"usr_{name}", name, roles, everywhere)


async def everybody_knows(project: Project, viewers: dict[int, Viewer]) -> None:
    for viewer in viewers.values():
        await until(partial(viewer.knows, project))


@asynccontextmanager
async def following(viewers: list[Viewer], project: Project) -> AsyncIterator[None]:
    """All of them, from here on, once they stand where the project is. Who follows alone may come
    to that later than the others, so that all are told where that is."""
    head = (await Feed.get(id=project.id)).head
    for viewer in viewers:
        await viewer.join(project, head)
    await until(partial(all_stand, viewers))
    yield
    for viewer in viewers:
        await viewer.leave()


async def all_stand(viewers: list[Viewer]) -> bool:
    groups = {group for viewer in viewers for group in viewer.groups._groups.values()}
    return sum(len(group._parted) for group in groups) == len(viewers)
