"""Snapshots: the whole of a project in one document, version after version."""

from __future__ import annotations

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

COUNTS = ("scene_count", "element_count", "word_count", "estimated_tokens", "stored_bytes")


def _row(*columns: tuple[str, Any]) -> list[tuple[str, Any]]:
    return [
        ("id", fields.CharField(primary_key=True, max_length=36)),
        ("created_at", fields.DatetimeField(auto_now_add=True)),
        ("updated_at", fields.DatetimeField(auto_now=True)),
        *columns,
    ]


def _never_negative(column: str) -> CheckConstraint:
    return CheckConstraint(check=f"{column} >= 0", name=f"snapshot_{column}")


class Migration(migrations.Migration):
    dependencies = [("models", "0006_identity")]

    operations = [
        ops.AddField(
            model_name="Project",
            name="last_snapshot",
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.CreateModel(
            name="Snapshot",
            fields=_row(
                (
                    "project",
                    fields.ForeignKeyField(
                        "models.Project", related_name="snapshots", on_delete=fields.CASCADE
                    ),
                ),
                ("number", fields.BigIntField()),
                ("base", fields.BigIntField(null=True)),
                ("checksum", fields.CharField(max_length=64)),
                ("metadata", fields.JSONField(default=dict)),
                *((name, fields.IntField()) for name in COUNTS),
            ),
            options={
                "table": "snapshot",
                "app": "models",
                "pk_attr": "id",
                "unique_together": (("project_id", "number"),),
                "constraints": [
                    CheckConstraint(check="number > 0", name="snapshot_number"),
                    CheckConstraint(check="base > 0", name="snapshot_base"),
                    *map(_never_negative, COUNTS),
                ],
            },
        ),
        ops.CreateModel(
            name="SnapshotDocument",
            fields=_row(
                (
                    "snapshot",
                    fields.OneToOneField(
                        "models.Snapshot", related_name="document", on_delete=fields.CASCADE
                    ),
                ),
                ("packed", fields.BinaryField()),
            ),
            options={"table": "snapshot_document", "app": "models", "pk_attr": "id"},
        ),
    ]
