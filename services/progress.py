"""Progress of running jobs: heard often, stored seldom, never going back.

Renderers report from any thread, as often as they like. Twice a second all changed jobs are stored by one
statement, without an event, and their watchers are woken. The same statement tells which jobs are no
longer running: their next report raises Canceled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from models import Asset, Job, JobStatus
from models.database import statement

from . import limits
from .assets import store_picture
from .backends.renderer import Canceled, Report
from .work import SYSTEM, Work, perform
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
        """A report for one job, until the block ends."""

        def report(phase: str, step: int, total: int, preview: bytes | None = None) -> None:
            if job_id in self._stopped:
                raise Canceled
            latest = self._readings.get(job_id)
            if latest is not None and step < latest.step and total == latest.total:
                step = latest.step
            kept = preview or (latest.preview if latest and not latest.stored else None)
            self._readings[job_id] = Reading(phase, step, total, kept)

        self._readings[job_id] = Reading("starting", 0, 0)
        try:
            yield report
        finally:
            self._readings.pop(job_id, None)
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
        self._stopped |= set(watched) - set(running)
        for reading in due.values():
            reading.stored = True
        for job_id in due:
            if due[job_id].preview and job_id in running:
                await perform(self._world, SYSTEM, show_preview, job_id, due[job_id].preview or b"")
        self._world.bus.wake(*{progress_topic(running[i]) for i in due if i in running})


async def _store(readings: dict[str, Reading]) -> dict[str, str]:
    """Raise the stored progress of those jobs that still run: their project ids by job id."""
    row = "(?, ?, CAST(? AS DOUBLE PRECISION), CAST(? AS INTEGER), CAST(? AS INTEGER))"
    values = [
        value
        for job_id, at in readings.items()
        for value in (job_id, at.phase, at.progress, at.step, at.total or None)
    ]
    rows = await statement(
        "WITH latest(id, phase, progress, step, total) AS"
        f" (VALUES {', '.join([row] * len(readings))})"
        " UPDATE job SET phase = latest.phase, step = latest.step, total_steps = latest.total,"
        " progress = CASE WHEN latest.progress > job.progress THEN latest.progress"
        " ELSE job.progress END"
        " FROM latest WHERE job.id = latest.id AND job.status = 'RUNNING'"
        " RETURNING job.id, job.project_id",
        values,
    )
    return {row["id"]: row["project_id"] for row in rows}


async def show_preview(work: Work, job_id: str, picture: bytes) -> Asset | None:
    """Keep an unfinished picture and point the job at it, without an event."""
    made = await store_picture(work.world.storage, picture)
    job = await Job.get_or_none(id=job_id, status=JobStatus.RUNNING)
    if job is None:
        return None
    asset = await made.file.keep(job.project_id)
    await Job.filter(id=job_id).update(preview_id=asset.id)
    return asset
