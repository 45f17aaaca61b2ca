"""A screenplay over a real server: in, changed on the board, and out again."""

from __future__ import annotations

import pytest

from tests.formats.screenplays import LANTERNS_FDX, LANTERNS_FOUNTAIN
from tests.journeys.contract import Board, Refused


async def test_a_screenplay_comes_back_as_it_was_but_for_what_was_changed(board: Board) -> None:
    fdx = LANTERNS_FDX.decode()
    made = await board.ask("ImportScreenplay", input={"text": fdx, "createShots": True})

    scenes, project = made["scenes"], made["project"]["id"]
    assert [scene["sceneNumber"] for scene in scenes] == list(range(1, len(scenes) + 1))
    counted = made["snapshot"]["stats"]
    assert (made["snapshot"]["version"], counted["sceneCount"]) == (1, len(scenes))
    assert counted["wordCount"] > counted["elementCount"] > counted["sceneCount"]
    assert await written(board, project, "FDX") == fdx
    fountain = await written(board, project, "FOUNTAIN")
    other = await board.ask("ImportScreenplay", input={"text": fountain})
    assert titles(other["scenes"]) == titles(scenes)
    await board.ask("UpdateScene", id=scenes[0]["id"], patch={"title": "EXT. SKARV - DAWN"})
    assert await written(board, project, "FDX") == fdx.replace(
        scenes[0]["title"], "EXT. SKARV - DAWN"
    )
    shown = (await board.ask("Board", id=project))["scenes"]
    assert shown[0]["shots"][0]["description"] in shown[0]["description"]


async def test_a_second_screenplay_is_refused(board: Board) -> None:
    given = {"text": LANTERNS_FOUNTAIN.decode(), "idempotencyKey": "lanterns"}
    made = await board.ask("ImportScreenplay", input=given)
    assert await board.ask("ImportScreenplay", input=given) == made
    again = {"text": "INT. A", "projectId": made["project"]["id"]}
    with pytest.raises(Refused) as refused:
        await board.ask("ImportScreenplay", input=again)
    assert (refused.value.code, refused.value.field) == ("CONFLICT", "input.projectId")


async def test_a_revised_screenplay_goes_over_the_board(board: Board) -> None:
    made = await board.ask("ImportScreenplay", input={"text": "INT. A\n\nOne.\n\nEXT. B\n\nTwo.\n"})
    project, [first, second] = made["project"]["id"], made["scenes"]
    given = {"projectId": project, "text": "EXT. C\n\nNew.\n\nINT. A\n\nOne more.\n"}

    preview = await board.ask("ReimportScreenplay", input=given | {"mode": "PREVIEW"})
    before = await board.ask("Board", id=project)
    applied = await board.ask("ReimportScreenplay", input=given | {"mode": "APPLY"})

    actions = [(step["action"], step["heading"]) for step in preview["plan"]]
    assert actions == [("ADD", "EXT. C"), ("CHANGE", "INT. A"), ("OMIT", "EXT. B")]
    assert [step["action"] for step in applied["plan"]] == ["ADD", "CHANGE", "OMIT"]
    assert (preview["applied"], applied["applied"]) == (False, True)
    assert [scene["id"] for scene in before["scenes"]] == [first["id"], second["id"]]
    assert preview["plan"][2]["scene"]["id"] == second["id"]
    now = (await board.ask("Board", id=project))["scenes"]
    assert [scene["title"] for scene in now] == ["EXT. C", "INT. A"]
    assert (now[1]["id"], now[1]["description"]) == (first["id"], "One more.")


async def written(board: Board, project_id: str, format: str) -> str:
    found = await board.ask("ExportScreenplay", projectId=project_id, format=format)
    return str(found["screenplay"])


def titles(scenes: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(scene["label"], scene["title"]) for scene in scenes]
