"""Progress of running jobs: heard often, stored seldom, never going back.

Renderers report from any thread, as often as they like. Twice a second one read tells which jobs
still run, one statement stores all that changed, without an event, and their watchers are woken. A
job that runs no more hears it at its next report, which raises Canceled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from models import Job, job_of, run_named
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
    async def measuring(self, run_id: str) -> AsyncIterator[Report]:
        """A report for one job, until the block ends; whoever reports later is canceled too."""
        over = False

        def report(phase: str, step: int, total: int, preview: bytes | None = None) -> None:
            if over or run_id in self._stopped:
                raise Canceled
            latest = self._readings[run_id]
            if step < latest.step and total == latest.total:
                step = latest.step
            kept = preview or (None if latest.stored else latest.preview)
            self._readings[run_id] = Reading(phase, step, total, kept)

        self._readings[run_id] = Reading("starting", 0, 0)
        try:
            yield report
        finally:
            over = True
            del self._readings[run_id]
            self._stopped.discard(run_id)

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
        due = {run_id: reading for run_id, reading in watched.items() if not reading.stored}
        running = await _running(watched.keys())
        if due_now := {run_id: at for run_id, at in due.items() if run_id in running}:
            await _store(due_now)
        self._stopped |= (watched.keys() - running.keys()) & self._readings.keys()
        previews = {i: at.preview for i, at in due.items() if at.preview and i in running}
        for reading in due.values():
            reading.stored = True
        try:
            await self._show(previews)
        finally:
            topics = {progress_topic(running[run_id]) for run_id in due if run_id in running}
            self._world.bus.wake(*topics)

    async def _show(self, previews: Mapping[str, bytes]) -> None:
        for run_id, picture in previews.items():
            file = await store_preview(self._world.storage, picture)
            await perform(self._world, SYSTEM, show_preview, run_id, file)


SKIPPING = " FOR UPDATE SKIP LOCKED"
STILL_RUNNING = "SELECT id, run, project_id FROM job WHERE status = 'RUNNING' AND id IN ({marks})"
STORE = """
UPDATE job SET phase = latest.column2, step = latest.column4, total_steps = latest.column5,
  progress = CASE WHEN latest.column3 > progress THEN latest.column3 ELSE progress END
FROM (VALUES {rows}) AS latest
WHERE job.id = latest.column1 AND job.id IN ({free})
"""
FREE = "SELECT id FROM job WHERE status = 'RUNNING' AND id IN ({marks})"


async def _running(run_ids: Collection[str]) -> dict[str, str]:
    """The project ids of those runs that still go on."""
    job_ids = list({job_of(run_id) for run_id in run_ids})
    rows = await statement(STILL_RUNNING.format(marks=marks(len(job_ids))), job_ids)
    found = {run_named(row["id"], row["run"]): row["project_id"] for row in rows}
    return {run_id: found[run_id] for run_id in run_ids if run_id in found}


async def _store(readings: Mapping[str, Reading]) -> None:
    """Raise the stored progress of those jobs that still run.

    A job that a unit of work has locked is left to its next report: this statement locks rows of
    many projects in no order that others keep, so it must never wait for one.
    """
    row = "(?, ?, CAST(? AS DOUBLE PRECISION), CAST(? AS INTEGER), CAST(? AS INTEGER))"
    values = [
        value
        for run_id, at in readings.items()
        for value in (job_of(run_id), at.phase, at.progress, at.step, at.total or None)
    ]
    rows = ", ".join([row] * len(readings))
    free = FREE.format(marks=marks(len(readings))) + (SKIPPING if is_postgres() else "")
    await statement(STORE.format(rows=rows, free=free), [*values, *map(job_of, readings)])


async def show_preview(work: Work, run_id: str, file: File) -> None:
    """Point a running job at the picture of what it has so far, without an event."""
    job = await active_job(work, run_id)
    if job is not None:
        asset = await file.keep(job.project_id)
        await Job.filter(id=job.id).update(preview_id=asset.id)
