"""TypeIDs: `<prefix>_<26 base32 characters>`, a UUIDv7 that says what it names.

Format: the TypeID specification 0.3, Crockford base32 in lower case for 128 bits.
Within one process ids of a kind are strictly increasing: "newest first" is `ORDER BY id DESC`.
"""

from __future__ import annotations

import re
import secrets
import threading
import time

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
PATTERN = re.compile(r"([a-z]{1,8})_([0-7][0-9a-hjkmnp-tv-z]{25})")


class Mint:
    """Makes ids. The 12 bits after the millisecond count up, so order is creation order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def new(self, prefix: str) -> str:
        with self._lock:
            tick = max(time.time_ns() // 1_000_000 << 12, self._last + 1)
            self._last = tick
        milliseconds, count = tick >> 12, tick & 0xFFF
        value = (
            milliseconds << 80 | 0x7 << 76 | count << 64 | 0b10 << 62 | secrets.randbits(62)
        ) & (1 << 128) - 1
        return f"{prefix}_{_encode(value)}"


def _encode(value: int) -> str:
    digits = []
    for _ in range(26):
        digits.append(ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(digits))


def prefix_of(text: str) -> str | None:
    """The prefix of a well-formed id, None for anything else."""
    found = PATTERN.fullmatch(text)
    return found[1] if found else None


new_id = Mint().new
