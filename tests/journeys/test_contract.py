"""What front ends send, run against a real server: each operation does what its comment says."""

from __future__ import annotations

import ast
import hashlib
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
import pytest
from graphql import parse, validate

from resolvers import api
from tests.journeys.contract import FILES, Board, Refused, a_board, documents, one_server
from tests.journeys.processes import Server

UNKNOWN = "01h455vb4pex5vsknk084sn02q"
SMALL = {"width": 320, "height": 320}
ENDED = ("COMPLETE", "FAILED", "CANCELED", "UNKNOWN")


@pytest.fixture(scope="module")
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with one_server(request, tmp_path_factory.mktemp("contract")) as server:
        yield server


@pytest.fixture
async def board(served: Server) -> AsyncIterator[Board]:
    async with a_board(served.graphql_url) as connected:
        yield connected


async def a_project(board: Board, **given: Any) -> Any:
    return await board.ask("CreateProject", input={"prompt": "A night in Tokyo"} | given)


async def a_scene(board: Board, project: Any, *shots: str, **given: Any) -> Any:
    described = [{"description": text} for text in shots]
    given = {"projectId": project["id"], "title": "EXT. ROOF", "shots": described} | given
    return await board.ask("CreateScene", input=given)


async def some_shots(board: Board, *shots: str) -> tuple[Any, list[Any]]:
    """A project, and the shots of its only scene."""
    project = await a_project(board)
    return project, (await a_scene(board, project, *shots))["shots"]


async def an_image(board: Board, shot: Any, **given: Any) -> Any:
    """An image made elsewhere, complete unless said otherwise."""
    picture = {"variantNumber": 1, "imageUrl": "https://example.org/a.png"} | given
    ask = {"shotId": shot["id"], "iterationPrompt": "Dusk", "images": [picture]}
    return (await board.ask("RegisterImages", input=ask))[0]


async def choose(board: Board, shot: Any, image: Any) -> Any:
    ask = {"shotId": shot["id"], "imageId": image["id"]}
    return await board.ask("SelectMasterShot", input=ask)


async def watched(board: Board, *jobs: Any) -> list[Any]:
    """Every snapshot of some jobs until all have ended, well or not."""
    ids = [job["id"] for job in jobs]
    return [snapshot async for snapshot in board.follow("JobProgress", jobIds=ids)]


async def drawn(board: Board, shot: Any, count: int = 1, **given: Any) -> list[Any]:
    """Images of a new iteration, made here."""
    ask = {"shotId": shot["id"], "count": count, "parameters": SMALL} | given
    batch = await board.ask("GenerateImages", input=ask)
    await watched(board, *batch["jobs"])
    iteration = batch["images"][0]["iterationNumber"]
    return (await board.ask("ShotImages", id=shot["id"], iteration=iteration))["images"]  # type: ignore[no-any-return]  # as sent


def ids(found: list[Any]) -> list[str]:
    return [one["id"] for one in found]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_documents_of_front_ends_are_valid(path: Path) -> None:
    assert validate(api._schema, parse(path.read_text())) == []


def test_every_operation_is_run_by_some_test() -> None:
    trees = [
        ast.parse(path.read_text()) for path in Path(__file__).parent.glob("test_contract*.py")
    ]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
    sent = {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ("ask", "follow")
        and isinstance(call.args[0], ast.Constant)
    }

    assert set(documents()) - sent == set()


# The pipeline


async def test_projects_are_listed_newest_first_page_by_page(board: Board) -> None:
    made = ids([await a_project(board) for _ in range(3)])

    first = await board.ask("Projects", first=2)
    second = await board.ask("Projects", first=2, after=first["pageInfo"]["endCursor"])

    assert ids([edge["node"] for edge in first["edges"]]) == [made[2], made[1]]
    assert second["edges"][0]["node"]["id"] == made[0]
    assert first["pageInfo"] == {"hasNextPage": True, "endCursor": first["edges"][-1]["cursor"]}
    assert first["totalCount"] == second["totalCount"] >= 3


async def test_a_new_project_has_its_defaults(board: Board) -> None:
    project = await a_project(board)

    assert project["title"] == "Untitled"
    assert project["workflowVersion"] == "V2_REDESIGN"
    assert project["redesignStatus"] == "PROMPT_PLANNING"
    assert (project["version"], project["promptPlannerData"]) == (1, None)


