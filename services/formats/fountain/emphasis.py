"""Emphasis: one line of Fountain to runs of one look, and back.

Marks hug the words they emphasize and end with their line; `\\\\` before a mark makes it a
character. Every mark is looked at once, so a line of nothing but marks costs no more than another.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from services.formats.screenplay import BOLD, ITALIC, UNDERLINE, Run

TOKEN = re.compile(r"\\[*_\\]|\*+|_+")
PARTS = {"*": (ITALIC,), "**": (BOLD,), "***": (BOLD, ITALIC), "_": (UNDERLINE,)}
MARKS = {BOLD: "**", ITALIC: "*", UNDERLINE: "_"}
LITERAL = (("", ""),)
"""The attributes of a run that is markup already, such as a note."""
OUTER = (UNDERLINE, BOLD, ITALIC)
"""The order in which marks are opened."""
SPECIAL = re.compile(r"\\(?=[*_\\]|\Z)|(?<!\s)[*_]|[*_](?!\s)")
"""What would be a mark: all but a star or a line that stands between spaces."""


@dataclass(frozen=True, slots=True)
class Marked:
    """`dropped` are the places of the characters that are marks, not text."""

    runs: tuple[Run, ...]
    dropped: tuple[int, ...] = ()

    def place(self, at: int) -> int:
        """A place in the markup as one in the text."""
        return at - bisect_left(self.dropped, at)


def read_line(markup: str) -> Marked:
    if "*" not in markup and "_" not in markup and "\\" not in markup:
        return Marked((Run(markup),) if markup else ())
    switches, dropped = _marks(markup)
    dropped.sort()
    cuts = sorted({*switches, *dropped, *(at + 1 for at in dropped)})
    hidden = set(dropped)
    runs: list[Run] = []
    styles: frozenset[str] = frozenset()
    start = 0
    for cut in [*cuts, len(markup)]:
        if start < cut and start not in hidden:
            runs.append(Run(markup[start:cut], styles))
        styles = styles.symmetric_difference(switches.get(cut, ()))
        start = cut
    return Marked(joined(runs), tuple(dropped))


def joined(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Neighbours of one look as one run, without empty ones."""
    told = (run for run in runs if run.text)
    return tuple(
        Run("".join(run.text for run in alike), styles, attributes)
        for (styles, attributes), alike in groupby(told, key=_look)
    )


def _look(run: Run) -> tuple[frozenset[str], tuple[tuple[str, str], ...]]:
    return run.styles, run.attributes


def _marks(markup: str) -> tuple[dict[int, list[str]], list[int]]:
    """At which places a style begins or ends, and which characters are not text."""
    switches: dict[int, list[str]] = {}
    dropped: list[int] = []
    opened: dict[str, int] = {}
    for token in TOKEN.finditer(markup):
        mark, start, end = token[0], token.start(), token.end()
        if mark[0] == "\\":
            dropped.append(start)
            continue
        at, left = start, list(PARTS.get(mark, ()))
        hugs_left = start > 0 and not markup[start - 1].isspace()
        hugs_right = end < len(markup) and not markup[end].isspace()
        # What ends comes before what begins: `**a***b*` is bold, then italic.
        closing = [style for style in left if hugs_left and style in opened]
        for style in [*closing, *(style for style in left if style not in closing)]:
            width = len(MARKS[style])
            if style in closing:
                begun = opened.pop(style)
                switches.setdefault(begun, []).append(style)
                switches.setdefault(at, []).append(style)
                dropped += (*range(begun, begun + width), *range(at, at + width))
            elif hugs_right:
                opened[style] = at
            at += width
    return switches, dropped


def write_line(runs: Iterable[Run]) -> str:
    """Text of one line with its marks. What no mark can say, such as capitals, is not written.

    A style ends where it ends, also within another one, so that no two marks of it ever touch.
    """
    parts: list[str] = []
    active: frozenset[str] = frozenset()
    space = ""
    for run in runs:
        if run.attributes == LITERAL:
            if space:
                parts += (*_opening(active)[::-1], space)
                active, space = frozenset(), ""
            parts.append(run.text)
            continue
        if not run.text:  # FDX has such between two runs of one look; marks of both would touch
            continue
        core = run.text.strip()
        parts += _opening(active - run.styles)[::-1]
        active &= run.styles
        if not core:
            space += run.text
            continue
        lead = run.text[: len(run.text) - len(run.text.lstrip())]
        parts += (space, lead, *_opening(run.styles - active), SPECIAL.sub(r"\\\g<0>", core))
        active = run.styles
        space = run.text[len(lead) + len(core) :]
    return "".join([*parts, *_opening(active)[::-1], space])


def _opening(styles: frozenset[str]) -> list[str]:
    return [MARKS[style] for style in OUTER if style in styles]
