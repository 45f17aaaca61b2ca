"""Fountain text as lines without their notes and boneyards, each knowing what it came from.

A note or a boneyard may begin and end anywhere, so a line here may be many in the file.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from services.formats.screenplay import BYTES_MAX, Aside, NotAScreenplay, Problem

LINES_MAX = 200_000
MARKS_MAX = 200_000
MARKS = ("*", "_", "\\", "[[")
"""Each takes a hundred times the time and memory of a letter. Stars count boneyards, too."""
NEWLINE = re.compile(r"\r\n|\n|\r")
SPACES = re.compile(r"(?<=\n)[ \t]+(?=\n)")
UNWRITABLE = re.compile("[\0\ud800-\udfff]")
"""What no text has."""
OPENING = re.compile(r"\[\[|/\*")
EMPTY_LINE = re.compile(r"(?:\r\n|\n|\r(?!\n))(?=[\r\n])")
BONEYARD = "/*"
NO_BONEYARD = "A boneyard is opened by /* and never closed; it is read as text."
NO_NOTE = "A note is opened by [[ and not closed before an empty line; it is read as text."


class NotFountain(NotAScreenplay):
    """The bytes are no text, or more of it than is read."""


@dataclass(frozen=True, slots=True)
class Mask:
    """A note or a boneyard, from `start` to `end` with its brackets."""

    start: int
    end: int
    boneyard: bool


@dataclass(slots=True)
class Line:
    """`end` is without the line end; the `at` of an aside is a place in `text`."""

    start: int
    end: int
    number: int
    text: str
    asides: tuple[Aside, ...] = ()

    @property
    def blank(self) -> bool:
        return not self.text.strip()

    @property
    def struck_out(self) -> bool:
        """Nothing but boneyard, which leaves an empty line behind."""
        return self.blank and any(aside.boneyard for aside in self.asides)


def lines_of(text: str) -> tuple[list[Line], list[Problem]]:
    """Takes time in proportion to the text, whatever it is. Raises NotFountain."""
    if len(text) > BYTES_MAX:
        raise NotFountain(f"The text is longer than {BYTES_MAX:,} characters.")
    if sum(map(text.count, MARKS)) > MARKS_MAX:
        raise NotFountain(
            f"There are more than {MARKS_MAX:,} marks of emphasis, notes and boneyards."
        )
    masks, unclosed = _masks(text)
    lines: list[Line] = []
    start, number, begun, mask = 0, 1, 1, 0
    for newline in NEWLINE.finditer(text):
        number += 1
        if number > LINES_MAX:
            raise NotFountain(f"There are more than {LINES_MAX:,} lines.", number)
        while mask < len(masks) and masks[mask].end <= newline.start():
            mask += 1
        if mask < len(masks) and masks[mask].start < newline.start():
            continue
        lines.append(Line(start, newline.start(), begun, ""))
        start, begun = newline.end(), number
    lines.append(Line(start, len(text), begun, ""))
    _fill(text, lines, masks)
    problems = [
        Problem(lines[bisect_left(lines, at + 1, key=lambda line: line.start) - 1].number, said)
        for at, said in unclosed
    ]
    return lines, problems


def _fill(text: str, lines: list[Line], masks: list[Mask]) -> None:
    at = 0
    for line in lines:
        if at == len(masks) or masks[at].start >= line.end:
            line.text = text[line.start : line.end]
            continue
        parts, asides, seen, length = [], [], line.start, 0
        while at < len(masks) and masks[at].start < line.end:
            mask = masks[at]
            parts.append(text[seen : mask.start])
            length += mask.start - seen
            inner = NEWLINE.sub("\n", text[mask.start + 2 : mask.end - 2])
            if not mask.boneyard:  # an empty line of a note has spaces in it only for Fountain
                inner = SPACES.sub("", inner)
            asides.append(Aside(inner, length, mask.boneyard))
            seen = mask.end
            at += 1
        line.text = "".join([*parts, text[seen : line.end]])
        line.asides = tuple(asides)


def _masks(text: str) -> tuple[list[Mask], list[tuple[int, str]]]:
    """What is bracketed, in order, and where a bracket is not closed.

    What opens first wins, and an empty line breaks a note. Every search goes on from where the
    last one of its kind ended, so nothing is read twice.
    """
    found: list[Mask] = []
    unclosed: list[tuple[int, str]] = []
    told: set[tuple[bool, int]] = set()
    never = len(text) + 1
    struck = closed = broken = at = 0
    while opening := OPENING.search(text, at):
        start, at = opening.start(), opening.end()
        boneyard = opening[0] == BONEYARD
        if boneyard and struck < at:
            struck = _place(text.find("*/", at), never)
        if not boneyard and closed < at:
            closed = _place(text.find("]]", at), never)
        if not boneyard and broken < at:
            empty = EMPTY_LINE.search(text, at)
            broken = empty.start() if empty else never
        end = struck if boneyard else closed
        if end < never and (boneyard or end < broken):
            at = end + 2
            found.append(Mask(start, at, boneyard))
        elif (reason := (boneyard, 0 if boneyard else broken)) not in told:
            told.add(reason)
            unclosed.append((start, NO_BONEYARD if boneyard else NO_NOTE))
    return found, unclosed


def _place(found: int, never: int) -> int:
    return never if found < 0 else found
