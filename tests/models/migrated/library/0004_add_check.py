from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [("models", "0003_alter_field")]

    operations = [
        ops.AddConstraint(
            model_name="Book",
            constraint=CheckConstraint(check="place <= 1000", name="book_near"),
        ),
    ]
