"""A screenplay as data: what is printed, scene by scene."""

from __future__ import annotations

import pytest

from services.formats.breakdown import breakdown
from services.formats.screenplay_board import Board, Bounds, board_of
from services.formats.screenplay_document import document_of, title_page_of
from services.formats.screenplay_files import read_screenplay
from tests.formats.screenplays import LANTERNS_FDX, LANTERNS_FOUNTAIN

SCRIPT = """Title: Two
Author: Ann
Author: Bo
    Cy

FADE IN:

INT. A -  DAY #1A#

= She waits.

One. [[Slower?]]
[[scn_01k0000000e00bb0000000000a]]

ANNA (V.O.)
(low)
Hello.

~La la.

BO
Yes.

ANNA ^
No.

CUT TO:

# Act Two

.OMITTED #2#

EXT. B
"""
PRINTED = [
    ("action", "One."),
    ("character", "ANNA (V.O.)"),
    ("parenthetical", "(low)"),
    ("dialogue", "Hello."),
    ("lyric", "La la."),
]


def board(data: bytes | str) -> Board:
    data = data.encode() if isinstance(data, str) else data
    return board_of(read_screenplay(data), Bounds(10, 1, 10))


def test_a_scene_has_all_that_is_printed_in_order_and_in_full() -> None:
    document = document_of(board(SCRIPT), ["a", "b"])
    first, second = document["scenes"]
    plain = [(one["type"], one["text"]) for one in first["elements"] if "dual" not in one]
    dual = [(one["type"], one["text"]) for one in first["elements"] if one.get("dual") is True]
    assert document["elements"] == [{"type": "action", "text": "FADE IN:"}]
    assert plain == [*PRINTED, ("transition", "CUT TO:")]
    assert dual == [
        *[("character", "BO"), ("dialogue", "Yes.")],
        *[("character", "ANNA"), ("dialogue", "No.")],
    ]
    assert {name: first[name] for name in first if name != "elements"} == {
        "id": "a",
        "label": "1A",
        "heading": "INT. A - DAY",
        "synopsis": "She waits.",
        "notes": ["Slower?"],
    }
    assert second == {"id": "b", "heading": "EXT. B", "elements": []}


def test_a_title_page_is_its_fields() -> None:
    assert title_page_of(board(SCRIPT).title_page) == {"Title": "Two", "Author": "Ann\nBo\nCy"}


@pytest.mark.parametrize("data", [LANTERNS_FDX, LANTERNS_FOUNTAIN], ids=["fdx", "fountain"])
def test_its_words_are_those_of_the_screenplay_but_for_what_was_omitted(data: bytes) -> None:
    told, read = breakdown(read_screenplay(data)), board(data)
    document = document_of(read, ["id"] * len(read.scenes))
    texts = [one["text"] for one in document["elements"]]
    for scene in document["scenes"]:
        texts += [scene["heading"], *(one["text"] for one in scene["elements"])]
    omitted = sum(scene.words for scene in told.scenes if scene.omitted)
    assert sum(len(text.split()) for text in texts) == told.words - omitted > 400
