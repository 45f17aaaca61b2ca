"""Following a project's events for as long as the show goes on, also across a lost connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from .client import Client, SocketLost, Subscription
from .documents import EVENTS
from .failure import DemoFailed

RECONNECTS_MAX = 5
PATIENCE_SECONDS = 20
AWAY_SECONDS = 1.0
"""Long enough away that events are missed while nobody listens."""


class Follower:
    """Keeps the cursor of every event that arrived, in the order of arrival.

    A block around the show: it listens from `after` when the block begins and stops when it ends.
    """

    def __init__(self, client: Client, project_id: str, after: str) -> None:
        self.arrived: list[str] = []
        self.breaks: list[int] = []
        """How many events had arrived at each loss of the connection."""
        self.caught_up: list[int] = []
        """How many events the first frame after each reconnection brought."""
        self._client, self._project_id, self._cursor = client, project_id, after
        self._stream: Subscription | None = None
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError, DemoFailed):
            await self._task

    def cut(self) -> None:
        """Break the connection without a word to the server."""
        if self._stream is not None:
            self._stream.cut()

    async def reach(self, cursor: str) -> None:
        """Wait until this event has arrived; what went wrong with following is raised here."""
        await self._wait(lambda: self._cursor == cursor)

    async def resume(self) -> None:
        """Wait until the connection was lost and events arrive again."""
        await self._wait(lambda: 0 < len(self.breaks) == len(self.caught_up))

    async def _wait(self, condition: Callable[[], bool]) -> None:
        waiting = asyncio.create_task(self._until(condition))
        done, _ = await asyncio.wait(
            {waiting, self._task}, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        if self._task in done:
            self._task.result()
            raise DemoFailed("The stream of events ended before the show did.")
        if not done:
            raise DemoFailed(f"An event did not arrive within {PATIENCE_SECONDS} seconds.")

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with self._news:
            await self._news.wait_for(condition)

    async def _follow(self) -> None:
        while True:
            try:
                await self._listen()
                return
            except SocketLost:
                self.breaks.append(len(self.arrived))
                if len(self.breaks) > RECONNECTS_MAX:
                    raise
            await asyncio.sleep(AWAY_SECONDS)

    async def _listen(self) -> None:
        """Take every frame after the cursor."""
        subscription = self._client.subscription(
            EVENTS, project=self._project_id, after=self._cursor
        )
        async with subscription as self._stream:
            async for frame in self._stream:
                await self._take(frame)

    async def _take(self, frame: dict[str, Any]) -> None:
        if frame["__typename"] != "ProjectChanges":
            raise DemoFailed(f"The log could not be followed: {frame['reason']}")
        async with self._news:
            self.arrived += [event["cursor"] for event in frame["events"]]
            self._cursor = frame["cursor"]
            if len(self.caught_up) < len(self.breaks):
                self.caught_up.append(len(frame["events"]))
            self._news.notify_all()
