"""Delivering subscriptions: what many follow is executed once, encoded once, and handed to all.

Each follower has a place of its own in the feed. It goes alone until it stands where a group of its
like stands, and then moves with them. Whoever cannot take what the group is handed falls behind and
goes alone again, from its own place: nobody waits for anybody, and nobody misses anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import aclosing, contextmanager
from contextvars import Context
from typing import Any

from resolvers.sharing import Shared
from resolvers.watch import Tally
from services.feed import NOWHERE, Place

from .outlets import Frame, Outlet

BEGINNING_AT_ONCE = 16


class Follower:
    """One client's end of an operation; `alone` sends it a result that nobody shares."""

    __slots__ = ("_group", "alone", "outlet", "tally")

    def __init__(self, outlet: Outlet, alone: Callable[[Any], Awaitable[None]]) -> None:
        self.outlet = outlet
        self.alone = alone
        self.tally = Tally()
        self._group: Group | None = None

    async def move(self, group: Group, place: Place) -> None:
        """Move with a group until it ends or the outlet is full."""
        self._group = group
        try:
            place.at = await self.outlet.flow(group.take(self, place.at))
        finally:
            self.leave()

    def leave(self) -> None:
        """At once: nothing is sent any more, though the task may not know it yet."""
        if self._group is not None:
            self._group.drop(self)


class Group:
    """Those who follow the same. `at` is where they stand who have all that was handed out."""

    def __init__(self, operation: Shared) -> None:
        self.at = NOWHERE
        self.over = False
        self.followers = 0
        self.tally = Tally()
        self.operation = operation
        self._standing: dict[Follower, Outlet] = {}
        self._ahead: dict[Follower, int] = {}
        self._parted: dict[Follower, asyncio.Future[int]] = {}
        self._task: asyncio.Task[None] | None = None

    def take(self, follower: Follower, at: int) -> asyncio.Future[int]:
        """Hand things out to one more, who stands with the group or ahead of it. Done when the
        group goes on without them: where they then stand."""
        if self._task is None:
            self.at = at
            # In a clean context: whoever comes first is no more than the others.
            self._task = asyncio.create_task(self._run(), context=Context())
        if at == self.at:
            self._standing[follower] = follower.outlet
        else:
            self._ahead[follower] = at
        parted = self._parted[follower] = asyncio.get_running_loop().create_future()
        return parted

    def drop(self, follower: Follower) -> None:
        for known in (self._standing, self._ahead, self._parted):
            known.pop(follower, None)

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        place = Place(self.at)
        try:
            async with aclosing(self.operation.results(place)) as results:
                async for result in results:
                    self.tally.note(result.errors)
                    self.hand_out(Frame(result), place.at)
        except Exception as problem:
            for parted in self._parted.values():
                if not parted.done():
                    parted.set_exception(problem)
        self.over = True
        for follower in tuple(self._parted):
            self._part(follower, self._ahead.get(follower, self.at))

    def hand_out(self, frame: Frame, to: int) -> None:
        """To all of the group, what lies between where it stands and `to`."""
        left, self.at = self.at, to
        full = [follower for follower, outlet in self._standing.items() if not outlet.offer(frame)]
        for follower in full:
            self._part(follower, left)
        for follower, at in tuple(self._ahead.items()):
            if at > to:
                continue
            if at == to or (not self.operation.gapless and follower.outlet.offer(frame)):
                self._standing[follower] = follower.outlet
                del self._ahead[follower]
            else:
                self._part(follower, at)

    def _part(self, follower: Follower, at: int) -> None:
        parted = self._parted[follower]
        self.drop(follower)
        if not parted.done():
            parted.set_result(at)


class Groups:
    """All groups of a process."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, Group] = {}
        self._entrance = asyncio.Semaphore(BEGINNING_AT_ONCE)

    async def begin(self, operation: Shared) -> tuple[Shared, Place, int] | None:
        """The same operation as others follow it already, if they do: a thousand followers need not
        keep a thousand of them; and where its follower stands. None as `Shared.beginning` has it.

        When all come back at once, a few at a time are let in: more would only take memory.
        """
        async with self._entrance:
            start = await operation.beginning()
        group = self._groups.get(operation.key)
        return (group.operation if group is not None else operation, *start) if start else None

    async def follow(self, operation: Shared, place: Place, goal: int, follower: Follower) -> None:
        """Deliver an operation until it is over, to who stands at `place` and must go alone at
        least to `goal`."""
        with self._joined(operation, follower.tally) as group:
            while not place.over:
                goal = max(goal, group.at)
                if place.at < goal:
                    place.until = goal
                    async with aclosing(operation.results(place)) as results:
                        async for result in results:
                            await follower.alone(result)
                    if place.at < goal:
                        break
                elif group.over:
                    break
                else:
                    await follower.move(group, place)

    @contextmanager
    def _joined(self, operation: Shared, tally: Tally) -> Iterator[Group]:
        """One more of a group, which lasts as long as somebody is in it."""
        group = self._groups.get(operation.key)
        if group is None or group.over:
            group = self._groups[operation.key] = Group(operation)
        group.followers += 1
        try:
            yield group
        finally:
            tally.include(group.tally.outcome)
            group.followers -= 1
            if not group.followers:
                group.stop()
                if self._groups.get(operation.key) is group:
                    del self._groups[operation.key]
