from __future__ import annotations

import asyncio
from typing import Any

import pytest

from models import Event, Image, Job, JobStatus, MediaStatus, Project, Shot, StoryboardSelection
from services import animation, images, limits, projects, shots, storyboard
from services.actor import SYSTEM
from services.assets import File, Made
from services.cancelling import cancel_batch, cancel_job
from services.errors import Forbidden, InvalidInput, LimitExceeded, NotFound
from services.jobs import begin_job, complete_job, fail_job
from services.watching import jobs_named
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
    a_viewer,
    an_outsider,
    ordered,
)

CLIP = Made(File("c" * 64, 99, "video/mp4"))


@pytest.fixture
async def shot(home: Home) -> Shot:
    home.world.renderers = {"studio": Studio()}
    return await a_shot(home, await a_scene(home, await a_project(home)))


async def system(home: Home, act: Any, *given: Any) -> Any:
    return await perform(home.world, SYSTEM, act, *given)


async def news(home: Home, *ids: str) -> dict[str, list[list[str]]]:
    """For each id the field names of its events, in order."""
    told: dict[str, list[list[str]]] = {row_id: [] for row_id in ids}
    for event in await Event.filter(subject_id__in=ids).order_by("id"):
        told[event.subject_id].append(sorted(event.changed))
    return told


async def test_a_job_begins_completes_and_tells_exactly_what_changed(
    home: Home, shot: Shot
) -> None:
    [queued] = await ordered(home, shot)

    begun = await system(home, begin_job, queued.id)
    assert (begun.status, begun.attempt) == (JobStatus.RUNNING, 1)
    assert begun.started_at is not None
    image = await Image.get(job_id=queued.id)
    assert image.status is MediaStatus.PROCESSING

    done = await system(home, complete_job, queued.id, MADE)
    assert (done.status, done.progress) == (JobStatus.COMPLETE, 1.0)
    assert done.finished_at >= begun.started_at
    await image.refresh_from_db()
    assert (image.status, image.asset_id) == (MediaStatus.COMPLETE, done.asset_id)
    assert (image.blurhash, image.width, image.height) == ("LEHV6nWB", 64, 36)
    assert image.thumbnail_id is not None
    assert await news(home, queued.id, image.id) == {
        queued.id: [
            [],
            ["attempt", "startedAt", "status"],
            ["asset", "finishedAt", "progress", "status", "step"],
        ],
        image.id: [
            [],
            ["status"],
            ["blurhash", "height", "imageUrl", "status", "thumbnailUrl", "width"],
        ],
    }


async def test_a_failure_is_told_on_job_and_image_with_its_code(home: Home, shot: Shot) -> None:
    [job] = await ordered(home, shot)
    await system(home, begin_job, job.id)

    failed = await system(home, fail_job, job.id, "NSFW", "The provider refused it.")

    assert (failed.status, failed.error_code) == (JobStatus.FAILED, "NSFW")
    assert failed.error_message == "The provider refused it."
    assert (await Image.get(job_id=job.id)).status is MediaStatus.FAILED
    assert (await news(home, job.id))[job.id][-1] == ["error", "finishedAt", "status"]


ENDINGS: dict[str, Any] = {
    "completed": lambda home, job: system(home, complete_job, job.id, MADE),
    "failed": lambda home, job: system(home, fail_job, job.id, "LATE", "Too late."),
    "canceled": lambda home, job: perform(home.world, home.owner, cancel_job, job.id),
}
STATUS = {
    "completed": (JobStatus.COMPLETE, MediaStatus.COMPLETE),
    "failed": (JobStatus.FAILED, MediaStatus.FAILED),
    "canceled": (JobStatus.CANCELED, MediaStatus.CANCELED),
}


@pytest.mark.parametrize("second", ENDINGS)
@pytest.mark.parametrize("first", ENDINGS)
async def test_the_first_ending_stays_whatever_comes_after_it(
    home: Home, shot: Shot, first: str, second: str
) -> None:
    [job] = await ordered(home, shot)
    await system(home, begin_job, job.id)
    await ENDINGS[first](home, job)
    events = await Event.all().count()

    await ENDINGS[second](home, job)
    assert await system(home, begin_job, job.id) is None

    await job.refresh_from_db()
    image = await Image.get(job_id=job.id)
    assert (job.status, image.status) == STATUS[first]
    assert await Event.all().count() == events


