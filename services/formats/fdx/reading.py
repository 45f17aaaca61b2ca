"""Final Draft's FDX to a screenplay.

Only the direct children of `Content` are paragraphs of the script: notes, summaries, headers and
the title page are made of elements with the same name. A paragraph's text is all of its own
`Text` elements together, because every change of look begins a new one.
"""

from __future__ import annotations

from dataclasses import replace

from services.formats.fdx.spans import Element, NotFdx, document_of, scan
from services.formats.fdx.title import title_page_of
from services.formats.screenplay import (
    OMITTED,
    PARAGRAPHS_MAX,
    Aside,
    Document,
    Frame,
    Kind,
    Paragraph,
    Problem,
    Run,
    SceneFacts,
    Screenplay,
    Source,
    gathered,
)

NAMES = {
    Kind.SCENE_HEADING: "Scene Heading",
    Kind.ACTION: "Action",
    Kind.GENERAL: "General",
    Kind.SHOT: "Shot",
    Kind.CHARACTER: "Character",
    Kind.PARENTHETICAL: "Parenthetical",
    Kind.DIALOGUE: "Dialogue",
    Kind.LYRIC: "Lyric",
    Kind.TRANSITION: "Transition",
}
KINDS = {name.lower(): kind for kind, name in NAMES.items()}
KINDS |= {"lyrics": Kind.LYRIC, "singing": Kind.LYRIC}
FURNITURE = frozenset({"cast list", "new act", "end of act", "cold opening"})
"""Types of Final Draft itself that only look like another one: "End of Act" is set as a cue."""
CONTAINERS = ("DualDialogue", "OmittedScene")


def read_fdx(data: bytes) -> Screenplay:
    """Raises NotFdx, which names the line. Whatever it reads, `write_fdx` gives back as it was."""
    document = document_of(data)
    root = scan(document.text)
    if root.name != "FinalDraft":
        raise NotFdx(f"The root element is {root.name}, not FinalDraft.", root.line)
    content = root.first("Content")
    if content is None:
        raise NotFdx("There is no Content in it, where the script would be.", root.line)
    reading = _Reading(document, _like(root))
    paragraphs = reading.paragraphs(content)
    tail = content.children[-1].end if content.children else content.opened
    title_page = title_page_of(root.first("TitlePage"))
    return Screenplay(
        paragraphs,
        title_page,
        Frame(document, content.opened, tail, title_page),
        gathered(reading.problems),
    )


def runs_of(paragraph: Element) -> tuple[Run, ...]:
    return tuple(run_of(child) for child in paragraph.children if child.name == "Text")


def run_of(text: Element) -> Run:
    style = text.attributes.get("Style", "")
    styles = frozenset(part.strip() for part in style.split("+") if part.strip())
    others = tuple(item for item in text.attributes.items() if item[0] != "Style")
    return Run(text.text, styles, others)


def note_of(note: Element) -> Aside:
    """A note's paragraphs as lines, without the empty ones at its end."""
    lines = ["".join(run.text for run in runs_of(c)) for c in note.children if c.name]
    return Aside("\n".join(lines).rstrip("\n"), attributes=tuple(note.attributes.items()))


def facts_of(properties: Element) -> SceneFacts:
    said = properties.attributes
    summary = properties.first("Summary")
    return SceneFacts(
        _eighths(said.get("Length", "")),
        said.get("Page", ""),
        said.get("Title", ""),
        said.get("Color", ""),
        note_of(summary).text if summary else "",
    )


def _eighths(length: str) -> int | None:
    """ "1 3/8" is 11, "2" is 16; None for what is no length."""
    whole, _, part = length.strip().rpartition(" ")
    if not part.endswith("/8"):
        whole, part = part, "0/8"
    whole, part = whole.strip() or "0", part.removesuffix("/8")
    known = all(
        number.isascii() and number.isdigit() and len(number) < 6 for number in (whole, part)
    )
    return int(whole) * 8 + int(part) if known and length.strip() else None


def _like(root: Element) -> dict[str, str]:
    """The user's own types, and the type that each is set like."""
    found = {}
    for settings in root.children:
        behavior = settings.first("Behavior") if settings.name == "ElementSettings" else None
        if behavior is not None:
            own = settings.attributes.get("Type", "").lower()
            found[own] = behavior.attributes.get("PaginateAs", "").lower()
    return found


class _Reading:
    def __init__(self, document: Document, like: dict[str, str]) -> None:
        self._document, self._like = document, like
        self._count = 0
        self.problems: list[Problem] = []

    def paragraphs(self, container: Element) -> tuple[Paragraph, ...]:
        dual = container.name == "DualDialogue"
        gap, cues = container.opened, 0
        found = []
        for child in container.children:
            self._count += 1
            if self._count > PARAGRAPHS_MAX:
                raise NotFdx(f"There are more than {PARAGRAPHS_MAX:,} paragraphs.", child.line)
            read = self._paragraph(child)
            if dual and read.kind is Kind.CHARACTER:
                cues += 1
                read = replace(read, dual=True) if cues == 2 else read
            source = Source(self._document, gap, child.start, child.end, child.line, read)
            found.append(replace(read, source=source))
            gap = child.end
        if dual and cues != 2:
            said = f"Dual dialogue is two speeches; here are {cues}."
            self.problems.append(Problem(container.line, said))
        return tuple(found)

    def _paragraph(self, element: Element) -> Paragraph:
        if element.name != "Paragraph":
            return Paragraph(Kind.VERBATIM)
        said = element.attributes
        kind, name = self._kind(said.get("Type", ""))
        runs = runs_of(element)
        notes = tuple(note_of(child) for child in element.children if child.name == "ScriptNote")
        properties = element.first("SceneProperties")
        dual, cut = (element.first(name) for name in CONTAINERS)
        inside: tuple[Paragraph, ...] = ()
        if dual is not None:
            kind, inside = Kind.DUAL_DIALOGUE, self.paragraphs(dual)
        elif cut is not None:
            inside = self.paragraphs(cut)
        text = runs[0].text if len(runs) == 1 else "".join(run.text for run in runs)
        heading = kind is Kind.SCENE_HEADING
        return Paragraph(
            kind,
            runs,
            name,
            said.get("Number"),
            notes,
            inside,
            facts_of(properties) if properties is not None else None,
            omitted=heading and (cut is not None or text.strip().upper() in OMITTED),
            centered=said.get("Alignment") == "Center",
            starts_page=said.get("StartsNewPage") == "Yes",
        )

    def _kind(self, type_name: str) -> tuple[Kind, str]:
        """What a type means, and its name where the writer would choose another word."""
        low = type_name.lower()
        known = KINDS.get(low)
        if known is None and low not in FURNITURE:
            known = KINDS.get(self._like.get(low, ""))
        kind = known or Kind.ACTION
        return kind, "" if NAMES[kind] == type_name else type_name
