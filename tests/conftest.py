"""The two worlds and what every test may ask for.

The suite runs once with `--world sqlite` (a file, the bus of one process) and once with
`--world postgres` (PostgreSQL and Redis), each in a process of its own: Tortoise remembers a
model's SQL without its dialect.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from models.database import close_database, open_database, statement
from models.migrating import migrate
from resolvers.context import Context
from resolvers.documents import Documents
from services.actor import Actor
from services.backends.bus import LocalBus
from services.backends.local_renderer import LocalRenderer
from services.backends.storage import Storage
from services.links import Links
from services.world import World
from storyreel.entrance.identity import local_actor
from tests.making import HeldQueue
from tests.servers import Postgres, Redis, Unavailable, WorldServers, start_world_servers

SERVERS = pytest.StashKey[WorldServers]()
SQLITE, POSTGRES = "sqlite", "postgres"
BOTH_WORLDS = "STORYREEL_TEST_BOTH_WORLDS"  # set where a skipped world is a failure
NO_POWER_CUT = "?synchronous=OFF"  # waiting for the disk would be most of what most tests do
LINKS_SECRET = b"a secret of the tests, long enough"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--world", choices=[SQLITE, POSTGRES], default=SQLITE)
    parser.addoption("--long-fuzz", action="store_true", help="fuzz at random, and for minutes")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--world") != POSTGRES:
        return
    try:
        config.stash[SERVERS] = start_world_servers()
    except Unavailable as reason:
        loudly = f"\n*** THE POSTGRESQL WORLD WAS SKIPPED: {reason} ***\n"
        pytest.exit(loudly, returncode=1 if os.environ.get(BOTH_WORLDS) else 0)


def pytest_unconfigure(config: pytest.Config) -> None:
    servers = config.stash.get(SERVERS, None)
    if servers is not None:
        servers.stop()


@pytest.fixture(scope="session")
def world_name(request: pytest.FixtureRequest) -> str:
    return str(request.config.getoption("--world"))


@pytest.fixture(scope="session")
def long_fuzz(request: pytest.FixtureRequest) -> bool:
    """Whether to look for new failures instead of keeping the old ones away."""
    return bool(request.config.getoption("--long-fuzz"))


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest, world_name: str) -> WorldServers:
    """The servers of the PostgreSQL world; whoever asks is skipped in the other one."""
    if world_name != POSTGRES:
        pytest.skip("needs the servers of --world postgres")
    return request.config.stash[SERVERS]


@pytest.fixture(scope="session")
def postgres_url(servers: WorldServers) -> str:
    return servers.postgres.url


@pytest.fixture
def redis_server(servers: WorldServers) -> Iterator[Redis]:
    """A Redis of one's own, to be killed and restarted."""
    try:
        server = Redis.start()
    except Unavailable as reason:
        pytest.skip(str(reason))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def empty_database_url(
    request: pytest.FixtureRequest, world_name: str, tmp_path: Path
) -> Iterator[str]:
    """A fresh database of the world without any table."""
    if world_name == SQLITE:
        yield f"sqlite:///{tmp_path}/empty.sqlite3"
        return
    postgres: Postgres = request.getfixturevalue("servers").postgres
    name = f"empty_{uuid4().hex}"
    yield postgres.create_database(name)
    postgres.drop_database(name)


@dataclass(frozen=True)
class Template:
    """A migrated database without rows, to be copied: nobody opens it. To migrate one takes longer
    than most tests, and longer with every migration.
    """

    url: str
    postgres: Postgres | None

    @contextmanager
    def copied(self, file: Path) -> Iterator[str]:
        """The URL of a copy: `file` on SQLite, one that ends with the block on PostgreSQL."""
        if self.postgres is None:
            shutil.copy(self.url.removeprefix("sqlite:///"), file)
            yield f"sqlite:///{file}"
            return
        name = f"copy_{uuid4().hex}"
        yield self.postgres.create_database(name, urlsplit(self.url).path.removeprefix("/"))
        self.postgres.drop_database(name)


@pytest.fixture(scope="session")
def migrated(
    request: pytest.FixtureRequest, world_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Template]:
    if world_name == SQLITE:
        url = f"sqlite:///{tmp_path_factory.mktemp('migrated')}/template.sqlite3"
        asyncio.run(migrate(url))
        yield Template(url, None)
        return
    postgres: Postgres = request.getfixturevalue("servers").postgres
    name = f"template_{uuid4().hex}"
    url = postgres.create_database(name)
    asyncio.run(migrate(url))
    yield Template(url, postgres)
    postgres.drop_database(name)


@pytest.fixture
def migrated_url(migrated: Template, tmp_path: Path) -> Iterator[str]:
    """A migrated database without rows, which nobody has opened yet."""
    with migrated.copied(tmp_path / "migrated.sqlite3") as url:
        yield url


@pytest.fixture(scope="session")
def reused_database_url(
    migrated: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A database for one test after the other: on PostgreSQL a new one takes longer than a test."""
    with migrated.copied(tmp_path_factory.mktemp("reused") / "storyreel.sqlite3") as url:
        yield url


@pytest.fixture
async def database_url(
    request: pytest.FixtureRequest, migrated: Template, world_name: str, tmp_path: Path
) -> AsyncIterator[str]:
    """A migrated database without rows, open in this process until the test ends."""
    if world_name == POSTGRES:
        url: str = request.getfixturevalue("reused_database_url")
        async with _opened(url):
            await _empty()
            yield url
        return
    with migrated.copied(tmp_path / "storyreel.sqlite3") as url:
        async with _opened(url + NO_POWER_CUT):
            yield url


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[None]:
    await open_database(url)
    try:
        yield
    finally:
        await close_database()


async def _empty() -> None:
    """By DELETE: for a few rows it takes a twentieth of the time of TRUNCATE."""
    tables = await statement(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        " AND tablename <> 'tortoise_migrations'"
    )
    deletions = "; ".join(f'DELETE FROM "{row["tablename"]}"' for row in tables)
    await statement(f"DO $$ BEGIN {deletions}; END $$")


@dataclass(frozen=True)
class Home:
    """An embedded Storyreel without a server: a world on real backends, and its local owner.

    Jobs wait in `queue` until the test runs them.
    """

    world: World
    queue: HeldQueue
    links: Links
    owner: Actor
    documents: Documents = field(default_factory=Documents)

    def context(self, actor: Actor | None = None) -> Context:
        return Context(actor or self.owner, self.world, self.links, documents=self.documents)


@pytest.fixture
async def home(database_url: str, tmp_path: Path) -> AsyncIterator[Home]:
    bus, queue, local = LocalBus(), HeldQueue(), LocalRenderer()
    storage = Storage.open(str(tmp_path / "assets"))
    world = World(bus, queue, storage, {local.name: local})
    await bus.start()
    links = Links(LINKS_SECRET, "", timedelta(hours=1))
    yield Home(world, queue, links, await local_actor())
    await bus.close()
    await world.settle()