async def test_of_endings_at_the_same_time_one_counts(home: Home, shot: Shot) -> None:
    [job] = await ordered(home, shot)
    await system(home, begin_job, job.id)

    await asyncio.gather(*(end(home, job) for end in ENDINGS.values()))

    told = (await news(home, job.id))[job.id]
    assert sum("status" in fields for fields in told[2:]) == 1
    await job.refresh_from_db()
    assert (job.status, (await Image.get(job_id=job.id)).status) in STATUS.values()


async def test_a_queued_job_is_canceled_with_its_image_and_never_begins(
    home: Home, shot: Shot
) -> None:
    [job] = await ordered(home, shot)
    canceled = await perform(home.world, home.owner, cancel_job, job.id)

    assert canceled.status is JobStatus.CANCELED
    assert (await news(home, job.id))[job.id][-1] == ["finishedAt", "status"]
    [ran] = await home.queue.run(home.world)
    assert (ran.status, ran.attempt) == (JobStatus.CANCELED, 0)
    assert (await Image.get(job_id=job.id)).status is MediaStatus.CANCELED


async def test_only_who_may_edit_cancels(home: Home, shot: Shot) -> None:
    [job] = await ordered(home, shot)
    project = await Project.get(id=shot.project_id)

    with pytest.raises(Forbidden):
        await perform(home.world, a_viewer(project), cancel_job, job.id)
    with pytest.raises(NotFound):
        await perform(home.world, an_outsider(), cancel_job, job.id)

    await job.refresh_from_db()
    assert job.status is JobStatus.QUEUED


async def test_finished_variants_survive_the_cancelling_of_the_others(
    home: Home, shot: Shot
) -> None:
    first, second = await ordered(home, shot, 2)
    await system(home, begin_job, first.id)
    await system(home, complete_job, first.id, MADE)
    await perform(home.world, home.owner, cancel_job, second.id)

    statuses = await Image.filter(shot_id=shot.id).order_by("variant_number")
    assert [i.status for i in statuses] == [MediaStatus.COMPLETE, MediaStatus.CANCELED]


async def test_cancelling_a_batch_ends_what_has_not_ended_in_it(home: Home, shot: Shot) -> None:
    finished, running, queued = await ordered(home, shot, 3)
    await ordered(home, shot, prompt="Another")
    await system(home, begin_job, running.id)
    await system(home, begin_job, finished.id)
    await system(home, complete_job, finished.id, MADE)

    for _ in range(2):
        batch = await perform(home.world, home.owner, cancel_batch, queued.batch_id)
        assert batch.id == queued.batch_id
        jobs = await Job.all().order_by("id")
        assert [job.status for job in jobs] == [
            *[JobStatus.COMPLETE, JobStatus.CANCELED, JobStatus.CANCELED],
            JobStatus.QUEUED,
        ]
        assert (await news(home, queued.id))[queued.id][-1] == ["finishedAt", "status"]


async def test_attempts_are_counted_and_come_to_an_end(home: Home, shot: Shot) -> None:
    [job] = await ordered(home, shot)
    for attempt in range(1, limits.ATTEMPTS + 1):
        begun = await system(home, begin_job, job.id)
        assert begun.attempt == attempt

    assert await system(home, begin_job, job.id) is None

    await job.refresh_from_db()
    assert (job.status, job.error_code) == (JobStatus.FAILED, "ATTEMPTS_EXHAUSTED")
    assert job.attempt == limits.ATTEMPTS
    assert (await news(home, job.id))[job.id][2:4] == [["attempt"], ["attempt"]]


DELETIONS: dict[str, Any] = {
    "image": lambda home, image: perform(home.world, home.owner, images.delete_image, image.id),
    "shot": lambda home, image: perform(home.world, home.owner, shots.delete_shot, image.shot_id),
    "project": lambda home, image: perform(
        home.world, home.owner, projects.delete_project, image.project_id
    ),
}


