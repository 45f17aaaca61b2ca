from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0008_remove_unique")]

    operations = [
        ops.RemoveConstraint(model_name="Book", name="book_place"),
    ]
