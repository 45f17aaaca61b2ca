from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from models import Event, EventKind, Image, MediaStatus, Shot, new_id
from services import images, limits
from services.errors import Conflict, InvalidInput, LimitExceeded, NotFound, Refusal
from services.work import perform
from tests.conftest import Home
from tests.making import a_drawn_image, a_project, a_scene, a_shot, an_image, ordered
from tests.stored import stored

URL = "https://example.org/a.png"


async def the_shot(home: Home) -> Shot:
    return await a_shot(home, await a_scene(home, await a_project(home)))


def variants(*numbers: Any) -> list[dict[str, Any]]:
    return [{"variantNumber": n, "imageUrl": f"https://example.org/{n}.png"} for n in numbers]


async def register(
    home: Home,
    shot: Shot,
    documents: Sequence[dict[str, Any]],
    prompt: str = "Dusk",
    **where: Any,
) -> list[Image]:
    act = images.register_images
    return await perform(home.world, home.owner, act, shot.id, prompt, documents, **where)


async def update(home: Home, image: Image, **patch: Any) -> Image:
    return await perform(home.world, home.owner, images.update_image, image.id, patch)


async def test_images_are_registered_together_in_the_next_iteration(home: Home) -> None:
    shot = await the_shot(home)

    first = await register(home, shot, variants(1, 5, 0))
    second = await register(home, shot, variants(1), "Dawn", parent_id=first[0].id)

    kept = await Image.filter(shot_id=shot.id).order_by("id")
    assert [(i.iteration_number, i.variant_number) for i in kept] == [
        (0, 1),
        (0, 5),
        (0, 0),
        (1, 1),
    ]
    assert [image.id for image in kept] == [image.id for image in first + second]
    assert kept[3].parent_image_id == kept[0].id
    assert (kept[3].iteration_prompt, kept[0].source_url) == ("Dawn", "https://example.org/1.png")
    assert {image.status for image in kept} == {MediaStatus.COMPLETE}
    events = await Event.filter(feed_id=shot.project_id).order_by("-sequence").limit(4)
    assert [e.subject_id for e in events[::-1]] == [image.id for image in kept]


async def test_an_image_may_be_announced_before_it_is_there(home: Home) -> None:
    [image] = await register(
        home, await the_shot(home), [{"variantNumber": 1, "status": "PENDING"}]
    )
    assert (image.status, image.source_url) == (MediaStatus.PENDING, None)

    await update(home, image, status=MediaStatus.COMPLETE, imageUrl=URL)

    kept = await Image.get(id=image.id)
    assert (kept.status, kept.source_url, kept.version) == (MediaStatus.COMPLETE, URL, 2)
    event = await Event.filter(subject_id=image.id).order_by("-sequence").first()
    assert event is not None
    assert event.changed == ["status", "imageUrl"]


async def test_metadata_and_external_ids_are_kept(home: Home) -> None:
    given = {"variantNumber": 1, "imageUrl": URL, "metadata": {"a": [1]}, "externalId": "x-1"}
    [image] = await register(home, await the_shot(home), [given])
    kept = await Image.get(id=image.id)
    assert (kept.metadata, kept.external_id) == ({"a": [1]}, "x-1")

    await update(home, image, metadata=None, externalId=None)
    kept = await Image.get(id=image.id)
    assert (kept.metadata, kept.external_id) == (None, None)


@pytest.mark.parametrize("iteration", [None, 0], ids=["within a request", "of an iteration"])
async def test_a_taken_variant_number_is_refused_with_all_that_came_with_it(
    home: Home, iteration: int | None
) -> None:
    shot = await the_shot(home)
    await register(home, shot, variants(1, 2))
    before = await stored()

    with pytest.raises(Conflict, match="variant number is taken") as refused:
        await register(home, shot, variants(3, 4, 2 if iteration == 0 else 3), iteration=iteration)

    assert refused.value.field == "input.images.2.variantNumber"
    assert await stored() == before


async def test_an_iteration_takes_more_variants_later(home: Home) -> None:
    shot = await the_shot(home)
    await register(home, shot, variants(1, 2))
    await register(home, shot, variants(3), iteration=0)
    await register(home, shot, variants(1), iteration=7)
    [image] = await register(home, shot, variants(1))
    assert image.iteration_number == 8


