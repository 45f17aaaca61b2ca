from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest

from models import Job, JobStatus, Shot
from services import limits, projects, shots
from services.actor import SYSTEM
from services.cancelling import cancel_job
from services.errors import InvalidInput, LimitExceeded, NotFound
from services.jobs import begin_job, complete_job
from services.progress import Meter, Note, progress_topic
from services.watching import watch_jobs
from services.work import perform
from tests.conftest import Home
from tests.making import MADE, Studio, a_project, a_scene, a_shot, an_outsider, ordered

PATIENCE = 3.0


@pytest.fixture
async def shot(home: Home) -> Shot:
    home.world.renderers = {"studio": Studio()}
    return await a_shot(home, await a_scene(home, await a_project(home)))


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PROGRESS_INTERVAL_SECONDS", 0.02)


class Watcher:
    def __init__(self, stream: AsyncGenerator[Job, None]) -> None:
        self.stream = stream

    async def next(self) -> Job:
        async with asyncio.timeout(PATIENCE):
            return await anext(self.stream)

    async def rest(self) -> list[Job]:
        async with asyncio.timeout(PATIENCE):
            return [job async for job in self.stream]

    async def hears_nothing(self, seconds: float = 0.2) -> bool:
        """Whether nothing comes; the watcher is of no use afterwards."""
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await anext(self.stream)
        return True


@asynccontextmanager
async def watching(home: Home, **given: Any) -> AsyncIterator[Watcher]:
    stream = watch_jobs(home.world, home.owner, **given)
    try:
        yield Watcher(stream)
    finally:
        await stream.aclose()


async def begin(home: Home, job: Job) -> Job:
    begun = await perform(home.world, SYSTEM, begin_job, job.id)
    assert begun is not None
    return begun


async def finish(home: Home, job: Job) -> None:
    await perform(home.world, SYSTEM, complete_job, job.id, MADE)


async def test_named_jobs_are_told_as_stored_then_as_they_change_until_all_ended(
    home: Home, shot: Shot
) -> None:
    done, job = await ordered(home, shot, 2)
    await begin(home, done)
    await finish(home, done)

    async with watching(home, job_ids=[done.id, job.id]) as watcher:
        first = [await watcher.next(), await watcher.next()]
        assert {(j.id, j.status) for j in first} == {
            (done.id, JobStatus.COMPLETE),
            (job.id, JobStatus.QUEUED),
        }
        await begin(home, job)
        running = await watcher.next()
        assert (running.id, running.status) == (job.id, JobStatus.RUNNING)
        await finish(home, job)
        [end] = await watcher.rest()
        assert (end.status, end.progress) == (JobStatus.COMPLETE, 1.0)


async def test_named_jobs_that_have_ended_are_told_once_and_that_is_all(
    home: Home, shot: Shot
) -> None:
    [job] = await ordered(home, shot)
    await perform(home.world, home.owner, cancel_job, job.id)

    async with watching(home, job_ids=[job.id]) as watcher:
        assert [j.status for j in await watcher.rest()] == [JobStatus.CANCELED]


async def test_stored_progress_reaches_the_watcher_and_never_goes_back(
    home: Home, shot: Shot
) -> None:
    [job] = await ordered(home, shot)
    running = await begin(home, job)
    meter, seen = Meter(home.world), []

    async with watching(home, job_ids=[job.id]) as watcher, meter.measuring(running) as report:
        seen.append((await watcher.next()).progress)
        for step in (1, 3, 2, 5):
            report("drawing", step, 8)
            await meter.flush()
            if step != 2:
                seen.append((await watcher.next()).progress)
        await finish(home, job)
        seen += [j.progress for j in await watcher.rest()]

    assert seen == [0.0, 0.125, 0.375, 0.625, 1.0]


async def test_what_notes_tell_is_not_looked_up(
    home: Home, shot: Shot, caplog: pytest.LogCaptureFixture
) -> None:
    [job] = await ordered(home, shot)
    running = await begin(home, job)
    meter = Meter(home.world)

    async with watching(home, job_ids=[job.id]) as watcher, meter.measuring(running) as report:
        await watcher.next()
        report("drawing", 1, 8)
        meter.tell()
        assert (await watcher.next()).progress == 1 / 8
        caplog.clear()
        with caplog.at_level(logging.DEBUG, "tortoise.db_client"):
            for step in (2, 4):
                report("drawing", step, 8)
                meter.tell()
                assert (await watcher.next()).progress == step / 8

    assert caplog.records == []


