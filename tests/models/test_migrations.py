"""Migrations keep rows and rules, and end where the models are."""

from __future__ import annotations

import sqlite3
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from tortoise.context import TortoiseContext, get_current_context
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

import models
from models.database import WRITER, close_database, configuration, open_database
from models.migrating import (
    MigrationFailed,
    drift,
    migrate,
    pending,
    write_migration,
)
from tests.models import facts as told
from tests.models.facts import counts, facts, rows, run, sow
from tests.models.series import BOOKS, KEPT, LIBRARY

NEVER_TRUE = (
    "project SET rate_numerator = 0",
    "project SET rate_denominator = -1",
    "project SET version = 0",
    "scene SET version = 0",
    "shot SET version = 0",
    "image SET version = 0",
    "storyboard_selection SET version = 0",
    "image SET iteration_number = -1",
    "image SET variant_number = -1",
    "image SET width = -1",
    "image SET height = -1",
    "asset SET size = -1",
    "legacy_migration SET scenes = -1",
    "legacy_migration SET shots = -1",
    "legacy_migration SET client_id = 'client-1', source = 'a'",
    "legacy_migration SET project_id = 'project-1'",
    "job SET progress = 1.01",
    "job SET progress = -0.01",
    "job SET step = -1",
    "job SET total_steps = -1",
    "job SET attempt = -1",
    "job SET max_attempts = -1",
    "feed SET floor = -1",
    "feed SET floor = 2, head = 1",
    "event SET sequence = 0",
    "event SET version = 0",
    "snapshot SET number = 0",
    "snapshot SET base = 0",
    "snapshot SET stored_bytes = -1",
    "scene SET project_id = 'project-1', rank = 'a'",
    "shot SET scene_id = 'scene-1', rank = 'a'",
    "image SET shot_id = 'shot-1', iteration_number = 1, variant_number = 1",
    "event SET feed_id = 'feed-1', sequence = 1",
    "storyboard_selection SET shot_id = 'shot-1'",
    "asset SET project_id = 'project-1', sha256 = 'a'",
    "snapshot SET project_id = 'project-1', number = 1",
    "snapshot_document SET snapshot_id = 'snapshot-1'",
    "client SET slug = 'a'",
    "idempotency_record SET actor_id = 'a', key = 'a'",
)


# ---- What the migrations make


async def test_the_migrations_make_what_the_models_ask_for() -> None:
    assert await drift() == []


async def test_every_column_of_the_models_is_there_and_no_other(migrated_url: str) -> None:
    await open_database(migrated_url, everywhere=False)
    expected = {
        f"{model._meta.db_table}.{column} {'may' if field.null else 'may not'} be null"
        for model in _models()
        for name, column in model._meta.fields_db_projection.items()
        if (field := model._meta.fields_map[name])
    }
    await close_database()
    assert {fact for fact in facts(migrated_url) if fact.endswith("be null")} == expected


async def test_every_reference_of_the_models_is_there_with_its_rule(migrated_url: str) -> None:
    await open_database(migrated_url, everywhere=False)
    expected = set()
    for model in _models():
        for name in (*model._meta.fk_fields, *model._meta.o2o_fields):
            field = model._meta.fields_map[name]
            target = field.related_model._meta.db_table  # type: ignore[attr-defined]  # a reference
            rule = str(field.on_delete)  # type: ignore[attr-defined]  # as above
            expected.add(f"{model._meta.db_table}.{name}_id refers to {target}, ON DELETE {rule}")
    await close_database()
    assert {fact for fact in facts(migrated_url) if "refers to" in fact} == expected


def test_every_reference_leads_an_index(migrated_url: str) -> None:
    with told.connected(migrated_url) as connection:
        for table in told.tables(connection):
            indexes = told.indexes(connection, table)
            led = {index.columns[0] for index in indexes if not index.partial}
            assert {one.column for one in told.references(connection, table)} <= led, table


