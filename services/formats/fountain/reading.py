"""Fountain 1.1 to a screenplay.

What Fountain leaves open is decided as writers of real scripts expect: a scene heading needs an
empty line before it but none after; EXT/INT is a heading as INT/EXT is; an empty line may stand
between any two elements, and only dialogue is ended by it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from services.formats.fountain.emphasis import joined, read_line
from services.formats.fountain.lines import NEWLINE, Line, NotFountain, lines_of
from services.formats.fountain.title import title_lines
from services.formats.screenplay import (
    BYTES_MAX,
    OMITTED,
    PARAGRAPHS_MAX,
    Aside,
    Document,
    Format,
    Frame,
    Kind,
    Paragraph,
    Problem,
    Run,
    Screenplay,
    Source,
    gathered,
    marked_encoding,
)

HEADING = re.compile(
    r"(?:(?:INT|EXT)\.?/(?:INT|EXT)|I\.?/E|E\.?/I|INT|EXT|EST)(?:\.|\s)", re.IGNORECASE
)
NUMBER = re.compile(r"#([^\s#]+)#\Z")
NUMBER_CHARACTERS_MAX = 40
"""So that looking for a number costs the same at the end of any line."""
FORCING = {
    Kind.SCENE_HEADING: ".",
    Kind.LYRIC: "~",
    Kind.SYNOPSIS: "=",
    Kind.TRANSITION: ">",
}
INLINE = frozenset({Kind.SECTION, Kind.SYNOPSIS, Kind.PAGE_BREAK, Kind.NOTE, Kind.BONEYARD})
"""What may stand between a scene heading and the empty line before it."""


def read_fountain(data: bytes) -> Screenplay:
    """Raises NotFountain. Whatever it reads, `write_fountain` gives back as it was."""
    if len(data) > BYTES_MAX:
        raise NotFountain(f"The file is larger than {BYTES_MAX:,} bytes.")
    mark, encoding = marked_encoding(data)
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start + len(mark)) + 1
        raise NotFountain("The text is not UTF-8; save it as such.", line) from error
    if "\0" in text:
        raise NotFountain("This is no text.", text.count("\n", 0, text.index("\0")) + 1)
    return read_text(text, encoding, mark)


def read_text(text: str, encoding: str = "utf-8", mark: bytes = b"") -> Screenplay:
    lines, problems = lines_of(text)
    newline = NEWLINE.search(text)
    document = Document(Format.FOUNTAIN, text, encoding, mark, newline[0] if newline else "\n")
    fields, first = title_lines(lines)
    gap, title_page = 0, []
    for read, begin, end in fields:
        start, end, number = lines[begin].start, lines[end - 1].end, lines[begin].number
        title_page.append(replace(read, source=Source(document, gap, start, end, number, read)))
        gap = end
    body = _Body(document, lines, first, gap)
    body.read()
    paragraphs = tuple(body.paragraphs)
    frame = Frame(document, 0, body.gap, tuple(title_page))
    said = gathered(problems + body.problems)
    return Screenplay(paragraphs, tuple(title_page), frame, said)


def alone(text: str, followed: bool) -> Kind:
    """What a line after an empty one is; `followed` says whether the next one has text."""
    line = text.strip()
    if _page_break(line):
        return Kind.PAGE_BREAK
    match line[:1]:
        case "!":
            return Kind.ACTION
        case "#":
            return Kind.SECTION
        case "=":
            return Kind.SYNOPSIS
        case "~":
            return Kind.LYRIC
        case "@" if line[1:].strip():
            return Kind.CHARACTER
        case "." if line[1:].strip() and line[1] != ".":
            return Kind.SCENE_HEADING
        case ">":
            return Kind.ACTION if _centered(line) else Kind.TRANSITION
    if HEADING.match(line):
        return Kind.SCENE_HEADING
    if line.endswith("TO:") and line.isupper():
        return Kind.TRANSITION
    # A name has a letter in upper case and none in lower case; its extension may.
    cue = followed and line.partition("(")[0].isupper()
    return Kind.CHARACTER if cue else Kind.ACTION


def _centered(line: str) -> bool:
    return len(line) > 1 and line[0] == ">" and line[-1] == "<"


def _page_break(line: str) -> bool:
    return len(line) >= 3 and not line.strip("=")


def begins_anew(text: str) -> bool:
    """Whether a line is an element of its own though text stands right before it."""
    line = text.strip()
    return line[:1] in ("#", "=", "~") or _centered(line)


class _Body:
    def __init__(self, document: Document, lines: Sequence[Line], first: int, gap: int) -> None:
        self._document, self._lines = document, lines
        self._at = first
        self._free = True
        self.gap = gap
        self.paragraphs: list[Paragraph] = []
        self.problems: list[Problem] = []
        self._speech: int | None = None

    def read(self) -> None:
        lines = self._lines
        while self._at < len(lines):
            line = lines[self._at]
            if line.blank:
                self._blank(line)
                continue
            kind = self._kind(line)
            if kind is Kind.CHARACTER:
                self._dialogue(line)
            elif kind is Kind.ACTION and not _centered(line.text.strip()):
                self._action()
            else:
                self._add(self._single(kind, line), 1)
                self._speech = None
            self._free = kind in INLINE

    def _blank(self, line: Line) -> None:
        if line.struck_out:
            self._add(Paragraph(Kind.BONEYARD, asides=line.asides), 1)
            self._free = True
        elif line.asides:
            self._add(Paragraph(Kind.NOTE, asides=line.asides), 1)
        else:
            self._at += 1
            self._free = True

    def _kind(self, line: Line) -> Kind:
        if self._free:
            return alone(line.text, self._followed())
        if not begins_anew(line.text):
            return Kind.ACTION
        return alone(line.text, followed=True)

    def _followed(self) -> bool:
        """Whether the next line has text; a note between the two does not count."""
        at = self._at + 1
        while at < len(self._lines) and self._lines[at].blank and self._lines[at].asides:
            if self._lines[at].struck_out:
                return False
            at += 1
        return at < len(self._lines) and not self._lines[at].blank

    def _single(self, kind: Kind, line: Line) -> Paragraph:
        """The element that a line is, without what forces it to be that."""
        text, number, depth, centered = line.text, None, 0, False
        start = len(text) - len(text.lstrip())
        end = len(text.rstrip())
        if kind is Kind.PAGE_BREAK:
            return Paragraph(kind, asides=line.asides)
        if text.startswith(FORCING.get(kind, "\0"), start):
            start += 1
        elif kind is Kind.ACTION:
            start, end, centered = start + 1, end - 1, True
        elif kind is Kind.SECTION:
            depth = end - start - len(text[start:end].lstrip("#"))
            start += depth
        if kind is Kind.SCENE_HEADING:
            found = NUMBER.search(text, max(start, end - NUMBER_CHARACTERS_MAX), end)
            if found:
                number, end = found[1], found.start()
        inner = text[start:end]
        start += len(inner) - len(inner.lstrip())
        runs, asides = self._marked([line], start, start + len(inner.strip()))
        said = "".join(run.text for run in runs)
        return Paragraph(
            kind,
            runs,
            number=number,
            asides=asides,
            omitted=kind is Kind.SCENE_HEADING and said.upper() in OMITTED,
            centered=centered,
            depth=depth,
        )

    def _action(self) -> None:
        """Lines up to an empty one or to another element; `!` may stand before each."""
        begin = self._at
        end = begin + 1
        while end < len(self._lines):
            line = self._lines[end]
            if line.blank or begins_anew(line.text):
                break
            end += 1
        lines = self._lines[begin:end]
        runs, asides = self._marked([_unforced(line) for line in lines])
        self._add(Paragraph(Kind.ACTION, runs, asides=asides), len(lines))
        self._speech = None

    def _dialogue(self, line: Line) -> None:
        """A cue and what is said, up to an empty line; one of two spaces is part of it."""
        before = self._speech
        begun = len(self.paragraphs)
        self._add(self._cue(line), 1)
        while self._at < len(self._lines):
            line = self._lines[self._at]
            text = line.text.strip()
            if line.blank and line.asides and not line.struck_out:
                self._add(Paragraph(Kind.NOTE, asides=line.asides), 1)
            elif line.blank and (len(line.text) < 2 or line.struck_out):
                break
            elif _parenthetical(text):
                start = line.text.index("(")
                runs, asides = self._marked([line], start, start + len(text))
                self._add(Paragraph(Kind.PARENTHETICAL, runs, asides=asides), 1)
            elif text[:1] == "~":
                self._add(self._single(Kind.LYRIC, line), 1)
            else:
                self._spoken()
        self._speech = begun
        if self.paragraphs[begun].dual:
            self._pair(before, begun)

    def _cue(self, line: Line) -> Paragraph:
        text = line.text.rstrip()
        dual = text.endswith("^")
        start = len(text) - len(text.lstrip())
        start += text.startswith("@", start)
        start += len(text[start:]) - len(text[start:].lstrip())
        end = len(text[: len(text) - dual].rstrip())
        runs, asides = self._marked([line], start, end)
        return Paragraph(Kind.CHARACTER, runs, asides=asides, dual=dual)

    def _spoken(self) -> None:
        begin = self._at
        end = begin
        while end < len(self._lines):
            line = self._lines[end]
            text = line.text.strip()
            kept = len(line.text) >= 2 and not line.asides
            if (line.blank and not kept) or _parenthetical(text) or text[:1] == "~":
                break
            end += 1
        lines = self._lines[begin:end]
        runs, asides = self._marked([_kept_empty(line) for line in lines])
        self._add(Paragraph(Kind.DIALOGUE, runs, asides=asides), len(lines))

    def _pair(self, first: int | None, second: int) -> None:
        """Two speeches after one another as dual dialogue."""
        if first is None:
            said = "A cue ends in ^ but no speech stands before it."
            self.problems.append(Problem(self.paragraphs[second].line, said))
            return
        inside = tuple(self.paragraphs[first:])
        read = Paragraph(Kind.DUAL_DIALOGUE, inside=inside)
        begin, end = inside[0].source, inside[-1].source
        if begin and end:
            source = Source(self._document, begin.gap, begin.start, end.end, begin.line, read)
            self.paragraphs[first:] = [replace(read, source=source)]
        self._speech = None

    def _marked(
        self, lines: Sequence[Line], start: int = 0, end: int | None = None
    ) -> tuple[tuple[Run, ...], tuple[Aside, ...]]:
        """The text of some lines, of the only one from `start` to `end`, and what is in it."""
        runs: list[Run] = []
        asides: list[Aside] = []
        length = 0
        for index, line in enumerate(lines):
            if index:
                runs.append(Run("\n"))
                length += 1
            stop = len(line.text) if end is None else end
            marked = read_line(line.text[start:stop])
            for aside in line.asides:
                at = marked.place(min(max(aside.at - start, 0), stop - start))
                asides.append(replace(aside, at=length + at))
            runs += marked.runs
            length += sum(len(run.text) for run in marked.runs)
        return joined(runs), tuple(asides)

    def _add(self, read: Paragraph, lines: int) -> None:
        first, last = self._lines[self._at], self._lines[self._at + lines - 1]
        if len(self.paragraphs) == PARAGRAPHS_MAX:
            raise NotFountain(f"There are more than {PARAGRAPHS_MAX:,} paragraphs.", first.number)
        source = Source(self._document, self.gap, first.start, last.end, first.number, read)
        self.paragraphs.append(replace(read, source=source))
        self.gap = last.end
        self._at += lines


def _parenthetical(text: str) -> bool:
    return text[:1] == "(" and text[-1:] == ")"


def _unforced(line: Line) -> Line:
    """Without the `!` that makes it action."""
    text = line.text
    at = len(text) - len(text.lstrip())
    if not text.startswith("!", at):
        return line
    asides = tuple(replace(a, at=a.at - (a.at > at)) for a in line.asides)
    return Line(line.start, line.end, line.number, text[:at] + text[at + 1 :], asides)


def _kept_empty(line: Line) -> Line:
    return Line(line.start, line.end, line.number, "" if line.blank else line.text, line.asides)
