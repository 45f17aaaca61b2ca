"""Reading JSON of which only the gist is known: fields under any of their names, in any spelling.

Nothing here raises for what a document holds. What cannot be used is noted with its JSON path, and
what nobody asked for is left over, to be told of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

PLAIN_KEY = re.compile(r"[A-Za-z_]\w{0,59}", re.ASCII)
KEY_SHOWN = 60
SPELLING = re.compile(r"[^a-z0-9]")
COUNTED = re.compile(
    r"\s*(?:(?:scene|shot|frame|panel|image)[\s_-]*)?\d{1,9}\s*", re.ASCII | re.IGNORECASE
)
NUMBER = re.compile(
    r"(?P<sign>-)?(?(sign)|\D{0,20}?)(?P<digits>\d{1,9}(?:\.\d{1,9})?)(?![\d:]).{0,20}",
    re.ASCII | re.DOTALL,
)
"""A number on its own or in words, such as "Scene 2", "2A" or "2.5 s"; no time such as 0:05."""
EXACT = 2**53
"""From here on JSON's numbers are not exact."""

NO_PLACE = "There is no place for this; it is in the original document."


class Found(NamedTuple):
    """A value and where it stood."""

    value: Any
    path: str


@dataclass(frozen=True)
class Problem:
    """What could not be carried over, by its JSON path."""

    path: str
    message: str


@dataclass
class Problems:
    """The first `limit` of them, in the order they were met; the others are counted."""

    limit: int
    noted: list[Problem] = field(default_factory=list)
    more: int = 0

    def note(self, path: str, message: str) -> None:
        if len(self.noted) < self.limit:
            self.noted.append(Problem(path, message))
        else:
            self.more += 1

    def all(self) -> list[Problem]:
        further = f"{self.more:,} further problems are not listed."
        return [*self.noted, Problem("$", further)] if self.more else self.noted


def below(path: str, key: str | int) -> str:
    """The JSON path of a member or an item."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}"
    return f"{path}[{json.dumps(key if len(key) <= KEY_SHOWN else f'{key[:KEY_SHOWN]}…')}]"


def anything(value: object) -> bool:
    return True


def blank(value: object) -> bool:
    """As good as absent."""
    return value is None or (isinstance(value, str) and not value.strip())


def many(value: object) -> bool:
    """A list, or an object whose members are numbered, as some stores write one."""
    return isinstance(value, list) or (
        isinstance(value, dict) and all(COUNTED.fullmatch(key) for key in value)
    )


def items(listed: Found) -> Iterator[Found]:
    """The items of what is many."""
    keyed = isinstance(listed.value, dict)
    for key, value in listed.value.items() if keyed else enumerate(listed.value):
        yield Found(value, below(listed.path, key))


class Fields:
    """An object whose members are taken one after the other; what nobody took is left over.

    Names are asked for in lower case without underscores, and found in any spelling: `imageurl`
    is imageUrl, image_url and "Image URL".
    """

    def __init__(self, found: Found, problems: Problems) -> None:
        self.path = found.path
        self.problems = problems
        self._left = {key: value for key, value in found.value.items() if not blank(value)}
        self._keys: dict[str, list[str]] = {}
        for key in self._left:
            self._keys.setdefault(SPELLING.sub("", key.lower()), []).append(key)

    def take(self, *names: str, fits: Callable[[Any], bool] = anything) -> Found | None:
        """The first of these names that fits. Others that say the same go along."""
        keys = [key for key in self._named(names) if fits(self._left[key])]
        if not keys:
            return None
        value = self._left[keys[0]]
        for key in keys:
            if type(self._left[key]) is type(value) and self._left[key] == value:
                del self._left[key]
        return Found(value, below(self.path, keys[0]))

    def drop(self, *names: str) -> None:
        for key in self._named(names):
            del self._left[key]

    def text(self, longest: int, *names: str) -> str | None:
        found = self.take(*names)
        return None if found is None else text(found, longest, self.problems)

    def number(self, *names: str, low: float, high: float) -> float | None:
        found = self.take(*names)
        if found is None:
            return None
        read = number(found.value)
        if read is not None and low <= read <= high:
            return read
        self.problems.note(found.path, f"This is no number from {low:,} to {high:,}.")
        return None

    def flag(self, *names: str) -> bool:
        found = self.take(*names)
        return found is not None and found.value in (True, 1, "true", "1", "yes")

    def left(self) -> dict[str, Any]:
        """What nobody took, by its own names."""
        return dict(self._left)

    def tell_of_left(self, message: str = NO_PLACE) -> None:
        for key in self._left:
            self.problems.note(below(self.path, key), message)

    def _named(self, names: tuple[str, ...]) -> list[str]:
        return [key for name in names for key in self._keys.get(name, ()) if key in self._left]


def text(found: Found, longest: int, problems: Problems) -> str | None:
    """What is too long is cut. A number is as good as its digits."""
    value = found.value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**64:
        value = str(value)
    elif isinstance(value, float) and abs(value) < EXACT:
        value = f"{value:.15g}"
    if not isinstance(value, str):
        problems.note(found.path, "This is no text.")
        return None
    if len(value) <= longest:
        return value
    problems.note(found.path, f"Cut to {longest:,} of {len(value):,} characters.")
    return value[: longest - 1] + "…"


def number(value: object) -> float | None:
    """A number, or the first one in a text."""
    if isinstance(value, str):
        read = NUMBER.fullmatch(value.strip())
        return float((read["sign"] or "") + read["digits"]) if read else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < EXACT else None
