"""A job that ended without a result is tried anew: the same job, another run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models import Event, Image, Job, JobStatus, MediaStatus, Shot, StoryboardSelection
from services import animation, images, limits
from services.actor import SYSTEM
from services.backends.renderer import Canceled, RenderFailure, Report
from services.cancelling import cancel_job
from services.errors import Conflict, LimitExceeded
from services.jobs import begin_job, complete_job, fail_job
from services.progress import Meter
from services.retrying import retry_job
from services.upkeep import lose_job, sweep
from services.work import perform
from tests.conftest import Home
from tests.making import (
    MADE,
    Studio,
    a_drawn_image,
    a_project,
    a_scene,
    a_selection,
    a_shot,
    in_a_studio,
    ordered,
)
from tests.stored import stored


@pytest.fixture
def home(home: Home) -> Home:
    return in_a_studio(home)


@pytest.fixture
async def shot(home: Home) -> Shot:
    return await a_shot(home, await a_scene(home, await a_project(home)))


async def system(home: Home, act: Any, *args: Any) -> Any:
    return await perform(home.world, SYSTEM, act, *args)


async def retry(home: Home, job: Job) -> Job:
    return await perform(home.world, home.owner, retry_job, job.id)


async def failed(home: Home, job: Job) -> Job:
    await system(home, begin_job, job.run_id)
    await system(home, fail_job, job.run_id, "LATE", "Too late.")
    home.queue.waiting.clear()
    return await Job.get(id=job.id)


ENDINGS: dict[str, Any] = {
    "failed": failed,
    "canceled": lambda home, job: perform(home.world, home.owner, cancel_job, job.id),
    "lost": lambda home, job: system(home, lose_job, job.run_id),
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_what_ended_without_a_result_is_made_after_all(
    home: Home, shot: Shot, ending: str
) -> None:
    [job] = await ordered(home, shot)
    await ENDINGS[ending](home, job)
    image = await Image.get(job_id=job.id)
    assert image.status.ended

    again = await retry(home, job)

    assert (again.id, again.status, again.progress) == (job.id, JobStatus.QUEUED, 0)
    assert (again.error_code, again.finished_at, again.inputs) == (None, None, job.inputs)
    await image.refresh_from_db()
    assert image.status is MediaStatus.PENDING
    await home.queue.run(home.world)
    await image.refresh_from_db()
    assert (image.status, image.job_id) == (MediaStatus.COMPLETE, job.id)
    assert (await Job.get(id=job.id)).status is JobStatus.COMPLETE


async def test_the_log_tells_what_a_retry_changed(home: Home, shot: Shot) -> None:
    [job] = await ordered(home, shot)
    await failed(home, job)
    await retry(home, job)
    told = await Event.filter(subject_id=job.id).order_by("-sequence").first()
    assert told is not None
    assert sorted(told.changed) == ["error", "finishedAt", "maxAttempts", "startedAt", "status"]


async def test_a_retried_job_keeps_its_attempts_and_gets_as_many_more(
    home: Home, shot: Shot
) -> None:
    [job] = await ordered(home, shot)
    await failed(home, job)
    again = await retry(home, job)
    assert (again.attempt, again.max_attempts) == (1, 1 + limits.ATTEMPTS)

    for _ in range(limits.ATTEMPTS):
        assert await system(home, begin_job, again.run_id) is not None
    assert await system(home, begin_job, again.run_id) is None
    assert (await Job.get(id=job.id)).error_code == "ATTEMPTS_EXHAUSTED"


async def test_a_job_is_tried_anew_only_so_often(home: Home, shot: Shot) -> None:
    [job] = await ordered(home, shot)
    for _ in range(limits.RUNS - 1):
        await failed(home, await Job.get(id=job.id))
        await retry(home, job)
    await failed(home, await Job.get(id=job.id))
    before = await stored()
    with pytest.raises(LimitExceeded, match="4 times"):
        await retry(home, job)
    assert await stored() == before


async def test_only_what_ended_without_a_result_is_tried_anew(home: Home, shot: Shot) -> None:
    [job] = await ordered(home, shot)
    for act, given in ((None, ()), (begin_job, ()), (complete_job, (MADE,))):
        if act is not None:
            await system(home, act, job.id, *given)
        before = await stored()
        with pytest.raises(Conflict, match="Only a job that failed"):
            await retry(home, job)
        assert await stored() == before


async def test_of_two_retries_at_once_one_counts(home: Home, shot: Shot) -> None:
    [job] = await ordered(home, shot)
    await failed(home, job)
    answers = await asyncio.gather(retry(home, job), retry(home, job), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Job"]
    assert home.queue.waiting == [f"{job.id}.2"]


async def test_a_run_that_was_given_up_changes_nothing_any_more(home: Home, shot: Shot) -> None:
    [job] = await ordered(home, shot)
    await system(home, begin_job, job.id)
    await perform(home.world, home.owner, cancel_job, job.id)
    again = await retry(home, job)
    await system(home, begin_job, again.run_id)
    before = await stored()

    assert await system(home, begin_job, job.id) is None
    assert await system(home, complete_job, job.id, MADE) is None
    assert await system(home, fail_job, job.id, "LATE", "Too late.") is None
    assert await system(home, lose_job, job.id) is None

    assert await stored() == before


async def test_a_run_that_was_given_up_is_stopped_at_its_next_report(
    home: Home, shot: Shot
) -> None:
    [job] = await ordered(home, shot)
    meter = Meter(home.world)
    await system(home, begin_job, job.id)
    async with meter.measuring(job) as old:
        await perform(home.world, home.owner, cancel_job, job.id)
        again = await retry(home, job)
        await system(home, begin_job, again.run_id)
        async with meter.measuring(again) as new:
            old("light", 4, 5)
            new("layout", 1, 5)
            await meter.flush()
            new("setting", 2, 5)
            with pytest.raises(Canceled):
                old("caption", 5, 5)
    assert (await Job.get(id=job.id)).progress == 0.2


async def test_the_sweep_hands_over_the_run_that_the_engine_does_not_know(
    home: Home, shot: Shot
) -> None:
    [job] = await ordered(home, shot)
    await failed(home, job)
    again = await retry(home, job)
    home.queue.waiting.clear()
    later = replace(home.world, now=lambda: again.updated_at + timedelta(minutes=1))

    await sweep(later)

    assert home.queue.waiting == [again.run_id]


async def test_an_image_that_is_gone_is_not_tried_anew(home: Home, shot: Shot) -> None:
    [job] = await ordered(home, shot)
    await failed(home, job)
    image = await Image.get(job_id=job.id)
    await perform(home.world, home.owner, images.delete_image, image.id)
    with pytest.raises(Conflict, match="is gone"):
        await retry(home, job)


async def test_an_animation_is_tried_anew_unless_another_job_makes_it_now(
    home: Home, shot: Shot
) -> None:
    selection = await a_selection(home, await a_drawn_image(home, shot))

    async def animated(seconds: float) -> Job:
        order = {"duration": seconds}
        act = animation.animate
        batch = await perform(home.world, home.owner, act, order, None, [selection.id])
        return await Job.get(batch_id=batch.id)

    first = await animated(1)
    await failed(home, first)
    again = await retry(home, first)
    assert (await StoryboardSelection.get()).animation_status is MediaStatus.PENDING

    await failed(home, again)
    await animated(2)
    with pytest.raises(Conflict, match="made by another job now"):
        await retry(home, first)


async def test_a_retry_counts_as_an_active_job(
    home: Home, shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    [job] = await ordered(home, shot)
    await failed(home, job)
    monkeypatch.setattr(limits, "ACTIVE_JOBS_PER_PROJECT", 0)
    with pytest.raises(LimitExceeded, match="jobs at once"):
        await retry(home, job)


async def test_a_renderer_that_recovers_makes_what_it_failed_to_make(
    home: Home, shot: Shot
) -> None:
    studio = home.world.renderers["studio"]
    assert isinstance(studio, Studio)

    async def refuse(report: Report) -> None:
        raise RenderFailure("NSFW", "Not that.", retryable=False)

    studio.act = refuse
    [job] = await ordered(home, shot)
    [ran] = await home.queue.run(home.world)
    assert (ran.status, ran.error_code) == (JobStatus.FAILED, "NSFW")
    studio.act = None

    await retry(home, job)
    [ran] = await home.queue.run(home.world)

    assert (ran.id, ran.status, ran.error_code) == (job.id, JobStatus.COMPLETE, None)
    assert (ran.attempt, ran.run) == (2, 2)
