from __future__ import annotations

from tortoise import fields

from .base import Ranked
from .project import Project


class Scene(Ranked):
    """A stretch of the film in one place and time. Its number is its place; `label` is the script's."""

    PREFIX = "scn"
    SIBLINGS_OF = "project_id"

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name="scenes", on_delete=fields.CASCADE
    )
    project_id: str
    label: str | None = fields.CharField(max_length=40, null=True)
    title: str = fields.CharField(max_length=200)
    description: str = fields.TextField(default="")
    version: int = fields.IntField(default=1)

    class Meta:
        table = "scene"
        unique_together = (("project_id", "rank"),)

    @property
    def scene_number(self) -> int:
        return self.place
