"""How long jobs will wait and take, from the queue and from measured history."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from .database import statement
from .job import Job, JobStatus

HISTORY_JOBS = 200

POSITIONS = """
SELECT id, position FROM (
  SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS position FROM job WHERE status = 'QUEUED'
) AS waiting
"""


async def queue_positions(job_ids: Sequence[str]) -> list[int | None]:
    """The 1-based place of each queued job among all queued ones; None for the others."""
    places = {row["id"]: int(row["position"]) for row in await statement(POSITIONS)}
    return [places.get(job_id) for job_id in job_ids]


async def seconds_taken(kinds: Sequence[tuple[str, str]]) -> list[float | None]:
    """Mean seconds from start to end of the newest complete jobs of each (kind, renderer)."""
    done = Job.filter(status=JobStatus.COMPLETE).order_by("-id").limit(HISTORY_JOBS)
    taken: dict[tuple[str, str], list[float]] = {}
    for job in await done.only("id", "kind", "renderer", "started_at", "finished_at"):
        if job.started_at is not None and job.finished_at is not None:
            seconds = (job.finished_at - job.started_at).total_seconds()
            taken.setdefault((job.kind.value, job.renderer), []).append(seconds)
    return [fmean(taken[kind]) if kind in taken else None for kind in kinds]
