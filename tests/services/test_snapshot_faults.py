"""Whatever breaks while a snapshot is stored, the one before is whole and nothing else is there."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from tortoise.connection import get_connection

from models import Damaged, Project, Snapshot, SnapshotDocument
from models.database import (
    WRITER,
    close_database,
    is_postgres,
    open_database,
    statement,
)
from services import limits, snapshots
from services.snapshots import read_snapshot
from services.work import Work, perform
from tests.conftest import Home
from tests.graph.board import statements
from tests.making import a_document_scene, a_project, a_snapshot
from tests.stored import stored

SEVER = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
DAMAGE = {
    "the document is cut short": ("snapshot_document", "packed = {half}"),
    "the document is another": ("snapshot_document", "packed = {other}"),
    "the checksum is another": ("snapshot", "checksum = '{zeros}'"),
    "a count is another": ("snapshot", "word_count = 7"),
}
"""What a database that does not keep its word makes of a row."""


async def a_kept_snapshot(home: Home) -> Project:
    """Of as many versions as are kept: the next one also retires the oldest."""
    project = await a_project(home)
    for number in range(limits.SNAPSHOTS_KEPT):
        await a_snapshot(home, project, f"EXT. PIER {number}")
    return project


async def store(home: Home, project: Project) -> Any:
    given = {"scenes": [a_document_scene("INT. BAR")], "metadata": {"draft": 2}}
    return await perform(home.world, home.owner, snapshots.store_snapshot, project.id, given)


async def patch(home: Home, project: Project) -> Any:
    patches = {"scenes": [{"number": 1, "scene": {"heading": "INT. BAR"}}]}
    return await perform(
        home.world, home.owner, snapshots.patch_snapshot_scenes, project.id, patches
    )


async def go_back(home: Home, project: Project) -> Any:
    oldest = await Snapshot.all().order_by("number").first()
    assert oldest is not None
    act = snapshots.restore_snapshot
    return await perform(home.world, home.owner, act, project.id, oldest.number)


async def send_one_scene(home: Home, project: Project) -> Any:
    given = (project.id, "s1", {"heading": "INT. BAR"})
    return await perform(home.world, home.owner, snapshots.remember_scene, *given)


async def delete(home: Home, project: Project) -> Any:
    given = (project.id, limits.SNAPSHOTS_KEPT)
    return await perform(home.world, home.owner, snapshots.delete_snapshot, *given)


class Severed(logging.Handler):
    """Cuts the writer off from its database just before its n-th statement."""

    def __init__(self, url: str, after: int) -> None:
        super().__init__()
        self._url, self.left = url, after
        self._raw = None if is_postgres() else get_connection(WRITER)._connection

    def emit(self, record: logging.LogRecord) -> None:
        self.left -= 1
        if self.left == 0 and self._raw is not None:
            self._raw._tx.put_nowait((None, self._raw._conn.close))
        elif self.left == 0:
            with psycopg.connect(self._url, autocommit=True) as session:
                session.execute(SEVER)


@pytest.mark.parametrize("change", [store, patch, go_back, send_one_scene, delete])
async def test_a_database_lost_at_any_statement_leaves_the_snapshots_before(
    home: Home, database_url: str, change: Callable[[Home, Project], Awaitable[Any]]
) -> None:
    project = await a_kept_snapshot(home)
    await Snapshot.all().update(piecemeal=change is send_one_scene)  # the next replaces the last
    before = await stored()
    logger, broken = logging.getLogger("tortoise.db_client"), 0
    level = logger.level
    for step in range(1, 100):
        severed = Severed(database_url, step)
        logger.setLevel(logging.DEBUG)
        logger.addHandler(severed)
        try:
            await change(home, project)
        except Exception:  # whatever the driver makes of it
            broken += 1
        finally:
            logger.removeHandler(severed)
            logger.setLevel(level)
        if severed.left > 0:
            break
        await close_database()
        await open_database(database_url)
        assert await stored() == before, f"cut off at statement {step}"

    assert broken == step - 1 > 10
    assert await stored() != before


@pytest.mark.parametrize("damage", DAMAGE)
async def test_what_does_not_come_back_as_it_was_given_is_not_stored(
    home: Home, damage: str
) -> None:
    project = await a_kept_snapshot(home)
    table, change = DAMAGE[damage]
    await damaging(table, change)
    try:
        before = await stored()
        with pytest.raises(Damaged):
            await store(home, project)
        assert await stored() == before
    finally:
        await statement(f"DROP TRIGGER damaging{f' ON {table}' if is_postgres() else ''}")
    await store(home, project)
    assert await Snapshot.all().count() == limits.SNAPSHOTS_KEPT


async def damaging(table: str, change: str) -> None:
    """From now on the database changes each row that it is given."""
    other = (await SnapshotDocument.all().order_by("id").first()).packed.hex()  # type: ignore[union-attr]  # it is there
    if is_postgres():
        half, quoted = "substr(NEW.packed, 1, 20)", f"'\\x{other}'::bytea"
        body = change.format(half=half, other=quoted, zeros="0" * 64)
        await statement(
            "CREATE OR REPLACE FUNCTION damage() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN NEW.{body}; RETURN NEW; END $$"
        )
        before = f"BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION damage()"
        await statement(f"CREATE TRIGGER damaging {before}")
        return
    body = change.format(half="substr(packed, 1, 20)", other=f"x'{other}'", zeros="0" * 64)
    await statement(
        f"CREATE TRIGGER damaging AFTER INSERT ON {table}"
        f" BEGIN UPDATE {table} SET {body} WHERE id = NEW.id; END"
    )


@pytest.mark.parametrize("reached", [1, 4, 8, 12])
async def test_a_caller_who_leaves_gets_all_of_it_or_nothing(home: Home, reached: int) -> None:
    project = await a_kept_snapshot(home)
    before = await stored()
    with statements() as seen:
        caller = asyncio.create_task(store(home, project))
        while len(seen) < reached and not caller.done():  # noqa: ASYNC110  # a log does not tell
            await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        await home.world.settle()
    after = await stored()

    newest, document = await read_snapshot(home.owner, project.id)
    assert document["scenes"] == [a_document_scene("INT. BAR")]
    assert newest.number == limits.SNAPSHOTS_KEPT + 1
    events = len(after["event"]) - len(before["event"])
    assert (len(after["snapshot_document"]), events) == (limits.SNAPSHOTS_KEPT, 2)


async def test_readers_see_the_snapshot_before_until_the_next_one_is_whole(home: Home) -> None:
    project = await a_project(home)
    await a_snapshot(home, project, "EXT. PIER")
    meanwhile: list[int] = []

    async def store_and_look(work: Work) -> None:
        given = {"scenes": [a_document_scene("INT. BAR")]}
        await snapshots.store_snapshot(work, project.id, given)
        reading = read_snapshot(home.owner, project.id)
        reader = asyncio.create_task(reading, context=contextvars.Context())
        meanwhile.append((await reader)[0].number)

    await perform(home.world, home.owner, store_and_look)
    assert meanwhile == [1]
    assert (await read_snapshot(home.owner, project.id))[0].number == 2
