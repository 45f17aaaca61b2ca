from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from models import Image
from resolvers import api
from schema.cursor import sequence_in
from services import projects
from services.work import perform
from tests.conftest import Home
from tests.graph.board import BOARD, a_board, ask, statements
from tests.making import a_project

SMALL, LARGE = (1, 1, 3), (50, 10, 3)
STATEMENTS = 10


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["1-shot", "500-shots"])
async def test_a_board_takes_the_same_statements_whatever_its_size(
    home: Home, size: tuple[int, int, int]
) -> None:
    project = await a_board(home, *size)
    with statements() as seen:
        board = await ask(home, BOARD, id=project.id)
    scenes, shots, images = size
    found = [shot for scene in board["project"]["scenes"] for shot in scene["shots"]]
    assert (len(board["project"]["scenes"]), len(found)) == (scenes, scenes * shots)
    assert sum(len(shot["images"]) for shot in found) == scenes * shots * images
    assert len(seen) == STATEMENTS, "\n".join(sql[:120] for sql in seen)


async def test_a_board_tells_of_each_thing_where_it_belongs(home: Home) -> None:
    project = await a_board(home, 3, 2, 2)
    board = (await ask(home, BOARD, id=project.id))["project"]

    assert [scene["sceneNumber"] for scene in board["scenes"]] == [1, 2, 3]
    for scene in board["scenes"]:
        assert scene["project"] == {"id": project.id}
        assert scene["storyboardComplete"] is True
        assert [shot["shotNumber"] for shot in scene["shots"]] == [1, 2]
        for shot in scene["shots"]:
            first, second = shot["images"]
            assert shot["scene"] == {"id": scene["id"]}
            assert {image["shot"]["id"] for image in shot["images"]} == {shot["id"]}
            assert (first["parentImage"], second["parentImage"]) == (None, {"id": first["id"]})
            assert shot["selectedImage"] == {"id": first["id"]}
            assert shot["selection"]["selectedImage"]["id"] == first["id"]
            assert shot["selection"]["shot"] == {"id": shot["id"]}
            assert shot["timing"]["duration"] == 2.0


async def test_images_of_a_shot_come_by_iteration_and_variant(home: Home) -> None:
    project = await a_board(home, 1, 1, 4)
    first, second, *rest = await Image.filter(project_id=project.id).order_by("id")
    await Image.filter(id=first.id).update(iteration_number=2)
    await Image.filter(id=second.id).update(variant_number=9)

    board = (await ask(home, BOARD, id=project.id))["project"]

    images = board["scenes"][0]["shots"][0]["images"]
    places = [(image["iterationNumber"], image["variantNumber"]) for image in images]
    assert [image["id"] for image in images] == [*[row.id for row in rest], second.id, first.id]
    assert all(one < other for one, other in pairwise(places))
    assert board["scenes"][0]["shots"][0]["latestIterationNumber"] == 2


async def test_an_empty_project_has_an_empty_board(home: Home) -> None:
    project = await a_board(home, 0, 0, 0)
    board = (await ask(home, BOARD, id=project.id))["project"]
    assert board["scenes"] == []
    assert board["redesignStatus"] == "PROMPT_PLANNING"
    assert board["progress"] == {"totalScenes": 0, "totalShots": 0, "selectionProgress": 0.0}


async def test_the_cursor_is_no_newer_than_the_fields_beside_it(home: Home) -> None:
    """Whoever follows from a fetched cursor hears of every change that the fetch did not show."""
    project = await a_project(home, title="Old")
    fetching = True

    async def keep_editing() -> None:
        number = 0
        while fetching:
            number += 1
            given = {"title": f"Title {number}"}
            await perform(home.world, home.owner, projects.update_project, project.id, given)

    editing = asyncio.create_task(keep_editing())
    query = "query($id: ID!) { project(id: $id) { cursor title version } }"
    try:
        for _ in range(30):
            answer = await api.execute(query, {"id": project.id}, context_value=home.context())
            found = (answer.data or {})["project"]
            known = sequence_in(found["cursor"], project.id)
            assert found["version"] == known, "each edit is one version and one event"
    finally:
        fetching = False
        await editing
