from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from models import Event, IdempotencyRecord, Image, JobBatch, Project, Scene, Shot
from services import generation, images, projects, scenes, shots, storyboard
from services.actor import Actor, Role
from services.errors import (
    Conflict,
    IdempotencyKeyReused,
    InvalidInput,
    LimitExceeded,
    Refusal,
)
from services.idempotency import Once, fingerprint
from services.work import perform, perform_once
from tests.conftest import Home
from tests.making import a_project, a_scene, a_selection, a_shot, an_image
from tests.stored import row_ids, stored

KEY = "key-1"
IMAGES = [{"variantNumber": n, "imageUrl": f"https://example.org/{n}.png"} for n in (1, 2, 3)]


async def create_scene(home: Home, project: Project, title: str, key: str = KEY) -> Scene:
    body = {"projectId": project.id, "title": title}
    once = Once("createScene", key, body)
    act = scenes.create_scene
    return await perform_once(home.world, home.owner, once, act, project.id, {"title": title})


async def register(home: Home, shot: Shot, key: str = KEY) -> list[Image]:
    once = Once("registerImages", key, {"shotId": shot.id, "images": IMAGES})
    act = images.register_images
    return await perform_once(
        home.world, home.owner, once, act, shot.id, "Dusk", IMAGES, iteration=0
    )


async def create_project(home: Home) -> Project:
    once = Once("createProject", KEY, {"prompt": "x"})
    return await perform_once(
        home.world, home.owner, once, projects.create_project, {"prompt": "x"}
    )


async def create_shot(home: Home, scene: Scene) -> Shot:
    once = Once("createShot", KEY, {"sceneId": scene.id})
    act = shots.create_shot
    return await perform_once(home.world, home.owner, once, act, scene.id, {"description": "x"}, 1)


async def select(home: Home, image: Image) -> Any:
    once = Once("selectMasterShot", KEY, {"shotId": image.shot_id, "imageId": image.id})
    act = storyboard.select_master_shot
    return await perform_once(home.world, home.owner, once, act, image.shot_id, image.id)


async def generate(home: Home, shot: Shot) -> JobBatch:
    once = Once("generateImages", KEY, {"shotId": shot.id})
    act = generation.generate_images
    return await perform_once(home.world, home.owner, once, act, shot.id, {"count": 2})


async def the_scene(home: Home) -> Scene:
    return await a_scene(home, await a_project(home))


async def a_keyed_request(home: Home, kind: str) -> Callable[[], Awaitable[Any]]:
    """A request that can be sent again and again, with all that it needs already there."""
    if kind == "create_project":
        return lambda: create_project(home)
    if kind == "create_scene":
        project = await a_project(home)
        return lambda: create_scene(home, project, "A")
    if kind == "create_shot":
        scene = await the_scene(home)
        return lambda: create_shot(home, scene)
    shot = await a_shot(home, await the_scene(home))
    if kind == "register_images":
        return lambda: register(home, shot)
    if kind == "generate_images":
        return lambda: generate(home, shot)
    image = await an_image(home, shot)
    return lambda: select(home, image)


KEYED = [
    "create_project",
    "create_scene",
    "create_shot",
    "register_images",
    "generate_images",
    "select_master_shot",
]


def ids(answer: Any) -> list[str]:
    return [row.id for row in (answer if isinstance(answer, list) else [answer])]


@pytest.mark.parametrize("kind", KEYED)
async def test_a_repeated_request_gets_the_first_answer_and_changes_nothing(
    home: Home, kind: str
) -> None:
    request = await a_keyed_request(home, kind)
    first = await request()
    before = await stored()

    again = await request()

    assert ids(again) == ids(first)
    assert isinstance(again, list) == isinstance(first, list)
    assert await stored() == before


@pytest.mark.parametrize("kind", KEYED)
async def test_ten_twins_at_once_do_it_once_and_are_answered_alike(home: Home, kind: str) -> None:
    request = await a_keyed_request(home, kind)
    before = await row_ids()

    answers = await asyncio.gather(*(request() for _ in range(10)))

    assert all(ids(answer) == ids(answers[0]) for answer in answers)
    new = await row_ids() - before
    assert set(ids(answers[0])) < new
    images_and_jobs = 4 if kind == "generate_images" else 0
    the_record = 1
    assert len(new) == len(ids(answers[0])) + images_and_jobs + the_record


async def test_the_first_answer_is_shown_as_it_is_now(home: Home) -> None:
    project = await a_project(home)
    scene = await create_scene(home, project, "A")
    await a_scene(home, project)
    await perform(home.world, home.owner, scenes.update_scene, scene.id, {"title": "B"})
    await perform(home.world, home.owner, scenes.move_scene, scene.id, 2)

    again = await create_scene(home, project, "A")

    assert (again.id, again.title, again.scene_number) == (scene.id, "B", 2)


async def test_a_list_keeps_its_order(home: Home) -> None:
    shot = await a_shot(home, await the_scene(home))
    first = await register(home, shot)
    again = await register(home, shot)
    assert [image.variant_number for image in first] == [1, 2, 3]
    assert ids(again) == ids(first)


async def test_a_key_with_another_body_is_refused_and_leaves_nothing(home: Home) -> None:
    project = await a_project(home)
    await create_scene(home, project, "A")
    before = await stored()

    with pytest.raises(IdempotencyKeyReused) as refused:
        await create_scene(home, project, "B")

    assert (refused.value.code, refused.value.field) == (
        "IDEMPOTENCY_KEY_REUSED",
        "input.idempotencyKey",
    )
    assert await stored() == before


