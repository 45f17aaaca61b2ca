"""Progress of running jobs: heard often, stored seldom, never going back.

Renderers report from any thread, as often as they like. Twice a second all changed jobs are stored
by one statement, without an event, and their watchers are woken. The same statement tells which
jobs are no longer running: their next report raises Canceled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from models import Job, JobStatus
from models.database import statement

from . import limits
from .actor import SYSTEM
from .assets import File, store_preview
from .backends.renderer import Canceled, Report
from .work import Work, perform
from .world import World

logger = logging.getLogger(__name__)


def progress_topic(project_id: str) -> str:
    """The bus topic woken when stored progress of a project's jobs changes."""
    return f"progress:{project_id}"


@dataclass
class Reading:
    """The latest that a job reported."""

    phase: str
    step: int
    total: int
    preview: bytes | None = None
    stored: bool = False

    @property
    def progress(self) -> float:
        return min(1.0, self.step / self.total) if self.total > 0 else 0.0


class Meter:
    """Collects the reports of this process's jobs and stores them together."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._readings: dict[str, Reading] = {}
        self._stopped: set[str] = set()

    @asynccontextmanager
    async def measuring(self, job_id: str) -> AsyncIterator[Report]:
        """A report for one job, until the block ends; whoever reports later is canceled too."""
        over = False

        def report(phase: str, step: int, total: int, preview: bytes | None = None) -> None:
            if over or job_id in self._stopped:
                raise Canceled
            latest = self._readings[job_id]
            if step < latest.step and total == latest.total:
                step = latest.step
            kept = preview or (None if latest.stored else latest.preview)
            self._readings[job_id] = Reading(phase, step, total, kept)

        self._readings[job_id] = Reading("starting", 0, 0)
        try:
            yield report
        finally:
            over = True
            del self._readings[job_id]
            self._stopped.discard(job_id)

    async def run(self) -> None:
        """Store what is due, for ever. A failure is logged and tried again with the next."""
        while True:
            await asyncio.sleep(limits.PROGRESS_STORE_SECONDS)
            try:
                await self.flush()
            except Exception:
                logger.exception("Progress could not be stored.")

    async def flush(self) -> None:
        """Store every change since the last time, by one statement."""
        watched = dict(self._readings)
        if not watched:
            return
        due = {job_id: reading for job_id, reading in watched.items() if not reading.stored}
        running = await _store(watched)
        self._stopped |= (watched.keys() - running.keys()) & self._readings.keys()
        previews = {i: at.preview for i, at in due.items() if at.preview and i in running}
        for reading in due.values():
            reading.stored = True
        try:
            await self._show(previews)
        finally:
            topics = {progress_topic(running[job_id]) for job_id in due if job_id in running}
            self._world.bus.wake(*topics)

    async def _show(self, previews: Mapping[str, bytes]) -> None:
        files = {i: await store_preview(self._world.storage, p) for i, p in previews.items()}
        if files:
            await perform(self._world, SYSTEM, show_previews, files)


STORE = """
UPDATE job SET phase = latest.column2, step = latest.column4, total_steps = latest.column5,
  progress = CASE WHEN latest.column3 > progress THEN latest.column3 ELSE progress END
FROM (VALUES {rows}) AS latest
WHERE job.id = latest.column1 AND status = 'RUNNING' RETURNING id, project_id
"""


async def _store(readings: Mapping[str, Reading]) -> dict[str, str]:
    """Raise the stored progress of those jobs that still run: their project ids by job id."""
    row = "(?, ?, CAST(? AS DOUBLE PRECISION), CAST(? AS INTEGER), CAST(? AS INTEGER))"
    values = [
        value
        for job_id, at in readings.items()
        for value in (job_id, at.phase, at.progress, at.step, at.total or None)
    ]
    stored = await statement(STORE.format(rows=", ".join([row] * len(readings))), values)
    return {job["id"]: job["project_id"] for job in stored}


async def show_previews(work: Work, previews: Mapping[str, File]) -> None:
    """Point running jobs at the pictures of what they have so far, without an event."""
    jobs = await Job.filter(id__in=list(previews), status=JobStatus.RUNNING).order_by("id")
    for job in jobs:
        asset = await previews[job.id].keep(job.project_id)
        await Job.filter(id=job.id).update(preview_id=asset.id)
