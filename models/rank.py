"""Fractional order keys: text that sorts in place, so that a move rewrites one row.

A key is an integer part, whose first letter tells its length ("n" and later letters count up, "m"
and earlier ones count down), and an optional fraction without trailing zeros. Only digits and
lower-case letters are used, so every collation of SQLite and PostgreSQL sorts keys alike. Appending
and prepending grow the key by one character per 36-fold growth of the list, not per insertion.
"""

from __future__ import annotations

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
FIRST = "n0"
LENGTH_MAX = 200


class RankExhausted(ValueError):
    """Two neighbours leave no key of reasonable length between them."""


def between(before: str | None, after: str | None) -> str:
    """A key strictly after `before` and strictly before `after`; None stands for either end."""
    key = _between(before, after)
    if len(key) > LENGTH_MAX:
        raise RankExhausted("No order key of reasonable length is left between these neighbours.")
    return key


def spread(before: str | None, after: str | None, count: int) -> list[str]:
    """`count` ascending keys between two neighbours."""
    keys: list[str] = []
    for _ in range(count):
        before = between(before, after)
        keys.append(before)
    return keys


def _between(before: str | None, after: str | None) -> str:
    if before is None and after is None:
        return FIRST
    if after is None:
        return _next(_integer(before or ""))
    if before is None:
        whole = _integer(after)
        return whole if whole < after else _previous(whole)
    if before >= after:
        raise ValueError(f"{before!r} does not sort before {after!r}.")
    low, high = _integer(before), _integer(after)
    if low == high:
        return low + _midway(before[len(low) :], after[len(high) :])
    following = _next(low)
    return following if following < after else low + _midway(before[len(low) :], None)


def _integer(key: str) -> str:
    head = key[0]
    length = ord(head) - ord("n") + 1 if head >= "n" else ord("m") - ord(head) + 1
    return key[: length + 1]


def _next(integer: str) -> str:
    head, digits = integer[0], integer[1:]
    raised = _count(digits, 1)
    if raised is not None:
        return head + raised
    if head == "m":
        return FIRST
    if head == "z":
        raise RankExhausted("The list has no key left after its last one.")
    following = chr(ord(head) + 1)
    return following + "0" * (len(digits) + 1 if head >= "n" else len(digits) - 1)


def _previous(integer: str) -> str:
    head, digits = integer[0], integer[1:]
    lowered = _count(digits, -1)
    if lowered is not None:
        return head + lowered
    if head == "n":
        return "m" + DIGITS[-1]
    if head == "a":
        raise RankExhausted("The list has no key left before its first one.")
    preceding = chr(ord(head) - 1)
    return preceding + DIGITS[-1] * (len(digits) - 1 if head > "n" else len(digits) + 1)


def _count(digits: str, step: int) -> str | None:
    """`digits` plus or minus one at the same length, None when that overflows."""
    width = len(digits)
    value = int(digits, 36) + step
    if not 0 <= value < 36**width:
        return None
    text = ""
    for _ in range(width):
        value, digit = divmod(value, 36)
        text = DIGITS[digit] + text
    return text


def _midway(low: str, high: str | None) -> str:
    """The shortest fraction strictly between two fractions; None means one."""
    if high is not None:
        shared = 0
        while shared < len(high) and (low[shared : shared + 1] or "0") == high[shared]:
            shared += 1
        if shared:
            return high[:shared] + _midway(low[shared:], high[shared:])
    first = DIGITS.index(low[0]) if low else 0
    last = DIGITS.index(high[0]) if high is not None else len(DIGITS)
    if last - first > 1:
        return DIGITS[(first + last) // 2]
    if high is not None and len(high) > 1:
        return high[0]
    return DIGITS[first] + _midway(low[1:], None)
