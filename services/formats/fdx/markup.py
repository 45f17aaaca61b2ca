"""New FDX elements, written with "\\n" for every line end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.formats.fdx.reading import NAMES
from services.formats.fdx.spans import escaped
from services.formats.screenplay import (
    BOLD,
    ITALIC,
    UNDERLINE,
    Aside,
    Kind,
    Paragraph,
    Run,
    SceneFacts,
)

STYLES = (BOLD, ITALIC, UNDERLINE)
STEP = "  "


def quoted(value: str) -> str:
    inner = escaped(value).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
    return f'"{inner}"'


def attributes_markup(attributes: Mapping[str, str]) -> str:
    return "".join(f" {name}={quoted(value)}" for name, value in attributes.items())


def run_attributes(run: Run) -> dict[str, str]:
    known = [style for style in STYLES if style in run.styles]
    style = "+".join([*known, *sorted(run.styles.difference(STYLES))])
    return dict(run.attributes) | ({"Style": style} if style else {})


def run_markup(run: Run) -> str:
    return f"<Text{attributes_markup(run_attributes(run))}>{escaped(run.text)}</Text>"


def lines_markup(text: str, gap: str) -> str:
    """Text as the untyped paragraphs of a note or a summary, each after a gap."""
    lines = text.split("\n")
    return "".join(f"{gap}<Paragraph>{run_markup(Run(line))}</Paragraph>" for line in lines)


def note_markup(note: Aside, gap: str) -> str:
    attributes = attributes_markup(dict(note.attributes))
    return f"<ScriptNote{attributes}>{lines_markup(note.text, gap + STEP)}{gap}</ScriptNote>"


def facts_attributes(facts: SceneFacts) -> dict[str, str]:
    """Length in eighths as Final Draft writes it: 11 is "1 3/8", 16 is "2", 3 is "3/8"."""
    length = ""
    if facts.eighths is not None:
        whole, part = divmod(facts.eighths, 8)
        length = " ".join([str(whole)] * bool(whole or not part) + [f"{part}/8"] * bool(part))
    said = {"Color": facts.color, "Length": length, "Page": facts.page, "Title": facts.title}
    return {name: value for name, value in said.items() if value}


def summary_markup(summary: str, gap: str) -> str:
    return f"<Summary>{lines_markup(summary, gap + STEP)}{gap}</Summary>"


def facts_markup(facts: SceneFacts, gap: str) -> str:
    start = f"<SceneProperties{attributes_markup(facts_attributes(facts))}"
    if not facts.summary:
        return f"{start}/>"
    inner = gap + STEP
    return f"{start}>{inner}{summary_markup(facts.summary, inner)}{gap}</SceneProperties>"


def paragraph_attributes(paragraph: Paragraph) -> dict[str, str]:
    """What a paragraph says in its start tag that is known here."""
    kind = Kind.GENERAL if paragraph.kind is Kind.DUAL_DIALOGUE else paragraph.kind
    said = {
        "Alignment": "Center" if paragraph.centered else "",
        "StartsNewPage": "Yes" if paragraph.starts_page else "",
        "Type": paragraph.name or NAMES[kind],
    }
    number = {} if paragraph.number is None else {"Number": paragraph.number}
    return number | {name: value for name, value in said.items() if value}


def container_markup(paragraph: Paragraph, inside: str, gap: str) -> str:
    name = "DualDialogue" if paragraph.kind is Kind.DUAL_DIALOGUE else "OmittedScene"
    return f"<{name}>{inside}{gap}</{name}>"


def paragraph_markup(paragraph: Paragraph, inside: str, gap: str) -> str:
    """A whole new paragraph; `inside` are those in it as text, `gap` is the space before it."""
    within = gap + STEP
    parts: list[str] = []
    if paragraph.facts:
        parts.append(facts_markup(paragraph.facts, within))
    parts += (note_markup(note, within) for note in paragraph.asides)
    if inside:
        parts.append(container_markup(paragraph, inside, within))
    parts += (run_markup(run) for run in paragraph.runs or (Run(""),) * (not inside))
    attributes = attributes_markup(paragraph_attributes(paragraph))
    return f"<Paragraph{attributes}>{_spaced(parts, within)}{gap}</Paragraph>"


def _spaced(parts: Iterable[str], gap: str) -> str:
    return "".join(gap + part for part in parts)