@pytest.mark.parametrize(
    "late",
    [
        Note(1, 1, "drawing", 1, 8, 0.125),
        Note(1, 0, "drawing", 7, 8, 0.875),
        Note(1, 2, "drawing", 7, 8, 0.875),
        Note(2, 1, "drawing", 7, 8, 0.875),
    ],
    ids=["an older note", "of the attempt before", "of an attempt to come", "of another run"],
)
async def test_a_note_that_does_not_fit_what_is_stored_does_not_count(
    home: Home, shot: Shot, late: Note
) -> None:
    [job] = await ordered(home, shot)
    running = await begin(home, job)
    meter = Meter(home.world)
    async with watching(home, job_ids=[job.id]) as watcher, meter.measuring(running) as report:
        report("drawing", 4, 8)
        await meter.flush()
        assert (await watcher.next()).progress == 0.5

        home.world.bus.tell(progress_topic(shot.project_id), job.id, late.text())

        assert await watcher.hears_nothing()


@pytest.mark.parametrize(
    "late",
    [None, Note(1, 1, "drawing", 5, 8, 0.625), Note(1, 0, "drawing", 7, 8, 0.875)],
    ids=["no note", "an older note", "of the attempt before"],
)
async def test_a_look_that_finds_less_than_was_told_takes_nothing_back(
    home: Home, shot: Shot, late: Note | None
) -> None:
    """Notes come four times a second, doubled and late ones too; what is stored comes once."""
    [job] = await ordered(home, shot)
    running = await begin(home, job)
    meter, topic = Meter(home.world), progress_topic(shot.project_id)
    async with watching(home, job_ids=[job.id]) as watcher, meter.measuring(running) as report:
        report("drawing", 4, 8)
        await meter.flush()
        assert (await watcher.next()).progress == 0.5
        report("drawing", 6, 8)
        meter.tell()
        assert (await watcher.next()).progress == 0.75

        if late is not None:
            home.world.bus.tell(topic, job.id, late.text())
        home.world.bus.wake(topic)

        assert await watcher.hears_nothing()


async def test_a_further_attempt_goes_on_from_the_progress_that_was_told(
    home: Home, shot: Shot
) -> None:
    [job] = await ordered(home, shot)
    meter = Meter(home.world)
    async with watching(home, job_ids=[job.id]) as watcher:
        await watcher.next()
        async with meter.measuring(await begin(home, job)) as report:
            await watcher.next()
            report("drawing", 6, 8)
            meter.tell()
            assert (await watcher.next()).progress == 0.75

        await begin(home, job)

        again = await watcher.next()
        assert (again.attempt, again.progress) == (2, 0.75)


@pytest.mark.parametrize("note", ["", "{", "[]", "[1, 2]", "null", '["a", 1, {}, "", []]'])
async def test_a_note_of_another_version_is_passed_over(home: Home, shot: Shot, note: str) -> None:
    [job] = await ordered(home, shot)
    await begin(home, job)
    async with watching(home, job_ids=[job.id]) as watcher:
        await watcher.next()
        home.world.bus.tell(progress_topic(shot.project_id), job.id, note)

        assert await watcher.hears_nothing()


async def test_who_begins_to_watch_later_begins_with_what_is_stored(home: Home, shot: Shot) -> None:
    [job] = await ordered(home, shot)
    meter = Meter(home.world)
    async with meter.measuring(await begin(home, job)) as report:
        report("drawing", 4, 8)
        await meter.flush()
        async with watching(home, job_ids=[job.id]) as watcher:
            assert (await watcher.next()).progress == 0.5


async def test_a_project_is_followed_from_its_active_jobs_on_to_new_ones(
    home: Home, shot: Shot
) -> None:
    [old] = await ordered(home, shot)
    await begin(home, old)
    await finish(home, old)
    [active] = await ordered(home, shot)

    async with watching(home, project_id=shot.project_id) as watcher:
        assert (await watcher.next()).id == active.id
        [new] = await ordered(home, shot, prompt="Rain")
        assert (await watcher.next()).id == new.id
        await begin(home, active)
        assert (await watcher.next()).status is JobStatus.RUNNING


