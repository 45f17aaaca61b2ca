"""One script in both formats, and what one of them cannot hold."""

from __future__ import annotations

import pytest

from services.formats.fdx.reading import read_fdx
from services.formats.fdx.writing import write_fdx
from services.formats.fountain.reading import read_fountain
from services.formats.fountain.writing import write_fountain
from services.formats.screenplay import (
    BOLD,
    UNPRINTED,
    Format,
    Kind,
    Paragraph,
    Run,
    SceneFacts,
    Screenplay,
    TitleField,
)
from services.formats.screenplay_files import format_of, read_screenplay, write_screenplay
from tests.formats.screenplays import LANTERNS_FDX, LANTERNS_FOUNTAIN


def printed(screenplay: Screenplay) -> list[tuple[str, str, str | None]]:
    """What is on paper, with shots as the action that Fountain has them as."""
    return [
        ("ACTION" if p.kind is Kind.SHOT else p.kind.name, p.text, p.number)
        for p in screenplay.flat
        if p.kind not in UNPRINTED
    ]


def test_both_readers_read_the_same_script() -> None:
    fdx, fountain = read_fdx(LANTERNS_FDX), read_fountain(LANTERNS_FOUNTAIN)
    assert printed(fdx) == printed(fountain)
    assert fdx.title_page == fountain.title_page
    assert len(fdx.scenes()) == len(fountain.scenes()) == 9
    assert not fdx.problems
    assert not fountain.problems


def test_fdx_becomes_the_fountain_that_somebody_wrote_by_hand() -> None:
    written = write_fountain(read_fdx(LANTERNS_FDX))
    lines = [line for line in written.data.decode().splitlines() if line]
    assert lines == [line for line in LANTERNS_FOUNTAIN.decode().splitlines() if line]


def test_each_thing_that_fountain_cannot_hold_is_told_once_with_its_first_line() -> None:
    problems = write_fountain(read_fdx(LANTERNS_FDX)).problems
    assert [(p.line, p.message) for p in problems] == [
        (8, "Fountain does not hold a scene's length, page, title and colour. (8 times)"),
        (103, "Fountain has no shots; each is action. (2 times)"),
        (197, "A note in Fountain has no author, name, date or colour."),
        (273, "Fountain has no revision marks."),
    ]


def test_fountain_becomes_fdx_and_comes_back_as_it_was() -> None:
    written = write_fdx(read_fountain(LANTERNS_FOUNTAIN))
    assert not written.problems
    again = read_fdx(written.data)
    assert printed(again) == printed(read_fdx(LANTERNS_FDX))
    omitted = again.paragraphs[again.scenes()[3].start]
    assert omitted.inside[0].text == "EXT. MARKET SQUARE - NIGHT"
    assert write_fountain(again).data == LANTERNS_FOUNTAIN


def test_what_only_fountain_has_is_kept_in_another_way_or_told() -> None:
    text = b"\n# Act One\n\n= about it\n\nINT. A\n\n= of A\n\n===\n\nOne /* cut */.\n\n/* gone */\n"
    written = write_fdx(read_fountain(text))
    heading, action = read_fdx(written.data).paragraphs
    assert heading.facts == SceneFacts(summary="of A")
    assert [aside.text for aside in heading.asides] == ["Act One", "about it"]
    assert (action.text, action.starts_page) == ("One .", True)
    assert [problem.line for problem in written.problems] == [2, 4, 12]
    back = write_fountain(read_fdx(written.data))
    assert back.data == text.lstrip().replace(b" /* cut */", b" ").replace(b"\n/* gone */\n", b"")


