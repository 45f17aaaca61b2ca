from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0004_add_check")]

    operations = [
        ops.RenameField(model_name="Book", old_name="lent", new_name="away"),
    ]
