"""A revised screenplay over the board of the one before it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from models import EventKind, Project, Scene, Screenplay, ScreenplayScene, new_id, reading
from models.rank import RankExhausted, spread

from . import limits
from .access import changeable
from .actor import Actor
from .assets import File
from .checks import text
from .deletion import delete
from .editing import store
from .errors import Conflict
from .formats.scene_ids import claimed
from .formats.screenplay_board import Read, Shown, ascending
from .formats.screenplay_matching import Compared, matches
from .idempotency import Once, answered_before
from .screenplays import (
    FORGOTTEN,
    Script,
    add_draft,
    add_scenes,
    as_it_is,
    check_size,
    dialogue_of,
    keep_version,
    newest,
    origin_of,
    read_script,
    unsaved_scene,
)
from .snapshots import next_number
from .work import Work
from .world import World

INPUT = {
    "projectId": as_it_is,
    "text": text(limits.SCREENPLAY_BYTES, nullable=True),
    "format": as_it_is,
    "createShots": as_it_is,
}
OPERATION = "reimportScreenplay"
NONE_YET = "This project has no screenplay yet: import one."


class Action(StrEnum):
    KEEP = "KEEP"
    CHANGE = "CHANGE"
    ADD = "ADD"
    MOVE = "MOVE"
    OMIT = "OMIT"


@dataclass
class Step:
    """What becomes of one scene: `scene` and `origin` are what it was, `read` what it is to be."""

    action: Action
    scene: Scene | None = None
    origin: ScreenplayScene | None = None
    read: Read | None = None
    similarity: float | None = None
    restore_id: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    """The columns that change on the board."""

    def told(self) -> dict[str, Any]:
        shown: Any = self.read.shown if self.read is not None else self.origin
        return {
            "action": self.action.value,
            "scene_id": self.scene.id if self.scene is not None else None,
            "label": shown.label,
            "heading": shown.title,
            "similarity": self.similarity,
            "restore_id": self.restore_id,
        }


@dataclass(frozen=True)
class Revision:
    """A revised screenplay that was read; `file` is where it is stored if it is to be applied."""

    project_id: str
    shots: bool
    script: Script
    file: File | None


async def receive_revision(
    actor: Actor,
    world: World,
    once: Once | None,
    given: Mapping[str, Any],
    data: bytes | None = None,
    *,
    apply: bool,
) -> Revision | None:
    """The same as of a first screenplay; one that is only looked at is not stored."""
    values = {name: INPUT[name](value, f"input.{name}") for name, value in given.items()}
    project_id = values["projectId"]
    project = await changeable(actor, Project, project_id, "input.projectId")
    if once is not None and await answered_before(actor, once):
        return None
    if apply:
        next_number(project, field="input.projectId")
    if await newest(project_id) is None:
        raise Conflict(NONE_YET, "input.projectId")
    script = await read_script(values, data)
    shots = bool(values.get("createShots"))
    check_size(script.board.scenes, 0, shots, script.field)
    await script.content([new_id(Scene.PREFIX)] * len(script.board.scenes), OPERATION)
    file = await script.stored(world) if apply else None
    return Revision(project_id, shots, script, file)


async def reimport_screenplay(work: Work, revision: Revision | None) -> dict[str, Any]:
    """What becomes of each scene, in the order of the revised screenplay and then what it omits.

    Where the script changed a field, the script's is on the board now; where it did not, the
    board's own stays. Scenes that stay keep their shots, images and choices.
    """
    if revision is None:
        raise Conflict(FORGOTTEN, "input")
    project = await work.held(Project, revision.project_id, "input.projectId")
    before = await newest(project.id)
    if before is None:
        raise Conflict(NONE_YET, "input.projectId")
    board = await Scene.filter(project_id=project.id).order_by("rank")
    plan = await _plan(before, board, revision.script.board.scenes)
    added = [step.read for step in plan if step.action is Action.ADD and step.read]
    staying = len(board) - sum(step.action is Action.OMIT for step in plan)
    check_size(added, staying, revision.shots, revision.script.field)
    if revision.file is not None:
        draft = await add_draft(project, revision.script, revision.file)
        await _apply(work, project, draft, board, plan, revision.shots)
        ids = [step.scene.id for step in plan if step.scene and step.read]
        await keep_version(work, project, draft, await revision.script.content(ids, OPERATION))
        await store(work, project, "script", only=[])
    return {"applied": revision.file is not None, "plan": [step.told() for step in plan]}


async def _plan(before: Screenplay, board: Sequence[Scene], new: Sequence[Read]) -> list[Step]:
    by_id = {scene.id: scene for scene in board}
    rows = await ScreenplayScene.filter(screenplay_id=before.id).order_by("place")
    placed = [row for row in rows if row.scene_id in by_id]
    named = claimed([read.ids for read in new], by_id)
    origins = await _with_named(placed, board, named.values())
    old = [Compared(row.label, row.title, _text(row.description, row.dialogue)) for row in origins]
    now = [
        Compared(
            read.shown.label, read.shown.title, _text(read.shown.description, dialogue_of(read))
        )
        for read in new
    ]
    places = {origin.scene_id: place for place, origin in enumerate(origins)}
    known = [(places[scene_id], at) for at, scene_id in named.items()]
    found = {match.after: match for match in await asyncio.to_thread(matches, old, now, known)}
    in_order = set(ascending([match.before for match in found.values()]))
    plan = []
    for at, read in enumerate(new):
        match = found.get(at)
        if match is None:
            plan.append(Step(Action.ADD, read=read))
            continue
        origin = origins[match.before]
        step = Step(Action.KEEP, by_id[origin.scene_id], origin, read, match.similarity)
        step.values = _changes(origin, read.shown, by_id[origin.scene_id])
        if match.before not in in_order:
            step.action = Action.MOVE
        elif match.similarity < 1:
            step.action = Action.CHANGE
        plan.append(step)
    kept = {match.before for match in found.values()}
    left = (origin for at, origin in enumerate(origins) if at not in kept)
    return plan + [Step(Action.OMIT, by_id[origin.scene_id], origin) for origin in left]


async def _with_named(
    placed: Sequence[ScreenplayScene], board: Sequence[Scene], named: Collection[str]
) -> list[ScreenplayScene]:
    """The scenes of a draft in its order, and among them, each behind the one before it on the
    board, those that it did not have and the next one names, as the board shows them."""
    here = {row.scene_id: row for row in placed}
    added = {scene_id for scene_id in named if scene_id not in here}
    if not added:
        return list(placed)
    drafts = await reading.children(ScreenplayScene, "scene_id", added)
    after: dict[str | None, list[ScreenplayScene]] = {}
    last: str | None = None
    for scene in board:
        if scene.id in here:
            last = scene.id
        elif scene.id in added:
            after.setdefault(last, []).append(_as_shown(scene, drafts[scene.id]))
    behind = (row for one in placed for row in (one, *after.get(one.scene_id, ())))
    return [*after.get(None, ()), *behind]


def _as_shown(scene: Scene, drafts: Sequence[ScreenplayScene]) -> ScreenplayScene:
    """A scene that the draft does not have; the dialogue is that of the last one that had it."""
    return ScreenplayScene(
        scene_id=scene.id,
        title=scene.title,
        label=scene.label,
        description=scene.description,
        dialogue=drafts[-1].dialogue if drafts else [],
    )


def _text(description: str, dialogue: Sequence[Mapping[str, Any]]) -> str:
    said = ([each["character"], *each["parentheticals"], *each["lines"]] for each in dialogue)
    return "\n".join([description, *(words for speech in said for words in speech)])


def _changes(origin: ScreenplayScene, shown: Shown, scene: Scene) -> dict[str, Any]:
    """What the script changed and the board does not have yet."""
    return {
        name: value
        for name, value in asdict(shown).items()
        if value not in (getattr(origin, name), getattr(scene, name))
    }


async def _apply(
    work: Work,
    project: Project,
    draft: Screenplay,
    board: Sequence[Scene],
    plan: Sequence[Step],
    shots: bool,
) -> None:
    gone = set()
    for step in plan:
        if step.action is Action.OMIT and step.scene is not None:
            step.restore_id = (await delete(work, step.scene)).restore_id
            gone.add(step.scene.id)
    added: list[tuple[Scene, Read]] = []
    for step in plan:
        if step.action is Action.ADD and step.read is not None:
            step.scene = unsaved_scene(project, step.read, new_id(Scene.PREFIX), "")
            added.append((step.scene, step.read))
    ranks = _ranks([scene for scene in board if scene.id not in gone], plan)
    for scene, _ in added:
        scene.rank = ranks.pop(scene.id)
    await _make_way(board, ranks)
    await add_scenes(work, project, added, shots)
    origins = []
    for step in plan:
        if step.scene is None or step.read is None:
            continue
        origins.append(origin_of(draft, step.scene, step.read))
        if step.origin is not None:
            said = origins[-1].dialogue != step.origin.dialogue
            await _change(work, step.scene, step.values, said, ranks.pop(step.scene.id, None))
    for scene in board:
        if scene.id in ranks:
            await _change(work, scene, {}, False, ranks[scene.id])
    await ScreenplayScene.bulk_create(origins)


def _ranks(board: Sequence[Scene], plan: Sequence[Step]) -> dict[str, str]:
    """New ranks, by scene, of what was moved or is new: each behind the one before it in the
    script. Where no room is left between two, all that follow get new ones too."""
    moving = {s.scene.id for s in plan if s.action in (Action.ADD, Action.MOVE) and s.scene}
    after: dict[str | None, list[Scene]] = {}
    last: str | None = None
    for step in plan:
        if step.scene is not None and step.scene.id in moving:
            after.setdefault(last, []).append(step.scene)
        elif step.scene is not None and step.action is not Action.OMIT:
            last = step.scene.id
    found: dict[str, str] = {}
    staying = [scene for scene in board if scene.id not in moving]
    starts: list[Scene | None] = [None, *staying]
    try:
        for start, end in zip(starts, [*staying, None], strict=True):
            these = after.get(start.id if start else None, [])
            keys = spread(start.rank if start else None, end.rank if end else None, len(these))
            found |= {scene.id: key for scene, key in zip(these, keys, strict=True)}
    except RankExhausted:
        order = [each for one in starts for each in (one, *after.get(one.id if one else None, []))]
        scenes = [scene for scene in order if scene is not None]
        keys = spread(max(scene.rank for scene in board), None, len(scenes))
        found = {scene.id: key for scene, key in zip(scenes, keys, strict=True)}
    return found


async def _make_way(board: Sequence[Scene], ranks: Mapping[str, str]) -> None:
    """Scenes that get new ranks stand behind all others first, so that no two are equal."""
    moving = [scene for scene in board if scene.id in ranks]
    last = max([*(scene.rank for scene in board), *ranks.values()], default=None)
    for scene, rank in zip(moving, spread(last, None, len(moving)), strict=True):
        await Scene.filter(id=scene.id).update(rank=rank)


async def _change(
    work: Work, scene: Scene, values: Mapping[str, Any], said: bool, rank: str | None
) -> None:
    for name, value in values.items():
        setattr(scene, name, value)
    if values or said:
        changed = [*values, "dialogue"] if said else list(values)
        await store(work, scene, *changed, only=list(values))
    if rank is not None:
        scene.rank = rank
        await store(work, scene, "sceneNumber", only=["rank"], kind=EventKind.MOVED)
