"""How long jobs will wait and take, from the queue and from measured history."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from .database import statement
from .job import Job, JobStatus

HISTORY_JOBS = 100

POSITIONS = """
SELECT id, position FROM (
  SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS position
  FROM job WHERE status = 'QUEUED' AND id <= ?
) AS waiting
"""


async def queue_positions(job_ids: Sequence[str]) -> list[int | None]:
    """The 1-based place of each queued job among all queued ones; None for the others."""
    places = {row["id"]: int(row["position"]) for row in await statement(POSITIONS, [max(job_ids)])}
    return [places.get(job_id) for job_id in job_ids]


async def seconds_taken(kinds: Sequence[tuple[str, str]]) -> list[float | None]:
    """Mean seconds from start to end of the newest complete jobs of each (kind, renderer)."""
    means = {kind: await _mean_seconds(*kind) for kind in dict.fromkeys(kinds)}
    return [means[kind] for kind in kinds]


async def _mean_seconds(kind: str, renderer: str) -> float | None:
    done = Job.filter(status=JobStatus.COMPLETE, kind=kind, renderer=renderer).order_by("-id")
    newest = await done.limit(HISTORY_JOBS).only("id", "started_at", "finished_at")
    taken = [
        (job.finished_at - job.started_at).total_seconds()
        for job in newest
        if job.started_at is not None and job.finished_at is not None
    ]
    return fmean(taken) if taken else None
