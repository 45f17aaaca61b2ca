"""Which scenes of a revised screenplay are which scenes of the one before it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

WORD = re.compile(r"\w+")
COMMON = 40
"""A word of so many scenes tells none of them apart."""
CANDIDATES = 5
ALIKE = 0.5
"""Scenes with neither number nor heading in common are the same from here on."""
RELATED = 0.2
"""Scenes with a number or a heading in common are."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A scene to find again: `text` is all that is seen and said in it."""

    label: str | None
    heading: str
    text: str

    @property
    def words(self) -> frozenset[str]:
        return frozenset(WORD.findall(f"{self.heading} {self.text}".lower()))


@dataclass(frozen=True, slots=True)
class Match:
    """Places of the same scene before and after. 1 is word for word the same, 0 nothing alike."""

    before: int
    after: int
    similarity: float


def matches(
    before: Sequence[Compared],
    after: Sequence[Compared],
    known: Iterable[tuple[int, int]] = (),
) -> list[Match]:
    """Each scene once at most: first the `known` ones, then those that are the same, then those
    with the same number, then those with the same heading, and last by their words.

    Takes time in proportion to the words, for common ones lead nowhere.
    """
    found = [Match(i, j, _similarity(before[i], after[j])) for i, j in known]
    found += _same(before, after, found)
    left = set(range(len(before))) - {match.before for match in found}
    new = set(range(len(after))) - {match.after for match in found}
    old_words = {i: before[i].words for i in left}
    new_words = {j: after[j].words for j in new}
    pairs = []
    for i, j in _candidates(before, after, old_words, new_words):
        likeness = _likeness(old_words[i], new_words[j])
        label = before[i].label is not None and before[i].label == after[j].label
        heading = before[i].heading == after[j].heading
        if likeness >= (RELATED if label or heading else ALIKE):
            pairs.append((not label, not heading, -likeness, abs(i - j), i, j))
    for *_, likeness, _, i, j in sorted(pairs):
        if i in left and j in new:
            left.remove(i)
            new.remove(j)
            found.append(Match(i, j, _rounded(-likeness)))
    return sorted(found, key=lambda match: match.after)


def _same(
    before: Sequence[Compared], after: Sequence[Compared], found: Sequence[Match]
) -> Iterator[Match]:
    left = set(range(len(before))) - {match.before for match in found}
    new = set(range(len(after))) - {match.after for match in found}
    places: dict[Compared, list[int]] = {}
    for i in sorted(left, reverse=True):
        places.setdefault(before[i], []).append(i)
    for j in sorted(new):
        if places.get(after[j]):
            yield Match(places[after[j]].pop(), j, 1.0)


def _candidates(
    before: Sequence[Compared],
    after: Sequence[Compared],
    old_words: dict[int, frozenset[str]],
    new_words: dict[int, frozenset[str]],
) -> Iterator[tuple[int, int]]:
    """Pairs with something uncommon in common."""
    marks: dict[object, list[int]] = {}
    for i, words in sorted(old_words.items()):
        for mark in (*words, *_marks(before[i])):
            marks.setdefault(mark, []).append(i)
    for j, words in new_words.items():
        named = {i for mark in _marks(after[j]) for i in _near(marks.get(mark, []), j)}
        shared: Counter[int] = Counter()
        for word in words:
            places = marks.get(word, ())
            if len(places) <= COMMON:
                shared.update(places)
        yield from ((i, j) for i in named | {i for i, _ in shared.most_common(CANDIDATES)})


def _near(places: Sequence[int], place: int) -> Sequence[int]:
    at = bisect_left(places, place)
    return places[max(0, at - COMMON // 2) : at + COMMON // 2]


def _marks(scene: Compared) -> Iterable[object]:
    label = [("label", scene.label)] if scene.label is not None else []
    return [*label, ("heading", scene.heading)]


def _similarity(one: Compared, other: Compared) -> float:
    return 1.0 if one == other else _rounded(_likeness(one.words, other.words))


def _rounded(likeness: float) -> float:
    """Only the same is wholly similar."""
    return round(min(likeness, 0.99), 2)


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    whole = len(one) + len(other)
    return 2 * len(one & other) / whole if whole else 1.0