async def test_a_job_that_begins_and_ends_between_two_looks_is_told_once(
    home: Home, shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PROGRESS_INTERVAL_SECONDS", 0.2)
    [waiting] = await ordered(home, shot, prompt="Waiting")
    async with watching(home, project_id=shot.project_id) as watcher:
        assert (await watcher.next()).id == waiting.id
        [brief] = await ordered(home, shot)
        await begin(home, brief)
        await finish(home, brief)

        told = await watcher.next()
        assert (told.id, told.status) == (brief.id, JobStatus.COMPLETE)
        assert await watcher.hears_nothing(0.5)


async def test_every_end_is_told_exactly_once_however_the_looks_fall(
    home: Home, shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PROGRESS_INTERVAL_SECONDS", 0.001)
    ends: list[str] = []

    async def watch() -> None:
        async with watching(home, project_id=shot.project_id) as watcher:
            while len(ends) < 12:
                job = await watcher.next()
                ends.extend([job.id] if job.status.ended else [])
            await watcher.hears_nothing(0.1)

    task = asyncio.create_task(watch())
    await asyncio.sleep(0.01)
    jobs = await ordered(home, shot, 12)
    for job in jobs:
        await begin(home, job)
        await finish(home, job)
    await task

    assert sorted(ends) == sorted(job.id for job in jobs)


async def test_a_watcher_gets_at_most_one_snapshot_of_a_job_in_an_interval(
    home: Home, shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PROGRESS_INTERVAL_SECONDS", 0.25)
    [job] = await ordered(home, shot)
    await begin(home, job)
    meter = Meter(home.world)
    clock = asyncio.get_running_loop().time

    async def work() -> None:
        async with meter.measuring(await Job.get(id=job.id)) as report:
            for step in range(50):
                report("drawing", step, 50)
                await meter.flush()
                await asyncio.sleep(0.015)
        await finish(home, job)

    task = asyncio.create_task(work())
    async with watching(home, job_ids=[job.id]) as watcher:
        times = [clock() async for _ in watcher.stream]
    await task

    assert all(later - sooner > 0.24 for sooner, later in pairwise(times))
    assert len(times) >= 3


async def test_a_shot_is_followed_alone(home: Home, shot: Shot) -> None:
    project = await shot.project
    other = await a_shot(home, await a_scene(home, project))
    [mine] = await ordered(home, shot)
    await ordered(home, other)

    async with watching(home, shot_id=shot.id) as watcher:
        assert (await watcher.next()).id == mine.id
        await ordered(home, other, prompt="Rain")
        [next_one] = await ordered(home, shot, prompt="Rain")
        assert (await watcher.next()).id == next_one.id
        assert await watcher.hears_nothing()


async def test_named_jobs_of_another_shot_do_not_match(home: Home, shot: Shot) -> None:
    other = await a_shot(home, await a_scene(home, await shot.project))
    [mine], [theirs] = await ordered(home, shot), await ordered(home, other)
    await perform(home.world, home.owner, cancel_job, mine.id)

    async with watching(home, shot_id=shot.id, job_ids=[mine.id, theirs.id]) as watcher:
        assert [job.id for job in await watcher.rest()] == [mine.id]


@pytest.mark.parametrize("how", ["project_id", "shot_id", "job_ids"])
async def test_the_end_of_the_project_ends_every_watch(home: Home, shot: Shot, how: str) -> None:
    [job] = await ordered(home, shot)
    given = {"project_id": shot.project_id, "shot_id": shot.id, "job_ids": [job.id]}[how]

    async with watching(home, **{how: given}) as watcher:
        await watcher.next()
        await perform(home.world, home.owner, projects.delete_project, shot.project_id)
        told = [(j.id, j.status) for j in await watcher.rest()]
        assert told == ([(job.id, JobStatus.CANCELED)] if how == "job_ids" else [])


async def test_a_deleted_shot_ends_its_watch_after_telling_that_its_jobs_are_canceled(
    home: Home, shot: Shot
) -> None:
    [job] = await ordered(home, shot)
    async with watching(home, shot_id=shot.id) as watcher:
        await watcher.next()
        await perform(home.world, home.owner, shots.delete_shot, shot.id)
        assert [(j.id, j.status) for j in await watcher.rest()] == [(job.id, JobStatus.CANCELED)]


async def test_a_closed_bus_ends_the_watch(home: Home, shot: Shot) -> None:
    await ordered(home, shot)
    async with watching(home, project_id=shot.project_id) as watcher:
        await watcher.next()
        await home.world.bus.close()
        assert await watcher.rest() == []


async def test_what_cannot_be_watched_is_refused_at_once(home: Home, shot: Shot) -> None:
    [job] = await ordered(home, shot)
    foreign = await a_shot(home, await a_scene(home, await a_project(home)))
    table: list[tuple[dict[str, Any], type[Exception]]] = [
        ({}, InvalidInput),
        ({"project_id": shot.id}, InvalidInput),
        ({"project_id": Job().id.replace("job_", "prj_")}, NotFound),
        ({"job_ids": [Job().id]}, NotFound),
        ({"job_ids": [job.id] * (limits.JOBS_WATCHED + 1)}, LimitExceeded),
        ({"project_id": shot.project_id, "shot_id": foreign.id}, InvalidInput),
    ]
    for given, refusal in table:
        async with watching(home, **given) as watcher:
            with pytest.raises(refusal):
                await watcher.next()

    with pytest.raises(NotFound):
        await anext(watch_jobs(home.world, an_outsider(), job_ids=[job.id]))
