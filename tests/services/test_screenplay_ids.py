"""A draft that carries the ids of its scenes finds them again whatever an editor did to them."""

from __future__ import annotations

from typing import Any

import pytest

from models import Event, Project, Scene, ScreenplayFormat, new_id
from services import restoring, scenes, screenplay_revising, screenplays
from services.formats.screenplay import Format, Kind, Paragraph, Run
from services.formats.screenplay import Screenplay as Paragraphs
from services.formats.screenplay_files import read_screenplay, write_screenplay
from services.work import perform
from tests.conftest import Home
from tests.formats.screenplays import LANTERNS_FDX, LANTERNS_FOUNTAIN
from tests.making import a_project, a_scene

A, B, C = (f"INT. {name}\n\nOnly {name} is here.\n" for name in "ABC")


async def bring(home: Home, text: str, **given: Any) -> str:
    given |= {"text": text}
    received = await screenplays.receive_screenplay(home.owner, home.world, None, given)
    act = screenplays.import_screenplay
    return (await perform(home.world, home.owner, act, received)).project_id


async def revise(home: Home, project_id: str, text: str) -> list[tuple[str, str | None]]:
    """What became of each scene: the action and its id."""
    given = {"projectId": project_id, "text": text}
    receive, act = screenplay_revising.receive_revision, screenplay_revising.reimport_screenplay
    received = await receive(home.owner, home.world, None, given, apply=True)
    told = await perform(home.world, home.owner, act, received)
    return [(step["action"], step["scene_id"]) for step in told["plan"]]


async def exported(home: Home, project_id: str, format: Format | None = None) -> str:
    wanted = ScreenplayFormat(format.value) if format is not None else None
    act = screenplays.written_screenplay
    text = await act(home.owner, home.world, project_id, wanted, scene_ids=True)
    assert text is not None
    return text


async def board(project_id: str) -> list[Scene]:
    return await Scene.filter(project_id=project_id).order_by("rank")


async def ids(project_id: str) -> list[str]:
    return [scene.id for scene in await board(project_id)]


def rewritten(text: str, format: Format) -> str:
    """Every scene renumbered, retitled and reworded, and in the opposite order."""
    script = read_screenplay(text.encode(), format)
    parts = [script.paragraphs[span.start : span.stop] for span in reversed(script.scenes())]
    edited = []
    for number, (heading, *body) in enumerate(part for part in parts if not part[0].omitted):
        title = (Run(f"INT. ELSEWHERE {number}"),)
        notes = (paragraph for paragraph in body if paragraph.kind is Kind.NOTE)
        edited += [
            Paragraph(Kind.SCENE_HEADING, title, number=f"9{number}", asides=heading.asides),
            *notes,
            Paragraph(Kind.ACTION, (Run(f"x{number} y{number}"),)),
        ]
    return write_screenplay(Paragraphs(tuple(edited)), format).data.decode()


@pytest.mark.parametrize("format", Format)
async def test_nothing_but_the_id_is_left_and_each_scene_is_found(
    home: Home, format: Format
) -> None:
    given = LANTERNS_FDX if format is Format.FDX else LANTERNS_FOUNTAIN
    project_id = await bring(home, given.decode())
    mine = await a_scene(home, await Project.get(id=project_id), title="EXT. MINE")
    await perform(home.world, home.owner, scenes.move_scene, mine.id, 3)
    before = await ids(project_id)
    text = rewritten(await exported(home, project_id), format)

    told = await revise(home, project_id, text)

    assert len(before) > 5
    assert [scene_id for _, scene_id in told] == before[::-1]
    assert {action for action, _ in told} == {"CHANGE", "MOVE"}
    assert await ids(project_id) == before[::-1]
    assert {scene.title[:13] for scene in await board(project_id)} == {"INT. ELSEWHER"}


@pytest.mark.parametrize("format", Format)
async def test_an_export_that_comes_back_untouched_changes_nothing(
    home: Home, format: Format
) -> None:
    project_id = await bring(home, LANTERNS_FOUNTAIN.decode())
    mine = await a_scene(home, await Project.get(id=project_id), title="EXT. MINE")
    await perform(home.world, home.owner, scenes.move_scene, mine.id, 1)
    before = await Scene.all().order_by("id").values()

    told = await revise(home, project_id, await exported(home, project_id, format))

    assert {action for action, _ in told} == {"KEEP"}
    assert len(told) == len(before)
    assert await Scene.all().order_by("id").values() == before
    assert await exported(home, project_id, format) == await exported(home, project_id, format)


