from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from models import Asset, Event, Image, Job, JobStatus, MediaStatus, Shot
from services import images, limits
from services.backends.renderer import Canceled, RenderFailure, Report
from services.cancelling import cancel_job
from services.progress import Meter
from services.running import OVER, Runner
from services.work import perform
from tests.conftest import Home
from tests.making import Studio, a_picture, a_project, a_scene, a_shot, ordered


@pytest.fixture
def studio(home: Home) -> Studio:
    studio = Studio()
    home.world.renderers = {"studio": studio}
    return studio


@pytest.fixture
async def shot(home: Home, studio: Studio) -> Shot:
    return await a_shot(home, await a_scene(home, await a_project(home)))


@pytest.fixture
def runner(home: Home) -> Runner:
    return Runner(home.world, Meter(home.world))


def failing(*failures: Exception) -> Studio:
    """A renderer that raises these, one after the other, and then delivers."""
    studio, left = Studio(), list(failures)

    async def act(report: Report) -> None:
        if left:
            raise left.pop(0)

    studio.act = act
    return studio


BUSY = RenderFailure("BUSY", "Come back later.", retryable=True)


async def test_what_was_drawn_is_in_storage_before_any_row_tells_of_it(
    home: Home, shot: Shot, runner: Runner
) -> None:
    [job] = await ordered(home, shot)

    outcome = await runner.produce(job.id)

    assert await home.world.storage.get(outcome["made"]["file"]["sha256"]) == a_picture()
    assert not await Asset.exists()
    await runner.conclude(job.id, outcome)
    image = await Image.get(job_id=job.id)
    assert (image.width, image.height, image.status) == (64, 36, MediaStatus.COMPLETE)
    assert image.blurhash
    assert await Asset.all().count() == 2


async def test_a_failure_that_may_pass_is_tried_again(home: Home, shot: Shot) -> None:
    home.world.renderers = {"studio": failing(BUSY, BUSY)}
    await ordered(home, shot)

    [job] = await home.queue.run(home.world)

    assert (job.status, job.attempt, job.error_code) == (JobStatus.COMPLETE, 3, None)


async def test_a_failure_that_goes_on_ends_the_job_with_its_own_code(
    home: Home, shot: Shot
) -> None:
    home.world.renderers = {"studio": failing(*[BUSY] * limits.ATTEMPTS)}
    await ordered(home, shot)

    [job] = await home.queue.run(home.world)

    assert (job.status, job.attempt) == (JobStatus.FAILED, limits.ATTEMPTS)
    assert (job.error_code, job.error_message) == ("BUSY", "Come back later.")


async def test_a_failure_that_will_not_pass_is_not_tried_again(home: Home, shot: Shot) -> None:
    studio = failing(RenderFailure("NSFW", "Refused.", retryable=False))
    home.world.renderers = {"studio": studio}
    await ordered(home, shot)

    [job] = await home.queue.run(home.world)

    assert (job.status, job.attempt, job.error_code) == (JobStatus.FAILED, 1, "NSFW")
    assert len(studio.orders) == 1


async def test_an_unexpected_exception_is_masked_and_logged_under_the_reference_it_names(
    home: Home, shot: Shot, caplog: pytest.LogCaptureFixture
) -> None:
    trouble = [ZeroDivisionError("the secret is hunter2")] * limits.ATTEMPTS
    home.world.renderers = {"studio": failing(*trouble)}
    await ordered(home, shot)

    with caplog.at_level(logging.ERROR):
        [job] = await home.queue.run(home.world)

    assert (job.status, job.error_code) == (JobStatus.FAILED, "INTERNAL")
    assert "hunter2" not in (job.error_message or "")
    reference = (job.error_message or "").rstrip(".").split()[-1]
    assert reference.startswith("err_")
    assert reference in caplog.text
    assert "hunter2" in caplog.text


async def test_a_worker_without_the_renderer_fails_the_job(home: Home, shot: Shot) -> None:
    await ordered(home, shot)
    home.world.renderers = {}

    [job] = await home.queue.run(home.world)

    assert (job.status, job.attempt, job.error_code) == (JobStatus.FAILED, 1, "RENDERER_MISSING")


