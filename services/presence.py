"""Who is here, what they look at, and whether they are editing it.

What is stored is the floor: whoever comes begins with it, and looks again at a slow pace. In
between, each change travels as a note over the bus. An entry goes with the subscription that holds
it, or by itself PRESENCE_SECONDS after it was renewed last.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from contextvars import Context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

from models import Presence, Project
from models.database import once_reachable

from . import limits
from .access import check_id, seen, visible, visible_node
from .actor import Actor
from .backends.bus import Bell, Heard
from .errors import NotFound, Unavailable
from .lookout import Lookout
from .work import Work, perform
from .world import World

GONE = "null"

logger = logging.getLogger(__name__)


def presence_topic(project_id: str) -> str:
    """The bus topic of who is at a project: notes by user id."""
    return f"presence:{project_id}"


def stay_topic(project_id: str, user_id: str) -> str:
    """The bus topic of one user's stay at a project, which rings when it has ended."""
    return f"stay:{project_id}:{user_id}"


async def set_presence(
    work: Work, project_id: str, focus_id: str | None, editing: bool
) -> Presence:
    """Say what the actor looks at and whether they are editing it, for EDITING_SECONDS.

    Who may see the project may be seen there. The focus is something of that project.
    """
    await seen(work.actor, Project, project_id, "input.projectId")
    if focus_id is not None:
        focus = await visible_node(work.actor, focus_id, "input.focusId")
        if focus is None or focus.feed_id != project_id:
            raise NotFound("There is no such thing in this project.", "input.focusId")
    until = work.world.now() + timedelta(seconds=limits.EDITING_SECONDS) if editing else None
    return await _renewed(work, project_id, {"focus_id": focus_id, "editing_until": until})


async def who_is_here(
    world: World, actor: Actor, project_id: str
) -> AsyncGenerator[list[Presence], None]:
    """The same as `watch_room`, the actor too, who is there for as long as they follow."""
    await check_room(actor, project_id)
    async with (
        staying(world, actor, project_id),
        aclosing(watch_room(world, actor, project_id)) as rooms,
    ):
        async for here in rooms:
            yield here


async def check_room(actor: Actor, project_id: str) -> None:
    """Refuse who may not see the project."""
    check_id(Project, project_id, "projectId")
    await seen(actor, Project, project_id, "projectId")


@asynccontextmanager
async def staying(world: World, actor: Actor, project_id: str) -> AsyncIterator[None]:
    """The actor is at the project while the block runs."""
    holder = uuid4().hex
    async with world.bus.listen(stay_topic(project_id, actor.id)) as bell:
        await perform(world, actor, _renewed, project_id, {"holder": holder})
        stay = _renewing(world, actor, project_id, holder, bell)
        renewing = asyncio.create_task(stay, context=Context())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])
            with suppress(Unavailable):  # as was said in the log; the entry ends by itself
                await perform(world, actor, _leave, project_id, holder)


async def _renewing(world: World, actor: Actor, project_id: str, holder: str, bell: Bell) -> None:
    """In time, and at once where another window of the actor took the entry away."""
    pause = timedelta(seconds=limits.PRESENCE_RENEW_SECONDS)
    renew_at = world.now() + pause
    while not bell.closed:
        await bell.rung(limits.FEED_RECHECK_SECONDS)
        if actor.id not in bell.heard().notes and world.now() < renew_at:
            continue
        try:
            await perform(world, actor, _renewed, project_id, {"holder": holder})
            renew_at = world.now() + pause
        except Unavailable:  # as was said in the log
            continue
        except Exception:
            logger.exception("Presence could not be renewed.")


