from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from models import (
    Asset,
    Event,
    EventKind,
    Image,
    Job,
    JobBatch,
    JobKind,
    JobStatus,
    MediaStatus,
    Project,
    Shot,
)
from services import generation, limits, scenes, shots
from services.actor import Actor
from services.backends.renderer import FrameOrder
from services.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    LimitExceeded,
    NotFound,
    Refusal,
)
from services.work import perform
from tests.conftest import Home
from tests.making import (
    Studio,
    a_drawn_image,
    a_project,
    a_scene,
    a_shot,
    a_viewer,
    all_that_is_kept,
    an_image,
    an_outsider,
    ordered,
)


@pytest.fixture
async def shot(home: Home) -> Shot:
    """A shot of a world whose only renderer is quick."""
    home.world.renderers = {"studio": Studio()}
    return await a_shot(home, await a_scene(home, await a_project(home), label="12A"))


async def generate(
    home: Home, shot_id: str, parent: str | None = None, actor: Actor | None = None, **given: Any
) -> JobBatch:
    act = generation.generate_images
    return await perform(home.world, actor or home.owner, act, shot_id, given, parent)


async def refine(home: Home, image_id: str, **given: Any) -> JobBatch:
    return await perform(home.world, home.owner, generation.refine_image, image_id, given)


async def test_a_batch_is_one_iteration_of_six_pending_variants_by_default(
    home: Home, shot: Shot
) -> None:
    head = await Event.all().count()

    batch = await generate(home, shot.id)

    images = await Image.filter(shot_id=shot.id).order_by("variant_number")
    jobs = await Job.filter(batch_id=batch.id).order_by("id")
    assert [i.variant_number for i in images] == [1, 2, 3, 4, 5, 6]
    assert {i.iteration_number for i in images} == {0}
    assert {i.status for i in images} == {MediaStatus.PENDING}
    assert [i.job_id for i in images] == [j.id for j in jobs] == home.queue.waiting
    assert [j.subject_id for j in jobs] == [i.id for i in images]
    assert {(j.kind, j.status, j.attempt) for j in jobs} == {(JobKind.IMAGE, JobStatus.QUEUED, 0)}
    events = await Event.filter(sequence__gt=head).order_by("sequence")
    assert [e.subject_id for e in events] == [j.id for j in jobs] + [i.id for i in images]
    assert {e.kind for e in events} == {EventKind.CREATED}


@pytest.mark.parametrize("count", [1, 12])
async def test_one_to_twelve_variants_may_be_ordered(home: Home, shot: Shot, count: int) -> None:
    assert len(await ordered(home, shot, count)) == count
    assert await Image.filter(shot_id=shot.id).count() == count


