"""The title page of a Fountain text: keys with their lines, before the first empty line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.formats.fountain.emphasis import read_line, write_line
from services.formats.fountain.lines import UNWRITABLE, Line, NotFountain
from services.formats.screenplay import Run, TitleField

TITLE_LINES_MAX = 1_000
KEY = re.compile(r"([^\s:!#=~@.>\[/][^:\n]{0,60}):(?:[ \t]|\Z|(?<=title:))", re.IGNORECASE)
NO_KEY = re.compile(r"(?:INT|EXT|EST|I/E|E/I)[./ ]|FADE (?:IN|OUT|UP)\Z|.* TO\Z", re.IGNORECASE)
SHOUTED = frozenset({"title", "credit", "author", "authors", "source", "contact", "copyright"})
"""A script may begin with a colon in it, "FADE IN:" or "SUPER: LONDON": other keys in capitals
are none."""


def title_lines(lines: Sequence[Line]) -> tuple[list[tuple[TitleField, int, int]], int]:
    """The fields with the lines they are in, from and to, and the first line of the script."""
    fields: list[tuple[TitleField, int, int]] = []
    at = 0
    while at < len(lines) and not lines[at].blank:
        key = KEY.match(lines[at].text)
        if not fields and (key is None or not _begins(lines, key)):
            return [], 0
        end = at + 1
        while end < len(lines) and not lines[end].blank and _continues(lines[end].text):
            end += 1
        said = [lines[at].text[key.end() :] if key else lines[at].text]
        said += (line.text for line in lines[at + 1 : end])
        values = tuple(filter(None, (_plain(line) for line in said)))
        fields.append((TitleField(key[1].strip() if key else "", values), at, end))
        at = end
        if at > TITLE_LINES_MAX:
            raise NotFountain(f"The title page has more than {TITLE_LINES_MAX:,} lines.")
    return fields, at


def _begins(lines: Sequence[Line], key: re.Match[str]) -> bool:
    """Whether the first line begins a title page. Its value may stand below it, indented."""
    if NO_KEY.match(key[1]) or (key[1].isupper() and key[1].lower() not in SHOUTED):
        return False
    below = lines[1].text if len(lines) > 1 else ""
    return bool(key.string[key.end() :].strip()) or (below[:1].isspace() and bool(below.strip()))


def _continues(text: str) -> bool:
    return text[0].isspace() or KEY.match(text) is None


def _plain(markup: str) -> str:
    return "".join(run.text for run in read_line(markup.strip()).runs)


def title_markup(entry: TitleField, newline: str) -> str:
    lines = [write_line([Run(" ".join(line.split()))]) for line in entry.lines]
    lines = [UNWRITABLE.sub("", line) for line in lines if line]
    if len(lines) == 1:
        return f"{entry.key}: {lines[0]}"
    return newline.join([f"{entry.key}:", *(f"    {line}" for line in lines)])
