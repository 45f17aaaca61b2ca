"""A screenplay as its paragraphs, whichever file it came from.

Readers keep where every paragraph stood in its document, and what it meant there. A writer of the
same format repeats that text as it was wherever the meaning is still the same, so editing is
nothing but making other paragraphs (`dataclasses.replace`), and what was not edited is written
byte for byte.
"""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

BYTES_MAX = 16_000_000
PARAGRAPHS_MAX = 30_000
OMITTED = ("OMITTED", "OMIT")
"""What stands in the place of a scene that was cut after the numbers were locked."""

MARKS = ((BOM_UTF8, "utf-8"), (BOM_UTF16_LE, "utf-16-le"), (BOM_UTF16_BE, "utf-16-be"))
BOLD, ITALIC, UNDERLINE = "Bold", "Italic", "Underline"


class NotAScreenplay(ValueError):
    """The bytes are not of the format they were read as. `line` is the 1-based place, 0 if none."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(f"Line {line}: {message}" if line else message)
        self.line = line


class Format(StrEnum):
    FDX = "FDX"
    FOUNTAIN = "FOUNTAIN"


class Kind(StrEnum):
    """What a paragraph is. Those from SECTION on are not filmed; a VERBATIM is an XML element or
    a comment between the paragraphs, kept as it is."""

    SCENE_HEADING = "SCENE_HEADING"
    ACTION = "ACTION"
    GENERAL = "GENERAL"
    SHOT = "SHOT"
    CHARACTER = "CHARACTER"
    PARENTHETICAL = "PARENTHETICAL"
    DIALOGUE = "DIALOGUE"
    LYRIC = "LYRIC"
    DUAL_DIALOGUE = "DUAL_DIALOGUE"
    TRANSITION = "TRANSITION"
    SECTION = "SECTION"
    SYNOPSIS = "SYNOPSIS"
    NOTE = "NOTE"
    BONEYARD = "BONEYARD"
    PAGE_BREAK = "PAGE_BREAK"
    VERBATIM = "VERBATIM"


SPOKEN = frozenset({Kind.CHARACTER, Kind.PARENTHETICAL, Kind.DIALOGUE, Kind.LYRIC})
UNPRINTED = frozenset(
    {Kind.SECTION, Kind.SYNOPSIS, Kind.NOTE, Kind.BONEYARD, Kind.PAGE_BREAK, Kind.VERBATIM}
)


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one look. `styles` are Final Draft's words; `attributes` are all the others."""

    text: str
    styles: frozenset[str] = frozenset()
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Aside:
    """Words at a place in a paragraph that are not of it: a note, or text that was struck out.

    `at` counts the paragraph's characters before it.
    """

    text: str
    at: int = 0
    boneyard: bool = False
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SceneFacts:
    """What an FDX heading knows of its scene. `eighths` is its length in eighths of a page."""

    eighths: int | None = None
    page: str = ""
    title: str = ""
    color: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`name` is the type as an FDX file wrote it where that is not the usual word for its kind.

    `number` is text, may repeat and may have letters. `inside` holds two speeches (DUAL_DIALOGUE)
    or the scene that was cut (a SCENE_HEADING that is `omitted`). `dual` marks the cue of the
    second of two speeches; `depth` is that of a section. A NOTE and a BONEYARD are all asides.
    """

    kind: Kind
    runs: tuple[Run, ...] = ()
    name: str = ""
    number: str | None = None
    asides: tuple[Aside, ...] = ()
    inside: tuple[Paragraph, ...] = ()
    facts: SceneFacts | None = None
    omitted: bool = False
    dual: bool = False
    centered: bool = False
    starts_page: bool = False
    depth: int = 0
    source: Source | None = field(default=None, compare=False, repr=False)

    @property
    def text(self) -> str:
        runs = self.runs
        return runs[0].text if len(runs) == 1 else "".join(run.text for run in runs)

    @property
    def line(self) -> int:
        """Where it began in the document it was read from; 0 if it was not read."""
        return self.source.line if self.source else 0

    @property
    def unchanged(self) -> bool:
        return self.source is not None and self.source.read == self


@dataclass(frozen=True, slots=True)
class TitleField:
    """One entry of the title page, such as "Author" with a line for each."""

    key: str
    lines: tuple[str, ...]
    source: Source | None = field(default=None, compare=False, repr=False)

    @property
    def unchanged(self) -> bool:
        return self.source is not None and self.source.read == self


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A file as text. `mark` are the bytes before it that tell its encoding."""

    format: Format
    text: str
    encoding: str
    mark: bytes
    newline: str

    def bytes_of(self, text: str) -> bytes:
        """Text of this document, edited or not, in its encoding."""
        unencodable = "xmlcharrefreplace" if self.format is Format.FDX else "strict"
        return self.mark + text.encode(self.encoding, unencodable)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Where something stands in its document: after `gap`, from `start` to `end`, in characters."""

    document: Document
    gap: int
    start: int
    end: int
    line: int
    read: Paragraph | TitleField

    @property
    def before(self) -> str:
        return self.document.text[self.gap : self.start]

    @property
    def raw(self) -> str:
        return self.document.text[self.start : self.end]

    def read_as(self, kind: Kind) -> bool:
        return isinstance(self.read, Paragraph) and self.read.kind is kind

    def follows(self, other: Source | None) -> bool:
        """Whether nothing stood between the two."""
        return other is not None and other.document is self.document and other.end == self.gap


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What is around the paragraphs of a document: text before `head` and from `tail` on."""

    document: Document
    head: int
    tail: int
    title_page: tuple[TitleField, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """What a reader took in a way its author may not have meant, or a writer could not keep."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Screenplay:
    paragraphs: tuple[Paragraph, ...] = ()
    title_page: tuple[TitleField, ...] = ()
    frame: Frame | None = field(default=None, compare=False, repr=False)
    problems: tuple[Problem, ...] = field(default=(), compare=False)

    def title(self, key: str) -> str:
        """A field of the title page by its name in any case, its lines as one; "" if absent."""
        found = (entry.lines for entry in self.title_page if entry.key.lower() == key.lower())
        return " ".join(line for line in next(found, ()) if line)

    @property
    def flat(self) -> Iterator[Paragraph]:
        """The paragraphs in order, both sides of dual dialogue among them, cut scenes not.

        Text around two speeches, for which FDX has a place, is a paragraph after them.
        """
        for paragraph in self.paragraphs:
            if paragraph.kind is Kind.DUAL_DIALOGUE:
                yield from paragraph.inside
                if paragraph.text.strip():
                    yield Paragraph(Kind.GENERAL, paragraph.runs)
            else:
                yield paragraph

    def scenes(self) -> list[range]:
        """The paragraphs of each scene, its heading first.

        Sections and page breaks right before a heading, with what stands between, are of no scene:
        they stay where they are when a scene moves.
        """
        headings = [i for i, p in enumerate(self.paragraphs) if p.kind is Kind.SCENE_HEADING]
        ends = [self._end_of_scene(at) for at in headings[1:]]
        ends.append(len(self.paragraphs))
        return [range(*place) for place in zip(headings, ends, strict=False)]

    def _end_of_scene(self, heading: int) -> int:
        at = end = heading
        while self.paragraphs[at - 1].kind in UNPRINTED:
            at -= 1
            if self.paragraphs[at].kind in (Kind.SECTION, Kind.PAGE_BREAK):
                end = at
        return end


@dataclass(frozen=True, slots=True)
class Written:
    data: bytes
    problems: tuple[Problem, ...] = ()


def gathered(problems: list[Problem]) -> tuple[Problem, ...]:
    """Each message once, at its first line, with how often it came; by line."""
    first: dict[str, int] = {}
    count: dict[str, int] = {}
    for problem in problems:
        known = first.get(problem.message)
        first[problem.message] = problem.line if known is None else min(known, problem.line)
        count[problem.message] = count.get(problem.message, 0) + 1
    said = (
        Problem(line, message if count[message] == 1 else f"{message} ({count[message]} times)")
        for message, line in first.items()
    )
    return tuple(sorted(said, key=lambda problem: problem.line))


def marked_encoding(data: bytes) -> tuple[bytes, str]:
    """The byte order mark that bytes begin with, and the encoding that it tells; UTF-8 by default.

    Decoded without its mark, a text is encoded again to the same bytes.
    """
    return next((pair for pair in MARKS if data.startswith(pair[0])), (b"", "utf-8"))


def alike(one: Sequence[object], other: Sequence[object]) -> int:
    """How many items at the beginning are the same."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
