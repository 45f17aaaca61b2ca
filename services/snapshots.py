"""Snapshots: a project's whole document, stored as one version after the other.

A version is there with its document, its counts and its event, read back and compared, or it is not
there at all and the one before is the newest. Versions are never changed, but for their metadata.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from models import (
    Asset,
    Damaged,
    EventKind,
    Project,
    Scene,
    Snapshot,
    SnapshotDocument,
    reading,
    snapshot_documents,
    snapshots_at,
)

from . import limits
from .access import changeable, check_id, seen
from .actor import Actor
from .assets import File
from .checks import differences as differing
from .checks import document as json_document
from .checks import merged, storable
from .deletion import Deletion, delete
from .editing import EditConflict
from .errors import Conflict, InvalidInput, LimitExceeded, NotFound
from .snapshot_documents import (
    Content,
    Document,
    check_scene,
    content_of,
    counts_of,
    differences,
    document_of_scenes,
    metadata_of,
    overlap,
    packed_content,
    patched,
)
from .work import Work
from .world import World

FILE_TYPE = "application/json"


async def store_snapshot(
    work: Work, project_id: str, given: Mapping[str, Any]
) -> Snapshot | EditConflict:
    """A new version. Its number is the given `version`, or one more than the last.

    With a `baseVersion` that is not the newest version nothing is stored; 0 stands for none yet.
    With a `checksum` it is refused unless the document has it.
    """
    content = await asyncio.to_thread(content_of, given)
    checksum = given.get("checksum")
    if checksum is not None and checksum != content.packed.sha256:
        raise InvalidInput(
            f"The document has another checksum: {content.packed.sha256}.", "input.checksum"
        )
    project = await work.held(Project, project_id, "input.projectId")
    newest, base = await _newest(project), given.get("baseVersion")
    _check_base(project, newest, base, "input.baseVersion")
    if base is not None and newest is not None and base != newest.number:
        fields = differences(content.document, await _document(newest))
        if content.metadata != newest.metadata:
            fields.append("metadata")
        return EditConflict(newest, given, fields or ["baseVersion"])
    number = next_number(project, given.get("version"))
    return await _add(work, project, content, number, base)


async def patch_snapshot_scenes(
    work: Work, project_id: str, given: Mapping[str, Any]
) -> Snapshot | EditConflict:
    """A new version in which some scenes are replaced, added or removed.

    With a `baseVersion`, scenes that nobody touched since are merged; of the others the conflict
    names each.
    """
    project = await work.held(Project, project_id, "input.projectId")
    newest = await _found(project, None, "input.projectId")
    patches, base = _patches(given), given.get("baseVersion")
    _check_base(project, newest, base, "input.baseVersion")
    document = await _document(newest)
    if base is not None and base != newest.number:
        [before] = await snapshots_at([(project.id, base)])
        old = await _document(before) if before is not None else None
        fields = overlap(old, document, patches)
        if fields:
            return EditConflict(newest, given, fields)
    return await _patch(work, project, newest, document, patches)


async def _patch(
    work: Work,
    project: Project,
    newest: Snapshot,
    document: Document,
    patches: Sequence[Mapping[str, Any]],
    piecemeal: bool = False,
) -> Snapshot:
    changed = document | {"scenes": patched(document["scenes"], patches)}
    content = await asyncio.to_thread(packed_content, changed, newest.metadata)
    return await _add(work, project, content, next_number(project), newest.number, piecemeal)


def _patches(given: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    patches: Sequence[Mapping[str, Any]] = given["scenes"]
    if not 1 <= len(patches) <= limits.SNAPSHOT_SCENES:
        most = f"1 to {limits.SNAPSHOT_SCENES:,} scenes at once, not {len(patches):,}."
        raise LimitExceeded(most, "input.scenes")
    return patches


async def restore_snapshot(work: Work, project_id: str, version: int) -> Snapshot:
    """A new version with what an older one holds, metadata included."""
    project = await work.held(Project, project_id, "input.projectId")
    old = await _found(project, version, "input.version")
    newest = await _newest(project)
    content = await asyncio.to_thread(packed_content, await _document(old), old.metadata)
    base = newest.number if newest is not None else None
    return await _add(work, project, content, next_number(project), base)


async def update_snapshot_metadata(work: Work, project_id: str, metadata: Any) -> Snapshot:
    """Lay metadata over that of the newest version, level by level; null removes."""
    project = await work.held(Project, project_id, "projectId")
    newest = await _found(project, None, "projectId")
    after = merged(newest.metadata, metadata_of(metadata, "metadata"))
    json_document(after, "metadata")
    changed = differing(newest.metadata, after, "metadata")
    if changed:
        newest.metadata = after
        await newest.save(update_fields=["metadata", "updated_at"])
        work.record(newest, EventKind.UPDATED, *changed)
    return newest


async def delete_snapshot(work: Work, project_id: str, version: int | None = None) -> Deletion:
    """One version, or every version of the project. `restore` brings back what this took."""
    project = await work.held(Project, project_id, "projectId")
    first = await _found(project, version, "projectId" if version is None else "version")
    others: list[Snapshot] = []
    if version is None:
        others = await Snapshot.filter(project_id=project.id).exclude(id=first.id).order_by("id")
    return await delete(work, first, *others)


async def ensure_snapshot(work: Work, project_id: str) -> Snapshot:
    """The newest version; where there is none, a first one of what the project's scenes say."""
    project = await work.held(Project, project_id, "projectId")
    newest = await _newest(project)
    if newest is not None:
        return newest
    scenes = await reading.children(Scene, "project_id", [project.id], ("rank",))
    content = await asyncio.to_thread(packed_content, document_of_scenes(scenes[project.id]), {})
    return await _add(work, project, content, next_number(project), None)


