from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models import EventKind, Project, Scene

from . import limits
from .checks import checked, columns, text
from .deletion import Deletion, delete
from .editing import EditConflict, edit, store
from .errors import LimitExceeded
from .ordering import rank_at
from .shots import add_shots
from .work import Work

PATCH = {
    "label": text(limits.LABEL, nullable=True),
    "title": text(limits.TITLE),
    "description": text(limits.DESCRIPTION, blank=True),
}


async def create_scene(
    work: Work,
    project_id: str,
    given: Mapping[str, Any],
    place: int | None = None,
    shots: Sequence[Mapping[str, Any]] | None = None,
) -> Scene:
    """A scene with its shots: all of it or nothing."""
    if len(shots or ()) > limits.SHOTS_PER_REQUEST:
        raise LimitExceeded(f"At most {limits.SHOTS_PER_REQUEST} shots at once.", "input.shots")
    project = await work.held(Project, project_id, "input.projectId")
    values = checked(PATCH, given, "input")
    rank, number = await rank_at(work, Scene, project.id, place, field="input.sceneNumber")
    scene = await Scene.create(project_id=project.id, rank=rank, **columns(values))
    scene.place = number
    work.record(scene, EventKind.CREATED)
    await add_shots(work, project, scene, shots or [])
    return scene


async def update_scene(
    work: Work, scene_id: str, given: Mapping[str, Any], expected_version: int | None = None
) -> Scene | EditConflict:
    scene = await work.held(Scene, scene_id)
    values = checked(PATCH, given, "patch")
    return await edit(work, scene, values, given, expected_version) or scene


async def move_scene(work: Work, scene_id: str, place: int) -> Scene:
    """To a place in its project; moving it where it stands changes nothing."""
    scene = await work.held(Scene, scene_id)
    rank, number = await rank_at(
        work, Scene, scene.project_id, place, moving=scene, field="sceneNumber"
    )
    if rank != scene.rank:
        scene.rank, scene.place = rank, number
        await store(work, scene, "sceneNumber", only=["rank"], kind=EventKind.MOVED)
    return scene


async def delete_scene(work: Work, scene_id: str) -> Deletion:
    return await delete(work, await work.held(Scene, scene_id))
