from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0002_remove_field")]

    operations = [
        ops.AlterField(
            model_name="Book",
            name="isbn",
            field=fields.CharField(max_length=30, default="none"),
        ),
    ]
