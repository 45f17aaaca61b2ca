from __future__ import annotations

from typing import Any

import pytest

from models import Event, EventKind, Image, Job, JobStatus, MediaStatus, Shot, StoryboardSelection
from services import animation, storyboard
from services.errors import Conflict, InvalidInput, NotFound, Refusal
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
)
from tests.stored import stored

URL = "https://example.org/a.mp4"


@pytest.fixture
def home(home: Home) -> Home:
    return in_a_studio(home)


async def the_shot(home: Home) -> Shot:
    return await a_shot(home, await a_scene(home, await a_project(home)))


async def the_selection(home: Home) -> StoryboardSelection:
    return await a_selection(home, await an_image(home, await the_shot(home)))


async def animated(home: Home) -> StoryboardSelection:
    """A selection whose animation waits to be made here."""
    selection = await a_selection(home, await a_drawn_image(home, await the_shot(home)))
    await perform(home.world, home.owner, animation.animate, {}, selection.project_id)
    return await StoryboardSelection.get(id=selection.id)


async def report(home: Home, selection: StoryboardSelection, **patch: Any) -> StoryboardSelection:
    act = storyboard.update_storyboard_animation
    return await perform(home.world, home.owner, act, selection.id, patch)


async def last_event(row_id: str) -> Event:
    event = await Event.filter(subject_id=row_id).order_by("-sequence").first()
    assert event is not None
    return event


async def test_choosing_a_complete_image_puts_it_on_the_storyboard(home: Home) -> None:
    image = await an_image(home, await the_shot(home))

    selection = await a_selection(home, image)

    kept = await StoryboardSelection.get(shot_id=image.shot_id)
    assert (kept.id, kept.image_id, kept.version) == (selection.id, image.id, 1)
    assert (await last_event(selection.id)).kind is EventKind.CREATED


@pytest.mark.parametrize("status", sorted(set(MediaStatus) - {MediaStatus.COMPLETE}))
async def test_only_a_complete_image_can_be_chosen(home: Home, status: MediaStatus) -> None:
    image = await an_image(home, await the_shot(home), status=status)
    before = await stored()

    with pytest.raises(Conflict, match=status.value) as refused:
        await a_selection(home, image)

    assert refused.value.field == "input.imageId"
    assert await stored() == before


async def test_the_same_choice_twice_changes_nothing(home: Home) -> None:
    image = await an_image(home, await the_shot(home))
    selection = await a_selection(home, image)
    await report(home, selection, animationStatus=MediaStatus.COMPLETE, animatedVideoUrl=URL)
    before = await stored()

    again = await a_selection(home, image)

    assert again.id == selection.id
    assert await stored() == before


async def test_another_choice_drops_the_animation_of_the_one_before(home: Home) -> None:
    shot = await the_shot(home)
    first, second = await an_image(home, shot), await an_image(home, shot)
    selection = await a_selection(home, first)
    await report(home, selection, animationStatus=MediaStatus.COMPLETE, animatedVideoUrl=URL)

    chosen = await a_selection(home, second)

    kept = await StoryboardSelection.get(shot_id=shot.id)
    assert (chosen.id, kept.image_id, kept.version) == (selection.id, second.id, 3)
    assert not kept.animation_status
    assert kept.video_url is None
    event = await last_event(selection.id)
    assert event.kind is EventKind.UPDATED
    assert sorted(event.changed) == ["animatedVideoUrl", "animationStatus", "selectedImage"]


async def test_another_choice_cancels_the_animation_in_the_making(home: Home) -> None:
    selection = await animated(home)
    other = await an_image(home, await selection.shot)

    await a_selection(home, other)
    await home.queue.run(home.world)

    job = await Job.get(id=selection.animation_job_id)
    kept = await StoryboardSelection.get(id=selection.id)
    assert job.status is JobStatus.CANCELED
    assert not kept.animation_status
    assert (kept.video_id, kept.animation_job_id) == (None, None)


