"""The life of a job: enrolled with a request, begun, ended once. Each step is a unit of work.

All writers of a project take turns on its feed, so "is it still active?" and the transition that
follows cannot be separated: whoever comes second finds an ended job and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models import (
    ACTIVE,
    EventKind,
    Image,
    Job,
    JobBatch,
    JobKind,
    JobStatus,
    MediaStatus,
    Project,
    StoryboardSelection,
    job_of,
)

from . import limits
from .assets import Made
from .cancelling import end_job, tell_subject
from .editing import store
from .errors import InvalidInput, LimitExceeded
from .idempotency import fingerprint
from .work import Work


@dataclass(frozen=True)
class Enrolment:
    """What a batch of jobs has in common."""

    project: Project
    kind: JobKind
    renderer: str
    model: str | None
    request: Mapping[str, Any]

    @property
    def input_hash(self) -> str:
        return fingerprint([self.kind.value, self.renderer, self.model, self.request])


async def running_batch(enrolment: Enrolment) -> JobBatch | None:
    """The batch that already works on this very request."""
    newest = await (
        JobBatch.filter(project_id=enrolment.project.id, input_hash=enrolment.input_hash)
        .order_by("-id")
        .first()
    )
    if newest is None or not await Job.filter(batch_id=newest.id, status__in=ACTIVE).exists():
        return None
    return newest


async def enrol(
    work: Work, enrolment: Enrolment, subjects: Mapping[str, Mapping[str, Any]]
) -> tuple[JobBatch, list[Job]]:
    """A batch with a queued job for each subject id and its inputs ("shotId" if it has one)."""
    project = enrolment.project
    await check_active(project.id, len(subjects), "input")
    batch = await JobBatch.create(
        project_id=project.id, kind=enrolment.kind, input_hash=enrolment.input_hash
    )
    jobs = [
        Job(
            project_id=project.id,
            batch_id=batch.id,
            shot_id=inputs.get("shotId"),
            subject_id=subject_id,
            kind=enrolment.kind,
            inputs=inputs,
            renderer=enrolment.renderer,
            model=enrolment.model,
            max_attempts=limits.ATTEMPTS,
        )
        for subject_id, inputs in subjects.items()
    ]
    await Job.bulk_create(jobs)
    for job in jobs:
        work.record(job, EventKind.CREATED)
    work.queue(jobs)
    return batch, jobs


async def check_active(project_id: str, more: int, field: str) -> None:
    """Refuse more jobs than may be active in a project."""
    active = await Job.filter(project_id=project_id, status__in=ACTIVE).count()
    if active + more > limits.ACTIVE_JOBS_PER_PROJECT:
        raise LimitExceeded(f"At most {limits.ACTIVE_JOBS_PER_PROJECT:,} jobs at once.", field)


def renderer_named(work: Work, name: str | None) -> str:
    """The renderer asked for, or the first one configured."""
    known = list(work.world.renderers)
    if name is not None and name not in known:
        message = f"There is no renderer {name[:60]!r}; there is {', '.join(known)}."
        raise InvalidInput(message, "input.renderer")
    return name or known[0]


async def active_job(work: Work, run_id: str) -> Job | None:
    """The job of a run, held for a change, while it is active and no later run has begun."""
    job_id = job_of(run_id)
    if await work.hold(Job, job_id) is None:
        return None
    job = await Job.get_or_none(id=job_id)  # a deletion that was waited for may have taken it
    if job is None or job.status not in ACTIVE or job.run_id != run_id:
        return None
    return job


async def begin_job(work: Work, run_id: str) -> Job | None:
    """Count an attempt. None: the job has ended, or used up its attempts and fails here."""
    job = await active_job(work, run_id)
    if job is None:
        return None
    if job.attempt >= job.max_attempts:
        message = f"Given up after {job.attempt} attempts that did not end."
        await fail_job(work, run_id, "ATTEMPTS_EXHAUSTED", message)
        return None
    job.attempt += 1
    changed = ["attempt"]
    if job.status is JobStatus.QUEUED:
        job.status, job.started_at = JobStatus.RUNNING, work.world.now()
        changed += ["status", "startedAt"]
    await job.save(update_fields=["attempt", "status", "started_at", "updated_at"])
    work.record(job, EventKind.UPDATED, *changed)
    await tell_subject(work, job, MediaStatus.PROCESSING)
    return job


async def discount_attempt(work: Work, run_id: str) -> None:
    """The attempt was broken off from our side: a worker that stops in order uses none up."""
    job = await active_job(work, run_id)
    if job is not None and job.attempt > 0:
        job.attempt -= 1
        await job.save(update_fields=["attempt", "updated_at"])
        work.record(job, EventKind.UPDATED, "attempt")


async def fail_job(work: Work, run_id: str, code: str, message: str) -> Job | None:
    job = await active_job(work, run_id)
    if job is not None:
        await end_job(work, job, JobStatus.FAILED, error=(code, message), tell=MediaStatus.FAILED)
    return job


async def complete_job(work: Work, run_id: str, made: Made) -> Job | None:
    """Adopt what a job made: the one place where its result becomes visible."""
    job = await active_job(work, run_id)
    if job is None:
        return None
    asset = await made.file.keep(job.project_id)
    job.asset_id, job.progress, job.step = asset.id, 1.0, job.total_steps or job.step
    result = {"asset_id": "asset", "progress": "progress", "step": "step"}
    await end_job(work, job, JobStatus.COMPLETE, result=result, tell=None)
    if job.kind is JobKind.IMAGE:
        await _show_image(work, job, made)
    elif job.kind is JobKind.ANIMATION:
        await _show_animation(work, job)
    return job


async def _show_image(work: Work, job: Job, made: Made) -> None:
    image = await Image.get_or_none(id=job.subject_id, job_id=job.id)
    if image is None:
        return
    thumbnail = await made.thumbnail.keep(job.project_id) if made.thumbnail else None
    image.status = MediaStatus.COMPLETE
    image.asset_id, image.thumbnail_id = job.asset_id, thumbnail.id if thumbnail else None
    image.blurhash, image.width, image.height = made.blurhash, made.width, made.height
    fields = ["status", "asset_id", "thumbnail_id", "blurhash", "width", "height"]
    told = ("status", "imageUrl", "thumbnailUrl", "blurhash", "width", "height")
    await store(work, image, *told, only=fields)


async def _show_animation(work: Work, job: Job) -> None:
    """A selection that chose another image meanwhile keeps waiting for its own animation."""
    selection = await StoryboardSelection.get_or_none(id=job.subject_id, animation_job_id=job.id)
    if selection is None:
        return
    selection.animation_status, selection.video_id = MediaStatus.COMPLETE, job.asset_id
    await store(
        work,
        selection,
        "animationStatus",
        "animatedVideoUrl",
        only=["animation_status", "video_id"],
    )
