"""A scene of a board goes through a file and comes back as itself, by a note of its id."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings

from models import new_id
from services.formats.breakdown import breakdown
from services.formats.scene_ids import claimed
from services.formats.screenplay import Format
from services.formats.screenplay_board import Board, Bounds, Standing, as_on_board, board_of
from services.formats.screenplay_files import read_screenplay, write_screenplay
from tests.formats.screenplays import LANTERNS_FDX, LANTERNS_FOUNTAIN, fountain_texts

ONE, TWO = new_id("scn"), new_id("scn")
FILES = {Format.FDX: LANTERNS_FDX, Format.FOUNTAIN: LANTERNS_FOUNTAIN}
NOTES = {
    Format.FDX: rb"\s*<ScriptNote>\s*<Paragraph><Text>scn_\w+</Text></Paragraph>\s*</ScriptNote>",
    Format.FOUNTAIN: rb"(\r\n|\n|\r){1,2}\[\[scn_\w+\]\]",
}
WITHOUT_END = '<FinalDraft Version="4"><Content><Paragraph Type="Scene Heading">{}'
FDX = WITHOUT_END + "<Text>INT. A</Text></Paragraph></Content></FinalDraft>"


def shown(data: bytes | str) -> Board:
    data = data.encode() if isinstance(data, str) else data
    return board_of(read_screenplay(data), Bounds(200, 40, 20_000))


def named(data: bytes) -> list[Standing]:
    """The untouched board of a file, each scene with an id."""
    scenes = shown(data).scenes
    return [Standing(scene.shown, scene.place, scene.shown, new_id("scn")) for scene in scenes]


def written(data: bytes, board: list[Standing], format: Format) -> bytes:
    return write_screenplay(as_on_board(read_screenplay(data, format), board), format).data


NOTED = {
    "below": (f"INT. A\n[[{ONE}]]\nOne.", (ONE,)),
    "below an empty line": (f"INT. A\n\n[[ {ONE} ]]\n\nOne.", (ONE,)),
    "below a synopsis": (f"INT. A\n\n= Sad.\n\n[[Hm.]]\n[[{ONE}]]\n", (ONE,)),
    "beside": (f"INT. A [[{ONE}]] #1#\n\nOne.", (ONE,)),
    "twice": (f"INT. A [[{ONE}]]\n[[{ONE}]]", (ONE,)),
    "two": (f"INT. A\n[[{TWO}]]\n[[{ONE}]]", (TWO, ONE)),
    "a note of it": (FDX.format(f"<ScriptNote><Text>{ONE}</Text></ScriptNote>"), ()),
    "an FDX note": (
        FDX.format(
            f'<ScriptNote Name="Ann"><Paragraph><Text>{ONE}</Text></Paragraph></ScriptNote>'
        ),
        (ONE,),
    ),
    "further down": (f"INT. A\n\nOne.\n\n[[{ONE}]]\n", ()),
    "with a word": (f"INT. A\n[[see {ONE}]]\n", ()),
    "of another kind": (f"INT. A\n[[{new_id('shot')}]]\n", ()),
    "struck out": (f"INT. A /*{ONE}*/\n", ()),
}


@pytest.mark.parametrize(("script", "ids"), NOTED.values(), ids=NOTED)
def test_a_note_at_the_heading_that_is_an_id_names_the_scene(
    script: str, ids: tuple[str, ...]
) -> None:
    assert [scene.ids for scene in shown(script).scenes] == [ids]


@pytest.mark.parametrize("format", FILES)
def test_a_file_gets_a_note_for_each_scene_and_is_the_same_otherwise(format: Format) -> None:
    board = named(FILES[format])
    after = written(FILES[format], board, format)
    assert [scene.ids for scene in shown(after).scenes] == [(scene.id,) for scene in board]
    assert re.sub(NOTES[format], b"", after) == FILES[format]
    assert written(after, board, format) == after


@pytest.mark.parametrize("format", FILES)
def test_ids_survive_another_format(format: Format) -> None:
    board, other = named(FILES[format]), next(one for one in FILES if one is not format)
    after = read_screenplay(written(FILES[format], board, format))
    crossed = write_screenplay(after, other).data
    assert [scene.ids for scene in shown(crossed).scenes] == [(scene.id,) for scene in board]


@pytest.mark.parametrize("format", FILES)
def test_a_note_of_an_id_is_nowhere_on_the_board(format: Format) -> None:
    before, after = FILES[format], written(FILES[format], named(FILES[format]), format)
    assert [scene.shown for scene in shown(after).scenes] == [
        scene.shown for scene in shown(before).scenes
    ]
    told, told_before = (breakdown(read_screenplay(data)) for data in (after, before))
    assert (told.words, told.tokens) == (told_before.words, told_before.tokens)
    assert [scene.notes for scene in told.scenes] == [scene.notes for scene in told_before.scenes]


def test_a_scene_of_the_board_alone_gets_its_note_too() -> None:
    board = [replace(named(LANTERNS_FOUNTAIN)[0], place=None, was=None, id=ONE)]
    assert shown(written(b"INT. GONE\n", board, Format.FOUNTAIN)).scenes[0].ids == (ONE,)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(fountain_texts())
@example("INT. A\n[[begun\n  \nINT. B")
def test_whatever_is_written_of_scenes_ids_change_nothing_else(text: str) -> None:
    data = f"{text}\n\nINT. END\n".encode()
    board = named(data)
    after = written(data, board, Format.FOUNTAIN)
    assert re.sub(NOTES[Format.FOUNTAIN], b"", after) == written(
        data, [replace(scene, id=None) for scene in board], Format.FOUNTAIN
    )
    assert [scene.ids for scene in shown(after).scenes] == [(scene.id,) for scene in board]


def test_an_id_says_nothing_where_it_is_foreign_or_claimed_twice() -> None:
    three, foreign = new_id("scn"), new_id("scn")
    draft = [(foreign,), (ONE,), (), (foreign, TWO), (ONE, three), (three,)]
    assert claimed(draft, {ONE, TWO, three}) == {3: TWO}


def test_a_scene_that_is_known_claims_nothing_else() -> None:
    """Its other notes came with a copy of the scenes that they are of."""
    three = new_id("scn")
    assert claimed([(ONE,), (TWO, ONE), (three, TWO, ONE)], {ONE, TWO, three}) == {
        0: ONE,
        1: TWO,
        2: three,
    }


def test_a_new_first_beat_stands_below_the_note_of_an_id() -> None:
    data = f"INT. A\n[[{ONE}]]\n\nHe goes.\n".encode()
    [scene] = named(data)
    beats = replace(scene.now, description="She waits.\n\nHe goes.")
    after = written(data, [replace(scene, now=beats, id=ONE)], Format.FOUNTAIN)
    assert shown(after).scenes[0].ids == (ONE,)
    assert after.count(ONE.encode()) == 1
