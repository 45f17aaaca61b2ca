"""A screenplay as a board shows it, and again as the board has it now."""

from __future__ import annotations

from dataclasses import replace
from difflib import ndiff

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.formats.screenplay import Format, Screenplay
from services.formats.screenplay_board import (
    Board,
    Bounds,
    Shown,
    Standing,
    as_on_board,
    board_of,
)
from services.formats.screenplay_files import encoded, read_screenplay, write_screenplay
from tests.formats.screenplays import LANTERNS_FDX, LANTERNS_FOUNTAIN

BOUNDS = Bounds(200, 40, 20_000)
FILES = {Format.FDX: LANTERNS_FDX, Format.FOUNTAIN: LANTERNS_FOUNTAIN}
FOUNTAIN = """Title: Three

FADE IN:

INT. A - DAY #1#

One.

Two.

ANNA
Hello.

Three.

# Act Two

.B #2#

.OMITTED #3#

EXT. C - NIGHT #4#

Last.
"""


def shown(data: bytes | str, bounds: Bounds = BOUNDS) -> Board:
    data = data.encode() if isinstance(data, str) else data
    return board_of(read_screenplay(data), bounds)


def standing(data: bytes | str) -> list[Standing]:
    return [Standing(scene.shown, scene.place, scene.shown) for scene in shown(data).scenes]


def written(data: bytes | str, board: list[Standing], format: Format = Format.FOUNTAIN) -> bytes:
    data = data.encode() if isinstance(data, str) else data
    screenplay = as_on_board(read_screenplay(data, format), board)
    return write_screenplay(screenplay, format).data


def edit(scene: Standing, **changes: str) -> Standing:
    return replace(scene, now=replace(scene.now, **changes))


def changed_lines(before: str, after: bytes) -> list[str]:
    lines = ndiff(before.splitlines(), after.decode().splitlines())
    return [line for line in lines if line[0] in "+-"]


def test_a_scene_shows_its_heading_its_number_and_its_beats() -> None:
    board = shown(FOUNTAIN)
    assert board.title == "Three"
    assert [scene.shown for scene in board.scenes] == [
        Shown("INT. A - DAY", "1", "One.\n\nTwo.\n\nThree."),
        Shown("B", "2", ""),
        Shown("EXT. C - NIGHT", "4", "Last."),
    ]
    assert [scene.place for scene in board.scenes] == [0, 1, 3]
    assert [speech.lines for speech in board.scenes[0].told.speeches] == [("Hello.",)]


def test_what_is_not_on_the_board_is_told_with_its_line() -> None:
    narrow = Bounds(title=8, label=0, text=10)
    told = {
        (each.line, each.message.partition(" of ")[0]) for each in shown(FOUNTAIN, narrow).problems
    }
    assert told == {
        (20, "A scene that was omitted stays in the screenplay and is not on the board."),
        (5, "A scene heading"),
        (5, "A scene number"),
        (5, "Of a scene with more than 10 characters"),
    }
    scene = shown(FOUNTAIN, narrow).scenes[0]
    assert scene.shown == Shown("INT. A …", None, "One.\n\nTwo.")


def test_a_shot_is_called_above_the_action_that_follows_it() -> None:
    script = (
        '<FinalDraft Version="4"><Content>'
        + "".join(
            f'<Paragraph Type="{kind}"><Text>{text}</Text></Paragraph>'
            for kind, text in [
                ("Scene Heading", "INT. A"),
                ("Action", "It is dark."),
                ("Shot", "CLOSE ON: A KEY"),
                ("Action", "It turns."),
                ("Action", "A door."),
                ("Shot", "WIDE"),
                ("Shot", "WIDER"),
            ]
        )
        + "</Content></FinalDraft>"
    )
    [scene] = shown(script).scenes
    assert scene.shots == ("It is dark.", "CLOSE ON: A KEY\nIt turns.", "A door.", "WIDE", "WIDER")


@pytest.mark.parametrize("format", FILES)
def test_an_untouched_board_is_the_file_byte_for_byte(format: Format) -> None:
    assert written(FILES[format], standing(FILES[format]), format) == FILES[format]


def test_an_edit_changes_its_lines_only() -> None:
    first, second, last = standing(FOUNTAIN)
    board = [
        edit(first, description="One.\n\nTwo, but  later.\n\nThree.", label="1A"),
        edit(second, title="INT. B - DAY"),
        last,
    ]
    assert changed_lines(FOUNTAIN, written(FOUNTAIN, board)) == [
        *["- INT. A - DAY #1#", "+ INT. A - DAY #1A#"],
        *["- Two.", "+ Two, but  later."],
        *["- .B #2#", "+ INT. B - DAY #2#"],
    ]


