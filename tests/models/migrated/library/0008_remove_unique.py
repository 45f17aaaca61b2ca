from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0007_remove_reference")]

    operations = [
        ops.RemoveConstraint(model_name="Book", fields=["shelf_id", "place"]),
    ]
