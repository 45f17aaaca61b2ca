from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models import (
    Image,
    Job,
    JobBatch,
    JobKind,
    JobStatus,
    MediaStatus,
    Scene,
    Shot,
    StoryboardSelection,
)
from services import animation, limits, shots
from services.actor import Actor
from services.backends.renderer import ClipOrder, RenderFailure, Report
from services.errors import Conflict, InvalidInput, LimitExceeded, NotFound, Refusal
from services.work import perform
from tests.conftest import Home
from tests.making import (
    Studio,
    a_drawn_image,
    a_project,
    a_scene,
    a_selection,
    a_shot,
    all_that_is_kept,
    an_image,
    an_outsider,
)


@pytest.fixture
def studio(home: Home) -> Studio:
    studio = Studio()
    home.world.renderers = {"studio": studio}
    return studio


@pytest.fixture
async def chosen(home: Home, studio: Studio) -> list[StoryboardSelection]:
    """The selections of three shots of a project in 23.976 frames a second."""
    project = await a_project(home, frameRate="24000/1001")
    scene = await a_scene(home, project, "One", "Two", "Three")
    return [
        await a_selection(home, await a_drawn_image(home, shot))
        for shot in await Shot.filter(scene_id=scene.id).order_by("rank")
    ]


async def animate(
    home: Home,
    project_id: str | None = None,
    selection_ids: list[str] | None = None,
    actor: Actor | None = None,
    **given: Any,
) -> list[Job]:
    act = animation.animate
    who = actor or home.owner
    batch = await perform(home.world, who, act, given, project_id, selection_ids)
    return await Job.filter(batch_id=batch.id).order_by("id")


async def test_every_selection_of_a_project_without_an_animation_gets_a_job(
    home: Home, chosen: list[StoryboardSelection]
) -> None:
    await animate(home, selection_ids=[chosen[0].id])
    await home.queue.run(home.world)

    jobs = await animate(home, chosen[0].project_id)

    assert [job.subject_id for job in jobs] == [chosen[1].id, chosen[2].id]
    assert {job.kind for job in jobs} == {JobKind.ANIMATION}
    waiting = await StoryboardSelection.filter(animation_status=MediaStatus.PENDING)
    assert sorted(s.animation_job_id or "" for s in waiting) == [job.id for job in jobs]
    await home.queue.run(home.world)
    with pytest.raises(Conflict, match="animated already"):
        await animate(home, chosen[0].project_id)


async def test_a_named_selection_is_animated_anew(
    home: Home, chosen: list[StoryboardSelection]
) -> None:
    [first] = await animate(home, selection_ids=[chosen[0].id])
    await home.queue.run(home.world)

    [second] = await animate(home, selection_ids=[chosen[0].id])

    selection = await StoryboardSelection.get(id=chosen[0].id)
    assert second.id != first.id
    assert (selection.animation_status, selection.video_id) == (MediaStatus.PENDING, None)


async def test_the_same_order_in_flight_is_answered_again_and_another_waits_for_it(
    home: Home, chosen: list[StoryboardSelection], tmp_path: Path
) -> None:
    ids = [chosen[0].id]
    [job] = await animate(home, selection_ids=ids)
    before = await all_that_is_kept(home, tmp_path / "assets")

    assert [again.id for again in await animate(home, selection_ids=ids)] == [job.id]
    with pytest.raises(Conflict, match="being animated"):
        await animate(home, selection_ids=ids, duration=5.0)

    assert await all_that_is_kept(home, tmp_path / "assets") == before


async def test_a_clip_is_as_long_as_ordered_else_as_timed_else_two_seconds(
    home: Home, chosen: list[StoryboardSelection], studio: Studio
) -> None:
    act = shots.update_shot
    await perform(home.world, home.owner, act, chosen[0].shot_id, {"timing": {"duration": 3.5}})
    await perform(home.world, home.owner, act, chosen[1].shot_id, {"timing": {"duration": 600.0}})
    await animate(home, chosen[0].project_id)
    await home.queue.run(home.world)
    [again] = await animate(home, selection_ids=[chosen[0].id], duration=0.1)

    orders = [order for order in studio.orders if isinstance(order, ClipOrder)]
    assert [order.frames for order in orders] == [84, 1439, 48]
    assert {str(order.rate) for order in orders} == {"24000/1001"}
    assert again.inputs["frames"] == 2


