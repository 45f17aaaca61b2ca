"""A project's whole document: version after version, each there in full or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models import Event, EventKind, Project, Snapshot, SnapshotDocument
from services import limits, projects, snapshots
from services.backends.storage import StorageUnavailable
from services.editing import EditConflict
from services.errors import Conflict, Forbidden, InvalidInput, LimitExceeded, NotFound
from services.idempotency import Once
from services.restoring import restore
from services.snapshots import read_snapshot, snapshot_file
from services.work import perform, perform_once
from tests.conftest import Home
from tests.making import (
    a_document_scene,
    a_project,
    a_scene,
    a_snapshot,
    a_viewer,
    all_that_is_kept,
)
from tests.stored import stored


async def act(home: Home, use_case: Any, *given: Any) -> Any:
    return await perform(home.world, home.owner, use_case, *given)


async def headings(home: Home, project: Project, version: int | None = None) -> list[str]:
    _, document = await read_snapshot(home.owner, project.id, version)
    return [scene.get("heading", "") for scene in document["scenes"]]


async def documents() -> list[Any]:
    """What is stored of every version, but for the time of its last change."""
    rows = SnapshotDocument.all().order_by("id")
    columns = ("id", "created_at", "packed", "snapshot_id", "snapshot__number")
    told = ("snapshot__checksum", "snapshot__metadata", "snapshot__word_count")
    return await rows.values_list(*columns, *told)


def patching(*patches: Any, **given: Any) -> dict[str, Any]:
    return {"scenes": list(patches)} | given


async def test_everything_given_comes_back_with_what_was_counted_of_it(home: Home) -> None:
    project = await a_project(home)
    scenes = [
        {"heading": "EXT. PIER", "elements": [{"type": "action", "text": "Rain falls."}], "x": [1]},
        {"heading": "INT. BAR", "elements": [{"type": "cue", "text": "ADA"}, {"runs": ["é"]}]},
        {"number": 7},
    ]
    elements = [{"type": "title", "text": "DÉJÀ VU"}]
    given = {"scenes": scenes, "elements": elements, "metadata": {"draft": 3}}
    snapshot = await act(home, snapshots.store_snapshot, project.id, given)

    read, document = await read_snapshot(home.owner, project.id)
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert document == {"scenes": scenes, "elements": elements}
    assert (read.id, read.number, read.base, read.metadata) == (snapshot.id, 1, None, {"draft": 3})
    assert read.checksum == hashlib.sha256(canonical.encode()).hexdigest()
    assert (read.scene_count, read.element_count, read.word_count) == (3, 4, 9)
    assert read.estimated_tokens == 10  # 40 bytes
    assert read.stored_bytes == len((await SnapshotDocument.get()).packed)


async def test_equal_documents_have_equal_checksums_however_they_are_written(home: Home) -> None:
    project = await a_project(home)
    first = await a_snapshot(home, project, scenes=[{"heading": "A", "elements": [], "b": 1}])
    second = await a_snapshot(home, project, scenes=[{"b": 1, "elements": [], "heading": "A"}])
    assert first.checksum == second.checksum


async def test_a_checksum_that_is_given_must_be_the_documents(home: Home) -> None:
    project = await a_project(home)
    known = await a_snapshot(home, project, "EXT. PIER")
    again = await a_snapshot(home, project, "EXT. PIER", checksum=known.checksum)
    with pytest.raises(InvalidInput, match="another checksum") as refused:
        await a_snapshot(home, project, "INT. BAR", checksum=known.checksum)
    assert (again.number, refused.value.field) == (2, "input.checksum")


async def test_versions_only_rise_even_past_what_was_deleted(home: Home) -> None:
    project = await a_project(home)
    numbers = [(await a_snapshot(home, project, "A", **given)).number for given in VERSIONS]
    await act(home, snapshots.delete_snapshot, project.id)
    after = await a_snapshot(home, project, "A")
    for given, problem in ((5, Conflict), (0, InvalidInput), (2**53, LimitExceeded)):
        with pytest.raises(problem):
            await a_snapshot(home, project, "A", version=given)
    assert numbers == [1, 2**40, 2**40 + 1]
    assert after.number == 2**40 + 2


VERSIONS: tuple[dict[str, int], ...] = ({}, {"version": 2**40}, {})


async def test_a_document_made_from_an_older_version_changes_nothing(home: Home) -> None:
    project = await a_project(home)
    await a_snapshot(home, project, "A", "B", baseVersion=0)
    newest = await a_snapshot(home, project, "A", "C", baseVersion=1)
    before = await stored()
    given = {"scenes": [a_document_scene("A")], "baseVersion": 1, "metadata": {"a": 1}}
    answer = await act(home, snapshots.store_snapshot, project.id, given)

    assert isinstance(answer, EditConflict)
    assert (answer.current, answer.yours) == (newest, given)
    assert answer.fields == ["scenes.1", "metadata"]
    assert await stored() == before
    with pytest.raises(InvalidInput, match="There is no version 3; the last is 2"):
        await a_snapshot(home, project, "A", baseVersion=3)


async def test_a_conflict_leaves_its_key_to_the_request_that_resolves_it(home: Home) -> None:
    project = await a_project(home)
    for _ in range(2):
        await a_snapshot(home, project, "A")

    async def store(base: int) -> Any:
        given = {"scenes": [], "baseVersion": base}
        once = Once("storeSnapshot", "key", given)
        use_case = snapshots.store_snapshot
        return await perform_once(home.world, home.owner, once, use_case, project.id, given)

    conflict, first, again = [await store(base) for base in (1, 2, 2)]
    assert isinstance(conflict, EditConflict)
    assert (first.number, again.id) == (3, first.id)


async def test_patches_replace_add_and_remove_scenes_named_as_they_were_before(home: Home) -> None:
    project = await a_project(home)
    scenes = [{"id": "a", "heading": "A", "color": "blue"}, {"heading": "B"}, {"heading": "C"}]
    await a_snapshot(home, project, scenes=scenes, metadata={"draft": 1})
    patches = patching(
        {"number": 1, "scene": None},
        {"number": 2, "scene": {"heading": "B2", "elements": [{"text": "Rain."}]}},
        {"heading": "C", "scene": {"heading": None, "mood": "dim"}},
        {"scene": {"heading": "D"}},
    )
    patched = await act(home, snapshots.patch_snapshot_scenes, project.id, patches)
    _, document = await read_snapshot(home.owner, project.id)

    told = {"heading": "B2", "elements": [{"text": "Rain."}]}
    assert document["scenes"] == [told, {"mood": "dim"}, {"heading": "D"}]
    assert (patched.number, patched.base, patched.metadata) == (2, 1, {"draft": 1})
    assert (await read_snapshot(home.owner, project.id, 1))[1]["scenes"] == scenes


async def test_a_scene_must_be_named_by_what_no_other_has(home: Home) -> None:
    project = await a_project(home)
    await a_snapshot(home, project, "A", "A")
    before = await stored()
    twice = [{"number": 1, "scene": None}, {"number": 1, "scene": {}}]
    for patches, problem, field in (
        ([{"heading": "A", "scene": {}}], Conflict, "input.scenes.0.heading"),
        ([{"id": "x", "scene": {}}], NotFound, "input.scenes.0.id"),
        (twice, Conflict, "input.scenes.1"),
    ):
        with pytest.raises(problem) as refused:
            await act(home, snapshots.patch_snapshot_scenes, project.id, patching(*patches))
        assert refused.value.field == field
    assert await stored() == before


async def test_patches_of_scenes_that_nobody_touched_since_are_merged(home: Home) -> None:
    project = await a_project(home)
    await a_snapshot(home, project, "A", "B", "C")
    await a_snapshot(home, project, "A", "X", "C")
    third = {"number": 3, "scene": {"heading": "C2"}}
    merged = await act(
        home, snapshots.patch_snapshot_scenes, project.id, patching(third, baseVersion=1)
    )
    second = {"number": 2, "scene": {"heading": "B2"}}
    stale = patching(second, third, {"scene": {}}, baseVersion=1)
    conflict = await act(home, snapshots.patch_snapshot_scenes, project.id, stale)

    assert (merged.number, merged.base) == (3, 2)
    assert await headings(home, project) == ["A", "X", "C2"]
    assert isinstance(conflict, EditConflict)
    assert conflict.fields == ["scenes.1", "scenes.2"]


async def test_without_its_base_every_scene_counts_as_touched(home: Home) -> None:
    project = await a_project(home)
    for _ in range(2):
        await a_snapshot(home, project, "A")
    await act(home, snapshots.delete_snapshot, project.id, 1)
    patch = patching({"number": 1, "scene": {"x": 1}}, baseVersion=1)
    conflict = await act(home, snapshots.patch_snapshot_scenes, project.id, patch)
    assert conflict.fields == ["scenes.0"]


async def test_only_the_newest_versions_are_kept_and_followers_hear_what_went(home: Home) -> None:
    project = await a_project(home)
    first = await a_snapshot(home, project, "A")
    for _ in range(limits.SNAPSHOTS_KEPT):
        newest = await a_snapshot(home, project, "A")
    numbers = [snapshot.number for snapshot in await Snapshot.all().order_by("number")]
    last = await Event.filter(feed_id=project.id).order_by("-sequence").limit(2)

    assert numbers == list(range(2, limits.SNAPSHOTS_KEPT + 2))
    assert await SnapshotDocument.all().count() == limits.SNAPSHOTS_KEPT
    told = [(event.kind, event.subject_id) for event in last]
    assert told == [(EventKind.DELETED, first.id), (EventKind.CREATED, newest.id)]


async def test_going_back_is_a_new_version_with_the_old_content(home: Home) -> None:
    project = await a_project(home)
    old = await a_snapshot(home, project, "A", metadata={"draft": 1})
    await a_snapshot(home, project, "B")
    back = await act(home, snapshots.restore_snapshot, project.id, 1)

    assert (back.number, back.base, back.metadata) == (3, 2, {"draft": 1})
    assert back.checksum == old.checksum
    assert await headings(home, project) == ["A"]
    with pytest.raises(NotFound, match="no snapshot of version 9"):
        await act(home, snapshots.restore_snapshot, project.id, 9)


async def test_metadata_is_merged_into_the_newest_version_alone(home: Home) -> None:
    project = await a_project(home)
    for metadata in ({"a": 1}, {"a": {"b": 1, "c": 2}, "d": 3}):
        await a_snapshot(home, project, "A", metadata=metadata)
    patch = {"a": {"b": None, "e": 5}}
    changed = await act(home, snapshots.update_snapshot_metadata, project.id, patch)
    before = await stored()
    await act(home, snapshots.update_snapshot_metadata, project.id, {"d": 3})

    assert await stored() == before
    assert (changed.number, changed.metadata) == (2, {"a": {"c": 2, "e": 5}, "d": 3})
    assert (await Snapshot.get(number=1)).metadata == {"a": 1}
    told = (await Event.filter(feed_id=project.id).order_by("-sequence").limit(1))[0]
    assert told.changed == ["metadata.a.b", "metadata.a.e"]


@pytest.mark.parametrize("version", [None, 2])
async def test_what_a_deletion_took_comes_back_byte_for_byte(
    home: Home, version: int | None
) -> None:
    project = await a_project(home)
    rows = [await a_snapshot(home, project, name) for name in "ABC"]
    before = await documents()
    gone = await act(home, snapshots.delete_snapshot, project.id, version)
    left = [snapshot.number for snapshot in await Snapshot.all().order_by("number")]
    await act(home, restore, gone.restore_id)

    assert left == ([] if version is None else [1, 3])
    assert gone.deleted[0] == gone.id == rows[2 if version is None else 1].id
    assert await documents() == before


async def test_a_restored_project_has_its_snapshots_again(home: Home) -> None:
    project = await a_project(home)
    await a_snapshot(home, project, "A")
    before = await documents()
    gone = await act(home, projects.delete_project, project.id)
    assert await documents() == []
    await act(home, restore, gone.restore_id)

    assert await documents() == before
    assert (await a_snapshot(home, project, "A")).number == 2


async def test_the_first_snapshot_may_be_made_of_the_projects_own_scenes(home: Home) -> None:
    project = await a_project(home)
    first = await a_scene(home, project, title="EXT. PIER", description="Rain.", label="1A")
    second = await a_scene(home, project, title="INT. BAR")
    made = await act(home, snapshots.ensure_snapshot, project.id)
    again = await act(home, snapshots.ensure_snapshot, project.id)
    _, document = await read_snapshot(home.owner, project.id)

    assert (made.number, again.id) == (1, made.id)
    rain = [{"type": "action", "text": "Rain."}]
    assert document["scenes"] == [
        {"id": first.id, "heading": "EXT. PIER", "elements": rain, "label": "1A"},
        {"id": second.id, "heading": "INT. BAR", "elements": []},
    ]


async def test_a_document_sent_scene_by_scene_is_one_version_of_the_history(home: Home) -> None:
    project = await a_project(home)

    async def send(*scene_ids: str) -> None:
        for scene_id in scene_ids:
            given = {"heading": scene_id}
            await act(home, snapshots.remember_scene, project.id, scene_id, given)

    async def kept() -> list[int]:
        return [snapshot.number for snapshot in await Snapshot.all().order_by("number")]

    first = await a_snapshot(home, project, "A")
    await send("B", "C", "D")
    assert await kept() == [first.number, 4]
    assert await headings(home, project) == ["A", "B", "C", "D"]
    for _ in range(limits.SNAPSHOTS_KEPT):
        await send("B")
    assert await kept() == [1, 24]

    await a_snapshot(home, project, "E")
    await send("F", "G")
    assert await kept() == [1, 24, 25, 27]
    long_ago = home.world.now() - timedelta(seconds=limits.PIECEMEAL_SECONDS)
    await Snapshot.filter(number=27).update(created_at=long_ago)
    await send("H")
    assert await kept() == [1, 24, 25, 27, 28]
    assert await headings(home, project) == ["E", "F", "G", "H"]


async def test_an_exported_file_is_what_another_project_takes(home: Home) -> None:
    project, other = await a_project(home), await a_project(home)
    snapshot = await a_snapshot(home, project, "A", metadata={"draft": 1})
    file = await snapshot_file(home.world, home.owner, project.id)
    asset = await act(home, snapshots.export_snapshot, project.id, file)
    again = await act(home, snapshots.export_snapshot, project.id, file)

    exported = json.loads(await home.world.storage.get(asset.sha256))
    taken = await act(home, snapshots.store_snapshot, other.id, exported)
    assert (asset.id, asset.media_type) == (again.id, "application/json")
    assert (taken.number, taken.checksum, taken.metadata) == (1, snapshot.checksum, {"draft": 1})


async def test_a_file_is_no_larger_than_what_a_request_may_bring(home: Home) -> None:
    project = await a_project(home)
    many = {"takes": [[[0] * 20_000]]}
    await a_snapshot(home, project, scenes=[many])
    file = await snapshot_file(home.world, home.owner, project.id)
    assert file.size < len(json.dumps(many))


async def test_who_may_not_export_leaves_no_file(home: Home, tmp_path: Path) -> None:
    project = await a_project(home)
    await a_snapshot(home, project, "A")
    before = await all_that_is_kept(home, tmp_path / "assets")
    with pytest.raises(Forbidden):
        await snapshot_file(home.world, a_viewer(project), project.id)
    assert await all_that_is_kept(home, tmp_path / "assets") == before


async def test_a_storage_that_takes_nothing_leaves_no_asset(home: Home, tmp_path: Path) -> None:
    project = await a_project(home)
    await a_snapshot(home, project, "A")
    before = await stored()
    (tmp_path / "assets" / "objects").write_text("in the way")
    with pytest.raises(StorageUnavailable):
        await snapshot_file(home.world, home.owner, project.id)
    assert await stored() == before


async def test_of_several_at_once_each_gets_a_version_and_one_builds_on_a_base(home: Home) -> None:
    project = await a_project(home)
    together = [a_snapshot(home, project, str(n)) for n in range(5)]
    made = await asyncio.gather(*together)
    given = {"scenes": [], "baseVersion": 5}
    rivals = [act(home, snapshots.store_snapshot, project.id, given) for _ in range(3)]
    answers = await asyncio.gather(*rivals)

    assert sorted(snapshot.number for snapshot in made) == [1, 2, 3, 4, 5]
    assert sorted(type(answer).__name__ for answer in answers) == [
        *["EditConflict"] * 2,
        "Snapshot",
    ]
