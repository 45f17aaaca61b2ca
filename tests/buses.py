"""Buses that behave as badly as a bus may, and one that tells who listens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from services.backends.bus import LocalBell, LocalBus

if TYPE_CHECKING:
    from tests.conftest import Home


class SilentBus(LocalBus):
    """A bus that loses all it is given."""

    def wake(self, *topics: str) -> None:
        pass

    def tell(self, topic: str, subject: str, note: str) -> None:
        pass


class OverheardBus(LocalBus):
    """A bus that remembers whom it woke."""

    def __init__(self) -> None:
        super().__init__()
        self.woken: list[str] = []

    def wake(self, *topics: str) -> None:
        self.woken += topics
        super().wake(*topics)


class WatchedBus(LocalBus):
    """A bus that does something at the moment when somebody begins to listen, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.listening = 0
        self.before: Callable[[], Awaitable[object]] | None = None
        self.after: Callable[[], Awaitable[object]] | None = None

    @asynccontextmanager
    async def listen(self, *topics: str) -> AsyncGenerator[LocalBell]:
        if self.before is not None:
            await self.before()
        async with super().listen(*topics) as bell:
            self.listening += 1
            try:
                if self.after is not None:
                    await self.after()
                yield bell
            finally:
                self.listening -= 1


def with_bus(home: Home, bus: LocalBus) -> Home:
    return replace(home, world=replace(home.world, bus=bus))
