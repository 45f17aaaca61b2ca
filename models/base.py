"""What every table has: a TypeID key and two timestamps. What ordered siblings have: a rank."""

from __future__ import annotations

from typing import Any, ClassVar

from tortoise import fields
from tortoise.expressions import RawSQL
from tortoise.models import Model

from .ids import new_id


class Row(Model):
    """A stored thing with an id of its own kind."""

    PREFIX: ClassVar[str]

    id = fields.CharField(primary_key=True, max_length=36)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        abstract = True

    def __init__(self, **values: Any) -> None:
        values.setdefault("id", new_id(self.PREFIX))
        super().__init__(**values)

    @classmethod
    def counted(cls) -> dict[str, RawSQL]:
        """What `models.reading` adds to each row, counted by the statement that reads it."""
        return {}

    @property
    def feed_id(self) -> str:
        """The feed that tells of this row: that of its project."""
        return str(getattr(self, "project_id", self.id))


class Ranked(Row):
    """A row among siblings. `place` is its 1-based number, set by the reads of `models.reading`."""

    SIBLINGS_OF: ClassVar[str]

    rank = fields.CharField(max_length=200)
    place: int

    class Meta:
        abstract = True

    @classmethod
    def counted(cls) -> dict[str, RawSQL]:
        table, parent = cls._meta.db_table, cls.SIBLINGS_OF
        before = (
            f'SELECT COUNT(*) FROM "{table}" sibling'  # noqa: S608  # names of our own tables
            f' WHERE sibling."{parent}" = "{table}"."{parent}"'
            f' AND sibling."rank" <= "{table}"."rank"'
        )
        return {"place": RawSQL(f"({before})")}
