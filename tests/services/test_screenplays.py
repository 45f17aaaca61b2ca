"""A screenplay becomes scenes at once or not at all, and the board is a screenplay again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models import (
    Asset,
    Client,
    Event,
    EventKind,
    Feed,
    Project,
    Scene,
    Screenplay,
    ScreenplayFormat,
    ScreenplayScene,
    Shot,
)
from services import limits, projects, restoring, scenes, screenplays
from services.actor import Actor, Role
from services.errors import Conflict, Forbidden, IdempotencyKeyReused, NotFound, Refusal
from services.idempotency import Once
from services.work import perform, perform_once
from tests.conftest import Home
from tests.formats.screenplays import LANTERNS_FDX, LANTERNS_FOUNTAIN
from tests.making import a_project, a_scene, an_outsider
from tests.stored import stored

FDX, FOUNTAIN = ScreenplayFormat.FDX, ScreenplayFormat.FOUNTAIN
SCRIPT = """Title: Two

INT. A - DAY #1#

One.

ANNA (V.O.)
(low)
Hello.

Two.

.OMITTED #2#

EXT. B - NIGHT #3A#

Three.
"""


async def bring(
    home: Home,
    script: str | None = SCRIPT,
    actor: Actor | None = None,
    key: str | None = None,
    data: bytes | None = None,
    **more: Any,
) -> Screenplay:
    actor, given = actor or home.owner, ({"text": script} if script is not None else {}) | more
    once = Once("importScreenplay", key, given) if key is not None else None
    act = screenplays.receive_screenplay
    received = await act(actor, home.world, once, given, data)
    return await perform_once(home.world, actor, once, screenplays.import_screenplay, received)


async def back(home: Home, screenplay: Screenplay, format: ScreenplayFormat = FOUNTAIN) -> str:
    written = await screenplays.written_screenplay(
        home.owner, home.world, screenplay.project_id, format
    )
    assert written is not None
    return written


async def on_board(screenplay: Screenplay) -> list[Scene]:
    return await Scene.filter(project_id=screenplay.project_id).order_by("rank")


def files(folder: Path) -> list[Path]:
    return [path for path in (folder / "assets").rglob("*") if path.is_file()]


async def test_a_screenplay_becomes_a_project_with_its_scenes(home: Home) -> None:
    screenplay = await bring(home)

    project = await Project.get(id=screenplay.project_id)
    assert (project.title, project.prompt, screenplay.format) == ("Two", "Two", FOUNTAIN)
    assert [(s.label, s.title, s.description) for s in await on_board(screenplay)] == [
        ("1", "INT. A - DAY", "One.\n\nTwo."),
        ("3A", "EXT. B - NIGHT", "Three."),
    ]
    assert screenplay.characters == [{"name": "ANNA", "speeches": 1}]
    first = await ScreenplayScene.get(place=0)
    assert first.dialogue == [
        {
            "character": "ANNA",
            "extensions": ["V.O."],
            "continued": False,
            "parentheticals": ["low"],
            "lines": ["Hello."],
            "dual": False,
        }
    ]
    [problem] = screenplay.problems
    assert problem["line"] == 13
    assert not await Shot.exists()


@pytest.mark.parametrize("data", [LANTERNS_FDX, LANTERNS_FOUNTAIN], ids=["fdx", "fountain"])
async def test_the_file_is_kept_byte_for_byte(home: Home, data: bytes) -> None:
    screenplay = await bring(home, None, data=data)
    asset = await Asset.get(id=screenplay.file_id)
    assert asset.project_id == screenplay.project_id
    assert await home.world.storage.get(asset.sha256) == data
    assert asset.filename.endswith(f".{screenplay.format.lower()}")


async def test_the_feed_tells_of_every_scene_and_shot_in_one_go(home: Home) -> None:
    screenplay = await bring(home, createShots=True)
    events = await Event.filter(feed_id=screenplay.project_id).order_by("sequence")
    kinds = [event.subject_id.partition("_")[0] for event in events]
    assert kinds == ["prj", "scn", "scn", "shot", "shot", "shot", "snap"]
    assert {event.kind for event in events} == {EventKind.CREATED}
    assert (await Feed.get(id=screenplay.project_id)).head == len(events)
    shots = await Shot.all().order_by("id")
    assert [shot.description for shot in shots] == ["One.", "Two.", "Three."]


async def test_a_project_that_has_scenes_gets_them_behind_its_own(home: Home) -> None:
    project = await a_project(home)
    await a_scene(home, project, title="Mine")
    screenplay = await bring(home, projectId=project.id)

    board = await on_board(screenplay)
    assert [scene.title for scene in board] == ["Mine", "INT. A - DAY", "EXT. B - NIGHT"]
    [changed] = await Event.filter(feed_id=project.id, kind=EventKind.UPDATED)
    assert (changed.subject_id, changed.changed) == (project.id, ["script"])
    assert (await Project.get(id=project.id)).title == project.title


async def test_a_project_has_one_screenplay(home: Home, tmp_path: Path) -> None:
    first = await bring(home)
    before, kept = await stored(), files(tmp_path)
    with pytest.raises(Conflict, match="already"):
        await bring(home, "INT. OTHER\n", projectId=first.project_id)
    assert (await stored(), files(tmp_path)) == (before, kept)


async def test_of_two_screenplays_at_once_a_project_gets_one(home: Home) -> None:
    project = await a_project(home)
    tries = [bring(home, f"INT. {name}\n\nX.\n", projectId=project.id) for name in "ABCD"]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == [*["Conflict"] * 3, "Screenplay"]
    assert (await Scene.all().count(), await ScreenplayScene.all().count()) == (1, 1)


async def test_a_key_gets_the_first_answer_again(home: Home, tmp_path: Path) -> None:
    project = await a_project(home)
    first = await bring(home, key="k", projectId=project.id)
    before, kept = await stored(), files(tmp_path)
    assert (await bring(home, key="k", projectId=project.id)).id == first.id
    with pytest.raises(IdempotencyKeyReused):
        await bring(home, "INT. OTHER\n", key="k", projectId=project.id)
    assert (await stored(), files(tmp_path)) == (before, kept)


async def test_twins_at_any_moment_get_one_answer(home: Home) -> None:
    """A request that is repeated while the first is under way finds the first one's traces."""
    project = await a_project(home)

    async def twin(turns: int) -> str:
        for _ in range(turns):
            await asyncio.sleep(0.0005)
        return (await bring(home, key="k", projectId=project.id)).id

    assert len(set(await asyncio.gather(*map(twin, range(60))))) == 1
    assert await Screenplay.all().count() == 1


