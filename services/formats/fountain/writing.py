"""A screenplay as Fountain. What was read from Fountain and not edited is written byte for byte.

Whatever is written anew is read again, and where that does not give what was meant, the writer
says so: Fountain has marks for most things, but not for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.formats.fountain.lines import EMPTY_LINE, NEWLINE, NotFountain
from services.formats.fountain.markup import paragraph_markup
from services.formats.fountain.reading import read_text
from services.formats.fountain.shaping import as_read, shaped_for_fountain
from services.formats.fountain.title import title_markup
from services.formats.scene_ids import names_scene
from services.formats.screenplay import (
    SPOKEN,
    Document,
    Format,
    Kind,
    Paragraph,
    Problem,
    Screenplay,
    Source,
    TitleField,
    Written,
    gathered,
)

NOT_HELD = "Fountain cannot hold this {} as it is."
NO_FIELDS = "Fountain cannot hold this title page as it is."
REST_OF_A_SPEECH = SPOKEN - {Kind.CHARACTER}


def write_fountain(screenplay: Screenplay) -> Written:
    """What Fountain cannot hold is left out or kept in another way, and each is a problem."""
    frame = screenplay.frame
    if frame and frame.document.format is Format.FOUNTAIN:
        document, tail = frame.document, frame.document.text[frame.tail :]
    else:
        document, tail = Document(Format.FOUNTAIN, "", "utf-8", b"", "\n"), "\n"
    paragraphs, problems = shaped_for_fountain(screenplay.paragraphs, _text)
    writing = _Writing(document.newline)
    writing.title_page(screenplay.title_page)
    writing.paragraphs(paragraphs)
    text = "".join([*writing.parts, tail])
    if writing.anything_new:
        problems += _misread(text, screenplay.title_page, writing.placed)
    return Written(document.bytes_of(text), gathered(problems))


def _text(paragraphs: Sequence[Paragraph]) -> str:
    """The paragraphs of a scene alone."""
    shaped, _ = shaped_for_fountain(paragraphs, _text)
    writing = _Writing("\n")
    writing.paragraphs(shaped)
    return NEWLINE.sub("\n", "".join(writing.parts))


def _misread(
    text: str, title_page: tuple[TitleField, ...], placed: list[tuple[int, Paragraph]]
) -> Iterator[Problem]:
    try:
        read = read_text(text)
    except NotFountain as refusal:  # it is written all the same
        yield Problem(0, str(refusal))
        return
    if read.title_page != title_page:
        yield Problem(0, NO_FIELDS)
    found = {p.source.start: p for p in read.flat if p.source}
    for start, meant in placed:
        there = found.get(start)
        if there is None or as_read(there) != as_read(meant):
            kind = meant.kind.lower().replace("_", " ")
            yield Problem(meant.line, NOT_HELD.format(kind))


class _Writing:
    def __init__(self, newline: str) -> None:
        self._newline = newline
        self._length = 0
        self._last: Source | None = None
        self._in_speech = self._in_song = self._in_heading = self._in_bracket = False
        self.parts: list[str] = []
        self.placed: list[tuple[int, Paragraph]] = []
        self.anything_new = False

    def title_page(self, fields: Sequence[TitleField]) -> None:
        for entry in fields:
            own = _own(entry.source)
            if own and entry.unchanged and (own.follows(self._last) or not (self.parts or own.gap)):
                self._put(own.before, own.raw, own)
            else:
                self.anything_new = True
                gap = self._newline if self.parts else ""
                self._put(gap, title_markup(entry, self._newline), own)

    def paragraphs(self, paragraphs: Sequence[Paragraph]) -> None:
        flat = [part for p in paragraphs for part in (p.inside if _is_dual(p) else (p,))]
        for paragraph, after in zip(flat, [*flat[1:], None], strict=False):
            self._paragraph(paragraph, after)

    def _paragraph(self, paragraph: Paragraph, after: Paragraph | None) -> None:
        followed = after is not None and (
            after.kind in REST_OF_A_SPEECH or _touches(after, paragraph)
        )
        own = _own(paragraph.source)
        stays = own is not None and own.read_as(paragraph.kind) and self._stays(own)
        named = own is None and self._in_heading and names_scene(paragraph)
        below = named and not self._in_bracket
        gap = own.before if own and stays else self._gap(paragraph, own, below)
        if own and paragraph.unchanged and (stays or _reads_alone(paragraph, own.raw)):
            raw = own.raw
            if paragraph.kind is Kind.CHARACTER and not followed and not _goes_on(own, after):
                raw = paragraph_markup(paragraph, followed)
        else:
            raw = NEWLINE.sub(self._newline, paragraph_markup(paragraph, followed))
        self.anything_new |= not (stays and own and raw == own.raw)
        self._in_heading = named or paragraph.kind is Kind.SCENE_HEADING
        self._in_song = paragraph.kind is Kind.LYRIC
        self._in_speech = paragraph.kind is Kind.CHARACTER or (
            self._in_speech
            and not EMPTY_LINE.search(gap)
            and paragraph.kind in (*REST_OF_A_SPEECH, Kind.NOTE)
        )
        self.placed.append((self._length + len(gap), paragraph))
        self._put(gap, raw, self._last if below else own)

    def _stays(self, own: Source) -> bool:
        """Whether a paragraph comes after what it came after, or first as it was."""
        return own.follows(self._last) if self.parts else not own.gap

    def _gap(self, paragraph: Paragraph, own: Source | None, below: bool) -> str:
        """A line end within a speech and for an id `below` a heading, else an empty line: what was
        there, if that is enough."""
        before = own.before if own else ""
        if not self.parts:
            return ""
        if below:
            return self._newline
        kind = paragraph.kind
        apart = EMPTY_LINE.search(before)
        song = kind is Kind.LYRIC
        goes_on = self._in_speech and kind in REST_OF_A_SPEECH
        if (goes_on or (song and self._in_song)) and not (song and apart):
            return self._newline
        return before if apart else self._newline * 2

    def _put(self, gap: str, raw: str, own: Source | None) -> None:
        self.parts += (gap, raw)
        self._length += len(gap) + len(raw)
        self._last = own
        *_, text = EMPTY_LINE.split(gap + raw)
        opened, closed = text.rfind("[["), text.rfind("]]")
        if opened != closed or len(text) < len(gap + raw):
            self._in_bracket = opened > closed  # and the next note would close it


def _is_dual(paragraph: Paragraph) -> bool:
    return paragraph.kind is Kind.DUAL_DIALOGUE


def _own(source: Source | None) -> Source | None:
    return source if source and source.document.format is Format.FOUNTAIN else None


def _goes_on(own: Source, after: Paragraph | None) -> bool:
    """Whether what comes next is what came next."""
    if after is None:
        return not own.document.text[own.end :].strip()
    following = _own(after.source)
    return following is not None and following.follows(own)


def _touches(after: Paragraph, before: Paragraph) -> bool:
    """Whether a paragraph stood right below another one, with no empty line between."""
    own = _own(after.source)
    return own is not None and own.follows(before.source) and not EMPTY_LINE.search(own.before)


def _reads_alone(paragraph: Paragraph, raw: str) -> bool:
    """Whether text means the same in another place, between empty lines."""
    if paragraph.kind in REST_OF_A_SPEECH:
        return True
    more = "\n\n" if paragraph.kind is not Kind.CHARACTER else "\nand\n\n"
    try:
        read = read_text(f"\n{raw}{more}").paragraphs
    except NotFountain:  # with a line more it would be too long
        return False
    return bool(read) and as_read(read[0]) == as_read(paragraph)
