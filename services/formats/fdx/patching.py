"""One edited FDX paragraph: the text it was read from, with only the edit made in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from services.formats.fdx.markup import (
    STEP,
    attributes_markup,
    container_markup,
    facts_attributes,
    facts_markup,
    note_markup,
    paragraph_attributes,
    quoted,
    run_attributes,
    run_markup,
    summary_markup,
)
from services.formats.fdx.reading import CONTAINERS
from services.formats.fdx.spans import Element, escaped, scan
from services.formats.screenplay import Aside, Paragraph, Run, SceneFacts, alike

ATTRIBUTE = re.compile(r"""\s([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')""")

Edit = tuple[int, int, str]
"""From, to, and what comes there instead. Edits of one text do not overlap."""
Part = TypeVar("Part", Run, Aside)


def patched(raw: str, read: Paragraph, now: Paragraph, inside: str, gap: str) -> str:
    """`raw` was read as `read` and shall mean `now`; `inside` is the text of what is inside it."""
    if raw.endswith("/>"):
        raw = f"{raw[:-2].rstrip()}></Paragraph>"
    root = scan(raw)
    within = gap + STEP
    patch = _Patch(raw, root, within)
    patch.attributes(root, paragraph_attributes(read), paragraph_attributes(now))
    patch.facts(read.facts, now.facts)
    patch.children("ScriptNote", read.asides, now.asides, lambda note: note_markup(note, within))
    patch.inside(read, now, inside)
    patch.children("Text", read.runs, now.runs, run_markup)
    return edited(raw, patch.edits)


def edited(text: str, edits: Sequence[Edit]) -> str:
    parts: list[str] = []
    at = 0
    for start, end, instead in sorted(edits, key=lambda edit: edit[:2]):
        parts += (text[at:start], instead)
        at = end
    return "".join([*parts, text[at:]])


class _Patch:
    def __init__(self, raw: str, root: Element, gap: str) -> None:
        self._raw, self._root, self._gap = raw, root, gap
        self.edits: list[Edit] = []

    def attributes(
        self, element: Element, before: Mapping[str, str], after: Mapping[str, str]
    ) -> None:
        changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        if not changed:
            return
        tag = ATTRIBUTE.finditer(self._raw, element.start, element.opened)
        written = {match[1]: match for match in tag}
        for name in sorted(changed):
            match, value = written.get(name), after.get(name)
            if match and value is None:
                self.edits.append((*match.span(), ""))
            elif match and value is not None:
                self.edits.append((*match.span(2), quoted(value)))
            elif value is not None:
                at = element.opened - (2 if self._raw[element.opened - 2] == "/" else 1)
                self.edits.append((at, at, attributes_markup({name: value})))

    def facts(self, before: SceneFacts | None, after: SceneFacts | None) -> None:
        if before == after:
            return
        element = self._root.first("SceneProperties")
        if element is None or before is None:
            new = facts_markup(after, self._gap) if after else ""
            self.edits.append((self._root.opened, self._root.opened, self._gap + new))
        elif after is None:
            self._remove(element)
        elif before.summary != after.summary and element.closing == element.opened:
            self.edits.append((element.start, element.end, facts_markup(after, self._gap)))
        else:
            self.attributes(element, facts_attributes(before), facts_attributes(after))
            if before.summary != after.summary:
                self._summary(element, after.summary)

    def _summary(self, properties: Element, summary: str) -> None:
        element, gap = properties.first("Summary"), self._gap + STEP
        if element is None:
            at = properties.opened
            self.edits.append((at, at, gap + summary_markup(summary, gap)))
        elif summary:
            self.edits.append((element.start, element.end, summary_markup(summary, gap)))
        else:
            self._remove(element)

    def inside(self, before: Paragraph, after: Paragraph, inside: str) -> None:
        element = next(filter(None, map(self._root.first, CONTAINERS)), None)
        if before.inside == after.inside:
            return
        if element is None:
            new = self._gap + container_markup(after, inside, self._gap)
            self._insert(new)
        elif not after.inside:
            self._remove(element)
        elif element.closing == element.opened:
            new = container_markup(after, inside, self._gap)
            self.edits.append((element.start, element.end, new))
        else:
            end = element.children[-1].end if element.children else element.opened
            self.edits.append((element.opened, end, inside))

    def children(
        self,
        name: str,
        before: Sequence[Part],
        after: Sequence[Part],
        markup: Callable[[Part], str],
    ) -> None:
        """The children of one name as those after the edit; those that stay are not touched."""
        if before == after:
            return
        old = [child for child in self._root.children if child.name == name]
        if len(before) == len(after):
            for child, was, now in zip(old, before, after, strict=True):
                if was != now:
                    self._replace(child, was, now, markup)
            return
        head = alike(before, after)
        tail = alike(before[head:][::-1], after[head:][::-1])
        gone = old[head : len(old) - tail]
        new = [self._gap + markup(part) for part in after[head : len(after) - tail]]
        for child in gone:
            self._remove(child)
        if head:
            self._insert("".join(new), old[head - 1].end)
        elif name == "ScriptNote":
            properties = self._root.first("SceneProperties")
            self._insert("".join(new), properties.end if properties else self._root.opened)
        else:
            self._insert("".join(new), self._before(old[0]) if old else None)

    def _replace(self, child: Element, was: Part, now: Part, markup: Callable[[Part], str]) -> None:
        if not isinstance(was, Run) or not isinstance(now, Run) or child.opened == child.closing:
            self.edits.append((child.start, child.end, markup(now)))
            return
        self.attributes(child, run_attributes(was), run_attributes(now))
        if was.text != now.text:
            self.edits.append((child.opened, child.closing, escaped(now.text)))

    def _insert(self, new: str, at: int | None = None) -> None:
        """Before the space in front of the end tag, unless a place is given."""
        if at is None:
            at = self._root.closing
            while at > self._root.opened and self._raw[at - 1].isspace():
                at -= 1
        self.edits.append((at, at, new))

    def _before(self, child: Element) -> int:
        at = child.start
        while at > self._root.opened and self._raw[at - 1].isspace():
            at -= 1
        return at

    def _remove(self, child: Element) -> None:
        self.edits.append((self._before(child), child.end, ""))