MANY = "".join(f"INT. A {number}\n\n" for number in range(limits.SCENES_PER_PROJECT + 1))
BEATS = "INT. A\n\n" + "One.\n\n" * (limits.SHOTS_PER_SCENE + 1)
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "nothing": ({}, "INVALID_INPUT", "input"),
    "both": ({"text": SCRIPT, "data": b"x"}, "INVALID_INPUT", "input"),
    "no scene": ({"text": "Once upon a time."}, "INVALID_INPUT", "input.text"),
    "half of a character": ({"text": "INT. \ud800"}, "INVALID_INPUT", "input.text"),
    "not as FDX": ({"text": SCRIPT, "format": FDX}, "INVALID_INPUT", "input.text"),
    "not UTF-8": ({"data": b"INT. \xff"}, "INVALID_INPUT", "input.file"),
    "too long": ({"data": b"x" * (limits.SCREENPLAY_BYTES + 1)}, "LIMIT_EXCEEDED", "input.file"),
    "too many scenes": ({"text": MANY}, "LIMIT_EXCEEDED", "input.text"),
    "too many shots": ({"text": BEATS, "createShots": True}, "LIMIT_EXCEEDED", "input.text"),
    "more than a snapshot holds": (
        {"data": b"INT. A\n\n" + b"x" * limits.SNAPSHOT_BYTES},
        "LIMIT_EXCEEDED",
        "input.file",
    ),
    "more title than a snapshot holds": (
        {"text": f"Title: A\nNotes: {'x' * limits.DOCUMENT_BYTES}\n\nINT. A\n"},
        "LIMIT_EXCEEDED",
        "input.text",
    ),
    "no such client": ({"text": SCRIPT, "clientSlug": "x"}, "NOT_FOUND", "input.clientSlug"),
    "no project": ({"text": SCRIPT, "projectId": "x"}, "INVALID_INPUT", "input.projectId"),
}


@pytest.mark.parametrize(("given", "code", "field"), REFUSED.values(), ids=REFUSED)
async def test_what_is_refused_leaves_nothing(
    home: Home, tmp_path: Path, given: dict[str, Any], code: str, field: str
) -> None:
    before = await stored()
    with pytest.raises(Refusal) as refused:
        await bring(home, given.pop("text", None), **given)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert (await stored(), files(tmp_path)) == (before, [])


async def test_a_refusal_names_the_line(home: Home) -> None:
    with pytest.raises(Refusal, match=r"^Line 3: "):
        await bring(home, '<?xml version="1.0"?>\n<FinalDraft>\n<Content></FinalDraft>')


async def test_a_screenplay_that_cannot_be_stored_leaves_nothing(home: Home) -> None:
    """The last rows of the unit are refused by the database."""
    project = await a_project(home)
    received = await screenplays.receive_screenplay(
        home.owner, home.world, None, {"text": SCRIPT, "projectId": project.id}
    )
    assert received is not None
    object.__setattr__(received.script.board.scenes[1], "place", 0)
    before = await stored()
    with pytest.raises(Exception, match=r"(?i)unique"):
        await perform(home.world, home.owner, screenplays.import_screenplay, received)
    assert await stored() == before


