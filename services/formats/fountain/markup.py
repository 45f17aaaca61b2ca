"""New Fountain elements: the natural way to write each, or the forced one where that is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from services.formats.fountain.emphasis import LITERAL, write_line
from services.formats.fountain.lines import NEWLINE, UNWRITABLE
from services.formats.fountain.reading import alone, begins_anew
from services.formats.screenplay import Aside, Kind, Paragraph, Run

EMPTY_LINES = re.compile(r"(?<=\n)(?=\n)")
KEPT_EMPTY = "  "
"""A line of dialogue, or of a note, that is empty without ending it."""


def paragraph_markup(paragraph: Paragraph, followed: bool) -> str:
    """With "\\n" as line end. `followed` says whether text comes right below it."""
    lines = [write_line(line) for line in _lines(paragraph.runs, paragraph.asides)]
    return UNWRITABLE.sub("", _forced(paragraph, lines, followed))


def _forced(paragraph: Paragraph, lines: list[str], followed: bool) -> str:
    one = " ".join(lines).strip()
    match paragraph.kind:
        case Kind.SCENE_HEADING:
            number = "" if paragraph.number is None else f" #{paragraph.number}#"
            natural = alone(one, followed=False) is Kind.SCENE_HEADING and one[0] != "."
            return f"{'' if natural else '.'}{one}{number}"
        case Kind.CHARACTER:
            natural = followed and alone(one, followed=True) is Kind.CHARACTER and one[0] != "@"
            return f"{'' if natural else '@'}{one}{' ^' if paragraph.dual else ''}"
        case Kind.TRANSITION:
            natural = alone(one, followed=False) is Kind.TRANSITION and one[0] != ">"
            return one if natural else f"> {one}"
        case Kind.DIALOGUE:
            return "\n".join(line if line.strip() else KEPT_EMPTY for line in lines)
        case Kind.LYRIC:
            return "\n".join(f"~{line}" for line in lines)
        case Kind.SECTION:
            return f"{'#' * max(paragraph.depth, 1)} {one}"
        case Kind.SYNOPSIS:
            return f"= {one}"
        case Kind.PAGE_BREAK:
            return f"==={one}"
        case Kind.PARENTHETICAL | Kind.NOTE | Kind.BONEYARD:
            return one
    if paragraph.centered:
        return "\n".join(f"> {line.strip()} <" for line in lines)
    while lines and not lines[-1].strip():
        lines.pop()
    forced = {at for at, line in enumerate(lines) if begins_anew(line) or line.lstrip()[:1] == "!"}
    if lines and alone(lines[0], followed or len(lines) > 1) is not Kind.ACTION:
        forced.add(0)
    return "\n".join(f"!{line}" if at in forced else line for at, line in enumerate(lines))


def _lines(runs: Sequence[Run], asides: Sequence[Aside]) -> list[list[Run]]:
    """Runs by line, each aside as a run of its own where it stands."""
    lines: list[list[Run]] = [[]]
    for run in _with_asides(runs, asides):
        if run.attributes == LITERAL:
            lines[-1].append(run)
            continue
        for at, part in enumerate(NEWLINE.split(run.text)):
            if at:
                lines.append([])
            lines[-1].append(Run(part, run.styles))
    return lines


def _with_asides(runs: Sequence[Run], asides: Sequence[Aside]) -> Iterator[Run]:
    waiting = sorted(asides, key=lambda aside: aside.at)[::-1]
    seen = 0
    for run in runs:
        start = 0
        while waiting and waiting[-1].at <= seen + len(run.text):
            cut = max(waiting[-1].at - seen, start)
            yield Run(run.text[start:cut], run.styles)
            yield _aside(waiting.pop())
            start = cut
        yield Run(run.text[start:], run.styles)
        seen += len(run.text)
    yield from (_aside(aside) for aside in reversed(waiting))


def _aside(aside: Aside) -> Run:
    if aside.boneyard:
        return Run(f"/*{aside.text}*/", attributes=LITERAL)
    return Run(f"[[{EMPTY_LINES.sub(KEPT_EMPTY, aside.text)}]]", attributes=LITERAL)
