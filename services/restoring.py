"""Bringing back what one deletion took: all of it, as it was, or nothing and the reason."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.fields import BinaryField

from models import (
    ACTIVE,
    Asset,
    DeletedFile,
    DeletedReference,
    DeletedRows,
    DeletionRecord,
    EventKind,
    Image,
    Job,
    JobBatch,
    JobStatus,
    LegacyMigration,
    MediaStatus,
    Mention,
    Ranked,
    Row,
    Screenplay,
    ScreenplayScene,
    Shot,
    SnapshotDocument,
    StoryboardSelection,
    reading,
    references_of,
)

from . import limits
from .access import named, restorable
from .deletion import keep_mentions, shown_as, versioned
from .editing import store
from .errors import Conflict
from .images import check_room
from .ordering import rank_again
from .work import Work

FIELD = "restoreId"
UNTOLD: tuple[type[Row], ...] = (
    *(Asset, JobBatch, LegacyMigration, SnapshotDocument),
    *(Screenplay, ScreenplayScene),
)
"""Kinds that have no events of their own."""

TAKEN_SINCE = {
    Image: "Another image has its iteration and variant number now.",
    StoryboardSelection: "Another image has been chosen for the shot since; clear that first.",
    LegacyMigration: "Its document was migrated again since; delete the project of that first.",
}


@dataclass
class Restoration:
    """What came back: the row that was deleted, first among all that went with it."""

    id: str
    restored: list[str] = field(default_factory=list)


async def restore(work: Work, restore_id: str) -> Restoration:
    """Bring back what a deletion took, with ids, order, selections and lineage.

    Versions rise by one. Jobs that the deletion ended stay canceled, and so does what they made.
    Refused once restored or too old, when what it belonged to is gone, or when another has taken
    its number or choice since.
    """
    record = await restorable(work.actor, restore_id, FIELD)
    await work.hold(DeletionRecord, record.id)
    kept = DeletedRows.filter(deletion_id=record.id).order_by("id")
    parts = await kept.values_list("id", flat=True)
    if not parts:
        raise Conflict("This was restored already, or is kept no longer.", FIELD)
    restoration, lost = Restoration(record.subject_id), list[Mention]()
    for part in parts:
        lost += await _restore_part(work, record, await DeletedRows.get(id=part), restoration)
    await _rejoin(work, record, restoration, lost)
    await DeletedRows.filter(deletion_id=record.id).delete()
    await DeletedFile.filter(deletion_id=record.id).delete()
    return restoration


async def _restore_part(
    work: Work, record: DeletionRecord, part: DeletedRows, restoration: Restoration
) -> list[Mention]:
    """Insert rows of one kind. What they mentioned and is not there, or not yet, is answered."""
    kind = next(model for model in reading.kinds(Row) if part.kind == model.PREFIX)
    rows = [_row(kind, columns) for columns in json.loads(part.rows)]
    if not restoration.restored:
        await _prepare_root(work, rows[0])
    for row in rows:
        _end_waiting(row, record.created_at)
        if versioned(row):
            row.version += 1  # type: ignore[attr-defined]  # `versioned` says so
    lost = await _without_the_missing(rows)
    try:
        await kind.bulk_create(rows)
    except IntegrityError:
        raise Conflict(TAKEN_SINCE.get(kind, f"The {named(kind)} no longer fits."), FIELD) from None
    if kind not in UNTOLD:
        for row in rows:
            work.record(row, EventKind.RESTORED)
    restoration.restored += [row.id for row in rows]
    return lost


def _row(kind: type[Row], columns: dict[str, Any]) -> Row:
    """As it was; columns that rows of its kind have no more are left out."""
    known = {name: columns[name] for name in kind._meta.fields_db_projection if name in columns}
    for name in known:
        if isinstance(kind._meta.fields_map[name], BinaryField):
            known[name] = b64decode(known[name])
    return kind(**known)


async def _prepare_root(work: Work, row: Row) -> None:
    """What the row belonged to must be there, with room for it."""
    for reference in references_of(type(row)):
        owner_id = getattr(row, reference.column)
        if reference.owning and not await reference.target.exists(id=owner_id):
            owner = named(reference.target)
            raise Conflict(f"The {owner} {owner_id} is gone; restore that first.", FIELD)
    if isinstance(row, Ranked):
        row.rank = await rank_again(work, row, FIELD)
    if isinstance(row, Image):
        await check_room(await Shot.get(id=row.shot_id), 1, FIELD)


def _end_waiting(row: Row, at: datetime) -> None:
    """The deletion ended the jobs of what it took, and nobody makes those things any more."""
    if isinstance(row, Job) and row.status in ACTIVE:
        row.status, row.finished_at = JobStatus.CANCELED, at
    if isinstance(row, Image) and row.job_id is not None and not row.status.ended:
        row.status = MediaStatus.CANCELED
    if isinstance(row, StoryboardSelection) and row.animation_job_id is not None:
        status = row.animation_status
        if status is not None and not status.ended:
            row.animation_status = MediaStatus.CANCELED


async def _without_the_missing(rows: Sequence[Row]) -> list[Mention]:
    """Clear the mentions of rows that are not there when theirs is inserted, in this order."""
    lost: list[Mention] = []
    for reference in references_of(type(rows[0])):
        if reference.owning:
            continue
        wanted = {getattr(row, reference.column) for row in rows} - {None}
        there = set(await reading.by_id(reference.target, wanted))
        for row in rows:
            target_id = getattr(row, reference.column)
            if target_id is not None and target_id not in there:
                lost.append(Mention(row.id, reference.column, target_id))
                setattr(row, reference.column, None)
            if reference.target is type(row):
                there.add(row.id)
    return lost


async def _rejoin(
    work: Work, record: DeletionRecord, restoration: Restoration, lost: Sequence[Mention]
) -> None:
    """Restore mentions among what came back, and between that and what stayed or came earlier."""
    kept = await _kept_mentions(restoration.restored)
    mentions = {Mention(each.row_id, each.column, each.target_id) for each in kept} | set(lost)
    rows = await reading.by_any_id({mention.row_id for mention in mentions})
    targets = await reading.by_any_id({mention.target_id for mention in mentions})
    own = set(restoration.restored)
    silent: dict[tuple[type[Row], str], list[Row]] = {}
    for mention in sorted(mentions, key=lambda each: (each.row_id, each.column)):
        row = rows.get(mention.row_id)
        if row is None or mention.target_id not in targets or getattr(row, mention.column):
            continue
        setattr(row, mention.column, mention.target_id)
        if versioned(row) and row.id not in own:
            await store(work, row, shown_as(mention.column), only=[mention.column])
        else:
            silent.setdefault((type(row), mention.column), []).append(row)
    for (kind, column), changed in silent.items():
        await kind.bulk_update(changed, [column], batch_size=limits.ROWS_AT_ONCE)
    await keep_mentions(record, [each for each in lost if each.target_id not in targets])


async def _kept_mentions(ids: Sequence[str]) -> list[DeletedReference]:
    found: list[DeletedReference] = []
    for some in reading.chunks(ids):
        found += await DeletedReference.filter(row_id__in=some)
        found += await DeletedReference.filter(target_id__in=some)
    return found