@pytest.mark.parametrize(
    ("document", "code", "field"),
    [
        ({"variantNumber": -1}, "INVALID_INPUT", "variantNumber"),
        ({"variantNumber": limits.VARIANT_NUMBER + 1}, "INVALID_INPUT", "variantNumber"),
        ({"variantNumber": 2**63}, "INVALID_INPUT", "variantNumber"),
        ({"variantNumber": 1.5}, "INVALID_INPUT", "variantNumber"),
        ({"variantNumber": None}, "INVALID_INPUT", "variantNumber"),
        ({"variantNumber": True}, "INVALID_INPUT", "variantNumber"),
        ({"imageUrl": None}, "INVALID_INPUT", "imageUrl"),
        ({"imageUrl": "a.png"}, "INVALID_INPUT", "imageUrl"),
        ({"status": None}, "INVALID_INPUT", "status"),
        ({"metadata": {"a": "\x00"}}, "INVALID_INPUT", "metadata"),
        ({"metadata": {"a": 10**30}}, "INVALID_INPUT", "metadata"),
        ({"metadata": "text"}, "INVALID_INPUT", "metadata"),
        ({"externalId": "x" * (limits.EXTERNAL_ID + 1)}, "LIMIT_EXCEEDED", "externalId"),
        ({"isFavorite": True}, "INVALID_INPUT", "isFavorite"),
    ],
    ids=lambda value: ascii(value)[:40],
)
async def test_one_bad_image_leaves_none_of_them(
    home: Home, document: dict[str, Any], code: str, field: str
) -> None:
    shot = await the_shot(home)
    before = await stored()
    bad = {"variantNumber": 3, "imageUrl": URL} | document

    with pytest.raises(Refusal) as refused:
        await register(home, shot, [*variants(1, 2), bad])

    assert (refused.value.code, refused.value.field) == (code, f"input.images.2.{field}")
    assert await stored() == before


@pytest.mark.parametrize(
    ("prompt", "iteration", "code", "field"),
    [
        (" ", None, "INVALID_INPUT", "iterationPrompt"),
        ("\x00", None, "INVALID_INPUT", "iterationPrompt"),
        ("x" * (limits.PROMPT + 1), None, "LIMIT_EXCEEDED", "iterationPrompt"),
        ("x", -1, "INVALID_INPUT", "iterationNumber"),
        ("x", limits.ITERATION_NUMBER + 1, "INVALID_INPUT", "iterationNumber"),
        ("x", 2**31, "INVALID_INPUT", "iterationNumber"),
    ],
    ids=lambda value: ascii(value)[:20],
)
async def test_a_bad_prompt_or_iteration_is_refused(
    home: Home, prompt: str, iteration: int | None, code: str, field: str
) -> None:
    shot = await the_shot(home)
    before = await stored()
    with pytest.raises(Refusal) as refused:
        await register(home, shot, variants(1), prompt, iteration=iteration)
    assert (refused.value.code, refused.value.field) == (code, f"input.{field}")
    assert await stored() == before


async def test_a_request_brings_from_one_to_so_many_images(home: Home) -> None:
    shot = await the_shot(home)
    assert len(await register(home, shot, variants(*range(limits.IMAGES_PER_REQUEST)))) == 24
    before = await stored()
    for numbers in (range(0), range(limits.IMAGES_PER_REQUEST + 1)):
        with pytest.raises(LimitExceeded, match="From 1 to 24") as refused:
            await register(home, shot, variants(*numbers))
        assert refused.value.field == "input.images"
    assert await stored() == before


async def test_a_shot_holds_so_many_images(home: Home) -> None:
    shot = await the_shot(home)
    await Image.bulk_create(
        [
            Image(
                project_id=shot.project_id,
                shot_id=shot.id,
                iteration_number=n,
                variant_number=0,
                iteration_prompt="x",
                status=MediaStatus.COMPLETE,
            )
            for n in range(limits.IMAGES_PER_SHOT - 1)
        ]
    )
    with pytest.raises(LimitExceeded, match="2,000"):
        await register(home, shot, variants(1, 2))
    await register(home, shot, variants(1))
    with pytest.raises(LimitExceeded, match="2,000"):
        await register(home, shot, variants(1))


