"""One unit of work: a transaction, its events, and what follows the commit.

`perform` is the only place that opens one. It runs to its end even when the caller is cancelled,
for two reasons: a client that leaves must not undo what it asked for, and a task cancelled while it
enters a transaction would leave the connection unusable.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar

import models
from models import Event, EventKind, Feed, Job, Row
from models.database import out_of_reach, savepoint, statement, transaction

from .access import changeable, check_id, feeds_of, feeds_seen, not_found
from .actor import SYSTEM, Actor
from .errors import Refusal, unavailable
from .idempotency import Once, claim, first_answer, remember
from .world import World

P = ParamSpec("P")
R = TypeVar("R")
H = TypeVar("H", bound=Row)

logger = logging.getLogger(__name__)

HOLD = "UPDATE feed SET head = head WHERE id = ({owner}) AND {within} RETURNING id, head"
RAISE = "UPDATE feed SET head = ? WHERE id = ?"
UNDONE = "The database was lost before anything was done. Ask again in a moment."
UNDECIDED = (
    "The database was lost in the last moment: this was done, or it was not. Asked again under the"
    " same idempotency key it is done once; without one, look first."
)
OWNER = 'SELECT project_id FROM "{table}" WHERE id = ?'


@dataclass
class Work:
    """The open unit of work: first argument of every service that writes."""

    actor: Actor
    world: World
    once: Once | None = None
    events: list[Event] = field(default_factory=list)
    """What was recorded so far, in order. The log has it from the commit on."""
    _heads: dict[str, int] = field(default_factory=dict)
    _queued: list[str] = field(default_factory=list)
    _notes: list[tuple[str, str, str]] = field(default_factory=list)
    _projects: list[models.Project] = field(default_factory=list)

    async def held(self, model: type[H], row_id: str, field: str = "id") -> H:
        """The row, to be changed: its feed is locked, so it stays as read until the commit.

        What the actor may not see is refused before anything is locked.
        """
        check_id(model, row_id, field)
        if await self._lock(model, row_id, self.actor) is None:
            raise not_found(model, field)
        return await changeable(self.actor, model, row_id, field)

    async def hold(self, model: type[Row], row_id: str) -> str | None:
        """Lock the feed that tells of a row, whoever asks; its id, or None when there is no such
        row.

        Writers of one project take turns from here to their commit, so what is read next stays true
        and sequence order is commit order.
        """
        return await self._lock(model, row_id, SYSTEM)

    async def _lock(self, model: type[Row], row_id: str, actor: Actor) -> str | None:
        within, values = feeds_of(actor)
        owner = OWNER.format(table=model._meta.db_table) if model is not models.Project else "?"
        found = await statement(HOLD.format(owner=owner, within=within), [row_id, *values])
        if not found:
            return None
        feed_id = str(found[0]["id"])
        self._heads.setdefault(feed_id, found[0]["head"])
        return feed_id

    async def hold_all(self, ids: Iterable[str]) -> None:
        """Lock the feeds that tell of all these, as far as the actor may see them, before anything
        else is locked.

        Every unit takes them in the same order, so that no two wait for each other.
        """
        for feed_id in sorted(await feeds_seen(self.actor, ids)):
            await self.hold(models.Project, feed_id)

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """What raises inside leaves nothing, and the unit goes on without it.

        It also lets go of the locks that it took: hold before what the others share.
        """
        heads, marks = dict(self._heads), [len(kept) for kept in self._kept()]
        try:
            async with savepoint():
                yield
        except BaseException:
            self._heads = heads
            for kept, mark in zip(self._kept(), marks, strict=True):
                del kept[mark:]
            raise

    def _kept(self) -> tuple[list[Any], ...]:
        return self.events, self._queued, self._notes, self._projects

    async def open_feed(self, owner_id: str) -> None:
        """Begin the feed of a new owner."""
        await Feed.create(id=owner_id)
        self._heads[owner_id] = 0

    def record(self, row: Row, kind: EventKind, *changed: str) -> None:
        """Tell the feed of a row that it changed, in the fields named as in the contract."""
        if isinstance(row, models.Project):
            self._projects.append(row)
        self._append(
            row.feed_id,
            kind=kind,
            subject_id=row.id,
            version=getattr(row, "version", None),
            changed=list(changed),
        )

    def record_deleted(self, row: Row, deleted: list[str]) -> None:
        """Tell the feed of a row that it is gone, with everything that went with it."""
        self._append(row.feed_id, kind=EventKind.DELETED, subject_id=row.id, deleted=deleted)

    def tell(self, topic: str, subject: str, note: str) -> None:
        """Give who listens to the topic a note, after the commit."""
        self._notes.append((topic, subject, note))

    def queue(self, jobs: list[Job]) -> None:
        """Hand jobs to the engine, with this commit or right after it."""
        self._queued += [job.run_id for job in jobs]

    def _append(self, feed_id: str, **values: Any) -> None:
        if feed_id not in self._heads:
            raise RuntimeError("Hold the feed of a row before recording a change of it.")
        self._heads[feed_id] += 1
        self.events.append(
            Event(
                feed_id=feed_id,
                sequence=self._heads[feed_id],
                at=self.world.now(),
                actor_id=self.actor.id,
                idempotency_key=self.once.key if self.once else None,
                **values,
            )
        )

    async def journal(self) -> None:
        """Write the recorded events and the new heads."""
        await Event.bulk_create(self.events)
        for feed_id in self._told():
            await statement(RAISE, [self._heads[feed_id], feed_id])
        for project in self._projects:
            project.head = self._heads[project.id]
        await self.world.queue.enqueue_inside(self._queued)

    def _told(self) -> list[str]:
        """The feeds with something new."""
        return list(dict.fromkeys(event.feed_id for event in self.events))

    async def announce(self) -> None:
        """After the commit: wake who listens, and hand over what the engine does not have yet."""
        self.world.bus.wake(*self._told())
        for note in self._notes:
            self.world.bus.tell(*note)
        if self._queued:
            await self.world.queue.enqueue(self._queued)


async def perform(
    world: World,
    actor: Actor,
    act: Callable[Concatenate[Work, P], Awaitable[R]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Run one use case as one unit of work."""
    return await perform_once(world, actor, None, act, *args, **kwargs)


