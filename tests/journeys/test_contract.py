"""What front ends send, run against a real server: each operation does what its comment says."""

from __future__ import annotations

import ast
from pathlib import Path
from uuid import uuid4

import pytest
from graphql import parse, validate

from resolvers import api
from tests.journeys.contract import (
    FILES,
    Board,
    Refused,
    a_project,
    a_scene,
    an_image,
    choose,
    documents,
    ids,
    some_shots,
)

UNKNOWN = "01h455vb4pex5vsknk084sn02q"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_documents_of_front_ends_are_valid(path: Path) -> None:
    assert validate(api._schema, parse(path.read_text())) == []


def test_every_operation_is_run_by_some_test() -> None:
    files = Path(__file__).parent.glob("*contract*.py")
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text()))]
    calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
    sent = {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ("ask", "follow")
        and isinstance(call.args[0], ast.Constant)
    }

    assert set(documents()) - sent == set()


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


async def test_the_local_user_is_an_owner_and_stays_one(board: Board) -> None:
    project = await a_project(board)
    viewer = await board.ask("Viewer")
    [at] = viewer["memberships"]
    client = (await board.ask("Members", projectId=project["id"]))["client"]
    [member] = client["members"]

    assert (viewer["name"], at["role"], at["client"]["slug"]) == ("You", "OWNER", "local")
    assert (member["user"]["id"], member["role"]) == (viewer["id"], "OWNER")
    assert client["id"] == at["client"]["id"]
    me = {"clientId": client["id"], "userId": viewer["id"]}
    for call in (
        board.ask("ChangeMemberRole", **me, role="VIEWER"),
        board.ask("RemoveMember", **me),
    ):
        with pytest.raises(Refused) as refused:
            await call
        assert (refused.value.code, refused.value.field) == ("CONFLICT", "userId")


async def test_an_invitation_shows_its_code_once_and_can_be_withdrawn(board: Board) -> None:
    given = {"clientSlug": "local", "role": "EDITOR", "name": "Bea", "idempotencyKey": uuid4().hex}
    invited = await board.ask("InviteMember", input=given)
    again = await board.ask("InviteMember", input=given)
    with pytest.raises(Refused) as refused:  # by who is a member in a higher role already
        await board.ask("AcceptInvitation", code=invited["code"])
    project = await a_project(board)
    [shown] = (await board.ask("Members", projectId=project["id"]))["client"]["invitations"]
    gone = await board.ask("RevokeInvitation", id=shown["id"])

    assert again == {"code": None, "invitation": invited["invitation"]}
    assert refused.value.code == "CONFLICT"
    assert (shown["id"], shown["name"]) == (invited["invitation"]["id"], "Bea")
    assert gone["revokedAt"] is not None
    after = (await board.ask("Members", projectId=project["id"]))["client"]["invitations"]
    assert after == []


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
