"""Which projects were made of documents of the first version."""

from __future__ import annotations

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [("models", "0003_presence")]

    operations = [
        ops.CreateModel(
            name="LegacyMigration",
            fields=[
                ("id", fields.CharField(primary_key=True, max_length=36)),
                ("created_at", fields.DatetimeField(auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True)),
                (
                    "client",
                    fields.ForeignKeyField(
                        "models.Client",
                        related_name="legacy_migrations",
                        on_delete=fields.CASCADE,
                    ),
                ),
                (
                    "project",
                    fields.OneToOneField(
                        "models.Project",
                        related_name="legacy_migration",
                        on_delete=fields.CASCADE,
                    ),
                ),
                (
                    "document",
                    fields.ForeignKeyField(
                        "models.Asset",
                        related_name="legacy_migrations",
                        on_delete=fields.CASCADE,
                        db_index=True,
                    ),
                ),
                ("source", fields.CharField(max_length=210)),
                ("content_hash", fields.CharField(max_length=64)),
                ("scenes", fields.IntField()),
                ("shots", fields.IntField()),
                ("problems", fields.JSONField()),
            ],
            options={
                "table": "legacy_migration",
                "app": "models",
                "pk_attr": "id",
                "unique_together": (("client_id", "source"),),
                "constraints": [
                    CheckConstraint(
                        check="scenes >= 0 AND shots >= 0", name="legacy_migration_counts"
                    )
                ],
            },
        ),
    ]
