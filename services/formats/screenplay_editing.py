"""Edits of a screenplay. Each gives another one; a writer then changes only what was edited."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import accumulate

from services.formats.screenplay import Kind, Paragraph, Run, Screenplay, alike

WORD = re.compile(r"\s+|\w+|[^\w\s]")
COMPARED_WORDS_MAX = 1_000
"""Longer changes are one change: comparing takes time in proportion to the square."""


def with_text(paragraph: Paragraph, text: str) -> Paragraph:
    """With other words. What stays keeps its look, and what is new has that of what it follows."""
    for start, end, new in reversed(_changes(paragraph.text, text)):
        paragraph = _changed(paragraph, start, end, new)
    return paragraph


def _changes(old: str, new: str) -> list[tuple[int, int, str]]:
    """What of the old text, from where to where, is other words now."""
    head = alike(old, new)
    rest = min(len(old), len(new)) - head
    tail = alike(old[::-1][:rest], new[::-1][:rest])
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    words, now = WORD.findall(before), WORD.findall(after)
    if max(len(words), len(now)) > COMPARED_WORDS_MAX:
        return [(head, len(old) - tail, after)]
    places = list(accumulate(map(len, words), initial=head))
    codes = SequenceMatcher(None, words, now, autojunk=False).get_opcodes()
    return [
        (places[i], places[j], "".join(now[k:m])) for code, i, j, k, m in codes if code != "equal"
    ]


def _changed(paragraph: Paragraph, start: int, end: int, new: str) -> Paragraph:
    before, after = _cut(paragraph.runs, start)
    after = _cut(after, end - start)[1]
    if new and before:
        before[-1] = replace(before[-1], text=before[-1].text + new)
    elif new:
        before = [replace(paragraph.runs[0] if paragraph.runs else Run(""), text=new)]
    grown = len(new) - (end - start)
    asides = tuple(
        replace(aside, at=max(aside.at + grown, start)) if aside.at > start else aside
        for aside in paragraph.asides
    )
    return replace(paragraph, runs=_rejoined(before, after), asides=asides)


def _cut(runs: Sequence[Run], at: int) -> tuple[list[Run], list[Run]]:
    """Runs before a place in their text, and from it on."""
    before: list[Run] = []
    for index, run in enumerate(runs):
        if at < len(run.text):
            part = [replace(run, text=run.text[:at])] if at else []
            return [*before, *part], [replace(run, text=run.text[at:]), *runs[index + 1 :]]
        before.append(run)
        at -= len(run.text)
    return before, []


def _rejoined(before: list[Run], after: list[Run]) -> tuple[Run, ...]:
    """The two halves, as one run where the cut went through one."""
    if before and after:
        left, right = before[-1], after[0]
        if (left.styles, left.attributes) == (right.styles, right.attributes):
            return (*before[:-1], replace(left, text=left.text + right.text), *after[1:])
    return (*before, *after)


def substituted(screenplay: Screenplay, old: Paragraph, new: Paragraph | None) -> Screenplay:
    """With one paragraph, itself and not its like, replaced or taken out; at any depth."""
    return replace(screenplay, paragraphs=_substituted(screenplay.paragraphs, old, new))


def _substituted(
    paragraphs: Sequence[Paragraph], old: Paragraph, new: Paragraph | None
) -> tuple[Paragraph, ...]:
    found: list[Paragraph] = []
    for paragraph in paragraphs:
        if paragraph is old:
            found += [new] if new else []
        elif paragraph.inside:
            inside = _substituted(paragraph.inside, old, new)
            same = len(inside) == len(paragraph.inside) and all(map(_is, inside, paragraph.inside))
            found.append(paragraph if same else replace(paragraph, inside=inside))
        else:
            found.append(paragraph)
    return tuple(found)


def _is(one: Paragraph, other: Paragraph) -> bool:
    return one is other


def inserted(screenplay: Screenplay, at: int, new: Sequence[Paragraph]) -> Screenplay:
    """With paragraphs before the one at a place, or at the end."""
    paragraphs = screenplay.paragraphs
    return replace(screenplay, paragraphs=(*paragraphs[:at], *new, *paragraphs[at:]))


def without_scene(screenplay: Screenplay, scene: int) -> Screenplay:
    """Without a scene and its number, as if it had never been."""
    span, paragraphs = screenplay.scenes()[scene], screenplay.paragraphs
    kept = (*paragraphs[: span.start], *paragraphs[span.stop :])
    return replace(screenplay, paragraphs=kept)


def moved_scene(screenplay: Screenplay, scene: int, to: int) -> Screenplay:
    """With a scene at another place among the scenes; numbers stay with their scenes."""
    span = screenplay.scenes()[scene]
    moving = screenplay.paragraphs[span.start : span.stop]
    rest = without_scene(screenplay, scene)
    spans = rest.scenes()
    at = spans[to].start if to < len(spans) else (spans or [span])[-1].stop
    return inserted(rest, at, moving)


def with_scene_omitted(screenplay: Screenplay, scene: int) -> Screenplay:
    """With OMITTED in a scene's place. The number stays taken and the scene is kept inside."""
    span, paragraphs = screenplay.scenes()[scene], screenplay.paragraphs
    heading = paragraphs[span.start]
    if heading.omitted:
        return screenplay
    inside = (replace(heading, number=None), *paragraphs[span.start + 1 : span.stop])
    omitted = Paragraph(
        Kind.SCENE_HEADING,
        (Run("OMITTED"),),
        number=heading.number,
        inside=inside,
        omitted=True,
    )
    kept = (*paragraphs[: span.start], omitted, *paragraphs[span.stop :])
    return replace(screenplay, paragraphs=kept)
