from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Shelf",
            fields=[
                ("id", fields.CharField(primary_key=True, max_length=36)),
                ("code", fields.CharField(unique=True, max_length=20)),
                ("height", fields.IntField()),
            ],
            options={
                "table": "shelf",
                "constraints": [CheckConstraint(check="height >= 0", name="shelf_height")],
            },
        ),
        ops.CreateModel(
            name="Book",
            fields=[
                ("id", fields.CharField(primary_key=True, max_length=36)),
                (
                    "shelf",
                    fields.ForeignKeyField(
                        "models.Shelf", related_name="books", on_delete=fields.CASCADE
                    ),
                ),
                (
                    "sequel",
                    fields.ForeignKeyField(
                        "models.Book",
                        related_name="prequels",
                        on_delete=fields.SET_NULL,
                        null=True,
                        db_index=True,
                    ),
                ),
                (
                    "twin",
                    fields.OneToOneField(
                        "models.Book", related_name="other", on_delete=fields.SET_NULL, null=True
                    ),
                ),
                ("place", fields.IntField()),
                ("title", fields.CharField(max_length=200)),
                ("subtitle", fields.CharField(max_length=200, null=True, db_index=True)),
                ("isbn", fields.CharField(max_length=20, null=True)),
                ("lent", fields.BooleanField(default=False)),
            ],
            options={
                "table": "book",
                "unique_together": (("shelf_id", "place"),),
                "indexes": [Index(fields=["title", "id"])],
                "constraints": [
                    CheckConstraint(check="place >= 1", name="book_place"),
                    UniqueConstraint(fields=("shelf_id", "title"), name="book_title_once"),
                ],
            },
        ),
        ops.CreateModel(
            name="Page",
            fields=[
                ("id", fields.BigIntField(primary_key=True, generated=True)),
                (
                    "book",
                    fields.ForeignKeyField(
                        "models.Book", related_name="pages", on_delete=fields.CASCADE, db_index=True
                    ),
                ),
                ("number", fields.IntField()),
            ],
            options={"table": "page"},
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX book_last ON book (shelf_id) WHERE sequel_id IS NULL",
            reverse_sql="DROP INDEX book_last",
        ),
    ]
