"""What only Fountain has, as FDX can hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.formats.fountain.reading import read_text
from services.formats.screenplay import Aside, Kind, Paragraph, Problem, SceneFacts

NO_SECTIONS = "FDX has no sections; each is a note on what follows it."
NO_SYNOPSES = "FDX has a synopsis of scenes only; each other one is a note on what follows it."
NO_BONEYARD = "FDX has no boneyard; what was cut is left out."


def shaped_for_fdx(paragraphs: Sequence[Paragraph]) -> tuple[list[Paragraph], list[Problem]]:
    """Synopses become summaries, notes hang on a paragraph, a page break marks the next one."""
    shaping = _Shaping()
    for paragraph in paragraphs:
        shaping.take(paragraph)
    shaping.end()
    return shaping.done, shaping.problems


NO_PLACES = "A note in FDX is of a paragraph, not at a place in it."


class _Shaping:
    def __init__(self) -> None:
        self.done: list[Paragraph] = []
        self.problems: list[Problem] = []
        self._notes: list[Aside] = []
        self._new_page = False

    def take(self, paragraph: Paragraph) -> None:
        match paragraph.kind:
            case Kind.SECTION:
                self._later(paragraph, NO_SECTIONS, f"Section {paragraph.depth}")
            case Kind.SYNOPSIS:
                self._synopsis(paragraph)
            case Kind.NOTE:
                self._note(paragraph)
            case Kind.BONEYARD:
                self._boneyard(paragraph)
            case Kind.PAGE_BREAK:
                self._new_page = True
            case _:
                self._keep(paragraph)

    def end(self) -> None:
        if self._notes or self._new_page:
            self._keep(Paragraph(Kind.ACTION))

    def _keep(self, paragraph: Paragraph) -> None:
        cut = tuple(aside for aside in paragraph.asides if not aside.boneyard)
        if cut != paragraph.asides:
            self._problem(paragraph, NO_BONEYARD)
        if any(0 < aside.at < len(paragraph.text) for aside in cut):
            self._problem(paragraph, NO_PLACES)
        asides = (*self._notes, *cut)
        starts_page = paragraph.starts_page or self._new_page
        inside = paragraph.inside
        if inside:
            shaped, problems = shaped_for_fdx(inside)
            self.problems += problems
            inside = tuple(shaped)
        as_it_is = (paragraph.asides, paragraph.starts_page, paragraph.inside)
        if (asides, starts_page, inside) != as_it_is:
            paragraph = replace(paragraph, asides=asides, starts_page=starts_page, inside=inside)
        self._notes, self._new_page = [], False
        self.done.append(paragraph)

    def _later(self, paragraph: Paragraph, problem: str, name: str) -> None:
        self._problem(paragraph, problem)
        self._notes.append(Aside(paragraph.text, attributes=(("Name", name),)))

    def _synopsis(self, paragraph: Paragraph) -> None:
        heading = self.done[-1] if self.done else None
        if heading is None or heading.kind is not Kind.SCENE_HEADING:
            self._later(paragraph, NO_SYNOPSES, "Synopsis")
            return
        facts = heading.facts or SceneFacts()
        summary = "\n".join(filter(None, (facts.summary, paragraph.text)))
        self.done[-1] = replace(heading, facts=replace(facts, summary=summary))

    def _note(self, paragraph: Paragraph) -> None:
        notes = tuple(aside for aside in paragraph.asides if not aside.boneyard)
        if self.done and self.done[-1].kind is not Kind.VERBATIM:
            last = self.done[-1]
            self.done[-1] = replace(last, asides=(*last.asides, *notes))
        else:
            self._notes += notes

    def _boneyard(self, paragraph: Paragraph) -> None:
        heading = self.done[-1] if self.done else None
        words = next(aside.text for aside in paragraph.asides if aside.boneyard)
        scene = read_text(f"\n{words.strip()}").paragraphs
        if heading and heading.omitted and not heading.inside and scene:
            shaped, problems = shaped_for_fdx(scene)
            self.problems += problems
            self.done[-1] = replace(heading, inside=tuple(shaped))
        else:
            self._problem(paragraph, NO_BONEYARD)

    def _problem(self, paragraph: Paragraph, message: str) -> None:
        self.problems.append(Problem(paragraph.line, message))
