"""Snapshots as front ends ask for them, against a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.journeys.contract import Board, Refused, a_board, one_server
from tests.journeys.processes import Server
from tests.making import a_document_scene


@pytest.fixture(scope="module")
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with one_server(request, tmp_path_factory.mktemp("snapshots")) as server:
        yield server


@pytest.fixture
async def board(served: Server) -> AsyncIterator[Board]:
    async with a_board(served.graphql_url) as connected:
        yield connected


async def a_project(board: Board) -> str:
    project = await board.ask("CreateProject", input={"prompt": "A night in Tokyo"})
    return str(project["id"])


async def store(board: Board, project_id: str, *headings: str, **given: Any) -> Any:
    scenes = [a_document_scene(heading) for heading in headings]
    return await board.ask(
        "StoreSnapshot", input={"projectId": project_id, "scenes": scenes} | given
    )


async def test_a_document_is_stored_changed_and_read_version_by_version(board: Board) -> None:
    project_id = await a_project(board)
    first = await store(board, project_id, "EXT. PIER", "INT. BAR", metadata={"draft": 1})
    patch = {"number": 2, "scene": {"heading": "INT. CLUB"}}
    ask = {"projectId": project_id, "scenes": [patch]}
    second = await board.ask("PatchSnapshotScenes", input=ask)
    told = await board.ask("SnapshotMetadata", projectId=project_id, metadata={"by": "Ada"})

    newest = await board.ask("Snapshot", projectId=project_id)
    oldest = await board.ask("Snapshot", projectId=project_id, version=first["version"])

    assert (first["__typename"], first["version"], first["baseVersion"]) == ("Snapshot", 1, None)
    assert first["scenes"][0] == a_document_scene("EXT. PIER")
    assert first["stats"]["sceneCount"] == first["stats"]["elementCount"] == 2
    assert (second["version"], told["version"]) == (2, 2)
    assert told["metadata"] == newest["snapshot"]["metadata"] == {"draft": 1, "by": "Ada"}
    assert [scene["heading"] for scene in newest["snapshot"]["scenes"]] == [
        "EXT. PIER",
        "INT. CLUB",
    ]
    assert [scene["heading"] for scene in oldest["snapshot"]["scenes"]] == ["EXT. PIER", "INT. BAR"]
    versions = [edge["node"]["version"] for edge in newest["snapshots"]["edges"]]
    assert versions == [2, 1]


async def test_a_version_is_the_clients_own_beyond_32_bits_and_only_rises(board: Board) -> None:
    project_id = await a_project(board)
    stored = await store(board, project_id, "EXT. PIER", version=1_795_000_000_123)
    later = await store(board, project_id, "EXT. PIER", baseVersion=1_795_000_000_123)
    late = await store(board, project_id, "INT. BAR", baseVersion=1_795_000_000_123)
    with pytest.raises(Refused) as lower:
        await store(board, project_id, "EXT. PIER", version=2)

    assert (stored["version"], later["version"]) == (1_795_000_000_123, 1_795_000_000_124)
    assert late == {"__typename": "EditConflict", "fields": ["scenes.0"]}
    assert (lower.value.code, lower.value.field) == ("CONFLICT", "input.version")


async def test_what_was_deleted_is_gone_and_comes_back(board: Board) -> None:
    project_id = await a_project(board)
    stored = await store(board, project_id, "EXT. PIER")
    gone = await board.ask("DeleteSnapshot", projectId=project_id)
    nothing = await board.ask("Snapshot", projectId=project_id)
    await board.ask("Restore", restoreId=gone["restoreId"])
    again = await board.ask("Snapshot", projectId=project_id)

    assert gone["deleted"][0] == gone["id"] == stored["id"]
    assert nothing == {"snapshot": None, "snapshots": {"edges": []}}
    assert again["snapshot"]["scenes"] == [{"heading": "EXT. PIER"}]