async def perform_once(
    world: World,
    actor: Actor,
    once: Once | None,
    act: Callable[Concatenate[Work, P], Awaitable[R]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """The same under an idempotency key: a repeated request gets the first answer again."""

    async def unit() -> R:
        work = Work(actor, world, once)
        async with _whole():
            record = await claim(actor, once) if once is not None else None
            if once is not None and record is not None and record.answer is not None:
                return await first_answer(actor, once, record)  # type: ignore[no-any-return]  # an R
            result = await act(work, *args, **kwargs)
            if record is not None:
                await remember(actor, record, result)
            await work.journal()
        await work.announce()
        return result

    return await _to_the_end(world, unit())


@asynccontextmanager
async def _whole() -> AsyncIterator[None]:
    """A transaction. When the database is lost meanwhile, it is told whether anything can have been
    done: a commit that nobody confirmed may have happened."""
    committing = False
    try:
        async with transaction():
            yield
            committing = True
    except Exception as failure:
        if not out_of_reach(failure):
            raise
        raise unavailable(UNDECIDED if committing else UNDONE, failure) from failure


async def _to_the_end(world: World, unit: Coroutine[Any, Any, R]) -> R:
    task = asyncio.create_task(unit)
    world.unfinished.add(task)
    task.add_done_callback(world.unfinished.discard)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_log_failure)
        raise


def _log_failure(task: asyncio.Task[Any]) -> None:
    failure = None if task.cancelled() else task.exception()
    if failure is not None and not isinstance(failure, Refusal):
        logger.error("A unit of work failed after its caller left.", exc_info=failure)
