"""A screenplay as FDX. What was read from FDX and not edited is written byte for byte.

An edited paragraph keeps every byte that its edit is not about: attributes, notes, scene facts,
runs that are as they were, and elements that are not known here.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.formats.fdx.markup import STEP, paragraph_markup
from services.formats.fdx.patching import patched
from services.formats.fdx.shaping import shaped_for_fdx
from services.formats.fdx.spans import UNHOLDABLE, scan
from services.formats.fdx.title import title_content, title_page_of
from services.formats.screenplay import (
    Document,
    Format,
    Frame,
    Kind,
    Paragraph,
    Problem,
    Screenplay,
    Source,
    TitleField,
    Written,
    gathered,
)

NEW = """<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<FinalDraft DocumentType="Script" Template="No" Version="4">

  <Content>
  </Content>

</FinalDraft>
"""
GAP = "\n    "
NO_FIELDS = "A title page in FDX is lines without names; some will be read as another field."


def write_fdx(screenplay: Screenplay) -> Written:
    """What FDX cannot hold is left out or kept in another way, and each is a problem."""
    frame = screenplay.frame
    if frame is None or frame.document.format is not Format.FDX:
        head = NEW.index("<Content>") + len("<Content>")
        frame = Frame(Document(Format.FDX, NEW, "utf-8", b"", "\n"), head, head)
    paragraphs, problems = shaped_for_fdx(screenplay.paragraphs)
    writing = _Writing(frame.document.newline)
    body = writing.sequence(paragraphs, GAP)
    text = _framed(frame, body)
    if screenplay.title_page != frame.title_page:
        text = _titled(text, screenplay.title_page, frame.document.newline)
        read = title_page_of(scan(text).first("TitlePage"))
        if sorted(read, key=_by_key) != sorted(screenplay.title_page, key=_by_key):
            problems.append(Problem(0, NO_FIELDS))
    return Written(frame.document.bytes_of(text), gathered(problems + writing.problems))


def _framed(frame: Frame, body: str) -> str:
    text = frame.document.text
    if body and text[frame.head - 2] == "/":
        opened = f"{text[: frame.head - 2].rstrip()}>"
        return f"{opened}{body}{frame.document.newline}  </Content>{text[frame.tail :]}"
    return f"{text[: frame.head]}{body}{text[frame.tail :]}"


def _titled(text: str, fields: tuple[TitleField, ...], newline: str) -> str:
    """With the title page laid out anew, for an FDX file has lines there and no fields."""
    root = scan(text)
    inner = title_content(fields, newline)
    page = root.first("TitlePage")
    content = page.first("Content") if page else None
    if content is not None and content.closing > content.opened:
        return f"{text[: content.opened]}{inner}{text[content.closing :]}"
    new = f"<Content>{inner}</Content>"
    if content is not None:
        return f"{text[: content.start]}{new}{text[content.end :]}"
    at = root.closing
    new = f"  <TitlePage>{newline}    {new}{newline}  </TitlePage>{newline}{newline}"
    if page is not None:
        return f"{text[: page.start]}{new.strip()}{text[page.end :]}"
    return f"{text[:at]}{new}{text[at:]}"


def _by_key(entry: TitleField) -> str:
    return entry.key


class _Writing:
    def __init__(self, newline: str) -> None:
        self._newline = newline
        self.problems: list[Problem] = []

    def sequence(self, paragraphs: Sequence[Paragraph], gap: str) -> str:
        """Paragraphs with the space before each; new ones are indented like those around them."""
        known = (own.before for p in paragraphs if (own := _own(p)) and own.before.isspace())
        gap = next(known, gap.replace("\n", self._newline))
        parts: list[str] = []
        for paragraph in paragraphs:
            own = _own(paragraph)
            before = own.before if own else gap
            gap = before if before.isspace() else gap
            # The last line end and what follows it: a new element repeats no empty lines.
            indent = gap[max(gap.rfind(self._newline), 0) :]
            parts += (before, self._paragraph(paragraph, indent))
        return "".join(parts)

    def _paragraph(self, paragraph: Paragraph, gap: str) -> str:
        own = _own(paragraph)
        if own and paragraph.unchanged:
            return own.raw
        if paragraph.kind is Kind.VERBATIM:
            return own.raw if own else ""
        if UNHOLDABLE.search(paragraph.text):
            message = "FDX cannot hold control characters; they are left out."
            self.problems.append(Problem(paragraph.line, message))
        inside = self.sequence(paragraph.inside, gap + STEP * 2) if paragraph.inside else ""
        if own and isinstance(own.read, Paragraph):
            return patched(own.raw, own.read, paragraph, inside, gap)
        return paragraph_markup(paragraph, inside, gap)


def _own(paragraph: Paragraph) -> Source | None:
    source = paragraph.source
    return source if source and source.document.format is Format.FDX else None