async def test_the_same_key_creates_a_project_once(board: Board) -> None:
    key = uuid4().hex
    first = await a_project(board, idempotencyKey=key)

    assert await a_project(board, idempotencyKey=key) == first
    with pytest.raises(Refused) as refused:
        await a_project(board, title="Other", idempotencyKey=key)
    assert refused.value.code == "IDEMPOTENCY_KEY_REUSED"
    assert refused.value.field == "input.idempotencyKey"


async def test_a_board_is_one_request(board: Board) -> None:
    project, [one, two] = await some_shots(board, "A woman", "A city")
    chosen, other = await an_image(board, one), await an_image(board, two)
    await choose(board, one, chosen)

    found = await board.ask("Board", id=project["id"])

    [scene] = found["scenes"]
    assert found["redesignStatus"] == "SHOT_ITERATION"
    assert (scene["sceneNumber"], scene["storyboardComplete"]) == (1, False)
    assert [(s["shotNumber"], s["description"]) for s in scene["shots"]] == [
        (1, "A woman"),
        (2, "A city"),
    ]
    assert [ids(shot["images"]) for shot in scene["shots"]] == [[chosen["id"]], [other["id"]]]
    assert scene["shots"][0]["selection"]["selectedImage"] == {"id": chosen["id"]}
    assert scene["shots"][0]["selectedImage"] == {"id": chosen["id"]}
    assert scene["shots"][1]["selection"] is scene["shots"][1]["selectedImage"] is None


async def test_the_stage_of_a_project_follows_from_the_rows(board: Board) -> None:
    project, [shot] = await some_shots(board, "A woman")
    stages = [(await board.ask("Board", id=project["id"]))["redesignStatus"]]
    image = await an_image(board, shot)
    selection = await choose(board, shot, image)
    stages.append((await board.ask("Board", id=project["id"]))["redesignStatus"])
    video = {"animationStatus": "COMPLETE", "animatedVideoUrl": "https://example.org/a.mp4"}
    await board.ask("UpdateAnimation", id=selection["id"], patch=video)
    stages.append((await board.ask("Board", id=project["id"]))["redesignStatus"])

    assert stages == ["SCENES_SETUP", "STORYBOARD_FINAL", "ANIMATION_COMPLETE"]


async def test_what_is_not_there_is_null(board: Board) -> None:
    assert await board.ask("Board", id=f"prj_{UNKNOWN}") is None
    assert await board.ask("Scene", id=f"scn_{UNKNOWN}") is None
    assert await board.ask("ShotImages", id=f"shot_{UNKNOWN}") is None
    assert await board.ask("Job", id=f"job_{UNKNOWN}") is None
    assert await board.ask("Node", id=f"img_{UNKNOWN}") is None


async def test_a_node_is_found_by_its_id_alone(board: Board) -> None:
    project, [shot] = await some_shots(board, "A woman")
    image = await an_image(board, shot)
    selection = await choose(board, shot, image)
    things = {
        "Project": project["id"],
        "Scene": shot["scene"]["id"],
        "Shot": shot["id"],
        "Image": image["id"],
        "StoryboardSelection": selection["id"],
    }

    for kind, its_id in things.items():
        assert await board.ask("Node", id=its_id) == {"__typename": kind, "id": its_id}


async def test_a_scene_is_read_with_its_shots(board: Board) -> None:
    project, shots = await some_shots(board, "A woman", "A city")

    scene = await board.ask("Scene", id=shots[0]["scene"]["id"])

    assert scene["project"] == {"id": project["id"]}
    assert scene["shots"] == shots


async def test_images_of_a_shot_are_grouped_and_filtered(board: Board) -> None:
    _, [shot] = await some_shots(board, "A woman")
    first = await an_image(board, shot)
    pictures = [{"variantNumber": n, "imageUrl": "https://example.org/b.png"} for n in (2, 1)]
    ask = {"shotId": shot["id"], "iterationPrompt": "Dawn", "parentImageId": first["id"]}
    two, one = await board.ask("RegisterImages", input=ask | {"images": pictures})
    await board.ask("FavoriteImage", id=two["id"], isFavorite=True)

    found = await board.ask("ShotImages", id=shot["id"])

    assert found["latestIterationNumber"] == 1
    assert [
        (batch["iterationNumber"], batch["prompt"], ids(batch["images"]))
        for batch in found["iterations"]
    ] == [(0, "Dusk", [first["id"]]), (1, "Dawn", [one["id"], two["id"]])]
    assert [
        batch["parentImage"] and batch["parentImage"]["id"] for batch in found["iterations"]
    ] == [
        None,
        first["id"],
    ]
    by_iteration = await board.ask("ShotImages", id=shot["id"], iteration=0)
    by_favor = await board.ask("ShotImages", id=shot["id"], favorites=True)
    assert ids(by_iteration["images"]) == [first["id"]]
    assert ids(by_favor["images"]) == [two["id"]]


