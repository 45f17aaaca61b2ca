"""What a real database says of its tables, in sentences alike on SQLite and PostgreSQL."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

import psycopg

RECORD = "tortoise_migrations"


class Column(NamedTuple):
    name: str
    type: str
    nullable: bool


class Reference(NamedTuple):
    column: str
    target: str
    on_delete: str


class Index(NamedTuple):
    """`name` is None for a UNIQUE, which is a constraint here and an index there."""

    name: str | None
    columns: tuple[str, ...]
    unique: bool
    partial: bool


@contextmanager
def connected(url: str) -> Iterator[Any]:
    """Commits at the end. References are enforced."""
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            connection.execute("PRAGMA foreign_keys = ON")
            yield connection
    else:
        with psycopg.connect(url) as session:
            yield session


def rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    with connected(url) as connection:
        return _rows(connection, sql)


def run(url: str, *statements: str) -> None:
    with connected(url) as connection:
        for statement in statements:
            connection.execute(statement)


def counts(url: str) -> dict[str, int]:
    with connected(url) as connection:
        return {
            name: _rows(connection, f'SELECT COUNT(*) FROM "{name}"')[0][0]
            for name in _names(connection)
        }


def facts(url: str) -> set[str]:
    """Everything that holds in the database, one sentence each."""
    with connected(url) as connection:
        return {fact for table in _names(connection) for fact in _facts(connection, table)}


def _facts(connection: Any, table: str) -> Iterator[str]:
    for column in columns(connection, table):
        yield f"{table}.{column.name} {'may' if column.nullable else 'may not'} be null"
    for one in references(connection, table):
        yield f"{table}.{one.column} refers to {one.target}, ON DELETE {one.on_delete}"
    for index in indexes(connection, table):
        kind = "unique" if index.unique else "index"
        name = f" {index.name}" if index.name else ""
        partial = ", for some rows" if index.partial else ""
        yield f"{table}: {kind}{name} ({', '.join(index.columns)}){partial}"
    for check in checks(connection, table):
        yield f"{table}: check {check}"


def sow(url: str) -> None:
    """Two rows for every table. Only the first row's reference to its own kind is null."""
    with connected(url) as connection:
        for table in tables(connection):
            for number in ("1", "2"):
                row = _row(connection, table, number)
                names = ", ".join(f'"{name}"' for name in row)
                connection.execute(
                    f'INSERT INTO "{table}" ({names}) VALUES ({", ".join(row.values())})'
                )


def _row(connection: Any, table: str, number: str) -> dict[str, str]:
    targets = {one.column: one.target for one in references(connection, table)}
    row = {}
    for column in columns(connection, table):
        target = targets.get(column.name)
        if target == table:
            row[column.name] = "NULL" if number == "1" else f"'{table}-1'"
        elif target:
            row[column.name] = f"'{target}-{number}'"
        elif column.name != "id":
            row[column.name] = f"'{_value(column.type, number)}'"
        elif "int" not in column.type:
            row[column.name] = f"'{table}-{number}'"
    return row


def _value(type_: str, number: str) -> str:
    if "char" in type_ or "text" in type_:
        return number
    if "time" in type_:
        return "2026-01-01 00:00:00"
    return "{}" if "json" in type_ else "1"


def tables(connection: Any) -> list[str]:
    """Ours, each after those that it refers to. Raises CycleError when there is no such order."""
    names = _names(connection)
    found = {one: {to.target for to in references(connection, one)} - {one} for one in names}
    return list(TopologicalSorter(found).static_order())


def _names(connection: Any) -> list[str]:
    if _sqlite(connection):
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    else:
        sql = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    return sorted(name for (name,) in _rows(connection, sql) if name != RECORD)


def _rows(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    return list(connection.execute(sql).fetchall())


def _sqlite(connection: Any) -> bool:
    return isinstance(connection, sqlite3.Connection)


def columns(connection: Any, table: str) -> list[Column]:
    if _sqlite(connection):
        return [
            Column(name, type_.lower(), not required and not key)
            for _, name, type_, required, _, key in _rows(
                connection, f'PRAGMA table_info("{table}")'
            )
        ]
    found = _rows(
        connection,
        "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
        f" WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY ordinal_position",
    )
    return [Column(*one) for one in found]


def references(connection: Any, table: str) -> list[Reference]:
    if _sqlite(connection):
        found = _rows(connection, f'PRAGMA foreign_key_list("{table}")')
        return [Reference(one[3], one[2], one[6]) for one in found]
    found = _rows(
        connection,
        "SELECT a.attname, c.confrelid::regclass::text, c.confdeltype::text FROM pg_constraint c"
        " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
        f" WHERE c.contype = 'f' AND c.conrelid = '\"{table}\"'::regclass",
    )
    rules = {"c": "CASCADE", "n": "SET NULL", "a": "NO ACTION", "r": "RESTRICT"}
    return [Reference(column, target.strip('"'), rules[rule]) for column, target, rule in found]


def indexes(connection: Any, table: str) -> list[Index]:
    """All but the primary key's."""
    if _sqlite(connection):
        found = [
            (
                name,
                [one[2] for one in _rows(connection, f'PRAGMA index_info("{name}")')],
                unique,
                partial,
            )
            for _, name, unique, origin, partial in _rows(
                connection, f'PRAGMA index_list("{table}")'
            )
            if origin != "pk"
        ]
    else:
        found = _rows(
            connection,
            "SELECT c.relname, array(SELECT pg_get_indexdef(i.indexrelid, n, true)"
            " FROM generate_series(1, i.indnkeyatts) n), i.indisunique, i.indpred IS NOT NULL"
            " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            f" WHERE NOT i.indisprimary AND i.indrelid = '\"{table}\"'::regclass",
        )
    return [
        Index(None if unique and not partial else name, tuple(of), bool(unique), bool(partial))
        for name, of, unique, partial in found
    ]


def checks(connection: Any, table: str) -> list[str]:
    if _sqlite(connection):
        ((sql,),) = _rows(connection, f"SELECT sql FROM sqlite_master WHERE name = '{table}'")
        return re.findall(r'CONSTRAINT "(\w+)" CHECK', sql)
    found = _rows(
        connection,
        "SELECT conname FROM pg_constraint"
        f" WHERE contype = 'c' AND conrelid = '\"{table}\"'::regclass",
    )
    return [name for (name,) in found]
