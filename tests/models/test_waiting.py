from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from models import Job, JobStatus, waiting
from services.actor import SYSTEM
from services.jobs import begin_job
from services.work import perform
from tests.conftest import Home
from tests.making import a_project, a_scene, a_shot, ordered

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


async def jobs(home: Home, count: int) -> list[Job]:
    return await ordered(
        home, await a_shot(home, await a_scene(home, await a_project(home))), count
    )


async def took(job: Job, seconds: float, **values: object) -> None:
    finished = {"started_at": NOON, "finished_at": NOON + timedelta(seconds=seconds)}
    values = {"status": JobStatus.COMPLETE} | finished | values
    await Job.filter(id=job.id).update(**values)


async def test_queued_jobs_have_a_place_among_all_that_wait_whatever_their_project(
    home: Home,
) -> None:
    first, second = await jobs(home, 2)
    [third] = await jobs(home, 1)
    await perform(home.world, SYSTEM, begin_job, first.id)

    places = await waiting.queue_positions([third.id, first.id, second.id, "job_unknown"])

    assert places == [2, None, 1, None]


async def test_the_mean_time_counts_complete_jobs_of_the_same_kind_and_renderer(
    home: Home,
) -> None:
    one, two, failed, other, clip = await jobs(home, 5)
    await took(one, 2)
    await took(two, 4)
    await took(failed, 100, status=JobStatus.FAILED)
    await took(other, 100, renderer="oracle")
    await took(clip, 7, kind="ANIMATION")

    kinds = [("IMAGE", "local"), ("ANIMATION", "local"), ("EXPORT", "local"), ("IMAGE", "local")]

    assert await waiting.seconds_taken(kinds) == [3, 7, None, 3]


async def test_only_the_newest_jobs_count_and_a_rare_kind_is_not_pushed_out(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "HISTORY_JOBS", 2)
    rare, old, *new = await jobs(home, 4)
    await took(rare, 9, kind="EXPORT")
    await took(old, 100)
    for job in new:
        await took(job, 1)

    assert await waiting.seconds_taken([("IMAGE", "local"), ("EXPORT", "local")]) == [1, 9]
