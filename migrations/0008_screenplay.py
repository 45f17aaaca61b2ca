"""Which screenplays a project was imported from, and their scenes as they were then."""

from __future__ import annotations

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [("models", "0007_snapshots")]

    operations = [
        ops.CreateModel(
            name="Screenplay",
            fields=[
                ("id", fields.CharField(primary_key=True, max_length=36)),
                ("created_at", fields.DatetimeField(auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True)),
                (
                    "project",
                    fields.ForeignKeyField(
                        "models.Project",
                        related_name="screenplays",
                        on_delete=fields.CASCADE,
                        db_index=True,
                    ),
                ),
                (
                    "file",
                    fields.ForeignKeyField(
                        "models.Asset",
                        related_name="screenplays",
                        on_delete=fields.CASCADE,
                        db_index=True,
                    ),
                ),
                ("format", fields.CharField(max_length=20)),
                ("characters", fields.JSONField()),
                ("problems", fields.JSONField()),
            ],
            options={"table": "screenplay", "app": "models", "pk_attr": "id"},
        ),
        ops.CreateModel(
            name="ScreenplayScene",
            fields=[
                ("id", fields.CharField(primary_key=True, max_length=36)),
                ("created_at", fields.DatetimeField(auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True)),
                (
                    "screenplay",
                    fields.ForeignKeyField(
                        "models.Screenplay", related_name="scenes", on_delete=fields.CASCADE
                    ),
                ),
                (
                    "scene",
                    fields.ForeignKeyField(
                        "models.Scene",
                        related_name="screenplay_scenes",
                        on_delete=fields.CASCADE,
                        db_index=True,
                    ),
                ),
                ("place", fields.IntField()),
                ("title", fields.CharField(max_length=200)),
                ("label", fields.CharField(max_length=40, null=True)),
                ("description", fields.TextField()),
                ("dialogue", fields.JSONField()),
            ],
            options={
                "table": "screenplay_scene",
                "app": "models",
                "pk_attr": "id",
                "unique_together": (("screenplay_id", "place"),),
                "constraints": [CheckConstraint(check="place >= 0", name="screenplay_scene_place")],
            },
        ),
    ]
