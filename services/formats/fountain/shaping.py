"""What only FDX has, as Fountain can hold it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from services.formats.fountain.emphasis import joined
from services.formats.screenplay import (
    BOLD,
    ITALIC,
    SPOKEN,
    UNDERLINE,
    Aside,
    Format,
    Kind,
    Paragraph,
    Problem,
    Run,
    SceneFacts,
)

NO_XML = "Fountain has no place for what is between the paragraphs of an FDX file."
NO_SHOTS = "Fountain has no shots; each is action."
NO_TYPES = "Fountain has no paragraphs of the type {!r}; each is {}."
NO_NUMBERS = "Fountain numbers scenes only."
NO_FACTS = "Fountain does not hold a scene's length, page, title and colour."
NO_NAMES = "A note in Fountain has no author, name, date or colour."
NO_STYLES = "Fountain has no style {}."
NO_REVISIONS = "Fountain has no revision marks."
NO_NESTING = "Fountain cannot strike out a boneyard in a boneyard; its marks are broken up."
STYLES = frozenset({BOLD, ITALIC, UNDERLINE})
SPACE = re.compile(r"(\s+)")
STRUCTURE = re.compile(r"(Section|Synopsis)(?: (\d))?")
"""The names of the notes that sections and synopses become in FDX."""

Text = Callable[[Sequence[Paragraph]], str]


def shaped_for_fountain(
    paragraphs: Sequence[Paragraph], text_of: Text
) -> tuple[list[Paragraph], list[Problem]]:
    """`text_of` writes the paragraphs of a scene that was cut."""
    shaping = _Shaping(text_of)
    for paragraph in paragraphs:
        shaping.take(paragraph)
    return shaping.done, shaping.problems


def as_read(paragraph: Paragraph) -> tuple[object, ...]:
    """What of a paragraph a reader of Fountain must find again."""
    return (
        paragraph.kind,
        _look(paragraph.runs),
        paragraph.number,
        [(aside.text, aside.boneyard) for aside in paragraph.asides],
        paragraph.dual,
        paragraph.centered,
        paragraph.depth,
    )


def _look(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Without space around it, and without the styles of space, which nobody sees."""
    if not any(run.styles & STYLES for run in runs):
        text = "".join(run.text for run in runs).strip()
        return (Run(text),) if text else ()
    seen = [
        Run(part, frozenset() if part.isspace() else run.styles & STYLES)
        for run in runs
        for part in SPACE.split(run.text)
    ]
    while seen and not seen[0].text.strip():
        del seen[0]
    while seen and not seen[-1].text.strip():
        del seen[-1]
    return joined(seen)