async def test_only_owners_and_editors_import(home: Home, tmp_path: Path) -> None:
    client, project = await Client.get(slug="local"), await a_project(home)
    viewer = Actor("usr_viewer", "Vi", {client.id: Role.VIEWER})
    before = await stored()
    places: list[dict[str, Any]] = [{}, {"projectId": project.id}]
    for given in places:
        with pytest.raises(Refusal, match="no such"):
            await bring(home, actor=an_outsider(), **given)
        with pytest.raises(Forbidden):
            await bring(home, actor=viewer, **given)
    assert (await stored(), files(tmp_path)) == (before, [])


async def test_what_was_not_touched_is_written_as_it_came(home: Home) -> None:
    for data, format in ((LANTERNS_FDX, FDX), (LANTERNS_FOUNTAIN, FOUNTAIN)):
        screenplay = await bring(home, None, data=data)
        assert (await back(home, screenplay, format)).encode() == data


EDITS: dict[str, tuple[Callable[[list[Scene]], tuple[Any, ...]], str]] = {
    "a title": (
        lambda board: (scenes.update_scene, board[0].id, {"title": "INT. A - DUSK"}),
        SCRIPT.replace("INT. A - DAY", "INT. A - DUSK"),
    ),
    "a label": (
        lambda board: (scenes.update_scene, board[1].id, {"label": "4"}),
        SCRIPT.replace("#3A#", "#4#"),
    ),
    "a description": (
        lambda board: (scenes.update_scene, board[0].id, {"description": "One.\n\nMore."}),
        SCRIPT.replace("Two.", "More."),
    ),
    "a deletion": (
        lambda board: (scenes.delete_scene, board[1].id),
        SCRIPT[: SCRIPT.index("\nEXT.")],
    ),
    "a move to where it stands": (lambda board: (scenes.move_scene, board[0].id, 1), SCRIPT),
}


@pytest.mark.parametrize(("edit", "expected"), EDITS.values(), ids=EDITS)
async def test_what_was_done_on_the_board_is_in_the_file(
    home: Home, edit: Callable[[list[Scene]], tuple[Any, ...]], expected: str
) -> None:
    screenplay = await bring(home)
    act, *given = edit(await on_board(screenplay))
    await perform(home.world, home.owner, act, *given)
    assert await back(home, screenplay) == expected


async def test_the_order_of_the_board_is_the_order_of_the_file(home: Home) -> None:
    screenplay = await bring(home)
    first, _ = await on_board(screenplay)
    await perform(home.world, home.owner, scenes.move_scene, first.id, 2)
    text = await back(home, screenplay)
    assert text.index("EXT. B") < text.index("INT. A") < text.index("ANNA")


async def test_a_scene_that_comes_back_has_its_speeches_again(home: Home) -> None:
    screenplay = await bring(home)
    [first, _] = await on_board(screenplay)
    gone = await perform(home.world, home.owner, scenes.delete_scene, first.id)
    assert "Hello." not in await back(home, screenplay)
    await perform(home.world, home.owner, restoring.restore, gone.restore_id)
    assert await back(home, screenplay) == SCRIPT


async def test_a_project_that_comes_back_has_its_screenplay_again(home: Home) -> None:
    screenplay = await bring(home)
    act = projects.delete_project
    gone = await perform(home.world, home.owner, act, screenplay.project_id)
    assert not await Screenplay.exists()
    await perform(home.world, home.owner, restoring.restore, gone.restore_id)
    assert await back(home, screenplay) == SCRIPT


async def test_nobody_writes_what_they_may_not_see(home: Home) -> None:
    screenplay = await bring(home)
    act = screenplays.written_screenplay
    with pytest.raises(NotFound):
        await act(an_outsider(), home.world, screenplay.project_id)


async def test_another_format_is_written_when_it_is_asked_for(home: Home) -> None:
    screenplay = await bring(home)
    text = await back(home, screenplay, FDX)
    again = await bring(home, text)
    assert again.format is FDX
    assert [scene.title for scene in await on_board(again)] == ["INT. A - DAY", "EXT. B - NIGHT"]


async def test_a_board_without_a_screenplay_is_written_as_one(home: Home) -> None:
    project = await a_project(home)
    act, who = screenplays.written_screenplay, (home.owner, home.world)
    assert await act(*who, project.id, FOUNTAIN) is None
    await a_scene(home, project, title="EXT. ROOF", description="Rain.")
    assert await act(*who, project.id, FOUNTAIN) == "EXT. ROOF\n\nRain.\n"