@pytest.mark.parametrize("gone", DELETIONS)
async def test_the_result_for_something_deleted_meanwhile_is_dropped(
    home: Home, shot: Shot, gone: str
) -> None:
    [job] = await ordered(home, shot)
    await system(home, begin_job, job.id)
    await DELETIONS[gone](home, await Image.get(job_id=job.id))
    events = await Event.all().count()

    assert await system(home, complete_job, job.id, MADE) is None
    assert await system(home, fail_job, job.id, "LATE", "Too late.") is None
    assert await system(home, begin_job, job.id) is None

    assert await Event.all().count() == events
    left = await Job.get_or_none(id=job.id)
    assert left is None if gone == "project" else left is not None
    assert left is None or left.status is JobStatus.CANCELED


async def an_animation(home: Home, selection: StoryboardSelection) -> Job:
    act = animation.animate
    batch = await perform(home.world, home.owner, act, {}, None, [selection.id])
    return await Job.get(batch_id=batch.id)


async def test_an_animation_lands_on_its_selection(home: Home, shot: Shot) -> None:
    selection = await a_selection(home, await a_drawn_image(home, shot))
    job = await an_animation(home, selection)
    await system(home, begin_job, job.id)
    assert (await StoryboardSelection.get()).animation_status is MediaStatus.PROCESSING

    done = await system(home, complete_job, job.id, CLIP)

    selection = await StoryboardSelection.get()
    assert selection.animation_status is MediaStatus.COMPLETE
    assert selection.video_id == done.asset_id
    told = (await news(home, selection.id))[selection.id]
    assert told[-1] == ["animatedVideoUrl", "animationStatus"]


async def test_an_animation_never_lands_on_an_image_chosen_meanwhile(
    home: Home, shot: Shot
) -> None:
    other = await a_drawn_image(home, shot)
    selection = await a_selection(home, await a_drawn_image(home, shot))
    old = await an_animation(home, selection)
    await system(home, begin_job, old.id)
    act = storyboard.select_master_shot
    await perform(home.world, home.owner, act, shot.id, other.id)
    new = await an_animation(home, await StoryboardSelection.get(shot_id=shot.id))

    assert await system(home, complete_job, old.id, CLIP) is None

    await selection.refresh_from_db()
    assert (selection.image_id, selection.animation_job_id) == (other.id, new.id)
    assert (selection.animation_status, selection.video_id) == (MediaStatus.PENDING, None)
    await old.refresh_from_db()
    assert old.status is JobStatus.CANCELED


async def test_a_result_lands_only_where_its_own_job_is_waited_for(home: Home, shot: Shot) -> None:
    selection = await a_selection(home, await a_drawn_image(home, shot))
    [drawing] = await ordered(home, shot)
    moving = await an_animation(home, selection)
    image = await Image.get(job_id=drawing.id)
    await Image.filter(id=image.id).update(job_id=moving.id)
    await StoryboardSelection.all().update(animation_job_id=drawing.id)

    for job, made in ((drawing, MADE), (moving, CLIP)):
        assert (await system(home, begin_job, job.id)).status is JobStatus.RUNNING
        assert (await system(home, complete_job, job.id, made)).status is JobStatus.COMPLETE

    assert (await Image.get(id=image.id)).status is MediaStatus.PENDING
    assert (await StoryboardSelection.get()).animation_status is MediaStatus.PENDING


async def test_the_same_bytes_made_twice_are_one_asset(home: Home, shot: Shot) -> None:
    jobs = await ordered(home, shot, 2)
    for job in jobs:
        await system(home, begin_job, job.id)
        await system(home, complete_job, job.id, MADE)

    made = await Image.filter(shot_id=shot.id).values_list("asset_id", flat=True)
    assert len(set(made)) == 1


async def test_jobs_are_named_only_by_who_sees_them_all(home: Home, shot: Shot) -> None:
    [job] = await ordered(home, shot)
    missing = Job().id

    assert list(await jobs_named(home.owner, [job.id])) == [job.id]
    for actor, ids in ((an_outsider(), [job.id]), (home.owner, [job.id, missing])):
        with pytest.raises(NotFound, match="There is no such job") as refused:
            await jobs_named(actor, ids)
        assert refused.value.field == f"jobIds.{len(ids) - 1}"
    with pytest.raises(InvalidInput):
        await jobs_named(home.owner, [shot.id])
    with pytest.raises(LimitExceeded):
        await jobs_named(home.owner, [job.id] * (limits.JOBS_WATCHED + 1))
