"""Fountain is read as its syntax says, and as writers of real scripts expect."""

from __future__ import annotations

import time

import pytest

from services.formats.fountain.lines import LINES_MAX, MARKS, MARKS_MAX, NotFountain
from services.formats.fountain.reading import read_fountain
from services.formats.fountain.writing import write_fountain
from services.formats.screenplay import BOLD, ITALIC, UNDERLINE, Kind, Paragraph, Run, Screenplay
from tests.formats.screenplays import LANTERNS_FOUNTAIN


def read(text: str) -> Screenplay:
    """Of the text below an empty line, so that nothing in it is a title page."""
    return read_fountain(f"\n{text}\n".encode())


def kinds(text: str) -> list[tuple[str, str]]:
    return [(paragraph.kind.name, paragraph.text) for paragraph in read(text).flat]


def only(text: str) -> Paragraph:
    (paragraph,) = read(text).paragraphs
    return paragraph


@pytest.mark.parametrize(
    "heading",
    [
        "INT. HOUSE - DAY",
        "EXT HOUSE",
        "est. city",
        "INT./EXT. CAR",
        "INT/EXT CAR",
        "EXT/INT. DOORWAY",
        "EXT./INT. DOORWAY",
        "I/E CAR",
        "i./e. car",
        "E/I. CAR",
        "INT.HOUSE",
    ],
)
def test_a_scene_heading_begins_with_where(heading: str) -> None:
    assert kinds(f"Before.\n\n{heading}\nAfter.") == [
        ("ACTION", "Before."),
        ("SCENE_HEADING", heading),
        ("ACTION", "After."),
    ]


@pytest.mark.parametrize("action", ["INTERIOR. HOUSE", "EXTRA", "I EAT.", "Estate", "INT"])
def test_what_only_begins_alike_is_action(action: str) -> None:
    assert kinds(action) == [("ACTION", action)]


def test_a_heading_needs_an_empty_line_before_it() -> None:
    assert kinds("He walks.\nINT. HOUSE") == [("ACTION", "He walks.\nINT. HOUSE")]


def test_a_heading_may_stand_right_below_a_section_or_a_synopsis() -> None:
    found = kinds("# Act\nINT. HOUSE\n= Why\n\nEXT. YARD")
    assert [kind for kind, _ in found] == ["SECTION", "SCENE_HEADING", "SYNOPSIS", "SCENE_HEADING"]


@pytest.mark.parametrize(
    ("line", "text", "number"),
    [
        ("INT. HOUSE - DAY #1#", "INT. HOUSE - DAY", "1"),
        ("INT. HOUSE - DAY #1A#", "INT. HOUSE - DAY", "1A"),
        ("INT. HOUSE #I-1-A#", "INT. HOUSE", "I-1-A"),
        (
            "INT. HOUSE - DAY - FLASHBACK (1944) #110A#",
            "INT. HOUSE - DAY - FLASHBACK (1944)",
            "110A",
        ),
        (".BINOCULARS #9.#", "BINOCULARS", "9."),
        ("INT. ROOM #5 - DAY", "INT. ROOM #5 - DAY", None),
        ("INT. ROOM # 5 #", "INT. ROOM # 5 #", None),
    ],
)
def test_a_scene_number_is_text_at_the_end(line: str, text: str, number: str | None) -> None:
    heading = only(line)
    assert (heading.kind, heading.text, heading.number) == (Kind.SCENE_HEADING, text, number)


@pytest.mark.parametrize(
    ("line", "kind", "text"),
    [
        (".SNIPER SCOPE", Kind.SCENE_HEADING, "SNIPER SCOPE"),
        ("...and so it went.", Kind.ACTION, "...and so it went."),
        ("!INT. IS NOT A PLACE", Kind.ACTION, "INT. IS NOT A PLACE"),
        ("@McCOY", Kind.CHARACTER, "McCOY"),
        ("> Burn to white.", Kind.TRANSITION, "Burn to white."),
        ("CUT TO:", Kind.TRANSITION, "CUT TO:"),
        ("\t\t\tSMASH CUT TO:", Kind.TRANSITION, "SMASH CUT TO:"),
        ("Cut to:", Kind.ACTION, "Cut to:"),
        ("FADE OUT.", Kind.ACTION, "FADE OUT."),
        ("~La la la", Kind.LYRIC, "La la la"),
        ("= It begins.", Kind.SYNOPSIS, "It begins."),
        ("====", Kind.PAGE_BREAK, ""),
        ("    \t indented ", Kind.ACTION, "    \t indented "),
    ],
)
def test_a_line_is_what_its_mark_or_its_shape_says(line: str, kind: Kind, text: str) -> None:
    found = only(line)
    assert (found.kind, found.text) == (kind, text)


