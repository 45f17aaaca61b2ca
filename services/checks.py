"""Checking what a client sent, field by field, before anything is touched.

A request arrives as a document in the contract's own names: a key that is absent was not given,
a null clears. A check takes a value and its path and returns what to store, or refuses with that
path.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

from . import limits
from .errors import InvalidInput, LimitExceeded, Refusal

Check = Callable[[Any, str], Any]
Document = Mapping[str, Any]

CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
NOT_IN_ADDRESSES = re.compile(r"[\s\x00-\x20\x7f]")
FRAME_RATE = re.compile(r"[0-9]{1,6}(/[0-9]{1,4}|\.[0-9]{1,6})?")
NTSC = {
    "23.976": Fraction(24000, 1001),
    "23.98": Fraction(24000, 1001),
    "29.97": Fraction(30000, 1001),
    "59.94": Fraction(60000, 1001),
}


def checked(fields: Mapping[str, Check], document: Document, path: str) -> dict[str, Any]:
    """The given fields, checked, in the contract's names."""
    unknown = set(document) - set(fields)
    if unknown:
        name = min(unknown)
        raise InvalidInput(f"There is no field {name!r} here.", f"{path}.{name}")
    return {name: fields[name](value, f"{path}.{name}") for name, value in document.items()}


def columns(document: Document) -> dict[str, Any]:
    """The same fields under the names of their columns."""
    return {CAMEL_HUMP.sub(r"_\1", name).lower(): value for name, value in document.items()}


def text(limit: int, *, nullable: bool = False, blank: bool = False) -> Check:
    """Text of at most `limit` characters. Where null clears and there is no null, it stores ""."""

    def check(value: Any, path: str) -> str | None:
        if value is None and (nullable or blank):
            return None if nullable else ""
        if value is None:
            raise InvalidInput("This cannot be cleared.", path)
        if not isinstance(value, str):
            raise InvalidInput("This must be text.", path)
        if len(value) > limit:
            raise LimitExceeded(f"At most {limit:,} characters, not {len(value):,}.", path)
        _check_storable(value, path)
        if not blank and not value.strip():
            raise InvalidInput("This cannot be blank.", path)
        return value

    return check


def number(low: float, high: float, *, whole: bool = False, nullable: bool = True) -> Check:
    """A number from `low` to `high`. NaN is none."""

    def check(value: Any, path: str) -> float | None:
        if value is None and nullable:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidInput("This must be a number.", path)
        if not low <= value <= high:
            raise InvalidInput(f"This must be between {low:,} and {high:,}.", path)
        if whole and value != int(value):
            raise InvalidInput("This must be a whole number.", path)
        return int(value) if whole else value

    return check


def web_address(*, nullable: bool = True) -> Check:
    """An absolute http or https URL."""

    def check(value: Any, path: str) -> str | None:
        if value is None and nullable:
            return None
        address = text(limits.URL)(value, path)
        if not _is_web_address(address):
            raise InvalidInput("This must be an absolute http or https URL.", path)
        return str(address)

    return check


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        names_a_host = bool(parts.hostname) and parts.port != 0
    except ValueError:  # such as a port that is no number
        return False
    return (
        parts.scheme in ("http", "https")
        and names_a_host
        and NOT_IN_ADDRESSES.search(address) is None
    )


def passes(check: Check) -> Callable[[Any], bool]:
    """Whether a value would not be refused."""

    def passed(value: Any) -> bool:
        try:
            check(value, "")
        except Refusal:
            return False
        return True

    return passed


def shape(**fields: Check) -> Check:
    """A nested document; null clears all of it."""

    def check(value: Any, path: str) -> dict[str, Any] | None:
        return None if value is None else checked(fields, value, path)

    return check


def document(value: Any, path: str, most: int = limits.DOCUMENT_BYTES) -> Any:
    """A JSON object or list of bounded size and depth, of values that every database can hold."""
    if value is None:
        return None
    if not isinstance(value, dict | list):
        raise InvalidInput("This must be a JSON object or list.", path)
    storable(value, path)
    if len(json.dumps(value, ensure_ascii=False).encode()) > most:
        raise LimitExceeded(f"At most {most:,} bytes of JSON.", path)
    return value


def storable(value: Any, path: str) -> None:
    """Refuse JSON that nests too deep, or that holds what no database can."""
    within_depth(value, limits.DOCUMENT_DEPTH, path)
    for level in _levels(value):
        for item in level:
            _check_storable(item, path)


def within_depth(value: Any, levels: int, path: str) -> None:
    """Refuse JSON that nests deeper, before anything recurses into it."""
    for depth, _ in enumerate(_levels(value)):
        if depth > levels:
            raise LimitExceeded(f"Nested deeper than {levels} levels.", path)


def _levels(value: Any) -> Iterator[list[Any]]:
    """The values and keys of JSON, level by level, the outermost first."""
    level = [value]
    while level:
        yield level
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in ([*outer, *outer.values()] if isinstance(outer, dict) else outer)
        ]


def _check_storable(value: Any, path: str) -> None:
    if isinstance(value, str) and UNSTORABLE.search(value):
        raise InvalidInput("NUL and lone surrogates cannot be stored.", path)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InvalidInput("Whole numbers beyond 64 bits cannot be stored.", path)
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput("NaN and Infinity cannot be stored.", path)


def frame_rate(value: str | None, path: str) -> Fraction:
    """Frames per second as a rational: "24", "24000/1001", or the customary "23.976" for it."""
    if value is None:
        return Fraction(24)
    try:
        if not FRAME_RATE.fullmatch(value):  # a Fraction of "1e999999999" would never end
            raise ValueError
        rate = NTSC.get(value) or Fraction(value)
    except (ValueError, ZeroDivisionError):
        raise InvalidInput('A frame rate looks like "24" or "24000/1001".', path) from None
    ntsc = rate.denominator == 1001 and rate.numerator % 1000 == 0
    if not 1 <= rate <= limits.FRAMES_PER_SECOND or not (rate.denominator == 1 or ntsc):
        fastest = limits.FRAMES_PER_SECOND
        raise InvalidInput(f"A frame rate is whole, or n000/1001, from 1 to {fastest}.", path)
    return rate


def merged(current: Mapping[str, Any], patch: Mapping[str, Any] | None) -> dict[str, Any]:
    """`current` with `patch` laid over it, level by level; null removes."""
    if patch is None:
        return {}
    result = dict(current)
    for name, value in patch.items():
        if isinstance(value, Mapping):
            value = merged(result.get(name) or {}, value)
        if value is None or value == {}:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def differences(before: Any, after: Any, path: str) -> list[str]:
    """Dotted paths at which two values differ, as deep as both are documents."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = sorted(set(before) | set(after))
        return [
            found
            for name in names
            for found in differences(before.get(name), after.get(name), f"{path}.{name}")
        ]
    return [] if before == after else [path]
