"""What a deletion took, kept until it is restored or too old.

No foreign key leads from here to a project, a row or a file: they are what is gone.
"""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from .base import Row


class DeletionRecord(Row):
    """One deletion: of what, in which project, by whom. It has rows until it is restored."""

    PREFIX = "del"

    project_id = fields.CharField(max_length=36)
    client_id = fields.CharField(max_length=36)
    subject_id = fields.CharField(max_length=36)
    actor_id = fields.CharField(max_length=36)

    class Meta:
        table = "deletion_record"
        indexes = (("created_at",),)


class DeletedRows(Model):
    """Some rows of one kind, as a JSON list of their columns. By id, a row follows its owner."""

    id = fields.BigIntField(primary_key=True, generated=True)
    deletion: fields.ForeignKeyRelation[DeletionRecord] = fields.ForeignKeyField(
        "models.DeletionRecord", related_name="rows", on_delete=fields.CASCADE, db_index=True
    )
    deletion_id: str
    kind = fields.CharField(max_length=8)
    rows = fields.TextField()

    class Meta:
        table = "deleted_rows"


class DeletedReference(Model):
    """What a row mentioned in `column` while both were there."""

    id = fields.BigIntField(primary_key=True, generated=True)
    deletion: fields.ForeignKeyRelation[DeletionRecord] = fields.ForeignKeyField(
        "models.DeletionRecord", related_name="references", on_delete=fields.CASCADE, db_index=True
    )
    deletion_id: str
    row_id = fields.CharField(max_length=36, db_index=True)
    column = fields.CharField(max_length=60)
    target_id = fields.CharField(max_length=36, db_index=True)

    class Meta:
        table = "deleted_reference"


class DeletedFile(Model):
    """A stored file that stays for the sake of a deletion."""

    id = fields.BigIntField(primary_key=True, generated=True)
    deletion: fields.ForeignKeyRelation[DeletionRecord] = fields.ForeignKeyField(
        "models.DeletionRecord", related_name="files", on_delete=fields.CASCADE, db_index=True
    )
    deletion_id: str
    sha256 = fields.CharField(max_length=64, db_index=True)

    class Meta:
        table = "deleted_file"
