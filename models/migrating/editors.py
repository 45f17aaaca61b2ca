"""How tables are made and changed: Tortoise's schema editors, mended.

SQLite can alter little of a table, so most changes build it anew and copy its rows. Tortoise's way
of doing that loses the table's indexes and triggers, its composite UNIQUEs and the UNIQUE of a
one-to-one column; keeps CHECKs and foreign keys that were to go; and, where foreign keys are
enforced meanwhile, deletes the rows of child tables. Here a rebuilt table differs from the old one
in what was asked for alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from tortoise.fields import Field
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.schema_editor import (
    AsyncpgSchemaEditor,
    BaseSchemaEditor,
    SqliteSchemaEditor,
)
from tortoise.migrations.schema_editor.data import ModelSqlData
from tortoise.models import Model

SHOWN_MAX = 5


class BrokenReferences(Exception):
    """Rows refer to rows that do not exist."""


class Complete(BaseSchemaEditor):
    """Does what Tortoise leaves out without a word.

    Those are the `constraints` of a new table, the index of a new column, and, on PostgreSQL, the
    default of a column that may be null no longer.
    """

    PLACEHOLDER: str
    _checks: Collection[str] = ()

    def _get_inner_statements(self) -> list[str]:
        return [*super()._get_inner_statements(), *self._checks]

    def _get_model_sql_data(self, model: type[Model]) -> ModelSqlData:
        self._checks = [
            self.CHECK_CONSTRAINT_CREATE_TEMPLATE.format(name=rule.name, check=rule.check)
            for rule in model._meta.constraints
            if isinstance(rule, CheckConstraint)
        ]
        try:
            return super()._get_model_sql_data(model)
        finally:
            self._checks = ()

    async def create_model(self, model: type[Model]) -> None:
        await super().create_model(model)
        for rule in model._meta.constraints:
            if isinstance(rule, UniqueConstraint):
                await self.add_constraint(model, rule)

    async def add_field(self, model: type[Model], field_name: str) -> None:
        await super().add_field(model, field_name)
        field = model._meta.fields_map[field_name]
        if field.index and not field.pk:
            await self.add_index(model, Index(fields=(_column(field),)))

    async def _fill(self, model: type[Model], old: Field[Any], new: Field[Any]) -> None:
        if old.null and not new.null and new.default is not None:
            default = new.default() if callable(new.default) else new.default
            table, column = self.quote(model._meta.db_table), self.quote(_column(old))
            await self.client.execute_query(
                f"UPDATE {table} SET {column} = {self.PLACEHOLDER} WHERE {column} IS NULL",  # noqa: S608  names
                [new.to_db_value(default, model)],
            )

    async def verify(self) -> None:
        """Raises BrokenReferences. Call it last in the transaction."""


class PostgresEditor(Complete, AsyncpgSchemaEditor):
    """PostgreSQL alters tables in place and enforces references at every moment."""

    PLACEHOLDER = "$1"

    async def _alter_field(
        self, model: type[Model], old_field: Field[Any], new_field: Field[Any]
    ) -> None:
        await self._fill(model, old_field, new_field)
        await super()._alter_field(model, old_field, new_field)


@dataclass(frozen=True)
class _Attached:
    """An index or a trigger of a table."""

    name: str
    sql: str | None  # None: an index that a UNIQUE inside CREATE TABLE implies
    columns: tuple[str, ...] = ()
    unique: bool = False  # among all rows: not a partial index


class SqliteEditor(Complete, SqliteSchemaEditor):
    """Needs `foreign_keys` off: dropping the old table would else delete the rows of its children.

    Models that come with a removal are the state before it, which nobody reads again.
    """

    PLACEHOLDER = "?"

    async def verify(self) -> None:
        broken = await self._rows("PRAGMA foreign_key_check")
        if broken:
            shown = [f"{row['table']} (rowid {row['rowid']}) to {row['parent']}" for row in broken]
            more = f" and {len(broken) - SHOWN_MAX} more" if len(broken) > SHOWN_MAX else ""
            raise BrokenReferences(f"missing targets: {', '.join(shown[:SHOWN_MAX])}{more}")

    async def remove_constraint(
        self, model: type[Model], constraint: UniqueConstraint | CheckConstraint
    ) -> None:
        if isinstance(constraint, CheckConstraint):
            rules = model._meta.constraints
            model._meta.constraints = tuple(rule for rule in rules if rule != constraint)
            await self._remake_table(model)
            return
        name = await self._resolve_constraint_name(model, constraint)
        if name.startswith("sqlite_autoindex"):
            await self._remake_table(model)  # makes an index of it, which can be dropped
        await super().remove_constraint(model, constraint)

    async def _alter_field(
        self, model: type[Model], old_field: Field[Any], new_field: Field[Any]
    ) -> None:
        await self._fill(model, old_field, new_field)
        table, old, new = model._meta.db_table, _column(old_field), _column(new_field)
        if old != new:
            await self._run_sql(f'ALTER TABLE "{table}" RENAME COLUMN "{old}" TO "{new}"')
        if old_field.index and not new_field.index:
            await self.remove_index(model, Index(fields=(new,)))
        await self._remake_table(model, alter_fields=[(old_field, new_field)])
        if new_field.index and not old_field.index:
            await self.add_index(model, Index(fields=(new,)))

    async def _remake_table(
        self,
        model: type[Model],
        create_field: Field[Any] | None = None,
        delete_field: Field[Any] | None = None,
        alter_fields: list[tuple[Field[Any], Field[Any]]] | None = None,
    ) -> None:
        meta, table = model._meta, model._meta.db_table
        if delete_field is not None:
            meta.fields_db_projection = {
                name: column
                for name, column in meta.fields_db_projection.items()
                if column != _column(delete_field)
            }
        columns = list(meta.fields_db_projection.values())
        freed = {_column(new) for old, new in alter_fields or () if old.unique and not new.unique}
        attached = await self._attached_to(table)
        listed = ", ".join(map(self.quote, columns))
        await self._run_sql(self._creation(model).replace(f'"{table}"', f'"new__{table}"', 1))
        fill = f'INSERT INTO "new__{table}" ({listed}) SELECT {listed} FROM "{table}"'  # noqa: S608  names
        await self._run_sql(fill)
        await self._run_sql(f'DROP TABLE "{table}"')
        await self._run_sql(f'ALTER TABLE "new__{table}" RENAME TO "{table}"')
        for one in attached:
            if set(one.columns) <= set(columns) and not (one.unique and freed == {*one.columns}):
                await self._attach_again(model, one)

    def _creation(self, model: type[Model]) -> str:
        """CREATE TABLE alone. Composite UNIQUEs and indexes are attached again, as they were."""
        meta = model._meta
        later = meta.unique_together, meta.indexes
        meta.unique_together, meta.indexes = (), ()
        try:
            return self._get_model_sql_data(model).table_sql.split(";")[0]
        finally:
            meta.unique_together, meta.indexes = later

    async def _attach_again(self, model: type[Model], one: _Attached) -> None:
        if one.sql is not None:
            await self.client.execute_query(one.sql)  # whole: a trigger has semicolons in it
        elif len(one.columns) > 1:
            await self.add_constraint(model, UniqueConstraint(fields=one.columns))

    async def _attached_to(self, table: str) -> list[_Attached]:
        found = [
            _Attached(row["name"], row["sql"])
            for row in await self._rows(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", table
            )
        ]
        for row in await self._rows(
            'SELECT l.name, l."unique" AND NOT l.partial AS "unique", m.sql'
            " FROM pragma_index_list(?) l JOIN sqlite_master m ON m.name = l.name"
            " WHERE m.type = 'index' AND l.origin != 'pk' ORDER BY m.rowid",
            table,
        ):
            columns = await self._rows("SELECT name FROM pragma_index_info(?)", row["name"])
            names = tuple(column["name"] for column in columns if column["name"])
            found.append(_Attached(row["name"], row["sql"], names, bool(row["unique"])))
        return found

    async def _rows(self, sql: str, *values: str) -> list[dict[str, Any]]:
        return await self.client.execute_query_dict(sql, list(values))


def _column(field: Field[Any]) -> str:
    return field.source_field or field.model_field_name
