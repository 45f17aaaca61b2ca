from __future__ import annotations

from tortoise import fields

from .asset import Asset
from .base import Row
from .image import Image, MediaStatus
from .job import Job
from .project import Project
from .shot import Shot


class StoryboardSelection(Row):
    """The image chosen as a shot's master, and that image's animation.

    A row of its own, so that shot and image never point at each other.
    """

    PREFIX = "sel"

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name="selections", on_delete=fields.CASCADE, db_index=True
    )
    project_id: str
    shot: fields.OneToOneRelation[Shot] = fields.OneToOneField(
        "models.Shot", related_name="selection", on_delete=fields.CASCADE
    )
    shot_id: str
    image: fields.ForeignKeyRelation[Image] = fields.ForeignKeyField(
        "models.Image", related_name="selections", on_delete=fields.CASCADE, db_index=True
    )
    image_id: str
    animation_status = fields.CharEnumField(MediaStatus, max_length=20, null=True)
    animation_job: fields.ForeignKeyNullableRelation[Job] = fields.ForeignKeyField(
        "models.Job", related_name="selections", on_delete=fields.SET_NULL, null=True, db_index=True
    )
    animation_job_id: str | None
    video: fields.ForeignKeyNullableRelation[Asset] = fields.ForeignKeyField(
        "models.Asset",
        related_name="selections",
        on_delete=fields.SET_NULL,
        null=True,
        db_index=True,
    )
    video_id: str | None
    video_url: str | None = fields.TextField(null=True)
    external_video_id = fields.CharField(max_length=200, null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "storyboard_selection"