async def test_clearing_takes_the_shot_off_the_storyboard_and_cancels_its_animation(
    home: Home,
) -> None:
    selection = await animated(home)

    act = storyboard.clear_master_shot
    deletion = await perform(home.world, home.owner, act, selection.shot_id)

    assert (deletion.id, deletion.deleted) == (selection.id, [selection.id])
    assert not await StoryboardSelection.exists()
    assert (await Job.get(id=selection.animation_job_id)).status is JobStatus.CANCELED
    assert await Image.exists(id=selection.image_id)
    event = await last_event(selection.id)
    assert (event.kind, event.deleted) == (EventKind.DELETED, [selection.id])

    before = await stored()
    with pytest.raises(NotFound, match="No image of this shot is chosen"):
        await perform(home.world, home.owner, act, selection.shot_id)
    assert await stored() == before


async def test_an_animation_made_elsewhere_is_reported_on(home: Home) -> None:
    selection = await the_selection(home)
    await report(home, selection, animationStatus=MediaStatus.PROCESSING, externalVideoId="v-1")
    await report(home, selection, animationStatus=MediaStatus.COMPLETE, animatedVideoUrl=URL)

    kept = await StoryboardSelection.get(id=selection.id)
    assert (kept.animation_status, kept.video_url) == (MediaStatus.COMPLETE, URL)
    assert (kept.external_video_id, kept.version) == ("v-1", 3)
    assert (await last_event(selection.id)).changed == ["animationStatus", "animatedVideoUrl"]

    before = await stored()
    await report(home, selection, animationStatus=MediaStatus.COMPLETE, externalVideoId="v-1")
    assert await stored() == before


async def test_an_animation_is_not_complete_without_a_video(home: Home) -> None:
    selection = await the_selection(home)
    before = await stored()
    with pytest.raises(InvalidInput, match="needs a URL") as refused:
        await report(home, selection, animationStatus=MediaStatus.COMPLETE)
    assert refused.value.field == "patch.animatedVideoUrl"
    assert await stored() == before

    await report(home, selection, animationStatus=MediaStatus.COMPLETE, animatedVideoUrl=URL)
    with pytest.raises(InvalidInput, match="needs a URL"):
        await report(home, selection, animatedVideoUrl=None)


async def test_an_animation_in_the_making_here_is_reported_on_by_its_job(home: Home) -> None:
    selection = await animated(home)
    before = await stored()
    for patch in ({"animationStatus": MediaStatus.FAILED}, {"animatedVideoUrl": URL}, {}):
        with pytest.raises(Conflict, match="its job reports"):
            await report(home, selection, **patch)
    assert await stored() == before


async def test_an_animation_made_here_may_be_replaced_or_dropped_by_hand(home: Home) -> None:
    selection = await animated(home)
    await home.queue.run(home.world)
    made = await StoryboardSelection.get(id=selection.id)
    assert made.animation_status is MediaStatus.COMPLETE
    assert made.video_id is not None

    await report(home, made, externalVideoId="v-1")
    assert (await StoryboardSelection.get(id=made.id)).video_id == made.video_id

    remade = await report(home, made, animationStatus=MediaStatus.PROCESSING)
    assert (remade.video_id, remade.video_url, remade.animation_job_id) == (None, None, None)
    assert "animatedVideoUrl" in (await last_event(made.id)).changed

    replaced = await report(home, made, animationStatus=MediaStatus.COMPLETE, animatedVideoUrl=URL)
    assert (replaced.video_id, replaced.video_url) == (None, URL)


@pytest.mark.parametrize(
    ("patch", "code", "field"),
    [
        ({"animationStatus": None}, "INVALID_INPUT", "animationStatus"),
        ({"animatedVideoUrl": "a.mp4"}, "INVALID_INPUT", "animatedVideoUrl"),
        ({"animatedVideoUrl": "https://a/" + "x" * 2_000}, "LIMIT_EXCEEDED", "animatedVideoUrl"),
        ({"externalVideoId": "\x00"}, "INVALID_INPUT", "externalVideoId"),
        ({"externalVideoId": "x" * 201}, "LIMIT_EXCEEDED", "externalVideoId"),
        ({"image": "x"}, "INVALID_INPUT", "image"),
    ],
    ids=lambda value: ascii(value)[:40],
)
async def test_a_bad_report_is_refused_and_leaves_nothing(
    home: Home, patch: dict[str, Any], code: str, field: str
) -> None:
    selection = await the_selection(home)
    before = await stored()
    with pytest.raises(Refusal) as refused:
        await report(home, selection, **patch)
    assert (refused.value.code, refused.value.field) == (code, f"patch.{field}")
    assert await stored() == before
