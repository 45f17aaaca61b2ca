"""The pipeline's mutations, as front ends send them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.journeys.contract import (
    Board,
    Refused,
    a_project,
    a_scene,
    an_image,
    choose,
    ids,
    some_shots,
)


async def test_edits_of_other_fields_merge_and_of_the_same_conflict(board: Board) -> None:
    project = await a_project(board, title="One", promptPlannerData={"mood": ["blue", None]})
    await board.ask("UpdateProject", id=project["id"], patch={"title": "Two"}, expectedVersion=1)
    merged = await board.ask(
        "UpdateProject", id=project["id"], patch={"promptPlannerData": None}, expectedVersion=1
    )
    conflict = await board.ask(
        "UpdateProject", id=project["id"], patch={"title": "Three"}, expectedVersion=1
    )

    assert project["promptPlannerData"] == {"mood": ["blue", None]}
    assert (merged["title"], merged["promptPlannerData"], merged["version"]) == ("Two", None, 3)
    assert conflict["__typename"] == "EditConflict"
    assert (conflict["fields"], conflict["yours"]) == (["title"], {"title": "Three"})
    assert conflict["current"] == {k: v for k, v in merged.items() if k != "__typename"}


async def test_a_deleted_project_names_all_that_is_gone_and_comes_back(board: Board) -> None:
    project, [shot] = await some_shots(board, "A woman")
    image = await an_image(board, shot)
    selection = await choose(board, shot, image)

    gone = await board.ask("DeleteProject", id=project["id"])

    assert (gone["id"], gone["deleted"][0]) == (project["id"], project["id"])
    everything = {project["id"], shot["scene"]["id"], shot["id"], image["id"], selection["id"]}
    assert set(gone["deleted"]) == everything
    assert await board.ask("Board", id=project["id"]) is None

    back = await board.ask("Restore", restoreId=gone["restoreId"])

    assert back == {"id": project["id"], "restored": gone["deleted"]}
    assert (await board.ask("Board", id=project["id"]))["id"] == project["id"]


async def test_a_scene_comes_with_its_shots_or_not_at_all(board: Board) -> None:
    project = await a_project(board)
    key = uuid4().hex
    first = await a_scene(board, project, "A", "B", idempotencyKey=key)

    with pytest.raises(Refused) as refused:
        await a_scene(board, project, "C", " ")
    before = await a_scene(board, project, title="INT. ROOM", sceneNumber=1, label="1A")

    assert refused.value.field == "input.shots.1.description"
    assert await a_scene(board, project, "A", "B", idempotencyKey=key) == first | {"sceneNumber": 2}
    found = (await board.ask("Board", id=project["id"]))["scenes"]
    assert [(s["id"], s["sceneNumber"], s["label"]) for s in found] == [
        (before["id"], 1, "1A"),
        (first["id"], 2, None),
    ]


async def test_a_scene_is_edited_moved_and_deleted(board: Board) -> None:
    project = await a_project(board)
    one, two = await a_scene(board, project, "A"), await a_scene(board, project)
    await board.ask("UpdateScene", id=one["id"], patch={"title": "INT. ROOM"}, expectedVersion=1)
    conflict = await board.ask(
        "UpdateScene", id=one["id"], patch={"title": "INT. HALL"}, expectedVersion=1
    )

    moved = await board.ask("MoveScene", id=two["id"], to=1)
    gone = await board.ask("DeleteScene", id=one["id"])

    assert conflict == {"__typename": "EditConflict", "fields": ["title"]}
    assert moved["sceneNumber"] == 1
    assert set(gone["deleted"]) == {one["id"], one["shots"][0]["id"]}
    assert ids((await board.ask("Board", id=project["id"]))["scenes"]) == [two["id"]]


async def test_a_shot_is_created_at_its_place_with_all_its_fields(board: Board) -> None:
    _, [first] = await some_shots(board, "A woman")
    given = {
        "sceneId": first["scene"]["id"],
        "shotNumber": 1,
        "description": "The city",
        "initialPrompt": "Neon",
        "timing": {"duration": 2.5, "transition": "CUT"},
        "camera": {"framing": "WIDE", "movement": {"type": "pan left"}},
        "generation": {"negativePrompt": "rain", "parameters": {"width": 640, "seed": 7}},
    }

    shot = await board.ask("CreateShot", input=given)

    assert (shot["shotNumber"], shot["scene"]) == (1, first["scene"])
    assert shot["timing"] == {
        "duration": 2.5,
        "inPoint": None,
        "outPoint": None,
        "transition": "CUT",
    }
    assert shot["camera"]["movement"] == {"type": "pan left"}
    assert shot["generation"]["parameters"]["seed"] == 7
    assert shot["generation"]["negativePrompt"] == "rain"


async def test_times_are_kept_in_whole_frames(board: Board) -> None:
    project = await a_project(board, frameRate="24")
    scene = await a_scene(board, project)
    given = {"sceneId": scene["id"], "description": "A", "timing": {"duration": 0.99}}

    assert (await board.ask("CreateShot", input=given))["timing"]["duration"] == 1.0


async def test_a_shot_is_edited_moved_and_deleted(board: Board) -> None:
    project, [one, two] = await some_shots(board, "A", "B")
    elsewhere = await a_scene(board, project, "C")
    camera = {"camera": {"framing": "WIDE"}}
    await board.ask("UpdateShot", id=one["id"], patch=camera, expectedVersion=1)
    merged = await board.ask(
        "UpdateShot", id=one["id"], patch={"camera": {"angle": "low"}}, expectedVersion=1
    )
    conflict = await board.ask(
        "UpdateShot", id=one["id"], patch={"camera": {"framing": "CLOSE-UP"}}, expectedVersion=1
    )
    moved = await board.ask("MoveShot", id=two["id"], to=1)
    away = await board.ask("MoveShot", id=one["id"], to=1, sceneId=elsewhere["id"])
    image = await an_image(board, one)
    gone = await board.ask("DeleteShot", id=one["id"])

    assert merged["camera"] == {"framing": "WIDE", "angle": "low", "movement": None}
    assert conflict["fields"] == ["camera.framing"]
    assert conflict["yours"] == {"camera": {"framing": "CLOSE-UP"}}
    assert conflict["current"]["camera"] == merged["camera"]
    assert (moved["shotNumber"], away["shotNumber"]) == (1, 1)
    assert away["scene"] == {"id": elsewhere["id"]}
    assert set(gone["deleted"]) == {one["id"], image["id"]}


async def test_a_shot_does_not_move_to_another_project(board: Board) -> None:
    (_, [shot]), (_, [foreign]) = await some_shots(board, "A"), await some_shots(board, "B")

    with pytest.raises(Refused) as refused:
        await board.ask("MoveShot", id=shot["id"], to=1, sceneId=foreign["scene"]["id"])

    assert (refused.value.code, refused.value.field) == ("CONFLICT", "sceneId")


async def test_images_made_elsewhere_are_registered_all_or_none(board: Board) -> None:
    _, [shot] = await some_shots(board, "A woman")
    pictures: list[dict[str, Any]] = [
        {
            "variantNumber": n,
            "imageUrl": f"https://example.org/{n}.png",
            "metadata": {"n": n},
            "externalId": f"x{n}",
        }
        for n in range(1, 25)
    ]
    ask = {"shotId": shot["id"], "iterationPrompt": "Dusk", "images": pictures}
    images = await board.ask("RegisterImages", input=ask)

    with pytest.raises(Refused) as refused:
        await board.ask("RegisterImages", input=ask | {"iterationNumber": 0})
    with pytest.raises(Refused) as too_many:
        await board.ask("RegisterImages", input=ask | {"images": [*pictures, pictures[0]]})

    assert [(i["variantNumber"], i["status"], i["iterationNumber"]) for i in images] == [
        (n, "COMPLETE", 0) for n in range(1, 25)
    ]
    assert images[3]["metadata"] == {"n": 4}
    assert (refused.value.code, refused.value.field) == ("CONFLICT", "input.images.0.variantNumber")
    assert too_many.value.code == "LIMIT_EXCEEDED"
    assert len((await board.ask("ShotImages", id=shot["id"]))["images"]) == 24


async def test_an_image_made_elsewhere_is_reported_on_until_it_is_complete(board: Board) -> None:
    _, [shot] = await some_shots(board, "A woman")
    image = await an_image(board, shot, status="PENDING", imageUrl=None)
    await board.ask("UpdateImage", id=image["id"], patch={"status": "PROCESSING"})

    with pytest.raises(Refused) as refused:
        await board.ask("UpdateImage", id=image["id"], patch={"status": "COMPLETE"})
    done = {"status": "COMPLETE", "imageUrl": "https://example.org/done.png"}
    complete = await board.ask("UpdateImage", id=image["id"], patch=done)

    assert refused.value.field == "patch.imageUrl"
    assert (complete["status"], complete["imageUrl"]) == ("COMPLETE", done["imageUrl"])


async def test_deleting_an_image_clears_its_selection_and_keeps_its_refinements(
    board: Board,
) -> None:
    _, [shot] = await some_shots(board, "A woman")
    image = await an_image(board, shot)
    ask = {"shotId": shot["id"], "iterationPrompt": "Dawn", "parentImageId": image["id"]}
    picture = {"variantNumber": 1, "imageUrl": "https://example.org/b.png"}
    [refined] = await board.ask("RegisterImages", input=ask | {"images": [picture]})
    selection = await choose(board, shot, image)

    gone = await board.ask("DeleteImage", id=image["id"])

    assert gone["deleted"] == [image["id"], selection["id"]]
    found = await board.ask("ShotImages", id=shot["id"])
    assert [(i["id"], i["parentImage"]) for i in found["images"]] == [(refined["id"], None)]
    assert found["selectedImage"] is None


async def test_choosing_again_moves_the_choice(board: Board) -> None:
    project, [shot] = await some_shots(board, "A woman")
    one, two = await an_image(board, shot), await an_image(board, shot)
    first = await choose(board, shot, one)
    cursor = (await board.ask("Board", id=project["id"]))["cursor"]

    same = await choose(board, shot, one)
    assert same == first
    assert (await board.ask("Board", id=project["id"]))["cursor"] == cursor
    moved = await choose(board, shot, two)

    assert (moved["id"], moved["selectedImage"]) == (first["id"], {"id": two["id"]})
    assert len((await board.ask("Storyboard", id=project["id"]))["storyboard"]) == 1


async def test_only_a_complete_image_of_the_shot_is_chosen(board: Board) -> None:
    _, [shot, other] = await some_shots(board, "A woman", "A city")
    pending = await an_image(board, shot, status="PENDING", imageUrl=None)
    foreign = await an_image(board, other)

    with pytest.raises(Refused) as unfinished:
        await choose(board, shot, pending)
    with pytest.raises(Refused) as elsewhere:
        await choose(board, shot, foreign)

    assert (unfinished.value.code, unfinished.value.field) == ("CONFLICT", "input.imageId")
    assert (elsewhere.value.code, elsewhere.value.field) == ("NOT_FOUND", "input.imageId")


async def test_a_choice_is_taken_back(board: Board) -> None:
    project, [shot] = await some_shots(board, "A woman")
    selection = await choose(board, shot, await an_image(board, shot))

    gone = await board.ask("ClearMasterShot", shotId=shot["id"])

    assert (gone["id"], gone["deleted"]) == (selection["id"], [selection["id"]])
    assert gone["restoreId"].startswith("del_")
    assert (await board.ask("Storyboard", id=project["id"]))["storyboard"] == []


async def test_an_animation_made_elsewhere_is_reported(board: Board) -> None:
    _, [shot] = await some_shots(board, "A woman")
    selection = await choose(board, shot, await an_image(board, shot))
    url = "https://example.org/a.mp4"
    patch = {"animationStatus": "COMPLETE", "animatedVideoUrl": url, "externalVideoId": "v1"}

    updated = await board.ask("UpdateAnimation", id=selection["id"], patch=patch)

    assert selection["animationStatus"] is selection["animatedVideoUrl"] is None
    assert {name: updated[name] for name in patch} == patch


async def test_many_operations_are_one_change(board: Board) -> None:
    project = await a_project(board)
    opening = {"projectId": project["id"], "title": "INT.", "shots": [{"description": "A woman"}]}
    lost = {"shotId": "$opening.shots.0", "imageId": "$opening"}
    doing = [{"ref": "opening", "createScene": opening}, {"selectMasterShot": lost}]

    rejected = await board.ask("Batch", operations=doing)
    nothing = await board.ask("Board", id=project["id"])
    applied = await board.ask("Batch", operations=doing, onError="REJECT_FAILED")

    problem = {"code": "INVALID_INPUT", "field": "operations.1.selectMasterShot.imageId"}
    assert (rejected["committed"], nothing["scenes"]) == (False, [])
    for answer in (rejected, applied):
        [one, other] = answer["results"]
        assert (one["ref"], one["error"], other["id"]) == ("opening", None, None)
        assert other["error"].items() >= problem.items()
    [scene] = (await board.ask("Board", id=project["id"]))["scenes"]
    assert (applied["committed"], applied["results"][0]["id"]) == (True, scene["id"])
