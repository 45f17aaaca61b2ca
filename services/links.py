"""Links to assets that need no session: whoever holds one may read that asset until it expires.

With authentication a link names the bearer it was made for, whose rights the route looks up again.
"""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

ROUNDS = 4
"""Expiries fall on multiples of the lifetime divided by this, so that everybody gets the same URL
of an asset for that long, and caches and shared answers keep their worth."""

SHORTEST_SECRET = 16
"""In bytes: as long as the signature."""


class Links:
    """A link lives for `lifetime` at least and a quarter more at most.

    `base_url` is the scheme and host before the path, or empty for links within one site.
    """

    def __init__(
        self,
        secret: bytes,
        base_url: str,
        lifetime: timedelta,
        now: Callable[[], float] = time.time,
    ) -> None:
        if len(secret) < SHORTEST_SECRET:
            raise ValueError(f"The secret of links needs {SHORTEST_SECRET} bytes or more.")
        if lifetime < timedelta(seconds=ROUNDS):
            raise ValueError(f"A link must live for {ROUNDS} seconds or more.")
        self.now = now
        self._secret = secret
        self._base_url = base_url.rstrip("/")
        self._lifetime = math.ceil(lifetime.total_seconds())
        self._round = self._lifetime // ROUNDS

    def url(self, asset_id: str, bearer: str = "", until: datetime | None = None) -> str:
        """A link for `bearer` that works no longer than `until`."""
        path = _path(asset_id, self._expires(until), bearer)
        return f"{self._base_url}{path}&signature={self._sign(path)}"

    def expires_at(self, until: datetime | None = None) -> datetime:
        """When a link made now stops working."""
        return datetime.fromtimestamp(self._expires(until), UTC)

    def verify(self, asset_id: str, expires: str, signature: str, bearer: str = "") -> bool:
        """Whether `url` made this and it has not expired. Takes any text, and time that tells
        nothing about the right signature."""
        if not f"{asset_id}{expires}{signature}{bearer}".isascii():
            return False
        if not hmac.compare_digest(signature, self._sign(_path(asset_id, expires, bearer))):
            return False
        # Not before: what is signed may be cut into parts otherwise than it was put together.
        return expires.isdigit() and self.now() < int(expires)

    def _expires(self, until: datetime | None) -> int:
        """Seconds since 1970."""
        end = math.ceil((self.now() + self._lifetime) / self._round) * self._round
        return end if until is None else min(end, int(until.timestamp()))

    def _sign(self, path: str) -> str:
        return hmac.digest(self._secret, path.encode(), "sha256")[:16].hex()


def _path(asset_id: str, expires: int | str, bearer: str) -> str:
    path = f"/assets/{asset_id}?expires={expires}"
    return f"{path}&for={bearer}" if bearer else path
