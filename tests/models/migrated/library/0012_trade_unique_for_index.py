from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0011_alter_parent")]

    operations = [
        ops.AlterField(
            model_name="Shelf", name="code", field=fields.CharField(max_length=20, db_index=True)
        ),
    ]
