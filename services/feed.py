"""Following a feed: first what was missed, then what happens, each event once and in order.

The bus only says "look again". Truth is the log, so a lost, doubled or late wake-up costs latency,
never an event. Listening starts before the first read, and the log is read again at a slow pace of
its own besides.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial

from models import Event, EventKind, Feed, Project, events_after
from models.database import once_reachable

from . import limits
from .access import check_id, not_found, seen, visible
from .actor import Actor
from .lookout import Lookout
from .world import World

PRUNED = "The events after this cursor are no longer kept."
AHEAD = "This cursor is ahead of the log, as after a restored backup."


@dataclass(frozen=True)
class Changes:
    """Consecutive events; `sequence` is that of the last."""

    sequence: int
    events: list[Event]


@dataclass(frozen=True)
class Resync:
    """The log cannot fill the gap: fetch everything again, then follow from `sequence`."""

    sequence: int
    reason: str


@dataclass(slots=True)
class Place:
    """Where somebody who was let in stands in a feed; `at` moves on with what they are given.

    Following ends when `until` is reached. It is `over` when there is nothing more to come.
    """

    at: int
    until: int | None = None
    over: bool = False

    @property
    def reached(self) -> bool:
        return self.until is not None and self.at >= self.until


async def follow(
    world: World,
    actor: Actor,
    project_id: str,
    after: int | Place | None,
    *,
    recheck: float = limits.FEED_RECHECK_SECONDS,
) -> AsyncGenerator[Changes | Resync, None]:
    """Every event after a sequence number (default: from now on) until the caller stops.

    Ends with the event that deletes the project, unless it was restored meanwhile. Refuses as soon
    as the actor may no longer see it.
    """
    check_id(Project, project_id, "projectId")
    async with world.bus.listen(project_id) as bell:
        place = await _place(actor, project_id, after)
        waited = False  # what was missed before is no measure of how late we are
        while not (bell.closed or place.over or place.reached):
            news = await once_reachable(partial(_news, actor, project_id, place))
            if news is not None:
                place.at = news.sequence
                if waited and isinstance(news, Changes):
                    world.late((world.now() - news.events[0].at).total_seconds())
                yield news
            if isinstance(news, Changes):
                if _ended(news, project_id):
                    await once_reachable(partial(_check_over, place, project_id))
                if place.over or len(news.events) == limits.EVENTS_PER_FRAME:
                    continue
            if not place.reached:
                if news is not None:
                    await asyncio.sleep(limits.FEED_PAUSE_SECONDS)
                await bell.rung(recheck)
                waited = True


async def _place(actor: Actor, project_id: str, after: int | Place | None) -> Place:
    """Where to begin. Who was let in before is told even of the end of a project."""
    if isinstance(after, Place):
        await once_reachable(partial(_check_over, after, project_id))
        return after
    head = await seen_head(actor, project_id)
    return Place(head if after is None else after)


async def _check_over(place: Place, project_id: str) -> None:
    if not await Project.exists(id=project_id):  # first: its end is in the log by then
        place.over = place.at == await head_of(project_id)


async def live(
    world: World,
    actor: Actor,
    project_id: str,
    lookout: Lookout | None = None,
    *,
    recheck: float = limits.FEED_RECHECK_SECONDS,
) -> AsyncGenerator[Project, None]:
    """The project now, and again after each change of it, at most once per LIVE_INTERVAL_SECONDS.

    Ends when the project is deleted or the actor may no longer see it.
    """
    lookout, known = lookout or Lookout(), None
    await seen(actor, Project, project_id)
    async with world.bus.listen(project_id) as bell:
        while not bell.closed:
            with lookout.looking(bell) as everything:
                # First, so that the row is no older.
                head = await once_reachable(partial(head_of, project_id))
                if news := everything or head != known:
                    project = await once_reachable(partial(visible, actor, Project, project_id))
                    if project is None:
                        return
                    async with lookout.telling(project_id, again=head == known):
                        yield project
                    known = head
            if news:
                await asyncio.sleep(limits.LIVE_INTERVAL_SECONDS)
            await bell.rung(recheck)


async def seen_head(actor: Actor, project_id: str) -> int:
    """Where the feed of a project is that the actor must be able to see. What deletes it is behind
    that: both are read by one statement."""
    return (await seen(actor, Project, project_id, "projectId")).head


async def head_of(project_id: str) -> int:
    """The sequence number of a feed's newest event; 0 where there is no feed."""
    feed = await Feed.get_or_none(id=project_id)
    return feed.head if feed is not None else 0


async def _news(actor: Actor, project_id: str, place: Place) -> Changes | Resync | None:
    """What comes after a place, or why it cannot be had. Refuses who may not see it any more."""
    news = await _after(project_id, place)
    if news is not None:
        await check_still_seen(actor, project_id)
    return news


async def _after(project_id: str, place: Place) -> Changes | Resync | None:
    at, count = place.at, limits.EVENTS_PER_FRAME
    if place.until is not None:
        count = min(count, place.until - at)
    page = await events_after(project_id, at, count)
    if page and page[0].sequence == at + 1:
        return Changes(page[-1].sequence, page)
    feed = await Feed.get(id=project_id)
    if page or at < feed.floor:
        return Resync(feed.head, PRUNED)
    return Resync(feed.head, AHEAD) if at > feed.head else None


async def check_still_seen(actor: Actor, project_id: str) -> None:
    """Refuse who lost access. A deleted project's last events are for all who followed it."""
    if await visible(actor, Project, project_id) is None and await Project.exists(id=project_id):
        raise not_found(Project, "projectId")


def _ended(changes: Changes, owner_id: str) -> bool:
    last = changes.events[-1]
    return last.kind is EventKind.DELETED and last.subject_id == owner_id
