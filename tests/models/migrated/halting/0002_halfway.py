import asyncio
import os

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


async def end(*_: object) -> None:
    match os.environ.get("MIGRATION_ENDS"):
        case "error":
            raise RuntimeError("a stone in the way")
        case "never":
            print("halfway", flush=True)
            await asyncio.sleep(60)


class Migration(migrations.Migration):
    dependencies = [("models", "0001_table")]

    operations = [
        ops.AlterField(
            model_name="Stone", name="weight", field=fields.BigIntField(null=True, db_index=True)
        ),
        ops.AddField(
            model_name="Stone", name="color", field=fields.CharField(max_length=20, null=True)
        ),
        ops.RunSQL("DELETE FROM stone", reverse_sql=ops.RunSQL.noop),
        ops.RunPython(end, reverse_code=end),
    ]
