"""A migration happens wholly or not at all, and SQLite's file is copied before."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models.migrating import MigrationFailed, alone, migrate, pending
from tests.models.facts import counts, facts, rows, run, sow
from tests.models.series import BOOKS, HALTING, KEPT, LIBRARY

ROOT = Path(__file__).parents[2]


async def test_a_step_that_fails_leaves_what_was_there(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await _halting_at_its_second_step(url)
    monkeypatch.setenv("MIGRATION_ENDS", "error")
    with pytest.raises(
        MigrationFailed, match=r"Applying 0002_halfway failed .* a stone in the way"
    ):
        await migrate(url, package=HALTING)
    assert (facts(url), counts(url)) == whole
    assert await pending(url, package=HALTING) == ["0002_halfway"]
    monkeypatch.delenv("MIGRATION_ENDS")
    assert await migrate(url, package=HALTING) == ["0002_halfway"]
    monkeypatch.setenv("MIGRATION_ENDS", "error")
    with pytest.raises(MigrationFailed, match="Reverting 0002_halfway failed"):
        await migrate(url, "0001_table", package=HALTING)
    assert await pending(url, package=HALTING) == []


async def test_a_killed_step_never_happened(url: str) -> None:
    whole = await _halting_at_its_second_step(url)
    with _another_migrator(url, HALTING, ends="never") as other:
        assert other.stdout
        assert other.stdout.readline() == "halfway\n"
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert (facts(url), counts(url)) == whole
    assert await migrate(url, package=HALTING) == ["0002_halfway"]
    assert await pending(url, package=HALTING) == []


async def test_a_step_whose_record_cannot_be_written_never_happened(url: str) -> None:
    whole = await _halting_at_its_second_step(url)
    run(url, "CREATE UNIQUE INDEX one_record ON tortoise_migrations (app)")
    with pytest.raises(MigrationFailed, match="Applying 0002_halfway failed"):
        await migrate(url, package=HALTING)
    assert (facts(url), counts(url)) == whole


async def test_of_two_migrators_one_finds_nothing_to_do(url: str) -> None:
    with _another_migrator(url, LIBRARY) as one, _another_migrator(url, LIBRARY) as two:
        answers = sorted((one.communicate()[0], two.communicate()[0]))
        assert (one.returncode, two.returncode) == (0, 0)
    names = [path.stem for path in sorted((ROOT / LIBRARY.replace(".", "/")).glob("0*.py"))]
    assert answers == sorted((f"{names}\n", "[]\n"))


async def test_a_migrator_gives_up_on_another_that_does_not_end(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _halting_at_its_second_step(url)
    with _another_migrator(url, HALTING, ends="never") as other:
        assert other.stdout
        assert other.stdout.readline() == "halfway\n"
        monkeypatch.setattr(alone, "WAIT_S", 0.2)
        with pytest.raises(MigrationFailed, match="Another process is still migrating"):
            await migrate(url, package=HALTING)
        other.kill()


async def test_rows_with_missing_targets_stop_a_migration(url: str, file: Path) -> None:
    await migrate(url, "0001_tables", package=LIBRARY)
    run(url, *BOOKS)
    with sqlite3.connect(file) as loose:  # enforces nothing
        loose.execute("DELETE FROM book WHERE id = 'b1'")
    loose.close()
    before = facts(url)
    with pytest.raises(MigrationFailed, match=r"page \(rowid 1\) to book, page \(rowid 2\)"):
        await migrate(url, package=LIBRARY)
    assert (facts(url), counts(url)["page"]) == (before, 6)


# ---- The copy of a SQLite file


async def test_the_file_is_copied_before_the_first_step(url: str, file: Path) -> None:
    await migrate(url, "0001_tables", package=LIBRARY)
    assert [path.name for path in file.parent.glob("*before*")] == []
    with sqlite3.connect(file) as held:  # keeps what follows in the log beside the file
        held.execute("SELECT 1 FROM shelf").fetchall()
        run(url, *BOOKS)
        await migrate(url, "0003_alter_field", package=LIBRARY)
    held.close()
    copy = f"sqlite:///{file}.before-0002_remove_field"
    assert counts(copy) == KEPT
    assert "book.subtitle may be null" in facts(copy)
    assert rows(copy, "PRAGMA integrity_check") == [("ok",)]


async def test_the_newest_three_copies_are_kept(url: str, file: Path) -> None:
    names = await pending(url, package=LIBRARY)
    for name in names[:6]:
        await migrate(url, name, package=LIBRARY)
    kept = {path.name.partition(".before-")[2] for path in file.parent.glob("*.before-*")}
    assert kept == set(names[3:6])


async def test_the_log_stays_on_after_a_migration(url: str, file: Path) -> None:
    await migrate(url)
    assert rows(url, "PRAGMA journal_mode") == [("wal",)]


async def _halting_at_its_second_step(url: str) -> tuple[set[str], dict[str, int]]:
    await migrate(url, "0001_table", package=HALTING)
    sow(url)
    return facts(url), counts(url)


@contextmanager
def _another_migrator(url: str, package: str, ends: str = "") -> Iterator[subprocess.Popen[str]]:
    code = (
        "import asyncio, sys; from models.migrating import migrate;"
        "print(asyncio.run(migrate(sys.argv[1], package=sys.argv[2])))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, url, package],
        cwd=ROOT,
        env=os.environ | {"MIGRATION_ENDS": ends},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
