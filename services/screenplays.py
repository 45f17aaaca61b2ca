"""Screenplays onto the board and back: a file becomes scenes at once, and the scenes a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models import (
    Asset,
    EventKind,
    Project,
    Scene,
    Screenplay,
    ScreenplayFormat,
    ScreenplayScene,
    Shot,
)
from models.rank import spread

from . import limits, scenes
from .access import changeable, seen
from .actor import Actor
from .assets import File, store_screenplay
from .checks import checked, columns, text
from .editing import store
from .errors import Conflict, InvalidInput, LimitExceeded
from .formats.breakdown import Speech
from .formats.screenplay import Format, NotAScreenplay
from .formats.screenplay import Screenplay as Script
from .formats.screenplay_board import (
    Board,
    Bounds,
    Read,
    Shown,
    Standing,
    as_on_board,
    board_of,
)
from .formats.screenplay_files import encoded, format_of, read_screenplay, write_screenplay
from .idempotency import Once, answered_before
from .projects import client_for, create_project
from .shots import unsaved_shot
from .work import Work
from .world import World

BOUNDS = Bounds(limits.TITLE, limits.LABEL, min(limits.DESCRIPTION, limits.PROMPT))
MEDIA_TYPES = {Format.FDX: "application/xml", Format.FOUNTAIN: "text/plain"}
IN_THE_WAY = "This project has a screenplay already."
UNTITLED = "Untitled"


def _as_it_is(value: Any, path: str) -> Any:
    """What GraphQL has checked."""
    return value


INPUT = {
    "projectId": _as_it_is,
    "clientSlug": text(100, nullable=True),
    "title": text(limits.TITLE, nullable=True),
    "text": text(limits.SCREENPLAY_BYTES, nullable=True),
    "format": _as_it_is,
    "createShots": _as_it_is,
}


@dataclass(frozen=True)
class Received:
    """A screenplay that was read, and where it goes. `file` is where it is stored."""

    project_id: str | None
    client_slug: str | None
    title: str | None
    shots: bool
    format: Format
    board: Board
    file: File


async def receive_screenplay(
    actor: Actor,
    world: World,
    once: Once | None,
    given: Mapping[str, Any],
    data: bytes | None = None,
) -> Received | None:
    """Read a screenplay and store it, after refusing all that its import would refuse by now.

    It comes as `data` or as text. A file comes before the rows that tell of it, and a refused
    request leaves none. None where the key has its answer already.
    """
    values = checked(INPUT, given, "input")
    field = "input.text" if data is None else "input.file"
    if data is None and values.get("text") is not None:
        data = encoded(values["text"])
    elif data is None or values.get("text") is not None:
        raise InvalidInput("Give a screenplay as a file or as text.", "input")
    if len(data) > limits.SCREENPLAY_BYTES:
        raise LimitExceeded(f"At most {limits.SCREENPLAY_BYTES:,} bytes.", field)
    project_id = values.get("projectId")
    there = await _scenes_there(actor, values, project_id)
    if once is not None and await answered_before(actor, once):
        return None
    if project_id is not None:
        await _refuse_second(project_id)
    wanted, shots = values.get("format"), bool(values.get("createShots"))
    format = Format(wanted.value) if wanted is not None else format_of(data)
    try:
        board = await asyncio.to_thread(_read, data, format)
    except NotAScreenplay as problem:
        raise InvalidInput(str(problem), field) from None
    _check_size(board, there, shots, field)
    file = await store_screenplay(world.storage, data, MEDIA_TYPES[format])
    slug, title = values.get("clientSlug"), values.get("title")
    return Received(project_id, slug, title, shots, format, board, file)


async def _scenes_there(actor: Actor, values: Mapping[str, Any], project_id: str | None) -> int:
    """How many scenes the project has, which must be the actor's to change."""
    if project_id is None:
        await client_for(actor, values.get("clientSlug"))
        return 0
    for name in ("clientSlug", "title"):
        if values.get(name) is not None:
            raise InvalidInput("This is for a new project.", f"input.{name}")
    await changeable(actor, Project, project_id, "input.projectId")
    return await Scene.filter(project_id=project_id).count()


async def _refuse_second(project_id: str) -> None:
    if await Screenplay.filter(project_id=project_id).exists():
        raise Conflict(IN_THE_WAY, "input.projectId")


def _read(data: bytes, format: Format) -> Board:
    return board_of(read_screenplay(data, format), BOUNDS)


def _check_size(board: Board, there: int, shots: bool, field: str) -> None:
    if not board.scenes:
        raise InvalidInput("There is no scene in it: no line is a scene heading.", field)
    count = len(board.scenes)
    if there + count > limits.SCENES_PER_PROJECT:
        most = limits.SCENES_PER_PROJECT
        raise LimitExceeded(f"At most {most:,} scenes, not {there + count:,}.", field)
    per_scene = [len(scene.shots) for scene in board.scenes] if shots else [0]
    if max(per_scene) > limits.SHOTS_PER_SCENE:
        most = limits.SHOTS_PER_SCENE
        raise LimitExceeded(f"At most {most:,} shots in a scene, not {max(per_scene):,}.", field)
    if count + sum(per_scene) > limits.SCREENPLAY_THINGS:
        made, most = count + sum(per_scene), limits.SCREENPLAY_THINGS
        raise LimitExceeded(f"At most {most:,} scenes and shots at once, not {made:,}.", field)


