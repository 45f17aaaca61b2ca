from __future__ import annotations

from typing import Any

from tortoise import fields

from .base import Ranked
from .project import Project
from .scene import Scene


class Shot(Ranked):
    """One camera setup of a scene.

    `generation` and `camera` hold what was given, keyed as in the contract. `timing` holds frames
    at the project's rate under "duration", "inPoint" and "outPoint", and a "transition" by name.
    """

    PREFIX = "shot"
    SIBLINGS_OF = "scene_id"

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name="shots", on_delete=fields.CASCADE, db_index=True
    )
    project_id: str
    scene: fields.ForeignKeyRelation[Scene] = fields.ForeignKeyField(
        "models.Scene", related_name="shots", on_delete=fields.CASCADE
    )
    scene_id: str
    label = fields.CharField(max_length=40, null=True)
    description = fields.TextField()
    initial_prompt: str | None = fields.TextField(null=True)
    generation: dict[str, Any] = fields.JSONField(default=dict)
    timing: dict[str, Any] = fields.JSONField(default=dict)
    camera: dict[str, Any] = fields.JSONField(default=dict)
    type = fields.CharField(max_length=60, null=True)
    status = fields.CharField(max_length=60, null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "shot"
        unique_together = (("scene_id", "rank"),)

    @property
    def prompt(self) -> str:
        """What to draw unless told otherwise."""
        return self.generation.get("prompt") or self.initial_prompt or self.description

    @property
    def shot_number(self) -> int:
        return self.place
