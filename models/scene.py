from __future__ import annotations

from tortoise import fields

from .base import Ranked
from .project import Project


class Scene(Ranked):
    """A stretch of the film in one place and time. `label` is its number in the script."""

    PREFIX = "scn"
    SIBLINGS_OF = "project_id"

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name="scenes", on_delete=fields.CASCADE
    )
    project_id: str
    label = fields.CharField(max_length=40, null=True)
    title = fields.CharField(max_length=200)
    description = fields.TextField(default="")
    version = fields.IntField(default=1)

    class Meta:
        table = "scene"
        unique_together = (("project_id", "rank"),)

    @property
    def scene_number(self) -> int:
        return self.place
