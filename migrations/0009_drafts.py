"""Which snapshot each draft of a screenplay was stored as."""

from __future__ import annotations

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0008_screenplay")]

    operations = [
        ops.AddField(
            model_name="Screenplay",
            name="snapshot_number",
            field=fields.BigIntField(null=True),
        ),
    ]
