"""What lies outside the use cases and is given to them: the ports, wired once at the start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .backends.bus import Bus
from .backends.queue import Queue
from .backends.rates import Rates
from .backends.renderer import Renderer
from .backends.storage import Storage
from .history import History


def utc_now() -> datetime:
    return datetime.now(UTC)


def unheard(seconds: float) -> None:
    """For a world in which nobody counts."""


@dataclass
class World:
    """The ports. `unfinished` holds the units of work that outlive a caller who left; `late` is
    told how many seconds after a change a waiting follower gets it."""

    bus: Bus
    queue: Queue
    storage: Storage
    renderers: Mapping[str, Renderer]
    rates: Rates = field(default_factory=Rates)
    history: History = field(default_factory=History)
    now: Callable[[], datetime] = utc_now
    late: Callable[[float], None] = unheard
    unfinished: set[asyncio.Task[object]] = field(default_factory=set)

    async def settle(self) -> None:
        """Wait for the units of work whose callers left."""
        while self.unfinished:
            await asyncio.wait(set(self.unfinished))