async def watch_room(
    world: World, actor: Actor, project_id: str, lookout: Lookout | None = None
) -> AsyncGenerator[list[Presence], None]:
    """Everybody who is at the project, now and after each change.

    In the order in which they came, at most once per PRESENCE_INTERVAL_SECONDS. Ends when the
    project is deleted or the actor may no longer see it.
    """
    lookout, room = lookout or Lookout(), _Room(world, project_id)
    visible_now = partial(visible, actor, Project, project_id)
    async with world.bus.listen(presence_topic(project_id)) as bell:
        heard = Heard(look=True, notes={})
        while not bell.closed:
            with lookout.looking(bell) as everything:
                heard = Heard(heard.look or everything, heard.notes)
                if heard.look and await once_reachable(visible_now) is None:
                    return
                changed = await room.changed(heard)
                if changed or everything:
                    async with lookout.telling(project_id, again=not changed):
                        yield room.here
            await asyncio.sleep(limits.PRESENCE_INTERVAL_SECONDS)
            rung = await bell.rung(room.patience())
            heard = bell.heard() if rung else Heard(look=True, notes={})


@dataclass
class _Room:
    """One follower's view of who is at a project."""

    world: World
    project_id: str
    here: list[Presence] = field(default_factory=list)
    _known: dict[str, Presence] = field(default_factory=dict)
    _shown: list[tuple[object, ...]] | None = None

    def patience(self) -> float:
        """Seconds until it must look again: somebody may be here no more by then."""
        ends = [min(p.expires_at, p.editing_until or p.expires_at) for p in self.here]
        now = self.world.now()
        soonest = min(((end - now).total_seconds() for end in ends), default=math.inf)
        return max(0.0, min(soonest, limits.FEED_RECHECK_SECONDS))

    async def changed(self, heard: Heard) -> bool:
        """Take in what was heard; whether `here` shows something else now."""
        if heard.look:
            everybody = Presence.filter(project_id=self.project_id).order_by("-expires_at")
            stored = await once_reachable(everybody.limit(limits.PRESENT_AT_ONCE).all)
            self._known = {presence.user_id: presence for presence in stored}
        for user_id, note in heard.notes.items():
            self._known.pop(user_id, None)
            with suppress(ValueError, TypeError, KeyError):  # a note of another version of ours
                if note != GONE:
                    self._known[user_id] = _read(self.project_id, user_id, note)
        now = self.world.now()
        present = [one for one in self._known.values() if now < one.expires_at]
        self.here = sorted(present, key=lambda one: (one.since, one.user_id))
        for one in self.here:
            if not one.is_editing(now):
                one.editing_until = None
        shown: list[tuple[object, ...]] = [
            (p.user_id, p.focus_id, p.editing_until is None, p.since) for p in self.here
        ]
        before, self._shown = self._shown, shown
        return shown != before


async def _renewed(work: Work, project_id: str, values: Mapping[str, object]) -> Presence:
    """The actor's entry at the project for another PRESENCE_SECONDS, with these values."""
    now = work.world.now()
    own = Presence.filter(project_id=project_id, user_id=work.actor.id)
    await own.filter(expires_at__lt=now).delete()
    ids = {"project_id": project_id, "user_id": work.actor.id}
    await Presence.bulk_create([Presence(**ids, since=now, expires_at=now)], ignore_conflicts=True)
    expires_at = now + timedelta(seconds=limits.PRESENCE_SECONDS)
    await own.update(expires_at=expires_at, **values)
    presence = await own.get()
    work.tell(presence_topic(project_id), work.actor.id, _note(presence))
    return presence


async def _leave(work: Work, project_id: str, holder: str) -> None:
    own = Presence.filter(project_id=project_id, user_id=work.actor.id, holder=holder)
    if await own.delete():
        for topic in (presence_topic(project_id), stay_topic(project_id, work.actor.id)):
            work.tell(topic, work.actor.id, GONE)


def _note(presence: Presence) -> str:
    times = (presence.since, presence.expires_at, presence.editing_until)
    seconds = [time and time.timestamp() for time in times]
    return json.dumps([presence.focus_id, *seconds])


def _read(project_id: str, user_id: str, note: str) -> Presence:
    focus_id, since, expires_at, editing_until = json.loads(note)
    return Presence(
        project_id=project_id,
        user_id=user_id,
        focus_id=focus_id,
        since=_time(since),
        expires_at=_time(expires_at),
        editing_until=_time(editing_until) if editing_until is not None else None,
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