async def remember_scene(work: Work, project_id: str, scene_id: str, data: Any) -> Snapshot:
    """Lay fields over the scene that has this `id`, or add it: for who sends a scene at a time.

    Within PIECEMEAL_SECONDS the version takes the place of the last one that was made so, in order
    that a whole document sent by scenes is one version of the history.
    """
    storable(scene_id, "input.sceneId")
    check_scene(data, "input.data")
    newest = await ensure_snapshot(work, project_id)
    project = await Project.get(id=project_id)
    document = await _document(newest)
    known = any(scene.get("id") == scene_id for scene in document["scenes"])
    named = {"id": scene_id} if known else {}
    patches = [named | {"scene": data | {"id": scene_id}}]
    age = work.world.now() - newest.created_at
    if newest.piecemeal and age < timedelta(seconds=limits.PIECEMEAL_SECONDS):
        await _retire(work, newest)
    return await _patch(work, project, newest, document, patches, piecemeal=True)


async def find_snapshot(actor: Actor, project_id: str, version: int | None = None) -> Snapshot:
    """A version, or the newest."""
    project = await seen(actor, Project, project_id, "projectId")
    return await _found(project, version, "projectId" if version is None else "version")


async def read_snapshot(
    actor: Actor, project_id: str, version: int | None = None
) -> tuple[Snapshot, Document]:
    """The same with its document."""
    snapshot = await find_snapshot(actor, project_id, version)
    return snapshot, await _document(snapshot)


async def snapshot_file(
    world: World, actor: Actor, project_id: str, version: int | None = None
) -> File:
    """A version as a file in storage that no asset knows yet: `store_snapshot` takes what it holds,
    and without spaces, which may be ten times as much, a request takes it too.

    Only for who may `export_snapshot`.
    """
    check_id(Project, project_id, "projectId")
    await changeable(actor, Project, project_id, "projectId")
    snapshot, document = await read_snapshot(actor, project_id, version)
    told = {"checksum": snapshot.checksum, "metadata": snapshot.metadata} | document
    data = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    stored = await world.storage.put(data)
    return File(stored.sha256, stored.size, FILE_TYPE)


async def export_snapshot(work: Work, project_id: str, file: File) -> Asset:
    """Make the file an asset of the project; the same file twice is one."""
    project = await work.held(Project, project_id, "projectId")
    return await file.keep(project.id)


async def add_version(work: Work, project: Project, content: Content, field: str) -> Snapshot:
    """The next version of a held project, as the step of another use case."""
    return await _add(work, project, content, next_number(project, field=field), None)


async def _add(
    work: Work,
    project: Project,
    content: Content,
    number: int,
    base: int | None,
    piecemeal: bool = False,
) -> Snapshot:
    snapshot = Snapshot(
        project_id=project.id,
        number=number,
        base=base or None,
        checksum=content.packed.sha256,
        metadata=content.metadata,
        piecemeal=piecemeal,
        **content.counts,
    )
    await snapshot.save(force_create=True)
    await SnapshotDocument.create(snapshot_id=snapshot.id, packed=content.packed.data)
    project.last_snapshot = number
    await project.save(update_fields=["last_snapshot"])
    await _read_back(snapshot.id, content)
    work.record(snapshot, EventKind.CREATED)
    versions = await Snapshot.filter(project_id=project.id).order_by("-number")
    await _retire(work, *versions[limits.SNAPSHOTS_KEPT :])
    return snapshot


async def _read_back(snapshot_id: str, content: Content) -> None:
    """Raises Damaged unless the database gives back what it was given, and as many of it."""
    stored = await Snapshot.get(id=snapshot_id)
    document = await _document(stored)
    counted = {name: getattr(stored, name) for name in content.counts}
    again = await asyncio.to_thread(counts_of, document) | {"stored_bytes": stored.stored_bytes}
    if stored.checksum != content.packed.sha256 or not counted == again == content.counts:
        raise Damaged(f"The snapshot {snapshot_id} was not stored as it was given.")


async def _retire(work: Work, *versions: Snapshot) -> None:
    """They go for good."""
    for old in versions:
        await old.delete()
        work.record_deleted(old, [old.id])


async def _newest(project: Project) -> Snapshot | None:
    return (await snapshots_at([(project.id, None)]))[0]


async def _found(project: Project, version: int | None, field: str) -> Snapshot:
    [snapshot] = await snapshots_at([(project.id, version)])
    if snapshot is None:
        which = "no snapshot yet" if version is None else f"no snapshot of version {version}"
        raise NotFound(f"The project has {which}.", field)
    return snapshot


async def _document(snapshot: Snapshot) -> Document:
    [document] = await snapshot_documents([(snapshot.id, snapshot.checksum)])
    if document is None:
        raise NotFound("The snapshot was deleted while it was read.", "projectId")
    return document  # type: ignore[no-any-return]  # what was packed


def _check_base(project: Project, newest: Snapshot | None, base: int | None, field: str) -> None:
    if base is None:
        return
    if not 0 <= base <= project.last_snapshot:
        raise InvalidInput(
            f"There is no version {base}; the last is {project.last_snapshot}.", field
        )
    if base and newest is None:
        raise Conflict("Every version has been deleted since.", field)


def next_number(project: Project, given: int | None = None, field: str = "input.version") -> int:
    """The `given` version, or one more than the last; refused unless it is larger."""
    number = given if given is not None else project.last_snapshot + 1
    if number > limits.SNAPSHOT_VERSION:
        raise LimitExceeded(f"A version is at most {limits.SNAPSHOT_VERSION}.", field)
    if number < 1:
        raise InvalidInput("Versions count from 1.", field)
    if number <= project.last_snapshot:
        last = project.last_snapshot
        raise Conflict(f"The last version is {last}; give a larger one, or none.", field)
    return number
