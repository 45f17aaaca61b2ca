"""Edits of a screenplay. Each gives another one; a writer then changes only what was edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.formats.screenplay import Kind, Paragraph, Run, Screenplay, alike


def with_text(paragraph: Paragraph, text: str) -> Paragraph:
    """With other words. What stays keeps its look, and what is new has that of what it follows."""
    old = paragraph.text
    head = alike(old, text)
    rest = min(len(old), len(text)) - head
    tail = alike(old[::-1][:rest], text[::-1][:rest])
    before, after = _cut(paragraph.runs, head)
    after = _cut(after, len(old) - tail - head)[1]
    new = text[head : len(text) - tail]
    if new:
        like = before[-1] if before else (paragraph.runs[0] if paragraph.runs else Run(""))
        before = [*before[:-1], replace(like, text=like.text + new if before else new)]
    grown = len(text) - len(old)
    asides = tuple(
        replace(aside, at=max(aside.at + grown, head)) if aside.at > head else aside
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
