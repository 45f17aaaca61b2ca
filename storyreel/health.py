"""Whether this process can do its work: asked by whoever sends it requests."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from models.database import statement
from models.migrating import pending
from services.world import World

from .settings import Settings

KEPT_SECONDS = 3.0
ASK_SECONDS = 5.0

logger = logging.getLogger(__name__)

Ask = Callable[[], Awaitable[None]]


class Unwell(Exception):
    """A sentence that may be shown to anybody."""


@dataclass(frozen=True)
class Finding:
    """`problem` is empty when all is well, and holds nothing of an exception's own text."""

    check: str
    problem: str


class _Check:
    """One question, asked again only when the last answer is in: what hangs must not pile up."""

    def __init__(self, name: str, otherwise: str, ask: Ask) -> None:
        self._name, self._otherwise, self._ask = name, otherwise, ask
        self._asking: asyncio.Task[None] | None = None
        self._problem = ""

    async def finding(self) -> Finding:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._answer())
        ended, _ = await asyncio.wait([self._asking], timeout=ASK_SECONDS)
        return Finding(self._name, self._problem if ended else self._otherwise)

    async def _answer(self) -> None:
        problem = reason = ""
        try:
            await self._ask()
        except Unwell as told:
            problem = str(told)
        except Exception as failure:
            problem, reason = self._otherwise, f" ({type(failure).__name__})"
        if problem and problem != self._problem:
            logger.warning("Not ready: %s%s", problem, reason)
        self._problem = problem


class Health:
    """The findings of all checks, at most KEPT_SECONDS old."""

    def __init__(self, settings: Settings, world: World) -> None:
        async def database() -> None:
            await statement("SELECT 1")

        async def migrations() -> None:
            if await pending(settings.database):
                raise Unwell("The database is not at the newest migration.")

        async def bus() -> None:
            if not world.bus.health().connected:
                raise Unwell("The bus is not connected.")

        async def engine() -> None:
            await world.queue.known(["job_none"])

        self._checks = (
            _Check("database", "The database does not answer.", database),
            _Check("migrations", "The migrations cannot be read.", migrations),
            _Check("storage", "The storage cannot be written.", world.storage.check),
            _Check("bus", "The bus is not connected.", bus),
            _Check("engine", "The engine of the jobs does not answer.", engine),
        )
        self._lock = asyncio.Lock()
        self._kept: list[Finding] = []
        self._looked_at = -KEPT_SECONDS

    async def findings(self) -> list[Finding]:
        async with self._lock:
            if time.monotonic() - self._looked_at >= KEPT_SECONDS:
                self._kept = await asyncio.gather(*(check.finding() for check in self._checks))
                self._looked_at = time.monotonic()
            return self._kept
