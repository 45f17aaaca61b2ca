"""Delivering subscriptions: what many follow is executed once, encoded once, and handed to all.

Of a log each follower has a place of its own. It goes alone until it stands where a group of its
like stands, and then moves with them. Whoever cannot take what the group is handed falls behind and
goes alone again, from its own place. Of what only has a state each follower is told everything when
it comes, and what changes from then on; whoever cannot take that fast enough is told the latest.
So nobody waits for anybody, and nobody misses anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, contextmanager
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from resolvers.sharing import Shared
from resolvers.watch import Tally
from services.errors import LimitExceeded
from services.feed import Place
from services.lookout import Lookout

from .outlets import Frame, Outlet

BEGINNING_AT_ONCE = 16
TOO_SLOW = "Too much waits to be read. Subscribe again to be told the latest."
TELLING_AT_ONCE = 4
"""Groups of states that are executed side by side. More would only make everybody else wait."""

E = TypeVar("E")
G = TypeVar("G", bound="Group[Any]")


class Follower:
    """One client's end of an operation."""

    __slots__ = ("_group", "outlet", "tally")

    def __init__(self, outlet: Outlet) -> None:
        self.outlet = outlet
        self.tally = Tally()
        self._group: Group[Any] | None = None

    async def move(self, group: Group[E], parted: asyncio.Future[E]) -> E:
        """Move with a group until parted from it; where that leaves one."""
        self._group = group
        try:
            return await self.outlet.flow(parted)
        finally:
            self.leave()

    def leave(self) -> None:
        """At once: nothing is sent any more, though the task may not know it yet."""
        if self._group is not None:
            self._group.drop(self)


class Group(Generic[E]):
    """Those who follow the same, and what each is told when the group goes on without them."""

    def __init__(self, operation: Shared) -> None:
        self.over = False
        self.followers = 0
        self.tally = Tally()
        self.operation = operation
        self._parted: dict[Follower, asyncio.Future[E]] = {}
        self._task: asyncio.Task[None] | None = None

    def drop(self, follower: Follower) -> None:
        self._parted.pop(follower, None)

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _join(self, follower: Follower) -> asyncio.Future[E]:
        if self._task is None:
            # In a clean context: whoever comes first is no more than the others.
            self._task = asyncio.create_task(self._run(), context=Context())
        parted = self._parted[follower] = asyncio.get_running_loop().create_future()
        return parted

    def _part(self, follower: Follower, end: E) -> None:
        parted = self._parted[follower]
        self.drop(follower)
        if not parted.done():
            parted.set_result(end)

    def _give_up(self, follower: Follower, problem: Exception) -> None:
        parted = self._parted[follower]
        self.drop(follower)
        if not parted.done():
            parted.set_exception(problem)

    async def _run(self) -> None:
        try:
            async with aclosing(self._results()) as results:
                async for result in results:
                    self.tally.note(result.errors)
                    self._tell(result)
        except Exception as problem:
            for follower in tuple(self._parted):
                self._give_up(follower, problem)
        finally:
            self.over = True
            for follower in tuple(self._parted):
                self._part(follower, self._end(follower))

    def _results(self) -> AsyncGenerator[Any]:
        raise NotImplementedError

    def _tell(self, result: Any) -> None:
        raise NotImplementedError

    def _end(self, follower: Follower) -> E:
        """Where the end of the group leaves one who was still with it."""
        raise NotImplementedError


class LogGroup(Group[int]):
    """Followers of a log. `at` is where they stand who have all that was handed out; who parts is
    told where that leaves them."""

    def __init__(self, operation: Shared) -> None:
        super().__init__(operation)
        self.at = -1
        self._place = Place(self.at)
        self._standing: dict[Follower, Outlet] = {}
        self._ahead: dict[Follower, int] = {}

    def take(self, follower: Follower, at: int) -> asyncio.Future[int]:
        """Hand things out to one more, who stands with the group or ahead of it."""
        if self._task is None:
            self.at = self._place.at = at
        if at == self.at:
            self._standing[follower] = follower.outlet
        else:
            self._ahead[follower] = at
        return self._join(follower)

    def drop(self, follower: Follower) -> None:
        super().drop(follower)
        self._standing.pop(follower, None)
        self._ahead.pop(follower, None)

    def hand_out(self, frame: Frame, to: int) -> None:
        """To all of the group, what lies between where it stands and `to`."""
        left, self.at = self.at, to
        full = [follower for follower, outlet in self._standing.items() if not outlet.offer(frame)]
        for follower in full:
            self._part(follower, left)
        for follower, at in tuple(self._ahead.items()):
            if at == to:
                self._standing[follower] = follower.outlet
                del self._ahead[follower]
            elif at < to:
                self._part(follower, at)

    def _results(self) -> AsyncGenerator[Any]:
        return self.operation.onwards(self._place)

    def _tell(self, result: Any) -> None:
        self.hand_out(Frame(result, self.operation.cursor(self._place)), self._place.at)

    def _end(self, follower: Follower) -> int:
        return self._ahead.get(follower, self.at)


