from __future__ import annotations

from tortoise import fields

from .base import Row
from .project import Project


class Asset(Row):
    """A file of a project in our storage, named by the SHA-256 of its bytes."""

    PREFIX = "ast"

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name="assets", on_delete=fields.CASCADE
    )
    project_id: str
    sha256 = fields.CharField(max_length=64, db_index=True)
    media_type = fields.CharField(max_length=100)
    size = fields.BigIntField()
    filename = fields.CharField(max_length=200)

    class Meta:
        table = "asset"
        unique_together = (("project_id", "sha256"),)
