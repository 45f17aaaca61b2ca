from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models import (
    Event,
    Feed,
    IdempotencyRecord,
    Image,
    Job,
    JobStatus,
    MediaStatus,
    Project,
    Shot,
    Worker,
)
from services import limits, upkeep
from services.actor import SYSTEM
from services.feed import Changes, Resync, follow
from services.images import set_favorite
from services.jobs import begin_job, complete_job
from services.upkeep import Pulse, prune, say_alive, sweep
from services.work import perform
from tests.conftest import Home
from tests.making import (
    MADE,
    HeldQueue,
    Studio,
    a_project,
    a_scene,
    a_shot,
    all_that_is_kept,
    ordered,
    until,
)

BEAT, LOST = limits.HEARTBEAT_SECONDS, limits.HEARTBEAT_LOST_SECONDS


class Clock:
    """The world's time, which passes when the test says so."""

    def __init__(self) -> None:
        self.time = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def passes(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Hand:
    """A worker that notes what it is told to take over and to forget."""

    def __init__(self, name: str, trouble: Callable[[], Awaitable[None]] | None = None) -> None:
        self.name = name
        self.took: list[str] = []
        self.forgot: list[datetime] = []
        self._trouble = trouble

    async def take_over(self, dead: list[str]) -> int:
        if self._trouble is not None:
            await self._trouble()
        self.took += dead
        return len(dead)

    async def forget(self, before: datetime) -> int:
        self.forgot.append(before)
        return 0


class QueueOutOfReach(HeldQueue):
    asked = 0

    async def known(self, job_ids: Collection[str]) -> dict[str, bool]:
        self.asked += 1
        raise ConnectionError


@pytest.fixture
def clock(home: Home) -> Clock:
    home.world.now = clock = Clock()
    return clock


@pytest.fixture
async def shot(home: Home) -> Shot:
    home.world.renderers = {"studio": Studio()}
    return await a_shot(home, await a_scene(home, await a_project(home)))


async def live(clock: Clock, seconds: float, *pulses: Pulse) -> None:
    """Let workers beat for so long."""
    for _ in range(round(seconds / BEAT)):
        for pulse in pulses:
            await pulse.beat()
        clock.passes(BEAT)


async def test_a_worker_that_is_silent_for_too_long_loses_its_jobs_to_one_other(
    home: Home, clock: Clock
) -> None:
    dead, first, second = Hand("dead"), Hand("first"), Hand("second")
    pulses = Pulse(home.world, first), Pulse(home.world, second)
    await live(clock, LOST, *pulses, Pulse(home.world, dead))

    await live(clock, LOST, *pulses)
    assert first.took + second.took == []
    await live(clock, 2 * BEAT, *pulses)

    assert first.took + second.took == ["dead"]
    assert sorted([worker.id for worker in await Worker.all()]) == ["first", "second"]


async def test_of_two_that_see_a_death_at_the_same_time_one_takes_over(
    home: Home, clock: Clock
) -> None:
    first, second = Hand("first"), Hand("second")
    pulses = Pulse(home.world, first), Pulse(home.world, second)
    await say_alive(home.world, "dead")
    await live(clock, LOST, *pulses)
    clock.passes(BEAT)

    await asyncio.gather(*(pulse.beat() for pulse in pulses))

    assert first.took + second.took == ["dead"]


async def test_who_falls_silent_over_a_take_over_leaves_it_to_the_next(
    home: Home, clock: Clock
) -> None:
    async def dies() -> None:
        raise ConnectionError

    fragile, solid = Hand("fragile", dies), Hand("solid")
    await say_alive(home.world, "dead")
    pulse = Pulse(home.world, fragile)
    await live(clock, LOST, pulse)
    clock.passes(BEAT)
    with pytest.raises(ConnectionError):
        await pulse.beat()

    await live(clock, 3 * LOST, Pulse(home.world, solid))

    assert sorted(solid.took) == ["dead", "fragile"]


async def test_after_a_silence_of_everybody_nobody_is_taken_for_dead(
    home: Home, clock: Clock
) -> None:
    first, second = Hand("first"), Hand("second")
    pulses = Pulse(home.world, first), Pulse(home.world, second)
    await live(clock, 2 * LOST, *pulses)

    clock.passes(10 * LOST)  # the database was away, or the machine slept
    await live(clock, 2 * LOST, *pulses)

    assert first.took + second.took == []


async def test_a_worker_that_comes_back_in_time_keeps_its_jobs(home: Home, clock: Clock) -> None:
    other, back = Hand("other"), Hand("back")
    pulse = Pulse(home.world, other)
    await live(clock, LOST, pulse, Pulse(home.world, back))
    await live(clock, LOST - 2 * BEAT, pulse)
    await live(clock, LOST, pulse, Pulse(home.world, back))

    assert other.took == []


async def test_a_queued_job_that_the_engine_does_not_know_is_enqueued_once(
    home: Home, clock: Clock, shot: Shot
) -> None:
    jobs = await ordered(home, shot, 2)
    lost = home.queue.waiting.pop()
    clock.passes(10_000_000_000)

    await sweep(home.world)
    await sweep(home.world)

    assert sorted(home.queue.waiting) == sorted(job.id for job in jobs)
    assert {(await Job.get(id=lost)).status} == {JobStatus.QUEUED}
    ran = await home.queue.run(home.world)
    assert {job.status for job in ran} == {JobStatus.COMPLETE}


async def test_a_running_job_that_the_engine_lost_becomes_unknown_and_never_runs_again(
    home: Home, clock: Clock, shot: Shot
) -> None:
    [job] = await ordered(home, shot)
    await perform(home.world, SYSTEM, begin_job, job.id)
    home.queue.waiting.clear()
    clock.passes(10_000_000_000)

    await sweep(home.world)

    await job.refresh_from_db()
    assert (job.status, job.error_code) == (JobStatus.UNKNOWN, "LOST")
    assert job.status.ended
    assert (await Image.get(job_id=job.id)).status is MediaStatus.FAILED
    event = await Event.filter(subject_id=job.id).order_by("-id").first()
    assert event is not None
    assert sorted(event.changed) == ["error", "finishedAt", "status"]
    assert await perform(home.world, SYSTEM, begin_job, job.id) is None
    assert await perform(home.world, SYSTEM, complete_job, job.id, MADE) is None
    assert home.queue.waiting == []


async def test_the_sweep_leaves_alone_what_is_young_known_or_over(
    home: Home, shot: Shot, tmp_path: Path
) -> None:
    done, known, young = await ordered(home, shot, 3)
    await perform(home.world, SYSTEM, begin_job, done.id)
    await perform(home.world, SYSTEM, complete_job, done.id, MADE)
    await perform(home.world, SYSTEM, begin_job, young.id)
    home.queue.waiting = [known.id]
    before = await all_that_is_kept(home, tmp_path / "assets")

    await sweep(home.world)

    assert await all_that_is_kept(home, tmp_path / "assets") == before
    assert (await Job.get(id=young.id)).status is JobStatus.RUNNING


async def test_the_sweep_looks_at_every_job_however_many_there_are(
    home: Home, clock: Clock, shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "SWEPT_AT_ONCE", 2)
    jobs = await ordered(home, shot, 5)
    home.queue.waiting.clear()
    clock.passes(10_000_000_000)

    await sweep(home.world)

    assert home.queue.waiting == [job.id for job in jobs]


async def aged(home: Home, project: Project, days: float) -> None:
    """Make all there is in the log of a project older."""
    for event in await Event.filter(feed_id=project.id):
        event.at -= timedelta(days=days)
        await event.save(update_fields=["at"])


async def test_old_events_go_and_who_followed_from_before_must_resync(
    home: Home, shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "PRUNED_AT_ONCE", 2)
    project = await shot.project
    await ordered(home, shot)
    [image] = await Image.all()
    await aged(home, project, limits.EVENT_DAYS + 1)
    old = (await Feed.get(id=project.id)).head
    await perform(home.world, home.owner, set_favorite, image.id, True)

    await prune(home.world)

    feed = await Feed.get(id=project.id)
    assert (feed.floor, feed.head) == (old, old + 1)
    assert [event.sequence for event in await Event.filter(feed_id=project.id)] == [old + 1]
    for after, expected in ((old - 1, Resync), (old, Changes)):
        stream = follow(home.world, home.owner, project.id, after)
        assert isinstance(await anext(stream), expected)
        await stream.aclose()


async def test_the_floor_rises_before_the_events_below_it_go(
    home: Home, shot: Shot, caplog: pytest.LogCaptureFixture
) -> None:
    await aged(home, await shot.project, limits.EVENT_DAYS + 1)
    with caplog.at_level(logging.DEBUG, "tortoise.db_client"):
        await prune(home.world)

    said = [record.getMessage().replace('"', "") for record in caplog.records]
    raised = next(i for i, sql in enumerate(said) if sql.startswith("UPDATE feed SET floor"))
    deleted = next(i for i, sql in enumerate(said) if sql.startswith("DELETE FROM event"))
    assert raised < deleted


async def test_what_is_young_is_kept(home: Home, shot: Shot, tmp_path: Path) -> None:
    await aged(home, await shot.project, limits.EVENT_DAYS - 1)
    await a_record(limits.IDEMPOTENCY_DAYS - 1)
    before = await all_that_is_kept(home, tmp_path / "assets")

    await prune(home.world)

    assert await all_that_is_kept(home, tmp_path / "assets") == before
    assert (await Feed.get(id=shot.project_id)).floor == 0


async def a_record(age_in_days: float) -> None:
    record = await IdempotencyRecord.create(
        actor_id="usr_1", key="k", operation="o", body_hash="h", answer=["a"]
    )
    created = record.created_at - timedelta(days=age_in_days)
    await IdempotencyRecord.filter(key="k").update(created_at=created)


async def test_idempotency_keys_are_forgotten_after_their_time(home: Home) -> None:
    await a_record(limits.IDEMPOTENCY_DAYS + 1)
    await prune(home.world)
    assert not await IdempotencyRecord.exists()


async def test_a_failing_part_of_the_upkeep_stops_neither_itself_nor_the_others(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limits, "HEARTBEAT_SECONDS", 0.02)
    monkeypatch.setattr(limits, "SWEEP_SECONDS", 0.02)
    home.world.queue = queue = QueueOutOfReach()
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    await ordered(home, shot)
    await a_record(limits.IDEMPOTENCY_DAYS + 1)
    await Job.all().update(updated_at=datetime(2020, 1, 1, tzinfo=UTC))
    hand = Hand("worker")
    task = asyncio.create_task(upkeep.upkeep(home.world, hand, 30))

    async def all_ran() -> bool:
        alive = await Worker.filter(id="worker").exists()
        return (
            queue.asked > 2 and alive and bool(hand.forgot) and not await IdempotencyRecord.exists()
        )

    await until(all_ran)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert "Upkeep failed" in caplog.text
    [before] = hand.forgot
    age = home.world.now() - before
    assert age.days == limits.ENGINE_RECORD_DAYS
