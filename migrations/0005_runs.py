"""How often a job was tried anew."""

from __future__ import annotations

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0004_legacy")]

    operations = [
        ops.AddField(model_name="Job", name="run", field=fields.IntField(default=1, db_default=1)),
    ]