@pytest.mark.parametrize("parent", ["of another shot", "missing", "pending", "no id"])
async def test_a_parent_is_a_complete_image_of_the_same_shot(home: Home, parent: str) -> None:
    shot = await the_shot(home)
    other = await an_image(home, await a_shot(home, await shot.scene))
    pending = await an_image(home, shot, status=MediaStatus.PENDING)
    ids = {"of another shot": other.id, "missing": new_id("img"), "pending": pending.id}
    expected = {"pending": Conflict, "no id": InvalidInput}.get(parent, NotFound)
    before = await stored()

    with pytest.raises(expected) as refused:
        await register(home, shot, variants(9), parent_id=ids.get(parent, "7"))

    assert refused.value.field == "input.parentImageId"
    assert await stored() == before


async def test_a_complete_image_stays_complete(home: Home) -> None:
    image = await an_image(home, await the_shot(home))
    before = await stored()
    for status in set(MediaStatus) - {MediaStatus.COMPLETE}:
        with pytest.raises(Conflict, match="stays complete"):
            await update(home, image, status=status)
    with pytest.raises(InvalidInput, match="needs a URL"):
        await update(home, image, imageUrl=None)
    await update(home, image, status=MediaStatus.COMPLETE, imageUrl=image.source_url)
    assert await stored() == before


async def test_an_image_is_not_complete_without_a_picture(home: Home) -> None:
    image = await an_image(home, await the_shot(home), status=MediaStatus.PENDING, imageUrl=None)
    before = await stored()
    with pytest.raises(InvalidInput) as refused:
        await update(home, image, status=MediaStatus.COMPLETE)
    assert refused.value.field == "patch.imageUrl"
    assert await stored() == before
    for status in (MediaStatus.PROCESSING, MediaStatus.FAILED, MediaStatus.PENDING):
        await update(home, image, status=status)
    await update(home, image, imageUrl=URL)
    await update(home, image, status=MediaStatus.COMPLETE)


async def test_an_image_that_is_made_here_is_reported_on_by_its_job(home: Home) -> None:
    shot = await the_shot(home)
    [job] = await ordered(home, shot)
    pending, drawn = await Image.get(id=job.subject_id), await a_drawn_image(home, shot)
    for image in (pending, drawn):
        before = await stored()
        for patch in ({"status": MediaStatus.FAILED}, {"imageUrl": URL}):
            with pytest.raises(Conflict, match="its job reports"):
                await update(home, image, **patch)
        assert await stored() == before
        await update(home, image, metadata={"mine": True})


@pytest.mark.parametrize(
    ("patch", "code", "field"),
    [
        ({"status": None}, "INVALID_INPUT", "status"),
        ({"imageUrl": "ftp://example.org/a"}, "INVALID_INPUT", "imageUrl"),
        ({"metadata": [float("inf")]}, "INVALID_INPUT", "metadata"),
        ({"externalId": "\ud800"}, "INVALID_INPUT", "externalId"),
        ({"variantNumber": 2}, "INVALID_INPUT", "variantNumber"),
    ],
    ids=lambda value: ascii(value)[:40],
)
async def test_a_bad_report_is_refused_and_leaves_nothing(
    home: Home, patch: dict[str, Any], code: str, field: str
) -> None:
    image = await an_image(home, await the_shot(home))
    before = await stored()
    with pytest.raises(Refusal) as refused:
        await update(home, image, **({"externalId": "fine"} | patch))
    assert (refused.value.code, refused.value.field) == (code, f"patch.{field}")
    assert await stored() == before


async def test_a_favorite_is_told_of_once(home: Home) -> None:
    image = await an_image(home, await the_shot(home))
    act = images.set_favorite
    for favorite in (True, True, False, False):
        kept = await perform(home.world, home.owner, act, image.id, favorite)
        assert kept.is_favorite is favorite

    events = await Event.filter(subject_id=image.id, kind=EventKind.UPDATED).order_by("sequence")
    assert [(event.version, event.changed) for event in events] == [
        (2, ["isFavorite"]),
        (3, ["isFavorite"]),
    ]
