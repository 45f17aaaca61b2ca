from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields

from .asset import Asset
from .base import Row
from .job import Job
from .project import Project
from .shot import Shot


class MediaStatus(StrEnum):
    """How far a picture or an animation is."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    CANCELED = "CANCELED"

    @property
    def ended(self) -> bool:
        return self not in (MediaStatus.PENDING, MediaStatus.PROCESSING)


class Image(Row):
    """One variant of one iteration of a shot, where iteration 0 is the first batch.

    Its picture is an asset of ours, or `source_url` when it was made elsewhere.
    """

    PREFIX = "img"

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name="images", on_delete=fields.CASCADE, db_index=True
    )
    project_id: str
    shot: fields.ForeignKeyRelation[Shot] = fields.ForeignKeyField(
        "models.Shot", related_name="images", on_delete=fields.CASCADE
    )
    shot_id: str
    iteration_number = fields.IntField()
    variant_number = fields.IntField()
    iteration_prompt = fields.TextField()
    parent_image: fields.ForeignKeyNullableRelation[Image] = fields.ForeignKeyField(
        "models.Image",
        related_name="refinements",
        on_delete=fields.SET_NULL,
        null=True,
        db_index=True,
    )
    parent_image_id: str | None
    status = fields.CharEnumField(MediaStatus, max_length=20)
    job: fields.ForeignKeyNullableRelation[Job] = fields.ForeignKeyField(
        "models.Job", related_name="images", on_delete=fields.SET_NULL, null=True, db_index=True
    )
    job_id: str | None
    asset: fields.ForeignKeyNullableRelation[Asset] = fields.ForeignKeyField(
        "models.Asset", related_name="images", on_delete=fields.SET_NULL, null=True, db_index=True
    )
    asset_id: str | None
    thumbnail: fields.ForeignKeyNullableRelation[Asset] = fields.ForeignKeyField(
        "models.Asset",
        related_name="thumbnails",
        on_delete=fields.SET_NULL,
        null=True,
        db_index=True,
    )
    thumbnail_id: str | None
    source_url: str | None = fields.TextField(null=True)
    blurhash = fields.CharField(max_length=64, null=True)
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    external_id = fields.CharField(max_length=200, null=True)
    is_favorite = fields.BooleanField(default=False)
    metadata: Any = fields.JSONField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "image"
        unique_together = (("shot_id", "iteration_number", "variant_number"),)