def test_centred_text_is_action_in_the_middle() -> None:
    first, second = read("> THE END <\n>of *this*<").paragraphs
    assert (first.kind, first.text, first.centered) == (Kind.ACTION, "THE END", True)
    assert (second.text, second.centered) == ("of this", True)


def test_sections_have_a_depth() -> None:
    assert [(p.text, p.depth) for p in read("# One\n\n### Three").paragraphs] == [
        ("One", 1),
        ("Three", 3),
    ]


def test_a_speech_is_a_cue_with_what_stands_below_it() -> None:
    assert kinds("HANS (on the radio)\n(quietly)\nCome in.\nPlease.\n~a song\n\nHe waits.") == [
        ("CHARACTER", "HANS (on the radio)"),
        ("PARENTHETICAL", "(quietly)"),
        ("DIALOGUE", "Come in.\nPlease."),
        ("LYRIC", "a song"),
        ("ACTION", "He waits."),
    ]


@pytest.mark.parametrize("action", ["23\nis a number", "INGA\n\ngoes", "Inga\ngoes", "漢字\n漢字"])
def test_a_cue_has_a_capital_and_text_below_it(action: str) -> None:
    assert {kind for kind, _ in kinds(action)} == {"ACTION"}


def test_two_spaces_keep_an_empty_line_in_dialogue() -> None:
    assert kinds("DEALER\nTen.\n  \nHit or stand?\n\nNobody moves.") == [
        ("CHARACTER", "DEALER"),
        ("DIALOGUE", "Ten.\n\nHit or stand?"),
        ("ACTION", "Nobody moves."),
    ]


def test_two_spaces_go_on_after_a_parenthetical() -> None:
    assert kinds("DEALER\n(dealing)\n  \nTen.") == [
        ("CHARACTER", "DEALER"),
        ("PARENTHETICAL", "(dealing)"),
        ("DIALOGUE", "\nTen."),
    ]


def test_a_caret_makes_two_speeches_one() -> None:
    dual, after = read("BRICK\nScrew it.\n\nSTEEL ^\n(also)\nScrew it.\n\nThey do.").paragraphs
    assert dual.kind is Kind.DUAL_DIALOGUE
    assert [(p.text, p.dual) for p in dual.inside] == [
        ("BRICK", False),
        ("Screw it.", False),
        ("STEEL", True),
        ("(also)", False),
        ("Screw it.", False),
    ]
    assert after.kind is Kind.ACTION


def test_a_caret_without_a_speech_before_it_is_told() -> None:
    screenplay = read("STEEL ^\nAlone.")
    assert [p.kind for p in screenplay.paragraphs] == [Kind.CHARACTER, Kind.DIALOGUE]
    assert [(p.line, "^" in p.message) for p in screenplay.problems] == [(2, True)]


def test_emphasis_is_runs() -> None:
    runs = only(r"*i* **b** ***both*** _u_ \*no\* 5 * 3 **open").runs
    assert runs == (
        Run("i", frozenset({ITALIC})),
        Run(" "),
        Run("b", frozenset({BOLD})),
        Run(" "),
        Run("both", frozenset({BOLD, ITALIC})),
        Run(" "),
        Run("u", frozenset({UNDERLINE})),
        Run(" *no* 5 * 3 **open"),
    )


def test_marks_hug_what_they_emphasize() -> None:
    assert only("*one *two*").runs == (Run("*one "), Run("two", frozenset({ITALIC})))
    assert only("2 * 3* 4").runs == (Run("2 * 3* 4"),)


def test_emphasis_ends_with_its_line() -> None:
    assert only("*one\ntwo*").text == "*one\ntwo*"


def test_notes_stand_where_they_stood() -> None:
    action = only("Before [[first]]between[[second\nline]] after")
    assert action.text == "Before between after"
    assert [(aside.text, aside.at) for aside in action.asides] == [
        ("first", 7),
        ("second\nline", 14),
    ]


def test_a_note_by_itself_is_no_action_and_breaks_no_speech() -> None:
    assert [kind for kind, _ in kinds("INGA\n[[slowly]]\nYes.\n\n[[why]]\n\nShe nods.")] == [
        "CHARACTER",
        "NOTE",
        "DIALOGUE",
        "NOTE",
        "ACTION",
    ]


def test_a_note_holds_an_empty_line_only_with_two_spaces_in_it() -> None:
    note = only("[[one\n  \ntwo]]")
    assert [aside.text for aside in note.asides] == ["one\n\ntwo"]
    broken = read("[[one\n\ntwo]]")
    assert [p.text for p in broken.paragraphs] == ["[[one", "two]]"]
    assert [problem.line for problem in broken.problems] == [2]


