from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0001_tables")]

    operations = [
        ops.RemoveField(model_name="Book", name="subtitle"),
    ]
