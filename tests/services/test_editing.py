from __future__ import annotations

from typing import Any

import pytest

from models import Event, Project, Scene, Shot
from services import projects, scenes, shots
from services.editing import EditConflict
from services.errors import InvalidInput, Refusal
from services.work import perform
from tests.conftest import Home
from tests.making import a_project, a_scene, a_shot
from tests.stored import stored


async def the_shot(home: Home, **given: Any) -> Shot:
    return await a_shot(home, await a_scene(home, await a_project(home)), **given)


async def edit(home: Home, shot: Shot, expected: int | None = None, **patch: Any) -> Shot:
    """An edit that succeeds."""
    edited = await perform(home.world, home.owner, shots.update_shot, shot.id, patch, expected)
    assert isinstance(edited, Shot)
    return edited


async def conflict(home: Home, shot: Shot, expected: int, **patch: Any) -> EditConflict:
    """An edit that is answered with both sides and leaves everything as it was."""
    before = await stored()
    answer = await perform(home.world, home.owner, shots.update_shot, shot.id, patch, expected)
    assert isinstance(answer, EditConflict)
    assert await stored() == before
    return answer


async def newest(row_id: str) -> Event:
    event = await Event.filter(subject_id=row_id).order_by("-sequence").first()
    assert event is not None
    return event


async def test_an_edit_raises_the_version_and_tells_what_changed(home: Home) -> None:
    shot = await the_shot(home)

    edited = await edit(home, shot, description="Rain", type="insert")

    stored_shot = await Shot.get(id=shot.id)
    assert (stored_shot.description, stored_shot.type, stored_shot.version) == ("Rain", "insert", 2)
    assert (edited.version, edited.place) == (2, 1)
    event = await newest(shot.id)
    assert (event.version, event.changed) == (2, ["description", "type"])


async def test_edits_of_different_fields_are_merged(home: Home) -> None:
    shot = await the_shot(home)
    await edit(home, shot, 1, description="Rain")

    edited = await edit(home, shot, 1, status="approved")

    assert (edited.description, edited.status, edited.version) == ("Rain", "approved", 3)


async def test_edits_of_the_same_field_conflict_and_change_nothing(home: Home) -> None:
    shot = await the_shot(home)
    await edit(home, shot, 1, description="Rain", type="insert")

    answer = await conflict(home, shot, 1, description="Snow", type="wide", status="approved")

    assert answer.fields == ["description", "type"]
    assert answer.yours == {"description": "Snow", "type": "wide", "status": "approved"}
    assert isinstance(answer.current, Shot)
    assert (answer.current.description, answer.current.version) == ("Rain", 2)
    assert answer.current.place == 1


async def test_after_a_conflict_one_may_edit_from_the_current_version(home: Home) -> None:
    shot = await the_shot(home)
    await edit(home, shot, 1, description="Rain")
    answer = await conflict(home, shot, 1, description="Snow")
    edited = await edit(home, shot, answer.current.version, description="Snow")  # type: ignore[attr-defined]  # a shot
    assert edited.description == "Snow"


async def test_who_asks_for_what_already_is_so_is_in_nobodys_way(home: Home) -> None:
    shot = await the_shot(home)
    await edit(home, shot, 1, description="Rain")
    before = await stored()

    edited = await edit(home, shot, 1, description="Rain")

    assert (edited.version, await stored()) == (2, before)


async def test_without_an_expected_version_the_last_edit_wins(home: Home) -> None:
    shot = await the_shot(home)
    await edit(home, shot, description="Rain")
    assert (await edit(home, shot, description="Snow")).version == 3


async def test_a_move_is_in_no_edits_way(home: Home) -> None:
    shot = await the_shot(home)
    await a_shot(home, await Scene.get(id=shot.scene_id))
    await perform(home.world, home.owner, shots.move_shot, shot.id, 2)

    edited = await edit(home, shot, 1, description="Rain")

    assert (edited.version, edited.place) == (3, 2)


GENERATION = {"prompt": "dusk", "parameters": {"steps": 20, "seed": 1}}


async def test_nested_documents_are_merged_level_by_level(home: Home) -> None:
    shot = await the_shot(home, generation=GENERATION)

    edited = await edit(home, shot, generation={"parameters": {"steps": 30, "cfgScale": 7.5}})

    assert edited.generation == {
        "prompt": "dusk",
        "parameters": {"steps": 30, "seed": 1, "cfgScale": 7.5},
    }
    assert (await Shot.get(id=shot.id)).generation == edited.generation
    changed = (await newest(shot.id)).changed
    assert changed == ["generation.parameters.cfgScale", "generation.parameters.steps"]


async def test_null_clears_one_nested_field_or_a_whole_document(home: Home) -> None:
    shot = await the_shot(home, generation=GENERATION, camera={"movement": {"type": "pan"}})

    edited = await edit(home, shot, generation={"parameters": {"seed": None}, "prompt": None})
    assert edited.generation == {"parameters": {"steps": 20}}
    edited = await edit(home, shot, generation={"parameters": {"steps": None}})
    assert edited.generation == {}
    edited = await edit(home, shot, camera=None)
    assert edited.camera == {}
    assert (await newest(shot.id)).changed == ["camera.movement"]


async def test_edits_of_different_fields_of_one_document_are_merged(home: Home) -> None:
    shot = await the_shot(home, generation=GENERATION)
    await edit(home, shot, 1, generation={"parameters": {"steps": 30}})

    edited = await edit(home, shot, 1, generation={"parameters": {"seed": 2}})

    assert edited.generation["parameters"] == {"steps": 30, "seed": 2}