async def import_screenplay(work: Work, received: Received | None) -> Screenplay:
    """The scenes of a screenplay after those that are there, or in a new project."""
    if received is None:
        raise Conflict("The first answer was forgotten just now. Ask again.", "input")
    board = received.board
    project = await _project(work, received)
    file = await received.file.keep(project.id)
    screenplay = await Screenplay.create(
        project_id=project.id,
        file_id=file.id,
        format=ScreenplayFormat(received.format.value),
        characters=[
            {"name": role.name, "speeches": role.speeches}
            for role in board.cast[: limits.SCREENPLAY_CHARACTERS]
        ],
        problems=_problems(board),
    )
    await _add_scenes(work, project, screenplay, board.scenes, received.shots)
    if received.project_id is not None:
        await store(work, project, "script", only=[])
    return screenplay


async def _project(work: Work, received: Received) -> Project:
    if received.project_id is not None:
        project = await work.held(Project, received.project_id, "input.projectId")
        await _refuse_second(project.id)
        there = await Scene.filter(project_id=project.id).count()
        _check_size(received.board, there, received.shots, "input.projectId")
        return project
    title = received.title or received.board.title.strip()[: limits.TITLE] or UNTITLED
    return await create_project(
        work, {"title": title, "prompt": title, "clientSlug": received.client_slug}
    )


def _problems(board: Board) -> list[dict[str, Any]]:
    told = [{"line": problem.line, "message": problem.message} for problem in board.problems]
    most, more = limits.SCREENPLAY_PROBLEMS, len(told) - limits.SCREENPLAY_PROBLEMS
    last = [{"line": 0, "message": f"There are {more:,} more problems."}] if more > 0 else []
    return told[:most] + last


async def _add_scenes(
    work: Work, project: Project, screenplay: Screenplay, read: Sequence[Read], with_shots: bool
) -> None:
    last = await Scene.filter(project_id=project.id).order_by("-rank").first()
    ranks = spread(last.rank if last else None, None, len(read))
    made: list[Scene] = []
    origins: list[ScreenplayScene] = []
    shots: list[Shot] = []
    for rank, one in zip(ranks, read, strict=True):
        shown = _shown(one.shown)
        values = columns(checked(scenes.PATCH, shown, "input"))
        scene = Scene(project_id=project.id, rank=rank, **values)
        made.append(scene)
        origins.append(
            ScreenplayScene(
                screenplay_id=screenplay.id,
                scene_id=scene.id,
                place=one.place,
                dialogue=[_said(speech) for speech in one.speeches],
                **shown,
            )
        )
        beats = one.shots if with_shots else ()
        for at, words in zip(spread(None, None, len(beats)), beats, strict=True):
            shots.append(unsaved_shot(project, scene, at, {"description": words}, "input"))
    await Scene.bulk_create(made)
    await ScreenplayScene.bulk_create(origins)
    await Shot.bulk_create(shots)
    for row in (*made, *shots):
        work.record(row, EventKind.CREATED)


def _shown(shown: Shown) -> dict[str, Any]:
    return {"title": shown.title, "label": shown.label, "description": shown.description}


def _said(speech: Speech) -> dict[str, Any]:
    return {
        "character": speech.cue.name,
        "extensions": list(speech.cue.extensions),
        "continued": speech.cue.continued,
        "parentheticals": list(speech.parentheticals),
        "lines": list(speech.lines),
        "dual": speech.dual,
    }


async def written_screenplay(
    actor: Actor, world: World, project_id: str, format: ScreenplayFormat | None = None
) -> str | None:
    """The file that the project was imported from, with what was done on the board since.

    What was not touched is as it was, byte for byte, unless another format is asked for. Where
    nothing was imported the scenes make a file; None where there are none.
    """
    await seen(actor, Project, project_id)
    screenplay = await Screenplay.get_or_none(project_id=project_id)
    board = await Scene.filter(project_id=project_id).order_by("rank")
    if screenplay is None and not board:
        return None
    origins: dict[str, ScreenplayScene] = {}
    data, source, wanted = b"", None, Format(format.value) if format else None
    if screenplay is not None:
        file = await Asset.get(id=screenplay.file_id)
        data, source = await world.storage.get(file.sha256), Format(screenplay.format.value)
        rows = await ScreenplayScene.filter(screenplay_id=screenplay.id)
        origins = {row.scene_id: row for row in rows}
    standing = [_standing(scene, origins.get(scene.id)) for scene in board]
    return await asyncio.to_thread(_written, data, source, standing, wanted)


def _standing(scene: Scene, origin: ScreenplayScene | None) -> Standing:
    now = Shown(scene.title, scene.label, scene.description)
    if origin is None:
        return Standing(now)
    return Standing(now, origin.place, Shown(origin.title, origin.label, origin.description))


def _written(
    data: bytes, source: Format | None, board: list[Standing], wanted: Format | None
) -> str:
    script = read_screenplay(data, source) if source is not None else Script()
    wanted = wanted or source or Format.FOUNTAIN
    kept = script.frame if source is wanted else None
    encoding = kept.document.encoding if kept is not None else "utf-8"
    return write_screenplay(as_on_board(script, board), wanted).data.decode(encoding)
