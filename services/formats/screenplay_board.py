"""What of a screenplay stands on a board, and the screenplay again as the board has it now.

A board shows of each scene its heading, its number and its beats: action, general text and shots.
Only what differs on the board is written back; all else stays as it was read.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import takewhile

from services.formats.breakdown import Part, Role, Scene, breakdown
from services.formats.scene_ids import noted, scene_ids_in
from services.formats.screenplay import (
    UNPRINTED,
    Kind,
    Paragraph,
    Problem,
    Run,
    Screenplay,
    TitleField,
    gathered,
)
from services.formats.screenplay_editing import with_text

BEATS = frozenset({Kind.ACTION, Kind.GENERAL, Kind.SHOT})
EMPTY_LINES = re.compile(r"\n\s*\n")
COMPARED_BEATS_MAX = 300
"""Longer changes are one change: comparing takes time in proportion to the square."""

OMITTED = "A scene that was omitted stays in the screenplay and is not on the board."
NAMELESS = "A scene heading without words is called {} on the board."
LONG_HEADING = "A scene heading of more than {:,} characters is shortened on the board."
LONG_NUMBER = "A scene number of more than {:,} characters is not on the board."
LONG_SCENE = "Of a scene with more than {:,} characters of action the beginning is on the board."
LONG_SHOT = "A shot of more than {:,} characters is shortened."
UNTITLED = "UNTITLED SCENE"


@dataclass(frozen=True)
class Bounds:
    """The longest heading, number and description on a board, in characters."""

    title: int
    label: int
    text: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What a board shows of a scene. The beats of a description are those between empty lines."""

    title: str
    label: str | None
    description: str


@dataclass(frozen=True, slots=True)
class Read:
    """A scene of a screenplay; `place` counts from 0 all of them, those that were omitted too.

    `ids` are those of scenes of a board that its notes name, `told` is all that it holds.
    """

    place: int
    shown: Shown
    shots: tuple[str, ...]
    ids: tuple[str, ...]
    told: Scene