def test_a_boneyard_is_struck_out_wherever_it_is() -> None:
    screenplay = read("He r/*u*/ns.\n\nCUT TO:\n/*\nINT. GONE\n\nNothing.\n*/\nEXT. MANSION - DAY")
    assert [(p.kind, p.text) for p in screenplay.paragraphs] == [
        (Kind.ACTION, "He rns."),
        (Kind.TRANSITION, "CUT TO:"),
        (Kind.BONEYARD, ""),
        (Kind.SCENE_HEADING, "EXT. MANSION - DAY"),
    ]
    assert screenplay.paragraphs[2].asides[0].text == "\nINT. GONE\n\nNothing.\n"


def test_a_boneyard_without_an_end_is_text_and_is_told() -> None:
    screenplay = read("One.\n\n/* two")
    assert screenplay.paragraphs[-1].text == "/* two"
    assert [problem.line for problem in screenplay.problems] == [4]


def test_the_title_page_is_keys_with_lines() -> None:
    screenplay = read_fountain(
        b"Title:\n\t_**BRICK & STEEL**_\n   FULL RETIRED\nCredit: Written by\nAuthor: Stu\n"
        b"Contact:\n    Next Level\n    a: b\n\nFADE IN:\n"
    )
    assert [(entry.key, entry.lines) for entry in screenplay.title_page] == [
        ("Title", ("BRICK & STEEL", "FULL RETIRED")),
        ("Credit", ("Written by",)),
        ("Author", ("Stu",)),
        ("Contact", ("Next Level", "a: b")),
    ]
    assert screenplay.title("title") == "BRICK & STEEL FULL RETIRED"
    assert [p.text for p in screenplay.paragraphs] == ["FADE IN:"]


@pytest.mark.parametrize(
    "start",
    [
        "FADE IN:",
        "CUT TO: BLACK",
        "INT. A: B",
        "Int. a: b",
        "Cut to: black",
        "SUPER: LONDON",
        "Hi.",
    ],
)
def test_a_script_without_a_title_page_may_begin_with_a_colon(start: str) -> None:
    screenplay = read_fountain(f"{start}\n\nMore.".encode())
    assert not screenplay.title_page
    assert screenplay.paragraphs[0].text == start


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_marks_and_line_ends_are_kept_and_mean_nothing(mark: bytes, newline: str) -> None:
    data = mark + LANTERNS_FOUNTAIN.replace(b"\n", newline.encode())
    screenplay = read_fountain(data)
    assert screenplay == read_fountain(LANTERNS_FOUNTAIN)
    assert write_fountain(screenplay).data == data


def test_utf_16_is_read_by_its_mark() -> None:
    data = LANTERNS_FOUNTAIN.decode().encode("utf-16")
    assert read_fountain(data) == read_fountain(LANTERNS_FOUNTAIN)
    assert write_fountain(read_fountain(data)).data == data


@pytest.mark.parametrize(
    ("data", "line"), [(b"one\ntwo\n\xff", 3), (b"one\n\0", 2), (b"\n" * LINES_MAX, LINES_MAX + 1)]
)
def test_what_is_no_text_is_refused_with_its_line(data: bytes, line: int) -> None:
    with pytest.raises(NotFountain) as refusal:
        read_fountain(data)
    assert refusal.value.line == line
    assert f"Line {line}:" in str(refusal.value)


@pytest.mark.parametrize(
    "hostile",
    [
        "[[",
        "[[ a\n",
        "/* a ",
        "]]*/[[/*",
        "**a*",
        "_a *b ",
        "\\",
        "INT. #a",
        "(a",
        "    ",
        "A - ",
        "Title:",
    ],
)
def test_time_grows_with_the_text_and_not_faster(hostile: str) -> None:
    """Sixteen times the text may take a hundred times as long, not the 256 times of its square."""
    small, large = (f"\n{hostile * (size // len(hostile))}" for size in (2**13, 2**17))
    assert spent(large) < 100 * min(spent(small), spent(small)) + 0.3


def test_as_many_marks_as_may_be_are_read_and_not_one_more() -> None:
    marks = "[[ a /* b ]] **c* _d \\\\ (e INT. #f# - "
    text = marks * (MARKS_MAX // 8)
    assert spent(text) < 20
    for more in MARKS:
        with pytest.raises(NotFountain, match="more than 200,000 marks"):
            read_fountain(f"{text}{more}".encode())


def test_what_is_too_much_to_be_read_again_is_written_and_told() -> None:
    action = Paragraph(Kind.ACTION, (Run("* a" * (MARKS_MAX + 1)),))
    written = write_fountain(Screenplay((action,)))
    [problem] = written.problems
    assert written.data.count(b"a") == MARKS_MAX + 1
    assert "more than 200,000 marks" in problem.message


def spent(text: str) -> float:
    begun = time.process_time()
    assert write_fountain(read_fountain(text.encode())).data == text.encode()
    return time.process_time() - begun