def test_references_form_no_cycle_and_deleting_the_owner_deletes_all(migrated_url: str) -> None:
    sow(migrated_url)  # in an order that only exists without a cycle
    run(migrated_url, "DELETE FROM client", "DELETE FROM feed")
    left = {name: count for name, count in counts(migrated_url).items() if count}
    kept = {"deletion_record", "deleted_rows", "deleted_reference", "deleted_file"}
    of_nobody = {"user_account", "worker", "idempotency_record", "presence", "revision"}
    assert left == dict.fromkeys(of_nobody | kept, 2)
    run(migrated_url, "DELETE FROM deletion_record")
    assert [name for name in kept if counts(migrated_url)[name]] == []


def test_the_record_of_work_outlives_the_shot(migrated_url: str) -> None:
    sow(migrated_url)
    run(migrated_url, "DELETE FROM shot WHERE id = 'shot-1'")
    assert rows(migrated_url, "SELECT id, shot_id FROM job ORDER BY id") == [
        ("job-1", None),
        ("job-2", "shot-2"),
    ]


def test_the_database_refuses_what_can_never_be_true(migrated_url: str) -> None:
    sow(migrated_url)
    assert [change for change in NEVER_TRUE if not _refused(migrated_url, f"UPDATE {change}")] == []


# ---- Steps, there and back


@pytest.mark.parametrize("package", ["migrations", LIBRARY])
async def test_every_step_keeps_every_row_and_can_be_taken_back(url: str, package: str) -> None:
    names = await pending(url, package=package)
    assert await migrate(url, names[0], package=package) == names[:1]
    sow(url)
    seeded = counts(url)
    assert set(seeded.values()) == {2}
    for before, after in pairwise(names):
        shape, kept = facts(url), counts(url)
        assert await migrate(url, after, package=package) == [after]
        assert counts(url).items() >= seeded.items(), after
        assert await migrate(url, before, package=package) == [after]
        assert (facts(url), counts(url)) == (shape, kept), f"{after} taken back"
        assert await migrate(url, after, package=package) == [after]
    assert await migrate(url, "zero", package=package) == names[::-1]
    assert facts(url) == set()
    assert await migrate(url, package=package) == names


@pytest.mark.parametrize(
    ("step", "gone", "new"),
    [
        (
            "0002_remove_field",
            {"book.subtitle may be null", "book: index idx_book_subtitl_1b1fc4 (subtitle)"},
            set(),
        ),
        (
            "0003_alter_field",
            {"book.isbn may be null"},
            {"book.isbn may not be null"},
        ),
        ("0004_add_check", set(), {"book: check book_near"}),
        (
            "0005_rename_field",
            {"book.lent may not be null"},
            {"book.away may not be null"},
        ),
        ("0006_add_index", set(), {"book: index idx_book_away_84b0d6 (away, id)"}),
        (
            "0007_remove_reference",
            {
                "book.twin_id may be null",
                "book.twin_id refers to book, ON DELETE SET NULL",
                "book: unique (twin_id)",
            },
            set(),
        ),
        ("0008_remove_unique", {"book: unique (shelf_id, place)"}, set()),
        ("0009_remove_check", {"book: check book_place"}, set()),
        ("0010_add_unique", set(), {"page: unique (book_id, number)"}),
        ("0011_alter_parent", {"shelf.height may not be null"}, {"shelf.height may be null"}),
        (
            "0012_trade_unique_for_index",
            {"shelf: unique (code)"},
            {"shelf: index idx_shelf_code_ee0494 (code)"},
        ),
    ],
)
async def test_a_step_changes_what_it_says_and_nothing_else(
    url: str, step: str, gone: set[str], new: set[str]
) -> None:
    names = await pending(url, package=LIBRARY)
    await migrate(url, names[0], package=LIBRARY)
    run(url, *BOOKS)
    await migrate(url, names[names.index(step) - 1], package=LIBRARY)
    before = facts(url)
    await migrate(url, step, package=LIBRARY)
    after = facts(url)
    assert (before - after, after - before) == (gone, new)
    assert counts(url) == KEPT
    assert rows(url, "SELECT id, sequel_id FROM book ORDER BY id") == [("b1", "b2"), ("b2", None)]


