"""How long jobs took: measured now and then, since every snapshot of a running job asks for it."""

from __future__ import annotations

import asyncio
from contextvars import Context

from models import seconds_taken

from . import limits


class History:
    """Each kind and renderer is measured at most once in HISTORY_SECONDS."""

    def __init__(self) -> None:
        self._measured: dict[tuple[str, str], tuple[float, asyncio.Task[float | None]]] = {}

    async def seconds_taken(self, kind: str, renderer: str) -> float | None:
        """Mean seconds from start to end of the last complete jobs; None where there are none."""
        which, now = (kind, renderer), asyncio.get_running_loop().time()
        at, measuring = self._measured.get(which, (now, None))
        if measuring is None or now - at >= limits.HISTORY_SECONDS or _failed(measuring):
            # In a clean context: whoever asks first may do so inside a transaction.
            measuring = asyncio.create_task(_measure(*which), context=Context())
            self._measured[which] = (now, measuring)
        return await asyncio.shield(measuring)


def _failed(measuring: asyncio.Task[float | None]) -> bool:
    return measuring.done() and (measuring.cancelled() or measuring.exception() is not None)


async def _measure(kind: str, renderer: str) -> float | None:
    [taken] = await seconds_taken([(kind, renderer)])
    return taken