REFUSED: dict[str, tuple[dict[str, Any], type[Refusal], str]] = {
    "no variant": ({"count": 0}, InvalidInput, "input.count"),
    "thirteen variants": ({"count": 13}, InvalidInput, "input.count"),
    "half a variant": ({"count": 2.5}, InvalidInput, "input.count"),
    "a blank prompt": ({"prompt": "  "}, InvalidInput, "input.prompt"),
    "a long prompt": ({"prompt": "x" * 20_001}, LimitExceeded, "input.prompt"),
    "an unknown renderer": ({"renderer": "oracle"}, InvalidInput, "input.renderer"),
    "an unknown field": ({"shots": 2}, InvalidInput, "input.shots"),
    "parameters that are no object": ({"parameters": [1]}, InvalidInput, "input.parameters"),
    "a tiny picture": ({"parameters": {"width": 16}}, InvalidInput, "input.parameters.width"),
    "a broken seed": ({"parameters": {"seed": 0.5}}, InvalidInput, "input.parameters.seed"),
    "a seed below zero": ({"parameters": {"seed": -1}}, InvalidInput, "input.parameters.seed"),
    "parameters without end": ({"parameters": {"x": "y" * 300_000}}, LimitExceeded, "input.param"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_bad_order_is_refused_and_leaves_nothing(
    home: Home, shot: Shot, tmp_path: Path, case: str
) -> None:
    given, refusal, field = REFUSED[case]
    before = await all_that_is_kept(home, tmp_path / "assets")

    with pytest.raises(refusal) as refused:
        await generate(home, shot.id, **given)

    assert (refused.value.field or "").startswith(field)
    assert await all_that_is_kept(home, tmp_path / "assets") == before


async def test_only_who_may_edit_the_project_orders_images(
    home: Home, shot: Shot, tmp_path: Path
) -> None:
    project = await Project.get(id=shot.project_id)
    before = await all_that_is_kept(home, tmp_path / "assets")

    with pytest.raises(Forbidden):
        await generate(home, shot.id, actor=a_viewer(project))
    with pytest.raises(NotFound):
        await generate(home, shot.id, actor=an_outsider())
    with pytest.raises(InvalidInput, match="starts with shot_"):
        await generate(home, project.id)

    assert await all_that_is_kept(home, tmp_path / "assets") == before


async def test_the_same_order_in_flight_is_answered_with_the_batch_that_runs(
    home: Home, shot: Shot, tmp_path: Path
) -> None:
    first = await generate(home, shot.id, count=2)
    kept = await all_that_is_kept(home, tmp_path / "assets")

    assert (await generate(home, shot.id, count=2)).id == first.id
    assert await all_that_is_kept(home, tmp_path / "assets") == kept


async def test_two_same_orders_at_once_are_one_batch(home: Home, shot: Shot) -> None:
    both = await asyncio.gather(generate(home, shot.id), generate(home, shot.id))

    assert both[0].id == both[1].id
    assert await Job.all().count() == limits.VARIANTS_DEFAULT


async def test_the_same_order_after_the_first_has_ended_is_the_next_iteration(
    home: Home, shot: Shot
) -> None:
    first = await generate(home, shot.id, count=2)
    await home.queue.run(home.world)

    second = await generate(home, shot.id, count=2)

    assert second.id != first.id
    images = await Image.filter(shot_id=shot.id)
    assert sorted(image.iteration_number for image in images) == [0, 0, 1, 1]


@pytest.mark.parametrize("other", [{"count": 3}, {"prompt": "Rain"}, {"model": "m"}], ids=str)
async def test_another_order_in_flight_is_a_batch_of_its_own(
    home: Home, shot: Shot, other: dict[str, Any]
) -> None:
    first = await generate(home, shot.id, count=2)
    assert (await generate(home, shot.id, **{"count": 2} | other)).id != first.id


async def test_an_edited_shot_makes_the_same_words_another_order(home: Home, shot: Shot) -> None:
    first = await generate(home, shot.id)
    edit = {"camera": {"framing": "WIDE"}}
    await perform(home.world, home.owner, shots.update_shot, shot.id, edit)

    assert (await generate(home, shot.id)).id != first.id


async def test_a_queued_job_does_not_follow_later_edits(home: Home, shot: Shot) -> None:
    studio = Studio()
    home.world.renderers = {"studio": studio}
    edit = {"camera": {"framing": "WIDE"}, "initialPrompt": "A rooftop", "label": "3"}
    await perform(home.world, home.owner, shots.update_shot, shot.id, edit)
    [job] = await ordered(home, shot)
    inputs = job.inputs
    again = {"camera": {"framing": "CLOSE-UP"}, "initialPrompt": "A cellar", "label": "4"}
    await perform(home.world, home.owner, shots.update_shot, shot.id, again)
    act = scenes.update_scene
    await perform(home.world, home.owner, act, shot.scene_id, {"label": "99"})

    [job] = await home.queue.run(home.world)

    assert job.inputs == inputs
    [order] = studio.orders
    assert isinstance(order, FrameOrder)
    assert (order.prompt, order.framing, order.label) == ("A rooftop", "WIDE", "SC 12A / SH 3")
    assert (await Image.get(job_id=job.id)).iteration_prompt == "A rooftop"


async def test_a_given_seed_counts_up_with_the_variants(home: Home, shot: Shot) -> None:
    jobs = await ordered(home, shot, 3, parameters={"seed": 40})
    assert [job.inputs["seed"] for job in jobs] == [40, 41, 42]


@pytest.mark.parametrize("parameters", [None, {"seed": None}], ids=["none", "null"])
async def test_without_a_seed_each_iteration_has_seeds_of_its_own(
    home: Home, shot: Shot, parameters: dict[str, Any] | None
) -> None:
    first = [job.inputs["seed"] for job in await ordered(home, shot, 2, parameters=parameters)]
    await home.queue.run(home.world)
    second = [job.inputs["seed"] for job in await ordered(home, shot, 2, parameters=parameters)]

    assert len({*first, *second}) == 4


async def test_parameters_of_the_order_lie_over_those_of_the_shot_and_null_clears(
    home: Home, shot: Shot
) -> None:
    edit = {"generation": {"parameters": {"width": 640, "height": 360, "seed": 7}}}
    await perform(home.world, home.owner, shots.update_shot, shot.id, edit)

    [job] = await ordered(home, shot, parameters={"width": 512, "seed": None, "grain": 0.5})

    assert job.inputs["parameters"] == {"width": 512, "height": 360, "grain": 0.5}


async def test_a_refinement_is_the_next_iteration_and_knows_its_parent(
    home: Home, shot: Shot
) -> None:
    parent = await a_drawn_image(home, shot)
    picture = await Asset.get(id=parent.asset_id)

    batch = await refine(home, parent.id, count=2, prompt="Darker")

    images = await Image.filter(shot_id=shot.id, iteration_number=1)
    assert {i.parent_image_id for i in images} == {parent.id}
    job = await Job.filter(batch_id=batch.id).first()
    assert job is not None
    assert job.inputs["parentSha256"] == picture.sha256


async def test_the_strength_of_a_refinement_reaches_the_renderer(home: Home, shot: Shot) -> None:
    studio = Studio()
    home.world.renderers = {studio.name: studio}
    parent = await a_drawn_image(home, shot)

    mild = await refine(home, parent.id, count=1, prompt="Darker", strength=0.25)
    other = await refine(home, parent.id, count=1, prompt="Darker", strength=1)
    await home.queue.run(home.world)

    assert mild.id != other.id
    orders = [order for order in studio.orders if isinstance(order, FrameOrder)]
    assert [order.strength for order in orders] == [None, 0.25, 1]


async def test_generating_from_a_parent_and_refining_it_are_the_same_order(
    home: Home, shot: Shot
) -> None:
    parent = await a_drawn_image(home, shot)
    batch = await refine(home, parent.id)
    assert (await generate(home, shot.id, parent.id)).id == batch.id


async def test_a_parent_must_be_a_finished_image_of_the_shot_with_its_picture_here(
    home: Home, shot: Shot, tmp_path: Path
) -> None:
    elsewhere = await an_image(home, shot)
    await ordered(home, shot)
    pending = await Image.get(status=MediaStatus.PENDING)
    scene = await a_scene(home, await a_project(home), "Another shot")
    foreign = await an_image(home, await Shot.get(scene_id=scene.id))
    before = await all_that_is_kept(home, tmp_path / "assets")

    with pytest.raises(Conflict, match="made elsewhere"):
        await refine(home, elsewhere.id)
    with pytest.raises(Conflict, match="complete"):
        await refine(home, pending.id)
    with pytest.raises(NotFound):
        await generate(home, shot.id, foreign.id)

    assert await all_that_is_kept(home, tmp_path / "assets") == before


async def test_a_project_has_a_limit_of_active_jobs(
    home: Home, shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ACTIVE_JOBS_PER_PROJECT", 5)
    await ordered(home, shot, 3)

    with pytest.raises(LimitExceeded):
        await ordered(home, shot, 3, prompt="Another")
    await home.queue.run(home.world)

    assert len(await ordered(home, shot, 3, prompt="Another")) == 3


async def test_a_shot_has_a_limit_of_images(
    home: Home, shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "IMAGES_PER_SHOT", 3)
    await an_image(home, shot)

    with pytest.raises(LimitExceeded):
        await ordered(home, shot, 3)

    assert len(await ordered(home, shot, 2)) == 2


async def test_an_empty_parent_is_no_id_and_not_taken_for_none(home: Home, shot: Shot) -> None:
    act = generation.generate_images
    with pytest.raises(InvalidInput):
        await perform(home.world, home.owner, act, shot.id, {}, "")
