"""Opening the database, and which connection a statement uses.

SQLite allows one writer and Tortoise gives it one connection behind one lock, so a plain read
would wait for an open transaction. On PostgreSQL the writers of one busy project would take every
connection of a common pool while they wait for each other. Reads outside a transaction therefore
have connections of their own; reads inside one see its writes.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import asyncpg
from tortoise import Tortoise
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connection
from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

WRITER, READER = "default", "reader"
BUSY_TIMEOUT_MS = 20_000
OUTAGE_PAUSE_SECONDS = 0.5
"""Between two attempts to read of who waits for a lost database."""

LOST = (
    *(ConnectionError, TimeoutError, socket.gaierror, asyncpg.PostgresConnectionError),
    *(asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.CannotConnectNowError),
    *(asyncpg.TooManyConnectionsError, asyncpg.InternalClientError),
)
"""How asyncpg tells of a connection that cannot be had, or was cut; the last is for who uses one
that is gone already."""
UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, None)
"""What else the system says of a machine to connect to; None of one with several addresses."""
FILE_TROUBLES = (
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN),
)

R = TypeVar("R")

logger = logging.getLogger(__name__)

_inside: ContextVar[bool] = ContextVar("inside_transaction", default=False)


class UnsupportedDatabase(ValueError):
    """The URL names no database that we run on."""


class Beside:
    """Tortoise router: reads outside a transaction go beside the writers."""

    def db_for_read(self, model: type) -> str:
        return WRITER if _inside.get() else READER

    def db_for_write(self, model: type) -> str:
        return WRITER


def configuration(url: str) -> dict[str, Any]:
    """Tortoise's configuration for `sqlite:///relative`, `sqlite:////absolute` or `postgresql://…`.

    Query arguments of a SQLite URL become PRAGMAs, those of a PostgreSQL URL settings of its pool.
    """
    return {
        "connections": {WRITER: _connection(url), READER: _connection(url)},
        "apps": {
            "models": {
                "models": ["models"],
                "default_connection": WRITER,
                "migrations": "migrations",
            }
        },
        "routers": [Beside],
        "use_tz": True,
        "timezone": "UTC",
    }


def _connection(url: str) -> dict[str, Any]:
    scheme, _, rest = url.partition("://")
    if scheme in ("postgres", "postgresql", "asyncpg"):
        return dict(expand_db_url(f"asyncpg://{rest}"))
    path, _, options = rest.removeprefix("/").partition("?")
    if scheme != "sqlite" or not rest.startswith("/") or not path or ":memory:" in path:
        raise UnsupportedDatabase(
            "The database URL must be sqlite:///<file> or postgresql://<host>/<database>."
        )
    pragmas = {"busy_timeout": str(BUSY_TIMEOUT_MS), "synchronous": "FULL"} | dict(
        parse_qsl(options)
    )
    return {"engine": "tortoise.backends.sqlite", "credentials": {"file_path": path, **pragmas}}


async def open_database(url: str, *, everywhere: bool = True) -> None:
    """Connect. `everywhere` lets tasks that were not started below this one use the database too.

    Connections are made at once: whoever were cancelled while the first statement of a SQLite
    connection opens it would leave its lock taken for good.
    """
    settings = configuration(url)
    await Tortoise.init(config=settings, _enable_global_fallback=everywhere)
    try:
        for name in settings["connections"]:
            await get_connection(name).execute_query("SELECT 1")
    except BaseException:
        await close_database()
        raise


async def close_database() -> None:
    await Tortoise.close_connections()


def is_postgres() -> bool:
    return get_connection(WRITER).capabilities.dialect == "postgres"


def out_of_reach(failure: BaseException) -> bool:
    """Whether a failure says that the database cannot be reached, or was lost meanwhile: nothing is
    wrong with what was asked of it."""
    if isinstance(failure, OperationalError) and failure.args:
        failure = failure.args[0]  # as Tortoise wraps it
    if isinstance(failure, sqlite3.OperationalError):
        code = getattr(failure, "sqlite_errorcode", 0)  # none where Python itself is not content
        return code & 0xFF in FILE_TROUBLES  # without the details
    if isinstance(failure, asyncpg.InterfaceError):  # most are for what is wrong in a statement
        return "clos" in str(failure) or "released" in str(failure)
    return isinstance(failure, LOST) or (type(failure) is OSError and failure.errno in UNREACHABLE)


async def once_reachable(read: Callable[[], Awaitable[R]]) -> R:
    """What a reading finds, as soon as the database can be reached. Only for who may wait for
    ever, as followers do."""
    while True:
        try:
            return await read()
        except Exception as failure:
            if not out_of_reach(failure):
                raise
            logger.warning("A follower waits for the database: %s", type(failure).__name__)
        await asyncio.sleep(OUTAGE_PAUSE_SECONDS)


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """One write transaction. Raises RuntimeError inside another one: boundaries do not nest.

    On SQLite it starts by taking the write lock, waiting up to BUSY_TIMEOUT_MS for another process:
    a transaction that reads first and writes later would fail at once instead.
    """
    if _inside.get():
        raise RuntimeError("A transaction is already open; pass its `work` on instead.")
    async with in_transaction(WRITER):
        token = _inside.set(True)
        try:
            if not is_postgres():
                await statement("UPDATE feed SET head = head WHERE id = ''")
            yield
        finally:
            _inside.reset(token)


@asynccontextmanager
async def savepoint() -> AsyncIterator[None]:
    """A part of the open transaction: what raises inside leaves nothing, and the rest goes on.

    On PostgreSQL a lock that was first taken inside is lost with it.
    """
    await statement("SAVEPOINT part")
    try:
        yield
    except BaseException:
        await statement("ROLLBACK TO SAVEPOINT part")
        raise
    finally:
        await statement("RELEASE SAVEPOINT part")


async def statement(sql: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
    """Run SQL with `?` for each value; the rows it returns, as dicts of undecoded columns."""
    reads = sql.lstrip().startswith("SELECT") and not _inside.get()
    connection = get_connection(READER if reads else WRITER)
    if is_postgres():
        pieces = sql.split("?")
        sql = pieces[0] + "".join(f"${n}{piece}" for n, piece in enumerate(pieces[1:], 1))
    return await connection.execute_query_dict(sql, list(values))


def marks(count: int) -> str:
    """`?, ?, ?` for an IN list."""
    return ", ".join("?" * count)