@pytest.mark.parametrize(
    ("theirs", "mine", "fields"),
    [
        (
            {"parameters": {"steps": 30}},
            {"parameters": {"steps": 40}},
            ["generation.parameters.steps"],
        ),
        (
            {"parameters": {"steps": 30}},
            None,
            ["generation.parameters"],
        ),
        (
            {"parameters": None},
            {"parameters": {"steps": 40}, "prompt": "dawn"},
            ["generation.parameters"],
        ),
        (
            {"parameters": {"steps": 30}},
            {"parameters": {"steps": None, "seed": 5}},
            ["generation.parameters.steps"],
        ),
    ],
    ids=["the same leaf", "mine is above theirs", "mine is below theirs", "mine clears theirs"],
)
async def test_overlapping_edits_of_one_document_conflict(
    home: Home, theirs: Any, mine: Any, fields: list[str]
) -> None:
    shot = await the_shot(home, generation=GENERATION)
    await edit(home, shot, 1, generation=theirs)

    assert (await conflict(home, shot, 1, generation=mine)).fields == fields


async def test_absent_leaves_alone_and_null_clears(home: Home) -> None:
    shot = await the_shot(home, label="12A", type="wide", initialPrompt="dusk")

    edited = await edit(home, shot, label=None, initialPrompt=None)

    assert (edited.label, edited.initial_prompt, edited.type) == (None, None, "wide")
    assert edited.description == shot.description


async def test_null_where_a_value_is_needed_is_refused(home: Home) -> None:
    shot = await the_shot(home)
    scene = await Scene.get(id=shot.scene_id)
    cases = [
        (shots.update_shot, shot.id, "description"),
        (scenes.update_scene, scene.id, "title"),
        (projects.update_project, scene.project_id, "title"),
        (projects.update_project, scene.project_id, "prompt"),
    ]
    before = await stored()
    for act, row_id, name in cases:
        with pytest.raises(InvalidInput, match="cannot be cleared") as refused:
            await perform(home.world, home.owner, act, row_id, {name: None})
        assert refused.value.field == f"patch.{name}"
    assert await stored() == before


@pytest.mark.parametrize("expected", [0, -1, 3, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("text", ["Snow", "Rain"], ids=["a change", "no change"])
async def test_a_version_that_never_was_is_refused(home: Home, expected: int, text: str) -> None:
    shot = await the_shot(home)
    await edit(home, shot, description="Rain")
    before = await stored()

    with pytest.raises(InvalidInput, match="the newest is 2") as refused:
        await edit(home, shot, expected, description=text)

    assert refused.value.field == "expectedVersion"
    assert await stored() == before


async def test_where_the_log_is_gone_every_change_may_overlap(home: Home) -> None:
    shot = await the_shot(home)
    await edit(home, shot, 1, description="Rain")
    await edit(home, shot, 2, type="insert")
    await Event.filter(subject_id=shot.id, version=2).delete()

    answer = await conflict(home, shot, 1, status="approved", label="1")
    edited = await edit(home, shot, 2, status="approved")

    assert sorted(answer.fields) == ["label", "status"]
    assert edited.version == 4


async def test_a_bad_field_beside_good_ones_leaves_all_of_them(home: Home) -> None:
    shot = await the_shot(home)
    before = await stored()
    with pytest.raises(Refusal) as refused:
        await edit(
            home, shot, description="Rain", generation={"parameters": {"width": 10**12, "steps": 3}}
        )
    assert refused.value.field == "patch.generation.parameters.width"
    assert await stored() == before


async def test_an_empty_patch_changes_nothing(home: Home) -> None:
    shot = await the_shot(home, generation=GENERATION)
    before = await stored()
    await edit(home, shot)
    await edit(home, shot, generation={}, camera={}, timing={})
    await edit(home, shot, generation={"parameters": {}})
    assert await stored() == before


async def test_scenes_are_edited_like_shots(home: Home) -> None:
    scene = await a_scene(home, await a_project(home), label="1A")
    act = scenes.update_scene
    await perform(home.world, home.owner, act, scene.id, {"label": "1B"}, 1)

    merged = await perform(home.world, home.owner, act, scene.id, {"description": None}, 1)
    assert merged.id == scene.id  # type: ignore[union-attr]  # no conflict
    answer = await perform(home.world, home.owner, act, scene.id, {"label": "1C", "title": "x"}, 1)

    assert isinstance(answer, EditConflict)
    assert answer.fields == ["label"]
    assert (await Scene.get(id=scene.id)).label == "1B"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"a": {"b": 1, "c": None}, "d": 2}, {"a": {"b": 3}}),
        ({"a": 1}, [1, 2]),
        ([1], {"a": None, "b": {}}),
        ({"a": 1}, None),
        (None, {"a": 1}),
        ({"a": 1}, {}),
    ],
    ids=["smaller", "to a list", "from a list", "to null", "from null", "to nothing"],
)
async def test_free_data_is_replaced_as_a_whole(home: Home, first: Any, second: Any) -> None:
    project = await a_project(home, promptPlannerData=first)
    patch = {"promptPlannerData": second}

    await perform(home.world, home.owner, projects.update_project, project.id, patch)

    assert (await Project.get(id=project.id)).prompt_planner_data == second
    assert (await newest(project.id)).changed == ["promptPlannerData"]


async def test_two_edits_of_free_data_conflict(home: Home) -> None:
    project = await a_project(home, promptPlannerData={"a": 1, "b": 1})
    act = projects.update_project
    mine, theirs = {"promptPlannerData": {"a": 1, "b": 2}}, {"promptPlannerData": {"a": 2, "b": 1}}
    await perform(home.world, home.owner, act, project.id, theirs, 1)

    answer = await perform(home.world, home.owner, act, project.id, mine, 1)

    assert isinstance(answer, EditConflict)
    assert (answer.fields, answer.yours) == (["promptPlannerData"], mine)
