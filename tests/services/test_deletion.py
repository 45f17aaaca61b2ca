from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import (
    Event,
    EventKind,
    Feed,
    Image,
    Job,
    JobStatus,
    Project,
    Scene,
    Shot,
    StoryboardSelection,
)
from services import animation, export, generation, images, projects, scenes, shots, storyboard
from services.deletion import Deletion
from services.work import perform
from tests.conftest import Home
from tests.making import (
    a_drawn_image,
    a_project,
    a_scene,
    a_selection,
    a_shot,
    an_image,
    in_a_studio,
    ordered,
)
from tests.stored import row_ids, stored


@pytest.fixture
def home(home: Home) -> Home:
    return in_a_studio(home)


async def a_full_project(home: Home) -> Project:
    """Two scenes of two shots, each with a chosen image, a refinement of it and waiting jobs."""
    project = await a_project(home)
    places = [await a_scene(home, project), await a_scene(home, project)] * 2
    chosen = [await a_drawn_image(home, await a_shot(home, scene)) for scene in places]
    order = {"prompt": "Rain", "count": 1}
    for image in chosen:
        await a_selection(home, image)
        await perform(home.world, home.owner, generation.refine_image, image.id, order)
    await perform(home.world, home.owner, export.export_project, project.id, "MP4")
    await perform(home.world, home.owner, animation.animate, {}, project.id)
    return project


DELETIONS: list[tuple[Callable[..., Any], type[Any], str]] = [
    (projects.delete_project, Project, "id"),
    (scenes.delete_scene, Scene, "id"),
    (shots.delete_shot, Shot, "id"),
    (images.delete_image, Image, "id"),
    (storyboard.clear_master_shot, StoryboardSelection, "shot_id"),
]


@pytest.mark.parametrize(
    ("act", "model", "named_by"), DELETIONS, ids=lambda value: getattr(value, "__name__", "")
)
async def test_a_deletion_names_exactly_what_is_gone_and_the_event_says_the_same(
    home: Home, act: Callable[..., Any], model: type[Any], named_by: str
) -> None:
    await a_full_project(home)
    keep = await an_image(home, await a_shot(home, await a_scene(home, await a_project(home))))
    row = await model.all().order_by("id").first()
    before = await row_ids()

    deletion: Deletion = await perform(home.world, home.owner, act, getattr(row, named_by))

    gone = before - await row_ids()
    assert sorted(deletion.deleted) == sorted(gone)
    assert deletion.id == deletion.deleted[0] == row.id
    event = await Event.filter(kind=EventKind.DELETED).get()
    assert (event.subject_id, event.deleted) == (row.id, deletion.deleted)
    feed = await Feed.get(id=row.feed_id)
    assert event.sequence == feed.head
    assert await Image.exists(id=keep.id)


async def test_the_feed_outlives_its_project_to_tell_of_the_end(home: Home) -> None:
    before = await row_ids()
    project = await a_full_project(home)
    deletion = await perform(home.world, home.owner, projects.delete_project, project.id)

    assert await row_ids() == before | {deletion.restore_id}
    feed = await Feed.get(id=project.id)
    events = await Event.filter(feed_id=project.id).order_by("sequence")
    assert [event.sequence for event in events] == list(range(1, feed.head + 1))


@pytest.mark.parametrize(
    ("act", "model"), [(row[0], row[1]) for row in DELETIONS[1:3]], ids=["scene", "shot"]
)
async def test_running_jobs_of_what_is_deleted_are_canceled_and_stay_on_record(
    home: Home, act: Callable[..., Any], model: type[Any]
) -> None:
    await a_full_project(home)
    row = await model.all().order_by("id").first()
    on = {"id": row.id} if model is Shot else {"scene_id": row.id}
    shots_gone = [shot.id for shot in await Shot.filter(**on)]
    theirs = await Job.filter(shot_id__in=shots_gone).order_by("id")
    others = await Job.exclude(shot_id__in=shots_gone).order_by("id")
    active = [job.id for job in theirs if not job.status.ended]

    await perform(home.world, home.owner, act, row.id)

    assert len(active) == 2 * len(shots_gone)
    for job in theirs:
        kept = await Job.get(id=job.id)
        assert kept.status is (JobStatus.CANCELED if job.id in active else job.status)
        assert kept.shot_id is None
    for job in others:
        kept = await Job.get(id=job.id)
        assert kept.status is job.status
    events = await Event.filter(subject_id__in=active, kind=EventKind.UPDATED)
    assert {event.subject_id for event in events if "status" in event.changed} == set(active)


