from __future__ import annotations

from typing import Any

from tortoise import fields

from .asset import Asset
from .base import Row
from .client import Client
from .project import Project


class LegacyMigration(Row):
    """That a project was made of a document of the first version, which is kept as an asset.

    `source` names the document within its client. `content_hash` is that of its JSON, whatever the
    order of keys. `problems` lists what could not be mapped, each as [path, message].
    """

    PREFIX = "leg"

    client: fields.ForeignKeyRelation[Client] = fields.ForeignKeyField(
        "models.Client", related_name="legacy_migrations", on_delete=fields.CASCADE
    )
    client_id: str
    project: fields.OneToOneRelation[Project] = fields.OneToOneField(
        "models.Project", related_name="legacy_migration", on_delete=fields.CASCADE
    )
    project_id: str
    document: fields.ForeignKeyRelation[Asset] = fields.ForeignKeyField(
        "models.Asset", related_name="legacy_migrations", on_delete=fields.CASCADE, db_index=True
    )
    document_id: str
    source = fields.CharField(max_length=210)
    content_hash = fields.CharField(max_length=64)
    scenes = fields.IntField()
    shots = fields.IntField()
    problems: Any = fields.JSONField(default=list)

    class Meta:
        table = "legacy_migration"
        unique_together = (("client_id", "source"),)