async def test_the_storyboard_is_in_scene_and_shot_order(board: Board) -> None:
    project, [one, two] = await some_shots(board, "1.1", "1.2")
    early = (await a_scene(board, project, "0.1", sceneNumber=1))["shots"][0]
    for shot in (two, early, one):
        await choose(board, shot, await an_image(board, shot))

    found = (await board.ask("Storyboard", id=project["id"]))["storyboard"]

    assert [(s["shot"]["scene"]["sceneNumber"], s["shot"]["shotNumber"]) for s in found] == [
        (1, 1),
        (2, 1),
        (2, 2),
    ]


async def test_progress_is_in_percent_with_one_decimal(board: Board) -> None:
    project, shots = await some_shots(board, "A", "B", "C")
    chosen = [await choose(board, shot, await an_image(board, shot)) for shot in shots[:2]]
    video = {"animationStatus": "COMPLETE", "animatedVideoUrl": "https://example.org/a.mp4"}
    await board.ask("UpdateAnimation", id=chosen[0]["id"], patch=video)

    assert (await board.ask("Progress", id=project["id"]))["progress"] == {
        "totalScenes": 1,
        "totalShots": 3,
        "shotsWithSelections": 2,
        "shotsWithAnimations": 1,
        "selectionProgress": 66.7,
        "animationProgress": 33.3,
        "isSelectionComplete": False,
        "isAnimationComplete": False,
    }


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


# Generation


async def test_a_batch_is_an_iteration_of_six_images_at_once(board: Board) -> None:
    _, [shot] = await some_shots(board, "A woman on a roof")
    order = {"shotId": shot["id"], "parameters": SMALL, "model": "fast"}
    batch = await board.ask("GenerateImages", input=order)
    again = await board.ask("GenerateImages", input=order)

    assert (batch["kind"], batch["requested"]) == ("IMAGE", 6)
    assert [(i["variantNumber"], i["iterationNumber"]) for i in batch["images"]] == [
        (n, 0) for n in range(1, 7)
    ]
    assert {i["status"] for i in batch["images"]} <= {"PENDING", "PROCESSING", "COMPLETE"}
    assert again["id"] == batch["id"]
    snapshots = await watched(board, *batch["jobs"])
    job = await board.ask("Job", id=batch["jobs"][0]["id"])
    assert (job["status"], job["progress"]) == ("COMPLETE", 1.0)
    assert (job["renderer"], job["model"], job["attempt"]) == ("local", "fast", 1)
    assert job["batch"] == {"id": batch["id"]}
    assert sorted(ids([s for s in snapshots if s["status"] in ENDED])) == ids(batch["jobs"])
    [image, *_] = (await board.ask("ShotImages", id=shot["id"]))["images"]
    assert (image["status"], image["width"], image["height"]) == ("COMPLETE", 320, 320)
    assert image["blurhash"]
    assert image["thumbnailUrl"] != image["imageUrl"]


@pytest.mark.parametrize("count", [0, 13])
async def test_a_batch_has_one_to_twelve_variants(board: Board, count: int) -> None:
    _, [shot] = await some_shots(board, "A woman")

    with pytest.raises(Refused) as refused:
        await board.ask("GenerateImages", input={"shotId": shot["id"], "count": count})

    assert refused.value.field == "input.count"
    assert (await board.ask("ShotImages", id=shot["id"]))["images"] == []


