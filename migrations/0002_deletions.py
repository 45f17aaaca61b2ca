"""What deletions took, to be restored."""

from __future__ import annotations

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


def _part(name: str, table: str, related_name: str, *columns: tuple[str, Any]) -> ops.CreateModel:
    return ops.CreateModel(
        name=name,
        fields=[
            ("id", fields.BigIntField(generated=True, primary_key=True)),
            (
                "deletion",
                fields.ForeignKeyField(
                    "models.DeletionRecord",
                    related_name=related_name,
                    on_delete=fields.CASCADE,
                    db_index=True,
                ),
            ),
            *columns,
        ],
        options={"table": table, "app": "models", "pk_attr": "id"},
    )


class Migration(migrations.Migration):
    dependencies = [("models", "0001_initial")]

    operations = [
        ops.CreateModel(
            name="DeletionRecord",
            fields=[
                ("id", fields.CharField(primary_key=True, max_length=36)),
                ("created_at", fields.DatetimeField(auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True)),
                ("project_id", fields.CharField(max_length=36)),
                ("client_id", fields.CharField(max_length=36)),
                ("subject_id", fields.CharField(max_length=36)),
                ("actor_id", fields.CharField(max_length=36)),
            ],
            options={
                "table": "deletion_record",
                "app": "models",
                "pk_attr": "id",
                "indexes": (("created_at",),),
            },
        ),
        _part(
            "DeletedRows",
            "deleted_rows",
            "rows",
            ("kind", fields.CharField(max_length=8)),
            ("rows", fields.TextField()),
        ),
        _part(
            "DeletedReference",
            "deleted_reference",
            "references",
            ("row_id", fields.CharField(db_index=True, max_length=36)),
            ("column", fields.CharField(max_length=60)),
            ("target_id", fields.CharField(db_index=True, max_length=36)),
        ),
        _part(
            "DeletedFile",
            "deleted_file",
            "files",
            ("sha256", fields.CharField(db_index=True, max_length=64)),
        ),
    ]
