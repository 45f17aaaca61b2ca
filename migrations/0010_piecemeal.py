"""Which snapshots are steps of a document that arrives scene by scene."""

from __future__ import annotations

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0009_drafts")]

    operations = [
        ops.AddField(
            model_name="Snapshot",
            name="piecemeal",
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
