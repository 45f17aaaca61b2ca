"""What a deletion took comes back as it was, or not at all and with the reason."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tortoise import Tortoise

from models import (
    Asset,
    DeletedRows,
    Event,
    EventKind,
    Feed,
    Image,
    Job,
    JobStatus,
    MediaStatus,
    Project,
    Row,
    Scene,
    Shot,
    StoryboardSelection,
    references_of,
)
from models.reading import kinds
from services import animation, generation, images, limits
from services.deletion import Deletion
from services.errors import Conflict
from services.feed import Changes, follow
from services.jobs import begin_job, complete_job
from services.work import perform
from tests.conftest import Home
from tests.making import (
    MADE,
    a_drawn_image,
    a_project,
    a_scene,
    a_selection,
    a_shot,
    an_image,
    in_a_studio,
    ordered,
)
from tests.services.restored import a_board, delete, the_board, undo


@pytest.fixture
def home(home: Home) -> Home:
    return in_a_studio(home)


DELETABLE: list[type[Any]] = [Project, Scene, Shot, Image, StoryboardSelection]


@pytest.mark.parametrize("model", DELETABLE, ids=lambda model: model.__name__)
async def test_all_comes_back_as_it_was_and_the_events_tell_of_it(
    home: Home, model: type[Any]
) -> None:
    await a_board(home)
    row = await model.all().order_by("id").first()
    before, versions = await the_board(), getattr(row, "version", 0)
    head = (await Feed.get(id=row.feed_id)).head

    deletion = await delete(home, row)
    restoration = await undo(home, deletion)

    assert await the_board() == before
    assert (restoration.id, restoration.restored) == (row.id, deletion.deleted)
    assert (await model.get(id=row.id)).version == versions + 1
    since = await Event.filter(feed_id=row.feed_id, sequence__gt=head).order_by("sequence")
    assert [event.sequence for event in since] == list(range(head + 1, head + len(since) + 1))
    told = [event.subject_id for event in since if event.kind is EventKind.RESTORED]
    untold = {asset.id for asset in await Asset.all()} | {
        job.batch_id for job in await Job.all() if model is Project
    }
    assert told == [row_id for row_id in deletion.deleted if row_id not in untold]


@settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**32))
async def test_whatever_is_deleted_and_in_whichever_order_it_returns_all_is_as_before(
    home: Home, seed: int
) -> None:
    dice = random.Random(seed)
    project = await any_board(home, dice)
    before = await the_board()
    gone: list[Deletion] = []
    for _ in range(dice.randint(1, 8)):
        rows = [row for model in DELETABLE for row in await model.filter(**of(model, project))]
        if rows:
            gone.append(await delete(home, dice.choice(rows)))
        if dice.random() < 0.3:
            await undo_if_possible(home, gone, dice)
    while gone:
        await undo_if_possible(home, gone, dice)
    assert await the_board() == before


async def undo_if_possible(home: Home, gone: list[Deletion], dice: random.Random) -> None:
    """One of the deletions, unless it must wait for another."""
    deletion = gone.pop(dice.randrange(len(gone)))
    try:
        await undo(home, deletion)
    except Conflict:
        gone.append(deletion)


def of(model: type[Row], project: Project) -> dict[str, str]:
    return {"id": project.id} if model is Project else {"project_id": project.id}


async def any_board(home: Home, dice: random.Random) -> Project:
    """Scenes of shots, some with images, which may refine each other, some of these chosen."""
    project = await a_project(home)
    for _ in range(dice.randint(1, 3)):
        scene = await a_scene(home, project)
        for _ in range(dice.randint(0, 3)):
            shot = await a_shot(home, scene, dice.choice([None, 1]))
            if dice.random() < 0.7:
                family = [await a_drawn_image(home, shot)]
                for _ in range(dice.randint(0, 3)):
                    order = {"prompt": "Rain", "count": 1}
                    act = generation.refine_image
                    await perform(home.world, home.owner, act, dice.choice(family).id, order)
                    [job] = await home.queue.run(home.world)
                    family.append(await Image.get(job_id=job.id))
                await a_selection(home, dice.choice(family))
    return project


async def test_what_waited_for_a_job_comes_back_canceled(home: Home) -> None:
    project = await a_project(home)
    shot = await a_shot(home, await a_scene(home, project))
    selection = await a_selection(home, await a_drawn_image(home, shot))
    running, queued = await ordered(home, shot, 2)
    await perform(home.world, home.owner, begin_job, running.id)
    await perform(home.world, home.owner, animation.animate, {}, project.id)

    await undo(home, await delete(home, project))

    ended = await Job.filter(status=JobStatus.CANCELED).exclude(finished_at=None)
    assert {job.subject_id for job in ended} == {
        running.subject_id,
        queued.subject_id,
        selection.id,
    }
    for job in (running, queued):
        assert (await Image.get(id=job.subject_id)).status is MediaStatus.CANCELED
    kept = await StoryboardSelection.get(id=selection.id)
    assert kept.animation_status is MediaStatus.CANCELED
    assert await perform(home.world, home.owner, complete_job, running.id, MADE) is None
    await home.queue.run(home.world)
    assert (await Image.get(id=queued.subject_id)).status is MediaStatus.CANCELED


async def test_an_image_whose_job_the_deletion_ended_comes_back_canceled(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    [job] = await ordered(home, shot)

    await undo(home, await delete(home, shot))

    image = await Image.get(id=job.subject_id)
    assert (image.status, image.job_id) == (MediaStatus.CANCELED, job.id)
    kept = await Job.get(id=job.id)
    assert (kept.status, kept.shot_id) == (JobStatus.CANCELED, shot.id)


async def test_refinements_that_stayed_get_their_parent_back(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    parent = await an_image(home, shot)
    given = [{"variantNumber": 1, "imageUrl": "https://example.org/b.png"}]
    act = images.register_images
    [child] = await perform(
        home.world, home.owner, act, shot.id, "Rain", given, parent_id=parent.id
    )

    await undo(home, await delete(home, parent))

    kept = await Image.get(id=child.id)
    assert (kept.parent_image_id, kept.version) == (parent.id, 3)
    events = await Event.filter(feed_id=shot.project_id).order_by("-sequence").limit(2)
    assert [(e.subject_id, e.kind, e.changed) for e in events[::-1]] == [
        (parent.id, EventKind.RESTORED, []),
        (child.id, EventKind.UPDATED, ["parentImage"]),
    ]


async def test_a_place_taken_since_is_shared_in_order(home: Home) -> None:
    project = await a_project(home)
    _, second = [await a_scene(home, project, title=title) for title in "AB"]
    deletion = await delete(home, second)
    await a_scene(home, project, title="C")

    await undo(home, deletion)

    titles = await Scene.filter(project_id=project.id).order_by("rank").values_list("title")
    assert [title for (title,) in titles] == ["A", "B", "C"]


async def test_the_project_speaks_on_the_same_feed_and_its_followers_come_back(home: Home) -> None:
    project = await a_board(home)
    head = (await Feed.get(id=project.id)).head
    deletion = await delete(home, project)
    await undo(home, deletion)

    stream = follow(home.world, home.owner, project.id, head)
    news = await anext(stream)
    await stream.aclose()

    assert isinstance(news, Changes)
    first, second = news.events[:2]
    assert (first.kind, second.kind) == (EventKind.DELETED, EventKind.RESTORED)
    assert first.subject_id == second.subject_id == project.id


# ---- What it rests on


async def test_a_deletion_of_any_size_is_kept_in_parts(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ROWS_AT_ONCE", 2)
    project = await a_board(home)
    before = await the_board()
    deletion = await delete(home, project)
    assert await DeletedRows.all().count() > len(deletion.deleted) / 2
    await undo(home, deletion)
    assert await the_board() == before
    assert not await DeletedRows.exists()


async def test_rows_kept_by_an_older_version_fit_the_models_of_now(home: Home) -> None:
    scene = await a_scene(home, await a_project(home))
    deletion = await delete(home, scene)
    part = await DeletedRows.get(deletion_id=deletion.restore_id)
    part.rows = part.rows.replace('"description": "", ', '"mood": "dim", ')
    await part.save()
    await undo(home, deletion)
    assert (await Scene.get(id=scene.id)).description == ""


async def test_all_that_hangs_on_a_project_can_be_kept() -> None:
    owned = {model for model in kinds(Row) if any(r.owning for r in references_of(model))}
    tables = Tortoise.apps["models"].values() if Tortoise.apps else []
    for model in tables:
        for name in model._meta.fk_fields | model._meta.o2o_fields:
            target = getattr(model._meta.fields_map[name], "related_model", None)
            assert target not in owned or issubclass(model, Row), model