@pytest.mark.parametrize(
    ("paragraph", "said"),
    [
        (Paragraph(Kind.DIALOGUE, (Run("Nobody says it."),)), "cannot hold this dialogue"),
        (Paragraph(Kind.ACTION, (Run("one\n\ntwo"),)), "cannot hold this action"),
        (Paragraph(Kind.ACTION, (Run("begin [[ here ]]"),)), "cannot hold this action"),
        (
            Paragraph(Kind.SCENE_HEADING, (Run("A"),), number="1 A"),
            "cannot hold this scene heading",
        ),
        (Paragraph(Kind.ACTION, (Run("a", frozenset({"Strikeout"})),)), "no style Strikeout"),
        (Paragraph(Kind.ACTION, (Run("a"),), name="Cast List"), "'Cast List'"),
        (Paragraph(Kind.ACTION, (Run("a"),), number="3"), "numbers scenes only"),
        (Paragraph(Kind.ACTION, (Run("a", attributes=(("RevisionID", "2"),)),)), "revision marks"),
    ],
)
def test_what_fountain_would_read_in_another_way_is_told(paragraph: Paragraph, said: str) -> None:
    before = Paragraph(Kind.ACTION, (Run("Before."),))
    (problem,) = write_fountain(Screenplay((before, paragraph))).problems
    assert said in problem.message


@pytest.mark.parametrize(
    ("kind", "text", "written"),
    [
        (Kind.ACTION, "INT. IS NOT A PLACE", "!INT. IS NOT A PLACE"),
        (Kind.ACTION, "One.\n# two\n!three", "One.\n!# two\n!!three"),
        (Kind.ACTION, "SHE RUNS.\nFAST.", "!SHE RUNS.\nFAST."),
        (Kind.ACTION, "SHE RUNS.", "SHE RUNS."),
        (Kind.SCENE_HEADING, "LATER", ".LATER"),
        (Kind.TRANSITION, "FADE OUT.", "> FADE OUT."),
        (Kind.TRANSITION, "CUT TO:", "CUT TO:"),
        (Kind.ACTION, "5 * 3 * 2 *starred* a_b", r"5 * 3 * 2 \*starred\* a\_b"),
    ],
)
def test_a_mark_is_written_where_it_is_needed(kind: Kind, text: str, written: str) -> None:
    data = write_fountain(Screenplay((Paragraph(kind, (Run(text),)),))).data
    assert data.decode() == f"{written}\n"


def test_an_empty_run_between_two_of_one_look_parts_nothing() -> None:
    bold = frozenset({BOLD})
    runs = (Run("one", bold), Run(""), Run("two", bold), Run(" "), Run("three", bold))
    written = write_fountain(Screenplay((Paragraph(Kind.ACTION, runs),)))
    assert written.data == b"**onetwo** **three**\n"
    assert not written.problems


def test_a_new_title_page_is_written_as_fountain() -> None:
    fields = (TitleField("Title", ("A *B*",)), TitleField("Contact", ("Here", "There")))
    written = write_fountain(Screenplay((), fields))
    assert written.data == b"Title: A \\*B\\*\nContact:\n    Here\n    There\n"
    assert read_fountain(written.data).title_page == fields
    assert not written.problems


@pytest.mark.parametrize("entry", [TitleField("", ("A",)), TitleField("Title", ("A", "", "B"))])
def test_a_title_page_that_fountain_would_read_in_another_way_is_told(entry: TitleField) -> None:
    (problem,) = write_fountain(Screenplay((), (entry,))).problems
    assert "title page" in problem.message


@pytest.mark.parametrize(
    "data",
    [LANTERNS_FDX, b"\xef\xbb\xbf\r\n" + LANTERNS_FDX[55:], LANTERNS_FDX.decode().encode("utf-16")],
)
def test_fdx_is_known_by_its_beginning(data: bytes) -> None:
    assert format_of(data) is Format.FDX


@pytest.mark.parametrize("data", [LANTERNS_FOUNTAIN, b"", b"< 5", b"\xff\xfeT\x00"])
def test_every_other_text_is_fountain(data: bytes) -> None:
    assert format_of(data) is Format.FOUNTAIN


def test_a_file_is_read_as_what_it_is_and_written_as_what_is_asked_for() -> None:
    screenplay = read_screenplay(LANTERNS_FOUNTAIN)
    fdx = write_screenplay(screenplay, Format.FDX).data
    assert write_screenplay(read_screenplay(fdx), Format.FOUNTAIN).data == LANTERNS_FOUNTAIN
