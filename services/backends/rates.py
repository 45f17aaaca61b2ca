"""Rates: allowances that fill up again, counted by the `limits` library.

In the memory of this process, or in Redis for all processes that share it. They guard a service
that works without them: while Redis is away, everything is granted.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.aio.strategies import RateLimiter

Limit = Literal["mutations", "generation", "sockets"]
Outcome = Literal["granted", "refused", "unasked"]

KEYS = "storyreel:rates"
ASK_SECONDS = 0.5
REST_SECONDS = 5.0  # what did not answer is left alone as long: not every caller waits for it

logger = logging.getLogger(__name__)


def parsed(words: str) -> RateLimitItem:
    """One rate, such as `600/minute` or `20 per 10 seconds`. Raises ValueError."""
    from limits import parse_many  # a tenth of a second to import: only where there are rates

    [rate] = parse_many(words)
    if rate.amount < 1:
        raise ValueError("A rate that grants nothing.")
    return rate


def uncounted(limit: Limit, outcome: Outcome) -> None:
    """For a world in which nobody counts."""


class Rates:
    """What has no rate is always granted. `tell` hears how each question was answered; `unasked`
    is what was granted because nobody could be asked."""

    def __init__(
        self,
        words: Mapping[Limit, str] | None = None,
        url: str = "",
        tell: Callable[[Limit, Outcome], None] = uncounted,
    ) -> None:
        self._rates = {limit: parsed(text) for limit, text in (words or {}).items()}
        self._limiter = _limiter(url) if self._rates else None
        self._tell = tell
        self._resting_until = -math.inf
        self._away = False

    async def take(self, limit: Limit, who: str, amount: int = 1, shares: int = 1) -> int:
        """Take from what `who` is allowed, times `shares`. 0, or the seconds to wait before asking
        again, and then nothing was taken.

        Whoever asks for more than there ever is gets it when nothing was taken for long.
        """
        rate = self._rates.get(limit)
        if rate is None or self._limiter is None:
            return 0
        rate = type(rate)(rate.amount * shares, rate.multiples)
        seconds = await self._asked(self._limiter, rate, (limit, who), min(amount, rate.amount))
        outcome: Outcome = "unasked" if seconds is None else "refused" if seconds else "granted"
        self._tell(limit, outcome)
        return seconds or 0

    async def close(self) -> None:
        bridge = getattr(self._limiter and self._limiter.storage, "bridge", None)
        if bridge is not None:
            await bridge.storage.aclose()

    async def _asked(
        self, limiter: RateLimiter, rate: RateLimitItem, key: tuple[str, str], amount: int
    ) -> int | None:
        if time.monotonic() < self._resting_until:
            return None
        try:
            async with asyncio.timeout(ASK_SECONDS):
                seconds = 0
                if not await limiter.hit(rate, *key, cost=amount):
                    reset_time, _ = await limiter.get_window_stats(rate, *key)
                    seconds = max(1, math.ceil(reset_time - time.time()))
        except Exception as failure:  # whatever it is, it is no reason to refuse anybody
            self._note_loss(failure)
            return None
        if self._away:
            self._away = False
            logger.info("Rates are limited again.")
        return seconds

    def _note_loss(self, failure: Exception) -> None:
        self._resting_until = time.monotonic() + REST_SECONDS
        if not self._away:
            self._away = True
            reason = type(failure.__cause__ or failure).__name__
            logger.warning("Redis does not answer (%s): rates are not limited.", reason)


def _limiter(url: str) -> RateLimiter:
    """It keeps two counters for each who asks. A list of all answers, as of moving windows, would
    be swept in memory with every question, in a thread for each key."""
    from limits.aio.storage import MemoryStorage, RedisStorage
    from limits.aio.strategies import SlidingWindowCounterRateLimiter

    if not url.startswith("redis"):
        return SlidingWindowCounterRateLimiter(MemoryStorage())
    storage = RedisStorage(f"async+{url}", implementation="redispy", key_prefix=KEYS)
    return SlidingWindowCounterRateLimiter(storage)
