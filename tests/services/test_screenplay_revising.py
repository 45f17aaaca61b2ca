"""A revised screenplay goes over the board, and what stays keeps all that was made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models import (
    Event,
    EventKind,
    Image,
    Project,
    Scene,
    Screenplay,
    ScreenplayScene,
    Shot,
    Snapshot,
    StoryboardSelection,
)
from models.rank import LENGTH_MAX
from services import restoring, scenes, screenplay_revising, screenplays
from services.errors import Conflict, Forbidden, NotFound, Refusal
from services.idempotency import Once
from services.work import perform, perform_once
from tests.conftest import Home
from tests.formats.screenplays import LANTERNS_FDX
from tests.making import a_scene, a_selection, a_shot, a_viewer, an_image, an_outsider
from tests.stored import stored

A = "INT. A #1#\n\nA woman peels an orange at the table.\n\nANNA\nHello.\n"
B = "EXT. B #2#\n\nBoats lean in the wind.\n"
C = "INT. C #3#\n\nDust over a broken cello.\n"
D = "EXT. D\n\nThe moon.\n"


async def bring(home: Home, *parts: str) -> str:
    """The project of a first draft."""
    given = {"text": "\n".join(parts)}
    received = await screenplays.receive_screenplay(home.owner, home.world, None, given)
    act = screenplays.import_screenplay
    return (await perform(home.world, home.owner, act, received)).project_id


async def revise(
    home: Home, project_id: str, *parts: str, apply: bool = True, key: str = "", **more: Any
) -> dict[str, Any]:
    given = {"projectId": project_id, "text": "\n".join(parts)} | more
    actor = given.pop("actor", home.owner)
    once = Once("reimportScreenplay", key, given) if key else None
    receive, act = screenplay_revising.receive_revision, screenplay_revising.reimport_screenplay
    received = await receive(actor, home.world, once, given, apply=apply)
    return await perform_once(home.world, actor, once, act, received)


def actions(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["action"], step["heading"]) for step in told["plan"]]


async def board(project_id: str) -> list[Scene]:
    return await Scene.filter(project_id=project_id).order_by("rank")


async def titles(project_id: str) -> list[str]:
    return [scene.title for scene in await board(project_id)]


async def written(home: Home, project_id: str) -> str | None:
    return await screenplays.written_screenplay(home.owner, home.world, project_id)


async def test_scenes_are_kept_changed_added_moved_and_omitted(home: Home) -> None:
    project_id = await bring(home, A, B, C, "INT. E\n\nA door.\n", "INT. F\n\nRain.\n")
    changed = C.replace("Dust over", "Light upon")
    revised = [changed, "INT. E\n\nA door.\n", "INT. F\n\nRain.\n", D, A]

    told = await revise(home, project_id, *revised)

    assert actions(told) == [
        *[("CHANGE", "INT. C"), ("KEEP", "INT. E"), ("KEEP", "INT. F")],
        *[("ADD", "EXT. D"), ("MOVE", "INT. A"), ("OMIT", "EXT. B")],
    ]
    assert await titles(project_id) == ["INT. C", "INT. E", "INT. F", "EXT. D", "INT. A"]
    assert (await board(project_id))[0].description == "Light upon a broken cello."
    assert await written(home, project_id) == "\n".join(revised)


async def test_what_was_made_of_a_scene_that_stays_survives(home: Home) -> None:
    project_id = await bring(home, A, B)
    [first, _] = await board(project_id)
    shot = await a_shot(home, first)
    await a_selection(home, await an_image(home, shot))
    await revise(home, project_id, B, A.replace("orange", "lemon"))
    assert (await board(project_id))[1].id == first.id
    assert (await Shot.get(scene_id=first.id)).id == shot.id
    assert await Image.all().count() == await StoryboardSelection.all().count() == 1


async def test_the_same_screenplay_again_changes_no_scene(home: Home) -> None:
    given = LANTERNS_FDX.decode()
    project_id = await bring(home, given)
    before = await Scene.all().order_by("id").values()
    told = await revise(home, project_id, given)
    assert {step["action"] for step in told["plan"]} == {"KEEP"}
    assert {step["similarity"] for step in told["plan"]} == {1.0}
    assert await Scene.all().order_by("id").values() == before
    assert await written(home, project_id) == given


async def test_a_look_at_it_changes_nothing(home: Home, tmp_path: Path) -> None:
    project_id = await bring(home, A, B)
    files = sorted((tmp_path / "assets").rglob("*"))
    before = await stored()
    told = await revise(home, project_id, B, D, apply=False)
    assert told["applied"] is False
    assert actions(told) == [("KEEP", "EXT. B"), ("ADD", "EXT. D"), ("OMIT", "INT. A")]
    assert await stored() == before
    assert sorted((tmp_path / "assets").rglob("*")) == files


async def test_what_was_omitted_comes_back_by_restore(home: Home) -> None:
    project_id = await bring(home, A, B)
    told = await revise(home, project_id, B)
    [gone] = [step for step in told["plan"] if step["action"] == "OMIT"]
    await perform(home.world, home.owner, restoring.restore, gone["restore_id"])
    assert await titles(project_id) == ["INT. A", "EXT. B"]
    text = await written(home, project_id) or ""
    assert text.index("INT. A #1#") < text.index("EXT. B #2#")


async def test_what_the_script_did_not_change_stays_as_the_board_has_it(home: Home) -> None:
    project_id = await bring(home, A, B)
    [first, second] = await board(project_id)
    update = scenes.update_scene
    patch = {"title": "INT. MINE", "description": "My words."}
    await perform(home.world, home.owner, update, first.id, patch)
    await perform(home.world, home.owner, scenes.move_scene, second.id, 1)
    await revise(home, project_id, A.replace("orange", "lemon").replace("#1#", "#1A#"), B)
    one, two = await board(project_id)
    assert (one.id, two.id) == (second.id, first.id)
    assert (two.title, two.label) == ("INT. MINE", "1A")
    assert two.description == "A woman peels an lemon at the table."


async def test_a_scene_of_the_board_alone_stays_where_it_is(home: Home) -> None:
    project_id = await bring(home, A, B)
    project = await Project.get(id=project_id)
    await a_scene(home, project, title="MINE")
    told = await revise(home, project_id, A, D, B)
    assert actions(told) == [("KEEP", "INT. A"), ("ADD", "EXT. D"), ("KEEP", "EXT. B")]
    assert await titles(project_id) == ["INT. A", "EXT. D", "EXT. B", "MINE"]


async def test_every_change_is_told_with_its_fields(home: Home) -> None:
    project_id = await bring(home, A, B)
    [first, _] = await board(project_id)
    last = await Event.filter(feed_id=project_id).count()
    await revise(home, project_id, A.replace("Hello.", "Good evening."), B)
    events = await Event.filter(feed_id=project_id, sequence__gt=last).order_by("sequence")
    newest = await Snapshot.all().order_by("-number").first()
    assert newest is not None
    assert [(event.subject_id, event.kind, event.changed) for event in events] == [
        (first.id, EventKind.UPDATED, ["dialogue"]),
        (newest.id, EventKind.CREATED, []),
        (project_id, EventKind.UPDATED, ["script"]),
    ]


async def test_where_no_room_is_left_all_scenes_get_new_ranks(home: Home) -> None:
    project_id = await bring(home, A, B)
    mine = await a_scene(home, await Project.get(id=project_id), title="MINE")
    [first, second, _] = await board(project_id)
    tight = first.rank + "0" * (LENGTH_MAX - len(first.rank) - 1) + "1"
    await Scene.filter(id=second.id).update(rank=tight)
    await revise(home, project_id, A, D, B)
    assert await titles(project_id) == ["INT. A", "EXT. D", "EXT. B", "MINE"]
    assert len((await Scene.get(id=mine.id)).rank) < 5


async def test_each_draft_is_kept_and_the_newest_counts(home: Home) -> None:
    project_id = await bring(home, A)
    for text in ("One.", "Two.", "Three."):
        await revise(home, project_id, A, f"INT. X\n\n{text}\n")
    assert await Screenplay.all().count() == 4
    assert await ScreenplayScene.all().count() == 7
    assert (await written(home, project_id) or "").endswith("Three.\n")


async def test_a_key_gets_the_first_plan_again(home: Home) -> None:
    project_id = await bring(home, A, B)
    first = await revise(home, project_id, B, D, key="k")
    before = await stored()
    assert await revise(home, project_id, B, D, key="k") == first
    assert await stored() == before


async def test_what_is_refused_leaves_nothing(home: Home) -> None:
    project_id = await bring(home, A)
    other = await a_scene(home, await Project.get(id=project_id))
    viewer = a_viewer(await Project.get(id=project_id))
    before = await stored()
    with pytest.raises(Forbidden):
        await revise(home, project_id, A, actor=viewer)
    with pytest.raises(NotFound):
        await revise(home, project_id, A, actor=an_outsider())
    with pytest.raises(Refusal, match="no scene"):
        await revise(home, project_id, "Nothing.")
    with pytest.raises(Refusal, match="is a scn id"):
        await revise(home, other.id, A)
    assert await stored() == before


async def test_there_must_be_a_screenplay_to_revise(home: Home) -> None:
    project_id = (await Project.get(id=await bring(home, A))).id
    await Screenplay.all().delete()
    with pytest.raises(Conflict, match="no screenplay yet"):
        await revise(home, project_id, A)


async def test_a_new_scene_takes_the_place_of_one_that_moves(home: Home) -> None:
    last = "INT. E\n\nA door.\n"
    project_id = await bring(home, A, B, C, last)
    told = await revise(home, project_id, A, D, C, last, B)
    assert [action for action, _ in actions(told)] == ["KEEP", "ADD", "KEEP", "KEEP", "MOVE"]
    assert await titles(project_id) == ["INT. A", "EXT. D", "INT. C", "INT. E", "EXT. B"]