async def test_what_is_no_picture_fails_the_job_and_makes_no_asset(
    home: Home, shot: Shot, studio: Studio
) -> None:
    studio.picture = b"<html>Bad gateway</html>"
    await ordered(home, shot)

    [job] = await home.queue.run(home.world)

    assert (job.status, job.error_code) == (JobStatus.FAILED, "NOT_A_PICTURE")
    assert not await Asset.exists()


async def test_the_renderer_hears_of_a_cancellation_and_nothing_of_its_work_is_kept(
    home: Home, shot: Shot, studio: Studio, runner: Runner
) -> None:
    heard: list[bool] = []

    async def act(report: Report) -> None:
        report("drawing", 1, 2)
        await perform(home.world, home.owner, cancel_job, job.id)
        await runner.meter.flush()
        try:
            report("drawing", 2, 2)
        except Canceled:
            heard.append(True)
            raise

    studio.act = act
    [job] = await ordered(home, shot)

    outcome = await runner.produce(job.id)
    await runner.conclude(job.id, outcome)

    assert (heard, outcome) == ([True], OVER)
    await job.refresh_from_db()
    assert (job.status, job.attempt) == (JobStatus.CANCELED, 1)


async def test_a_result_that_comes_after_its_image_was_deleted_is_dropped(
    home: Home, shot: Shot, runner: Runner
) -> None:
    [job] = await ordered(home, shot)
    outcome = await runner.produce(job.id)
    image = await Image.get(job_id=job.id)
    await perform(home.world, home.owner, images.delete_image, image.id)
    events = await Event.all().count()

    await runner.conclude(job.id, outcome)

    await job.refresh_from_db()
    assert job.status is JobStatus.CANCELED
    assert await Event.all().count() == events
    assert not await Asset.exists()


async def test_a_step_that_is_repeated_after_a_crash_changes_nothing_more(
    home: Home, shot: Shot, runner: Runner
) -> None:
    [job] = await ordered(home, shot)
    outcome = await runner.produce(job.id)
    await runner.conclude(job.id, outcome)
    done = await Image.get(job_id=job.id)
    events = await Event.all().count()

    await runner.conclude(job.id, outcome)
    assert await runner.produce(job.id) == OVER

    assert await Event.all().count() == events
    assert (await Image.get(id=done.id)).version == done.version


async def test_a_worker_that_stops_gives_the_attempt_back(
    home: Home, shot: Shot, studio: Studio, runner: Runner
) -> None:
    begun = asyncio.Event()

    async def act(report: Report) -> None:
        begun.set()
        await asyncio.Event().wait()

    studio.act = act
    [job] = await ordered(home, shot)
    for _ in range(limits.ATTEMPTS + 1):
        begun.clear()
        task = asyncio.create_task(runner.produce(job.id))
        async with asyncio.timeout(2):
            await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    studio.act = None

    await runner.conclude(job.id, await runner.produce(job.id))

    await job.refresh_from_db()
    assert (job.status, job.attempt) == (JobStatus.COMPLETE, 1)


async def test_the_local_renderer_draws_what_was_ordered(home: Home, tmp_path: Path) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    await ordered(home, shot, parameters={"width": 640, "height": 360})

    [job] = await home.queue.run(home.world)

    assert (job.status, job.renderer) == (JobStatus.COMPLETE, "local")
    image = await Image.get(job_id=job.id)
    assert (image.width, image.height) == (640, 360)
    assert job.asset_id == image.asset_id
    assert (await Job.get(id=job.id)).progress == 1.0


@pytest.mark.parametrize("ticks", [1, 3, 10, 30])
async def test_a_worker_that_stops_while_a_job_begins_uses_up_no_attempt(
    home: Home, shot: Shot, runner: Runner, studio: Studio, ticks: int
) -> None:
    never = asyncio.Event()

    async def act(report: Report) -> None:
        await never.wait()

    studio.act = act
    [job] = await ordered(home, shot)
    producing = asyncio.create_task(runner.produce(job.id))
    for _ in range(ticks):
        await asyncio.sleep(0)
    producing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await producing
    await home.world.settle()

    assert (await Job.get(id=job.id)).attempt == 0
