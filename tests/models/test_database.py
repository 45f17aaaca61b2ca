from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from models import Client, Feed, new_id
from models.database import (
    READER,
    WRITER,
    UnsupportedDatabase,
    close_database,
    configuration,
    marks,
    open_database,
    statement,
    transaction,
)
from tests.conftest import POSTGRES

ROOT = Path(__file__).parents[2]
PROMPTLY_SECONDS = 3.0

USE_TWO_PROCESSES = """
import asyncio, sys
from models import Feed
from models.database import close_database, open_database, transaction

async def main(url, feed_id, count):
    await open_database(url)
    for _ in range(count):
        async with transaction():
            feed = await Feed.get(id=feed_id)
            await asyncio.sleep(0.001)
            await Feed.filter(id=feed_id).update(head=feed.head + 1)
    await close_database()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


@pytest.fixture
def sqlite_url(database_url: str, world_name: str) -> str:
    if world_name == POSTGRES:
        pytest.skip("SQLite's own way to lock")
    return database_url


async def names() -> list[str]:
    return sorted(client.name for client in await Client.all())


@pytest.mark.usefixtures("database_url")
async def test_a_read_does_not_wait_for_an_open_transaction_and_sees_the_state_before_it() -> None:
    written, enough = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with transaction():
            await Client.create(slug="new", name="New")
            written.set()
            await enough.wait()

    writer = asyncio.create_task(write())
    await written.wait()
    async with asyncio.timeout(PROMPTLY_SECONDS):
        assert await names() == []
        assert await statement("SELECT name FROM client") == []
    enough.set()
    await writer

    assert await names() == ["New"]


@pytest.mark.usefixtures("database_url")
async def test_a_transaction_sees_its_own_writes() -> None:
    async with transaction():
        client = await Client.create(slug="new", name="New")
        assert await names() == ["New"]
        assert (await Client.get(id=client.id)).slug == "new"
        assert await statement("SELECT name FROM client") == [{"name": "New"}]


@pytest.mark.usefixtures("database_url")
async def test_a_transaction_that_raises_leaves_nothing() -> None:
    async def fail() -> None:
        async with transaction():
            await Client.create(slug="new", name="New")
            await statement("INSERT INTO feed (id, head, floor) VALUES (?, 0, 0)", ["prj_x"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await names() == []
    assert not await Feed.exists()


@pytest.mark.usefixtures("database_url")
async def test_a_transaction_inside_another_is_a_mistake_and_says_so() -> None:
    async with transaction():
        await Client.create(slug="kept", name="Kept")
        with pytest.raises(RuntimeError, match="pass its `work` on"):
            async with transaction():
                pass

    assert await names() == ["Kept"]


@pytest.mark.usefixtures("database_url")
async def test_values_stand_where_the_question_marks_are() -> None:
    for name in ("one", "two", "?", "$1"):
        await Client.create(slug=name, name=name)

    rows = await statement(
        f"SELECT name FROM client WHERE slug IN ({marks(3)}) AND name <> ? ORDER BY slug",
        ["two", "?", "$1", "two"],
    )

    assert sorted(row["name"] for row in rows) == ["$1", "?"]


@pytest.mark.usefixtures("database_url")
async def test_a_statement_that_writes_may_answer_with_rows() -> None:
    await Client.create(slug="one", name="One")

    rows = await statement(
        "UPDATE client SET name = ? WHERE slug = ? RETURNING slug, name", ["Uno", "one"]
    )

    assert rows == [{"slug": "one", "name": "Uno"}]
    assert await names() == ["Uno"]


async def test_a_read_cancelled_at_any_moment_leaves_the_database_usable(
    database_url: str,
) -> None:
    """The first statement of a connection counts: it would open it under the connection's lock."""
    for steps in range(12):
        await close_database()
        await open_database(database_url)
        for read in (Client.all().count, Client(slug="x", name="X").refresh_from_db):
            task = asyncio.ensure_future(read())
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(PROMPTLY_SECONDS):
            assert await names() == []
            async with transaction():
                assert await names() == []


async def test_units_of_two_processes_that_read_before_they_write_take_turns(
    sqlite_url: str,
) -> None:
    feed = await Feed.create(id=new_id("prj"))
    command = [sys.executable, "-c", USE_TWO_PROCESSES, sqlite_url, feed.id, "60"]

    running = [
        await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    try:
        async with asyncio.timeout(20):
            answers = await asyncio.gather(*(one.communicate() for one in running))
    finally:
        for one in running:
            if one.returncode is None:
                one.kill()
                await one.wait()

    assert [complaint for _, complaint in answers] == [b"", b""]
    assert (await Feed.get(id=feed.id)).head == 120


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite://:memory:",
        "sqlite:///:memory:",
        "sqlite:///?mode=memory",
        "mysql://host/name",
        "storyreel.sqlite3",
    ],
)
def test_a_url_of_no_database_that_we_run_on_is_refused(url: str) -> None:
    with pytest.raises(UnsupportedDatabase, match="must be sqlite"):
        configuration(url)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///storyreel.sqlite3", "storyreel.sqlite3"),
        ("sqlite:////srv/data/storyreel.sqlite3", "/srv/data/storyreel.sqlite3"),
    ],
)
def test_a_sqlite_url_names_a_file_beside_us_or_by_its_whole_path(url: str, path: str) -> None:
    connections = configuration(url)["connections"]
    assert [connections[name]["credentials"]["file_path"] for name in (WRITER, READER)] == [
        path
    ] * 2


def test_arguments_of_a_sqlite_url_are_pragmas() -> None:
    writer = configuration("sqlite:///a.sqlite3?synchronous=NORMAL&cache_size=-2000")["connections"]
    assert writer[WRITER]["credentials"]["synchronous"] == "NORMAL"
    assert writer[WRITER]["credentials"]["cache_size"] == "-2000"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "asyncpg"])
def test_a_postgresql_url_has_a_pool_for_writes_and_one_for_reads(scheme: str) -> None:
    connections = configuration(f"{scheme}://ann:p%40ss@db.example:5433/film")["connections"]
    assert connections[WRITER] == connections[READER]
    credentials = connections[WRITER]["credentials"]
    assert (credentials["host"], credentials["port"]) == ("db.example", 5433)
    assert (credentials["user"], credentials["password"]) == ("ann", "p@ss")


async def test_a_database_that_does_not_answer_is_noticed_at_once() -> None:
    with pytest.raises(OSError, match=r"failed|refused"):
        await open_database("postgresql://ann@127.0.0.1:1/film", everywhere=False)