async def test_the_camera_moves_as_ordered_else_as_the_shot_says(
    home: Home, chosen: list[StoryboardSelection]
) -> None:
    edit = {"camera": {"movement": {"type": "pan left"}}}
    await perform(home.world, home.owner, shots.update_shot, chosen[0].shot_id, edit)

    [first] = await animate(home, selection_ids=[chosen[0].id])
    [second] = await animate(home, selection_ids=[chosen[1].id], motion="tilt up")

    assert (first.inputs["movement"], second.inputs["movement"]) == ("pan left", "tilt up")


async def test_a_failed_animation_shows_on_its_selection_and_can_be_ordered_again(
    home: Home, chosen: list[StoryboardSelection], studio: Studio
) -> None:
    async def refuse(report: Report) -> None:
        raise RenderFailure("NSFW", "Refused.", retryable=False)

    studio.act = refuse
    await animate(home, selection_ids=[chosen[0].id])
    await home.queue.run(home.world)
    selection = await StoryboardSelection.get(id=chosen[0].id)
    assert selection.animation_status is MediaStatus.FAILED

    studio.act = None
    jobs = await animate(home, chosen[0].project_id)
    assert chosen[0].id in [job.subject_id for job in jobs]
    assert {job.status for job in await home.queue.run(home.world)} == {JobStatus.COMPLETE}


async def test_an_image_made_elsewhere_cannot_be_animated(home: Home, studio: Studio) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    selection = await a_selection(home, await an_image(home, shot))
    with pytest.raises(Conflict, match="made elsewhere"):
        await animate(home, selection_ids=[selection.id])


async def test_a_project_is_animated_around_images_made_elsewhere(
    home: Home, chosen: list[StoryboardSelection]
) -> None:
    scene = await Scene.get(project_id=chosen[0].project_id)
    foreign = await a_selection(home, await an_image(home, await a_shot(home, scene)))

    jobs = await animate(home, chosen[0].project_id)

    assert {job.subject_id for job in jobs} == {selection.id for selection in chosen}
    assert (await StoryboardSelection.get(id=foreign.id)).animation_status is None


REFUSED: dict[str, tuple[dict[str, Any], type[Refusal]]] = {
    "no time": ({"duration": 0}, InvalidInput),
    "too long": ({"duration": limits.CLIP_SECONDS + 1}, InvalidInput),
    "an unknown renderer": ({"renderer": "oracle"}, InvalidInput),
    "a long motion": ({"motion": "x" * 61}, LimitExceeded),
    "both targets": ({"project_id": "prj_"}, InvalidInput),
    "no target": ({"selection_ids": None}, InvalidInput),
    "an empty list": ({"selection_ids": []}, LimitExceeded),
    "an id of another kind": ({"selection_ids": ["shot_01"]}, InvalidInput),
    "an outsider": ({"actor": an_outsider()}, NotFound),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_bad_order_is_refused_and_leaves_nothing(
    home: Home, chosen: list[StoryboardSelection], tmp_path: Path, case: str
) -> None:
    given, refusal = REFUSED[case]
    before = await all_that_is_kept(home, tmp_path / "assets")

    with pytest.raises(refusal):
        await animate(home, **{"selection_ids": [chosen[0].id]} | given)

    assert await all_that_is_kept(home, tmp_path / "assets") == before


async def test_selections_of_two_projects_are_no_order(
    home: Home, chosen: list[StoryboardSelection]
) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    foreign = await a_selection(home, await a_drawn_image(home, shot))
    for ids in ([chosen[0].id, foreign.id], [chosen[0].id, StoryboardSelection().id]):
        with pytest.raises(NotFound) as refused:
            await animate(home, selection_ids=ids)
        assert refused.value.field == "input.selectionIds.1"
    assert not await JobBatch.filter(kind=JobKind.ANIMATION).exists()
    assert await Image.all().count() == 4


async def test_what_is_chosen_while_a_batch_runs_is_ordered_as_well(
    home: Home, chosen: list[StoryboardSelection]
) -> None:
    first = await animate(home, chosen[0].project_id)
    scene = await Scene.get(project_id=chosen[0].project_id)
    later = await a_selection(home, await a_drawn_image(home, await a_shot(home, scene)))

    second = await animate(home, chosen[0].project_id)
    again = await animate(home, chosen[0].project_id)

    assert [job.subject_id for job in second] == [later.id]
    assert [job.id for job in again] == [job.id for job in second]
    assert not {job.id for job in first} & {job.id for job in second}
