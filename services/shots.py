from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models import EventKind, Project, Scene, Shot
from models.rank import spread

from . import limits
from .access import seen
from .checks import checked, columns, number, shape, text
from .deletion import Deletion, delete
from .editing import EditConflict, edit, store
from .errors import Conflict, InvalidInput
from .ordering import rank_at
from .work import Work

SECONDS = number(0, limits.SHOT_SECONDS)
NAME = text(limits.NAME, nullable=True)
SIDE = number(limits.PICTURE_SIDE_MIN, limits.PICTURE_SIDE, whole=True)


def side(value: Any, path: str) -> int | None:
    """A picture's width or height in pixels: even, as video wants it."""
    pixels: int | None = SIDE(value, path)
    if pixels is not None and pixels % 2:
        raise InvalidInput("This must be an even number of pixels.", path)
    return pixels


PARAMETERS = {
    "steps": number(1, 1_000, whole=True),
    "cfgScale": number(0, 100),
    "width": side,
    "height": side,
    "seed": number(0, 2**31 - 1, whole=True),
}
PATCH = {
    "label": text(limits.LABEL, nullable=True),
    "description": text(limits.DESCRIPTION),
    "initialPrompt": text(limits.PROMPT, nullable=True),
    "generation": shape(
        prompt=text(limits.PROMPT, nullable=True),
        negativePrompt=text(limits.PROMPT, nullable=True),
        model=text(limits.EXTERNAL_ID, nullable=True),
        parameters=shape(**PARAMETERS),
    ),
    "timing": shape(duration=SECONDS, inPoint=SECONDS, outPoint=SECONDS, transition=NAME),
    "camera": shape(framing=NAME, angle=NAME, movement=shape(type=NAME)),
    "type": NAME,
    "status": NAME,
}
DOCUMENTS = ("generation", "timing", "camera")


async def create_shot(
    work: Work, scene_id: str, given: Mapping[str, Any], place: int | None = None
) -> Shot:
    scene = await work.held(Scene, scene_id, "input.sceneId")
    project = await Project.get(id=scene.project_id)
    values = _checked(given, project, "input")
    rank, number = await rank_at(work, Shot, scene.id, place, field="input.shotNumber")
    shot = _shot(scene, rank, values)
    await shot.save(force_create=True)
    shot.place = number
    work.record(shot, EventKind.CREATED)
    return shot


async def add_shots(
    work: Work, project: Project, scene: Scene, documents: Sequence[Mapping[str, Any]]
) -> None:
    """The shots of a new scene, in the order given but for those that ask for a place."""
    ordered: list[dict[str, Any]] = []
    for index, document in enumerate(documents):
        path = f"input.shots.{index}"
        place = document.get("shotNumber")
        if place is not None and place < 1:
            raise InvalidInput("Places count from 1.", f"{path}.shotNumber")
        values = {name: value for name, value in document.items() if name != "shotNumber"}
        at = len(ordered) if place is None else min(place - 1, len(ordered))
        ordered.insert(at, _checked(values, project, path))
    ranks = spread(None, None, len(ordered))
    shots = [_shot(scene, rank, values) for rank, values in zip(ranks, ordered, strict=True)]
    await Shot.bulk_create(shots)
    for shot in shots:
        work.record(shot, EventKind.CREATED)


def _shot(scene: Scene, rank: str, values: Mapping[str, Any]) -> Shot:
    return Shot(project_id=scene.project_id, scene_id=scene.id, rank=rank, **columns(values))


def _checked(given: Mapping[str, Any], project: Project, path: str) -> dict[str, Any]:
    """Checked fields of a new shot; documents are never null and hold no null."""
    values = _in_frames(checked(PATCH, given, path), project)
    for name in DOCUMENTS:
        if name in values:
            values[name] = _without_null(values[name] or {})
    return values


def _in_frames(values: dict[str, Any], project: Project) -> dict[str, Any]:
    """Seconds of the timing become frames at the project's rate."""
    timing = values.get("timing")
    if timing:
        values["timing"] = {
            name: round(value * project.rate) if isinstance(value, int | float) else value
            for name, value in timing.items()
        }
    return values


def _without_null(document: Mapping[str, Any]) -> dict[str, Any]:
    inner = {n: _without_null(v) if isinstance(v, Mapping) else v for n, v in document.items()}
    return {name: value for name, value in inner.items() if value is not None and value != {}}


async def update_shot(
    work: Work, shot_id: str, given: Mapping[str, Any], expected_version: int | None = None
) -> Shot | EditConflict:
    shot = await work.held(Shot, shot_id)
    project = await Project.get(id=shot.project_id)
    values = _in_frames(checked(PATCH, given, "patch"), project)
    return await edit(work, shot, values, given, expected_version, DOCUMENTS) or shot


async def move_shot(work: Work, shot_id: str, place: int, scene_id: str | None = None) -> Shot:
    """To a place in its scene or in another scene of the same project."""
    shot = await work.held(Shot, shot_id)
    # Only seen: a second feed held from here on could make two units wait for each other.
    scene = await seen(work.actor, Scene, scene_id, "sceneId") if scene_id is not None else None
    if scene is not None and scene.project_id != shot.project_id:
        raise Conflict("A shot moves only within its project.", "sceneId")
    target = scene.id if scene else shot.scene_id
    rank, number = await rank_at(work, Shot, target, place, moving=shot, field="shotNumber")
    if target == shot.scene_id and rank == shot.rank:
        return shot
    changed = ("shotNumber",) if target == shot.scene_id else ("shotNumber", "scene")
    shot.scene_id, shot.rank, shot.place = target, rank, number
    await store(work, shot, *changed, only=["scene_id", "rank"], kind=EventKind.MOVED)
    return shot


async def delete_shot(work: Work, shot_id: str) -> Deletion:
    return await delete(work, await work.held(Shot, shot_id))
