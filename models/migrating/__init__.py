"""Migrations: what brings a database from any earlier shape to that of the models.

The files in `migrations` are Tortoise's. They are run here, not by Tortoise's own command, so that

- a step and its record are one transaction: a killed step never happened;
- one migrator works at a time, and the others wait and then find nothing to do;
- a SQLite file is copied first, child rows, indexes and constraints survive the rebuilding of a
  table, and nothing is committed while a reference is broken.

No global state of Tortoise's is touched, so all of this can run inside a live server too.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from tortoise.apps import Apps
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import BaseORMException
from tortoise.migrations.executor import PlanStep
from tortoise.migrations.writer import MigrationWriter, format_migration_name

from ..database import WRITER, configuration
from .alone import AnotherMigrator, alone_with_file, alone_with_server, copy_before
from .autodetector import Autodetector
from .executor import LATEST, ZERO, Executor, UnknownMigration

__all__ = ["MigrationFailed", "drift", "migrate", "pending", "write_migration"]

PACKAGE = "migrations"
LOCK = "lock"


class MigrationFailed(Exception):
    """The database is as it was before the step that failed. The text holds no password."""


async def migrate(
    database_url: str, target: str | None = None, *, package: str = PACKAGE
) -> list[str]:
    """Bring the database to the newest step, to `target`, or with "zero" to before the first.

    Returns the steps applied or reverted, in that order. Raises MigrationFailed.
    """
    async with _database(database_url) as file, _alone(file):
        executor = _executor(package)
        steps = await executor.steps(ZERO if target == "zero" else target or LATEST)
        if steps and file is not None:
            await asyncio.to_thread(copy_before, steps[0].migration.name, file)
        for step in steps:
            await _run(executor, step)
        return [step.migration.name for step in steps]


async def pending(database_url: str, *, package: str = PACKAGE) -> list[str]:
    """What `migrate` would apply. Changes nothing and makes no file. Raises MigrationFailed."""
    async with _database(database_url):
        return [step.migration.name for step in await _executor(package).steps(LATEST)]


async def drift(*, package: str = PACKAGE) -> list[str]:
    """How models and migrations differ, empty when they agree. Uses no database."""
    writers = await _changes(package)
    return [operation.describe() for writer in writers for operation in writer.operations]


async def write_migration(name: str, *, package: str = PACKAGE) -> Path | None:
    """Write the next step into the package, to be finished by hand. None when nothing changed."""
    for writer in await _changes(package):
        writer.name = format_migration_name(int(writer.name.partition("_")[0]), name)
        return writer.write()
    return None


async def _run(executor: Executor, step: PlanStep) -> None:
    try:
        await executor.run(step)
    except Exception as error:  # a migration may run anything
        doing = "Reverting" if step.backward else "Applying"
        raise MigrationFailed(
            f"{doing} {step.migration.name} failed and was rolled back: {error}"
        ) from error


def _executor(package: str) -> Executor:
    return Executor(get_connection(WRITER), _apps(package))


def _apps(package: str) -> dict[str, dict[str, Any]]:
    app = {"models": ["models"], "default_connection": WRITER, "migrations": package}
    return {"models": app}


async def _changes(package: str) -> list[MigrationWriter]:
    async with TortoiseContext() as context:
        context.connections._init_config(configuration("sqlite:///never-opened")["connections"])
        apps = Apps(_apps(package), context.connections, validate_connections=False)
        return await Autodetector(apps, _apps(package)).changes()


@asynccontextmanager
async def _database(url: str) -> AsyncIterator[Path | None]:
    """A context of our own, whose connections open when first used. Its file, on SQLite."""
    writer = configuration(url)["connections"][WRITER]
    given = writer["credentials"]
    file = Path(given["file_path"]) if "file_path" in given else None
    place = file or f"{given['host']}:{given['port']}/{given['database']}"
    connections = {WRITER: writer}
    if file is None:
        connections[LOCK] = writer
    else:
        given["foreign_keys"] = "OFF"
    try:
        async with TortoiseContext() as context:
            context.connections._init_config(connections)
            yield file
    except UnknownMigration as error:
        raise MigrationFailed(f"The database {place} cannot be migrated: {error}.") from error
    except AnotherMigrator as error:
        raise MigrationFailed(f"Another process is still migrating {place}.") from error
    except (
        BaseORMException,
        OSError,
        sqlite3.Error,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
    ) as error:
        raise MigrationFailed(f"The database {place} cannot be used: {error}") from error


@asynccontextmanager
async def _alone(file: Path | None) -> AsyncIterator[None]:
    lock = alone_with_server(get_connection(LOCK)) if file is None else alone_with_file(file)
    async with lock:
        yield
