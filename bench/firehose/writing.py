"""Durable state changes a second: through `Work`, and in a bare loop of the same statements.

Both run in this process on the same database, over the same driver, with as many connections and
as many writers, in turns. A change is one row changed, one event written and the head of the feed
raised, in one transaction that holds the feed.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any, Protocol

import aiosqlite
import asyncpg

from models import EventKind, Shot
from models.database import BUSY_TIMEOUT_MS, close_database, open_database, statement
from models.migrating import migrate
from services import projects, scenes
from services.actor import Actor
from services.backends.bus import LocalBus
from services.backends.storage import Storage
from services.work import Work, perform
from services.world import World
from storyreel.entrance.identity import local_actor
from tests.making import HeldQueue

WRITERS = 50
POOL = 5
"""Tortoise's own number of connections for writers."""
ROUNDS, ROUND_SECONDS = 5, 2.0
Write = Callable[[Shot, str], Awaitable[object]]


@dataclass(frozen=True)
class Rates:
    """Changes a second: medians of the rounds, and every round."""

    work: float
    bare: float
    rounds: list[tuple[float, float]]

    @property
    def ratio(self) -> float:
        return self.work / self.bare


async def compare(url: str) -> dict[str, Rates]:
    """All writers on one project, and each on its own."""
    await migrate(url)
    await open_database(url)
    try:
        with tempfile.TemporaryDirectory() as folder:
            world = World(LocalBus(), HeldQueue(), Storage.open(folder), {})
            actor = await local_actor()
            crowd = await _shots(world, actor, WRITERS)
            alone = [(await _shots(world, actor, 1))[0] for _ in range(WRITERS)]
            async with _bare(url) as loop:

                async def through_work(shot: Shot, text: str) -> None:
                    await perform(world, actor, _change, shot, text)

                one = await _in_turns(crowd, through_work, loop)
                fifty = await _in_turns(alone, through_work, loop)
    finally:
        await close_database()
    return {"one project": one, f"{WRITERS} projects": fifty}


async def _shots(world: World, actor: Actor, count: int) -> list[Shot]:
    project = await perform(world, actor, projects.create_project, {"prompt": "A night"})
    described = [{"description": f"Take {n}"} for n in range(count)]
    given = {"title": "EXT. ROOF"}
    act = scenes.create_scene
    scene = await perform(world, actor, act, project.id, given, None, described)
    return await Shot.filter(scene_id=scene.id)


async def _change(work: Work, shot: Shot, text: str) -> None:
    await work.hold(Shot, shot.id)
    await statement(CHANGE, [text, shot.id])
    work.record(shot, EventKind.UPDATED, "description")


async def _in_turns(shots: list[Shot], work: Write, bare: Write) -> Rates:
    rounds = []
    for number in range(ROUNDS + 1):
        pair = (await _rate(shots, work), await _rate(shots, bare))
        if number:  # the first fills caches
            rounds.append(pair)
    work_rates, bare_rates = zip(*rounds, strict=True)
    return Rates(median(work_rates), median(bare_rates), rounds)


async def _rate(shots: list[Shot], write: Write) -> float:
    began, done = time.perf_counter(), 0

    async def writer(shot: Shot) -> None:
        nonlocal done
        while time.perf_counter() - began < ROUND_SECONDS:
            await write(shot, f"Take {done}")
            done += 1

    await asyncio.gather(*map(writer, shots))
    return done / (time.perf_counter() - began)


class Connection(Protocol):
    async def run(self, sql: str, *values: object) -> list[Any]: ...


def _bare(url: str) -> Any:
    return _over_asyncpg(url) if url.startswith("postgres") else _over_aiosqlite(url)


HOLD = """UPDATE feed SET head = head WHERE id = (SELECT project_id FROM "shot" WHERE id = ?)
RETURNING id, head"""
CHANGE = "UPDATE shot SET description = ? WHERE id = ?"
TELL = """INSERT INTO event (feed_id, sequence, at, kind, subject_id, version, changed, deleted,
actor_id, idempotency_key) VALUES (?, ?, ?, 'UPDATED', ?, NULL, ?, NULL, 'usr_bench', NULL)"""
RAISE = "UPDATE feed SET head = ? WHERE id = ?"
CHANGED = json.dumps(["description"])


async def _statements(connection: Connection, at: object, shot: Shot, text: str) -> None:
    [held] = await connection.run(HOLD, shot.id)
    feed_id, sequence = held["id"], held["head"] + 1
    await connection.run(CHANGE, text, shot.id)
    await connection.run(TELL, feed_id, sequence, at, shot.id, CHANGED)
    await connection.run(RAISE, sequence, feed_id)


@asynccontextmanager
async def _over_aiosqlite(url: str) -> AsyncIterator[Write]:
    """One connection, as ours; a transaction begins with the write lock."""
    async with aiosqlite.connect(url.removeprefix("sqlite:///"), isolation_level=None) as database:
        database.row_factory = aiosqlite.Row
        for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "synchronous=FULL", "foreign_keys=ON"):
            await database.execute(f"PRAGMA {pragma}")

        class One:
            async def run(self, sql: str, *values: object) -> list[Any]:
                return list(await database.execute_fetchall(sql, values))

        turn, one = asyncio.Lock(), One()

        async def write(shot: Shot, text: str) -> None:
            async with turn:
                await one.run("BEGIN IMMEDIATE")
                await _statements(one, datetime.now(UTC).isoformat(" "), shot, text)
                await database.commit()

        yield write


@asynccontextmanager
async def _over_asyncpg(url: str) -> AsyncIterator[Write]:
    async with asyncpg.create_pool(url, min_size=1, max_size=POOL) as pool:

        class One:
            def __init__(self, connection: Any) -> None:
                self.connection = connection

            async def run(self, sql: str, *values: object) -> list[Any]:
                return list(await self.connection.fetch(NUMBERED[sql], *values))

        async def write(shot: Shot, text: str) -> None:
            async with pool.acquire() as connection, connection.transaction():
                await _statements(One(connection), datetime.now(UTC), shot, text)

        yield write


def _numbered(sql: str) -> str:
    first, *others = sql.split("?")
    return first + "".join(f"${n}{other}" for n, other in enumerate(others, 1))


NUMBERED = {sql: _numbered(sql) for sql in (HOLD, CHANGE, TELL, RAISE)}