async def test_a_refinement_is_a_further_iteration_of_its_parent(board: Board) -> None:
    _, [shot] = await some_shots(board, "A woman on a roof")
    [parent] = await drawn(board, shot)
    order = {"imageId": parent["id"], "prompt": "At dawn", "count": 1, "parameters": SMALL}

    batch = await board.ask("RefineImage", input=order)
    await watched(board, *batch["jobs"])

    assert [i["iterationNumber"] for i in batch["images"]] == [1]
    [refined] = (await board.ask("ShotImages", id=shot["id"], iteration=1))["images"]
    assert (refined["status"], refined["iterationPrompt"]) == ("COMPLETE", "At dawn")
    assert refined["parentImage"] == {"id": parent["id"]}


async def test_an_image_may_be_generated_from_another(board: Board) -> None:
    _, [shot] = await some_shots(board, "A woman on a roof")
    [parent] = await drawn(board, shot)

    [child] = await drawn(board, shot, parentImageId=parent["id"])

    assert (child["status"], child["parentImage"]) == ("COMPLETE", {"id": parent["id"]})


async def test_what_is_chosen_is_animated_once(board: Board) -> None:
    project, shots = await some_shots(board, "A woman on a roof", "A city")
    chosen = [await choose(board, shot, (await drawn(board, shot))[0]) for shot in shots]
    order = {"projectId": project["id"], "duration": 0.5, "motion": "pan left"}
    named = await board.ask("Animate", input={"selectionIds": [chosen[0]["id"]], "duration": 0.5})
    await watched(board, *named["jobs"])
    rest = await board.ask("Animate", input=order)
    await watched(board, *rest["jobs"])

    assert (named["kind"], named["requested"], rest["requested"]) == ("ANIMATION", 1, 1)
    found = (await board.ask("Storyboard", id=project["id"]))["storyboard"]
    assert [s["animationStatus"] for s in found] == ["COMPLETE", "COMPLETE"]
    assert await frames_at(board, found[1]["animatedVideoUrl"]) == 12


async def test_canceling_is_idempotent_and_keeps_what_is_finished(board: Board) -> None:
    _, [shot] = await some_shots(board, "A woman on a roof")
    [done] = await drawn(board, shot)
    order = {"shotId": shot["id"], "count": 12, "prompt": "Rain"}
    batch = await board.ask("GenerateImages", input=order)
    last = batch["jobs"][-1]["id"]

    first, second = [await board.ask("CancelJob", id=last) for _ in range(2)]
    finished = await board.ask("CancelJob", id=done["job"]["id"])
    await watched(board, *batch["jobs"])

    assert (first["status"], second["finishedAt"]) == ("CANCELED", first["finishedAt"])
    assert finished["status"] == "COMPLETE"
    images = (await board.ask("ShotImages", id=shot["id"]))["images"]
    assert [i["status"] for i in images] == ["COMPLETE"] * 12 + ["CANCELED"]


async def test_jobs_are_listed_newest_first_and_by_status(board: Board) -> None:
    project, [shot] = await some_shots(board, "A woman on a roof")
    made = [(await drawn(board, shot))[0]["job"]["id"] for _ in range(3)]

    first = (await board.ask("Jobs", projectId=project["id"], first=2))["jobs"]
    after = first["pageInfo"]["endCursor"]
    rest = (await board.ask("Jobs", projectId=project["id"], first=2, after=after))["jobs"]
    failed = await board.ask("Jobs", projectId=project["id"], first=9, status=["FAILED"])

    assert ids([e["node"] for e in first["edges"] + rest["edges"]]) == made[::-1]
    assert rest["pageInfo"]["hasNextPage"] is False
    assert failed["jobs"]["edges"] == []


async def test_a_film_can_be_downloaded_and_has_every_frame(board: Board) -> None:
    project, shots = await some_shots(board, "A woman on a roof", "A city", "Nothing yet")
    for shot in shots[:2]:
        await choose(board, shot, (await drawn(board, shot))[0])
    timing = {"timing": {"duration": 0.5}}
    await board.ask("UpdateShot", id=shots[0]["id"], patch=timing)

    job = await board.ask("Export", input={"projectId": project["id"], "format": "MP4"})
    await watched(board, job)
    exported = await board.ask("Exported", id=job["id"])

    assert (job["kind"], exported["status"]) == ("EXPORT", "COMPLETE")
    asset = exported["asset"]
    film = (await board.http.get(board.at(asset["url"]))).content
    assert (len(film), hashlib.sha256(film).hexdigest()) == (asset["size"], asset["sha256"])
    assert asset["mediaType"] == "video/mp4"
    assert frames_of(film) == 12 + 72


