"""Who is at a project now."""

from __future__ import annotations

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0002_deletions")]

    operations = [
        ops.CreateModel(
            name="Presence",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True)),
                ("project_id", fields.CharField(max_length=36)),
                ("user_id", fields.CharField(max_length=36)),
                ("focus_id", fields.CharField(max_length=36, null=True)),
                ("editing_until", fields.DatetimeField(null=True)),
                ("since", fields.DatetimeField()),
                ("expires_at", fields.DatetimeField(db_index=True)),
                ("holder", fields.CharField(max_length=36, default="")),
            ],
            options={
                "table": "presence",
                "app": "models",
                "unique_together": (("project_id", "user_id"),),
                "pk_attr": "id",
            },
        ),
    ]
