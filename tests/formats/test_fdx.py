"""FDX is read whole, and what is not edited is written back byte for byte."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from services.formats.fdx.reading import read_fdx
from services.formats.fdx.spans import DEPTH_MAX, ELEMENTS_MAX, NotFdx
from services.formats.fdx.writing import write_fdx
from services.formats.fountain.writing import write_fountain
from services.formats.screenplay import (
    BOLD,
    BYTES_MAX,
    PARAGRAPHS_MAX,
    Kind,
    Paragraph,
    Run,
    SceneFacts,
    Screenplay,
    TitleField,
)
from services.formats.screenplay_editing import (
    inserted,
    moved_scene,
    substituted,
    with_scene_omitted,
    with_text,
    without_scene,
)
from tests.formats.screenplays import LANTERNS_FDX


def fdx(content: str, more: str = "") -> bytes:
    return f'<FinalDraft Version="4"><Content>{content}</Content>{more}</FinalDraft>'.encode()


def only(content: str, more: str = "") -> Paragraph:
    (paragraph,) = read_fdx(fdx(content, more)).paragraphs
    return paragraph


def every(paragraphs: Sequence[Paragraph]) -> Iterator[Paragraph]:
    for paragraph in paragraphs:
        yield paragraph
        yield from every(paragraph.inside)


def test_no_word_of_a_script_is_lost() -> None:
    """Against all text of the file but that of notes and summaries, by another parser."""
    content = ElementTree.fromstring(LANTERNS_FDX).find("Content")  # noqa: S314  # our own file
    assert content is not None
    apart = [
        text
        for path in (".//SceneProperties//Text", ".//ScriptNote//Text")
        for text in content.iterfind(path)
    ]
    texts = [text for text in content.iter("Text") if text not in apart]
    words = Counter(word for text in texts for word in (text.text or "").split())
    found = every(read_fdx(LANTERNS_FDX).paragraphs)
    assert Counter(word for p in found for run in p.runs for word in run.text.split()) == words
    assert words.total() > 700


def test_runs_keep_style_revision_and_every_attribute() -> None:
    action = only(
        '<Paragraph Type="Action"><Text>One </Text><Text Style="Bold+AllCaps" RevisionID="2"'
        ' Font="Courier">two</Text><Text></Text></Paragraph>'
    )
    assert action.text == "One two"
    assert action.runs[1] == Run(
        "two", frozenset({BOLD, "AllCaps"}), (("RevisionID", "2"), ("Font", "Courier"))
    )


def test_a_summary_and_a_note_are_no_text_of_the_heading() -> None:
    heading = only(
        '<Paragraph Number="110A" Type="Scene Heading">'
        '<SceneProperties Length="1 3/8" Page="9" Title="Start" Color="#00000000FFFF"><Summary>'
        "<Paragraph><Text>Fields </Text><Text>of wheat.</Text></Paragraph>"
        "<Paragraph><Text>Wind.</Text></Paragraph></Summary></SceneProperties>"
        '<ScriptNote Name="where"><Paragraph><Text>Near the river.</Text></Paragraph></ScriptNote>'
        "<Text>EXT. FARM - DAY</Text></Paragraph>"
    )
    assert (heading.text, heading.number) == ("EXT. FARM - DAY", "110A")
    assert heading.facts == SceneFacts(11, "9", "Start", "#00000000FFFF", "Fields of wheat.\nWind.")
    assert [aside.text for aside in heading.asides] == ["Near the river."]


@pytest.mark.parametrize(
    ("length", "eighths"),
    [("2/8", 2), ("1 3/8", 11), ("2", 16), ("", None), ("long", None), ("1/2", None), ("-1", None)],
)
def test_a_length_is_counted_in_eighths(length: str, eighths: int | None) -> None:
    heading = only(
        f'<Paragraph Type="Scene Heading"><SceneProperties Length="{length}"/></Paragraph>'
    )
    assert heading.facts == SceneFacts(eighths)


@pytest.mark.parametrize("wrapper", ['<Paragraph Type="General">', "<Paragraph>"])
def test_dual_dialogue_is_two_speeches_whatever_its_wrapper_says(wrapper: str) -> None:
    dual = only(
        f"{wrapper}<DualDialogue>"
        '<Paragraph Type="Character"><Text>GIRL</Text></Paragraph>'
        '<Paragraph Type="Dialogue"><Text>Hey!</Text></Paragraph>'
        '<Paragraph Type="Character"><Text>GUY</Text></Paragraph>'
        '<Paragraph Type="Dialogue"><Text>Hello!</Text></Paragraph>'
        "</DualDialogue><Text>Around.</Text></Paragraph>"
    )
    flat = list(Screenplay((dual,)).flat)
    assert [p.text for p in flat] == ["GIRL", "Hey!", "GUY", "Hello!", "Around."]
    assert dual.kind is Kind.DUAL_DIALOGUE
    assert [(p.text, p.dual) for p in dual.inside] == [
        ("GIRL", False),
        ("Hey!", False),
        ("GUY", True),
        ("Hello!", False),
    ]


def test_an_omitted_scene_is_inside_the_heading_that_keeps_its_number() -> None:
    heading = read_fdx(LANTERNS_FDX).paragraphs[read_fdx(LANTERNS_FDX).scenes()[3].start]
    assert (heading.text, heading.number, heading.omitted) == ("OMITTED", "3", True)
    assert heading.inside[0].text == "EXT. MARKET SQUARE - NIGHT"
    assert "OMITTED" not in [p.text for p in heading.inside]


def test_a_heading_with_a_scene_inside_is_omitted_whatever_it_says() -> None:
    old = '<Paragraph Type="Scene Heading"><Text>INT. OLD</Text></Paragraph>'
    heading = only(
        f'<Paragraph Type="Scene Heading"><Text>GONE</Text><OmittedScene>{old}</OmittedScene>'
        "</Paragraph>"
    )
    assert (heading.text, heading.omitted, heading.inside[0].text) == ("GONE", True, "INT. OLD")


@pytest.mark.parametrize(
    ("type_name", "kind", "name"),
    [
        ("Scene Heading", Kind.SCENE_HEADING, ""),
        ("scene heading", Kind.SCENE_HEADING, "scene heading"),
        ("Shot", Kind.SHOT, ""),
        ("Lyric", Kind.LYRIC, ""),
        ("Singing", Kind.LYRIC, "Singing"),
        ("End Of Act", Kind.ACTION, "End Of Act"),
        ("Cast List", Kind.ACTION, "Cast List"),
        ("Telegram", Kind.DIALOGUE, "Telegram"),
        ("Unheard Of", Kind.ACTION, "Unheard Of"),
        ("", Kind.ACTION, ""),
    ],
)
def test_a_type_is_known_in_any_case_or_by_what_it_is_set_like(
    type_name: str, kind: Kind, name: str
) -> None:
    settings = "".join(
        f'<ElementSettings Type="{own}"><Behavior PaginateAs="{like}"/></ElementSettings>'
        for own, like in [("Telegram", "Dialogue"), ("End of Act", "Character"), ("Shot", "Action")]
    )
    paragraph = only(f'<Paragraph Type="{type_name}"><Text>x</Text></Paragraph>', settings)
    assert (paragraph.kind, paragraph.name) == (kind, name)


def test_a_paragraph_without_text_is_a_paragraph() -> None:
    assert only('<Paragraph Type="Dialogue">\n</Paragraph>').text == ""
    assert only("<Paragraph/>").runs == ()


def test_the_title_page_is_read_by_its_layout() -> None:
    screenplay = read_fdx(LANTERNS_FDX)
    assert [(entry.key, entry.lines) for entry in screenplay.title_page] == [
        ("Title", ("The Lanterns of Skarv",)),
        ("Credit", ("written by",)),
        ("Author", ("Storyreel",)),
        ("Source", ("based on an original story for the demonstration",)),
        ("Draft date", ("Second draft",)),
        ("Contact", ("The Harbour Office", "Skarv")),
    ]


@pytest.mark.parametrize(
    "data",
    [
        LANTERNS_FDX,
        LANTERNS_FDX.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + LANTERNS_FDX,
        LANTERNS_FDX.decode().encode("utf-16"),
        LANTERNS_FDX.replace(b'"UTF-8"', b"'ISO-8859-1'").replace(b"SKARV", b"SK\xc5RV"),
        b"<?xml version='1.0' encoding='windows-1252'?><FinalDraft><Content><Paragraph>"
        b"<Text>\x93a\x94</Text></Paragraph></Content></FinalDraft>",
        fdx(""),
        b"<FinalDraft><Content/></FinalDraft>",
        fdx("<!-- > --><?a > b?><Paragraph  Type = 'Action' />"),
        fdx('<Paragraph Own="a>b"><Text ><![CDATA[<&>]]></Text ></Paragraph>'),
    ],
)
def test_what_is_not_edited_is_written_back_byte_for_byte(data: bytes) -> None:
    written = write_fdx(read_fdx(data))
    assert written.data == data
    assert not written.problems


def test_a_character_that_the_encoding_lacks_is_written_as_a_reference() -> None:
    data = LANTERNS_FDX.replace(b'"UTF-8"', b'"ISO-8859-1"')
    screenplay = read_fdx(data)
    old = screenplay.paragraphs[2]
    written = write_fdx(substituted(screenplay, old, with_text(old, "Lanterns – 漢字."))).data
    assert b"Lanterns &#8211; &#28450;&#23383;." in written
    assert read_fdx(written).paragraphs[2].text == "Lanterns – 漢字."


@pytest.mark.parametrize(
    ("data", "said", "line"),
    [
        (b"", "not XML", 1),
        (b"Title: Not XML", "not XML", 1),
        (b"<FinalDraft>\n<Content>\n<Paragraph></Content>", "not XML", 3),
        (b"<html/>", "html", 1),
        (b"<FinalDraft/>", "no Content", 1),
        (b"\n<!DOCTYPE x>\n<FinalDraft/>", "not XML|document type", 2),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><FinalDraft>&a;</FinalDraft>', "document type", 1),
        (b"<FinalDraft><Content>&a;</Content></FinalDraft>", "not XML", 1),
        (b"<FinalDraft>\n\xff</FinalDraft>", "not written in utf-8", 2),
        (b"<?xml version='1.0' encoding='EBCDIC'?>", "ebcdic", 1),
        (b"\xff\xfe<\x00x", "utf-16", 1),
        (fdx("<a>" * DEPTH_MAX + "</a>" * DEPTH_MAX), "deep", 1),
        (fdx("<Paragraph/>" * (PARAGRAPHS_MAX + 1)), "paragraphs", 1),
        (fdx("<Text/>\n" * ELEMENTS_MAX), "elements", ELEMENTS_MAX - 1),
        (b" " * (BYTES_MAX + 1), "larger", 0),
    ],
)
def test_what_is_not_fdx_is_refused_with_its_line(data: bytes, said: str, line: int) -> None:
    with pytest.raises(NotFdx, match=said) as refusal:
        read_fdx(data)
    assert refusal.value.line == line


HOSTILE = {
    "texts": "<Paragraph><Text>a</Text></Paragraph>",
    "texts that are not ASCII": "<Paragraph><Text>é</Text></Paragraph>",
    "runs": '<Text Style="Bold">a</Text><Text/>',
    "notes": "<ScriptNote><Paragraph><Text>a</Text></Paragraph></ScriptNote>",
    "dual in dual": "<Paragraph><DualDialogue>" * 20 + "</DualDialogue></Paragraph>" * 20,
    "omitted in omitted": '<Paragraph Type="Scene Heading"><OmittedScene>' * 20
    + "</OmittedScene></Paragraph>" * 20,
    "comments": "<!-- a -->",
    "quotes": "<a b='" + '"' * 99 + "'/>",
    "space": "\n" * 40,
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_time_grows_with_the_file_and_not_faster(hostile: str) -> None:
    """Sixteen times the file may take a hundred times as long, not the 256 times of its square."""
    outer = "<Paragraph>{}</Paragraph>" if hostile.startswith(("<Text", "<Script")) else "{}"
    small, large = (fdx(outer.format(hostile * (size // len(hostile)))) for size in (2**12, 2**16))
    assert spent(large) < 100 * min(spent(small), spent(small)) + 0.3


def spent(data: bytes) -> float:
    begun = time.process_time()
    screenplay = read_fdx(data)
    assert write_fdx(screenplay).data == data
    write_fountain(screenplay)
    return time.process_time() - begun


@pytest.mark.parametrize("comment", ["<!-->-->", "<!--->-->", "<?x?>", "<!-- < > -->"])
def test_what_stands_between_paragraphs_is_whole_and_stays_when_they_move(comment: str) -> None:
    one, two = (f'<Paragraph Type="Action"><Text>{word}</Text></Paragraph>' for word in "ab")
    screenplay = read_fdx(fdx(f"{one}{comment}{two}"))
    first, between, last = screenplay.paragraphs
    moved = replace(screenplay, paragraphs=(last, first, between))
    assert write_fdx(moved).data == fdx(f"{two}{one}{comment}")


def test_an_edit_changes_the_text_and_nothing_beside_it() -> None:
    screenplay = read_fdx(LANTERNS_FDX)
    old = next(p for p in screenplay.paragraphs if p.text.startswith("It passes."))
    new = with_text(old, old.text.replace("somebody walking", "a girl & her wheel"))
    written = write_fdx(substituted(screenplay, old, new)).data
    assert written == LANTERNS_FDX.replace(b"somebody walking", b"a girl &amp; her wheel")


def test_a_number_and_a_heading_change_in_their_place() -> None:
    screenplay = read_fdx(LANTERNS_FDX)
    heading = screenplay.paragraphs[screenplay.scenes()[0].start]
    new = replace(with_text(heading, "EXT. SKARV HARBOR - DUSK"), number="1B")
    written = write_fdx(substituted(screenplay, heading, new)).data
    assert written == LANTERNS_FDX.replace(b'Number="1"', b'Number="1B"', 1).replace(
        b"EXT. SKARV HARBOUR - DUSK", b"EXT. SKARV HARBOR - DUSK", 1
    )


def test_every_kind_of_edit_is_read_back() -> None:
    source = only(
        '<Paragraph Type="Scene Heading" Own="kept"><SceneProperties Title="A"><Summary><Paragraph>'
        "<Text>s</Text></Paragraph></Summary><SceneArcBeats/></SceneProperties><Text>A</Text>"
        "<Unknown/></Paragraph>"
    )
    screenplay = Screenplay((source,), (), read_fdx(fdx("")).frame)
    note = read_fdx(LANTERNS_FDX).paragraphs[read_fdx(LANTERNS_FDX).scenes()[5].start].asides
    edits: list[dict[str, object]] = [
        {"number": "7"},
        {"kind": Kind.SHOT},
        {"centered": True, "starts_page": True},
        {"facts": None},
        {"facts": SceneFacts(9, "2", "B", "", "s")},
        {"facts": SceneFacts(summary="other\nlines")},
        {"facts": SceneFacts(title="A")},
        {"asides": note},
        {"runs": ()},
        {"runs": (Run("A", frozenset({BOLD})), Run(" <B>"))},
    ]
    for edit in edits:
        edited = replace(source, **edit)  # type: ignore[arg-type]  # one field each
        written = write_fdx(replace(screenplay, paragraphs=(edited,))).data
        assert read_fdx(written).paragraphs == (edited,), edit
        assert b'Own="kept"' in written
        assert b"<Unknown/>" in written
        again = read_fdx(written)
        restored = replace(source, source=again.paragraphs[0].source)
        assert read_fdx(write_fdx(replace(again, paragraphs=(restored,))).data).paragraphs == (
            source,
        )


def test_a_scene_that_is_omitted_is_kept_inside() -> None:
    screenplay = read_fdx(LANTERNS_FDX)
    before = screenplay.scenes()[2]
    written = write_fdx(with_scene_omitted(screenplay, 2)).data
    again = read_fdx(written)
    heading = again.paragraphs[again.scenes()[2].start]
    assert (heading.text, heading.number, heading.omitted) == ("OMITTED", "2A", True)
    assert heading.inside[0].text == "INT. BOATHOUSE - MOMENTS LATER"
    assert heading.inside[1:] == screenplay.paragraphs[before.start + 1 : before.stop]
    assert len(again.scenes()) == len(screenplay.scenes())
    assert with_scene_omitted(again, 2) is again


def test_scenes_move_and_go_with_every_byte_of_theirs() -> None:
    screenplay = read_fdx(LANTERNS_FDX)
    moved = moved_scene(screenplay, 0, 4)
    again = read_fdx(write_fdx(moved).data)
    numbers = [again.paragraphs[span.start].number for span in again.scenes()]
    assert numbers == ["2", "2A", "3", "4", "1", "5", "5A", "6", "7"]
    assert write_fdx(moved_scene(again, 4, 0)).data == LANTERNS_FDX
    gone = write_fdx(without_scene(screenplay, 8)).data
    assert len(read_fdx(gone).scenes()) == 8
    assert LANTERNS_FDX.startswith(gone[: gone.index(b"  </Content>")])


def test_a_new_paragraph_is_indented_like_the_others() -> None:
    screenplay = read_fdx(LANTERNS_FDX.replace(b"\n", b"\r\n"))
    new = Paragraph(Kind.ACTION, (Run("A gull <cries>."),))
    written = write_fdx(inserted(screenplay, 1, [new])).data
    assert (
        b'\r\n    <Paragraph Type="Action">\r\n      <Text>A gull &lt;cries&gt;.</Text>\r\n'
        b"    </Paragraph>\r\n    <Paragraph"
    ) in written


def test_a_new_title_page_is_read_back_and_the_script_stays() -> None:
    screenplay = read_fdx(LANTERNS_FDX)
    fields = (
        TitleField("Title", ("Lamps & Lights", "of the Sea")),
        TitleField("Author", ("Inga",)),
        TitleField("Draft date", ("1 May",)),
        TitleField("Contact", ("Here", "Phone: 5")),
    )
    written = write_fdx(replace(screenplay, title_page=fields)).data
    assert read_fdx(written).title_page == fields
    assert read_fdx(written).paragraphs == screenplay.paragraphs
    bare = write_fdx(replace(read_fdx(fdx("")), title_page=fields)).data
    assert read_fdx(bare).title_page == fields


def test_control_characters_are_left_out_and_told() -> None:
    title_page = (TitleField("Title", ("d\x0ce",)),)
    written = write_fdx(Screenplay((Paragraph(Kind.ACTION, (Run("a\x0bb\ud800c"),)),), title_page))
    assert read_fdx(written.data).paragraphs[0].text == "abc"
    assert read_fdx(written.data).title("Title") == "de"
    assert "control characters" in " ".join(problem.message for problem in written.problems)


def test_a_title_page_that_would_be_read_in_another_way_is_told() -> None:
    (problem,) = write_fdx(Screenplay((), (TitleField("Contact", ("Here",)),))).problems
    assert "title page" in problem.message
