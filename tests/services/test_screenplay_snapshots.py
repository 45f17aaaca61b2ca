"""Every draft of a screenplay is a snapshot too, stored with its scenes or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from models import Project, Scene, Screenplay, Snapshot
from services import limits, restoring, screenplay_revising, screenplays, snapshots
from services.errors import LimitExceeded
from services.work import perform
from tests.conftest import Home
from tests.formats.screenplays import LANTERNS_FDX
from tests.making import a_project, a_scene, a_snapshot, all_that_is_kept
from tests.stored import stored

A, B = "INT. A #1#\n\nA lamp.\n\nANNA\nHello.\n", "EXT. B\n\nRain.\n"
LINES = [("action", "A lamp."), ("character", "ANNA"), ("dialogue", "Hello.")]


async def bring(home: Home, *parts: str, **given: Any) -> Screenplay:
    given |= {"text": "\n".join(parts)} if parts else {}
    data = given.pop("data", None)
    received = await screenplays.receive_screenplay(home.owner, home.world, None, given, data)
    return await perform(home.world, home.owner, screenplays.import_screenplay, received)


async def revise(home: Home, project_id: str, *parts: str, apply: bool = True) -> Any:
    given = {"projectId": project_id, "text": "\n".join(parts)}
    receive, act = screenplay_revising.receive_revision, screenplay_revising.reimport_screenplay
    received = await receive(home.owner, home.world, None, given, apply=apply)
    return await perform(home.world, home.owner, act, received)


async def document(home: Home, screenplay: Screenplay) -> tuple[Snapshot, Any]:
    number = screenplay.snapshot_number
    return await snapshots.read_snapshot(home.owner, screenplay.project_id, number)


async def board(screenplay: Screenplay) -> list[str]:
    rows = Scene.filter(project_id=screenplay.project_id).order_by("rank")
    return [str(row_id) for row_id in await rows.values_list("id", flat=True)]


async def test_an_import_is_a_version_with_the_scenes_of_the_board(home: Home) -> None:
    screenplay = await bring(home, "Title: Two\n\nFADE IN:\n", A, B)
    snapshot, read = await document(home, screenplay)
    first, second = read["scenes"]
    assert [first["id"], second["id"]] == await board(screenplay)
    assert (first["label"], first["heading"], second["heading"]) == ("1", "INT. A", "EXT. B")
    assert [(one["type"], one["text"]) for one in first["elements"]] == LINES
    assert read["elements"] == [{"type": "action", "text": "FADE IN:"}]
    counts = (snapshot.scene_count, snapshot.element_count, snapshot.word_count)
    assert (snapshot.number, snapshot.base, *counts) == (1, None, 2, 5, 11)


async def test_its_metadata_tell_where_it_came_from(home: Home) -> None:
    snapshot, _ = await document(home, await bring(home, data=LANTERNS_FDX))
    told = snapshot.metadata["screenplay"]
    assert told["titlePage"]["Title"] == "The Lanterns of Skarv"
    assert (told["operation"], told["format"]) == ("importScreenplay", "FDX")
    assert told["fileChecksum"] == hashlib.sha256(LANTERNS_FDX).hexdigest()


async def test_it_is_the_next_version_of_a_project_that_has_some(home: Home) -> None:
    project = await a_project(home)
    for number in range(limits.SNAPSHOTS_KEPT):
        await a_snapshot(home, project, f"INT. {number}")
    screenplay = await bring(home, A, projectId=project.id)
    numbers = [row.number for row in await Snapshot.all().order_by("number")]
    assert numbers == list(range(2, limits.SNAPSHOTS_KEPT + 2))
    assert screenplay.snapshot_number == limits.SNAPSHOTS_KEPT + 1


async def test_a_revision_that_is_applied_is_a_version_too(home: Home) -> None:
    first = await bring(home, A, B)
    [a, b] = await board(first)
    await revise(home, first.project_id, B, "INT. C\n", A.replace("1", "2"), apply=False)
    assert await Snapshot.all().count() == 1
    await revise(home, first.project_id, B, "INT. C\n", A.replace("1", "2"))

    second = await Screenplay.all().order_by("-id").first()
    assert second is not None
    snapshot, read = await document(home, second)
    ids = [scene["id"] for scene in read["scenes"]]
    assert (snapshot.number, snapshot.metadata["screenplay"]["operation"]) == (
        2,
        "reimportScreenplay",
    )
    assert (ids, ids[0], ids[2]) == (await board(second), b, a)
    assert (await document(home, first))[0].number == 1


async def test_what_the_board_has_besides_is_not_in_it(home: Home) -> None:
    project = await a_project(home)
    await a_scene(home, project, title="MINE")
    _, read = await document(home, await bring(home, A, projectId=project.id))
    assert [scene["heading"] for scene in read["scenes"]] == ["INT. A"]


async def test_a_version_that_was_deleted_comes_back(home: Home) -> None:
    screenplay = await bring(home, A)
    kept = await document(home, screenplay)
    act = snapshots.delete_snapshot
    gone = await perform(home.world, home.owner, act, screenplay.project_id)
    await a_snapshot(home, await Project.get(id=screenplay.project_id), "INT. OTHER")
    await perform(home.world, home.owner, restoring.restore, gone.restore_id)
    assert await document(home, await Screenplay.get(id=screenplay.id)) == kept


async def test_a_refused_document_leaves_nothing(home: Home, tmp_path: Path) -> None:
    project = await a_project(home)
    await a_snapshot(home, project, "INT. A", version=limits.SNAPSHOT_VERSION)
    before, kept = await stored(), await all_that_is_kept(home, tmp_path)
    with pytest.raises(LimitExceeded, match="A version is at most") as refused:
        await bring(home, A, projectId=project.id)
    assert refused.value.field == "input.projectId"
    assert (await stored(), await all_that_is_kept(home, tmp_path)) == (before, kept)


async def test_a_refused_revision_leaves_nothing(home: Home, tmp_path: Path) -> None:
    screenplay = await bring(home, A)
    before, kept = await stored(), await all_that_is_kept(home, tmp_path)
    for apply in (True, False):
        with pytest.raises(LimitExceeded, match="bytes of JSON"):
            await revise(home, screenplay.project_id, A, "x" * limits.SNAPSHOT_BYTES, apply=apply)
    assert (await stored(), await all_that_is_kept(home, tmp_path)) == (before, kept)
