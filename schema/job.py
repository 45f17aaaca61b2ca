from asyncio import gather
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

import models

from .asset import Asset
from .loading import Info
from .node import Node
from .personal import personal
from .size import expected
from .view import Children, View, many, up, view_of

if TYPE_CHECKING:
    from .image import Image

strawberry.enum(models.JobKind, description="What a job makes.")
strawberry.enum(
    models.JobStatus,
    description="How far a job is. UNKNOWN: it was lost and nobody can tell how it ended.",
)


@strawberry.type(description="Why a job failed.")
class JobError:
    code: str = strawberry.field(description="Stable name of the reason.")
    message: str = strawberry.field(description="The reason in a sentence.")


@strawberry.type(description="One piece of long or paid work.")
class Job(View[models.Job], Node):
    kind: models.JobKind = strawberry.field(description="What it makes.")
    status: models.JobStatus = strawberry.field(description="How far it is.")
    phase: str | None = strawberry.field(description="What it is busy with, in a word.")
    progress: float = strawberry.field(
        description="From 0 to 1; it goes back only when the job is tried anew."
    )
    step: int = strawberry.field(description="Steps done.")
    total_steps: int | None = strawberry.field(description="Steps in all, once known.")
    attempt: int = strawberry.field(description="Which attempt this is, from 1; 0 while queued.")
    max_attempts: int = strawberry.field(description="After this many attempts it fails.")
    renderer: str = strawberry.field(description="Who does it.")
    model: str | None = strawberry.field(description="The model asked for.")
    external_id: str | None = strawberry.field(description="Its id at the provider.")
    created_at: datetime = strawberry.field(description="When it was ordered.")
    started_at: datetime | None = strawberry.field(
        description="When its first attempt began, of those since it was last tried anew."
    )
    finished_at: datetime | None = strawberry.field(description="When it ended.")
    batch: "JobBatch" = up(models.JobBatch, by="batch_id", description="The order it belongs to.")
    asset: Asset | None = up(models.Asset, by="asset_id", description="The file it made.")

    @strawberry.field(description="Why it failed.")
    def error(self) -> JobError | None:
        job = self.row
        if job.error_code is None:
            return None
        return JobError(code=job.error_code, message=job.error_message or "")

    @strawberry.field(metadata=personal(), description="A link to an unfinished picture of it.")
    def preview_url(self, info: Info) -> str | None:
        preview = self.row.preview_id
        return info.context.asset_url(preview) if preview is not None else None

    @strawberry.field(description="Its place in the queue, from 1, while it waits.")
    async def queue_position(self, info: Info) -> int | None:
        if self.row.status is not models.JobStatus.QUEUED:
            return None
        return await info.context.load(models.queue_positions, self.row.id)

    @strawberry.field(description="Seconds until its end, judged by the last jobs of its kind.")
    async def eta_seconds(self, info: Info) -> float | None:
        return await seconds_left(info, self.row)


async def seconds_left(info: Info, job: models.Job) -> float | None:
    """Queued jobs count those before them. None for an ended job, and where there is no history."""
    if job.status.ended:
        return None
    taken = await info.context.seconds_taken(job.kind.value, job.renderer)
    if taken is None:
        return None
    if job.status is models.JobStatus.RUNNING:
        return round(taken * (1 - job.progress), 1)
    position = await info.context.load(models.queue_positions, job.id)
    return round(taken * (position or 1), 1)


@strawberry.type(description="The jobs of one order.")
class JobBatch(View[models.JobBatch], Node):
    kind: models.JobKind = strawberry.field(description="What its jobs make.")
    jobs: list[Job] = many(
        models.Job,
        on="batch_id",
        order=("id",),
        items=6,
        description="Its jobs, in the order of making.",
    )

    @strawberry.field(metadata=expected(6), description="The images it makes, by variant.")
    async def images(self, info: Info) -> list[Annotated["Image", strawberry.lazy(".image")]]:
        jobs = await self._jobs(info)
        by_job = Children(models.Image, "job_id", ("variant_number",))
        found = await info.context.load_all(by_job, [job.id for job in jobs])
        return [view_of(image) for images in found for image in images]

    @strawberry.field(description="How many jobs it has.")
    async def requested(self, info: Info) -> int:
        return len(await self._jobs(info))

    @strawberry.field(description="How many are complete.")
    async def complete(self, info: Info) -> int:
        return await self._count(info, models.JobStatus.COMPLETE)

    @strawberry.field(description="How many failed or were lost.")
    async def failed(self, info: Info) -> int:
        return await self._count(info, models.JobStatus.FAILED, models.JobStatus.UNKNOWN)

    @strawberry.field(description="How many were canceled.")
    async def canceled(self, info: Info) -> int:
        return await self._count(info, models.JobStatus.CANCELED)

    @strawberry.field(description="From 0 to 1, over all its jobs; ended ones count as done.")
    async def progress(self, info: Info) -> float:
        jobs = await self._jobs(info)
        done = sum(1.0 if job.status.ended else job.progress for job in jobs)
        return round(done / len(jobs), 4) if jobs else 1.0

    @strawberry.field(description="Seconds until its last job ends, as far as one can judge.")
    async def eta_seconds(self, info: Info) -> float | None:
        left = await gather(*(seconds_left(info, job) for job in await self._jobs(info)))
        return max((seconds for seconds in left if seconds is not None), default=None)

    async def _jobs(self, info: Info) -> list[models.Job]:
        return await info.context.load(Children(models.Job, "batch_id", ("id",)), self.row.id)

    async def _count(self, info: Info, *statuses: models.JobStatus) -> int:
        return sum(job.status in statuses for job in await self._jobs(info))
