"""What holds for every screenplay, not only for those that somebody thought of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from services.formats.fdx.reading import read_fdx
from services.formats.fdx.spans import UNHOLDABLE
from services.formats.fdx.writing import write_fdx
from services.formats.fountain.reading import read_fountain, read_text
from services.formats.fountain.shaping import as_read
from services.formats.fountain.writing import write_fountain
from services.formats.screenplay import (
    UNPRINTED,
    Format,
    Kind,
    NotAScreenplay,
    Paragraph,
    Run,
    SceneFacts,
    Screenplay,
    TitleField,
)
from services.formats.screenplay_editing import (
    moved_scene,
    substituted,
    with_scene_omitted,
    with_text,
    without_scene,
)
from services.formats.screenplay_files import read_screenplay, write_screenplay
from tests.formats.screenplays import FACTS, SCENES, TEXTS, TITLES, fdx_texts, fountain_texts

few = settings(max_examples=40, deadline=None)


@few
@given(fountain_texts(), st.sampled_from([b"", b"\xef\xbb\xbf"]))
def test_fountain_is_written_back_as_it_was(text: str, mark: bytes) -> None:
    data = mark + text.encode()
    written = write_fountain(read_fountain(data))
    assert written.data == data
    assert not written.problems


@few
@given(fdx_texts(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_fdx_is_written_back_as_it_was(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    written = write_fdx(read_fdx(data))
    assert written.data == data
    assert not written.problems


@few
@given(st.binary(max_size=60), st.sampled_from(["", "<FinalDraft>", "<?xml ", "Title:"]))
def test_no_bytes_raise_anything_but_the_error_of_the_format(data: bytes, start: str) -> None:
    for kind in Format:
        with suppress(NotAScreenplay):
            screenplay = read_screenplay(start.encode() + data, kind)
            for other in Format:
                assert isinstance(write_screenplay(screenplay, other).data, bytes)


@few
@given(SCENES, FACTS, TITLES)
def test_a_screenplay_written_as_fdx_is_read_as_the_same(
    paragraphs: tuple[Paragraph, ...], facts: SceneFacts, title_page: tuple[TitleField, ...]
) -> None:
    paragraphs = tuple(
        replace(p, facts=facts) if p.kind is Kind.SCENE_HEADING else p for p in paragraphs
    )
    meant = Screenplay(paragraphs, title_page)
    written = write_fdx(meant)
    read = read_fdx(written.data)
    assert not written.problems
    assert spread(read.paragraphs) == spread(paragraphs)
    assert read.title("Title") == meant.title("Title")
    assert write_fdx(read).data == written.data


@few
@given(SCENES, TITLES)
def test_a_screenplay_written_as_fountain_is_read_as_the_same(
    paragraphs: tuple[Paragraph, ...], title_page: tuple[TitleField, ...]
) -> None:
    meant = Screenplay(paragraphs, title_page)
    written = write_fountain(meant)
    read = read_fountain(written.data)
    assert not written.problems
    assert read.title_page == meant.title_page
    boneyards = [p for p in read.flat if p.kind is Kind.BONEYARD]
    assert len(boneyards) == sum(bool(p.inside) for p in meant.flat)
    seen = [as_read(p) for p in read.flat if p.kind is not Kind.BONEYARD]
    assert seen == [as_read(p) for p in meant.flat]
    assert write_fountain(read).data == written.data


@few
@given(SCENES)
def test_fountain_comes_back_from_fdx(paragraphs: tuple[Paragraph, ...]) -> None:
    fountain = write_fountain(Screenplay(paragraphs)).data
    fdx = write_fdx(read_fountain(fountain)).data
    assert write_fountain(read_fdx(fdx)).data == fountain


@few
@given(fountain_texts())
def test_every_letter_of_fountain_is_read_once(text: str) -> None:
    read = read_fountain(text.encode())
    told = [p.text + (p.number or "") for p in every(read.paragraphs)]
    told += (aside.text for p in every(read.paragraphs) for aside in p.asides)
    told += (f"{entry.key}{''.join(entry.lines)}" for entry in read.title_page)
    assert letters("".join(told)) == letters(text)


@few
@given(fdx_texts())
def test_every_letter_of_fdx_is_read_once(text: str) -> None:
    read = read_fdx(text.encode())
    told = [p.text for p in every(read.paragraphs)]
    told += (aside.text for p in every(read.paragraphs) for aside in p.asides)
    told += (p.facts.summary for p in every(read.paragraphs) if p.facts)
    content = ElementTree.fromstring(text.encode()).find("Content")  # noqa: S314  # made up here
    assert content is not None
    inside = (part for p in content.iter("Paragraph") for part in p.iterfind("Text"))
    assert letters("".join(told)) == letters("".join(part.text or "" for part in inside))


@few
@given(fountain_texts())
def test_every_fountain_is_held_by_fdx_but_for_its_boneyards(text: str) -> None:
    screenplay = read_fountain(text.encode())
    read = read_fdx(write_fdx(screenplay).data)
    assert [(p.kind, p.text, p.number) for p in printed(read)] == [
        (p.kind, holdable(p.text), p.number) for p in printed(screenplay)
    ]
    assert Counter(noted(read.paragraphs)) >= Counter(noted(screenplay.paragraphs))


@few
@given(fdx_texts())
def test_no_word_of_fdx_is_lost_in_fountain(text: str) -> None:
    screenplay = read_fdx(text.encode())
    written = write_fountain(screenplay)
    read = read_fountain(written.data)
    assert words(every(screenplay.paragraphs)) <= words(every(read.paragraphs))
    if not written.problems:
        assert len(printed(read)) == len(printed(screenplay))


@few
@given(fdx_texts(), TEXTS, st.data())
def test_an_edited_text_leaves_every_other_byte_of_fdx(
    text: str, words: str, data: st.DataObject
) -> None:
    screenplay = read_fdx(text.encode())
    candidates = [p for p in every(screenplay.paragraphs) if p.kind is not Kind.VERBATIM]
    if not candidates:
        return
    old = data.draw(st.sampled_from(candidates))
    edited = substituted(screenplay, old, with_text(old, words))
    written = write_fdx(edited)
    assert spread(read_fdx(written.data).paragraphs) == spread(edited.paragraphs)
    only_between(text, written.data.decode(), old)


@few
@given(fountain_texts(), TEXTS, st.data())
def test_an_edited_text_leaves_every_other_character_of_fountain(
    text: str, words: str, data: st.DataObject
) -> None:
    screenplay = read_fountain(text.encode())
    candidates = [p for p in screenplay.flat if p.runs]
    if not candidates:
        return
    old = data.draw(st.sampled_from(candidates))
    edited = substituted(screenplay, old, with_text(old, words))
    written = write_fountain(edited)
    only_between(text, written.data.decode(), old)
    if not written.problems:
        again = read_fountain(written.data)
        assert [as_read(p) for p in again.flat] == [as_read(p) for p in edited.flat]


@few
@given(fountain_texts(), st.integers(0, 5), st.integers(0, 5), st.integers(0, 2))
def test_scenes_of_fountain_are_moved_cut_and_omitted_whole(
    text: str, one: int, two: int, how: int
) -> None:
    edited = with_a_scene_edited(read_fountain(f"{text}\n\nINT. END\n".encode()), one, two, how)
    written = write_fountain(edited)
    again = read_fountain(written.data)
    if not written.problems:
        seen = [as_read(p) for p in again.flat if p.kind is not Kind.BONEYARD]
        assert seen == [as_read(p) for p in edited.flat if p.kind is not Kind.BONEYARD]


@few
@given(fdx_texts(), st.integers(0, 5), st.integers(0, 5), st.integers(0, 2))
def test_scenes_of_fdx_are_moved_cut_and_omitted_whole(
    text: str, one: int, two: int, how: int
) -> None:
    heading = '<Paragraph Type="Scene Heading"><Text>INT. END</Text></Paragraph></Content>'
    data = text.replace("<Content/>", "<Content></Content>").replace("</Content>", heading).encode()
    edited = with_a_scene_edited(read_fdx(data), one, two, how)
    assert spread(read_fdx(write_fdx(edited).data).paragraphs) == spread(edited.paragraphs)


def with_a_scene_edited(screenplay: Screenplay, one: int, two: int, how: int) -> Screenplay:
    count = len(screenplay.scenes())
    one, two = one % count, two % count
    return [
        lambda: moved_scene(screenplay, one, two),
        lambda: without_scene(screenplay, one),
        lambda: with_scene_omitted(screenplay, one),
    ][how]()


def letters(text: str) -> Counter[str]:
    return Counter(filter(str.isalnum, text))


def printed(screenplay: Screenplay) -> list[Paragraph]:
    return [p for p in screenplay.flat if p.kind not in UNPRINTED and holdable(p.text).strip()]


def holdable(text: str) -> str:
    return UNHOLDABLE.sub("", text)


def noted(paragraphs: Sequence[Paragraph]) -> Iterator[str]:
    for paragraph in every(paragraphs):
        yield from (holdable(a.text) for a in paragraph.asides if not a.boneyard)


def words(paragraphs: Iterable[Paragraph]) -> Counter[str]:
    """Of the text and of what is struck out, where cut scenes are in Fountain."""
    found: Counter[str] = Counter()
    for paragraph in paragraphs:
        found.update(paragraph.text.split())
        for aside in paragraph.asides:
            found += words(read_text(aside.text).flat)
    return found


def every(paragraphs: Sequence[Paragraph]) -> Iterator[Paragraph]:
    for paragraph in paragraphs:
        yield paragraph
        yield from every(paragraph.inside)


def spread(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Without empty runs, which one reader may find where another writer had none."""
    return [
        replace(
            p,
            runs=tuple(run for run in p.runs if run != Run("")),
            inside=tuple(spread(p.inside)),
        )
        for p in paragraphs
    ]


def only_between(before: str, after: str, edited: Paragraph) -> None:
    """Outside of one paragraph, nothing is another character."""
    source = edited.source
    assert source
    assert after.startswith(before[: source.start])
    assert after.endswith(before[source.end :])