@dataclass(frozen=True, slots=True)
class Board:
    """`opening` is what stands before the first scene."""

    title_page: tuple[TitleField, ...]
    title: str
    opening: tuple[Part, ...]
    scenes: tuple[Read, ...]
    cast: tuple[Role, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """A scene as it stands on a board `now`. `place` and `was` are those of the scene of the
    screenplay that it was made of; it was made of none where they are None. An `id` is written as
    a note of it."""

    now: Shown
    place: int | None = None
    was: Shown | None = None
    id: str | None = None


def board_of(screenplay: Screenplay, bounds: Bounds) -> Board:
    """Takes time in proportion to the screenplay."""
    told = breakdown(screenplay)
    problems = list(screenplay.problems)
    scenes = []
    for place, (span, scene) in enumerate(zip(screenplay.scenes(), told.scenes, strict=True)):
        if scene.omitted:
            problems.append(Problem(scene.line, OMITTED))
            continue
        paragraphs = screenplay.paragraphs[span.start : span.stop]
        heading, *body = paragraphs
        drawing = _Drawing(bounds, scene.line, problems)
        beats = [paragraph for paragraph in body if _is_beat(paragraph)]
        shown = Shown(
            drawing.title(scene.heading),
            drawing.label(heading.number),
            drawing.description([_words(beat) for beat in beats]),
        )
        shots = tuple(drawing.shots(beats))
        scenes.append(Read(place, shown, shots, scene_ids_in(paragraphs), scene))
    return Board(
        screenplay.title_page,
        told.title,
        told.opening,
        tuple(scenes),
        told.cast,
        gathered(problems),
    )


@dataclass(frozen=True)
class _Drawing:
    """One scene on its way to a board; what does not fit is told."""

    bounds: Bounds
    line: int
    problems: list[Problem]

    def title(self, heading: str) -> str:
        if not heading:
            self._tell(NAMELESS.format(UNTITLED))
        return self._cut(heading, self.bounds.title, LONG_HEADING) or UNTITLED

    def label(self, number: str | None) -> str | None:
        label = (number or "").strip()
        if len(label) > self.bounds.label:
            self._tell(LONG_NUMBER.format(self.bounds.label))
            return None
        return label or None

    def description(self, beats: Sequence[str]) -> str:
        """As many beats as fit, none of them in part."""
        length, fit = 0, 0
        for beat in beats:
            length += len(beat) + 2
            if length - 2 > self.bounds.text:
                self._tell(LONG_SCENE.format(self.bounds.text))
                break
            fit += 1
        return "\n\n".join(beats[:fit])

    def shots(self, beats: Sequence[Paragraph]) -> Iterator[str]:
        """One for each beat; what a shot is called stands above the action that follows it."""
        called = ""
        for beat, after in zip(beats, [*beats[1:], None], strict=False):
            text = f"{called}\n{_words(beat)}".lstrip("\n")
            named = beat.kind is Kind.SHOT
            called = text if named and after is not None and after.kind is not Kind.SHOT else ""
            if not called:
                yield self._cut(text, self.bounds.text, LONG_SHOT)

    def _cut(self, text: str, most: int, problem: str) -> str:
        if len(text) <= most:
            return text
        self._tell(problem.format(most))
        return text[: most - 1] + "…"

    def _tell(self, message: str) -> None:
        self.problems.append(Problem(self.line, message))


def _is_beat(paragraph: Paragraph) -> bool:
    return paragraph.kind in BEATS and bool(paragraph.text.strip())


def _words(paragraph: Paragraph) -> str:
    """Without empty lines, which stand between the beats of a description."""
    return EMPTY_LINES.sub("\n", paragraph.text.strip())


def as_on_board(screenplay: Screenplay, standing: Sequence[Standing]) -> Screenplay:
    """With the scenes of a board in the board's order.

    Scenes that kept their order stay where they are, with sections and omitted scenes around them;
    one that was moved or is new stands after the one before it on the board. What is not on the
    board any more is taken out, unless it was omitted.
    """
    spans, paragraphs = screenplay.scenes(), screenplay.paragraphs
    staying = set(ascending([scene.place for scene in standing if scene.place is not None]))
    at: int | None = None
    after: dict[int | None, list[Paragraph]] = {}
    here = {
        i: list(paragraphs[span.start : span.stop])
        for i, span in enumerate(spans)
        if paragraphs[span.start].omitted
    }
    for scene in standing:
        body = _named(scene, _standing(scene, paragraphs, spans))
        if scene.place in staying:
            at = scene.place
            here[at] = body
        else:
            after.setdefault(at, []).extend(body)
    first = spans[0].start if spans else len(paragraphs)
    arranged = [*paragraphs[:first], *after.get(None, ())]
    ends = [*(span.start for span in spans[1:]), len(paragraphs)]
    for place, (span, end) in enumerate(zip(spans, ends, strict=False)):
        arranged += (*here.get(place, ()), *after.get(place, ()), *paragraphs[span.stop : end])
    return replace(screenplay, paragraphs=tuple(arranged))


def _named(scene: Standing, paragraphs: list[Paragraph]) -> list[Paragraph]:
    """With its id below its heading, unless that is there already."""
    if scene.id is None or scene.id in scene_ids_in(paragraphs):
        return paragraphs
    heading, *body = paragraphs
    return [heading, noted(scene.id), *body]


def _standing(
    scene: Standing, paragraphs: Sequence[Paragraph], spans: Sequence[range]
) -> list[Paragraph]:
    if scene.place is None or scene.was is None:
        title = Run(" ".join(scene.now.title.split()))
        heading = Paragraph(Kind.SCENE_HEADING, (title,), number=scene.now.label)
        return [heading, *map(_action, _beats_in(scene.now.description))]
    span = spans[scene.place]
    heading, *body = paragraphs[span.start : span.stop]
    if scene.now.title != scene.was.title:
        heading = with_text(heading, " ".join(scene.now.title.split()))
    if scene.now.label != scene.was.label:
        heading = replace(heading, number=scene.now.label)
    if scene.now.description != scene.was.description:
        body = _with_beats(body, scene.was.description, scene.now.description)
    return [heading, *body]


def _with_beats(body: Sequence[Paragraph], was: str, now: str) -> list[Paragraph]:
    """A new beat follows the beat before it, or the heading and what is noted there."""
    old, new = _beats_in(was), _beats_in(now)
    places = [place for place, paragraph in enumerate(body) if _is_beat(paragraph)][: len(old)]
    changed: dict[int, list[Paragraph]] = {}
    added: list[Paragraph] = []
    for i, j, k, m in _changes(old, new):
        for place, text in zip(places[i:j], new[k:m], strict=False):
            changed[place] = [with_text(body[place], text)]
        for place in places[i + (m - k) : j]:
            changed[place] = []
        more = [_action(text) for text in new[k + (j - i) : m]]
        if more and j > 0:
            before = places[j - 1]
            changed[before] = [*changed.get(before, [body[before]]), *more]
        else:
            added += more
    notes = [*takewhile(lambda paragraph: paragraph.kind in UNPRINTED, body)]
    rest = enumerate(body[len(notes) :], len(notes))
    kept = (changed.get(place, [paragraph]) for place, paragraph in rest)
    return [*notes, *added, *(paragraph for some in kept for paragraph in some)]


def _changes(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int, int]]:
    if max(len(old), len(new)) > COMPARED_BEATS_MAX:
        return [(0, len(old), 0, len(new))]
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(i, j, k, m) for code, i, j, k, m in codes if code != "equal"]


def _beats_in(description: str) -> list[str]:
    parts = EMPTY_LINES.split(description.replace("\r\n", "\n"))
    return [part.strip() for part in parts if part.strip()]


def _action(text: str) -> Paragraph:
    return Paragraph(Kind.ACTION, (Run(text),))


def ascending(places: Sequence[int]) -> list[int]:
    """As many of these different numbers as can be, in their order, such that they ascend."""
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for place in places:
        at = bisect_left(ends, place)
        before[place] = ends[at - 1] if at else None
        ends[at : at + 1] = [place]
    found: list[int] = []
    last = ends[-1] if ends else None
    while last is not None:
        found.append(last)
        last = before[last]
    return found[::-1]
