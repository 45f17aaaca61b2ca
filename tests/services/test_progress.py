from __future__ import annotations

import asyncio
import contextvars
import logging
from typing import cast

import pytest

from models import Asset, Event, Job, JobStatus, Shot
from models.database import transaction
from services.actor import SYSTEM
from services.backends.renderer import Canceled, Report
from services.cancelling import cancel_job
from services.jobs import begin_job, complete_job
from services.progress import Meter, progress_topic
from services.work import perform
from tests.conftest import Home
from tests.making import MADE, Studio, a_picture, a_project, a_scene, a_shot, ordered, until

BROKEN = cast(bytes, "no bytes, as from a bad renderer")


@pytest.fixture
async def shot(home: Home) -> Shot:
    home.world.renderers = {"studio": Studio()}
    return await a_shot(home, await a_scene(home, await a_project(home)))


@pytest.fixture
def meter(home: Home) -> Meter:
    return Meter(home.world)


async def begun(home: Home, shot: Shot, count: int = 1) -> list[Job]:
    jobs = await ordered(home, shot, count)
    for job in jobs:
        await perform(home.world, SYSTEM, begin_job, job.id)
    return jobs


async def stored(job: Job) -> tuple[str | None, float, int, int | None]:
    job = await Job.get(id=job.id)
    return (job.phase, job.progress, job.step, job.total_steps)


async def test_what_was_reported_is_stored_without_an_event(
    home: Home, shot: Shot, meter: Meter
) -> None:
    [job] = await begun(home, shot)
    events = await Event.all().count()

    async with meter.measuring(job) as report:
        report("drawing", 1, 4)
        await meter.flush()

    assert await stored(job) == ("drawing", 0.25, 1, 4)
    assert await Event.all().count() == events


