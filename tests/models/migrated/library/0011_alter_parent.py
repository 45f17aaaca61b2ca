from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0010_add_unique")]

    operations = [
        ops.AlterField(model_name="Shelf", name="height", field=fields.IntField(null=True)),
    ]
