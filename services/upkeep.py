"""What runs at intervals beside the workers: heartbeats, take-over, the sweep, retention."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from models import ACTIVE, Event, Feed, IdempotencyRecord, Job, JobStatus, MediaStatus, Worker

from . import limits
from .cancelling import end_job
from .jobs import active_job
from .work import SYSTEM, Work, perform
from .world import World

logger = logging.getLogger(__name__)

SETTLED_SECONDS = 5.0
HOUR = 3_600.0
PRUNED_AT_ONCE = 5_000
LOST = ("LOST", "The engine lost this job while it ran; whether it was carried out is not known.")


class Crew(Protocol):
    """The worker of this process, as seen from here."""

    name: str

    async def take_over(self, dead: list[str]) -> int: ...


async def upkeep(world: World, crew: Crew) -> None:
    """Run everything at its interval until cancelled. A failure is logged and tried again."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_every(limits.HEARTBEAT_SECONDS, lambda: beat(world, crew)))
        group.create_task(_every(limits.SWEEP_SECONDS, lambda: sweep(world)))
        group.create_task(_every(HOUR, lambda: prune(world)))


async def _every(seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await act()
        except Exception:
            logger.exception("Upkeep failed; it is tried again.")
        await asyncio.sleep(seconds)


async def beat(world: World, crew: Crew) -> int:
    """Say that this worker lives; take over the jobs of those that have long not said so."""
    now = world.now()
    await Worker.update_or_create(defaults={"seen_at": now}, id=crew.name)
    silent_since = now - timedelta(seconds=limits.HEARTBEAT_LOST_SECONDS)
    dead = list(await Worker.filter(seen_at__lt=silent_since).values_list("id", flat=True))
    if not dead:
        return 0
    taken = await crew.take_over(dead)
    await Worker.filter(id__in=dead, seen_at__lt=silent_since).delete()
    if taken:
        logger.warning("Took over %d jobs of %s.", taken, ", ".join(dead))
    return taken


async def sweep(world: World) -> None:
    """Bring jobs and engine together: enqueue what it does not know, give up what it lost."""
    settled = world.now() - timedelta(seconds=SETTLED_SECONDS)
    jobs = await Job.filter(status__in=ACTIVE, updated_at__lt=settled).order_by("id")
    known = await world.queue.known([job.id for job in jobs])
    waiting = [j.id for j in jobs if j.status is JobStatus.QUEUED and j.id not in known]
    if waiting:
        logger.info("Enqueued %d jobs that the engine did not know.", len(waiting))
        await world.queue.enqueue(waiting)
    for job in jobs:
        if job.id not in waiting and not known.get(job.id, False):
            await perform(world, SYSTEM, lose_job, job.id)


async def lose_job(work: Work, job_id: str) -> Job | None:
    """Nobody runs it any more and nobody knows how it ended. It is never bought again by itself."""
    job = await active_job(work, job_id)
    if job is not None:
        await end_job(work, job, JobStatus.UNKNOWN, error=LOST, tell=MediaStatus.FAILED)
    return job


async def prune(world: World) -> None:
    """Forget events and idempotency records past their time; followers from before must resync."""
    old = world.now() - timedelta(days=limits.EVENT_DAYS)
    expired = await Event.filter(at__lt=old).order_by("id").limit(PRUNED_AT_ONCE)
    newest = {event.feed_id: event.sequence for event in expired}
    for feed_id, sequence in newest.items():
        await perform(world, SYSTEM, prune_feed, feed_id, sequence)
    stale = world.now() - timedelta(days=limits.IDEMPOTENCY_DAYS)
    await IdempotencyRecord.filter(created_at__lt=stale).delete()


async def prune_feed(work: Work, feed_id: str, sequence: int) -> None:
    """Raise a feed's floor, then delete what is below: a reader never meets an unexplained gap."""
    await Feed.filter(id=feed_id, floor__lt=sequence).update(floor=sequence)
    await Event.filter(feed_id=feed_id, sequence__lte=sequence).delete()
