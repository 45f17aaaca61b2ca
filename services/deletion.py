"""Deleting: everything below goes too, the answer and the event name all of it, and what it takes
to bring it back is kept.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models import (
    ACTIVE,
    Asset,
    DeletedFile,
    DeletedReference,
    DeletedRows,
    DeletionRecord,
    Job,
    Mention,
    Project,
    Row,
    Taken,
    mentions_of,
    owned_by,
    reading,
)

from . import limits
from .cancelling import cancel_jobs
from .editing import store
from .work import Work


@dataclass(frozen=True)
class Deletion:
    """What was deleted: the row asked for, first among all that went with it."""

    id: str
    deleted: list[str]
    restore_id: str


async def delete(work: Work, row: Row, *siblings: Row) -> Deletion:
    """Delete a held row with all that belongs to it, and with it siblings of its kind.

    Jobs that make something of it are canceled; rows that mention it stay, without the mention.
    """
    taken = await owned_by(row, *siblings)
    deleted = sorted(
        (gone for ids in taken.values() for gone in ids), key=lambda gone: gone != row.id
    )
    if Job not in taken:
        await cancel_jobs(work, await _jobs_for(deleted))
    mentions = await mentions_of(taken)
    record = await _keep(work, row, taken, mentions)
    await _clear(work, mentions)
    for each in (row, *siblings):
        await each.delete()
    work.record_deleted(row, deleted)
    return Deletion(row.id, deleted, record.id)


async def _jobs_for(ids: Sequence[str]) -> list[Job]:
    jobs: list[Job] = []
    for some in reading.chunks(ids):
        jobs += await Job.filter(subject_id__in=some, status__in=ACTIVE)
    return sorted(jobs, key=lambda job: job.id)


async def _clear(work: Work, mentions: Sequence[Mention]) -> None:
    """Tell of the mentions that versioned rows lose; of the others the database disposes."""
    rows = await reading.by_any_id(mention.row_id for mention in mentions)
    for mention in mentions:
        row = rows[mention.row_id]
        if versioned(row):
            setattr(row, mention.column, None)
            await store(work, row, shown_as(mention.column), only=[mention.column])


def versioned(row: Row) -> bool:
    return "version" in row._meta.fields_map


def shown_as(column: str) -> str:
    """The field of the contract that shows a mention."""
    first, *others = column.removesuffix("_id").split("_")
    return first + "".join(other.title() for other in others)


async def _keep(work: Work, row: Row, taken: Taken, mentions: Sequence[Mention]) -> DeletionRecord:
    project = await Project.get(id=row.feed_id)
    record = await DeletionRecord.create(
        project_id=project.id,
        client_id=project.client_id,
        subject_id=row.id,
        actor_id=work.actor.id,
    )
    for kind, ids in taken.items():
        for some in reading.chunks(ids, limits.ROWS_AT_ONCE):
            rows = await kind.filter(id__in=some).order_by("id")
            document = json.dumps([_columns(each) for each in rows], default=_text)
            await DeletedRows.create(deletion_id=record.id, kind=kind.PREFIX, rows=document)
            files = [each.sha256 for each in rows if isinstance(each, Asset)]
            await DeletedFile.bulk_create(
                DeletedFile(deletion_id=record.id, sha256=sha256) for sha256 in files
            )
    await keep_mentions(record, mentions)
    return record


def _columns(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row._meta.fields_db_projection}


def _text(value: Any) -> str:
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)


async def keep_mentions(record: DeletionRecord, mentions: Sequence[Mention]) -> None:
    """For whichever of their two rows is restored last."""
    await DeletedReference.bulk_create(
        DeletedReference(
            deletion_id=record.id,
            row_id=mention.row_id,
            column=mention.column,
            target_id=mention.target_id,
        )
        for mention in mentions
    )