async def test_all_that_is_due_is_stored_by_one_statement_after_one_read(
    home: Home, shot: Shot, meter: Meter, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = await begun(home, shot, 12)
    reports: list[Report] = []
    async with asyncio.TaskGroup() as group:
        over = asyncio.Event()

        async def measure(job: Job) -> None:
            async with meter.measuring(job) as report:
                reports.append(report)
                await over.wait()

        for job in jobs:
            group.create_task(measure(job))
        await asyncio.sleep(0)
        for report in reports:
            report("drawing", 1, 2)
        caplog.clear()
        with caplog.at_level(logging.DEBUG, "tortoise.db_client"):
            await meter.flush()
        over.set()

    assert [record.message.split()[0] for record in caplog.records] == ["SELECT", "UPDATE"]
    assert [await stored(job) for job in jobs] == [("drawing", 0.5, 1, 2)] * 12


@pytest.mark.parametrize(
    "reports",
    [[(3, 4), (1, 4)], [(3, 4), (1, 10)], [(3, 4), (0, 0)], [(9, 4), (4, 4)]],
    ids=["a step back", "another total", "no total", "beyond the end"],
)
async def test_progress_never_goes_back_nor_beyond_one(
    home: Home, shot: Shot, meter: Meter, reports: list[tuple[int, int]]
) -> None:
    [job] = await begun(home, shot)
    seen = []
    async with meter.measuring(job) as report:
        for step, total in reports:
            report("drawing", step, total)
            await meter.flush()
            seen.append((await stored(job))[1])

    assert seen == sorted(seen)
    assert seen[-1] == min(1.0, reports[0][0] / 4)


async def test_a_further_attempt_does_not_take_progress_back(
    home: Home, shot: Shot, meter: Meter
) -> None:
    [job] = await begun(home, shot)
    async with meter.measuring(job) as report:
        report("drawing", 3, 4)
        await meter.flush()
    await perform(home.world, SYSTEM, begin_job, job.id)

    async with meter.measuring(job) as report:
        await meter.flush()

    assert await stored(job) == ("starting", 0.75, 0, None)


async def test_the_next_report_after_a_cancellation_is_stopped_and_stores_nothing(
    home: Home, shot: Shot, meter: Meter
) -> None:
    stopped, other = await begun(home, shot, 2)
    async with meter.measuring(stopped) as report, meter.measuring(other) as others:
        report("drawing", 1, 4)
        await meter.flush()
        await perform(home.world, home.owner, cancel_job, stopped.id)
        report("drawing", 3, 4)
        await meter.flush()

        with pytest.raises(Canceled):
            report("drawing", 4, 4)
        others("drawing", 1, 2)

    assert await stored(stopped) == ("drawing", 0.25, 1, 4)


async def test_a_job_deleted_with_its_project_is_stopped_too(
    home: Home, shot: Shot, meter: Meter
) -> None:
    [job] = await begun(home, shot)
    async with meter.measuring(job) as report:
        await Job.filter(id=job.id).delete()
        await meter.flush()
        with pytest.raises(Canceled):
            report("drawing", 1, 4)


async def test_who_reports_after_the_end_is_stopped(home: Home, shot: Shot, meter: Meter) -> None:
    [job] = await begun(home, shot)
    async with meter.measuring(job) as report:
        report("drawing", 1, 4)

    with pytest.raises(Canceled):
        report("drawing", 2, 4)
    await meter.flush()

    assert (await stored(job))[0] is None


async def test_a_late_report_does_not_touch_a_finished_job(
    home: Home, shot: Shot, meter: Meter
) -> None:
    [job] = await begun(home, shot)
    async with meter.measuring(job) as report:
        report("drawing", 1, 4)
        await perform(home.world, SYSTEM, complete_job, job.id, MADE)
        await meter.flush()

    assert (await stored(job))[1] == 1.0


async def test_reports_may_come_from_any_thread(home: Home, shot: Shot, meter: Meter) -> None:
    [job] = await begun(home, shot)
    async with meter.measuring(job) as report:
        await asyncio.to_thread(report, "drawing", 2, 4)
        await meter.flush()

    assert await stored(job) == ("drawing", 0.5, 2, 4)


async def test_watchers_are_woken_when_there_is_something_new_and_only_then(
    home: Home, shot: Shot, meter: Meter
) -> None:
    [job] = await begun(home, shot)
    listening = home.world.bus.listen(progress_topic(shot.project_id))
    async with listening as bell, meter.measuring(job) as report:
        report("drawing", 1, 4)
        await meter.flush()
        assert await bell.rung(0)
        await meter.flush()
        assert not await bell.rung(0)


async def test_a_preview_is_kept_as_a_file_and_linked_without_an_event(
    home: Home, shot: Shot, meter: Meter
) -> None:
    [job] = await begun(home, shot)
    events = await Event.all().count()
    async with meter.measuring(job) as report:
        report("drawing", 1, 4, a_picture("red"))
        report("drawing", 2, 4)
        await meter.flush()
        first = (await Job.get(id=job.id)).preview_id
        report("drawing", 3, 4, a_picture("blue"))
        await meter.flush()

    second = (await Job.get(id=job.id)).preview_id
    assert first is not None
    assert second not in (None, first)
    asset = await Asset.get(id=second)
    assert await home.world.storage.get(asset.sha256) == a_picture("blue")
    assert asset.media_type == "image/jpeg"
    assert await Event.all().count() == events


async def test_a_preview_that_cannot_be_kept_does_not_hold_progress_back(
    home: Home, shot: Shot, meter: Meter
) -> None:
    [job] = await begun(home, shot)
    listening = home.world.bus.listen(progress_topic(shot.project_id))
    async with listening as bell, meter.measuring(job) as report:
        report("drawing", 1, 4, BROKEN)
        with pytest.raises(TypeError):
            await meter.flush()
        assert await bell.rung(0)
        await meter.flush()

    assert await stored(job) == ("drawing", 0.25, 1, 4)


async def test_the_meter_goes_on_after_a_failure(
    home: Home, shot: Shot, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.limits.PROGRESS_STORE_SECONDS", 0.01)
    [job] = await begun(home, shot)
    ticking = asyncio.create_task(meter.run())
    async with meter.measuring(job) as report:
        report("drawing", 1, 4, BROKEN)
        await asyncio.sleep(0.05)
        report("drawing", 2, 4)

        async def is_stored() -> bool:
            return (await stored(job))[2] == 2

        await until(is_stored)
    ticking.cancel()

    assert (await Job.get(id=job.id)).status is JobStatus.RUNNING


async def test_what_a_unit_of_work_holds_does_not_hold_up_the_progress_of_others(
    home: Home, shot: Shot, meter: Meter, world_name: str
) -> None:
    if world_name == "sqlite":
        pytest.skip("SQLite locks no rows: there the statement waits its turn")
    held, free = await begun(home, shot, 2)
    async with meter.measuring(held) as one, meter.measuring(free) as other:
        one("drawing", 1, 2)
        other("drawing", 1, 2)
        async with transaction():
            await Job.select_for_update().get(id=held.id)
            outside = contextvars.Context()
            async with asyncio.timeout(5):
                await asyncio.create_task(meter.flush(), context=outside)

    assert await stored(held) == (None, 0.0, 0, None)
    assert await stored(free) == ("drawing", 0.5, 1, 2)
