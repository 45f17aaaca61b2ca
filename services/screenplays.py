"""Screenplays onto the board and back: a file becomes scenes at once, and the scenes a file."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
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
    new_id,
)
from models.rank import spread

from . import limits, scenes
from .access import changeable, seen
from .actor import Actor
from .assets import File, store_screenplay
from .checks import checked, columns, text
from .editing import store
from .errors import Conflict, InvalidInput, LimitExceeded
from .formats.screenplay import Format, NotAScreenplay
from .formats.screenplay import Screenplay as Paragraphs
from .formats.screenplay_board import (
    Board,
    Bounds,
    Read,
    Shown,
    Standing,
    as_on_board,
    board_of,
)
from .formats.screenplay_document import document_of, title_page_of
from .formats.screenplay_files import encoded, format_of, read_screenplay, write_screenplay
from .idempotency import Once, answered_before
from .projects import client_for, create_project
from .shots import unsaved_shot
from .snapshot_documents import Content, metadata_of, packed_content
from .snapshots import add_version, next_number
from .work import Work
from .world import World

BOUNDS = Bounds(limits.TITLE, limits.LABEL, min(limits.DESCRIPTION, limits.PROMPT))
MEDIA_TYPES = {Format.FDX: "application/xml", Format.FOUNTAIN: "text/plain"}
SECOND = "This project has a screenplay already."
FORGOTTEN = "The first answer was forgotten just now. Ask again."


def as_it_is(value: Any, path: str) -> Any:
    """What GraphQL has checked."""
    return value


INPUT = {
    "projectId": as_it_is,
    "clientSlug": text(100, nullable=True),
    "title": text(limits.TITLE, nullable=True),
    "text": text(limits.SCREENPLAY_BYTES, nullable=True),
    "format": as_it_is,
    "createShots": as_it_is,
}


@dataclass(frozen=True)
class Script:
    """A screenplay that was read. `field` is where it came from."""

    data: bytes
    format: Format
    board: Board
    field: str

    async def stored(self, world: World) -> File:
        return await store_screenplay(world.storage, self.data, MEDIA_TYPES[self.format])

    async def content(self, ids: Sequence[str], operation: str) -> Content:
        """All of it as a snapshot in which the scenes have these ids. Refused if it is too large,
        which ids decide nothing of: all are of one length."""
        return await asyncio.to_thread(self._content, ids, operation)

    def _content(self, ids: Sequence[str], operation: str) -> Content:
        told = {
            "operation": operation,
            "format": self.format.value,
            "fileChecksum": hashlib.sha256(self.data).hexdigest(),
            "titlePage": title_page_of(self.board.title_page),
        }
        metadata = metadata_of({"screenplay": told}, self.field)
        return packed_content(document_of(self.board, ids), metadata, self.field)


@dataclass(frozen=True)
class Received:
    """A screenplay that is stored, where its scenes go, and what their ids will be."""

    project_id: str | None
    client_slug: str | None
    title: str | None
    shots: bool
    script: Script
    ids: Sequence[str]
    content: Content
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
    project_id, slug = values.get("projectId"), values.get("clientSlug")
    project: Project | None = None
    second, there = False, 0
    if project_id is None:
        await client_for(actor, slug)
    else:
        _refuse_given(values, "clientSlug", "title")
        project = await changeable(actor, Project, project_id, "input.projectId")
        # Looked at before the key: a twin that ends now has its answer by then.
        second = await newest(project_id) is not None
        there = await Scene.filter(project_id=project_id).count()
    if once is not None and await answered_before(actor, once):
        return None
    if second:
        raise Conflict(SECOND, "input.projectId")
    if project is not None:
        next_number(project, field="input.projectId")
    script = await read_script(values, data)
    shots = bool(values.get("createShots"))
    check_size(script.board.scenes, there, shots, script.field)
    ids = [new_id(Scene.PREFIX) for _ in script.board.scenes]
    content = await script.content(ids, "importScreenplay")
    file = await script.stored(world)
    return Received(project_id, slug, values.get("title"), shots, script, ids, content, file)


def _refuse_given(values: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if values.get(name) is not None:
            raise InvalidInput("This is for a new project.", f"input.{name}")


async def _refuse_second(project_id: str) -> None:
    if await newest(project_id) is not None:
        raise Conflict(SECOND, "input.projectId")


async def newest(project_id: str) -> Screenplay | None:
    """The draft that counts."""
    return await Screenplay.filter(project_id=project_id).order_by("-id").first()


async def read_script(values: Mapping[str, Any], data: bytes | None) -> Script:
    """From the bytes of a file, or from the text among the values."""
    field = "input.text" if data is None else "input.file"
    if data is None and values.get("text") is not None:
        data = encoded(values["text"])
    elif data is None or values.get("text") is not None:
        raise InvalidInput("Give a screenplay as a file or as text.", "input")
    if len(data) > limits.SCREENPLAY_BYTES:
        raise LimitExceeded(f"At most {limits.SCREENPLAY_BYTES:,} bytes.", field)
    wanted = values.get("format")
    format = Format(wanted.value) if wanted is not None else format_of(data)
    try:
        board = await asyncio.to_thread(_read, data, format)
    except NotAScreenplay as problem:
        raise InvalidInput(str(problem), field) from None
    if not board.scenes:
        raise InvalidInput("There is no scene in it: no line is a scene heading.", field)
    return Script(data, format, board, field)


def _read(data: bytes, format: Format) -> Board:
    return board_of(read_screenplay(data, format), BOUNDS)


def check_size(new: Sequence[Read], there: int, shots: bool, field: str) -> None:
    """Refuse more scenes and shots than a project, a scene or a unit of work may have."""
    count, most = there + len(new), limits.SCENES_PER_PROJECT
    if count > most:
        raise LimitExceeded(f"At most {most:,} scenes, not {count:,}.", field)
    per_scene = [len(scene.shots) for scene in new] if shots else []
    count, most = max(per_scene, default=0), limits.SHOTS_PER_SCENE
    if count > most:
        raise LimitExceeded(f"At most {most:,} shots in a scene, not {count:,}.", field)
    count, most = len(new) + sum(per_scene), limits.SCREENPLAY_THINGS
    if count > most:
        raise LimitExceeded(f"At most {most:,} scenes and shots at once, not {count:,}.", field)


async def import_screenplay(work: Work, received: Received | None) -> Screenplay:
    """The scenes of a screenplay after those that are there, or in a new project."""
    if received is None:
        raise Conflict(FORGOTTEN, "input")
    project, script = await _project(work, received), received.script
    screenplay = await add_draft(project, script, received.file)
    read = script.board.scenes
    last = await Scene.filter(project_id=project.id).order_by("-rank").first()
    ranks = spread(last.rank if last else None, None, len(read))
    places = zip(read, received.ids, ranks, strict=True)
    made = [unsaved_scene(project, *place) for place in places]
    await add_scenes(work, project, list(zip(made, read, strict=True)), received.shots)
    pairs = zip(made, read, strict=True)
    await ScreenplayScene.bulk_create(origin_of(screenplay, scene, one) for scene, one in pairs)
    await keep_version(work, project, screenplay, received.content)
    if received.project_id is not None:
        await store(work, project, "script", only=[])
    return screenplay


async def _project(work: Work, received: Received) -> Project:
    script = received.script
    if received.project_id is not None:
        project = await work.held(Project, received.project_id, "input.projectId")
        await _refuse_second(project.id)
        there = await Scene.filter(project_id=project.id).count()
        check_size(script.board.scenes, there, received.shots, script.field)
        return project
    title = received.title or script.board.title.strip()[: limits.TITLE] or "Untitled"
    return await create_project(
        work, {"title": title, "prompt": title, "clientSlug": received.client_slug}
    )


async def add_draft(project: Project, script: Script, file: File) -> Screenplay:
    """The draft that counts from now on."""
    if await Screenplay.filter(project_id=project.id).count() >= limits.SCREENPLAY_DRAFTS:
        raise LimitExceeded(f"At most {limits.SCREENPLAY_DRAFTS} drafts.", "input.projectId")
    cast = script.board.cast[: limits.SCREENPLAY_CHARACTERS]
    return await Screenplay.create(
        project_id=project.id,
        file_id=(await file.keep(project.id)).id,
        format=ScreenplayFormat(script.format.value),
        characters=[{"name": role.name, "speeches": role.speeches} for role in cast],
        problems=_problems(script.board),
    )


async def keep_version(
    work: Work, project: Project, screenplay: Screenplay, content: Content
) -> None:
    """Store a draft as the next snapshot of its project."""
    snapshot = await add_version(work, project, content, "input.projectId")
    screenplay.snapshot_number = snapshot.number
    await screenplay.save(update_fields=["snapshot_number"])


def _problems(board: Board) -> list[dict[str, Any]]:
    told = [{"line": problem.line, "message": problem.message} for problem in board.problems]
    most, more = limits.SCREENPLAY_PROBLEMS, len(told) - limits.SCREENPLAY_PROBLEMS
    last = [{"line": 0, "message": f"There are {more:,} more problems."}] if more > 0 else []
    return told[:most] + last


def unsaved_scene(project: Project, read: Read, scene_id: str, rank: str) -> Scene:
    """A scene as the screenplay has it."""
    values = columns(checked(scenes.PATCH, asdict(read.shown), "input"))
    return Scene(id=scene_id, project_id=project.id, rank=rank, **values)


def origin_of(screenplay: Screenplay, scene: Scene, read: Read) -> ScreenplayScene:
    """What the draft has of a scene, unsaved."""
    return ScreenplayScene(
        screenplay_id=screenplay.id,
        scene_id=scene.id,
        place=read.place,
        dialogue=dialogue_of(read),
        **asdict(read.shown),
    )


async def add_scenes(
    work: Work, project: Project, added: Sequence[tuple[Scene, Read]], with_shots: bool
) -> None:
    """Store new scenes, with a shot of each beat if so wanted."""
    shots: list[Shot] = []
    for scene, read in added if with_shots else ():
        for rank, words in zip(spread(None, None, len(read.shots)), read.shots, strict=True):
            shots.append(unsaved_shot(project, scene, rank, {"description": words}, "input"))
    await Scene.bulk_create(scene for scene, _ in added)
    await Shot.bulk_create(shots)
    for row in (*(scene for scene, _ in added), *shots):
        work.record(row, EventKind.CREATED)


def dialogue_of(read: Read) -> list[dict[str, Any]]:
    """What is said in a scene, to be stored."""
    return [
        {
            "character": speech.cue.name,
            "extensions": list(speech.cue.extensions),
            "continued": speech.cue.continued,
            "parentheticals": list(speech.parentheticals),
            "lines": list(speech.lines),
            "dual": speech.dual,
        }
        for speech in read.told.speeches
    ]


async def written_screenplay(
    actor: Actor,
    world: World,
    project_id: str,
    format: ScreenplayFormat | None = None,
    *,
    scene_ids: bool = False,
) -> str | None:
    """The file that the project was imported from, with what was done on the board since.

    What was not touched is as it was, byte for byte, unless another format is asked for. Where
    nothing was imported the scenes make a file; None where there are none. With `scene_ids` each
    scene has a note of its id, by which the next draft finds it again.
    """
    await seen(actor, Project, project_id)
    screenplay = await newest(project_id)
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
    standing = [_standing(scene, origins.get(scene.id), scene_ids) for scene in board]
    return await asyncio.to_thread(_written, data, source, standing, wanted)


def _standing(scene: Scene, origin: ScreenplayScene | None, with_id: bool) -> Standing:
    now, name = Shown(scene.title, scene.label, scene.description), scene.id if with_id else None
    if origin is None:
        return Standing(now, id=name)
    was = Shown(origin.title, origin.label, origin.description)
    return Standing(now, origin.place, was, name)


def _written(
    data: bytes, source: Format | None, board: list[Standing], wanted: Format | None
) -> str:
    script = read_screenplay(data, source) if source is not None else Paragraphs()
    wanted = wanted or source or Format.FOUNTAIN
    kept = script.frame if source is wanted else None
    encoding = kept.document.encoding if kept is not None else "utf-8"
    return write_screenplay(as_on_board(script, board), wanted).data.decode(encoding)
