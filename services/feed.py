"""Following a feed: first what was missed, then what happens, each event once and in order.

The bus only says "look again". Truth is the log, so a lost, doubled or late wake-up costs latency, never
an event. Listening starts before the first read, and the log is read again at a slow pace besides.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from models import Event, EventKind, Feed, Project, events_after

from . import limits
from .access import seen, visible
from .work import Actor
from .world import World


@dataclass(frozen=True)
class Changes:
    """Consecutive events; `sequence` is that of the last."""

    sequence: int
    events: list[Event]


@dataclass(frozen=True)
class Resync:
    """The log cannot fill the gap: fetch everything again, then follow from this sequence number."""

    sequence: int
    reason: str


async def follow(
    world: World, actor: Actor, project_id: str, after: int | None
) -> AsyncGenerator[Changes | Resync, None]:
    """Every event after a sequence number (default: from now on) until the caller stops.

    Ends with the event that deletes the project.
    """
    project = await seen(actor, Project, project_id, "projectId")
    async with world.bus.listen(project.id) as bell:
        feed = await Feed.get(id=project.id)
        at = feed.head if after is None else after
        reason = _unreachable(feed, at)
        if reason is not None:
            at = feed.head
            yield Resync(at, reason)
        while not bell.closed:
            page = await events_after(project.id, at, limits.EVENTS_PER_FRAME)
            if page and page[0].sequence != at + 1:  # pruned while we were reading
                feed = await Feed.get(id=project.id)
                at = feed.head
                yield Resync(at, "These events are no longer kept.")
                continue
            if page:
                at = page[-1].sequence
                yield Changes(at, page)
                if _ended(page, project.id):
                    return
            if len(page) < limits.EVENTS_PER_FRAME:
                await bell.rung(limits.FEED_RECHECK_SECONDS)


async def live(world: World, actor: Actor, project_id: str) -> AsyncGenerator[Project, None]:
    """The project now, and again after each change of it, at most once per LIVE_INTERVAL_SECONDS."""
    project: Project | None = await seen(actor, Project, project_id)
    async with world.bus.listen(project_id) as bell:
        known = -1
        while not bell.closed and project is not None:
            head = (await Feed.get(id=project_id)).head
            if head != known:
                known = head
                yield project
                await asyncio.sleep(limits.LIVE_INTERVAL_SECONDS)
            await bell.rung(limits.FEED_RECHECK_SECONDS)
            project = await visible(actor, Project, project_id)


def _unreachable(feed: Feed, sequence: int) -> str | None:
    """Why the events after a sequence number cannot be had, None if they can."""
    if sequence < feed.floor:
        return "The events after this cursor are no longer kept."
    if sequence > feed.head:
        return "This cursor is ahead of the log, as after a restored backup."
    return None


def _ended(page: list[Event], owner_id: str) -> bool:
    last = page[-1]
    return last.kind is EventKind.DELETED and last.subject_id == owner_id
