"""One migrator at a time, and a copy of a SQLite database before it is touched."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

WAIT_S = 120.0
ADVISORY_KEY = int.from_bytes(b"migrate!")
COPIES_KEPT = 3


class AnotherMigrator(Exception):
    """Somebody else has been migrating the same database for WAIT_S."""


@asynccontextmanager
async def alone_with_file(file: Path) -> AsyncIterator[None]:
    """Hold SQLite's own exclusive lock on an empty file beside the database, `<file>.migrating`.

    The lock ends with its process. The file stays: without it two waiters could lock two files.
    """
    lock = await asyncio.to_thread(_locked, file.with_name(f"{file.name}.migrating"))
    try:
        yield
    finally:
        lock.close()


def _locked(file: Path) -> sqlite3.Connection:
    lock = sqlite3.connect(file, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise AnotherMigrator from error
        raise
    return lock


@asynccontextmanager
async def alone_with_server(client: Any) -> AsyncIterator[None]:
    """Hold an advisory lock of the database on a session of this asyncpg client's.

    A pooler on the way must keep sessions apart: pooling by transaction would lose the lock.
    """
    async with client.acquire_connection() as session:
        try:
            await session.execute("SELECT pg_advisory_lock($1)", ADVISORY_KEY, timeout=WAIT_S)
        except TimeoutError as error:
            raise AnotherMigrator from error
        yield


def copy_before(name: str, file: Path) -> Path | None:
    """Copy a database that holds anything, its log included, to `<file>.before-<name>`.

    The newest COPIES_KEPT copies stay. What was interrupted is never taken for a copy.
    """
    if not file.exists():
        return None
    copy, partial = (file.with_name(f"{file.name}.{end}") for end in (f"before-{name}", "copying"))
    with closing(sqlite3.connect(file)) as original:
        if original.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
            return None
        partial.unlink(missing_ok=True)
        with closing(sqlite3.connect(partial)) as target:
            original.backup(target)
    os.replace(partial, copy)
    copies = [one for one in file.parent.iterdir() if one.name.startswith(f"{file.name}.before-")]
    copies.sort(key=lambda one: one.stat().st_mtime_ns, reverse=True)
    for old in copies[COPIES_KEPT:]:
        old.unlink()
    return copy
