"""Trying a job anew after it ended without a result."""

from __future__ import annotations

from typing import Any

from models import EventKind, Image, Job, JobKind, JobStatus, MediaStatus, StoryboardSelection

from . import limits
from .cancelling import tell_subject
from .errors import Conflict, LimitExceeded
from .jobs import check_active
from .work import Work

RETRIED = (JobStatus.FAILED, JobStatus.CANCELED, JobStatus.UNKNOWN)

# What a job starts over with, and the field of the contract that shows it.
ANEW: dict[str, tuple[Any, str]] = {
    "status": (JobStatus.QUEUED, "status"),
    "phase": (None, "phase"),
    "progress": (0.0, "progress"),
    "step": (0, "step"),
    "total_steps": (None, "totalSteps"),
    "error_code": (None, "error"),
    "error_message": (None, "error"),
    "external_id": (None, "externalId"),
    "preview_id": (None, "previewUrl"),
    "started_at": (None, "startedAt"),
    "finished_at": (None, "finishedAt"),
}


async def retry_job(work: Work, job_id: str) -> Job:
    """Queue an ended job without a result once more, with the inputs that it had.

    It keeps its attempts and gets as many more. What it makes waits again; where that is gone, or
    another job makes it now, the retry is refused. Whoever still works on a run before is too late.
    """
    job = await work.held(Job, job_id)
    if job.status not in RETRIED:
        raise Conflict("Only a job that failed, was canceled or lost is tried anew.", "id")
    if not await _is_waited_for(job):
        raise Conflict("What this job was to make is gone, or made by another job now.", "id")
    if job.run >= limits.RUNS:
        raise LimitExceeded(f"A job is tried anew {limits.RUNS - 1} times at most.", "id")
    await check_active(job.project_id, 1, "id")
    values = {name: value for name, (value, _) in ANEW.items()}
    values |= {"run": job.run + 1, "max_attempts": job.attempt + limits.ATTEMPTS}
    shown = {name: field for name, (_, field) in ANEW.items()} | {"max_attempts": "maxAttempts"}
    changed = [shown[name] for name in shown if getattr(job, name) != values[name]]
    for name, value in values.items():
        setattr(job, name, value)
    await job.save(update_fields=[*values, "updated_at"])
    work.record(job, EventKind.UPDATED, *dict.fromkeys(changed))
    await tell_subject(work, job, MediaStatus.PENDING)
    work.queue([job])
    return job


async def _is_waited_for(job: Job) -> bool:
    if job.kind is JobKind.IMAGE:
        return await Image.exists(id=job.subject_id, job_id=job.id)
    if job.kind is JobKind.ANIMATION:
        return await StoryboardSelection.exists(id=job.subject_id, animation_job_id=job.id)
    return True
