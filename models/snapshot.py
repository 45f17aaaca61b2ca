"""Snapshots: the whole of a project in one document, version after version.

What is said of a version and what it holds are rows of their own: lists read no documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tortoise import fields
from tortoise.functions import Max

from .base import Row
from .packing import unpack
from .project import Project

At = tuple[str, int | None]
"""A project's id and a version, or None for the newest."""


class Snapshot(Row):
    """One version, called `number`: a `version` counts the changes of a row everywhere else.

    Its number is larger than that of every other one that the project had before. A `piecemeal` one
    is a step of a document that arrives scene by scene.
    """

    PREFIX = "snap"

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name="snapshots", on_delete=fields.CASCADE
    )
    project_id: str
    number = fields.BigIntField()
    base = fields.BigIntField(null=True)
    checksum = fields.CharField(max_length=64)
    metadata: Any = fields.JSONField(default=dict)
    scene_count = fields.IntField()
    element_count = fields.IntField()
    word_count = fields.IntField()
    estimated_tokens = fields.IntField()
    stored_bytes = fields.IntField()
    piecemeal = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "snapshot"
        unique_together = (("project_id", "number"),)


class SnapshotDocument(Row):
    """What a version holds, packed."""

    PREFIX = "sdoc"

    snapshot: fields.OneToOneRelation[Snapshot] = fields.OneToOneField(
        "models.Snapshot", related_name="document", on_delete=fields.CASCADE
    )
    snapshot_id: str
    packed = fields.BinaryField()

    class Meta:
        table = "snapshot_document"


async def snapshots_at(keys: Sequence[At]) -> list[Snapshot | None]:
    """Batch read: the named or newest version of each project, None where there is none."""
    newest = await _newest_numbers([project_id for project_id, number in keys if number is None])
    wanted = [(project, newest.get(project) if no is None else no) for project, no in keys]
    rows = await Snapshot.filter(
        project_id__in={project_id for project_id, _ in wanted},
        number__in={number for _, number in wanted if number is not None},
    )
    found = {(row.project_id, row.number): row for row in rows}
    return [found.get((project_id, number or 0)) for project_id, number in wanted]


async def _newest_numbers(project_ids: Sequence[str]) -> dict[str, int]:
    if not project_ids:
        return {}
    rows = Snapshot.filter(project_id__in=set(project_ids)).group_by("project_id")
    found = await rows.annotate(newest=Max("number")).values_list("project_id", "newest")
    return dict(found)


async def snapshot_documents(keys: Sequence[tuple[str, str]]) -> list[Any]:
    """Batch read: the document of each snapshot by its id and checksum, None where it is gone.

    Raises Damaged.
    """
    rows = await SnapshotDocument.filter(snapshot_id__in={row_id for row_id, _ in keys})
    packed = {row.snapshot_id: row.packed for row in rows}
    return [
        unpack(packed[row_id], checksum) if row_id in packed else None for row_id, checksum in keys
    ]
