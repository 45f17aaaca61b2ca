"""What runs at intervals beside the workers: heartbeats, take-over, the sweep, retention."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from models import (
    ACTIVE,
    Event,
    Feed,
    IdempotencyRecord,
    Job,
    JobStatus,
    MediaStatus,
    Presence,
    Worker,
)

from . import limits
from .actor import SYSTEM
from .cancelling import end_job
from .jobs import active_job
from .trash import empty_trash
from .work import Work, perform
from .world import World

logger = logging.getLogger(__name__)

SETTLED_SECONDS = 5.0
HOUR = 3_600.0
SWEPT_AT_ONCE = 500
PRUNED_AT_ONCE = 5_000
LOST = ("LOST", "The engine lost this job while it ran; whether it was carried out is not known.")


class Crew(Protocol):
    """The worker of this process, as seen from here."""

    name: str

    async def take_over(self, dead: list[str]) -> int: ...

    async def forget(self, before: datetime) -> int: ...


async def upkeep(world: World, crew: Crew, trash_days: float) -> None:
    """Run everything at its interval until cancelled. A failure is logged and tried again."""
    pulse = Pulse(world, crew)
    async with asyncio.TaskGroup() as group:
        group.create_task(_every(limits.HEARTBEAT_SECONDS, pulse.beat))
        group.create_task(_every(limits.SWEEP_SECONDS, lambda: sweep(world)))
        group.create_task(_every(HOUR, lambda: prune(world)))
        group.create_task(_every(HOUR, lambda: empty_trash(world, trash_days)))
        group.create_task(_every(HOUR, lambda: forget(world, crew)))


async def _every(seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await act()
        except Exception:
            logger.exception("Upkeep failed; it is tried again.")
        await asyncio.sleep(seconds)


async def say_alive(world: World, name: str) -> None:
    """A worker says so before it takes its first job: it may die with that one in hand."""
    now = world.now()
    if not await Worker.filter(id=name).update(seen_at=now):
        await Worker.create(id=name, seen_at=now)


@dataclass
class Pulse:
    """One worker's heartbeat, and its eye on the others'.

    A worker judges the others only after HEARTBEAT_LOST_SECONDS of steady beats of its own: when
    the database was away, or the machine slept, everybody was silent and nobody is dead.
    """

    world: World
    crew: Crew
    steady_since: datetime | None = None
    last: datetime | None = None

    async def beat(self) -> int:
        """Say that this worker lives; take over the jobs of those that have long not said so."""
        lost = timedelta(seconds=limits.HEARTBEAT_LOST_SECONDS)
        await say_alive(self.world, self.crew.name)
        now = self.world.now()
        if self.steady_since is None or self.last is None or now - self.last > lost / 2:
            self.steady_since = now
        self.last = now
        if now - self.steady_since < lost:
            return 0
        return sum([await self._bury(dead) for dead in await Worker.filter(seen_at__lt=now - lost)])

    async def _bury(self, dead: Worker) -> int:
        """Take over from one, unless a peer is faster; if this one dies over it, a peer will."""
        now = self.world.now()
        if not await Worker.filter(id=dead.id, seen_at=dead.seen_at).update(seen_at=now):
            return 0
        taken = await self.crew.take_over([dead.id])
        await Worker.filter(id=dead.id, seen_at=now).delete()
        logger.warning("Took over %d jobs of %s, silent for too long.", taken, dead.id)
        return taken


async def sweep(world: World) -> None:
    """Bring jobs and engine together: enqueue what it does not know, give up what it lost."""
    settled = world.now() - timedelta(seconds=SETTLED_SECONDS)
    active = Job.filter(status__in=ACTIVE, updated_at__lt=settled).order_by("id")
    after = ""
    while jobs := await active.filter(id__gt=after).limit(SWEPT_AT_ONCE):
        after = jobs[-1].id
        known = await world.queue.known([job.id for job in jobs])
        waiting = [j.id for j in jobs if j.status is JobStatus.QUEUED and j.id not in known]
        if waiting:
            logger.warning("The engine did not know %d queued jobs.", len(waiting))
            await perform(world, SYSTEM, queue_again, waiting)
        for job in jobs:
            if job.id not in waiting and not known.get(job.id, False):
                await perform(world, SYSTEM, lose_job, job.id)


async def queue_again(work: Work, job_ids: list[str]) -> None:
    """Hand over jobs once more, those that still wait."""
    jobs = await Job.filter(id__in=job_ids, status=JobStatus.QUEUED).order_by("id")
    work.queue(jobs)


async def lose_job(work: Work, job_id: str) -> Job | None:
    """Nobody runs it any more and nobody knows how it ended. It is never bought again by itself."""
    job = await active_job(work, job_id)
    if job is not None:
        await end_job(work, job, JobStatus.UNKNOWN, error=LOST, tell=MediaStatus.FAILED)
    return job


async def forget(world: World, crew: Crew) -> None:
    """The engine's records of jobs that ended long ago tell nothing that the jobs do not."""
    await crew.forget(world.now() - timedelta(days=limits.ENGINE_RECORD_DAYS))


async def prune(world: World) -> None:
    """Forget what is past its time: events, idempotency records, who was here.

    Followers from before must resync.
    """
    old = world.now() - timedelta(days=limits.EVENT_DAYS)
    while newest := await _expired(old):
        for feed_id, sequence in newest.items():
            await perform(world, SYSTEM, prune_feed, feed_id, sequence)
    stale = world.now() - timedelta(days=limits.IDEMPOTENCY_DAYS)
    await IdempotencyRecord.filter(created_at__lt=stale).delete()
    await Presence.filter(expires_at__lt=world.now()).delete()


async def _expired(before: datetime) -> dict[str, int]:
    """The last sequence number from before a time of each feed among the oldest events.

    Ids follow time, so the oldest events are found without an index on it.
    """
    oldest = await Event.all().order_by("id").limit(PRUNED_AT_ONCE)
    return {event.feed_id: event.sequence for event in oldest if event.at < before}


async def prune_feed(work: Work, feed_id: str, sequence: int) -> None:
    """Raise a feed's floor, then delete what is below: a reader never meets an unexplained gap."""
    await Feed.filter(id=feed_id, floor__lt=sequence).update(floor=sequence)
    await Event.filter(feed_id=feed_id, sequence__lte=sequence).delete()
