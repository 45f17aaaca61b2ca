"""The engine on real DBOS: in this process where one worker is enough, else in processes."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from models.database import close_database, open_database, transaction
from models.ids import new_id
from services.backends import engine
from services.backends.engine import EngineQueue, EngineWorker, WorkerSlot
from tests.making import until


@dataclass
class Hands:
    """Steps that note each call; a job waits while `open` is not set."""

    produced: Counter[str] = field(default_factory=Counter)
    concluded: dict[str, Any] = field(default_factory=dict)
    broken_off: list[str] = field(default_factory=list)
    failing: dict[str, int] = field(default_factory=dict)
    again: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def produce(self, job_id: str) -> dict[str, Any]:
        self.produced[job_id] += 1
        self._fail("produce")
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.broken_off.append(job_id)
            raise
        self.again -= 1
        return {"made": job_id, "again": self.again >= 0}

    async def conclude(self, job_id: str, outcome: dict[str, Any]) -> None:
        self._fail("conclude")
        self.concluded[job_id] = outcome

    def _fail(self, step: str) -> None:
        if self.failing.get(step, 0) > 0:
            self.failing[step] -= 1
            raise ConnectionError("The database is away.")

    async def done(self, *job_ids: str) -> None:
        async def all_are() -> bool:
            return self.concluded.keys() >= set(job_ids)

        await until(all_are, 10)

    async def busy(self, count: int = 1) -> None:
        async def are() -> bool:
            return len(self.produced) >= count

        await until(are, 10)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def engine_url(world_name: str, empty_database_url: str) -> AsyncIterator[str]:
    """A fresh engine; on PostgreSQL inside the database that is open."""
    if world_name == "sqlite":
        yield empty_database_url
        return
    await open_database(empty_database_url)
    yield empty_database_url
    await close_database()


@pytest.fixture
async def queue(engine_url: str, world_name: str) -> AsyncIterator[EngineQueue]:
    queue = EngineQueue(engine_url, inside=world_name == "postgres")
    await queue.open()
    yield queue
    await queue.close()


@asynccontextmanager
async def working(
    url: str, hands: Hands, name: str = "here-1", patience: float = 0, slots: int = 4
) -> AsyncIterator[EngineWorker]:
    worker = EngineWorker(url, name, hands, slots=slots)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop(patience)


async def hand_over(queue: EngineQueue, *job_ids: str) -> None:
    """As a unit of work does it."""
    if queue.inside:
        async with transaction():
            await queue.enqueue_inside(job_ids)
    await queue.enqueue(job_ids)


def some_ids(count: int) -> list[str]:
    return [new_id("job") for _ in range(count)]


async def test_a_job_that_is_handed_over_twice_runs_once(
    queue: EngineQueue, engine_url: str, hands: Hands
) -> None:
    hands.open.set()
    ids = some_ids(3)
    await hand_over(queue, *ids)
    await hand_over(queue, *ids)
    async with working(engine_url, hands):
        await hands.done(*ids)
        await hand_over(queue, *ids)
        await asyncio.sleep(3 * engine.POLL_SECONDS)

    assert hands.produced == Counter(ids)


async def test_what_it_knows_and_still_means_to_run_is_told(
    queue: EngineQueue, engine_url: str, hands: Hands
) -> None:
    waiting, running, stranger = some_ids(3)
    assert await queue.known([]) == {}
    await hand_over(queue, running)
    async with working(engine_url, hands, slots=1):
        await hands.busy()
        await hand_over(queue, waiting)
        assert await queue.known([waiting, running, stranger]) == {waiting: True, running: True}
        hands.open.set()
        await hands.done(waiting, running)

        async def over() -> bool:
            return await queue.known([running, waiting]) == {running: False, waiting: False}

        await until(over)


async def test_another_attempt_is_made_as_long_as_the_steps_ask_for_one(
    queue: EngineQueue, engine_url: str, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "RETRY_PAUSE_SECONDS", 0.01)
    hands.open.set()
    hands.again = 2
    [job] = some_ids(1)
    await hand_over(queue, job)
    async with working(engine_url, hands):
        await hands.done(job)

    assert hands.produced[job] == 3
    assert hands.concluded[job] == {"made": job, "again": False}


async def test_a_step_that_raises_is_called_again_and_no_step_before_it(
    queue: EngineQueue, engine_url: str, hands: Hands
) -> None:
    hands.open.set()
    hands.failing = {"produce": 1, "conclude": 1}
    [job] = some_ids(1)
    await hand_over(queue, job)
    async with working(engine_url, hands):
        await hands.done(job)

    assert hands.produced[job] == 2


async def test_a_stopping_worker_lets_its_jobs_end_in_its_patience_and_takes_no_more(
    queue: EngineQueue, engine_url: str, hands: Hands
) -> None:
    first, second = some_ids(2)
    await hand_over(queue, first)
    async with working(engine_url, hands, patience=8, slots=1):
        await hands.busy()
        await hand_over(queue, second)
        asyncio.get_running_loop().call_later(0.5, hands.open.set)
        began = asyncio.get_running_loop().time()

    assert asyncio.get_running_loop().time() - began < 5
    assert list(hands.concluded) == [first]
    assert hands.produced == Counter([first])


async def test_a_job_broken_off_by_a_stop_is_resumed_by_the_worker_of_the_same_name(
    queue: EngineQueue, engine_url: str, hands: Hands
) -> None:
    ids = some_ids(3)
    await hand_over(queue, *ids)
    async with working(engine_url, hands, slots=2):
        await hands.busy(2)
    assert sorted(hands.broken_off) == sorted(hands.produced)
    assert hands.concluded == {}
    assert await asyncio.to_thread(lambda: "threads work again") == "threads work again"

    hands.open.set()
    async with working(engine_url, hands):
        await hands.done(*ids)

    assert sorted(hands.produced.values()) == [1, 2, 2]


async def test_the_jobs_of_a_dead_worker_are_taken_over_and_no_others(
    queue: EngineQueue, engine_url: str, hands: Hands
) -> None:
    ids = some_ids(2)
    await hand_over(queue, *ids)
    async with working(engine_url, hands, "dead-1"):
        await hands.busy(2)
    hands.open.set()

    async with working(engine_url, hands, "alive-1") as alive:
        assert await alive.take_over(["somebody else"]) == 0
        assert await alive.take_over(["dead-1"]) == 2
        await hands.done(*ids)
        assert await alive.take_over(["dead-1"]) == 0

    assert hands.produced == Counter(ids * 2)


async def test_records_of_what_ended_before_a_time_are_deleted_and_no_others(
    queue: EngineQueue, engine_url: str, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "FORGOTTEN_AT_ONCE", 2)
    hands.open.set()
    done = some_ids(5)
    await hand_over(queue, *done)
    async with working(engine_url, hands, slots=1) as worker:
        await hands.done(*done)

        async def all_over() -> bool:
            return not any((await queue.known(done)).values())

        await until(all_over)
        hands.open.clear()
        [busy] = some_ids(1)
        await hand_over(queue, busy)
        now = datetime.now(UTC)

        assert await worker.forget(now - timedelta(minutes=1)) == 0
        assert await worker.forget(now + timedelta(minutes=1)) == 5
        assert await queue.known([*done, busy]) == {busy: True}


async def test_a_rolled_back_transaction_leaves_no_job_behind(
    queue: EngineQueue, world_name: str
) -> None:
    if world_name == "sqlite":
        pytest.skip("the engine has a file of its own: jobs are handed over after the commit")
    kept, dropped = some_ids(2)
    with contextlib.suppress(ZeroDivisionError):
        async with transaction():
            await queue.enqueue_inside([dropped])
            raise ZeroDivisionError
    async with transaction():
        await queue.enqueue_inside([kept])

    assert await queue.known([kept, dropped]) == {kept: True}


async def test_an_engine_out_of_reach_loses_nothing_but_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    queue = EngineQueue(f"sqlite:///{tmp_path}/engine.sqlite3", inside=False)

    await queue.enqueue(some_ids(1))

    assert "the sweep will enqueue" in caplog.text


async def test_the_engine_file_is_read_and_written_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "new" / "engine.sqlite3"
    queue = EngineQueue(f"sqlite:///{path}", inside=False)
    await queue.open()
    await queue.close()

    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_the_version_is_pinned() -> None:
    """Workflows of another version are never recovered: change it only with their steps."""
    assert engine.VERSION == "1"


def test_a_worker_slot_has_a_name_that_no_live_process_has_and_a_successor_gets_again(
    tmp_path: Path,
) -> None:
    first, second = WorkerSlot(tmp_path / "a"), WorkerSlot(tmp_path / "a")
    elsewhere = WorkerSlot(tmp_path / "b")
    assert len({first.name, second.name, elsewhere.name}) == 3

    first.release()
    successor = WorkerSlot(tmp_path / "a")

    assert successor.name == first.name
    for slot in (second, elsewhere, successor):
        slot.release()


def test_slots_come_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SLOTS_PER_FOLDER", 1)
    slot = WorkerSlot(tmp_path)
    with pytest.raises(RuntimeError, match="slots"):
        WorkerSlot(tmp_path)
    slot.release()
