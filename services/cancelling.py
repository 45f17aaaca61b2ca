"""Ending a job before it ends by itself. What is finished stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models import (
    ACTIVE,
    EventKind,
    Image,
    Job,
    JobBatch,
    JobKind,
    JobStatus,
    MediaStatus,
    StoryboardSelection,
)

from .editing import store
from .work import Work


async def cancel_job(work: Work, job_id: str) -> Job:
    """Cancel a queued or running job; one that has ended is answered as it is."""
    job = await work.held(Job, job_id)
    if job.status.ended:
        return job
    await end_job(work, job, JobStatus.CANCELED, tell=MediaStatus.CANCELED)
    return job


async def cancel_batch(work: Work, batch_id: str) -> JobBatch:
    """Cancel the jobs of a batch that are queued or running; those that have ended stay."""
    batch = await work.held(JobBatch, batch_id)
    for job in await Job.filter(batch_id=batch.id, status__in=ACTIVE).order_by("id"):
        await end_job(work, job, JobStatus.CANCELED, tell=MediaStatus.CANCELED)
    return batch


async def cancel_jobs(work: Work, jobs: Sequence[Job]) -> None:
    """Cancel the active ones among the jobs of something that is going away or starting anew."""
    for job in jobs:
        if job.status in ACTIVE:
            await end_job(work, job, JobStatus.CANCELED, tell=None)


async def end_job(
    work: Work,
    job: Job,
    status: JobStatus,
    *,
    error: tuple[str, str] | None = None,
    result: Mapping[str, str] | None = None,
    tell: MediaStatus | None,
) -> None:
    """The one transition out of an active status; `tell` is what its subject becomes.

    `result` names the columns, already set, that change with it, and their fields.
    """
    job.status, job.finished_at = status, work.world.now()
    changed = {"status": "status", "finished_at": "finishedAt"} | dict(result or {})
    if error is not None:
        job.error_code, job.error_message = error
        changed |= {"error_code": "error", "error_message": "error"}
    await job.save(update_fields=[*changed, "updated_at"])
    work.record(job, EventKind.UPDATED, *dict.fromkeys(changed.values()))
    if tell is not None:
        await tell_subject(work, job, tell)


async def tell_subject(work: Work, job: Job, status: MediaStatus) -> None:
    """Show the state of a job on what it makes, if that still waits for this job."""
    if job.kind is JobKind.IMAGE:
        image = await Image.get_or_none(id=job.subject_id, job_id=job.id)
        if image is not None and image.status is not status:
            image.status = status
            await store(work, image, "status", only=["status"])
    elif job.kind is JobKind.ANIMATION:
        selection = await StoryboardSelection.get_or_none(
            id=job.subject_id, animation_job_id=job.id
        )
        if selection is not None and selection.animation_status is not status:
            selection.animation_status = status
            await store(work, selection, "animationStatus", only=["animation_status"])
