from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from models import Event, Scene, Shot, reading
from services import limits, scenes
from services.errors import InvalidInput, LimitExceeded, Refusal
from services.work import perform
from tests.conftest import Home
from tests.making import a_project, a_scene
from tests.stored import stored


async def create(
    home: Home, given: Mapping[str, Any], shots: list[Mapping[str, Any]] | None = None
) -> Scene:
    project = await a_project(home)
    return await perform(
        home.world, home.owner, scenes.create_scene, project.id, given, None, shots
    )


async def descriptions(scene: Scene) -> list[str]:
    found = await reading.children(Shot, "scene_id", [scene.id], ("rank",))
    return [shot.description for shot in found[scene.id]]


async def test_a_scene_comes_with_its_shots_in_order(home: Home) -> None:
    scene = await a_scene(home, await a_project(home), "Wide", "Close", "Insert", label="1A")

    kept = await Scene.get(id=scene.id)
    assert (kept.title, kept.label, kept.description) == ("EXT. ROOFTOP - NIGHT", "1A", "")
    assert await descriptions(scene) == ["Wide", "Close", "Insert"]
    events = await Event.filter(feed_id=scene.project_id).order_by("sequence")
    shots = await Shot.filter(scene_id=scene.id).order_by("rank")
    assert [e.subject_id for e in events] == [scene.project_id, scene.id, *(s.id for s in shots)]


async def test_shots_that_ask_for_a_place_get_it(home: Home) -> None:
    asked = {"C": None, "A": 1, "B": 2, "E": 99, "D": 4}
    shots = [{"description": text, "shotNumber": place} for text, place in asked.items()]
    scene = await create(home, {"title": "x"}, shots)  # type: ignore[arg-type]  # invariance of list
    assert await descriptions(scene) == ["A", "B", "C", "D", "E"]


async def test_a_scene_takes_so_many_shots_at_once(home: Home) -> None:
    many = [{"description": str(n)} for n in range(limits.SHOTS_PER_REQUEST)]
    scene = await create(home, {"title": "x"}, list(many))
    assert await descriptions(scene) == [str(n) for n in range(limits.SHOTS_PER_REQUEST)]

    before = await stored()
    with pytest.raises(LimitExceeded, match="200") as refused:
        await perform(
            home.world,
            home.owner,
            scenes.create_scene,
            scene.project_id,
            {"title": "x"},
            None,
            [*many, {"description": "one more"}],
        )
    assert refused.value.field == "input.shots"
    assert await stored() == before


@pytest.mark.parametrize(
    ("third", "field"),
    [
        ({"description": " "}, "description"),
        ({"description": None}, "description"),
        ({"description": "x", "shotNumber": 0}, "shotNumber"),
        ({"description": "x", "timing": {"duration": -1}}, "timing.duration"),
        ({"description": "x", "colour": "red"}, "colour"),
        ({"description": "x", "generation": {"model": "a\x00"}}, "generation.model"),
    ],
    ids=lambda value: ascii(value)[:40],
)
async def test_one_bad_shot_leaves_neither_the_scene_nor_the_others(
    home: Home, third: dict[str, Any], field: str
) -> None:
    project = await a_project(home)
    before = await stored()
    shots = [{"description": "Wide"}, {"description": "Close"}, third]

    with pytest.raises(InvalidInput) as refused:
        await perform(
            home.world, home.owner, scenes.create_scene, project.id, {"title": "x"}, None, shots
        )

    assert refused.value.field == f"input.shots.2.{field}"
    assert await stored() == before


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"title": " "}, "INVALID_INPUT", "title"),
        ({"title": None}, "INVALID_INPUT", "title"),
        ({"title": "x" * (limits.TITLE + 1)}, "LIMIT_EXCEEDED", "title"),
        ({"title": "x", "label": "1" * (limits.LABEL + 1)}, "LIMIT_EXCEEDED", "label"),
        ({"title": "x", "label": ""}, "INVALID_INPUT", "label"),
        (
            {"title": "x", "description": "x" * (limits.DESCRIPTION + 1)},
            "LIMIT_EXCEEDED",
            "description",
        ),
        ({"title": "x", "description": "\x00"}, "INVALID_INPUT", "description"),
        ({"title": "x", "rank": "n0"}, "INVALID_INPUT", "rank"),
    ],
    ids=lambda value: ascii(value)[:40],
)
async def test_a_bad_field_is_refused_when_creating_and_when_editing(
    home: Home, given: dict[str, Any], code: str, field: str
) -> None:
    scene = await a_scene(home, await a_project(home))
    before = await stored()

    with pytest.raises(Refusal) as creating:
        await perform(home.world, home.owner, scenes.create_scene, scene.project_id, given)
    with pytest.raises(Refusal) as editing:
        await perform(home.world, home.owner, scenes.update_scene, scene.id, given)

    assert (creating.value.code, creating.value.field) == (code, f"input.{field}")
    assert (editing.value.code, editing.value.field) == (code, f"patch.{field}")
    assert await stored() == before


async def test_labels_are_words_of_the_script_and_may_repeat(home: Home) -> None:
    project = await a_project(home)
    for label in ("1", "1", "I-1-A", "١"):
        await a_scene(home, project, label=label)
    assert sorted(str(scene.label) for scene in await Scene.all()) == ["1", "1", "I-1-A", "١"]


async def test_a_description_may_be_cleared_or_left_empty(home: Home) -> None:
    scene = await create(home, {"title": "x", "description": "Rain"})
    for empty in (None, ""):
        await perform(home.world, home.owner, scenes.update_scene, scene.id, {"description": empty})
        assert (await Scene.get(id=scene.id)).description == ""
