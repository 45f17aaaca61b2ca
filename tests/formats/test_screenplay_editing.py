"""Edits of a Fountain text leave everything else where it was."""

from __future__ import annotations

import pytest

from services.formats.fountain.reading import read_fountain
from services.formats.fountain.writing import write_fountain
from services.formats.screenplay import BOLD, Aside, Kind, Paragraph, Run, Screenplay
from services.formats.screenplay_editing import (
    inserted,
    moved_scene,
    substituted,
    with_scene_omitted,
    with_text,
    without_scene,
)
from tests.formats.screenplays import LANTERNS_FOUNTAIN

THREE = (
    "Title: Three\n\nINT. A #1#\n\n\nOne.\n\n# Act\n\n.B #2#\n\nTWO\n(to us)\nSays *it*.\n\n\n"
    "EXT. C #3#\n\nThree.\n"
)


def edited(screenplay: Screenplay) -> str:
    written = write_fountain(screenplay)
    assert not written.problems
    return written.data.decode()


def test_text_that_stays_keeps_its_look() -> None:
    bold = frozenset({BOLD})
    old = Paragraph(
        Kind.ACTION,
        (Run("The "), Run("red", bold), Run(" lamp burns.")),
        asides=(Aside("n", at=4), Aside("m", at=12)),
    )
    new = with_text(old, "The red-hot lamp burns low.")
    assert new.runs == (Run("The "), Run("red-hot", bold), Run(" lamp burns low."))
    assert [aside.at for aside in new.asides] == [4, 16]
    assert with_text(new, old.text) == old
    assert with_text(old, "").runs == ()
    assert with_text(Paragraph(Kind.ACTION), "New.").runs == (Run("New."),)


def test_one_word_changes_one_word() -> None:
    screenplay = read_fountain(LANTERNS_FOUNTAIN)
    old = next(p for p in screenplay.paragraphs if "face, then the water" in p.text)
    new = with_text(old, old.text.replace("the hulls", "the wet hulls"))
    expected = LANTERNS_FOUNTAIN.decode().replace("the hulls", "the wet hulls")
    assert edited(substituted(screenplay, old, new)) == expected


def test_a_speech_in_dual_dialogue_is_edited_too() -> None:
    screenplay = read_fountain(LANTERNS_FOUNTAIN)
    old = next(p for p in screenplay.flat if p.text == "Go back!")
    text = edited(substituted(screenplay, old, with_text(old, "Go home!")))
    assert text == LANTERNS_FOUNTAIN.decode().replace("Go back!", "Go home!")


def test_a_heading_that_needs_its_mark_gets_it() -> None:
    screenplay = read_fountain(THREE.encode())
    old = screenplay.paragraphs[0]
    assert edited(substituted(screenplay, old, with_text(old, "ELSEWHERE"))) == THREE.replace(
        "INT. A", ".ELSEWHERE"
    )


def test_a_cue_that_loses_its_words_stays_a_cue() -> None:
    screenplay = read_fountain(b"\nTWO\nWords.\n\nThree.\n")
    text = edited(substituted(screenplay, screenplay.paragraphs[1], None))
    assert text == "\n@TWO\n\nThree.\n"


def test_action_that_looks_like_a_heading_stays_action_in_another_place() -> None:
    screenplay = read_fountain(b"\nINT. A\nINT. IS NOT A PLACE\n\n.B\n")
    text = edited(substituted(screenplay, screenplay.paragraphs[0], None))
    assert text == "!INT. IS NOT A PLACE\n\n.B\n"


def test_a_scene_moves_with_its_text_and_its_number() -> None:
    screenplay = read_fountain(THREE.encode())
    assert edited(moved_scene(screenplay, 2, 0)) == (
        "Title: Three\n\n\nEXT. C #3#\n\nThree.\n\nINT. A #1#\n\n\nOne.\n\n# Act\n\n"
        ".B #2#\n\nTWO\n(to us)\nSays *it*.\n"
    )
    assert edited(moved_scene(screenplay, 0, 2)) == (
        "Title: Three\n\n# Act\n\n.B #2#\n\nTWO\n(to us)\nSays *it*.\n\n\n"
        "EXT. C #3#\n\nThree.\n\nINT. A #1#\n\n\nOne.\n"
    )


def test_a_scene_goes_and_the_section_before_the_next_one_stays() -> None:
    screenplay = read_fountain(THREE.encode())
    assert edited(without_scene(screenplay, 0)) == THREE.replace("INT. A #1#\n\n\nOne.\n\n", "")


def test_a_scene_that_is_omitted_is_struck_out_below_its_number() -> None:
    screenplay = read_fountain(THREE.encode())
    omitted = with_scene_omitted(screenplay, 1)
    assert edited(omitted) == THREE.replace(
        ".B #2#\n\nTWO\n(to us)\nSays *it*.",
        ".OMITTED #2#\n\n/*\n.B\n\nTWO\n(to us)\nSays *it*.\n*/",
    )


@pytest.mark.parametrize("at", [0, 2, 7])
def test_a_paragraph_is_inserted_with_the_space_it_needs(at: int) -> None:
    screenplay = read_fountain(THREE.encode())
    new = [Paragraph(Kind.ACTION, (Run("NEW."),))]
    again = read_fountain(edited(inserted(screenplay, at, new)).encode())
    assert again.paragraphs[at] == new[0]
    assert len(again.paragraphs) == len(screenplay.paragraphs) + 1
