"""A screenplay as a production reads it: scenes, what is seen in each, who speaks, how much."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.formats.scene_ids import scene_id_in
from services.formats.screenplay import SPOKEN, UNPRINTED, Kind, Paragraph, Screenplay

PREFIX = re.compile(
    r"\s*((?:INT|EXT)\.?/(?:INT|EXT)|I\.?/E|E\.?/I|INT|EXT|EST)(?:\.|(?=\s))[\s.]*", re.IGNORECASE
)
SETTINGS = {"I/E": "INT/EXT", "E/I": "EXT/INT"}
DASH = re.compile(r" (?:--?|–|—) ")
COMMA = re.compile(r", ")
BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
NO_LETTERS = re.compile(r"[\W\d_]+")
TIME = re.compile(
    "DAY|NIGHT|MORNING|AFTERNOON|EVENING|DAWN|DUSK|SUNRISE|SUNSET|NOON|MIDDAY|MIDNIGHT|DAYBREAK"
    "|TWILIGHT|NIGHTFALL|HOUR|TIME|LATER|EARLIER|CONTINUOUS|SAME|MAGIC"
)
"""What the words of a time of day end with: MOMENTS LATER, EARLY MORNING, DAY 2."""
EXTENSION = re.compile(r"\(([^()]*)\)")
CONTINUED = frozenset({"CONTD", "CONT", "CONTINUED", "CONTINUING"})
EXTENSIONS = {
    "VO": "V.O.",
    "VOICEOVER": "V.O.",
    "OS": "O.S.",
    "OFFSCREEN": "O.S.",
    "OC": "O.C.",
    "OFFCAMERA": "O.C.",
}
BYTES_OF_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when: "INT", "EXT", "INT/EXT", "EXT/INT" or "EST", "" if the heading has none."""

    interior: str
    place: str
    time: str


@dataclass(frozen=True, slots=True)
class Cue:
    """Who speaks. `extensions` are how, such as "V.O."; that a speech goes on is `continued`."""

    name: str
    extensions: tuple[str, ...] = ()
    continued: bool = False