async def test_nobody_is_paid_for_a_canceled_job(home: Home) -> None:
    project = await a_full_project(home)
    scene = await Scene.filter(project_id=project.id).order_by("id").first()
    assert scene is not None
    before = await Image.exclude(shot__scene_id=scene.id).count()
    await perform(home.world, home.owner, scenes.delete_scene, scene.id)

    await home.queue.run(home.world)

    assert await Image.all().count() == before
    assert not await Job.filter(status__in=[JobStatus.QUEUED, JobStatus.RUNNING]).exists()


async def test_refinements_of_a_deleted_image_survive_without_a_parent(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    parent = await an_image(home, shot)
    act = images.register_images
    given = [{"variantNumber": n, "imageUrl": "https://example.org/b.png"} for n in (1, 2)]
    children = await perform(
        home.world, home.owner, act, shot.id, "Rain", given, parent_id=parent.id
    )

    deletion = await perform(home.world, home.owner, images.delete_image, parent.id)

    assert deletion.deleted == [parent.id]
    kept = await Image.filter(shot_id=shot.id).order_by("id")
    assert [(i.id, i.parent_image_id, i.version) for i in kept] == [
        (child.id, None, 2) for child in children
    ]
    events = await Event.filter(feed_id=shot.project_id).order_by("-sequence").limit(3)
    assert [(e.subject_id, e.kind, e.changed) for e in events[::-1]] == [
        (children[0].id, EventKind.UPDATED, ["parentImage"]),
        (children[1].id, EventKind.UPDATED, ["parentImage"]),
        (parent.id, EventKind.DELETED, []),
    ]


async def test_a_chosen_image_takes_its_selection_and_animation_with_it(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    image = await a_drawn_image(home, shot)
    selection = await a_selection(home, image)
    await perform(home.world, home.owner, animation.animate, {}, shot.project_id)
    [job] = await Job.filter(subject_id=selection.id)

    deletion = await perform(home.world, home.owner, images.delete_image, image.id)

    assert deletion.deleted == [image.id, selection.id]
    assert not await StoryboardSelection.exists()
    assert (await Job.get(id=job.id)).status is JobStatus.CANCELED


async def test_a_pending_image_that_is_deleted_is_never_made(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    [job] = await ordered(home, shot)

    await perform(home.world, home.owner, images.delete_image, job.subject_id)
    await home.queue.run(home.world)

    kept = await Job.get(id=job.id)
    assert (kept.status, kept.attempt, kept.shot_id) == (JobStatus.CANCELED, 0, shot.id)
    assert not await Image.exists()


async def test_the_siblings_of_what_is_deleted_close_the_gap(home: Home) -> None:
    project = await a_project(home)
    made = [await a_scene(home, project, title=title) for title in "ABC"]
    await perform(home.world, home.owner, scenes.delete_scene, made[1].id)
    moved = await perform(home.world, home.owner, scenes.move_scene, made[2].id, 1)
    assert moved.place == 1
    assert (await a_scene(home, project)).place == 3


async def test_what_is_gone_cannot_be_deleted_again(home: Home) -> None:
    scene = await a_scene(home, await a_project(home))
    await perform(home.world, home.owner, scenes.delete_scene, scene.id)
    before = await stored()
    with pytest.raises(Exception, match="There is no such scene"):
        await perform(home.world, home.owner, scenes.delete_scene, scene.id)
    assert await stored() == before
