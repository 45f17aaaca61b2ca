"""Progress of running jobs: heard often, told soon, stored seldom, never going back.

Renderers report from any thread, as often as they like. Four times a second those who watch are
told by notes over the bus, which may be lost. Once a second one read tells which jobs still run,
and one statement stores all that changed, without an event: what a watcher begins with. A job that
runs no more hears it at its next report, which raises Canceled.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass

from models import Job, JobStatus
from models.database import is_postgres, marks, statement

from . import limits
from .actor import SYSTEM
from .assets import File, store_preview
from .backends.renderer import Canceled, Report
from .jobs import active_job
from .work import Work, perform
from .world import World

logger = logging.getLogger(__name__)


def progress_topic(project_id: str) -> str:
    """The bus topic of the progress of a project's jobs: notes by job id, and wake-ups for what is
    too much for a note."""
    return f"progress:{project_id}"


@dataclass(frozen=True)
class Note:
    """What a watcher is told between two looks at the job."""

    attempt: int
    phase: str
    step: int
    total: int | None
    progress: float

    def text(self) -> str:
        return json.dumps([self.attempt, self.phase, self.step, self.total, self.progress])

    @classmethod
    def read(cls, text: str) -> Note | None:
        """None for a note of another version of ours."""
        try:
            return cls(*json.loads(text))
        except (ValueError, TypeError):
            return None

    def onto(self, job: Job) -> Job:
        """The job as it is now, if the note is newer than what is stored."""
        if job.status is not JobStatus.RUNNING or job.attempt != self.attempt:
            return job
        if (self.step, self.progress) < (job.step, job.progress) and self.phase == job.phase:
            return job
        told = copy(job)
        told.phase, told.step, told.total_steps = self.phase, self.step, self.total
        told.progress = max(job.progress, self.progress)
        return told


@dataclass
class Reading:
    """The latest that a job reported."""

    job: Job
    phase: str
    step: int
    total: int
    preview: bytes | None = None
    told: bool = False
    stored: bool = False

    @property
    def progress(self) -> float:
        return min(1.0, self.step / self.total) if self.total > 0 else 0.0

    @property
    def note(self) -> Note:
        total = self.total or None
        return Note(self.job.attempt, self.phase, self.step, total, self.progress)


class Meter:
    """Collects the reports of this process's jobs, tells of them and stores them together."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._readings: dict[str, Reading] = {}
        self._stopped: set[str] = set()

    @asynccontextmanager
    async def measuring(self, job: Job) -> AsyncIterator[Report]:
        """A report for one job, until the block ends; whoever reports later is canceled too."""
        job_id, over = job.id, False

        def report(phase: str, step: int, total: int, preview: bytes | None = None) -> None:
            if over or job_id in self._stopped:
                raise Canceled
            latest = self._readings[job_id]
            if step < latest.step and total == latest.total:
                step = latest.step
            kept = preview or (None if latest.stored else latest.preview)
            self._readings[job_id] = Reading(job, phase, step, total, kept)

        self._readings[job_id] = Reading(job, "starting", 0, 0)
        try:
            yield report
        finally:
            over = True
            del self._readings[job_id]
            self._stopped.discard(job_id)

    async def run(self) -> None:
        """Tell and store what is due, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._telling())
            tasks.create_task(self._storing())

    async def _telling(self) -> None:
        while True:
            await asyncio.sleep(limits.PROGRESS_INTERVAL_SECONDS)
            self.tell()

    async def _storing(self) -> None:
        """A failure is logged and tried again with the next."""
        while True:
            await asyncio.sleep(limits.PROGRESS_STORE_SECONDS)
            try:
                await self.flush()
            except Exception:
                logger.exception("Progress could not be stored.")

    def tell(self) -> None:
        """Tell the watchers every change since the last time."""
        for job_id, reading in list(self._readings.items()):
            if not reading.told:
                reading.told = True
                topic = progress_topic(reading.job.project_id)
                self._world.bus.tell(topic, job_id, reading.note.text())

    async def flush(self) -> None:
        """Store every change since the last time, by one statement, and tell it."""
        self.tell()
        watched = dict(self._readings)
        if not watched:
            return
        due = {job_id: reading for job_id, reading in watched.items() if not reading.stored}
        running = await _running(watched.keys())
        if due_now := {job_id: at for job_id, at in due.items() if job_id in running}:
            await _store(due_now)
        self._stopped |= (watched.keys() - running) & self._readings.keys()
        for reading in due.values():
            reading.stored = True
        for job_id, reading in due.items():
            if reading.preview is not None and job_id in running:
                await self._show(reading.job, reading.preview)

    async def _show(self, job: Job, picture: bytes) -> None:
        file = await store_preview(self._world.storage, picture)
        await perform(self._world, SYSTEM, show_preview, job.id, file)
        self._world.bus.wake(progress_topic(job.project_id))


SKIPPING = " FOR UPDATE SKIP LOCKED"
STILL_RUNNING = "SELECT id FROM job WHERE status = 'RUNNING' AND id IN ({marks})"
STORE = """
UPDATE job SET phase = latest.column2, step = latest.column4, total_steps = latest.column5,
  progress = CASE WHEN latest.column3 > progress THEN latest.column3 ELSE progress END
FROM (VALUES {rows}) AS latest
WHERE job.id = latest.column1 AND job.id IN ({free})
"""
FREE = "SELECT id FROM job WHERE status = 'RUNNING' AND id IN ({marks})"


async def _running(job_ids: Collection[str]) -> set[str]:
    """Those jobs that still run."""
    rows = await statement(STILL_RUNNING.format(marks=marks(len(job_ids))), list(job_ids))
    return {job["id"] for job in rows}


async def _store(readings: Mapping[str, Reading]) -> None:
    """Raise the stored progress of those jobs that still run.

    A job that a unit of work has locked is left to its next report: this statement locks rows of
    many projects in no order that others keep, so it must never wait for one.
    """
    row = "(?, ?, CAST(? AS DOUBLE PRECISION), CAST(? AS INTEGER), CAST(? AS INTEGER))"
    values = [
        value
        for job_id, at in readings.items()
        for value in (job_id, at.phase, at.progress, at.step, at.total or None)
    ]
    rows = ", ".join([row] * len(readings))
    free = FREE.format(marks=marks(len(readings))) + (SKIPPING if is_postgres() else "")
    await statement(STORE.format(rows=rows, free=free), [*values, *readings])


async def show_preview(work: Work, job_id: str, file: File) -> None:
    """Point a running job at the picture of what it has so far, without an event."""
    job = await active_job(work, job_id)
    if job is not None:
        asset = await file.keep(job.project_id)
        await Job.filter(id=job_id).update(preview_id=asset.id)