class StateGroup(Group[bool]):
    """Followers of states. Who parts is told whether they were told everything once."""

    def __init__(self, operation: Shared, turns: asyncio.Semaphore | None = None) -> None:
        super().__init__(operation)
        self.lookout = Lookout(turns)
        self._standing: set[Follower] = set()
        self._asking: dict[Follower, int] = {}

    def take(self, follower: Follower) -> asyncio.Future[bool]:
        """Tell one more: everything by the next look, then what changes."""
        self._asking[follower] = self.lookout.ask()
        return self._join(follower)

    def drop(self, follower: Follower) -> None:
        super().drop(follower)
        self._standing.discard(follower)
        self._asking.pop(follower, None)

    def hand_out(self, frame: Frame) -> None:
        """To those whom it concerns. What is told outside a look, a refusal, concerns all."""
        lookout = self.lookout
        at_large = lookout.subject is None
        for follower, question in tuple(self._asking.items()):
            if at_large or question <= lookout.answered:
                self._standing.add(follower)
                del self._asking[follower]
        told = [one for one, question in self._asking.items() if question <= lookout.answering]
        told += self._standing if not lookout.again else ()
        for follower in told:
            if not follower.outlet.replace(lookout.subject, frame):
                self._give_up(follower, LimitExceeded(TOO_SLOW))

    def _results(self) -> AsyncGenerator[Any]:
        return self.operation.told_by(self.lookout)

    def _tell(self, result: Any) -> None:
        self.hand_out(Frame(result))

    def _end(self, follower: Follower) -> bool:
        return self._asking.get(follower, 0) <= self.lookout.answering


@dataclass(slots=True)
class Delivery:
    """An operation that may begin: as others follow it already, if they do, since a thousand
    followers need not keep a thousand of them; and, of a log, where its follower stands."""

    operation: Shared
    attendance: AbstractAsyncContextManager[None]
    start: tuple[Place, int] | None


class Groups:
    """All groups of a process."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, Group[Any]] = {}
        self._entrance = asyncio.Semaphore(BEGINNING_AT_ONCE)
        self._turns = asyncio.Semaphore(TELLING_AT_ONCE)

    async def begin(self, operation: Shared) -> Delivery | None:
        """None for somebody who has to be answered by themselves.

        When all come back at once, a few at a time are let in: more would only take memory.
        """
        async with self._entrance:
            start = await operation.beginning() if operation.gapless else None
            if start is None and (operation.gapless or not await operation.may_begin()):
                return None
        group = self._groups.get(operation.key)
        known = group.operation if group is not None else operation
        return Delivery(known, operation.attendance(), start)

    async def follow(self, delivery: Delivery, follower: Follower) -> None:
        """Deliver an operation until it is over."""
        operation = delivery.operation
        async with delivery.attendance:
            if delivery.start is not None:
                await self._follow_log(operation, *delivery.start, follower)
            else:
                await self._follow_states(operation, follower)

    async def _follow_log(
        self, operation: Shared, place: Place, goal: int, follower: Follower
    ) -> None:
        """Alone at least to `goal`."""
        with self._joined(operation, follower.tally, lambda: LogGroup(operation)) as group:
            while not place.over:
                goal = max(goal, group.at)
                if place.at < goal:
                    place.until = goal
                    async with aclosing(operation.onwards(place)) as results:
                        async for result in results:
                            follower.tally.note(result.errors)
                            await follower.outlet.send(Frame(result, operation.cursor(place)))
                    if place.at < goal:
                        break
                elif group.over:
                    break
                else:
                    place.at = await follower.move(group, group.take(follower, place.at))

    async def _follow_states(self, operation: Shared, follower: Follower) -> None:
        """With another group when one ended before it told everything."""

        def make() -> StateGroup:
            return StateGroup(operation, self._turns)

        told = False
        while not told:
            with self._joined(operation, follower.tally, make) as group:
                told = await follower.move(group, group.take(follower))
                told |= not group.lookout.answered  # nor will another one

    @contextmanager
    def _joined(self, operation: Shared, tally: Tally, make: Callable[[], G]) -> Iterator[G]:
        """One more of a group, which lasts as long as somebody is in it."""
        group = cast("G | None", self._groups.get(operation.key))  # the key tells the kind
        if group is None or group.over:
            group = make()
            self._groups[operation.key] = group
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
