"""Which migrations there are, which were run, and running one so that its record is part of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.sqlite.client import SqliteClient
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget, PlanStep
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_generator.state import State
from tortoise.transactions import in_transaction

from .editors import Complete, PostgresEditor, SqliteEditor

LATEST, ZERO = "__latest__", "__first__"


class UnknownMigration(Exception):
    """No migration of that name is at hand."""


class Recorder(MigrationRecorder):
    """Tells "no record yet" from "cannot tell", which Tortoise answers alike."""

    async def applied_migrations(self) -> list[MigrationKey]:
        if not await self._exists():
            return []
        rows = await self.connection.execute_query_dict(
            f'SELECT app, name FROM "{self.table_name}" ORDER BY applied_at, name'  # noqa: S608  ours
        )
        return [MigrationKey(app_label=row["app"], name=row["name"]) for row in rows]

    async def _exists(self) -> bool:
        if self._no_file_yet():
            return False  # asking would make it
        if self._dialect == "sqlite":
            found = "SELECT 1 FROM sqlite_master WHERE name = ?"
        else:
            found = "SELECT 1 WHERE to_regclass($1) IS NOT NULL"
        return bool(await self.connection.execute_query_dict(found, [self.table_name]))

    def _no_file_yet(self) -> bool:
        return self._dialect == "sqlite" and not Path(self.connection.filename).exists()


class Executor(MigrationExecutor):
    """Plans as Tortoise does. Runs each step and its record in one transaction, which it verifies.

    Tortoise writes the record afterwards: a process killed between the two would leave a database
    that can be migrated no further.
    """

    def __init__(self, connection: BaseDBAsyncClient, apps: dict[str, dict[str, Any]]) -> None:
        super().__init__(connection, apps)
        self.recorder = self.loader.recorder = Recorder(connection)
        (self._app,) = apps
        self._reached: tuple[MigrationKey, State] | None = None

    async def steps(self, target: str) -> list[PlanStep]:
        """Raises UnknownMigration for a target, or for a record in the database, without a file."""
        await self.loader.build_graph()
        known = {key.name for key in self.loader.graph.nodes}
        recorded = {
            key.name for key in self.loader.applied_migrations if key.app_label == self._app
        }
        if recorded - known:
            newest = max(recorded - known)
            raise UnknownMigration(f"it was migrated by a newer version of the program ({newest})")
        if target not in (*known, LATEST, ZERO):
            raise UnknownMigration(f"there is no migration {target!r}, only {sorted(known)}")
        return await self.plan([MigrationTarget(app_label=self._app, name=target)])

    async def run(self, step: PlanStep) -> None:
        await self.recorder.ensure_schema(self._schema_editor(atomic=False))
        key = MigrationKey(app_label=step.migration.app_label, name=step.migration.name)
        state = await self._state_before(key)
        editor = self._schema_editor()
        async with in_transaction(self.connection.connection_name) as transaction:
            editor.client, recorder = transaction, MigrationRecorder(transaction)
            # First of all: on SQLite it takes the write lock, waiting for it if need be.
            if step.backward:
                await recorder.record_unapplied(key.app_label, key.name)
                await step.migration.unapply(state, schema_editor=editor)
            else:
                await recorder.record_applied(key.app_label, key.name)
                await step.migration.apply(state, schema_editor=editor)
                self._reached = key, state
            await editor.verify()

    async def _state_before(self, key: MigrationKey) -> State:
        """Of the models. What the step before has left is it: to begin again at the first one would
        take longer with each step."""
        plan = self._full_plan()
        reached, self._reached = self._reached, None
        if reached and reached[0] in plan and plan.index(reached[0]) + 1 == plan.index(key):
            return reached[1]
        return await self._project_state(set(await self.recorder.applied_migrations()), upto=key)

    def _schema_editor(self, atomic: bool = True, collect_sql: bool = False) -> Complete:
        editor = SqliteEditor if isinstance(self.connection, SqliteClient) else PostgresEditor
        return editor(self.connection, atomic=atomic, collect_sql=collect_sql)
