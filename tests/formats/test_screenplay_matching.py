"""Scenes of a revised screenplay are found again."""

from __future__ import annotations

import pytest

from services.formats.screenplay_matching import Compared, matches

KITCHEN = Compared("1", "INT. KITCHEN", "Ann peels an orange and hums")
HARBOUR = Compared("2", "EXT. HARBOUR", "Boats lean in the wind, ropes sing")
ATTIC = Compared("3", "INT. ATTIC", "Dust over a broken cello")
SCENES = [KITCHEN, HARBOUR, ATTIC]


def pairs(after: list[Compared], before: list[Compared] = SCENES) -> list[tuple[int, int]]:
    return [(match.before, match.after) for match in matches(before, after)]


def changed(scene: Compared, **given: str | None) -> Compared:
    fields = {"label": scene.label, "heading": scene.heading, "text": scene.text} | given
    return Compared(fields["label"], fields["heading"] or "", fields["text"] or "")


@pytest.mark.parametrize(
    ("after", "expected"),
    {
        "the same": (SCENES, [(0, 0), (1, 1), (2, 2)]),
        "another order": ([ATTIC, KITCHEN, HARBOUR], [(2, 0), (0, 1), (1, 2)]),
        "one less": ([KITCHEN, ATTIC], [(0, 0), (2, 1)]),
        "one more": ([KITCHEN, Compared("9", "EXT. MOON", "Silence"), ATTIC], [(0, 0), (2, 2)]),
        "numbers shifted by a new one": (
            [Compared("1", "EXT. MOON", "Silence"), changed(KITCHEN, label="2")],
            [(0, 1)],
        ),
        "the words, under the same number": (
            [changed(KITCHEN, heading="INT. PANTRY", text="Ann peels a pear and weeps")],
            [(0, 0)],
        ),
        "the heading": ([changed(HARBOUR, label=None, heading="EXT. QUAY - NIGHT")], [(1, 0)]),
        "all but the heading": ([Compared(None, "INT. ATTIC", "A broken bed")], [(2, 0)]),
        "nothing in common": ([Compared("4", "EXT. MOON", "Silence")], []),
    }.values(),
)
def test_a_scene_is_found_by_what_stayed(
    after: list[Compared], expected: list[tuple[int, int]]
) -> None:
    assert pairs(after) == expected


def test_only_what_is_word_for_word_the_same_is_wholly_similar() -> None:
    same, turned = matches(SCENES, [KITCHEN, changed(ATTIC, text="A broken cello over dust")])
    assert (same.similarity, turned.similarity < 1) == (1.0, True)


def test_equal_scenes_are_found_in_their_order() -> None:
    assert pairs([KITCHEN, KITCHEN], [KITCHEN, KITCHEN]) == [(0, 0), (1, 1)]


def test_many_scenes_that_are_much_alike_are_found_in_their_order() -> None:
    def draft(word: str) -> list[Compared]:
        return [Compared("1", "INT. A", f"{word} the a of {i % 7}") for i in range(500)]

    assert pairs(draft("one"), draft("two")) == [(i, i) for i in range(500)]
