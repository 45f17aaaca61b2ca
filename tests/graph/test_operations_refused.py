"""What of many operations is refused, how it is told, and what then stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import Feed, Scene, Shot, StoryboardSelection
from services import limits, scenes
from services.actor import Actor, Role
from services.work import perform
from tests.batches import (
    INVALID,
    PARTLY,
    PROMPT,
    apply,
    errors,
    refused,
    scene_in,
    sequences,
    shot_in,
    titled,
)
from tests.conftest import Home
from tests.graph.stage import a_stage
from tests.making import (
    a_project,
    a_scene,
    a_selection,
    a_shot,
    a_viewer,
    all_that_is_kept,
    an_image,
    an_outsider,
)
from tests.stored import stored


async def test_everything_is_refused_when_something_is_and_every_refusal_is_told(
    home: Home, tmp_path: Path
) -> None:
    stage = await a_stage(home)
    before = await stored(), await all_that_is_kept(home, tmp_path)

    async with home.world.bus.listen(stage.project.id) as bell:
        answer = await apply(
            home,
            scene_in(stage.project, "One", ref="new"),
            scene_in(stage.project, "One", " "),
            shot_in("$new", camera={"framing": ""}),
            {"deleteScene": {"id": stage.other_scene.id}},  # cancels a job that waits
            {"deleteShot": {"id": stage.waiting.id}},
            {"ref": "late"} | PROMPT,
        )
        assert not await bell.rung(0.05)

    assert answer["committed"] is False
    assert errors(answer) == [
        None,
        (INVALID, "operations.1.createScene.shots.1.description"),
        (INVALID, "operations.2.createShot.camera.framing"),
        None,
        ("NOT_FOUND", "operations.4.deleteShot.id"),
        None,
    ]
    told = [(r["ref"], r["id"], r["created"], r["restoreId"]) for r in answer["results"]]
    refs = ["new", None, None, None, None, "late"]
    assert told == [(ref, None, [], None) for ref in refs]
    assert (await stored(), await all_that_is_kept(home, tmp_path)) == before


async def test_of_a_refused_operation_nothing_stays_and_the_others_do(home: Home) -> None:
    project, lost = await a_project(home), await a_project(home)
    scene = await a_scene(home, project)
    chosen = await a_selection(home, await an_image(home, shot := await a_shot(home, scene)))
    second = await an_image(home, shot)
    told = await sequences(project)

    answer = await apply(
        home,
        scene_in(project, "One", ref="new"),
        scene_in(project, "One", " ", ref="half"),  # is stored before its second shot is read
        scene_in(lost, " "),
        shot_in("$half"),
        {"ref": "cleared", "clearMasterShot": {"shotId": shot.id}},
        {"selectMasterShot": {"shotId": shot.id, "imageId": second.id}},
        {"restore": {"restoreId": "$cleared.restoreId"}},  # is refused by the database
        shot_in("$new", "Two"),
        onError=PARTLY,
    )

    assert answer["committed"] is True
    codes = [error and error[0] for error in errors(answer)]
    assert codes == [None, INVALID, INVALID, INVALID, None, None, "CONFLICT", None]
    made = await Scene.filter(project_id=project.id).order_by("rank")
    assert [each.id for each in made] == [scene.id, answer["results"][0]["id"]]
    shown = await Shot.filter(scene_id=made[1].id).order_by("rank")
    assert [each.description for each in shown] == ["One", "Two"]
    selection = await StoryboardSelection.get(shot_id=shot.id)
    assert (selection.image_id, selection.id) == (second.id, answer["results"][5]["id"])
    assert selection.id != chosen.id
    assert await sequences(project) == [*told, *range(len(told) + 1, len(told) + 6)]
    assert await sequences(lost) == [1]
    assert (await Feed.get(id=project.id)).head == len(told) + 5


async def test_a_batch_of_which_nothing_is_left_is_not_committed(home: Home) -> None:
    before = await stored()

    answer = await apply(home, {}, {"createProject": {"prompt": ""}}, onError=PARTLY)

    assert answer["committed"] is False
    assert errors(answer) == [
        (INVALID, "operations.0"), (INVALID, "operations.1.createProject.prompt")
    ]  # fmt: skip
    assert await stored() == before


async def test_an_edit_that_overlaps_is_refused_and_a_disjoint_one_merges(home: Home) -> None:
    project = await a_project(home)
    scene = await a_scene(home, project)
    await perform(home.world, home.owner, scenes.update_scene, scene.id, {"title": "Theirs"})

    answer = await apply(
        home,
        {"updateScene": {"id": scene.id, "patch": {"label": "1A"}, "expectedVersion": 1}},
        titled(scene, "Mine", expectedVersion=1),
        {"updateScene": {"id": scene.id, "patch": {"description": "x"}, "expectedVersion": 2}},
        {"updateScene": {"id": scene.id, "patch": {"label": "1B"}, "expectedVersion": 2}},
        onError=PARTLY,
    )

    assert errors(answer) == [
        None,
        ("CONFLICT", "operations.1.updateScene.patch.title"),
        None,
        ("CONFLICT", "operations.3.updateScene.patch.label"),
    ]
    await scene.refresh_from_db()
    assert (scene.title, scene.label, scene.description, scene.version) == ("Theirs", "1A", "x", 4)


async def test_a_batch_is_of_one_to_five_hundred_operations(home: Home) -> None:
    project = await a_project(home)
    before = await stored()
    for operations in ([], [titled(project, "x")] * 501):
        told = await refused(home, operations=operations)
        assert told == [("LIMIT_EXCEEDED", "operations")]
    assert await stored() == before


async def test_a_batch_makes_a_bounded_number_of_changes(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CHANGES_PER_BATCH", 6)
    project = await a_project(home)

    three = scene_in(project, "One", "Two")
    answer = await apply(home, *[three] * 3, titled(project, "x"), onError=PARTLY)

    full = ("LIMIT_EXCEEDED", "operations.2"), ("LIMIT_EXCEEDED", "operations.3")
    assert errors(answer) == [None, None, *full]
    assert await sequences(project) == list(range(1, 8))


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.EDITOR])
async def test_operations_are_for_those_who_may_do_them_one_by_one(
    home: Home, role: Role | None
) -> None:
    project = await a_project(home)
    scene = await a_scene(home, project, "One")
    before = await stored()
    actor = {
        None: an_outsider(),
        Role.VIEWER: a_viewer(project),
        Role.EDITOR: Actor("usr_editor", "Eddy", {project.client_id: Role.EDITOR}),
    }[role]

    doing = [shot_in(scene), PROMPT, {"deleteProject": {"id": project.id}}]
    answer = await apply(home, *doing, actor=actor, onError=PARTLY)

    codes = [error and error[0] for error in errors(answer)]
    if role is Role.EDITOR:
        assert codes == [None, None, "FORBIDDEN"]
    else:
        assert codes == ["FORBIDDEN" if role else "NOT_FOUND"] * 2 + [codes[0]]
        assert await stored() == before
