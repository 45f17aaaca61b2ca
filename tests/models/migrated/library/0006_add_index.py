from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0005_rename_field")]

    operations = [
        ops.AddIndex(model_name="Book", index=Index(fields=["away", "id"])),
    ]