async def test_a_key_with_another_operation_is_refused(home: Home) -> None:
    await create_scene(home, await a_project(home), "A")
    with pytest.raises(IdempotencyKeyReused):
        await create_project(home)


async def test_twins_with_different_bodies_do_one_of_them(home: Home) -> None:
    project = await a_project(home)
    answers = await asyncio.gather(
        *(create_scene(home, project, title) for title in "ABCDE"), return_exceptions=True
    )
    assert [type(a) for a in answers].count(IdempotencyKeyReused) == 4
    assert await Scene.all().count() == 1


async def test_keys_of_different_people_have_nothing_to_do_with_each_other(home: Home) -> None:
    project = await a_project(home)
    other = Actor("usr_other", "Ann", {project.client_id: Role.EDITOR})
    once = Once("createScene", KEY, {"title": "theirs"})
    await create_scene(home, project, "mine")

    await perform_once(
        home.world, other, once, scenes.create_scene, project.id, {"title": "theirs"}
    )

    assert sorted(scene.title for scene in await Scene.all()) == ["mine", "theirs"]


async def test_what_was_deleted_since_is_not_made_again(home: Home) -> None:
    project = await a_project(home)
    scene = await create_scene(home, project, "A")
    await perform(home.world, home.owner, scenes.delete_scene, scene.id)

    with pytest.raises(Conflict, match="gone by now") as refused:
        await create_scene(home, project, "A")

    assert refused.value.field == "input.idempotencyKey"
    assert not await Scene.exists()


async def test_one_of_several_deleted_since_is_a_conflict_too(home: Home) -> None:
    shot = await a_shot(home, await the_scene(home))
    made = await register(home, shot)
    await perform(home.world, home.owner, images.delete_image, made[1].id)
    with pytest.raises(Conflict):
        await register(home, shot)


async def test_who_has_lost_access_since_is_not_shown_the_answer(home: Home) -> None:
    project = await a_project(home)
    await create_scene(home, project, "A")
    once = Once("createScene", KEY, {"projectId": project.id, "title": "A"})
    outside = Actor(home.owner.id, home.owner.name, {})

    with pytest.raises(Conflict, match="gone by now"):
        await perform_once(
            home.world, outside, once, scenes.create_scene, project.id, {"title": "A"}
        )


async def test_a_refused_request_leaves_no_record_so_that_it_may_be_corrected(home: Home) -> None:
    project = await a_project(home)
    before = await stored()
    with pytest.raises(InvalidInput):
        await create_scene(home, project, " ")
    assert await stored() == before

    scene = await create_scene(home, project, "Corrected")

    assert scene.title == "Corrected"


async def test_a_twin_of_a_refused_request_is_refused_for_the_same_reason(home: Home) -> None:
    project = await a_project(home)
    answers = await asyncio.gather(
        *(create_scene(home, project, " ") for _ in range(5)), return_exceptions=True
    )
    assert {type(answer) for answer in answers} == {InvalidInput}
    assert not await IdempotencyRecord.exists()


async def test_the_key_is_echoed_in_every_event_of_the_request_and_in_no_other(
    home: Home,
) -> None:
    shot = await a_shot(home, await the_scene(home))
    await register(home, shot)
    events: Sequence[Event] = await Event.all().order_by("sequence")
    assert [event.idempotency_key for event in events] == [None, None, None, KEY, KEY, KEY]


async def test_without_a_key_the_same_request_is_carried_out_again(home: Home) -> None:
    project = await a_project(home)
    assert (await a_scene(home, project)).id != (await a_scene(home, project)).id
    assert not await IdempotencyRecord.exists()


@pytest.mark.parametrize(
    "key", ["", " ", "a\x00b", "\ud800", "k" * 201], ids=["empty", "blank", "nul", "half", "long"]
)
def test_a_key_that_cannot_be_kept_is_refused(key: str) -> None:
    with pytest.raises(Refusal) as refused:
        Once("createScene", key, {})
    assert refused.value.code in ("INVALID_INPUT", "LIMIT_EXCEEDED")
    assert refused.value.field == "input.idempotencyKey"


def test_a_body_too_deep_to_be_compared_is_refused() -> None:
    body: Any = 0
    for _ in range(20_000):
        body = [body]
    with pytest.raises(LimitExceeded):
        Once("createProject", KEY, {"promptPlannerData": body})


def test_bodies_are_the_same_whatever_the_order_of_their_fields() -> None:
    assert fingerprint({"a": 1, "b": [1, 2]}) == fingerprint({"b": [1, 2], "a": 1})
    assert fingerprint({"a": None}) != fingerprint({})
    assert fingerprint([1, 2]) != fingerprint([2, 1])
    assert fingerprint("\ud800") != fingerprint("\ud801")


async def test_a_keyed_use_case_must_answer_with_rows_or_a_document(home: Home) -> None:
    project = await a_project(home)
    once = Once("deleteProject", KEY, {})
    with pytest.raises(TypeError, match="a row, rows or a document"):
        await perform_once(home.world, home.owner, once, projects.delete_project, project.id)
    assert await Project.exists(id=project.id)


async def test_choosing_again_under_a_new_key_is_a_new_request(home: Home) -> None:
    image = await an_image(home, await a_shot(home, await the_scene(home)))
    selection = await a_selection(home, image)
    assert (await select(home, image)).id == selection.id
