from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint


class Migration(migrations.Migration):
    dependencies = [("models", "0009_remove_check")]

    operations = [
        ops.AddConstraint(
            model_name="Page",
            constraint=UniqueConstraint(fields=("book_id", "number")),
        ),
    ]