@dataclass(frozen=True, slots=True)
class Speech:
    """`dual` is said at the same time as the speech before or after it, which is dual too."""

    cue: Cue
    parentheticals: tuple[str, ...]
    lines: tuple[str, ...]
    dual: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph of a scene by itself, in order, without markup. `dual` is of dual dialogue."""

    kind: Kind
    text: str
    dual: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """`eighths` and `page` are what the file says of its length and place, if it does.

    Counts are of the heading and everything printed below it; what was omitted does not count.
    """

    heading: str
    setting: Setting
    number: str | None
    omitted: bool
    line: int
    eighths: int | None
    page: str
    title: str
    color: str
    synopsis: str
    parts: tuple[Part, ...]
    speeches: tuple[Speech, ...]
    notes: tuple[str, ...]
    words: int
    tokens: int

    def texts(self, *kinds: Kind) -> list[str]:
        """Of the parts of some kinds: action beats, shots, transitions."""
        return [part.text for part in self.parts if part.kind in kinds]


@dataclass(frozen=True, slots=True)
class Role:
    """A character with the number of speeches. A name that is written in several ways is written
    in capitals here."""

    name: str
    speeches: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """`opening` is what stands before the first scene; it is no scene.

    `tokens` is an estimate: one for every four bytes of UTF-8, rounded up for each scene. English
    prose has about four letters to a token, and scripts with more bytes to a letter fewer letters.
    """

    title: str
    authors: tuple[str, ...]
    opening: tuple[Part, ...]
    scenes: tuple[Scene, ...]
    cast: tuple[Role, ...]
    words: int
    tokens: int


def breakdown(screenplay: Screenplay) -> Breakdown:
    """Takes time in proportion to the screenplay."""
    spans = screenplay.scenes()
    first = spans[0].start if spans else len(screenplay.paragraphs)
    scenes = tuple(_scene(screenplay.paragraphs[span.start : span.stop]) for span in spans)
    before = screenplay.paragraphs[:first]
    opening = tuple(_parts(before))
    said = [*_speeches(before), *(speech for scene in scenes for speech in scene.speeches)]
    authors = next(
        (entry.lines for entry in screenplay.title_page if entry.key.lower().startswith("author")),
        (),
    )
    return Breakdown(
        screenplay.title("Title"),
        tuple(filter(None, authors)),
        opening,
        scenes,
        _cast(said),
        _words(opening) + sum(scene.words for scene in scenes),
        _tokens(opening) + sum(scene.tokens for scene in scenes),
    )


def setting_of(heading: str) -> Setting:
    """ "INT. KITCHEN - STOVE - NIGHT (1973)" is inside, "KITCHEN - STOVE", "NIGHT (1973)"."""
    heading = " ".join(heading.split())
    prefix = PREFIX.match(heading)
    interior = prefix[1].upper().replace(".", "") if prefix else ""
    interior = SETTINGS.get(interior, interior)
    rest = heading[prefix.end() :].strip() if prefix else heading
    for cuts in (list(DASH.finditer(rest)), list(COMMA.finditer(rest))):
        ends = [*(cut.start() for cut in cuts[1:]), len(rest)]
        for cut, end in zip(cuts, ends, strict=False):
            if _is_time(rest[cut.end() : end]):
                return Setting(interior, rest[: cut.start()], rest[cut.end() :])
    return Setting(interior, rest, "")


def _is_time(text: str) -> bool:
    """Whether one of the words around a slash ends like a time; what is in brackets is aside."""
    ways = BRACKETS.sub("", text).upper().split("/")
    lasts = (list(filter(None, NO_LETTERS.split(way)))[-1:] for way in ways)
    return any(TIME.fullmatch(last[0]) for last in lasts if last)


def cue_of(text: str) -> Cue:
    """ "MAY (v.o.) (CONT’D)" is MAY, from off, going on."""
    name = " ".join(EXTENSION.sub(" ", text).split())
    extensions: list[str] = []
    continued = False
    for said in EXTENSION.findall(text):
        for part in filter(None, map(str.strip, said.split("/"))):
            letters = re.sub(r"[\W_]", "", part).upper()
            if letters in CONTINUED:
                continued = True
            else:
                extensions.append(EXTENSIONS.get(letters, part))
    return Cue(name or text.strip(), tuple(dict.fromkeys(extensions)), continued)


def _scene(paragraphs: Sequence[Paragraph]) -> Scene:
    heading, body = paragraphs[0], paragraphs[1:]
    text = " ".join(heading.text.split())
    parts = tuple(_parts(body))
    facts = heading.facts
    counted = (Part(heading.kind, text), *parts)
    synopses = [p.text for p in body if p.kind is Kind.SYNOPSIS]
    return Scene(
        heading=text,
        setting=setting_of(text),
        number=heading.number,
        omitted=heading.omitted,
        line=heading.line,
        eighths=facts.eighths if facts else None,
        page=facts.page if facts else "",
        title=facts.title if facts else "",
        color=facts.color if facts else "",
        synopsis="\n".join([*([facts.summary] if facts and facts.summary else []), *synopses]),
        parts=parts,
        speeches=tuple(_speeches(body)),
        notes=tuple(_notes(paragraphs)),
        words=_words(counted),
        tokens=_tokens(counted),
    )


def _printed(paragraphs: Iterable[Paragraph]) -> Iterator[tuple[Paragraph, bool]]:
    """Paragraphs with whether each is in dual dialogue."""
    for paragraph in paragraphs:
        if paragraph.kind is Kind.DUAL_DIALOGUE:
            yield from ((inner, True) for inner in paragraph.inside if inner.kind not in UNPRINTED)
            if paragraph.text.strip():
                yield Paragraph(Kind.GENERAL, paragraph.runs), False
        elif paragraph.kind not in UNPRINTED:
            yield paragraph, False


def _parts(paragraphs: Iterable[Paragraph]) -> Iterator[Part]:
    for paragraph, dual in _printed(paragraphs):
        text = paragraph.text.strip()
        if text:
            yield Part(paragraph.kind, text, dual)


def _speeches(paragraphs: Iterable[Paragraph]) -> Iterator[Speech]:
    """Every cue with what is said up to the next paragraph that is no speech."""
    cue: Cue | None = None
    asides: list[str] = []
    lines: list[str] = []
    together = False
    for paragraph, dual in (*_printed(paragraphs), (Paragraph(Kind.ACTION), False)):
        text = paragraph.text.strip()
        if cue and (paragraph.kind is Kind.CHARACTER or paragraph.kind not in SPOKEN):
            yield Speech(cue, tuple(asides), tuple(lines), together)
            cue = None
        if paragraph.kind is Kind.CHARACTER and text:
            cue, asides, lines, together = cue_of(text), [], [], dual
        elif paragraph.kind is Kind.PARENTHETICAL and text:
            asides.append(text.removeprefix("(").removesuffix(")").strip())
        elif paragraph.kind in SPOKEN and text:
            lines.append(text)


def _cast(speeches: Iterable[Speech]) -> tuple[Role, ...]:
    """Who speaks most first, then in order of appearance."""
    written: dict[str, set[str]] = {}
    counts: dict[str, int] = {}
    for speech in speeches:
        key = speech.cue.name.upper()
        written.setdefault(key, set()).add(speech.cue.name)
        counts[key] = counts.get(key, 0) + 1
    names = {key: key if len(ways) > 1 else min(ways) for key, ways in written.items()}
    roles = (Role(names[key], count) for key, count in counts.items())
    return tuple(sorted(roles, key=lambda role: -role.speeches))


def _notes(paragraphs: Iterable[Paragraph]) -> Iterator[str]:
    for paragraph in paragraphs:
        notes = (aside for aside in paragraph.asides if not aside.boneyard)
        yield from (note.text.strip() for note in notes if scene_id_in(note) is None)
        if paragraph.kind is Kind.DUAL_DIALOGUE:
            yield from _notes(paragraph.inside)


def _words(parts: Iterable[Part]) -> int:
    return sum(len(part.text.split()) for part in parts)


def _tokens(parts: Iterable[Part]) -> int:
    size = sum(len(part.text.encode(errors="replace")) + 1 for part in parts)
    return -(-size // BYTES_OF_A_TOKEN)
