"""A job is one unit of paid or long work; the jobs of one request share a batch."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields

from .asset import Asset
from .base import Row
from .database import statement
from .project import Project
from .shot import Shot


class JobKind(StrEnum):
    IMAGE = "IMAGE"
    ANIMATION = "ANIMATION"
    STUDIO_IMAGE = "STUDIO_IMAGE"
    EXPORT = "EXPORT"
    IMPORT = "IMPORT"


class JobStatus(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    UNKNOWN = "UNKNOWN"

    @property
    def ended(self) -> bool:
        return self not in ACTIVE


ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING)


class JobBatch(Row):
    """The jobs of one request. Same `input_hash` while some job is active: the same request."""

    PREFIX = "bat"

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name="batches", on_delete=fields.CASCADE, db_index=True
    )
    project_id: str
    kind = fields.CharEnumField(JobKind, max_length=20)
    input_hash = fields.CharField(max_length=64, db_index=True)

    class Meta:
        table = "job_batch"


class Job(Row):
    """One piece of work with a snapshot of all its inputs.

    `subject_id` names what it makes: an image, a selection's animation, a project's film. It is no
    foreign key: the record of paid work outlives what it was for.
    """

    PREFIX = "job"

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name="jobs", on_delete=fields.CASCADE
    )
    project_id: str
    batch: fields.ForeignKeyRelation[JobBatch] = fields.ForeignKeyField(
        "models.JobBatch", related_name="jobs", on_delete=fields.CASCADE, db_index=True
    )
    batch_id: str
    shot: fields.ForeignKeyNullableRelation[Shot] = fields.ForeignKeyField(
        "models.Shot", related_name="jobs", on_delete=fields.SET_NULL, null=True, db_index=True
    )
    shot_id: str | None
    subject_id = fields.CharField(max_length=36, db_index=True)
    kind = fields.CharEnumField(JobKind, max_length=20)
    status = fields.CharEnumField(JobStatus, default=JobStatus.QUEUED, max_length=20)
    inputs: dict[str, Any] = fields.JSONField(default=dict)
    renderer = fields.CharField(max_length=60)
    model = fields.CharField(max_length=200, null=True)
    phase = fields.CharField(max_length=60, null=True)
    progress = fields.FloatField(default=0.0)
    step = fields.IntField(default=0)
    total_steps = fields.IntField(null=True)
    attempt = fields.IntField(default=0)
    max_attempts = fields.IntField(default=3)
    run = fields.IntField(default=1, db_default=1)
    error_code = fields.CharField(max_length=60, null=True)
    error_message: str | None = fields.TextField(null=True)
    external_id = fields.CharField(max_length=200, null=True)
    preview: fields.ForeignKeyNullableRelation[Asset] = fields.ForeignKeyField(
        "models.Asset",
        related_name="previewed",
        on_delete=fields.SET_NULL,
        null=True,
        db_index=True,
    )
    preview_id: str | None
    asset: fields.ForeignKeyNullableRelation[Asset] = fields.ForeignKeyField(
        "models.Asset", related_name="made_by", on_delete=fields.SET_NULL, null=True, db_index=True
    )
    asset_id: str | None
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "job"
        indexes = (("project_id", "id"), ("status", "id"))

    @property
    def run_id(self) -> str:
        return run_named(self.id, self.run)


def run_named(job_id: str, run: int) -> str:
    """What the engine calls a run: a job that is tried anew is another piece of work there."""
    return job_id if run == 1 else f"{job_id}.{run}"


def job_of(run_id: str) -> str:
    """The id of the job that a run is of."""
    return run_id.partition(".")[0]


async def jobs_by_status() -> dict[JobStatus, int]:
    """How many jobs have each of the active statuses, of all projects."""
    found = await statement(
        "SELECT status, COUNT(*) AS jobs FROM job WHERE status IN (?, ?) GROUP BY status", ACTIVE
    )
    counts = {row["status"]: row["jobs"] for row in found}
    return {status: counts.get(status.value, 0) for status in ACTIVE}
