"""Deleting: everything below goes too, and the answer and the event name all of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models import (
    ACTIVE,
    Asset,
    Image,
    Job,
    JobBatch,
    Project,
    Row,
    Scene,
    Shot,
    StoryboardSelection,
)

from .cancelling import cancel_jobs
from .work import Work

BELOW_PROJECT: tuple[type[Row], ...] = (
    Scene,
    Shot,
    Image,
    StoryboardSelection,
    JobBatch,
    Job,
    Asset,
)


@dataclass(frozen=True)
class Deletion:
    """What was deleted: the row asked for, first among all that went with it."""

    id: str
    deleted: list[str]
    restore_id: str | None = None


async def delete(work: Work, row: Row, below: Iterable[str]) -> Deletion:
    """Delete a held row; the database cascades to `below`, which the caller has collected."""
    deleted = [row.id, *below]
    await row.delete()
    work.record_deleted(row, deleted)
    return Deletion(row.id, deleted)


async def below_project(project: Project) -> list[str]:
    return [
        row_id
        for model in BELOW_PROJECT
        for row_id in await ids_of(model, "project_id", [project.id])
    ]


async def below_shots(work: Work, shot_ids: Sequence[str]) -> list[str]:
    """Images and selections of shots. Their running jobs are canceled and stay on record."""
    jobs = Job.filter(shot_id__in=shot_ids, status__in=ACTIVE)
    await cancel_jobs(work, await jobs.order_by("id"))
    images = await ids_of(Image, "shot_id", shot_ids)
    return images + await ids_of(StoryboardSelection, "shot_id", shot_ids)


async def ids_of(model: type[Row], on: str, keys: Sequence[str]) -> list[str]:
    rows = model.filter(**{f"{on}__in": keys}).order_by("id")
    return [str(row_id) for row_id in await rows.values_list("id", flat=True)]