class _Shaping:
    def __init__(self, text_of: Text) -> None:
        self._text_of = text_of
        self.done: list[Paragraph] = []
        self.problems: list[Problem] = []

    def take(self, paragraph: Paragraph) -> None:
        source = paragraph.source
        if source and source.document.format is Format.FOUNTAIN:
            self._fountain(paragraph)
        elif paragraph.kind is Kind.VERBATIM:
            self._problem(paragraph, NO_XML)
        else:
            self._other(paragraph)

    def _fountain(self, paragraph: Paragraph) -> None:
        if paragraph.kind is Kind.SCENE_HEADING and paragraph.inside:
            self._cut(paragraph)
        else:
            self.done.append(paragraph)

    def _other(self, paragraph: Paragraph) -> None:
        self._report(paragraph)
        if paragraph.starts_page and self.done:
            self.done.append(Paragraph(Kind.PAGE_BREAK))
        before, inline, after = self._notes(paragraph)
        self.done += before
        kept = replace(paragraph, asides=inline, name="", starts_page=False, facts=None)
        match paragraph.kind:
            case Kind.DUAL_DIALOGUE:
                self._dual(kept)
            case Kind.SCENE_HEADING:
                self._cut(replace(kept, centered=False))
            case Kind.ACTION | Kind.SHOT | Kind.GENERAL:
                self._cut(replace(kept, kind=Kind.ACTION, number=None))
            case _:
                self._cut(replace(kept, number=None, centered=False))
        for line in filter(None, (paragraph.facts or SceneFacts()).summary.split("\n")):
            self.done.append(Paragraph(Kind.SYNOPSIS, (Run(line),)))
        self.done += after

    def _plain(self, paragraph: Paragraph) -> None:
        """Dialogue is one paragraph. All others that are empty are space, which Fountain makes."""
        last = self.done[-1] if self.done else None
        marks = (Kind.NOTE, Kind.BONEYARD, Kind.PAGE_BREAK)
        if last and last.kind is paragraph.kind is Kind.DIALOGUE:
            at = len(last.text) + 1
            moved = (replace(aside, at=aside.at + at) for aside in paragraph.asides)
            self.done[-1] = Paragraph(
                Kind.DIALOGUE,
                (*last.runs, Run("\n"), *paragraph.runs),
                asides=(*last.asides, *moved),
            )
        elif paragraph.text.strip() or paragraph.asides or paragraph.kind in marks:
            self.done.append(paragraph)

    def _dual(self, paragraph: Paragraph) -> None:
        shaped, problems = shaped_for_fountain(paragraph.inside, self._text_of)
        self.problems += problems
        cues = [part for part in shaped if part.kind is Kind.CHARACTER]
        if len(cues) == 2 and all(part.kind in SPOKEN for part in shaped):
            self.done.append(Paragraph(Kind.DUAL_DIALOGUE, inside=tuple(shaped)))
        else:
            self.done += (replace(part, dual=False) for part in shaped)
        self._plain(replace(paragraph, kind=Kind.ACTION, inside=(), number=None))

    def _cut(self, paragraph: Paragraph) -> None:
        """A scene that was cut stands in a boneyard below the heading that keeps its number."""
        self._plain(replace(paragraph, inside=()))
        if not paragraph.inside:
            return
        text = self._text_of(paragraph.inside)
        if "/*" in text or "*/" in text:
            self._problem(paragraph, NO_NESTING)
            text = text.replace("/*", "/ *").replace("*/", "* /")
        self.done.append(Paragraph(Kind.BONEYARD, asides=(Aside(f"\n{text}\n", boneyard=True),)))

    def _notes(
        self, paragraph: Paragraph
    ) -> tuple[list[Paragraph], tuple[Aside, ...], list[Paragraph]]:
        """What stands before a paragraph, in it and after it. Speech is not broken by a note."""
        before, rest = [], []
        for aside in paragraph.asides:
            named = dict(aside.attributes)
            structure = STRUCTURE.fullmatch(named.get("Name", ""))
            if structure:
                kind = Kind.SECTION if structure[1] == "Section" else Kind.SYNOPSIS
                depth = int(structure[2] or 1) if kind is Kind.SECTION else 0
                before.append(Paragraph(kind, (Run(aside.text),), depth=depth))
                continue
            if any(value for name, value in named.items() if name != "Type"):
                self._problem(paragraph, NO_NAMES)
            rest.append(replace(aside, attributes=()))
        if not paragraph.source or paragraph.kind in SPOKEN:
            return before, tuple(rest), []
        return before, (), [Paragraph(Kind.NOTE, asides=(aside,)) for aside in rest]

    def _report(self, paragraph: Paragraph) -> None:
        facts = paragraph.facts
        if paragraph.kind is Kind.SHOT:
            self._problem(paragraph, NO_SHOTS)
        if paragraph.name and paragraph.kind is not Kind.DUAL_DIALOGUE:
            said = paragraph.kind.lower().replace("_", " ")
            self._problem(paragraph, NO_TYPES.format(paragraph.name, said))
        if paragraph.number is not None and paragraph.kind is not Kind.SCENE_HEADING:
            self._problem(paragraph, NO_NUMBERS)
        if facts and (facts.eighths is not None or facts.page or facts.title or facts.color):
            self._problem(paragraph, NO_FACTS)
        for style in sorted({style for run in paragraph.runs for style in run.styles - STYLES}):
            self._problem(paragraph, NO_STYLES.format(style))
        revisions = (dict(run.attributes).get("RevisionID", "0") for run in paragraph.runs)
        if any(revision != "0" for revision in revisions):
            self._problem(paragraph, NO_REVISIONS)

    def _problem(self, paragraph: Paragraph, message: str) -> None:
        self.problems.append(Problem(paragraph.line, message))
