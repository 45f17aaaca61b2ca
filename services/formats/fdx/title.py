"""The title page of an FDX document: lines on paper there, named fields here.

Final Draft keeps no names. They are taken from the usual layout: the title first, then who wrote
it and what it is based on; below, at the margin, draft, contact and rights.
"""

from __future__ import annotations

import re

from services.formats.fdx.spans import Element, escaped
from services.formats.screenplay import TitleField

CENTERED = ("Title", "Credit", "Author", "Authors", "Source")
NAMED = re.compile(r"([A-Z][A-Za-z ]{0,30}):[ \t]+(\S.*)")
CREDIT = re.compile(r"((?:\w+ ){0,6}by|by)(?: (\S.*))?", re.IGNORECASE)
LINES_ABOVE_THE_TITLE = 18
LINES_OF_THE_PAGE = 50


def title_page_of(title_page: Element | None) -> tuple[TitleField, ...]:
    content = title_page.first("Content") if title_page else None
    if content is None:
        return ()
    fields: dict[str, list[str]] = {}
    key, apart = "", True
    for paragraph in content.children:
        text = "".join(child.text for child in paragraph.children if child.name == "Text")
        centered = paragraph.attributes.get("Alignment") == "Center"
        apart = apart or not text.strip()
        for line in filter(None, map(str.strip, text.splitlines())):
            if key != "Title" or apart or CREDIT.fullmatch(line):
                key, line = _named(line, centered, fields)
            fields.setdefault(key, []).append(line)
            apart = False
    return tuple(TitleField(key, tuple(filter(None, lines))) for key, lines in fields.items())


def _named(line: str, centered: bool, before: dict[str, list[str]]) -> tuple[str, str]:
    low = line.lower()
    if "Title" not in before:
        return "Title", line
    named = NAMED.fullmatch(line)
    if named and not centered:
        return named[1], named[2]
    if low.startswith(("based on", "inspired by")):
        return "Source", line
    credit = CREDIT.fullmatch(line)
    if credit and "Credit" not in before:
        if credit[2]:
            before["Credit"] = [credit[1]]
            return "Author", credit[2]
        return "Credit", line
    if centered:
        return ("Author" if "Source" not in before else "Source"), line
    if "draft" in low:
        return "Draft date", line
    return ("Copyright" if "copyright" in low or "©" in line else "Contact"), line


def title_content(fields: tuple[TitleField, ...], newline: str) -> str:
    """The paragraphs of a title page, from the start tag of its `Content` to its end tag."""
    above = [(line, entry.key) for entry in fields if entry.key in CENTERED for line in entry.lines]
    below = [
        (line, entry.key) for entry in fields if entry.key not in CENTERED for line in entry.lines
    ]
    lines = [("", "Left")] * LINES_ABOVE_THE_TITLE
    last = ""
    for line, key in above:
        lines += [("", "Center")] * (2 if key != last and last else 0)
        lines.append((line, "Title" if key == "Title" else "Center"))
        last = key
    lines += [("", "Left")] * max(2, LINES_OF_THE_PAGE - len(lines) - len(below))
    for line, key in below:
        plain = _named(line, False, {"Title": [], "Credit": []})[0] == key
        lines.append((line if plain else f"{key}: {line}", "Left"))
    return newline + "".join(f"      {_paragraph(*line)}{newline}" for line in lines) + "    "


def _paragraph(line: str, place: str) -> str:
    style = ' Style="Bold+Underline"' if place == "Title" else ""
    alignment = "Left" if place == "Left" else "Center"
    return f'<Paragraph Alignment="{alignment}"><Text{style}>{escaped(line)}</Text></Paragraph>'