@pytest.mark.parametrize(
    ("description", "lines"),
    [
        ("One.\n\nNew.\n\nTwo.\n\nThree.", ["+ New."]),
        ("New.\n\nOne.\n\nTwo.\n\nThree.", ["+ New."]),
        ("One.\n\nTwo.", ["- Three."]),
        ("", ["- One.", "- Two.", "- Three."]),
        ("One.\r\n\r\nTwo.\r\n \r\nThree.", []),
        ("Two.\n\nOne!\n\nThree.\n\nFour.", ["- One.", "+ Two.", "- Two.", "+ One!", "+ Four."]),
    ],
)
def test_beats_come_and_go_among_the_speeches(description: str, lines: list[str]) -> None:
    first, *others = standing(FOUNTAIN)
    after = written(FOUNTAIN, [edit(first, description=description), *others])
    told = [line for line in changed_lines(FOUNTAIN, after) if line.strip("+- ")]
    assert sorted(told) == sorted(lines)
    assert [scene.shown.description for scene in shown(after).scenes[1:]] == ["", "Last."]
    assert b"ANNA\nHello.\n" in after


def test_action_that_did_not_fit_on_the_board_outlives_its_edits() -> None:
    narrow = Bounds(200, 40, 10)
    scenes = [Standing(s.shown, s.place, s.shown) for s in shown(FOUNTAIN, narrow).scenes]
    after = written(FOUNTAIN, [edit(scenes[0], description="One.\n\n2."), *scenes[1:]])
    assert changed_lines(FOUNTAIN, after) == ["- Two.", "+ 2."]


def test_scenes_that_kept_their_order_stay_among_sections_and_omitted_scenes() -> None:
    first, second, last = standing(FOUNTAIN)
    after = written(FOUNTAIN, [last, first, second]).decode()
    places = [after.index(word) for word in ("FADE IN", "EXT. C", "INT. A", "# Act Two", ".B")]
    assert places == sorted(places)
    assert written(FOUNTAIN, [first, last]).decode() == FOUNTAIN.replace(".B #2#\n\n", "")


def test_a_scene_of_the_board_alone_is_written_after_the_one_before_it() -> None:
    first, *others = standing(FOUNTAIN)
    new = Standing(Shown("INT.\nNEW", "1B", "Made here.\n\n\nTwice."))
    after = written(FOUNTAIN, [first, new, *others]).decode()
    assert "Three.\n\nINT. NEW #1B#\n\nMade here.\n\nTwice.\n\n# Act Two" in after


@pytest.mark.parametrize("format", Format)
def test_a_board_that_was_imported_from_nothing_is_a_file_too(format: Format) -> None:
    scenes = [Shown("INT. A", None, "One."), Shown("EXT. B", "2", "")]
    screenplay = as_on_board(Screenplay(), [Standing(scene) for scene in scenes])
    assert [scene.shown for scene in shown(write_screenplay(screenplay, format).data).scenes] == (
        scenes
    )


WORDS = st.sampled_from(["A door opens.", "Rain.", "INGA runs", "She waits, (still)."])
EDITS = st.tuples(
    st.none() | st.sampled_from(["INT. CAVE - NIGHT", "EXT. SEA - DAWN"]),
    st.none() | st.lists(WORDS, max_size=5).map("\n\n".join),
    st.none() | st.sampled_from(["7", "1-A"]),
)


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(data=st.data(), format=st.sampled_from(Format))
def test_whatever_was_done_on_the_board_is_read_again(data: st.DataObject, format: Format) -> None:
    scenes = standing(FILES[format])
    board = []
    for scene in data.draw(st.lists(st.sampled_from(scenes), unique=True)):
        title, description, label = data.draw(EDITS)
        now = Shown(
            title or scene.now.title,
            label or scene.now.label,
            scene.now.description if description is None else description,
        )
        board.append(replace(scene, now=now))
    board += [Standing(Shown("INT. NEW", None, "Made here."))] * data.draw(st.integers(0, 2))
    after = written(FILES[format], board, format)
    assert [scene.shown for scene in shown(after).scenes] == [scene.now for scene in board]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "UTF-8"])
def test_text_goes_into_the_encoding_that_it_declares(encoding: str) -> None:
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><FinalDraft><Content>é</Content></FinalDraft>'
    )
    assert encoded(text).decode(encoding) == text
