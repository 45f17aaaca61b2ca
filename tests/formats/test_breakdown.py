"""What a production takes from a screenplay: scenes, beats, speeches, roles, counts."""

from __future__ import annotations

import pytest

from services.formats.breakdown import Cue, Setting, breakdown, cue_of, setting_of
from services.formats.screenplay import Format, Kind
from services.formats.screenplay_files import read_screenplay
from tests.formats.screenplays import LANTERNS_FDX, LANTERNS_FOUNTAIN


@pytest.mark.parametrize(
    ("heading", "setting"),
    [
        ("INT. HOUSE - DAY", Setting("INT", "HOUSE", "DAY")),
        ("ext house", Setting("EXT", "house", "")),
        ("INT.  ROOM - NIGHT (1973)", Setting("INT", "ROOM", "NIGHT (1973)")),
        ("INT. HOUSE - KITCHEN - DAWN", Setting("INT", "HOUSE - KITCHEN", "DAWN")),
        ("EXT. ROAD – MOMENTS LATER – RAIN", Setting("EXT", "ROAD", "MOMENTS LATER – RAIN")),
        ("INT. HOTEL - NIGHT CLUB - DAY", Setting("INT", "HOTEL - NIGHT CLUB", "DAY")),
        ("INT./EXT. CAR - DAY / DRIVING", Setting("INT/EXT", "CAR", "DAY / DRIVING")),
        ("I/E. CAR - DAY [FLASHBACK]", Setting("INT/EXT", "CAR", "DAY [FLASHBACK]")),
        ("EXT./INT. DOOR - DAY 2", Setting("EXT/INT", "DOOR", "DAY 2")),
        ("EST. CITY -- THE NEXT MORNING", Setting("EST", "CITY", "THE NEXT MORNING")),
        ("INT. FLAT, DAY", Setting("INT", "FLAT", "DAY")),
        ("INT. FLAT, KITCHEN - DAY", Setting("INT", "FLAT, KITCHEN", "DAY")),
        ("BACK IN THE FLAT", Setting("", "BACK IN THE FLAT", "")),
        ("", Setting("", "", "")),
    ],
)
def test_a_heading_says_where_and_when(heading: str, setting: Setting) -> None:
    assert setting_of(heading) == setting


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("MAY", Cue("MAY")),
        ("MAY  (v.o.)", Cue("MAY", ("V.O.",))),
        ("MAY (VO) (CONT’D)", Cue("MAY", ("V.O.",), True)),
        ("MAY (O.S./CONT'D)", Cue("MAY", ("O.S.",), True)),
        ("MAY (off-screen)", Cue("MAY", ("O.S.",))),
        ("MAY (continuing)", Cue("MAY", (), True)),
        ("HANS (on the radio)", Cue("HANS", ("on the radio",))),
        ("(V.O.)", Cue("(V.O.)", ("V.O.",))),
    ],
)
def test_a_cue_says_who_and_how(text: str, cue: Cue) -> None:
    assert cue_of(text) == cue


@pytest.mark.parametrize("data", [LANTERNS_FDX, LANTERNS_FOUNTAIN])
def test_a_script_is_broken_down_alike_from_either_format(data: bytes) -> None:
    found = breakdown(read_screenplay(data))
    assert (found.title, found.authors) == ("The Lanterns of Skarv", ("Storyreel",))
    assert [(role.name, role.speeches) for role in found.cast] == [
        ("INGA", 6),
        ("OLD TOVE", 4),
        ("ELIAS", 3),
        ("FATHER", 2),
    ]
    assert [(scene.number, scene.words) for scene in found.scenes] == [
        ("1", 125),
        ("2", 120),
        ("2A", 58),
        ("3", 1),
        ("4", 97),
        ("5", 137),
        ("5A", 60),
        ("6", 61),
        ("7", 101),
    ]
    assert [scene.omitted for scene in found.scenes].index(True) == 3
    assert [part.text for part in found.opening] == ["FADE IN:"]
    assert found.words == 2 + sum(scene.words for scene in found.scenes)
    assert {scene.setting.place for scene in found.scenes if not scene.omitted} == {
        "SKARV HARBOUR",
        "BOATHOUSE",
        "OPEN SEA",
        "LIGHTHOUSE - LAMP ROOM",
        "LIGHTHOUSE - GALLERY",
    }


def test_a_scene_has_its_beats_speeches_and_facts_in_order() -> None:
    found = breakdown(read_screenplay(LANTERNS_FDX))
    first, sea, lamp = found.scenes[0], found.scenes[4], found.scenes[5]
    assert (first.eighths, first.page, first.title) == (10, "1", "Forty lanterns")
    assert first.synopsis == "The island is lit by hand, and one girl does it."
    assert first.texts(Kind.ACTION)[-1].startswith("A gust.")
    assert found.scenes[1].texts(Kind.SHOT) == ["INSERT: THE LAMP"]
    assert found.scenes[2].texts(Kind.TRANSITION) == ["CUT TO:"]
    assert [(s.cue.name, s.dual, s.parentheticals, s.lines) for s in sea.speeches] == [
        ("ELIAS", True, (), ("Throw me the line!",)),
        ("FATHER", True, (), ("Go back!",)),
        ("FATHER", False, ("shouting",), ("Elias! Which way is land?",)),
    ]
    assert sea.speeches[2].cue.continued
    assert lamp.notes[0].startswith("The lens")
    assert lamp.speeches[0].cue.extensions == ("O.S.",)
    assert first.line == 8


def test_what_stands_before_the_first_scene_is_no_scene() -> None:
    found = breakdown(read_screenplay(b"\nMAY\nHello.\n\nShe goes.\n"))
    assert not found.scenes
    assert [part.text for part in found.opening] == ["MAY", "Hello.", "She goes."]
    assert [(role.name, role.speeches) for role in found.cast] == [("MAY", 1)]


def test_a_name_in_several_spellings_is_one_role() -> None:
    found = breakdown(read_screenplay(b"\n@Walter\nYes.\n\nWALTER\nNo.\n\n@McCoy\nSo.\n"))
    assert [(role.name, role.speeches) for role in found.cast] == [("WALTER", 2), ("McCoy", 1)]


def test_tokens_are_estimated_from_bytes() -> None:
    found = breakdown(read_screenplay("\n.AB\n\n漢字漢字\n".encode(), Format.FOUNTAIN))
    assert (found.words, found.tokens) == (2, -(-(3 + 13) // 4))