async def test_tortoises_own_runner_still_deletes_child_rows(url: str, file: Path) -> None:
    """When this fails, Tortoise has mended it, and our editor may be able to shrink."""
    await migrate(url, "0001_tables", package=LIBRARY)
    run(url, *BOOKS)
    app = {"models": ["models"], "default_connection": WRITER, "migrations": LIBRARY}
    async with TortoiseContext() as context:
        context.connections._init_config(configuration(url)["connections"])
        stock = MigrationExecutor(context.connections.get(WRITER), {"models": app})
        await stock.migrate([MigrationTarget("models", "0002_remove_field")])
    assert counts(url) == KEPT | {"page": 0}
    assert "book: unique (shelf_id, title)" not in facts(url)


async def test_a_trigger_survives_the_rebuilding_of_its_table(url: str, file: Path) -> None:
    await migrate(url, "0001_tables", package=LIBRARY)
    body = "BEGIN UPDATE book SET lent = 1; UPDATE book SET title = 'Moved' WHERE id = NEW.id; END"
    run(url, *BOOKS, f"CREATE TRIGGER moved AFTER UPDATE OF place ON book {body}")
    await migrate(url, package=LIBRARY)
    run(url, "UPDATE book SET place = 7 WHERE id = 'b1'")
    assert rows(url, "SELECT title, away FROM book ORDER BY id") == [("Moved", 1), ("Two", 1)]


# ---- Refusals and manners


async def test_asking_what_is_pending_makes_no_file(url: str, file: Path) -> None:
    assert await pending(url, package=LIBRARY)
    assert not list(file.parent.iterdir())


async def test_a_database_of_a_newer_version_is_refused(url: str) -> None:
    await migrate(url, package=LIBRARY)
    run(
        url,
        "INSERT INTO tortoise_migrations (app, name, applied_at)"
        " VALUES ('models', '9999_later', '2026-01-01')",
    )
    for refused in (migrate(url, package=LIBRARY), pending(url, package=LIBRARY)):
        with pytest.raises(MigrationFailed, match="9999_later"):
            await refused


async def test_an_unknown_target_is_refused(url: str) -> None:
    with pytest.raises(MigrationFailed, match="no migration '0042_wish'"):
        await migrate(url, "0042_wish")


async def test_a_server_that_refuses_is_named_without_the_password() -> None:
    with pytest.raises(MigrationFailed, match=r"127\.0\.0\.1:1/film") as failure:
        await migrate("postgresql://someone:hush@127.0.0.1:1/film")
    assert "hush" not in str(failure.value)


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear reader, " * 100)
    for place in (tmp_path / "letter", tmp_path / "missing" / "file"):
        with pytest.raises(MigrationFailed, match=f"The database {place} cannot be used"):
            await migrate(f"sqlite:///{place}")


async def test_migrating_inside_a_live_process_leaves_its_connections_alone(url: str) -> None:
    names = await migrate(url)
    assert get_current_context() is None
    await open_database(url)
    try:
        await models.Client.create(slug="a", name="A")
        assert await migrate(url, "zero") == names[::-1]
        assert await migrate(url) == names
        assert await drift() == []
        assert await models.Client.all() == []
    finally:
        await close_database()


async def test_a_written_migration_imports_nothing_of_the_program(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "fresh_series"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    path = await write_migration("whole thing", package=package.name)
    assert path == package / "0001_whole_thing.py"
    imports = {line for line in path.read_text().splitlines() if "import" in line}
    assert not [line for line in imports if "models" in line or "orjson" in line]
    assert await migrate(url, package=package.name) == [path.stem]
    assert await drift(package=package.name) == []
    assert await write_migration("again", package=package.name) is None
    ours = {fact for fact in facts(url) if " check " not in fact}
    await migrate(url, "zero", package=package.name)
    await migrate(url)
    assert {fact for fact in facts(url) if " check " not in fact} == ours


def _models() -> list[type[models.Row]]:
    found = [getattr(models, name) for name in models.__all__]
    return [one for one in found if hasattr(one, "_meta") and not one._meta.abstract]


def _refused(url: str, sql: str) -> bool:
    try:
        run(url, sql)
    except (sqlite3.IntegrityError, psycopg.IntegrityError):
        return True
    return False