async def test_a_scene_made_on_the_board_is_the_scripts_from_then_on(home: Home) -> None:
    project_id = await bring(home, A + "\n" + B)
    mine = await a_scene(home, await Project.get(id=project_id), title="EXT. MINE")
    text = (await exported(home, project_id)).replace("EXT. MINE", "EXT. OURS")
    assert await revise(home, project_id, f"{text}\nRain.\n") == [
        *(("KEEP", scene_id) for scene_id in (await ids(project_id))[:2]),
        ("CHANGE", mine.id),
    ]
    [*_, ours] = await board(project_id)
    assert (ours.id, ours.title, ours.description) == (mine.id, "EXT. OURS", "Rain.")
    assert (await revise(home, project_id, A + "\n" + B))[-1] == ("OMIT", mine.id)


async def test_dialogue_of_a_scene_made_on_the_board_is_told(home: Home) -> None:
    project_id = await bring(home, A)
    mine = await a_scene(home, await Project.get(id=project_id), title="EXT. MINE")
    text = await exported(home, project_id)
    await revise(home, project_id, f"{text}\nANNA\nHello.\n")
    told = await Event.filter(subject_id=mine.id).order_by("-sequence").first()
    assert told is not None
    assert told.changed == ["dialogue"]


async def test_an_id_of_another_board_and_one_that_comes_twice_say_nothing(home: Home) -> None:
    elsewhere = (await ids(await bring(home, A)))[0]
    project_id = await bring(home, f"{A}\n{B}\n{C}")
    a, b, c = await ids(project_id)
    one, two, three = "EXT. ONE", "EXT. TWO", "EXT. THREE"
    text = "\n\n".join(
        [f"{one}\n[[{elsewhere}]]\n\nMoon.", f"{two}\n[[{b}]]\n\nSun.", f"{three}\n[[{b}]]\n\nWind"]
    )
    told = await revise(home, project_id, f"{text}\n\nINT. Z\n[[{new_id('scn')}]]\n\n{A}")
    assert [action for action, _ in told] == ["ADD", "ADD", "ADD", "ADD", "KEEP", "OMIT", "OMIT"]
    assert [scene_id for _, scene_id in told[4:]] == [a, b, c]


async def test_ids_count_before_words(home: Home) -> None:
    project_id = await bring(home, f"{A}\n{B}")
    a, b = await ids(project_id)
    swapped = f"INT. B\n[[{a}]]\n\nOnly B is here.\n\nINT. A\n[[{b}]]\n\nOnly A is here.\n"
    assert await revise(home, project_id, swapped) == [("CHANGE", a), ("CHANGE", b)]


async def test_a_scene_that_is_deleted_is_not_found_by_its_id(home: Home) -> None:
    project_id = await bring(home, f"{A}\n{B}")
    text, [_, b] = await exported(home, project_id), await ids(project_id)
    gone = await perform(home.world, home.owner, scenes.delete_scene, b)
    told = await revise(home, project_id, text)
    assert [action for action, _ in told] == ["KEEP", "ADD"]
    await perform(home.world, home.owner, restoring.restore, gone.restore_id)
    assert (await revise(home, project_id, text))[1:] == [("KEEP", b), ("OMIT", told[1][1])]


async def test_a_first_import_knows_no_ids(home: Home) -> None:
    project = await a_project(home)
    mine = await a_scene(home, project, title="EXT. MINE")
    await bring(home, f"EXT. MINE\n[[{mine.id}]]\n\nRain.\n", projectId=project.id)
    first, second = await board(project.id)
    assert (first.id, second.title, second.description) == (mine.id, "EXT. MINE", "Rain.")


async def test_without_ids_the_file_is_as_before(home: Home) -> None:
    project_id = await bring(home, A)
    with_ids = await exported(home, project_id)
    act = screenplays.written_screenplay
    assert await act(home.owner, home.world, project_id) == A
    assert with_ids == A.replace("INT. A\n", f"INT. A\n[[{(await ids(project_id))[0]}]]\n")