async def frames_at(board: Board, url: str) -> int:
    return frames_of((await board.http.get(board.at(url))).content)


def frames_of(film: bytes) -> int:
    """How many pictures a video really holds."""
    with av.open(io.BytesIO(film), mode="r") as container:
        return sum(1 for _ in container.decode(video=0))


# Live


async def test_every_change_of_a_project_is_told_with_what_it_is_now(board: Board) -> None:
    project = await a_project(board, title="One")
    cursor = project["cursor"]
    scene = await a_scene(board, project, "A woman")
    [shot] = scene["shots"]
    image = await an_image(board, shot)
    selection = await choose(board, shot, image)
    await board.ask("UpdateProject", id=project["id"], patch={"title": "Two"})
    await board.ask("DeleteImage", id=image["id"])

    events: list[Any] = []
    async for frame in board.follow("ProjectEvents", projectId=project["id"], after=cursor):
        assert frame["__typename"] == "ProjectChanges"
        assert frame["cursor"] == frame["events"][-1]["cursor"]
        events += frame["events"]
        if len(events) >= 6:
            break

    assert [(e["__typename"], e["kind"], e["subjectId"]) for e in events] == [
        ("SceneEvent", "CREATED", scene["id"]),
        ("ShotEvent", "CREATED", shot["id"]),
        ("ImageEvent", "CREATED", image["id"]),
        ("StoryboardEvent", "CREATED", selection["id"]),
        ("ProjectEvent", "UPDATED", project["id"]),
        ("RemovedEvent", "DELETED", image["id"]),
    ]
    assert events[0]["scene"] == {"id": scene["id"], "sceneNumber": 1, "title": "EXT. ROOF"}
    assert events[2]["image"] is None  # it is told as it is now
    assert events[4]["changed"] == ["title"]
    assert events[4]["project"]["title"] == "Two"
    assert events[5]["deleted"] == [image["id"], selection["id"]]
    history = (await board.ask("History", id=project["id"], after=cursor, first=2))["events"]
    kept = ("__typename", "cursor", "at", "kind", "actor", "subjectId", "changed")
    assert history["events"] == [{name: event[name] for name in kept} for event in events[:2]]
    assert history["cursor"] == events[1]["cursor"]


async def test_an_event_echoes_the_key_of_its_request(board: Board) -> None:
    key = uuid4().hex
    project = await a_project(board)
    await a_scene(board, project, idempotencyKey=key)

    async for frame in board.follow(
        "ProjectEvents", projectId=project["id"], after=project["cursor"]
    ):
        assert [event["idempotencyKey"] for event in frame["events"]] == [key]
        break


async def test_a_live_board_is_sent_at_once_and_after_each_change(board: Board) -> None:
    project, [shot] = await some_shots(board, "A woman")
    live = board.follow("LiveBoard", id=project["id"])

    first = await anext(live)
    image = await an_image(board, shot)
    second = await anext(live)
    await choose(board, shot, image)
    third = await anext(live)

    assert first["scenes"][0]["shots"][0]["images"] == []
    assert ids(second["scenes"][0]["shots"][0]["images"]) == [image["id"]]
    assert third["scenes"][0]["shots"][0]["selectedImage"]["id"] == image["id"]
    assert third["progress"]["selectionProgress"] == 100.0


async def test_progress_of_jobs_starts_with_their_state_and_tells_each_end(board: Board) -> None:
    _, [shot] = await some_shots(board, "A woman on a roof")
    [done] = await drawn(board, shot)
    batch = await board.ask("GenerateImages", input={"shotId": shot["id"], "count": 3})

    snapshots = await watched(board, {"id": done["job"]["id"]}, *batch["jobs"])

    by_job: dict[str, list[Any]] = {}
    for snapshot in snapshots:
        by_job.setdefault(snapshot["id"], []).append(snapshot)
    assert [s["status"] for s in by_job.pop(done["job"]["id"])] == ["COMPLETE"]
    assert set(by_job) == set(ids(batch["jobs"]))
    for told in by_job.values():
        assert [s["progress"] for s in told] == sorted(s["progress"] for s in told)
        assert [s["status"] in ENDED for s in told] == [False] * (len(told) - 1) + [True]
