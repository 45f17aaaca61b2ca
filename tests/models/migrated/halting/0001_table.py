from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Stone",
            fields=[
                ("id", fields.CharField(primary_key=True, max_length=36)),
                ("weight", fields.IntField(null=True)),
            ],
            options={"table": "stone"},
        ),
    ]
